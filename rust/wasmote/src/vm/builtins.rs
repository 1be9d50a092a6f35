//! The operators that the runtime carries out for every engine (WebAssembly Core, 4.4.6 and 4.4.7).
//!
//! Bulk operators check their bounds, then charge all their fuel, then work in slices; between slices they poll
//! the interrupt word.

use super::array::{Array, cells_of};
use super::instance::InstanceData;
use super::place::Block;
use super::state::State;
use crate::Module;
use core::ptr;
use core::sync::atomic::Ordering;
use wasmote_core::Trap;
use wasmote_core::vm::{Builtin, BuiltinFn, VmCtx, take_fuel};
use wasmote_frontend::SegmentMode;

/// Bytes between two polls: 256 elements.
const SLICE: usize = 1024;
/// The same for elements that are read in a module, each of which takes longer.
const READ_SLICE: usize = 128;
/// Bytes for one unit of fuel: 16 elements.
const BYTES_PER_UNIT: usize = 64;
/// Bytes of an element of a table.
const ELEMENT: usize = size_of::<u32>();

/// By number of the [`Builtin`].
pub(super) static BUILTINS: [BuiltinFn; Builtin::COUNT] = {
    let mut table: [BuiltinFn; Builtin::COUNT] = [absent; Builtin::COUNT];
    table[Builtin::MemorySize as usize] = memory_size;
    table[Builtin::MemoryGrow as usize] = memory_grow;
    if cfg!(feature = "bulk-memory") {
        table[Builtin::MemoryFill as usize] = memory_fill;
        table[Builtin::MemoryCopy as usize] = memory_copy;
        table[Builtin::MemoryInit as usize] = memory_init;
        table[Builtin::DataDrop as usize] = data_drop;
        table[Builtin::TableCopy as usize] = table_copy;
        table[Builtin::TableInit as usize] = table_init;
        table[Builtin::ElemDrop as usize] = elem_drop;
    }
    if cfg!(feature = "reference-types") {
        table[Builtin::TableGet as usize] = table_get;
        table[Builtin::TableSet as usize] = table_set;
        table[Builtin::TableSize as usize] = table_size;
        table[Builtin::TableGrow as usize] = table_grow;
        table[Builtin::TableFill as usize] = table_fill;
    }
    if cfg!(feature = "jit") {
        table[Builtin::Numeric as usize] = numeric;
    }
    table
};

/// An operator that this build does not have; validation refuses it.
unsafe extern "C" fn absent(_: *mut VmCtx, _: *mut u32, _: u32, _: u32) -> u32 {
    Trap::Unreachable as u32
}

/// The cells of an operator's operands and result.
#[derive(Clone, Copy)]
struct Op(*mut u32);

impl Op {
    /// # Safety
    /// The operator has `N` operands.
    unsafe fn args<const N: usize>(self) -> [u32; N] {
        // SAFETY: (R4) the engine passes as many operands as the operator has.
        unsafe { *self.0.cast() }
    }

    /// # Safety
    /// The operator has a result.
    unsafe fn result(self, value: u32) -> u32 {
        // SAFETY: (R4) the result takes the cell of the first operand.
        unsafe { *self.0 = value };
        0
    }
}

/// # Safety
/// `ctx` is an instance's.
unsafe fn instance<'a>(ctx: *mut VmCtx) -> &'a mut InstanceData {
    // SAFETY: (R2) the caller says so; nobody else borrows it while an operator is carried out.
    unsafe { &mut *super::instance::data(ctx) }
}

/// # Safety
/// `ctx` is an instance's.
unsafe fn state<'a>(ctx: *mut VmCtx) -> &'a mut State {
    // SAFETY: (R1) code runs only while its store is there, and nobody borrows that meanwhile.
    unsafe { &mut *super::instance::store(ctx) }
}

/// # Safety
/// `ctx` is an instance's, which has this table.
unsafe fn table<'a>(ctx: *mut VmCtx, index: u32) -> &'a mut Array {
    // SAFETY: (R2) validated index; tables live as long as the store, and begin with what code sees of them.
    unsafe { &mut *(*(*ctx).tables.add(index as usize)).cast::<Array>() }
}

/// The code of a result.
fn code(result: Result<(), Trap>) -> u32 {
    match result {
        Ok(()) => 0,
        Err(trap) => trap as u32,
    }
}

/// Checks that `at..at + n` lies inside of `len`.
fn inside(at: u32, n: u32, len: usize, trap: Trap) -> Result<(), Trap> {
    match at.checked_add(n) {
        Some(end) if end as usize <= len => Ok(()),
        _ => Err(trap),
    }
}

