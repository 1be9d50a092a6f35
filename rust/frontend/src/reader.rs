//! Reads the primitives of the binary format (WebAssembly Core, 5.1 and 5.2) in place.

use wasmote_core::{ErrorKind, Feature, LoadError, Op, refused};
use wasmote_platform::{OutOfMemory, from_utf8};

/// A cursor over a module's bytes up to some end. Positions are offsets in the module.
///
/// What is wrong is kept here, the first time something is: reading then yields zeros, and the cursor is at the
/// end. So whoever reads need not look after each byte, which takes a good part of a validator's code, but only
/// before it acts: [`failed`](Reader::failed).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
    fault: Option<LoadError>,
    /// Why nobody is to be told what is read, one bit for each reason: [`FAILED`], and those of whoever reads. So one look
    /// says whether there is one.
    pub mute: u8,
}

/// Something was wrong.
pub(crate) const FAILED: u8 = 1;

impl<'a> Reader<'a> {
    /// Reads `module[start..end]`. An `end` beyond the module is the module's end.
    pub fn new(module: &'a [u8], start: u32, end: u32) -> Reader<'a> {
        let mut reader = Reader { bytes: module, pos: start as usize, fault: None, mute: 0 };
        reader.limit(end);
        reader
    }

    /// What follows ends there, or where it ends anyway.
    pub fn limit(&mut self, end: u32) {
        self.bytes = self.bytes.get(..end as usize).unwrap_or(self.bytes);
    }

    /// What follows goes on as `module` does, unless something was wrong.
    pub fn extend(&mut self, module: &'a [u8]) {
        if !self.failed() {
            self.bytes = module;
        }
    }

    pub fn pos(&self) -> u32 {
        self.pos as u32
    }

    pub fn at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    /// Whether anything was wrong so far.
    pub fn failed(&self) -> bool {
        self.mute & FAILED != 0
    }

    /// What was wrong, if anything.
    pub fn result(&self) -> Result<(), LoadError> {
        match self.fault {
            None => Ok(()),
            Some(fault) => Err(fault),
        }
    }

    /// Something is wrong here.
    #[cold]
    pub fn fail(&mut self, kind: ErrorKind) {
        self.fail_at(kind, self.pos());
    }

    /// Something is wrong at an offset.
    #[cold]
    #[inline(never)]
    pub fn fail_at(&mut self, kind: ErrorKind, at: u32) {
        self.fault.get_or_insert(LoadError::new(kind, at));
        self.mute |= FAILED;
        self.pos = self.bytes.len();
    }

    /// A failed allocation is wrong here.
    pub fn stored(&mut self, result: Result<(), OutOfMemory>) {
        if result.is_err() {
            self.fail(ErrorKind::OutOfMemory);
        }
    }

    /// The module uses a feature. It is wrong if this build does not have it.
    pub fn need(&mut self, feature: Feature, at: u32) {
        if !feature.compiled() {
            self.fail_at(ErrorKind::Unsupported(feature), at);
        }
    }

    /// The operator whose opcode was read at `at`, if there is one: behind a prefix another number follows.
    #[cold]
    #[inline(never)]
    pub fn operator(&mut self, mut opcode: u32, at: u32) -> Option<Op> {
        if opcode == 0xFC {
            // What is no operator behind any prefix is none behind this one.
            opcode = 0xFC00 | self.u32().min(0xFF);
        }
        let op = Op::decode(opcode);
        if op.is_none() {
            self.fail_at(refused(opcode).map_or(ErrorKind::BadOpcode, ErrorKind::Unsupported), at);
        }
        op
    }

    pub fn u8(&mut self) -> u8 {
        self.next()
    }

    /// As [`u8`](Reader::u8), without a call.
    #[inline(always)]
    pub fn next(&mut self) -> u8 {
        match self.bytes.get(self.pos) {
            Some(&byte) => {
                self.pos += 1;
                byte
            }
            None => {
                self.fail(ErrorKind::UnexpectedEnd);
                0
            }
        }
    }

    /// All that follows, without going on.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.pos..).unwrap_or(&[])
    }

    /// Bytes that follow.
    pub fn left(&self) -> u32 {
        self.bytes.len().saturating_sub(self.pos) as u32
    }

