//! wasmote's C API. `include/wasmote/wasmote.h` is made from this crate.
//!
//! Functions that C calls check what can be checked of their arguments, and then trust the rest as the header
//! says: what the `SAFETY` comments cite as `(C1)`.. is listed in `docs/unsafe.md`.
#![cfg_attr(not(test), no_std)]
// The names are those of the C API, and its documentation is the header's, for which C's rules are the safety section.
#![allow(non_camel_case_types, clippy::missing_safety_doc)]

// The header declares things in this order; the empty lines keep it.
pub mod types;

mod runtime;

mod module;

mod introspect;

mod instance;

mod call;

mod externs;

mod caller;

mod stats;

#[cfg(feature = "thread")]
mod thread;

mod message;

// What it does not show.
#[cfg(not(feature = "std"))]
mod firmware;
mod handle;
mod link;
mod logging;
mod signature;
mod store;
