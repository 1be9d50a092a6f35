//! Compiled code gives what the interpreter gives: for cores without FPU, on an emulated Cortex-M3.

mod run;
#[path = "run/thumb2.rs"]
mod target;

const BOARD: target::Board = target::M3;
