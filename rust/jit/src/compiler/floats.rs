//! Operators on floating-point numbers, and all that the runtime carries out because the target does not.

use super::operators::{Binary, binary, cells};
use super::places::place_size;
use super::{Compiler, SLOW_BYTES};
use crate::masm::{Cond, Float1, Float2, Masm, Pair, PairVal, Size, Val};
use wasmote_core::numeric::{binary_number, unary_number};
use wasmote_core::{BinaryOp, FuncType, Trap, UnaryOp};
use wasmote_frontend::{Cell, Known, Operand};

/// What an operator on one number does, and the size of the number.
fn unary(op: UnaryOp) -> Option<(Float1, Size)> {
    use Size::{W32, W64};
    use UnaryOp::*;
    let from = |signed, integer| Float1::FromInteger { signed, integer };
    let to = |signed, integer| Float1::ToInteger { signed, integer };
    Some(match op {
        F32Abs => (Float1::Abs, W32),
        F32Neg => (Float1::Neg, W32),
        F32Ceil => (Float1::Ceil, W32),
        F32Floor => (Float1::Floor, W32),
        F32Trunc => (Float1::Trunc, W32),
        F32Nearest => (Float1::Nearest, W32),
        F32Sqrt => (Float1::Sqrt, W32),
        F64Abs => (Float1::Abs, W64),
        F64Neg => (Float1::Neg, W64),
        F64Ceil => (Float1::Ceil, W64),
        F64Floor => (Float1::Floor, W64),
        F64Trunc => (Float1::Trunc, W64),
        F64Nearest => (Float1::Nearest, W64),
        F64Sqrt => (Float1::Sqrt, W64),
        F64PromoteF32 => (Float1::Convert, W32),
        F32DemoteF64 => (Float1::Convert, W64),
        F32ConvertI32S => (from(true, W32), W32),
        F32ConvertI32U => (from(false, W32), W32),
        F32ConvertI64S => (from(true, W64), W32),
        F32ConvertI64U => (from(false, W64), W32),
        F64ConvertI32S => (from(true, W32), W64),
        F64ConvertI32U => (from(false, W32), W64),
        F64ConvertI64S => (from(true, W64), W64),
        F64ConvertI64U => (from(false, W64), W64),
        I32TruncF32S | I32TruncSatF32S => (to(true, W32), W32),
        I32TruncF32U | I32TruncSatF32U => (to(false, W32), W32),
        I32TruncF64S | I32TruncSatF64S => (to(true, W32), W64),
        I32TruncF64U | I32TruncSatF64U => (to(false, W32), W64),
        I64TruncF32S | I64TruncSatF32S => (to(true, W64), W32),
        I64TruncF32U | I64TruncSatF32U => (to(false, W64), W32),
        I64TruncF64S | I64TruncSatF64S => (to(true, W64), W64),
        I64TruncF64U | I64TruncSatF64U => (to(false, W64), W64),
        _ => return None,
    })
}

/// The bits of a power of two as a number of this size.
fn power_of_two(exponent: u64, size: Size) -> u64 {
    match size {
        Size::W32 => (127 + exponent) << 23,
        Size::W64 => (1023 + exponent) << 52,
    }
}

impl<M: Masm> Compiler<M> {
    /// Whether the runtime carries out an operator.
    pub(super) fn is_unary_of_runtime(&self, op: UnaryOp) -> bool {
        unary(op).is_some_and(|(float, size)| !self.masm.has_float1(float, size))
    }

    /// Whether the runtime carries out an operator.
    pub(super) fn is_binary_of_runtime(&self, op: BinaryOp) -> bool {
        match binary(op) {
            Binary::Alu(..) | Binary::Compare(..) | Binary::Float(Float2::CopySign, _) => false,
            Binary::Divide(_, size) => size == Size::W64 && !M::WIDE,
            Binary::CompareFloats(_, size) | Binary::Float(_, size) => !self.masm.has_floats(size),
        }
    }

    pub(super) fn emit_unary_of_runtime(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        self.settle();
        let (ty, result) = op.types();
        self.put_argument(ty.cells(), dst, a);
        self.emit_of_runtime(unary_number(op), dst, FuncType::new(&[ty as u8], &[result as u8]));
    }

    #[inline(never)]
    pub(super) fn emit_binary_of_runtime(&mut self, op: BinaryOp, dst: Cell, a: Operand, b: Operand) {
        self.settle();
        let (ty, result) = op.types();
        self.put_argument(ty.cells(), dst, a);
        self.put_argument(ty.cells(), dst + ty.cells(), b);
        self.emit_of_runtime(binary_number(op), dst, FuncType::new(&[ty as u8, ty as u8], &[result as u8]));
    }

