//! What every part of wasmote shares: the operator table, types, errors and traps.
//!
//! No allocation, no `unsafe`, no dependency.
#![no_std]
#![forbid(unsafe_code)]

mod dictionary;
mod division;
mod error;
mod features;
pub mod limits;
pub mod numeric;
mod op;
pub mod texts;
mod trap;
mod types;
pub mod vm;

pub use error::{ErrorClass, ErrorKind, LoadError};
pub use features::Feature;
pub use op::{BinaryOp, LoadOp, Op, ReinterpretOp, StoreOp, UnaryOp, refused};
pub use trap::Trap;
pub use types::{ExternKind, FuncType, GlobalType, Limits, MemoryType, TableType, ValType, ValTypes};
