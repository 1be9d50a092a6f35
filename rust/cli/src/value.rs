//! Values as text.

use wasmote::{ExternRef, ValType, Value};

/// Reads a value of a type: a number, for references `null`, for `externref` also a number that is not 0.
pub fn parse(text: &str, ty: ValType) -> Option<Value> {
    Some(match ty {
        ValType::I32 => Value::I32(integer(text, 32)? as i32),
        ValType::I64 => Value::I64(integer(text, 64)? as i64),
        ValType::F32 => Value::F32(text.parse().ok()?),
        ValType::F64 => Value::F64(text.parse().ok()?),
        ValType::FuncRef if text == "null" => Value::FuncRef(None),
        ValType::FuncRef => return None,
        ValType::ExternRef if text == "null" => Value::ExternRef(None),
        ValType::ExternRef => Value::ExternRef(Some(ExternRef::new(text.parse().ok()?)?)),
    })
}

/// An integer of so many bits, signed or not, decimal or hexadecimal, as the bits that it is made of.
fn integer(text: &str, bits: u32) -> Option<u64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    // `+` and a second sign are accepted by `from_str_radix`, but they are no digits.
    let (radix, digits) = digits.strip_prefix("0x").map_or((10, digits), |digits| (16, digits));
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let number = if negative { -number } else { number };
    let fits = (-(1i128 << (bits - 1))..1i128 << bits).contains(&number);
    fits.then_some(number as u64)
}

/// A value as [`parse`] reads it.
pub fn show(value: &Value) -> String {
    match value {
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F32(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::FuncRef(None) | Value::ExternRef(None) => "null".into(),
        Value::FuncRef(Some(_)) => "a function".into(),
        Value::ExternRef(Some(value)) => value.get().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_may_be_signed_unsigned_or_hexadecimal() {
        assert_eq!(parse("-1", ValType::I32), Some(Value::I32(-1)));
        assert_eq!(parse("4294967295", ValType::I32), Some(Value::I32(-1)));
        assert_eq!(parse("0x80000000", ValType::I32), Some(Value::I32(i32::MIN)));
        assert_eq!(parse("-9223372036854775808", ValType::I64), Some(Value::I64(i64::MIN)));
        for wrong in ["4294967296", "-2147483649", "", "-", "+1", "--1", "0x", "1.5", "x"] {
            assert_eq!(parse(wrong, ValType::I32), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_is_read_back() {
        for (text, ty) in
            [("1.5", ValType::F32), ("-0", ValType::F64), ("inf", ValType::F64), ("7", ValType::ExternRef)]
        {
            assert_eq!(show(&parse(text, ty).unwrap()), text);
        }
        assert_eq!(parse("0", ValType::ExternRef), None);
    }
}
