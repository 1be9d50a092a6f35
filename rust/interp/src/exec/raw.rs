//! All raw access of the executor. Nothing else in this crate is `unsafe`.
//!
//! The types here wrap pointers; their methods are safe to call only because of invariants that the encoder,
//! the front end and the runtime keep together:
//!
//! - **(I1) Code.** A [`Pc`] points into the bytes of one function, which the encoder made from a body that
//!   was validated, and which nobody frees or changes while it runs; or at `pc::EXIT`; or into those
//!   of a `wide` instruction's copy. Every path through a function's code ends in a return, a jump, a tail
//!   call or a trap, every branch lands on the first byte of an instruction (where fuel is compiled in, on a byte of
//!   fuel right in front of one), and an instruction's bytes follow each other.
//! - **(I2) Frames.** A [`Frame`] points at cells of the store's value stack. Code names only cells below its
//!   record's `frame_cells`, and all of them lie below the control stack: that was checked when the function
//!   was entered. Arguments begin inside the caller's frame.
//! - **(I3) Contexts.** A [`Ctx`] points at a `VmCtx` that lives, unmoved, until `entry` returns, as do all that it
//!   points at, and whose fields say what `wasmote_core::vm` says. No reference to it or to the `StackVm` exists while
//!   code runs, other than to the interrupt word, which is atomic. All contexts of a store share one stack.
//! - **(I4) Memory.** `memory_len` bytes at `memory_base` may be read and written; nobody else does so while code
//!   runs. Both are read anew for each access, because a call may change them. (Handlers in assembler keep them until
//!   they end; those that end in tail calls until something was called or another instance goes on, [`Memory`].)
//! - **(I5) Control stack.** From `control` upwards lie the records that this module pushed, innermost first, up to the
//!   one of the outermost running `entry`. Below `control`, above every frame, there is always room for
//!   one more, which a trap uses.
//! - **(I6) Indices.** Indices of functions, types, tables, globals, imports and builtins in the code are valid in
//!   the module, so the arrays of its instance have these elements. References that are not null name an
//!   instance of the store and a function that it defines itself.
//! - **(I7) Records.** A `FuncRecord` lives as long as its instance. If its `entry` is this crate's, its `code`
//!   is the first byte of encoded code and its `frame_cells`, at most 65,535, are those that the encoder gave. `code` is
//!   written before `frame_cells`, and that before `entry`. An own function of another engine, or without code, has more cells than
//!   any stack, [`wasmote_core::vm::NOT_ENCODED`].
//!   Any `entry` may be called with an instance that defines the function, and cells that hold its arguments.
//!
//! With the feature `extra-checks`, what can be checked is asserted at each access.

use core::ptr;
use core::sync::atomic::{Ordering, compiler_fence};
use wasmote_core::limits::MAX_FRAME_CELLS;
use wasmote_core::vm::{Builtin, Entry, FuncRecord, StackVm, VmCtx, split_func_ref, take_fuel};

macro_rules! check {
    ($condition:expr, $invariant:literal) => {
        if cfg!(feature = "extra-checks") {
            assert!($condition, $invariant);
        }
    };
}

mod level;
mod memory;
mod pc;

pub use level::entry;
#[cfg(feature = "lazy")]
pub use level::frames;
pub(crate) use memory::Memory;
pub(crate) use pc::Pc;
use pc::forgotten;

/// What a number stands for that no instruction has. Knowing that there is none saves a comparison.
#[cfg(not(all(tail_calls, not(debug_assertions))))]
#[inline(always)]
pub(crate) fn no_instruction() -> ! {
    check!(false, "I1: no such instruction");
    // SAFETY: (I1) the encoder writes no such number.
    unsafe { core::hint::unreachable_unchecked() }
}

/// Cells: a frame, or globals.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(super) cells: *mut u32,
    /// One past the last cell that may be touched; null if not known.
    #[cfg(feature = "extra-checks")]
    end: *mut u32,
}

/// A 64-bit value in cells: aligned to 4 bytes only.
#[repr(C, packed(4))]
#[derive(Clone, Copy)]
struct Double(u64);

impl Frame {
    #[inline(always)]
    pub(super) fn new(cells: *mut u32, _end: *mut u32) -> Frame {
        Frame {
            cells,
            #[cfg(feature = "extra-checks")]
            end: _end,
        }
    }

