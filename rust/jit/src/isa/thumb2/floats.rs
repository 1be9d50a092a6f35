//! The macro-assembler: floating-point numbers. Between operations they are in core registers, one or a pair of them; the
//! FPU has them only for an operation.

use super::asm::{
    Cond as C, DOUBLE, Dp, Flags, Float, Src, Vcvt, Vfp1, Vfp2, vcvt, vcvt_precision, vfp1, vfp2,
};
use super::masm::{IP, Thumb2};
use crate::masm::{Cond, Float2, Masm, Pair, Size, Val};
use wasmote_core::{UnaryOp, ValType};

/// The floating-point unit that code is made for: each has all that those before have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
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
    /// That of this build's target, or all of them: nothing is built in that needs more.
    pub const MOST: Fpu = if cfg!(not(feature = "fpu-single")) {
        Fpu::None
    } else if cfg!(not(feature = "fpu-v5")) {
        Fpu::Single
    } else if cfg!(not(feature = "fpu-double")) {
        Fpu::Single5
    } else {
        Fpu::Double
    };

    pub(super) fn has(self, size: Size) -> bool {
        let needed = if size == Size::W64 { Fpu::Double } else { Fpu::Single };
        needed <= Fpu::MOST && needed <= self
    }

    pub(super) fn has_unary(self, op: UnaryOp) -> bool {
        let (operand, result) = op.types();
        let float = |ty| matches!(ty, ValType::F32 | ValType::F64);
        !(float(operand) || float(result)) || instruction(op).is_some_and(|(fpu, _)| fpu <= self)
    }
}

/// Operators on one number, the least FPU that has them, the least one first, and the instruction.
const OPERATORS: &[(UnaryOp, Fpu, u32)] = {
    use Fpu::{Double, Single, Single5};
    use UnaryOp::*;
    const fn single(op: Vfp1) -> u32 {
        vfp1(op, FIRST, FIRST)
    }
    const fn double(op: Vfp1) -> u32 {
        single(op) | DOUBLE
    }
    const fn from(op: Vcvt) -> u32 {
        vcvt(op, 0, FIRST)
    }
    &[
        (F32Sqrt, Single, single(Vfp1::Vsqrt)),
        (F32ConvertI32S, Single, from(Vcvt::FromS32)),
        (F32ConvertI32U, Single, from(Vcvt::FromU32)),
        (I32TruncF32S, Single, from(Vcvt::ToS32)),
        (I32TruncF32U, Single, from(Vcvt::ToU32)),
        (I32TruncSatF32S, Single, from(Vcvt::ToS32)),
        (I32TruncSatF32U, Single, from(Vcvt::ToU32)),
        (F32Ceil, Single5, single(Vfp1::Vrintp)),
        (F32Floor, Single5, single(Vfp1::Vrintm)),
        (F32Trunc, Single5, single(Vfp1::Vrintz)),
        (F32Nearest, Single5, single(Vfp1::Vrintn)),
        (F64Sqrt, Double, double(Vfp1::Vsqrt)),
        (F64ConvertI32S, Double, from(Vcvt::FromS32) | DOUBLE),
        (F64ConvertI32U, Double, from(Vcvt::FromU32) | DOUBLE),
        (I32TruncF64S, Double, from(Vcvt::ToS32) | DOUBLE),
        (I32TruncF64U, Double, from(Vcvt::ToU32) | DOUBLE),
        (I32TruncSatF64S, Double, from(Vcvt::ToS32) | DOUBLE),
        (I32TruncSatF64U, Double, from(Vcvt::ToU32) | DOUBLE),
        (F64Ceil, Double, double(Vfp1::Vrintp)),
        (F64Floor, Double, double(Vfp1::Vrintm)),
        (F64Trunc, Double, double(Vfp1::Vrintz)),
        (F64Nearest, Double, double(Vfp1::Vrintn)),
        (F64PromoteF32, Double, vcvt_precision(FIRST, FIRST)),
        (F32DemoteF64, Double, vcvt_precision(FIRST, FIRST) | DOUBLE),
    ]
};

/// How many of them this build has: they begin with what the least FPU has.
const BUILT: usize = {
    let mut count = 0;
    while count < OPERATORS.len() && OPERATORS[count].1 as u8 <= Fpu::MOST as u8 {
        count += 1;
    }
    count
};

/// The least FPU that has an operator, and the instruction.
fn instruction(op: UnaryOp) -> Option<(Fpu, u32)> {
    static TABLE: &[(UnaryOp, Fpu, u32)] = OPERATORS.split_at(BUILT).0;
    TABLE.iter().find(|row| row.0 == op).map(|row| (row.1, row.2))
}

/// Whether a number is in two registers.
fn is_double(size: Size) -> bool {
    Thumb2::DOUBLES && size == Size::W64
}

// Where numbers are in the FPU: in these registers, or in the double ones that they are the lower half of, 0, 1 and 4.
const FIRST: Float = Float::S(0);
const SECOND: Float = Float::S(2);
const SUM: Float = Float::S(8);

impl Thumb2 {
    /// An instruction of [`FIRST`] and the others, with numbers of this size.
    fn vfp(&mut self, word: u32, size: Size) {
        self.asm.long(if is_double(size) { word | DOUBLE } else { word });
    }

    /// Puts a number into the first register of the FPU, or the second one.
    fn load_fpu(&mut self, to: u8, size: Size, (low, high): (Val, Val)) {
        match (low, high) {
            _ if !is_double(size) => {}
            (Val::Reg(low), Val::Reg(high)) => return self.asm.vmov_core_pair(false, low, high, to),
            _ => self.load_single(2 * to + 1, high),
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
        match is_double(size) {
            false => self.asm.vmov_core(true, low, 0),
            true => self.asm.vmov_core_pair(true, low, high, 0),
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
        };
        self.load_pair(0, size, a);
        self.load_pair(1, size, b);
        self.vfp(vfp, size);
        self.store_fpu(size, dst);
    }

    /// Equal numbers differ in the sign of zero at most; the sum of what is no number is none, and quiet.
    fn extreme(&mut self, min: bool, size: Size, dst: Pair, a: Pair, b: Pair) {
        let compared = self.compare_numbers(Cond::Equal, size, a, (Val::Reg(b.0), Val::Reg(b.1)));
        debug_assert_eq!(compared, Cond::Equal);
        let upper = |pair: Pair| if is_double(size) { pair.1 } else { pair.0 };
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

    pub(super) fn number1(&mut self, op: UnaryOp, dst: Pair, a: Pair) {
        let size = |ty: ValType| if ty.cells() == 2 { Size::W64 } else { Size::W32 };
        let Some((_, word)) = instruction(op) else { return };
        let (operand, result) = op.types();
        self.load_pair(0, size(operand), a);
        self.asm.long(word);
        self.store_fpu(size(result), dst);
    }
}
