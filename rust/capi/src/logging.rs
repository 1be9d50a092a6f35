//! Events for the system's log, up to a level (CONFIG_WASMOTE_LOG_LEVEL, as WASMOTE_LOG_LEVEL in the environment of the
//! build: 0 nothing, 1 errors, .. 5 all).
//!
//! Straight to the platform: the library is linked on its own, so that a logger behind a facade could only be ours, and
//! would come with the standard library's formatting, which is larger than all that is logged.

use crate::message::Text;
use crate::runtime::number;
use core::ffi::c_char;
use wasmote_platform::abi;

/// How much an event matters: the numbers of `platform.h`.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Warn = 2,
    Info = 3,
    Debug = 4,
}

/// What is logged.
const LEVEL: i64 = number(option_env!("WASMOTE_LOG_LEVEL"), 0) as i64;

/// Lines are cut off here.
const LINE: usize = 120;

/// Logs an event, if this build logs that level.
#[inline(always)]
pub(crate) fn event(level: Level, write: impl FnOnce(&mut Text<'_>)) {
    if level as i64 <= LEVEL {
        let mut line = [0; LINE];
        let mut text = Text::new(&mut line);
        write(&mut text);
        let message = text.whole();
        // SAFETY: (C8) a string and its length.
        unsafe {
            abi::wasmote_platform_log(level as u32, message.as_ptr().cast::<c_char>(), message.len());
        }
    }
}
