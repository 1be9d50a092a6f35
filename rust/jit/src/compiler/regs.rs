//! Which register holds what.

use super::Compiler;
use crate::masm::{Masm, Pair, PairVal, Reg, Size, Val, Word};
use wasmote_frontend::{Cell, Known, Operand};

/// Registers that an instruction set may have.
const REGS: usize = 16;
/// Cells of which more is known than what a register holds. A frame with more is rare, and reached in other ways.
const KNOWN: usize = 256;
/// Cells that may be known to be 0.
const ZEROS: usize = 8;
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
pub(super) struct Regs {
    /// The cell that each of them holds.
    cells: [Cell; REGS],
    /// Of each of the first cells: see [`REG`] and those behind it.
    known: [u8; KNOWN],
    /// Registers that hold a cell. One bit each, as in what follows.
    held: u32,
    /// Those that hold a cell of which the frame does not know.
    dirty: u32,
    /// Those that hold two cells, of which the low one is told.
    wide: u32,
    /// Those that the present operator uses: nothing else may be put there.
    locked: u32,
    /// Locals whose address was found to lie so many bytes before the end of the memory.
    checked: [(Cell, u32); CHECKS],
    next_check: usize,
    any_checked: bool,
    /// Cells that are 0, and whether the frame is yet to learn that. They may have a register as well.
    zeros: [(Cell, bool); ZEROS],
    /// How many of these places have been used.
    zero_count: usize,
}

