//! Texts that take little flash: many in one list, since a table of strings would take 8 bytes more for each on a 32-bit
//! CPU, and errors' texts packed, since they are made of the same few words.

use crate::dictionary;
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
        assert!(texts.is_ascii() && texts.len() == N);
        let texts = texts.as_bytes();
        let mut packed = Packed { bytes: [0; N], len: 0 };
        let mut at = 0;
        while at < N {
            // No pair has a NUL in it, so each text is packed by itself.
            let start = packed.len;
            loop {
                let byte = texts[at];
                packed.bytes[packed.len] = byte;
                packed.len += 1;
                at += 1;
                if byte == 0 || at == N {
                    break;
                }
            }
            while packed.replace_first(start) {}
        }
        packed
    }

    /// Of the pairs that are met behind `start`, replaces the one that comes first in the dictionary; false if there is none.
    const fn replace_first(&mut self, start: usize) -> bool {
        let (mut first, mut at) = (0, start + 1);
        while at < self.len {
            let number = NUMBERS[self.bytes[at - 1] as usize][self.bytes[at] as usize];
            if number != 0 && (first == 0 || number < first) {
                first = number;
            }
            at += 1;
        }
        if first == 0 {
            return false;
        }
        let [one, two] = DICTIONARY[(first - FIRST) as usize];
        let (mut from, mut to) = (start, start);
        while from < self.len {
            let found = from + 1 < self.len && self.bytes[from] == one && self.bytes[from + 1] == two;
            self.bytes[to] = if found { first } else { self.bytes[from] };
            from += if found { 2 } else { 1 };
            to += 1;
        }
        self.len = to;
        true
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
}

/// The pairs that bytes above 127 stand for: made for the largest list of texts, what is wrong with a module, which is packed by it
/// to less than half.
const DICTIONARY: &[[u8; 2]] = if cfg!(feature = "messages") { &dictionary::PAIRS } else { &[] };

static PAIRS: [[u8; 2]; DICTIONARY.len()] = {
    let mut pairs = [[0; 2]; DICTIONARY.len()];
    pairs.copy_from_slice(DICTIONARY);
    pairs
};

/// What stands for a pair of bytes; 0 for those that are none of the dictionary's.
const NUMBERS: &[[u8; 256]; 256] = &{
    let mut numbers = [[0; 256]; 256];
    let mut pair = 0;
    while pair < DICTIONARY.len() {
        numbers[DICTIONARY[pair][0] as usize][DICTIONARY[pair][1] as usize] = FIRST + pair as u8;
        pair += 1;
    }
    numbers
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

/// How the dictionary is made. It would take the compiler four seconds, each time that it compiles this crate.
#[cfg(all(test, feature = "messages"))]
mod dictionary_tests {
    extern crate std;
    use super::FIRST;
    use crate::dictionary::PAIRS;
    use crate::error::TEXTS;
    use std::vec::Vec;
    use std::{env, format, fs};

    /// The pair of bytes that is met most often, but for NULs, and how often; of several the first.
    fn most_frequent(texts: &[u8]) -> ([u8; 2], usize) {
        let mut counts = std::collections::BTreeMap::new();
        let (mut pair, mut most) = ([0; 2], 0);
        for two in texts.windows(2).filter(|two| !two.contains(&0)) {
            let count = counts.entry(two).or_insert(0);
            *count += 1;
            if *count > most {
                (pair, most) = ([two[0], two[1]], *count);
            }
        }
        (pair, most)
    }

    fn replace(texts: &[u8], pair: [u8; 2], by: u8) -> Vec<u8> {
        let (mut replaced, mut rest) = (Vec::new(), texts);
        while let Some((&first, after)) = rest.split_first() {
            let found = rest.starts_with(&pair);
            replaced.push(if found { by } else { first });
            rest = if found { &rest[2..] } else { after };
        }
        replaced
    }

    /// Written anew by `WASMOTE_BLESS=1 cargo test -p wasmote-core --features messages dictionary`.
    #[test]
    #[cfg_attr(miri, ignore = "takes minutes, and has no unsafe code")]
    fn the_dictionary_is_made_of_the_texts() {
        let (mut texts, mut pairs) = (TEXTS.as_bytes().to_vec(), Vec::new());
        for number in FIRST..=u8::MAX {
            let (pair, count) = most_frequent(&texts);
            // It takes two bytes, and saves one wherever it is met.
            if count < 3 {
                break;
            }
            texts = replace(&texts, pair, number);
            pairs.push(pair);
        }
        if env::var_os("WASMOTE_BLESS").is_some() {
            let mut source = format!(
                "//! Pairs of bytes of which packed texts are made: by a test of the module `texts`, which says how.\n\n\
                 #[rustfmt::skip]\npub const PAIRS: [[u8; 2]; {}] = [\n",
                pairs.len()
            );
            for line in pairs.chunks(8) {
                source += &format!(
                    "    {},\n",
                    line.iter().map(|pair| format!("{pair:?}")).collect::<Vec<_>>().join(", ")
                );
            }
            fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dictionary.rs"), source + "];\n").unwrap();
            return;
        }
        assert_eq!(PAIRS[..], pairs, "the texts are others: WASMOTE_BLESS=1 writes it anew");
        // The compiler packs a text at a time.
        assert_eq!(crate::packed!(TEXTS)[..], texts);
    }
}
