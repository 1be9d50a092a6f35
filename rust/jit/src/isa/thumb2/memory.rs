//! The macro-assembler: memory, frames and globals.

use super::abi::{GLOBALS, IMPORTED_GLOBALS, MEMORY_LEN};
use super::asm::{
    Address, Branch, Cond as C, Dp, Flags, LR, Mem, Reg, Src, dp_byte, dp_reg, mem_offset, modified,
};
use super::masm::{BASE, CTX, FP, IP, LIMIT, Thumb2};
use crate::masm::{Frame, GlobalCell, Label, Place, Val};
use wasmote_core::{LoadOp, StoreOp};

fn load_op(op: LoadOp) -> Mem {
    match op {
        LoadOp::I32Load | LoadOp::F32Load | LoadOp::I64Load | LoadOp::F64Load => Mem::Ldr,
        LoadOp::I64Load32S | LoadOp::I64Load32U => Mem::Ldr,
        LoadOp::I32Load8S | LoadOp::I64Load8S => Mem::Ldrsb,
        LoadOp::I32Load8U | LoadOp::I64Load8U => Mem::Ldrb,
        LoadOp::I32Load16S | LoadOp::I64Load16S => Mem::Ldrsh,
        LoadOp::I32Load16U | LoadOp::I64Load16U => Mem::Ldrh,
    }
}

fn store_op(op: StoreOp) -> Mem {
    match op {
        StoreOp::I32Store
        | StoreOp::F32Store
        | StoreOp::I64Store
        | StoreOp::F64Store
        | StoreOp::I64Store32 => Mem::Str,
        StoreOp::I32Store8 | StoreOp::I64Store8 => Mem::Strb,
        StoreOp::I32Store16 | StoreOp::I64Store16 => Mem::Strh,
    }
}

impl Thumb2 {
    /// `FP + offset` as an address.
    fn frame_address(&mut self, offset: i32) -> Address {
        if (-255..=4095).contains(&offset) {
            return Address::offset(FP, offset);
        }
        self.number(IP, offset as u32);
        Address::index(FP, IP, 0)
    }

    pub(super) fn access_frame(&mut self, load: bool, reg: Reg, offset: i32) {
        // Mostly near, and a low register, of which it is known that there is a short form.
        if reg.0 < 8 && (0..128).contains(&offset) {
            return self.asm.mem_near(load, reg, FP, offset as u32 / 4);
        }
        let address = self.frame_address(offset);
        self.asm.mem(if load { Mem::Ldr } else { Mem::Str }, reg, address);
    }

    pub(super) fn zero_frame(&mut self, frame: &Frame, cell: u32, count: u32, temp: Reg) {
        self.number(temp, 0);
        if count <= 8 {
            for cell in cell..cell + count {
                self.access_frame(false, temp, frame.cell_offset(cell));
            }
            return;
        }
        // The return address is saved already.
        self.add(IP, FP, frame.cell_offset(cell) as u32);
        self.number(LR, count);
        let start = self.asm.code.len();
        self.asm.store_step(temp, IP);
        self.asm.dp(Dp::Sub, Flags::Set, LR, LR, Src::Imm(1));
        self.asm.branch(Branch::near_if(C::Ne), start);
    }

    /// The memory's length is `LIMIT + 4`.
    pub(super) fn check_memory(&mut self, address: Reg, end: u64, min_memory: u64, trap: &mut Label) {
        let above = Branch::far_if(C::Hi);
        if end <= min_memory {
            // How much further than a word it reaches, or less.
            let (op, beyond) = match end as i64 - 4 {
                beyond @ ..=0 => (Dp::Add, beyond.unsigned_abs() as u32),
                beyond => (Dp::Sub, beyond as u32),
            };
            let limit = if beyond == 0 { LIMIT } else { IP };
            match u8::try_from(beyond) {
                Ok(0) => {}
                Ok(byte) => self.asm.long(dp_byte(op, false, IP, LIMIT, byte)),
                Err(_) => self.add(IP, LIMIT, beyond.wrapping_neg()),
            }
            self.asm.compare(address, limit);
            return self.refer(above, trap);
        }
        // The length may be less: it is subtracted from, byte by byte, without ever going below 0.
        let Ok(end) = u32::try_from(end) else { return self.refer(Branch::FAR, trap) };
        self.asm.mem(Mem::Ldr, IP, Address::offset(CTX, MEMORY_LEN));
        for part in (0..4).map(|byte| end & 0xFF << (8 * byte)).filter(|&part| part != 0) {
            self.asm.dp(Dp::Sub, Flags::Set, IP, IP, Src::Imm(part));
            self.refer(Branch::far_if(C::Lo), trap);
        }
        self.asm.compare(address, IP);
        self.refer(above, trap);
    }

