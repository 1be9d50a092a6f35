//! The one list of options: Kconfig and CMake must have the same.

use crate::summary::Found;
use crate::{options, repo};
use anyhow::{Result, bail};
use regex::Regex;
use std::collections::BTreeSet;

const KCONFIG: &str = "Kconfig";

pub fn options() -> Result<Found> {
    let kconfig = names(KCONFIG, r"(?m)^\s*(?:menu)?config\s+(WASMOTE\w*)")?;
    let cmake = options::load()?.into_iter().map(|option| format!("WASMOTE_{}", option.name)).collect();
    let mut wrong = String::new();
    for name in kconfig.difference(&cmake) {
        wrong += &format!("{name} is in {KCONFIG} only\n");
    }
    for name in cmake.difference(&kconfig) {
        wrong += &format!("{name} is in the list for CMake only\n");
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{} options", kconfig.len())))
}

fn names(file: &str, pattern: &str) -> Result<BTreeSet<String>> {
    let text = repo::read(&repo::path(file))?;
    let names: BTreeSet<String> =
        Regex::new(pattern)?.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    if names.is_empty() {
        bail!("{file} has no option that /{pattern}/ finds");
    }
    Ok(names)
}
