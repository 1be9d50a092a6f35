//! Events for the application's logger, through the facade `log`, under the target `wasmote`: what a Rust application
//! (zephyr-lang-rust's logger, for one) sees of the runtime's work. The C API reports the same to the platform by itself.

use crate::{Error, Module};

const TARGET: &str = "wasmote";

/// A module of so many bytes was loaded or refused.
pub(crate) fn loaded(bytes: usize, result: &Result<Module, Error>) {
    match result {
        Ok(module) => {
            let stats = module.stats();
            log::info!(target: TARGET, "module loaded: {bytes} bytes, {} of code", stats.code_bytes);
        }
        Err(error) => {
            log::warn!(target: TARGET, "module refused: {error}");
        }
    }
}

/// An instance was made, and its start function run.
pub(crate) fn instantiated() {
    log::info!(target: TARGET, "instance made");
}

/// Execution ended early.
pub(crate) fn ended(result: &Result<(), Error>) {
    if let Err(error) = result {
        log::warn!(target: TARGET, "trap: {error}");
    }
}
