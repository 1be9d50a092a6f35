//! Constant expressions (WebAssembly Core, 3.3.10), validated when the module is parsed and evaluated in place
//! when it is instantiated.

use crate::module::Module;
use crate::reader::{Reader, Result};
use wasmote_core::{BinaryOp, ErrorKind, Feature, LoadError, Op, ValType};

/// Values that a constant expression may have pending. No producer nests them; a limit keeps the evaluation
/// free of allocation.
const MAX_DEPTH: usize = 32;

type Stack<T> = heapless::Vec<T, MAX_DEPTH>;

/// A validated constant expression.
#[derive(Clone, Copy, Debug)]
pub struct ConstExpr<'a> {
    /// At its first operator.
    reader: Reader<'a>,
}

/// Operators of constant expressions.
enum Step {
    Const(ValType, u64),
    GlobalGet(u32),
    RefFunc(u32),
    Binary(BinaryOp),
    End,
}

fn step(reader: &mut Reader<'_>) -> Result<(Step, Feature)> {
    let start = reader.pos();
    let opcode = reader.u8()?;
    let Some((op, feature)) = Op::decode(opcode.into()) else {
        return Err(match wasmote_core::refused(opcode.into()) {
            Some(feature) => LoadError::new(ErrorKind::Unsupported(feature), start),
            // 0xFC is a known prefix, and none of its operators is constant.
            None if opcode == 0xFC => LoadError::new(ErrorKind::ConstantExpected, start),
            None => LoadError::new(ErrorKind::BadOpcode, start),
        });
    };
    let step = match op {
        Op::I32Const => Step::Const(ValType::I32, u64::from(reader.s32()? as u32)),
        Op::I64Const => Step::Const(ValType::I64, reader.s64()? as u64),
        Op::F32Const => Step::Const(ValType::F32, reader.f32_bits()?.into()),
        Op::F64Const => Step::Const(ValType::F64, reader.f64_bits()?),
        Op::RefNull => Step::Const(crate::sections::ref_type(reader)?, 0),
        Op::GlobalGet => Step::GlobalGet(reader.u32()?),
        Op::RefFunc => Step::RefFunc(reader.u32()?),
        Op::End => Step::End,
        Op::Binary(
            op @ (BinaryOp::I32Add
            | BinaryOp::I32Sub
            | BinaryOp::I32Mul
            | BinaryOp::I64Add
            | BinaryOp::I64Sub
            | BinaryOp::I64Mul),
        ) => return Ok((Step::Binary(op), Feature::ExtendedConst)),
        _ => return Err(LoadError::new(ErrorKind::ConstantExpected, start)),
    };
    Ok((step, feature))
}

impl<'a> ConstExpr<'a> {
    /// Reads and validates an expression of type `expected`; `reader` is behind it then.
    pub(crate) fn parse(
        reader: &mut Reader<'a>,
        module: &mut Module<'a>,
        expected: ValType,
    ) -> Result<ConstExpr<'a>> {
        let expr = ConstExpr { reader: *reader };
        let mut stack = Stack::<ValType>::new();
        loop {
            let at = reader.pos();
            let fail = |kind| Err(LoadError::new(kind, at));
            let (step, feature) = step(reader)?;
            module.need(feature, at)?;
            let ty = match step {
                Step::Const(ty, _) => ty,
                Step::GlobalGet(index) => match module.globals.get(index as usize) {
                    None => return fail(ErrorKind::UnknownGlobal),
                    Some(global) if index >= module.import_globals || global.ty.mutable => {
                        return fail(ErrorKind::ConstantExpected);
                    }
                    Some(global) => global.ty.value,
                },
                Step::RefFunc(index) => {
                    module.declare(index, at)?;
                    ValType::FuncRef
                }
                Step::Binary(op) => {
                    let (operand, result) = op.types();
                    if stack.pop() != Some(operand) || stack.pop() != Some(operand) {
                        return fail(ErrorKind::TypeMismatch);
                    }
                    result
                }
                Step::End => {
                    if stack.as_slice() != [expected] {
                        return fail(ErrorKind::TypeMismatch);
                    }
                    return Ok(expr);
                }
            };
            if stack.push(ty).is_err() {
                return fail(ErrorKind::ConstTooDeep);
            }
        }
    }

    /// Reads an expression that is known to be valid; `reader` is behind it then.
    pub(crate) fn skip(reader: &mut Reader<'a>) -> Option<ConstExpr<'a>> {
        let expr = ConstExpr { reader: *reader };
        while !matches!(step(reader).ok()?.0, Step::End) {}
        Some(expr)
    }

    /// The value: its bits, zero-extended. `global` gives the bits of an imported global, `func_ref` the reference
    /// to a function; a null reference is 0.
    pub fn eval(&self, mut global: impl FnMut(u32) -> u64, mut func_ref: impl FnMut(u32) -> u32) -> u64 {
        let mut reader = self.reader;
        let mut stack = Stack::<u64>::new();
        // Validated, so that neither the end nor an empty stack is met early; 0 stands for what cannot be.
        while let Ok((step, _)) = step(&mut reader) {
            let value = match step {
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
