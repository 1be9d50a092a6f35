//! Operators of one word, and the choice between those of one and of two.

use super::places::{place_size, places};
use super::{Compiler, Deferred, Op, POLL_BYTES};
use crate::masm::{Alu, Bits, Cond, Division, Label, Masm, Shift, Size, Val, Word};
use wasmote_core::{BinaryOp, ErrorKind, Trap, UnaryOp};
use wasmote_frontend::{Cell, Known, Operand};

/// What a comparison asks, and how many cells its operands have.
pub(super) fn comparison(op: BinaryOp) -> Option<(Cond, u32)> {
    use BinaryOp::*;
    Some(match op {
        I32Eq => (Cond::Equal, 1),
        I32Ne => (Cond::NotEqual, 1),
        I32LtS => (Cond::Less, 1),
        I32LtU => (Cond::Below, 1),
        I32GtS => (Cond::Greater, 1),
        I32GtU => (Cond::Above, 1),
        I32LeS => (Cond::LessOrEqual, 1),
        I32LeU => (Cond::BelowOrEqual, 1),
        I32GeS => (Cond::GreaterOrEqual, 1),
        I32GeU => (Cond::AboveOrEqual, 1),
        I64Eq => (Cond::Equal, 2),
        I64Ne => (Cond::NotEqual, 2),
        I64LtS => (Cond::Less, 2),
        I64LtU => (Cond::Below, 2),
        I64GtS => (Cond::Greater, 2),
        I64GtU => (Cond::Above, 2),
        I64LeS => (Cond::LessOrEqual, 2),
        I64LeU => (Cond::BelowOrEqual, 2),
        I64GeS => (Cond::GreaterOrEqual, 2),
        I64GeU => (Cond::AboveOrEqual, 2),
        _ => return None,
    })
}

/// Whether the operator leaves a condition.
fn is_comparison(op: BinaryOp) -> bool {
    comparison(op).is_some() || super::floats::comparison(op).is_some()
}

/// What an operator on integers does, and how many cells its operands have.
pub(super) fn alu(op: BinaryOp) -> Option<(Alu, u32)> {
    use BinaryOp::*;
    let shift = Alu::Shift;
    Some(match op {
        I32Add => (Alu::Add, 1),
        I32Sub => (Alu::Sub, 1),
        I32Mul => (Alu::Mul, 1),
        I32And => (Alu::And, 1),
        I32Or => (Alu::Or, 1),
        I32Xor => (Alu::Xor, 1),
        I32Shl => (shift(Shift::Left), 1),
        I32ShrS => (shift(Shift::RightSigned), 1),
        I32ShrU => (shift(Shift::Right), 1),
        I32Rotl => (shift(Shift::RotateLeft), 1),
        I32Rotr => (shift(Shift::RotateRight), 1),
        I64Add => (Alu::Add, 2),
        I64Sub => (Alu::Sub, 2),
        I64Mul => (Alu::Mul, 2),
        I64And => (Alu::And, 2),
        I64Or => (Alu::Or, 2),
        I64Xor => (Alu::Xor, 2),
        I64Shl => (shift(Shift::Left), 2),
        I64ShrS => (shift(Shift::RightSigned), 2),
        I64ShrU => (shift(Shift::Right), 2),
        I64Rotl => (shift(Shift::RotateLeft), 2),
        I64Rotr => (shift(Shift::RotateRight), 2),
        _ => return None,
    })
}

/// Whether the operands may change places.
pub(super) fn commutes(op: Alu) -> bool {
    matches!(op, Alu::Add | Alu::Mul | Alu::And | Alu::Or | Alu::Xor)
}

fn is_const(operand: Operand) -> bool {
    matches!(operand, Operand::Const(_))
}

