//! Which register holds what.

use super::Compiler;
use crate::masm::{Masm, Pair, Reg, Val};
use wasmote_frontend::{Cell, Operand};

/// Registers that an instruction set may have.
const REGS: usize = 16;

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Hold {
    /// Nothing that is wanted.
    #[default]
    Free,
    /// A local, for the whole function.
    Pin(Cell),
    /// A cell, which the frame holds as well.
    Clean(Cell),
    /// A cell, of which the frame does not know.
    Dirty(Cell),
}

/// The registers' contents.
pub(super) struct Regs {
    holds: [Hold; REGS],
    /// Registers that the present operator uses: nothing else may be put there. One bit each.
    locked: u32,
    /// Locals whose address was found to lie so many bytes before the end of the memory.
    checked: [(Cell, u32); 4],
    next_check: usize,
    /// Cells that are 0, and whether the frame is yet to learn that. They may have a register as well.
    zeros: [(Cell, bool); ZEROS],
}

/// Cells that may be known to be 0.
const ZEROS: usize = 8;
/// Cells beyond this are not: a frame so large is reached in other ways.
const MAX_ZERO: Cell = 900;

/// No cell.
const NONE: Cell = Cell::MAX;

impl Regs {
    pub fn new() -> Regs {
        Regs {
            holds: [Hold::Free; REGS],
            locked: 0,
            checked: [(NONE, 0); 4],
            next_check: 0,
            zeros: [(NONE, false); ZEROS],
        }
    }

    fn hold(&mut self, reg: Reg) -> &mut Hold {
        &mut self.holds[usize::from(reg.0) % REGS]
    }

    fn lock(&mut self, reg: Reg) {
        self.locked |= 1 << reg.0;
    }

    fn is_locked(&self, reg: Reg) -> bool {
        self.locked >> reg.0 & 1 != 0
    }

    /// Nothing is known, and no local has a register.
    pub fn clear(&mut self) {
        *self = Regs::new();
    }

    /// A local has this register for the whole function.
    pub fn pin(&mut self, reg: Reg, cell: Cell) {
        *self.hold(reg) = Hold::Pin(cell);
    }

    /// The register holds the cell, and the frame does not.
    pub fn set(&mut self, reg: Reg, cell: Cell) {
        *self.hold(reg) = Hold::Dirty(cell);
    }

    /// The register that holds a cell.
    pub fn find(&self, cell: Cell) -> Option<Reg> {
        let at = self.holds.iter().position(
            |hold| matches!(*hold, Hold::Pin(held) | Hold::Clean(held) | Hold::Dirty(held) if held == cell),
        )?;
        Some(Reg(at as u8))
    }

    /// The register that holds a cell, other than that of a local for the whole function.
    pub fn find_value(&self, cell: Cell) -> Option<Reg> {
        let at = self
            .holds
            .iter()
            .position(|hold| matches!(*hold, Hold::Clean(held) | Hold::Dirty(held) if held == cell))?;
        Some(Reg(at as u8))
    }

    /// The cell that a register holds for the moment.
    pub fn cell(&self, reg: Reg) -> Option<Cell> {
        match self.holds.get(usize::from(reg.0)) {
            Some(&(Hold::Clean(cell) | Hold::Dirty(cell))) => Some(cell),
            _ => None,
        }
    }

    /// The register of the cell, if it has one, is used by the present operator.
    pub fn lock_cell(&mut self, cell: Cell) {
        if let Some(reg) = self.find(cell) {
            self.lock(reg);
        }
    }

    /// The register that a local has for the whole function.
    pub fn pinned(&self, cell: Cell) -> Option<Reg> {
        let at = self.holds.iter().position(|hold| *hold == Hold::Pin(cell))?;
        Some(Reg(at as u8))
    }

    /// The operator is done.
    pub fn unlock(&mut self) {
        self.locked = 0;
    }

    /// Another operator may use the register.
    pub fn release(&mut self, reg: Reg) {
        self.locked &= !(1 << reg.0);
    }

    /// What the register held is not wanted any more; the present operator may still read it.
    pub fn free(&mut self, reg: Reg) {
        let hold = self.hold(reg);
        if !matches!(hold, Hold::Pin(_)) {
            *hold = Hold::Free;
        }
    }

    /// Registers hold nothing but pinned locals any more, and nothing else is known.
    pub fn forget(&mut self) {
        self.forget_values();
        self.checked = [(NONE, 0); 4];
    }

    /// Registers hold nothing but pinned locals any more. What was found out of their values is still true.
    pub fn forget_values(&mut self) {
        for hold in &mut self.holds {
            if !matches!(hold, Hold::Pin(_)) {
                *hold = Hold::Free;
            }
        }
        self.zeros = [(NONE, false); ZEROS];
    }

