//! Branches: encoded with their offset, and found again to set it when it is known.

use super::{Asm, Cond, Reg};

/// What goes to a branch's target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Branch {
    /// Reaches 2 KB.
    Near,
    /// Reaches 16 MB.
    Far,
    /// Reaches 254 bytes.
    NearIf(Cond),
    /// Reaches 1 MB.
    FarIf(Cond),
    /// A call. Reaches 16 MB.
    Link,
    /// If the register is zero, or not. Low registers; forwards, 4 to 130 bytes from the branch.
    Compare {
        /// Which of the two.
        nonzero: bool,
        /// The register.
        reg: Reg,
    },
}

impl Branch {
    /// Its bytes.
    pub fn size(self) -> usize {
        match self {
            Branch::Near | Branch::NearIf(_) | Branch::Compare { .. } => 2,
            _ => 4,
        }
    }

    /// Whether it reaches a place that is `offset` bytes from where the branch itself begins.
    pub fn reaches(self, offset: i32) -> bool {
        let offset = offset - 4;
        let within = |bits: u32| offset & 1 == 0 && offset >= -(1 << bits) && offset < 1 << bits;
        match self {
            Branch::Near => within(11),
            Branch::Far | Branch::Link => within(24),
            Branch::NearIf(_) => within(8),
            Branch::FarIf(_) => within(20),
            Branch::Compare { .. } => offset & 1 == 0 && (0..=126).contains(&offset),
        }
    }

    /// The instruction, as one or two halves.
    fn encode(self, offset: i32) -> (u32, Option<u32>) {
        let offset = (offset - 4) as u32;
        let sign = offset >> 31;
        let long = |second: u32| {
            let j = |bit: u32| (offset >> bit & 1) ^ sign ^ 1;
            let first = 0xF000 | sign << 10 | offset >> 12 & 0x3FF;
            (first, Some(second | j(23) << 13 | j(22) << 11 | offset >> 1 & 0x7FF))
        };
        match self {
            Branch::Near => (0xE000 | offset >> 1 & 0x7FF, None),
            Branch::Far => long(0x9000),
            Branch::Link => long(0xD000),
            Branch::NearIf(cond) => (0xD000 | cond.bits() << 8 | offset >> 1 & 0xFF, None),
            Branch::FarIf(cond) => {
                let first = 0xF000 | sign << 10 | cond.bits() << 6 | offset >> 12 & 0x3F;
                let (j1, j2) = (offset >> 18 & 1, offset >> 19 & 1);
                (first, Some(0x8000 | j1 << 13 | j2 << 11 | offset >> 1 & 0x7FF))
            }
            Branch::Compare { nonzero, reg } => {
                let first = 0xB100 | u32::from(nonzero) << 11 | (offset >> 6 & 1) << 9;
                (first | (offset >> 1 & 0x1F) << 3 | reg.bits(), None)
            }
        }
    }

    /// The branch that stands at a place, and how far it goes.
    fn decode(first: u32, second: u32) -> Option<(Branch, i32)> {
        let cond = |bits: u32| Cond::ALL.get(bits as usize).copied();
        let extend = |value: u32, bits: u32| (value << (32 - bits)) as i32 >> (32 - bits);
        let (branch, offset) = if first >> 12 == 0xD {
            (Branch::NearIf(cond(first >> 8 & 15)?), extend((first & 0xFF) << 1, 9))
        } else if first >> 11 == 0b11100 {
            (Branch::Near, extend((first & 0x7FF) << 1, 12))
        } else if first & 0xF500 == 0xB100 {
            let offset = (first >> 9 & 1) << 6 | (first >> 3 & 0x1F) << 1;
            let reg = Reg((first & 7) as u8);
            (Branch::Compare { nonzero: first & 0x800 != 0, reg }, offset as i32)
        } else if first >> 11 == 0b11110 && second & 0x8000 != 0 {
            let (sign, j1, j2) = (first >> 10 & 1, second >> 13 & 1, second >> 11 & 1);
            let low = (second & 0x7FF) << 1;
            if second & 0x1000 == 0 {
                let high = sign << 20 | j2 << 19 | j1 << 18 | (first & 0x3F) << 12;
                (Branch::FarIf(cond(first >> 6 & 15)?), extend(high | low, 21))
            } else {
                let (i1, i2) = (j1 ^ sign ^ 1, j2 ^ sign ^ 1);
                let high = sign << 24 | i1 << 23 | i2 << 22 | (first & 0x3FF) << 12;
                let branch = if second & 0x4000 == 0 { Branch::Far } else { Branch::Link };
                (branch, extend(high | low, 25))
            }
        } else {
            return None;
        };
        Some((branch, offset + 4))
    }
}

impl Asm {
    /// A branch to a place in this code.
    pub fn branch(&mut self, branch: Branch, to: usize) {
        let at = self.code.len();
        self.put_branch(branch, to.wrapping_sub(at) as i32);
    }

    /// A branch whose target is set later. `offset` may be anything that it reaches.
    pub fn put_branch(&mut self, branch: Branch, offset: i32) {
        debug_assert!(branch.reaches(offset), "{branch:?} does not reach {offset}");
        let (first, second) = branch.encode(offset);
        match second {
            None => self.narrow(first),
            Some(second) => self.wide(first, second),
        }
    }

    /// The branch at a place, and how far it goes from there.
    pub fn branch_at(&self, at: usize) -> Option<(Branch, i32)> {
        Branch::decode(self.code.get16(at), self.code.get16(at + 2))
    }

    /// Lets the branch that stands at `at` go `offset` bytes from there; `false` if it does not reach so far.
    pub fn set_branch(&mut self, at: usize, branch: Branch, offset: i32) -> bool {
        if !branch.reaches(offset) {
            return false;
        }
        let (first, second) = branch.encode(offset);
        self.code.set16(at, first);
        if let Some(second) = second {
            self.code.set16(at + 2, second);
        }
        true
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
