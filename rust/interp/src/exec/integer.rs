//! Integer operators, constants and copies.

use super::{State, Step, Value};
use wasmote_core::numeric::{div, divide};
use wasmote_core::{BinaryOp, Trap};

/// An integer that an immediate can stand for.
trait Integer: Value {
    fn extend(immediate: i32) -> Self;
}

impl Integer for u32 {
    #[inline(always)]
    fn extend(immediate: i32) -> u32 {
        immediate as u32
    }
}

impl Integer for i32 {
    #[inline(always)]
    fn extend(immediate: i32) -> i32 {
        immediate
    }
}

impl Integer for u64 {
    #[inline(always)]
    fn extend(immediate: i32) -> u64 {
        i64::from(immediate) as u64
    }
}

impl Integer for i64 {
    #[inline(always)]
    fn extend(immediate: i32) -> i64 {
        i64::from(immediate)
    }
}

#[inline(always)]
pub(super) fn unary<A: Value, R: Value>(s: State, f: impl FnOnce(A) -> R) -> Step {
    s.result(f(s.get(s.b())))
}

#[inline(always)]
pub(super) fn binary<A: Value, R: Value>(s: State, f: impl FnOnce(A, A) -> R) -> Step {
    s.result(f(s.get(s.b()), s.get(s.c())))
}

#[inline(always)]
fn byte<A: Integer, R: Value>(s: State, f: impl FnOnce(A, A) -> R) -> Step {
    s.result(f(s.get(s.b()), A::extend(s.signed_c())))
}

#[inline(always)]
fn half(s: State, f: impl FnOnce(u32, u32) -> u32) -> Step {
    s.result(f(s.get(s.b()), s.last_half() as i16 as u32))
}

#[inline(always)]
fn word<A: Value + From<u32>>(s: State, f: impl FnOnce(A, A) -> A) -> Step {
    s.result(f(s.get(s.b()), s.last_word().into()))
}

#[inline(always)]
fn division<A: Value>(s: State, f: impl FnOnce(A, A) -> Result<A, Trap>) -> Step {
    match f(s.get(s.b()), s.get(s.c())) {
        Ok(value) => s.result(value),
        Err(trap) => Step::Trap(trap),
    }
}

/// Handlers: `name = shape(function)`.
macro_rules! handlers {
    ($( $name:ident = $shape:ident($($f:expr),*); )*) => { $(
        #[inline(always)]
        pub(in crate::exec) fn $name(s: State) -> Step {
            $shape(s, $($f),*)
        }
    )* };
}
pub(super) use handlers;

