//! Operators of one word, and the choice between those of one and of two.

use super::places::{place_size, places};
use super::{Compiler, Deferred, Op, POLL_BYTES};
use crate::masm::{Alu, Bits, Cond, Division, Float2, Label, Masm, Shift, Size, Val, Word};
use wasmote_core::{BinaryOp, Trap, UnaryOp};
use wasmote_frontend::{Cell, Known, Operand};

/// What a binary operator does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Binary {
    Alu(Alu, Size),
    /// It leaves a condition.
    Compare(Cond, Size),
    Divide(Division, Size),
    CompareFloats(Cond, Size),
    Float(Float2, Size),
    CopySign(Size),
}

/// By operator: it is asked for each one that is told.
static BINARY: [Binary; BinaryOp::COUNT] = {
    let mut all = [Binary::Alu(Alu::Add, Size::W32); BinaryOp::COUNT];
    let mut at = 0;
    while at < BinaryOp::COUNT {
        all[at] = rule(BinaryOp::ALL[at]);
        at += 1;
    }
    all
};

pub(super) fn binary(op: BinaryOp) -> Binary {
    BINARY[op as usize]
}

const fn rule(op: BinaryOp) -> Binary {
    use Binary::{Alu as Operation, Compare, CompareFloats, CopySign, Divide, Float};
    use BinaryOp::*;
    use Size::{W32, W64};
    const fn divide(signed: bool, remainder: bool, size: Size) -> Binary {
        Divide(Division { signed, remainder }, size)
    }
    match op {
        I32Eq => Compare(Cond::Equal, W32),
        I32Ne => Compare(Cond::NotEqual, W32),
        I32LtS => Compare(Cond::Less, W32),
        I32LtU => Compare(Cond::Below, W32),
        I32GtS => Compare(Cond::Greater, W32),
        I32GtU => Compare(Cond::Above, W32),
        I32LeS => Compare(Cond::LessOrEqual, W32),
        I32LeU => Compare(Cond::BelowOrEqual, W32),
        I32GeS => Compare(Cond::GreaterOrEqual, W32),
        I32GeU => Compare(Cond::AboveOrEqual, W32),
        I64Eq => Compare(Cond::Equal, W64),
        I64Ne => Compare(Cond::NotEqual, W64),
        I64LtS => Compare(Cond::Less, W64),
        I64LtU => Compare(Cond::Below, W64),
        I64GtS => Compare(Cond::Greater, W64),
        I64GtU => Compare(Cond::Above, W64),
        I64LeS => Compare(Cond::LessOrEqual, W64),
        I64LeU => Compare(Cond::BelowOrEqual, W64),
        I64GeS => Compare(Cond::GreaterOrEqual, W64),
        I64GeU => Compare(Cond::AboveOrEqual, W64),
        F32Eq => CompareFloats(Cond::Equal, W32),
        F32Ne => CompareFloats(Cond::NotEqual, W32),
        F32Lt => CompareFloats(Cond::Less, W32),
        F32Gt => CompareFloats(Cond::Greater, W32),
        F32Le => CompareFloats(Cond::LessOrEqual, W32),
        F32Ge => CompareFloats(Cond::GreaterOrEqual, W32),
        F64Eq => CompareFloats(Cond::Equal, W64),
        F64Ne => CompareFloats(Cond::NotEqual, W64),
        F64Lt => CompareFloats(Cond::Less, W64),
        F64Gt => CompareFloats(Cond::Greater, W64),
        F64Le => CompareFloats(Cond::LessOrEqual, W64),
        F64Ge => CompareFloats(Cond::GreaterOrEqual, W64),
        I32Add => Operation(Alu::Add, W32),
        I32Sub => Operation(Alu::Sub, W32),
        I32Mul => Operation(Alu::Mul, W32),
        I32And => Operation(Alu::And, W32),
        I32Or => Operation(Alu::Or, W32),
        I32Xor => Operation(Alu::Xor, W32),
        I32Shl => Operation(Alu::Shift(Shift::Left), W32),
        I32ShrS => Operation(Alu::Shift(Shift::RightSigned), W32),
        I32ShrU => Operation(Alu::Shift(Shift::Right), W32),
        I32Rotl => Operation(Alu::Shift(Shift::RotateLeft), W32),
        I32Rotr => Operation(Alu::Shift(Shift::RotateRight), W32),
        I64Add => Operation(Alu::Add, W64),
        I64Sub => Operation(Alu::Sub, W64),
        I64Mul => Operation(Alu::Mul, W64),
        I64And => Operation(Alu::And, W64),
        I64Or => Operation(Alu::Or, W64),
        I64Xor => Operation(Alu::Xor, W64),
        I64Shl => Operation(Alu::Shift(Shift::Left), W64),
        I64ShrS => Operation(Alu::Shift(Shift::RightSigned), W64),
        I64ShrU => Operation(Alu::Shift(Shift::Right), W64),
        I64Rotl => Operation(Alu::Shift(Shift::RotateLeft), W64),
        I64Rotr => Operation(Alu::Shift(Shift::RotateRight), W64),
        I32DivS => divide(true, false, W32),
        I32DivU => divide(false, false, W32),
        I32RemS => divide(true, true, W32),
        I32RemU => divide(false, true, W32),
        I64DivS => divide(true, false, W64),
        I64DivU => divide(false, false, W64),
        I64RemS => divide(true, true, W64),
        I64RemU => divide(false, true, W64),
        F32Add => Float(Float2::Add, W32),
        F32Sub => Float(Float2::Sub, W32),
        F32Mul => Float(Float2::Mul, W32),
        F32Div => Float(Float2::Div, W32),
        F32Min => Float(Float2::Min, W32),
        F32Max => Float(Float2::Max, W32),
        F32Copysign => CopySign(W32),
        F64Add => Float(Float2::Add, W64),
        F64Sub => Float(Float2::Sub, W64),
        F64Mul => Float(Float2::Mul, W64),
        F64Div => Float(Float2::Div, W64),
        F64Min => Float(Float2::Min, W64),
        F64Max => Float(Float2::Max, W64),
        F64Copysign => CopySign(W64),
    }
}

