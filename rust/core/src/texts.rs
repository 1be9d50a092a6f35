//! Texts in one string: a table of them would take 8 bytes more for each on a 32-bit CPU.

/// One of several texts that are each ended by a NUL, without it; empty if there are not so many.
pub fn text(texts: &'static str, number: usize) -> &'static str {
    c_text(texts, number).strip_suffix('\0').unwrap_or_default()
}

/// One of several texts that are each ended by a NUL, with it; empty if there are not so many.
#[inline(never)]
pub fn c_text(texts: &'static str, number: usize) -> &'static str {
    let (mut start, mut left) = (0, number);
    for (at, byte) in texts.bytes().enumerate() {
        if byte == 0 {
            if left == 0 {
                return texts.get(start..=at).unwrap_or_default();
            }
            left -= 1;
            start = at + 1;
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::{c_text, text};

    #[test]
    fn each_by_its_number() {
        let texts = "first\0\0th\u{ef}rd\0";
        assert_eq!([0, 1, 2, 3].map(|number| text(texts, number)), ["first", "", "th\u{ef}rd", ""]);
        assert_eq!([0, 1, 2, 3].map(|number| c_text(texts, number)), ["first\0", "\0", "th\u{ef}rd\0", ""]);
        assert_eq!(text("", 0), "");
    }
}