impl<M: Masm> Compiler<M> {
    /// Makes the code of what was deferred, with its result where it was to go.
    pub(super) fn settle(&mut self) -> Result<(), ErrorKind> {
        // Mostly there is nothing, and it need not be moved to find that out.
        if self.deferred.is_some()
            && let Some(deferred) = self.deferred.take()
        {
            self.emit(deferred)?;
        }
        self.poll_after(self.polls.last, POLL_BYTES)
    }

    /// Defers an operator.
    pub(super) fn defer(&mut self, op: Op, dst: Cell) -> Result<(), ErrorKind> {
        self.settle()?;
        self.deferred = Some(Deferred { op, dst, at: self.at });
        Ok(())
    }

    /// What was deferred, if its result is the operand.
    pub(super) fn deferred_result(&self, operand: Operand) -> Option<Deferred> {
        self.deferred.filter(|deferred| operand == Operand::Temp(deferred.dst))
    }

    pub(super) fn emit(&mut self, Deferred { op, dst, at }: Deferred) -> Result<(), ErrorKind> {
        match op {
            Op::Unary(op, a) => self.emit_unary(op, dst, a, at)?,
            Op::Binary(op, a, b) => self.emit_binary(op, dst, a, b, at)?,
            Op::Shifted(op, a, b, shift, by) => {
                let (first, second) = (self.word_reg(a, 0), self.word_reg(b, 0));
                self.consume(a, 1);
                self.consume(b, 1);
                let target = self.target(dst);
                if !self.masm.alu_shifted(op, Size::W32, target, first, (second, shift, by)) {
                    self.masm.alu(Alu::Shift(shift), Size::W32, M::SCRATCH, second, Val::number(by));
                    self.masm.alu(op, Size::W32, target, first, Val::Reg(M::SCRATCH));
                }
            }
            Op::Load(op, address, arg) => self.emit_load(op, dst, address, arg, at)?,
        }
        self.regs.unlock();
        Ok(())
    }

    fn emit_unary(&mut self, op: UnaryOp, dst: Cell, a: Operand, at: u32) -> Result<(), ErrorKind> {
        use UnaryOp::*;
        let bits = match op {
            // None of them: see below.
            I32Eqz | I64Eqz => None,
            I32Clz | I64Clz => Some(Bits::LeadingZeros),
            I32Ctz | I64Ctz => Some(Bits::TrailingZeros),
            I32Popcnt | I64Popcnt => Some(Bits::Ones),
            I32Extend8S | I64Extend8S => Some(Bits::Extend8),
            I32Extend16S | I64Extend16S => Some(Bits::Extend16),
            I64ExtendI32S | I64Extend32S => Some(Bits::Extend32),
            I64ExtendI32U => Some(Bits::ZeroExtend32),
            I32WrapI64 => Some(Bits::Wrap),
            _ => return self.emit_float_unary(op, dst, a, at),
        };
        let (cells, results) = (op.types().0.cells(), op.types().1.cells());
        if cells.max(results) == 2 && !M::WIDE {
            return self.emit_pair_unary(op, dst, a);
        }
        let size = place_size::<M>(cells);
        let from = self.value_reg(a, 0, size);
        self.consume(a, cells);
        let target = self.target_place(dst, place_size::<M>(results));
        match bits {
            Some(bits) => self.masm.bits(bits, size, target, from),
            None => self.masm.is_zero(size, target, from),
        }
        Ok(())
    }

    fn emit_binary(
        &mut self,
        op: BinaryOp,
        dst: Cell,
        a: Operand,
        b: Operand,
        at: u32,
    ) -> Result<(), ErrorKind> {
        if is_comparison(op) {
            let cond = self.emit_comparison(op, a, b);
            let target = self.target(dst);
            self.masm.set(cond, target);
            return Ok(());
        }
        if let Some((alu, cells)) = alu(op) {
            if cells == 2 && !M::WIDE {
                return self.emit_pair_alu(alu, dst, a, b);
            }
            self.emit_alu(alu, cells, dst, a, b);
            return Ok(());
        }
        use BinaryOp::*;
        let division = match op {
            I32DivS | I64DivS => Division { signed: true, remainder: false },
            I32DivU | I64DivU => Division { signed: false, remainder: false },
            I32RemS | I64RemS => Division { signed: true, remainder: true },
            I32RemU | I64RemU => Division { signed: false, remainder: true },
            _ => return self.emit_float_binary(op, dst, a, b),
        };
        self.emit_division(division, op.types().0.cells(), dst, a, b, at)
    }

