//! The macro-assembler: floating-point numbers, by SSE2. Between operations they are in general registers, as all values
//! are.

use super::asm::{Branch, Cond as C, Logic, Op, RAX, RCX, Reg, Shift as S, Size, Sse, Xmm};
use super::masm::X64;
use crate::masm::{Cond, Float2, Label, Masm, Val};
use wasmote_core::numeric::to_signed;
use wasmote_core::{UnaryOp, ValType};

const X0: Xmm = Xmm(0);
const X1: Xmm = Xmm(1);
const X2: Xmm = Xmm(2);
const X3: Xmm = Xmm(3);

/// Bits of a power of two as a number.
fn power(size: Size, exponent: u64) -> u64 {
    match size {
        Size::W32 => (127 + exponent) << 23,
        Size::W64 => (1023 + exponent) << 52,
    }
}

fn bits(size: Size) -> u64 {
    if size == Size::W64 { 64 } else { 32 }
}

impl X64 {
    fn load_number(&mut self, size: Size, xmm: Xmm, val: Val<u64>) {
        match val {
            Val::Reg(reg) => self.asm.sse_from(size, xmm, reg),
            Val::Imm(0) => self.asm.sse_logic(Logic::Xor, size, xmm, xmm),
            Val::Imm(number) => {
                self.asm.mov_imm(RCX, number);
                self.asm.sse_from(size, xmm, RCX);
            }
        }
    }

    /// What is no number is below, equal and unordered for the processor: a condition is asked that then does not hold.
    pub(super) fn compare_numbers(&mut self, cond: Cond, size: Size, a: Reg, b: Val<u64>) -> Cond {
        self.load_number(size, X0, Val::Reg(a));
        self.load_number(size, X1, b);
        match cond {
            Cond::Greater => self.asm.sse_compare(size, X0, X1),
            Cond::GreaterOrEqual => self.asm.sse_compare(size, X0, X1),
            Cond::Less | Cond::LessOrEqual => self.asm.sse_compare(size, X1, X0),
            _ => {
                self.asm.sse_equal(size, X0, X1);
                self.asm.sse_to(size, RCX, X0);
                self.asm.test(Size::W32, RCX, RCX);
            }
        }
        match cond {
            Cond::Greater | Cond::Less => Cond::Above,
            Cond::GreaterOrEqual | Cond::LessOrEqual => Cond::AboveOrEqual,
            Cond::Equal => Cond::NotEqual,
            _ => Cond::Equal,
        }
    }

    /// All bits of a register but the sign, or only that.
    fn mask_sign(&mut self, size: Size, reg: Reg, only: bool) {
        let (first, second) = if only { (S::Shr, S::Shl) } else { (S::Shl, S::Shr) };
        let by = if only { bits(size) - 1 } else { 1 } as u8;
        self.asm.shift_imm(first, size, reg, by);
        self.asm.shift_imm(second, size, reg, by);
    }

    pub(super) fn number2(&mut self, op: Float2, size: Size, dst: Reg, a: Reg, b: Reg) {
        let sse = match op {
            Float2::Add => Sse::Add,
            Float2::Sub => Sse::Sub,
            Float2::Mul => Sse::Mul,
            Float2::Div => Sse::Div,
            Float2::Min => return self.extreme(Sse::Min, size, dst, a, b),
            Float2::Max => return self.extreme(Sse::Max, size, dst, a, b),
        };
        self.asm.sse_from(size, X0, a);
        self.asm.sse_from(size, X1, b);
        self.asm.sse_op(sse, size, X0, X1);
        self.asm.sse_to(size, dst, X0);
    }

