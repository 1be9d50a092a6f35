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
//! is called and what its frame looks like: in its low half the cells before the saved registers, then a byte with the cells
//! of a result in registers and one with the number of saved registers.

use super::asm::{
    Branch, Cond as C, Load, Mem, Op, R8, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, Reg,
    Size, Store,
};
use super::masm::{BASE, CTX, FP, LIMIT, X64};
use crate::isa::layout::Layout;
use crate::masm::{Frame, Function, Label, Masm, Routine};
use crate::routines::{Routines, trap_place};
use wasmote_core::Trap;

pub(super) const VM: Layout = Layout::new(8);

/// Bytes of frame for which there is room above every frame that passed its check.
pub(super) const MARGIN: u32 = 256;

/// Bytes of a jump to a routine.
const VENEER_BYTES: u32 = 5;

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
        frame: &Frame,
        args: &[(u32, Size)],
        results: u32,
        large: bool,
    ) -> (usize, usize) {
        let end = if large { RAX } else { FP };
        let (mut full, mut body) = (Label::NEW, Label::NEW);
        self.resolve(&mut full);
        self.copy(RAX, end);
        self.go_to(Branch::Call, Routine::Admit);
        self.refer(Branch::JumpIf(C::E), &mut body);
        self.restore(frame);
        self.go_to(Branch::Jump, Routine::Stop);
        while !self.asm.code.len().is_multiple_of(4) {
            self.asm.nop();
        }
        self.asm.code.put16(frame.shared_cells);
        self.asm.code.put16(results | frame.saved() << 8);
        // Who comes from outside.
        let outside = self.asm.code.len();
        for (&reg, &(cell, size)) in X64::TEMPS.iter().zip(args) {
            self.asm.load(Load::Plain(size), reg, Mem::at(RCX, cell as i32 * 4));
        }
        self.asm.lea(Size::W64, RAX, Mem::at(RCX, frame.shared_cells as i32 * 4));
        let inside = self.asm.code.len();
        self.store_address(FP, RAX, 0);
        self.copy(FP, RAX);
        self.pins(false, frame);
        self.asm.pop(return_place(frame));
        if large {
            self.asm.lea(Size::W64, RAX, Mem::at(FP, i32::MAX));
            self.frame_size = self.asm.code.len() - 4;
        }
        self.asm.op(Op::Cmp, Size::W64, end, Mem::at(CTX, VM.stack_limit));
        self.refer(Branch::JumpIf(C::A), &mut full);
        self.resolve(&mut body);
        (outside, inside)
    }

    /// Arguments in registers go to their cells, and the rest is as for imported functions.
    pub(super) fn call_by_record(
        &mut self,
        function: &mut Label,
        own: u32,
        frame: &Frame,
        args: &[(u32, Size)],
        results: u32,
    ) {
        self.resolve(function);
        self.asm.lea(Size::W64, RCX, Mem::at(RAX, frame.shared_cells as i32 * -4));
        for (&reg, &(cell, size)) in X64::TEMPS.iter().zip(args) {
            self.asm.store(Store::Plain(size), Mem::at(RCX, cell as i32 * 4), reg);
        }
        self.number(RDX, own.into());
        self.number(R8, results.into());
        self.go_to(Branch::Jump, Routine::Own);
    }

    pub(super) fn set_frame_bytes(&mut self, bytes: u32) {
        self.asm.code.set32(self.frame_size, bytes.saturating_sub(MARGIN));
    }

    /// What the function saved is where it was before, with the return address on the native stack.
    pub(super) fn restore(&mut self, frame: &Frame) {
        self.pins(true, frame);
        self.asm.push(return_place(frame));
        self.load_address(FP, FP, 0);
    }

    pub(super) fn end_function(&mut self, frame: &Frame) {
        self.restore(frame);
        self.asm.ret();
    }

    pub(super) fn call_function(
        &mut self,
        function: Function<'_>,
        frame: &Frame,
        cells: u32,
        callee_shared: u32,
    ) {
        let offset = frame.cell_offset(cells) + callee_shared as i32 * 4;
        self.asm.lea(Size::W64, RAX, Mem::at(FP, offset));
        match function {
            Function::At(label) => self.refer(Branch::Call, label),
            Function::Listed(own) => {
                let place = self.listed(own);
                self.asm.call(place);
            }
        }
    }

    /// Where it says where to call one of the module's own functions. Changes RCX.
    pub(super) fn listed(&mut self, own: u32) -> Mem {
        self.load_address(RCX, CTX, VM.compiled);
        Mem::at(RCX, own as i32 * 8)
    }

    /// Who comes from above jumps over the poll.
    pub(super) fn poll_here(&mut self, label: &mut Label) {
        let above = self.asm.branch_short(Branch::Jump);
        self.resolve(label);
        self.compare_interrupt();
        let on = self.asm.branch_short(Branch::JumpIf(C::E));
        self.go_to_trap(Trap::Interrupted);
        self.asm.set_short(above);
        self.asm.set_short(on);
    }

    /// Equal if the instance is not interrupted.
    pub(super) fn compare_interrupt(&mut self) {
        self.asm.op_imm(Op::Cmp, Size::W32, Mem::at(CTX, VM.interrupt), 0);
    }

    /// Calls, so that the place is known.
    pub(super) fn go_to_trap(&mut self, trap: Trap) {
        self.refer(Branch::Call, &mut self.veneer(Routine::COUNT as u32 + trap_place(trap)));
    }

    /// What the memory is now.
    pub(super) fn load_memory_registers(&mut self) {
        self.load_address(BASE, CTX, VM.memory_base);
        self.load_address(LIMIT, CTX, VM.memory_len);
        self.asm.op_imm(Op::Sub, Size::W64, LIMIT, 4);
    }

    /// `entry`, which is a `vm::Entry`, the ways out, and what calls of the host have in common; before that the veneers of
    /// all, that of `entry` first. Of the routines some are not needed here.
    pub(super) fn common_code(&mut self) {
        let mut routines = Routines::new();
        let mut entry = Label::NEW;
        self.refer(Branch::Jump, &mut entry);
        for label in routines.all() {
            self.refer(Branch::Jump, label);
        }
        let mut end = Label::NEW;
        let (mut overflow, mut leave, mut done) = (Label::NEW, Label::NEW, Label::NEW);
        self.resolve(&mut entry);
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
        self.number(FP, 0);
        self.asm.call(RAX);
        // Back. A result in a register goes to its cells.
        self.load_address(RCX, RSP, 0);
        self.asm.load(Load::Zero8, RAX, Mem::at(RSP, 10));
        self.asm.op_imm(Op::Cmp, Size::W32, RAX, 1);
        self.refer(Branch::JumpIf(C::B), &mut done);
        self.asm.store(Store::Plain(Size::W32), Mem::at(RCX, 0), RSI);
        self.refer(Branch::JumpIf(C::E), &mut done);
        self.store_address(RSI, RCX, 0);
        self.resolve(&mut done);
        // This return polls, as there may be no poll from the last call on.
        let mut interrupted = Label::NEW;
        self.number(RAX, 0);
        self.asm.op_imm(Op::Cmp, Size::W32, Mem::at(CTX, VM.interrupt), 0);
        self.refer(Branch::JumpIf(C::Ne), &mut interrupted);
        self.refer(Branch::Jump, &mut end);
        self.resolve(&mut interrupted);
        self.number(RAX, Trap::Interrupted as u64);
        self.refer(Branch::Jump, &mut end);
        // With a trap's code in RAX and the return address in RCX: the frames are reported.
        self.resolve(routines.of(Routine::Exit));
        self.copy(RBX, RAX);
        self.copy(RDI, CTX);
        self.copy(RSI, FP);
        self.copy(RDX, RCX);
        self.asm.call(Mem::at(CTX, VM.unwind));
        self.copy(RAX, RBX);
        self.resolve(&mut end);
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

        self.call_routines(&mut routines);
        self.borrow_routine(&mut routines);
        self.admit_routine(&mut routines);

        // A frame did not fit, as does none when the instance is interrupted.
        self.resolve(routines.of(Routine::Stop));
        self.asm.pop(RCX);
        self.number(RAX, Trap::StackOverflow as u64);
        self.number(RDX, Trap::Interrupted as u64);
        self.compare_interrupt();
        self.asm.mov_if(C::Ne, Size::W32, RAX, RDX);
        self.refer(Branch::Jump, routines.of(Routine::Exit));
        // The place of the trap is what was pushed last.
        for trap in Trap::ALL {
            self.resolve(routines.trap(trap));
            self.asm.pop(RCX);
            self.number(RAX, trap as u64);
            self.refer(Branch::Jump, routines.of(Routine::Exit));
        }
    }

    /// Goes to a routine, by its veneer.
    pub(super) fn go_to(&mut self, branch: Branch, routine: Routine) {
        self.refer(branch, &mut self.veneer(routine as u32));
    }

    /// Those of traps follow those of routines.
    fn veneer(&self, at: u32) -> Label {
        Label::at(self.veneers.wrapping_add((1 + at) * VENEER_BYTES))
    }

    /// Equal if a frame that ends at RAX has room after all: the interrupt that took the limit away was taken back before
    /// it was obeyed. Changes RCX, and RAX, only.
    fn admit_routine(&mut self, routines: &mut Routines) {
        let mut refused = Label::NEW;
        self.resolve(routines.of(Routine::Admit));
        self.compare_interrupt();
        self.refer(Branch::JumpIf(C::Ne), &mut refused);
        self.load_address(RCX, CTX, VM.stack);
        self.load_address(RCX, RCX, VM.control);
        self.asm.op_imm(Op::Sub, Size::W64, RCX, MARGIN as i32);
        self.asm.op(Op::Cmp, Size::W64, RAX, RCX);
        self.refer(Branch::JumpIf(C::A), &mut refused);
        self.set_limit(RCX);
        self.number(RAX, 0);
        self.resolve(&mut refused);
        self.asm.ret();
    }

    /// Sets the limit of frames, or none if the instance is interrupted: who interrupts it sets first the word, then this.
    fn set_limit(&mut self, limit: Reg) {
        let mut on = Label::NEW;
        self.store_address(limit, CTX, VM.stack_limit);
        self.compare_interrupt();
        self.refer(Branch::JumpIf(C::E), &mut on);
        self.asm.store_imm(Store::Plain(Size::W64), Mem::at(CTX, VM.stack_limit), 0);
        self.resolve(&mut on);
    }
}
