//! Unpacks what zlib has packed, with a crate from the registry and without an allocator: as an update or a
//! configuration comes to a device.
#![cfg_attr(any(target_arch = "wasm32", target_os = "none"), no_std)]

mod packed;

use common::{fold, write_log};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use packed::PACKED;

/// Bytes of the log.
const LENGTH: usize = 4096;

/// Unpacks so many times; a checksum of the bytes, -1 if they are not those of the log.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn run(rounds: i32) -> i32 {
    checked_run(rounds).map_or(-1, |sum| sum as i32)
}

fn checked_run(rounds: i32) -> Option<u32> {
    let mut log = [0; LENGTH];
    write_log(&mut log);
    let mut state = DecompressorOxide::new();
    let mut sum = 0;
    for _ in 0..rounds {
        let mut unpacked = [0; LENGTH];
        state.init();
        let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
            | inflate_flags::TINFL_FLAG_COMPUTE_ADLER32
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, _, length) = decompress(&mut state, &PACKED, &mut unpacked, 0, flags);
        if status != TINFLStatus::Done || length != LENGTH || unpacked != log {
            return None;
        }
        sum = fold(sum, state.adler32()?);
    }
    Some(sum)
}