    /// The frame of a `wide` instruction's copy, while `cells` lives.
    pub(crate) fn copied(cells: &mut [u32]) -> Frame {
        let range = cells.as_mut_ptr_range();
        Frame::new(range.start, range.end)
    }

    #[inline(always)]
    fn cell(self, index: usize, _count: usize) -> *mut u32 {
        // SAFETY: (I2) code names only cells of its frame; (I6) or of its instance's globals.
        let cell = unsafe { self.cells.add(index) };
        #[cfg(feature = "extra-checks")]
        check!(self.end.is_null() || cell.wrapping_add(_count) <= self.end, "I2: cell beyond the frame");
        cell
    }

    #[inline(always)]
    pub(crate) fn get32(self, index: usize) -> u32 {
        // SAFETY: (I2) a cell of the frame, or (I6) of the globals.
        unsafe { self.cell(index, 1).read() }
    }

    #[inline(always)]
    pub(crate) fn set32(self, index: usize, value: u32) {
        // SAFETY: (I2) a cell of the frame, or (I6) of the globals.
        unsafe { self.cell(index, 1).write(value) }
    }

    /// Two cells: the low half first, whatever the host's byte order.
    #[inline(always)]
    pub(crate) fn get64(self, index: usize) -> u64 {
        // SAFETY: (I2) two cells of the frame, or (I6) of the globals.
        let Double(bits) = unsafe { self.cell(index, 2).cast::<Double>().read() };
        if cfg!(target_endian = "big") { bits.rotate_left(32) } else { bits }
    }

    #[inline(always)]
    pub(crate) fn set64(self, index: usize, value: u64) {
        let bits = if cfg!(target_endian = "big") { value.rotate_left(32) } else { value };
        // SAFETY: (I2) two cells of the frame, or (I6) of the globals.
        unsafe { self.cell(index, 2).cast::<Double>().write(Double(bits)) }
    }

    /// Moves cells to the beginning of the frame.
    #[inline(always)]
    pub(crate) fn move_down(self, from: usize, count: usize) {
        for i in 0..count {
            // SAFETY: (I2) cells of the frame. Volatile: few cells are moved, so the loop must not become a call of memmove.
            unsafe { self.cell(i, 1).write_volatile(self.get32(from + i)) };
        }
    }

    #[inline(always)]
    pub(crate) fn zero(self, from: usize, count: usize) {
        let mut cell = self.cell(from, count);
        // SAFETY: (I2) cells of the frame. Forgotten: most functions have few locals, so the loop must not become a call of memset,
        // nor be unrolled.
        unsafe {
            let end = cell.add(count);
            if !count.is_multiple_of(2) {
                cell.write(0);
                cell = cell.add(1);
            }
            while cell != end {
                cell.cast::<Double>().write(Double(0));
                cell = forgotten(cell.add(2));
            }
        }
    }
}

/// An instance.
#[derive(Clone, Copy, PartialEq)]
#[repr(transparent)]
pub(crate) struct Ctx(*mut VmCtx);

/// A function, and the instance that defines it.
#[derive(Clone, Copy)]
pub(crate) struct Function {
    ctx: Ctx,
    record: *const FuncRecord,
}

/// A function of the host's.
#[derive(Clone, Copy)]
pub(crate) struct HostFunction(*const FuncRecord);

/// A return record. Its place is behind the first byte of an instruction that has not ended: a call, or what trapped.
#[derive(Clone, Copy)]
#[repr(C, packed(4))]
struct Record {
    pc: Pc,
    fp: *mut u32,
    ctx: Ctx,
}

const RECORD_BYTES: usize = size_of::<Record>();
const RECORD_CELLS: usize = RECORD_BYTES / 4;