    fn emit_alu(&mut self, op: Alu, cells: u32, dst: Cell, a: Operand, b: Operand) {
        let size = place_size::<M>(cells);
        let (a, b) = if is_const(a) && commutes(op) { (b, a) } else { (a, b) };
        if let (Operand::Const(Known(number)), Alu::Sub, false) = (a, op, is_const(b)) {
            let from = self.value_reg(b, 0, size);
            self.consume(b, cells);
            let target = self.target_place(dst, size);
            return self.masm.subtract_from(size, target, M::Word::truncate(number), from);
        }
        let (first, second) = (self.value_reg(a, 0, size), self.value(b, 0, size));
        self.consume(a, cells);
        self.consume(b, cells);
        let target = self.target_place(dst, size);
        self.masm.alu(op, size, target, first, second);
    }

    /// Compares; the condition that holds then if the operator gives 1. The operands are consumed.
    pub(super) fn emit_comparison(&mut self, op: BinaryOp, a: Operand, b: Operand) -> Cond {
        if let Some(cond) = super::floats::comparison(op) {
            return self.emit_float_comparison(cond, a, b);
        }
        let (cond, cells) = comparison(op).unwrap_or((Cond::Equal, 1));
        let (a, b, cond) = if is_const(a) { (b, a, cond.swapped()) } else { (a, b, cond) };
        let cond = if cells == 1 || M::WIDE {
            let size = place_size::<M>(cells);
            let (first, second) = (self.value_reg(a, 0, size), self.value(b, 0, size));
            self.consume(a, cells);
            self.consume(b, cells);
            self.before_comparison();
            self.masm.compare(size, first, second);
            cond
        } else {
            let (first, second) = (self.pair_regs(a), self.pair(b));
            self.consume(a, 2);
            self.consume(b, 2);
            self.before_comparison();
            self.masm.compare_pair(cond, first, second)
        };
        self.regs.unlock();
        cond
    }

    /// For a branch, the frame learns everything; that leaves what is compared alone, so it costs nothing if it comes here.
    pub(super) fn before_comparison(&mut self) {
        if self.branching {
            self.flush();
        }
    }

    fn emit_division(
        &mut self,
        op: Division,
        cells: u32,
        dst: Cell,
        a: Operand,
        b: Operand,
        at: u32,
    ) -> Result<(), ErrorKind> {
        let size = place_size::<M>(cells);
        let (minus_one, least) = match size {
            Size::W32 => (u64::from(u32::MAX), 1 << 31),
            Size::W64 => (u64::MAX, 1 << 63),
        };
        let number = |bits| Val::Imm(M::Word::truncate(bits));
        let (first, second) = (self.value_reg(a, 0, size), self.value_reg(b, 0, size));
        let divisor = match b {
            Operand::Const(Known(bits)) => Some(bits),
            _ => None,
        };
        if divisor.is_none_or(|bits| bits == 0) {
            self.masm.compare(size, second, Val::number(0));
            self.branch_to_trap(Cond::Equal, Trap::IntegerDivisionByZero, at)?;
        }
        if op.signed && !op.remainder && divisor.is_none_or(|bits| bits == minus_one) {
            let mut fine = Label::NEW;
            self.masm.compare(size, second, number(minus_one));
            self.masm.branch(Cond::NotEqual, &mut fine);
            self.masm.compare(size, first, number(least));
            self.branch_to_trap(Cond::Equal, Trap::IntegerOverflow, at)?;
            self.masm.bind(&mut fine);
        }
        self.consume(a, cells);
        self.consume(b, cells);
        let target = self.target_place(dst, size);
        self.masm.divide(op, size, target, first, second);
        Ok(())
    }

