//! Compiled code gives what the interpreter gives: for cores with double precision, on an emulated Cortex-M7.

mod run;
#[path = "run/thumb2.rs"]
mod target;

const BOARD: target::Board = target::M7;