impl Ctx {
    /// Whether the interrupt word says stop.
    #[inline(always)]
    pub(crate) fn interrupted(self) -> bool {
        #[cfg(test)]
        crate::tests::polled();
        // SAFETY: (I3) the context lives; the word is atomic.
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        return unsafe { (*self.0).interrupt.load(Ordering::Relaxed) != 0 };
        // The same in one instruction less: the compiler loads what is atomic to a register before it compares.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            // SAFETY: (I3) as above.
            unsafe {
                core::arch::asm!(
                    "cmp dword ptr [{ctx} + {word}], 0",
                    "jne {stop}",
                    ctx = in(reg) self.0,
                    word = const core::mem::offset_of!(VmCtx, interrupt),
                    stop = label { return true; },
                    options(nostack, readonly),
                );
            }
            false
        }
    }

    /// Takes fuel; `false` if there is not enough.
    #[inline(always)]
    pub(crate) fn charge(self, units: u32) -> bool {
        // SAFETY: (I3) the context lives, and nobody else uses its fuel while code runs.
        let fuel = unsafe { &mut (*self.0).fuel };
        take_fuel(fuel, units.into())
    }

    /// Takes fuel from the lower half, whatever it is: if fuel is endless, it may be anything. `false` if there was not enough
    /// there, and it is to be given back.
    #[inline(always)]
    pub(crate) fn charge_low(self, units: u32) -> bool {
        let low = self.low_fuel();
        let borrowed;
        (*low, borrowed) = low.overflowing_sub(units);
        !borrowed
    }

    #[inline(always)]
    #[allow(dead_code, reason = "the loop takes fuel at once")]
    pub(crate) fn give_back_low(self, units: u32) {
        let low = self.low_fuel();
        *low = low.wrapping_add(units);
    }

    #[inline(always)]
    fn low_fuel<'a>(self) -> &'a mut u32 {
        // SAFETY: (I3) the context lives, and nobody else uses its fuel while code runs.
        let halves = unsafe { &mut *(&raw mut (*self.0).fuel).cast::<[u32; 2]>() };
        &mut halves[if cfg!(target_endian = "big") { 1 } else { 0 }]
    }

    /// This instance's number in its store.
    #[inline(always)]
    pub(crate) fn number(self) -> u32 {
        // SAFETY: (I3) the context lives.
        unsafe { (*self.0).number }
    }

    /// How many functions are imported.
    #[inline(always)]
    pub(crate) fn import_funcs(self) -> u32 {
        // SAFETY: (I3) the context lives.
        unsafe { (*self.0).import_funcs }
    }

    /// The reference to imported function `index`.
    #[inline(always)]
    pub(crate) fn import(self, index: usize) -> u32 {
        check!(index < self.import_funcs() as usize, "I6: no such import");
        // SAFETY: (I3) the context lives; (I6) the module imports that many.
        unsafe { (*self.0).imports.add(index).read() }
    }

    /// Imported function `index`, if it is the host's.
    #[inline(always)]
    pub(crate) fn host_function(self, index: usize) -> Option<HostFunction> {
        check!(index < self.import_funcs() as usize, "I6: no such import");
        // SAFETY: (I3) the context lives; (I6) the module imports that many.
        let record = unsafe { (*self.0).hosts.add(index).read() };
        (!record.is_null()).then_some(HostFunction(record))
    }

    /// Own function `index`.
    #[inline(always)]
    pub(crate) fn own_function(self, index: usize) -> Function {
        // SAFETY: (I3) the context lives; (I6) the module defines that many.
        Function { ctx: self, record: unsafe { (*self.0).funcs.add(index) } }
    }

    /// The function that a reference that is not null names.
    #[inline(always)]
    pub(crate) fn function(self, reference: u32) -> Function {
        let (instance, index) = split_func_ref(reference);
        // SAFETY: (I3) the context lives; (I6) there is such an instance.
        let ctx = Ctx(unsafe { (*self.0).instances.add(instance as usize).read() });
        check!(!ctx.0.is_null() && ctx.number() == instance, "I6: no such instance");
        check!(index >= ctx.import_funcs(), "I6: reference not resolved");
        ctx.own_function(index.wrapping_sub(ctx.import_funcs()) as usize)
    }

    /// The same, if this instance defines it.
    #[inline(always)]
    pub(crate) fn own_reference(self, reference: u32) -> Option<Function> {
        let (instance, index) = split_func_ref(reference);
        (instance == self.number())
            .then(|| self.own_function(index.wrapping_sub(self.import_funcs()) as usize))
    }

    /// Whether a reference that is not null names a function of this instance's type `ty`.
    #[inline(always)]
    pub(crate) fn has_type(self, function: Function, reference: u32, ty: u32) -> bool {
        if function.ctx == self {
            function.is_type(ty)
        } else {
            // SAFETY: (I3) the runtime's function, for this context.
            unsafe { ((*self.0).signature_matches)(self.0, ty, reference) }
        }
    }

    /// Element `index` of a table.
    #[inline(always)]
    pub(crate) fn element(self, table: usize, index: u32) -> Option<u32> {
        // SAFETY: (I3) the context lives; (I6) there is such a table.
        let table = unsafe { (*self.0).tables.add(table).read() };
        check!(!table.is_null() && table.is_aligned(), "I6: no such table");
        // SAFETY: (I3) the table lives.
        let (elements, len) = unsafe { ((*table).elements, (*table).len) };
        // SAFETY: (I3) there are `len` elements.
        (index < len).then(|| unsafe { elements.add(index as usize).read() })
    }

    /// The cells of own globals.
    #[inline(always)]
    pub(crate) fn globals(self) -> Frame {
        // SAFETY: (I3) the context lives.
        Frame::new(unsafe { (*self.0).globals }, ptr::null_mut())
    }

    /// The cells of an imported global.
    #[inline(always)]
    pub(crate) fn imported_global(self, index: usize) -> Frame {
        // SAFETY: (I3) the context lives; (I6) the module imports that many.
        Frame::new(unsafe { (*self.0).imported_globals.add(index).read() }, ptr::null_mut())
    }

    /// Calls an operator of the runtime's.
    pub(crate) fn builtin(self, builtin: u32, fp: Frame, cells: usize, first: u32, second: u32) -> u32 {
        check!((builtin as usize) < Builtin::COUNT, "I6: no such builtin");
        // SAFETY: (I3) the runtime's table; (I6) there is such an operator; (I2) its cells lie in the frame.
        unsafe { (*(*self.0).builtins.add(builtin as usize))(self.0, fp.cell(cells, 0), first, second) }
    }

    #[inline(always)]
    fn stack(self) -> *mut StackVm {
        check!(!self.0.is_null() && self.0.is_aligned(), "I3: no context");
        // SAFETY: (I3) the context lives.
        unsafe { (*self.0).stack }
    }

    /// Asserts that a record lies on the control stack.
    #[inline(always)]
    fn check_record(self, record: *mut u32) {
        if cfg!(feature = "extra-checks") {
            let stack = self.stack();
            // SAFETY: (I3) the stack lives.
            let (base, end) = unsafe { ((*stack).base, (*stack).end) };
            let last = record.wrapping_add(RECORD_CELLS);
            assert!(record.is_aligned() && base <= record && last <= end, "I5: record beyond the stack");
        }
    }

    /// Whether a frame fits below `control` and a trap's record. If less room is left than ever before, that is noted.
    #[inline(always)]
    fn fits(self, cells: *mut u32, frame_cells: u32, control: *mut u32) -> bool {
        // The end of the frame could wrap, and who calls from outside may have left less than none.
        let free = (control as isize).wrapping_sub(cells as isize);
        let room = free.wrapping_sub((frame_cells as isize) << 2);
        let stack = self.stack();
        // SAFETY: (I3) the stack lives, and nobody else uses it while code runs.
        unsafe {
            if room < (*stack).least_room {
                if room < RECORD_BYTES as isize {
                    return false;
                }
                (*stack).least_room = room;
            }
        }
        true
    }

    /// Enters a frame at `cells`, which will return to `pc`, `fp` and this instance. `None`: no room.
    #[inline(always)]
    fn push(self, pc: Pc, fp: *mut u32, cells: *mut u32, frame_cells: u32) -> Option<Frame> {
        let stack = self.stack();
        // SAFETY: (I3) the stack lives. Whether there is room even for a record is only known in a frame (I5).
        let record = unsafe { (*stack).control }.wrapping_sub(RECORD_CELLS);
        if !self.fits(cells, frame_cells, record) {
            return None;
        }
        self.check_record(record);
        // SAFETY: (I5) there is room for one record, and, as was just checked, for another one below it.
        unsafe {
            record.cast::<Record>().write(Record { pc, fp, ctx: self });
            (*stack).control = record;
        }
        Some(Frame::new(cells, record))
    }

    /// Takes the innermost record off the control stack.
    #[inline(always)]
    pub(crate) fn pop(self) -> (Pc, Frame, Ctx) {
        let stack = self.stack();
        // SAFETY: (I5) control points at a record that `push` or `record` wrote.
        unsafe {
            let record = (*stack).control;
            self.check_record(record);
            let Record { pc, fp, ctx } = record.cast::<Record>().read();
            (*stack).control = record.add(RECORD_CELLS);
            (pc, Frame::new(fp, (*stack).control), ctx)
        }
    }

    /// Pushes a record, into the room that is kept for one: where a trap happened, or what is to come next.
    pub(crate) fn record(self, pc: Pc, fp: Frame) {
        let stack = self.stack();
        // SAFETY: (I5) there is room for one record.
        unsafe {
            let record = (*stack).control.sub(RECORD_CELLS);
            self.check_record(record);
            record.cast::<Record>().write(Record { pc, fp: fp.cells, ctx: self });
            (*stack).control = record;
        }
    }
}

