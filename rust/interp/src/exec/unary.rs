//! All operators with one operand, for those that are not worth an instruction of their own.

use super::{Ctx, Frame, Memory, Pc, State, Step};
use crate::isa::Code;
use wasmote_core::numeric::{self, Left};
use wasmote_core::{Trap, UnaryOp};

#[inline(always)]
pub(super) fn unary(s: State) -> Step {
    let code = apply(s.pc, s.fp, s.ctx);
    if code == 0 { s.anew() } else { Step::Failed(code) }
}

/// Out of line, and with a handler's arguments, so that the handler itself can end in a jump.
#[inline(never)]
fn apply(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
    let s = State::at(pc, Code::unary.bytes(), fp, ctx, Memory::of(ctx));
    let Some(op) = UnaryOp::from_number(s.c()) else { return Trap::Unreachable as u32 };
    let (ty, result) = op.types();
    let bits = if ty.cells() == 2 { s.get(s.b()) } else { s.get::<u32>(s.b()).into() };
    match numeric::unary(op, bits, Left::ByInterpreter) {
        Ok(bits) if result.cells() == 2 => s.set(s.a(), bits),
        Ok(bits) => s.set(s.a(), bits as u32),
        Err(trap) => return trap as u32,
    }
    0
}
