//! The platform's memory for compiled code.

use crate::{OutOfMemory, abi};
use core::ptr::NonNull;

/// Code that is written apart is to begin at multiples of so many bytes: a line of caches; where pages cannot be executed
/// while they are written, a page.
pub const GRANULE: usize =
    if cfg!(all(feature = "std", target_os = "linux", target_arch = "arm")) { 4096 } else { 32 };

/// Memory in which code can be executed, claimed from the platform until this is dropped. It is never an error to write
/// into it; whether what is there may be executed is the affair of who does.
#[derive(Debug)]
pub struct CodeRegion {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: (P9) the region belongs to this value, and the platform's functions may be called from any thread.
unsafe impl Send for CodeRegion {}
// SAFETY: (P9) as above; a shared reference writes nothing.
unsafe impl Sync for CodeRegion {}

impl CodeRegion {
    /// Claims the platform's memory for code. `None` if it has none, or none left.
    pub fn claim() -> Option<CodeRegion> {
        let mut size = 0;
        // SAFETY: (P9) the claim is new, and the place for its size is ours.
        let start = unsafe { abi::wasmote_platform_code_claim(&raw mut size) };
        Some(CodeRegion { start: NonNull::new(start.cast())?, size })
    }

    /// The first byte, aligned to 8 or more. It does not change as long as this lives. To be executed, not to be read or
    /// written.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Number of bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Copies code to `offset`, where any thread may then execute it. An error if it does not fit, and nothing is
    /// written.
    pub fn write(&mut self, offset: usize, code: &[u8]) -> Result<(), OutOfMemory> {
        let end = offset.checked_add(code.len()).ok_or(OutOfMemory)?;
        if end > self.size {
            return Err(OutOfMemory);
        }
        if !code.is_empty() {
            // SAFETY: (P9) the bytes lie within the claim, which nobody else writes to.
            unsafe {
                let to = self.start.as_ptr().add(offset);
                abi::wasmote_platform_code_write(to.cast(), code.as_ptr().cast(), code.len());
            }
        }
        Ok(())
    }
}

impl Drop for CodeRegion {
    fn drop(&mut self) {
        // SAFETY: (P9) claimed, and given back once.
        unsafe { abi::wasmote_platform_code_release(self.start.as_ptr().cast()) }
    }
}
