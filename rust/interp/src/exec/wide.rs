//! Instructions with cells that a byte cannot name.
//!
//! Only functions with more than 256 cells have them. The ordinary instruction is copied out, with the source cells, into
//! a small frame, and carried out there by a nested run of the dispatcher; then its result is copied back. So no
//! handler needs a wide form. Never a branch, a call or anything else that leaves the instruction.

use super::dispatch::run;
use super::{Ctx, Frame, Pc, State, Step};
use crate::isa::{Code, Wide};

/// Bytes of the longest instruction that names cells and no places in the code.
const LONGEST: usize = Code::const2_ww.bytes();

#[inline(always)]
pub(super) fn wide(s: State) -> Step {
    match nested(s.pc, s.fp, s.ctx) {
        0 => State { len: s.len + s.b(), ..s }.anew(),
        code => Step::Failed(code),
    }
}

/// Out of line, because it needs memory of its own, which a handler that ends in a jump cannot have.
#[inline(never)]
fn nested(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
    let (shape, len) = (usize::from(pc.byte(1)), usize::from(pc.byte(2)));
    let cell = |i: usize| usize::from(pc.half(3 + 2 * i));
    let size = |i: usize| shape >> (2 * i) & 3;

    let mut cells = [0; 8];
    let small = Frame::copied(&mut cells);
    for i in 1..4 {
        copy(small, usize::from(Wide::CELLS[i]), fp, cell(i), size(i));
    }
    let mut code = [Code::exit as u8; LONGEST + 1];
    for (i, byte) in code.iter_mut().take(len.min(LONGEST)).enumerate() {
        *byte = pc.byte(Code::wide.bytes() + i);
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
