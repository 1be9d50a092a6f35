//! Branches and labels.
//!
//! The branches to a label that is not bound yet are a list that runs through their offset fields: each holds the
//! distance to the one told before it, 0 in the first.

use super::Encoder;
use crate::isa::{Code, branches_from};
use wasmote_core::ErrorKind;
use wasmote_frontend::{Known, Operand, When};

/// A place in the code that branches go to.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// The place, if it is bound; else one past the last branch that was told, 0 if there is none.
    place: usize,
    bound: bool,
}

impl Label {
    pub(super) const NEW: Label = Label { place: 0, bound: false };
}

/// The place of a code in a series that begins with `first` and has `count` members.
fn member(code: Code, first: Code, count: u8) -> Option<u8> {
    let index = (code as u8).wrapping_sub(first as u8);
    (index < count).then_some(index)
}

/// The instruction that gives the opposite truth value, if there is one.
fn inverted(word: u32) -> Option<u32> {
    let code = Code::of(word);
    // Pairs of opposites; those of `lt` and `le` from the third on swap the operands. Not the orders of floats: NaN is
    // neither less nor not less.
    let (first, index, swapped) = if let Some(index) = member(code, Code::i32_eq, 6) {
        (Code::i32_eq, index, index >= 2)
    } else if let Some(index) = member(code, Code::i32_eq_i, 6) {
        (Code::i32_eq_i, index, false)
    } else if let Some(index) = member(code, Code::i64_eq, 6) {
        (Code::i64_eq, index, index >= 2)
    } else if let Some(index) = member(code, Code::f32_eq, 2) {
        (Code::f32_eq, index, false)
    } else {
        (Code::f64_eq, member(code, Code::f64_eq, 2)?, false)
    };
    let code = u32::from(first as u8 + (index ^ 1));
    let (b, c) = (word >> 16 & 0xFF, word >> 24);
    let (b, c) = if swapped { (c, b) } else { (b, c) };
    Some(code | word & 0xFF00 | b << 16 | c << 24)
}

/// The branch that is taken if a comparison is true.
fn branch_code(comparison: Code) -> Option<Code> {
    let index = member(comparison, Code::i32_eq, 12)?;
    Some(Code::of(u32::from(Code::jump_i32_eq as u8 + index)))
}

// What these rely on.
const _: () = {
    const fn follow(codes: &[Code]) -> bool {
        let mut i = 1;
        while i < codes.len() {
            if codes[i] as u8 != codes[0] as u8 + i as u8 {
                return false;
            }
            i += 1;
        }
        true
    }
    use Code::*;
    assert!(follow(&[i32_eq, i32_ne, i32_lt_s, i32_le_s, i32_lt_u, i32_le_u, i32_eq_i, i32_ne_i]));
    assert!(follow(&[i32_eq_i, i32_ne_i, i32_lt_s_i, i32_ge_s_i, i32_lt_u_i, i32_ge_u_i]));
    assert!(follow(&[i64_eq, i64_ne, i64_lt_s, i64_le_s, i64_lt_u, i64_le_u]));
    assert!(follow(&[f32_eq, f32_ne]) && follow(&[f64_eq, f64_ne]));
    assert!(follow(&[jump_i32_eq, jump_i32_ne, jump_i32_lt_s, jump_i32_le_s, jump_i32_lt_u, jump_i32_le_u]));
    assert!(follow(&[jump_i32_le_u, jump_i32_eq_i, jump_i32_ne_i, jump_i32_lt_s_i, jump_i32_ge_s_i]));
    assert!(follow(&[jump_i32_ge_s_i, jump_i32_lt_u_i, jump_i32_ge_u_i]));
};

impl Encoder {
    /// Turns the comparison just encoded round, if its result is `operand`, and puts it into `dst`.
    pub(super) fn invert(&mut self, operand: Operand, dst: u32) -> bool {
        if dst <= 0xFF
            && let Some((at, word)) = self.result(operand)
            && let Some(word) = inverted(word)
            && let Some(place) = self.words.get_mut(at)
        {
            *place = word;
            return self.retarget(operand, dst, 1);
        }
        false
    }

    /// First word of the instruction just encoded, and its place, if its result is the temporary `operand`.
    fn result(&self, operand: Operand) -> Option<(usize, u32)> {
        let last = self.last?;
        let word = *self.words.get(last.at())?;
        (operand == Operand::Temp(last.result)).then_some((last.at(), word))
    }

    pub(super) fn encode_jump(&mut self, label: &mut Label) {
        let at = self.words.len();
        self.words(&[Code::jump as u32]);
        self.refer(at, label)
    }

    pub(super) fn encode_jump_if(&mut self, when: When, condition: Operand, label: &mut Label) {
        let cell = match condition {
            Operand::Const(Known(value)) => {
                let taken = (value as u32 != 0) == (when == When::NotZero);
                if taken {
                    self.encode_jump(label);
                }
                return;
            }
            Operand::Local(cell) | Operand::Temp(cell) => cell,
        };
        // A comparison of which only this branch wants to know becomes one with it.
        if let Some((at, word)) = self.result(condition)
            && let Some(word) = if when == When::Zero { inverted(word) } else { Some(word) }
            && let Some(code) = branch_code(Code::of(word))
        {
            let (a, b) = (word >> 16 & 0xFF, word >> 24);
            return self.jump_compare(at, code, a, b, label);
        }
        if when == When::NotZero
            && let Some((at, number)) = self.increment(self.last, cell)
        {
            self.take_back(at);
            self.words(&[Code::jump_i32_add_if as u32 | cell << 8 | number << 16, 0]);
            return self.refer(at, label);
        }
        self.jump_if_cell(when == When::NotZero, cell, label)
    }

