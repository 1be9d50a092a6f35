//! Constant expressions (WebAssembly Core, 3.3.10), validated when the module is parsed and evaluated in place
//! when it is instantiated.

use crate::module::Module;
use crate::reader::Reader;
use wasmote_core::{BinaryOp, ErrorKind, Feature, Op, ValType};

/// Values that a constant expression may have pending. No producer nests them; a limit keeps the evaluation
/// free of allocation.
const MAX_DEPTH: usize = 32;

type Stack<T> = heapless::Vec<T, MAX_DEPTH>;

/// A validated constant expression: the offset of its first operator.
#[derive(Clone, Copy, Debug)]
pub struct ConstExpr(u32);

/// Operators of constant expressions.
enum Step {
    Const(ValType, u64),
    GlobalGet(u32),
    RefFunc(u32),
    Binary(BinaryOp),
    End,
}

/// Reads an operator. `End` too if something is wrong, which the reader knows.
fn step(reader: &mut Reader<'_>) -> Step {
    let start = reader.pos();
    let opcode = reader.u8().into();
    let Some(op) = reader.operator(opcode, start) else { return Step::End };
    match op {
        Op::I32Const => Step::Const(ValType::I32, u64::from(reader.s32() as u32)),
        Op::I64Const => Step::Const(ValType::I64, reader.s64() as u64),
        Op::F32Const => Step::Const(ValType::F32, reader.f32_bits().into()),
        Op::F64Const => Step::Const(ValType::F64, reader.f64_bits()),
        Op::RefNull => Step::Const(crate::sections::heap_type(reader), 0),
        Op::GlobalGet => Step::GlobalGet(reader.u32()),
        Op::RefFunc => Step::RefFunc(reader.u32()),
        Op::End => Step::End,
        Op::Binary(
            op @ (BinaryOp::I32Add
            | BinaryOp::I32Sub
            | BinaryOp::I32Mul
            | BinaryOp::I64Add
            | BinaryOp::I64Sub
            | BinaryOp::I64Mul),
        ) => {
            reader.need(Feature::ExtendedConst, start);
            Step::Binary(op)
        }
        _ => {
            reader.fail_at(ErrorKind::ConstantExpected, start);
            Step::End
        }
    }
}

impl ConstExpr {
    /// Reads and validates an expression of type `expected`; `reader` is behind it then.
    pub(crate) fn parse(reader: &mut Reader<'_>, module: &mut Module<'_>, expected: ValType) -> ConstExpr {
        let expr = ConstExpr(reader.pos());
        let mut stack = Stack::<ValType>::new();
        while !reader.failed() {
            let at = reader.pos();
            let ty = match step(reader) {
                Step::Const(ty, _) => ty,
                Step::GlobalGet(index) => {
                    let global = module.globals.get(index as usize).map(|global| global.ty);
                    match global {
                        None => reader.fail_at(ErrorKind::UnknownGlobal, at),
                        Some(ty) if index >= module.import_globals || ty.mutable => {
                            reader.fail_at(ErrorKind::ConstantExpected, at);
                        }
                        Some(_) => {}
                    }
                    global.map_or(expected, |ty| ty.value)
                }
                Step::RefFunc(index) => {
                    module.declare(index, at, reader);
                    ValType::FuncRef
                }
                Step::Binary(op) => {
                    let (operand, result) = op.types();
                    if stack.pop() != Some(operand) || stack.pop() != Some(operand) {
                        reader.fail_at(ErrorKind::TypeMismatch, at);
                    }
                    result
                }
                Step::End => {
                    if stack.as_slice() != [expected] {
                        reader.fail_at(ErrorKind::TypeMismatch, at);
                    }
                    break;
                }
            };
            if stack.push(ty).is_err() {
                reader.fail_at(ErrorKind::ConstTooDeep, at);
            }
        }
        expr
    }

    /// Reads an expression that is known to be valid; `reader` is behind it then.
    pub(crate) fn skip(reader: &mut Reader<'_>) -> ConstExpr {
        let expr = ConstExpr(reader.pos());
        while !matches!(step(reader), Step::End) {}
        expr
    }

    /// The value: its bits, zero-extended. `module` are the module's bytes. `global` gives the bits of an imported global,
    /// `func_ref` the reference to a function; a null reference is 0.
    pub fn eval(
        self,
        module: &[u8],
        mut global: impl FnMut(u32) -> u64,
        mut func_ref: impl FnMut(u32) -> u32,
    ) -> u64 {
        let mut reader = Reader::new(module, self.0, u32::MAX);
        let mut stack = Stack::<u64>::new();
        // Validated, so that an empty stack is not met early; 0 stands for what cannot be.
        loop {
            let value = match step(&mut reader) {
                Step::Const(_, bits) => bits,
                Step::GlobalGet(index) => global(index),
                Step::RefFunc(index) => func_ref(index).into(),
                Step::Binary(op) => {
                    let b = stack.pop().unwrap_or(0);
                    let a = stack.pop().unwrap_or(0);
                    let bits = match op {
                        BinaryOp::I32Add | BinaryOp::I64Add => a.wrapping_add(b),
                        BinaryOp::I32Sub | BinaryOp::I64Sub => a.wrapping_sub(b),
                        _ => a.wrapping_mul(b),
                    };
                    // The low half is that of low halves.
                    if op.types().1 == ValType::I32 { bits & u64::from(u32::MAX) } else { bits }
                }
                Step::End => break,
            };
            if stack.push(value).is_err() {
                break;
            }
        }
        stack.pop().unwrap_or(0)
    }
}
