//! Thumb-2: ARMv7-M and ARMv8-M mainline.

pub mod asm;
