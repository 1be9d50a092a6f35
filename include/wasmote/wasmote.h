/** @file
 * wasmote: WebAssembly for microcontrollers. The C API.
 *
 * A runtime gives memory; modules are loaded into it; instances are made of modules; functions of instances are called.
 *
 * Handles are checked: NULL, a handle of another kind, and, where it can be noticed, a deleted one is
 * WASMOTE_ERR_INVALID_ARGUMENT. Other pointers must be good: strings are NUL terminated, arrays have the length that is
 * given with them, and `out` parameters point to a place for the result, which is written on success only.
 *
 * Unless something else is said, a function may be called from any thread, but an instance, and all that are linked with
 * it, is used by one thread at a time; what breaks this is WASMOTE_ERR_BUSY where it is noticed. Only
 * wasmote_instance_interrupt(), wasmote_instance_clear_interrupt(), wasmote_status_str() and wasmote_version() may be
 * called from an interrupt service routine.
 *
 * Made by cbindgen from rust/capi; do not edit. */


#ifndef WASMOTE_H
#define WASMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** The i64 in two cells of a host function. */
static inline int64_t wasmote_cell_i64(const uint32_t *cells)
{
    return (int64_t)((uint64_t)cells[1] << 32 | cells[0]);
}

/** The f32 in a cell of a host function. */
static inline float wasmote_cell_f32(const uint32_t *cells)
{
    float value;
    memcpy(&value, cells, sizeof(value));
    return value;
}

