//! Modules.

use crate::handle::{Handle, array, can_put, delete, get, make, put};
use crate::logging::{Level, event};
use crate::message::{Report, run};
use crate::runtime::{Root, RuntimeBody};
use crate::types::wasmote_status::*;
use crate::types::*;
use wasmote::{Engine, Error, Module};
use wasmote_platform::{Heap, Shared};

pub(crate) struct ModuleBody {
    pub module: Module,
    pub root: Shared<Root>,
}

impl Handle for ModuleBody {
    const KIND: u32 = 0x774D_6F64;
    type Opaque = wasmote_module_t;

    fn heap(&self) -> &Heap {
        self.root.engine.heap()
    }
}

/// Validates and compiles a module in the binary format; `*out` is it. The bytes stay the caller's, are read in
/// place, and must stay as they are until the module is deleted: they may lie in flash.
///
/// WASMOTE_ERR_MALFORMED, _INVALID, _UNSUPPORTED or _LIMIT, with `offset` and text in `error`: the module is
/// refused. WASMOTE_ERR_OUT_OF_MEMORY. A module that is refused leaves nothing behind.
///
/// Several threads may load modules at once. It needs 3 to 4 KB of the thread's stack, whatever the module is: see
/// docs/kconfig.md. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_load(
    runtime: *mut wasmote_runtime_t,
    bytes: *const u8,
    size: usize,
    out: *mut *mut wasmote_module_t,
    error: *mut wasmote_error_t,
) -> wasmote_status_t {
    // SAFETY: (C1) (C3) the header demands it; (C9) so the bytes stay.
    unsafe { load(runtime, bytes, size, out, error, |engine, bytes| Module::from_raw(engine, bytes)) }
}

/// As wasmote_module_load(), from a copy of the bytes on the runtime's heap: the bytes are needed only during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_load_copy(
    runtime: *mut wasmote_runtime_t,
    bytes: *const u8,
    size: usize,
    out: *mut *mut wasmote_module_t,
    error: *mut wasmote_error_t,
) -> wasmote_status_t {
    // SAFETY: (C1) (C3) the header demands it.
    unsafe { load(runtime, bytes, size, out, error, Module::from_copy) }
}

/// # Safety
/// (C1) (C3) As the header demands of a load.
unsafe fn load(
    runtime: *mut wasmote_runtime_t,
    bytes: *const u8,
    size: usize,
    out: *mut *mut wasmote_module_t,
    error: *mut wasmote_error_t,
    make_module: impl FnOnce(&Engine, &[u8]) -> Result<Module, Error>,
) -> wasmote_status_t {
    // SAFETY: (C3) the caller says so.
    let report = unsafe { Report::new(error) };
    report.run(|report| {
        can_put(out)?;
        // SAFETY: (C1) (C3) the caller says so.
        let (body, bytes) = unsafe { (get::<RuntimeBody>(runtime)?, array(bytes, size)?) };
        let module = make_module(&body.root.engine, bytes).map_err(|error| {
            event(Level::Warn, |text| {
                text.add("module refused: ").message(error.message());
                text.add(" at byte ").number(error.offset().unwrap_or(0));
            });
            report.fail(&error, None)
        })?;
        event(Level::Info, |text| {
            text.add("module loaded: ")
                .number(size as u32)
                .add(" bytes, ")
                .number(module.code_bytes() as u32);
            text.add(" of code");
        });
        let body = ModuleBody { module, root: body.root.clone() };
        // SAFETY: (C3) the caller says so.
        unsafe { put(out, make(body)?) }
    })
}

/// Deletes a module. WASMOTE_ERR_BUSY while it has instances, or an instance that is linked with one of its.
///
/// No other thread may use the module meanwhile or later. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_delete(module: *mut wasmote_module_t) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let body = unsafe { get::<ModuleBody>(module) }?;
        if body.module.owners() > 1 {
            return Err(WASMOTE_ERR_BUSY.into());
        }
        // SAFETY: (C1) a module, as was checked, and the last who knows it.
        unsafe { delete::<ModuleBody>(module) };
        Ok(())
    })
}