/// Long work for an instance: its fuel is charged first, and between slices its interrupt word is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    /// The instance's context; `None` if the host does the work.
    ctx: Option<*mut VmCtx>,
}

impl Work {
    /// Work for the host, which nobody pays or interrupts.
    pub const HOST: Work = Work { ctx: None };

    /// # Safety
    /// `ctx` is an instance's, which lives as long as this is used; its code waits meanwhile.
    unsafe fn of(ctx: *mut VmCtx) -> Work {
        Work { ctx: Some(ctx) }
    }

    /// Charges for work on `bytes` bytes.
    fn charge(self, bytes: usize) -> Result<(), Trap> {
        if let Some(ctx) = self.ctx
            && cfg!(feature = "fuel")
        {
            // SAFETY: (R2) only the running code, which waits for us, uses the fuel.
            let fuel = unsafe { &mut (*ctx).fuel };
            if !take_fuel(fuel, bytes.div_ceil(BYTES_PER_UNIT) as u64) {
                return Err(Trap::OutOfFuel);
            }
        }
        Ok(())
    }

    fn go_on(self) -> Result<(), Trap> {
        match self.ctx {
            // SAFETY: (R8) only the atomic word is looked at.
            Some(ctx) if unsafe { &(*ctx).interrupt }.load(Ordering::Relaxed) != 0 => Err(Trap::Interrupted),
            _ => Ok(()),
        }
    }

    /// Calls `work(at, n)` for slices of at most `slice` of `bytes` bytes, from the last one to the first if `backwards`.
    fn slices(
        self,
        bytes: usize,
        slice: usize,
        backwards: bool,
        work: &mut dyn FnMut(usize, usize),
    ) -> Result<(), Trap> {
        let mut done = 0;
        while done < bytes {
            let n = slice.min(bytes - done);
            work(if backwards { bytes - done - n } else { done }, n);
            done += n;
            if done < bytes {
                self.go_on()?;
            }
        }
        Ok(())
    }

    /// Writes a value to `n` cells.
    ///
    /// # Safety
    /// They may be written.
    unsafe fn fill(self, to: *mut u32, n: usize, value: u32) -> Result<(), Trap> {
        self.slices(n * ELEMENT, SLICE, false, &mut |at, n| {
            for cell in at / ELEMENT..(at + n) / ELEMENT {
                // SAFETY: (R3) the caller says so.
                unsafe { to.add(cell).write(value) };
            }
        })
    }

    /// Makes room for `more` bytes behind `bytes` that are in use, and writes the value there; false if there is no memory. It
    /// costs as much as all the bytes, because they may have to move, which the platform does in one go.
    pub(super) fn grow(
        self,
        block: &mut Block<u32>,
        bytes: u32,
        more: u32,
        value: u32,
    ) -> Result<bool, Trap> {
        let all = bytes.saturating_add(more);
        self.charge(all as usize)?;
        let (used, len) = (cells_of(bytes), cells_of(all));
        if block.reserve(len).is_err() {
            return Ok(false);
        }
        // SAFETY: (R3) there is room for so many.
        unsafe { self.fill(block.base().add(used), len - used, value) }.map(|()| true)
    }
}

/// Charges for `bytes` bytes, then calls `work(at, n)` for slices of them, from the last one to the first if
/// `backwards`.
///
/// # Safety
/// `ctx` is an instance's.
unsafe fn bulk(
    ctx: *mut VmCtx,
    bytes: usize,
    backwards: bool,
    work: &mut dyn FnMut(usize, usize),
) -> Result<(), Trap> {
    // SAFETY: (R2) the caller says so.
    let slices = unsafe { Work::of(ctx) };
    slices.charge(bytes)?;
    slices.slices(bytes, SLICE, backwards, work)
}

/// Copies `bytes` bytes, which may overlap.
///
/// # Safety
/// `ctx` is an instance's; the bytes may be read and written.
unsafe fn copy(ctx: *mut VmCtx, to: *mut u8, from: *const u8, bytes: usize) -> Result<(), Trap> {
    // SAFETY: (R2) the caller says so.
    unsafe { bulk(ctx, bytes, to.cast_const() > from, &mut |at, n| ptr::copy(from.add(at), to.add(at), n)) }
}

unsafe extern "C" fn memory_size(ctx: *mut VmCtx, cells: *mut u32, _: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator of an instance that has a memory.
    unsafe {
        let pages = instance(ctx).memory.as_ref().map_or(0, |memory| memory.vm.len);
        Op(cells).result(pages)
    }
}

unsafe extern "C" fn memory_grow(ctx: *mut VmCtx, cells: *mut u32, _: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator of an instance that has a memory.
    unsafe {
        let [delta] = Op(cells).args();
        grow(ctx, cells, instance(ctx).memory, delta, 0)
    }
}

