//! Branches: encoded with their offset, or kept until it is known.

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
        let bits = match self {
            Branch::Near => 11,
            Branch::Far | Branch::Link => 24,
            Branch::NearIf(_) => 8,
            Branch::FarIf(_) => 20,
            Branch::Compare { .. } => return offset & 1 == 0 && (0..=126).contains(&offset),
        };
        // What lies above is nothing but the sign.
        offset & 1 == 0 && offset >> bits == offset >> 31
    }

    /// The greatest number that it keeps while it waits.
    pub fn most(self) -> u32 {
        match self {
            Branch::Near => 0x7FF,
            Branch::NearIf(_) => 0xFF,
            Branch::Compare { .. } => 0,
            Branch::Far | Branch::FarIf(_) | Branch::Link => 0xFF_FFFF,
        }
    }

    /// The instruction; if it has two halves, the second one is the upper.
    fn encode(self, offset: i32) -> u32 {
        let offset = (offset - 4) as u32;
        let sign = offset >> 31;
        let long = |second: u32| {
            let j = |bit: u32| (offset >> bit & 1) ^ sign ^ 1;
            let second = second | j(23) << 13 | j(22) << 11 | offset >> 1 & 0x7FF;
            0xF000 | sign << 10 | offset >> 12 & 0x3FF | second << 16
        };
        match self {
            Branch::Near => 0xE000 | offset >> 1 & 0x7FF,
            Branch::Far => long(0x9000),
            Branch::Link => long(0xD000),
            Branch::NearIf(cond) => 0xD000 | cond.bits() << 8 | offset >> 1 & 0xFF,
            Branch::FarIf(cond) => {
                let first = 0xF000 | sign << 10 | cond.bits() << 6 | offset >> 12 & 0x3F;
                let (j1, j2) = (offset >> 18 & 1, offset >> 19 & 1);
                first | (0x8000 | j1 << 13 | j2 << 11 | offset >> 1 & 0x7FF) << 16
            }
            Branch::Compare { nonzero, reg } => {
                let first = 0xB100 | u32::from(nonzero) << 11 | (offset >> 6 & 1) << 9;
                first | (offset >> 1 & 0x1F) << 3 | reg.bits()
            }
        }
    }
}

/// The kinds of long branches that wait, behind those of the conditions. No short one begins like them.
const FAR: u32 = Cond::ALL.len() as u32;
const LINK: u32 = FAR + 1;

impl Asm {
    /// A branch to a place in this code.
    pub fn branch(&mut self, branch: Branch, to: usize) {
        let at = self.code.len();
        self.put_branch(branch, to.wrapping_sub(at) as i32);
    }

    /// A branch to the place that is so far from it.
    pub fn put_branch(&mut self, branch: Branch, offset: i32) {
        debug_assert!(branch.reaches(offset), "{branch:?} does not reach {offset}");
        let code = branch.encode(offset);
        if branch.size() == 2 {
            self.narrow(code);
        } else {
            self.code.put32(code);
        }
    }

    /// Room for a branch whose target is set later, with a number up to [`most`](Branch::most) that
    /// [`waiting_at`](Asm::waiting_at) gives back.
    pub fn put_waiting(&mut self, branch: Branch, number: u32) {
        let kind = match branch {
            Branch::Near => return self.narrow(0xE000 | number),
            Branch::NearIf(cond) => return self.narrow(0xD000 | cond.bits() << 8 | number),
            Branch::Compare { .. } => return self.put_branch(branch, 4),
            Branch::FarIf(cond) => cond.bits(),
            Branch::Far => FAR,
            Branch::Link => LINK,
        };
        self.wide(kind << 8 | number & 0xFF, number >> 8);
    }

    /// The branch that waits at a place, and its number.
    pub fn waiting_at(&self, at: usize) -> (Branch, u32) {
        let code = self.code.get32(at);
        let (first, second) = (code & 0xFFFF, code >> 16);
        let cond = |bits: u32| Cond::ALL.get((bits & 15) as usize).copied();
        match (first >> 12, cond(first >> 8)) {
            (0xB, _) => (Branch::Compare { nonzero: first & 0x800 != 0, reg: Reg((first & 7) as u8) }, 0),
            (0xD, Some(cond)) => (Branch::NearIf(cond), first & 0xFF),
            (0xE, _) => (Branch::Near, first & 0x7FF),
            (_, Some(cond)) => (Branch::FarIf(cond), first & 0xFF | second << 8),
            (_, None) => {
                let branch = if first >> 8 == LINK { Branch::Link } else { Branch::Far };
                (branch, first & 0xFF | second << 8)
            }
        }
    }

    /// Lets the branch at `at` go `offset` bytes from there; `false` if it does not reach so far.
    pub fn set_branch(&mut self, at: usize, branch: Branch, offset: i32) -> bool {
        if !branch.reaches(offset) {
            return false;
        }
        let code = branch.encode(offset);
        if branch.size() == 4 {
            self.code.set32(at, code);
        } else {
            self.code.set16(at, code);
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