/** The f64 in two cells of a host function. */
static inline double wasmote_cell_f64(const uint32_t *cells)
{
    uint64_t bits = (uint64_t)cells[1] << 32 | cells[0];
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/** Puts an i64 into two cells of a host function. */
static inline void wasmote_set_cell_i64(uint32_t *cells, int64_t value)
{
    cells[0] = (uint32_t)((uint64_t)value & 0xFFFFFFFFU);
    cells[1] = (uint32_t)((uint64_t)value >> 32);
}

/** Puts an f32 into a cell of a host function. */
static inline void wasmote_set_cell_f32(uint32_t *cells, float value)
{
    memcpy(cells, &value, sizeof(value));
}

/** Puts an f64 into two cells of a host function. */
static inline void wasmote_set_cell_f64(uint32_t *cells, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    cells[0] = (uint32_t)(bits & 0xFFFFFFFFU);
    cells[1] = (uint32_t)(bits >> 32);
}


/**
 * Bytes of `wasmote_error_t`'s message, with the terminating NUL.
 */
#define WASMOTE_MESSAGE_SIZE 112

/**
 * Bytes of `wasmote_extern_t`'s signature, with the terminating NUL.
 */
#define WASMOTE_SIGNATURE_SIZE 40

/**
 * The values of `wasmote_status_t`. Further ones may be added.
 */
enum wasmote_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Success.
     */
    WASMOTE_OK = 0,
    /**
     * A NULL, wrong or deleted handle, or an argument that is never right.
     */
    WASMOTE_ERR_INVALID_ARGUMENT = 1,
    /**
     * The runtime's heap, or the instance's share of it, is used up.
     */
    WASMOTE_ERR_OUT_OF_MEMORY = 2,
    /**
     * A quota does not allow it.
     */
    WASMOTE_ERR_QUOTA = 3,
    /**
     * The bytes are no WebAssembly module.
     */
    WASMOTE_ERR_MALFORMED = 4,
    /**
     * The module is not valid.
     */
    WASMOTE_ERR_INVALID = 5,
    /**
     * Needs something that this build does not have.
     */
    WASMOTE_ERR_UNSUPPORTED = 6,
    /**
     * A limit of the implementation.
     */
    WASMOTE_ERR_LIMIT = 7,
    /**
     * The module imports something that is not given.
     */
    WASMOTE_ERR_UNKNOWN_IMPORT = 8,
    /**
     * The module imports something that is given with another type.
     */
    WASMOTE_ERR_INCOMPATIBLE_IMPORT = 9,
    /**
     * There is nothing of this name and kind.
     */
    WASMOTE_ERR_NOT_FOUND = 10,
    /**
     * Values, or their number, are not what the type says; or the global is immutable.
     */
    WASMOTE_ERR_TYPE_MISMATCH = 11,
    /**
     * Beyond the end of the memory or the table, or it cannot grow so much.
     */
    WASMOTE_ERR_OUT_OF_BOUNDS = 12,
    /**
     * In use: it runs, or something made from it is still there.
     */
    WASMOTE_ERR_BUSY = 13,
    /**
     * The time ran out.
     */
    WASMOTE_ERR_TIMEOUT = 14,
    /**
     * For host functions that have nothing better to say.
     */
    WASMOTE_ERR_HOST = 15,
    /**
     * Trap: `unreachable` was executed.
     */
    WASMOTE_TRAP_UNREACHABLE = 64,
    /**
     * Trap: an access beyond the memory or a data segment.
     */
    WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS = 65,
    /**
     * Trap: an access beyond a table or an element segment.
     */
    WASMOTE_TRAP_TABLE_OUT_OF_BOUNDS = 66,
    /**
     * Trap: an indirect call of a null reference.
     */
    WASMOTE_TRAP_INDIRECT_CALL_TO_NULL = 67,
    /**
     * Trap: an indirect call of a function of another type.
     */
    WASMOTE_TRAP_BAD_SIGNATURE = 68,
    /**
     * Trap: the result of a division or conversion cannot be represented.
     */
    WASMOTE_TRAP_INTEGER_OVERFLOW = 69,
    /**
     * Trap: an integer division by zero.
     */
    WASMOTE_TRAP_INTEGER_DIVISION_BY_ZERO = 70,
    /**
     * Trap: a conversion of NaN to an integer.
     */
    WASMOTE_TRAP_BAD_CONVERSION_TO_INTEGER = 71,
    /**
     * Trap: the value stack or the call depth is used up.
     */
    WASMOTE_TRAP_STACK_OVERFLOW = 72,
    /**
     * Trap: the instance's fuel is used up.
     */
    WASMOTE_TRAP_OUT_OF_FUEL = 73,
    /**
     * Trap: wasmote_instance_interrupt().
     */
    WASMOTE_TRAP_INTERRUPTED = 74,
    /**
     * Trap: a host function returned a status that is no trap; see `host_status` of `wasmote_error_t`.
     */
    WASMOTE_TRAP_HOST = 75,
    /**
     * Trap: a function was to be compiled or encoded when it was first called (CONFIG_WASMOTE_JIT_LAZY, CONFIG_WASMOTE_INTERP_LAZY),
     * and cannot be: the heap is used up, or, without the interpreter, the memory for code, or the function is too large. A later call may find memory.
     */
    WASMOTE_TRAP_NOT_COMPILED = 76,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum wasmote_status wasmote_status;
#else
typedef int32_t wasmote_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The values of `wasmote_feature_t`: proposals that this build does not have. Further ones may be added.
 */
enum wasmote_feature
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * None.
     */
    WASMOTE_FEATURE_NONE = 0,
    /**
     * f32 and f64 and their operators.
     */
    WASMOTE_FEATURE_FLOAT = 1,
    /**
     * `i32.extend8_s` and its kin.
     */
    WASMOTE_FEATURE_SIGN_EXTENSION = 2,
    /**
     * `i32.trunc_sat_f32_s` and its kin.
     */
    WASMOTE_FEATURE_SATURATING_FLOAT = 3,
    /**
     * Several results, and block parameters.
     */
    WASMOTE_FEATURE_MULTI_VALUE = 4,
    /**
     * `memory.copy`, `memory.fill`, `memory.init`, `data.drop`, `table.copy`, `table.init`, `elem.drop`.
     */
    WASMOTE_FEATURE_BULK_MEMORY = 5,
    /**
     * `externref`, `funcref` as values, several tables, the table instructions.
     */
    WASMOTE_FEATURE_REFERENCE_TYPES = 6,
    /**
     * Integer arithmetic in constant expressions.
     */
    WASMOTE_FEATURE_EXTENDED_CONST = 7,
    /**
     * `return_call`, `return_call_indirect`.
     */
    WASMOTE_FEATURE_TAIL_CALL = 8,
    /**
     * Memories with a page size of one byte.
     */
    WASMOTE_FEATURE_CUSTOM_PAGE_SIZES = 9,
    /**
     * v128.
     */
    WASMOTE_FEATURE_SIMD = 10,
    /**
     * Shared memories and atomics.
     */
    WASMOTE_FEATURE_THREADS = 11,
    /**
     * Struct and array types, typed function references.
     */
    WASMOTE_FEATURE_GC = 12,
    /**
     * Tags, `try_table`, `throw`.
     */
    WASMOTE_FEATURE_EXCEPTIONS = 13,
    /**
     * 64-bit memories and tables.
     */
    WASMOTE_FEATURE_MEMORY64 = 14,
    /**
     * More than one memory.
     */
    WASMOTE_FEATURE_MULTI_MEMORY = 15,
    /**
     * The component model.
     */
    WASMOTE_FEATURE_COMPONENTS = 16,
    /**
     * 128-bit integer arithmetic.
     */
    WASMOTE_FEATURE_WIDE_ARITHMETIC = 17,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum wasmote_feature wasmote_feature;
#else
typedef uint32_t wasmote_feature;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The values of `wasmote_type_t`, as in the binary format.
 */
enum wasmote_type
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A 32-bit integer.
     */
    WASMOTE_I32 = 127,
    /**
     * A 64-bit integer.
     */
    WASMOTE_I64 = 126,
    /**
     * A 32-bit float.
     */
    WASMOTE_F32 = 125,
    /**
     * A 64-bit float.
     */
    WASMOTE_F64 = 124,
    /**
     * A reference to a function, or null.
     */
    WASMOTE_FUNCREF = 112,
    /**
     * A reference to something of the application's, or null.
     */
    WASMOTE_EXTERNREF = 111,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum wasmote_type wasmote_type;
#else
typedef uint32_t wasmote_type;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The values of `wasmote_kind_t`, as in the binary format.
 */
enum wasmote_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A function.
     */
    WASMOTE_FUNC = 0,
    /**
     * A table.
     */
    WASMOTE_TABLE = 1,
    /**
     * A memory.
     */
    WASMOTE_MEMORY = 2,
    /**
     * A global.
     */
    WASMOTE_GLOBAL = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum wasmote_kind wasmote_kind;
#else
typedef uint32_t wasmote_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The call of a host function, as long as it lasts.
 */
typedef struct wasmote_caller_t wasmote_caller_t;

/**
 * An instance of a module. Used by one thread at a time.
 */
typedef struct wasmote_instance_t wasmote_instance_t;

/**
 * A module: validated and compiled. May be instantiated by several threads at once.
 */
typedef struct wasmote_module_t wasmote_module_t;

/**
 * A runtime: where modules and instances get their memory. May be used by several threads at once.
 */
typedef struct wasmote_runtime_t wasmote_runtime_t;

/**
 * A call that runs in a thread of its own.
 */
typedef struct wasmote_thread_t wasmote_thread_t;

/**
 * How a function ended: an `enum wasmote_status`, or, from a host function, any number of the application's.
 */
typedef int32_t wasmote_status_t;

/**
 * How wasmote_runtime_new() makes a runtime. All zero is a good beginning.
 */
typedef struct {
    /**
     * Memory that the runtime uses and nobody else does until it is deleted; NULL for the platform's allocator.
     */
    void *pool;
    /**
     * Bytes of the pool; 0 without one.
     */
    size_t pool_size;
    /**
     * The most bytes that the runtime may hold, modules and instances included; 0 for no limit.
     */
    size_t heap_limit;
    /**
     * Code does not count fuel: it is faster, and instances cannot have a quota of it.
     */
    bool unmetered;
    /**
     * Nothing is compiled to native code: with CONFIG_WASMOTE_JIT beside the interpreter, whose memory for code is left to
     * another runtime then. One runtime at a time has it.
     */
    bool interpreted;
} wasmote_runtime_config_t;

/**
 * A feature of WebAssembly: an `enum wasmote_feature`.
 */
typedef uint32_t wasmote_feature_t;

/**
 * What went wrong, and where. Functions that take one fill it when they fail, and leave it alone when they
 * succeed; NULL may be given instead.
 */
typedef struct {
    /**
     * What the function returned.
     */
    wasmote_status_t status;
    /**
     * Byte offset in the module of what the error is about: of the item that is wrong, or of the operator that
     * trapped. UINT32_MAX if there is none.
     */
    uint32_t offset;
    /**
     * With WASMOTE_TRAP_HOST what the host function returned, otherwise 0.
     */
    int32_t host_status;
    /**
     * With WASMOTE_ERR_UNSUPPORTED of a module the feature that it needs, otherwise WASMOTE_FEATURE_NONE.
     */
    wasmote_feature_t feature;
    /**
     * A text, NUL terminated, cut off if it is too long. Empty in builds without CONFIG_WASMOTE_MESSAGES.
     */
    char message[WASMOTE_MESSAGE_SIZE];
} wasmote_error_t;

/**
 * The kind of an import or export: an `enum wasmote_kind`.
 */
typedef uint32_t wasmote_kind_t;

/**
 * The type of a value: an `enum wasmote_type`.
 */
typedef uint32_t wasmote_type_t;

/**
 * An import or an export of a module. Names lie inside the module's bytes and are not NUL terminated.
 */
typedef struct {
    /**
     * Of an import, the name of the module that it comes from; NULL of an export.
     */
    const char *module;
    /**
     * Bytes of `module`.
     */
    size_t module_length;
    /**
     * The name.
     */
    const char *name;
    /**
     * Bytes of `name`.
     */
    size_t name_length;
    /**
     * What it is, an `enum wasmote_kind`.
     */
    wasmote_kind_t kind;
    /**
     * Of a global its type, of a table its elements' type; otherwise 0.
     */
    wasmote_type_t type;
    /**
     * Of a global, whether it can be set.
     */
    bool is_mutable;
    /**
     * Of a memory its size in pages, of a table in elements; otherwise 0.
     */
    uint32_t min;
    /**
     * The size that a memory or table may grow to; UINT32_MAX if that is not limited.
     */
    uint32_t max;
    /**
     * Of a memory, bytes of a page: 65536 or 1; otherwise 0.
     */
    uint32_t page_bytes;
    /**
     * Of a function its type as in `wasmote_host_func_t`, NUL terminated, cut off if it is too long; otherwise empty.
     */
    char signature[WASMOTE_SIGNATURE_SIZE];
} wasmote_extern_t;

/**
 * What an instance may use. Begin with wasmote_quotas_default().
 */
typedef struct {
    /**
     * Bytes of value stack, allocated with the instance. At least 64, and less than 1 GiB where words have 32 bits.
     */
    uint32_t stack_bytes;
    /**
     * The most bytes of the runtime's heap that the instance may hold beside value stack and memory: tables,
     * globals, bookkeeping. UINT32_MAX for no limit.
     */
    uint32_t heap_bytes;
    /**
     * The most bytes that the instance's memory may have.
     */
    uint32_t memory_bytes;
    /**
     * The most elements that the instance's tables may have together.
     */
    uint32_t table_elements;
    /**
     * The fuel that the instance begins with, one unit an operator; UINT64_MAX, as all from 2^64 - 2^32 on, for no end of
     * it. Anything else is WASMOTE_ERR_UNSUPPORTED in an unmetered runtime and in builds without
     * CONFIG_WASMOTE_FUEL.
     */
    uint64_t fuel;
    /**
     * Calls into the instance that may be nested in each other by host functions that call back; with
     * CONFIG_WASMOTE_JIT also by calls from one linked instance to another. Each takes some hundred bytes of the
     * thread's own stack.
     */
    uint32_t call_depth;
    /**
     * Gives the memory of a module that cannot grow it, and exports an immutable global `__heap_base`, only the bytes
     * below that address. For modules without a heap of their own.
     */
    bool trim_memory;
    /**
     * The most bytes of code that the instance holds with CONFIG_WASMOTE_INTERP_LAZY: functions that do not run are given up
     * for one that is called, and encoded again when they are called again. Functions that run stay: what they take beyond
     * this counts to `heap_bytes`. 0 keeps nothing but what runs. Not looked at in builds without that option.
     */
    uint32_t code_bytes;
} wasmote_quotas_t;

/**
 * A function of the application that modules can import.
 *
 * `cells` are the arguments in, and the results out from the same beginning: 32-bit cells, one for i32, f32, funcref
 * and externref, two with the low half first for i64 and f64 (wasmote_cell_i64() and its sisters help).
 * `user_data` is the table's. It runs in the thread that called the instance, and may block, and call
 * back (wasmote_caller_instance()).
 *
 * Returns WASMOTE_OK, or how the calling code ends: a trap ends it with this trap, any other status, or number of the
 * application's, with WASMOTE_TRAP_HOST, and `host_status` of `wasmote_error_t` is that number.
 */
typedef wasmote_status_t (*wasmote_host_fn_t)(wasmote_caller_t *caller, uint32_t *cells, void *user_data);

/**
 * A line in a table of host functions.
 */
typedef struct {
    /**
     * The module's name in the import, such as "env". NUL terminated, UTF-8, as `name`.
     */
    const char *module;
    /**
     * The function's name in the import.
     */
    const char *name;
    /**
     * Its type: parameters in parentheses, then results, a letter each: i i32, I i64, f f32, F f64, r funcref,
     * e externref. "(iI)f" takes an i32 and an i64 and gives an f32; "()" takes and gives nothing.
     */
    const char *signature;
    /**
     * The function.
     */
    wasmote_host_fn_t function;
    /**
     * Passed to the function.
     */
    void *user_data;
} wasmote_host_func_t;

/**
 * An instance whose exports another one imports.
 */
typedef struct {
    /**
     * The module's name in the imports. NUL terminated, UTF-8.
     */
    const char *module;
    /**
     * The instance.
     */
    wasmote_instance_t *instance;
} wasmote_import_instance_t;

/**
 * What an instance may import. A line of a table hides earlier ones of the same names, and functions hide what
 * instances export.
 */
typedef struct {
    /**
     * Host functions, `function_count` of them; NULL if there are none. The table and its strings are only read
     * during wasmote_instance_new(). Functions and user data must last until the instance, and all that are linked with
     * it, are deleted: those may call on into it. With instances linked, also if wasmote_instance_new() fails.
     */
    const wasmote_host_func_t *functions;
    /**
     * Number of host functions.
     */
    size_t function_count;
    /**
     * Instances, `instance_count` of them; NULL if there are none. They must be of the same runtime, and linked with
     * each other if there are several.
     */
    const wasmote_import_instance_t *instances;
    /**
     * Number of instances.
     */
    size_t instance_count;
    /**
     * What wasmote_caller_data() gives in host functions that are linked by this table. It must last as long as they.
     */
    void *data;
} wasmote_imports_t;

/**
 * A function of an instance. A plain value: nothing needs to be given back, and it is good until the instance, and
 * all that are linked with it, are deleted.
 */
typedef struct {
    /**
     * Whose function it is; opaque.
     */
    size_t owner;
    /**
     * As in the member `ref` of a WASMOTE_FUNCREF.
     */
    uint32_t handle;
} wasmote_func_t;

/**
 * The bits of a value; which member counts is said by its type.
 */
typedef union {
    /**
     * Of WASMOTE_I32.
     */
    int32_t i32;
    /**
     * Of WASMOTE_I64.
     */
    int64_t i64;
    /**
     * Of WASMOTE_F32.
     */
    float f32;
    /**
     * Of WASMOTE_F64.
     */
    double f64;
    /**
     * Of WASMOTE_FUNCREF and WASMOTE_EXTERNREF; 0 is null. Function references are opaque
     * (wasmote_func_from_ref()), others are numbers of the application's choice.
     */
    uint32_t ref;
} wasmote_value_of_t;

/**
 * A value with its type.
 */
typedef struct {
    /**
     * Its type, an `enum wasmote_type`.
     */
    wasmote_type_t type;
    /**
     * Its bits.
     */
    wasmote_value_of_t of;
} wasmote_value_t;

/**
 * What a runtime, a module or an instance holds, in bytes.
 */
typedef struct {
    /**
     * Heap in use. A runtime's includes all its modules and instances.
     */
    size_t heap_used;
    /**
     * The most heap that was in use at a time.
     */
    size_t heap_peak;
    /**
     * Of a module: its compiled code, a part of the heap. With CONFIG_WASMOTE_INTERP_LAZY, of an instance, and those that are
     * linked with it.
     */
    size_t code_bytes;
    /**
     * Of a module: its code section.
     */
    size_t wasm_code_bytes;
    /**
     * Of an instance: the most value stack that was in use. The stack is a part of the heap.
     */
    size_t stack_used_peak;
    /**
     * Of an instance: its memory, a part of the heap; and those of all that are linked with it.
     */
    size_t memory_bytes;
} wasmote_stats_t;

/**
 * A function that was running when a trap happened.
 */
typedef struct {
    /**
     * Its index in its module.
     */
    uint32_t func_index;
    /**
     * Byte offset in its module of the operator that was executed; UINT32_MAX if it is not known.
     */
    uint32_t offset;
    /**
     * Its name, inside the module's bytes, not NUL terminated; NULL if it has none or the build has not
     * CONFIG_WASMOTE_NAMES.
     */
    const char *name;
    /**
     * Bytes of the name.
     */
    size_t name_length;
} wasmote_frame_t;

/**
 * How wasmote_thread_start() makes a thread.
 */
typedef struct {
    /**
     * A name for the RTOS, NUL terminated; NULL for "wasmote".
     */
    const char *name;
    /**
     * Bytes of the thread's own stack (not of the value stack). At least 1; what wasmote needs itself is in
     * docs/kconfig.md: 3584 and what host functions need is a good beginning.
     */
    size_t stack_bytes;
    /**
     * The priority, in the RTOS's own numbers.
     */
    int32_t priority;
} wasmote_thread_config_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of wasmote: major << 16 | minor << 8 | patch.
 */
uint32_t wasmote_version(void);

/**
 * Makes a runtime; `*out` is it. `config` may be NULL for the defaults.
 *
 * WASMOTE_ERR_OUT_OF_MEMORY: the pool is too small, or the platform has no memory or mutex.
 * WASMOTE_ERR_UNSUPPORTED: a pool in a build without them.
 *
 * Not from an interrupt service routine.
 */
wasmote_status_t wasmote_runtime_new(const wasmote_runtime_config_t *config, wasmote_runtime_t **out);

/**
 * Deletes a runtime; its pool is the application's again. WASMOTE_ERR_BUSY while it has modules.
 *
 * No other thread may use the runtime meanwhile or later. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_runtime_delete(wasmote_runtime_t *runtime);

/**
 * For tests of what happens when memory runs out: the `n`th allocation of the runtime from now fails, 1 being the
 * next one; 0 lets all succeed again. From any thread.
 */
wasmote_status_t wasmote_runtime_fail_allocation(wasmote_runtime_t *runtime,
                                                 uint32_t n);

/**
 * Validates and compiles a module in the binary format; `*out` is it. The bytes stay the caller's, are read in
 * place, and must stay as they are until the module is deleted: they may lie in flash.
 *
 * WASMOTE_ERR_MALFORMED, _INVALID, _UNSUPPORTED or _LIMIT, with `offset` and text in `error`: the module is
 * refused. WASMOTE_ERR_OUT_OF_MEMORY. A module that is refused leaves nothing behind.
 *
 * Several threads may load modules at once. It needs 3 to 4 KB of the thread's stack, whatever the module is: see
 * docs/kconfig.md. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_module_load(wasmote_runtime_t *runtime,
                                     const uint8_t *bytes,
                                     size_t size,
                                     wasmote_module_t **out,
                                     wasmote_error_t *error);

/**
 * As wasmote_module_load(), from a copy of the bytes on the runtime's heap: the bytes are needed only during the call.
 */
wasmote_status_t wasmote_module_load_copy(wasmote_runtime_t *runtime,
                                          const uint8_t *bytes,
                                          size_t size,
                                          wasmote_module_t **out,
                                          wasmote_error_t *error);

/**
 * Deletes a module. WASMOTE_ERR_BUSY while it has instances, or an instance that is linked with one of its.
 *
 * No other thread may use the module meanwhile or later. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_module_delete(wasmote_module_t *module);

/**
 * The number of the module's imports; 0 if the handle is not valid. From any thread.
 */
size_t wasmote_module_import_count(const wasmote_module_t *module);

/**
 * An import of the module, counted from 0 in the module's order. WASMOTE_ERR_NOT_FOUND: it has not so many.
 * From any thread.
 */
wasmote_status_t wasmote_module_import(const wasmote_module_t *module, size_t index, wasmote_extern_t *out);

/**
 * The number of the module's exports; 0 if the handle is not valid. From any thread.
 */
size_t wasmote_module_export_count(const wasmote_module_t *module);

/**
 * An export of the module, counted from 0 in the module's order. WASMOTE_ERR_NOT_FOUND: it has not so many.
 * From any thread.
 */
wasmote_status_t wasmote_module_export(const wasmote_module_t *module, size_t index, wasmote_extern_t *out);

/**
 * The quotas that were configured when wasmote was built (CONFIG_WASMOTE_DEFAULT_...), with unlimited fuel.
 */
wasmote_quotas_t wasmote_quotas_default(void);

/**
 * Makes an instance of a module and runs its start function; `*out` is it. `imports` may be NULL if there are none,
 * `quotas` for the defaults.
 *
 * An instance that imports from other instances joins them: they use one value stack, count to the heap quota of the
 * first, of which stack, heap and call depth hold for all, and only one thread at a time may use them. Their
 * memory is given back when the last of them is deleted.
 *
 * WASMOTE_ERR_UNKNOWN_IMPORT or _INCOMPATIBLE_IMPORT: `error` names the import and tells the expected and the found
 * type. WASMOTE_ERR_QUOTA, _OUT_OF_MEMORY, _LIMIT. WASMOTE_ERR_INVALID_ARGUMENT: also a signature that cannot be read.
 * WASMOTE_ERR_BUSY: an instance that is imported runs. A trap, from a segment that does not fit or the start function.
 * What fails leaves nothing behind; but with imported instances, what was written to their memories and tables
 * stays, and so may memory for what was put there, until they are deleted.
 *
 * `*out` is written before the start function runs, so that another thread or an interrupt service routine that sees it
 * there can end a start function that runs too long, with wasmote_instance_interrupt and nothing else. If the start
 * function fails, `*out` becomes NULL again and the handle is gone: whoever interrupts must not be doing so by then.
 *
 * Several threads may make instances of one module at once. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_instance_new(wasmote_module_t *module,
                                      const wasmote_imports_t *imports,
                                      const wasmote_quotas_t *quotas,
                                      wasmote_instance_t **out,
                                      wasmote_error_t *error);

/**
 * Deletes an instance. WASMOTE_ERR_BUSY while it runs. The memory of linked instances is given back with the last
 * of them, and until then their modules cannot be deleted.
 *
 * No other thread may use the instance, or interrupt it, meanwhile or later. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_instance_delete(wasmote_instance_t *instance);

/**
 * Lets what the instance runs, or else its next call, trap with WASMOTE_TRAP_INTERRUPTED, until
 * wasmote_instance_clear_interrupt(). All instances that are linked with it are interrupted too, or whatever it calls
 * there would go on. Code stops within a bounded time, which docs/security.md tells; a host function that blocks is not
 * woken, and code that it calls of instances that are not linked goes on until it returns. From any thread and from an
 * interrupt service routine.
 */
void wasmote_instance_interrupt(wasmote_instance_t *instance);

/**
 * Takes an interruption back, of the instance and all that are linked with it. From any thread and from an interrupt
 * service routine.
 */
void wasmote_instance_clear_interrupt(wasmote_instance_t *instance);

/**
 * Sets the fuel that the instance has left; UINT64_MAX, as all from 2^64 - 2^32 on, for no end of it.
 * WASMOTE_ERR_UNSUPPORTED: the runtime is unmetered. WASMOTE_ERR_BUSY: it runs. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_instance_set_fuel(wasmote_instance_t *instance,
                                           uint64_t fuel);

/**
 * The fuel that the instance has left; UINT64_MAX if there is no end of it. 0 if the handle is not valid or the
 * instance runs. Not from an interrupt service routine.
 */
uint64_t wasmote_instance_fuel(const wasmote_instance_t *instance);

/**
 * Finds the function that the instance exports under a name; `*out` is it. WASMOTE_ERR_NOT_FOUND.
 * Not from an interrupt service routine.
 */
wasmote_status_t wasmote_instance_func(wasmote_instance_t *instance, const char *name, wasmote_func_t *out);

/**
 * As wasmote_instance_func(), of a name of `length` bytes that need not be NUL terminated, and may hold NUL: one that
 * wasmote_module_export() gave, for instance.
 */
wasmote_status_t wasmote_instance_func_n(wasmote_instance_t *instance,
                                         const char *name,
                                         size_t length,
                                         wasmote_func_t *out);

/**
 * The function that a WASMOTE_FUNCREF of this instance, or of one that is linked with it, refers to; `*out` is it.
 * WASMOTE_ERR_NOT_FOUND: the reference is null, or none of theirs.
 */
wasmote_status_t wasmote_func_from_ref(wasmote_instance_t *instance,
                                       uint32_t reference,
                                       wasmote_func_t *out);

/**
 * Writes the type of a function, as in `wasmote_host_func_t`, to `text`, which has `size` bytes: NUL terminated, and
 * cut off if it is too long.
 */
wasmote_status_t wasmote_func_signature(wasmote_instance_t *instance,
                                        wasmote_func_t func,
                                        char *text,
                                        size_t size);

/**
 * Calls a function of the instance, or of one that is linked with it. Types and numbers of arguments and results must
 * be the function's; results are written if it returns.
 *
 * WASMOTE_ERR_TYPE_MISMATCH; WASMOTE_ERR_BUSY: it runs in another thread, or the call is made in a host function not
 * through wasmote_caller_instance(); WASMOTE_ERR_INVALID_ARGUMENT: also a function of another instance. A trap:
 * `error` says where, and wasmote_instance_backtrace(). The instance may be called again after it.
 * To fill `error` the function that trapped is compiled once more; give NULL where time counts.
 *
 * From one thread at a time. It needs about 600 bytes of the thread's stack beside what host functions use, whatever
 * the module does, and more to fill `error` after a trap, or if it compiles lazily: see docs/kconfig.md. Not from an
 * interrupt service routine.
 */
wasmote_status_t wasmote_func_call(wasmote_instance_t *instance,
                                   wasmote_func_t func,
                                   const wasmote_value_t *args,
                                   size_t arg_count,
                                   wasmote_value_t *results,
                                   size_t result_count,
                                   wasmote_error_t *error);

/**
 * Copies `size` bytes from the instance's memory. WASMOTE_ERR_OUT_OF_BOUNDS: they are not all inside it, and nothing
 * is copied. WASMOTE_ERR_NOT_FOUND: it has no memory. WASMOTE_ERR_BUSY: it runs.
 * From one thread at a time, as all that uses an instance; not from an interrupt service routine.
 */
wasmote_status_t wasmote_memory_read(wasmote_instance_t *instance,
                                     uint32_t address,
                                     void *to,
                                     size_t size);

/**
 * Copies `size` bytes to the instance's memory; as wasmote_memory_read().
 */
wasmote_status_t wasmote_memory_write(wasmote_instance_t *instance,
                                      uint32_t address,
                                      const void *from,
                                      size_t size);

/**
 * Bytes of the instance's memory; 0 if it has none, if it runs, or if the handle is not valid.
 * Not from an interrupt service routine.
 */
size_t wasmote_memory_size(wasmote_instance_t *instance);

/**
 * Grows the instance's memory by `pages` of its pages, as `memory.grow`; `*before`, unless NULL, is how many it had.
 * WASMOTE_ERR_OUT_OF_BOUNDS: its limits, the quota or the heap do not allow it. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_memory_grow(wasmote_instance_t *instance,
                                     uint32_t pages,
                                     uint32_t *before);

/**
 * The value of the global that the instance exports under a name. WASMOTE_ERR_NOT_FOUND.
 * Not from an interrupt service routine.
 */
wasmote_status_t wasmote_global_get(wasmote_instance_t *instance, const char *name, wasmote_value_t *value);

/**
 * Sets the global that the instance exports under a name. WASMOTE_ERR_NOT_FOUND. WASMOTE_ERR_TYPE_MISMATCH: it is of
 * another type, or immutable. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_global_set(wasmote_instance_t *instance,
                                    const char *name,
                                    const wasmote_value_t *value);

/**
 * The number of elements of the table that the instance exports under a name. WASMOTE_ERR_NOT_FOUND.
 * Not from an interrupt service routine.
 */
wasmote_status_t wasmote_table_size(wasmote_instance_t *instance, const char *name, uint32_t *size);

/**
 * An element of the table that the instance exports under a name. WASMOTE_ERR_NOT_FOUND, _OUT_OF_BOUNDS.
 * Not from an interrupt service routine.
 */
wasmote_status_t wasmote_table_get(wasmote_instance_t *instance,
                                   const char *name,
                                   uint32_t index,
                                   wasmote_value_t *value);

/**
 * Sets an element of the table that the instance exports under a name. WASMOTE_ERR_NOT_FOUND: also a function of
 * another instance that is not linked. WASMOTE_ERR_OUT_OF_BOUNDS, _TYPE_MISMATCH. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_table_set(wasmote_instance_t *instance,
                                   const char *name,
                                   uint32_t index,
                                   const wasmote_value_t *value);

/**
 * Grows the table that the instance exports under a name by `delta` elements of `value`, as `table.grow`; `*before`,
 * unless NULL, is how many it had. WASMOTE_ERR_NOT_FOUND, _TYPE_MISMATCH. WASMOTE_ERR_OUT_OF_BOUNDS: its limits, the
 * quota or the heap do not allow it. Not from an interrupt service routine.
 */
wasmote_status_t wasmote_table_grow(wasmote_instance_t *instance,
                                    const char *name,
                                    uint32_t delta,
                                    const wasmote_value_t *value,
                                    uint32_t *before);

/**
 * The calling instance's memory from `address` on, for `size` bytes. NULL if that is not all inside the memory.
 * Valid until the host function returns, calls back, or grows the memory. Only in the host function.
 */
void *wasmote_caller_memory(wasmote_caller_t *caller,
                            uint32_t address,
                            size_t size);

/**
 * The calling instance, to call it back or to look into it: with this handle, and only with this one, the functions
 * that take an instance may be used in the host function. Valid until the host function returns; not to be
 * deleted, and not for use by other threads. NULL if `caller` is not valid.
 */
wasmote_instance_t *wasmote_caller_instance(wasmote_caller_t *caller);

/**
 * The member `data` of the imports by which the host function was linked: the application's own data of the
 * instance. NULL if `caller` is not valid.
 */
void *wasmote_caller_data(wasmote_caller_t *caller);

/**
 * Takes fuel from the calling instance for work that the host function does for it. WASMOTE_TRAP_OUT_OF_FUEL, to be
 * returned by the host function, if it has less; nothing is taken then.
 */
wasmote_status_t wasmote_caller_charge(wasmote_caller_t *caller,
                                       uint64_t units);

/**
 * What the runtime and all that was made with it hold. From any thread; not from an interrupt service routine.
 */
wasmote_status_t wasmote_runtime_stats(const wasmote_runtime_t *runtime,
                                       wasmote_stats_t *out);

/**
 * What the module holds. From any thread; not from an interrupt service routine.
 */
wasmote_status_t wasmote_module_stats(const wasmote_module_t *module, wasmote_stats_t *out);

/**
 * What the instance, and all that are linked with it, hold. WASMOTE_ERR_BUSY: it runs, or this is a host function.
 * Not from an interrupt service routine.
 */
wasmote_status_t wasmote_instance_stats(const wasmote_instance_t *instance,
                                        wasmote_stats_t *out);

/**
 * Where the last call of the instance trapped: the functions that were running, innermost first, at most `max` of
 * them. Returns how many were written; 0 if the last call did not trap, or if the instance runs. The 16 innermost are
 * known, none in builds without CONFIG_WASMOTE_BACKTRACE. Each is compiled once more to find its offset.
 * Not from an interrupt service routine.
 */
size_t wasmote_instance_backtrace(const wasmote_instance_t *instance,
                                  wasmote_frame_t *frames,
                                  size_t max);

/**
 * Starts a thread that calls a function of the instance; `*out` must be joined. As wasmote_func_call(), and the
 * arguments are only needed until this returns. The instance is busy until the call has returned;
 * wasmote_instance_interrupt() ends it early.
 *
 * WASMOTE_ERR_OUT_OF_MEMORY: also if the platform cannot start a thread. Not in builds without CONFIG_WASMOTE_THREAD.
 * Not from an interrupt service routine.
 */
wasmote_status_t wasmote_thread_start(wasmote_instance_t *instance,
                                      wasmote_func_t func,
                                      const wasmote_value_t *args,
                                      size_t arg_count,
                                      const wasmote_thread_config_t *config,
                                      wasmote_thread_t **out);

/**
 * Waits for the thread, and gives what its call returned: WASMOTE_OK with the results, or how it failed. In both
 * cases the handle is gone after that.
 *
 * The handle stays if this fails with WASMOTE_ERR_TIMEOUT: the thread still runs after `timeout_ms` milliseconds
 * (UINT32_MAX: without limit); with WASMOTE_ERR_INVALID_ARGUMENT; and with WASMOTE_ERR_TYPE_MISMATCH: the function has
 * not `result_count` results.
 *
 * From one thread; not from an interrupt service routine.
 */
wasmote_status_t wasmote_thread_join(wasmote_thread_t *thread,
                                     uint32_t timeout_ms,
                                     wasmote_value_t *results,
                                     size_t result_count,
                                     wasmote_error_t *error);

/**
 * The text of a status, in English. Never NULL; "unknown status" for numbers that are none, and "" in builds
 * without CONFIG_WASMOTE_MESSAGES. From any thread and from an interrupt service routine.
 */
const char *wasmote_status_str(wasmote_status_t status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WASMOTE_H */
