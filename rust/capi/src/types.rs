//! The types of the C API.

use core::ffi::{c_char, c_void};

/// A runtime: where modules and instances get their memory. May be used by several threads at once.
pub struct wasmote_runtime_t(());

/// A module: validated and compiled. May be instantiated by several threads at once.
pub struct wasmote_module_t(());

/// An instance of a module. Used by one thread at a time.
pub struct wasmote_instance_t(());

/// The call of a host function, as long as it lasts.
pub struct wasmote_caller_t(());

/// A call that runs in a thread of its own.
pub struct wasmote_thread_t(());

/// How a function ended: an `enum wasmote_status`, or, from a host function, any number of the application's.
pub type wasmote_status_t = i32;

/// The values of `wasmote_status_t`. Further ones may be added.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum wasmote_status {
    /// Success.
    WASMOTE_OK = 0,
    /// A NULL, wrong or deleted handle, or an argument that is never right.
    WASMOTE_ERR_INVALID_ARGUMENT = 1,
    /// The runtime's heap, or the instance's share of it, is used up.
    WASMOTE_ERR_OUT_OF_MEMORY = 2,
    /// A quota does not allow it.
    WASMOTE_ERR_QUOTA = 3,
    /// The bytes are no WebAssembly module.
    WASMOTE_ERR_MALFORMED = 4,
    /// The module is not valid.
    WASMOTE_ERR_INVALID = 5,
    /// Needs something that this build does not have.
    WASMOTE_ERR_UNSUPPORTED = 6,
    /// A limit of the implementation.
    WASMOTE_ERR_LIMIT = 7,
    /// The module imports something that is not given.
    WASMOTE_ERR_UNKNOWN_IMPORT = 8,
    /// The module imports something that is given with another type.
    WASMOTE_ERR_INCOMPATIBLE_IMPORT = 9,
    /// There is nothing of this name and kind.
    WASMOTE_ERR_NOT_FOUND = 10,
    /// Values, or their number, are not what the type says; or the global is immutable.
    WASMOTE_ERR_TYPE_MISMATCH = 11,
    /// Beyond the end of the memory or the table, or it cannot grow so much.
    WASMOTE_ERR_OUT_OF_BOUNDS = 12,
    /// In use: it runs, or something made from it is still there.
    WASMOTE_ERR_BUSY = 13,
    /// The time ran out.
    WASMOTE_ERR_TIMEOUT = 14,
    /// For host functions that have nothing better to say.
    WASMOTE_ERR_HOST = 15,
    /// Trap: `unreachable` was executed.
    WASMOTE_TRAP_UNREACHABLE = 64,
    /// Trap: an access beyond the memory or a data segment.
    WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS = 65,
    /// Trap: an access beyond a table or an element segment.
    WASMOTE_TRAP_TABLE_OUT_OF_BOUNDS = 66,
    /// Trap: an indirect call of a null reference.
    WASMOTE_TRAP_INDIRECT_CALL_TO_NULL = 67,
    /// Trap: an indirect call of a function of another type.
    WASMOTE_TRAP_BAD_SIGNATURE = 68,
    /// Trap: the result of a division or conversion cannot be represented.
    WASMOTE_TRAP_INTEGER_OVERFLOW = 69,
    /// Trap: an integer division by zero.
    WASMOTE_TRAP_INTEGER_DIVISION_BY_ZERO = 70,
    /// Trap: a conversion of NaN to an integer.
    WASMOTE_TRAP_BAD_CONVERSION_TO_INTEGER = 71,
    /// Trap: the value stack or the call depth is used up.
    WASMOTE_TRAP_STACK_OVERFLOW = 72,
    /// Trap: the instance's fuel is used up.
    WASMOTE_TRAP_OUT_OF_FUEL = 73,
    /// Trap: wasmote_instance_interrupt().
    WASMOTE_TRAP_INTERRUPTED = 74,
    /// Trap: a host function returned a status that is no trap; see `host_status` of `wasmote_error_t`.
    WASMOTE_TRAP_HOST = 75,
    /// Trap: a function was to be compiled or encoded when it was first called (CONFIG_WASMOTE_JIT_LAZY, CONFIG_WASMOTE_INTERP_LAZY),
    /// and cannot be: the heap is used up, or, without the interpreter, the memory for code, or the function is too large. A later call may find memory.
    WASMOTE_TRAP_NOT_COMPILED = 76,
}

/// A feature of WebAssembly: an `enum wasmote_feature`.
pub type wasmote_feature_t = u32;

