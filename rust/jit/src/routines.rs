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

/// The routines while they are assembled; each trap has a way to the exit of its own.
pub(crate) struct Routines {
    routines: [Label; Routine::COUNT],
    traps: [Label; Trap::ALL.len()],
}

impl Routines {
    pub fn new() -> Routines {
        Routines { routines: [Label::NEW; Routine::COUNT], traps: [Label::NEW; Trap::ALL.len()] }
    }

    pub fn of(&mut self, routine: Routine) -> &mut Label {
        &mut self.routines[routine as usize]
    }

    pub fn trap(&mut self, trap: Trap) -> &mut Label {
        &mut self.traps[trap_place(trap) as usize]
    }

    /// All labels, the traps' last.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Label> {
        self.routines.iter_mut().chain(&mut self.traps)
    }

    /// Where they are, in order.
    pub fn places(&self) -> [u32; Routine::COUNT] {
        self.routines.map(Label::place)
    }
}

/// The place of a trap among all.
pub(crate) const fn trap_place(trap: Trap) -> u32 {
    trap as u32 - Trap::ALL[0] as u32
}
