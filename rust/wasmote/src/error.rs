//! What can go wrong.

use wasmote_core::packed;
use wasmote_core::texts::Message;
use wasmote_core::{ErrorKind, ExternKind, LoadError, Trap};
use wasmote_platform::OutOfMemory;

/// Why an operation of the runtime failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The module was refused.
    Load(LoadError),
    /// An import could not be satisfied.
    Link(LinkError),
    /// Execution ended early.
    Trap(Trap),
    /// A host function ended execution with this code of its own.
    Host(i32),
    /// A quota of the store or the instance does not allow it.
    Quota(Quota),
    /// The heap, or an account's limit, is used up.
    OutOfMemory,
    /// The store has as many instances or host functions as references can tell apart.
    Limit,
    /// There is nothing of this name and kind, or not in this store.
    NotFound,
    /// The types, or the number, of arguments, results or values differ from what was asked for.
    WrongType,
    /// The range is not inside the memory or the table.
    OutOfBounds,
    /// The global cannot be set.
    Immutable,
    /// The second validation (feature `wasmparser`) found the module invalid at this offset.
    Refuted {
        /// Byte offset in the module.
        offset: u32,
    },
}

/// An import that could not be satisfied. [`Linker::explain`](crate::Linker::explain) tells names and types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkError {
    /// Its byte offset in the module, by which [`Module::import_at`](crate::Module::import_at) finds it.
    pub offset: u32,
    /// What is wrong with it.
    pub reason: LinkReason,
}

/// What is wrong with an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkReason {
    /// Nothing is defined under its names, or something that the store does not have.
    Unknown,
    /// Something of this kind is defined under its names.
    Kind(ExternKind),
    /// What is defined has another type, limits or mutability (WebAssembly Core, 3.4.5).
    Type,
}

/// A quota that an embedder sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quota {
    /// [`Quotas::memory_bytes`](crate::Quotas::memory_bytes).
    MemoryBytes,
    /// [`Quotas::table_elements`](crate::Quotas::table_elements).
    TableElements,
    /// The platform's memory for compiled code, and there is no interpreter that could do without.
    Code,
}

impl Error {
    /// The trap, if execution ended early.
    pub const fn trap(&self) -> Option<Trap> {
        match *self {
            Error::Trap(trap) => Some(trap),
            Error::Host(_) => Some(Trap::Host),
            _ => None,
        }
    }

    /// The byte offset in the module that the error is about.
    pub const fn offset(&self) -> Option<u32> {
        match *self {
            Error::Load(LoadError { offset, .. })
            | Error::Link(LinkError { offset, .. })
            | Error::Refuted { offset } => Some(offset),
            _ => None,
        }
    }

    /// The text, without place. Without the feature `messages`, a word for the class at most.
    pub fn message(&self) -> Message {
        // The texts in one string, and the number of one's own.
        macro_rules! texts {
            ($( $name:ident: $pattern:pat => $text:literal, )*) => {{
                enum Number { $( $name, )* }
                let number = match *self {
                    Error::Load(LoadError { kind, .. }) => return kind.message(),
                    Error::Trap(trap) => return trap.message(),
                    _ if !cfg!(feature = "messages") => return "error".into(),
                    $( $pattern => Number::$name, )*
                };
                Message::of(packed!(concat!($( $text, "\0", )*)), number as usize)
            }};
        }
        texts! {
            UnknownImport: Error::Link(LinkError { reason: LinkReason::Unknown, .. }) => "unknown import",
            OtherType: Error::Link(_) => "incompatible import type",
            Host: Error::Host(_) => "host function failed",
            Memory: Error::Quota(Quota::MemoryBytes) => "memory quota exceeded",
            Table: Error::Quota(Quota::TableElements) => "table quota exceeded",
            Code: Error::Quota(Quota::Code) => "no memory for compiled code",
            OutOfMemory: Error::OutOfMemory => "out of memory",
            Limit: Error::Limit => "too many instances or host functions",
            NotFound: Error::NotFound => "not found",
            WrongType: Error::WrongType => "wrong type",
            OutOfBounds: Error::OutOfBounds => "out of bounds",
            Immutable: Error::Immutable => "global is immutable",
            Refuted: Error::Refuted { .. } => "invalid module, says wasmparser",
        }
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Error::Load(error) => error.fmt(f),
            Error::Host(code) => write!(f, "{} with code {code}", self.message()),
            Error::Link(LinkError { offset, .. }) | Error::Refuted { offset } => {
                write!(f, "{} (at offset {offset:#x})", self.message())
            }
            _ => self.message().fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Error {
        match error.kind {
            ErrorKind::OutOfMemory => Error::OutOfMemory,
            _ => Error::Load(error),
        }
    }
}

impl From<OutOfMemory> for Error {
    fn from(OutOfMemory: OutOfMemory) -> Error {
        Error::OutOfMemory
    }
}

impl From<Trap> for Error {
    fn from(trap: Trap) -> Error {
        Error::Trap(trap)
    }
}

/// How a host function ends the execution of the code that called it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostError {
    /// By this trap.
    Trap(Trap),
    /// By [`Trap::Host`], and the host's caller is told this code as [`Error::Host`].
    Code(i32),
}

impl From<Trap> for HostError {
    fn from(trap: Trap) -> HostError {
        HostError::Trap(trap)
    }
}

impl From<Error> for HostError {
    /// A trap goes on as itself; accesses out of bounds become [`Trap::MemoryOutOfBounds`], others [`Trap::Host`].
    fn from(error: Error) -> HostError {
        match error {
            Error::Host(code) => HostError::Code(code),
            Error::Trap(trap) => HostError::Trap(trap),
            Error::OutOfBounds => HostError::Trap(Trap::MemoryOutOfBounds),
            _ => HostError::Trap(Trap::Host),
        }
    }
}