/// Whether the operands may change places.
pub(super) fn commutes(op: Alu) -> bool {
    matches!(op, Alu::Add | Alu::Mul | Alu::And | Alu::Or | Alu::Xor)
}

/// How many cells a value has.
pub(super) fn cells(size: Size) -> u32 {
    match size {
        Size::W32 => 1,
        Size::W64 => 2,
    }
}

fn is_const(operand: Operand) -> bool {
    matches!(operand, Operand::Const(_))
}

impl<M: Masm> Compiler<M> {
    /// Makes the code of what was deferred, with its result where it was to go.
    pub(super) fn settle(&mut self) {
        if self.deferred.op != Op::None {
            self.emit();
        }
        self.poll_after((self.polls.last, 0), POLL_BYTES);
    }

    /// Defers an operator.
    pub(super) fn defer(&mut self, op: Op, dst: Cell, a: Operand, b: Operand) {
        self.settle();
        let at = self.at;
        let deferred = &mut self.deferred;
        (deferred.op, deferred.dst, deferred.at, deferred.a, deferred.b) = (op, dst, at, a, b);
    }

    /// Whether the operand is the result of what was deferred.
    pub(super) fn is_deferred(&self, operand: Operand) -> bool {
        self.deferred.op != Op::None && operand == Operand::Temp(self.deferred.dst)
    }

