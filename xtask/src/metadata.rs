//! What cargo knows about the workspace.

use crate::run::Run;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;

/// The workspace's packages.
#[derive(Deserialize)]
pub struct Metadata {
    /// Members only.
    pub packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its manifest's path.
    pub manifest_path: String,
    /// Declared dependencies, of every kind and target.
    pub dependencies: Vec<Dependency>,
    /// Its library, programs, tests and so on.
    pub targets: Vec<Target>,
}

/// What cargo builds of a package.
#[derive(Deserialize)]
pub struct Target {
    /// The kinds: `lib`, `bin`, `test`, ...
    pub kind: Vec<String>,
    /// Its main file.
    pub src_path: PathBuf,
    /// Whether `cargo test` runs the tests in it.
    pub test: bool,
}

/// A declared dependency.
#[derive(Deserialize)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// `None` for a normal one.
    pub kind: Option<String>,
}

impl Metadata {
    /// Asks cargo.
    pub fn load() -> Result<Metadata> {
        let text = Run::cargo().args(["metadata", "--format-version", "1", "--no-deps"]).text()?;
        serde_json::from_str(&text).context("reading the answer of cargo metadata")
    }
}

impl Package {
    /// Its normal dependencies that are packages of `metadata`.
    pub fn inner_dependencies<'a>(&'a self, metadata: &'a Metadata) -> impl Iterator<Item = &'a str> {
        let inner = |name: &str| metadata.packages.iter().any(|package| package.name == name);
        self.dependencies
            .iter()
            .filter(move |dependency| dependency.kind.is_none() && inner(&dependency.name))
            .map(|dependency| dependency.name.as_str())
    }
}
