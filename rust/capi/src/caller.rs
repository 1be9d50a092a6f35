//! Host functions, and what they can do while they run.

use crate::handle;
use crate::message::{Failure, run};
use crate::store::{Access, StoreCell};
use crate::types::wasmote_status::WASMOTE_ERR_INVALID_ARGUMENT;
use crate::types::*;
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use wasmote::{Caller, FuncType, HostCall, HostError, Trap};

/// What a `wasmote_caller_t` leads to, on the stack of the thread that runs the host function. It is a handle of the
/// calling instance as well.
#[repr(C)]
pub(crate) struct CallerBlock {
    /// [`KIND`](CallerBlock::KIND), or [`USED`](CallerBlock::USED) while it is, and so while the host function calls back: code
    /// that runs then has callers of its own.
    pub kind: Cell<u32>,
    pub caller: UnsafeCell<Caller<'static>>,
}

impl CallerBlock {
    pub const KIND: u32 = 0x7743_6C72;
    pub const USED: u32 = CallerBlock::KIND + 1;

    /// # Safety
    /// (C1) A pointer that is not null must be a `wasmote_caller_t` of a host function that is running.
    unsafe fn get<'a>(caller: *const wasmote_caller_t) -> Result<&'a CallerBlock, Failure> {
        // SAFETY: (C1) (C5) the caller says so.
        unsafe {
            match handle::kind(caller) {
                Some(CallerBlock::KIND | CallerBlock::USED) => Ok(&*caller.cast::<CallerBlock>()),
                _ => Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
            }
        }
    }

    /// The calling instance, to be used in the host function.
    ///
    /// # Safety
    /// (C1) As for [`get`](CallerBlock::get).
    unsafe fn access<'a>(caller: *const wasmote_caller_t) -> Result<Access<'a>, Failure> {
        // SAFETY: (C1) the caller says so.
        unsafe {
            CallerBlock::get(caller)?;
            Access::new(caller.cast())
        }
    }

    /// The function that runs.
    pub fn func(&self) -> &LinkedFunc {
        // SAFETY: (C5) nobody changes what the caller knows of it, and it stays as long as the block.
        unsafe { &*(*self.caller.get()).host_function().cast::<LinkedFunc>() }
    }
}

/// A host function as it was linked.
pub(crate) struct LinkedFunc {
    /// The import's type, which the table's agrees with.
    pub ty: FuncType<'static>,
    pub function: unsafe extern "C" fn(*mut wasmote_caller_t, *mut u32, *mut c_void) -> wasmote_status_t,
    pub user_data: *mut c_void,
    pub data: *mut c_void,
    pub cell: *const StoreCell,
}

// SAFETY: (C6) the header demands that functions and user data may be used in any thread that uses the instance.
unsafe impl Send for LinkedFunc {}
// SAFETY: (C6) as above.
unsafe impl Sync for LinkedFunc {}

impl HostCall for LinkedFunc {
    fn ty(&self) -> FuncType<'_> {
        self.ty
    }

    #[inline(always)]
    fn call(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        let mut block = CallerBlock {
            kind: Cell::new(CallerBlock::KIND),
            // SAFETY: (C5) only the lifetime changes: nobody reaches it after this function through a handle that is good.
            caller: UnsafeCell::new(unsafe {
                core::mem::transmute::<Caller<'_>, Caller<'static>>(caller.reborrow())
            }),
        };
        let handle = (&raw mut block).cast::<wasmote_caller_t>();
        // SAFETY: (C6) a function of the application's, with cells for its type.
        let status = unsafe { (self.function)(handle, cells.as_mut_ptr(), self.user_data) };
        // SAFETY: (C5) our own block. Written in any case, so that a handle that was kept is noticed.
        unsafe { handle.cast::<u32>().write_volatile(handle::DELETED) };
        if status == 0 {
            return Ok(());
        }
        *caller = block.caller.into_inner();
        Err(error(status))
    }
}

#[inline(always)]
fn error(status: wasmote_status_t) -> HostError {
    match Trap::from_code(status as u32) {
        Some(trap) if trap != Trap::Host => HostError::Trap(trap),
        _ => HostError::Code(status),
    }
}

/// The calling instance's memory from `address` on, for `size` bytes. NULL if that is not all inside the memory.
/// Valid until the host function returns, calls back, or grows the memory. Only in the host function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_caller_memory(
    caller: *mut wasmote_caller_t,
    address: u32,
    size: usize,
) -> *mut c_void {
    // SAFETY: (C1) the header demands it.
    let Ok(mut access) = (unsafe { CallerBlock::access(caller) }) else { return core::ptr::null_mut() };
    let bytes = u32::try_from(size).ok().and_then(|size| access.cx().bytes(address, size).ok());
    bytes.map_or(core::ptr::null_mut(), |bytes| bytes.as_mut_ptr().cast())
}

/// The calling instance, to call it back or to look into it: with this handle, and only with this one, the functions
/// that take an instance may be used in the host function. Valid until the host function returns; not to be
/// deleted, and not for use by other threads. NULL if `caller` is not valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_caller_instance(caller: *mut wasmote_caller_t) -> *mut wasmote_instance_t {
    // SAFETY: (C1) the header demands it.
    match unsafe { CallerBlock::get(caller) } {
        Ok(_) => caller.cast(),
        Err(_) => core::ptr::null_mut(),
    }
}

/// The member `data` of the imports by which the host function was linked: the application's own data of the
/// instance. NULL if `caller` is not valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_caller_data(caller: *mut wasmote_caller_t) -> *mut c_void {
    // SAFETY: (C1) the header demands it.
    unsafe { CallerBlock::get(caller) }.map_or(core::ptr::null_mut(), |block| block.func().data)
}

/// Takes fuel from the calling instance for work that the host function does for it. WASMOTE_TRAP_OUT_OF_FUEL, to be
/// returned by the host function, if it has less; nothing is taken then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_caller_charge(
    caller: *mut wasmote_caller_t,
    units: u64,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let mut access = unsafe { CallerBlock::access(caller) }?;
        access.cx().charge(units).map_err(|_| wasmote_status::WASMOTE_TRAP_OUT_OF_FUEL.into())
    })
}
