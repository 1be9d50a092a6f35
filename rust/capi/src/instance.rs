//! Instances.

use crate::call::{Values, call};
use crate::caller::CallerBlock;
use crate::handle::{self, Handle, Reserved, can_put, delete, get, put};
use crate::link::Imports;
use crate::logging::{Level, event};
use crate::message::{Failure, Report, run};
use crate::module::ModuleBody;
use crate::runtime::number;
use crate::store::{Access, StoreCell};
use crate::types::wasmote_status::*;
use crate::types::*;
use core::cell::UnsafeCell;
use wasmote::{Caller, Error, InterruptHandle, Quotas, Store};
use wasmote_platform::{Heap, Shared};

#[repr(C)]
pub(crate) struct InstanceBody {
    /// In front, as in a [`CallerBlock`].
    pub caller: UnsafeCell<Caller<'static>>,
    pub store: Shared<StoreCell>,
    interrupt: InterruptHandle,
}

impl Handle for InstanceBody {
    const KIND: u32 = 0x7749_6E73;
    type Opaque = wasmote_instance_t;

    fn heap(&self) -> &Heap {
        self.store.root.engine.heap()
    }
}

/// The quotas that were configured when wasmote was built (CONFIG_WASMOTE_DEFAULT_...), with unlimited fuel.
#[unsafe(no_mangle)]
pub extern "C" fn wasmote_quotas_default() -> wasmote_quotas_t {
    DEFAULT
}

const DEFAULT: wasmote_quotas_t = wasmote_quotas_t {
    stack_bytes: number(option_env!("WASMOTE_DEFAULT_STACK_SIZE"), 8192),
    heap_bytes: number(option_env!("WASMOTE_DEFAULT_HEAP_LIMIT"), 65_536),
    memory_bytes: number(option_env!("WASMOTE_DEFAULT_MEMORY_LIMIT"), 131_072),
    table_elements: number(option_env!("WASMOTE_DEFAULT_TABLE_LIMIT"), 1024),
    fuel: u64::MAX,
    call_depth: number(option_env!("WASMOTE_DEFAULT_CALL_DEPTH"), 8),
    trim_memory: false,
    code_bytes: number(option_env!("WASMOTE_INTERP_CODE_BUDGET"), 8192),
};

fn quotas_of(quotas: &wasmote_quotas_t) -> Quotas {
    let code_bytes = if cfg!(feature = "interp-lazy") { quotas.code_bytes } else { 0 };
    let sum = [quotas.heap_bytes, quotas.stack_bytes, quotas.memory_bytes, code_bytes]
        .into_iter()
        .fold(0usize, |sum, bytes| sum.saturating_add(bytes as usize));
    Quotas {
        stack_bytes: quotas.stack_bytes,
        heap_bytes: if quotas.heap_bytes == u32::MAX { usize::MAX } else { sum },
        call_depth: quotas.call_depth,
        memory_bytes: quotas.memory_bytes,
        table_elements: quotas.table_elements,
        fuel: quotas.fuel,
        trim_memory: quotas.trim_memory,
        code_bytes: code_bytes as usize,
    }
}

