//! Implementation limits (WebAssembly Core, appendix A.2). Quotas that an embedder sets are elsewhere;
//! these are what the runtime's own representations can hold.

/// Cells of 32 bits in a function's frame: parameters, locals and temporaries.
pub const MAX_FRAME_CELLS: u32 = 65_535;
/// Functions in a module's index space, imported ones included (20 bits of a function reference).
pub const MAX_FUNCTIONS: u32 = (1 << 20) - 1;
/// Instances in one store (12 bits of a function reference, 0 is null).
pub const MAX_INSTANCES: u32 = 4_094;
/// Parameters of a function type.
pub const MAX_PARAMS: u32 = 1_000;
/// Results of a function type.
pub const MAX_RESULTS: u32 = 1_000;
/// Parameters and results beyond the sixteenth that the operators of a module's bodies pass on: so many, and so many for
/// each byte of code. It bounds the time that loading takes.
pub const MAX_VALUES: u32 = 100_000;
/// See [`MAX_VALUES`].
pub const MAX_VALUES_PER_BYTE: u32 = 8;
/// Locals that a function declares, as in other engines.
pub const MAX_LOCALS: u32 = 50_000;
/// Tables of a module.
pub const MAX_TABLES: u32 = 100;
/// Items of any other section of a module.
pub const MAX_ITEMS: u32 = 1_000_000;
/// Elements of a table.
pub const MAX_TABLE_ELEMENTS: u32 = 10_000_000;
/// Bytes of a module. (Where words have 32 bits nobody has more left for one.)
pub const MAX_MODULE_BYTES: u32 = if size_of::<usize>() > 4 { 1 << 30 } else { 1 << 27 };
