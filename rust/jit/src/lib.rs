//! The just-in-time compiler: native code in a single pass over each function body.
//!
//! The layers, from below: an assembler for each instruction set (bytes and encodings), a macro-assembler (what the
//! compiler asks of every instruction set), and the compiler, which is the same for all.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod code;
mod compiler;
pub mod isa;
pub mod masm;
mod routines;

pub use compiler::{Compiled, Compiler, Settings};
