//! Floating point: FPv4 with single, FPv5 with single or double precision.

use super::{Asm, Float, Reg, Vcvt, Vfp1, Vfp2};

impl Asm {
    /// `vd = vn op vm`.
    pub fn vfp2(&mut self, op: Vfp2, vd: Float, vn: Float, vm: Float) {
        self.long(vfp2(op, vd, vn, vm));
    }

    /// `vd = op vm`.
    pub fn vfp1(&mut self, op: Vfp1, vd: Float, vm: Float) {
        self.long(vfp1(op, vd, vm));
    }

    /// `vd = vm` in the other precision.
    pub fn vcvt_precision(&mut self, vd: Float, vm: Float) {
        self.long(vcvt_precision(vd, vm));
    }

    /// Converts between the integer in the `S` register number `int` and `float`; to integers by rounding towards zero.
    pub fn vcvt(&mut self, op: Vcvt, int: u8, float: Float) {
        self.long(vcvt(op, int, float));
    }

    /// Moves between a core register and an `S` register.
    pub fn vmov_core(&mut self, to_core: bool, rt: Reg, single: u8) {
        let (n, n1, _) = Float::S(single).parts();
        self.wide(0xEE00 | u32::from(to_core) << 4 | n, rt.bits() << 12 | 0x0A10 | n1 << 7);
    }

    /// Moves between two core registers, the low half first, and a `D` register.
    pub fn vmov_core_pair(&mut self, to_core: bool, rt: Reg, rt2: Reg, double: u8) {
        let (m, m1, _) = Float::D(double).parts();
        let first = 0xEC40 | u32::from(to_core) << 4 | rt2.bits();
        self.wide(first, rt.bits() << 12 | 0x0B10 | m1 << 5 | m);
    }

    /// Loads or stores at `rn + offset`, which must be aligned to 4: a multiple of 4 up to 1020.
    pub fn vmem(&mut self, load: bool, vd: Float, rn: Reg, offset: i32) {
        let (d, d1, size) = vd.parts();
        let first = 0xED00 | u32::from(offset >= 0) << 7 | d1 << 6 | u32::from(load) << 4 | rn.bits();
        self.wide(first, d << 12 | 0x0A00 | size << 8 | offset.unsigned_abs() >> 2 & 0xFF);
    }

    /// The flags of a comparison of numbers become the condition flags.
    pub fn vmrs(&mut self) {
        self.wide(0xEEF1, 0xFA10);
    }
}

/// Of what [`vfp2`], [`vfp1`], [`vcvt_precision`] and [`vcvt`] make: the number is in a `D` register, for the instruction is the
/// same but for that with an `S` register of twice the number.
pub const DOUBLE: u32 = 0x100 << 16;

/// As [`Asm::vfp2`].
pub const fn vfp2(op: Vfp2, vd: Float, vn: Float, vm: Float) -> u32 {
    let (first, bit) = match op {
        Vfp2::Vadd => (0xEE30, 0),
        Vfp2::Vsub => (0xEE30, 0x40),
        Vfp2::Vmul => (0xEE20, 0),
        Vfp2::Vdiv => (0xEE80, 0),
    };
    let (n, n1, _) = vn.parts();
    vfp(first | n, n1 << 7 | bit, vd, vm)
}

/// As [`Asm::vfp1`].
pub const fn vfp1(op: Vfp1, vd: Float, vm: Float) -> u32 {
    let (first, bits) = match op {
        Vfp1::Vmov => (0xEEB0, 0x40),
        Vfp1::Vabs => (0xEEB0, 0xC0),
        Vfp1::Vneg => (0xEEB1, 0x40),
        Vfp1::Vsqrt => (0xEEB1, 0xC0),
        Vfp1::Vcmp => (0xEEB4, 0x40),
        Vfp1::Vrintz => (0xEEB6, 0xC0),
        Vfp1::Vrintn => (0xFEB9, 0x40),
        Vfp1::Vrintp => (0xFEBA, 0x40),
        Vfp1::Vrintm => (0xFEBB, 0x40),
    };
    vfp(first, bits, vd, vm)
}

/// As [`Asm::vcvt_precision`].
pub const fn vcvt_precision(vd: Float, vm: Float) -> u32 {
    // The size bit is that of the source.
    let ((d, d1, _), (m, m1, size)) = (vd.parts(), vm.parts());
    0xEEB7 | d1 << 6 | (d << 12 | 0x0AC0 | size << 8 | m1 << 5 | m) << 16
}

/// As [`Asm::vcvt`].
pub const fn vcvt(op: Vcvt, int: u8, float: Float) -> u32 {
    let ((i, i1, _), (f, f1, size)) = (Float::S(int).parts(), float.parts());
    let (first, bits, from_int) = match op {
        Vcvt::FromU32 => (0xEEB8, 0x40, true),
        Vcvt::FromS32 => (0xEEB8, 0xC0, true),
        Vcvt::ToU32 => (0xEEBC, 0xC0, false),
        Vcvt::ToS32 => (0xEEBD, 0xC0, false),
    };
    let (d, d1, m, m1) = if from_int { (f, f1, i, i1) } else { (i, i1, f, f1) };
    first | d1 << 6 | (d << 12 | 0x0A00 | bits | size << 8 | m1 << 5 | m) << 16
}

/// A floating-point instruction with the fields of result and last operand.
const fn vfp(first: u32, second: u32, vd: Float, vm: Float) -> u32 {
    let ((d, d1, size), (m, m1, _)) = (vd.parts(), vm.parts());
    first | d1 << 6 | (second | d << 12 | 0x0A00 | size << 8 | m1 << 5 | m) << 16
}
