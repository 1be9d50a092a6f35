//! Compiled code gives what the interpreter gives: for cores with single precision and rounding, on an emulated Cortex-M7.

mod run;
#[path = "run/thumb2.rs"]
mod target;

const BOARD: target::Board = target::M33;
