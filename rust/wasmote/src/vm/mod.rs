//! What running code touches, and everything of the runtime that is `unsafe`.
//!
//! The invariants `(R1)`.. that the comments cite are listed in `docs/unsafe.md`. What this module offers to the
//! rest of the crate is safe to use: places are named by handles, and every handle is checked against the store
//! it is used with.

mod array;
mod builtins;
mod call;
mod code;
mod context;
mod host;
mod instance;
mod interrupt;
#[cfg(feature = "jit-lazy")]
mod lazy;
mod place;
#[cfg(feature = "interp-lazy")]
mod resident;
#[cfg(all(feature = "jit", target_arch = "arm"))]
mod routines;
mod state;
#[cfg(feature = "jit")]
mod unwind;

pub(crate) use call::Call;
pub use call::Caller;
#[cfg(feature = "interp")]
pub(crate) use code::Builder as CodeBuilder;
pub(crate) use code::{Bytes, Code};
pub use context::Context;
pub(crate) use context::{state, state_mut};
pub(crate) use host::HostFunc;
pub use host::{HostCall, RawHostFn};
pub(crate) use instance::instantiate;
pub use interrupt::InterruptHandle;
#[cfg(feature = "jit-lazy")]
pub(crate) use lazy::Made;
pub(crate) use place::Place;
#[cfg(all(feature = "jit", target_arch = "arm"))]
pub(crate) use routines::routines;
pub use state::State;
