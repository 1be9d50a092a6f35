//! What a failure is reported as: a status, and for `wasmote_error_t` a text, made without the formatting
//! machinery, which is larger than everything here.

use crate::signature;
use crate::types::*;
use core::ffi::c_char;
use core::num::NonZero;
use wasmote::{Error, ErrorClass, ErrorKind, Feature, FuncType, LinkReason, LoadError, ResolvedFrame, Trap};
use wasmote_core::texts::Message;
use wasmote_feature::*;
use wasmote_platform::OutOfMemory;
use wasmote_status::*;

/// What a function of the API returns when it fails: a status that is not `WASMOTE_OK`. No more than that, so that it
/// is passed in a register; texts go to the [`Report`] where the error is known.
#[derive(Clone, Copy)]
pub(crate) struct Failure(NonZero<wasmote_status_t>);

impl From<wasmote_status> for Failure {
    fn from(status: wasmote_status) -> Failure {
        Failure::new(status as i32)
    }
}

impl From<Error> for Failure {
    #[inline(never)]
    fn from(error: Error) -> Failure {
        Failure::new(status_of(&error))
    }
}

impl From<OutOfMemory> for Failure {
    fn from(OutOfMemory: OutOfMemory) -> Failure {
        WASMOTE_ERR_OUT_OF_MEMORY.into()
    }
}

impl Failure {
    pub fn new(status: wasmote_status_t) -> Failure {
        Failure(NonZero::new(status).unwrap_or(NonZero::<i32>::MIN))
    }

    /// What the function returns.
    pub fn status(self) -> wasmote_status_t {
        self.0.get()
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

fn number_of(feature: Feature) -> wasmote_feature {
    match feature {
        Feature::Mvp => WASMOTE_FEATURE_NONE,
        Feature::Float => WASMOTE_FEATURE_FLOAT,
        Feature::SignExtension => WASMOTE_FEATURE_SIGN_EXTENSION,
        Feature::SaturatingFloat => WASMOTE_FEATURE_SATURATING_FLOAT,
        Feature::MultiValue => WASMOTE_FEATURE_MULTI_VALUE,
        Feature::BulkMemory => WASMOTE_FEATURE_BULK_MEMORY,
        Feature::ReferenceTypes => WASMOTE_FEATURE_REFERENCE_TYPES,
        Feature::ExtendedConst => WASMOTE_FEATURE_EXTENDED_CONST,
        Feature::TailCall => WASMOTE_FEATURE_TAIL_CALL,
        Feature::CustomPageSizes => WASMOTE_FEATURE_CUSTOM_PAGE_SIZES,
        Feature::Simd => WASMOTE_FEATURE_SIMD,
        Feature::Threads => WASMOTE_FEATURE_THREADS,
        Feature::Gc => WASMOTE_FEATURE_GC,
        Feature::Exceptions => WASMOTE_FEATURE_EXCEPTIONS,
        Feature::Memory64 => WASMOTE_FEATURE_MEMORY64,
        Feature::MultiMemory => WASMOTE_FEATURE_MULTI_MEMORY,
        Feature::Components => WASMOTE_FEATURE_COMPONENTS,
        Feature::WideArithmetic => WASMOTE_FEATURE_WIDE_ARITHMETIC,
    }
}

/// Runs the body of a function of the API that has no `wasmote_error_t`.
pub(crate) fn run(body: impl FnOnce() -> Result<(), Failure>) -> wasmote_status_t {
    match body() {
        Ok(()) => WASMOTE_OK as i32,
        Err(failure) => failure.status(),
    }
}

/// The application's `wasmote_error_t`, if it gave one.
pub(crate) struct Report<'a> {
    error: Option<&'a mut wasmote_error_t>,
    /// Whether it is filled, but for the status.
    told: bool,
}

impl<'a> Report<'a> {
    /// # Safety
    /// (C3) A pointer that is not null must be valid for writing for `'a`. The contents need not be initialised:
    /// any bits are a `wasmote_error_t`, and they are not read.
    pub unsafe fn new(error: *mut wasmote_error_t) -> Report<'a> {
        // SAFETY: (C3) the caller says so.
        Report { error: if error.is_aligned() { unsafe { error.as_mut() } } else { None }, told: false }
    }

    /// Whether anybody wants to know.
    pub fn wanted(&self) -> bool {
        self.error.is_some()
    }

