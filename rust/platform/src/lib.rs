//! wasmote's boundary to the RTOS.
//!
//! [`abi`] declares the C symbols that a port implements; [`heap`] makes from them the accounted, fallible heap
//! that everything above allocates from; [`Mutex`] wraps the platform's, and `CodeRegion` (feature `jit`) its memory for
//! compiled code. With the feature `std` the symbols are implemented by the standard library, for hosts.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

pub mod abi;
#[cfg(feature = "jit")]
mod code;
#[cfg(feature = "jit")]
mod code_space;
pub mod heap;
mod mutex;
#[cfg(feature = "pool")]
mod pool;
#[cfg(feature = "std")]
mod std_impl;
mod utf8;
mod vec;

#[cfg(feature = "jit")]
pub use code::{CodeRegion, GRANULE};
#[cfg(feature = "jit")]
pub use code_space::{CodeBlock, CodeFull, CodeSpace, MoreCode};
pub use heap::{Heap, OutOfMemory, Shared};
pub use mutex::Mutex;
pub use utf8::from_utf8;
pub use vec::{MAX_ARRAY_BYTES, Vec};
