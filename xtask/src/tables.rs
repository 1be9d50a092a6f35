//! Tables in the documentation that commands fill in.

use crate::repo;
use anyhow::{Context, Result};

/// The page of the measurements.
pub const BENCHMARKS: &str = "docs/benchmarks.md";

/// Replaces in a page what stands between `<!-- begin: name -->` and `<!-- end: name -->`.
pub fn write(page: &str, name: &str, table: &str) -> Result<()> {
    let path = repo::path(page);
    let text = repo::read(&path)?;
    let (begin, end) = (format!("<!-- begin: {name} -->\n"), format!("<!-- end: {name} -->"));
    let place = || -> Option<String> {
        let (before, rest) = text.split_once(&begin)?;
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{begin}\n{}\n\n{end}{after}", table.trim()))
    };
    let text = place().with_context(|| format!("{page} has no place for the table '{name}'"))?;
    std::fs::write(&path, text).with_context(|| format!("writing {page}"))
}
