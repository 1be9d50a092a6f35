//! Registers where control comes and goes: those that locals have for a whole function, arguments and results of calls, and
//! where ways join.

use super::places::{Arguments, MAX_ARGS, place_size, places};
use super::{CANDIDATES, Compiler, POLL_BYTES_TO_RETURN, Use, in_registers};
use crate::masm::{Masm, Reg, Val};
use wasmote_core::{ErrorKind, FuncType};
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
        // Those that need not be saved come first.
        let used = self.most_used;
        for (&reg, used) in leaf.iter().chain(M::PINS).zip(used).filter(|(_, used)| used.weight > 1) {
            self.regs.pin(reg, used.cell);
            if M::PINS.contains(&reg) {
                self.frame.pins += 1;
            }
        }
        // Frame, pins and return address, each of them an address' size.
        self.frame.saved_cells = (self.frame.pins + 2) * if M::WIDE { 2 } else { 1 };
    }

    /// Where control flow joins: everything is in the frame, and nothing else is known.
    pub(super) fn join(&mut self) -> Result<(), ErrorKind> {
        self.settle()?;
        self.flush();
        self.regs.forget();
        Ok(())
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
        // The others that are 0.
        let mut numbers = 0u32;
        for at in 0..registers {
            let (cell, _) = place(at);
            if !M::WIDE && self.regs.is_zero(cell) {
                numbers |= 1 << at;
                self.regs.changed(cell);
            }
        }
        self.flush_zeros();
        // Registers to registers, those first that nobody else waits for.
        let mut moves = [(M::SCRATCH, M::SCRATCH); MAX_ARGS];
        let moves = moves.get_mut(..registers).unwrap_or(&mut []);
        for (at, (&to, only)) in M::TEMPS.iter().zip(moves.iter_mut()).enumerate() {
            *only = (to, self.regs.find(place(at).0).unwrap_or(to));
        }
        // What is done goes to where it is.
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
        for (at, &to) in M::TEMPS.iter().enumerate().take(registers) {
            let (cell, size) = place(at);
            if numbers >> at & 1 != 0 {
                self.masm.mov(to, Val::number(0));
            } else if self.regs.find(cell).is_none() {
                let frame = self.frame;
                self.masm.frame(true, size, to, &frame, cell);
            }
        }
    }

    /// Writes 0 to the frame's cells of locals without a register of their own.
    pub(super) fn zero_unpinned(&mut self, first: Cell, count: u32) {
        let Some(&temp) = M::TEMPS.first() else { return };
        let (frame, end) = (self.frame, first + count);
        let (mut from, mut cell) = (first, first);
        while from < end {
            let pinned = self.regs.pinned(cell).is_some();
            if cell == end || pinned {
                self.masm.frame_zero(&frame, from, cell - from, temp);
                let wide = pinned && self.most_used.iter().any(|used| used.cell == cell && used.wide);
                from = cell + if wide { 2 } else { 1 };
                cell = from;
            } else {
                cell += 1;
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

    pub(super) fn poll_before_return(&mut self) -> Result<(), ErrorKind> {
        match self.polls.call {
            Some(call) => self.poll_after(call, POLL_BYTES_TO_RETURN),
            None => Ok(()),
        }
    }
}
