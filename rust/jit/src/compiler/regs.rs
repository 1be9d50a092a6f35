//! Which register holds what, and in `holding` what the compiler does to have it so.

mod holding;

use crate::masm::{Reg, Size};
use wasmote_frontend::Cell;

/// Registers that an instruction set may have.
const REGS: usize = 16;
/// Cells of which more is known than what a register holds. A frame with more is rare, and reached in other ways.
const KNOWN: usize = 256;
/// Cells that may be known to be 0.
pub(super) const ZEROS: usize = 8;
/// Locals of whose addresses something may be known.
const CHECKS: usize = 4;

/// No cell.
const NONE: Cell = Cell::MAX;

// What is known of a cell.
/// Its register plus one.
const REG: u8 = 0x1F;
/// The register is a local's for the whole function.
const PINNED: u8 = 0x20;
/// The cell is in `zeros`.
const ZERO: u8 = 0x40;
/// The cell is in `checked`.
const CHECKED: u8 = 0x80;
/// It is not one of the first cells: only its register may be known.
const FAR: u8 = 0xFF;

/// What registers hold, and what else is known of cells. It is asked several times for each operator, so an answer is found by
/// the cell, and lists are only looked at for a cell that is in one.
#[repr(C)]
pub(super) struct Regs {
    /// Registers that hold a cell. One bit each, as in what follows.
    held: u32,
    /// Those that hold a cell of which the frame does not know.
    dirty: u32,
    /// Those that hold two cells, of which the low one is told.
    wide: u32,
    /// Those that the present operator uses: nothing else may be put there.
    locked: u32,
    /// Places of `zeros` of which the frame is yet to learn: one bit each.
    dirty_zeros: u32,
    /// How many places of `zeros` have been used.
    zero_count: usize,
    next_check: usize,
    any_checked: bool,
    /// The cell that each of them holds.
    cells: [Cell; REGS],
    /// Locals whose address was found to lie so many bytes before the end of the memory.
    checked: [(Cell, u32); CHECKS],
    /// Cells that are 0. They may have a register as well.
    zeros: [Cell; ZEROS],
    /// Of each of the first cells: see [`REG`] and those behind it.
    known: [u8; KNOWN],
}

/// The registers of a set, the lowest first.
fn registers(mut set: u32) -> impl Iterator<Item = Reg> {
    core::iter::from_fn(move || {
        let reg = Reg(set.trailing_zeros());
        let some = set != 0;
        set &= set.wrapping_sub(1);
        some.then_some(reg)
    })
}

impl Regs {
    pub fn new() -> Regs {
        Regs {
            cells: [NONE; REGS],
            known: [0; KNOWN],
            held: 0,
            dirty: 0,
            wide: 0,
            locked: 0,
            checked: [(NONE, 0); CHECKS],
            next_check: 0,
            any_checked: false,
            zeros: [NONE; ZEROS],
            dirty_zeros: 0,
            zero_count: 0,
        }
    }

    fn held(&mut self, reg: Reg) -> &mut Cell {
        &mut self.cells[reg.0 as usize % REGS]
    }

    fn lock(&mut self, reg: Reg) {
        self.locked |= 1 << reg.0;
    }

    /// Nothing is known, and no local has a register.
    pub fn clear(&mut self) {
        *self = Regs::new();
    }

    /// Some of what is known of a cell is so no longer.
    fn unset(&mut self, cell: Cell, what: u8) {
        if let Some(known) = self.known.get_mut(cell as usize) {
            *known &= !what;
        }
    }

    /// Something is known of the cell, if that can be noted.
    fn note(&mut self, cell: Cell, what: u8) -> bool {
        match self.known.get_mut(cell as usize) {
            Some(known) => {
                *known |= what;
                true
            }
            None => false,
        }
    }

    /// What is known of a cell: most often nothing.
    fn known(&self, cell: Cell) -> u8 {
        self.known.get(cell as usize).copied().unwrap_or(FAR)
    }

    fn is_known(&self, cell: Cell, what: u8) -> bool {
        self.known.get(cell as usize).is_some_and(|known| known & what != 0)
    }

    /// A local has this register for the whole function.
    pub fn pin(&mut self, reg: Reg, cell: Cell) {
        self.note(cell, PINNED | (reg.byte() + 1));
    }

    /// The register that a local has for the whole function.
    pub fn pinned(&self, cell: Cell) -> Option<Reg> {
        let known = *self.known.get(cell as usize)?;
        if known & PINNED != 0 { Some(Reg(u32::from(known & REG) - 1)) } else { None }
    }

    /// The register holds the cell, and the frame does not.
    pub fn set(&mut self, reg: Reg, cell: Cell) {
        self.set_clean(reg, cell);
        self.dirty |= 1 << reg.0;
    }

    /// How many cells the register holds.
    fn set_size(&mut self, reg: Reg, size: Size) {
        match size {
            Size::W32 => self.wide &= !(1 << reg.0),
            Size::W64 => self.wide |= 1 << reg.0,
        }
    }

    fn is_wide(&self, reg: Reg) -> bool {
        self.wide >> reg.0 & 1 != 0
    }

    /// The register holds the cell, as does the frame. It is no other's, and not the whole function's.
    fn set_clean(&mut self, reg: Reg, cell: Cell) {
        debug_assert!(self.find(cell).is_none_or(|other| other == reg), "a cell in two registers");
        if self.held >> reg.0 & 1 != 0 {
            self.free(reg);
        }
        *self.held(reg) = cell;
        self.held |= 1 << reg.0;
        self.note(cell, reg.byte() + 1);
    }

