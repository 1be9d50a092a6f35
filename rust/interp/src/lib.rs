//! The interpreter: an [`Encoder`], which makes register code from what the front end tells, and [`entry`], which
//! runs it.
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(any(test, feature = "disassembler"))]
mod disassembler;
mod encode;
mod exec;
mod isa;
#[cfg(all(runs, not(debug_assertions)))]
mod runs;

#[cfg(any(test, feature = "disassembler"))]
pub use disassembler::disassemble;
pub use encode::{Encoded, Encoder, Label};
pub use exec::entry;
#[cfg(feature = "lazy")]
pub use exec::frames;

#[cfg(test)]
mod tests;