    /// The operand is what its cell holds.
    fn put_argument(&mut self, cells: u32, dst: Cell, operand: Operand) {
        if operand != Operand::Temp(dst) {
            self.emit_copy(cells, dst, operand);
        }
    }

    /// Operands are in the cells from `dst` on, and so will be the result.
    fn emit_of_runtime(&mut self, number: u32, dst: Cell, ty: FuncType<'_>) {
        let from = self.masm.place();
        self.arguments(dst, ty);
        self.masm.numeric(number, &self.frame, dst);
        self.polls.slow += SLOW_BYTES;
        self.least_cells = self.least_cells.max(dst + 4);
        self.called(ty, dst);
        self.made(from, self.at);
    }

    /// Compares numbers; the condition that holds then if the operator gives 1. The operands are consumed.
    pub(super) fn emit_float_comparison(&mut self, cond: Cond, size: Size, a: Operand, b: Operand) -> Cond {
        let (first, second) = (self.number_regs(cells(size), a), self.float(size, b));
        self.consume(a, cells(size));
        self.consume(b, cells(size));
        self.before_comparison();
        let cond = self.masm.compare_floats(cond, size, first, second);
        self.regs.unlock();
        cond
    }

    pub(super) fn emit_float_binary(&mut self, float: Float2, size: Size, dst: Cell, a: Operand, b: Operand) {
        let (first, second) = (self.number_regs(cells(size), a), self.number_regs(cells(size), b));
        let target = if size == Size::W64 && !M::WIDE {
            let second = (Val::Reg(second.0), Val::Reg(second.1));
            self.result_pair(first, second)
        } else {
            self.consume(a, cells(size));
            self.consume(b, cells(size));
            let target = self.target_place(dst, place_size::<M>(cells(size)));
            (target, target)
        };
        self.masm.float2(float, size, target, first, second);
    }

    pub(super) fn emit_float_unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        let Some((float, size)) = unary(op) else { return };
        let (ty, result) = op.types();
        let from = self.number_regs(ty.cells(), a);
        if let (Float1::ToInteger { signed, integer }, true) = (float, op.may_trap()) {
            let itself = (Val::Reg(from.0), Val::Reg(from.1));
            let cond = self.masm.compare_floats(Cond::NotEqual, size, from, itself);
            self.branch_to_trap(cond, Trap::BadConversionToInteger);
            // From the first of these numbers on it is too large for the integer, from the second one on downwards too small: that
            // is the number before the least integer if the size has bits enough for it.
            let bits = if integer == Size::W32 { 32 } else { 64 };
            let large = power_of_two(bits - u64::from(signed), size);
            let (below, small) = match (signed, integer, size) {
                (false, ..) => (Cond::LessOrEqual, power_of_two(0, size)),
                (true, Size::W32, Size::W64) => (Cond::LessOrEqual, 2_147_483_649_f64.to_bits()),
                _ => (Cond::Less, large),
            };
            let sign = if size == Size::W32 { 1 << 31 } else { 1 << 63 };
            self.trap_from(Cond::GreaterOrEqual, size, from, large);
            self.trap_from(below, size, from, small | sign);
        }
        // A pair comes from a pair, half by half, or all at once.
        let target = match (ty.cells(), result.cells()) {
            (2, 2) if !M::WIDE => self.result_pair(from, (Val::number(0), Val::number(0))),
            (cells, 2) if !M::WIDE => {
                self.consume(a, cells);
                self.target_pair(dst)
            }
            (cells, results) => {
                self.consume(a, cells);
                let target = self.target_place(dst, place_size::<M>(results));
                (target, target)
            }
        };
        self.masm.float1(float, size, target, from);
    }

    /// The number is too large, or too small, if the condition holds of it and the other one.
    fn trap_from(&mut self, cond: Cond, size: Size, number: Pair, bits: u64) {
        let limit = self.float(size, Operand::Const(Known(bits)));
        let cond = self.masm.compare_floats(cond, size, number, limit);
        self.branch_to_trap(cond, Trap::IntegerOverflow);
    }

    /// The registers of a value of so many cells; one that is in one register is both.
    fn number_regs(&mut self, cells: u32, operand: Operand) -> Pair {
        if cells == 2 && !M::WIDE {
            return self.pair_regs(operand);
        }
        let reg = self.value_reg(operand, 0, place_size::<M>(cells));
        (reg, reg)
    }

    fn float(&mut self, size: Size, operand: Operand) -> PairVal<M::Word> {
        if size == Size::W64 && !M::WIDE {
            return self.pair(operand);
        }
        let val = self.value(operand, 0, place_size::<M>(cells(size)));
        (val, val)
    }
}