/// Makes an instance of a module and runs its start function; `*out` is it. `imports` may be NULL if there are none,
/// `quotas` for the defaults.
///
/// An instance that imports from other instances joins them: they use one value stack, count to the heap quota of the
/// first, of which stack, heap and call depth hold for all, and only one thread at a time may use them. Their
/// memory is given back when the last of them is deleted.
///
/// WASMOTE_ERR_UNKNOWN_IMPORT or _INCOMPATIBLE_IMPORT: `error` names the import and tells the expected and the found
/// type. WASMOTE_ERR_QUOTA, _OUT_OF_MEMORY, _LIMIT. WASMOTE_ERR_INVALID_ARGUMENT: also a signature that cannot be read.
/// WASMOTE_ERR_BUSY: an instance that is imported runs. A trap, from a segment that does not fit or the start function.
/// What fails leaves nothing behind; but with imported instances, what was written to their memories and tables
/// stays, and so may memory for what was put there, until they are deleted.
///
/// `*out` is written before the start function runs, so that another thread or an interrupt service routine that sees it
/// there can end a start function that runs too long, with wasmote_instance_interrupt and nothing else. If the start
/// function fails, `*out` becomes NULL again and the handle is gone: whoever interrupts must not be doing so by then.
///
/// Several threads may make instances of one module at once. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_new(
    module: *mut wasmote_module_t,
    imports: *const wasmote_imports_t,
    quotas: *const wasmote_quotas_t,
    out: *mut *mut wasmote_instance_t,
    error: *mut wasmote_error_t,
) -> wasmote_status_t {
    // SAFETY: (C3) the header demands it.
    let report = unsafe { Report::new(error) };
    report.run(|report| {
        can_put(out)?;
        // SAFETY: (C1) (C3) the header demands it.
        let (body, imports) = unsafe { (get::<ModuleBody>(module)?, Imports::new(imports)?) };
        // SAFETY: (C3) the header demands it.
        let quotas = quotas_of(unsafe { quotas.as_ref() }.unwrap_or(&DEFAULT));
        if quotas.fuel != u64::MAX && !body.root.engine.counts_fuel() {
            return Err(WASMOTE_ERR_UNSUPPORTED.into());
        }
        let engine = &body.root.engine;
        let handle = Reserved::new(engine.heap())?;
        // SAFETY: (C1) (C3) the header demands it.
        let store = match unsafe { imports.first_instance(report) }? {
            Some(first) if core::ptr::eq(&*first.store.root, &*body.root) => first.store.clone(),
            Some(_) => return Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
            None => {
                let store = Store::new(engine, quotas).map_err(|_| WASMOTE_ERR_OUT_OF_MEMORY)?;
                Shared::new(engine.heap(), StoreCell::new(store, body.root.clone()))?
            }
        };
        // SAFETY: (C1) (C3) (C6) (C9) the header demands it.
        let (caller, interrupt) = unsafe { instantiate(body, &imports, &store, &quotas, report) }?;
        let handle = handle.fill(InstanceBody { caller: UnsafeCell::new(caller), store, interrupt });
        // SAFETY: (C3) the header demands it.
        unsafe { put(out, handle) }?;
        // SAFETY: (C1) made above.
        let started = unsafe { start(handle, report) };
        if started.is_err() {
            // SAFETY: (C1) (C3) made above; the header demands that nobody uses it.
            unsafe {
                put(out, core::ptr::null_mut())?;
                delete::<InstanceBody>(handle);
            }
        }
        started?;
        event(Level::Info, |text| _ = text.add("instance made"));
        Ok(())
    })
}

/// Runs the start function, if there is one.
///
/// # Safety
/// (C1) As for [`get`].
unsafe fn start(handle: *mut wasmote_instance_t, report: &mut Report<'_>) -> Result<(), Failure> {
    // SAFETY: (C1) the caller says so.
    let mut access = unsafe { Access::new(handle) }?;
    let Some(func) = access.cx().start_func() else { return Ok(()) };
    let nothing = Values { args: &[], results: core::ptr::null_mut(), result_count: 0 };
    // SAFETY: (C3) it has no results.
    unsafe { call(&mut access, func, &nothing, report) }
}

/// # Safety
/// (C1) (C3) (C6) (C9) As the header demands of imports and modules.
unsafe fn instantiate(
    body: &ModuleBody,
    imports: &Imports<'_>,
    cell: &StoreCell,
    quotas: &Quotas,
    report: &mut Report<'_>,
) -> Result<(Caller<'static>, InterruptHandle), Failure> {
    let mut entered = cell.enter()?;
    let store = entered.store();
    // SAFETY: (C1) (C3) (C6) (C9) the caller says so.
    let instance = unsafe { imports.instantiate(store, &body.module, quotas, cell, report) }?;
    let caller = instance.outside(store)?;
    let interrupt = caller.interrupt_handle();
    // SAFETY: (C4) only the lifetime changes: it is used while the store is marked, and the handle keeps that.
    Ok((unsafe { core::mem::transmute::<Caller<'_>, Caller<'static>>(caller) }, interrupt))
}

