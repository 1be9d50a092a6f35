//! Events for the system's log, through the facade `log`, up to a level (CONFIG_WASMOTE_LOG_LEVEL, as
//! WASMOTE_LOG_LEVEL in the environment of the build: 0 nothing, 1 errors, .. 5 all).

use crate::message::Text;
use crate::runtime::number;
use core::ffi::c_char;
use core::fmt::{Display, Formatter, Write};
use log::{Level, LevelFilter, Log, Metadata, Record};
use wasmote_platform::abi;

/// What is logged.
const LEVEL: LevelFilter = match number(option_env!("WASMOTE_LOG_LEVEL"), 0) {
    0 => LevelFilter::Off,
    1 => LevelFilter::Error,
    2 => LevelFilter::Warn,
    3 => LevelFilter::Info,
    4 => LevelFilter::Debug,
    _ => LevelFilter::Trace,
};

/// Lines are cut off here.
const LINE: usize = 120;

/// Logs an event, if this build logs that level. The text is not put together by the facade: the standard library's
/// formatting of numbers and strings is larger than all that is logged.
#[inline(always)]
pub(crate) fn event(level: Level, write: impl FnOnce(&mut Text<'_>)) {
    if level <= LEVEL {
        let mut line = [0; LINE];
        let mut text = Text::new(&mut line);
        write(&mut text);
        log::log!(target: "wasmote", level, "{}", Written(text.as_str()));
    }
}

/// A string that is printed as it is, whatever the format asks for.
struct Written<'a>(&'a str);

impl Display for Written<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> core::fmt::Result {
        to.write_str(self.0)
    }
}

struct PlatformLog;

impl Log for PlatformLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= LEVEL
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut line = [0; LINE];
        let mut text = Text::new(&mut line);
        // A line that is too long is still a line.
        let _ = text.write_fmt(*record.args());
        let message = text.as_str();
        // SAFETY: (C8) a string and its length.
        unsafe {
            abi::wasmote_platform_log(
                record.level() as u32,
                message.as_ptr().cast::<c_char>(),
                message.len(),
            );
        }
    }

    fn flush(&self) {}
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
