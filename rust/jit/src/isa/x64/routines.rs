//! Calls that leave the instance's own functions, or do not know whether they do: what all of them have in common.

use super::abi::VM;
use super::asm::{
    Branch, Cond as C, Load, Mem, Op, R8, R9, RAX, RCX, RDI, RDX, RSI, RSP, Reg, Shift as S, Size, Store,
};
use super::masm::{CTX, FP, X64};
use crate::masm::{Frame, Label, Routine};
use crate::routines::Routines;
use wasmote_core::Trap;
use wasmote_core::vm::{AGAIN, Builtin, FUNC_BITS};

/// Beside a type: the function is only looked up.
pub(super) const TAIL: u32 = 1 << 31;

impl X64 {
    /// The address of a cell.
    fn cell_address(&mut self, reg: Reg, frame: &Frame, cell: u32) {
        self.asm.lea(Size::W64, reg, Mem::at(FP, frame.cell_offset(cell)));
    }

    fn load_word(&mut self, rd: Reg, mem: Mem) {
        self.asm.load(Load::Plain(Size::W32), rd, mem);
    }

    pub(super) fn call_imported(&mut self, index: u32, results: u32, frame: &Frame, cells: u32) {
        self.number(RDX, index.into());
        self.number(R8, results.into());
        self.cell_address(RCX, frame, cells);
        self.go_to(Branch::Call, Routine::Import);
    }

    pub(super) fn call_table(&mut self, table: u32, ty: u32, results: u32, frame: &Frame, cells: u32) {
        self.number(RDX, table.into());
        self.number(RDI, ty.into());
        self.number(R8, results.into());
        self.cell_address(RCX, frame, cells);
        self.go_to(Branch::Call, Routine::Indirect);
    }

    pub(super) fn call_builtin(
        &mut self,
        builtin: Builtin,
        [first, second]: [u32; 2],
        frame: &Frame,
        cells: u32,
    ) {
        self.number(RAX, builtin as u64);
        self.cell_address(RSI, frame, cells);
        self.number(RDX, first.into());
        self.number(RCX, second.into());
        self.go_to(Branch::Call, Routine::Builtin);
    }

    pub(super) fn reference(&mut self, dst: Reg, func: u32, imported: bool) {
        if imported {
            self.load_address(RCX, CTX, VM.imports);
            self.load_word(dst, Mem::at(RCX, func as i32 * 4));
        } else {
            // Instances count from 1 there.
            self.load_word(dst, Mem::at(CTX, VM.number));
            self.asm.op_imm(Op::Add, Size::W32, dst, 1);
            self.asm.shift_imm(S::Shl, Size::W32, dst, FUNC_BITS as u8);
            self.asm.op_imm(Op::Or, Size::W32, dst, func as i32);
        }
    }

