//! Thumb-2: ARMv7-M and ARMv8-M mainline.

mod abi;
pub mod asm;
mod floats;
mod masm;
mod memory;
mod pairs;
mod routines;

pub use masm::{Fpu, Thumb2};