/// The values of `wasmote_feature_t`: proposals that this build does not have. Further ones may be added.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum wasmote_feature {
    /// None.
    WASMOTE_FEATURE_NONE = 0,
    /// f32 and f64 and their operators.
    WASMOTE_FEATURE_FLOAT = 1,
    /// `i32.extend8_s` and its kin.
    WASMOTE_FEATURE_SIGN_EXTENSION = 2,
    /// `i32.trunc_sat_f32_s` and its kin.
    WASMOTE_FEATURE_SATURATING_FLOAT = 3,
    /// Several results, and block parameters.
    WASMOTE_FEATURE_MULTI_VALUE = 4,
    /// `memory.copy`, `memory.fill`, `memory.init`, `data.drop`, `table.copy`, `table.init`, `elem.drop`.
    WASMOTE_FEATURE_BULK_MEMORY = 5,
    /// `externref`, `funcref` as values, several tables, the table instructions.
    WASMOTE_FEATURE_REFERENCE_TYPES = 6,
    /// Integer arithmetic in constant expressions.
    WASMOTE_FEATURE_EXTENDED_CONST = 7,
    /// `return_call`, `return_call_indirect`.
    WASMOTE_FEATURE_TAIL_CALL = 8,
    /// Memories with a page size of one byte.
    WASMOTE_FEATURE_CUSTOM_PAGE_SIZES = 9,
    /// v128.
    WASMOTE_FEATURE_SIMD = 10,
    /// Shared memories and atomics.
    WASMOTE_FEATURE_THREADS = 11,
    /// Struct and array types, typed function references.
    WASMOTE_FEATURE_GC = 12,
    /// Tags, `try_table`, `throw`.
    WASMOTE_FEATURE_EXCEPTIONS = 13,
    /// 64-bit memories and tables.
    WASMOTE_FEATURE_MEMORY64 = 14,
    /// More than one memory.
    WASMOTE_FEATURE_MULTI_MEMORY = 15,
    /// The component model.
    WASMOTE_FEATURE_COMPONENTS = 16,
    /// 128-bit integer arithmetic.
    WASMOTE_FEATURE_WIDE_ARITHMETIC = 17,
}

/// Bytes of `wasmote_error_t`'s message, with the terminating NUL.
pub const WASMOTE_MESSAGE_SIZE: usize = 112;

/// What went wrong, and where. Functions that take one fill it when they fail, and leave it alone when they
/// succeed; NULL may be given instead.
#[repr(C)]
pub struct wasmote_error_t {
    /// What the function returned.
    pub status: wasmote_status_t,
    /// Byte offset in the module of what the error is about: of the item that is wrong, or of the operator that
    /// trapped. UINT32_MAX if there is none.
    pub offset: u32,
    /// With WASMOTE_TRAP_HOST what the host function returned, otherwise 0.
    pub host_status: i32,
    /// With WASMOTE_ERR_UNSUPPORTED of a module the feature that it needs, otherwise WASMOTE_FEATURE_NONE.
    pub feature: wasmote_feature_t,
    /// A text, NUL terminated, cut off if it is too long. Empty in builds without CONFIG_WASMOTE_MESSAGES.
    pub message: [c_char; WASMOTE_MESSAGE_SIZE],
}

/// How wasmote_runtime_new() makes a runtime. All zero is a good beginning.
#[repr(C)]
pub struct wasmote_runtime_config_t {
    /// Memory that the runtime uses and nobody else does until it is deleted; NULL for the platform's allocator.
    pub pool: *mut c_void,
    /// Bytes of the pool; 0 without one.
    pub pool_size: usize,
    /// The most bytes that the runtime may hold, modules and instances included; 0 for no limit.
    pub heap_limit: usize,
    /// Code does not count fuel: it is faster, and instances cannot have a quota of it.
    pub unmetered: bool,
    /// Nothing is compiled to native code: with CONFIG_WASMOTE_JIT beside the interpreter, whose memory for code is left to
    /// another runtime then. One runtime at a time has it.
    pub interpreted: bool,
}

/// The type of a value: an `enum wasmote_type`.
pub type wasmote_type_t = u32;

/// The values of `wasmote_type_t`, as in the binary format.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum wasmote_type {
    /// A 32-bit integer.
    WASMOTE_I32 = 0x7F,
    /// A 64-bit integer.
    WASMOTE_I64 = 0x7E,
    /// A 32-bit float.
    WASMOTE_F32 = 0x7D,
    /// A 64-bit float.
    WASMOTE_F64 = 0x7C,
    /// A reference to a function, or null.
    WASMOTE_FUNCREF = 0x70,
    /// A reference to something of the application's, or null.
    WASMOTE_EXTERNREF = 0x6F,
}

