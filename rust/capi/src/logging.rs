//! Events for the system's log, through the facade `log`. Formatting is linked only if there is a level
//! (CONFIG_WASMOTE_LOG_LEVEL, as WASMOTE_LOG_LEVEL in the environment of the build: 0 nothing, 1 errors, .. 5 all).

use crate::runtime::number;
use core::ffi::c_char;
use core::fmt::Write;
use log::{LevelFilter, Log, Metadata, Record};
use wasmote_platform::abi;

/// What is logged.
pub(crate) const LEVEL: LevelFilter = match number(option_env!("WASMOTE_LOG_LEVEL"), 0) {
    0 => LevelFilter::Off,
    1 => LevelFilter::Error,
    2 => LevelFilter::Warn,
    3 => LevelFilter::Info,
    4 => LevelFilter::Debug,
    _ => LevelFilter::Trace,
};

/// Logs an event at a level of `log::Level`, if this build logs that level.
macro_rules! event {
    ($level:ident, $($text:tt)+) => {
        if log::Level::$level <= $crate::logging::LEVEL {
            log::log!(target: "wasmote", log::Level::$level, $($text)+);
        }
    };
}
pub(crate) use event;

struct PlatformLog;

/// Lines are cut off here.
const LINE: usize = 120;

impl Log for PlatformLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= LEVEL
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = Line { bytes: [0; LINE], len: 0 };
        // A line that is too long is still a line.
        let _ = line.write_fmt(*record.args());
        let message = line.bytes.as_ptr().cast::<c_char>();
        // SAFETY: (C8) `len` bytes of the array are written.
        unsafe { abi::wasmote_platform_log(record.level() as u32, message, line.len) };
    }

    fn flush(&self) {}
}

struct Line {
    bytes: [u8; LINE],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let fits = text.floor_char_boundary(LINE - self.len);
        for (to, from) in self.bytes.iter_mut().skip(self.len).zip(text.bytes().take(fits)) {
            *to = from;
            self.len += 1;
        }
        if fits == text.len() { Ok(()) } else { Err(core::fmt::Error) }
    }
}

/// Sends what is logged to the platform, unless the application, one in Rust, has a logger of its own.
pub(crate) fn install() {
    if LEVEL == LevelFilter::Off {
        return;
    }
    #[cfg(target_has_atomic = "ptr")]
    if log::set_logger(&PlatformLog).is_ok() {
        log::set_max_level(LEVEL);
    }
    #[cfg(not(target_has_atomic = "ptr"))]
    // SAFETY: (C8) the header demands that the first runtime is made before a second thread makes one.
    unsafe {
        if log::set_logger_racy(&PlatformLog).is_ok() {
            log::set_max_level_racy(LEVEL);
        }
    }
}
