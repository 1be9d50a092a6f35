//! Instructions with cells that a byte cannot name.
//!
//! Only functions with more than 256 cells have them. The ordinary instruction is copied out, with the source cells, into
//! a small frame, and carried out there by a nested run of the dispatcher; then its result is copied back. So no
//! handler needs a wide form. Never a branch, a call or anything else that leaves the instruction.

use super::dispatch::run;
use super::place::Place;
use super::{Ctx, Frame, Memory, Pass, Pc, State, Step};
use crate::isa::{Code, Wide};

#[inline(always)]
pub(super) fn wide(s: State) -> Step {
    let code = nested(s.place, s.fp, s.ctx);
    // Shape, cells and instruction.
    let more = 2 + s.b();
    if code == 0 { s.anew(more) } else { Step::Failed(code) }
}

/// Out of line, because it needs memory of its own, which a handler that ends in a jump cannot have.
#[inline(never)]
fn nested(place: Place, fp: Frame, ctx: Ctx) -> u32 {
    let s = State { place, fp, ctx, memory: Memory::of(ctx), pass: Pass::NOTHING };
    let (shape, words) = (s.a(), s.b());
    let named = [s.word(0), s.word(1)];
    let cell = |i: usize| (named[i / 2] >> (16 * (i % 2)) & 0xFFFF) as usize;
    let size = |i: usize| shape >> (2 * i) & 3;

    let mut cells = [0; 8];
    let small = Frame::copied(&mut cells);
    for i in 1..4 {
        copy(small, usize::from(Wide::CELLS[i]), fp, cell(i), size(i));
    }
    let mut code = [Code::exit as u32; 4];
    for (i, word) in code.iter_mut().take(words.min(3)).enumerate() {
        *word = s.word(2 + i);
    }
    let result = run(Pc::copied(&code), small, ctx);
    if result != 0 {
        // It happened here, not in the copy.
        ctx.pop();
        return result;
    }
    copy(fp, cell(0), small, usize::from(Wide::CELLS[0]), size(0));
    0
}

fn copy(to: Frame, at: usize, from: Frame, from_at: usize, size: usize) {
    match size {
        0 => {}
        1 => to.set32(at, from.get32(from_at)),
        _ => to.set64(at, from.get64(from_at)),
    }
}
