//! Values that come to registers and leave them.

use super::{FAR, REG, ZERO, registers};
use crate::compiler::Compiler;
use crate::masm::{Masm, Pair, PairVal, Reg, Size, Val, Word};
use wasmote_frontend::{Cell, Known, Operand};

impl<M: Masm> Compiler<M> {
    /// The register holds the cell, or two, and the frame does not.
    pub(in crate::compiler) fn hold(&mut self, reg: Reg, cell: Cell, size: Size) {
        self.regs.set(reg, cell);
        if M::WIDE {
            self.regs.set_size(reg, size);
        }
    }

    /// A register of which nobody wants what it holds. It is locked.
    pub(in crate::compiler) fn alloc(&mut self) -> Reg {
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
    pub(in crate::compiler) fn has_free(&self) -> bool {
        M::TEMPS_SET & !self.regs.locked != 0
    }

    /// The frame learns what the register holds.
    pub(in crate::compiler) fn spill(&mut self, reg: Reg) {
        if self.regs.is_dirty(reg) {
            let cell = *self.regs.held(reg);
            let size = if M::WIDE && self.regs.is_wide(reg) { Size::W64 } else { Size::W32 };
            self.masm.frame(false, size, reg, &self.frame, cell);
            self.regs.dirty &= !(1 << reg.0);
        }
    }

    /// The frame learns everything.
    pub(in crate::compiler) fn flush(&mut self) {
        for reg in registers(self.regs.dirty) {
            self.spill(reg);
        }
        self.flush_zeros();
    }

    /// The frame learns which cells are 0.
    #[inline(always)]
    pub(in crate::compiler) fn flush_zeros(&mut self) {
        if self.regs.dirty_zeros != 0 {
            self.flush_some_zeros();
        }
    }

    #[inline(never)]
    fn flush_some_zeros(&mut self) {
        self.masm.mov(M::SCRATCH, Val::number(0));
        for (at, &cell) in self.regs.zeros.iter().enumerate() {
            if self.regs.dirty_zeros >> at & 1 != 0 {
                self.masm.frame(false, Size::W32, M::SCRATCH, &self.frame, cell);
            }
        }
        self.regs.dirty_zeros = 0;
    }

    /// A register with the cell in it, or two, locked.
    pub(in crate::compiler) fn get(&mut self, cell: Cell, size: Size) -> Reg {
        if let Some(reg) = self.regs.find(cell) {
            self.regs.lock(reg);
            return reg;
        }
        self.load_cell(cell, size)
    }

    /// A register with the cell in it that had none.
    fn load_cell(&mut self, cell: Cell, size: Size) -> Reg {
        let reg = self.alloc();
        self.masm.frame(true, size, reg, &self.frame, cell);
        self.regs.set_clean(reg, cell);
        if M::WIDE {
            self.regs.set_size(reg, size);
        }
        reg
    }

    /// A word of an operand: the `half`th.
    pub(in crate::compiler) fn word(&mut self, operand: Operand, half: u32) -> Val<M::Word> {
        self.value(operand, half, Size::W32)
    }

    /// What the `half`th place of an operand holds.
    pub(in crate::compiler) fn value(&mut self, operand: Operand, half: u32, size: Size) -> Val<M::Word> {
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
            known => match u32::from(known & REG).checked_sub(1).map(Reg) {
                Some(reg) => {
                    self.regs.lock(reg);
                    Val::Reg(reg)
                }
                None => Val::Reg(self.load_cell(cell, size)),
            },
        }
    }

    /// As [`word`](Self::word), in a register.
    pub(in crate::compiler) fn word_reg(&mut self, operand: Operand, half: u32) -> Reg {
        self.value_reg(operand, half, Size::W32)
    }

