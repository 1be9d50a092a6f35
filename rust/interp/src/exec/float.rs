//! Floating-point operators (WebAssembly Core, 4.3.3).
//!
//! `core` has no rounding and no square root; rounding works on bits here, once for both types.

use super::integer::{binary, handlers, unary};
use super::{State, Step};
use wasmote_core::Trap;

handlers! {
    f32_abs = unary(|a: u32| a & !(1 << 31));
    f32_neg = unary(|a: u32| a ^ 1 << 31);
    f32_sqrt = unary(libm::sqrtf);
    f32_convert_i32_s = unary(|a: i32| a as f32);
    f32_convert_i32_u = unary(|a: u32| a as f32);
    f32_demote_f64 = unary(|a: f64| a as f32);
    f64_abs = unary(|a: u64| a & !(1 << 63));
    f64_neg = unary(|a: u64| a ^ 1 << 63);
    f64_convert_i32_s = unary(|a: i32| f64::from(a));
    f64_convert_i32_u = unary(|a: u32| f64::from(a));
    f64_promote_f32 = unary(|a: f32| f64::from(a));

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

trait Float: Copy + PartialOrd + core::ops::Add<Output = Self> {
    /// For equal numbers, which differ in the sign of zero at most: the negative one, if there is one.
    fn or(self, other: Self) -> Self;
    /// For equal numbers: the positive one, if there is one.
    fn and(self, other: Self) -> Self;
}

impl Float for f32 {
    #[inline(always)]
    fn or(self, other: f32) -> f32 {
        f32::from_bits(self.to_bits() | other.to_bits())
    }
    #[inline(always)]
    fn and(self, other: f32) -> f32 {
        f32::from_bits(self.to_bits() & other.to_bits())
    }
}

impl Float for f64 {
    #[inline(always)]
    fn or(self, other: f64) -> f64 {
        f64::from_bits(self.to_bits() | other.to_bits())
    }
    #[inline(always)]
    fn and(self, other: f64) -> f64 {
        f64::from_bits(self.to_bits() & other.to_bits())
    }
}

/// The lesser; NaN if either is.
#[inline(always)]
fn min<T: Float>(a: T, b: T) -> T {
    if a < b {
        a
    } else if b < a {
        b
    } else if a == b {
        a.or(b)
    } else {
        a + b
    }
}

/// The greater; NaN if either is.
#[inline(always)]
fn max<T: Float>(a: T, b: T) -> T {
    if a > b {
        a
    } else if b > a {
        b
    } else if a == b {
        a.and(b)
    } else {
        a + b
    }
}

/// Which way to round to an integer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Up,
    Down,
    ToZero,
    ToEven,
}

/// Rounds to an integer, on bits. For f32 as well: every f32 is an f64, and so is every integer that it rounds to.
#[inline(never)]
pub(super) fn round(value: f64, way: Round) -> f64 {
    const FRACTION_BITS: u32 = 52;
    const SIGN: u64 = 1 << 63;
    let bits = value.to_bits();
    let exponent = (bits >> FRACTION_BITS & 0x7FF) as u32;
    if exponent >= 0x3FF + FRACTION_BITS {
        // An integer, infinity, or NaN, which becomes a quiet one.
        let quiet = if value.is_nan() { 1 << (FRACTION_BITS - 1) } else { 0 };
        return f64::from_bits(bits | quiet);
    }
    let negative = bits & SIGN != 0;
    let magnitude = bits & !SIGN;
    let whole = if exponent < 0x3FF {
        // Below 1: rounds to 0 or 1.
        let up = match way {
            Round::Up => !negative && magnitude != 0,
            Round::Down => negative && magnitude != 0,
            Round::ToZero => false,
            Round::ToEven => magnitude > 0.5f64.to_bits(),
        };
        if up { 1.0f64.to_bits() } else { 0 }
    } else {
        // One unit, in the last place that an integer of this magnitude has.
        let unit = 1u64 << (0x3FF + FRACTION_BITS - exponent);
        let rest = magnitude & (unit - 1);
        let whole = magnitude - rest;
        let up = match way {
            Round::Up => !negative && rest != 0,
            Round::Down => negative && rest != 0,
            Round::ToZero => false,
            // The carry into the exponent is right: the next power of two.
            Round::ToEven => rest > unit / 2 || rest == unit / 2 && whole & unit != 0,
        };
        if up { whole + unit } else { whole }
    };
    f64::from_bits(whole | bits & SIGN)
}

/// Conversion to an integer, where the two numbers are the nearest beyond the integers of the type.
macro_rules! truncation {
    ($( $name:ident: $float:ty => $integer:ty, $below:literal, $above:literal; )*) => { $(
        pub(super) fn $name(value: $float) -> Result<$integer, Trap> {
            if value > $below && value < $above {
                Ok(value as $integer)
            } else if value.is_nan() {
                Err(Trap::BadConversionToInteger)
            } else {
                Err(Trap::IntegerOverflow)
            }
        }
    )* };
}

truncation! {
    i32_from_f32: f32 => i32, -2147483904.0, 2147483648.0;
    u32_from_f32: f32 => u32, -1.0, 4294967296.0;
    i32_from_f64: f64 => i32, -2147483649.0, 2147483648.0;
    u32_from_f64: f64 => u32, -1.0, 4294967296.0;
    i64_from_f32: f32 => i64, -9223373136366403584.0, 9223372036854775808.0;
    u64_from_f32: f32 => u64, -1.0, 18446744073709551616.0;
    i64_from_f64: f64 => i64, -9223372036854777856.0, 9223372036854775808.0;
    u64_from_f64: f64 => u64, -1.0, 18446744073709551616.0;
}
