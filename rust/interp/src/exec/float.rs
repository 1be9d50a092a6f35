//! Floating-point operators (WebAssembly Core, 4.3.3).
//!
//! `core` has no rounding and no square root. Both work on bits here, once for both types.

use super::integer::{binary, handlers, unary};
use super::{State, Step};
use wasmote_core::Trap;

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

/// The same number. NaN becomes a quiet one: hardware sees to that, the compiler's soft floats do not.
#[inline(always)]
fn promote(value: f32) -> f64 {
    let quiet = if value.is_nan() { 1 << (FRACTION_BITS - 1) } else { 0 };
    f64::from_bits(f64::from(value).to_bits() | quiet)
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

/// Bits of an f64 below the exponent.
const FRACTION_BITS: u32 = 52;

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

/// What a conversion to an integer makes of its operand.
#[derive(Clone, Copy)]
pub(super) struct Integer {
    pub(super) bits: u32,
    pub(super) signed: bool,
    /// Takes the nearest integer instead of trapping, and 0 for NaN.
    pub(super) saturate: bool,
}

/// Converts to an integer, rounding to zero. On bits, so that sixteen conversions share one short piece of code and need
/// none from the compiler's library.
pub(super) fn truncate(value: f64, to: Integer) -> Result<u64, Trap> {
    let bits = value.to_bits();
    let negative = bits >> 63 != 0;
    let exponent = (bits >> FRACTION_BITS & 0x7FF) as i32 - 0x3FF;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    if exponent == 0x400 && fraction != 0 {
        return if to.saturate { Ok(0) } else { Err(Trap::BadConversionToInteger) };
    }
    let mantissa = fraction | 1 << FRACTION_BITS;
    let magnitude = match exponent {
        ..0 => 0,
        0..=51 => mantissa >> (FRACTION_BITS as i32 - exponent),
        52..=63 => mantissa << (exponent - FRACTION_BITS as i32),
        _ => u64::MAX,
    };
    let largest = u64::MAX >> (64 - to.bits + u32::from(to.signed));
    let limit = match (negative, to.signed) {
        (false, _) => largest,
        (true, true) => largest + 1,
        (true, false) => 0,
    };
    let magnitude = if magnitude <= limit && exponent < 64 {
        magnitude
    } else if to.saturate {
        limit
    } else {
        return Err(Trap::IntegerOverflow);
    };
    Ok(if negative { magnitude.wrapping_neg() } else { magnitude })
}

/// The square root, bit by bit: `digits` of it, 55 to be rounded to f64, 27 to f32. Small rather than fast.
pub(super) fn sqrt(value: f64, digits: u32) -> f64 {
    if value == 0.0 || value == f64::INFINITY {
        return value;
    }
    if value.is_nan() || value < 0.0 {
        return f64::NAN;
    }
    // The value is `mantissa * 2^(exponent - BIAS)`, with the mantissa's highest bit at 52, or 53 to make the exponent even.
    const BIAS: i32 = 0x3FF + FRACTION_BITS as i32;
    let bits = value.to_bits();
    let mut exponent = (bits >> FRACTION_BITS) as i32;
    let mut mantissa = bits & ((1 << FRACTION_BITS) - 1);
    if exponent == 0 {
        let shift = mantissa.leading_zeros() - (63 - FRACTION_BITS);
        mantissa <<= shift;
        exponent = 1 - shift as i32;
    } else {
        mantissa |= 1 << FRACTION_BITS;
    }
    let mut scale = exponent - BIAS;
    if scale & 1 != 0 {
        mantissa <<= 1;
        scale -= 1;
    }
    // Two bits of the operand, from the 54th down, make one of the root.
    mantissa <<= 64 - 54;
    let (mut root, mut rest) = (0u64, 0u64);
    for _ in 0..digits {
        rest = rest << 2 | mantissa >> 62;
        mantissa <<= 2;
        root <<= 1;
        if rest > root << 1 {
            rest -= root << 1 | 1;
            root |= 1;
        }
    }
    // What is left over decides how the conversion rounds.
    let root = (root << 1 | u64::from(rest | mantissa != 0)) as f64;
    let scale = scale / 2 - (digits as i32 - 27) - 1;
    f64::from_bits(root.to_bits().wrapping_add_signed(i64::from(scale) << FRACTION_BITS))
}
