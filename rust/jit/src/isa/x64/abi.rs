//! Functions, calls, and how code is entered and left.
//!
//! | register | between functions |
//! |---|---|
//! | RAX | free; at a call, the callee's frame |
//! | RCX | free; where a function is called from outside, its cells |
//! | RDX | free |
//! | RSI, RDI, R8, R9 | the first four arguments; a result in RSI; else free |
//! | RBP | the frame: its saved registers |
//! | R10 | first byte of the memory |
//! | R11 | length of the memory minus 4 |
//! | RBX, R12, R13, R14 | saved by who uses them |
//! | R15 | the instance's context |
//! | RSP | as `entry` left it, but for the return address at a call |
//!
//! A frame lies on the value stack, as that of Thumb-2 does: cells of parameters or results, whichever are more; the saved
//! registers, RBP first and the return address last; all other cells. So frames form a list through RBP. A call pushes the
//! return address, and the function takes it from there: so returns are predicted, and calls take no native stack.
//!
//! Where a function begins for who comes from outside, it takes its arguments from cells. The word before that says how it
//! is called: in its low half the cells before the saved registers, in its high half the cells of a result in registers.

use super::asm::{
    Branch, Cond as C, Load, Mem, Op, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, Reg, Size,
    Store,
};
use super::masm::{BASE, CTX, FP, LIMIT, X64};
use crate::isa::layout::Layout;
use crate::masm::{Frame, Label, Masm, Routines};
use wasmote_core::Trap;

pub(super) const VM: Layout = Layout::new(8);

/// Bytes of frame for which there is room above every frame that passed its check.
pub(super) const MARGIN: u32 = 256;

/// Every register that native code expects to find again.
const NATIVE: [Reg; 6] = [RBX, RBP, R12, R13, R14, R15];
/// What `entry` keeps on the native stack: cells, what the function's first word says, the limit before.
const LOCALS: i32 = 24;

/// Where a function saves the return address.
fn return_place(frame: &Frame) -> Mem {
    Mem::at(FP, (frame.pins as i32 + 1) * 8)
}

impl X64 {
    pub(super) fn load_address(&mut self, rd: Reg, base: Reg, offset: i32) {
        self.asm.load(Load::Plain(Size::W64), rd, Mem::at(base, offset));
    }

    fn store_address(&mut self, rm: Reg, base: Reg, offset: i32) {
        self.asm.store(Store::Plain(Size::W64), Mem::at(base, offset), rm);
    }

    /// The registers that a function saves but the frame.
    fn pins(&mut self, load: bool, frame: &Frame) {
        for (at, &pin) in X64::PINS.iter().take(frame.pins as usize).enumerate() {
            self.access(load, Size::W64, pin, Mem::at(FP, (at as i32 + 1) * 8));
        }
    }

    pub(super) fn begin_function(
        &mut self,
        function: &mut Label,
        frame: &Frame,
        args: &[(u32, Size)],
        results: u32,
        large: bool,
        routines: &mut Routines,
    ) -> usize {
        let mut full = Label::NEW;
        self.resolve(&mut full);
        self.pins(true, frame);
        self.asm.push(return_place(frame));
        self.load_address(FP, FP, 0);
        self.refer(Branch::Jump, &mut routines.stop);
        self.asm.code.put16(frame.shared_cells);
        self.asm.code.put16(results);
        // Who comes from outside.
        let outside = self.asm.code.len();
        for (&reg, &(cell, size)) in X64::TEMPS.iter().zip(args) {
            self.asm.load(Load::Plain(size), reg, Mem::at(RCX, cell as i32 * 4));
        }
        self.asm.lea(Size::W64, RAX, Mem::at(RCX, frame.shared_cells as i32 * 4));
        self.resolve(function);
        self.store_address(FP, RAX, 0);
        self.copy(FP, RAX);
        self.pins(false, frame);
        self.asm.pop(return_place(frame));
        let end = if large {
            self.asm.lea(Size::W64, RAX, Mem::at(FP, i32::MAX));
            self.frame_size = self.asm.code.len() - 4;
            RAX
        } else {
            FP
        };
        self.asm.op(Op::Cmp, Size::W64, end, Mem::at(CTX, VM.stack_limit));
        self.refer(Branch::JumpIf(C::A), &mut full);
        outside
    }

    pub(super) fn set_frame_bytes(&mut self, bytes: u32) {
        self.asm.code.set32(self.frame_size, bytes.saturating_sub(MARGIN));
    }

    pub(super) fn end_function(&mut self, frame: &Frame) {
        self.pins(true, frame);
        self.asm.push(return_place(frame));
        self.load_address(FP, FP, 0);
        self.asm.ret();
    }

    pub(super) fn call_function(
        &mut self,
        function: &mut Label,
        frame: &Frame,
        cells: u32,
        callee_shared: u32,
    ) {
        let offset = frame.cell_offset(cells) + callee_shared as i32 * 4;
        self.asm.lea(Size::W64, RAX, Mem::at(FP, offset));
        self.refer(Branch::Call, function);
    }

    /// Who comes from above jumps over the poll.
    pub(super) fn poll_here(&mut self, label: &mut Label, routines: &mut Routines) {
        let (mut above, mut body) = (Label::NEW, Label::NEW);
        self.refer(Branch::Jump, &mut above);
        self.resolve(label);
        self.asm.op_imm(Op::Cmp, Size::W32, Mem::at(CTX, VM.interrupt), 0);
        self.refer(Branch::JumpIf(C::E), &mut body);
        self.go_to_trap(Trap::Interrupted, routines);
        self.resolve(&mut above);
        self.resolve(&mut body);
    }

