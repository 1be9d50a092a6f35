//! The macro-assembler: labels and the branches to them.

use super::asm::Branch;
use super::masm::X64;
use crate::masm::Label;

impl X64 {
    /// A branch to a label. The branches to one that is not bound yet are a list that runs through their offset fields, each
    /// with the place of the one before, plus one.
    pub(super) fn refer(&mut self, branch: Branch, label: &mut Label) {
        if label.is_bound() && label.place() as usize > self.asm.code.len() {
            // Outside of this code, before it with a place below 0: how far away does not change how long the code is.
            let field = self.asm.branch_far(branch, 0);
            self.asm.set_branch(field, label.place() as i32 as usize);
        } else if label.is_bound() {
            self.asm.branch(branch, label.place() as usize);
        } else {
            *label = Label::waiting(self.asm.branch_far(branch, label.place()) as u32 + 1);
        }
    }

    /// The branches to the label learn that it is here.
    pub(super) fn resolve(&mut self, label: &mut Label) -> usize {
        self.resolve_at(label, self.asm.code.len())
    }

    /// The branches to the label learn that it is at a place. The place of the first one.
    pub(super) fn resolve_at(&mut self, label: &mut Label, place: usize) -> usize {
        let mut first = place;
        while let Some(field) = label.place().checked_sub(1).filter(|_| !label.is_bound()) {
            first = field as usize;
            *label = Label::waiting(self.asm.branch_field(first));
            self.asm.set_branch(first, place);
        }
        *label = Label::at(place as u32);
        first
    }
}
