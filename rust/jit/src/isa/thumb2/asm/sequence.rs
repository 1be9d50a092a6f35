//! Instructions that always follow each other: words that are known when the compiler is compiled, in which registers are places
//! of a list.

use super::{Asm, Cond, Dp, Reg, Shift, Src, Unary, modified};

/// Whether a word is a move between registers in the short form.
const fn is_move(code: u32) -> bool {
    code & 0xFFFF_FF00 == 0x4600
}

impl Asm {
    /// Appends instructions in whose words registers 0 to 3 stand for those of the list, and the others for themselves.
    pub fn sequence(&mut self, words: &[u32], registers: [Reg; 4]) {
        for &word in words {
            let named = |shift: u32| registers.get((word >> shift & 15) as usize);
            let name = |shift| named(shift).map_or(0, |reg| (reg.0 ^ word >> shift & 15) << shift);
            if is_move(word) {
                let rd = registers
                    .get((word & 7 | word >> 4 & 8) as usize)
                    .map_or(word & 0x87, |rd| (rd.0 & 8) << 4 | rd.0 & 7);
                self.narrow((word ^ name(3)) & !0x87 | rd);
            } else if word >> 16 == 0 {
                self.narrow(word);
            } else {
                // Of those with two halves, only some have a third register.
                let third = if word & 0xA00 == 0xA00 { name(16) } else { 0 };
                self.long(word ^ name(0) ^ name(24) ^ third);
            }
        }
    }
}

/// `rd = rn op number`, in the long form.
pub const fn dp_imm(op: Dp, set: bool, rd: Reg, rn: Reg, value: u32) -> u32 {
    let Some(bits) = modified(value) else { panic!("no modified immediate") };
    let first = 0xF000 | (bits & 0x800) >> 1 | (op as u32) << 5 | (set as u32) << 4 | rn.bits();
    first | ((bits & 0x700) << 4 | rd.bits() << 8 | bits & 0xFF) << 16
}

/// `rd = rn op src`, a register that may be shifted, in the long form, which leaves the flags.
pub const fn dp_src(op: Dp, rd: Reg, rn: Reg, src: Src) -> u32 {
    let operand = match src {
        Src::Reg(rm) => rm.bits(),
        Src::Shifted(shifted) => shifted.bits(),
        Src::Imm(_) => panic!("a number"),
    };
    0xEA00 | (op as u32) << 5 | rn.bits() | (rd.bits() << 8 | operand) << 16
}

/// `rd = rn shifted by rm`, in the long form, which leaves the flags.
pub const fn shift_reg(shift: Shift, rd: Reg, rn: Reg, rm: Reg) -> u32 {
    0xFA00 | (shift as u32) << 5 | rn.bits() | (0xF000 | rd.bits() << 8 | rm.bits()) << 16
}

/// `rd = rm`, in the short form.
pub const fn mov_reg(rd: Reg, rm: Reg) -> u32 {
    0x4600 | (rd.bits() & 8) << 4 | rm.bits() << 3 | rd.bits() & 7
}

/// Zeros before the first one, or the bits in the opposite order.
pub const fn unary_reg(op: Unary, rd: Reg, rm: Reg) -> u32 {
    let (first, second) = match op {
        Unary::Clz => (0xFAB0, 0xF080),
        _ => (0xFA90, 0xF0A0),
    };
    first | rm.bits() | (second | rd.bits() << 8 | rm.bits()) << 16
}

/// As [`Asm::it`].
pub const fn if_then(cond: Cond) -> u32 {
    0xBF08 | cond.bits() << 4
}
