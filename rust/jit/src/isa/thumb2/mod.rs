//! Thumb-2: ARMv7-M and ARMv8-M mainline.

mod abi;
pub mod asm;
mod floats;
mod labels;
mod masm;
mod memory;
mod numeric;
mod pairs;
mod routines;
mod routines_code;
mod tail;

pub use floats::Fpu;
pub use masm::Thumb2;
pub use routines_code::CODE as ROUTINES;
