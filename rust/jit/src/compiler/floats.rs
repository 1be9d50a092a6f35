//! Operators of single precision.

use super::Compiler;
use crate::masm::{Cond, Float1, Float2, Masm, Val};
use wasmote_core::{BinaryOp, ErrorKind, Trap, UnaryOp};
use wasmote_frontend::{Cell, Operand};

/// What a comparison of numbers asks.
pub(super) fn comparison(op: BinaryOp) -> Option<Cond> {
    use BinaryOp::*;
    Some(match op {
        F32Eq => Cond::Equal,
        F32Ne => Cond::NotEqual,
        F32Lt => Cond::Less,
        F32Gt => Cond::Greater,
        F32Le => Cond::LessOrEqual,
        F32Ge => Cond::GreaterOrEqual,
        _ => return None,
    })
}

/// Bits of powers of two: the first numbers that are too large for an integer, signed and unsigned.
const TOO_LARGE: [u32; 2] = [0x4F00_0000, 0x4F80_0000];
/// Bits of -2^31, the least one that is not too small for a signed integer, and of -1, which is too small for others.
const LEAST: [u32; 2] = [0xCF00_0000, 0xBF80_0000];

impl<M: Masm> Compiler<M> {
    /// Compares numbers; the condition that holds then if the operator gives 1. The operands are consumed.
    pub(super) fn emit_float_comparison(&mut self, cond: Cond, a: Operand, b: Operand) -> Cond {
        let (first, second) = (self.word_reg(a, 0), self.word(b, 0));
        self.consume(a, 1);
        self.consume(b, 1);
        self.before_comparison();
        let cond = self.masm.compare_floats(cond, first, second);
        self.regs.unlock();
        cond
    }

    pub(super) fn emit_float_binary(
        &mut self,
        op: BinaryOp,
        dst: Cell,
        a: Operand,
        b: Operand,
    ) -> Result<(), ErrorKind> {
        use BinaryOp::*;
        let float = match op {
            F32Add => Float2::Add,
            F32Sub => Float2::Sub,
            F32Mul => Float2::Mul,
            F32Div => Float2::Div,
            F32Min => Float2::Min,
            F32Max => Float2::Max,
            F32Copysign => Float2::CopySign,
            _ => return Err(self.not_yet(op.feature(), op.name())),
        };
        if !self.masm.has_floats() {
            return Err(self.not_yet(op.feature(), op.name()));
        }
        let (first, second) = (self.word_reg(a, 0), self.word_reg(b, 0));
        self.consume(a, 1);
        self.consume(b, 1);
        let target = self.target(dst);
        self.masm.float2(float, target, first, second);
        Ok(())
    }

    pub(super) fn emit_float_unary(
        &mut self,
        op: UnaryOp,
        dst: Cell,
        a: Operand,
        at: u32,
    ) -> Result<(), ErrorKind> {
        use UnaryOp::*;
        let (float, traps) = match op {
            F32Abs => (Float1::Abs, false),
            F32Neg => (Float1::Neg, false),
            F32Sqrt => (Float1::Sqrt, false),
            F32ConvertI32S => (Float1::FromInteger { signed: true }, false),
            F32ConvertI32U => (Float1::FromInteger { signed: false }, false),
            I32TruncSatF32S => (Float1::ToInteger { signed: true }, false),
            I32TruncSatF32U => (Float1::ToInteger { signed: false }, false),
            I32TruncF32S => (Float1::ToInteger { signed: true }, true),
            I32TruncF32U => (Float1::ToInteger { signed: false }, true),
            _ => return Err(self.not_yet(op.feature(), op.name())),
        };
        if !self.masm.has_floats() {
            return Err(self.not_yet(op.feature(), op.name()));
        }
        let from = self.word_reg(a, 0);
        if let (Float1::ToInteger { signed }, true) = (float, traps) {
            let kind = usize::from(!signed);
            let not_a_number = self.masm.compare_floats(Cond::NotEqual, from, Val::Reg(from));
            self.branch_to_trap(not_a_number, Trap::BadConversionToInteger, at)?;
            let large = self.masm.compare_floats(Cond::GreaterOrEqual, from, Val::number(TOO_LARGE[kind]));
            self.branch_to_trap(large, Trap::IntegerOverflow, at)?;
            let small = if signed { Cond::Less } else { Cond::LessOrEqual };
            let small = self.masm.compare_floats(small, from, Val::number(LEAST[kind]));
            self.branch_to_trap(small, Trap::IntegerOverflow, at)?;
        }
        self.consume(a, 1);
        let target = self.target(dst);
        self.masm.float1(float, target, from);
        Ok(())
    }
}
