//! Loads and stores.

use super::Compiler;
use super::places::place_size;
use crate::masm::{Label, Masm, Place, Reg, Val};
use wasmote_core::{ErrorKind, LoadOp, StoreOp, Trap};
use wasmote_frontend::{Cell, Known, MemArg, Operand};

impl<M: Masm> Compiler<M> {
    /// Where an access of `width` bytes goes, after it was found to be inside the memory.
    fn place(
        &mut self,
        address: Operand,
        arg: MemArg,
        width: u32,
        at: u32,
    ) -> Result<Place<M::Word>, ErrorKind> {
        let end = u64::from(arg.offset) + u64::from(width);
        if let Operand::Const(Known(number)) = address {
            let address = number as u32;
            let end = u64::from(address) + end;
            if end <= self.min_memory {
                return Ok(Place { address: Val::number(address), offset: arg.offset });
            }
        }
        let reg = self.word_reg(address, 0);
        self.check(reg, address, end, at)?;
        Ok(Place { address: Val::Reg(reg), offset: arg.offset })
    }

    /// Checks that `end` bytes from an address on are inside the memory, unless that is known of the local.
    fn check(&mut self, reg: Reg, address: Operand, end: u64, at: u32) -> Result<(), ErrorKind> {
        let local = match address {
            Operand::Local(cell) => Some(cell),
            _ => None,
        };
        if local.is_some_and(|cell| u64::from(self.regs.checked(cell)) >= end) {
            return Ok(());
        }
        let mut label = Label::NEW;
        self.masm.check_bounds(reg, end, self.min_memory, &mut label);
        if let (Some(cell), Ok(end)) = (local, u32::try_from(end)) {
            self.regs.set_checked(cell, end);
        }
        self.add_trap(label, Trap::MemoryOutOfBounds, at)
    }

    pub(super) fn emit_load(
        &mut self,
        op: LoadOp,
        dst: Cell,
        address: Operand,
        arg: MemArg,
        at: u32,
    ) -> Result<(), ErrorKind> {
        let place = self.place(address, arg, 1 << op.width_log2(), at)?;
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
        Ok(())
    }

    pub(super) fn emit_store(
        &mut self,
        op: StoreOp,
        address: Operand,
        value: Operand,
        arg: MemArg,
        at: u32,
    ) -> Result<(), ErrorKind> {
        let place = self.place(address, arg, 1 << op.width_log2(), at)?;
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
        Ok(())
    }
}
