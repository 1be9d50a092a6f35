//! The macro-assembler: floating-point numbers, by SSE2. Between operations they are in general registers, as all values
//! are.

use super::asm::{Branch, Cond as C, Logic, Op, RAX, RCX, RDX, Reg, Shift as S, Size, Sse, Xmm};
use super::masm::X64;
use crate::masm::{Cond, Float1, Float2, Label, Masm, Val};

const X0: Xmm = Xmm(0);
const X1: Xmm = Xmm(1);
const X2: Xmm = Xmm(2);

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
            Float2::CopySign => {
                self.copy(RCX, b);
                self.mask_sign(size, RCX, true);
                self.copy(dst, a);
                self.mask_sign(size, dst, false);
                return self.asm.op(Op::Or, size, dst, RCX);
            }
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

    pub(super) fn number1(&mut self, op: Float1, size: Size, dst: Reg, a: Reg) {
        match op {
            Float1::Abs => {
                self.copy(dst, a);
                self.mask_sign(size, dst, false);
            }
            Float1::Neg => {
                self.asm.mov_imm(RCX, 1 << (bits(size) - 1));
                self.copy(dst, a);
                self.asm.op(Op::Xor, size, dst, RCX);
            }
            Float1::Sqrt => {
                self.asm.sse_from(size, X0, a);
                self.asm.sse_op(Sse::Sqrt, size, X0, X0);
                self.asm.sse_to(size, dst, X0);
            }
            Float1::Ceil | Float1::Floor | Float1::Trunc | Float1::Nearest => self.round(op, size, dst, a),
            Float1::Convert => {
                let other = if size == Size::W64 { Size::W32 } else { Size::W64 };
                self.asm.sse_from(size, X0, a);
                self.asm.sse_convert(size, X0, X0);
                self.asm.sse_to(other, dst, X0);
            }
            Float1::FromInteger { signed, integer } => self.integer_to_number(signed, integer, size, dst, a),
            Float1::ToInteger { signed, integer } => self.number_to_integer(signed, integer, size, dst, a),
        }
    }

    /// To the nearest integer by adding, and taking off again, a number so large that nothing behind the point remains; then
    /// one more or less if that went the wrong way. Numbers as large as that are integers, or no numbers.
    fn round(&mut self, op: Float1, size: Size, dst: Reg, a: Reg) {
        let (mut large, mut right, mut done) = (Label::NEW, Label::NEW, Label::NEW);
        let integers = power(size, if size == Size::W64 { 52 } else { 23 });
        // The sign in RAX, the rest in RDX.
        self.copy(RAX, a);
        self.mask_sign(size, RAX, true);
        self.copy(RDX, a);
        self.asm.op(Op::Xor, size, RDX, RAX);
        self.asm.sse_from(size, X0, a);
        self.asm.sse_from(size, X1, RDX);
        self.load_number(size, X2, Val::Imm(integers));
        self.asm.sse_compare(size, X2, X1);
        self.refer(Branch::JumpIf(C::Be), &mut large);
        self.asm.sse_op(Sse::Add, size, X1, X2);
        self.asm.sse_op(Sse::Sub, size, X1, X2);
        if op != Float1::Trunc {
            // With the sign.
            self.asm.sse_from(size, X2, RAX);
            self.asm.sse_logic(Logic::Or, size, X1, X2);
        }
        let step = match op {
            Float1::Ceil => {
                self.asm.sse_compare(size, X0, X1);
                Some(Sse::Add)
            }
            Float1::Floor => {
                self.asm.sse_compare(size, X1, X0);
                Some(Sse::Sub)
            }
            Float1::Trunc => {
                self.asm.sse_from(size, X2, RDX);
                self.asm.sse_compare(size, X1, X2);
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
                self.copy(RDX, a);
                self.asm.shift_imm(S::Shr, Size::W64, RCX, 1);
                self.asm.op_imm(Op::And, Size::W32, RDX, 1);
                self.asm.op(Op::Or, Size::W64, RCX, RDX);
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
