//! Branches and labels.
//!
//! The branches to a label that is not bound yet are a list that runs through their offset fields: each holds the
//! distance to the one told before it, 0 in the first.

use super::Encoder;
use crate::isa::Code;
use wasmote_core::ErrorKind;
use wasmote_frontend::{Operand, When};

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

/// The instruction that gives the opposite truth value, if there is one.
fn inverted(word: u32) -> Option<u32> {
    let (code, swapped) = match Code::of(word) {
        Code::i32_eq => (Code::i32_ne, false),
        Code::i32_ne => (Code::i32_eq, false),
        Code::i32_lt_s => (Code::i32_le_s, true),
        Code::i32_lt_u => (Code::i32_le_u, true),
        Code::i32_le_s => (Code::i32_lt_s, true),
        Code::i32_le_u => (Code::i32_lt_u, true),
        Code::i32_eq_i => (Code::i32_ne_i, false),
        Code::i32_ne_i => (Code::i32_eq_i, false),
        Code::i32_lt_s_i => (Code::i32_ge_s_i, false),
        Code::i32_lt_u_i => (Code::i32_ge_u_i, false),
        Code::i32_ge_s_i => (Code::i32_lt_s_i, false),
        Code::i32_ge_u_i => (Code::i32_lt_u_i, false),
        Code::i64_eq => (Code::i64_ne, false),
        Code::i64_ne => (Code::i64_eq, false),
        Code::i64_lt_s => (Code::i64_le_s, true),
        Code::i64_lt_u => (Code::i64_le_u, true),
        Code::i64_le_s => (Code::i64_lt_s, true),
        Code::i64_le_u => (Code::i64_lt_u, true),
        // Not the orders of floats: NaN is neither less nor not less.
        Code::f32_eq => (Code::f32_ne, false),
        Code::f32_ne => (Code::f32_eq, false),
        Code::f64_eq => (Code::f64_ne, false),
        Code::f64_ne => (Code::f64_eq, false),
        _ => return None,
    };
    let (b, c) = (word >> 16 & 0xFF, word >> 24);
    let (b, c) = if swapped { (c, b) } else { (b, c) };
    Some(code as u32 | word & 0xFF00 | b << 16 | c << 24)
}

/// The branch that is taken if a comparison is true.
fn branch_code(comparison: Code) -> Option<Code> {
    Some(match comparison {
        Code::i32_eq => Code::jump_i32_eq,
        Code::i32_ne => Code::jump_i32_ne,
        Code::i32_lt_s => Code::jump_i32_lt_s,
        Code::i32_lt_u => Code::jump_i32_lt_u,
        Code::i32_le_s => Code::jump_i32_le_s,
        Code::i32_le_u => Code::jump_i32_le_u,
        Code::i32_eq_i => Code::jump_i32_eq_i,
        Code::i32_ne_i => Code::jump_i32_ne_i,
        Code::i32_lt_s_i => Code::jump_i32_lt_s_i,
        Code::i32_lt_u_i => Code::jump_i32_lt_u_i,
        Code::i32_ge_s_i => Code::jump_i32_ge_s_i,
        Code::i32_ge_u_i => Code::jump_i32_ge_u_i,
        _ => return None,
    })
}

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
        let word = *self.words.get(last.at)?;
        (operand == Operand::Temp(last.result)).then_some((last.at, word))
    }

    pub(super) fn encode_jump(&mut self, label: &mut Label) -> Result<(), ErrorKind> {
        let at = self.words.len();
        self.words(&[Code::jump as u32])?;
        self.refer(at, label)
    }

    pub(super) fn encode_jump_if(
        &mut self,
        when: When,
        condition: Operand,
        label: &mut Label,
    ) -> Result<(), ErrorKind> {
        let cell = match condition {
            Operand::Const(value) => {
                let taken = (value as u32 != 0) == (when == When::NotZero);
                return if taken { self.encode_jump(label) } else { Ok(()) };
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
            self.words(&[Code::jump_i32_add_if as u32 | cell << 8 | number << 16, 0])?;
            return self.refer(at, label);
        }
        self.jump_if_cell(when == When::NotZero, cell, label)
    }

    /// Replaces the comparison at `at`, of `a` and `b`, by the branch that compares.
    fn jump_compare(
        &mut self,
        mut at: usize,
        code: Code,
        a: u32,
        b: u32,
        label: &mut Label,
    ) -> Result<(), ErrorKind> {
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
        self.words(&[word, 0])?;
        self.refer(at, label)
    }

    fn jump_if_cell(&mut self, when: bool, cell: u32, label: &mut Label) -> Result<(), ErrorKind> {
        let at = self.words.len();
        if self.far || cell > 0xFF {
            self.words(&[Code::jump_if_far as u32 | u32::from(when) << 8 | cell << 16, 0])?;
        } else {
            let code = if when { Code::jump_if } else { Code::jump_unless };
            self.words(&[code as u32 | cell << 8])?;
        }
        self.refer(at, label)
    }

    pub(super) fn encode_jump_table(&mut self, index: u32, targets: u32) -> Result<(), ErrorKind> {
        if index <= 0xFF && targets <= 0xFFFF {
            self.words(&[Code::jump_table as u32 | index << 8 | targets << 16])
        } else {
            self.words(&[Code::jump_table_far as u32 | index << 16, targets])
        }
    }

    /// The label is here: all branches to it that were told before learn it.
    pub(super) fn bind_label(&mut self, label: &mut Label) -> Result<(), ErrorKind> {
        let here = self.words.len();
        while let Some(at) = label.place.checked_sub(1) {
            let distance = self.link(at);
            self.set_offset(at, here)?;
            label.place = if distance == 0 { 0 } else { label.place.saturating_sub(distance) };
        }
        *label = Label { place: here, bound: true };
        self.last = None;
        self.before = None;
        Ok(())
    }

    /// The branch at `at` goes to the label.
    fn refer(&mut self, at: usize, label: &mut Label) -> Result<(), ErrorKind> {
        if label.bound {
            return self.set_offset(at, label.place);
        }
        let distance = match label.place {
            0 => 0,
            before => at + 1 - before,
        };
        label.place = at + 1;
        let bits = self.offset_bits(at);
        if bits < 32 && distance >> bits != 0 {
            return Err(ErrorKind::FunctionTooLarge);
        }
        self.set_field(at, distance as u32);
        Ok(())
    }

    fn set_offset(&mut self, at: usize, to: usize) -> Result<(), ErrorKind> {
        let bits = self.offset_bits(at);
        let end = at + if bits == 32 { 2 } else { 1 };
        let offset = to as i64 - end as i64;
        let limit = 1i64 << (bits - 1);
        if offset < -limit || offset >= limit {
            return Err(ErrorKind::FunctionTooLarge);
        }
        self.set_field(at, offset as u32);
        Ok(())
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
            let kept = if bits == 32 { 0 } else { *word & (1 << (32 - bits)) - 1 };
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