    /// Equal numbers differ in the sign of zero at most; the sum of what is no number is none, and quiet.
    fn extreme(&mut self, op: Sse, size: Size, dst: Reg, a: Reg, b: Reg) {
        let (mut differ, mut none, mut done) = (Label::NEW, Label::NEW, Label::NEW);
        let equal = if op == Sse::Min { Logic::Or } else { Logic::And };
        self.asm.sse_from(size, X0, a);
        self.asm.sse_from(size, X1, b);
        self.asm.sse_compare(size, X0, X1);
        self.refer(Branch::JumpIf(C::Ne), &mut differ);
        self.refer(Branch::JumpIf(C::P), &mut none);
        self.asm.sse_logic(equal, size, X0, X1);
        self.refer(Branch::Jump, &mut done);
        self.resolve(&mut none);
        self.asm.sse_op(Sse::Add, size, X0, X1);
        self.refer(Branch::Jump, &mut done);
        self.resolve(&mut differ);
        self.asm.sse_op(op, size, X0, X1);
        self.resolve(&mut done);
        self.asm.sse_to(size, dst, X0);
    }

    pub(super) fn number1(&mut self, op: UnaryOp, dst: Reg, a: Reg) {
        use UnaryOp::*;
        let size = |ty: ValType| if ty.cells() == 2 { Size::W64 } else { Size::W32 };
        let (from, to) = (size(op.types().0), size(op.types().1));
        match op {
            F32Sqrt | F64Sqrt => {
                self.asm.sse_from(from, X0, a);
                self.asm.sse_op(Sse::Sqrt, from, X0, X0);
                self.asm.sse_to(to, dst, X0);
            }
            F64PromoteF32 | F32DemoteF64 => {
                self.asm.sse_from(from, X0, a);
                self.asm.sse_convert(from, X0, X0);
                self.asm.sse_to(to, dst, X0);
            }
            F32ConvertI32S | F32ConvertI64S | F64ConvertI32S | F64ConvertI64S => {
                self.integer_to_number(true, from, to, dst, a);
            }
            F32ConvertI32U | F32ConvertI64U | F64ConvertI32U | F64ConvertI64U => {
                self.integer_to_number(false, from, to, dst, a);
            }
            _ if matches!(op.types().1, ValType::I32 | ValType::I64) => {
                self.number_to_integer(to_signed(op), to, from, dst, a);
            }
            _ => self.round(op, from, dst, a),
        }
    }

    /// To the nearest integer by adding, and taking off again, a number so large that nothing behind the point remains; then
    /// one more or less if that went the wrong way. Numbers as large as that are integers, or no numbers.
    fn round(&mut self, op: UnaryOp, size: Size, dst: Reg, a: Reg) {
        let (mut large, mut right, mut done) = (Label::NEW, Label::NEW, Label::NEW);
        let integers = power(size, if size == Size::W64 { 52 } else { 23 });
        // The sign in RAX, the rest in X1 and X3.
        self.copy(RAX, a);
        self.mask_sign(size, RAX, true);
        self.copy(RCX, a);
        self.asm.op(Op::Xor, size, RCX, RAX);
        self.asm.sse_from(size, X0, a);
        self.asm.sse_from(size, X1, RCX);
        self.asm.sse_mov(X3, X1);
        self.load_number(size, X2, Val::Imm(integers));
        self.asm.sse_compare(size, X2, X1);
        self.refer(Branch::JumpIf(C::Be), &mut large);
        self.asm.sse_op(Sse::Add, size, X1, X2);
        self.asm.sse_op(Sse::Sub, size, X1, X2);
        if !matches!(op, UnaryOp::F32Trunc | UnaryOp::F64Trunc) {
            // With the sign.
            self.asm.sse_from(size, X2, RAX);
            self.asm.sse_logic(Logic::Or, size, X1, X2);
        }
        let step = match op {
            UnaryOp::F32Ceil | UnaryOp::F64Ceil => {
                self.asm.sse_compare(size, X0, X1);
                Some(Sse::Add)
            }
            UnaryOp::F32Floor | UnaryOp::F64Floor => {
                self.asm.sse_compare(size, X1, X0);
                Some(Sse::Sub)
            }
            UnaryOp::F32Trunc | UnaryOp::F64Trunc => {
                self.asm.sse_compare(size, X1, X3);
                Some(Sse::Sub)
            }
            _ => None,
        };
        if let Some(step) = step {
            self.refer(Branch::JumpIf(C::Be), &mut right);
            self.load_number(size, X2, Val::Imm(power(size, 0)));
            self.asm.sse_op(step, size, X1, X2);
            self.resolve(&mut right);
        }
        self.asm.sse_to(size, dst, X1);
        // Of 0 it is the sign of what was rounded.
        self.asm.op(Op::Or, size, dst, RAX);
        self.refer(Branch::Jump, &mut done);
        self.resolve(&mut large);
        // The same number, but quiet if it is none.
        self.load_number(size, X1, Val::Imm(0));
        self.asm.sse_op(Sse::Sub, size, X0, X1);
        self.asm.sse_to(size, dst, X0);
        self.resolve(&mut done);
    }