    /// On the way in the native stack is aligned to 16 bytes but for the return address.
    pub(super) fn call_routines(&mut self, routines: &mut Routines) {
        let (mut resolve, mut call, mut failed, mut one) = (Label::NEW, Label::NEW, Label::NEW, Label::NEW);
        let (mut done, mut not_called) = (Label::NEW, Label::NEW);
        // What the reference in RAX names: instance in RDI, record in RSI. Keeps RCX, RDX, R8 and R9.
        self.resolve(&mut resolve);
        self.asm.mov(Size::W32, RSI, RAX);
        self.asm.shift_imm(S::Shr, Size::W32, RSI, FUNC_BITS as u8);
        self.load_address(RDI, CTX, VM.instances);
        self.asm.load(Load::Plain(Size::W64), RDI, Mem::indexed(RDI, RSI, 3, -8));
        self.asm.op_imm(Op::And, Size::W32, RAX, (1 << FUNC_BITS) - 1);
        self.asm.op(Op::Sub, Size::W32, RAX, Mem::at(RDI, VM.import_funcs));
        self.asm.imul_imm(Size::W32, RAX, RAX, VM.record);
        self.asm.mov(Size::W64, RSI, RAX);
        self.asm.op(Op::Add, Size::W64, RSI, Mem::at(RDI, VM.funcs));
        self.asm.ret();

        let mut own = self.indirect_routine(routines, &mut resolve, &mut call);

        // Index in RDX, cells in RCX, cells of a result to be in RSI in R8. The host's functions do not ask for the instance.
        self.resolve(routines.of(Routine::Import));
        self.load_address(RSI, CTX, VM.hosts);
        self.asm.load(Load::Plain(Size::W64), RSI, Mem::indexed(RSI, RDX, 3, 0));
        self.asm.test(Size::W64, RSI, RSI);
        self.refer(Branch::JumpIf(C::Ne), &mut call);
        // Another instance defines it.
        self.load_address(RAX, CTX, VM.imports);
        self.load_word(RAX, Mem::indexed(RAX, RDX, 2, 0));
        self.refer(Branch::Call, &mut resolve);
        self.refer(Branch::Jump, &mut call);

        // Place among the module's own functions in RDX, the rest as above.
        self.resolve(routines.of(Routine::Own));
        self.asm.imul_imm(Size::W32, RSI, RDX, VM.record);
        self.asm.op(Op::Add, Size::W64, RSI, Mem::at(CTX, VM.funcs));
        self.copy(RDI, CTX);
        // Calls the record in RSI with the instance in RDI, and returns to who called the routine.
        self.resolve(&mut call);
        self.asm.push(RCX);
        self.asm.push(R8);
        self.asm.push(RSI);
        self.copy(RDX, RCX);
        self.copy(RCX, CTX);
        self.asm.call(Mem::at(RSI, VM.entry));
        self.asm.pop(RSI);
        self.asm.pop(R8);
        self.asm.pop(RCX);
        // It may have made the memory grow.
        self.load_memory_registers();
        self.asm.test(Size::W32, RAX, RAX);
        self.refer(Branch::JumpIf(C::Ne), &mut not_called);
        self.asm.op_imm(Op::Cmp, Size::W32, R8, 1);
        self.refer(Branch::JumpIf(C::B), &mut done);
        self.refer(Branch::JumpIf(C::E), &mut one);
        self.load_address(RSI, RCX, 0);
        self.resolve(&mut done);
        self.asm.ret();
        self.resolve(&mut one);
        self.load_word(RSI, Mem::at(RCX, 0));
        self.asm.ret();

        // Number in RAX, cells in RSI, immediates in RDX and RCX.
        self.resolve(routines.of(Routine::Builtin));
        self.asm.op_imm(Op::Sub, Size::W64, RSP, 8);
        self.copy(RDI, CTX);
        self.load_address(R8, CTX, VM.builtins);
        self.asm.call(Mem::indexed(R8, RAX, 3, 0));
        self.asm.op_imm(Op::Add, Size::W64, RSP, 8);
        self.load_memory_registers();
        self.asm.test(Size::W32, RAX, RAX);
        self.refer(Branch::JumpIf(C::Ne), &mut failed);
        self.asm.ret();
        // A record of this instance may say that it is to be looked at again.
        self.resolve(&mut not_called);
        self.copy(RDI, CTX);
        self.asm.op_imm(Op::Cmp, Size::W32, RAX, AGAIN as i32);
        self.refer(Branch::JumpIf(C::E), &mut own);
        self.resolve(&mut failed);
        self.asm.pop(RCX);
        self.refer(Branch::Jump, routines.of(Routine::Exit));
    }

