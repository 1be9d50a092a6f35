//! Runtimes.

use crate::handle::{Handle, can_put, delete, get, make, put};
use crate::message::{Failure, run};
use crate::types::wasmote_status::*;
use crate::types::*;
use core::ptr::NonNull;
use wasmote::{Engine, EngineConfig};
use wasmote_platform::{Heap, Shared};

/// What all that is made with a runtime shares.
pub(crate) struct Root {
    pub engine: Engine,
}

/// The root's owners are counted: the runtime, its modules, and stores.
pub(crate) struct RuntimeBody {
    pub root: Shared<Root>,
}

impl Handle for RuntimeBody {
    const KIND: u32 = 0x7752_746D;
    type Opaque = wasmote_runtime_t;

    fn heap(&self) -> &Heap {
        self.root.engine.heap()
    }
}

/// The version of wasmote: major << 16 | minor << 8 | patch.
#[unsafe(no_mangle)]
pub extern "C" fn wasmote_version() -> u32 {
    const MAJOR: u32 = number(Some(env!("CARGO_PKG_VERSION_MAJOR")), 0);
    const MINOR: u32 = number(Some(env!("CARGO_PKG_VERSION_MINOR")), 0);
    const PATCH: u32 = number(Some(env!("CARGO_PKG_VERSION_PATCH")), 0);
    MAJOR << 16 | MINOR << 8 | PATCH
}

/// A number from the environment of the build.
pub(crate) const fn number(text: Option<&str>, default: u32) -> u32 {
    let Some(text) = text else { return default };
    match u32::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("not a number from 0 to 4294967295"),
    }
}

/// Makes a runtime; `*out` is it. `config` may be NULL for the defaults.
///
/// WASMOTE_ERR_OUT_OF_MEMORY: the pool is too small, or the platform has no memory or mutex.
/// WASMOTE_ERR_UNSUPPORTED: a pool in a build without them.
///
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_runtime_new(
    config: *const wasmote_runtime_config_t,
    out: *mut *mut wasmote_runtime_t,
) -> wasmote_status_t {
    run(|| {
        can_put(out)?;
        // SAFETY: (C3) the header demands it.
        let root = unsafe { root(config.as_ref()) }?;
        let heap = root.engine.heap().clone();
        let body = RuntimeBody { root: Shared::new(&heap, root)? };
        // SAFETY: (C3) the header demands it.
        unsafe { put(out, make(body)?) }
    })
}

/// # Safety
/// (C7) The pool, if there is one, is nobody else's until all that is made with the root is dropped.
unsafe fn root(config: Option<&wasmote_runtime_config_t>) -> Result<Root, Failure> {
    let mut engine_config = EngineConfig::default();
    let (mut pool, mut size) = (None, 0);
    if let Some(config) = config {
        engine_config.fuel &= !config.unmetered;
        engine_config.jit &= !config.interpreted;
        if config.heap_limit != 0 {
            engine_config.heap_limit = config.heap_limit;
        }
        (pool, size) = (NonNull::new(config.pool.cast::<u8>()), config.pool_size);
    }
    let engine = match (pool, size) {
        (None, 0) => Engine::new(engine_config),
        #[cfg(feature = "pool")]
        (Some(pool), size) if size != 0 && size <= isize::MAX as usize => {
            // SAFETY: (C7) the caller says so.
            unsafe { Engine::with_pool(engine_config, NonNull::slice_from_raw_parts(pool, size)) }
        }
        #[cfg(not(feature = "pool"))]
        (Some(_), size) if size != 0 => return Err(WASMOTE_ERR_UNSUPPORTED.into()),
        _ => return Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
    };
    // For want of memory, if it fails.
    let engine = engine.map_err(|_| WASMOTE_ERR_OUT_OF_MEMORY)?;
    Ok(Root { engine })
}

/// Deletes a runtime; its pool is the application's again. WASMOTE_ERR_BUSY while it has modules.
///
/// No other thread may use the runtime meanwhile or later. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_runtime_delete(runtime: *mut wasmote_runtime_t) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let body = unsafe { get::<RuntimeBody>(runtime) }?;
        if Shared::owners(&body.root) > 1 {
            return Err(WASMOTE_ERR_BUSY.into());
        }
        // SAFETY: (C1) a runtime, as was checked, and the last who knows it.
        unsafe { delete::<RuntimeBody>(runtime) };
        Ok(())
    })
}

/// For tests of what happens when memory runs out: the `n`th allocation of the runtime from now fails, 1 being the
/// next one; 0 lets all succeed again. From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_runtime_fail_allocation(
    runtime: *mut wasmote_runtime_t,
    n: u32,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        unsafe { get::<RuntimeBody>(runtime) }?.root.engine.heap().fail_after(n);
        Ok(())
    })
}
