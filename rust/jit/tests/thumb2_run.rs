//! Compiled code gives what the interpreter gives, on emulated boards: for cores without FPU, and with each kind of it.

mod run;
#[path = "run/thumb2.rs"]
mod target;
