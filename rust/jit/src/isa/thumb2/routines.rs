//! Calls that leave the instance's own functions, or do not know whether they do: what all of them have in common.

use super::abi::{
    BUILTINS, CODE, FUEL, FUNCS, HOSTS, IMPORT_FUNCS, IMPORTS, INSTANCES, NUMBER, R0, R1, R2, R3, R6, R7,
    RECORD_LOG2, SIGNATURE_MATCHES, TABLES, TYPE,
};
use super::asm::{
    Address, Branch, Cond as C, Dp, Flags, LR, Mem, PC, Reg, SP, Shift as S, Src, Test, Unary, dp_byte,
};
use super::masm::{CTX, FP, FUEL_LEFT, IP, Thumb2};
use crate::masm::{Frame, Label, Routine};
use crate::routines::Routines;
use wasmote_core::Trap;
use wasmote_core::vm::{AGAIN, Builtin, FUNC_BITS};

const R8: Reg = Reg(8);
/// What the routines save: their own registers, and the return address.
pub(super) const SAVED: u16 = 1 << 6 | 1 << 7 | 1 << 8 | 1 << 14;
/// Ways to call a record of this instance's, in r1.
struct Own {
    /// Compiled code is gone to.
    look: Label,
    /// It is not compiled code, or not yet.
    by_entry: Label,
}

/// Beside the type of an indirect call: the function is only looked up, for a tail call.
pub(super) const TAIL: u32 = 1 << 31;

impl Thumb2 {
    /// The address of a cell.
    fn cell_address(&mut self, reg: Reg, frame: &Frame, cell: u32) {
        self.add(reg, FP, frame.cell_offset(cell) as u32);
    }

    pub(super) fn call_imported(&mut self, index: u32, frame: &Frame, cells: u32) {
        self.number(R0, index);
        self.cell_address(IP, frame, cells);
        self.call_routine(Routine::Import);
    }

    pub(super) fn call_table(&mut self, table: u32, ty: u32, frame: &Frame, cells: u32) {
        self.number(R1, table);
        self.number(R2, ty);
        self.cell_address(IP, frame, cells);
        self.call_routine(Routine::Indirect);
    }

    pub(super) fn call_builtin(
        &mut self,
        builtin: Builtin,
        [first, second]: [u32; 2],
        frame: &Frame,
        cells: u32,
    ) {
        self.number(R0, builtin as u32);
        self.cell_address(R1, frame, cells);
        self.number(R2, first);
        self.number(R3, second);
        self.call_routine(Routine::Builtin);
    }

    pub(super) fn reference(&mut self, dst: Reg, func: u32, imported: bool) {
        if imported {
            self.load_word(IP, CTX, IMPORTS);
            self.number(dst, func);
            self.asm.mem(Mem::Ldr, dst, Address::index(IP, dst, 2));
        } else {
            // Instances count from 1 there.
            self.load_word(dst, CTX, NUMBER);
            self.add(dst, dst, 1);
            self.number(IP, func);
            self.asm.dp(Dp::Orr, Flags::Any, dst, IP, Src::shifted(dst, S::Lsl, FUNC_BITS as u8));
        }
    }