    /// Replaces the comparison at `at`, of `a` and `b`, by the branch that compares.
    fn jump_compare(&mut self, mut at: usize, code: Code, a: u32, b: u32, label: &mut Label) {
        let word = match code {
            Code::jump_i32_eq_i | Code::jump_i32_ne_i if b == 0 => {
                self.take_back(at);
                return self.jump_if_cell(code == Code::jump_i32_ne_i, a, label);
            }
            Code::jump_i32_eq_i
            | Code::jump_i32_ne_i
            | Code::jump_i32_lt_s_i
            | Code::jump_i32_lt_u_i
            | Code::jump_i32_ge_s_i
            | Code::jump_i32_ge_u_i => code as u32 | a << 8 | (b as i8 as u32) << 16,
            _ => {
                if let Some((place, code, cell, value)) = self.take_constant(code, a, b) {
                    at = place;
                    code as u32 | cell << 8 | (value as u32) << 16
                } else if code == Code::jump_i32_ne
                    && let Some((place, number)) = self.increment(self.before, a)
                {
                    at = place;
                    Code::jump_i32_add_ne as u32 | a << 8 | number << 16 | b << 24
                } else if code == Code::jump_i32_ne
                    && let Some((place, number)) = self.increment(self.before, b)
                {
                    at = place;
                    Code::jump_i32_add_ne as u32 | b << 8 | number << 16 | a << 24
                } else {
                    code as u32 | a << 8 | b << 16
                }
            }
        };
        self.take_back(at);
        self.words(&[word, 0]);
        self.refer(at, label)
    }

    fn jump_if_cell(&mut self, when: bool, cell: u32, label: &mut Label) {
        let at = self.words.len();
        if self.far || cell > 0xFF {
            self.words(&[Code::jump_if_far as u32 | u32::from(when) << 8 | cell << 16, 0]);
        } else {
            let code = if when { Code::jump_if } else { Code::jump_unless };
            self.words(&[code as u32 | cell << 8]);
        }
        self.refer(at, label)
    }

    pub(super) fn encode_jump_table(&mut self, index: u32, targets: u32) {
        if index <= 0xFF && targets <= 0xFFFF {
            self.words(&[Code::jump_table as u32 | index << 8 | targets << 16])
        } else {
            self.words(&[Code::jump_table_far as u32 | index << 16, targets])
        }
    }

    /// The label is here: all branches to it that were told before learn it. If one of them goes past a `poll`, there must be
    /// one here.
    pub(super) fn bind_label(&mut self, label: &mut Label) {
        let here = self.words.len();
        let mut first = here;
        // What was thrown away has no branches: whatever lies at their places must not be followed, for each label anew.
        while let (None, Some(at)) = (self.failed, label.place.checked_sub(1)) {
            first = at;
            let distance = self.link(at);
            self.set_offset(at, here);
            label.place = if distance == 0 { 0 } else { label.place.saturating_sub(distance) };
        }
        *label = Label { place: here, bound: true };
        self.last = None;
        self.before = None;
        if first < self.polled {
            self.poll();
        }
    }

    /// The branch at `at` goes to the label.
    fn refer(&mut self, at: usize, label: &mut Label) {
        if label.bound {
            return self.set_offset(at, label.place);
        }
        let distance = match label.place {
            0 => 0,
            // Not before what was thrown away.
            before => (at + 1).saturating_sub(before),
        };
        label.place = at + 1;
        let bits = self.offset_bits(at);
        if bits < 32 && distance >> bits != 0 {
            return self.fail(ErrorKind::FunctionTooLarge);
        }
        self.set_field(at, distance as u32);
    }

    fn set_offset(&mut self, at: usize, to: usize) {
        let bits = self.offset_bits(at);
        let end = at + if bits == 32 { 2 } else { 1 };
        let offset = to as i64 - branches_from(at, end) as i64;
        let limit = 1i64 << (bits - 1);
        if offset < -limit || offset >= limit {
            return self.fail(ErrorKind::FunctionTooLarge);
        }
        self.set_field(at, offset as u32);
    }

    /// Bits of a branch's offset. With 32, it is in the second word.
    fn offset_bits(&self, at: usize) -> u32 {
        match self.words.get(at).map(|&word| Code::of(word)) {
            Some(Code::jump) => 24,
            Some(Code::jump_if | Code::jump_unless) => 16,
            _ => 32,
        }
    }

    fn set_field(&mut self, at: usize, value: u32) {
        let bits = self.offset_bits(at);
        let at = if bits == 32 { at + 1 } else { at };
        if let Some(word) = self.words.get_mut(at) {
            let kept = if bits == 32 { 0 } else { *word & ((1 << (32 - bits)) - 1) };
            *word = kept | value << (32 - bits);
        }
    }

    /// The distance that an unbound branch's field holds.
    fn link(&self, at: usize) -> usize {
        let bits = self.offset_bits(at);
        let at = if bits == 32 { at + 1 } else { at };
        self.words.get(at).map_or(0, |&word| (word >> (32 - bits)) as usize)
    }
}
