//! Traps: how execution ends early.

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
}

impl Trap {
    /// Every trap, in the order of their codes.
    pub const ALL: [Trap; 12] = [
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
    ];

    /// The trap with this code.
    pub fn from_code(code: u32) -> Option<Trap> {
        Trap::ALL.into_iter().find(|&trap| trap as u32 == code)
    }

    /// The text that the specification's test suite uses for the trap.
    pub const fn message(self) -> &'static str {
        if !cfg!(feature = "messages") {
            return "trap";
        }
        match self {
            Trap::Unreachable => "unreachable",
            Trap::MemoryOutOfBounds => "out of bounds memory access",
            Trap::TableOutOfBounds => "out of bounds table access",
            Trap::IndirectCallToNull => "uninitialized element",
            Trap::BadSignature => "indirect call type mismatch",
            Trap::IntegerOverflow => "integer overflow",
            Trap::IntegerDivisionByZero => "integer divide by zero",
            Trap::BadConversionToInteger => "invalid conversion to integer",
            Trap::StackOverflow => "call stack exhausted",
            Trap::OutOfFuel => "out of fuel",
            Trap::Interrupted => "interrupted",
            Trap::Host => "host function failed",
        }
    }
}

impl core::fmt::Display for Trap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.message())
    }
}