    /// Whether the cell is known to be 0.
    pub fn is_zero(&self, cell: Cell) -> bool {
        self.zeros.iter().any(|zero| zero.0 == cell)
    }

    /// The cell is 0; `false` if that cannot be noted.
    pub fn add_zero(&mut self, cell: Cell, dirty: bool) -> bool {
        if cell > MAX_ZERO {
            return false;
        }
        let place = self.zeros.iter_mut().find(|zero| zero.0 == NONE);
        let found = place.is_some();
        if let Some(place) = place {
            *place = (cell, dirty);
        }
        found
    }

    fn remove_zero(&mut self, cell: Cell) {
        for zero in &mut self.zeros {
            if zero.0 == cell {
                *zero = (NONE, false);
            }
        }
    }

    /// How many bytes from the local's address on are known to lie inside the memory.
    pub fn checked(&self, cell: Cell) -> u32 {
        self.checked.iter().find(|check| check.0 == cell).map_or(0, |check| check.1)
    }

    /// So many are known now.
    pub fn set_checked(&mut self, cell: Cell, bytes: u32) {
        let at = match self.checked.iter().position(|check| check.0 == cell) {
            Some(at) => at,
            None => {
                self.next_check = (self.next_check + 1) % self.checked.len();
                self.next_check
            }
        };
        if let Some(check) = self.checked.get_mut(at) {
            *check = (cell, bytes);
        }
    }

    /// The cell changes.
    pub fn changed(&mut self, cell: Cell) {
        self.remove_zero(cell);
        for check in &mut self.checked {
            if check.0 == cell {
                *check = (NONE, 0);
            }
        }
    }
}

impl<M: Masm> Compiler<M> {
    /// A register of which nobody wants what it holds. It is locked.
    pub(super) fn alloc(&mut self) -> Reg {
        let mut best = None;
        for &reg in M::TEMPS {
            if self.regs.is_locked(reg) {
                continue;
            }
            // Rather what the frame holds as well, then what will be wanted last: the lowest temporary.
            let hold = *self.regs.hold(reg);
            let cost = match hold {
                Hold::Free => 0,
                Hold::Clean(_) => 1,
                Hold::Dirty(cell) if self.is_local(cell) => 2,
                Hold::Dirty(cell) => 3 + u64::from(cell),
                Hold::Pin(_) => continue,
            };
            if best.is_none_or(|(_, least)| cost < least) {
                best = Some((reg, cost));
            }
        }
        debug_assert!(best.is_some(), "an operator needs too many registers");
        let reg = best.map_or(M::SCRATCH, |(reg, _)| reg);
        self.spill(reg);
        self.regs.free(reg);
        self.regs.lock(reg);
        reg
    }

    /// Whether there is a register that the present operator does not use.
    pub(super) fn has_free(&self) -> bool {
        M::TEMPS.iter().any(|&reg| !self.regs.is_locked(reg))
    }

    /// The frame learns what the register holds.
    pub(super) fn spill(&mut self, reg: Reg) {
        if let Hold::Dirty(cell) = *self.regs.hold(reg) {
            let frame = self.frame;
            self.masm.frame(false, reg, &frame, cell);
            *self.regs.hold(reg) = Hold::Clean(cell);
        }
    }

    /// The frame learns everything.
    pub(super) fn flush(&mut self) {
        for &reg in M::TEMPS {
            self.spill(reg);
        }
        self.flush_zeros();
    }

    /// The frame learns which cells are 0.
    pub(super) fn flush_zeros(&mut self) {
        let mut first = true;
        for at in 0..ZEROS {
            if let Some(&(cell, true)) = self.regs.zeros.get(at) {
                if first {
                    self.masm.mov(M::SCRATCH, Val::Imm(0));
                    first = false;
                }
                let frame = self.frame;
                self.masm.frame(false, M::SCRATCH, &frame, cell);
                if let Some(zero) = self.regs.zeros.get_mut(at) {
                    zero.1 = false;
                }
            }
        }
    }

    /// A register with the cell in it, locked.
    pub(super) fn get(&mut self, cell: Cell) -> Reg {
        if let Some(reg) = self.regs.find(cell) {
            self.regs.lock(reg);
            return reg;
        }
        let reg = self.alloc();
        let frame = self.frame;
        self.masm.frame(true, reg, &frame, cell);
        *self.regs.hold(reg) = Hold::Clean(cell);
        reg
    }

