//! What programs are measured in: wasmote as it can be configured, and its rivals.

use super::rivals::{self, Rival};
use crate::bare::{self, Board};
use crate::options::{Configuration, WasmoteOption};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// Something that runs WebAssembly, behind xtask/firmware/engine.h.
pub enum Engine {
    Wasmote(Configuration),
    Rival(&'static Rival),
}

impl Engine {
    /// The rival or the configuration of wasmote that has this name.
    pub fn find(name: &str, configurations: &[Configuration]) -> Result<Engine> {
        if let Some(rival) = rivals::find(name) {
            return Ok(Engine::Rival(rival));
        }
        let found = configurations.iter().find(|configuration| configuration.name == name);
        let found = found.with_context(|| format!("there is no configuration and no rival '{name}'"))?;
        Ok(Engine::Wasmote(found.clone()))
    }

    pub fn name(&self) -> &str {
        match self {
            Engine::Wasmote(configuration) => &configuration.name,
            Engine::Rival(rival) => rival.name,
        }
    }

    pub fn is_rival(&self) -> bool {
        matches!(self, Engine::Rival(_))
    }

    /// Whether compiled code is no part of the heap.
    pub fn has_code_apart(&self) -> bool {
        matches!(self, Engine::Wasmote(configuration) if configuration.has_jit())
    }

    /// C files to be compiled with a firmware that has it.
    pub fn sources(&self) -> Vec<PathBuf> {
        match self {
            // Functions that are encoded and given up again, thousands of times.
            Engine::Wasmote(configuration) if configuration.has_interp_lazy() => {
                ["engine_wasmote.c", "platform.c", "recycled.c", "heap.c"].map(bare::source).to_vec()
            }
            Engine::Wasmote(_) => ["engine_wasmote.c", "platform.c", "bump.c"].map(bare::source).to_vec(),
            Engine::Rival(_) => vec![bare::source("heap.c")],
        }
    }

    /// Builds the rest.
    pub fn archive(&self, board: &Board, list: &[WasmoteOption]) -> Result<PathBuf> {
        match self {
            Engine::Wasmote(configuration) => board.archive(configuration, list),
            Engine::Rival(rival) => rival.for_board(board),
        }
    }
}
