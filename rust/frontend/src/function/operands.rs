//! The operand stack: what the specification's validation algorithm keeps (types), and where each value is.

use super::{Body, LAZY_LOCALS};
use crate::{Cell, Known, Operand, Sink};
use wasmote_core::{ErrorKind, ValType, ValTypes, limits};

/// The type of an operand; `None` is the bottom type, of values popped off an empty stack in unreachable code.
pub(crate) type Ty = Option<ValType>;

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub operand: Operand,
    pub ty: Ty,
    /// Its canonical cell: where it is if it is a temporary, and where it goes when it must be somewhere.
    pub cell: u16,
}

impl Entry {
    /// Its type, where it matters to a sink: reachable operands have one.
    pub fn known_ty(&self) -> ValType {
        self.ty.unwrap_or(ValType::I32)
    }
}

impl<S: Sink> Body<'_, '_, S> {
    /// The first cell above all operands: the canonical cell of the next one.
    pub fn top_cell(&self) -> Cell {
        self.top
    }

    /// Pushes an operand; its canonical cell.
    #[inline(never)]
    fn push_entry(&mut self, operand: Operand, ty: Ty) -> Cell {
        let cell = self.top;
        self.reach(cell + ty.map_or(1, ValType::cells));
        let pushed = self.stack.push(Entry { operand, ty, cell: cell as u16 });
        self.stored(pushed);
        cell
    }

    /// The operands reach up to a cell.
    #[inline(always)]
    fn reach(&mut self, top: Cell) {
        self.top = top;
        if top > self.frame_cells {
            self.frame_cells = top;
            if top > limits::MAX_FRAME_CELLS {
                self.fail(ErrorKind::FrameTooLarge);
            }
        }
    }

    /// Pushes a temporary and returns its cell.
    pub fn push(&mut self, ty: impl Into<Ty>) -> Cell {
        self.push_entry(Operand::Temp(self.top), ty.into())
    }

    pub fn push_const(&mut self, ty: ValType, bits: u64) {
        self.push_entry(Operand::Const(Known(bits)), Some(ty));
    }

    /// Pushes a local that is not read yet.
    pub fn push_local(&mut self, ty: ValType, cell: Cell) {
        if !self.reachable() {
            self.push(ty);
            return;
        }
        self.pending = self.pending.min(self.stack.len());
        self.push_entry(Operand::Local(cell), Some(ty));
    }

    /// Pops an operand of any type.
    #[inline(never)]
    pub fn pop_any(&mut self) -> Entry {
        let last = self.stack.len().wrapping_sub(1);
        match self.stack.get(last) {
            Some(&entry) if last >= self.height => {
                self.stack.truncate(last);
                self.top = entry.cell.into();
                entry
            }
            _ => self.pop_none(),
        }
    }

    /// What is popped off an empty stack.
    #[cold]
    fn pop_none(&mut self) -> Entry {
        if !self.control.last().is_some_and(|block| block.unreachable) {
            self.fail(ErrorKind::TypeMismatch);
        }
        Entry { operand: Operand::Const(Known(0)), ty: None, cell: self.top_cell() as u16 }
    }

    /// Pops an operand of this type.
    #[inline(never)]
    pub fn pop(&mut self, expected: ValType) -> Operand {
        let last = self.stack.len().wrapping_sub(1);
        match self.stack.get(last) {
            Some(entry) if last >= self.height && entry.ty == Some(expected) => {
                let operand = entry.operand;
                self.top = entry.cell.into();
                self.stack.truncate(last);
                operand
            }
            _ => self.pop_other(expected),
        }
    }

    /// Pops an operand of this type and pushes a temporary, as most operators do in the end. The operand, and the cell.
    #[inline(never)]
    pub fn replace(&mut self, expected: ValType, result: ValType) -> (Operand, Cell) {
        let last = self.stack.len().wrapping_sub(1);
        match self.stack.get_mut(last) {
            Some(entry) if last >= self.height && entry.ty == Some(expected) => {
                let operand = entry.operand;
                let cell = entry.cell.into();
                entry.operand = Operand::Temp(cell);
                entry.ty = Some(result);
                self.reach(cell + result.cells());
                (operand, cell)
            }
            _ => {
                let operand = self.pop_other(expected);
                (operand, self.push(result))
            }
        }
    }

