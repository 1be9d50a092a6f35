//! The handlers for Arm's M profile in assembler, beside the portable loop. What they have in common is in `entry.s`.
//!
//! rustc keeps a frame pointer in every function of these targets and shares the ends of the loop's arms, so an instruction
//! takes a third more there than it does with all of the machine's state in registers of our choice.

use super::dispatch::carry_out_left;
use super::raw::{Ctx, Frame, Pc};
use crate::isa::{FUEL, for_each_instruction};
use core::mem::{offset_of, size_of};
use core::ptr;
use wasmote_core::numeric::divide_by_words;
use wasmote_core::vm::{FUNC_BITS, FuncRecord, StackVm, TableVm, VmCtx};
use wasmote_core::{BinaryOp, Feature, Trap};

/// The application profile runs them in the tests only, under user-mode emulation.
const M_PROFILE: bool = cfg!(target_os = "none");

/// An entry of the table, and whether there must be a handler. Those of floats are the last, and there only if these are.
macro_rules! entry {
    ($name:ident asm) => {
        concat!("handler ", stringify!($name), ", 1")
    };
    ($name:ident float) => {
        concat!(".if {float}\nhandler ", stringify!($name), ", 1\n.endif")
    };
    ($name:ident rust) => {
        concat!("handler ", stringify!($name), ", 0")
    };
}

macro_rules! assemble {
    ($( $name:ident $pattern:literal $feature:ident $end:ident $by:ident; )*) => {
        core::arch::global_asm!(
            include_str!("entry.s"),
            include_str!("integers.s"),
            include_str!("pairs.s"),
            include_str!("branches.s"),
            include_str!("floats.s"),
            include_str!("memory.s"),
            ".balign 4",
            ".Ltable:",
            $( entry!($name $by), )*
            ".size wasmote_interp_thumb2, . - wasmote_interp_thumb2",
            ".text",
            ".code {instruction_bits}",
            carry_out_left = sym carry_out_left,
            divide_by_words = sym divide_by_words,
            i64_div_s = const BinaryOp::I64DivS as u32,
            i64_div_u = const BinaryOp::I64DivU as u32,
            i64_rem_s = const BinaryOp::I64RemS as u32,
            i64_rem_u = const BinaryOp::I64RemU as u32,
            float = const Feature::Float.compiled() as u32,
            fpu = const cfg!(thumb2_fpu) as u32,
            fuel_of_lines = const FUEL as u32,
            lazy = const cfg!(feature = "lazy") as u32,
            share = const !cfg!(feature = "dispatch-tail") as u32,
            application_profile = const !M_PROFILE as u32,
            // What the compiler's own code may be in.
            instruction_bits = const if M_PROFILE { 16 } else { 32 },
            memory_base = const offset_of!(VmCtx, memory_base),
            memory_len = const offset_of!(VmCtx, memory_len),
            globals = const offset_of!(VmCtx, globals),
            funcs = const offset_of!(VmCtx, funcs),
            fuel = const offset_of!(VmCtx, fuel),
            interrupt = const offset_of!(VmCtx, interrupt),
            number = const offset_of!(VmCtx, number),
            tables = const offset_of!(VmCtx, tables),
            stack = const offset_of!(VmCtx, stack),
            control = const offset_of!(StackVm, control),
            least_room = const offset_of!(StackVm, least_room),
            table_elements = const offset_of!(TableVm, elements),
            record_entry = const offset_of!(FuncRecord, entry),
            record_code = const offset_of!(FuncRecord, code),
            record_ty = const offset_of!(FuncRecord, ty),
            hosts = const offset_of!(VmCtx, hosts),
            func_bits = const FUNC_BITS,
            trap_interrupted = const Trap::Interrupted as u32,
            trap_fuel = const Trap::OutOfFuel as u32,
            trap_memory = const Trap::MemoryOutOfBounds as u32,
            trap_zero = const Trap::IntegerDivisionByZero as u32,
            trap_overflow = const Trap::IntegerOverflow as u32,
            trap_table = const Trap::TableOutOfBounds as u32,
            trap_signature = const Trap::BadSignature as u32,
        );
    };
}
for_each_instruction!(assemble);

// What is shifted by there, and loaded as a pair.
const _: () = assert!(size_of::<FuncRecord>() == 16);
const _: () = assert!(offset_of!(VmCtx, memory_len) == offset_of!(VmCtx, memory_base) + 4);
const _: () = assert!(offset_of!(TableVm, len) == offset_of!(TableVm, elements) + 4);
const _: () = assert!(offset_of!(VmCtx, import_funcs) == offset_of!(VmCtx, number) + 4);
const _: () = assert!(offset_of!(FuncRecord, frame_cells) == offset_of!(FuncRecord, code) + 4);

/// A place in the code. The assembler knows the layout.
#[repr(C)]
pub(super) struct At {
    pc: Pc,
    cells: *mut u32,
    ctx: Ctx,
}

impl At {
    #[inline(always)]
    pub fn new(pc: Pc, fp: Frame, ctx: Ctx) -> At {
        At { pc, cells: fp.cells, ctx }
    }

    #[inline(always)]
    pub fn parts(&self) -> (Pc, Frame, Ctx) {
        (self.pc, Frame::new(self.cells, ptr::null_mut()), self.ctx)
    }

    /// Carries instructions out from here on, until the outermost frame has returned, or one traps. Returns 0, or the trap's code,
    /// and then this is where it happened.
    #[inline(always)]
    pub fn run(&mut self) -> u32 {
        unsafe extern "C" {
            fn wasmote_interp_thumb2(at: *mut At) -> u32;
        }
        // SAFETY: (I1) to (I7) are what the handlers rely on, and what they keep.
        unsafe { wasmote_interp_thumb2(self) }
    }
}
