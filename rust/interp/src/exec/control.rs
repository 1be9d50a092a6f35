//! Branches, traps and fuel.

use super::dispatch::TAIL_CALLS;
use super::integer::handlers;
use super::{Ctx, Frame, Pc, Slow, State, Step, Value};
use crate::isa::FUEL;
use wasmote_core::Trap;

/// Branches. Going backwards polls the interrupt word; where to poll takes no longer than to find that out, forwards too.
#[inline(always)]
fn branch(s: State, offset: isize) -> Step {
    if (TAIL_CALLS || offset <= 0) && s.ctx.interrupted() {
        return Step::Trap(Trap::Interrupted);
    }
    let to = s.pc.offset(offset);
    if FUEL { charge(s, to, Step::jump) } else { Step::jump(to, s.fp, s.ctx) }
}

/// Branches by an offset of 16 bits.
#[inline(always)]
pub(super) fn jump(s: State) -> Step {
    branch(s, s.pc.half(1) as i16 as isize)
}

/// Branches by an offset of 32 bits.
#[inline(always)]
pub(super) fn jump_far(s: State) -> Step {
    branch(s, s.pc.word(1) as i32 as isize)
}

/// Branches if the condition holds; otherwise takes the fuel of what follows.
#[inline(always)]
fn branch_if(s: State, taken: bool) -> Step {
    if taken { jump(s) } else { untaken(s) }
}

#[inline(always)]
fn untaken(s: State) -> Step {
    if FUEL { charge(s, s.pc.skip(s.len - 1), Step::Next) } else { s.next() }
}

#[inline(always)]
fn cells<T: Value>(s: State, f: impl FnOnce(&T, &T) -> bool) -> Step {
    branch_if(s, f(&s.get(s.c()), &s.get(s.d())))
}

/// The second operand is a signed number of 16 bits.
#[inline(always)]
fn number<T: Value>(s: State, f: impl FnOnce(&T, &T) -> bool, extend: impl FnOnce(i32) -> T) -> Step {
    branch_if(s, f(&s.get(s.c()), &extend(s.pc.half(4) as i16 as i32)))
}

/// Adds a byte to a cell, and branches if `f` holds of the sum.
#[inline(always)]
fn add(s: State, f: impl FnOnce(u32) -> bool) -> Step {
    let sum = s.get::<u32>(s.c()).wrapping_add(s.pc.byte(4) as i8 as u32);
    s.set(s.c(), sum);
    branch_if(s, f(sum))
}

#[inline(always)]
fn truth(s: State, when: bool) -> Step {
    branch_if(s, s.get::<bool>(s.c()) == when)
}

/// Where a target, of which each has so many bytes, would be the first field.
#[inline(always)]
fn target(s: State, cell: usize, last: u32, bytes: usize) -> State {
    let index: u32 = s.get(cell);
    State { pc: s.pc.skip(s.len - 1 + index.min(last) as usize * bytes), ..s }
}

handlers! {
    jump_if = truth(true);
    jump_unless = truth(false);
    jump_i32_eq = cells(u32::eq);
    jump_i32_ne = cells(u32::ne);
    jump_i32_lt_s = cells(i32::lt);
    jump_i32_lt_u = cells(u32::lt);
    jump_i32_le_s = cells(i32::le);
    jump_i32_le_u = cells(u32::le);
    jump_i32_eq_i = number(i32::eq, |i| i);
    jump_i32_ne_i = number(i32::ne, |i| i);
    jump_i32_lt_s_i = number(i32::lt, |i| i);
    jump_i32_lt_u_i = number(u32::lt, |i| i as u32);
    jump_i32_ge_s_i = number(i32::ge, |i| i);
    jump_i32_ge_u_i = number(u32::ge, |i| i as u32);
    jump_i32_add_if = add(|sum| sum != 0);
}

#[inline(always)]
pub(super) fn jump_i32_add_ne(s: State) -> Step {
    add(s, |sum| sum != s.get(s.pc.byte(5).into()))
}

#[inline(always)]
pub(super) fn jump_if_far(s: State) -> Step {
    if s.get::<bool>(s.pc.half(6).into()) == (s.pc.byte(5) != 0) { jump_far(s) } else { untaken(s) }
}

#[inline(always)]
pub(super) fn jump_table(s: State) -> Step {
    jump(target(s, s.a(), s.half() as u32, 2))
}

#[inline(always)]
pub(super) fn jump_table_far(s: State) -> Step {
    jump_far(target(s, s.pc.half(1).into(), s.last_word(), 4))
}

#[inline(always)]
pub(super) fn trap(s: State) -> Step {
    Step::Failed(s.a() as u32)
}

#[inline(always)]
pub(super) fn fuel(s: State) -> Step {
    charge(s, s.pc.skip(1), Step::Next)
}

/// Takes the units that are at `place`, and goes on behind.
#[inline(always)]
fn charge(s: State, place: Pc, step: impl FnOnce(Pc, Frame, Ctx) -> Step) -> Step {
    let units = place.byte(0).into();
    let paid = if TAIL_CALLS { s.ctx.charge_low(units) } else { s.ctx.charge(units) };
    if paid { step(place.skip(1), s.fp, s.ctx) } else { Step::Slow(Slow::Fuel(place)) }
}

/// Takes the units that are here, of which too much may have been taken from the lower half.
#[inline(always)]
#[allow(dead_code, reason = "the loop takes fuel at once")]
pub(super) fn fuel_slow(s: State) -> Step {
    let units = s.pc.byte(0).into();
    s.ctx.give_back_low(units);
    if s.ctx.charge(units) { s.next() } else { Step::Trap(Trap::OutOfFuel) }
}

#[inline(always)]
pub(super) fn poll(s: State) -> Step {
    if s.ctx.interrupted() { Step::Trap(Trap::Interrupted) } else { s.next() }
}

/// The outermost frame has returned, or the copy of a `wide` instruction is done.
#[inline(always)]
pub(super) fn exit(_: State) -> Step {
    Step::Exit
}
