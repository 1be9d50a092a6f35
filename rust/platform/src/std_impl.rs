//! The platform's symbols on hosts, by the standard library.

use crate::abi::wasmote_platform_mutex_t;
use core::ffi::{c_char, c_void};
use std::alloc::Layout;
use std::boxed::Box;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

#[cfg(feature = "jit")]
mod code;

/// SAFETY contract of all functions here: see `include/wasmote/platform.h`; the callers are this crate's.
fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap_or_else(|_| std::process::abort())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_alloc(size: usize, align: usize) -> *mut c_void {
    // SAFETY: (P3) callers never ask for 0 bytes.
    unsafe { std::alloc::alloc(layout(size, align)).cast() }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_realloc(
    block: *mut c_void,
    old_size: usize,
    new_size: usize,
    align: usize,
) -> *mut c_void {
    // SAFETY: (P3) allocated above with this layout.
    unsafe { std::alloc::realloc(block.cast(), layout(old_size, align), new_size).cast() }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_free(block: *mut c_void, size: usize, align: usize) {
    // SAFETY: (P3) allocated above with this layout.
    unsafe { std::alloc::dealloc(block.cast(), layout(size, align)) }
}

/// A lock that is taken and given back by separate calls.
#[derive(Default)]
struct RawLock {
    taken: Mutex<bool>,
    free: Condvar,
}

/// # Safety
/// `mutex` was initialised by `wasmote_platform_mutex_init`.
unsafe fn raw<'a>(mutex: *mut wasmote_platform_mutex_t) -> &'a RawLock {
    // SAFETY: (P1) the first word holds the box's pointer.
    unsafe { &**mutex.cast::<*mut RawLock>() }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_mutex_init(mutex: *mut wasmote_platform_mutex_t) -> bool {
    let lock = Box::into_raw(Box::<RawLock>::default());
    // SAFETY: (P1) the caller's storage.
    unsafe { mutex.cast::<*mut RawLock>().write(lock) };
    true
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_mutex_lock(mutex: *mut wasmote_platform_mutex_t) {
    // SAFETY: (P1) initialised.
    let lock = unsafe { raw(mutex) };
    let mut taken = lock.taken.lock().unwrap_or_else(PoisonError::into_inner);
    while *taken {
        taken = lock.free.wait(taken).unwrap_or_else(PoisonError::into_inner);
    }
    *taken = true;
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_mutex_unlock(mutex: *mut wasmote_platform_mutex_t) {
    // SAFETY: (P1) initialised.
    let lock = unsafe { raw(mutex) };
    *lock.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
    lock.free.notify_one();
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_mutex_deinit(mutex: *mut wasmote_platform_mutex_t) {
    // SAFETY: (P1) made by `init`, and nobody holds it any more.
    drop(unsafe { Box::from_raw(mutex.cast::<*mut RawLock>().read()) });
}

/// Tells the joiner that the thread is done.
#[derive(Default)]
struct Done {
    done: Mutex<bool>,
    changed: Condvar,
}

/// A thread's argument, which the C side promises may cross threads.
struct Argument(*mut c_void);
// SAFETY: (P6) the caller of `thread_start` hands the argument to the thread.
unsafe impl Send for Argument {}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_thread_start(
    name: *const c_char,
    entry: Option<unsafe extern "C" fn(*mut c_void)>,
    argument: *mut c_void,
    stack_bytes: usize,
    _priority: i32,
) -> *mut c_void {
    let Some(entry) = entry else { return core::ptr::null_mut() };
    let mut builder = std::thread::Builder::new().stack_size(stack_bytes.max(64 * 1024));
    if !name.is_null() {
        // SAFETY: (P6) a NUL terminated string, as the header says.
        builder = builder.name(unsafe { core::ffi::CStr::from_ptr(name) }.to_string_lossy().into_owned());
    }
    let done = Arc::new(Done::default());
    let tell = done.clone();
    let argument = Argument(argument);
    let started = builder.spawn(move || {
        let argument = argument;
        // SAFETY: (P6) the caller's entry point with the caller's argument.
        unsafe { entry(argument.0) };
        *tell.done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        tell.changed.notify_all();
    });
    match started {
        Ok(_) => Arc::into_raw(done).cast_mut().cast(),
        Err(_) => core::ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_thread_join(thread: *mut c_void, timeout_ms: u32) -> bool {
    // SAFETY: (P6) made by `thread_start` and not joined yet.
    let state = unsafe { &*thread.cast::<Done>() };
    let end = Instant::now() + Duration::from_millis(timeout_ms.into());
    let mut done = state.done.lock().unwrap_or_else(PoisonError::into_inner);
    while !*done {
        if timeout_ms == u32::MAX {
            done = state.changed.wait(done).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        done = state.changed.wait_timeout(done, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    drop(done);
    // SAFETY: (P6) the joiner's share, given up once.
    drop(unsafe { Arc::from_raw(thread.cast::<Done>()) });
    true
}

#[unsafe(no_mangle)]
extern "C" fn wasmote_platform_sleep_ms(milliseconds: u32) {
    std::thread::sleep(Duration::from_millis(milliseconds.into()));
}

#[unsafe(no_mangle)]
extern "C" fn wasmote_platform_uptime_us() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_log(level: u32, message: *const c_char, length: usize) {
    // SAFETY: (P6) `length` bytes, as the header says.
    let bytes = unsafe { core::slice::from_raw_parts(message.cast::<u8>(), length) };
    let name = ["", "error", "warn", "info", "debug", "trace"].get(level as usize).unwrap_or(&"");
    std::eprintln!("wasmote {name}: {}", std::string::String::from_utf8_lossy(bytes));
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmote_platform_panic(file: *const c_char, file_length: usize, line: u32) -> ! {
    if !file.is_null() {
        // SAFETY: (P6) `file_length` bytes, as the header says.
        let bytes = unsafe { core::slice::from_raw_parts(file.cast::<u8>(), file_length) };
        std::eprintln!("wasmote: panic at {}:{line}", std::string::String::from_utf8_lossy(bytes));
    }
    std::process::abort()
}
