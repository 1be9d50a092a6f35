//! wasmote: a WebAssembly runtime for microcontrollers.
//!
//! ```
//! use wasmote::{Engine, EngineConfig, Linker, Module, Quotas, Store};
//!
//! # fn main() -> Result<(), wasmote::Error> {
//! # let wasm: &'static [u8] = wat::parse_str(r#"(module
//! #     (import "env" "twice" (func $twice (param i32) (result i32)))
//! #     (func (export "add") (param i32 i32) (result i32)
//! #         (call $twice (i32.add (local.get 0) (local.get 1)))))"#).unwrap().leak();
//! let engine = Engine::new(EngineConfig::default())?;
//! let module = Module::new(&engine, wasm)?;
//! let mut linker = Linker::new(&engine);
//! linker.func("env", "twice", |x: i32| 2 * x)?;
//! let mut store = Store::new(&engine, Quotas::default())?;
//! let instance = linker.instantiate(&mut store, &module)?;
//! let add = instance.func::<(i32, i32), i32>(&store, "add")?;
//! assert_eq!(add.call(&mut store, (20, 1))?, 42);
//! # Ok(())
//! # }
//! ```
//!
//! An [`Engine`] is where memory comes from. A [`Module`] is validated and compiled once and shared by any number
//! of [`Store`]s, in any threads. A store holds [`Instance`]s and all that they use, within [`Quotas`]. A [`Linker`]
//! gives instances their imports.
//!
//! Nothing here allocates without an account, or panics whatever a module does.
#![no_std]
#![warn(missing_docs)]
#![deny(unsafe_code)]

#[cfg(not(any(feature = "interp", feature = "jit")))]
compile_error!("wasmote needs an engine: enable the feature `interp` or `jit`");

mod backtrace;
#[cfg(feature = "interp")]
mod encoded;
mod engine;
mod error;
#[cfg(feature = "log")]
mod events;
mod externs;
mod func;
mod host_func;
mod instance;
mod linker;
mod module;
#[cfg(feature = "jit")]
mod native;
mod store;
mod values;
#[allow(unsafe_code)]
mod vm;

#[cfg(feature = "backtrace")]
pub use backtrace::MAX_FRAMES;
pub use backtrace::{Backtrace, Frame, ResolvedFrame};
pub use engine::{Engine, EngineConfig};
pub use error::{Error, HostError, LinkError, LinkReason, Quota};
pub use externs::{Global, Memory, Table};
pub use func::{Func, TypedFunc};
pub use host_func::{HostFn, HostResults, WithCaller};
pub use instance::{Extern, Instance};
pub use linker::{Linker, Resolve};
pub use module::{Module, ModuleStats};
pub use store::{Quotas, Store, StoreStats};
pub use values::{ExternRef, Value, WasmValue, WasmValues};
pub use vm::{Caller, Context, HostCall, InterruptHandle, RawHostFn};

pub use wasmote_core::texts::Message;
pub use wasmote_core::{
    ErrorClass, ErrorKind, ExternKind, Feature, FuncType, GlobalType, Limits, LoadError, MemoryType,
    TableType, Trap, ValType,
};
pub use wasmote_frontend::{Export, ExternType, Import};
pub use wasmote_platform::heap::HeapStats;
