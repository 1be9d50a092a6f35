//! Numbers, in SSE registers.

use super::{Asm, Form, Logic, Reg, Rm, Size, Sse, Xmm};

/// The prefix of operations on one number of this precision.
fn scalar(size: Size) -> u8 {
    if size == Size::W64 { 0xF2 } else { 0xF3 }
}

/// The prefix of operations on whole registers of such numbers.
fn packed(size: Size) -> u8 {
    if size == Size::W64 { 0x66 } else { 0 }
}

fn xmm(reg: Xmm) -> Rm {
    Rm::Reg(Reg(reg.0.into()))
}

impl Asm {
    fn sse(&mut self, prefix: u8, size: Size, opcode: u8, reg: u8, rm: Rm) {
        self.plain(Form { prefix, ..Form::second(size, opcode) }, reg, rm);
    }

    /// `xd = xd op xm`; a square root is that of `xm`.
    pub fn sse_op(&mut self, op: Sse, size: Size, xd: Xmm, xm: Xmm) {
        self.sse(scalar(size), Size::W32, op as u8, xd.0, xmm(xm));
    }

    /// `xd = xd op xm`, or `!xd & xm`.
    pub fn sse_logic(&mut self, op: Logic, size: Size, xd: Xmm, xm: Xmm) {
        self.sse(packed(size), Size::W32, op as u8, xd.0, xmm(xm));
    }

    /// Compares: CF if `xa` is less, ZF if both are equal, and all of CF, ZF and PF if one is no number.
    pub fn sse_compare(&mut self, size: Size, xa: Xmm, xb: Xmm) {
        self.sse(packed(size), Size::W32, 0x2E, xa.0, xmm(xb));
    }

    /// `xd` = all ones if both are equal, otherwise 0.
    pub fn sse_equal(&mut self, size: Size, xd: Xmm, xm: Xmm) {
        self.sse(scalar(size), Size::W32, 0xC2, xd.0, xmm(xm));
        self.byte(0);
    }

    /// `xd = rm`, all bits.
    pub fn sse_from(&mut self, size: Size, xd: Xmm, rm: impl Into<Rm>) {
        self.sse(0x66, size, 0x6E, xd.0, rm.into());
    }

    /// `rd = xm`, all bits.
    pub fn sse_to(&mut self, size: Size, rd: Reg, xm: Xmm) {
        self.sse(0x66, size, 0x7E, xm.0, rd.into());
    }

    /// `xd = xm`.
    pub fn sse_mov(&mut self, xd: Xmm, xm: Xmm) {
        self.sse(0, Size::W32, 0x28, xd.0, xmm(xm));
    }

    /// `xd` = the signed integer in `rm`, rounded to the nearest.
    pub fn sse_from_integer(&mut self, size: Size, xd: Xmm, integer: Size, rm: Reg) {
        self.sse(scalar(size), integer, 0x2A, xd.0, rm.into());
    }

    /// `rd` = the signed integer next to `xm` towards 0; the least one if there is none.
    pub fn sse_to_integer(&mut self, size: Size, rd: Reg, integer: Size, xm: Xmm) {
        self.sse(scalar(size), integer, 0x2C, rd.byte(), xmm(xm));
    }

    /// `xd = xm`, which has this precision, in the other one.
    pub fn sse_convert(&mut self, from: Size, xd: Xmm, xm: Xmm) {
        self.sse(scalar(from), Size::W32, 0x5A, xd.0, xmm(xm));
    }
}
