//! The macro-assembler: numbers of single precision, on the FPU. Between operations they are in core registers.

use super::asm::{Cond as C, Dp, Flags, Float, Reg, Shift as S, Src, Vcvt, Vfp1, Vfp2};
use super::masm::{IP, Thumb2};
use crate::masm::{Cond, Float1, Float2, Val};

const S0: Float = Float::S(0);
const S1: Float = Float::S(1);
/// The sign.
const SIGN: u32 = 1 << 31;

impl Thumb2 {
    /// Puts a number into a register of the FPU.
    fn load_fpu(&mut self, single: u8, val: Val) {
        let reg = match val {
            Val::Reg(reg) => reg,
            Val::Imm(number) => {
                self.number(IP, number);
                IP
            }
        };
        self.asm.vmov_core(false, reg, single);
    }

    /// What a comparison leaves: less: N; equal: Z, C; greater: C; unordered: C, V.
    pub(super) fn compare_singles(&mut self, cond: Cond, a: Reg, b: Val) -> Cond {
        self.load_fpu(0, Val::Reg(a));
        self.load_fpu(1, b);
        self.asm.vfp1(Vfp1::Vcmp, S0, S1);
        self.asm.vmrs();
        match cond {
            Cond::Less => Cond::Below,
            Cond::LessOrEqual => Cond::BelowOrEqual,
            other => other,
        }
    }

    pub(super) fn single2(&mut self, op: Float2, dst: Reg, a: Reg, b: Reg) {
        let vfp = match op {
            Float2::Add => Vfp2::Vadd,
            Float2::Sub => Vfp2::Vsub,
            Float2::Mul => Vfp2::Vmul,
            Float2::Div => Vfp2::Vdiv,
            Float2::Min | Float2::Max => return self.extreme(op == Float2::Min, dst, a, b),
            Float2::CopySign => {
                self.asm.mov(Flags::Keep, IP, Src::Shifted(b, S::Lsr, 31));
                if dst != a {
                    self.asm.mov(Flags::Keep, dst, Src::Reg(a));
                }
                return self.asm.insert(dst, Some(IP), 31, 1);
            }
        };
        self.load_fpu(0, Val::Reg(a));
        self.load_fpu(1, Val::Reg(b));
        self.asm.vfp2(vfp, S0, S0, S1);
        self.asm.vmov_core(true, dst, 0);
    }

    /// Equal numbers differ in the sign of zero at most; the sum of what is no number is none, and quiet.
    fn extreme(&mut self, min: bool, dst: Reg, a: Reg, b: Reg) {
        let compared = self.compare_singles(Cond::Equal, a, Val::Reg(b));
        debug_assert_eq!(compared, Cond::Equal);
        let (equal, first, second) = if min { (Dp::Orr, C::Mi, C::Gt) } else { (Dp::And, C::Gt, C::Mi) };
        self.asm.vfp2(Vfp2::Vadd, S0, S0, S1);
        self.asm.dp(equal, Flags::Keep, IP, a, Src::Reg(b));
        self.asm.it(first);
        self.asm.mov(Flags::Keep, IP, Src::Reg(a));
        self.asm.it(second);
        self.asm.mov(Flags::Keep, IP, Src::Reg(b));
        self.asm.it(C::Vs);
        self.asm.vmov_core(true, IP, 0);
        self.asm.mov(Flags::Keep, dst, Src::Reg(IP));
    }

    pub(super) fn single1(&mut self, op: Float1, dst: Reg, a: Reg) {
        match op {
            Float1::Abs => return self.asm.dp(Dp::Bic, Flags::Keep, dst, a, Src::Imm(SIGN)),
            Float1::Neg => return self.asm.dp(Dp::Eor, Flags::Keep, dst, a, Src::Imm(SIGN)),
            _ => self.load_fpu(0, Val::Reg(a)),
        }
        match op {
            Float1::FromInteger { signed: true } => self.asm.vcvt(Vcvt::FromS32, 0, S0),
            Float1::FromInteger { signed: false } => self.asm.vcvt(Vcvt::FromU32, 0, S0),
            Float1::ToInteger { signed: true } => self.asm.vcvt(Vcvt::ToS32, 0, S0),
            Float1::ToInteger { signed: false } => self.asm.vcvt(Vcvt::ToU32, 0, S0),
            _ => self.asm.vfp1(Vfp1::Vsqrt, S0, S0),
        }
        self.asm.vmov_core(true, dst, 0);
    }
}
