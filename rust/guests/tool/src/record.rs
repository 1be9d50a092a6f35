//! `wasm/SOURCES.toml`: from what each file was made, so that a check needs no compiler.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Result;

pub const FILE: &str = "SOURCES.toml";

const HEADER: &str =
    "# Written by `guests build`. sources_sha256 covers the sources and how they are compiled.\n\n";

#[derive(Serialize, Deserialize, Default)]
pub struct Record {
    pub wasm: Vec<Entry>,
}

#[derive(Serialize, Deserialize, Clone)]
pub struct Entry {
    pub file: String,
    pub source: String,
    /// With its version: another one may give other bytes.
    pub compiler: String,
    pub sources_sha256: String,
    pub wasm_sha256: String,
    pub size: usize,
    pub code_size: usize,
}

impl Record {
    pub fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join("wasm").join(FILE))?;
        Ok(toml::from_str(&text).map_err(|error| format!("{FILE}: {error}"))?)
    }

    pub fn write(&self, root: &Path) -> Result<()> {
        let text = format!("{HEADER}{}", toml::to_string(self)?);
        Ok(fs::write(root.join("wasm").join(FILE), text)?)
    }

    pub fn entry(&self, file: &str) -> Option<&Entry> {
        self.wasm.iter().find(|entry| entry.file == file)
    }
}

/// Of the parts and where each ends.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
        hasher.update(part.len().to_le_bytes());
    }
    hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
