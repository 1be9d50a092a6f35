//! The macro-assembler: values of 64 bits in pairs of registers, and what takes several instructions.

use super::asm::{Cond as C, Dp, Flags, Long, Mul, Reg, Shift as S, Src, Test};
use super::masm::{IP, Thumb2, shift_by};
use crate::masm::{Cond, Masm, Pair, PairAlu, Shift, Val};

impl Thumb2 {
    pub(super) fn pair_operation(&mut self, op: PairAlu, dst: Pair, a: Pair, b: (Val, Val)) {
        let (first, second) = match op {
            PairAlu::Add => (Dp::Add, Dp::Adc),
            PairAlu::Sub => (Dp::Sub, Dp::Sbc),
            PairAlu::Mul => return self.multiply_pair(dst, a, b),
        };
        let b0 = self.source(b.0);
        self.asm.dp(first, Flags::Set, dst.0, a.0, b0);
        // Numbers are loaded without disturbing the carry.
        self.flags_wanted = true;
        let b1 = self.source(b.1);
        self.flags_wanted = false;
        self.asm.dp(second, Flags::Any, dst.1, a.1, b1);
    }

    /// The two products that reach the high half first, so that `dst` may be `a` or `b`.
    fn multiply_pair(&mut self, dst: Pair, a: Pair, b: (Val, Val)) {
        let (Val::Reg(b0), Val::Reg(b1)) = b else {
            debug_assert!(false, "numbers are in registers");
            return;
        };
        self.asm.mul(Mul::Mul, Flags::Keep, IP, a.0, b1);
        self.asm.mul(Mul::Mla(IP), Flags::Keep, IP, a.1, b0);
        self.asm.mul_long(Long::Umull, dst.0, dst.1, a.0, b0);
        self.asm.dp(Dp::Add, Flags::Any, dst.1, dst.1, Src::Reg(IP));
    }

    pub(super) fn shift_pair_by(&mut self, shift: Shift, (low, high): Pair, (a0, a1): Pair, by: u32) {
        let (by, shift) = match shift {
            Shift::RotateRight => ((64 - by) & 63, Shift::RotateLeft),
            _ => (by, shift),
        };
        if shift == Shift::RotateLeft {
            return self.rotate_pair_by((low, high), (a0, a1), by);
        }
        if by == 0 {
            self.mov(low, Val::Reg(a0));
            return self.mov(high, Val::Reg(a1));
        }
        // What is shifted out of `from` comes into `to`.
        let (last, _) = shift_by(shift, 0);
        let (to, near, from, far, kind, back) = match shift {
            Shift::Left => (high, a1, low, a0, S::Lsl, S::Lsr),
            _ => (low, a0, high, a1, S::Lsr, S::Lsl),
        };
        if by < 32 {
            self.shifted(to, near, kind, by);
            self.or_shifted(to, to, far, back, 32 - by);
            self.shifted(from, far, last, by);
        } else {
            self.shifted(to, far, last, by - 32);
            match shift {
                Shift::RightSigned => self.shifted(from, far, S::Asr, 31),
                _ => self.number(from, 0),
            }
        }
    }

    /// To the left.
    fn rotate_pair_by(&mut self, (low, high): Pair, (a0, a1): Pair, by: u32) {
        // The scratch register holds what the low half of the result gets from the other one, or gives to it.
        let (a0, a1, by) = if by >= 32 { (a1, a0, by - 32) } else { (a0, a1, by) };
        self.asm.mov(Flags::Keep, IP, Src::Reg(a1));
        // Whichever half of the result is the register that the low half is in comes last.
        let last_is_high = high == a0;
        let (first, last, a, b) = if last_is_high { (low, high, a0, IP) } else { (high, low, IP, a0) };
        if by == 0 {
            self.mov(first, Val::Reg(a));
            return self.mov(last, Val::Reg(b));
        }
        let wanted = core::mem::replace(&mut self.flags_wanted, true);
        self.shifted(first, a, S::Lsl, by);
        self.or_shifted(first, first, b, S::Lsr, 32 - by);
        let (kind, by, back) = if last_is_high { (S::Lsl, by, S::Lsr) } else { (S::Lsr, 32 - by, S::Lsl) };
        self.shifted(IP, IP, kind, by);
        self.or_shifted(last, IP, a0, back, 32 - by);
        self.flags_wanted = wanted;
    }

    /// `rd = rm`, shifted.
    #[inline(never)]
    pub(super) fn shifted(&mut self, rd: Reg, rm: Reg, shift: S, by: u32) {
        if by == 0 {
            return self.mov(rd, Val::Reg(rm));
        }
        let flags = self.flags();
        self.asm.mov(flags, rd, Src::shifted(rm, shift, by as u8));
    }

    /// `rd = rn | rm`, the latter shifted.
    #[inline(never)]
    fn or_shifted(&mut self, rd: Reg, rn: Reg, rm: Reg, shift: S, by: u32) {
        let flags = self.flags();
        self.asm.dp(Dp::Orr, flags, rd, rn, Src::shifted(rm, shift, by as u8));
    }

    /// Compares from the low half up, for orders with the carry; the condition to ask for then.
    pub(super) fn compare_pairs(&mut self, cond: Cond, a: Pair, b: (Val, Val)) -> Cond {
        match cond {
            Cond::Equal | Cond::NotEqual => {
                if b == (Val::Imm(0), Val::Imm(0)) {
                    self.asm.dp(Dp::Orr, Flags::Set, IP, a.0, Src::Reg(a.1));
                    return cond;
                }
                let low = self.source(b.0);
                self.asm.test(Test::Cmp, a.0, low);
                self.flags_wanted = true;
                let high = self.source(b.1);
                self.asm.it(C::Eq);
                self.asm.test(Test::Cmp, a.1, high);
                cond
            }
            Cond::Less | Cond::GreaterOrEqual | Cond::Below | Cond::AboveOrEqual => {
                let low = self.source(b.0);
                self.asm.test(Test::Cmp, a.0, low);
                self.flags_wanted = true;
                let high = self.source(b.1);
                self.asm.dp(Dp::Sbc, Flags::Set, IP, a.1, high);
                cond
            }
            _ => {
                // The other way round.
                let in_register = |masm: &mut Thumb2, val| match val {
                    Val::Reg(reg) => reg,
                    Val::Imm(number) => {
                        masm.number(IP, number);
                        IP
                    }
                };
                let low = in_register(self, b.0);
                self.asm.test(Test::Cmp, low, Src::Reg(a.0));
                self.flags_wanted = true;
                let high = in_register(self, b.1);
                self.asm.dp(Dp::Sbc, Flags::Set, IP, high, Src::Reg(a.1));
                cond.swapped()
            }
        }
    }
}
