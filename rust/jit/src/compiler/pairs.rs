//! Operators of two words.

use super::operators::commutes;
use super::{Compiler, Deferred};
use crate::masm::{Alu, Bits, Masm, Pair, PairAlu, PairVal, Reg, Shift, Size, Val};
use wasmote_core::UnaryOp;
use wasmote_frontend::{Cell, Known, Operand};

impl<M: Masm> Compiler<M> {
    pub(super) fn emit_pair_unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        match op {
            UnaryOp::I32WrapI64 => {
                // The upper half is never read.
                if let Operand::Temp(cell) = a {
                    self.drop_cell(cell + 1);
                }
                self.emit_copy(1, dst, a);
            }
            UnaryOp::I64ExtendI32U => {
                self.emit_copy(1, dst, a);
                self.set_zero(dst + 1);
            }
            UnaryOp::I64ExtendI32S | UnaryOp::I64Extend32S => {
                if let (UnaryOp::I64Extend32S, Operand::Temp(cell)) = (op, a) {
                    self.drop_cell(cell + 1);
                }
                self.emit_copy(1, dst, a);
                self.extend_sign(dst);
            }
            UnaryOp::I64Extend8S | UnaryOp::I64Extend16S => {
                let from = self.word_reg(a, 0);
                self.consume(a, 2);
                let target = self.target(dst);
                let bits = if op == UnaryOp::I64Extend8S { Bits::Extend8 } else { Bits::Extend16 };
                self.masm.bits(bits, Size::W32, target, from);
                self.extend_sign(dst);
            }
            // All that is left: whether it is 0.
            _ => {
                let (low, high) = self.pair_regs(a);
                self.consume(a, 2);
                let target = self.target(dst);
                self.masm.alu(Alu::Or, Size::W32, target, low, Val::Reg(high));
                self.masm.is_zero(Size::W32, target, target);
            }
        }
    }

    /// The upper half of a value is the sign of its lower half.
    pub(super) fn extend_sign(&mut self, dst: Cell) {
        if self.regs.is_zero(dst) {
            return self.set_zero(dst + 1);
        }
        let low = self.get(dst, Size::W32);
        let high = self.target(dst + 1);
        self.masm.alu(Alu::Shift(Shift::RightSigned), Size::W32, high, low, Val::number(31));
        self.regs.unlock();
    }

    pub(super) fn emit_pair_alu(&mut self, op: Alu, dst: Cell, a: Operand, b: Operand) {
        match op {
            Alu::Shift(shift) => self.emit_pair_shift(shift, dst, a, b),
            Alu::Mul => self.emit_pair_mul(dst, a, b),
            _ => self.emit_pair_words(op, dst, a, b),
        }
    }

    fn emit_pair_words(&mut self, op: Alu, dst: Cell, a: Operand, b: Operand) {
        let swap = commutes(op) && (self.is_number(a, 0) || self.is_number(a, 1));
        let (a, b) = if swap { self.swap_operands() } else { (a, b) };
        if let (Alu::And | Alu::Or | Alu::Xor, second) = (op, self.pair(b)) {
            let plain = |val| val == if op == Alu::And { Val::number(u32::MAX) } else { Val::number(0) };
            // Half of it is 0 or stays as it is: very common with masks.
            if op == Alu::And && second.1 == Val::number(0) {
                if let Operand::Temp(cell) = a {
                    self.drop_cell(cell + 1);
                }
                if plain(second.0) {
                    self.emit_copy(1, dst, a);
                } else {
                    let low = self.word_reg(a, 0);
                    self.consume(a, 1);
                    self.consume(b, 2);
                    let target = self.target(dst);
                    self.masm.alu(op, Size::W32, target, low, second.0);
                }
                return self.set_zero(dst + 1);
            }
            let first = self.pair_regs(a);
            let target = self.result_pair(first, second);
            for (target, first, second) in [(target.0, first.0, second.0), (target.1, first.1, second.1)] {
                if plain(second) {
                    self.masm.mov(target, Val::Reg(first));
                } else {
                    self.masm.alu(op, Size::W32, target, first, second);
                }
            }
            return;
        }
        let second = self.pair(b);
        let first = self.pair_regs(a);
        let target = self.result_pair(first, second);
        let op = if op == Alu::Add { PairAlu::Add } else { PairAlu::Sub };
        self.masm.pair_alu(op, target, first, second);
    }

    fn emit_pair_mul(&mut self, dst: Cell, a: Operand, b: Operand) {
        let (a, b) = if self.is_number(a, 1) { self.swap_operands() } else { (a, b) };
        let (b_high, a_high) = (self.is_zero_half(b), self.is_zero_half(a));
        if a_high && b_high {
            let (first, second) = (self.word_reg(a, 0), self.word_reg(b, 0));
            self.free_operand(a, 2);
            self.free_operand(b, 2);
            let target = self.target_pair(dst);
            return self.masm.pair_mul_words(target, first, second);
        }
        if b_high {
            // high:low = a0 * b0, high += a1 * b0.
            let (first, second) = (self.pair_regs(a), self.word_reg(b, 0));
            let target = self.result_pair(first, (Val::Reg(second), Val::number(0)));
            self.masm.alu(Alu::Mul, Size::W32, M::SCRATCH, first.1, Val::Reg(second));
            self.masm.pair_mul_words(target, first.0, second);
            return self.masm.alu(Alu::Add, Size::W32, target.1, target.1, Val::Reg(M::SCRATCH));
        }
        let first = self.pair_regs(a);
        let second = self.pair_regs(b);
        let second = (Val::Reg(second.0), Val::Reg(second.1));
        let target = self.result_pair(first, second);
        self.masm.pair_alu(PairAlu::Mul, target, first, second);
    }

    fn emit_pair_shift(&mut self, shift: Shift, dst: Cell, a: Operand, b: Operand) {
        // Other shifts are the runtime's.
        let Operand::Const(Known(by)) = b else { return };
        let by = by as u32 & 63;
        if shift == Shift::Right && by >= 32 {
            if let Operand::Temp(cell) = a {
                self.drop_cell(cell);
            }
            let high = self.word_reg(a, 1);
            self.consume(a, 2);
            let target = self.target(dst);
            self.masm.alu(Alu::Shift(shift), Size::W32, target, high, Val::number(by - 32));
            return self.set_zero(dst + 1);
        }
        let first = self.pair_regs(a);
        let target = self.result_pair(first, (Val::number(0), Val::number(0)));
        self.masm.pair_shift_by(shift, target, first, by);
    }

    /// The operands of the present operator in the other order.
    fn swap_operands(&mut self) -> (Operand, Operand) {
        let Deferred { a, b, .. } = &mut self.deferred;
        core::mem::swap(a, b);
        (*a, *b)
    }

    /// The registers for a result of the present operator, of two cells, from where its operands are. What is read is still in its registers, and each half of the result comes
    /// into a register of its own or into that of the same half of an operand: not where it would be in the way.
    pub(super) fn result_pair(&mut self, first: Pair, second: PairVal<M::Word>) -> Pair {
        let Deferred { dst, a, b, .. } = self.deferred;
        self.free_operand(a, 2);
        self.free_operand(b, 2);
        let low = self.result_half(dst, first.0, second.0);
        (low, self.result_half(dst + 1, first.1, second.1))
    }

    fn result_half(&mut self, cell: Cell, a_reg: Reg, b_val: Val<M::Word>) -> Reg {
        if self.regs.pinned(cell).is_some() {
            return self.target(cell);
        }
        // A number that was put into a register for this operator is nobody's either.
        let reuse = match (self.deferred.a, self.deferred.b, b_val) {
            (Operand::Temp(_) | Operand::Const(_), ..) => Some(a_reg),
            (_, Operand::Temp(_), Val::Reg(reg)) => Some(reg),
            // With no register left, the local can be read again from the frame.
            _ if !self.has_free() && M::TEMPS.contains(&a_reg) => {
                self.spill(a_reg);
                Some(a_reg)
            }
            (.., Val::Reg(reg)) if !self.has_free() && M::TEMPS.contains(&reg) => {
                self.spill(reg);
                Some(reg)
            }
            _ => None,
        };
        match reuse {
            Some(reg) => {
                self.rename(reg, cell, Size::W32);
                reg
            }
            None => self.target(cell),
        }
    }
}
