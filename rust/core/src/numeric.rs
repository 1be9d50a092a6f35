//! What operators on numbers compute (WebAssembly Core, 4.3), where no target has an instruction that does it all.
//!
//! The interpreter's handlers are made of this; compiled code has [`apply`] carry out what its target has no instructions
//! for. `core` has no rounding and no square root: both work on bits here, once for both types.

pub use crate::division::{divide, divide_by_words};
use crate::division::{shifted, words};
use crate::{BinaryOp, Feature, Trap, UnaryOp, ValType};

/// A floating-point number.
pub trait Float: Copy + PartialOrd + core::ops::Add<Output = Self> {
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
pub fn promote(value: f32) -> f64 {
    let quiet = if value.is_nan() { 1 << (FRACTION_BITS - 1) } else { 0 };
    f64::from_bits(f64::from(value).to_bits() | quiet)
}

/// A quotient or a remainder; `None` if it is not representable.
///
/// # Errors
/// It traps.
#[inline(always)]
pub fn div<T: Copy + PartialEq + Default>(a: T, b: T, f: impl FnOnce(T, T) -> Option<T>) -> Result<T, Trap> {
    if b == T::default() {
        return Err(Trap::IntegerDivisionByZero);
    }
    f(a, b).ok_or(Trap::IntegerOverflow)
}

/// The lesser, or the greater; NaN if either is.
#[inline(always)]
pub fn extremum<T: Float>(a: T, b: T, greatest: bool) -> T {
    let (below, above) = if greatest { (b, a) } else { (a, b) };
    if a < b {
        below
    } else if b < a {
        above
    } else if a == b {
        // Zeros of both signs are equal.
        if greatest { a.and(b) } else { a.or(b) }
    } else {
        a + b
    }
}

/// The nearest f32, which the compiler's library has for its own addition of f32 to come along, FPU or not.
#[inline(never)]
pub fn f32_from_u64(value: u64) -> f32 {
    let (high, low) = words(value);
    if high == 0 {
        return low as f32;
    }
    // 32 bits of it, which are more than an f32 has. What is left over decides how they are rounded.
    let shift = high.leading_zeros();
    let upper = shifted(high, low, shift) | u32::from(low << (shift & 31) != 0);
    f32::from_bits((upper as f32).to_bits() + ((u32::BITS - shift) << SINGLE_FRACTION_BITS))
}

/// As [`f32_from_u64`].
pub fn f32_from_i64(value: i64) -> f32 {
    let magnitude = f32_from_u64(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// Bits of an f64 below the exponent.
const FRACTION_BITS: u32 = 52;

/// The sign of an f64.
const SIGN: u64 = 1 << 63;

/// The bits of infinity. What is greater without its sign is NaN.
const INFINITY: u64 = f64::INFINITY.to_bits();

/// Bits of an f32 below the exponent.
const SINGLE_FRACTION_BITS: u32 = 23;

/// Which way to round to an integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Round {
    Up,
    Down,
    ToZero,
    ToEven,
}

/// Rounds to an integer, on bits. For f32 as well: every f32 is an f64, and so is every integer that it rounds to.
#[inline(never)]
pub fn round(value: f64, way: Round) -> f64 {
    let bits = value.to_bits();
    let exponent = (bits >> FRACTION_BITS & 0x7FF) as u32;
    let (negative, magnitude) = (bits & SIGN != 0, bits & !SIGN);
    if exponent >= 0x3FF + FRACTION_BITS {
        // An integer, infinity, or NaN, which becomes a quiet one.
        let quiet = if magnitude > INFINITY { 1 << (FRACTION_BITS - 1) } else { 0 };
        return f64::from_bits(bits | quiet);
    }
    // The next integer towards 0; what is added for the one behind it, with a carry into the exponent before a power of two;
    // half of that.
    let (whole, unit, half) = if exponent < 0x3FF {
        (0, 1.0f64.to_bits(), 0.5f64.to_bits())
    } else {
        let unit = 1u64 << (0x3FF + FRACTION_BITS - exponent);
        (magnitude & unit.wrapping_neg(), unit, unit / 2)
    };
    // It is the one behind if there is more left over than this.
    let (most, odd) = match way {
        Round::ToEven => (half, whole & unit != 0),
        Round::Up if !negative => (0, false),
        Round::Down if negative => (0, false),
        _ => (u64::MAX, false),
    };
    let further = magnitude - whole + u64::from(odd) > most;
    f64::from_bits(if further { whole + unit } else { whole } | bits & SIGN)
}

/// Whether an operator converts a number to a signed integer.
pub fn to_signed(op: UnaryOp) -> bool {
    use UnaryOp::*;
    matches!(
        op,
        I32TruncF32S
            | I32TruncF64S
            | I64TruncF32S
            | I64TruncF64S
            | I32TruncSatF32S
            | I32TruncSatF64S
            | I64TruncSatF32S
            | I64TruncSatF64S
    )
}

/// Carries out an operator that converts to an integer, rounding to zero. On bits, so that sixteen conversions share one short
/// piece of code and need none from the compiler's library.
///
/// # Errors
/// It traps.
pub fn to_integer(op: UnaryOp, value: f64) -> Result<u64, Trap> {
    let bits = value.to_bits();
    let negative = bits & SIGN != 0;
    let exponent = (bits >> FRACTION_BITS & 0x7FF) as i32 - 0x3FF;
    let magnitude = match exponent {
        ..0 => Some(0),
        0..64 => Some((bits << (63 - FRACTION_BITS) | 1 << 63) >> (63 - exponent)),
        _ => None,
    };
    let all = if op.types().1.cells() == 2 { u64::MAX } else { u32::MAX.into() };
    let limit = match (negative, to_signed(op)) {
        (false, false) => all,
        (false, true) => all >> 1,
        (true, true) => (all >> 1) + 1,
        (true, false) => 0,
    };
    let magnitude = match magnitude.filter(|&magnitude| magnitude <= limit) {
        Some(magnitude) => magnitude,
        None => {
            let is_nan = bits & !SIGN > INFINITY;
            if op.may_trap() {
                return Err(if is_nan { Trap::BadConversionToInteger } else { Trap::IntegerOverflow });
            }
            // The nearest integer.
            if is_nan { 0 } else { limit }
        }
    };
    Ok(if negative { magnitude.wrapping_neg() } else { magnitude })
}

/// The square root, bit by bit: `digits` of it, 55 to be rounded to f64, 27 to f32. Small rather than fast.
pub fn sqrt(value: f64, digits: u32) -> f64 {
    let bits = value.to_bits();
    if bits == INFINITY || bits & !SIGN == 0 {
        return value;
    }
    // Negative, or NaN.
    if bits > INFINITY {
        return f64::NAN;
    }
    // The value is `mantissa * 2^(exponent - BIAS)`, with the mantissa's highest bit at 52, or 53 to make the exponent even.
    const BIAS: i32 = 0x3FF + FRACTION_BITS as i32;
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
    let scale = (scale >> 1) - (digits as i32 - 27) - 1;
    f64::from_bits(root.to_bits().wrapping_add_signed(i64::from(scale) << FRACTION_BITS))
}

/// The number of an operator for [`apply`].
pub const fn unary_number(op: UnaryOp) -> u32 {
    op as u32
}

/// The number of an operator for [`apply`].
pub const fn binary_number(op: BinaryOp) -> u32 {
    BINARY | op as u32
}

/// In the number of an operator with two operands. There are no more than so many of each kind.
const BINARY: u32 = 0x80;
const _: () = assert!(UnaryOp::COUNT <= BINARY as usize);
const _: () = assert!(BinaryOp::COUNT <= BINARY as usize);

/// Carries out the operator with a number, of those that targets may have no instructions for: all of floating point but
/// signs, of 64 bits divisions, rotations and counts of bits, and the ones of 32 bits. The operands follow each other in the
/// cells, the low half of each first.
///
/// # Errors
/// It traps.
pub fn apply(number: u32, cells: &[u32; 4]) -> Result<u64, Trap> {
    let index = (number & !BINARY) as usize;
    if number & BINARY == 0 {
        UnaryOp::from_number(index)
            .map_or(Err(Trap::Unreachable), |op| unary(op, pair(cells[0], cells[1]), Left::ByTargets))
    } else {
        // From the table, which takes less time.
        BinaryOp::ALL.get(index).map_or(Err(Trap::Unreachable), |&op| apply_binary(op, cells))
    }
}

fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// What this build has of floating point; the rest is not linked.
macro_rules! float {
    ($value:expr) => {
        if Feature::Float.compiled() { Ok($value) } else { Err(Trap::Unreachable) }
    };
}

/// Who has [`unary`] carry out what has no instruction there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// The interpreter.
    ByInterpreter,
    /// Targets of the compiler.
    ByTargets,
}

/// Carries out an operator with one operand: that and the result as bits.
///
/// # Errors
/// It traps.
#[inline(always)]
pub fn unary(op: UnaryOp, bits: u64, left: Left) -> Result<u64, Trap> {
    use UnaryOp::*;
    let low = bits as u32;
    Ok(match op {
        I64Extend8S if left == Left::ByInterpreter => low as i8 as u64,
        I64Extend16S if left == Left::ByInterpreter => low as i16 as u64,
        I64Extend32S if left == Left::ByInterpreter => low as i32 as u64,
        I64Clz => bits.leading_zeros().into(),
        I64Ctz => bits.trailing_zeros().into(),
        I32Popcnt => ones(low).into(),
        I64Popcnt => {
            let (high, low) = words(bits);
            (ones(high) + ones(low)).into()
        }
        _ if !Feature::Float.compiled() => return Err(Trap::Unreachable),
        F32ConvertI32S if left == Left::ByTargets => (low as i32 as f32).to_bits().into(),
        F32ConvertI32U if left == Left::ByTargets => (low as f32).to_bits().into(),
        F64ConvertI32S if left == Left::ByTargets => f64::from(low as i32).to_bits(),
        F64ConvertI32U if left == Left::ByTargets => f64::from(low).to_bits(),
        F64PromoteF32 if left == Left::ByTargets => promote(f32::from_bits(low)).to_bits(),
        F32ConvertI64S => f32_from_i64(bits as i64).to_bits().into(),
        F32ConvertI64U => f32_from_u64(bits).to_bits().into(),
        F64ConvertI64S => (bits as i64 as f64).to_bits(),
        F64ConvertI64U => (bits as f64).to_bits(),
        // The others take a number, an f32 as an f64: all are.
        _ => {
            let (ty, result) = op.types();
            let value = match ty {
                ValType::F32 => f32::from_bits(low).into(),
                _ => f64::from_bits(bits),
            };
            let value = match op {
                F32Ceil | F64Ceil => round(value, Round::Up),
                F32Floor | F64Floor => round(value, Round::Down),
                F32Trunc | F64Trunc => round(value, Round::ToZero),
                F32Nearest | F64Nearest => round(value, Round::ToEven),
                F32Sqrt => sqrt(value, 27),
                F64Sqrt => sqrt(value, 55),
                F32DemoteF64 if left == Left::ByTargets => value,
                // All that are left are conversions to integers, or have instructions everywhere.
                _ => return to_integer(op, value),
            };
            if result == ValType::F32 { (value as f32).to_bits().into() } else { value.to_bits() }
        }
    })
}

#[inline(never)]
fn ones(word: u32) -> u32 {
    word.count_ones()
}

/// Of f32.
#[inline(always)]
fn singles<R>(
    cells: &[u32; 4],
    f: impl FnOnce(f32, f32) -> R,
    bits: impl FnOnce(R) -> u64,
) -> Result<u64, Trap> {
    float!(bits(f(f32::from_bits(cells[0]), f32::from_bits(cells[1]))))
}

/// Of f64.
#[inline(always)]
fn doubles<R>(
    cells: &[u32; 4],
    f: impl FnOnce(f64, f64) -> R,
    bits: impl FnOnce(R) -> u64,
) -> Result<u64, Trap> {
    let [a, b, c, d] = *cells;
    float!(bits(f(f64::from_bits(pair(a, b)), f64::from_bits(pair(c, d)))))
}

/// In one go, as what it takes to get here counts for each operator.
fn apply_binary(op: BinaryOp, cells: &[u32; 4]) -> Result<u64, Trap> {
    use BinaryOp::*;
    let bits32 = |value: f32| u64::from(value.to_bits());
    match op {
        F64Add => doubles(cells, |a, b| a + b, f64::to_bits),
        F64Sub => doubles(cells, |a, b| a - b, f64::to_bits),
        F64Mul => doubles(cells, |a, b| a * b, f64::to_bits),
        F64Div => doubles(cells, |a, b| a / b, f64::to_bits),
        F64Min => doubles(cells, |a, b| extremum(a, b, false), f64::to_bits),
        F64Max => doubles(cells, |a, b| extremum(a, b, true), f64::to_bits),
        F64Eq => doubles(cells, |a, b| a == b, u64::from),
        F64Ne => doubles(cells, |a, b| a != b, u64::from),
        F64Lt => doubles(cells, |a, b| a < b, u64::from),
        F64Gt => doubles(cells, |a, b| a > b, u64::from),
        F64Le => doubles(cells, |a, b| a <= b, u64::from),
        F64Ge => doubles(cells, |a, b| a >= b, u64::from),
        F32Add => singles(cells, |a, b| a + b, bits32),
        F32Sub => singles(cells, |a, b| a - b, bits32),
        F32Mul => singles(cells, |a, b| a * b, bits32),
        F32Div => singles(cells, |a, b| a / b, bits32),
        F32Min => singles(cells, |a, b| extremum(a, b, false), bits32),
        F32Max => singles(cells, |a, b| extremum(a, b, true), bits32),
        F32Eq => singles(cells, |a, b| a == b, u64::from),
        F32Ne => singles(cells, |a, b| a != b, u64::from),
        F32Lt => singles(cells, |a, b| a < b, u64::from),
        F32Gt => singles(cells, |a, b| a > b, u64::from),
        F32Le => singles(cells, |a, b| a <= b, u64::from),
        F32Ge => singles(cells, |a, b| a >= b, u64::from),
        I64DivS | I64RemS | I64DivU | I64RemU => {
            let [a, b, c, d] = *cells;
            divide(op, pair(a, b), pair(c, d))
        }
        I64Rotl | I64Rotr => {
            let [a, b, by, _] = *cells;
            Ok(pair(a, b).rotate_left(if op == I64Rotl { by } else { by.wrapping_neg() }))
        }
        // What has instructions everywhere.
        _ => Err(Trap::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_single() {
        let near = |bits: u32| (0..5u64).map(move |off| (1u64 << bits).wrapping_add(off).wrapping_sub(2));
        for high in (0..64).flat_map(near) {
            for low in (0..64).flat_map(near) {
                for value in [high, low ^ high, high.wrapping_add(low), high.wrapping_sub(low)] {
                    assert_eq!(f32_from_u64(value).to_bits(), (value as f32).to_bits(), "{value:#x}");
                    let signed = value as i64;
                    assert_eq!(f32_from_i64(signed).to_bits(), (signed as f32).to_bits(), "{value:#x}");
                }
            }
        }
    }
}
