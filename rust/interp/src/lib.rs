//! The interpreter: an [`Encoder`], which makes register code from what the front end tells, and [`entry`], which
//! runs it.
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

mod encode;
mod exec;
mod isa;

pub use encode::{Encoded, Encoder, Label};
pub use exec::entry;
