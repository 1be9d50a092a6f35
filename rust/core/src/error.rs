//! Why a module was refused.

use crate::Feature;
use crate::packed;
use crate::texts::Message;

/// A module was refused: what is wrong, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoadError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Byte offset in the module of the item that is wrong.
    pub offset: u32,
}

impl LoadError {
    /// An error at a place.
    pub const fn new(kind: ErrorKind, offset: u32) -> LoadError {
        LoadError { kind, offset }
    }
}

macro_rules! error_kinds {
    ($( $class:ident { $( $(#[$doc:meta])* $name:ident = $text:literal, )* } )*) => {
        /// What is wrong with a module. [`message`](ErrorKind::message) gives the text; where the
        /// specification's test suite has a text for the case, it is that one.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum ErrorKind {
            $( $( #[doc = $text] $(#[$doc])* $name, )* )*
            /// The module needs a feature that this build does not have.
            Unsupported(Feature),
        }

        /// The texts of all kinds, from which the dictionary of packed texts is made.
        pub(crate) const TEXTS: &str =
            if cfg!(feature = "messages") { concat!($( $( $text, "\0", )* )* "unsupported feature\0") } else { "" };

        /// The kinds without what belongs to them: the number of the text.
        #[derive(Clone, Copy)]
        #[allow(clippy::enum_variant_names)]
        enum Kind {
            $( $( $name, )* )*
            Unsupported,
        }

        impl ErrorKind {
            /// The text, without place. Empty-handed builds (feature `messages` off) have only the class.
            pub fn message(self) -> Message {
                if !cfg!(feature = "messages") {
                    return self.class().name().into();
                }
                Message::of(packed!(TEXTS), self.kind() as usize)
            }

            /// The class of the error.
            pub fn class(self) -> ErrorClass {
                // The kinds of a class stand together: no table of all kinds.
                const CLASSES: &[(ErrorClass, u8)] =
                    &[$( (ErrorClass::$class, [$( Kind::$name, )*].len() as u8), )*];
                let mut before = 0;
                for &(class, kinds) in CLASSES {
                    before += kinds;
                    if (self.kind() as u8) < before {
                        return class;
                    }
                }
                ErrorClass::Unsupported
            }

            const fn kind(self) -> Kind {
                match self {
                    $( $( ErrorKind::$name => Kind::$name, )* )*
                    ErrorKind::Unsupported(_) => Kind::Unsupported,
                }
            }
        }
    };
}

/// The class of an [`ErrorKind`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorClass {
    /// The bytes are no module (WebAssembly Core, chapter 5).
    Malformed,
    /// The module is not valid (WebAssembly Core, chapter 3).
    Invalid,
    /// A limit of this implementation ([`limits`](crate::limits)).
    Limit,
    /// The heap account is used up.
    Memory,
    /// A feature that this build does not have.
    Unsupported,
}

impl ErrorClass {
    /// One word.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorClass::Malformed => "malformed module",
            ErrorClass::Invalid => "invalid module",
            ErrorClass::Limit => "implementation limit",
            ErrorClass::Memory => "out of memory",
            ErrorClass::Unsupported => "unsupported feature",
        }
    }
}

error_kinds! {
    Malformed {
        UnexpectedEnd = "unexpected end",
        BadMagic = "magic header not detected",
        BadVersion = "unknown binary version",
        IntegerTooLong = "integer representation too long",
        IntegerTooLarge = "integer too large",
        BadUtf8 = "malformed UTF-8 encoding",
        BadSection = "malformed section id",
        SectionOrder = "unexpected content after last section",
        SectionSize = "section size mismatch",
        BadValType = "malformed value type",
        BadRefType = "malformed reference type",
        BadTypeForm = "malformed type form",
        BadMutability = "malformed mutability",
        BadLimits = "malformed limits flags",
        BadImportKind = "malformed import kind",
        BadExportKind = "malformed export kind",
        BadElementKind = "malformed element segment kind",
        BadSegmentFlags = "malformed segment flags",
        BadOpcode = "illegal opcode",
        BadBlockType = "malformed block type",
        BadMemArg = "malformed memop flags",
        ZeroByteExpected = "zero byte expected",
        FunctionCountMismatch = "function and code section have inconsistent lengths",
        DataCountMismatch = "data count and data section have inconsistent lengths",
        DataCountRequired = "data count section required",
        EndExpected = "END opcode expected",
        TooManyLocals = "too many locals",
        BadPageSize = "malformed custom page size",
    }
    Invalid {
        UnknownType = "unknown type",
        UnknownFunction = "unknown function",
        UnknownTable = "unknown table",
        UnknownMemory = "unknown memory",
        UnknownGlobal = "unknown global",
        UnknownLocal = "unknown local",
        UnknownLabel = "unknown label",
        UnknownElement = "unknown elem segment",
        UnknownData = "unknown data segment",
        TypeMismatch = "type mismatch",
        ImmutableGlobal = "global is immutable",
        AlignmentTooLarge = "alignment must not be larger than natural",
        ConstantExpected = "constant expression required",
        UndeclaredReference = "undeclared function reference",
        DuplicateExport = "duplicate export name",
        BadStart = "start function",
        LimitsOrder = "size minimum must not be greater than maximum",
        MemoryTooLarge = "memory size must be at most 65536 pages (4GiB)",
        InvalidPageSize = "invalid custom page size",
        MultipleMemories = "multiple memories",
        ElseMismatch = "else without if",
        BadSelect = "invalid result arity",
    }
    Limit {
        ModuleTooLarge = "module larger than 1 GiB",
        TooManyItems = "too many items in a section",
        TooManyFunctions = "too many functions",
        TooManyTables = "too many tables",
        TooManyParams = "too many parameters or results",
        TooManyInstances = "too many instances",
        FrameTooLarge = "function frame exceeds 65535 cells",
        FunctionTooLarge = "function too large",
        ConstTooDeep = "constant expression with more than 32 pending values",
    }
    Memory {
        OutOfMemory = "out of memory while loading",
    }
}

impl core::fmt::Display for LoadError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.kind.message().fmt(f)?;
        if let ErrorKind::Unsupported(feature) = self.kind {
            f.write_str(": ")?;
            feature.name().fmt(f)?;
        }
        write!(f, " (at offset {:#x})", self.offset)
    }
}