    /// Pops what is not simply an operand of this type.
    #[cold]
    #[inline(never)]
    fn pop_other(&mut self, expected: ValType) -> Operand {
        let entry = self.pop_any();
        if entry.ty.is_some_and(|ty| ty != expected) {
            self.fail(ErrorKind::TypeMismatch);
        }
        entry.operand
    }

    /// Pops operands of these types, the last one first.
    pub fn pop_all(&mut self, types: ValTypes<'_>) {
        self.moved(types.len());
        for ty in types.rev() {
            self.pop(ty);
        }
    }

    /// Pushes temporaries of these types.
    pub fn push_all(&mut self, types: ValTypes<'_>) {
        self.moved(types.len());
        for ty in types {
            self.push(ty);
        }
    }

    /// Removes the operands from a height on.
    pub fn truncate(&mut self, height: u32) {
        if let Some(entry) = self.stack.get(height as usize) {
            self.top = entry.cell.into();
        }
        self.stack.truncate(height as usize);
    }

    /// Gives the topmost operand another type of the same size.
    pub fn retype(&mut self, from: ValType, to: ValType) {
        match self.pop(from) {
            Operand::Local(cell) => self.push_local(to, cell),
            operand => {
                self.push_entry(operand, Some(to));
            }
        }
    }

    /// Puts an operand into its cell.
    fn materialise(&mut self, place: usize) {
        let Some(entry) = self.stack.get_mut(place) else { return };
        let before = *entry;
        let cell = before.cell.into();
        entry.operand = Operand::Temp(cell);
        self.copy_to(&before, cell);
    }

    /// Tells the sink to put an operand into a cell, unless it is there.
    pub fn copy_to(&mut self, entry: &Entry, cell: Cell) {
        if entry.operand != Operand::Temp(cell) {
            tell!(self, copy(entry.known_ty(), cell, entry.operand));
        }
    }

    /// Puts those pending locals into their cells that lie below a place and are `local`, or all of them.
    fn read_locals(&mut self, below: usize, local: Option<Cell>) {
        for place in self.pending..below {
            if let Some(&Entry { operand: Operand::Local(cell), .. }) = self.stack.get(place)
                && local.is_none_or(|local| local == cell)
            {
                self.materialise(place);
            }
        }
    }

    /// Puts all pending locals into their cells: control flow starts, and the locals may change on one of the ways.
    pub fn settle_locals(&mut self) {
        let count = self.stack.len();
        self.read_locals(count, None);
        self.pending = count;
    }

    /// Puts the topmost `count` operands into their cells; returns the first of the cells.
    pub fn settle_top(&mut self, count: usize) -> Cell {
        // Code that cannot be reached may want operands that are not there. Those below the block are alive behind it,
        // and no code would put them anywhere here.
        let first = self.stack.len().saturating_sub(count).max(self.height);
        for place in first..self.stack.len() {
            self.materialise(place);
        }
        self.stack.get(first).map_or(self.top_cell(), |entry| entry.cell.into())
    }

    /// Puts operands that are pending reads of a local into their cells, before the local changes.
    pub fn preserve(&mut self, local: Cell) {
        let count = self.stack.len();
        // Each of them is passed over once for all.
        let lowest = count.saturating_sub(LAZY_LOCALS);
        if self.pending < lowest {
            self.read_locals(lowest, None);
            self.pending = lowest;
        }
        self.read_locals(count, Some(local));
    }

    /// The topmost `count` operands, lowest first.
    pub fn top(&self, count: usize) -> &[Entry] {
        self.stack.get(self.stack.len().saturating_sub(count)..).unwrap_or(&[])
    }

    /// Checks that the topmost operands have these types, without removing them. In unreachable code an operand of
    /// the bottom type takes the type that is asked for.
    pub fn check_top(&mut self, types: ValTypes<'_>) {
        self.moved(types.len());
        let mut place = self.stack.len();
        for ty in types.rev() {
            if place == self.height {
                if !self.control.last().is_some_and(|block| block.unreachable) {
                    self.fail(ErrorKind::TypeMismatch);
                }
                return;
            }
            place -= 1;
            if self.stack.get(place).is_none_or(|entry| entry.ty.is_some_and(|have| have != ty)) {
                self.fail(ErrorKind::TypeMismatch);
            }
        }
    }
}