    pub(super) fn branch_to_trap(&mut self, cond: Cond, trap: Trap, at: u32) -> Result<(), ErrorKind> {
        let mut label = Label::NEW;
        self.masm.branch(cond, &mut label);
        self.add_trap(label, trap, at)
    }

    /// Compares for a branch or a selection: the condition under which `operand` is not 0. What made it, if that is a
    /// comparison and deferred, is done right here.
    pub(super) fn emit_condition(&mut self, operand: Operand) -> Result<Cond, ErrorKind> {
        if let Some(deferred) = self.deferred_result(operand) {
            match deferred.op {
                Op::Binary(op, a, b) if is_comparison(op) => {
                    self.deferred = None;
                    return Ok(self.emit_comparison(op, a, b));
                }
                Op::Unary(UnaryOp::I32Eqz, a) => {
                    self.deferred = None;
                    return Ok(self.emit_comparison(BinaryOp::I32Eq, a, Operand::Const(Known(0))));
                }
                Op::Unary(UnaryOp::I64Eqz, a) => {
                    self.deferred = None;
                    return Ok(self.emit_comparison(BinaryOp::I64Eq, a, Operand::Const(Known(0))));
                }
                _ => {}
            }
        }
        self.settle()?;
        Ok(self.emit_comparison(BinaryOp::I32Ne, operand, Operand::Const(Known(0))))
    }

    /// `dst = src` for a value of so many cells. Temporaries above `dst` stay as they are.
    pub(super) fn emit_copy(&mut self, cells: u32, dst: Cell, src: Operand) {
        let size = place_size::<M>(cells);
        for half in places::<M>(cells) {
            let (to, word) = (dst + half, self.value(src, half, size));
            let pinned = self.regs.pinned(to);
            if let Operand::Temp(cell) = src {
                // It is read for the last time, so that its register only gets another name.
                self.drop_cell(cell + half);
            }
            let zero = !M::WIDE && word == Val::number(0);
            match (word, pinned) {
                (Val::Imm(_), None) if zero => self.set_zero(to),
                (Val::Reg(reg), None) if matches!(src, Operand::Temp(_)) => self.rename(reg, to, size),
                _ => {
                    self.regs.changed(to);
                    let target = match pinned {
                        Some(reg) => reg,
                        None => {
                            let reg = self.alloc();
                            self.rename(reg, to, size);
                            reg
                        }
                    };
                    self.masm.mov(target, word);
                    if zero {
                        self.regs.add_zero(to, false);
                    }
                }
            }
        }
        self.regs.unlock();
    }

    /// Folds `eqz` of a comparison.
    pub(super) fn inverted_comparison(&self, a: Operand) -> Option<Op> {
        let deferred = self.deferred_result(a)?;
        let inverted = match deferred.op {
            Op::Binary(op, a, b) => Op::Binary(opposite(op)?, a, b),
            _ => return None,
        };
        Some(inverted)
    }
}

/// The comparison that gives the opposite.
fn opposite(op: BinaryOp) -> Option<BinaryOp> {
    use BinaryOp::*;
    Some(match op {
        I32Eq => I32Ne,
        I32Ne => I32Eq,
        I32LtS => I32GeS,
        I32GeS => I32LtS,
        I32GtS => I32LeS,
        I32LeS => I32GtS,
        I32LtU => I32GeU,
        I32GeU => I32LtU,
        I32GtU => I32LeU,
        I32LeU => I32GtU,
        I64Eq => I64Ne,
        I64Ne => I64Eq,
        I64LtS => I64GeS,
        I64GeS => I64LtS,
        I64GtS => I64LeS,
        I64LeS => I64GtS,
        I64LtU => I64GeU,
        I64GeU => I64LtU,
        I64GtU => I64LeU,
        I64LeU => I64GtU,
        _ => return None,
    })
}
