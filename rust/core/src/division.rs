//! Division of 64-bit integers.
//!
//! Where words have 32 bits it is made of the CPU's division of words here, once for all four operators: what the C compiler's
//! library has for them takes three times the flash.

use crate::{BinaryOp, Trap};
use core::num::NonZero;

/// Carries out one of the four divisions of i64; `op` is none other.
///
/// # Errors
/// It traps.
#[inline(always)]
pub fn divide(op: BinaryOp, a: u64, b: u64) -> Result<u64, Trap> {
    if b == 0 {
        return Err(Trap::IntegerDivisionByZero);
    }
    if op == BinaryOp::I64DivS && a == 1 << 63 && b == u64::MAX {
        return Err(Trap::IntegerOverflow);
    }
    Ok(if cfg!(not(target_pointer_width = "64")) {
        divide_by_words(a, b, op)
    } else {
        match op {
            BinaryOp::I64DivS => (a as i64).wrapping_div(b as i64) as u64,
            BinaryOp::I64RemS => (a as i64).wrapping_rem(b as i64) as u64,
            BinaryOp::I64DivU => a / b,
            _ => a % b,
        }
    })
}

/// The same if it does not trap. What a 64-bit integer is returned in are registers.
#[inline(never)]
pub extern "C" fn divide_by_words(a: u64, b: u64, op: BinaryOp) -> u64 {
    let signed = matches!(op, BinaryOp::I64DivS | BinaryOp::I64RemS);
    let negative = |value: u64| signed && (value as i64) < 0;
    let magnitude = |value: u64| if negative(value) { value.wrapping_neg() } else { value };
    let (quotient, rest) = by_words(magnitude(a), magnitude(b)).unwrap_or((0, 0));
    let (value, minus) = match op {
        BinaryOp::I64DivS | BinaryOp::I64DivU => (quotient, negative(a ^ b)),
        _ => (rest, negative(a)),
    };
    if minus { value.wrapping_neg() } else { value }
}

/// Quotient and remainder (Knuth, The Art of Computer Programming, 4.3.1); `None` for a division by 0.
#[inline(always)]
fn by_words(n: u64, d: u64) -> Option<(u64, u64)> {
    let (high, low) = words(d);
    if high == 0 {
        let d = NonZero::new(low)?;
        let (high, low) = words(n);
        let (first, rest) = (high / d, high % d);
        // Most numbers are small.
        let (second, rest) = if rest == 0 { (low / d, low % d) } else { two_words(rest, low, d.get()) };
        return Some((u64::from(first) << 32 | u64::from(second), rest.into()));
    }
    // By the divisor's upper 32 bits: right, or too large by 1, before the 1 that is taken off.
    let shift = high.leading_zeros();
    let (estimate, _) = two_words((n >> 33) as u32, (n >> 1) as u32, shifted(high, low, shift));
    let quotient = u64::from((estimate >> (31 - shift)).saturating_sub(1));
    let rest = n - quotient * d;
    Some(if rest >= d { (quotient + 1, rest - d) } else { (quotient, rest) })
}

/// Quotient and remainder of two words by one, which is greater than the upper one of them.
#[inline(never)]
fn two_words(high: u32, low: u32, d: u32) -> (u32, u32) {
    let shift = d.leading_zeros() & 31;
    let (d, next) = (d << shift, low << shift);
    let (first, rest) = digit(shifted(high, low, shift), next >> 16, d);
    let (second, rest) = digit(rest, next & 0xFFFF, d);
    (first << 16 | second, rest >> shift)
}

/// The next 16 bits of a quotient, and what remains. The divisor's upper bit is set, and it is greater than `rest`.
fn digit(rest: u32, next: u32, d: u32) -> (u32, u32) {
    // That bit tells the compiler that there is no division by 0.
    let upper = d >> 16 | 1 << 15;
    // Too large by 2 at most. Nothing here exceeds 32 bits but the sum, and what is left of that in the end does not.
    let mut quotient = rest / upper;
    let mut rest = (rest - quotient * upper) << 16 | next;
    let product = quotient * (d & 0xFFFF);
    let mut carry = false;
    while !carry && rest < product {
        quotient -= 1;
        (rest, carry) = rest.overflowing_add(d);
    }
    (quotient, rest.wrapping_sub(product))
}

/// The upper word of two that are shifted left, by less than a word.
#[inline(always)]
pub fn shifted(high: u32, low: u32, by: u32) -> u32 {
    high << (by & 31) | low >> 1 >> (!by & 31)
}

pub fn words(value: u64) -> (u32, u32) {
    ((value >> 32) as u32, value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BinaryOp::{I64DivS, I64DivU, I64RemS, I64RemU};

    #[test]
    fn quotients_of_words() {
        // All that is near a power of two, or far from any.
        let mut numbers = [0u64; 64 * 3 + 64];
        let mut state = 1u64;
        for (place, number) in numbers.iter_mut().enumerate() {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            *number = match place {
                0..192 => (1u64 << (place / 3)).wrapping_add(place as u64 % 3).wrapping_sub(1),
                _ => (state ^ state >> 32).wrapping_mul(state | 1) >> (place % 61),
            };
        }
        for n in numbers.into_iter().chain(numbers.map(|n| !n)) {
            for d in numbers.into_iter().chain(numbers.map(|d| !d)) {
                for op in [I64DivS, I64DivU, I64RemS, I64RemU] {
                    let divided = divide(op, n, d);
                    assert_eq!(divided, expected(op, n, d), "{op:?} {n:#x} {d:#x}");
                    // On hosts of 64 bits this is another way.
                    if let Ok(value) = divided {
                        assert_eq!(divide_by_words(n, d, op), value, "{op:?} {n:#x} {d:#x}");
                    }
                }
            }
        }
    }

    fn expected(op: BinaryOp, n: u64, d: u64) -> Result<u64, Trap> {
        if d == 0 {
            return Err(Trap::IntegerDivisionByZero);
        }
        let (wide_n, wide_d) = (i128::from(n as i64), i128::from(d as i64));
        match op {
            I64DivU => Ok(n / d),
            I64RemU => Ok(n % d),
            I64RemS => Ok((wide_n % wide_d) as u64),
            _ => i64::try_from(wide_n / wide_d).map(|value| value as u64).map_err(|_| Trap::IntegerOverflow),
        }
    }
}