    pub(super) fn call_routines(&mut self, routines: &mut Routines, fuel: bool) {
        let (mut resolve, mut call, mut back) = (Label::NEW, Label::NEW, Label::NEW);
        let mut unchanged = Label::NEW;
        let mut own = self.indirect_routine(routines, &mut resolve, &mut call);

        // Place among the module's own functions in r0, cells at r12.
        self.resolve(routines.of(Routine::Own));
        self.asm.mem_many(false, true, true, SP, SAVED);
        self.asm.mov(Flags::Keep, R6, Src::Reg(IP));
        self.load_word(R1, CTX, FUNCS);
        self.asm.dp(Dp::Add, Flags::Any, R1, R1, Src::shifted(R0, S::Lsl, RECORD_LOG2));
        // Calls the record in r1, of this instance, which may say that it is to be looked at again.
        self.resolve(&mut own.by_entry);
        self.asm.mov(Flags::Keep, R8, Src::Reg(R1));
        self.asm.mov(Flags::Keep, R0, Src::Reg(CTX));
        let to_call = self.asm.branch_short(Branch::NEAR);

        // Index in r0, cells at r12. The host's functions do not ask for the instance.
        self.resolve(routines.of(Routine::Import));
        self.asm.mem_many(false, true, true, SP, SAVED);
        self.asm.mov(Flags::Keep, R6, Src::Reg(IP));
        self.load_word(R1, CTX, HOSTS);
        self.asm.mem(Mem::Ldr, R1, Address::index(R1, R0, 2));
        let elsewhere = self.asm.branch_short(Branch::compare(false, R1));
        // Calls the record in r1 with the instance in r0, and returns to who called the routine.
        self.resolve(&mut call);
        self.asm.set_short(to_call);
        self.asm.mov(Flags::Keep, R2, Src::Reg(R6));
        self.asm.mov(Flags::Keep, R3, Src::Reg(CTX));
        self.load_word(IP, R1, 0);
        self.store_fuel(fuel);
        self.asm.branch_reg(true, IP);
        self.resolve(&mut back);
        // It may have made the memory grow and taken fuel. A result in registers is in cells.
        self.load_memory_registers();
        self.load_fuel(fuel);
        self.resolve(&mut unchanged);
        let failed = self.asm.branch_short(Branch::compare(true, R0));
        self.asm.mem_dual(true, R0, R1, R6, 0);
        self.asm.mem_many(true, false, true, SP, SAVED & !0x4000 | 0x8000);
        self.asm.set_short(failed);
        self.asm.mov(Flags::Keep, R1, Src::Reg(R8));
        self.asm.test(Test::Cmp, R0, Src::Imm(AGAIN));
        self.refer(Branch::far_if(C::Eq), &mut own.look);
        self.asm.mem_many(true, false, true, SP, SAVED);
        self.refer(Branch::FAR, routines.of(Routine::Exit));
        // Another instance defines it.
        self.asm.set_short(elsewhere);
        self.load_word(R1, CTX, IMPORTS);
        self.asm.mem(Mem::Ldr, R0, Address::index(R1, R0, 2));
        self.refer(Branch::LINK, &mut resolve);
        self.refer(Branch::NEAR, &mut call);

        // Number in r0, cells in r1, immediates in r2 and r3.
        self.resolve(routines.of(Routine::Builtin));
        self.asm.mem_many(false, true, true, SP, SAVED);
        self.asm.mov(Flags::Keep, R6, Src::Reg(R1));
        self.load_word(IP, CTX, BUILTINS);
        self.asm.mem(Mem::Ldr, IP, Address::index(IP, R0, 2));
        self.store_fuel(fuel);
        self.asm.mov(Flags::Keep, R0, Src::Reg(CTX));
        self.asm.branch_reg(true, IP);
        self.refer_short(Branch::NEAR, Branch::FAR, &mut back);
        self.numeric_routines(routines, &mut unchanged);

        // What the reference in r0 names: instance in r0, record in r1. Keeps r2.
        self.resolve(&mut resolve);
        self.asm.mov(Flags::Any, R1, Src::shifted(R0, S::Lsr, FUNC_BITS as u8));
        self.asm.dp(Dp::Sub, Flags::Any, R1, R1, Src::Imm(1));
        self.asm.extract(false, R3, R0, 0, FUNC_BITS as u8);
        self.load_word(R0, CTX, INSTANCES);
        self.asm.mem(Mem::Ldr, R0, Address::index(R0, R1, 2));
        self.load_word(R1, R0, IMPORT_FUNCS);
        self.asm.dp(Dp::Sub, Flags::Any, R3, R3, Src::Reg(R1));
        self.load_word(R1, R0, FUNCS);
        self.asm.dp(Dp::Add, Flags::Any, R1, R1, Src::shifted(R3, S::Lsl, RECORD_LOG2));
        self.asm.branch_reg(false, LR);
    }

