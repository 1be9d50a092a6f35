//! Signatures as strings: "(iI)f".

use wasmote::{FuncType, ValType};

/// A type's value types, each list with the letter in front of it.
pub(crate) fn lists<'a>(ty: &FuncType<'a>) -> [(u8, &'a [u8]); 2] {
    [(b'(', ty.param_bytes()), (b')', ty.result_bytes())]
}

/// The letter of a value type, given by its number.
#[inline(never)]
pub(crate) fn letter(ty: u8) -> u8 {
    match ValType::from_byte(ty) {
        Some(ValType::I32) | None => b'i',
        Some(ValType::I64) => b'I',
        Some(ValType::F32) => b'f',
        Some(ValType::F64) => b'F',
        Some(ValType::FuncRef) => b'r',
        Some(ValType::ExternRef) => b'e',
    }
}

/// Whether it is a signature.
///
/// # Errors
/// The place of the first character that is wrong, counted from 0.
pub(crate) fn check(text: &str) -> Result<(), usize> {
    let mut closed = false;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'(' if place == 0 => {}
            b')' if place > 0 && !closed => closed = true,
            b'i' | b'I' | b'f' | b'F' | b'r' | b'e' if place > 0 => {}
            _ => return Err(place),
        }
    }
    if closed { Ok(()) } else { Err(text.len()) }
}

/// Whether it stands for this type.
pub(crate) fn is(text: &str, ty: FuncType<'_>) -> bool {
    let mut written = text.bytes();
    let mut next = |byte| written.next() == Some(byte);
    let mut written_so =
        |&(open, types): &(u8, &[u8])| next(open) && types.iter().all(|&ty| next(letter(ty)));
    lists(&ty).iter().all(&mut written_so) && written.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_says_where_it_cannot() {
        let ty = FuncType::new(&[0x7F, 0x7E], &[0x7D]);
        assert!(check("(iI)f").is_ok() && is("(iI)f", ty));
        assert!(check("(iI)F").is_ok() && !is("(iI)F", ty));
        assert!(check("(i)f").is_ok() && !is("(i)f", ty));
        assert!(check("()").is_ok() && is("()", FuncType::default()));
        assert_eq!(check("").unwrap_err(), 0);
        assert_eq!(check("i)").unwrap_err(), 0);
        assert_eq!(check("(i").unwrap_err(), 2);
        assert_eq!(check("(ix)").unwrap_err(), 2);
        assert_eq!(check("(i)i)").unwrap_err(), 4);
        assert_eq!(check("((").unwrap_err(), 1);
        assert_eq!(check("(\u{e9})").unwrap_err(), 1);
    }
}
