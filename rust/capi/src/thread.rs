//! Calls in threads of their own.

use crate::call::{Values, call, value_in};
use crate::handle::{Handle, Reserved, array, array_mut, can_put, delete, get, put, take};
use crate::instance::InstanceBody;
use crate::message::{Report, run};
use crate::store::Access;
use crate::types::wasmote_status::*;
use crate::types::*;
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use wasmote::Func;
use wasmote_platform::{Heap, Vec, abi};

/// A call that runs in a thread.
pub(crate) struct ThreadBody {
    /// The platform's.
    thread: Cell<*mut c_void>,
    result_count: usize,
    heap: Heap,
    /// Belongs to the thread until it is joined.
    work: UnsafeCell<Work>,
}

struct Work {
    /// Its store is marked as busy from the start of the thread to the end of its call, and so it stays.
    instance: *const wasmote_instance_t,
    func: Func,
    args: Vec<wasmote_value_t>,
    /// There is room for all of them.
    results: Vec<wasmote_value_t>,
    status: wasmote_status_t,
    error: wasmote_error_t,
}

impl Handle for ThreadBody {
    const KIND: u32 = 0x7754_6872;
    type Opaque = wasmote_thread_t;

    fn heap(&self) -> &Heap {
        &self.heap
    }
}

/// Starts a thread that calls a function of the instance; `*out` must be joined. As wasmote_func_call(), and the
/// arguments are only needed until this returns. The instance is busy until the call has returned;
/// wasmote_instance_interrupt() ends it early.
///
/// WASMOTE_ERR_OUT_OF_MEMORY: also if the platform cannot start a thread. Not in builds without CONFIG_WASMOTE_THREAD.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_thread_start(
    instance: *mut wasmote_instance_t,
    func: wasmote_func_t,
    args: *const wasmote_value_t,
    arg_count: usize,
    config: *const wasmote_thread_config_t,
    out: *mut *mut wasmote_thread_t,
) -> wasmote_status_t {
    run(|| {
        can_put(out)?;
        // SAFETY: (C1) (C3) the header demands it.
        let (_, mut access, args, config) = unsafe {
            (
                get::<InstanceBody>(instance)?,
                Access::new(instance)?,
                array(args, arg_count)?,
                array(config, 1)?,
            )
        };
        let [config] = config else { return Err(WASMOTE_ERR_INVALID_ARGUMENT.into()) };
        if config.stack_bytes == 0 {
            return Err(WASMOTE_ERR_INVALID_ARGUMENT.into());
        }
        let func = access.func(func)?;
        let heap = access.root().engine.heap();
        let ty = func.ty(access.cx())?;
        if !ty.params().map(Some).eq(args.iter().map(|value| value_in(value).map(|value| value.ty()).ok())) {
            return Err(WASMOTE_ERR_TYPE_MISMATCH.into());
        }
        let result_count = ty.results().len();
        let args = Vec::from_iter(heap, args.iter().copied())?;
        let mut results = Vec::new(heap);
        results.resize(result_count, wasmote_value_t { r#type: 0, of: wasmote_value_of_t { i64: 0 } })?;
        let work = UnsafeCell::new(Work {
            instance,
            func,
            args,
            results,
            status: 0,
            error: wasmote_error_t {
                status: 0,
                offset: u32::MAX,
                host_status: 0,
                feature: 0,
                message: [0; WASMOTE_MESSAGE_SIZE],
            },
        });
        let block = Reserved::new(heap)?;
        access.suspend();
        let handle = block.fill(ThreadBody {
            thread: Cell::new(core::ptr::null_mut()),
            result_count,
            heap: heap.clone(),
            work,
        });
        let name = if config.name.is_null() { c"wasmote".as_ptr() } else { config.name };
        // SAFETY: (C8) (C10) the thread gets the handle, which stays until it is joined.
        let thread = unsafe {
            abi::wasmote_platform_thread_start(
                name,
                Some(entry),
                handle.cast(),
                config.stack_bytes,
                config.priority,
            )
        };
        // SAFETY: (C1) (C3) (C10) our own handle; without a thread nobody else knows it, or the mark.
        unsafe {
            if thread.is_null() {
                delete::<ThreadBody>(handle);
                drop(Access::resume(instance));
                return Err(WASMOTE_ERR_OUT_OF_MEMORY.into());
            }
            get::<ThreadBody>(handle)?.thread.set(thread);
            put(out, handle)
        }
    })
}

/// What the thread runs.
unsafe extern "C" fn entry(handle: *mut c_void) {
    // SAFETY: (C1) (C10) the handle that `wasmote_thread_start` gave us, and until it is joined the work is ours.
    let Ok(body) = (unsafe { get::<ThreadBody>(handle.cast()) }) else { return };
    // SAFETY: (C10) as above.
    let Work { instance, func, args, results, status, error } = unsafe { &mut *body.work.get() };
    // SAFETY: (C4) (C10) the mark was given up for us, and so the instance stays.
    let mut access = unsafe { Access::resume(*instance) };
    // SAFETY: (C3) a place of our own.
    let report = unsafe { Report::new(error) };
    *status = report.run(|report| {
        // SAFETY: (C3) there is room.
        unsafe {
            let values = Values { args, results: results.start(), result_count: results.len() };
            call(&mut access, *func, &values, report)
        }
    });
}

/// Waits for the thread, and gives what its call returned: WASMOTE_OK with the results, or how it failed. In both
/// cases the handle is gone after that.
///
/// The handle stays if this fails with WASMOTE_ERR_TIMEOUT: the thread still runs after `timeout_ms` milliseconds
/// (UINT32_MAX: without limit); with WASMOTE_ERR_INVALID_ARGUMENT; and with WASMOTE_ERR_TYPE_MISMATCH: the function has
/// not `result_count` results.
///
/// From one thread; not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_thread_join(
    thread: *mut wasmote_thread_t,
    timeout_ms: u32,
    results: *mut wasmote_value_t,
    result_count: usize,
    error: *mut wasmote_error_t,
) -> wasmote_status_t {
    // SAFETY: (C3) the header demands it.
    let report = unsafe { Report::new(error) };
    report.run(|report| {
        // SAFETY: (C1) (C3) the header demands it.
        let (body, results) = unsafe { (get::<ThreadBody>(thread)?, array_mut(results, result_count)?) };
        if result_count != body.result_count {
            return Err(WASMOTE_ERR_TYPE_MISMATCH.into());
        }
        // SAFETY: (C8) the platform's thread, which is joined once.
        if !unsafe { abi::wasmote_platform_thread_join(body.thread.get(), timeout_ms) } {
            return Err(WASMOTE_ERR_TIMEOUT.into());
        }
        // SAFETY: (C1) (C10) a thread's handle, as was checked, and the thread has ended.
        let work = unsafe { take::<ThreadBody>(thread) }.work.into_inner();
        if work.status != 0 {
            return Err(report.copy(work.error));
        }
        for (to, from) in results.iter_mut().zip(work.results.iter()) {
            *to = *from;
        }
        Ok(())
    })
}
