//! The macro-assembler: labels and the branches to them.

use super::asm::Branch;
use super::masm::Thumb2;
use crate::masm::Label;

impl Thumb2 {
    /// A branch to a label. The branches to one that is not bound yet are a list that runs through their offsets, each
    /// leading to the one before; the first goes nowhere. One that only goes forwards is alone.
    pub(super) fn refer(&mut self, branch: Branch, label: &mut Label) {
        let at = self.asm.code.len();
        let offset = match label.place {
            _ if label.bound => label.place as i32 - at as i32,
            0 if matches!(branch, Branch::Compare { .. }) => 4,
            0 => 0,
            before => before as i32 - 1 - at as i32,
        };
        if !branch.reaches(offset) {
            self.out_of_reach = true;
            return;
        }
        self.asm.put_branch(branch, offset);
        if !label.bound {
            label.place = at as u32 + 1;
        }
    }

    /// The shortest branch that reaches a label which is bound, or the one that reaches far.
    pub(super) fn refer_short(&mut self, near: Branch, far: Branch, label: &mut Label) {
        let offset = label.place as i32 - self.asm.code.len() as i32;
        let branch = if label.bound && near.reaches(offset) { near } else { far };
        self.refer(branch, label);
    }

    /// The branches to the label learn that it is here.
    pub(super) fn resolve(&mut self, label: &mut Label) -> usize {
        self.resolve_at(label, self.asm.code.len())
    }

    /// The branches to the label learn that it is at a place. The place of the first one.
    pub(super) fn resolve_at(&mut self, label: &mut Label, place: usize) -> usize {
        let mut first = place;
        while let Some(at) = label.place.checked_sub(1).filter(|_| !label.bound) {
            first = at as usize;
            let offset = place as i32 - at as i32;
            let Some((branch, before)) = self.asm.branch_at(first) else {
                self.out_of_reach = true;
                break;
            };
            label.place = match (branch, before) {
                (Branch::Compare { .. }, _) | (_, 0) => 0,
                _ => (at as i32 + before + 1) as u32,
            };
            self.out_of_reach |= !self.asm.set_branch(first, branch, offset);
        }
        *label = Label { place: place as u32, bound: true };
        first
    }
}
