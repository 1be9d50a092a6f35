//! Host functions: values of any type behind one entry.

use super::call::{Caller, fits, instance};
use super::state::State;
use crate::{Error, HostError, Linker};
use core::alloc::Layout;
use core::ffi::c_void;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use wasmote_core::vm::{Entry, FuncRecord, VmCtx};
use wasmote_core::{Feature, FuncType, Trap, ValType};
use wasmote_platform::{Heap, OutOfMemory, Shared, Vec};

/// A function of the host's in its most general form. Closures with typed arguments are made into one by
/// [`Linker::func`].
pub trait HostCall: Send + Sync {
    /// Its type, always the same.
    fn ty(&self) -> FuncType<'_>;

    /// Calls it. `cells` are the arguments, one 32-bit cell for i32, f32 and references, two for i64 and f64 with
    /// the low half first; the results are put in their place.
    ///
    /// # Errors
    /// Whatever ends the execution of the code that calls.
    fn call(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError>;
}

/// What is known of a type of host functions.
struct Methods {
    ty: unsafe fn(*const ()) -> FuncType<'static>,
    entry: Entry,
    drop: unsafe fn(*mut ()),
    layout: Layout,
}

impl Methods {
    /// Those of `H`. All that there is once for each type of host functions.
    const fn of<H: HostCall + 'static>() -> Methods {
        const { assert!(align_of::<H>() <= 16, "the platform's allocator aligns to at most 16 bytes") };
        Methods {
            // SAFETY: (R5) made from an `H`; the type's bytes live as long as that.
            ty: |func| unsafe { (*func.cast::<H>()).ty() },
            entry: host_entry::<H>,
            // SAFETY: (R5) made from an `H`, which is dropped once.
            drop: |func| unsafe { func.cast::<H>().drop_in_place() },
            layout: Layout::new::<H>(),
        }
    }
}

/// A host function of any type, on the heap.
pub(crate) struct HostFunc {
    func: NonNull<()>,
    methods: &'static Methods,
    heap: Heap,
}

// SAFETY: (R5) it owns a value that is `Send` and `Sync`.
unsafe impl Send for HostFunc {}
// SAFETY: (R5) as above.
unsafe impl Sync for HostFunc {}

impl HostFunc {
    /// Moves a host function onto the heap.
    pub fn new<H: HostCall + 'static>(heap: &Heap, func: H) -> Result<Shared<HostFunc>, OutOfMemory> {
        let mut func = ManuallyDrop::new(func);
        // SAFETY: (R5) the methods are those of its type, and it is not used any more here.
        unsafe { HostFunc::take((&raw mut func).cast(), const { &Methods::of::<H>() }, heap) }
    }

    /// # Safety
    /// `func` has these methods; it is moved away, or dropped if there is no memory.
    unsafe fn take(
        func: *mut (),
        methods: &'static Methods,
        heap: &Heap,
    ) -> Result<Shared<HostFunc>, OutOfMemory> {
        let Ok(block) = heap.allocate(methods.layout) else {
            // SAFETY: (R5) the caller gives it up.
            unsafe { (methods.drop)(func) };
            return Err(OutOfMemory);
        };
        let block = block.cast::<()>();
        // SAFETY: (R5) moved to a fresh block of its layout.
        unsafe {
            block
                .cast::<u8>()
                .copy_from_nonoverlapping(NonNull::new_unchecked(func.cast()), methods.layout.size());
        }
        Shared::new(heap, HostFunc { func: block, methods, heap: heap.clone() })
    }

    /// Its type.
    pub fn ty(&self) -> FuncType<'_> {
        // SAFETY: (R5) its own methods.
        unsafe { (self.methods.ty)(self.func.as_ptr()) }
    }

    /// Its record, as the store's host function of this index. What depends on nothing but the function is decided here.
    pub(super) fn record(&self, index: u32) -> FuncRecord {
        let ty = self.ty();
        let entry = if Feature::ReferenceTypes.compiled() && ty.results().any(|ty| ty == ValType::FuncRef) {
            checked_entry
        } else {
            self.methods.entry
        };
        FuncRecord::new(entry, self.func.as_ptr(), index, ty.param_cells().max(ty.result_cells()))
    }
}

impl Drop for HostFunc {
    fn drop(&mut self) {
        // SAFETY: (R5) made by `take` with this layout; this was the owner.
        unsafe {
            (self.methods.drop)(self.func.as_ptr());
            self.heap.deallocate(self.func.cast(), self.methods.layout);
        }
    }
}

