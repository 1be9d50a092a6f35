//! The layout of what engines and the runtime share while code runs.
//!
//! All of it is `repr(C)`: compiled code addresses the fields by offset. Nothing here is ever read or written
//! by this crate; who may do so, and when, is said in `docs/unsafe.md`.

use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize};

/// Bits of a function reference that hold the function's index in its instance's index space.
pub const FUNC_BITS: u32 = 20;

/// The number of the instance that stands for the host: it defines the host's functions and imports none.
pub const HOSTS: u32 = 0;

/// The null reference, of functions and externals.
pub const NULL_REF: u32 = 0;

/// The reference to function `function` of instance number `instance`.
pub const fn func_ref(instance: u32, function: u32) -> u32 {
    (instance + 1) << FUNC_BITS | function
}

/// The instance number and the function index of a reference that is not null.
pub const fn split_func_ref(reference: u32) -> (u32, u32) {
    ((reference >> FUNC_BITS) - 1, reference & ((1 << FUNC_BITS) - 1))
}

/// How every function is called from outside its own engine, whatever it is made of.
///
/// `callee` is the instance that defines the function, `record` its record there, `cells` the place of the
/// arguments on the value stack, where the results are written; `caller` is the instance that calls.
/// Returns 0, a [`Trap`](crate::Trap)'s code, or [`AGAIN`].
pub type Entry = unsafe extern "C" fn(
    callee: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32;

/// What an [`Entry`] returns that has done nothing but to make the function's code: the record says now how to call it.
/// Only if `callee` is `caller`, as calls from one instance to another look the same for all engines.
pub const AGAIN: u32 = 255;

/// A function, of a module or of the host. One for all instances of a module.
///
/// If its code is made when it is first called, `code` changes once, then `frame_cells`, then `entry`, while others may read
/// them; who read the new `entry` finds the others. (Not once if it may be given up again: such a record is one store's.)
#[repr(C)]
#[derive(Debug)]
pub struct FuncRecord {
    /// How to call it: an [`Entry`].
    pub entry: AtomicPtr<()>,
    /// What `entry` runs: the first instruction word, or the host function. Null if there is nothing yet.
    pub code: AtomicPtr<()>,
    /// Cells of its frame: parameters, locals, temporaries, and at least its results. Of a module's function that the interpreter
    /// has no code for, anything with [`NOT_ENCODED`].
    pub frame_cells: AtomicU32,
    /// Canonical type index in its module.
    pub ty: u32,
}

impl FuncRecord {
    /// A function that is called so.
    pub fn new(entry: Entry, code: *const (), ty: u32, frame_cells: u32) -> FuncRecord {
        FuncRecord {
            entry: AtomicPtr::new(entry as *mut ()),
            code: AtomicPtr::new(code.cast_mut()),
            frame_cells: AtomicU32::new(frame_cells),
            ty,
        }
    }
}

/// Among [`FuncRecord::frame_cells`]: more than there are on any stack, which has less than 4 GiB, or 1 where words have 32
/// bits, as every array on the heap (asserted where a store makes its stack). So the interpreter, which asks for room anyway, need not ask whose a function is. Greater than a place in a module.
pub const NOT_ENCODED: u32 = if size_of::<usize>() > 4 { 1 << 30 } else { 1 << 28 };
const _: () = assert!(crate::limits::MAX_MODULE_BYTES <= NOT_ENCODED);
// With a place, and less than nothing left, the bytes must not wrap round to room: half a GiB is more than arguments take.
const _: () =
    assert!((NOT_ENCODED as usize + crate::limits::MAX_MODULE_BYTES as usize) * 4 <= 3 << (usize::BITS - 3));

/// Whether so much fuel is never used up. Native code takes fuel from the lower half, and looks at the upper one only when
/// that borrows; so it is the upper half that says so, and the lower one may be anything then.
pub const fn fuel_is_endless(fuel: u64) -> bool {
    fuel >> 32 == u32::MAX as u64
}

/// Takes fuel; `false` if there is less.
#[inline(always)]
pub const fn take_fuel(fuel: &mut u64, units: u64) -> bool {
    if *fuel < units {
        return false;
    }
    if !fuel_is_endless(*fuel) {
        *fuel -= units;
    }
    true
}

/// What running code knows of its instance.
#[repr(C)]
#[derive(Debug)]
pub struct VmCtx {
    /// First byte of the memory; dangling if there is none.
    pub memory_base: *mut u8,
    /// Bytes of the memory.
    pub memory_len: usize,
    /// Records of the functions that the instance defines; the first has the index `import_funcs`.
    pub funcs: *const FuncRecord,
    /// Not 0: trap with `Interrupted` at the next poll. Written from any thread or interrupt service routine.
    pub interrupt: AtomicU32,
    /// For each imported function the record of the host's function that it is; null if another instance defines it.
    pub hosts: *const *const FuncRecord,
    /// Cells of the globals that the instance defines.
    pub globals: *mut u32,
    /// Fuel left, for [`take_fuel`].
    pub fuel: u64,
    /// This instance's number in its store.
    pub number: u32,
    /// Imported functions, which come first in the index space.
    pub import_funcs: u32,
    /// References to the imported functions, resolved to the instances that define them.
    pub imports: *const u32,
    /// Cells of the imported globals.
    pub imported_globals: *const *mut u32,
    /// The tables, imported ones first.
    pub tables: *const *mut TableVm,
    /// The store's instances by number.
    pub instances: *const *mut VmCtx,
    /// The store's value stack.
    pub stack: *mut StackVm,
    /// The runtime's operators, [`Builtin::COUNT`] of them.
    pub builtins: *const BuiltinFn,
    /// Whether `reference` (not null) names a function of this instance's canonical type `ty`; asked when the
    /// function belongs to another instance.
    pub signature_matches: unsafe extern "C" fn(ctx: *mut VmCtx, ty: u32, reference: u32) -> bool,
    /// The highest address at which a frame of compiled code may begin; 0, so that none may, when the instance is
    /// interrupted: whoever does that writes `interrupt` first. Only compiled code and its entry set it to anything else.
    pub stack_limit: AtomicUsize,
    /// Called by compiled code when a trap leaves it: reports its frames through [`StackVm::record_frame`], from the
    /// innermost to the one whose saved frame is null. `frame` is the first saved register of the innermost one, `code`
    /// the return address of what trapped there.
    pub unwind: unsafe extern "C" fn(ctx: *mut VmCtx, frame: *const usize, code: *const ()),
    /// The context of the store's that was made before this one; null if it is the first.
    pub before: *mut VmCtx,
    /// Where compiled code calls the functions that the instance defines, if they are compiled when they are first called.
    pub compiled: *const AtomicPtr<()>,
}

/// A table while code runs.
#[repr(C)]
#[derive(Debug)]
pub struct TableVm {
    /// The elements: references.
    pub elements: *mut u32,
    /// Their number.
    pub len: u32,
}

/// The value stack of a store: cells grow up from the bottom, the engine's return records grow down from the top.
#[repr(C)]
#[derive(Debug)]
pub struct StackVm {
    /// The lowest cell.
    pub base: *mut u32,
    /// One past the highest cell.
    pub end: *mut u32,
    /// The lowest cell in use by return records. Frames must end at or below it.
    pub control: *mut u32,
    /// The fewest bytes that there have been between a frame's end and `control` when a function was entered, for statistics; at
    /// first more than there can be. Since that many are known to be enough, a call that leaves as many asks no more.
    pub least_room: isize,
    /// Nested calls from the host into code that are running.
    pub native_depth: u32,
    /// The most that are allowed.
    pub max_native_depth: u32,
    /// Called by an engine when a trap leaves it, once for each frame from the innermost outwards:
    /// the instance, and a code position inside the function that ran there. Returns whether it wants more: how long a trap
    /// takes must not depend on how deep the calls are.
    pub record_frame: unsafe extern "C" fn(stack: *mut StackVm, ctx: *mut VmCtx, code: *const ()) -> bool,
}

/// An operator that the runtime carries out for every engine: operands and results are in `cells`, in the order
/// of the operand stack; `immediate` and `second` are the operator's immediates. Returns 0 or a trap's code.
pub type BuiltinFn =
    unsafe extern "C" fn(ctx: *mut VmCtx, cells: *mut u32, immediate: u32, second: u32) -> u32;

/// Operators that the runtime carries out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Builtin {
    /// `memory.size`: `[] -> [pages]`.
    MemorySize,
    /// `memory.grow`: `[delta] -> [old or -1]`.
    MemoryGrow,
    /// `memory.fill`: `[to value n]`.
    MemoryFill,
    /// `memory.copy`: `[to from n]`.
    MemoryCopy,
    /// `memory.init`: `[to from n]`, data segment.
    MemoryInit,
    /// `data.drop`: data segment.
    DataDrop,
    /// `table.get`: `[index] -> [reference]`, table.
    TableGet,
    /// `table.set`: `[index reference]`, table.
    TableSet,
    /// `table.size`: `[] -> [elements]`, table.
    TableSize,
    /// `table.grow`: `[reference delta] -> [old or -1]`, table.
    TableGrow,
    /// `table.fill`: `[to reference n]`, table.
    TableFill,
    /// `table.copy`: `[to from n]`, table to, table from.
    TableCopy,
    /// `table.init`: `[to from n]`, table, element segment.
    TableInit,
    /// `elem.drop`: element segment.
    ElemDrop,
    /// An operator on numbers that compiled code has no instructions for, [`numeric::apply`](crate::numeric::apply):
    /// its number. Four cells are its own, whatever it takes.
    Numeric,
}

impl Builtin {
    /// How many there are.
    pub const COUNT: usize = Builtin::Numeric as usize + 1;
}
