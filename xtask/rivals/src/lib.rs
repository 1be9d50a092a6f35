//! A runtime behind the C interface of xtask/firmware/engine.h, one a build: the feature says which. No standard library, the
//! heap of xtask/firmware/heap.c, and nothing formatted before the program asks why something failed.
#![no_std]

extern crate alloc;

mod firmware;

#[cfg(feature = "tinywasm")]
#[path = "tinywasm.rs"]
mod engine;
#[cfg(feature = "wasmi")]
#[path = "wasmi.rs"]
mod engine;

use core::ffi::{CStr, c_char};
use core::fmt::Write;
use engine::{Engine, Error};
use firmware::{Text, heap_peak, heap_restart_peak, heap_used, the_one};

/// What the functions below are about.
#[derive(Default)]
struct State {
    engine: Option<Engine>,
    error: Option<Error>,
    why: Text,
}

/// Carries out a step; true if it succeeds.
fn step(step: impl FnOnce(&mut Engine) -> Result<(), Error>) -> bool {
    let state = the_one();
    let Some(engine) = &mut state.engine else { return false };
    state.error = step(engine).err();
    state.error.is_none()
}

#[unsafe(no_mangle)]
extern "C" fn engine_start() -> bool {
    heap_restart_peak();
    the_one().engine = Some(Engine::new());
    true
}

/// # Safety
/// `wasm` is `length` bytes that stay.
#[unsafe(no_mangle)]
unsafe extern "C" fn engine_load(wasm: *const u8, length: usize) -> bool {
    // SAFETY: the caller says so.
    let wasm = unsafe { core::slice::from_raw_parts(wasm, length) };
    step(|engine| engine.load(wasm))
}

/// # Safety
/// `name` ends with a NUL.
#[unsafe(no_mangle)]
unsafe extern "C" fn engine_instantiate(name: *const c_char) -> bool {
    // SAFETY: the caller says so.
    let name = unsafe { CStr::from_ptr(name) };
    step(|engine| engine.instantiate(name.to_str().unwrap_or_default()))
}

/// # Safety
/// `result` can be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn engine_call(argument: i32, result: *mut i32) -> bool {
    step(|engine| {
        let given = engine.call(argument)?;
        // SAFETY: the caller says so.
        unsafe { result.write(given) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn engine_end() {
    the_one().engine = None;
    the_one().error = None;
}

#[unsafe(no_mangle)]
extern "C" fn engine_why() -> *const c_char {
    let State { error, why, .. } = the_one();
    *why = Text::default();
    if let Some(error) = error {
        // What does not fit is left out.
        let _ = write!(why, "{error}");
    }
    why.as_ptr()
}

fn memory_bytes() -> usize {
    the_one().engine.as_ref().map_or(0, Engine::memory_bytes)
}

#[unsafe(no_mangle)]
extern "C" fn engine_heap() -> usize {
    heap_used() - memory_bytes()
}

/// As long as there is no linear memory.
#[unsafe(no_mangle)]
extern "C" fn engine_heap_peak() -> usize {
    heap_peak()
}

#[unsafe(no_mangle)]
extern "C" fn engine_code_bytes() -> usize {
    0
}