/// The bits of a value; which member counts is said by its type.
#[repr(C)]
#[derive(Clone, Copy)]
pub union wasmote_value_of_t {
    /// Of WASMOTE_I32.
    pub i32: i32,
    /// Of WASMOTE_I64.
    pub i64: i64,
    /// Of WASMOTE_F32.
    pub f32: f32,
    /// Of WASMOTE_F64.
    pub f64: f64,
    /// Of WASMOTE_FUNCREF and WASMOTE_EXTERNREF; 0 is null. Function references are opaque
    /// (wasmote_func_from_ref()), others are numbers of the application's choice.
    pub r#ref: u32,
}

/// A value with its type.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasmote_value_t {
    /// Its type, an `enum wasmote_type`.
    pub r#type: wasmote_type_t,
    /// Its bits.
    pub of: wasmote_value_of_t,
}

/// A function of an instance. A plain value: nothing needs to be given back, and it is good until the instance, and
/// all that are linked with it, are deleted.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasmote_func_t {
    /// Whose function it is; opaque.
    pub owner: usize,
    /// As in the member `ref` of a WASMOTE_FUNCREF.
    pub handle: u32,
}

/// A function of the application that modules can import.
///
/// `cells` are the arguments in, and the results out from the same beginning: 32-bit cells, one for i32, f32, funcref
/// and externref, two with the low half first for i64 and f64 (wasmote_cell_i64() and its sisters help).
/// `user_data` is the table's. It runs in the thread that called the instance, and may block, and call
/// back (wasmote_caller_instance()).
///
/// Returns WASMOTE_OK, or how the calling code ends: a trap ends it with this trap, any other status, or number of the
/// application's, with WASMOTE_TRAP_HOST, and `host_status` of `wasmote_error_t` is that number.
pub type wasmote_host_fn_t = Option<
    unsafe extern "C" fn(
        caller: *mut wasmote_caller_t,
        cells: *mut u32,
        user_data: *mut c_void,
    ) -> wasmote_status_t,
>;

/// A line in a table of host functions.
#[repr(C)]
pub struct wasmote_host_func_t {
    /// The module's name in the import, such as "env". NUL terminated, UTF-8, as `name`.
    pub module: *const c_char,
    /// The function's name in the import.
    pub name: *const c_char,
    /// Its type: parameters in parentheses, then results, a letter each: i i32, I i64, f f32, F f64, r funcref,
    /// e externref. "(iI)f" takes an i32 and an i64 and gives an f32; "()" takes and gives nothing.
    pub signature: *const c_char,
    /// The function.
    pub function: wasmote_host_fn_t,
    /// Passed to the function.
    pub user_data: *mut c_void,
}

/// An instance whose exports another one imports.
#[repr(C)]
pub struct wasmote_import_instance_t {
    /// The module's name in the imports. NUL terminated, UTF-8.
    pub module: *const c_char,
    /// The instance.
    pub instance: *mut wasmote_instance_t,
}

/// What an instance may import. A line of a table hides earlier ones of the same names, and functions hide what
/// instances export.
#[repr(C)]
pub struct wasmote_imports_t {
    /// Host functions, `function_count` of them; NULL if there are none. The table and its strings are only read
    /// during wasmote_instance_new(). Functions and user data must last until the instance, and all that are linked with
    /// it, are deleted: those may call on into it. With instances linked, also if wasmote_instance_new() fails.
    pub functions: *const wasmote_host_func_t,
    /// Number of host functions.
    pub function_count: usize,
    /// Instances, `instance_count` of them; NULL if there are none. They must be of the same runtime, and linked with
    /// each other if there are several.
    pub instances: *const wasmote_import_instance_t,
    /// Number of instances.
    pub instance_count: usize,
    /// What wasmote_caller_data() gives in host functions that are linked by this table. It must last as long as they.
    pub data: *mut c_void,
}

