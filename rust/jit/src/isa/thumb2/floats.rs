//! The macro-assembler: floating-point numbers. Between operations they are in core registers, one or a pair of them; the
//! FPU has them only for an operation.

use super::asm::{
    Cond as C, DOUBLE, Dp, Flags, Float, Reg, Shift as S, Src, Vcvt, Vfp1, Vfp2, vcvt, vcvt_precision, vfp1,
    vfp2,
};
use super::masm::{IP, Thumb2};
use crate::masm::{Cond, Float1, Float2, Masm, Pair, Size, Val};

/// The sign.
const SIGN: u32 = 1 << 31;

/// The floating-point unit that code is made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fpu {
    /// There is none.
    None,
    /// FPv4 with single precision, as Cortex-M4F has it: it does not round to integers but by converting.
    Single,
    /// FPv5 with single precision, as Cortex-M33.
    Single5,
    /// FPv5 with double precision, as Cortex-M7 and M55 may have it.
    Double,
}

impl Fpu {
    pub(super) fn has(self, size: Size) -> bool {
        match size {
            Size::W32 => self != Fpu::None,
            Size::W64 => self == Fpu::Double,
        }
    }

    pub(super) fn has_unary(self, op: Float1, size: Size) -> bool {
        match op {
            Float1::Abs | Float1::Neg => true,
            Float1::Ceil | Float1::Floor | Float1::Trunc | Float1::Nearest => {
                self.has(size) && self != Fpu::Single
            }
            Float1::FromInteger { integer: Size::W64, .. } | Float1::ToInteger { integer: Size::W64, .. } => {
                false
            }
            Float1::Convert => self.has(Size::W64),
            Float1::Sqrt | Float1::FromInteger { .. } | Float1::ToInteger { .. } => self.has(size),
        }
    }
}

// Where numbers are in the FPU: in these registers, or in the double ones that they are the lower half of, 0, 1 and 4.
const FIRST: Float = Float::S(0);
const SECOND: Float = Float::S(2);
const SUM: Float = Float::S(8);

impl Thumb2 {
    /// An instruction of [`FIRST`] and the others, with numbers of this size.
    fn vfp(&mut self, word: u32, size: Size) {
        self.asm.long(if size == Size::W64 { word | DOUBLE } else { word });
    }

    /// Puts a number into the first register of the FPU, or the second one.
    fn load_fpu(&mut self, to: u8, size: Size, (low, high): (Val, Val)) {
        match (size, low, high) {
            (Size::W64, Val::Reg(low), Val::Reg(high)) => {
                return self.asm.vmov_core_pair(false, low, high, to);
            }
            (Size::W64, ..) => self.load_single(2 * to + 1, high),
            _ => {}
        }
        self.load_single(2 * to, low);
    }

    fn load_single(&mut self, single: u8, val: Val) {
        let reg = match val {
            Val::Reg(reg) => reg,
            Val::Imm(number) => {
                self.number(IP, number);
                IP
            }
        };
        self.asm.vmov_core(false, reg, single);
    }

    #[inline(never)]
    fn load_pair(&mut self, to: u8, size: Size, (low, high): Pair) {
        self.load_fpu(to, size, (Val::Reg(low), Val::Reg(high)));
    }

    /// Takes what is in the first register.
    #[inline(never)]
    fn store_fpu(&mut self, size: Size, (low, high): Pair) {
        match size {
            Size::W32 => self.asm.vmov_core(true, low, 0),
            Size::W64 => self.asm.vmov_core_pair(true, low, high, 0),
        }
    }

    /// What a comparison leaves: less: N; equal: Z, C; greater: C; unordered: C, V.
    pub(super) fn compare_numbers(&mut self, cond: Cond, size: Size, a: Pair, b: (Val, Val)) -> Cond {
        self.load_pair(0, size, a);
        self.load_fpu(1, size, b);
        self.vfp(const { vfp1(Vfp1::Vcmp, FIRST, SECOND) }, size);
        self.asm.vmrs();
        match cond {
            Cond::Less => Cond::Below,
            Cond::LessOrEqual => Cond::BelowOrEqual,
            other => other,
        }
    }