    /// Calls, so that the place is known.
    pub(super) fn go_to_trap(&mut self, trap: Trap, routines: &mut Routines) {
        self.refer(Branch::Call, X64::trap_label(routines, trap));
    }

    pub(super) fn trap_label(routines: &mut Routines, trap: Trap) -> &mut Label {
        let index = Trap::ALL.iter().position(|&other| other == trap).unwrap_or(0);
        // There is one for each trap.
        &mut routines.traps[index]
    }

    /// What the memory is now.
    pub(super) fn load_memory_registers(&mut self) {
        self.load_address(BASE, CTX, VM.memory_base);
        self.load_address(LIMIT, CTX, VM.memory_len);
        self.asm.op_imm(Op::Sub, Size::W64, LIMIT, 4);
    }

    /// `entry`, which is a `vm::Entry`, the ways out, and what calls of the host have in common.
    pub(super) fn common_code(&mut self) -> Routines {
        let mut routines = Routines {
            entry: self.asm.code.len() as u32,
            traps: [Label::NEW; Trap::ALL.len()],
            import: Label::NEW,
            indirect: Label::NEW,
            builtin: Label::NEW,
            charge: Label::NEW,
            stop: Label::NEW,
        };
        let (mut overflow, mut leave, mut done, mut exit) = (Label::NEW, Label::NEW, Label::NEW, Label::NEW);
        let depth = Mem::at(RAX, VM.native_depth);
        // RDI: instance, RSI: record, RDX: cells, RCX: caller.
        for reg in NATIVE {
            self.asm.push(reg);
        }
        self.asm.op_imm(Op::Sub, Size::W64, RSP, LOCALS);
        self.store_address(RDX, RSP, 0);
        self.copy(CTX, RDI);
        self.load_address(RAX, CTX, VM.stack);
        self.asm.load(Load::Plain(Size::W32), RCX, depth);
        self.asm.op(Op::Cmp, Size::W32, RCX, Mem::at(RAX, VM.max_native_depth));
        self.refer(Branch::JumpIf(C::Ae), &mut overflow);
        self.asm.op_imm(Op::Add, Size::W32, depth, 1);
        // The limit of frames; none fits if the instance is interrupted.
        self.load_address(RCX, CTX, VM.stack_limit);
        self.store_address(RCX, RSP, 16);
        self.load_address(RCX, RAX, VM.control);
        self.asm.op_imm(Op::Sub, Size::W64, RCX, MARGIN as i32);
        self.set_limit(RCX);
        self.load_memory_registers();
        // The function, and what the word before it says.
        self.copy(RCX, RDX);
        self.load_address(RAX, RSI, VM.code);
        self.asm.load(Load::Plain(Size::W32), RDX, Mem::at(RAX, -4));
        self.store_address(RDX, RSP, 8);
        self.asm.call(RAX);
        // Back. A result in a register goes to its cells.
        self.load_address(RCX, RSP, 0);
        self.asm.load(Load::Zero16, RAX, Mem::at(RSP, 10));
        self.asm.op_imm(Op::Cmp, Size::W32, RAX, 1);
        self.refer(Branch::JumpIf(C::B), &mut done);
        self.asm.store(Store::Plain(Size::W32), Mem::at(RCX, 0), RSI);
        self.refer(Branch::JumpIf(C::E), &mut done);
        self.store_address(RSI, RCX, 0);
        self.resolve(&mut done);
        self.number(RAX, 0);
        // With a trap's code, or 0, in RAX.
        self.resolve(&mut exit);
        self.load_address(RCX, RSP, 16);
        self.set_limit(RCX);
        self.load_address(RCX, CTX, VM.stack);
        self.asm.op_imm(Op::Sub, Size::W32, Mem::at(RCX, VM.native_depth), 1);
        self.resolve(&mut leave);
        self.asm.op_imm(Op::Add, Size::W64, RSP, LOCALS);
        for reg in NATIVE.into_iter().rev() {
            self.asm.pop(reg);
        }
        self.asm.ret();
        self.resolve(&mut overflow);
        self.number(RAX, Trap::StackOverflow as u64);
        self.refer(Branch::Jump, &mut leave);

        self.call_routines(&mut routines, &mut exit);
        self.charge_routine(&mut routines);

        // A frame did not fit, as does none when the instance is interrupted.
        self.resolve(&mut routines.stop);
        self.asm.pop(RCX);
        self.number(RAX, Trap::StackOverflow as u64);
        self.number(RDX, Trap::Interrupted as u64);
        self.asm.op_imm(Op::Cmp, Size::W32, Mem::at(CTX, VM.interrupt), 0);
        self.asm.mov_if(C::Ne, Size::W32, RAX, RDX);
        self.refer(Branch::Jump, &mut exit);
        // The place of the trap is what was pushed last.
        for (trap, label) in Trap::ALL.into_iter().zip(&mut routines.traps) {
            self.resolve(label);
            self.asm.pop(RCX);
            self.number(RAX, trap as u64);
            self.refer(Branch::Jump, &mut exit);
        }
        routines
    }

    /// Sets the limit of frames, or none if the instance is interrupted: who interrupts it sets first the word, then this.
    fn set_limit(&mut self, limit: Reg) {
        let mut on = Label::NEW;
        self.store_address(limit, CTX, VM.stack_limit);
        self.asm.op_imm(Op::Cmp, Size::W32, Mem::at(CTX, VM.interrupt), 0);
        self.refer(Branch::JumpIf(C::E), &mut on);
        self.asm.store_imm(Store::Plain(Size::W64), Mem::at(CTX, VM.stack_limit), 0);
        self.resolve(&mut on);
    }
}
