//! Texts that take little flash: many in one list, since a table of strings would take 8 bytes more for each on a 32-bit
//! CPU, and errors' texts packed, since they are made of the same few words.

use crate::error::TEXTS;
use core::fmt;

/// A text, until a NUL or its end. It may be packed: a byte above 127 stands for a pair of bytes of the dictionary.
#[derive(Clone, Copy)]
pub struct Message(&'static [u8]);

impl Message {
    /// One of several texts that are each ended by a NUL; the last place is empty.
    #[inline(never)]
    pub fn of(texts: &'static [u8], number: usize) -> Message {
        let mut rest = texts;
        for _ in 0..number {
            // Behind the next NUL.
            while let Some((&byte, after)) = rest.split_first() {
                rest = after;
                if byte == 0 {
                    break;
                }
            }
        }
        Message(rest)
    }

    /// What follows these characters.
    pub fn behind(self, prefix: &str) -> Message {
        Message(self.0.get(prefix.len()..).unwrap_or_default())
    }

    /// The address of a text that is ended by a NUL and not packed.
    pub fn as_ptr(self) -> *const u8 {
        self.0.as_ptr()
    }

    /// Hands over one byte after the other.
    pub fn each(self, to: &mut impl FnMut(u8)) {
        self.0.iter().take_while(|&&byte| byte != 0).for_each(|&byte| unpack(byte, to));
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Message {
        Message(text.as_bytes())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        self.each(&mut |byte| result = result.and_then(|()| fmt::Write::write_char(f, byte.into())));
        result
    }
}

/// Pairs are made of earlier ones only, so this ends.
fn unpack(byte: u8, to: &mut impl FnMut(u8)) {
    match PAIRS.get(usize::from(byte.wrapping_sub(FIRST))) {
        Some(&[first, second]) => {
            unpack(first, to);
            unpack(second, to);
        }
        None => to(byte),
    }
}

/// The number that stands for the first pair.
const FIRST: u8 = 128;

/// A pair takes two bytes, and saves one wherever it is met.
const WORTH: usize = 3;

/// Packs texts, a constant string in which each is ended by a NUL, to a `&'static [u8]` for [`Message::of`].
#[macro_export]
macro_rules! packed {
    ($texts:expr) => {{
        const PACKED: $crate::texts::Packed<{ $texts.len() }> = $crate::texts::Packed::new($texts);
        static BYTES: [u8; PACKED.len()] = PACKED.cut();
        &BYTES
    }};
}

/// Texts while they are packed, at compile time.
pub struct Packed<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Packed<N> {
    /// Packs texts of ASCII.
    pub const fn new(texts: &str) -> Packed<N> {
        let mut packed = Packed::plain(texts);
        let mut number = 0;
        while number != DICTIONARY.len {
            packed.replace(DICTIONARY.pairs[number], FIRST + number as u8);
            number += 1;
        }
        packed
    }

    const fn plain(texts: &str) -> Packed<N> {
        assert!(texts.is_ascii() && texts.len() == N);
        let mut bytes = [0; N];
        bytes.copy_from_slice(texts.as_bytes());
        Packed { bytes, len: N }
    }

    /// How many bytes it takes.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Just the bytes that it takes.
    pub const fn cut<const LEN: usize>(&self) -> [u8; LEN] {
        assert!(LEN == self.len);
        let mut bytes = [0; LEN];
        bytes.copy_from_slice(self.bytes.split_at(LEN).0);
        bytes
    }

    const fn replace(&mut self, pair: [u8; 2], by: u8) {
        let (mut from, mut to) = (0, 0);
        while from < self.len {
            let found = from + 1 < self.len && self.bytes[from] == pair[0] && self.bytes[from + 1] == pair[1];
            self.bytes[to] = if found { by } else { self.bytes[from] };
            from += if found { 2 } else { 1 };
            to += 1;
        }
        self.len = to;
    }

    /// The pair of bytes that is met most often, but for NULs, and how often.
    const fn most_frequent(&self) -> ([u8; 2], u16) {
        let mut counts = [[0u16; 256]; 256];
        let (mut pair, mut most) = ([0; 2], 0);
        let mut at = 1;
        while at < self.len {
            let [first, second] = [self.bytes[at - 1], self.bytes[at]];
            let count = &mut counts[first as usize][second as usize];
            *count += 1;
            if first != 0 && second != 0 && *count > most {
                (pair, most) = ([first, second], *count);
            }
            at += 1;
        }
        (pair, most)
    }
}

/// The pairs that bytes above 127 stand for.
static PAIRS: [[u8; 2]; DICTIONARY.len] = {
    let mut pairs = [[0; 2]; DICTIONARY.len];
    pairs.copy_from_slice(DICTIONARY.pairs.split_at(DICTIONARY.len).0);
    pairs
};

struct Dictionary {
    pairs: [[u8; 2]; 128],
    len: usize,
}

/// Made for the largest list of texts, what is wrong with a module, which is packed by it to less than half.
#[allow(long_running_const_eval)]
const DICTIONARY: Dictionary = {
    let mut packed = Packed::<{ TEXTS.len() }>::plain(TEXTS);
    let mut dictionary = Dictionary { pairs: [[0; 2]; 128], len: 0 };
    while dictionary.len < dictionary.pairs.len() {
        let (pair, count) = packed.most_frequent();
        if (count as usize) < WORTH {
            break;
        }
        packed.replace(pair, FIRST + dictionary.len as u8);
        dictionary.pairs[dictionary.len] = pair;
        dictionary.len += 1;
    }
    dictionary
};

#[cfg(test)]
mod tests {
    extern crate std;
    use super::Message;
    use std::string::{String, ToString};

    fn nth(texts: &'static [u8], number: usize) -> String {
        Message::of(texts, number).to_string()
    }

    #[test]
    fn each_by_its_number() {
        let texts = b"first\0\0third\0";
        assert_eq!([0, 1, 2, 3, 4].map(|number| nth(texts, number)), ["first", "", "third", "", ""]);
        assert_eq!(nth(b"", 0), "");
        assert_eq!(Message::from("trap: here").behind("trap: ").to_string(), "here");
    }

    #[test]
    fn packed_texts_are_what_they_were() {
        let packed: &[u8] = packed!("unknown type\0\0zebra\0");
        assert_eq!([0, 1, 2, 3].map(|number| nth(packed, number)), ["unknown type", "", "zebra", ""]);
        let shorter = packed.len() < "unknown type\0\0zebra\0".len();
        assert_eq!(shorter, cfg!(feature = "messages"));
    }
}
