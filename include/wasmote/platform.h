/** @file
 * What a port of wasmote to an RTOS implements: docs/porting.md. A function that is missing is a link error.
 * All may be called from several threads at once; none is called from an interrupt service routine.
 *
 * Made by cbindgen from rust/platform/src/abi.rs; do not edit. */


#ifndef WASMOTE_PLATFORM_H
#define WASMOTE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define WASMOTE_PLATFORM_NORETURN __attribute__((noreturn))
#else
#define WASMOTE_PLATFORM_NORETURN
#endif


/**
 * Storage for one mutex of the RTOS, kept inside the runtime's own structures so that a mutex needs no
 * allocation. A port checks at compile time that its mutex fits.
 */
typedef struct {
    /**
     * The port's, unspecified.
     */
    size_t opaque[24];
} wasmote_platform_mutex_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Allocates `size` bytes (at least 1) aligned to `align` (a power of two from 1 to 16).
 * NULL if there is no memory. Safe to call from several threads.
 */
extern void *wasmote_platform_alloc(size_t size, size_t align);

/**
 * Grows or shrinks a block to `new_size` bytes (at least 1), moving it if need be.
 * NULL if there is no memory: the block is then as it was.
 */
extern void *wasmote_platform_realloc(void *block, size_t old_size, size_t new_size, size_t align);

/**
 * Frees a block; `size` and `align` are those it was allocated with.
 */
extern void wasmote_platform_free(void *block, size_t size, size_t align);

/**
 * Makes a mutex in the storage. It need not be recursive and should inherit priority.
 * false if none can be made.
 */
extern bool wasmote_platform_mutex_init(wasmote_platform_mutex_t *mutex);

/**
 * Waits for the mutex without limit.
 */
extern void wasmote_platform_mutex_lock(wasmote_platform_mutex_t *mutex);

/**
 * Gives the mutex back, on the thread that took it.
 */
extern void wasmote_platform_mutex_unlock(wasmote_platform_mutex_t *mutex);

/**
 * Ends the mutex, which nobody holds.
 */
extern void wasmote_platform_mutex_deinit(wasmote_platform_mutex_t *mutex);

/**
 * Starts a thread that runs `entry(argument)`, with a native stack of `stack_bytes` bytes and a
 * priority in the RTOS's own numbers. `name` is NUL terminated and may be NULL.
 * NULL if the thread cannot be started.
 */
extern void *wasmote_platform_thread_start(const char *name,
                                           void (*entry)(void*),
                                           void *argument,
                                           size_t stack_bytes,
                                           int32_t priority);

/**
 * Waits at most `timeout_ms` milliseconds (`UINT32_MAX`: without limit) for a thread's `entry` to
 * return, and frees the thread. false if the time ran out: the thread goes on.
 */
extern bool wasmote_platform_thread_join(void *thread, uint32_t timeout_ms);

/**
 * The memory for compiled code: its first byte, aligned to 8 or more, and in `size` its bytes. It is the caller's until
 * released. NULL if there is none, or all there is has been claimed: devices have one, hosts one for each claim.
 *
 * The three functions for code are needed by `CONFIG_WASMOTE_JIT` only.
 */
extern void *wasmote_platform_code_claim(size_t *size);

/**
 * Gives claimed memory back, when nothing in it is executed any more.
 */
extern void wasmote_platform_code_release(void *region);

/**
 * Copies code into claimed memory. When this returns, every thread may execute it, caches are in step, and, if
 * the hardware can say so, nobody can write it. Meanwhile other threads execute other code in the region, and
 * may be writing elsewhere in it.
 */
extern void wasmote_platform_code_write(void *to,
                                        const void *code,
                                        size_t size);

/**
 * Puts the calling thread to sleep for at least this many milliseconds.
 */
extern void wasmote_platform_sleep_ms(uint32_t milliseconds);

/**
 * Microseconds since the system started; never goes back.
 */
extern uint64_t wasmote_platform_uptime_us(void);

/**
 * Writes a line to the system's log. `level`: 1 error, 2 warning, 3 information, 4 debug, 5 trace.
 * `message` is UTF-8 without a terminating NUL.
 */
extern void wasmote_platform_log(uint32_t level, const char *message, size_t length);

/**
 * Stops the system or the thread, after a fault in wasmote itself; does not return.
 * `file` may be NULL and is not NUL terminated.
 */
extern void wasmote_platform_panic(const char *file,
                                   size_t file_length,
                                   uint32_t line) WASMOTE_PLATFORM_NORETURN;

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WASMOTE_PLATFORM_H */
