//! The bytes of code that is being made.

use wasmote_platform::{Heap, OutOfMemory, Vec};

/// Bytes of a piece. With 256, what is known of all pieces takes more than is saved; with 1024, the last one has more room that
/// nothing needs.
const PIECE: usize = 512;

/// Code bytes, in the byte order of the instruction sets: little endian. They are in pieces of a fixed size, which stay where
/// they are, so that there is never room for much more than there is code, and nothing is copied while it grows.
///
/// Running out of memory is noted, and told when the function ends, so that not every instruction has to be asked. From then
/// on code has places, but no bytes.
#[derive(Debug)]
pub struct Code {
    /// Of the last one there may be more than there is code.
    pieces: Vec<Vec<u8>>,
    len: usize,
    failed: bool,
    heap: Heap,
}

impl Code {
    /// No code yet; its memory is taken from `heap`.
    pub fn new(heap: &Heap) -> Code {
        Code { pieces: Vec::new(heap), len: 0, failed: false, heap: heap.clone() }
    }

    /// Bytes so far: the place of the next one.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes, in pieces that follow each other. All of them but the last one have the same size, a power of two.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let ends = (0..).map(|at| PIECE.min(self.len - at * PIECE));
        self.pieces.iter().zip(ends).map(|(piece, end)| piece.get(..end).unwrap_or(&[]))
    }

    /// The bytes, one by one.
    pub fn bytes(&self) -> impl Iterator<Item = u8> {
        self.pieces().flatten().copied()
    }

    /// The `N` bytes at a place, if one piece has them.
    fn within<const N: usize>(&mut self, at: usize) -> Option<&mut [u8; N]> {
        self.pieces.get_mut(at / PIECE)?.get_mut(at % PIECE..)?.first_chunk_mut()
    }

    /// Appends bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.len >= self.pieces.len() * PIECE {
                self.grow();
            }
            self.len += 1;
            self.set8(self.len - 1, byte);
        }
    }

    /// The last piece is full.
    #[cold]
    fn grow(&mut self) {
        let mut piece = Vec::new(&self.heap);
        if self.failed || piece.resize(PIECE, 0).is_err() || self.pieces.push(piece).is_err() {
            self.failed = true;
            self.pieces.clear();
        }
    }

    /// Appends the lowest bytes of a number, of which the next piece is begun with some.
    #[cold]
    #[inline(never)]
    fn put_across(&mut self, value: u32, count: usize) {
        if let Some(bytes) = value.to_le_bytes().get(..count) {
            self.put(bytes);
        }
    }

    /// Appends two bytes.
    #[inline(never)]
    pub fn put16(&mut self, value: u32) {
        match self.within::<2>(self.len) {
            Some(place) => {
                *place = (value as u16).to_le_bytes();
                self.len += 2;
            }
            None => self.put_across(value, 2),
        }
    }

    /// Appends four bytes.
    #[inline(never)]
    pub fn put32(&mut self, value: u32) {
        match self.within::<4>(self.len) {
            Some(place) => {
                *place = value.to_le_bytes();
                self.len += 4;
            }
            None => self.put_across(value, 4),
        }
    }

    /// The byte at a place.
    fn get8(&self, at: usize) -> u8 {
        self.pieces.get(at / PIECE).and_then(|piece| piece.get(at % PIECE)).copied().unwrap_or(0)
    }

    /// Changes the byte at a place.
    pub fn set8(&mut self, at: usize, value: u8) {
        if let Some([place]) = self.within::<1>(at) {
            *place = value;
        }
    }

    /// The two bytes at a place.
    pub fn get16(&self, at: usize) -> u32 {
        u32::from(self.get8(at)) | u32::from(self.get8(at + 1)) << 8
    }

    /// Changes the two bytes at a place.
    pub fn set16(&mut self, at: usize, value: u32) {
        self.set8(at, value as u8);
        self.set8(at + 1, (value >> 8) as u8);
    }

    /// The four bytes at a place.
    pub fn get32(&self, at: usize) -> u32 {
        let piece = self.pieces.get(at / PIECE).and_then(|piece| piece.get(at % PIECE..));
        match piece.and_then(|piece| piece.first_chunk()) {
            Some(&bytes) => u32::from_le_bytes(bytes),
            None => self.get_across(at),
        }
    }

    #[cold]
    #[inline(never)]
    fn get_across(&self, at: usize) -> u32 {
        u32::from_le_bytes(core::array::from_fn(|byte| self.get8(at + byte)))
    }

    /// Changes the four bytes at a place.
    pub fn set32(&mut self, at: usize, value: u32) {
        match self.within(at) {
            Some(place) => *place = value.to_le_bytes(),
            None => self.set_across(at, value),
        }
    }

    #[cold]
    #[inline(never)]
    fn set_across(&mut self, at: usize, value: u32) {
        for (byte, value) in value.to_le_bytes().into_iter().enumerate() {
            self.set8(at + byte, value);
        }
    }

    /// Takes back what was appended from `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.pieces.truncate(self.len.div_ceil(PIECE));
    }

    /// Whether everything found room.
    ///
    /// # Errors
    /// It did not.
    pub fn check(&self) -> Result<(), OutOfMemory> {
        if self.failed { Err(OutOfMemory) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, PIECE};
    use std::vec::Vec;
    use wasmote_platform::Heap;

    /// At every place around the end of a piece: what is appended and changed is what is read.
    #[test]
    fn pieces_are_one_code() {
        let heap = Heap::platform().unwrap();
        for before in PIECE - 6..PIECE + 2 {
            let mut code = Code::new(&heap);
            let mut expected: Vec<u8> = (0..before).map(|byte| byte as u8).collect();
            code.put(&expected);
            code.put32(0x8765_4321);
            code.put16(0x1_CBA9);
            code.put(&[7, 8, 9]);
            expected.extend([0x21, 0x43, 0x65, 0x87, 0xA9, 0xCB, 7, 8, 9]);
            assert_eq!(code.bytes().collect::<Vec<u8>>(), expected);
            assert_eq!((code.len(), code.get32(before)), (expected.len(), 0x8765_4321));
            code.set32(before + 1, 0x1234_5678);
            code.set8(before, 0xEF);
            assert_eq!((code.get32(before), code.get32(before + 4)), (0x3456_78EF, 0x0807_CB12));
            assert_eq!(code.pieces().count(), code.len().div_ceil(PIECE));
            // What is taken back is as if it had never been there.
            code.truncate(before);
            assert_eq!(code.len(), before);
            code.put16(0x2211);
            assert_eq!(code.bytes().skip(before).collect::<Vec<u8>>(), [0x11, 0x22]);
            code.check().unwrap();
        }
    }

    /// Code that has found no room goes on, has nothing, and takes no more memory.
    #[test]
    fn no_room() {
        let heap = Heap::platform().unwrap();
        let mut code = Code::new(&heap);
        let used = heap.stats().used;
        code.put(&[1; PIECE]);
        assert!(heap.stats().used > used);
        heap.fail_after(1);
        code.put32(2);
        code.check().unwrap_err();
        let left = heap.stats().used;
        code.put(&[3; 2 * PIECE]);
        assert_eq!((heap.stats().used, code.len()), (left, 3 * PIECE + 4));
        assert_eq!((code.get32(0), code.get32(PIECE)), (0, 0));
        assert_eq!(code.bytes().count(), 0);
        code.truncate(0);
        code.check().unwrap_err();
    }
}
