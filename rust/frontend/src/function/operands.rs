//! The operand stack: what the specification's validation algorithm keeps (types), and where each value is.

use super::{Compiler, LAZY_LOCALS};
use crate::{Cell, Known, Operand, Sink};
use wasmote_core::{ErrorKind, ValType, ValTypes, limits};

/// The type of an operand; `None` is the bottom type, of values popped off an empty stack in unreachable code.
pub(crate) type Ty = Option<ValType>;

/// In place of an operand that is not there.
const NOTHING: Operand = Operand::Const(Known(0));

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub operand: Operand,
    /// Its canonical cell: where it is if it is a temporary, and where it goes when it must be somewhere.
    pub cell: u16,
    pub ty: Ty,
}

impl Entry {
    /// Its type, where it matters to a sink: reachable operands have one.
    pub fn known_ty(&self) -> ValType {
        self.ty.unwrap_or(ValType::I32)
    }

    /// It is a temporary of this type from now on.
    pub fn settle(&mut self, ty: Ty) {
        self.operand = Operand::Temp(self.cell.into());
        self.ty = ty;
    }
}

impl<S: Sink> Compiler<'_, '_, S> {
    /// The first cell above all operands: the canonical cell of the next one.
    pub(super) fn top_cell(&self) -> Cell {
        self.top
    }

    /// Pushes an operand; its canonical cell.
    #[inline(always)]
    fn push_entry(&mut self, operand: Operand, ty: Ty) -> Cell {
        let cell = self.top;
        self.reach(cell + ty.map_or(1, ValType::cells));
        let pushed = self.stack.push_inline(Entry { operand, ty, cell: cell as u16 });
        self.stored(pushed);
        cell
    }

