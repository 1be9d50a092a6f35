//! Branches, traps and fuel.

use super::dispatch::TAIL_CALLS;
use super::integer::handlers;
use super::{Slow, State, Step, Value};
use crate::isa::Code;
use wasmote_core::Trap;

/// Branches by `offset` bytes. Going backwards polls the interrupt word; where to poll takes no longer than to find that out,
/// forwards too.
#[inline(always)]
fn branch(s: State, offset: isize) -> Step {
    if (TAIL_CALLS || offset <= 0) && s.ctx.interrupted() {
        return Step::Trap(Trap::Interrupted);
    }
    Step::jump(s.pc.offset(offset), s.fp, s.ctx)
}

/// Branches if the condition holds.
#[inline(always)]
fn branch_if(s: State, taken: bool) -> Step {
    if taken { unconditional(s) } else { s.next() }
}

#[inline(always)]
fn unconditional(s: State) -> Step {
    branch(s, s.last_half() as i16 as isize)
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

/// The entry of the table that follows: each is such a branch.
#[inline(always)]
fn entry(s: State, cell: usize, count: u32, branch: Code) -> State {
    let index: u32 = s.get(cell);
    let index = index.min(count - 1) as usize;
    State { pc: s.behind().skip(index * branch.bytes()), len: branch.bytes(), ..s }
}

handlers! {
    jump = unconditional();
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
pub(super) fn jump_far(s: State) -> Step {
    branch(s, s.last_word() as i32 as isize)
}

#[inline(always)]
pub(super) fn jump_if_far(s: State) -> Step {
    if s.get::<bool>(s.half()) == (s.a() != 0) { jump_far(s) } else { s.next() }
}

#[inline(always)]
pub(super) fn jump_table(s: State) -> Step {
    unconditional(entry(s, s.a(), s.half() as u32, Code::jump))
}

#[inline(always)]
pub(super) fn jump_table_far(s: State) -> Step {
    jump_far(entry(s, s.pc.half(1).into(), s.last_word(), Code::jump_far))
}

#[inline(always)]
pub(super) fn trap(s: State) -> Step {
    Step::Failed(s.a() as u32)
}

#[inline(always)]
pub(super) fn fuel(s: State) -> Step {
    if TAIL_CALLS {
        return if s.ctx.charge_low(s.a() as u32) { s.next() } else { Step::Slow(Slow::Fuel) };
    }
    charge(s)
}

/// Takes fuel, of which too much may have been taken from the lower half.
#[inline(always)]
#[allow(dead_code, reason = "the loop takes fuel at once")]
pub(super) fn fuel_slow(s: State) -> Step {
    s.ctx.give_back_low(s.a() as u32);
    charge(s)
}

#[inline(always)]
fn charge(s: State) -> Step {
    if s.ctx.charge(s.a() as u32) { s.next() } else { Step::Trap(Trap::OutOfFuel) }
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
