//! UTF-8. The standard check is made for speed and takes three times the flash.

/// The bytes as a string; `None` if they are no UTF-8.
pub fn from_utf8(bytes: &[u8]) -> Option<&str> {
    let mut rest = bytes.iter();
    while let Some(&lead) = rest.next() {
        let len = lead.leading_ones();
        if len == 0 {
            continue;
        }
        let mut code = u32::from(lead) & (0x7F >> len);
        for _ in 1..len {
            let byte = *rest.next()?;
            if byte & 0xC0 != 0x80 {
                return None;
            }
            code = code << 6 | u32::from(byte & 0x3F);
        }
        // Not too long for what it encodes, no surrogate, and not beyond the last character. A byte that continues
        // something has the length 1 here, and leads nothing.
        if len == 1 || char::from_u32(code).map(char::len_utf8) != Some(len as usize) {
            return None;
        }
    }
    // SAFETY: (P8) checked just now.
    Some(unsafe { core::str::from_utf8_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    use super::from_utf8;

    #[test]
    fn agrees_with_the_standard_library() {
        // Every byte that is the first or last of its kind, in all places.
        let bytes = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
            0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFB, 0xFC, 0xFE, 0xFF,
        ];
        // Fewer where each step is watched.
        let step = if cfg!(miri) { 14 } else { 1 };
        for a in bytes.into_iter().step_by(step) {
            for b in bytes {
                for c in bytes.into_iter().step_by(step) {
                    for text in [[a, b, c, 0x80], [b, c, a, 0x41], [0x41, a, b, c], [a, 0x80, b, c]] {
                        for len in 0..=text.len() {
                            let text = &text[..len];
                            assert_eq!(from_utf8(text), core::str::from_utf8(text).ok(), "{text:x?}");
                        }
                    }
                }
            }
        }
    }
}
