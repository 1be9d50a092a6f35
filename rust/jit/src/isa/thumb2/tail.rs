//! Calls in place of a function: its frame becomes that of the callee, which returns to who called the function.

use super::abi::{R0, R1, saved};
use super::asm::{Branch, LR, PC, SP};
use super::masm::{FP, IP, Thumb2};
use super::routines::TAIL;
use crate::masm::{Frame, Function, Routine, TailArguments};

impl Thumb2 {
    pub(super) fn tail_call_function(
        &mut self,
        function: Function<'_>,
        frame: &Frame,
        args: TailArguments<'_>,
        callee_shared: u32,
    ) {
        // Where to go is known before the return address is in its register.
        if let Function::Listed(own) = function {
            self.load_listed(own);
            self.asm.mem_many(false, true, true, SP, 1 << LR.0);
        }
        if args.in_registers {
            self.add(IP, FP, callee_shared.wrapping_sub(frame.shared_cells).wrapping_mul(4));
            self.asm.mem_many(true, false, false, FP, saved(frame));
        } else {
            self.replace_frame(frame, args);
            self.asm.mem_many(true, false, false, IP, 0b1111);
            self.reach_offset(callee_shared * 4);
            self.asm.add_wide(false, IP, IP, (callee_shared * 4) & 0xFFF);
        }
        match function {
            Function::At(label) => self.refer(Branch::FAR, label),
            Function::Listed(_) => self.asm.mem_many(true, false, true, SP, 1 << PC.0),
        }
    }

    pub(super) fn tail_call_imported(&mut self, index: u32, frame: &Frame, args: TailArguments<'_>) {
        self.replace_frame(frame, args);
        self.number(R0, index);
        self.go_to(Branch::FAR, Routine::Import);
    }

    pub(super) fn tail_call_table(&mut self, table: u32, ty: u32, frame: &Frame, args: TailArguments<'_>) {
        // While there is a place to name if it traps, the function is looked up.
        self.call_table(table, ty | TAIL, frame, args.first);
        self.asm.mem_many(false, true, true, SP, 0b11);
        self.replace_frame(frame, args);
        self.asm.mem_many(true, false, true, SP, 0b11);
        self.go_to(Branch::FAR, Routine::Resolved);
    }

    /// Restores what the function saved and moves the arguments to where the frame begins, which is in r12 then.
    fn replace_frame(&mut self, frame: &Frame, args: TailArguments<'_>) {
        self.add(R1, FP, frame.cell_offset(args.first) as u32);
        self.add(IP, FP, frame.result_offset(0) as u32);
        self.asm.mem_many(true, false, false, FP, saved(frame));
        // Upwards, as they move down.
        for offset in (0..args.cells as i32).map(|cell| cell * 4) {
            self.load_word(R0, R1, offset);
            self.store_word(R0, IP, offset);
        }
    }
}
