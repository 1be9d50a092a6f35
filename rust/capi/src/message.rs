//! What a failure is reported as: a status, and for `wasmote_error_t` a text, made without the formatting
//! machinery, which is larger than everything here.

use crate::signature;
use crate::types::*;
use core::ffi::{CStr, c_char};
use wasmote::{Error, ErrorClass, ErrorKind, FuncType, LinkReason, LoadError, ResolvedFrame, Trap};
use wasmote_platform::OutOfMemory;
use wasmote_status::*;

/// Why a function of the API fails.
pub(crate) enum Failure {
    /// With this status, and its text.
    Status(wasmote_status),
    /// With an error of the runtime's, and its text.
    Error(Error),
    /// With this status; the text has been written.
    Told(wasmote_status_t),
}

impl From<wasmote_status> for Failure {
    fn from(status: wasmote_status) -> Failure {
        Failure::Status(status)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

impl From<OutOfMemory> for Failure {
    fn from(OutOfMemory: OutOfMemory) -> Failure {
        Failure::Error(Error::OutOfMemory)
    }
}

impl Failure {
    /// What the function returns.
    pub fn status(&self) -> wasmote_status_t {
        match self {
            Failure::Status(status) => *status as i32,
            Failure::Told(status) => *status,
            Failure::Error(error) => status_of(error),
        }
    }
}

fn status_of(error: &Error) -> wasmote_status_t {
    let status = match error {
        Error::Trap(trap) => return *trap as i32,
        Error::Host(_) => WASMOTE_TRAP_HOST,
        Error::Load(LoadError { kind, .. }) => match kind.class() {
            ErrorClass::Malformed => WASMOTE_ERR_MALFORMED,
            ErrorClass::Invalid => WASMOTE_ERR_INVALID,
            ErrorClass::Limit => WASMOTE_ERR_LIMIT,
            ErrorClass::Memory => WASMOTE_ERR_OUT_OF_MEMORY,
            ErrorClass::Unsupported => WASMOTE_ERR_UNSUPPORTED,
        },
        Error::Link(link) if link.reason == LinkReason::Unknown => WASMOTE_ERR_UNKNOWN_IMPORT,
        Error::Link(_) => WASMOTE_ERR_INCOMPATIBLE_IMPORT,
        Error::Quota(_) => WASMOTE_ERR_QUOTA,
        Error::OutOfMemory => WASMOTE_ERR_OUT_OF_MEMORY,
        Error::Limit => WASMOTE_ERR_LIMIT,
        Error::NotFound => WASMOTE_ERR_NOT_FOUND,
        Error::OutOfBounds => WASMOTE_ERR_OUT_OF_BOUNDS,
        Error::Refuted { .. } => WASMOTE_ERR_INVALID,
        // Wrong types, immutable globals.
        _ => WASMOTE_ERR_TYPE_MISMATCH,
    };
    status as i32
}

/// Runs the body of a function of the API that has no `wasmote_error_t`.
pub(crate) fn run(body: impl FnOnce() -> Result<(), Failure>) -> wasmote_status_t {
    match body() {
        Ok(()) => WASMOTE_OK as i32,
        Err(failure) => failure.status(),
    }
}

/// The application's `wasmote_error_t`, if it gave one.
pub(crate) struct Report<'a>(Option<&'a mut wasmote_error_t>);

impl<'a> Report<'a> {
    /// # Safety
    /// (C3) A pointer that is not null must be valid for writing for `'a`. The contents need not be initialised:
    /// any bits are a `wasmote_error_t`, and they are not read.
    pub unsafe fn new(error: *mut wasmote_error_t) -> Report<'a> {
        // SAFETY: (C3) the caller says so.
        Report(if error.is_aligned() { unsafe { error.as_mut() } } else { None })
    }

