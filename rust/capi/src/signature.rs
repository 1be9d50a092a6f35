//! Signatures as strings: "(iI)f".

use crate::message::Text;
use wasmote::{FuncType, ValType};

/// The letter of a value type.
pub(crate) fn letter(ty: ValType) -> char {
    match ty {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        ValType::F32 => 'f',
        ValType::F64 => 'F',
        ValType::FuncRef => 'r',
        ValType::ExternRef => 'e',
    }
}

/// A signature that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature<'a> {
    params: &'a str,
    results: &'a str,
}

impl<'a> Signature<'a> {
    /// Reads a signature.
    ///
    /// # Errors
    /// The place of the first character that is wrong, counted from 0.
    pub fn read(text: &'a str) -> Result<Signature<'a>, usize> {
        let inner = text.strip_prefix('(').ok_or(0usize)?;
        let (params, results) = inner.split_once(')').ok_or(text.len())?;
        let wrong = |part: &str| part.bytes().position(|byte| !b"iIfFre".contains(&byte));
        if let Some(place) = wrong(params) {
            return Err(1 + place);
        }
        if let Some(place) = wrong(results) {
            return Err(2 + params.len() + place);
        }
        Ok(Signature { params, results })
    }

    /// Writes it as it was read.
    pub fn write(&self, text: &mut Text<'_>) {
        text.add("function (").add(self.params).add(")").add(self.results);
    }

    /// Whether it stands for this type.
    pub fn is(&self, ty: FuncType<'_>) -> bool {
        self.params.chars().eq(ty.params().map(letter)) && self.results.chars().eq(ty.results().map(letter))
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
        assert_eq!(Signature::read("(\u{e9})").unwrap_err(), 1);
    }
}
