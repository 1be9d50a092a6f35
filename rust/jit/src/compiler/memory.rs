//! Loads and stores.

use super::Compiler;
use super::places::place_size;
use crate::masm::{Label, Masm, Place, Val};
use wasmote_core::{LoadOp, StoreOp, Trap};
use wasmote_frontend::{Cell, Known, Operand};

impl<M: Masm> Compiler<M> {
    /// Where an access of `width` bytes goes. Whether that is inside the memory is yet to be checked, unless the address is a
    /// number.
    fn place(&mut self, address: Operand, offset: u32, width: u32) -> Place<M::Word> {
        if let Operand::Const(Known(number)) = address {
            let address = number as u32;
            let last = address.checked_add(offset).and_then(|at| at.checked_add(width - 1));
            if last.is_some_and(|last| last < self.min_memory) {
                return Place { address: Val::number(address), offset };
            }
        }
        Place { address: Val::Reg(self.word_reg(address, 0)), offset }
    }

    /// Checks that `width` bytes at a place are inside the memory, unless that is known of the local.
    fn check(&mut self, place: Place<M::Word>, address: Operand, width: u32) {
        let Val::Reg(reg) = place.address else { return };
        let local = match address {
            Operand::Local(cell) => Some(cell),
            _ => None,
        };
        let mut label = Label::NEW;
        match place.offset.checked_add(width - 1) {
            Some(last) if local.is_some_and(|cell| self.regs.checked(cell) > last) => return,
            Some(last) => {
                self.masm.check_bounds(reg, last, self.min_memory, &mut label);
                if let Some(cell) = local {
                    self.regs.set_checked(cell, last.saturating_add(1));
                }
            }
            None => self.masm.jump(&mut label),
        }
        self.add_trap(label, Trap::MemoryOutOfBounds, self.deferred.at);
    }

    pub(super) fn emit_load(&mut self, op: LoadOp, dst: Cell, address: Operand, offset: u32) {
        let width = 1 << op.width_log2();
        let place = self.place(address, offset, width);
        self.check(place, address, width);
        self.consume(address, 1);
        let low = self.target_place(dst, place_size::<M>(op.ty().cells()));
        let high = match op {
            LoadOp::I64Load | LoadOp::F64Load if !M::WIDE => Some(self.target(dst + 1)),
            _ => None,
        };
        self.masm.load(op, (low, high), place);
        match op {
            _ if M::WIDE => {}
            LoadOp::I64Load8U | LoadOp::I64Load16U | LoadOp::I64Load32U => self.set_zero(dst + 1),
            LoadOp::I64Load8S | LoadOp::I64Load16S | LoadOp::I64Load32S => self.extend_sign(dst),
            _ => {}
        }
    }

    pub(super) fn emit_store(&mut self, op: StoreOp, address: Operand, value: Operand, offset: u32) {
        self.deferred.at = self.at;
        let width = 1 << op.width_log2();
        let place = self.place(address, offset, width);
        self.check(place, address, width);
        let cells = op.ty().cells();
        let low = self.value_reg(value, 0, place_size::<M>(cells));
        let high = match op {
            StoreOp::I64Store | StoreOp::F64Store if !M::WIDE => Some(self.word_reg(value, 1)),
            _ => None,
        };
        self.masm.store(op, (low, high), place);
        self.consume(value, cells);
        self.consume(address, 1);
        self.regs.unlock();
    }
}
