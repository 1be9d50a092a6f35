//! Where things are.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> &'static Path {
    // xtask is a folder of the root.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent folder")
}

/// A path of the repository.
pub fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| path("target"), PathBuf::from)
}

/// A folder for what xtask itself builds, made if need be.
pub fn work(name: &str) -> Result<PathBuf> {
    let folder = target().join("xtask").join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

/// The same, with nothing in it.
pub fn empty(name: &str) -> Result<PathBuf> {
    let folder = work(name)?;
    std::fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    work(name)
}

/// `path` as seen from the root, for messages.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Reads a text file; the error names it.
pub fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", shown(path)))
}

/// The files that the repository tracks or would track (not ignored), relative to the root.
pub fn files() -> Result<Vec<String>> {
    let list = crate::run::Run::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"])
        .text()?;
    Ok(list.lines().filter(|file| path(file).exists()).map(str::to_owned).collect())
}
