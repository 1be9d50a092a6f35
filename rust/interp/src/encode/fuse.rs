//! Instructions that do what two or three that were just encoded do.
//!
//! What was encoded is taken back only if it wrote a temporary (or a constant's cell) that nobody but the present operator
//! reads, and if no label was bound since.

use super::branch::member;
use super::{Encoder, Last};
use crate::isa::Code;
use wasmote_core::LoadOp;
use wasmote_frontend::{Cell, Operand};

/// How a load finds its address.
pub(super) enum Address {
    /// A cell, shifted left, plus a number.
    Scaled(Cell, u8, u32),
    /// Two cells and a number.
    Sum(Cell, Cell, u32),
}

/// Whether the instruction that begins with the word is this one.
fn is(word: u32, code: Code) -> bool {
    word as u8 == code as u8
}

/// Second and third field.
fn fields(word: u32) -> (u32, u32) {
    (word >> 16 & 0xFF, word >> 24)
}

impl Encoder {
    /// The instruction and its place, if its result is in a cell that only one operator reads.
    fn single_use(&self, instruction: Option<Last>, cell: Cell) -> Option<(usize, u32)> {
        let last = instruction?;
        (last.result() == cell && cell >= self.local_cells).then_some((last.at(), last.word))
    }

    /// Takes back the instructions that made the address of a load, if there is one that does their work as well.
    pub(super) fn take_address(&mut self, address: Operand) -> Option<(usize, Address)> {
        let Operand::Temp(cell) = address else { return None };
        let (at, word) = self.single_use(self.last, cell)?;
        let (a, b) = fields(word);
        if is(word, Code::i32_add) {
            return Some((at, Address::Sum(a, b, 0)));
        }
        let base = if is(word, Code::i32_add_i) {
            b as i8 as u32
        } else if is(word, Code::i32_add_h) {
            i16::from_le_bytes(*self.code.last_chunk()?) as u32
        } else if is(word, Code::i32_add_w) {
            u32::from_le_bytes(*self.code.last_chunk()?)
        } else {
            return None;
        };
        if let Some((at, word)) = self.single_use(self.before, a) {
            let (a, b) = fields(word);
            if is(word, Code::i32_shl_i) {
                return Some((at, Address::Scaled(a, b as u8, base)));
            }
            if is(word, Code::i32_add) {
                return Some((at, Address::Sum(a, b, base)));
            }
        }
        Some((at, Address::Scaled(a, 0, base)))
    }

    /// The load that makes its address itself.
    pub(super) fn load_from(op: LoadOp, address: &Address) -> Option<Code> {
        Some(match (op, address) {
            (LoadOp::I32Load | LoadOp::F32Load, Address::Scaled(..)) => Code::i32_load_at,
            (LoadOp::I32Load8U, Address::Scaled(..)) => Code::i32_load8_u_at,
            (LoadOp::I32Load16S, Address::Scaled(..)) => Code::i32_load16_s_at,
            (LoadOp::I32Load16U, Address::Scaled(..)) => Code::i32_load16_u_at,
            (LoadOp::I32Load | LoadOp::F32Load, Address::Sum(..)) => Code::i32_load_sum,
            (LoadOp::I32Load16S, Address::Sum(..)) => Code::i32_load16_s_sum,
            _ => return None,
        })
    }

    /// `x << n >> n`, as compilers write a sign extension without the operator for it: takes the first shift back.
    pub(super) fn take_sign_extension(&mut self, operand: Operand, shift: u64) -> Option<(Code, Cell)> {
        let code = match shift {
            16 => Code::i32_extend16_s,
            24 => Code::i32_extend8_s,
            _ => return None,
        };
        let Operand::Temp(cell) = operand else { return None };
        let (at, word) = self.single_use(self.last, cell)?;
        let (a, by) = fields(word);
        if !is(word, Code::i32_shl_i) || u64::from(by) != shift {
            return None;
        }
        self.take_back(at);
        Some((code, a))
    }

    /// A comparison of cells `a` and `b` that a branch asks for, with one of them a constant just put there: takes that
    /// back too. The branch with the number in it, its cell and the number, and where it goes.
    pub(super) fn take_constant(&self, compare: Code, a: u32, b: u32) -> Option<(usize, Code, u32, i16)> {
        let constant = |cell| {
            let (at, word) = self.single_use(self.before, cell)?;
            if is(word, Code::const1) {
                return Some((at, i16::from((word >> 16) as i8)));
            }
            is(word, Code::const1_h).then_some((at, (word >> 16) as i16))
        };
        let index = member(compare as u32, Code::jump_i32_eq, 6)?;
        // Whether the number comes first: then it is asked what is greater.
        let (at, value, cell, first) = match constant(b) {
            Some((at, value)) => (at, value, a, 0),
            None => constant(a).map(|(at, value)| (at, value, b, 1))?,
        };
        let (index, value) = if index < 2 {
            (index, value)
        } else if index & 1 == first {
            (index & !1 | first, value)
        } else if index >= 4 && value == -1 {
            return None;
        } else {
            // `a <= n` is `a < n + 1`, and `n < b` is `b >= n + 1`.
            (index & !1 | first, value.checked_add(1)?)
        };
        Some((at, Code::of(Code::jump_i32_eq_i as u8 + index), cell, value))
    }

    /// `cell += number`, just encoded: its place and the number's byte.
    pub(super) fn increment(&self, instruction: Option<Last>, cell: Cell) -> Option<(usize, u32)> {
        let last = instruction?;
        let (a, number) = fields(last.word);
        (is(last.word, Code::i32_add_i) && last.result() == cell && a == cell).then_some((last.at(), number))
    }
}