    /// The next byte, without going on.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    pub fn slice(&mut self, len: u32) -> &'a [u8] {
        match self.bytes.get(self.pos..).and_then(|rest| rest.get(..len as usize)) {
            Some(slice) => {
                self.pos += len as usize;
                slice
            }
            None => {
                self.fail(ErrorKind::UnexpectedEnd);
                &[]
            }
        }
    }

    /// A number of one byte, as nearly all are.
    #[inline(always)]
    fn short(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.pos)?;
        if byte >= 0x80 {
            return None;
        }
        self.pos += 1;
        Some(byte)
    }

    pub fn u32(&mut self) -> u32 {
        match self.short() {
            Some(byte) => byte.into(),
            None => self.leb(5, 4, false) as u32,
        }
    }

    /// As [`u32`](Reader::u32), without a call for a number of one byte.
    #[inline(always)]
    pub fn next_u32(&mut self) -> u32 {
        match self.short() {
            Some(byte) => byte.into(),
            None => self.u32(),
        }
    }

    pub fn s32(&mut self) -> i32 {
        match self.short() {
            // The sign is the seventh bit.
            Some(byte) => ((byte << 1) as i8 >> 1).into(),
            None => self.leb(5, 3, true) as i32,
        }
    }

    pub fn s33(&mut self) -> i64 {
        self.leb(5, 4, true)
    }

    pub fn s64(&mut self) -> i64 {
        self.leb(10, 0, true)
    }

    /// LEB128 of at most so many bytes (5.2.2). The last one that is allowed has so many `bits`, and further ones that are all 0,
    /// or all as the sign.
    #[inline(never)]
    fn leb(&mut self, most: usize, bits: u32, signed: bool) -> i64 {
        let rest = self.rest();
        let mut others = 0;
        while rest.get(others).is_some_and(|byte| *byte >= 0x80) {
            others += 1;
        }
        if others >= most {
            self.fail(ErrorKind::IntegerTooLong);
            return 0;
        }
        let Some((others, &[last, ..])) = rest.split_at_checked(others) else {
            self.pos = self.bytes.len();
            self.fail(ErrorKind::UnexpectedEnd);
            return 0;
        };
        let last = if signed { ((last << 1) as i8 >> 1).into() } else { i32::from(last) };
        if others.len() + 1 == most && !matches!(last >> bits, 0 | -1) {
            self.fail(ErrorKind::IntegerTooLarge);
            return 0;
        }
        self.pos += others.len() + 1;
        others.iter().rev().fold(last.into(), |value, byte| value << 7 | i64::from(byte & 0x7F))
    }

    pub fn f32_bits(&mut self) -> u32 {
        self.slice(4).first_chunk().map_or(0, |&bytes| u32::from_le_bytes(bytes))
    }

    pub fn f64_bits(&mut self) -> u64 {
        self.slice(8).first_chunk().map_or(0, |&bytes| u64::from_le_bytes(bytes))
    }

    /// A name (5.2.4).
    pub fn name(&mut self) -> &'a str {
        let len = self.u32();
        let start = self.pos();
        let bytes = self.slice(len);
        from_utf8(bytes).unwrap_or_else(|| {
            self.fail_at(ErrorKind::BadUtf8, start);
            ""
        })
    }

    /// A count of items that take at least one byte each, bounded before anything is allocated for them.
    pub fn count(&mut self, limit: u32, too_many: ErrorKind) -> u32 {
        let start = self.pos();
        let count = self.u32();
        if count > limit {
            self.fail_at(too_many, start);
        } else if count > self.left() {
            self.fail(ErrorKind::UnexpectedEnd);
        }
        if self.failed() { 0 } else { count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(bytes: &'static [u8], read: fn(&mut Reader<'static>) -> T) -> T {
        let mut reader = Reader::new(bytes, 0, bytes.len() as u32);
        let value = read(&mut reader);
        reader.result().unwrap();
        value
    }

    fn fault<T>(bytes: &'static [u8], read: fn(&mut Reader<'static>) -> T) -> LoadError {
        let mut reader = Reader::new(bytes, 0, bytes.len() as u32);
        read(&mut reader);
        reader.result().unwrap_err()
    }

    #[test]
    fn unsigned_leb() {
        assert_eq!(read(&[0x7F], Reader::u32), 127);
        assert_eq!(read(&[0xE5, 0x8E, 0x26], Reader::u32), 624_485);
        assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Reader::u32), u32::MAX);
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x00], Reader::u32), 0);
        assert_eq!(fault(&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F], Reader::u32).kind, ErrorKind::IntegerTooLarge);
        assert_eq!(fault(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], Reader::u32).kind, ErrorKind::IntegerTooLong);
        assert_eq!(fault(&[0x80], Reader::u32), LoadError::new(ErrorKind::UnexpectedEnd, 1));
    }

    #[test]
    fn signed_leb() {
        assert_eq!(read(&[0x7F], Reader::s32), -1);
        assert_eq!(read(&[0x40], Reader::s32), -64);
        assert_eq!(read(&[0x3F], Reader::s32), 63);
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x78], Reader::s32), i32::MIN);
        assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0xFF, 0x07], Reader::s32), i32::MAX);
        assert_eq!(fault(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Reader::s32).kind, ErrorKind::IntegerTooLarge);
        assert_eq!(fault(&[0x80, 0x80, 0x80, 0x80, 0x70], Reader::s32).kind, ErrorKind::IntegerTooLarge);
        let min = &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F];
        assert_eq!(read(min, Reader::s64), i64::MIN);
        let large = &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7E];
        assert_eq!(fault(large, Reader::s64).kind, ErrorKind::IntegerTooLarge);
        assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], Reader::s33), 0xFFFF_FFFF);
    }
}
