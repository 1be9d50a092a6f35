//! Branches and labels.
//!
//! The branches to a label that is not bound yet are a list that runs through their offsets: each leads to the offset told
//! before it, the first to itself.

use super::{Encoder, Last};
use crate::isa::{Code, FUEL};
use wasmote_core::ErrorKind;
use wasmote_frontend::{Known, Operand, When};

/// A place in the code that branches go to.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// The place, if it is bound; else the offset of the last branch that was told, 0 if there is none.
    place: usize,
    bound: bool,
}

impl Label {
    pub(super) const NEW: Label = Label { place: 0, bound: false };
}

/// How many bytes an offset has.
const NEAR: usize = 2;
const FAR: usize = 4;

/// The place of an instruction in a series of codes that begins with `first` and has `count` members.
pub(super) fn member(word: u32, first: Code, count: u8) -> Option<u8> {
    let index = (word as u8).wrapping_sub(first as u8);
    (index < count).then_some(index)
}

/// Series of pairs of opposites: the first, how many there are, and how many of them do not swap the operands. Not the orders of
/// floats: NaN is neither less nor not less.
static OPPOSITES: [(Code, u8, u8); 5] = [
    (Code::i32_eq, 6, 2),
    (Code::i32_eq_i, 6, 6),
    (Code::i64_eq, 6, 2),
    (Code::f32_eq, 2, 2),
    (Code::f64_eq, 2, 2),
];

/// The instruction that gives the opposite truth value, if there is one.
fn inverted(word: u32) -> Option<u32> {
    let (first, index, plain) = OPPOSITES
        .iter()
        .find_map(|&(first, count, plain)| Some((first, member(word, first, count)?, plain)))?;
    let code = u32::from(first as u8 + (index ^ 1));
    let (b, c) = (word >> 16 & 0xFF, word >> 24);
    let (b, c) = if index < plain { (b, c) } else { (c, b) };
    Some(code | word & 0xFF00 | b << 16 | c << 24)
}

