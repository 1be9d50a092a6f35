//! Calls in place of a function: its frame becomes that of the callee, which returns to who called the function.

use super::asm::{Branch, Load, Mem, R8, RAX, RCX, RDX, Size};
use super::masm::{FP, X64};
use super::routines::TAIL;
use crate::masm::{Frame, Function, Masm, Routine, TailArguments};

impl X64 {
    pub(super) fn tail_call_function(
        &mut self,
        function: Function<'_>,
        frame: &Frame,
        args: TailArguments<'_>,
        callee_shared: u32,
    ) {
        let shared = callee_shared as i32 * 4;
        if args.in_registers {
            self.asm.lea(Size::W64, RAX, Mem::at(FP, frame.result_offset(0) + shared));
            self.restore(frame);
        } else {
            self.replace_frame(frame, args);
            for (&reg, &(cell, size)) in X64::TEMPS.iter().zip(args.places) {
                self.asm.load(Load::Plain(size), reg, Mem::at(RCX, cell as i32 * 4));
            }
            self.asm.lea(Size::W64, RAX, Mem::at(RCX, shared));
        }
        match function {
            Function::At(label) => self.refer(Branch::Jump, label),
            Function::Listed(own) => {
                let place = self.listed(own);
                self.asm.jump(place);
            }
        }
    }

    pub(super) fn tail_call_imported(
        &mut self,
        index: u32,
        results: u32,
        frame: &Frame,
        args: TailArguments<'_>,
    ) {
        self.replace_frame(frame, args);
        self.number(RDX, index.into());
        self.number(R8, results.into());
        self.go_to(Branch::Jump, Routine::Import);
    }

    pub(super) fn tail_call_table(
        &mut self,
        table: u32,
        ty: u32,
        results: u32,
        frame: &Frame,
        args: TailArguments<'_>,
    ) {
        // While there is a place to name if it traps, the function is looked up.
        self.call_table(table, ty | TAIL, results, frame, args.first);
        self.replace_frame(frame, args);
        self.number(R8, results.into());
        self.go_to(Branch::Jump, Routine::Resolved);
    }

    /// Restores what the function saved and moves the arguments to where the frame begins, which is in RCX then. Keeps RDI
    /// and RSI.
    fn replace_frame(&mut self, frame: &Frame, args: TailArguments<'_>) {
        self.asm.lea(Size::W64, RDX, Mem::at(FP, frame.cell_offset(args.first)));
        self.asm.lea(Size::W64, RCX, Mem::at(FP, frame.result_offset(0)));
        self.restore(frame);
        // Upwards, as they move down.
        for offset in (0..args.cells as i32).map(|cell| cell * 4) {
            self.access(true, Size::W32, RAX, Mem::at(RDX, offset));
            self.access(false, Size::W32, RAX, Mem::at(RCX, offset));
        }
    }
}
