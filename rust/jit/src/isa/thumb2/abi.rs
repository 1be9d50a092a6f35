//! Functions, calls, and how code is entered and left.
//!
//! | register | between functions |
//! |---|---|
//! | r0 to r3 | the first four cells of arguments; a result of one or two cells; else free |
//! | r4 | the frame: its saved registers |
//! | r5 | first byte of the memory |
//! | r6, r7, r8 | saved by who uses them |
//! | r11 | where code may count fuel, the lower half of what is left; otherwise as r8 |
//! | r9 | the instance's context |
//! | r10 | length of the memory minus 4 |
//! | r12 | free; at a call, the callee's frame |
//! | r13 | as `entry` left it: code has nothing there |
//! | r14 | return address |
//!
//! A frame lies on the value stack: cells of parameters or results, whichever are more; the saved registers, r4 first and
//! the return address last; all other cells. So frames form a list through r4, and calls take no native stack.
//!
//! Where a function begins, the word before it says how it is called from outside and what its frame looks like: in its low
//! half the cells before the saved registers, then a byte with the cells of a result in registers and one with the number
//! of saved registers.

use super::asm::{
    Address, Branch, Cond as C, Dp, Flags, LR, Mem, PC, Reg, SP, Shift as S, Src, Test, mem_offset,
};
use super::masm::{BASE, CTX, FP, IP, LIMIT, Thumb2};
use super::routines_code::PLACES;
use crate::isa::layout::Layout;
use crate::masm::{Frame, Function, Label, Masm, Routine};
use crate::routines::{Routines, trap_place};
use wasmote_core::Trap;

/// Where words have 32 bits.
const VM: Layout = Layout::new(4);
// Offsets in a `VmCtx`.
pub(super) const MEMORY_BASE: i32 = VM.memory_base;
pub(super) const MEMORY_LEN: i32 = VM.memory_len;
pub(super) const GLOBALS: i32 = VM.globals;
pub(super) const FUNCS: i32 = VM.funcs;
pub(super) const FUEL: i32 = VM.fuel;
pub(super) const INTERRUPT: i32 = VM.interrupt;
pub(super) const NUMBER: i32 = VM.number;
pub(super) const IMPORT_FUNCS: i32 = VM.import_funcs;
pub(super) const IMPORTS: i32 = VM.imports;
pub(super) const IMPORTED_GLOBALS: i32 = VM.imported_globals;
pub(super) const TABLES: i32 = VM.tables;
pub(super) const INSTANCES: i32 = VM.instances;
const STACK: i32 = VM.stack;
pub(super) const BUILTINS: i32 = VM.builtins;
pub(super) const SIGNATURE_MATCHES: i32 = VM.signature_matches;
const STACK_LIMIT: i32 = VM.stack_limit;
const UNWIND: i32 = VM.unwind;
const COMPILED: i32 = VM.compiled;
pub(super) const HOSTS: i32 = VM.hosts;
// In a `StackVm`.
const CONTROL: i32 = VM.control;
const NATIVE_DEPTH: i32 = VM.native_depth;
const MAX_NATIVE_DEPTH: i32 = VM.max_native_depth;
// In a `FuncRecord`.
pub(super) const CODE: i32 = VM.code;
pub(super) const TYPE: i32 = VM.ty;
pub(super) const RECORD_LOG2: u8 = 4;

/// Bytes of frame for which there is room above every frame that passed its check.
pub(super) const MARGIN: u32 = 256;

/// Bytes from where a function is called to behind its call of [`Routine::Admit`].
const BEGIN: i32 = 18;
/// As many more if its frame is large.
const LARGE: i32 = 10;

/// Bytes of a routine's veneer.
#[cfg(feature = "lazy")]
const VENEER_BYTES: u32 = 8;
/// Bytes of a trap's, if that of the exit is near.
#[cfg(feature = "lazy")]
const TRAP_BYTES: u32 = 4;
/// The first instruction of that of the first one: its code goes to r0.
const FIRST_TRAP: u32 = 0x2000 | Trap::ALL[0] as u32;

