//! Host functions: values of any type behind one entry.

use super::call::{Caller, fits, instance};
use crate::{Error, HostError, Linker};
use core::alloc::Layout;
use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use wasmote_core::vm::{FuncRecord, VmCtx};
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
    call: unsafe fn(*const (), &mut Caller<'_>, &mut [u32]) -> Result<(), HostError>,
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
            // SAFETY: (R5) made from an `H`.
            call: |func, caller, cells| unsafe { (*func.cast::<H>()).call(caller, cells) },
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
    /// Whether its results may hold references to functions, which must be checked.
    returns_funcs: bool,
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
        // SAFETY: (R5) moved to a fresh block of its layout; the bytes of its type live as long as that.
        let returns_funcs = unsafe {
            block
                .cast::<u8>()
                .copy_from_nonoverlapping(NonNull::new_unchecked(func.cast()), methods.layout.size());
            (methods.ty)(block.as_ptr()).results().any(|ty| ty == ValType::FuncRef)
        };
        Shared::new(heap, HostFunc { func: block, methods, heap: heap.clone(), returns_funcs })
    }

    /// Its type.
    pub fn ty(&self) -> FuncType<'_> {
        // SAFETY: (R5) its own methods.
        unsafe { (self.methods.ty)(self.func.as_ptr()) }
    }

    fn call(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        // SAFETY: (R5) its own methods.
        unsafe { (self.methods.call)(self.func.as_ptr(), caller, cells) }
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
        let func = &*(*record).code.load(Ordering::Relaxed).cast::<HostFunc>();
        let stack = (*caller).stack;
        let len = (*record).frame_cells.load(Ordering::Relaxed) as usize;
        if !fits(&*stack, cells, len) {
            return Trap::StackOverflow as u32;
        }
        let free = cells.add(len);
        if free > (*stack).high_water {
            (*stack).high_water = free;
        }
        let store = instance(caller).store;
        let slice = core::slice::from_raw_parts_mut(cells, len);
        let mut called = func.call(&mut Caller { ctx: caller, free, _store: PhantomData }, slice);
        if Feature::ReferenceTypes.compiled() && called.is_ok() && func.returns_funcs {
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