/// # Safety
/// `ctx` is an instance's, which has this array; there is a cell for the result.
unsafe fn grow(ctx: *mut VmCtx, cells: *mut u32, array: *mut Array, delta: u32, value: u32) -> u32 {
    // SAFETY: (R2) (R4) the caller says so.
    unsafe {
        match state(ctx).grow(array, delta, value, Work::of(ctx)) {
            Ok(old) => Op(cells).result(old.unwrap_or(u32::MAX)),
            Err(trap) => trap as u32,
        }
    }
}

unsafe extern "C" fn memory_fill(ctx: *mut VmCtx, cells: *mut u32, _: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator; the bytes written are inside the memory.
    code(unsafe {
        let [to, value, n] = Op(cells).args();
        inside(to, n, (*ctx).memory_len, Trap::MemoryOutOfBounds).and_then(|()| {
            let base = (*ctx).memory_base.add(to as usize);
            bulk(ctx, n as usize, false, &mut |at, n| base.add(at).write_bytes(value as u8, n))
        })
    })
}

unsafe extern "C" fn memory_copy(ctx: *mut VmCtx, cells: *mut u32, _: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator; the bytes read and written are inside the memory.
    code(unsafe {
        let [to, from, n] = Op(cells).args();
        inside(to.max(from), n, (*ctx).memory_len, Trap::MemoryOutOfBounds).and_then(|()| {
            let base = (*ctx).memory_base;
            copy(ctx, base.add(to as usize), base.add(from as usize), n as usize)
        })
    })
}

unsafe extern "C" fn memory_init(ctx: *mut VmCtx, cells: *mut u32, segment: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator.
    code(unsafe { init_memory(ctx, segment, Op(cells).args()) })
}

/// `memory.init`, also of active segments.
///
/// # Safety
/// `ctx` is an instance's that has a memory and this data segment.
unsafe fn init_memory(ctx: *mut VmCtx, segment: u32, [to, from, n]: [u32; 3]) -> Result<(), Trap> {
    // SAFETY: (R2) (R4) the caller says so; the bytes written are inside the memory, those read in the segment.
    unsafe {
        let bytes = instance(ctx).data_bytes(segment);
        inside(from, n, bytes.len(), Trap::MemoryOutOfBounds)?;
        inside(to, n, (*ctx).memory_len, Trap::MemoryOutOfBounds)?;
        copy(ctx, (*ctx).memory_base.add(to as usize), bytes.as_ptr().add(from as usize), n as usize)
    }
}

unsafe extern "C" fn data_drop(ctx: *mut VmCtx, _: *mut u32, segment: u32, _: u32) -> u32 {
    // SAFETY: (R2) a validated operator.
    unsafe { instance(ctx) }.drop_data(segment);
    0
}

unsafe extern "C" fn table_get(ctx: *mut VmCtx, cells: *mut u32, index: u32, _: u32) -> u32 {
    let op = Op(cells);
    // SAFETY: (R2) (R4) a validated operator.
    unsafe {
        let [at] = op.args();
        match table(ctx, index).elements().get(at as usize) {
            Some(&reference) => op.result(reference),
            None => Trap::TableOutOfBounds as u32,
        }
    }
}

unsafe extern "C" fn table_set(ctx: *mut VmCtx, cells: *mut u32, index: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator.
    unsafe {
        let [at, reference] = Op(cells).args();
        match table(ctx, index).elements_mut().get_mut(at as usize) {
            Some(element) => *element = reference,
            None => return Trap::TableOutOfBounds as u32,
        }
    }
    0
}

unsafe extern "C" fn table_size(ctx: *mut VmCtx, cells: *mut u32, index: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator.
    unsafe { Op(cells).result(table(ctx, index).vm.len) }
}

unsafe extern "C" fn table_grow(ctx: *mut VmCtx, cells: *mut u32, index: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator.
    unsafe {
        let [reference, delta] = Op(cells).args();
        grow(ctx, cells, table(ctx, index), delta, reference)
    }
}

unsafe extern "C" fn table_fill(ctx: *mut VmCtx, cells: *mut u32, index: u32, _: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator; the elements written are inside the table.
    code(unsafe {
        let [to, reference, n] = Op(cells).args();
        let table = table(ctx, index);
        inside(to, n, table.vm.len as usize, Trap::TableOutOfBounds).and_then(|()| {
            let work = Work::of(ctx);
            work.charge(n as usize * ELEMENT)?;
            work.fill(table.vm.elements.add(to as usize), n as usize, reference)
        })
    })
}

