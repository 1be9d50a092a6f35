//! Signatures as strings: "(iI)f".

use wasmote::{FuncType, ValType};

/// The letter of a value type.
pub(crate) fn letter(ty: ValType) -> u8 {
    match ty {
        ValType::I32 => b'i',
        ValType::I64 => b'I',
        ValType::F32 => b'f',
        ValType::F64 => b'F',
        ValType::FuncRef => b'r',
        ValType::ExternRef => b'e',
    }
}

/// A signature that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature<'a> {
    text: &'a str,
}

impl<'a> Signature<'a> {
    /// Reads a signature.
    ///
    /// # Errors
    /// The place of the first character that is wrong, counted from 0.
    pub fn read(text: &'a str) -> Result<Signature<'a>, usize> {
        let mut closed = false;
        for (place, byte) in text.bytes().enumerate() {
            match byte {
                b'(' if place == 0 => {}
                b')' if place > 0 && !closed => closed = true,
                b'i' | b'I' | b'f' | b'F' | b'r' | b'e' if place > 0 => {}
                _ => return Err(place),
            }
        }
        if closed { Ok(Signature { text }) } else { Err(text.len()) }
    }

    /// Whether it stands for this type.
    pub fn is(&self, ty: FuncType<'_>) -> bool {
        let mut written = self.text.bytes();
        let mut next = |byte| written.next() == Some(byte);
        next(b'(')
            && ty.params().all(|ty| next(letter(ty)))
            && next(b')')
            && ty.results().all(|ty| next(letter(ty)))
            && written.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_says_where_it_cannot() {
        let ty = FuncType::new(&[0x7F, 0x7E], &[0x7D]);
        assert!(Signature::read("(iI)f").is_ok_and(|read| read.is(ty)));
        assert!(Signature::read("(iI)F").is_ok_and(|read| !read.is(ty)));
        assert!(Signature::read("(i)f").is_ok_and(|read| !read.is(ty)));
        assert!(Signature::read("()").is_ok_and(|read| read.is(FuncType::default())));
        assert_eq!(Signature::read("").unwrap_err(), 0);
        assert_eq!(Signature::read("i)").unwrap_err(), 0);
        assert_eq!(Signature::read("(i").unwrap_err(), 2);
        assert_eq!(Signature::read("(ix)").unwrap_err(), 2);
        assert_eq!(Signature::read("(i)i)").unwrap_err(), 4);
        assert_eq!(Signature::read("((").unwrap_err(), 1);
        assert_eq!(Signature::read("(\u{e9})").unwrap_err(), 1);
    }
}
