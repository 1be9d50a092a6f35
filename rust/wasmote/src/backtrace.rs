//! Where a trap happened.

use crate::{Error, Instance, Module, Store};

/// Frames that a [`Backtrace`] holds at most.
#[cfg(feature = "backtrace")]
pub const MAX_FRAMES: usize = 16;

/// The functions that were running when the last trap happened, the innermost first.
#[derive(Clone, Debug, Default)]
pub struct Backtrace {
    #[cfg(feature = "backtrace")]
    frames: heapless::Vec<Frame, MAX_FRAMES>,
    #[cfg(feature = "backtrace")]
    truncated: bool,
    /// The trap has been answered to who called: the next frame is another one's, unless a host function fails with it.
    #[cfg(feature = "backtrace")]
    ended: bool,
}

/// A function that was running. [`Store::resolve`] tells which one and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The instance that it ran in.
    pub instance: Instance,
    code: usize,
    /// If functions are encoded when they are first called, the function, and `code` is a place in it: its code may be given up
    /// before someone asks.
    #[cfg(all(feature = "backtrace", feature = "interp-lazy"))]
    own: Option<u32>,
}

/// Which function a [`Frame`] stands for, and where in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResolvedFrame<'a> {
    /// Its index in the module's function index space.
    pub func: u32,
    /// Byte offset in the module of the operator that was being executed.
    pub offset: Option<u32>,
    /// Its name, from the name section, if the build has the feature `names`.
    pub name: Option<&'a str>,
}

/// Where in the code a frame is.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "backtrace"), allow(dead_code, reason = "nobody asks"))]
pub(crate) enum CodePlace {
    /// At an address.
    Address(usize),
    /// In an own function, so many bytes behind the beginning of its code, which may be given up.
    #[cfg(feature = "interp-lazy")]
    In(u32, u32),
}

#[cfg(feature = "backtrace")]
impl Backtrace {
    /// The frames, the innermost first.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Whether there were more frames than fit: the outermost ones are missing then.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// A call has returned.
    #[inline(always)]
    pub(crate) fn forget(&mut self) {
        if self.ended {
            self.begin();
        }
    }

    /// A call has trapped.
    pub(crate) fn end(&mut self) {
        // Of a trap before this one, which has left no frames.
        self.begin();
        self.ended = true;
    }

    /// The trap that was answered last goes on.
    pub(crate) fn resume(&mut self) {
        self.ended = false;
    }

    #[inline(never)]
    fn begin(&mut self) {
        if self.ended {
            self.frames.clear();
            self.truncated = false;
            self.ended = false;
        }
    }

    /// Whether more frames would tell more.
    pub(crate) fn push(&mut self, instance: u32, place: CodePlace) -> bool {
        self.begin();
        let instance = Instance(instance);
        let frame = match place {
            CodePlace::Address(code) => Frame {
                instance,
                code,
                #[cfg(feature = "interp-lazy")]
                own: None,
            },
            #[cfg(feature = "interp-lazy")]
            CodePlace::In(own, bytes) => Frame { instance, code: bytes as usize, own: Some(own) },
        };
        self.truncated |= self.frames.push(frame).is_err();
        !self.truncated
    }
}

#[cfg(not(feature = "backtrace"))]
impl Backtrace {
    /// None: the build has no backtraces.
    pub fn frames(&self) -> &[Frame] {
        &[]
    }

    /// false.
    pub fn truncated(&self) -> bool {
        false
    }

    pub(crate) fn forget(&mut self) {}

    pub(crate) fn end(&mut self) {}

    pub(crate) fn resume(&mut self) {}

    pub(crate) fn push(&mut self, _: u32, _: CodePlace) -> bool {
        false
    }
}

impl Store {
    /// Where the last trap happened. Empty after a call that returned. Frames of host functions do not appear.
    pub fn backtrace(&self) -> &Backtrace {
        &self.state().trace
    }

    /// Finds out which function a frame of this store stands for, and where in it. Compiles the function again.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the frame is none of this store's.
    pub fn resolve(&self, frame: &Frame) -> Result<ResolvedFrame<'_>, Error> {
        let instance = self.state().instance(frame.instance.0).ok_or(Error::NotFound)?;
        resolve(instance.module(), frame)
    }
}

#[cfg(feature = "backtrace")]
fn resolve<'a>(module: &'a Module, frame: &Frame) -> Result<ResolvedFrame<'a>, Error> {
    #[cfg(feature = "interp-lazy")]
    let known = frame.own.map(|own| (own, frame.code as u32));
    #[cfg(not(feature = "interp-lazy"))]
    let known = None;
    let (own, bytes) = known.or_else(|| module.code().find(frame.code)).ok_or(Error::NotFound)?;
    let func = module.parsed().import_funcs() + own;
    let name = if cfg!(feature = "names") { module.parsed().func_name(func) } else { None };
    // Without memory for it there is no offset, which is better than no frame.
    let offset = module.locate(own, bytes).unwrap_or(None);
    Ok(ResolvedFrame { func, offset, name })
}

#[cfg(not(feature = "backtrace"))]
fn resolve<'a>(_: &'a Module, frame: &Frame) -> Result<ResolvedFrame<'a>, Error> {
    let _ = frame.code;
    Err(Error::NotFound)
}
