//! Host functions: values of any type behind one entry.

use super::call::{Caller, fits};
use super::instance;
use crate::{Error, HostError, Linker};
use core::ffi::c_void;
use core::ptr::{self, NonNull};
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

/// A host function of any type: what the store knows of it, all that there is once for each type.
pub(crate) trait HostFunc: Send + Sync {
    fn func_type(&self) -> FuncType<'_>;
    fn entry(&self) -> Entry;
}

impl<H: HostCall> HostFunc for H {
    fn func_type(&self) -> FuncType<'_> {
        self.ty()
    }

    fn entry(&self) -> Entry {
        host_entry::<H>
    }
}

impl dyn HostFunc {
    /// Moves a host function onto the heap.
    pub fn new<H: HostCall + 'static>(heap: &Heap, func: H) -> Result<Shared<dyn HostFunc>, OutOfMemory> {
        let func: NonNull<H> = Shared::into_raw(Shared::new(heap, func)?);
        // SAFETY: (P5) given up here, for its address.
        Ok(unsafe { Shared::from_raw(func as NonNull<dyn HostFunc>) })
    }

    /// Its record, as the store's host function of this index. What depends on nothing but the function is decided here.
    pub(super) fn record(&self, index: u32) -> FuncRecord {
        let ty = self.func_type();
        let func_ref = |&ty: &u8| ty == ValType::FuncRef as u8;
        let entry = if Feature::ReferenceTypes.compiled() && ty.result_bytes().iter().any(func_ref) {
            checked_entry
        } else {
            self.entry()
        };
        let code = ptr::from_ref(self).cast();
        FuncRecord::new(entry, code, index, ty.param_cells().max(ty.result_cells()))
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
        // Read so that it is not where nobody wants to know.
        let len = (*record).frame_cells.as_ptr().read() as usize;
        debug_assert!(fits(&*(*caller).stack, cells, len), "R4: a host function's cells beyond the frame");
        let slice = core::slice::from_raw_parts_mut(cells, len);
        let mut view = Caller::new(record, cells, caller);
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
        let store = instance::store(caller).cast_const();
        let Some(func) = (*store).host((*record).ty) else { return Trap::Host as u32 };
        let code = func.as_ref().entry()(callee, record, cells, caller);
        let len = (*record).frame_cells.load(Ordering::Relaxed) as usize;
        let cells = core::slice::from_raw_parts(cells, len);
        if code != 0 || (*store).refs_belong(func.as_ref().func_type().result_bytes(), cells) {
            return code;
        }
        failed(&Caller::new(record, cells.as_ptr().cast_mut(), caller), HostError::Trap(Trap::Host))
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
