//! Floating-point operators (WebAssembly Core, 4.3.3).

use super::integer::{binary, handlers, unary};
use super::{State, Step};
use wasmote_core::numeric::{max, min, promote};

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
    f32_min = binary(min::<f32>);
    f32_max = binary(max::<f32>);
    f32_copysign = binary(|a: u32, b: u32| a & !(1 << 31) | b & 1 << 31);
    f32_eq = binary(|a: f32, b: f32| a == b);
    f32_ne = binary(|a: f32, b: f32| a != b);
    f32_lt = binary(|a: f32, b: f32| a < b);
    f32_le = binary(|a: f32, b: f32| a <= b);
    f64_add = binary(|a: f64, b: f64| a + b);
    f64_sub = binary(|a: f64, b: f64| a - b);
    f64_mul = binary(|a: f64, b: f64| a * b);
    f64_div = binary(|a: f64, b: f64| a / b);
    f64_min = binary(min::<f64>);
    f64_max = binary(max::<f64>);
    f64_copysign = binary(|a: u64, b: u64| a & !(1 << 63) | b & 1 << 63);
    f64_eq = binary(|a: f64, b: f64| a == b);
    f64_ne = binary(|a: f64, b: f64| a != b);
    f64_lt = binary(|a: f64, b: f64| a < b);
    f64_le = binary(|a: f64, b: f64| a <= b);
}