unsafe extern "C" fn table_copy(ctx: *mut VmCtx, cells: *mut u32, to_table: u32, from_table: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator; the elements read and written are inside the tables.
    code(unsafe {
        let [to, from, n] = Op(cells).args();
        let place = |index: u32| *(*ctx).tables.add(index as usize);
        let (to_table, from_table) = (place(to_table), place(from_table));
        inside(to, n, (*to_table).len as usize, Trap::TableOutOfBounds)
            .and_then(|()| inside(from, n, (*from_table).len as usize, Trap::TableOutOfBounds))
            .and_then(|()| {
                let to = (*to_table).elements.add(to as usize);
                let from = (*from_table).elements.add(from as usize);
                copy(ctx, to.cast(), from.cast(), n as usize * ELEMENT)
            })
    })
}

unsafe extern "C" fn table_init(ctx: *mut VmCtx, cells: *mut u32, index: u32, segment: u32) -> u32 {
    // SAFETY: (R2) (R4) a validated operator.
    code(unsafe { init_table(ctx, index, segment, Op(cells).args()) })
}

/// `table.init`, also of active segments.
///
/// # Safety
/// `ctx` is an instance's that has this table and this element segment, of the same type.
unsafe fn init_table(ctx: *mut VmCtx, index: u32, segment: u32, [to, from, n]: [u32; 3]) -> Result<(), Trap> {
    // SAFETY: (R2) (R4) the caller says so; the elements written are inside the table.
    unsafe {
        let instance = &*instance(ctx);
        let table = table(ctx, index);
        let segment = instance.elements(segment);
        let len = segment.as_ref().map_or(0, |segment| segment.len);
        inside(from, n, len as usize, Trap::TableOutOfBounds)?;
        inside(to, n, table.vm.len as usize, Trap::TableOutOfBounds)?;
        let Some(mut segment) = segment else { return Ok(()) };
        // Elements have different lengths: those before `from` are read too.
        let base = table.vm.elements.wrapping_add(to as usize).wrapping_sub(from as usize);
        let end = if n == 0 { 0 } else { (from + n) as usize * ELEMENT };
        let work = Work::of(ctx);
        work.charge(end)?;
        work.slices(end, READ_SLICE, false, &mut |at, n| {
            for at in at / ELEMENT..(at + n) / ELEMENT {
                let Some(item) = segment.next() else { return };
                if at >= from as usize {
                    base.wrapping_add(at).write(instance.element(&item));
                }
            }
        })
    }
}

unsafe extern "C" fn elem_drop(ctx: *mut VmCtx, _: *mut u32, segment: u32, _: u32) -> u32 {
    // SAFETY: (R2) a validated operator.
    unsafe { instance(ctx) }.drop_elements(segment);
    0
}

unsafe extern "C" fn numeric(_: *mut VmCtx, cells: *mut u32, number: u32, _: u32) -> u32 {
    // SAFETY: (R4) the engine passes as many cells.
    let cells = unsafe { &mut *cells.cast::<[u32; 4]>() };
    match wasmote_core::numeric::apply(number, cells) {
        Ok(value) => {
            cells[0] = value as u32;
            cells[1] = (value >> 32) as u32;
            0
        }
        Err(trap) => trap as u32,
    }
}

impl State {
    /// Carries out the active segments of a new instance of the module, in order, and drops them and the declared ones.
    pub(super) fn run_segments(&mut self, number: u32, module: &Module) -> Result<(), Trap> {
        let Some(ctx) = self.context(number) else { return Ok(()) };
        let parsed = module.parsed();
        for index in 0..parsed.element_count() {
            let Some(segment) = parsed.element(index) else { continue };
            match segment.mode {
                SegmentMode::Passive => continue,
                SegmentMode::Declared => {}
                // SAFETY: (R2) the context of an instance of the store's, and what its validated module names.
                SegmentMode::Active { index: table, offset } => unsafe {
                    let to = instance(ctx).eval(offset) as u32;
                    init_table(ctx, table, index, [to, 0, segment.len])?;
                },
            }
            // SAFETY: (R2) as above.
            unsafe { instance(ctx) }.drop_elements(index);
        }
        for index in 0..parsed.data_count() {
            let Some(segment) = parsed.data(index) else { continue };
            if let SegmentMode::Active { offset, .. } = segment.mode {
                // SAFETY: (R2) as above.
                unsafe {
                    let to = instance(ctx).eval(offset) as u32;
                    init_memory(ctx, index, [to, 0, segment.bytes.len() as u32])?;
                    instance(ctx).drop_data(index);
                }
            }
        }
        Ok(())
    }
}