impl Function {
    #[inline(always)]
    pub(crate) fn ctx(self) -> Ctx {
        self.ctx
    }

    /// Whether it has this type of its own instance.
    #[inline(always)]
    pub(crate) fn is_type(self, ty: u32) -> bool {
        // SAFETY: (I7) the record lives.
        unsafe { (*self.record).ty == ty }
    }

    /// Whether it is of this engine, so that it can be entered.
    #[inline(always)]
    pub(crate) fn is_ours(self) -> bool {
        // SAFETY: (I7) the record lives.
        let found = unsafe { (*self.record).entry.load(Ordering::Relaxed) };
        // What else the record says is read afterwards.
        compiler_fence(Ordering::Acquire);
        found.addr() == entry as *const () as usize
    }

    /// The function's first instruction.
    #[inline(always)]
    fn code(self) -> Pc {
        // SAFETY: (I7) the record lives, and is of this engine.
        let code = unsafe { (*self.record).code.load(Ordering::Relaxed) }.cast_const().cast::<u8>();
        check!(!code.is_null(), "I7: no record of ours");
        Pc(code)
    }

    /// Cells of its frame; too many for any stack if it is not of this engine, which is looked at before with checks.
    #[inline(always)]
    fn frame_cells(self) -> u32 {
        // SAFETY: (I7) the record lives.
        let cells = unsafe { (*self.record).frame_cells.load(Ordering::Relaxed) };
        check!(cells <= MAX_FRAME_CELLS, "I7: no record of ours");
        // Where the code is, is read afterwards.
        compiler_fence(Ordering::Acquire);
        cells
    }

