//! x86-64: any such processor, under the System V ABI.

mod abi;
pub mod asm;
mod floats;
mod labels;
mod masm;
mod memory;
mod routines;
mod tail;

pub use masm::X64;
