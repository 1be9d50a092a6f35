//! Host functions: values of any type behind one entry.

use super::call::{Caller, fits, instance};
use crate::{Error, HostError, Linker};
use allocator_api2::alloc::{Allocator, Layout};
use core::ffi::c_void;
use core::marker::PhantomData;
use core::ptr::NonNull;
use wasmote_core::vm::{FuncRecord, VmCtx};
use wasmote_core::{FuncType, Trap, ValType};
use wasmote_platform::{Heap, OutOfMemory, Vec};

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

/// A host function on the heap.
pub(crate) struct HostFunc {
    func: NonNull<dyn HostCall>,
    heap: Heap,
    /// Whether its results may hold references to functions, which must be checked.
    returns_funcs: bool,
}

// SAFETY: (R5) it owns a value that is `Send` and `Sync`.
unsafe impl Send for HostFunc {}
// SAFETY: (R5) as above.
unsafe impl Sync for HostFunc {}

impl HostFunc {
    /// Moves a host function onto the heap.
    pub fn new<H: HostCall + 'static>(heap: &Heap, func: H) -> Result<HostFunc, OutOfMemory> {
        const { assert!(align_of::<H>() <= 16, "the platform's allocator aligns to at most 16 bytes") };
        let returns_funcs = func.ty().results().any(|ty| ty == ValType::FuncRef);
        let block = heap.allocate(Layout::new::<H>()).map_err(|_| OutOfMemory)?.cast::<H>();
        // SAFETY: (R5) a fresh block of the right layout.
        unsafe { block.write(func) };
        Ok(HostFunc { func: block, heap: heap.clone(), returns_funcs })
    }

    fn get(&self) -> &dyn HostCall {
        // SAFETY: (R5) it lives as long as this.
        unsafe { self.func.as_ref() }
    }

    /// Its type.
    pub fn ty(&self) -> FuncType<'_> {
        self.get().ty()
    }
}

impl Drop for HostFunc {
    fn drop(&mut self) {
        let layout = Layout::for_value(self.get());
        // SAFETY: (R5) made by `new` with this layout; this was the owner.
        unsafe {
            self.func.drop_in_place();
            self.heap.deallocate(self.func.cast(), layout);
        }
    }
}

/// `Entry` of host functions.
pub(super) unsafe extern "C" fn host_entry(
    _: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    // SAFETY: (R2) (R4) (R5) the record is a host function's, whose store keeps it; the cells are free for its
    // frame if there is room. Nothing of the store is borrowed while it is called: it may call back.
    unsafe {
        let func = &*(*record).code.cast::<HostFunc>();
        let stack = (*caller).stack;
        let len = (*record).frame_cells as usize;
        if !fits(&*stack, cells, len) {
            return Trap::StackOverflow as u32;
        }
        let free = cells.add(len);
        if free > (*stack).high_water {
            (*stack).high_water = free;
        }
        let store = instance(caller).store;
        let slice = core::slice::from_raw_parts_mut(cells, len);
        let mut called = func.get().call(&mut Caller { ctx: caller, free, _store: PhantomData }, slice);
        if called.is_ok() && func.returns_funcs {
            let slice = core::slice::from_raw_parts(cells, len);
            if !(*store).refs_belong(func.ty().results(), slice) {
                called = Err(HostError::Trap(Trap::Host));
            }
        }
        match called {
            Ok(()) => {
                // Frames of a trap that it caught do not belong to the next one.
                (*store).trace.clear();
                0
            }
            Err(HostError::Trap(trap)) if trap != Trap::Host => trap as u32,
            Err(error) => {
                (*store).host_code = if let HostError::Code(code) = error { code } else { 0 };
                Trap::Host as u32
            }
        }
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