/// Every register that native code expects to find again, and the return address.
const NATIVE: u16 = 0x4FF0;
/// What `entry` keeps on the native stack: cells, what the function's first word says, the limit before.
const LOCALS: u32 = 12;

pub(super) const R0: Reg = Reg(0);
pub(super) const R1: Reg = Reg(1);
pub(super) const R2: Reg = Reg(2);
pub(super) const R3: Reg = Reg(3);
pub(super) const R6: Reg = Reg(6);
pub(super) const R7: Reg = Reg(7);

/// The registers that a function saves, as a list.
#[inline(never)]
pub(super) fn saved(frame: &Frame) -> u16 {
    let pins = Thumb2::PINS.iter().take(frame.pins as usize);
    pins.fold(0x4000 | 1 << FP.0, |list, reg| list | 1 << reg.0)
}

impl Thumb2 {
    pub(super) fn load_word(&mut self, rt: Reg, rn: Reg, offset: i32) {
        self.asm.mem(Mem::Ldr, rt, Address::offset(rn, offset));
    }

    pub(super) fn store_word(&mut self, rt: Reg, rn: Reg, offset: i32) {
        self.asm.mem(Mem::Str, rt, Address::offset(rn, offset));
    }

    pub(super) fn begin_function(&mut self, frame: &Frame, results: u32, large: bool) -> usize {
        // If there is room, over the call.
        const ROOM: Option<u32> = Branch::near_if(C::Ls).to(2 + Branch::LINK.size() as i32);
        self.align();
        self.asm.code.put16(frame.shared_cells);
        self.asm.code.put16(results | frame.saved() << 8);
        let start = self.asm.code.len();
        self.asm.mem_many(false, false, false, IP, saved(frame));
        self.asm.mov(Flags::Keep, FP, Src::Reg(IP));
        self.load_word(LR, CTX, STACK_LIMIT);
        if large {
            self.frame_size = self.asm.code.len();
            self.asm.movw(IP, 0);
            self.asm.movt(IP, 0);
            self.asm.dp(Dp::Add, Flags::Keep, IP, IP, Src::Reg(FP));
        }
        self.asm.test(Test::Cmp, IP, Src::Reg(LR));
        if let Some(room) = ROOM {
            self.asm.short(room);
        }
        self.call_routine(Routine::Admit);
        debug_assert!(self.asm.code.len() - start == (BEGIN + if large { LARGE } else { 0 }) as usize);
        start
    }

    fn align(&mut self) {
        while !self.asm.code.len().is_multiple_of(4) {
            self.asm.nop();
        }
    }

    /// Arguments in registers go to their cells, and the rest is as for imported functions.
    pub(super) fn call_by_record(&mut self, function: &mut Label, own: u32, frame: &Frame) {
        self.align();
        self.resolve(function);
        let mut bytes = frame.shared_cells * 4;
        while bytes > 0 {
            let part = bytes.min(4092);
            self.asm.add_wide(true, IP, IP, part);
            bytes -= part;
        }
        for cell in 0..frame.param_cells.min(Thumb2::ARGS as u32) {
            self.store_word(Reg(cell), IP, cell as i32 * 4);
        }
        self.number(R0, own);
        self.go_to(Branch::FAR, Routine::Own);
    }

    pub(super) fn set_frame_bytes(&mut self, bytes: u32) {
        let bytes = bytes.saturating_sub(MARGIN);
        self.asm.set_mov_half(self.frame_size, bytes & 0xFFFF);
        self.asm.set_mov_half(self.frame_size + 4, bytes >> 16);
    }

    pub(super) fn end_function(&mut self, frame: &Frame) {
        self.asm.mem_many(true, false, false, FP, saved(frame) & !0x4000 | 0x8000);
    }

    pub(super) fn call_function(
        &mut self,
        function: Function<'_>,
        frame: &Frame,
        cells: u32,
        callee_shared: u32,
    ) {
        if let Function::Listed(own) = function {
            self.load_listed(own);
        }
        self.add(IP, FP, (frame.cell_offset(cells) as u32).wrapping_add(callee_shared * 4));
        match function {
            Function::At(label) => self.refer(Branch::LINK, label),
            Function::Listed(_) => self.asm.branch_reg(true, LR),
        }
    }

