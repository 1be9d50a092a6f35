//! Reads the primitives of the binary format (WebAssembly Core, 5.1 and 5.2) in place.

use wasmote_core::{ErrorKind, LoadError};

/// A cursor over a module's bytes up to some end. Positions are offsets in the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
}

pub(crate) type Result<T> = core::result::Result<T, LoadError>;

impl<'a> Reader<'a> {
    /// Reads `module[start..end]`. An `end` beyond the module is the module's end.
    pub fn new(module: &'a [u8], start: u32, end: u32) -> Reader<'a> {
        Reader { bytes: module.get(..end as usize).unwrap_or(module), pos: start as usize }
    }

    pub fn pos(&self) -> u32 {
        self.pos as u32
    }

    pub fn at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    pub fn fail<T>(&self, kind: ErrorKind) -> Result<T> {
        Err(LoadError::new(kind, self.pos()))
    }

    #[inline]
    pub fn u8(&mut self) -> Result<u8> {
        match self.bytes.get(self.pos) {
            Some(&byte) => {
                self.pos += 1;
                Ok(byte)
            }
            None => self.fail(ErrorKind::UnexpectedEnd),
        }
    }

    /// The next byte, without going on.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    pub fn slice(&mut self, len: u32) -> Result<&'a [u8]> {
        let Some(slice) = self.bytes.get(self.pos..).and_then(|rest| rest.get(..len as usize)) else {
            return self.fail(ErrorKind::UnexpectedEnd);
        };
        self.pos += len as usize;
        Ok(slice)
    }

    #[inline]
    pub fn u32(&mut self) -> Result<u32> {
        match self.bytes.get(self.pos) {
            // Nearly all are one byte long.
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(u32::from(byte))
            }
            _ => Ok(self.leb(32, false)? as u32),
        }
    }

    #[inline]
    pub fn s32(&mut self) -> Result<i32> {
        Ok(self.leb(32, true)? as i32)
    }

    pub fn s33(&mut self) -> Result<i64> {
        self.leb(33, true)
    }

    pub fn s64(&mut self) -> Result<i64> {
        self.leb(64, true)
    }

    /// LEB128 of at most `bits` bits (5.2.2). The last byte that they allow may hold nothing but the
    /// remaining bits and their sign.
    #[inline(never)]
    fn leb(&mut self, bits: u32, signed: bool) -> Result<i64> {
        let start = self.pos();
        let mut value = 0u64;
        let mut shift = 0;
        loop {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7F) << shift;
            let left = bits - shift;
            if left < 7 {
                if byte & 0x80 != 0 {
                    return Err(LoadError::new(ErrorKind::IntegerTooLong, start));
                }
                let extra = (byte & 0x7F) as i8;
                // What lies above the last bit, sign-extended from bit 6.
                let above = if signed { ((extra << 1) >> 1) >> (left - 1) } else { extra >> left };
                if above != 0 && !(signed && above == -1) {
                    return Err(LoadError::new(ErrorKind::IntegerTooLarge, start));
                }
            }
            shift += 7;
            if byte & 0x80 == 0 {
                if signed && shift < 64 {
                    value = ((value << (64 - shift)) as i64 >> (64 - shift)) as u64;
                }
                return Ok(value as i64);
            }
        }
    }

    pub fn f32_bits(&mut self) -> Result<u32> {
        let mut bits = [0; 4];
        bits.copy_from_slice(self.slice(4)?);
        Ok(u32::from_le_bytes(bits))
    }

    pub fn f64_bits(&mut self) -> Result<u64> {
        let mut bits = [0; 8];
        bits.copy_from_slice(self.slice(8)?);
        Ok(u64::from_le_bytes(bits))
    }

    /// A name (5.2.4).
    pub fn name(&mut self) -> Result<&'a str> {
        let len = self.u32()?;
        let start = self.pos();
        let bytes = self.slice(len)?;
        core::str::from_utf8(bytes).map_err(|_| LoadError::new(ErrorKind::BadUtf8, start))
    }

    /// A count of items that take at least one byte each, bounded before anything is allocated for them.
    pub fn count(&mut self, limit: u32, too_many: ErrorKind) -> Result<u32> {
        let start = self.pos();
        let count = self.u32()?;
        if count > limit {
            return Err(LoadError::new(too_many, start));
        }
        if count as usize > self.bytes.len().saturating_sub(self.pos) {
            return self.fail(ErrorKind::UnexpectedEnd);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Reader<'_> {
        Reader::new(bytes, 0, bytes.len() as u32)
    }

    #[test]
    fn unsigned_leb() {
        assert_eq!(reader(&[0x7F]).u32(), Ok(127));
        assert_eq!(reader(&[0xE5, 0x8E, 0x26]).u32(), Ok(624_485));
        assert_eq!(reader(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]).u32(), Ok(u32::MAX));
        assert_eq!(reader(&[0x80, 0x80, 0x80, 0x80, 0x00]).u32(), Ok(0));
        assert_eq!(
            reader(&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F]).u32().unwrap_err().kind,
            ErrorKind::IntegerTooLarge
        );
        assert_eq!(
            reader(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]).u32().unwrap_err().kind,
            ErrorKind::IntegerTooLong
        );
        assert_eq!(reader(&[0x80]).u32().unwrap_err(), LoadError::new(ErrorKind::UnexpectedEnd, 1));
    }

    #[test]
    fn signed_leb() {
        assert_eq!(reader(&[0x7F]).s32(), Ok(-1));
        assert_eq!(reader(&[0x40]).s32(), Ok(-64));
        assert_eq!(reader(&[0x3F]).s32(), Ok(63));
        assert_eq!(reader(&[0x80, 0x80, 0x80, 0x80, 0x78]).s32(), Ok(i32::MIN));
        assert_eq!(reader(&[0xFF, 0xFF, 0xFF, 0xFF, 0x07]).s32(), Ok(i32::MAX));
        assert_eq!(
            reader(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]).s32().unwrap_err().kind,
            ErrorKind::IntegerTooLarge
        );
        assert_eq!(
            reader(&[0x80, 0x80, 0x80, 0x80, 0x70]).s32().unwrap_err().kind,
            ErrorKind::IntegerTooLarge
        );
        let min = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F];
        assert_eq!(reader(&min).s64(), Ok(i64::MIN));
        let large = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7E];
        assert_eq!(reader(&large).s64().unwrap_err().kind, ErrorKind::IntegerTooLarge);
        assert_eq!(reader(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]).s33(), Ok(0xFFFF_FFFF));
    }
}
