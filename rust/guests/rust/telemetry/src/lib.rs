//! A whole small application, written as people write them, with a crate from the registry and without an
//! allocator: it measures channel by channel, packs reports in CBOR, and unpacks them again as the other side
//! would. The runtime's "real module" of about 12 KB: what it costs to load and to keep.
#![cfg_attr(any(target_arch = "wasm32", target_os = "none"), no_std)]

mod config;
mod report;

use common::{fold, next_random};
use config::CONFIG;
use report::Report;

/// Makes so many reports; a checksum of their bytes and of what was read back, -1 if anything went wrong.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn run(reports: i32) -> i32 {
    checked_run(reports).map_or(-1, |sum| sum as i32)
}

fn checked_run(reports: i32) -> Option<u32> {
    let mut random = 0x2545_F491;
    let mut sum = 0;
    for sequence in 0..reports {
        let report = Report::collect(&CONFIG, sequence as u32, || next_random(&mut random));
        let mut buffer = [0; 192];
        let packed = report.pack(&mut buffer)?;
        for byte in packed {
            sum = fold(sum, u32::from(*byte));
        }
        let unpacked = Report::unpack(packed)?;
        if unpacked != report {
            return None;
        }
        sum = fold(sum, unpacked.alarms());
    }
    Some(sum)
}
