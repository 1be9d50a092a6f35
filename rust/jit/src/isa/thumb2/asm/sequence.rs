//! Instructions that always follow each other: words that are known when the compiler is compiled, in which registers are places
//! of a list.

use super::{Asm, Reg};

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