    /// Where to call one of the module's own functions, in r14.
    pub(super) fn load_listed(&mut self, own: u32) {
        self.load_word(LR, CTX, COMPILED);
        self.add(LR, LR, (own * 4) & !0xFFF);
        self.load_word(LR, LR, ((own * 4) & 0xFFF) as i32);
    }

    /// Who comes from above jumps over the poll.
    pub(super) fn poll_here(&mut self, label: &mut Label) {
        // Both go over the call, which is the last.
        const ABOVE: Option<u32> = Branch::NEAR.to(2 + 4 + 2 + Branch::LINK.size() as i32);
        const ON: Option<u32> = Branch::compare(false, R0).to(2 + Branch::LINK.size() as i32);
        if let (Some(above), Some(on)) = (ABOVE, ON) {
            self.asm.short(above);
            self.resolve(label);
            self.load_word(R0, CTX, INTERRUPT);
            self.asm.short(on);
        }
        self.go_to_trap(Trap::Interrupted);
    }

    /// Calls, so that the place is known.
    pub(super) fn go_to_trap(&mut self, trap: Trap) {
        self.go_to_veneer(Branch::LINK, Routine::COUNT + trap_place(trap) as usize);
    }

    /// What the memory is now.
    pub(super) fn load_memory_registers(&mut self) {
        // The length follows the base.
        self.asm.mem_dual(true, BASE, LIMIT, CTX, MEMORY_BASE);
        self.asm.dp(Dp::Sub, Flags::Keep, LIMIT, LIMIT, Src::Imm(4));
    }

    /// Goes to a routine.
    pub(super) fn go_to(&mut self, branch: Branch, routine: Routine) {
        self.go_to_veneer(branch, routine as usize);
    }

    /// Calls a routine.
    pub(super) fn call_routine(&mut self, routine: Routine) {
        self.go_to(Branch::LINK, routine);
    }

    #[inline(never)]
    fn go_to_veneer(&mut self, branch: Branch, veneer: usize) {
        let Some(&(mut label)) = self.veneers.get(veneer) else { return };
        self.refer(branch, &mut label);
        if !label.is_bound() {
            self.awaited = true;
            self.set_veneer(veneer, label);
        }
    }

    fn set_veneer(&mut self, veneer: usize, label: Label) {
        if let Some(place) = self.veneers.get_mut(veneer) {
            *place = label;
        }
    }

    /// The veneers that something goes to and that are not there yet, or all: of each routine a jump to its address, of each
    /// trap its code and a jump to the exit, whose veneer is always there.
    pub(super) fn put_veneers(&mut self, all: bool) {
        if !core::mem::take(&mut self.awaited) && !all {
            return;
        }
        self.align();
        let mut exit = Label::NEW;
        for veneer in 0..self.veneers.len() {
            let Some(&(mut label)) = self.veneers.get(veneer) else { break };
            let wanted = all || label.is_used() || veneer == Routine::Exit as usize;
            if wanted && !label.is_bound() {
                self.resolve(&mut label);
                self.set_veneer(veneer, label);
                if let Some(&place) = PLACES.get(veneer) {
                    // The word behind this instruction.
                    self.asm.long(mem_offset(Mem::Ldr, PC, PC, 0));
                    self.asm.long(self.routines + u32::from(place) + 1);
                } else {
                    self.asm.short(FIRST_TRAP + (veneer - Routine::COUNT) as u32);
                    self.refer_short(Branch::NEAR, Branch::FAR, &mut exit);
                }
            }
            if veneer == Routine::Exit as usize {
                exit = label;
            }
        }
    }

    /// All code from a place on is to be taken back.
    pub(super) fn forget_veneers(&mut self, place: usize) {
        self.awaited = false;
        let gone = place..self.asm.code.len();
        for label in self.veneers.iter_mut() {
            if !label.is_bound() || gone.contains(&(label.place() as usize)) {
                *label = Label::NEW;
            }
        }
    }

    /// All veneers are elsewhere.
    #[cfg(feature = "lazy")]
    pub(super) fn set_veneers(&mut self, mut place: u32) {
        for (veneer, label) in self.veneers.iter_mut().enumerate() {
            *label = Label::at(place);
            place = place.wrapping_add(if veneer < Routine::COUNT { VENEER_BYTES } else { TRAP_BYTES });
        }
    }

