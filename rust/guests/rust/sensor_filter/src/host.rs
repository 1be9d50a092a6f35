//! What the host gives, and a line of text for its log.

#[link(wasm_import_module = "sensor")]
unsafe extern "C" {
    safe fn read() -> i32;
    pub safe fn emit(value: i32, flags: i32);
    fn log(text: *const u8, length: usize);
}

/// The next sample, or nothing at the end of the batch.
pub fn next_sample() -> Option<i32> {
    Some(read()).filter(|&raw| raw >= 0)
}

/// A line that is put together without `core::fmt`, which would be larger than the whole filter.
pub struct Line {
    bytes: [u8; 80],
    length: usize,
}

impl Line {
    pub fn new() -> Self {
        Line { bytes: [0; 80], length: 0 }
    }

    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Appends what there is room for.
    fn bytes(mut self, bytes: &[u8]) -> Self {
        for (to, from) in self.bytes[self.length..].iter_mut().zip(bytes) {
            *to = *from;
            self.length += 1;
        }
        self
    }

    pub fn number(self, mut number: u32) -> Self {
        let mut digits = [0; 10];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.bytes(&digits[first..])
    }

    pub fn log(self) {
        // SAFETY: the host reads `length` bytes at `bytes`, which are ours, before it returns.
        unsafe { log(self.bytes.as_ptr(), self.length) }
    }
}