    /// Index in r0, table in r1, type in r2, cells at r12. With [`TAIL`] beside the type it only returns the instance in r0
    /// and the record in r1.
    fn indirect_routine(&mut self, routines: &mut Routines, resolve: &mut Label, call: &mut Label) -> Own {
        let mut by_entry = Label::NEW;
        let (mut other, mut own, mut unlike, mut found) = (Label::NEW, Label::NEW, Label::NEW, Label::NEW);
        self.resolve(routines.of(Routine::Indirect));
        self.load_word(R3, CTX, TABLES);
        self.asm.mem(Mem::Ldr, R3, Address::index(R3, R1, 2));
        self.load_word(R1, R3, 4);
        self.asm.test(Test::Cmp, R0, Src::Reg(R1));
        self.refer(Branch::far_if(C::Hs), routines.trap(Trap::TableOutOfBounds));
        self.load_word(R3, R3, 0);
        self.asm.mem(Mem::Ldr, R0, Address::index(R3, R0, 2));
        self.asm.test(Test::Cmp, R0, Src::Imm(0));
        self.refer(Branch::far_if(C::Eq), routines.trap(Trap::IndirectCallToNull));
        self.asm.mem_many(false, true, true, SP, SAVED);
        self.asm.mov(Flags::Keep, R6, Src::Reg(IP));
        self.asm.mov(Flags::Keep, R7, Src::Reg(R2));
        self.asm.mov(Flags::Keep, R8, Src::Reg(R0));
        self.refer(Branch::LINK, resolve);
        self.asm.test(Test::Cmp, R0, Src::Reg(CTX));
        self.refer(Branch::far_if(C::Ne), &mut other);
        self.load_word(R2, R1, TYPE);
        self.asm.test(Test::Cmp, R2, Src::Reg(R7));
        self.refer(Branch::far_if(C::Ne), &mut unlike);
        self.resolve(&mut own);
        // Compiled code of this instance is gone to, not called: it returns to where the routine would.
        let at = self.asm.code.len() as u32;
        self.asm.add_wide(true, R2, PC, (at + 4) & !3);
        self.asm.dp(Dp::Add, Flags::Any, R2, R2, Src::Imm(1));
        self.load_word(R3, R1, 0);
        self.asm.test(Test::Cmp, R3, Src::Reg(R2));
        self.refer(Branch::far_if(C::Ne), &mut by_entry);
        self.load_word(R2, R1, CODE);
        self.load_word(R3, R2, -5);
        self.asm.unary(Unary::Uxth, R3, R3);
        self.asm.dp(Dp::Add, Flags::Keep, IP, R6, Src::shifted(R3, S::Lsl, 2));
        self.load_word(LR, SP, 12);
        self.store_word(R2, SP, 12);
        self.asm.mem_many(true, false, false, R6, 0xF);
        self.asm.mem_many(true, false, true, SP, SAVED & !0x4000 | 0x8000);
        // What was found so: instance in r0, record in r1, cells at r12.
        self.resolve(routines.of(Routine::Resolved));
        self.asm.mem_many(false, true, true, SP, SAVED);
        self.asm.mov(Flags::Keep, R6, Src::Reg(IP));
        self.asm.test(Test::Cmp, R0, Src::Reg(CTX));
        self.refer(Branch::near_if(C::Eq), &mut own);
        self.refer(Branch::FAR, call);
        self.resolve(&mut unlike);
        self.asm.dp(Dp::Eor, Flags::Keep, R2, R2, Src::Imm(TAIL));
        self.asm.test(Test::Cmp, R2, Src::Reg(R7));
        let wrong = self.asm.branch_short(Branch::near_if(C::Ne));
        self.resolve(&mut found);
        self.asm.mem_many(true, false, true, SP, SAVED & !0x4000 | 0x8000);
        // Of another instance: the runtime compares the types.
        self.resolve(&mut other);
        self.asm.mem_many(false, true, true, SP, 0b11);
        self.asm.mov(Flags::Keep, R0, Src::Reg(CTX));
        self.asm.dp(Dp::Bic, Flags::Keep, R1, R7, Src::Imm(TAIL));
        self.asm.mov(Flags::Keep, R2, Src::Reg(R8));
        self.load_word(IP, CTX, SIGNATURE_MATCHES);
        self.asm.branch_reg(true, IP);
        self.asm.unary(Unary::Uxtb, R2, R0);
        self.asm.mem_many(true, false, true, SP, 0b11);
        let typed = self.asm.branch_short(Branch::compare(true, R2));
        self.asm.set_short(wrong);
        self.asm.mem_many(true, false, true, SP, SAVED);
        self.refer(Branch::FAR, routines.trap(Trap::BadSignature));
        self.asm.set_short(typed);
        self.asm.test(Test::Tst, R7, Src::Imm(TAIL));
        self.refer(Branch::near_if(C::Ne), &mut found);
        self.refer(Branch::FAR, call);
        Own { look: own, by_entry }
    }

