//! A sequence of calls of the C API.
#![no_main]

use libfuzzer_sys::fuzz_target;
// Its functions are linked by their C names.
use wasmote_capi as _;

unsafe extern "C" {
    fn sequence(data: *const u8, size: usize);
}

fuzz_target!(|input: &[u8]| {
    // SAFETY: as many bytes as it is told.
    unsafe { sequence(input.as_ptr(), input.len()) }
});
