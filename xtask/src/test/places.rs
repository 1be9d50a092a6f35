//! Checks of how the sources are laid out.

use crate::metadata::Metadata;
use crate::repo;
use crate::summary::Found;
use anyhow::{Result, bail};
use regex::Regex;

/// What each crate may depend on, besides crates from elsewhere.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("wasmote-platform", &[]),
    ("wasmote-core", &["wasmote-platform"]),
    ("wasmote-frontend", &["wasmote-platform", "wasmote-core"]),
    ("wasmote-interp", &["wasmote-platform", "wasmote-core", "wasmote-frontend"]),
    ("wasmote-jit", &["wasmote-platform", "wasmote-core", "wasmote-frontend"]),
    ("wasmote", &["wasmote-platform", "wasmote-core", "wasmote-frontend", "wasmote-interp", "wasmote-jit"]),
    ("wasmote-capi", &["wasmote-platform", "wasmote-core", "wasmote"]),
    ("wasmote-spec", &["wasmote"]),
    (
        "wasmote-cli",
        &[
            "wasmote",
            "wasmote-core",
            "wasmote-platform",
            "wasmote-frontend",
            "wasmote-interp",
            "wasmote-jit",
            "wasmote-spec",
        ],
    ),
    ("wasmote-fuzzing", &["wasmote", "wasmote-platform", "wasmote-frontend"]),
    ("xtask", &[]),
];

pub fn dependencies() -> Result<Found> {
    let metadata = Metadata::load()?;
    let mut wrong = String::new();
    for package in &metadata.packages {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
            wrong += &format!("{} is not in the list of crates (xtask/src/test/places.rs)\n", package.name);
            continue;
        };
        for used in package.inner_dependencies(&metadata).filter(|used| !allowed.contains(used)) {
            wrong += &format!("{} must not depend on {used}\n", package.name);
        }
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{} crates", metadata.packages.len())))
}

/// Where `unsafe` may stand. Guests, samples and the fuzzer are programs on the other side of the API, rivals are behind one
/// of C; the interpreter's tests stand in for the runtime below it.
const UNSAFE_PLACES: [&str; 13] = [
    "rust/interp/src/exec/raw.rs",
    "rust/interp/src/exec/raw/",
    "rust/interp/src/exec/thumb2/",
    "rust/interp/src/tests/",
    "rust/wasmote/src/vm/",
    "rust/platform/",
    "rust/capi/",
    // A symbol for the runner in C.
    "rust/jit/tests/run/numeric.rs",
    "rust/guests/",
    "fuzz/",
    "xtask/rivals/",
    "samples/",
    "freertos-port/",
];

pub fn unsafe_code() -> Result<Found> {
    let word = Regex::new(r"\bunsafe\b")?;
    // The type of a function pointer does nothing. (Of `extern "C"` the string is blank.)
    let pointer_type = Regex::new(r"\bunsafe\s+extern\s+fn\s*\(")?;
    let files: Vec<String> = repo::files()?.into_iter().filter(|file| file.ends_with(".rs")).collect();
    let mut wrong = String::new();
    let mut checked = 0;
    for file in &files {
        if UNSAFE_PLACES.iter().any(|place| file.starts_with(place)) {
            continue;
        }
        checked += 1;
        let text = without_comments(&repo::read(&repo::path(file))?);
        let text = pointer_type.replace_all(&text, "");
        for (line, _) in text.lines().enumerate().filter(|(_, line)| word.is_match(line)) {
            wrong += &format!("{file}:{}: unsafe\n", line + 1);
        }
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{checked} files have none")))
}

/// Rust source with comments and the contents of strings blanked; lines stay.
fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            string_length(rest)
        } else if c == '\'' {
            char_length(rest)
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.extend(rest[..skip].chars().filter(|&c| c == '\n'));
        rest = &rest[skip..];
    }
    out
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// A character literal's length, or 1 for the quote of a lifetime.
fn char_length(text: &str) -> usize {
    let inner: Vec<(usize, char)> = text.char_indices().skip(1).take(12).collect();
    match inner.as_slice() {
        [(_, '\\'), _, rest @ ..] => rest.iter().find(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        [_, (at, '\''), ..] => at + 1,
        _ => 1,
    }
}

/// Beyond this many lines a reader loses the way. Tables and tests' data may be longer.
const LONG: usize = 600;

pub fn long_files() -> Result<Found> {
    let sources = repo::files()?.into_iter().filter(|file| {
        [".rs", ".c", ".h", ".cmake"].iter().any(|end| file.ends_with(end)) && !file.starts_with("include/")
    });
    let mut wrong = String::new();
    let mut checked = 0;
    for file in sources {
        let lines = repo::read(&repo::path(&file))?.lines().count();
        checked += 1;
        if lines > LONG {
            wrong += &format!("{file}: {lines} lines, {LONG} are the limit\n");
        }
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{checked} files")))
}

/// A library or program that cargo is told to build without its tests has none.
pub fn unit_tests() -> Result<Found> {
    let mut checked = 0;
    for target in Metadata::load()?.packages.iter().flat_map(|package| &package.targets) {
        if target.test || !target.kind.iter().any(|kind| kind == "lib" || kind == "bin") {
            continue;
        }
        let folder = target.src_path.parent().unwrap_or(&target.src_path);
        for file in repo::files()?.iter().map(|file| repo::path(file)).filter(|file| file.starts_with(folder))
        {
            if repo::read(&file)?.contains("#[test]") {
                bail!("{} has tests, which `test = false` leaves out", repo::shown(&file));
            }
        }
        checked += 1;
    }
    Ok(Found::pass(format!("{checked} without")))
}

#[cfg(test)]
mod tests {
    use super::without_comments;

    #[test]
    fn blanks_comments_and_strings_only() {
        let source = "a // unsafe\nb /* unsafe\n */ c \"unsafe \\\" unsafe\" d '\"' e 'a f '\\'' unsafe";
        assert_eq!(without_comments(source), "a \nb \n c  d  e a f  unsafe");
    }
}
