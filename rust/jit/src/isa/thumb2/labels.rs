//! The macro-assembler: labels and the branches to them.

use super::asm::Branch;
use super::masm::Thumb2;
use crate::masm::Label;

impl Thumb2 {
    /// A branch to a label. The branches to one that is not bound yet are a list that runs through the code, each telling how
    /// far it is to the one before. One that only goes forwards is alone.
    pub(super) fn refer(&mut self, branch: Branch, label: &mut Label) {
        let at = self.asm.code.len();
        if label.bound {
            let offset = label.place as i32 - at as i32;
            if branch.reaches(offset) {
                self.asm.put_branch(branch, offset);
            } else {
                self.out_of_reach = true;
            }
            return;
        }
        // In halves; places in the list are one too high.
        let back = if label.place == 0 { 0 } else { (at as u32 + 1 - label.place) / 2 };
        if back > branch.most() {
            self.out_of_reach = true;
            return;
        }
        self.asm.put_waiting(branch, back);
        label.place = at as u32 + 1;
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
            let (branch, back) = self.asm.waiting_at(first);
            label.place = if back == 0 { 0 } else { label.place - 2 * back };
            self.out_of_reach |= !self.asm.set_branch(first, branch, place as i32 - at as i32);
        }
        *label = Label { place: place as u32, bound: true };
        first
    }
}
