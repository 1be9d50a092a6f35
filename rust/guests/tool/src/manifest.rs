//! `guests.toml`: what is built from what.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Result;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    guest: Vec<Guest>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    pub name: String,
    pub c: Option<String>,
    pub rust: Option<String>,
    pub wat: Option<String>,
    #[serde(default)]
    pub defines: Vec<String>,
    #[serde(default)]
    pub features: Vec<String>,
    #[serde(default)]
    pub link_args: Vec<String>,
    #[serde(default)]
    pub names: bool,
}

pub enum Source<'a> {
    C(&'a str),
    Rust(&'a str),
    Wat(&'a str),
}

impl Guest {
    pub fn kind(&self) -> Result<Source<'_>> {
        match (&self.c, &self.rust, &self.wat) {
            (Some(c), None, None) => Ok(Source::C(c)),
            (None, Some(package), None) => Ok(Source::Rust(package)),
            (None, None, Some(wat)) => Ok(Source::Wat(wat)),
            _ => Err(format!("{}: exactly one of c, rust and wat is needed", self.name).into()),
        }
    }

    pub fn file(&self) -> String {
        format!("{}.wasm", self.name)
    }

    /// For people: where to look.
    pub fn source(&self) -> String {
        match self.kind() {
            Ok(Source::C(path) | Source::Wat(path)) => path.into(),
            Ok(Source::Rust(package)) => format!("rust/{package}"),
            Err(_) => String::new(),
        }
    }
}

pub fn read(root: &Path) -> Result<Vec<Guest>> {
    let text = fs::read_to_string(root.join("guests.toml"))?;
    let manifest: Manifest = toml::from_str(&text).map_err(|error| format!("guests.toml: {error}"))?;
    for guest in &manifest.guest {
        guest.kind()?;
    }
    Ok(manifest.guest)
}