handlers! {
    i32_add = binary(u32::wrapping_add);
    i32_sub = binary(u32::wrapping_sub);
    i32_mul = binary(u32::wrapping_mul);
    i32_div_s = division(|a: i32, b: i32| div(a, b, i32::checked_div));
    i32_div_u = division(|a: u32, b: u32| div(a, b, u32::checked_div));
    i32_rem_s = division(|a: i32, b: i32| div(a, b, |a, b| Some(a.wrapping_rem(b))));
    i32_rem_u = division(|a: u32, b: u32| div(a, b, u32::checked_rem));
    i32_and = binary(|a: u32, b: u32| a & b);
    i32_or = binary(|a: u32, b: u32| a | b);
    i32_xor = binary(|a: u32, b: u32| a ^ b);
    i32_shl = binary(u32::wrapping_shl);
    i32_shr_s = binary(|a: i32, b: i32| a.wrapping_shr(b as u32));
    i32_shr_u = binary(u32::wrapping_shr);
    i32_rotl = binary(|a: u32, b: u32| a.rotate_left(b & 31));
    i32_rotr = binary(|a: u32, b: u32| a.rotate_right(b & 31));
    i32_add_i = byte(u32::wrapping_add);
    i32_add_8i = byte(|a: u32, b: u32| a.wrapping_add(b << 3));
    i32_mul_i = byte(u32::wrapping_mul);
    i32_and_i = byte(|a: u32, b: u32| a & b);
    i32_or_i = byte(|a: u32, b: u32| a | b);
    i32_xor_i = byte(|a: u32, b: u32| a ^ b);
    i32_shl_i = byte(u32::wrapping_shl);
    i32_shr_s_i = byte(|a: i32, b: i32| a.wrapping_shr(b as u32));
    i32_shr_u_i = byte(u32::wrapping_shr);
    i32_rotr_i = byte(|a: u32, b: u32| a.rotate_right(b & 31));
    i32_mask = byte(|a: u32, n: u32| a & u32::MAX >> (n & 31));
    i32_add_h = half(u32::wrapping_add);
    i32_add_w = word(u32::wrapping_add);
    i32_mul_w = word(u32::wrapping_mul);
    i32_and_w = word(|a: u32, b| a & b);
    i32_or_w = word(|a: u32, b| a | b);
    i32_xor_w = word(|a: u32, b| a ^ b);
    i32_eq = binary(|a: u32, b: u32| a == b);
    i32_ne = binary(|a: u32, b: u32| a != b);
    i32_lt_s = binary(|a: i32, b: i32| a < b);
    i32_lt_u = binary(|a: u32, b: u32| a < b);
    i32_le_s = binary(|a: i32, b: i32| a <= b);
    i32_le_u = binary(|a: u32, b: u32| a <= b);
    i32_eq_i = byte(|a: u32, b: u32| a == b);
    i32_ne_i = byte(|a: u32, b: u32| a != b);
    i32_lt_s_i = byte(|a: i32, b: i32| a < b);
    i32_lt_u_i = byte(|a: u32, b: u32| a < b);
    i32_ge_s_i = byte(|a: i32, b: i32| a >= b);
    i32_ge_u_i = byte(|a: u32, b: u32| a >= b);

    i64_add = binary(u64::wrapping_add);
    i64_sub = binary(u64::wrapping_sub);
    i64_mul = binary(u64::wrapping_mul);
    i64_div_s = division(|a, b| divide(BinaryOp::I64DivS, a, b));
    i64_div_u = division(|a, b| divide(BinaryOp::I64DivU, a, b));
    i64_rem_s = division(|a, b| divide(BinaryOp::I64RemS, a, b));
    i64_rem_u = division(|a, b| divide(BinaryOp::I64RemU, a, b));
    i64_and = binary(|a: u64, b: u64| a & b);
    i64_or = binary(|a: u64, b: u64| a | b);
    i64_xor = binary(|a: u64, b: u64| a ^ b);
    i64_shl = binary(|a: u64, b: u64| a.wrapping_shl(b as u32));
    i64_shr_s = binary(|a: i64, b: i64| a.wrapping_shr(b as u32));
    i64_shr_u = binary(|a: u64, b: u64| a.wrapping_shr(b as u32));
    i64_rotl = binary(|a: u64, b: u64| rotate(a, b as u32));
    i64_rotr = binary(|a: u64, b: u64| rotate(a, (b as u32).wrapping_neg()));
    i64_add_i = byte(u64::wrapping_add);
    i64_and_i = byte(|a: u64, b: u64| a & b);
    i64_and_w = word(|a: u64, b| a & b);
    i64_mask = byte(|a: u64, n: u64| a & u64::MAX >> (n & 63));
    i64_shl_i = byte(|a: u64, b: u64| a.wrapping_shl(b as u32));
    i64_shr_s_i = byte(|a: i64, b: i64| a.wrapping_shr(b as u32));
    i64_shr_u_i = byte(|a: u64, b: u64| a.wrapping_shr(b as u32));
    i64_eq = binary(|a: u64, b: u64| a == b);
    i64_ne = binary(|a: u64, b: u64| a != b);
    i64_lt_s = binary(|a: i64, b: i64| a < b);
    i64_lt_u = binary(|a: u64, b: u64| a < b);
    i64_le_s = binary(|a: i64, b: i64| a <= b);
    i64_le_u = binary(|a: u64, b: u64| a <= b);

    i32_clz = unary(u32::leading_zeros);
    i32_ctz = unary(u32::trailing_zeros);
    i32_extend8_s = unary(|a: u32| i32::from(a as i8));
    i32_extend16_s = unary(|a: u32| i32::from(a as i16));
    i64_eqz = unary(|a: u64| a == 0);
    i64_extend_i32_s = unary(|a: i32| i64::from(a));
    i64_extend_i32_u = unary(|a: u32| u64::from(a));

    copy1 = unary(|a: u32| a);
    copy2 = unary(|a: u64| a);
    copy1_far = copy_far(0u32);
    copy2_far = copy_far(0u64);
    const1 = with(|s| { s.result(s.signed_b()) });
    const1_h = with(|s| { s.result(s.signed_half()) });
    const1_w = with(|s| { s.result(s.last_word()) });
    const2 = with(|s| { s.result(i64::from(s.signed_half())) });
    const2_w = with(|s| { s.result(i64::from(s.last_word() as i32)) });
    const2_ww = with(|s| { s.result(u64::from(s.pc.word(2)) | u64::from(s.last_word()) << 32) });
    zero = with(|s| { s.fp.zero(s.a(), s.b()); s.next() });
    zero_far = with(|s| { s.fp.zero(s.pc.half(1).into(), s.last_word() as usize); s.next() });
    select1 = select(0u32);
    select2 = select(0u64);
}

#[inline(always)]
fn with(s: State, f: impl FnOnce(State) -> Step) -> Step {
    f(s)
}

#[inline(always)]
fn copy_far<T: Value>(s: State, _: T) -> Step {
    s.set(s.pc.half(1).into(), s.get::<T>(s.last_half().into()));
    s.next()
}

#[inline(always)]
fn select<T: Value>(s: State, _: T) -> Step {
    let condition: bool = s.get(s.d());
    let source = if condition { s.b() } else { s.c() };
    s.result(s.get::<T>(source))
}

/// To the left. Handlers that end in tail calls have it inside, since a call costs these more.
#[cfg_attr(tail_calls, inline(always))]
#[cfg_attr(not(tail_calls), inline(never))]
fn rotate(a: u64, by: u32) -> u64 {
    a.rotate_left(by & 63)
}
