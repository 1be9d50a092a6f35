//! Generates modules, and compares wasmote with other implementations on them.
//!
//! One piece of logic for three uses: the ordinary tests, long runs by hand (the program `wasmote-fuzzing`), and the
//! fuzzer's targets in the top-level folder `fuzz`.

pub mod differential;
#[cfg(feature = "program")]
pub mod edges;
pub mod generate;
pub mod judge;
pub mod large;
mod limits;
mod random;
pub mod targets;

pub use random::Random;
