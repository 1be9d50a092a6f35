//! Packs a log before it is sent, and unpacks it again as the other side would: heatshrink, with a crate from the
//! registry and without an allocator.
#![cfg_attr(any(target_arch = "wasm32", target_os = "none"), no_std)]

use common::{fold, write_log};
use heatshrink::{Config, decode, encode};

/// Bytes of the log.
const LENGTH: usize = 256;
/// The window and the longest repetition, as powers of two.
const WINDOW: u8 = 7;
const LOOKAHEAD: u8 = 4;

/// Packs so many times, each time from another place in the log; a checksum of what comes out, -1 if it cannot be
/// unpacked.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn run(rounds: i32) -> i32 {
    checked_run(rounds).map_or(-1, |sum| sum as i32)
}

fn checked_run(rounds: i32) -> Option<u32> {
    let mut log = [0; LENGTH];
    write_log(&mut log);
    let config = Config::new(WINDOW, LOOKAHEAD).ok()?;
    let mut sum = 0;
    for _ in 0..rounds {
        // One more: the decoder takes a buffer that is just full for one that is too small.
        let (mut packed, mut unpacked) = ([0; LENGTH], [0; LENGTH + 1]);
        let packed = encode(&log, &mut packed, &config).ok()?;
        for byte in packed {
            sum = fold(sum, u32::from(*byte));
        }
        if decode(packed, &mut unpacked, &config).ok()? != log {
            return None;
        }
        log.rotate_left(37);
    }
    Some(sum)
}