    fn integer_to_number(&mut self, signed: bool, integer: Size, size: Size, dst: Reg, a: Reg) {
        match (signed, integer) {
            (true, _) => self.asm.sse_from_integer(size, X0, integer, a),
            (false, Size::W32) => self.asm.sse_from_integer(size, X0, Size::W64, a),
            (false, Size::W64) => {
                // Half of it, of which the lowest bit stands for both that there were.
                let (mut large, mut done) = (Label::NEW, Label::NEW);
                self.asm.test(Size::W64, a, a);
                self.refer(Branch::JumpIf(C::S), &mut large);
                self.asm.sse_from_integer(size, X0, Size::W64, a);
                self.refer(Branch::Jump, &mut done);
                self.resolve(&mut large);
                self.copy(RCX, a);
                self.copy(RAX, a);
                self.asm.shift_imm(S::Shr, Size::W64, RCX, 1);
                self.asm.op_imm(Op::And, Size::W32, RAX, 1);
                self.asm.op(Op::Or, Size::W64, RCX, RAX);
                self.asm.sse_from_integer(size, X0, Size::W64, RCX);
                self.asm.sse_op(Sse::Add, size, X0, X0);
                self.resolve(&mut done);
            }
        }
        self.asm.sse_to(size, dst, X0);
    }

    /// The processor gives the least integer where there is none, which is right for what is too small.
    fn number_to_integer(&mut self, signed: bool, integer: Size, size: Size, dst: Reg, a: Reg) {
        let (mut large, mut none, mut done) = (Label::NEW, Label::NEW, Label::NEW);
        let most = bits(integer) - u64::from(signed);
        self.asm.sse_from(size, X0, a);
        self.load_number(size, X1, Val::Imm(power(size, most)));
        self.asm.sse_compare(size, X0, X1);
        self.refer(Branch::JumpIf(C::P), &mut none);
        self.refer(Branch::JumpIf(C::Ae), &mut large);
        match (signed, integer) {
            (true, _) => self.asm.sse_to_integer(size, dst, integer, X0),
            (false, _) => {
                // Less than 0 is too small.
                self.load_number(size, X1, Val::Imm(0));
                self.asm.sse_compare(size, X1, X0);
                self.refer(Branch::JumpIf(C::A), &mut none);
                let mut small = Label::NEW;
                if integer == Size::W64 {
                    // The upper half of all comes from below.
                    self.load_number(size, X1, Val::Imm(power(size, 63)));
                    self.asm.sse_compare(size, X0, X1);
                    self.refer(Branch::JumpIf(C::B), &mut small);
                    self.asm.sse_op(Sse::Sub, size, X0, X1);
                    self.asm.sse_to_integer(size, dst, Size::W64, X0);
                    self.asm.mov_imm(RCX, 1 << 63);
                    self.asm.op(Op::Xor, Size::W64, dst, RCX);
                    self.refer(Branch::Jump, &mut done);
                }
                self.resolve(&mut small);
                self.asm.sse_to_integer(size, dst, Size::W64, X0);
            }
        }
        self.refer(Branch::Jump, &mut done);
        self.resolve(&mut none);
        self.mov(dst, Val::Imm(0));
        self.refer(Branch::Jump, &mut done);
        self.resolve(&mut large);
        self.asm.mov_imm(dst, u64::MAX >> (64 - most));
        self.resolve(&mut done);
    }
}
