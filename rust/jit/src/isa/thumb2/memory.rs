//! The macro-assembler: memory, frames and globals.

use super::abi::{GLOBALS, IMPORTED_GLOBALS, MEMORY_LEN, R0};
use super::asm::{
    Address, Branch, Cond as C, Dp, Flags, LR, Mem, Reg, Src, dp_byte, dp_reg, mem_offset, modified,
    store_step,
};
use super::masm::{BASE, CTX, FP, IP, LIMIT, Thumb2};
use crate::masm::{Frame, GlobalCell, Label, Place, Val};
use wasmote_core::{LoadOp, StoreOp};

const PUSH_R0: u32 = 0xB401;
const POP_R0: u32 = 0xBC01;

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
    pub(super) fn access_frame(&mut self, load: bool, reg: Reg, offset: i32) {
        // Mostly near, and a low register, of which it is known that there is a short form.
        if reg.0 < 8 && (0..128).contains(&offset) {
            return self.asm.mem_near(load, reg, FP, offset as u32 / 4);
        }
        let op = if load { Mem::Ldr } else { Mem::Str };
        if (-255..=4095).contains(&offset) {
            return self.asm.mem(op, reg, Address::offset(FP, offset));
        }
        // What is to be stored may be where the offset goes otherwise, and all else may be in use.
        let lent = reg == IP && !load;
        let index = if lent { R0 } else { IP };
        if lent {
            self.asm.short(PUSH_R0);
        }
        self.number(index, offset as u32);
        self.asm.mem(op, reg, Address::index(FP, index, 0));
        if lent {
            self.asm.short(POP_R0);
        }
    }

    /// Arguments stay in their registers, and the return address is saved already.
    pub(super) fn zero_frame(&mut self, frame: &Frame, cell: u32, count: u32) {
        const STEP: u32 = store_step(R0, IP);
        const COUNT: u32 = dp_byte(Dp::Sub, true, LR, LR, 1);
        const AGAIN: Option<u32> = Branch::near_if(C::Ne).to(-8);
        self.add(IP, FP, frame.cell_offset(cell) as u32);
        self.number(LR, count);
        self.asm.short(PUSH_R0);
        self.number(R0, 0);
        self.asm.long(STEP);
        self.asm.long(COUNT);
        if let Some(again) = AGAIN {
            self.asm.short(again);
        }
        self.asm.short(POP_R0);
    }

    /// The memory's length is `LIMIT + 4`.
    pub(super) fn check_memory(&mut self, address: Reg, last: u32, min_memory: u32, trap: &mut Label) {
        if last < min_memory {
            // How much further than a word it reaches, or less.
            let (op, beyond) = if last > 3 { (Dp::Sub, last - 3) } else { (Dp::Add, 3 - last) };
            let limit = if beyond == 0 { LIMIT } else { IP };
            match u8::try_from(beyond) {
                Ok(0) => {}
                Ok(byte) => self.asm.long(dp_byte(op, false, IP, LIMIT, byte)),
                Err(_) => self.add(IP, LIMIT, beyond.wrapping_neg()),
            }
            self.asm.compare(address, limit);
            return self.refer(Branch::far_if(C::Hi), trap);
        }
        // The length may be less: it is subtracted from, byte by byte, without ever going below 0.
        self.asm.mem(Mem::Ldr, IP, Address::offset(CTX, MEMORY_LEN));
        for part in (0..4).map(|byte| last & 0xFF << (8 * byte)).filter(|&part| part != 0) {
            self.asm.dp(Dp::Sub, Flags::Set, IP, IP, Src::Imm(part));
            self.refer(Branch::far_if(C::Lo), trap);
        }
        self.asm.compare(address, IP);
        self.refer(Branch::far_if(C::Hs), trap);
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
