//! Branches.

use super::{Asm, Cond};

/// What goes to a branch's target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Branch {
    Jump,
    JumpIf(Cond),
    Call,
}

impl Asm {
    /// A branch to a place in this code that is there already.
    pub fn branch(&mut self, branch: Branch, to: usize) {
        let from = self.code.len() + 2;
        let short = match branch {
            Branch::Jump => Some(0xEB),
            Branch::JumpIf(cond) => Some(0x70 | cond as u8),
            Branch::Call => None,
        };
        if let (Some(opcode), Ok(offset)) = (short, i8::try_from(to as i64 - from as i64)) {
            return self.code.put(&[opcode, offset as u8]);
        }
        let field = self.branch_far(branch, 0);
        self.set_branch(field, to);
    }

    /// A branch whose target is set later; until then its offset is something else. Returns the offset's place.
    pub fn branch_far(&mut self, branch: Branch, offset: u32) -> usize {
        match branch {
            Branch::Jump => self.byte(0xE9),
            Branch::JumpIf(cond) => self.code.put(&[0x0F, 0x80 | cond as u8]),
            Branch::Call => self.byte(0xE8),
        }
        let field = self.code.len();
        self.word(offset as i32);
        field
    }

    /// Lets the branch whose offset is at a place go to `to`.
    pub fn set_branch(&mut self, field: usize, to: usize) {
        self.code.set32(field, (to as u32).wrapping_sub(field as u32 + 4));
    }

    /// What is there instead of a branch's offset.
    pub fn branch_field(&self, field: usize) -> u32 {
        self.code.get32(field)
    }
}
