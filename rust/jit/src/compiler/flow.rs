//! Registers where control comes and goes: those that locals have for a whole function, arguments and results of calls, and
//! where ways join.

use super::places::{Arguments, MAX_ARGS, place_size, places};
use super::regs::ZEROS;
use super::{CANDIDATES, Compiler, POLL_BYTES_TO_RETURN, Use, in_registers};
use crate::masm::{Masm, Reg, Size, Val};
use wasmote_core::FuncType;
use wasmote_frontend::Cell;

impl<M: Masm> Compiler<M> {
    /// Keeps the uses of a local's cell if they are among the most.
    pub(super) fn add_use(&mut self, mut used: Use) {
        if used.cell < CANDIDATES as Cell {
            for place in self.most_used.iter_mut().take(M::LEAF_PINS.len() + M::PINS.len()) {
                if used.weight > place.weight {
                    core::mem::swap(place, &mut used);
                }
            }
        }
    }

    /// Gives the locals that are used most registers for the whole function.
    pub(super) fn pin(&mut self) {
        let leaf: &[Reg] = if self.calls || self.settings.metered { &[] } else { M::LEAF_PINS };
        for (at, used) in self.most_used.iter().enumerate() {
            // Those that need not be saved come first.
            let saved = at >= leaf.len();
            let reg = if saved { M::PINS.get(at - leaf.len()) } else { leaf.get(at) };
            let Some(&reg) = reg.filter(|_| used.weight > 1) else { break };
            self.regs.pin(reg, used.cell);
            self.frame.pins += u32::from(saved);
        }
        // Frame, pins and return address, each of them an address' size.
        self.frame.saved_cells = (self.frame.pins + 2) * if M::WIDE { 2 } else { 1 };
    }

    /// Where control flow joins: everything is in the frame, and nothing else is known.
    pub(super) fn join(&mut self) {
        self.settle();
        self.flush();
        self.regs.forget();
    }

    /// What follows is not reached from here.
    pub(super) fn dead(&mut self) {
        self.regs.forget();
    }

    /// Puts arguments where a call wants them: the first ones in registers, the others in the frame. All that is not in
    /// registers which the callee saves goes to the frame.
    pub(super) fn arguments(&mut self, cells: Cell, ty: FuncType<'_>) {
        let args = Arguments::<M>::new(ty);
        let registers = args.count;
        let place = |at| {
            let (cell, size) = args.place(at);
            (cells + cell, size)
        };
        for &reg in M::TEMPS {
            if let Some(cell) = self.regs.cell(reg)
                && !args.hold(cells, cell)
            {
                self.spill(reg);
                self.regs.free(reg);
            }
        }
        // Where they are: those that are 0, those in other registers, and those in the frame.
        let (mut numbers, mut absent) = (0u32, 0u32);
        let mut moves = [(M::SCRATCH, M::SCRATCH); MAX_ARGS];
        let moves = moves.get_mut(..registers).unwrap_or(&mut []);
        for (at, (&to, only)) in M::TEMPS.iter().zip(moves.iter_mut()).enumerate() {
            let (cell, _) = place(at);
            if !M::WIDE && self.regs.is_zero(cell) {
                numbers |= 1 << at;
                self.regs.changed(cell);
            }
            let from = self.regs.find(cell);
            absent |= u32::from(from.is_none()) << at;
            *only = (to, from.unwrap_or(to));
        }
        self.flush_zeros();
        // Registers to registers, those first that nobody else waits for. What is done goes to where it is.
        while let Some(first) = moves.iter().position(|&(to, from)| from != to) {
            let is_free = |&(to, from): &(Reg, Reg)| from != to && moves.iter().all(|other| other.1 != to);
            let free = moves.iter().position(is_free);
            if free.is_none() {
                // A circle: one goes aside.
                let (aside, _) = moves[first];
                self.masm.mov(M::SCRATCH, Val::Reg(aside));
                for (_, from) in moves.iter_mut().filter(|(_, from)| *from == aside) {
                    *from = M::SCRATCH;
                }
            }
            let (to, from) = &mut moves[free.unwrap_or(first)];
            self.masm.mov(*to, Val::Reg(*from));
            *from = *to;
        }
        let mut others = numbers | absent;
        while others != 0 {
            let at = others.trailing_zeros() as usize;
            others &= others - 1;
            let Some(&to) = M::TEMPS.get(at) else { break };
            if numbers >> at & 1 != 0 {
                self.masm.mov(to, Val::number(0));
            } else {
                let (cell, size) = place(at);
                self.masm.frame(true, size, to, &self.frame, cell);
            }
        }
    }

    /// Locals that are no parameters begin as 0. If they are many, the frame's cells are all written at once; where it is not known
    /// of cells that they are 0, they are if one has no register. Whether that was done. It needs registers, before parameters have
    /// those that were chosen for them.
    pub(super) fn zero_at_once(&mut self, first: Cell, end: Cell) -> bool {
        const SOME: usize = 2 * ZEROS;
        let mut cells = first..end;
        let many =
            if M::WIDE { cells.any(|cell| self.regs.pinned(cell).is_none()) } else { cells.len() > SOME };
        if many {
            self.masm.frame_zero(&self.frame, first, end - first);
        }
        many
    }

    /// Those that have registers become 0, and all others unless it was done at once: a few are only known to be, more are written to
    /// the frame.
    pub(super) fn zero_locals(&mut self, first: Cell, end: Cell, many: bool) {
        let count = (end - first) as usize;
        if !many && count > ZEROS {
            self.masm.mov(M::SCRATCH, Val::number(0));
        }
        for cell in first..if many { end.min(CANDIDATES as Cell) } else { end } {
            if let Some(pinned) = self.regs.pinned(cell) {
                self.masm.mov(pinned, Val::number(0));
            } else if many {
                continue;
            } else if count > ZEROS {
                self.masm.frame(false, Size::W32, M::SCRATCH, &self.frame, cell);
            } else {
                self.set_zero(cell);
            }
        }
    }

    /// What a call leaves: nothing but pinned locals, and a result in registers.
    pub(super) fn called(&mut self, ty: FuncType<'_>, cells: Cell) {
        let result_cells = in_registers(ty);
        self.regs.forget_values();
        self.regs.unlock();
        for (half, &reg) in places::<M>(result_cells).zip(M::TEMPS) {
            self.hold(reg, cells + half, place_size::<M>(result_cells));
        }
    }

    pub(super) fn poll_before_return(&mut self) {
        if let Some(call) = self.polls.call {
            self.poll_after(call, POLL_BYTES_TO_RETURN);
        }
    }
}
