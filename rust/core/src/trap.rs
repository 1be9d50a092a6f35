//! Traps: how execution ends early.

use crate::texts::Message;

/// Why execution ended early (WebAssembly Core, 4.2.1 "Results", and what an embedder adds).
///
/// The numbers are part of the C API (`WASMOTE_TRAP_*`) and of the engines' exit codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Trap {
    /// `unreachable` was executed.
    Unreachable = 64,
    /// A load, a store or a bulk operator reached beyond the memory or the data segment.
    MemoryOutOfBounds = 65,
    /// A table operator or an indirect call reached beyond the table or the element segment.
    TableOutOfBounds = 66,
    /// An indirect call met a null reference.
    IndirectCallToNull = 67,
    /// An indirect call met a function of another type.
    BadSignature = 68,
    /// The quotient of a signed division, or a conversion to integer, is not representable.
    IntegerOverflow = 69,
    /// An integer division or remainder by zero.
    IntegerDivisionByZero = 70,
    /// A conversion of NaN to an integer.
    BadConversionToInteger = 71,
    /// The value stack or the call depth is used up.
    StackOverflow = 72,
    /// The instance's fuel is used up.
    OutOfFuel = 73,
    /// The embedder interrupted the instance.
    Interrupted = 74,
    /// A host function returned an error.
    Host = 75,
    /// A function was to be compiled when it was called, and cannot be: it is too large, or the memory for code or the heap
    /// is used up.
    NotCompiled = 76,
}

impl Trap {
    /// Every trap, in the order of their codes.
    pub const ALL: [Trap; 13] = [
        Trap::Unreachable,
        Trap::MemoryOutOfBounds,
        Trap::TableOutOfBounds,
        Trap::IndirectCallToNull,
        Trap::BadSignature,
        Trap::IntegerOverflow,
        Trap::IntegerDivisionByZero,
        Trap::BadConversionToInteger,
        Trap::StackOverflow,
        Trap::OutOfFuel,
        Trap::Interrupted,
        Trap::Host,
        Trap::NotCompiled,
    ];

    /// The trap with this code.
    pub fn from_code(code: u32) -> Option<Trap> {
        let place = code.wrapping_sub(Trap::Unreachable as u32) as usize;
        Trap::ALL.get(place).copied()
    }

    /// The text that the specification's test suite uses for the trap; "trap" without the feature `messages`.
    pub fn message(self) -> Message {
        if !cfg!(feature = "messages") {
            return "trap".into();
        }
        self.c_message().behind("trap: ")
    }

    /// The same behind "trap: ", and ended by a NUL.
    pub fn c_message(self) -> Message {
        Message::of(TEXTS.as_bytes(), self as usize - Trap::Unreachable as usize)
    }
}

/// In the order of the codes.
const TEXTS: &str = if cfg!(feature = "messages") {
    concat!(
        "trap: unreachable\0",
        "trap: out of bounds memory access\0",
        "trap: out of bounds table access\0",
        "trap: uninitialized element\0",
        "trap: indirect call type mismatch\0",
        "trap: integer overflow\0",
        "trap: integer divide by zero\0",
        "trap: invalid conversion to integer\0",
        "trap: call stack exhausted\0",
        "trap: out of fuel\0",
        "trap: interrupted\0",
        "trap: host function failed\0",
        "trap: function cannot be compiled\0",
    )
} else {
    ""
};

impl core::fmt::Display for Trap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.message().fmt(f)
    }
}
