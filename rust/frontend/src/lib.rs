//! Decoder and validator in one pass that drives a [`Sink`].
//!
//! [`Module::parse`] decodes and validates everything but function bodies and keeps offsets, not copies: the
//! module is read in place. A [`Compiler`] decodes and validates a body while it tells a sink what to do. The
//! module is valid if `parse` and every body succeed (WebAssembly Core, chapters 3 and 5).
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod const_expr;
mod function;
mod lister;
mod module;
mod reader;
mod sections;
mod segments;
mod sink;
mod sort;
mod validate;

pub use const_expr::ConstExpr;
pub use function::Compiler;
pub use lister::Lister;
pub use module::Module;
pub use sections::{Export, ExternType, Import};
pub use segments::{DataSegment, ElementItem, ElementSegment, SegmentMode};
pub use sink::{Callee, Cell, FuncInfo, GlobalPlace, Known, MemArg, Operand, Sink, When};
pub use validate::Validate;
