//! The instruction sets, each in three layers: `asm` knows encodings, `masm` what the compiler asks for, `abi` registers
//! and calls.

pub mod layout;
pub mod thumb2;
pub mod x64;
