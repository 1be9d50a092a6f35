//! Instructions as words, the second half of those with two above the first: so they can be made when the compiler is compiled.

use super::{Cond, Dp, Mem, Reg, Shift, Src, Unary, modified};

/// An operation with a number, of which these are the twelve bits that [`modified`] gives.
pub(super) const fn dp_modified(op: u32, set: bool, rd: Reg, rn: Reg, bits: u32) -> u32 {
    let first = 0xF000 | (bits & 0x800) >> 1 | op << 5 | (set as u32) << 4 | rn.bits();
    first | ((bits & 0x700) << 4 | rd.bits() << 8 | bits & 0xFF) << 16
}

/// An operation with a register, which may be shifted.
pub(super) const fn dp_register(op: u32, set: bool, rd: Reg, rn: Reg, operand: u32) -> u32 {
    0xEA00 | op << 5 | (set as u32) << 4 | rn.bits() | (rd.bits() << 8 | operand) << 16
}

/// `rd = rn op number`, in the long form, which sets the flags only if it is to.
pub const fn dp_imm(op: Dp, set: bool, rd: Reg, rn: Reg, value: u32) -> u32 {
    let Some(bits) = modified(value) else { panic!("no modified immediate") };
    dp_modified(op as u32, set, rd, rn, bits)
}

/// The same with a byte.
pub const fn dp_byte(op: Dp, set: bool, rd: Reg, rn: Reg, byte: u8) -> u32 {
    dp_modified(op as u32, set, rd, rn, byte as u32)
}

/// `rd = rn op src`, a register that may be shifted, in the long form, which leaves the flags.
pub const fn dp_src(op: Dp, rd: Reg, rn: Reg, src: Src) -> u32 {
    let operand = match src {
        Src::Reg(rm) => rm.bits(),
        Src::Shifted(shifted) => shifted.bits(),
        Src::Imm(_) => panic!("a number"),
    };
    dp_register(op as u32, false, rd, rn, operand)
}

/// The same with a register as it is.
pub const fn dp_reg(op: Dp, rd: Reg, rn: Reg, rm: Reg) -> u32 {
    dp_register(op as u32, false, rd, rn, rm.bits())
}

/// Loads or stores `rt` at `rn + offset`, a number of 12 bits, in the long form.
pub const fn mem_offset(op: Mem, rt: Reg, rn: Reg, offset: u32) -> u32 {
    op as u32 | rn.bits() | (rt.bits() << 12 | offset & 0xFFF) << 16
}

/// Stores `rt` at `rn`, which goes on by 4.
pub const fn store_step(rt: Reg, rn: Reg) -> u32 {
    0xF840 | rn.bits() | (rt.bits() << 12 | 0xB04) << 16
}

/// `rd = rn shifted by rm`, in the long form, which sets the flags only if it is to.
pub const fn shift_reg(shift: Shift, set: bool, rd: Reg, rn: Reg, rm: Reg) -> u32 {
    let first = 0xFA00 | (shift as u32) << 5 | (set as u32) << 4 | rn.bits();
    first | (0xF000 | rd.bits() << 8 | rm.bits()) << 16
}

/// `rd = rm`, in the short form.
pub const fn mov_reg(rd: Reg, rm: Reg) -> u32 {
    0x4600 | (rd.bits() & 8) << 4 | rm.bits() << 3 | rd.bits() & 7
}

/// `rd = op rm`, in the long form.
pub const fn unary_reg(op: Unary, rd: Reg, rm: Reg) -> u32 {
    let (first, second) = match op {
        Unary::Sxth => (0xFA0F, 0xF080),
        Unary::Uxth => (0xFA1F, 0xF080),
        Unary::Sxtb => (0xFA4F, 0xF080),
        Unary::Uxtb => (0xFA5F, 0xF080),
        Unary::Clz => (0xFAB0 | rm.bits(), 0xF080),
        Unary::Rbit => (0xFA90 | rm.bits(), 0xF0A0),
        Unary::Rev => (0xFA90 | rm.bits(), 0xF080),
        Unary::Rev16 => (0xFA90 | rm.bits(), 0xF090),
        Unary::Revsh => (0xFA90 | rm.bits(), 0xF0B0),
    };
    first | (second | rd.bits() << 8 | rm.bits()) << 16
}

/// The next instruction only if the condition holds.
pub const fn if_then(cond: Cond) -> u32 {
    0xBF08 | cond.bits() << 4
}