/// The registers of a set, the lowest first.
fn registers(mut set: u32) -> impl Iterator<Item = Reg> {
    core::iter::from_fn(move || {
        let reg = Reg(set.trailing_zeros() as u8);
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
            zeros: [(NONE, false); ZEROS],
            zero_count: 0,
        }
    }

    fn held(&mut self, reg: Reg) -> &mut Cell {
        &mut self.cells[usize::from(reg.0) % REGS]
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
        self.note(cell, PINNED | (reg.0 + 1));
    }

    /// The register that a local has for the whole function.
    pub fn pinned(&self, cell: Cell) -> Option<Reg> {
        let known = *self.known.get(cell as usize)?;
        if known & PINNED != 0 { Some(Reg((known & REG) - 1)) } else { None }
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
        self.free(reg);
        *self.held(reg) = cell;
        self.held |= 1 << reg.0;
        self.note(cell, reg.0 + 1);
    }

    /// The register that holds a cell.
    pub fn find(&self, cell: Cell) -> Option<Reg> {
        match self.known.get(cell as usize) {
            Some(&known) => (known & REG).checked_sub(1).map(Reg),
            None => registers(self.held).find(|&reg| self.cell(reg) == Some(cell)),
        }
    }

    /// The cell that a register holds for the moment.
    pub fn cell(&self, reg: Reg) -> Option<Cell> {
        self.cells.get(usize::from(reg.0)).copied().filter(|&cell| cell != NONE)
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

    /// Only these cells are still wanted.
    fn discard_all_but(&mut self, first: Cell, count: u32) {
        let wanted = first..first + count;
        for reg in registers(self.held) {
            if !wanted.contains(self.held(reg)) {
                self.free(reg);
            }
        }
        for at in 0..self.zero_count {
            if self.zeros.get(at).is_some_and(|zero| !wanted.contains(&zero.0)) {
                self.free_zero(at);
            }
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
            let cell = zero.0;
            *zero = (NONE, false);
            self.unset(cell, ZERO);
        }
    }

    /// The cells from this one on are not known to be 0.
    fn forget_zeros(&mut self, from: Cell) {
        if self.zero_count == 0 {
            return;
        }
        for at in 0..self.zero_count {
            if self.zeros.get(at).is_some_and(|zero| zero.0 >= from) {
                self.free_zero(at);
            }
        }
        while self.zero_count > 0 && self.zeros[self.zero_count - 1].0 == NONE {
            self.zero_count -= 1;
        }
    }

    /// Whether the cell is known to be 0.
    pub fn is_zero(&self, cell: Cell) -> bool {
        self.is_known(cell, ZERO)
    }

    /// The cell is 0; `false` if that cannot be noted.
    pub fn add_zero(&mut self, cell: Cell, dirty: bool) -> bool {
        let Some(at) = self.zeros.iter().position(|zero| zero.0 == NONE) else { return false };
        if !self.note(cell, ZERO) {
            return false;
        }
        self.zeros[at] = (cell, dirty);
        self.zero_count = self.zero_count.max(at + 1);
        true
    }

    fn remove_zero(&mut self, cell: Cell) {
        if self.is_zero(cell)
            && let Some(at) = self.zeros.iter().position(|zero| zero.0 == cell)
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
        let known = self.is_known(cell, CHECKED);
        let at = match self.checked.iter().position(|check| known && check.0 == cell) {
            Some(at) => at,
            None => {
                self.next_check = (self.next_check + 1) % CHECKS;
                self.next_check
            }
        };
        if self.note(cell, CHECKED)
            && let Some(check) = self.checked.get_mut(at)
        {
            let (before, _) = core::mem::replace(check, (cell, bytes));
            self.any_checked = true;
            if before != cell {
                self.unset(before, CHECKED);
            }
        }
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

impl<M: Masm> Compiler<M> {
    /// The register holds the cell, or two, and the frame does not.
    pub(super) fn hold(&mut self, reg: Reg, cell: Cell, size: Size) {
        self.regs.set(reg, cell);
        if M::WIDE {
            self.regs.set_size(reg, size);
        }
    }

    /// A register of which nobody wants what it holds. It is locked.
    pub(super) fn alloc(&mut self) -> Reg {
        let free = M::TEMPS_SET & !(self.regs.held | self.regs.locked);
        let reg = match registers(free).next() {
            Some(reg) => reg,
            None => self.give_up(),
        };
        self.regs.lock(reg);
        reg
    }

    /// Gives up what one of the registers holds that the present operator does not use.
    #[inline(never)]
    fn give_up(&mut self) -> Reg {
        let (mut reg, mut least) = (M::SCRATCH, u32::MAX);
        for other in registers(M::TEMPS_SET & !self.regs.locked) {
            let held = *self.regs.held(other);
            // Rather what the frame holds as well, then what will be wanted last: the lowest temporary.
            let cost = match self.regs.is_dirty(other) {
                false => 1,
                true if self.is_local(held) => 2,
                // A frame has far fewer cells.
                true => held.saturating_add(3),
            };
            if cost < least {
                (reg, least) = (other, cost);
            }
        }
        debug_assert!(reg != M::SCRATCH, "an operator needs too many registers");
        self.spill(reg);
        self.regs.free(reg);
        reg
    }

    /// Whether there is a register that the present operator does not use.
    pub(super) fn has_free(&self) -> bool {
        M::TEMPS_SET & !self.regs.locked != 0
    }

    /// The frame learns what the register holds.
    pub(super) fn spill(&mut self, reg: Reg) {
        if self.regs.is_dirty(reg) {
            let (frame, cell) = (self.frame, *self.regs.held(reg));
            let size = if M::WIDE && self.regs.is_wide(reg) { Size::W64 } else { Size::W32 };
            self.masm.frame(false, size, reg, &frame, cell);
            self.regs.dirty &= !(1 << reg.0);
        }
    }

    /// The frame learns everything.
    pub(super) fn flush(&mut self) {
        for reg in registers(self.regs.dirty) {
            self.spill(reg);
        }
        self.flush_zeros();
    }

    /// The frame learns which cells are 0.
    pub(super) fn flush_zeros(&mut self) {
        let mut first = true;
        for at in 0..self.regs.zero_count {
            if let Some(&(cell, true)) = self.regs.zeros.get(at) {
                if first {
                    self.masm.mov(M::SCRATCH, Val::number(0));
                    first = false;
                }
                let frame = self.frame;
                self.masm.frame(false, Size::W32, M::SCRATCH, &frame, cell);
                if let Some(zero) = self.regs.zeros.get_mut(at) {
                    zero.1 = false;
                }
            }
        }
    }

    /// Only these cells are still wanted, as the function ends.
    pub(super) fn discard_all_but(&mut self, first: Cell, count: u32) {
        self.regs.discard_all_but(first, count);
    }

    /// A register with the cell in it, or two, locked.
    pub(super) fn get(&mut self, cell: Cell, size: Size) -> Reg {
        if let Some(reg) = self.regs.find(cell) {
            self.regs.lock(reg);
            return reg;
        }
        self.load_cell(cell, size)
    }

    /// A register with the cell in it that had none.
    fn load_cell(&mut self, cell: Cell, size: Size) -> Reg {
        let reg = self.alloc();
        let frame = self.frame;
        self.masm.frame(true, size, reg, &frame, cell);
        self.regs.set_clean(reg, cell);
        if M::WIDE {
            self.regs.set_size(reg, size);
        }
        reg
    }

    /// A word of an operand: the `half`th.
    pub(super) fn word(&mut self, operand: Operand, half: u32) -> Val<M::Word> {
        self.value(operand, half, Size::W32)
    }

    /// What the `half`th place of an operand holds.
    pub(super) fn value(&mut self, operand: Operand, half: u32, size: Size) -> Val<M::Word> {
        let cell = match operand {
            Operand::Const(Known(bits)) => {
                return Val::Imm(M::Word::truncate(if half == 0 { bits } else { bits >> 32 }));
            }
            Operand::Local(cell) | Operand::Temp(cell) => cell + half,
        };
        match self.regs.known(cell) {
            0 => Val::Reg(self.load_cell(cell, size)),
            FAR => Val::Reg(self.get(cell, size)),
            known if !M::WIDE && known & ZERO != 0 => Val::number(0),
            _ => Val::Reg(self.get(cell, size)),
        }
    }

    /// As [`word`](Self::word), in a register.
    pub(super) fn word_reg(&mut self, operand: Operand, half: u32) -> Reg {
        self.value_reg(operand, half, Size::W32)
    }

    /// As [`value`](Self::value), in a register.
    pub(super) fn value_reg(&mut self, operand: Operand, half: u32, size: Size) -> Reg {
        match self.value(operand, half, size) {
            Val::Reg(reg) => reg,
            Val::Imm(number) => {
                let reg = self.alloc();
                self.masm.mov(reg, Val::Imm(number));
                reg
            }
        }
    }

    pub(super) fn pair(&mut self, operand: Operand) -> PairVal<M::Word> {
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
            Operand::Const(Known(bits)) => bits >> 32 == 0,
            Operand::Local(cell) | Operand::Temp(cell) => self.regs.is_zero(cell + 1),
        }
    }

    /// The cell of a temporary is not wanted any more. What the present operator uses stays locked.
    pub(super) fn drop_cell(&mut self, cell: Cell) {
        if self.regs.known(cell) != 0 {
            self.regs.remove_zero(cell);
            self.regs.free_cell(cell);
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

    /// The register that an operator puts a cell into, locked.
    pub(super) fn target(&mut self, cell: Cell) -> Reg {
        self.target_place(cell, Size::W32)
    }

    /// The register that an operator puts a cell into, or two, locked. What was there before is not wanted any more; nor are
    /// temporaries above it, which were read, or dropped.
    pub(super) fn target_place(&mut self, cell: Cell, size: Size) -> Reg {
        let known = self.regs.known(cell);
        if known != 0 {
            self.regs.changed(cell);
            if let Some(reg) = self.regs.pinned(cell) {
                self.regs.lock(reg);
                return reg;
            }
        }
        if !self.is_local(cell) {
            for reg in registers(self.regs.held) {
                if *self.regs.held(reg) > cell {
                    self.regs.free(reg);
                }
            }
            self.regs.forget_zeros(cell + 1);
        }
        if known != 0 || M::WIDE {
            self.overwritten(cell, size);
        }
        let reg = self.alloc();
        self.hold(reg, cell, size);
        reg
    }

    /// No register holds the cell any more, or two, alone or as half of a dropped value: written to the frame later, that
    /// would be in the way.
    fn overwritten(&mut self, cell: Cell, size: Size) {
        self.regs.free_cell(cell);
        if !M::WIDE {
            return;
        }
        if let Some(below) = cell.checked_sub(1)
            && let Some(reg) = self.regs.find(below)
            && self.regs.is_wide(reg)
        {
            self.regs.free_cell(below);
        }
        if size == Size::W64 {
            self.regs.free_cell(cell + 1);
        }
    }

    /// As [`target`](Self::target), for both halves of a value.
    pub(super) fn target_pair(&mut self, cell: Cell) -> Pair {
        (self.target(cell), self.target(cell + 1))
    }

    /// The register holds the cell from now on, or two, and the frame does not.
    pub(super) fn rename(&mut self, reg: Reg, cell: Cell, size: Size) {
        self.regs.changed(cell);
        self.overwritten(cell, size);
        self.hold(reg, cell, size);
        self.regs.lock(reg);
    }

    /// The cell is 0.
    pub(super) fn set_zero(&mut self, cell: Cell) {
        self.regs.changed(cell);
        if let Some(reg) = self.regs.pinned(cell) {
            self.masm.mov(reg, Val::number(0));
            self.regs.add_zero(cell, false);
            return;
        }
        self.regs.free_cell(cell);
        if !self.regs.add_zero(cell, true) {
            let reg = self.alloc();
            self.regs.set(reg, cell);
            self.masm.mov(reg, Val::number(0));
        }
    }
}