    /// Enters the function with arguments at a cell of the caller's frame. `None`: there is no room, or it is not of this engine.
    #[inline(always)]
    pub(crate) fn enter(self, cells: usize, pc: Pc, fp: Frame, caller: Ctx) -> Option<(Pc, Frame)> {
        let frame = caller.push(pc, fp.cells, fp.cell(cells, 0), self.frame_cells())?;
        // The code only now: there are few registers.
        Some((self.code(), frame))
    }

    /// The same in place of the frame `fp`, at whose beginning the arguments already are.
    #[inline(always)]
    pub(crate) fn replace(self, fp: Frame) -> Option<(Pc, Frame)> {
        // SAFETY: (I3) the stack lives.
        let control = unsafe { (*self.ctx.stack()).control };
        let fits = self.ctx.fits(fp.cells, self.frame_cells(), control);
        fits.then(|| (self.code(), Frame::new(fp.cells, control)))
    }

    /// Calls a function of another engine.
    pub(crate) fn call_foreign(self, cells: usize, fp: Frame, caller: Ctx) -> u32 {
        call_entry(self.ctx, self.record, cells, fp, caller)
    }
}

impl HostFunction {
    /// Calls it. Who defines it is not looked at, as all of them belong to one instance: the caller is as good.
    #[inline(always)]
    pub(crate) fn call(self, cells: usize, fp: Frame, caller: Ctx) -> u32 {
        call_entry(caller, self.0, cells, fp, caller)
    }
}

#[inline(always)]
fn call_entry(callee: Ctx, record: *const FuncRecord, cells: usize, fp: Frame, caller: Ctx) -> u32 {
    // SAFETY: (I7) its entry may be called like this; (I2) the arguments lie in the frame.
    unsafe {
        let entry = core::mem::transmute::<*mut (), Entry>((*record).entry.load(Ordering::Relaxed));
        entry(callee.0, record, fp.cell(cells, 0), caller.0)
    }
}
