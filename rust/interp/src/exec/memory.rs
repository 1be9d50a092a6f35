//! Loads, stores and globals.

use super::integer::handlers;
use super::{State, Step, Value};
use crate::isa::GlobalFar;
use wasmote_core::Trap;

/// An offset that is the last byte, in units of the access. Those of 64 bits have none: they are seldom far away, but often not
/// aligned.
#[inline(always)]
fn units<const N: usize>(s: State) -> u32 {
    (s.c() as u32) << if N == 8 { 0 } else { N.ilog2() }
}

#[inline(always)]
fn load<const N: usize, T: Value>(s: State, f: impl FnOnce([u8; N]) -> T) -> Step {
    match s.memory.load(s.ctx, s.get(s.b()), units::<N>(s)) {
        Some(bytes) => s.result(f(bytes)),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

/// The offset is the last word.
#[inline(always)]
fn load_far<const N: usize, T: Value>(s: State, f: impl FnOnce([u8; N]) -> T) -> Step {
    match s.memory.load(s.ctx, s.get(s.b()), s.last_word()) {
        Some(bytes) => s.result(f(bytes)),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

/// The address wraps, as that of any sum, before anything is loaded from it.
#[inline(always)]
fn load_from<const N: usize, T: Value>(s: State, address: u32, f: impl FnOnce([u8; N]) -> T) -> Step {
    match s.memory.load(s.ctx, address.wrapping_add(s.last_word()), 0) {
        Some(bytes) => s.result(f(bytes)),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

#[inline(always)]
fn load_at<const N: usize, T: Value>(s: State, f: impl FnOnce([u8; N]) -> T) -> Step {
    load_from(s, s.get::<u32>(s.b()).wrapping_shl(s.c() as u32), f)
}

#[inline(always)]
fn load_sum<const N: usize, T: Value>(s: State, f: impl FnOnce([u8; N]) -> T) -> Step {
    load_from(s, s.get::<u32>(s.b()).wrapping_add(s.get(s.c())), f)
}

/// The address is a number.
#[inline(always)]
fn load_abs<const N: usize, T: Value>(s: State, f: impl FnOnce([u8; N]) -> T) -> Step {
    match s.memory.load(s.ctx, s.half() as u32, 0) {
        Some(bytes) => s.result(f(bytes)),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

#[inline(always)]
fn store_abs<const N: usize>(s: State, f: impl FnOnce(u32) -> [u8; N]) -> Step {
    match s.memory.store(s.ctx, s.half() as u32, 0, f(s.get(s.a()))) {
        Some(()) => s.next(),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

#[inline(always)]
fn store<const N: usize, T: Value>(s: State, f: impl FnOnce(T) -> [u8; N]) -> Step {
    match s.memory.store(s.ctx, s.get(s.a()), units::<N>(s), f(s.get(s.b()))) {
        Some(()) => s.next(),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

#[inline(always)]
fn store_far<const N: usize, T: Value>(s: State, f: impl FnOnce(T) -> [u8; N]) -> Step {
    match s.memory.store(s.ctx, s.get(s.a()), s.last_word(), f(s.get(s.b()))) {
        Some(()) => s.next(),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

/// The value is the second byte, signed.
#[inline(always)]
fn store_const<const N: usize>(s: State, f: impl FnOnce(i32) -> [u8; N]) -> Step {
    match s.memory.store(s.ctx, s.get(s.a()), units::<N>(s), f(s.signed_b())) {
        Some(()) => s.next(),
        None => Step::Trap(Trap::MemoryOutOfBounds),
    }
}

fn byte([byte]: [u8; 1]) -> u32 {
    u32::from(byte)
}

fn half(bytes: [u8; 2]) -> u32 {
    u32::from(u16::from_le_bytes(bytes))
}

handlers! {
    i32_load = load(u32::from_le_bytes);
    i32_load8_s = load(|b| byte(b) as i8 as i32);
    i32_load8_u = load(byte);
    i32_load16_s = load(|b| half(b) as i16 as i32);
    i32_load16_u = load(half);
    i64_load = load(u64::from_le_bytes);
    i32_load_w = load_far(u32::from_le_bytes);
    i32_load8_s_w = load_far(|b| byte(b) as i8 as i32);
    i32_load8_u_w = load_far(byte);
    i32_load16_s_w = load_far(|b| half(b) as i16 as i32);
    i32_load16_u_w = load_far(half);
    i64_load_w = load_far(u64::from_le_bytes);
    i32_load_at = load_at(u32::from_le_bytes);
    i32_load8_u_at = load_at(byte);
    i32_load16_s_at = load_at(|b| half(b) as i16 as i32);
    i32_load16_u_at = load_at(half);
    i32_load_sum = load_sum(u32::from_le_bytes);
    i32_load16_s_sum = load_sum(|b| half(b) as i16 as i32);
    i32_load_abs = load_abs(u32::from_le_bytes);
    i32_load8_u_abs = load_abs(byte);
    i32_load16_u_abs = load_abs(half);
    i32_store_abs = store_abs(u32::to_le_bytes);
    i32_store8_abs = store_abs(|v| [v as u8]);
    i32_store16_abs = store_abs(|v| (v as u16).to_le_bytes());
    i32_store = store(u32::to_le_bytes);
    i32_store8 = store(|v: u32| [v as u8]);
    i32_store16 = store(|v: u32| (v as u16).to_le_bytes());
    i64_store = store(u64::to_le_bytes);
    i32_store_w = store_far(u32::to_le_bytes);
    i32_store8_w = store_far(|v: u32| [v as u8]);
    i32_store16_w = store_far(|v: u32| (v as u16).to_le_bytes());
    i64_store_w = store_far(u64::to_le_bytes);
    i32_store_i = store_const(i32::to_le_bytes);
    i32_store8_i = store_const(|v| [v as u8]);
    i32_store16_i = store_const(|v| (v as u16).to_le_bytes());
    i64_store_i = store_const(|v| i64::from(v).to_le_bytes());
}

#[inline(always)]
pub(super) fn global_get1(s: State) -> Step {
    s.result(s.ctx.globals().get32(s.b()))
}

#[inline(always)]
pub(super) fn global_get2(s: State) -> Step {
    s.result(s.ctx.globals().get64(s.b()))
}

#[inline(always)]
pub(super) fn global_set1(s: State) -> Step {
    s.ctx.globals().set32(s.b(), s.get(s.a()));
    s.next()
}

#[inline(always)]
pub(super) fn global_set2(s: State) -> Step {
    s.ctx.globals().set64(s.b(), s.get(s.a()));
    s.next()
}

/// All that is rare: imported globals, and those beyond 8 bits.
#[inline(always)]
pub(super) fn global_far(s: State) -> Step {
    let (kind, index) = (s.b() as u32, s.last_word() as usize);
    let (cells, index) = if kind & GlobalFar::IMPORT != 0 {
        (s.ctx.imported_global(index), 0)
    } else {
        (s.ctx.globals(), index)
    };
    let (to, at, from, from_at) =
        if kind & GlobalFar::SET != 0 { (cells, index, s.fp, s.a()) } else { (s.fp, s.a(), cells, index) };
    if kind & GlobalFar::TWO != 0 {
        to.set64(at, from.get64(from_at));
    } else {
        to.set32(at, from.get32(from_at));
    }
    s.next()
}
