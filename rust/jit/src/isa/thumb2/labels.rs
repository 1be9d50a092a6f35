//! The macro-assembler: labels and the branches to them.

use super::asm::Branch;
use super::masm::Thumb2;
use crate::masm::Label;

impl Thumb2 {
    /// A branch to a label. The branches to one that is not bound yet, long ones, are a list that runs through the code: each
    /// goes as far forwards as it is from the one before, plus its own four bytes if there is none.
    pub(super) fn refer(&mut self, branch: Branch, label: &mut Label) {
        let (at, place) = (self.asm.code.len() as u32, label.place());
        if label.is_bound() {
            self.out_of_reach |= !self.asm.put_branch(branch, place.wrapping_sub(at) as i32);
            return;
        }
        match branch.plain(if place == 0 { 4 } else { (at + 5).wrapping_sub(place) as i32 }) {
            Some(code) => {
                self.asm.long(code);
                *label = Label::waiting(at + 1);
            }
            None => self.out_of_reach = true,
        }
    }

    /// The shortest branch that reaches a label which is bound, or the one that reaches far.
    pub(super) fn refer_short(&mut self, near: Branch, far: Branch, label: &mut Label) {
        let offset = label.place() as i32 - self.asm.code.len() as i32;
        let branch = if label.is_bound() && near.reaches(offset) { near } else { far };
        self.refer(branch, label);
    }

    /// The branches to the label learn that it is here.
    pub(super) fn resolve(&mut self, label: &mut Label) -> usize {
        self.resolve_at(label, self.asm.code.len())
    }

    /// The branches to the label learn that it is at a place. The place of the first one.
    pub(super) fn resolve_at(&mut self, label: &mut Label, place: usize) -> usize {
        let mut first = place;
        let mut waiting = if label.is_bound() { 0 } else { label.place() };
        *label = Label::at(place as u32);
        while let Some(at) = waiting.checked_sub(1) {
            first = at as usize;
            waiting = match self.asm.set_branch(first, place as i32 - at as i32) {
                Some(4) => 0,
                Some(back) => (at + 5).wrapping_sub(back as u32),
                None => {
                    self.out_of_reach = true;
                    0
                }
            };
        }
        first
    }
}
