//! The macro-assembler: floating-point numbers. Between operations they are in core registers, one or a pair of them; the
//! FPU has them only for an operation.

use super::asm::{Cond as C, Dp, Flags, Float, Reg, Shift as S, Src, Vcvt, Vfp1, Vfp2};
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

/// The register of the FPU with the number that a number of this size may have there.
fn float(size: Size, number: u8) -> Float {
    match size {
        Size::W32 => Float::S(number),
        Size::W64 => Float::D(number),
    }
}

impl Thumb2 {
    /// Puts a number into a register of the FPU.
    fn load_fpu(&mut self, to: Float, (low, high): (Val, Val)) {
        match (to, low, high) {
            (Float::D(double), Val::Reg(low), Val::Reg(high)) => {
                self.asm.vmov_core_pair(false, low, high, double);
            }
            (Float::D(double), low, high) => {
                self.load_single(2 * double, low);
                self.load_single(2 * double + 1, high);
            }
            (Float::S(single), low, _) => self.load_single(single, low),
        }
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

    fn load_pair(&mut self, to: Float, (low, high): Pair) {
        self.load_fpu(to, (Val::Reg(low), Val::Reg(high)));
    }

    fn store_fpu(&mut self, from: Float, (low, high): Pair) {
        match from {
            Float::S(single) => self.asm.vmov_core(true, low, single),
            Float::D(double) => self.asm.vmov_core_pair(true, low, high, double),
        }
    }

    /// What a comparison leaves: less: N; equal: Z, C; greater: C; unordered: C, V.
    pub(super) fn compare_numbers(&mut self, cond: Cond, size: Size, a: Pair, b: (Val, Val)) -> Cond {
        let (first, second) = (float(size, 0), float(size, 1));
        self.load_pair(first, a);
        self.load_fpu(second, b);
        self.asm.vfp1(Vfp1::Vcmp, first, second);
        self.asm.vmrs();
        match cond {
            Cond::Less => Cond::Below,
            Cond::LessOrEqual => Cond::BelowOrEqual,
            other => other,
        }
    }

    pub(super) fn number2(&mut self, op: Float2, size: Size, dst: Pair, a: Pair, b: Pair) {
        let vfp = match op {
            Float2::Add => Vfp2::Vadd,
            Float2::Sub => Vfp2::Vsub,
            Float2::Mul => Vfp2::Vmul,
            Float2::Div => Vfp2::Vdiv,
            Float2::Min | Float2::Max => return self.extreme(op == Float2::Min, size, dst, a, b),
            Float2::CopySign => {
                let (to, from) = self.upper(size, dst, a);
                let (_, sign) = self.upper(size, b, b);
                self.asm.mov(Flags::Keep, IP, Src::shifted(sign, S::Lsr, 31));
                self.mov(to, Val::Reg(from));
                return self.asm.insert(to, Some(IP), 31, 1);
            }
        };
        let (first, second) = (float(size, 0), float(size, 1));
        self.load_pair(first, a);
        self.load_pair(second, b);
        self.asm.vfp2(vfp, first, first, second);
        self.store_fpu(first, dst);
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
        let (first, second, sum) = (float(size, 0), float(size, 1), float(size, 4));
        let itself = (Val::Reg(b.0), Val::Reg(b.1));
        let compared = self.compare_numbers(Cond::Equal, size, a, itself);
        debug_assert_eq!(compared, Cond::Equal);
        let upper = |pair: Pair| if size == Size::W64 { pair.1 } else { pair.0 };
        let (equal, other) = if min { (Dp::Orr, C::Gt) } else { (Dp::And, C::Mi) };
        self.asm.dp(equal, Flags::Keep, IP, upper(a), Src::Reg(upper(b)));
        self.asm.vfp2(Vfp2::Vadd, sum, first, second);
        for (cond, from) in [(other, second), (C::Vs, sum)] {
            self.asm.it(cond);
            self.asm.vfp1(Vfp1::Vmov, first, from);
        }
        self.store_fpu(first, dst);
        self.asm.it(C::Eq);
        self.asm.mov(Flags::Keep, upper(dst), Src::Reg(IP));
    }

    pub(super) fn number1(&mut self, op: Float1, size: Size, dst: Pair, a: Pair) {
        let here = float(size, 0);
        let vfp = match op {
            Float1::Abs | Float1::Neg => {
                let (to, from) = self.upper(size, dst, a);
                let dp = if op == Float1::Abs { Dp::Bic } else { Dp::Eor };
                return self.asm.dp(dp, Flags::Keep, to, from, Src::Imm(SIGN));
            }
            Float1::FromInteger { signed, .. } => {
                self.load_single(0, Val::Reg(a.0));
                self.asm.vcvt(if signed { Vcvt::FromS32 } else { Vcvt::FromU32 }, 0, here);
                return self.store_fpu(here, dst);
            }
            Float1::ToInteger { signed, .. } => {
                self.load_pair(here, a);
                self.asm.vcvt(if signed { Vcvt::ToS32 } else { Vcvt::ToU32 }, 0, here);
                return self.store_fpu(Float::S(0), dst);
            }
            Float1::Convert => {
                let there = float(if size == Size::W32 { Size::W64 } else { Size::W32 }, 0);
                self.load_pair(here, a);
                self.asm.vcvt_precision(there, here);
                return self.store_fpu(there, dst);
            }
            Float1::Sqrt => Vfp1::Vsqrt,
            Float1::Ceil => Vfp1::Vrintp,
            Float1::Floor => Vfp1::Vrintm,
            Float1::Trunc => Vfp1::Vrintz,
            Float1::Nearest => Vfp1::Vrintn,
        };
        self.load_pair(here, a);
        self.asm.vfp1(vfp, here, here);
        self.store_fpu(here, dst);
    }
}
