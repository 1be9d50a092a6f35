//! The macro-assembler: values of 64 bits in pairs of registers, and what takes several instructions.

use super::asm::{
    Cond as C, Dp, Flags, Long, Mul, PC, Reg, Shift as S, Src, Test, Unary, dp_imm, dp_src, if_then, mov_reg,
    shift_reg, unary_reg,
};
use super::masm::{IP, Thumb2, shift_by};
use crate::masm::{Cond, Masm, Pair, PairAlu, Shift, Val};

// Places in the registers of a sequence.
const FIRST: Reg = Reg(0);
const SECOND: Reg = Reg(1);
const THIRD: Reg = Reg(2);
const TEMP: Reg = Reg(3);

/// `FIRST` = the number of ones of `SECOND`, in parallel.
const ONES: [u32; 10] = {
    const fn masked(rd: Reg, rn: Reg, mask: u32) -> u32 {
        dp_imm(Dp::And, false, rd, rn, mask)
    }
    const fn add_shifted(rm: Reg, by: u8) -> u32 {
        dp_src(Dp::Add, FIRST, FIRST, Src::shifted(rm, S::Lsr, by))
    }
    [
        masked(IP, SECOND, 0xAAAA_AAAA),
        dp_src(Dp::Sub, FIRST, SECOND, Src::shifted(IP, S::Lsr, 1)),
        masked(IP, FIRST, 0xCCCC_CCCC),
        masked(FIRST, FIRST, 0x3333_3333),
        add_shifted(IP, 2),
        add_shifted(FIRST, 4),
        masked(FIRST, FIRST, 0x0F0F_0F0F),
        add_shifted(FIRST, 8),
        add_shifted(FIRST, 16),
        masked(FIRST, FIRST, 0x3F),
    ]
};

// Of a pair, what is shifted out of `FIRST` comes into `SECOND`, by the lowest bits of `THIRD`.

const fn count(mask: u32) -> u32 {
    dp_imm(Dp::And, false, IP, THIRD, mask)
}

/// The scratch register is subtracted from a number.
const fn from_number(number: u32, set: bool) -> u32 {
    dp_imm(Dp::Rsb, set, IP, IP, number)
}

const fn or(rd: Reg, rm: Reg) -> u32 {
    dp_src(Dp::Orr, rd, rd, Src::Reg(rm))
}

const fn shift_out(kind: S, back: S) -> [u32; 10] {
    [
        count(63),
        shift_reg(kind, false, SECOND, SECOND, IP),
        from_number(32, false),
        shift_reg(back, false, TEMP, FIRST, IP),
        or(SECOND, TEMP),
        from_number(0, false),
        shift_reg(kind, false, TEMP, FIRST, IP),
        or(SECOND, TEMP),
        count(63),
        shift_reg(kind, false, FIRST, FIRST, IP),
    ]
}

const SHIFT_SIGNED: [u32; 11] = [
    count(63),
    shift_reg(S::Lsr, false, SECOND, SECOND, IP),
    from_number(32, false),
    shift_reg(S::Lsl, false, TEMP, FIRST, IP),
    or(SECOND, TEMP),
    from_number(0, true),
    // Below 32, this would be nothing but the sign.
    shift_reg(S::Asr, false, TEMP, FIRST, IP),
    if_then(C::Pl),
    or(SECOND, TEMP),
    count(63),
    shift_reg(S::Asr, false, FIRST, FIRST, IP),
];

/// Rotations by 32 exchange the halves; the rest goes by five bits: each half is shifted one way, or what the other one is when
/// it is shifted back.
const fn rotate(kind: S, back: S) -> [u32; 19] {
    [
        dp_imm(Dp::And, true, PC, THIRD, 32),
        mov_reg(TEMP, FIRST),
        if_then(C::Ne),
        mov_reg(FIRST, SECOND),
        if_then(C::Ne),
        mov_reg(SECOND, TEMP),
        mov_reg(TEMP, SECOND),
        count(31),
        shift_reg(kind, false, SECOND, SECOND, IP),
        count(31),
        from_number(32, false),
        shift_reg(back, false, IP, FIRST, IP),
        or(SECOND, IP),
        count(31),
        from_number(32, false),
        shift_reg(back, false, TEMP, TEMP, IP),
        count(31),
        shift_reg(kind, false, FIRST, FIRST, IP),
        or(FIRST, TEMP),
    ]
}

/// `FIRST` = the zeros of a pair before the first one in `SECOND`, then `THIRD`.
const LEADING: [u32; 7] = [
    mov_reg(IP, SECOND),
    unary_reg(Unary::Clz, FIRST, THIRD),
    // Those of the second half plus 32, unless the first half has a one.
    dp_imm(Dp::Add, false, FIRST, FIRST, 32),
    dp_imm(Dp::Sub, true, PC, IP, 0),
    // Counting leaves the comparison alone.
    unary_reg(Unary::Clz, IP, IP),
    if_then(C::Ne),
    mov_reg(FIRST, IP),
];

/// The same from below.
const TRAILING: [u32; 9] = [
    mov_reg(IP, SECOND),
    unary_reg(Unary::Rbit, FIRST, THIRD),
    unary_reg(Unary::Clz, FIRST, FIRST),
    dp_imm(Dp::Add, false, FIRST, FIRST, 32),
    dp_imm(Dp::Sub, true, PC, IP, 0),
    unary_reg(Unary::Rbit, IP, IP),
    unary_reg(Unary::Clz, IP, IP),
    if_then(C::Ne),
    mov_reg(FIRST, IP),
];

impl Thumb2 {
    /// The number of ones.
    pub(super) fn ones(&mut self, dst: Reg, a: Reg) {
        self.asm.sequence(&ONES, [dst, a, a, a]);
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

    /// Shifts by a register use its lowest byte, and 32 and more leave nothing, or only copies of the sign: the half that
    /// crosses over is right for one of two counts, `n - 32` and `32 - n`, and nothing for the other.
    pub(super) fn shift_pair(&mut self, shift: Shift, (low, high): Pair, b: Reg, temp: Reg) {
        let (code, from, to): (&[u32], Reg, Reg) = match shift {
            Shift::Left => (const { &shift_out(S::Lsl, S::Lsr) }, low, high),
            Shift::Right => (const { &shift_out(S::Lsr, S::Lsl) }, high, low),
            Shift::RightSigned => (&SHIFT_SIGNED, high, low),
            Shift::RotateLeft => (const { &rotate(S::Lsl, S::Lsr) }, low, high),
            Shift::RotateRight => (const { &rotate(S::Lsr, S::Lsl) }, low, high),
        };
        self.asm.sequence(code, [from, to, b, temp]);
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
        match leading {
            true => self.asm.sequence(&LEADING, [dst, a.1, a.0, dst]),
            false => self.asm.sequence(&TRAILING, [dst, a.0, a.1, dst]),
        }
    }
}