    /// The register that holds a cell.
    pub fn find(&self, cell: Cell) -> Option<Reg> {
        match self.known.get(cell as usize) {
            Some(&known) => u32::from(known & REG).checked_sub(1).map(Reg),
            None => registers(self.held).find(|&reg| self.cell(reg) == Some(cell)),
        }
    }

    /// The cell that a register holds for the moment.
    pub fn cell(&self, reg: Reg) -> Option<Cell> {
        self.cells.get(reg.0 as usize).copied().filter(|&cell| cell != NONE)
    }

    fn is_dirty(&self, reg: Reg) -> bool {
        self.dirty >> reg.0 & 1 != 0
    }

    /// The register of the cell, if it has one, is used by the present operator.
    pub fn lock_cell(&mut self, cell: Cell) {
        if let Some(reg) = self.find(cell) {
            self.lock(reg);
        }
    }

    /// The operator is done.
    pub fn unlock(&mut self) {
        self.locked = 0;
    }

    /// Another operator may use the register.
    fn release(&mut self, reg: Reg) {
        self.locked &= !(1 << reg.0);
    }

    /// What the register held is not wanted any more; the present operator may still read it.
    pub fn free(&mut self, reg: Reg) {
        let bit = 1 << reg.0;
        if self.held & bit != 0 {
            let cell = core::mem::replace(self.held(reg), NONE);
            self.unset(cell, REG);
            self.held &= !bit;
            self.dirty &= !bit;
        }
    }

    /// No register holds the cell any more, unless it is a local's for the whole function.
    fn free_cell(&mut self, cell: Cell) {
        if !self.is_known(cell, PINNED)
            && let Some(reg) = self.find(cell)
        {
            self.free(reg);
        }
    }

    /// Registers hold nothing but pinned locals any more, and nothing else is known.
    pub fn forget(&mut self) {
        self.forget_values();
        if !core::mem::take(&mut self.any_checked) {
            return;
        }
        for (cell, _) in core::mem::replace(&mut self.checked, [(NONE, 0); CHECKS]) {
            self.unset(cell, CHECKED);
        }
    }

    /// Registers hold nothing but pinned locals any more. What was found out of their values is still true.
    pub fn forget_values(&mut self) {
        for reg in registers(self.held) {
            self.free(reg);
        }
        self.forget_zeros(0);
    }

    /// A place of `zeros` is free.
    fn free_zero(&mut self, at: usize) {
        if let Some(zero) = self.zeros.get_mut(at) {
            let cell = core::mem::replace(zero, NONE);
            self.dirty_zeros &= !(1 << at);
            self.unset(cell, ZERO);
        }
    }

    /// The cells from this one on are not known to be 0.
    #[inline(always)]
    fn forget_zeros(&mut self, from: Cell) {
        if self.zero_count != 0 {
            self.forget_some_zeros(from);
        }
    }

    #[inline(never)]
    fn forget_some_zeros(&mut self, from: Cell) {
        for at in 0..self.zero_count {
            if self.zeros.get(at).is_some_and(|&zero| zero >= from) {
                self.free_zero(at);
            }
        }
        while self.zeros.get(self.zero_count.wrapping_sub(1)) == Some(&NONE) {
            self.zero_count -= 1;
        }
    }

    /// Whether the cell is known to be 0.
    pub fn is_zero(&self, cell: Cell) -> bool {
        self.is_known(cell, ZERO)
    }

    /// The cell is 0; `false` if that cannot be noted.
    pub fn add_zero(&mut self, cell: Cell, dirty: bool) -> bool {
        let Some(at) = self.zeros.iter().position(|&zero| zero == NONE) else { return false };
        if !self.note(cell, ZERO) {
            return false;
        }
        self.zeros[at] = cell;
        self.dirty_zeros |= u32::from(dirty) << at;
        self.zero_count = self.zero_count.max(at + 1);
        true
    }

    fn remove_zero(&mut self, cell: Cell) {
        if self.is_zero(cell)
            && let Some(at) = self.zeros.iter().position(|&zero| zero == cell)
        {
            self.free_zero(at);
        }
    }

    /// How many bytes from the local's address on are known to lie inside the memory.
    pub fn checked(&self, cell: Cell) -> u32 {
        if !self.is_known(cell, CHECKED) {
            return 0;
        }
        self.checked.iter().find(|check| check.0 == cell).map_or(0, |check| check.1)
    }

    /// So many are known now.
    pub fn set_checked(&mut self, cell: Cell, bytes: u32) {
        let Some(known) = self.known.get_mut(cell as usize) else { return };
        if *known & CHECKED != 0 {
            if let Some(check) = self.checked.iter_mut().find(|check| check.0 == cell) {
                check.1 = bytes;
            }
            return;
        }
        *known |= CHECKED;
        self.any_checked = true;
        self.next_check = (self.next_check + 1) % CHECKS;
        let (before, _) = core::mem::replace(&mut self.checked[self.next_check], (cell, bytes));
        self.unset(before, CHECKED);
    }

    /// The cell changes.
    pub fn changed(&mut self, cell: Cell) {
        if !self.is_known(cell, ZERO | CHECKED) {
            return;
        }
        self.remove_zero(cell);
        for check in &mut self.checked {
            if check.0 == cell {
                *check = (NONE, 0);
            }
        }
        self.unset(cell, CHECKED);
    }
}
