//! Operators on floating-point numbers, and all that the runtime carries out because the target does not.

use super::operators::{Binary, binary, cells};
use super::places::place_size;
use super::{Compiler, SLOW_BYTES};
use crate::masm::{Alu, Cond, Float2, Masm, Pair, PairVal, Size, Val, Word};
use wasmote_core::numeric::{binary_number, to_signed, unary_number};
use wasmote_core::{BinaryOp, FuncType, Trap, UnaryOp, ValType};
use wasmote_frontend::{Cell, Known, Operand};

/// The bits of a power of two as a number of this size.
fn power_of_two(exponent: u64, size: Size) -> u64 {
    match size {
        Size::W32 => (127 + exponent) << 23,
        Size::W64 => (1023 + exponent) << 52,
    }
}

/// What an operator does that is about the sign alone: signs are bits.
pub(super) fn of_sign(op: UnaryOp) -> Option<(Alu, Size, u64)> {
    Some(match op {
        UnaryOp::F32Abs => (Alu::And, Size::W32, 0x7FFF_FFFF),
        UnaryOp::F32Neg => (Alu::Xor, Size::W32, 1 << 31),
        UnaryOp::F64Abs => (Alu::And, Size::W64, u64::MAX >> 1),
        UnaryOp::F64Neg => (Alu::Xor, Size::W64, 1 << 63),
        _ => return None,
    })
}

/// The size of numbers, of those that there are verbs for.
fn numbers<M: Masm>(size: Size) -> Size {
    if M::DOUBLES { size } else { Size::W32 }
}

impl<M: Masm> Compiler<M> {
    /// Whether the runtime carries out an operator.
    pub(super) fn is_unary_of_runtime(&self, op: UnaryOp) -> bool {
        of_sign(op).is_none() && !self.masm.has_unary(op)
    }

    /// Whether the runtime carries out an operator.
    pub(super) fn is_binary_of_runtime(&self, op: BinaryOp) -> bool {
        match binary(op) {
            Binary::Alu(..) | Binary::Compare(..) | Binary::CopySign(_) => false,
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
        self.masm.numeric(number, &self.frame, dst, !self.calls);
        self.polls.slow += SLOW_BYTES;
        self.least_cells = self.least_cells.max(dst + 4);
        self.called(ty, dst);
        self.made(from, self.at);
    }

    /// Compares numbers; the condition that holds then if the operator gives 1. The operands are consumed.
    pub(super) fn emit_float_comparison(&mut self, cond: Cond, size: Size, a: Operand, b: Operand) -> Cond {
        let size = numbers::<M>(size);
        let (first, second) = (self.number_regs(cells(size), a), self.float(size, b));
        self.consume(a, cells(size));
        self.consume(b, cells(size));
        self.before_comparison();
        let cond = self.masm.compare_floats(cond, size, first, second);
        self.regs.unlock();
        cond
    }

    pub(super) fn emit_float_binary(&mut self, float: Float2, size: Size, dst: Cell, a: Operand, b: Operand) {
        let size = numbers::<M>(size);
        let (target, first, second) = self.number_operands(size, dst, a, b);
        self.masm.float2(float, size, target, first, second);
    }

    /// All of `a` but the sign, which is that of `b`: where they differ there, `a` changes.
    pub(super) fn emit_copysign(&mut self, size: Size, dst: Cell, a: Operand, b: Operand) {
        let (target, first, second) = self.number_operands(size, dst, a, b);
        let size = place_size::<M>(cells(size));
        let sign = M::Word::truncate(if M::WIDE && size == Size::W64 { 1 << 63 } else { 1 << 31 });
        self.masm.alu(Alu::Xor, size, M::SCRATCH, first.1, Val::Reg(second.1));
        self.masm.alu(Alu::And, size, M::SCRATCH, M::SCRATCH, Val::Imm(sign));
        if target.0 != target.1 {
            self.masm.mov(target.0, Val::Reg(first.0));
        }
        self.masm.alu(Alu::Xor, size, target.1, first.1, Val::Reg(M::SCRATCH));
    }

    /// The registers of a result and of two operands.
    fn number_operands(&mut self, size: Size, dst: Cell, a: Operand, b: Operand) -> (Pair, Pair, Pair) {
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
        (target, first, second)
    }

    pub(super) fn emit_float_unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        let size = |ty: ValType| numbers::<M>(if ty.cells() == 2 { Size::W64 } else { Size::W32 });
        let (ty, result) = op.types();
        let (number, integer) = (size(ty), size(result));
        let from = self.number_regs(cells(number), a);
        if op.may_trap() {
            let itself = (Val::Reg(from.0), Val::Reg(from.1));
            let cond = self.masm.compare_floats(Cond::NotEqual, number, from, itself);
            self.branch_to_trap(cond, Trap::BadConversionToInteger);
            // From the first of these numbers on it is too large for the integer, from the second one on downwards too small: that
            // is the number before the least integer if the size has bits enough for it.
            let (signed, bits) = (to_signed(op), if integer == Size::W32 { 32 } else { 64 });
            let large = power_of_two(bits - u64::from(signed), number);
            let (below, small) = match (signed, integer, number) {
                (false, ..) => (Cond::LessOrEqual, power_of_two(0, number)),
                (true, Size::W32, Size::W64) => (Cond::LessOrEqual, 2_147_483_649_f64.to_bits()),
                _ => (Cond::Less, large),
            };
            let sign = if number == Size::W32 { 1 << 31 } else { 1 << 63 };
            self.trap_from(Cond::GreaterOrEqual, number, from, large);
            self.trap_from(below, number, from, small | sign);
        }
        // A pair comes from a pair, half by half, or all at once.
        let target = match (number, integer) {
            (Size::W64, Size::W64) if !M::WIDE => self.result_pair(from, (Val::number(0), Val::number(0))),
            (_, Size::W64) if !M::WIDE => {
                self.consume(a, cells(number));
                self.target_pair(dst)
            }
            _ => {
                self.consume(a, cells(number));
                let target = self.target_place(dst, place_size::<M>(cells(integer)));
                (target, target)
            }
        };
        self.masm.float1(op, target, from);
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