    pub(super) fn number2(&mut self, op: Float2, size: Size, dst: Pair, a: Pair, b: Pair) {
        const fn operation(op: Vfp2) -> u32 {
            vfp2(op, FIRST, FIRST, SECOND)
        }
        let vfp = match op {
            Float2::Add => const { operation(Vfp2::Vadd) },
            Float2::Sub => const { operation(Vfp2::Vsub) },
            Float2::Mul => const { operation(Vfp2::Vmul) },
            Float2::Div => const { operation(Vfp2::Vdiv) },
            Float2::Min | Float2::Max => return self.extreme(op == Float2::Min, size, dst, a, b),
            Float2::CopySign => {
                let (to, from) = self.upper(size, dst, a);
                let (_, sign) = self.upper(size, b, b);
                self.asm.mov(Flags::Keep, IP, Src::shifted(sign, S::Lsr, 31));
                self.mov(to, Val::Reg(from));
                return self.asm.insert(to, Some(IP), 31, 1);
            }
        };
        self.load_pair(0, size, a);
        self.load_pair(1, size, b);
        self.vfp(vfp, size);
        self.store_fpu(size, dst);
    }

    /// The words with the sign, after the others, if there are any, were copied.
    fn upper(&mut self, size: Size, dst: Pair, a: Pair) -> (Reg, Reg) {
        match size {
            Size::W32 => (dst.0, a.0),
            Size::W64 => {
                self.mov(dst.0, Val::Reg(a.0));
                (dst.1, a.1)
            }
        }
    }

    /// Equal numbers differ in the sign of zero at most; the sum of what is no number is none, and quiet.
    fn extreme(&mut self, min: bool, size: Size, dst: Pair, a: Pair, b: Pair) {
        let compared = self.compare_numbers(Cond::Equal, size, a, (Val::Reg(b.0), Val::Reg(b.1)));
        debug_assert_eq!(compared, Cond::Equal);
        let upper = |pair: Pair| if size == Size::W64 { pair.1 } else { pair.0 };
        let (equal, other) = if min { (Dp::Orr, C::Gt) } else { (Dp::And, C::Mi) };
        self.asm.dp(equal, Flags::Keep, IP, upper(a), Src::Reg(upper(b)));
        self.vfp(const { vfp2(Vfp2::Vadd, SUM, FIRST, SECOND) }, size);
        self.asm.it(other);
        self.vfp(const { vfp1(Vfp1::Vmov, FIRST, SECOND) }, size);
        self.asm.it(C::Vs);
        self.vfp(const { vfp1(Vfp1::Vmov, FIRST, SUM) }, size);
        self.store_fpu(size, dst);
        self.asm.it(C::Eq);
        self.asm.copy(upper(dst), IP);
    }

    pub(super) fn number1(&mut self, op: Float1, size: Size, dst: Pair, a: Pair) {
        const fn operation(op: Vfp1) -> u32 {
            vfp1(op, FIRST, FIRST)
        }
        let (mut from, mut to) = (size, size);
        let vfp = match op {
            Float1::Abs | Float1::Neg => {
                let (to, from) = self.upper(size, dst, a);
                let dp = if op == Float1::Abs { Dp::Bic } else { Dp::Eor };
                return self.asm.dp(dp, Flags::Keep, to, from, Src::Imm(SIGN));
            }
            Float1::FromInteger { signed, .. } => {
                from = Size::W32;
                match signed {
                    true => const { vcvt(Vcvt::FromS32, 0, FIRST) },
                    false => const { vcvt(Vcvt::FromU32, 0, FIRST) },
                }
            }
            Float1::ToInteger { signed, .. } => {
                to = Size::W32;
                match signed {
                    true => const { vcvt(Vcvt::ToS32, 0, FIRST) },
                    false => const { vcvt(Vcvt::ToU32, 0, FIRST) },
                }
            }
            Float1::Convert => {
                to = if size == Size::W32 { Size::W64 } else { Size::W32 };
                const { vcvt_precision(FIRST, FIRST) }
            }
            Float1::Sqrt => const { operation(Vfp1::Vsqrt) },
            Float1::Ceil => const { operation(Vfp1::Vrintp) },
            Float1::Floor => const { operation(Vfp1::Vrintm) },
            Float1::Trunc => const { operation(Vfp1::Vrintz) },
            Float1::Nearest => const { operation(Vfp1::Vrintn) },
        };
        self.load_pair(0, from, a);
        self.vfp(vfp, size);
        self.store_fpu(to, dst);
    }
}
