//! Statistics and backtraces.

use crate::handle::{array_mut, get, put};
use crate::message::run;
use crate::module::ModuleBody;
use crate::runtime::RuntimeBody;
use crate::store::Access;
use crate::types::*;
use wasmote::HeapStats;

fn of_heap(heap: HeapStats) -> wasmote_stats_t {
    wasmote_stats_t { heap_used: heap.used, heap_peak: heap.peak, ..Default::default() }
}

/// What the runtime and all that was made with it hold. From any thread; not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_runtime_stats(
    runtime: *const wasmote_runtime_t,
    out: *mut wasmote_stats_t,
) -> wasmote_status_t {
    // SAFETY: (C1) (C3) the header demands it.
    run(|| unsafe { put(out, of_heap(get::<RuntimeBody>(runtime)?.root.engine.stats())) })
}

/// What the module holds. From any thread; not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_stats(
    module: *const wasmote_module_t,
    out: *mut wasmote_stats_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let stats = unsafe { get::<ModuleBody>(module) }?.module.stats();
        let found = wasmote_stats_t {
            code_bytes: stats.code_bytes,
            wasm_code_bytes: stats.wasm_code_bytes as usize,
            ..of_heap(stats.heap)
        };
        // SAFETY: (C3) the header demands it.
        unsafe { put(out, found) }
    })
}

/// What the instance, and all that are linked with it, hold. WASMOTE_ERR_BUSY: it runs, or this is a host function.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_stats(
    instance: *const wasmote_instance_t,
    out: *mut wasmote_stats_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let stats = unsafe { Access::new(instance) }?.store()?.stats();
        let found = wasmote_stats_t {
            code_bytes: stats.code_bytes,
            stack_used_peak: stats.stack_used_peak,
            memory_bytes: stats.memory_bytes,
            ..of_heap(stats.heap)
        };
        // SAFETY: (C3) the header demands it.
        unsafe { put(out, found) }
    })
}

/// Where the last call of the instance trapped: the functions that were running, innermost first, at most `max` of
/// them. Returns how many were written; 0 if the last call did not trap, or if the instance runs. The 16 innermost are
/// known, none in builds without CONFIG_WASMOTE_BACKTRACE. Each is compiled once more to find its offset.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_backtrace(
    instance: *const wasmote_instance_t,
    frames: *mut wasmote_frame_t,
    max: usize,
) -> usize {
    // SAFETY: (C3) the header demands it.
    let Ok(frames) = (unsafe { array_mut(frames, max) }) else { return 0 };
    // SAFETY: (C1) the header demands it.
    let Ok(mut access) = (unsafe { Access::new(instance) }) else { return 0 };
    let Ok(store) = access.store() else { return 0 };
    let known = store.backtrace().frames().iter().filter_map(|frame| store.resolve(frame).ok());
    let mut count = 0;
    for (to, found) in frames.iter_mut().zip(known) {
        *to = wasmote_frame_t {
            func_index: found.func,
            offset: found.offset.unwrap_or(u32::MAX),
            name: found.name.map_or(core::ptr::null(), |name| name.as_ptr().cast()),
            name_length: found.name.map_or(0, str::len),
        };
        count += 1;
    }
    count
}
