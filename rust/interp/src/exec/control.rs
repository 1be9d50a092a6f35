//! Branches, traps and fuel.

use super::dispatch::TAIL_CALLS;
use super::integer::handlers;
use super::{Pc, Slow, State, Step, Value};
use crate::isa::FUEL;
use wasmote_core::Trap;

/// Branches by an offset that counts from `place`. Going backwards polls the interrupt word; where to poll takes no longer than
/// to find that out, forwards too.
#[inline(always)]
fn branch(s: State, place: Pc, offset: isize) -> Step {
    if (TAIL_CALLS || offset < 0) && s.ctx.interrupted() {
        return Step::Trap(Trap::Interrupted);
    }
    Step::jump(place.offset(offset), s.fp, s.ctx)
}

/// Branches by the offset of 16 bits at `place`.
#[inline(always)]
fn near(s: State, place: Pc) -> Step {
    branch(s, place, place.half(0) as i16 as isize)
}

/// Branches by the offset of 32 bits at `place`.
#[inline(always)]
fn far(s: State, place: Pc) -> Step {
    branch(s, place, place.word(0) as i32 as isize)
}

/// Branches if the condition holds; otherwise takes the fuel of what follows.
#[inline(always)]
fn branch_if(s: State, taken: bool) -> Step {
    if taken { near(s, s.pc.skip(s.len - usize::from(FUEL) - 2)) } else { untaken(s) }
}

#[inline(always)]
fn untaken(s: State) -> Step {
    if FUEL { charge(s, s.pc.skip(s.len - 1)) } else { s.next() }
}

#[inline(always)]
fn cells<T: Value>(s: State, f: impl FnOnce(&T, &T) -> bool) -> Step {
    branch_if(s, f(&s.get(s.a()), &s.get(s.b())))
}

/// The second operand is a signed number of 16 bits.
#[inline(always)]
fn number<T: Value>(s: State, f: impl FnOnce(&T, &T) -> bool, extend: impl FnOnce(i32) -> T) -> Step {
    branch_if(s, f(&s.get(s.a()), &extend(s.signed_half())))
}

/// Adds the second byte to a cell, and branches if `f` holds of the sum.
#[inline(always)]
fn add(s: State, f: impl FnOnce(u32) -> bool) -> Step {
    let sum = s.get::<u32>(s.a()).wrapping_add(s.signed_b() as u32);
    s.set(s.a(), sum);
    branch_if(s, f(sum))
}

#[inline(always)]
fn truth(s: State, when: bool) -> Step {
    branch_if(s, s.get::<bool>(s.a()) == when)
}

/// The place of a target behind a table, each of which has so many bytes.
#[inline(always)]
fn target(s: State, cell: usize, last: u32, bytes: usize) -> Pc {
    let index: u32 = s.get(cell);
    s.behind().skip(index.min(last) as usize * bytes)
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
    add(s, |sum| sum != s.get(s.c()))
}

#[inline(always)]
pub(super) fn jump(s: State) -> Step {
    near(s, s.pc.skip(1))
}

#[inline(always)]
pub(super) fn jump_far(s: State) -> Step {
    far(s, s.pc.skip(1))
}

#[inline(always)]
pub(super) fn jump_if_far(s: State) -> Step {
    if s.get::<bool>(s.half()) == (s.a() != 0) { far(s, s.pc.skip(4)) } else { untaken(s) }
}

#[inline(always)]
pub(super) fn jump_table(s: State) -> Step {
    near(s, target(s, s.a(), s.half() as u32, 2))
}

#[inline(always)]
pub(super) fn jump_table_far(s: State) -> Step {
    far(s, target(s, s.pc.half(1).into(), s.last_word(), 4))
}

#[inline(always)]
pub(super) fn trap(s: State) -> Step {
    Step::Failed(s.a() as u32)
}

#[inline(always)]
pub(super) fn fuel(s: State) -> Step {
    charge(s, s.pc.skip(1))
}

/// Takes the units that are at `place`.
#[inline(always)]
fn charge(s: State, place: Pc) -> Step {
    let units = place.byte(0).into();
    let paid = if TAIL_CALLS { s.ctx.charge_low(units) } else { s.ctx.charge(units) };
    if paid { s.next() } else { Step::Slow(Slow::Fuel(place)) }
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
