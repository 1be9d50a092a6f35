//! Compiled code gives what the interpreter gives: for cores with single precision, on an emulated Cortex-M4F.

mod run;
#[path = "run/thumb2.rs"]
mod target;

const BOARD: target::Board = target::M4F;