    /// Takes fuel: so many units as are set later. All registers but the return address stay.
    pub(super) fn take_fuel(&mut self) -> usize {
        const SUBTRACT: u32 = dp_byte(Dp::Sub, true, FUEL_LEFT, FUEL_LEFT, 0);
        // If that was enough, over the call.
        const ENOUGH: Option<u32> = Branch::near_if(C::Hs).to(2 + Branch::LINK.size() as i32);
        let at = self.asm.code.len();
        self.asm.long(SUBTRACT);
        if let Some(enough) = ENOUGH {
            self.asm.short(enough);
        }
        self.call_routine(Routine::Borrow);
        at
    }

    /// The lower half of the fuel was too little: takes one from the upper half, unless there is no end of it. If there is
    /// nothing to take from it traps, with all fuel still there. All registers stay.
    pub(super) fn borrow_routine(&mut self, routines: &mut Routines) {
        self.resolve(routines.of(Routine::Borrow));
        self.asm.mem_many(false, true, true, SP, 0b11);
        self.load_word(R0, CTX, FUEL + 4);
        self.asm.test(Test::Cmn, R0, Src::Imm(1));
        let endless = self.asm.branch_short(Branch::near_if(C::Eq));
        self.asm.dp(Dp::Sub, Flags::Set, R0, R0, Src::Imm(1));
        self.asm.it(C::Hs);
        self.store_word(R0, CTX, FUEL + 4);
        // Either comparison carries unless it is used up.
        self.asm.set_short(endless);
        self.asm.mem_many(true, false, true, SP, 0b11);
        self.asm.it(C::Hs);
        self.asm.branch_reg(false, LR);
        // The units are in the instruction before the branch and the call; the lowest bit of the return address is set.
        self.asm.mem(Mem::Ldrb, IP, Address::offset(LR, -9));
        self.asm.dp(Dp::Add, Flags::Any, FUEL_LEFT, FUEL_LEFT, Src::Reg(IP));
        self.refer(Branch::FAR, routines.trap(Trap::OutOfFuel));
    }

    /// Code is entered, or returned to: what the lower half of the fuel is now, if there is fuel.
    pub(super) fn load_fuel(&mut self, fuel: bool) {
        if fuel {
            self.load_word(FUEL_LEFT, CTX, FUEL);
        }
    }

    /// Code is left: what the lower half of the fuel is now.
    pub(super) fn store_fuel(&mut self, fuel: bool) {
        if fuel {
            self.store_word(FUEL_LEFT, CTX, FUEL);
        }
    }
}