    /// `entry`, which is a `vm::Entry`, the ways out, and what calls of the host have in common: once for all code.
    /// `routines_code.rs` has the bytes that this makes, so that no firmware has what makes them. They begin with `entry`, at
    /// an address that is aligned as a word. Their places.
    /// If there is fuel, its lower half is in a register only as long as compiled code runs.
    pub fn assemble_routines(&mut self, fuel: bool) -> [u32; Routine::COUNT] {
        debug_assert!(self.asm.code.is_empty(), "they lie alone");
        let mut routines = Routines::new();
        let mut overflow = Label::NEW;
        // r0: instance, r1: record, r2: cells, r3: caller.
        self.asm.mem_many(false, true, true, SP, NATIVE);
        self.asm.dp_sp(true, LOCALS);
        self.store_word(R2, SP, 0);
        self.asm.mov(Flags::Keep, CTX, Src::Reg(R0));
        self.load_word(IP, CTX, STACK);
        self.load_word(R3, IP, NATIVE_DEPTH);
        self.load_word(FP, IP, MAX_NATIVE_DEPTH);
        self.asm.test(Test::Cmp, R3, Src::Reg(FP));
        self.refer(Branch::far_if(C::Hs), &mut overflow);
        self.asm.dp(Dp::Add, Flags::Any, R3, R3, Src::Imm(1));
        self.store_word(R3, IP, NATIVE_DEPTH);
        // The limit of frames; none fits if the instance is interrupted.
        self.load_word(R3, CTX, STACK_LIMIT);
        self.store_word(R3, SP, 8);
        self.load_word(R3, IP, CONTROL);
        self.asm.dp(Dp::Sub, Flags::Any, R3, R3, Src::Imm(MARGIN));
        self.set_limit(R3, FP);
        self.load_memory_registers();
        self.load_fuel(fuel);
        // The function, and what the word before it says; the lowest bit of its address is set.
        self.load_word(R6, R1, CODE);
        self.load_word(R7, R6, -5);
        self.store_word(R7, SP, 4);
        self.asm.unary(super::asm::Unary::Uxth, R7, R7);
        self.asm.dp(Dp::Add, Flags::Keep, IP, R2, Src::shifted(R7, S::Lsl, 2));
        self.asm.mem_many(true, false, false, R2, 0xF);
        self.asm.mov(Flags::Any, FP, Src::Imm(0));
        self.asm.branch_reg(true, R6);
        // Back. A result in registers goes to its cells.
        self.load_word(R2, SP, 0);
        self.load_word(R3, SP, 4);
        self.asm.extract(false, R3, R3, 16, 8);
        let no_result = self.asm.branch_short(Branch::compare(false, R3));
        self.store_word(R0, R2, 0);
        self.asm.test(Test::Cmp, R3, Src::Imm(1));
        let one_cell = self.asm.branch_short(Branch::near_if(C::Eq));
        self.store_word(R1, R2, 4);
        self.asm.set_short(no_result);
        self.asm.set_short(one_cell);
        // This return polls, as there may be no poll from the last call on.
        self.load_word(R0, CTX, INTERRUPT);
        let quiet = self.asm.branch_short(Branch::compare(false, R0));
        self.asm.mov(Flags::Any, R0, Src::Imm(Trap::Interrupted as u32));
        self.asm.set_short(quiet);
        let end = self.asm.branch_short(Branch::NEAR);
        // With a trap's code in r0 and the return address in r14: the frames are reported.
        self.resolve(routines.of(Routine::Exit));
        self.asm.mov(Flags::Keep, R6, Src::Reg(R0));
        self.asm.mov(Flags::Keep, R0, Src::Reg(CTX));
        self.asm.mov(Flags::Keep, R1, Src::Reg(FP));
        self.asm.mov(Flags::Keep, R2, Src::Reg(LR));
        self.load_word(IP, CTX, UNWIND);
        self.asm.branch_reg(true, IP);
        self.asm.mov(Flags::Keep, R0, Src::Reg(R6));
        self.asm.set_short(end);
        self.store_fuel(fuel);
        self.load_word(R3, SP, 8);
        self.set_limit(R3, FP);
        self.load_word(IP, CTX, STACK);
        self.load_word(R3, IP, NATIVE_DEPTH);
        self.asm.dp(Dp::Sub, Flags::Any, R3, R3, Src::Imm(1));
        self.store_word(R3, IP, NATIVE_DEPTH);
        let leave = self.asm.code.len();
        self.asm.dp_sp(false, LOCALS);
        self.asm.mem_many(true, false, true, SP, NATIVE & !0x4000 | 0x8000);
        self.resolve(&mut overflow);
        self.asm.mov(Flags::Any, R0, Src::Imm(Trap::StackOverflow as u32));
        self.asm.branch(Branch::NEAR, leave);

        self.call_routines(&mut routines, fuel);
        if fuel {
            self.borrow_routine(&mut routines);
        }
        self.admit_routine(&mut routines);

        for trap in Trap::ALL {
            if routines.trap(trap).is_used() {
                self.resolve(routines.trap(trap));
                self.asm.mov(Flags::Any, R0, Src::Imm(trap as u32));
                self.refer(Branch::FAR, routines.of(Routine::Exit));
            }
        }
        core::array::from_fn(|at| routines.all()[at].place())
    }

