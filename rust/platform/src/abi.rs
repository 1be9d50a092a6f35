//! What a port implements: the C symbols of `include/wasmote/platform.h`, which is made from this file.
//!
//! A missing symbol is a link error. None is called from an interrupt service routine.

use core::ffi::{c_char, c_void};

/// Storage for one mutex of the RTOS, kept inside the runtime's own structures so that a mutex needs no
/// allocation. A port checks at compile time that its mutex fits.
#[repr(C)]
#[derive(Debug)]
pub struct wasmote_platform_mutex_t {
    /// The port's, unspecified.
    pub opaque: [usize; 24],
}

unsafe extern "C" {
    /// Allocates `size` bytes (at least 1) aligned to `align` (a power of two from 1 to 16).
    /// NULL if there is no memory. Safe to call from several threads.
    pub fn wasmote_platform_alloc(size: usize, align: usize) -> *mut c_void;

    /// Grows or shrinks a block to `new_size` bytes (at least 1), moving it if need be.
    /// NULL if there is no memory: the block is then as it was.
    pub fn wasmote_platform_realloc(
        block: *mut c_void,
        old_size: usize,
        new_size: usize,
        align: usize,
    ) -> *mut c_void;

    /// Frees a block; `size` and `align` are those it was allocated with.
    pub fn wasmote_platform_free(block: *mut c_void, size: usize, align: usize);

    /// Makes a mutex in the storage. It need not be recursive and should inherit priority.
    /// false if none can be made.
    pub fn wasmote_platform_mutex_init(mutex: *mut wasmote_platform_mutex_t) -> bool;

    /// Waits for the mutex without limit.
    pub fn wasmote_platform_mutex_lock(mutex: *mut wasmote_platform_mutex_t);

    /// Gives the mutex back, on the thread that took it.
    pub fn wasmote_platform_mutex_unlock(mutex: *mut wasmote_platform_mutex_t);

    /// Ends the mutex, which nobody holds.
    pub fn wasmote_platform_mutex_deinit(mutex: *mut wasmote_platform_mutex_t);

    /// Starts a thread that runs `entry(argument)`, with a native stack of `stack_bytes` bytes and a
    /// priority in the RTOS's own numbers. `name` is NUL terminated and may be NULL.
    /// NULL if the thread cannot be started.
    pub fn wasmote_platform_thread_start(
        name: *const c_char,
        entry: Option<unsafe extern "C" fn(*mut c_void)>,
        argument: *mut c_void,
        stack_bytes: usize,
        priority: i32,
    ) -> *mut c_void;

    /// Waits at most `timeout_ms` milliseconds (`UINT32_MAX`: without limit) for a thread's `entry` to
    /// return, and frees the thread. false if the time ran out: the thread goes on.
    pub fn wasmote_platform_thread_join(thread: *mut c_void, timeout_ms: u32) -> bool;

    /// The memory for compiled code: its first byte, aligned to 8 or more, and in `size` its bytes. It is the caller's until
    /// released. NULL if there is none, or all there is has been claimed: devices have one, hosts one for each claim.
    ///
    /// The three functions for code are needed by `CONFIG_WASMOTE_JIT` only.
    pub fn wasmote_platform_code_claim(size: *mut usize) -> *mut c_void;

    /// Gives claimed memory back, when nothing in it is executed any more.
    pub fn wasmote_platform_code_release(region: *mut c_void);

    /// Copies code into claimed memory. When this returns, every thread may execute it, caches are in step, and, if
    /// the hardware can say so, nobody can write it. Meanwhile other threads execute other code in the region, and
    /// may be writing elsewhere in it.
    pub fn wasmote_platform_code_write(to: *mut c_void, code: *const c_void, size: usize);

    /// Puts the calling thread to sleep for at least this many milliseconds.
    pub fn wasmote_platform_sleep_ms(milliseconds: u32);

    /// Microseconds since the system started; never goes back.
    pub fn wasmote_platform_uptime_us() -> u64;

    /// Writes a line to the system's log. `level`: 1 error, 2 warning, 3 information, 4 debug, 5 trace.
    /// `message` is UTF-8 without a terminating NUL.
    pub fn wasmote_platform_log(level: u32, message: *const c_char, length: usize);

    /// Stops the system or the thread, after a fault in wasmote itself; does not return.
    /// `file` may be NULL and is not NUL terminated.
    pub fn wasmote_platform_panic(file: *const c_char, file_length: usize, line: u32) -> !;
}
