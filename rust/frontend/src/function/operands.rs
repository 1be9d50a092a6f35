//! The operand stack: what the specification's validation algorithm keeps (types), and where each value is.

use super::{Body, LAZY_LOCALS};
use crate::{Cell, Operand, Sink};
use wasmote_core::{ErrorKind, ValType, ValTypes, limits};

/// The type of an operand; `None` is the bottom type, of values popped off an empty stack in unreachable code.
pub(crate) type Ty = Option<ValType>;

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    kind: Kind,
    pub ty: Ty,
    /// Its canonical cell: where it is if it is a temporary, and where it goes when it must be somewhere.
    pub cell: u16,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Two halves, so that an entry is no larger than it must be.
    Const(u32, u32),
    Local(u16),
    Temp,
}

impl Entry {
    pub fn operand(&self) -> Operand {
        match self.kind {
            Kind::Const(low, high) => Operand::Const(u64::from(low) | u64::from(high) << 32),
            Kind::Local(cell) => Operand::Local(cell.into()),
            Kind::Temp => Operand::Temp(self.cell.into()),
        }
    }

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

    fn push_entry(&mut self, kind: Kind, ty: Ty) -> Cell {
        let cell = self.top;
        self.top = cell + ty.map_or(1, ValType::cells);
        if self.top > self.frame_cells {
            self.frame_cells = self.top;
            if self.top > limits::MAX_FRAME_CELLS {
                self.fail(ErrorKind::FrameTooLarge);
            }
        }
        let entry = Entry { kind, ty, cell: cell as u16 };
        let pushed = self.stack.push(entry);
        self.stored(pushed);
        cell
    }

    /// Pushes a temporary and returns its cell.
    pub fn push(&mut self, ty: impl Into<Ty>) -> Cell {
        self.push_entry(Kind::Temp, ty.into())
    }

    pub fn push_const(&mut self, ty: ValType, bits: u64) {
        self.push_entry(Kind::Const(bits as u32, (bits >> 32) as u32), Some(ty));
    }

    /// Pushes a local that is not read yet.
    pub fn push_local(&mut self, ty: ValType, cell: Cell) {
        if !self.reachable {
            self.push(ty);
            return;
        }
        if self.pending.is_full()
            && let Some(oldest) = self.pending.pop_front()
        {
            self.materialise(oldest as usize);
        }
        let place = self.stack.len() as u32;
        self.push_entry(Kind::Local(cell as u16), Some(ty));
        // There is room: the oldest one went.
        let _ = self.pending.push_back(place);
    }

    /// Pops an operand of any type.
    #[inline(never)]
    pub fn pop_any(&mut self) -> Entry {
        if self.stack.len() > self.height
            && let Some(entry) = self.stack.pop()
        {
            // Locals on the stack are pending, in the same order.
            if let Kind::Local(_) = entry.kind {
                self.pending.pop_back();
            }
            self.top = entry.cell.into();
            return entry;
        }
        if !self.control.last().is_some_and(|block| block.unreachable) {
            self.fail(ErrorKind::TypeMismatch);
        }
        Entry { kind: Kind::Const(0, 0), ty: None, cell: self.top_cell() as u16 }
    }

    /// Pops an operand of this type.
    pub fn pop(&mut self, expected: ValType) -> Entry {
        let entry = self.pop_any();
        if entry.ty.is_some_and(|ty| ty != expected) {
            self.fail(ErrorKind::TypeMismatch);
        }
        entry
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
        while self.pending.back().is_some_and(|&place| place >= height) {
            self.pending.pop_back();
        }
    }

    /// Gives the topmost operand another type of the same size.
    pub fn retype(&mut self, from: ValType, to: ValType) {
        let entry = self.pop(from);
        match entry.kind {
            Kind::Local(cell) => self.push_local(to, cell.into()),
            kind => {
                self.push_entry(kind, Some(to));
            }
        }
    }

    /// Puts an operand into its cell. The caller takes it out of `pending`.
    fn materialise(&mut self, place: usize) {
        let Some(entry) = self.stack.get_mut(place) else { return };
        let before = *entry;
        entry.kind = Kind::Temp;
        self.copy_to(&before, before.cell.into());
    }

    /// Tells the sink to put an operand into a cell, unless it is there.
    pub fn copy_to(&mut self, entry: &Entry, cell: Cell) {
        if entry.operand() != Operand::Temp(cell) {
            tell!(self, copy(entry.known_ty(), cell, entry.operand()));
        }
    }

    /// Puts all pending locals into their cells: control flow starts, and the locals may change on one of the ways.
    pub fn settle_locals(&mut self) {
        while let Some(place) = self.pending.pop_front() {
            self.materialise(place as usize);
        }
    }

    /// Puts the topmost `count` operands into their cells; returns the first of the cells.
    pub fn settle_top(&mut self, count: usize) -> Cell {
        // Code that cannot be reached may want operands that are not there. Those below the block are alive behind it,
        // and no code would put them anywhere here.
        let first = self.stack.len().saturating_sub(count).max(self.height);
        while self.pending.back().is_some_and(|&place| place as usize >= first) {
            self.pending.pop_back();
        }
        for place in first..self.stack.len() {
            self.materialise(place);
        }
        self.stack.get(first).map_or(self.top_cell(), |entry| entry.cell.into())
    }

    /// Puts operands that are pending reads of a local into their cells, before the local changes.
    pub fn preserve(&mut self, local: Cell) {
        let mut rest: heapless::Deque<u32, LAZY_LOCALS> = heapless::Deque::new();
        while let Some(place) = self.pending.pop_front() {
            match self.stack.get(place as usize) {
                Some(Entry { kind: Kind::Local(cell), .. }) if Cell::from(*cell) == local => {
                    self.materialise(place as usize);
                }
                _ => {
                    let _ = rest.push_back(place);
                }
            }
        }
        self.pending = rest;
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