    /// As [`value`](Self::value), in a register.
    pub(in crate::compiler) fn value_reg(&mut self, operand: Operand, half: u32, size: Size) -> Reg {
        match self.value(operand, half, size) {
            Val::Reg(reg) => reg,
            Val::Imm(number) => {
                let reg = self.alloc();
                self.masm.mov(reg, Val::Imm(number));
                reg
            }
        }
    }

    pub(in crate::compiler) fn pair(&mut self, operand: Operand) -> PairVal<M::Word> {
        (self.word(operand, 0), self.word(operand, 1))
    }

    pub(in crate::compiler) fn pair_regs(&mut self, operand: Operand) -> Pair {
        (self.word_reg(operand, 0), self.word_reg(operand, 1))
    }

    /// Whether a word of an operand is known.
    pub(in crate::compiler) fn is_number(&self, operand: Operand, half: u32) -> bool {
        match operand {
            Operand::Const(_) => true,
            Operand::Local(cell) | Operand::Temp(cell) => self.regs.is_zero(cell + half),
        }
    }

    /// Whether the upper half of an operand is known to be 0.
    pub(in crate::compiler) fn is_zero_half(&self, operand: Operand) -> bool {
        match operand {
            Operand::Const(Known(bits)) => bits >> 32 == 0,
            Operand::Local(cell) | Operand::Temp(cell) => self.regs.is_zero(cell + 1),
        }
    }

    /// The cell of a temporary is not wanted any more. What the present operator uses stays locked.
    pub(in crate::compiler) fn drop_cell(&mut self, cell: Cell) {
        if self.regs.known(cell) != 0 {
            self.regs.remove_zero(cell);
            self.regs.free_cell(cell);
        }
    }

    /// The operand has been read: a temporary is not wanted again. Its registers stay locked.
    pub(in crate::compiler) fn free_operand(&mut self, operand: Operand, cells: u32) {
        if let Operand::Temp(cell) = operand {
            for cell in cell..cell + cells {
                self.drop_cell(cell);
            }
        }
    }

    /// As [`free_operand`](Self::free_operand), and its registers may be used for the result of the present operator.
    pub(in crate::compiler) fn consume(&mut self, operand: Operand, cells: u32) {
        if let Operand::Temp(cell) = operand {
            for cell in cell..cell + cells {
                if self.regs.known(cell) != 0 {
                    if let Some(reg) = self.regs.find(cell) {
                        self.regs.release(reg);
                    }
                    self.drop_cell(cell);
                }
            }
        }
    }

    /// The register that an operator puts a cell into, locked.
    pub(in crate::compiler) fn target(&mut self, cell: Cell) -> Reg {
        self.target_place(cell, Size::W32)
    }

    /// The register that an operator puts a cell into, or two, locked. What was there before is not wanted any more; nor are
    /// temporaries above it, which were read, or dropped.
    pub(in crate::compiler) fn target_place(&mut self, cell: Cell, size: Size) -> Reg {
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
    pub(in crate::compiler) fn target_pair(&mut self, cell: Cell) -> Pair {
        (self.target(cell), self.target(cell + 1))
    }

    /// The register holds the cell from now on, or two, and the frame does not.
    pub(in crate::compiler) fn rename(&mut self, reg: Reg, cell: Cell, size: Size) {
        self.regs.changed(cell);
        self.overwritten(cell, size);
        self.hold(reg, cell, size);
        self.regs.lock(reg);
    }

    /// The cell is 0.
    pub(in crate::compiler) fn set_zero(&mut self, cell: Cell) {
        self.regs.changed(cell);
        if let Some(reg) = self.regs.pinned(cell) {
            self.masm.mov(reg, Val::number(0));
            self.regs.add_zero(cell, false);
            return;
        }
        self.regs.free_cell(cell);
        if !self.regs.add_zero(cell, true) {
            // Where nothing more can be known to be 0: the present operator may have all registers.
            self.masm.mov(M::SCRATCH, Val::number(0));
            self.masm.frame(false, Size::W32, M::SCRATCH, &self.frame, cell);
        }
    }
}
