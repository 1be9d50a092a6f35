//! What measurements were made with, for the line below their tables.

use super::Target;
use super::programs::NATIVE_FLAGS;
use crate::run::Run;
use anyhow::{Context, Result};

/// Compilers, emulator and flags of a target's measurements.
pub fn made_with(target: Target) -> Result<String> {
    let (gcc, flags, counter) = match target.board() {
        Some(board) => (board.tool("gcc"), board.flags, board.emulator[0]),
        None => ("gcc".to_owned(), &[][..], "valgrind"),
    };
    let flags = NATIVE_FLAGS.iter().chain(flags).copied().collect::<Vec<_>>().join(" ");
    Ok(format!(
        "Made with: {}; {} with `{flags}`; {}; wasmote {}, whose profiles are in Cargo.toml.",
        version("rustc")?,
        version(&gcc)?,
        version(counter)?,
        env!("CARGO_PKG_VERSION"),
    ))
}

/// What a program says of itself.
fn version(program: &str) -> Result<String> {
    let text = Run::new(program).arg("--version").text()?;
    let line = text.lines().next().with_context(|| format!("{program} --version says nothing"))?;
    Ok(line.to_owned())
}
