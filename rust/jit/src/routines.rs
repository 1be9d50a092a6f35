//! What the code of all functions of a module has in common.

use crate::masm::Label;
use wasmote_core::Trap;

/// Code that all functions of a module share.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Routines {
    /// How functions are entered from outside: a `vm::Entry`.
    pub entry: u32,
    /// Leaves code; one for each trap, in the order of [`Trap::ALL`].
    pub traps: [Label; Trap::ALL.len()],
    /// Calls a function that is imported.
    pub import: Label,
    /// Calls a function in a table.
    pub indirect: Label,
    /// Calls a function that was found in a table.
    pub resolved: Label,
    /// Calls an operator of the runtime's.
    pub builtin: Label,
    /// Carries out an operator on numbers.
    pub numeric: Label,
    /// Divides pairs, for the quotient.
    pub quotient: Label,
    /// Divides pairs, for the remainder.
    pub remainder: Label,
    /// Calls a function of the module's that is not compiled.
    pub own: Label,
    /// Takes from the upper half of the fuel.
    pub borrow: Label,
    /// Whether there is room for a frame although the limit says that there is none.
    pub admit: Label,
    /// There is no room for a frame, or the interrupt word is set.
    pub stop: Label,
}

impl Routines {
    /// Nothing of it is there but the way in.
    pub fn new(entry: usize) -> Routines {
        Routines {
            entry: entry as u32,
            traps: [Label::NEW; Trap::ALL.len()],
            import: Label::NEW,
            indirect: Label::NEW,
            resolved: Label::NEW,
            builtin: Label::NEW,
            numeric: Label::NEW,
            quotient: Label::NEW,
            remainder: Label::NEW,
            own: Label::NEW,
            borrow: Label::NEW,
            admit: Label::NEW,
            stop: Label::NEW,
        }
    }

    /// Leaves code with a trap.
    pub(crate) fn trap(&mut self, trap: Trap) -> &mut Label {
        const FIRST: usize = Trap::ALL[0] as usize;
        &mut self.traps[trap as usize - FIRST]
    }

    /// The same as other code sees them, from whose beginning they are so many bytes further away.
    #[cfg(feature = "lazy")]
    pub fn moved(mut self, by: i32) -> Routines {
        let Routines {
            entry,
            traps,
            import,
            indirect,
            resolved,
            builtin,
            numeric,
            quotient,
            remainder,
            own,
            borrow,
            admit,
            stop,
        } = &mut self;
        let calls = [import, indirect, resolved, builtin, numeric, quotient, remainder, own];
        for label in traps.iter_mut().chain(calls).chain([borrow, admit, stop]) {
            *label = Label::at(label.place().wrapping_add_signed(by));
        }
        *entry = entry.wrapping_add_signed(by);
        self
    }
}
