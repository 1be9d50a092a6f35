//! What the code of all functions has in common.

use crate::masm::Label;
use wasmote_core::Trap;

/// Code that all functions share. It is not where the functions are: these go there by a veneer, a jump within their reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Routine {
    /// Leaves code with a trap.
    Exit,
    /// Calls a function that is imported.
    Import,
    /// Calls a function in a table.
    Indirect,
    /// Calls a function that was found in a table.
    Resolved,
    /// Calls an operator of the runtime's.
    Builtin,
    /// Carries out an operator on numbers.
    Numeric,
    /// Divides pairs, for the quotient.
    Quotient,
    /// Divides pairs, for the remainder.
    Remainder,
    /// Shifts a pair to the left by a number that is not known.
    ShiftLeft,
    /// Shifts a pair to the right.
    ShiftRight,
    /// Shifts a pair to the right, with its sign.
    ShiftRightSigned,
    /// Calls a function of the module's that is not compiled.
    Own,
    /// Takes from the upper half of the fuel.
    Borrow,
    /// Whether there is room for a frame although the limit says that there is none.
    Admit,
    /// There is no room for a frame, or the interrupt word is set.
    Stop,
}

impl Routine {
    /// How many there are.
    pub const COUNT: usize = Routine::Stop as usize + 1;
}

/// Where the routines are, or what leads to them; each trap has a way to the exit of its own.
#[derive(Debug)]
pub(crate) struct Routines([Label; Routines::COUNT]);

impl Routines {
    /// The traps are behind the routines.
    pub const COUNT: usize = Routine::COUNT + Trap::ALL.len();

    pub const fn new() -> Routines {
        Routines([Label::NEW; Routines::COUNT])
    }

    pub fn of(&mut self, routine: Routine) -> &mut Label {
        &mut self.0[routine as usize]
    }

    pub fn trap(&mut self, trap: Trap) -> &mut Label {
        &mut self.0[Routine::COUNT + trap_place(trap) as usize]
    }

    /// All of them.
    pub fn all(&mut self) -> &mut [Label; Routines::COUNT] {
        &mut self.0
    }
}

/// The place of a trap among all.
pub(crate) const fn trap_place(trap: Trap) -> u32 {
    trap as u32 - Trap::ALL[0] as u32
}
