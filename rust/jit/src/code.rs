//! The bytes of code that is being made.

use wasmote_platform::{Heap, OutOfMemory, Vec};

/// Code bytes, in the byte order of the instruction sets: little endian. Running out of memory is noted, and told when
/// the function ends, so that not every instruction has to be asked.
#[derive(Debug)]
pub struct Code {
    bytes: Vec<u8>,
    /// Bytes that there is room for.
    room: usize,
    failed: bool,
}

impl Code {
    /// No code yet; its memory is taken from `heap`.
    pub fn new(heap: &Heap) -> Code {
        Code { bytes: Vec::new(heap), room: 0, failed: false }
    }

    /// Bytes so far: the place of the next one.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() > self.room {
            self.grow();
        }
        self.failed |= self.bytes.extend_from_slice(bytes).is_err();
    }

    #[cold]
    fn grow(&mut self) {
        let more = 64 + self.bytes.len() / 2;
        match self.bytes.reserve_exact(more) {
            Ok(()) => self.room = self.bytes.len() + more,
            Err(_) => self.failed = true,
        }
    }

    /// Appends two bytes.
    pub fn put16(&mut self, value: u32) {
        self.put(&(value as u16).to_le_bytes());
    }

    /// The two bytes at a place.
    pub fn get16(&self, at: usize) -> u32 {
        match self.bytes.get(at..at + 2) {
            Some(&[low, high]) => u32::from(u16::from_le_bytes([low, high])),
            _ => 0,
        }
    }

    /// Changes the two bytes at a place.
    pub fn set16(&mut self, at: usize, value: u32) {
        if let Some(place) = self.bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&(value as u16).to_le_bytes());
        }
    }

    /// The four bytes at a place.
    pub fn get32(&self, at: usize) -> u32 {
        self.get16(at) | self.get16(at + 2) << 16
    }

    /// Changes the four bytes at a place.
    pub fn set32(&mut self, at: usize, value: u32) {
        self.set16(at, value);
        self.set16(at + 2, value >> 16);
    }

    /// Takes back what was appended from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Begins anew, with the memory of before.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.failed = false;
    }

    /// Whether everything found room.
    ///
    /// # Errors
    /// It did not.
    pub fn check(&self) -> Result<(), OutOfMemory> {
        if self.failed { Err(OutOfMemory) } else { Ok(()) }
    }
}