    /// A word of an operand: the `half`th.
    pub(super) fn word(&mut self, operand: Operand, half: u32) -> Val {
        match operand {
            Operand::Const(bits) => Val::Imm((bits >> (32 * half)) as u32),
            Operand::Local(cell) | Operand::Temp(cell) if self.regs.is_zero(cell + half) => Val::Imm(0),
            Operand::Local(cell) | Operand::Temp(cell) => Val::Reg(self.get(cell + half)),
        }
    }

    /// As [`word`](Self::word), in a register.
    pub(super) fn word_reg(&mut self, operand: Operand, half: u32) -> Reg {
        match self.word(operand, half) {
            Val::Reg(reg) => reg,
            Val::Imm(number) => {
                let reg = self.alloc();
                self.masm.mov(reg, Val::Imm(number));
                reg
            }
        }
    }

    pub(super) fn pair(&mut self, operand: Operand) -> (Val, Val) {
        (self.word(operand, 0), self.word(operand, 1))
    }

    pub(super) fn pair_regs(&mut self, operand: Operand) -> Pair {
        (self.word_reg(operand, 0), self.word_reg(operand, 1))
    }

    /// Whether a word of an operand is known.
    pub(super) fn is_number(&self, operand: Operand, half: u32) -> bool {
        match operand {
            Operand::Const(_) => true,
            Operand::Local(cell) | Operand::Temp(cell) => self.regs.is_zero(cell + half),
        }
    }

    /// Whether the upper half of an operand is known to be 0.
    pub(super) fn is_zero_half(&self, operand: Operand) -> bool {
        match operand {
            Operand::Const(bits) => bits >> 32 == 0,
            Operand::Local(cell) | Operand::Temp(cell) => self.regs.is_zero(cell + 1),
        }
    }

    /// The cell of a temporary is not wanted any more. What the present operator uses stays locked.
    pub(super) fn drop_cell(&mut self, cell: Cell) {
        self.regs.remove_zero(cell);
        if let Some(reg) = self.regs.find(cell) {
            self.regs.free(reg);
        }
    }

    /// The operand has been read: a temporary is not wanted again. Its registers stay locked.
    pub(super) fn free_operand(&mut self, operand: Operand, cells: u32) {
        if let Operand::Temp(cell) = operand {
            for cell in cell..cell + cells {
                self.drop_cell(cell);
            }
        }
    }

    /// As [`free_operand`](Self::free_operand), and its registers may be used for the result of the present operator.
    pub(super) fn consume(&mut self, operand: Operand, cells: u32) {
        if let Operand::Temp(cell) = operand {
            for cell in cell..cell + cells {
                if let Some(reg) = self.regs.find(cell) {
                    self.regs.release(reg);
                }
                self.drop_cell(cell);
            }
        }
    }

    /// The register that an operator puts a cell into, locked. What the cell was before is not wanted any more; nor are
    /// temporaries above it, which were read, or dropped.
    pub(super) fn target(&mut self, cell: Cell) -> Reg {
        self.regs.changed(cell);
        if let Some(reg) = self.regs.pinned(cell) {
            self.regs.lock(reg);
            return reg;
        }
        if !self.is_local(cell) {
            for &reg in M::TEMPS {
                if let Hold::Clean(held) | Hold::Dirty(held) = *self.regs.hold(reg)
                    && held > cell
                {
                    self.regs.free(reg);
                }
            }
            for zero in &mut self.regs.zeros {
                if zero.0 > cell {
                    *zero = (NONE, false);
                }
            }
        }
        if let Some(reg) = self.regs.find(cell) {
            self.regs.free(reg);
        }
        let reg = self.alloc();
        self.regs.set(reg, cell);
        reg
    }

    /// As [`target`](Self::target), for both halves of a value.
    pub(super) fn target_pair(&mut self, cell: Cell) -> Pair {
        (self.target(cell), self.target(cell + 1))
    }

    /// The register holds the cell from now on, and the frame does not.
    pub(super) fn rename(&mut self, reg: Reg, cell: Cell) {
        self.regs.changed(cell);
        if let Some(before) = self.regs.find(cell) {
            self.regs.free(before);
        }
        self.regs.set(reg, cell);
        self.regs.lock(reg);
    }

    /// The cell is 0.
    pub(super) fn set_zero(&mut self, cell: Cell) {
        self.regs.changed(cell);
        if let Some(reg) = self.regs.pinned(cell) {
            self.masm.mov(reg, Val::Imm(0));
            self.regs.add_zero(cell, false);
            return;
        }
        if let Some(reg) = self.regs.find(cell) {
            self.regs.free(reg);
        }
        if !self.regs.add_zero(cell, true) {
            let reg = self.alloc();
            self.regs.set(reg, cell);
            self.masm.mov(reg, Val::Imm(0));
        }
    }
}
