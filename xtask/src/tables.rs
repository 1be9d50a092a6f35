//! Tables in docs/benchmarks.md that commands fill in.

use crate::repo;
use anyhow::{Context, Result};

const PAGE: &str = "docs/benchmarks.md";

/// Replaces what stands between `<!-- begin: name -->` and `<!-- end: name -->`.
pub fn write(name: &str, table: &str) -> Result<()> {
    let path = repo::path(PAGE);
    let text = repo::read(&path)?;
    let (begin, end) = (format!("<!-- begin: {name} -->\n"), format!("<!-- end: {name} -->"));
    let place = || -> Option<String> {
        let (before, rest) = text.split_once(&begin)?;
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{begin}\n{}\n\n{end}{after}", table.trim()))
    };
    let text = place().with_context(|| format!("{PAGE} has no place for the table '{name}'"))?;
    std::fs::write(&path, text).with_context(|| format!("writing {PAGE}"))
}
