//! The macro-assembler: memory, frames and globals.

use super::abi::VM;
use super::asm::{Branch, Cond as C, Load, Mem, Op, RAX, RCX, Reg, Size, Store};
use super::masm::{BASE, CTX, FP, LIMIT, X64};
use crate::masm::{Frame, GlobalCell, Label, Place, Val};
use wasmote_core::{LoadOp, StoreOp};

fn load_op(op: LoadOp) -> Load {
    use Size::{W32, W64};
    match op {
        LoadOp::I32Load | LoadOp::F32Load | LoadOp::I64Load32U => Load::Plain(W32),
        LoadOp::I64Load | LoadOp::F64Load => Load::Plain(W64),
        LoadOp::I32Load8S => Load::Sign8(W32),
        LoadOp::I32Load16S => Load::Sign16(W32),
        LoadOp::I32Load8U | LoadOp::I64Load8U => Load::Zero8,
        LoadOp::I32Load16U | LoadOp::I64Load16U => Load::Zero16,
        LoadOp::I64Load8S => Load::Sign8(W64),
        LoadOp::I64Load16S => Load::Sign16(W64),
        LoadOp::I64Load32S => Load::Sign32,
    }
}

fn store_op(op: StoreOp) -> Store {
    match op {
        StoreOp::I32Store | StoreOp::F32Store | StoreOp::I64Store32 => Store::Plain(Size::W32),
        StoreOp::I64Store | StoreOp::F64Store => Store::Plain(Size::W64),
        StoreOp::I32Store8 | StoreOp::I64Store8 => Store::Byte,
        StoreOp::I32Store16 | StoreOp::I64Store16 => Store::Half,
    }
}

impl X64 {
    pub(super) fn access(&mut self, load: bool, size: Size, reg: Reg, mem: Mem) {
        if load {
            self.asm.load(Load::Plain(size), reg, mem);
        } else {
            self.asm.store(Store::Plain(size), mem, reg);
        }
    }

    pub(super) fn zero_frame(&mut self, frame: &Frame, cell: u32, count: u32) {
        let (first, pairs) = (frame.cell_offset(cell), count / 2);
        if !count.is_multiple_of(2) {
            let last = Mem::at(FP, frame.cell_offset(cell + count - 1));
            self.asm.store_imm(Store::Plain(Size::W32), last, 0);
        }
        if pairs <= 8 {
            for pair in 0..pairs as i32 {
                self.asm.store_imm(Store::Plain(Size::W64), Mem::at(FP, first + pair * 8), 0);
            }
            return;
        }
        self.asm.mov_imm(RCX, pairs.into());
        self.asm.lea(Size::W64, RAX, Mem::at(FP, first - 8));
        let start = self.asm.code.len();
        self.asm.store_imm(Store::Plain(Size::W64), Mem::indexed(RAX, RCX, 3, 0), 0);
        self.asm.op_imm(Op::Sub, Size::W32, RCX, 1);
        self.asm.branch(Branch::JumpIf(C::Ne), start);
    }

    /// The memory's length is `LIMIT + 4`. No sum wraps: addresses and offsets have 32 bits.
    pub(super) fn check_memory(&mut self, address: Reg, last: u32, trap: &mut Label) {
        let beyond = i64::from(last) - 3;
        let end = match i32::try_from(beyond) {
            Ok(0) => address,
            Ok(beyond) => {
                self.asm.lea(Size::W64, RCX, Mem::at(address, beyond));
                RCX
            }
            Err(_) => {
                self.asm.mov_imm(RCX, beyond as u64);
                self.asm.op(Op::Add, Size::W64, RCX, address);
                RCX
            }
        };
        self.asm.op(Op::Cmp, Size::W64, end, LIMIT);
        self.refer(Branch::JumpIf(C::G), trap);
    }

    fn memory_address(&mut self, place: Place<u64>) -> Mem {
        let offset = i32::try_from(place.offset);
        match (place.address, offset) {
            (Val::Reg(address), Ok(offset)) => Mem::indexed(BASE, address, 0, offset),
            (Val::Reg(address), Err(_)) => {
                self.asm.mov_imm(RCX, place.offset.into());
                self.asm.op(Op::Add, Size::W64, RCX, address);
                Mem::indexed(BASE, RCX, 0, 0)
            }
            (Val::Imm(address), _) => {
                let at = address + u64::from(place.offset);
                if let Ok(at) = i32::try_from(at) {
                    return Mem::at(BASE, at);
                }
                self.asm.mov_imm(RCX, at);
                Mem::indexed(BASE, RCX, 0, 0)
            }
        }
    }

    pub(super) fn load_memory(&mut self, op: LoadOp, reg: Reg, place: Place<u64>) {
        let mem = self.memory_address(place);
        self.asm.load(load_op(op), reg, mem);
    }

    pub(super) fn store_memory(&mut self, op: StoreOp, reg: Reg, place: Place<u64>) {
        let mem = self.memory_address(place);
        self.asm.store(store_op(op), mem, reg);
    }

    pub(super) fn access_global(&mut self, load: bool, size: Size, reg: Reg, global: GlobalCell) {
        let cell = match global {
            GlobalCell::Own(cell) => {
                self.load_address(RCX, CTX, VM.globals);
                cell
            }
            GlobalCell::Import(index, half) => {
                self.load_address(RCX, CTX, VM.imported_globals);
                self.load_address(RCX, RCX, index as i32 * 8);
                half
            }
        };
        self.access(load, size, reg, Mem::at(RCX, cell as i32 * 4));
    }
}
