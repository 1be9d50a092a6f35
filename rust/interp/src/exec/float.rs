//! Floating-point operators (WebAssembly Core, 4.3.3).

use super::integer::{binary, handlers, unary};
use super::{State, Step};
use wasmote_core::numeric::{extremum, promote};

handlers! {
    f32_abs = unary(|a: u32| a & !(1 << 31));
    f32_neg = unary(|a: u32| a ^ 1 << 31);
    f32_convert_i32_s = unary(|a: i32| a as f32);
    f32_convert_i32_u = unary(|a: u32| a as f32);
    f32_demote_f64 = unary(|a: f64| a as f32);
    f64_abs = unary(|a: u64| a & !(1 << 63));
    f64_neg = unary(|a: u64| a ^ 1 << 63);
    f64_convert_i32_s = unary(|a: i32| f64::from(a));
    f64_convert_i32_u = unary(|a: u32| f64::from(a));
    f64_promote_f32 = unary(promote);

    f32_add = binary(|a: f32, b: f32| a + b);
    f32_sub = binary(|a: f32, b: f32| a - b);
    f32_mul = binary(|a: f32, b: f32| a * b);
    f32_div = binary(|a: f32, b: f32| a / b);
    f32_min = binary(|a, b| single(a, b, false));
    f32_max = binary(|a, b| single(a, b, true));
    f32_copysign = binary(|a: u32, b: u32| a & !(1 << 31) | b & 1 << 31);
    f32_eq = binary(|a: f32, b: f32| a == b);
    f32_ne = binary(|a: f32, b: f32| a != b);
    f32_lt = binary(|a: f32, b: f32| a < b);
    f32_le = binary(|a: f32, b: f32| a <= b);
    f64_add = binary(|a: f64, b: f64| a + b);
    f64_sub = binary(|a: f64, b: f64| a - b);
    f64_mul = binary(|a: f64, b: f64| a * b);
    f64_div = binary(|a: f64, b: f64| a / b);
    f64_min = binary(|a, b| double(a, b, false));
    f64_max = binary(|a, b| double(a, b, true));
    f64_copysign = binary(|a: u64, b: u64| a & !(1 << 63) | b & 1 << 63);
    f64_eq = binary(|a: f64, b: f64| a == b);
    f64_ne = binary(|a: f64, b: f64| a != b);
    f64_lt = binary(|a: f64, b: f64| a < b);
    f64_le = binary(|a: f64, b: f64| a <= b);
}

/// Minimum and maximum. Handlers that end in tail calls have them inside, since a call costs these more.
#[cfg_attr(tail_calls, inline(always))]
#[cfg_attr(not(tail_calls), inline(never))]
fn single(a: f32, b: f32, greatest: bool) -> f32 {
    extremum(a, b, greatest)
}

#[cfg_attr(tail_calls, inline(always))]
#[cfg_attr(not(tail_calls), inline(never))]
fn double(a: f64, b: f64, greatest: bool) -> f64 {
    extremum(a, b, greatest)
}
