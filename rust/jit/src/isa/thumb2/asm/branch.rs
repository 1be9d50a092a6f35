//! Branches: encoded with their offset, or kept until it is known.

use super::{Asm, Cond, Reg};

/// What goes to a branch's target: the instruction as it would go four bytes on, from where its offset counts. If it has two
/// halves, the second one is the upper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Branch(u32);

/// A long branch without condition: two bits of its offset are there as whether they differ from the sign.
const UNCONDITIONAL: u32 = 1 << 28;

impl Branch {
    /// Reaches 2 KB.
    pub const NEAR: Branch = Branch(0xE000);
    /// Reaches 16 MB.
    pub const FAR: Branch = Branch(0xB800_F000);
    /// A call. Reaches 16 MB.
    pub const LINK: Branch = Branch(0xF800_F000);

    /// Reaches 254 bytes.
    pub const fn near_if(cond: Cond) -> Branch {
        Branch(0xD000 | cond.bits() << 8)
    }

    /// Reaches 1 MB.
    pub const fn far_if(cond: Cond) -> Branch {
        Branch(0x8000_F000 | cond.bits() << 6)
    }

    /// If the register is not zero, or if it is. Low registers; forwards, 4 to 130 bytes from the branch.
    pub const fn compare(nonzero: bool, reg: Reg) -> Branch {
        Branch(0xB100 | (nonzero as u32) << 11 | reg.bits())
    }

    /// Its bytes.
    pub const fn size(self) -> usize {
        if self.0 >> 16 == 0 { 2 } else { 4 }
    }

    /// Whether it reaches a place that is `offset` bytes from where the branch itself begins.
    pub fn reaches(self, offset: i32) -> bool {
        self.to(offset).is_some()
    }

    /// The instruction, if it reaches so far.
    #[inline(always)]
    pub const fn to(self, offset: i32) -> Option<u32> {
        if offset & 1 != 0 {
            return None;
        }
        match self.plain(offset) {
            Some(code) => Some(code),
            None => self.to_any((offset - 4) >> 1),
        }
    }

    /// The instruction of a long one that goes not so far that more than the sign and the lowest bits matter.
    #[inline(always)]
    pub const fn plain(self, offset: i32) -> Option<u32> {
        let halves = (offset - 4) >> 1;
        let is_plain = if self.0 & UNCONDITIONAL != 0 {
            halves >> 21 == halves >> 31
        } else {
            self.size() == 4 && halves >> 17 == 0
        };
        if is_plain {
            Some(self.0 | (halves as u32 & 0x7FF) << 16 | halves as u32 >> 11 & 0x7FF)
        } else {
            None
        }
    }

    #[inline(never)]
    const fn to_any(self, halves: i32) -> Option<u32> {
        let field = halves as u32;
        let low = (field & 0x7FF) << 16 | (field >> 31) << 10;
        let (bits, field) = match self.0 >> 12 & 15 {
            0xB if halves < 0 => return None,
            0xB => (6, (field >> 5 & 1) << 9 | (field & 0x1F) << 3),
            0xD => (7, field & 0xFF),
            0xE => (10, field & 0x7FF),
            _ if self.0 & UNCONDITIONAL != 0 => {
                let differ = field >> 21 ^ (halves >> 31) as u32;
                (23, low | field >> 11 & 0x3FF | (differ >> 1 & 1) << 29 | (differ & 1) << 27)
            }
            _ => (19, low | field >> 11 & 0x3F | (field >> 17 & 1) << 29 | (field >> 18 & 1) << 27),
        };
        // What lies above is nothing but the sign.
        if halves >> bits == halves >> 31 { Some(self.0 ^ field) } else { None }
    }
}

impl Asm {
    /// A branch to a place in this code.
    pub fn branch(&mut self, branch: Branch, to: usize) {
        let at = self.code.len();
        let reached = self.put_branch(branch, to.wrapping_sub(at) as i32);
        debug_assert!(reached, "{branch:?} does not reach {to} from {at}");
    }

    /// A branch to the place that is so far from it; `false`, and nothing, if it does not reach so far. One that waits for its
    /// target keeps a number that way, as one that goes forwards.
    pub fn put_branch(&mut self, branch: Branch, offset: i32) -> bool {
        let Some(code) = branch.to(offset) else { return false };
        if branch.size() == 2 {
            self.narrow(code);
        } else {
            self.code.put32(code);
        }
        true
    }

    /// Lets the long branch at a place, which waits, go so far from there: how far it went before. `None`, and nothing, if it
    /// does not reach.
    pub fn set_branch(&mut self, at: usize, offset: i32) -> Option<i32> {
        let code = self.code.get32(at);
        let upper = if code & UNCONDITIONAL != 0 { 0x3FF } else { 0x3F };
        let halves = code >> 16 & 0x7FF | (code & upper) << 11;
        self.code.set32(at, Branch(code & !(0x7FF << 16 | upper)).to(offset)?);
        Some(4 + 2 * halves as i32)
    }

    /// A short branch whose target is set later. Returns its place.
    pub fn branch_short(&mut self, branch: Branch) -> usize {
        let at = self.code.len();
        self.narrow(branch.0);
        at
    }

    /// The target of the short branch at a place is here.
    pub fn set_short(&mut self, at: usize) {
        let offset = (self.code.len() - at) as i32;
        let code = Branch(self.code.get16(at)).to(offset);
        debug_assert!(code.is_some(), "too far away for a short branch");
        self.code.set16(at, code.unwrap_or(0));
    }

    /// Goes to the address in a register, and leaves the place behind in LR if `link`.
    pub fn branch_reg(&mut self, link: bool, rm: Reg) {
        self.narrow(0x4700 | u32::from(link) << 7 | rm.bits() << 3);
    }

    /// Goes `rm` bytes on from the place four bytes behind this instruction.
    pub fn branch_by(&mut self, rm: Reg) {
        self.narrow(0x4487 | rm.bits() << 3);
    }

    /// Goes on by twice the `rm`th half of the table behind this instruction.
    pub fn table_branch(&mut self, rm: Reg) {
        self.wide(0xE8DF, 0xF010 | rm.bits());
    }
}