    /// Runs the body of a function of the API.
    pub fn run(mut self, body: impl FnOnce(&mut Report<'_>) -> Result<(), Failure>) -> wasmote_status_t {
        match body(&mut self) {
            Ok(()) => WASMOTE_OK as i32,
            Err(failure) => self.end(failure.status()),
        }
    }

    #[inline(never)]
    fn end(&mut self, status: wasmote_status_t) -> wasmote_status_t {
        if !self.told {
            self.write(u32::MAX, |text| {
                text.message(status_text(status));
            });
        }
        if let Some(error) = &mut self.error {
            error.status = status;
        }
        status
    }

    /// Tells this place and a text that `write` makes.
    #[inline(always)]
    pub fn write(&mut self, offset: u32, write: impl FnOnce(&mut Text<'_>)) {
        // Borrowed where it is returned: to move it takes more than to write most of what is told.
        if let Some(text) = &mut self.text(offset)
            && cfg!(feature = "messages")
        {
            write(text);
        }
    }

    /// An empty text, all else filled; `None` if nobody wants to know.
    #[inline(never)]
    fn text(&mut self, offset: u32) -> Option<Text<'_>> {
        self.told = true;
        let error = self.error.as_deref_mut()?;
        (error.offset, error.host_status, error.feature) = (offset, 0, WASMOTE_FEATURE_NONE as u32);
        Some(Text::new(&mut error.message))
    }

    /// Fails with this place and a text that `write` makes.
    pub fn tell(
        &mut self,
        status: wasmote_status,
        offset: u32,
        write: impl FnOnce(&mut Text<'_>),
    ) -> Failure {
        self.write(offset, write);
        status.into()
    }

    /// Fails with an error of the runtime's, which happened in this function, if that is known.
    pub fn fail(&mut self, cause: &Error, place: Option<&ResolvedFrame<'_>>) -> Failure {
        let offset = place.map_or(cause.offset(), |place| place.offset).unwrap_or(u32::MAX);
        self.write(offset, |text| {
            text.message(cause.message());
            if let Error::Load(LoadError { kind: ErrorKind::Unsupported(feature), .. }) = cause {
                text.add(": ").message(feature.name());
            }
            if let Some(place) = place {
                text.add(" in function ").number(place.func);
                if let Some(name) = place.name {
                    text.add(" (").add(name).add(")");
                }
            }
        });
        if let Some(error) = &mut self.error {
            match *cause {
                Error::Host(status) => error.host_status = status,
                Error::Load(LoadError { kind: ErrorKind::Unsupported(feature), .. }) => {
                    error.feature = number_of(feature) as u32;
                }
                _ => {}
            }
        }
        (*cause).into()
    }

    /// Fails as another thread did.
    #[cfg(feature = "thread")]
    pub fn copy(&mut self, from: wasmote_error_t) -> Failure {
        let status = from.status;
        if let Some(error) = &mut self.error {
            **error = from;
        }
        self.told = true;
        Failure::new(status)
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
        if let Some(first) = to.first_mut() {
            *first = 0;
        }
        Text { to, len: 0 }
    }

    /// What is in it, without a character at the end of which only a part did fit.
    pub fn whole(&self) -> &[u8] {
        // SAFETY: (C8) c_char is a byte, and so many are written.
        let bytes = unsafe { core::slice::from_raw_parts(self.to.as_ptr().cast::<u8>(), self.len) };
        // How the last character begins says how long it is.
        let mut rest = bytes;
        while let [before @ .., last] = rest {
            if !(0x80..0xC0).contains(last) {
                let there = bytes.len() - before.len();
                return if there < last.leading_ones() as usize { before } else { bytes };
            }
            rest = before;
        }
        bytes
    }

    /// Appends as much as fits.
    pub fn add(&mut self, more: &str) -> &mut Text<'a> {
        more.bytes().for_each(|byte| self.byte(byte));
        self
    }

    /// Appends as much as fits.
    pub fn message(&mut self, more: Message) -> &mut Text<'a> {
        more.each(&mut |byte| self.byte(byte));
        self
    }

    /// Appends a byte if it fits. Names are a module's: a NUL among them would end the text, a line feed would forge
    /// another line of the log.
    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        let byte = if byte.is_ascii_control() { b'?' } else { byte };
        if let Some([to, end]) = self.to.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut()) {
            (*to, *end) = (byte as c_char, 0);
            self.len += 1;
        }
    }

    /// Appends a number in decimal.
    pub fn number(&mut self, number: u32) -> &mut Text<'a> {
        if number >= 10 {
            self.number(number / 10);
        }
        self.byte(b'0' + (number % 10) as u8);
        self
    }

    /// Appends a function type as in `wasmote_host_func_t`.
    pub fn func_type(&mut self, ty: FuncType<'_>) -> &mut Text<'a> {
        for (open, types) in signature::lists(&ty) {
            self.byte(open);
            types.iter().for_each(|&ty| self.byte(signature::letter(ty)));
        }
        self
    }
}

/// The text of a status, in English. Never NULL; "unknown status" for numbers that are none, and "" in builds
/// without CONFIG_WASMOTE_MESSAGES. From any thread and from an interrupt service routine.
#[unsafe(no_mangle)]
pub extern "C" fn wasmote_status_str(status: wasmote_status_t) -> *const c_char {
    status_text(status).as_ptr().cast()
}

/// The text of a status, ended by a NUL and not packed.
fn status_text(status: wasmote_status_t) -> Message {
    const TEXTS: &str = concat!(
        "success\0",
        "invalid argument\0",
        "out of memory\0",
        "quota exceeded\0",
        "malformed module\0",
        "invalid module\0",
        "unsupported\0",
        "implementation limit\0",
        "unknown import\0",
        "incompatible import\0",
        "not found\0",
        "type mismatch\0",
        "out of bounds\0",
        "busy\0",
        "time-out\0",
        "host error\0",
        "unknown status\0",
    );
    const UNKNOWN: usize = WASMOTE_ERR_HOST as usize + 1;
    if !cfg!(feature = "messages") {
        return "\0".into();
    }
    match Trap::from_code(status.cast_unsigned()) {
        Some(trap) => trap.c_message(),
        None => Message::of(TEXTS.as_bytes(), (status as usize).min(UNKNOWN)),
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_text_ends_with_a_whole_character() {
        for (room, expected) in
            [(0, ""), (1, ""), (3, "a?"), (4, "a?"), (5, "a?"), (6, "a?\u{20AC}"), (9, "a?\u{20AC}b")]
        {
            let mut buffer = [1; 9];
            let mut text = Text::new(&mut buffer[..room]);
            text.add("a\0\u{20AC}b");
            assert_eq!(text.whole(), expected.as_bytes(), "{room}");
        }
    }
}
