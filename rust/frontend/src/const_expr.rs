//! Constant expressions (WebAssembly Core, 3.3.10), validated when the module is parsed and evaluated in place
//! when it is instantiated.

use crate::module::Module;
use crate::reader::Reader;
use wasmote_core::{BinaryOp, ErrorKind, Feature, Op, ValType, refused};

/// Values that a constant expression may have pending. No producer nests them; a limit keeps the evaluation
/// free of allocation.
const MAX_DEPTH: usize = 32;

type Stack<T> = heapless::Vec<T, MAX_DEPTH>;

/// A validated constant expression.
#[derive(Clone, Copy, Debug)]
pub struct ConstExpr<'a> {
    module: &'a [u8],
    /// Offset of its first operator.
    at: u32,
}

/// Operators of constant expressions.
enum Step {
    Const(ValType, u64),
    GlobalGet(u32),
    RefFunc(u32),
    Binary(BinaryOp),
    End,
}

/// Reads an operator. `End` too if something is wrong, which the reader knows.
fn step(reader: &mut Reader<'_>) -> (Step, Feature) {
    let start = reader.pos();
    let opcode = u32::from(reader.u8());
    let Some((op, feature)) = Op::decode(opcode) else {
        let wrong = match refused(opcode) {
            Some(feature) => ErrorKind::Unsupported(feature),
            // 0xFC is a known prefix, and none of its operators is constant.
            None if opcode == 0xFC => ErrorKind::ConstantExpected,
            None => ErrorKind::BadOpcode,
        };
        reader.fail_at(wrong, start);
        return (Step::End, Feature::Mvp);
    };
    let step = match op {
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
        ) => return (Step::Binary(op), Feature::ExtendedConst),
        _ => {
            reader.fail_at(ErrorKind::ConstantExpected, start);
            Step::End
        }
    };
    (step, feature)
}

impl<'a> ConstExpr<'a> {
    fn here(reader: &Reader<'a>) -> ConstExpr<'a> {
        ConstExpr { module: reader.bytes(), at: reader.pos() }
    }

    /// Reads and validates an expression of type `expected`; `reader` is behind it then.
    pub(crate) fn parse(
        reader: &mut Reader<'a>,
        module: &mut Module<'a>,
        expected: ValType,
    ) -> ConstExpr<'a> {
        let expr = ConstExpr::here(reader);
        let mut stack = Stack::<ValType>::new();
        while !reader.failed() {
            let at = reader.pos();
            let (step, feature) = step(reader);
            reader.need(&mut module.features, feature, at);
            let ty = match step {
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
    pub(crate) fn skip(reader: &mut Reader<'a>) -> ConstExpr<'a> {
        let expr = ConstExpr::here(reader);
        while !matches!(step(reader).0, Step::End) {}
        expr
    }

    /// The value: its bits, zero-extended. `global` gives the bits of an imported global, `func_ref` the reference
    /// to a function; a null reference is 0.
    pub fn eval(&self, mut global: impl FnMut(u32) -> u64, mut func_ref: impl FnMut(u32) -> u32) -> u64 {
        let mut reader = Reader::new(self.module, self.at, u32::MAX);
        let mut stack = Stack::<u64>::new();
        // Validated, so that an empty stack is not met early; 0 stands for what cannot be.
        loop {
            let value = match step(&mut reader).0 {
                Step::Const(_, bits) => bits,
                Step::GlobalGet(index) => global(index),
                Step::RefFunc(index) => func_ref(index).into(),
                Step::Binary(op) => {
                    let b = stack.pop().unwrap_or(0);
                    let a = stack.pop().unwrap_or(0);
                    match op {
                        BinaryOp::I32Add => u64::from((a as u32).wrapping_add(b as u32)),
                        BinaryOp::I32Sub => u64::from((a as u32).wrapping_sub(b as u32)),
                        BinaryOp::I32Mul => u64::from((a as u32).wrapping_mul(b as u32)),
                        BinaryOp::I64Add => a.wrapping_add(b),
                        BinaryOp::I64Sub => a.wrapping_sub(b),
                        _ => a.wrapping_mul(b),
                    }
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