/// What a call or the start function failed with, and for a trap in which function, which costs the time to compile
/// that function again, and so is only found out if the application gave a `wasmote_error_t`.
pub(crate) fn failed(store: &Store, error: &Error, report: &mut Report<'_>) -> Failure {
    if error.trap().is_none() {
        return report.fail(error, None);
    }
    event(Level::Warn, |text| _ = text.add("trap: ").message(error.message()));
    let frame = store.backtrace().frames().first().filter(|_| report.wanted());
    match frame.map(|frame| store.resolve(frame)) {
        Some(Ok(place)) => report.fail(error, Some(&place)),
        _ => report.fail(error, None),
    }
}

/// Deletes an instance. WASMOTE_ERR_BUSY while it runs. The memory of linked instances is given back with the last
/// of them, and until then their modules cannot be deleted.
///
/// No other thread may use the instance, or interrupt it, meanwhile or later. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_delete(instance: *mut wasmote_instance_t) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        unsafe { Access::new(instance) }?.store()?;
        // SAFETY: (C1) an instance, as was checked, and the last who knows it.
        unsafe { delete::<InstanceBody>(instance) };
        event(Level::Debug, |text| _ = text.add("instance deleted"));
        Ok(())
    })
}

/// Lets what the instance runs, or else its next call, trap with WASMOTE_TRAP_INTERRUPTED, until
/// wasmote_instance_clear_interrupt(). All instances that are linked with it are interrupted too, or whatever it calls
/// there would go on. Code stops within a bounded time, which docs/security.md tells; a host function that blocks is not
/// woken, and code that it calls of instances that are not linked goes on until it returns. From any thread and from an
/// interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_interrupt(instance: *mut wasmote_instance_t) {
    // SAFETY: (C1) the header demands it.
    unsafe { set_interrupt(instance, true) }
}

/// Takes an interruption back, of the instance and all that are linked with it. From any thread and from an interrupt
/// service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_clear_interrupt(instance: *mut wasmote_instance_t) {
    // SAFETY: (C1) the header demands it.
    unsafe { set_interrupt(instance, false) }
}

/// Takes no lock, unless in a host function.
///
/// # Safety
/// (C1) As for [`get`].
#[inline(never)]
unsafe fn set_interrupt(instance: *mut wasmote_instance_t, on: bool) {
    let act = |interrupt: &InterruptHandle| if on { interrupt.interrupt() } else { interrupt.clear() };
    // SAFETY: (C1) the caller says so.
    unsafe {
        if let Ok(body) = get::<InstanceBody>(instance) {
            act(&body.interrupt);
        } else if handle::kind(instance) == Some(CallerBlock::KIND)
            && let Ok(mut access) = Access::new(instance)
        {
            act(&access.cx().interrupt_handle());
        }
    }
}

/// Sets the fuel that the instance has left; UINT64_MAX, as all from 2^64 - 2^32 on, for no end of it.
/// WASMOTE_ERR_UNSUPPORTED: the runtime is unmetered. WASMOTE_ERR_BUSY: it runs. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_set_fuel(
    instance: *mut wasmote_instance_t,
    fuel: u64,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let mut access = unsafe { Access::new(instance) }?;
        if fuel != u64::MAX && !access.root().engine.counts_fuel() {
            return Err(WASMOTE_ERR_UNSUPPORTED.into());
        }
        Ok(access.instance().set_fuel(access.cx(), fuel)?)
    })
}

/// The fuel that the instance has left; UINT64_MAX if there is no end of it. 0 if the handle is not valid or the
/// instance runs. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_fuel(instance: *const wasmote_instance_t) -> u64 {
    // SAFETY: (C1) the header demands it.
    let fuel =
        unsafe { Access::new(instance) }.and_then(|mut access| Ok(access.instance().fuel(access.cx())?));
    fuel.unwrap_or(0)
}