/// `Entry` of host functions of one type: all that is between the code that calls and the function itself.
unsafe extern "C" fn host_entry<H: HostCall>(
    _: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    // SAFETY: (R2) (R4) (R5) the record is that of an `H`, which its store keeps; the cells are there. Nothing of the store is
    // borrowed while it is called: it may call back.
    unsafe {
        let func = &*(*record).code.load(Ordering::Relaxed).cast::<H>();
        let len = (*record).frame_cells.load(Ordering::Relaxed) as usize;
        debug_assert!(fits(&*(*caller).stack, cells, len), "R4: a host function's cells beyond the frame");
        let slice = core::slice::from_raw_parts_mut(cells, len);
        let mut view = Caller::new(caller, cells.add(len));
        match func.call(&mut view, slice) {
            Ok(()) => 0,
            Err(error) => failed(&view, error),
        }
    }
}

/// What a host function has failed with, as engines have it.
#[cold]
#[inline(never)]
fn failed(caller: &Caller<'_>, error: HostError) -> u32 {
    // SAFETY: (R1) the code that called waits.
    let state = unsafe { &mut *caller.state_ptr() };
    if caller.failed() {
        // What it called has, and its frames are the innermost ones of this trap.
        state.trace.resume();
    }
    match error {
        HostError::Trap(trap) if trap != Trap::Host => trap as u32,
        error => {
            state.host_code = if let HostError::Code(code) = error { code } else { 0 };
            Trap::Host as u32
        }
    }
}

/// `Entry` of host functions whose results may hold references to functions: those of another store would lead nowhere.
unsafe extern "C" fn checked_entry(
    callee: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    // SAFETY: (R1) (R2) (R4) (R5) the record is a host function's of the store, which keeps it; the store is borrowed only while
    // that does not run.
    unsafe {
        let store: *const State = instance(caller).store;
        let func: *const HostFunc = (*store).host((*record).ty);
        let code = ((*func).methods.entry)(callee, record, cells, caller);
        let len = (*record).frame_cells.load(Ordering::Relaxed) as usize;
        let cells = core::slice::from_raw_parts(cells, len);
        if code != 0 || (*store).refs_belong((*func).ty().results(), cells) {
            return code;
        }
        failed(&Caller::new(caller, cells.as_ptr().cast_mut()), HostError::Trap(Trap::Host))
    }
}

/// A host function written in C: arguments in and results out in `cells`, `data` as given to
/// [`Linker::func_raw`]. Returns 0, a [`Trap`]'s code, or any other code, which becomes [`Error::Host`].
pub type RawHostFn = unsafe extern "C" fn(caller: *mut Caller<'_>, cells: *mut u32, data: *mut c_void) -> i32;

struct Raw {
    function: RawHostFn,
    data: *mut c_void,
    signature: Vec<u8>,
}

// SAFETY: (R5) who calls `func_raw` promises that function and data may be used from any thread.
unsafe impl Send for Raw {}
// SAFETY: (R5) as above.
unsafe impl Sync for Raw {}

impl HostCall for Raw {
    fn ty(&self) -> FuncType<'_> {
        FuncType::read(&self.signature).unwrap_or_default()
    }

    fn call(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        // SAFETY: (R5) as who calls `func_raw` promises.
        match unsafe { (self.function)(caller, cells.as_mut_ptr(), self.data) } {
            0 => Ok(()),
            code => Err(Trap::from_code(code as u32).map_or(HostError::Code(code), HostError::Trap)),
        }
    }
}

impl<'n> Linker<'n> {
    /// Defines a function written in C. `signature` is its type as in the binary format without the first byte:
    /// number of parameters, their types, number of results, their types (WebAssembly Core, 5.3.6). It is copied.
    ///
    /// # Errors
    /// [`Error::WrongType`] if the signature cannot be read, [`Error::OutOfMemory`].
    ///
    /// # Safety
    /// `function` must follow its signature, and it and `data` must be usable, from any thread, until the linker
    /// and every store with an instance that imports it are dropped.
    pub unsafe fn func_raw(
        &mut self,
        module: &'n str,
        name: &'n str,
        signature: &[u8],
        function: RawHostFn,
        data: *mut c_void,
    ) -> Result<(), Error> {
        FuncType::read(signature).ok_or(Error::WrongType)?;
        let signature = Vec::copy_of(self.heap(), signature)?;
        self.host(module, name, Raw { function, data, signature })
    }
}
