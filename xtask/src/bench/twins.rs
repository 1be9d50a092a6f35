//! The native twins of the guests in Rust: a static library, made of rust/guests/rust/twins.

use super::programs::{GUESTS, Program};
use crate::bare::Board;
use crate::repo;
use crate::run::{Run, progress};
use anyhow::Result;
use std::path::PathBuf;

/// For a board: an object with their functions and nothing else that is visible, since the engine beside it may bring the same
/// parts of Rust's library. Like the engine, it has memcpy and arithmetic from the board's own libraries.
pub fn for_board(board: &Board, programs: &[Program]) -> Result<PathBuf> {
    progress(&format!("building native twins for {}", board.name));
    let name = format!("twins-{}", board.name);
    let archive = board.split(&build(board.rust_target)?, &name)?;
    let object = archive.with_file_name("twins.o");
    let functions = programs.iter().filter(|program| program.source().is_none());
    let functions: Vec<&str> = functions.filter_map(|program| program.native.as_deref()).collect();
    let link =
        board.gcc().args(["-r", "-nostdlib"]).args(functions.iter().map(|name| format!("-Wl,-u,{name}")));
    link.arg(&archive).arg("-o").arg(&object).logged(&name, false)?;
    Run::new(board.tool("objcopy"))
        .args(functions.iter().map(|name| format!("--keep-global-symbol={name}")))
        .arg(&object)
        .logged(&name, false)?;
    Ok(object)
}

/// For this machine: the library.
pub fn for_host() -> Result<PathBuf> {
    build("x86_64-unknown-linux-gnu")
}

fn build(target: &str) -> Result<PathBuf> {
    let folder = repo::work("cargo")?;
    Run::cargo()
        .args(["rustc", "--release", "--locked", "--package", "twins", "--crate-type", "staticlib"])
        .arg("--manifest-path")
        .arg(repo::path(GUESTS).join("rust/Cargo.toml"))
        .args(["--target", target, "--target-dir"])
        .arg(&folder)
        .logged(&format!("twins-{target}"), false)?;
    Ok(folder.join(target).join("release/libtwins.a"))
}
