//! The macro-assembler: values of 64 bits in pairs of registers, and what takes several instructions.

use super::asm::{Cond as C, Dp, Flags, Long, Mul, Reg, Shift as S, Src, Test, Unary};
use super::masm::{IP, Thumb2, shift_by};
use crate::masm::{Cond, Masm, Pair, PairAlu, Shift, Val};

impl Thumb2 {
    /// The number of ones, in parallel.
    pub(super) fn ones(&mut self, dst: Reg, a: Reg) {
        let asm = &mut self.asm;
        let masked = |rn, mask| (Dp::And, rn, Src::Imm(mask));
        let mut dp = |rd, (op, rn, src): (Dp, Reg, Src)| asm.dp(op, Flags::Keep, rd, rn, src);
        dp(IP, masked(a, 0xAAAA_AAAA));
        dp(dst, (Dp::Sub, a, Src::shifted(IP, S::Lsr, 1)));
        dp(IP, masked(dst, 0xCCCC_CCCC));
        dp(dst, masked(dst, 0x3333_3333));
        dp(dst, (Dp::Add, dst, Src::shifted(IP, S::Lsr, 2)));
        dp(dst, (Dp::Add, dst, Src::shifted(dst, S::Lsr, 4)));
        dp(dst, masked(dst, 0x0F0F_0F0F));
        dp(dst, (Dp::Add, dst, Src::shifted(dst, S::Lsr, 8)));
        dp(dst, (Dp::Add, dst, Src::shifted(dst, S::Lsr, 16)));
        dp(dst, masked(dst, 0x3F));
    }

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
        let flags = self.flags();
        let shifted = |reg, shift, by| match by {
            0 => Src::Reg(reg),
            _ => Src::shifted(reg, shift, by as u8),
        };
        match shift {
            Shift::RotateRight => {
                self.shift_pair_by(Shift::RotateLeft, (low, high), (a0, a1), (64 - by) & 63)
            }
            _ if by == 0 => {
                self.mov(low, Val::Reg(a0));
                self.mov(high, Val::Reg(a1));
            }
            Shift::Left if by < 32 => {
                self.asm.mov(flags, high, shifted(a1, S::Lsl, by));
                self.asm.dp(Dp::Orr, flags, high, high, shifted(a0, S::Lsr, 32 - by));
                self.asm.mov(flags, low, shifted(a0, S::Lsl, by));
            }
            Shift::Left => {
                self.asm.mov(flags, high, shifted(a0, S::Lsl, by - 32));
                self.number(low, 0);
            }
            Shift::Right | Shift::RightSigned if by < 32 => {
                let (shift, _) = shift_by(shift, by);
                self.asm.mov(flags, low, shifted(a0, S::Lsr, by));
                self.asm.dp(Dp::Orr, flags, low, low, shifted(a1, S::Lsl, 32 - by));
                self.asm.mov(flags, high, shifted(a1, shift, by));
            }
            Shift::Right => {
                self.asm.mov(flags, low, shifted(a1, S::Lsr, by - 32));
                self.number(high, 0);
            }
            Shift::RightSigned => {
                self.asm.mov(flags, low, shifted(a1, S::Asr, by - 32));
                self.asm.mov(flags, high, Src::shifted(a1, S::Asr, 31));
            }
            Shift::RotateLeft => {
                // The scratch register holds what the low half of the result gets from the other one, or gives to it.
                let (a0, a1, by) = if by >= 32 { (a1, a0, by - 32) } else { (a0, a1, by) };
                self.asm.mov(Flags::Keep, IP, Src::Reg(a1));
                if by == 0 {
                    if high != a0 {
                        self.mov(high, Val::Reg(IP));
                        self.mov(low, Val::Reg(a0));
                    } else {
                        self.mov(low, Val::Reg(a0));
                        self.mov(high, Val::Reg(IP));
                    }
                    return;
                }
                let (left, right) = (by as u8, 32 - by as u8);
                // Whichever half of the result is the register that the low half is in comes last.
                let (first, last, a, b) = if high == a0 { (low, high, a0, IP) } else { (high, low, IP, a0) };
                self.asm.mov(Flags::Keep, first, Src::shifted(a, S::Lsl, left));
                self.asm.dp(Dp::Orr, Flags::Keep, first, first, Src::shifted(b, S::Lsr, right));
                self.asm.mov(
                    Flags::Keep,
                    IP,
                    Src::shifted(
                        IP,
                        if high == a0 { S::Lsl } else { S::Lsr },
                        if high == a0 { left } else { right },
                    ),
                );
                if high == a0 {
                    self.asm.dp(Dp::Orr, Flags::Keep, last, IP, Src::shifted(a0, S::Lsr, right));
                } else {
                    self.asm.dp(Dp::Orr, Flags::Keep, last, IP, Src::shifted(a0, S::Lsl, left));
                }
            }
        }
    }

    /// Shifts by a register use its lowest byte, and 32 and more leave nothing, or only copies of the sign: the half that
    /// crosses over is right for one of two counts, `n - 32` and `32 - n`, and nothing for the other.
    pub(super) fn shift_pair(&mut self, shift: Shift, (low, high): Pair, b: Reg, temp: Reg) {
        let count = |masm: &mut Thumb2| masm.asm.dp(Dp::And, Flags::Keep, IP, b, Src::Imm(63));
        match shift {
            Shift::Left | Shift::Right => {
                let (kind, back) = if shift == Shift::Left { (S::Lsl, S::Lsr) } else { (S::Lsr, S::Lsl) };
                let (from, to) = if shift == Shift::Left { (low, high) } else { (high, low) };
                count(self);
                self.asm.shift(kind, Flags::Keep, to, to, IP);
                self.asm.dp(Dp::Rsb, Flags::Keep, IP, IP, Src::Imm(32));
                self.asm.shift(back, Flags::Keep, temp, from, IP);
                self.asm.dp(Dp::Orr, Flags::Keep, to, to, Src::Reg(temp));
                self.asm.dp(Dp::Rsb, Flags::Keep, IP, IP, Src::Imm(0));
                self.asm.shift(kind, Flags::Keep, temp, from, IP);
                self.asm.dp(Dp::Orr, Flags::Keep, to, to, Src::Reg(temp));
                count(self);
                self.asm.shift(kind, Flags::Keep, from, from, IP);
            }
            Shift::RightSigned => {
                count(self);
                self.asm.shift(S::Lsr, Flags::Keep, low, low, IP);
                self.asm.dp(Dp::Rsb, Flags::Keep, IP, IP, Src::Imm(32));
                self.asm.shift(S::Lsl, Flags::Keep, temp, high, IP);
                self.asm.dp(Dp::Orr, Flags::Keep, low, low, Src::Reg(temp));
                self.asm.dp(Dp::Rsb, Flags::Set, IP, IP, Src::Imm(0));
                // Below 32, this would be nothing but the sign.
                self.asm.shift(S::Asr, Flags::Keep, temp, high, IP);
                self.asm.it(C::Pl);
                self.asm.dp(Dp::Orr, Flags::Keep, low, low, Src::Reg(temp));
                count(self);
                self.asm.shift(S::Asr, Flags::Keep, high, high, IP);
            }
            Shift::RotateLeft | Shift::RotateRight => {
                // Rotations by 32 exchange the halves; the rest goes in two steps of one bit position each, for want
                // of registers: first the low half moves out into `temp`.
                let left = shift == Shift::RotateLeft;
                self.asm.test(Test::Tst, b, Src::Imm(32));
                self.asm.mov(Flags::Keep, temp, Src::Reg(low));
                self.asm.it(C::Ne);
                self.asm.mov(Flags::Keep, low, Src::Reg(high));
                self.asm.it(C::Ne);
                self.asm.mov(Flags::Keep, high, Src::Reg(temp));
                // Now by five bits. x rotated = (x shifted one way) | (the other half shifted back).
                let (kind, back) = if left { (S::Lsl, S::Lsr) } else { (S::Lsr, S::Lsl) };
                let near = |masm: &mut Thumb2| masm.asm.dp(Dp::And, Flags::Keep, IP, b, Src::Imm(31));
                let far = |masm: &mut Thumb2| {
                    near(masm);
                    masm.asm.dp(Dp::Rsb, Flags::Keep, IP, IP, Src::Imm(32));
                };
                // temp = old high, high = high kind n | low back (32 - n), low = low kind n | temp back (32 - n).
                self.asm.mov(Flags::Keep, temp, Src::Reg(high));
                near(self);
                self.asm.shift(kind, Flags::Keep, high, high, IP);
                far(self);
                self.asm.shift(back, Flags::Keep, IP, low, IP);
                self.asm.dp(Dp::Orr, Flags::Keep, high, high, Src::Reg(IP));
                far(self);
                self.asm.shift(back, Flags::Keep, temp, temp, IP);
                near(self);
                self.asm.shift(kind, Flags::Keep, low, low, IP);
                self.asm.dp(Dp::Orr, Flags::Keep, low, low, Src::Reg(temp));
            }
        }
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

    /// `dst` = the leading or trailing zeros of a pair; `dst` may be one of its halves.
    pub(super) fn zeros_of_pair(&mut self, leading: bool, dst: Reg, a: Pair) {
        let (first, second) = if leading { (a.1, a.0) } else { (a.0, a.1) };
        let count = |masm: &mut Thumb2, rd, rm| {
            if !leading {
                masm.asm.unary(Unary::Rbit, rd, rm);
            }
            masm.asm.unary(Unary::Clz, rd, if leading { rm } else { rd });
        };
        // Those of the second half plus 32, unless the first half has a one.
        self.asm.mov(Flags::Keep, IP, Src::Reg(first));
        count(self, dst, second);
        self.asm.dp(Dp::Add, Flags::Keep, dst, dst, Src::Imm(32));
        self.asm.test(Test::Cmp, IP, Src::Imm(0));
        // Counting leaves the comparison alone.
        count(self, IP, IP);
        self.asm.it(C::Ne);
        self.asm.mov(Flags::Keep, dst, Src::Reg(IP));
    }
}