    /// A function begins whose frame, up to r12, has no room below the limit. It goes on if there is room after all: the interrupt
    /// that took the limit away was taken back before it was obeyed. Otherwise who called it traps. All registers but r12 and
    /// the return address, which the function has saved, stay.
    fn admit_routine(&mut self, routines: &mut Routines) {
        self.resolve(routines.of(Routine::Admit));
        self.asm.mem_many(false, true, true, SP, 0b111);
        self.load_word(R2, CTX, INTERRUPT);
        let interrupted = self.asm.branch_short(Branch::compare(true, R2));
        self.load_word(R1, CTX, STACK);
        self.load_word(R1, R1, CONTROL);
        self.asm.dp(Dp::Sub, Flags::Any, R1, R1, Src::Imm(MARGIN));
        self.asm.test(Test::Cmp, IP, Src::Reg(R1));
        let full = self.asm.branch_short(Branch::near_if(C::Hi));
        self.set_limit(R1, R0);
        self.asm.mem_many(true, false, true, SP, 0b111);
        self.asm.branch_reg(false, LR);
        self.asm.set_short(interrupted);
        self.asm.set_short(full);
        self.asm.dp_sp(false, 12);
        // Only a large frame's end is not taken to be where it begins.
        self.asm.test(Test::Cmp, IP, Src::Reg(FP));
        self.asm.it(C::Ne);
        self.asm.dp(Dp::Sub, Flags::Keep, LR, LR, Src::Imm(LARGE as u32));
        // How many registers the function has saved is in the byte before it; the lowest bit of the return address is set.
        self.asm.mem(Mem::Ldrb, R1, Address::offset(LR, -(BEGIN + 2)));
        self.asm.dp(Dp::Add, Flags::Any, R1, FP, Src::shifted(R1, S::Lsl, 2));
        self.load_word(LR, R1, -4);
        self.load_word(FP, FP, 0);
        self.asm.mov(Flags::Any, R0, Src::Imm(Trap::StackOverflow as u32));
        let full = self.asm.branch_short(Branch::compare(false, R2));
        self.asm.mov(Flags::Any, R0, Src::Imm(Trap::Interrupted as u32));
        self.asm.set_short(full);
        self.refer(Branch::FAR, routines.of(Routine::Exit));
    }

    /// Sets the limit of frames, or none if the instance is interrupted: who interrupts it sets first the word, then this.
    fn set_limit(&mut self, limit: Reg, temp: Reg) {
        self.store_word(limit, CTX, STACK_LIMIT);
        self.load_word(temp, CTX, INTERRUPT);
        let on = self.asm.branch_short(Branch::compare(false, temp));
        self.number(temp, 0);
        self.store_word(temp, CTX, STACK_LIMIT);
        self.asm.set_short(on);
    }
}