    /// Index in RSI, table in RDX, type in RDI, cells in RCX, cells of a result to be in RSI in R8. With [`TAIL`] beside the
    /// type it only returns the instance in RDI and the record in RSI. Where the routine goes to compiled code of RSI's record,
    /// of this instance, is returned.
    fn indirect_routine(&mut self, routines: &mut Routines, resolve: &mut Label, call: &mut Label) -> Label {
        let (mut other, mut unlike, mut wrong) = (Label::NEW, Label::NEW, Label::NEW);
        let (mut own, mut found) = (Label::NEW, Label::NEW);
        self.resolve(routines.of(Routine::Indirect));
        self.load_address(RAX, CTX, VM.tables);
        self.asm.load(Load::Plain(Size::W64), RDX, Mem::indexed(RAX, RDX, 3, 0));
        self.asm.op(Op::Cmp, Size::W32, RSI, Mem::at(RDX, VM.len));
        self.refer(Branch::JumpIf(C::Ae), routines.trap(Trap::TableOutOfBounds));
        self.load_address(RAX, RDX, VM.elements);
        self.load_word(RAX, Mem::indexed(RAX, RSI, 2, 0));
        self.asm.test(Size::W32, RAX, RAX);
        self.refer(Branch::JumpIf(C::E), routines.trap(Trap::IndirectCallToNull));
        self.copy(RDX, RAX);
        self.copy(R9, RDI);
        self.refer(Branch::Call, resolve);
        self.asm.op(Op::Cmp, Size::W64, RDI, CTX);
        self.refer(Branch::JumpIf(C::Ne), &mut other);
        self.asm.op(Op::Cmp, Size::W32, R9, Mem::at(RSI, VM.ty));
        self.refer(Branch::JumpIf(C::Ne), &mut unlike);
        self.resolve(&mut own);
        // Compiled code of this instance is gone to, not called: it returns to where the routine would.
        let at = self.asm.code.len();
        self.asm.lea_here(RAX, 0);
        // The veneer of `entry` is where the code begins.
        self.asm.set_lea_here(at, -(self.asm.code.len() as i32));
        self.asm.op(Op::Cmp, Size::W64, RAX, Mem::at(RSI, VM.entry));
        self.refer(Branch::JumpIf(C::Ne), call);
        self.asm.jump(Mem::at(RSI, VM.code));
        // What was found so: instance in RDI, record in RSI, cells in RCX and of a result in R8.
        self.resolve(routines.of(Routine::Resolved));
        self.asm.op(Op::Cmp, Size::W64, RDI, CTX);
        self.refer(Branch::JumpIf(C::E), &mut own);
        self.refer(Branch::Jump, call);
        self.resolve(&mut unlike);
        self.load_word(RAX, Mem::at(RSI, VM.ty));
        self.asm.op_imm(Op::Xor, Size::W32, RAX, TAIL as i32);
        self.asm.op(Op::Cmp, Size::W32, RAX, R9);
        self.refer(Branch::JumpIf(C::Ne), &mut wrong);
        self.resolve(&mut found);
        self.asm.ret();
        // Of another instance: the runtime compares the types.
        self.resolve(&mut other);
        let saved = [RCX, RSI, RDI, R8, R9];
        for reg in saved {
            self.asm.push(reg);
        }
        self.copy(RDI, CTX);
        self.copy(RSI, R9);
        self.asm.op_imm(Op::And, Size::W32, RSI, !TAIL as i32);
        self.asm.call(Mem::at(CTX, VM.signature_matches));
        for reg in saved.into_iter().rev() {
            self.asm.pop(reg);
        }
        // Native code does not keep them.
        self.load_memory_registers();
        self.asm.load(Load::Zero8, RAX, RAX);
        self.asm.test(Size::W32, RAX, RAX);
        self.refer(Branch::JumpIf(C::E), &mut wrong);
        self.asm.test(Size::W32, R9, R9);
        self.refer(Branch::JumpIf(C::S), &mut found);
        self.refer(Branch::Jump, call);
        self.resolve(&mut wrong);
        self.refer(Branch::Jump, routines.trap(Trap::BadSignature));
        own
    }

    /// Takes fuel: loads the lower half of it, and stores that, less the units, which are set later. All registers but RAX
    /// stay.
    pub(super) fn take_fuel(&mut self) -> usize {
        self.load_word(RAX, Mem::at(CTX, VM.fuel));
        // A number that takes four bytes, of which three are to be 0.
        self.asm.op_imm(Op::Sub, Size::W32, RAX, 0xFF);
        let at = self.asm.code.len() - 4;
        let enough = self.asm.branch_short(Branch::JumpIf(C::Ae));
        self.go_to(Branch::Call, Routine::Borrow);
        self.asm.set_short(enough);
        self.asm.store(Store::Plain(Size::W32), Mem::at(CTX, VM.fuel), RAX);
        at
    }

    /// The lower half of the fuel was too little: takes one from the upper half, unless there is no end of it. If there is
    /// nothing to take from it traps, with all fuel still there. All registers but RCX stay.
    pub(super) fn borrow_routine(&mut self, routines: &mut Routines) {
        let mut endless = Label::NEW;
        self.resolve(routines.of(Routine::Borrow));
        self.load_word(RCX, Mem::at(CTX, VM.fuel + 4));
        self.asm.op_imm(Op::Cmp, Size::W32, RCX, -1);
        self.refer(Branch::JumpIf(C::E), &mut endless);
        self.asm.op_imm(Op::Sub, Size::W32, RCX, 1);
        self.refer(Branch::JumpIf(C::B), routines.trap(Trap::OutOfFuel));
        self.asm.store(Store::Plain(Size::W32), Mem::at(CTX, VM.fuel + 4), RCX);
        self.resolve(&mut endless);
        self.asm.ret();
    }
}
