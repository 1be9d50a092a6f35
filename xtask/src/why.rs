//! Why the largest symbols of a firmware are in it: `cargo xtask size` says it beside each.

/// What a symbol's name contains, and why it is there. The first that fits counts.
const WHY: &[(&str, &str)] = &[
    (
        "wasmote_interp_thumb2",
        "the handlers of all instructions in assembler, and the table that leads to them",
    ),
    ("exec::dispatch::imp::carry_out_left", "carries out what the handlers in assembler leave to Rust"),
    (
        "exec::unary::apply",
        "conversions, rounding, counting of bits: what has one operand and no handler in assembler",
    ),
    (
        "exec::calls::",
        "calls of what is not a function of this engine and instance, tail calls, and those with distant cells",
    ),
    ("exec::wide::", "instructions whose cells are beyond what a field holds"),
    ("exec::", "part of the executor in Rust"),
    (
        "Compiler<S>::compile",
        "decodes and validates a body: the switch over all operators, with the rule of each",
    ),
    ("function::ops::", "validates an operator, and tells it to the engine"),
    ("function::control::", "the control stack: blocks, branches, returns"),
    ("function::builtins::", "operators that the runtime carries out: growing, bulk operators, tables"),
    ("function::locals::", "a body's locals, and which temporaries still mean one"),
    ("Module::parse", "the sections in their order, and what they count"),
    ("sections::", "decodes and validates sections"),
    ("const_expr::", "decodes, validates and computes constant expressions"),
    ("segments::", "decodes element and data segments"),
    ("reader::", "numbers in LEB128, names, bounds of the module's bytes"),
    ("encode::operators::BINARY", "which instructions a binary operator has, by where its operands are"),
    ("encode::sink::", "the interpreter's instructions for what the front end tells"),
    ("encode::", "puts the interpreter's instructions together"),
    (
        "core::op::",
        "the table of operators: types of operands and result, or the feature that they belong to",
    ),
    ("numeric::", "a float operation that neither the FPU nor the C library has"),
    ("division::", "64-bit division, smaller than libgcc's"),
    (
        "wasmote_instance_new",
        "makes an instance: imports, memories, tables, globals, segments; each step is called once, so all are in it",
    ),
    ("wasmote_runtime_new", "checks the configuration; makes the pool, the engine and the store"),
    ("wasmote_module_load", "loads a module, from C"),
    (
        "vec::Raw::",
        "growable arrays: obtaining, moving and giving back memory within the quotas, once for all types",
    ),
    ("module::code", "compiles the functions one after the other"),
    ("encoded::Encoded::", "encodes a function, and keeps its code"),
    ("backtrace::", "the frames of a trap, as functions and offsets"),
    ("vm::array::", "memories and tables, which grow within their limits"),
    ("call::call", "calls a function from C: its type, arguments, entry, results, trap"),
    ("vm::code::", "links the compiled functions of a module"),
    ("vm::", "an instance's state"),
    ("pool::", "the heap of a runtime in memory of the application's"),
    ("message", "texts of errors"),
    ("__aeabi_d", "64-bit floats (libgcc), which the CPU does not have"),
    ("__adddf3", "64-bit floats (libgcc), which the CPU does not have"),
    ("memcpy", "copying (C library)"),
    ("memmove", "moving (C library)"),
    ("memset", "clearing (C library)"),
    ("externs::", "what is exported and imported, and copying arguments and results"),
    ("use_wasmote", "the measured firmware itself"),
    ("wasmote_frontend::", "decodes and validates"),
    (
        "wasmote_jit::compiler::",
        "the compiler: which register holds what, and what is told to the macro-assembler",
    ),
    ("wasmote_jit::isa::", "the instructions of this CPU"),
    ("wasmote_jit::", "code, labels, routines"),
    ("wasmote_interp::", "the interpreter"),
    ("wasmote_platform::", "memory, mutexes and code of the platform"),
    ("wasmote::", "part of the runtime: stores, linking, errors"),
    ("wasmote_", "a function of the C API, with what only it calls"),
];

/// Why there is a symbol of that name.
pub fn why(name: &str) -> Option<&'static str> {
    WHY.iter().find(|(part, _)| name.contains(part)).map(|(_, why)| *why)
}