    /// Makes the code of what was deferred.
    fn emit(&mut self) {
        let Deferred { op, dst, a, b, offset, .. } = self.deferred;
        self.deferred.op = Op::None;
        match op {
            Op::None => {}
            Op::Unary(op) => self.emit_unary(op, dst, a),
            Op::Binary(Binary::Alu(op, size)) if size == Size::W32 || M::WIDE => {
                self.emit_alu(op, size, dst, a, b);
            }
            Op::Binary(Binary::Alu(op, _)) => self.emit_pair_alu(op, dst, a, b),
            Op::Binary(Binary::Compare(..) | Binary::CompareFloats(..)) => {
                let cond = self.emit_comparison(op, a, b);
                let target = self.target(dst);
                self.masm.set(cond, target);
            }
            Op::Binary(Binary::Divide(op, size)) => self.emit_division(op, size, dst, a, b),
            Op::Binary(Binary::Float(op, size)) => self.emit_float_binary(op, size, dst, a, b),
            Op::Binary(Binary::CopySign(size)) => self.emit_copysign(size, dst, a, b),
            Op::Shifted(op, shift, by) => {
                let (first, second) = (self.word_reg(a, 0), self.word_reg(b, 0));
                self.consume(a, 1);
                self.consume(b, 1);
                let (target, by) = (self.target(dst), by.into());
                if !self.masm.alu_shifted(op, Size::W32, target, first, (second, shift, by)) {
                    self.masm.alu(Alu::Shift(shift), Size::W32, M::SCRATCH, second, Val::number(by));
                    self.masm.alu(op, Size::W32, target, first, Val::Reg(M::SCRATCH));
                }
            }
            Op::Load(op) => self.emit_load(op, dst, a, offset),
        }
        self.regs.unlock();
    }

    fn emit_unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
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
            _ => return self.emit_float_unary(op, dst, a),
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
    }

    fn emit_alu(&mut self, op: Alu, size: Size, dst: Cell, a: Operand, b: Operand) {
        let cells = cells(size);
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
    fn emit_comparison(&mut self, op: Op, a: Operand, b: Operand) -> Cond {
        let (cond, size) = match op {
            Op::Binary(Binary::CompareFloats(cond, size)) => {
                return self.emit_float_comparison(cond, size, a, b);
            }
            Op::Binary(Binary::Compare(cond, size)) => (cond, size),
            // Whether it is not 0.
            _ => (Cond::NotEqual, Size::W32),
        };
        let (a, b, cond) = if is_const(a) { (b, a, cond.swapped()) } else { (a, b, cond) };
        let cells = cells(size);
        let cond = if cells == 1 || M::WIDE {
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

    fn emit_division(&mut self, op: Division, size: Size, dst: Cell, a: Operand, b: Operand) {
        let cells = cells(size);
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
            self.branch_to_trap(Cond::Equal, Trap::IntegerDivisionByZero);
        }
        if op.signed && !op.remainder && divisor.is_none_or(|bits| bits == minus_one) {
            let mut fine = Label::NEW;
            self.masm.compare(size, second, number(minus_one));
            self.masm.branch(Cond::NotEqual, &mut fine);
            self.masm.compare(size, first, number(least));
            self.branch_to_trap(Cond::Equal, Trap::IntegerOverflow);
            self.masm.bind(&mut fine);
        }
        self.consume(a, cells);
        self.consume(b, cells);
        let target = self.target_place(dst, size);
        self.masm.divide(op, size, target, first, second);
    }

    /// The present operator traps if the condition holds.
    pub(super) fn branch_to_trap(&mut self, cond: Cond, trap: Trap) {
        let mut label = Label::NEW;
        self.masm.branch(cond, &mut label);
        self.add_trap(label, trap, self.deferred.at);
    }

    /// Compares for a branch or a selection: the condition under which `operand` is not 0. What made it, if that is a
    /// comparison and deferred, is done right here.
    pub(super) fn emit_condition(&mut self, operand: Operand) -> Cond {
        let zero = Operand::Const(Known(0));
        if self.is_deferred(operand) {
            let Deferred { op, a, b, .. } = self.deferred;
            let comparison = match op {
                Op::Binary(Binary::Compare(..) | Binary::CompareFloats(..)) => Some((op, b)),
                Op::Unary(UnaryOp::I32Eqz) => Some((Op::Binary(binary(BinaryOp::I32Eq)), zero)),
                Op::Unary(UnaryOp::I64Eqz) => Some((Op::Binary(binary(BinaryOp::I64Eq)), zero)),
                _ => None,
            };
            if let Some((op, b)) = comparison {
                self.deferred.op = Op::None;
                return self.emit_comparison(op, a, b);
            }
        }
        self.settle();
        self.emit_comparison(Op::None, operand, zero)
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
}