    /// Whether anybody wants to know.
    pub fn wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Fails with this place and a text that `write` makes.
    pub fn tell(
        &mut self,
        status: wasmote_status,
        offset: u32,
        write: impl FnOnce(&mut Text<'_>),
    ) -> Failure {
        if let Some(error) = &mut self.0 {
            (error.status, error.offset, error.host_status) = (status as i32, offset, 0);
            let mut text = Text::new(&mut error.message);
            if cfg!(feature = "messages") {
                write(&mut text);
            }
        }
        Failure::Told(status as i32)
    }

    /// Runs the body of a function of the API.
    pub fn run(mut self, body: impl FnOnce(&mut Report<'_>) -> Result<(), Failure>) -> wasmote_status_t {
        let Err(failure) = body(&mut self) else { return WASMOTE_OK as i32 };
        if !matches!(failure, Failure::Told(_)) {
            self.fill(&failure);
        }
        failure.status()
    }

    /// Writes what is known of a failure.
    fn fill(&mut self, failure: &Failure) {
        let Some(error) = &mut self.0 else { return };
        (error.offset, error.host_status) = (u32::MAX, 0);
        error.status = failure.status();
        let mut text = Text::new(&mut error.message);
        match failure {
            Failure::Told(_) => {}
            Failure::Status(status) => {
                text.add(status_text(*status as i32).to_str().unwrap_or_default());
            }
            Failure::Error(cause) => {
                if cfg!(feature = "messages") {
                    text.add(cause.message());
                }
                if let Error::Load(LoadError { kind: ErrorKind::Unsupported(feature), .. }) = cause {
                    text.add(": ").add(feature.name());
                }
                error.offset = cause.offset().unwrap_or(u32::MAX);
                error.host_status = if let Error::Host(status) = cause { *status } else { 0 };
            }
        }
    }

    /// Reports what another thread reported.
    #[cfg(feature = "thread")]
    pub fn copy(&mut self, from: wasmote_error_t) {
        if let Some(error) = &mut self.0 {
            **error = from;
        }
    }

    /// Fails with a trap, which happened in this function, if that is known.
    pub fn trapped(&mut self, cause: Error, place: Option<ResolvedFrame<'_>>) -> Failure {
        let failure = Failure::Error(cause);
        self.fill(&failure);
        if let (Some(error), Some(place)) = (&mut self.0, place) {
            error.offset = place.offset.unwrap_or(u32::MAX);
            if cfg!(feature = "messages") {
                let mut text = Text::resume(&mut error.message);
                text.add(" in function ").number(place.func);
                if let Some(name) = place.name {
                    text.add(" (").add(name).add(")");
                }
            }
        }
        Failure::Told(failure.status())
    }
}

/// A text in a buffer of the application's. What does not fit is left out; it is NUL terminated at any time.
pub(crate) struct Text<'a> {
    to: &'a mut [c_char],
    len: usize,
}

#[allow(clippy::unnecessary_cast)] // c_char is signed on some targets and not on others.
impl<'a> Text<'a> {
    /// An empty text.
    pub fn new(to: &'a mut [c_char]) -> Text<'a> {
        let mut text = Text { to, len: 0 };
        text.end();
        text
    }

    /// Goes on after what is in the buffer.
    pub fn resume(to: &'a mut [c_char]) -> Text<'a> {
        let len = to.iter().position(|&byte| byte == 0).unwrap_or(0);
        Text { to, len }
    }

    fn end(&mut self) {
        if let Some(byte) = self.to.get_mut(self.len) {
            *byte = 0;
        }
    }

    /// Appends as much as fits, in whole characters.
    pub fn add(&mut self, more: &str) -> &mut Text<'a> {
        let room = self.to.len().saturating_sub(self.len + 1);
        let fits = more.as_bytes().iter().take(more.floor_char_boundary(room));
        for (to, from) in self.to.iter_mut().skip(self.len).zip(fits) {
            *to = *from as c_char;
            self.len += 1;
        }
        self.end();
        self
    }

    /// Appends a number in decimal.
    pub fn number(&mut self, number: u32) -> &mut Text<'a> {
        let mut digits = [b'0'; 10];
        let mut rest = number;
        let mut first = digits.len() - 1;
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (rest % 10) as u8;
            first = place;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.add(digits.get(first..).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default())
    }

    /// Appends a function type as in `wasmote_host_func_t`.
    pub fn func_type(&mut self, ty: FuncType<'_>) -> &mut Text<'a> {
        let mut letter = [0; 4];
        self.add("(");
        for ty in ty.params() {
            self.add(signature::letter(ty).encode_utf8(&mut letter));
        }
        self.add(")");
        for ty in ty.results() {
            self.add(signature::letter(ty).encode_utf8(&mut letter));
        }
        self
    }
}

/// The text of a status, in English. Never NULL; "unknown status" for numbers that are none, and "" in builds
/// without CONFIG_WASMOTE_MESSAGES. From any thread and from an interrupt service routine.
#[unsafe(no_mangle)]
pub extern "C" fn wasmote_status_str(status: wasmote_status_t) -> *const c_char {
    status_text(status).as_ptr()
}

fn status_text(status: wasmote_status_t) -> &'static CStr {
    const TEXTS: [&CStr; 16] = [
        c"success",
        c"invalid argument",
        c"out of memory",
        c"quota exceeded",
        c"malformed module",
        c"invalid module",
        c"unsupported",
        c"implementation limit",
        c"unknown import",
        c"incompatible import",
        c"not found",
        c"type mismatch",
        c"out of bounds",
        c"busy",
        c"time-out",
        c"host error",
    ];
    const TRAPS: [&CStr; 12] = [
        c"trap: unreachable",
        c"trap: memory access out of bounds",
        c"trap: table access out of bounds",
        c"trap: indirect call to null",
        c"trap: bad signature",
        c"trap: integer overflow",
        c"trap: integer division by zero",
        c"trap: bad conversion to integer",
        c"trap: stack overflow",
        c"trap: out of fuel",
        c"trap: interrupted",
        c"trap: host function failed",
    ];
    if !cfg!(feature = "messages") {
        return c"";
    }
    let text = usize::try_from(status).ok().and_then(|status| {
        TEXTS.get(status).or_else(|| TRAPS.get(status.checked_sub(Trap::Unreachable as usize)?))
    });
    text.copied().unwrap_or(c"unknown status")
}