/// The branch that is taken if a comparison is true.
fn branch_code(comparison: u32) -> Option<Code> {
    let index = member(comparison, Code::i32_eq, 12)?;
    Some(Code::of(Code::jump_i32_eq as u8 + index))
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
            && let Some(place) = self.code.get_mut(at..).and_then(<[u8]>::first_chunk_mut)
        {
            *place = word.to_le_bytes();
            self.last = self.last.map(|last| Last { word, ..last });
            return self.retarget(operand, dst);
        }
        false
    }

    /// The instruction just encoded, and its place, if its result is the temporary `operand`.
    fn result(&self, operand: Operand) -> Option<(usize, u32)> {
        let last = self.last?;
        (operand == Operand::Temp(last.result())).then_some((last.at(), last.word))
    }

    pub(super) fn encode_jump(&mut self, label: &mut Label) {
        self.instruction(if self.far { Code::jump_far } else { Code::jump } as u32, 1);
        self.target(label);
        self.ends()
    }

    /// What was just encoded goes elsewhere: nothing comes by here.
    pub(super) fn ends(&mut self) {
        self.ended = self.code.len();
    }

    /// Appends a branch that may be left untaken, with so many bytes of fields behind its offset.
    fn branch(&mut self, code: Code, fields: u32, bytes: usize, label: &mut Label) {
        self.instruction(code as u32, 1);
        self.target(label);
        self.further(fields, bytes);
        self.fuel_of_line()
    }

    /// Appends the fuel of a line.
    fn fuel_of_line(&mut self) {
        if FUEL {
            self.further(0, 1);
            self.line = self.code.len();
        }
    }

    /// The place that branches to here go to. What comes by takes the line's fuel by an instruction.
    fn line_begins(&mut self) -> usize {
        if FUEL && self.line != self.code.len() {
            if self.ended != self.code.len() {
                self.instruction(Code::fuel as u32, 1);
            }
            self.fuel_of_line();
        }
        // There is nothing before it if there was no memory for it.
        self.code.len().saturating_sub(FUEL.into())
    }

    /// Appends a branch's offset.
    pub(super) fn target(&mut self, label: &mut Label) {
        let at = self.code.len();
        self.further(0, if self.far { FAR } else { NEAR });
        let to = if label.bound {
            label.place
        } else {
            match core::mem::replace(&mut label.place, at) {
                0 => return,
                before => before,
            }
        };
        self.aim(at, to);
    }

    pub(super) fn encode_jump_if(&mut self, when: When, condition: Operand, label: &mut Label) {
        let cell = match condition {
            Operand::Const(Known(value)) => {
                let taken = (value as u32 != 0) == (when == When::NotZero);
                if taken {
                    self.encode_jump(label);
                    // What follows cannot be reached, but is told.
                    self.fuel_of_line();
                }
                return;
            }
            Operand::Local(cell) | Operand::Temp(cell) => cell,
        };
        // A comparison of which only this branch wants to know becomes one with it.
        if self.far {
            // Those have no form that reaches far.
        } else if let Some((at, word)) = self.result(condition)
            && let Some(word) = if when == When::Zero { inverted(word) } else { Some(word) }
            && let Some(code) = branch_code(word)
        {
            let (a, b) = (word >> 16 & 0xFF, word >> 24);
            return self.jump_compare(at, code, a, b, label);
        } else if when == When::NotZero
            && let Some((at, number)) = self.increment(self.last, cell)
        {
            self.take_back(at);
            return self.branch(Code::jump_i32_add_if, cell | number << 8, 2, label);
        }
        self.jump_if_cell(when == When::NotZero, cell, label)
    }

    /// Replaces the comparison at `at`, of `a` and `b`, by the branch that compares.
    fn jump_compare(&mut self, mut at: usize, code: Code, a: u32, b: u32, label: &mut Label) {
        let (code, fields, bytes) = match code {
            Code::jump_i32_eq_i | Code::jump_i32_ne_i if b == 0 => {
                self.take_back(at);
                return self.jump_if_cell(code == Code::jump_i32_ne_i, a, label);
            }
            Code::jump_i32_eq_i
            | Code::jump_i32_ne_i
            | Code::jump_i32_lt_s_i
            | Code::jump_i32_lt_u_i
            | Code::jump_i32_ge_s_i
            | Code::jump_i32_ge_u_i => (code, a | u32::from(b as i8 as u16) << 8, 3),
            _ => {
                if let Some((place, code, cell, value)) = self.take_constant(code, a, b) {
                    at = place;
                    (code, cell | u32::from(value as u16) << 8, 3)
                } else if code == Code::jump_i32_ne
                    && let Some((place, number)) = self.increment(self.before, a)
                {
                    at = place;
                    (Code::jump_i32_add_ne, a | number << 8 | b << 16, 3)
                } else if code == Code::jump_i32_ne
                    && let Some((place, number)) = self.increment(self.before, b)
                {
                    at = place;
                    (Code::jump_i32_add_ne, b | number << 8 | a << 16, 3)
                } else {
                    (code, a | b << 8, 2)
                }
            }
        };
        self.take_back(at);
        self.branch(code, fields, bytes, label)
    }

    fn jump_if_cell(&mut self, when: bool, cell: u32, label: &mut Label) {
        if self.far {
            return self.branch(Code::jump_if_far, u32::from(when) | cell << 8, 3, label);
        }
        if cell > 0xFF {
            return self.fail(ErrorKind::FunctionTooLarge);
        }
        let code = if when { Code::jump_if } else { Code::jump_unless };
        self.branch(code, cell, 1, label)
    }

    pub(super) fn encode_jump_table(&mut self, index: u32, targets: u32) {
        if self.far {
            self.instruction(Code::jump_table_far as u32 | index << 8, 3);
            self.word(targets - 1)
        } else if index <= 0xFF && targets <= 0xFFFF {
            self.instruction(Code::jump_table as u32 | index << 8 | (targets - 1) << 16, 4)
        } else {
            // Then with branches that reach far.
            self.fail(ErrorKind::FunctionTooLarge)
        }
    }

    /// The label is here: all branches to it that were told before learn it. If one of them goes past a `poll`, there must be
    /// one here.
    pub(super) fn bind_label(&mut self, label: &mut Label) {
        let here = self.line_begins();
        let mut first = here;
        // What was thrown away has no branches: whatever lies at their places must not be followed, for each label anew.
        while self.failed.is_none() && label.place != 0 {
            first = label.place;
            label.place = self.aim(first, here);
        }
        *label = Label { place: here, bound: true };
        self.last = None;
        self.before = None;
        if first < self.polled {
            self.poll();
        }
    }

    /// Lets the branch whose offset is at `at` go to a place. What it led to before, if that was another branch's offset, or else 0.
    /// An offset counts from the byte before it, where the instruction begins; in a table too.
    fn aim(&mut self, at: usize, to: usize) -> usize {
        // It is 0 if the memory is used up, and all code was thrown away.
        let begin = at.wrapping_sub(1);
        let offset = to.wrapping_sub(begin) as i32;
        let place = self.code.get_mut(at..).unwrap_or(&mut []);
        let held = if self.far {
            let Some(place) = place.first_chunk_mut() else { return 0 };
            i32::from_le_bytes(core::mem::replace(place, offset.to_le_bytes()))
        } else {
            let Some(place) = place.first_chunk_mut() else { return 0 };
            let held = i16::from_le_bytes(core::mem::replace(place, (offset as i16).to_le_bytes()));
            if i16::try_from(offset).is_err() {
                self.fail(ErrorKind::FunctionTooLarge);
            }
            held.into()
        };
        if held == 0 { 0 } else { begin.wrapping_add_signed(held as isize) }
    }
}