/// What an instance may use. Begin with wasmote_quotas_default().
#[repr(C)]
pub struct wasmote_quotas_t {
    /// Bytes of value stack, allocated with the instance. At least 64, and less than 1 GiB where words have 32 bits.
    pub stack_bytes: u32,
    /// The most bytes of the runtime's heap that the instance may hold beside value stack and memory: tables,
    /// globals, bookkeeping. UINT32_MAX for no limit.
    pub heap_bytes: u32,
    /// The most bytes that the instance's memory may have.
    pub memory_bytes: u32,
    /// The most elements that the instance's tables may have together.
    pub table_elements: u32,
    /// The fuel that the instance begins with, one unit an operator; UINT64_MAX, as all from 2^64 - 2^32 on, for no end of
    /// it. Anything else is WASMOTE_ERR_UNSUPPORTED in an unmetered runtime and in builds without
    /// CONFIG_WASMOTE_FUEL.
    pub fuel: u64,
    /// Calls into the instance that may be nested in each other by host functions that call back; with
    /// CONFIG_WASMOTE_JIT also by calls from one linked instance to another. Each takes some hundred bytes of the
    /// thread's own stack.
    pub call_depth: u32,
    /// Gives the memory of a module that cannot grow it, and exports an immutable global `__heap_base`, only the bytes
    /// below that address. For modules without a heap of their own.
    pub trim_memory: bool,
    /// The most bytes of code that the instance holds with CONFIG_WASMOTE_INTERP_LAZY: functions that do not run are given up
    /// for one that is called, and encoded again when they are called again. Functions that run stay: what they take beyond
    /// this counts to `heap_bytes`. 0 keeps nothing but what runs. Not looked at in builds without that option.
    pub code_bytes: u32,
}

/// A function that was running when a trap happened.
#[repr(C)]
pub struct wasmote_frame_t {
    /// Its index in its module.
    pub func_index: u32,
    /// Byte offset in its module of the operator that was executed; UINT32_MAX if it is not known.
    pub offset: u32,
    /// Its name, inside the module's bytes, not NUL terminated; NULL if it has none or the build has not
    /// CONFIG_WASMOTE_NAMES.
    pub name: *const c_char,
    /// Bytes of the name.
    pub name_length: usize,
}

/// What a runtime, a module or an instance holds, in bytes.
#[repr(C)]
#[derive(Default)]
pub struct wasmote_stats_t {
    /// Heap in use. A runtime's includes all its modules and instances.
    pub heap_used: usize,
    /// The most heap that was in use at a time.
    pub heap_peak: usize,
    /// Of a module: its compiled code, a part of the heap. With CONFIG_WASMOTE_INTERP_LAZY, of an instance, and those that are
    /// linked with it.
    pub code_bytes: usize,
    /// Of a module: its code section.
    pub wasm_code_bytes: usize,
    /// Of an instance: the most value stack that was in use. The stack is a part of the heap.
    pub stack_used_peak: usize,
    /// Of an instance: its memory, a part of the heap; and those of all that are linked with it.
    pub memory_bytes: usize,
}

/// The kind of an import or export: an `enum wasmote_kind`.
pub type wasmote_kind_t = u32;

/// The values of `wasmote_kind_t`, as in the binary format.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum wasmote_kind {
    /// A function.
    WASMOTE_FUNC = 0,
    /// A table.
    WASMOTE_TABLE = 1,
    /// A memory.
    WASMOTE_MEMORY = 2,
    /// A global.
    WASMOTE_GLOBAL = 3,
}

/// Bytes of `wasmote_extern_t`'s signature, with the terminating NUL.
pub const WASMOTE_SIGNATURE_SIZE: usize = 40;

/// An import or an export of a module. Names lie inside the module's bytes and are not NUL terminated.
#[repr(C)]
pub struct wasmote_extern_t {
    /// Of an import, the name of the module that it comes from; NULL of an export.
    pub module: *const c_char,
    /// Bytes of `module`.
    pub module_length: usize,
    /// The name.
    pub name: *const c_char,
    /// Bytes of `name`.
    pub name_length: usize,
    /// What it is, an `enum wasmote_kind`.
    pub kind: wasmote_kind_t,
    /// Of a global its type, of a table its elements' type; otherwise 0.
    pub r#type: wasmote_type_t,
    /// Of a global, whether it can be set.
    pub is_mutable: bool,
    /// Of a memory its size in pages, of a table in elements; otherwise 0.
    pub min: u32,
    /// The size that a memory or table may grow to; UINT32_MAX if that is not limited.
    pub max: u32,
    /// Of a memory, bytes of a page: 65536 or 1; otherwise 0.
    pub page_bytes: u32,
    /// Of a function its type as in `wasmote_host_func_t`, NUL terminated, cut off if it is too long; otherwise empty.
    pub signature: [c_char; WASMOTE_SIGNATURE_SIZE],
}

/// How wasmote_thread_start() makes a thread.
#[repr(C)]
pub struct wasmote_thread_config_t {
    /// A name for the RTOS, NUL terminated; NULL for "wasmote".
    pub name: *const c_char,
    /// Bytes of the thread's own stack (not of the value stack). At least 1; what wasmote needs itself is in
    /// docs/kconfig.md: 3584 and what host functions need is a good beginning.
    pub stack_bytes: usize,
    /// The priority, in the RTOS's own numbers.
    pub priority: i32,
}