    /// The address of a place whose `bytes` follow it, with an offset to spare for a second word.
    fn memory_address(&mut self, place: Place, pair: bool) -> Address {
        let last = if pair { 4091 } else { 4095 };
        match place.address {
            Val::Imm(address) => {
                // Folded by the compiler: no sum wraps.
                let at = address.wrapping_add(place.offset);
                if at <= last {
                    return Address::offset(BASE, at as i32);
                }
                self.number(IP, at);
                if !pair {
                    return Address::index(BASE, IP, 0);
                }
                self.asm.dp(Dp::Add, Flags::Keep, IP, IP, Src::Reg(BASE));
                Address::offset(IP, 0)
            }
            Val::Reg(address) if place.offset == 0 && !pair => Address::index(BASE, address, 0),
            Val::Reg(address) if place.offset <= last => {
                self.asm.long(dp_reg(Dp::Add, IP, BASE, address));
                Address::offset(IP, place.offset as i32)
            }
            Val::Reg(address) => {
                self.number(IP, place.offset);
                self.asm.dp(Dp::Add, Flags::Keep, IP, IP, Src::Reg(BASE));
                if !pair {
                    return Address::index(IP, address, 0);
                }
                self.asm.dp(Dp::Add, Flags::Keep, IP, IP, Src::Reg(address));
                Address::offset(IP, 0)
            }
        }
    }

    /// Loads or stores at an address, most often a sum in the scratch register, which no short form knows.
    fn access(&mut self, op: Mem, reg: Reg, address: Address) {
        match address.near(IP) {
            Some(offset) => self.asm.long(mem_offset(op, reg, IP, offset)),
            None => self.asm.mem(op, reg, address),
        }
    }

    pub(super) fn load_memory(&mut self, op: LoadOp, to: (Reg, Option<Reg>), place: Place) {
        self.access_memory(load_op(op), to, place);
    }

    pub(super) fn store_memory(&mut self, op: StoreOp, from: (Reg, Option<Reg>), place: Place) {
        self.access_memory(store_op(op), from, place);
    }

    #[inline(never)]
    fn access_memory(&mut self, op: Mem, (low, high): (Reg, Option<Reg>), place: Place) {
        let address = self.memory_address(place, high.is_some());
        self.access(op, low, address);
        if let Some(high) = high {
            self.access(op, high, address.behind(4));
        }
    }

    pub(super) fn access_global(&mut self, load: bool, reg: Reg, global: GlobalCell) {
        let offset = match global {
            GlobalCell::Own(cell) => {
                self.asm.mem(Mem::Ldr, IP, Address::offset(CTX, GLOBALS));
                cell * 4
            }
            GlobalCell::Import(index, half) => {
                self.asm.mem(Mem::Ldr, IP, Address::offset(CTX, IMPORTED_GLOBALS));
                self.reach_offset(index * 4);
                self.asm.mem(Mem::Ldr, IP, Address::offset(IP, ((index * 4) & 0xFFF) as i32));
                half * 4
            }
        };
        self.reach_offset(offset);
        let mem = if load { Mem::Ldr } else { Mem::Str };
        self.asm.mem(mem, reg, Address::offset(IP, (offset & 0xFFF) as i32));
    }

    /// Adds to IP all of an offset but its lowest twelve bits.
    pub(super) fn reach_offset(&mut self, offset: u32) {
        for part in [offset & 0xFF000, offset & 0x0FF0_0000, offset & 0xF000_0000] {
            if part != 0 {
                debug_assert!(modified(part).is_some());
                self.asm.dp(Dp::Add, Flags::Keep, IP, IP, Src::Imm(part));
            }
        }
    }
}