    /// The operands reach up to a cell.
    #[inline(always)]
    pub(super) fn reach(&mut self, top: Cell) {
        self.top = top;
        if top > self.frame_cells {
            self.grow_frame(top);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_frame(&mut self, top: Cell) {
        self.frame_cells = top;
        if top > limits::MAX_FRAME_CELLS {
            self.fail(ErrorKind::FrameTooLarge);
        }
    }

    /// Pushes a temporary and returns its cell.
    #[inline(never)]
    pub(super) fn push(&mut self, ty: Ty) -> Cell {
        let cell = self.push_const(ty, 0);
        if let Some(entry) = self.stack.last_mut() {
            entry.operand = Operand::Temp(cell);
        }
        cell
    }

    /// Pushes a constant; its canonical cell.
    #[inline(never)]
    pub(super) fn push_const(&mut self, ty: Ty, bits: u64) -> Cell {
        self.push_entry(Operand::Const(Known(bits)), ty)
    }

    /// Pushes a local that is not read yet.
    #[inline(never)]
    pub(super) fn push_local(&mut self, ty: ValType, cell: Cell) {
        self.pending = self.pending.min(self.stack.len());
        self.push_entry(Operand::Local(cell), Some(ty));
    }

    /// Pops an operand of any type.
    #[inline(never)]
    pub(super) fn pop_any(&mut self) -> Entry {
        match &*self.stack {
            [below @ .., entry] if below.len() >= self.height => {
                let entry = *entry;
                self.top = entry.cell.into();
                self.discard(1);
                entry
            }
            _ => self.pop_none(),
        }
    }

    /// What is popped off an empty stack.
    #[cold]
    #[inline(never)]
    fn pop_none(&mut self) -> Entry {
        if !self.polymorphic() {
            self.fail(ErrorKind::TypeMismatch);
        }
        Entry { operand: NOTHING, cell: self.top as u16, ty: None }
    }

    /// Pops an operand of this type.
    #[inline(never)]
    pub(super) fn pop(&mut self, ty: ValType) -> Operand {
        self.want(ty);
        let Some(&entry) = self.stack.last() else { return NOTHING };
        self.top = entry.cell.into();
        self.discard(1);
        entry.operand
    }

    /// The topmost operand must have this type; so it has, even if that is wrong or the code cannot be reached.
    #[inline(always)]
    fn want(&mut self, ty: ValType) {
        match &*self.stack {
            [below @ .., a] if below.len() >= self.height && a.ty == Some(ty) => {}
            _ => self.provide(ty, 1),
        }
    }

    /// As [`want`](Compiler::want), out of line.
    #[inline(never)]
    pub(super) fn expect(&mut self, ty: ValType) {
        self.want(ty)
    }

    /// The same for the two topmost operands, which have one type.
    #[inline(always)]
    pub(super) fn want_two(&mut self, ty: ValType) {
        match &*self.stack {
            [below @ .., a, b] if below.len() >= self.height && a.ty == Some(ty) && b.ty == Some(ty) => {}
            _ => self.provide(ty, 2),
        }
    }

    /// Pops so many operands, which should have this type, and pushes as many that do.
    #[cold]
    #[inline(never)]
    fn provide(&mut self, ty: ValType, count: usize) {
        for _ in 0..count {
            if self.pop_any().ty.is_some_and(|have| have != ty) {
                self.fail(ErrorKind::TypeMismatch);
            }
        }
        for _ in 0..count {
            self.push(Some(ty));
        }
    }

    /// The topmost operand becomes a temporary of this type.
    #[inline(never)]
    pub(super) fn replace(&mut self, ty: ValType) {
        if let Some(entry) = self.stack.last_mut() {
            entry.settle(Some(ty));
            let cell = Cell::from(entry.cell);
            self.reach(cell + ty.cells());
        }
    }

    /// Forgets the topmost operands.
    #[inline(always)]
    pub(super) fn discard(&mut self, count: usize) {
        self.stack.truncate(self.stack.len().wrapping_sub(count));
    }

    /// Pops operands of these types, the last one first.
    pub(super) fn pop_all(&mut self, types: ValTypes<'_>) {
        self.moved(types.len());
        for ty in types.rev() {
            self.pop(ty);
        }
    }

    /// Pushes temporaries of these types.
    pub(super) fn push_all(&mut self, types: ValTypes<'_>) {
        self.moved(types.len());
        for ty in types {
            self.push(Some(ty));
        }
    }

    /// Removes the operands from a height on.
    pub(super) fn truncate(&mut self, height: usize) {
        if let Some(entry) = self.stack.get(height) {
            self.top = entry.cell.into();
        }
        self.stack.truncate(height);
    }

    /// Gives the topmost operand another type of the same size.
    pub(super) fn retype(&mut self, from: ValType, to: ValType) {
        self.expect(from);
        if let Some(entry) = self.stack.last_mut() {
            entry.ty = Some(to);
        }
    }

    /// Puts an operand into its cell.
    fn materialise(&mut self, place: usize) {
        let Some(entry) = self.stack.get_mut(place) else { return };
        let before = *entry;
        entry.settle(before.ty);
        self.copy_to(&before, before.cell.into());
    }

    /// Tells the sink to put an operand into a cell, unless it is there.
    pub(super) fn copy_to(&mut self, entry: &Entry, cell: Cell) {
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
    pub(super) fn settle_locals(&mut self) {
        let count = self.stack.len();
        self.read_locals(count, None);
        self.pending = count;
    }

    /// Puts the topmost `count` operands into their cells; returns the first of the cells.
    pub(super) fn settle_top(&mut self, count: usize) -> Cell {
        // Code that cannot be reached may want operands that are not there. Those below the block are alive behind it,
        // and no code would put them anywhere here.
        let first = self.stack.len().saturating_sub(count).max(self.height);
        for place in first..self.stack.len() {
            self.materialise(place);
        }
        self.stack.get(first).map_or(self.top_cell(), |entry| entry.cell.into())
    }

    /// Puts operands below `count` that are pending reads of a local into their cells, before the local changes.
    #[inline(never)]
    pub(super) fn preserve(&mut self, local: Cell, count: usize) {
        // Each of them is passed over once for all.
        let lowest = count.saturating_sub(LAZY_LOCALS);
        if self.pending < lowest {
            self.read_locals(lowest, None);
            self.pending = lowest;
        }
        self.read_locals(count, Some(local));
    }

    /// The topmost `count` operands, lowest first.
    pub(super) fn top(&self, count: usize) -> &[Entry] {
        self.stack.get(self.stack.len().saturating_sub(count)..).unwrap_or(&[])
    }

    /// Checks that the topmost operands have these types, without removing them. In unreachable code an operand of
    /// the bottom type takes the type that is asked for.
    pub(super) fn check_top(&mut self, types: ValTypes<'_>) {
        self.moved(types.len());
        let mut place = self.stack.len();
        for ty in types.rev() {
            if place == self.height {
                if !self.polymorphic() {
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
