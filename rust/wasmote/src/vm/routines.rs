//! What native code has in common, once for all modules: how it is entered and left, on instruction sets where this is known when
//! the runtime is built.

use wasmote_jit::isa::thumb2::ROUTINES;

#[repr(C, align(4))]
struct Code([u8; ROUTINES.len()]);

/// Where the runtime's own code is, so that it can be carried out.
// SAFETY: (R10) only native code goes there; nothing else is in this section.
#[unsafe(link_section = ".text.wasmote_routines")]
static CODE: Code = Code(ROUTINES);

/// Where they begin.
pub fn routines() -> *const u8 {
    CODE.0.as_ptr()
}
