//! What the fuzzer's targets do with their corpora, and with what they found once.

use std::path::{Path, PathBuf};
use wasmote_fuzzing::targets;

/// The files of a target, in order.
fn inputs(target: &str) -> Vec<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let mut files = Vec::new();
    for folder in ["corpus", "regressions"] {
        if let Ok(entries) = std::fs::read_dir(fuzz.join(folder).join(target)) {
            files.extend(entries.map(|entry| entry.unwrap().path()));
        }
    }
    files.sort();
    files
}

fn replay(target: &str, run: fn(&[u8])) {
    let files = inputs(target);
    assert!(files.len() > 20, "{} files", files.len());
    for file in files {
        // The name of the last one is what one wants to know.
        println!("{}", file.display());
        run(&std::fs::read(file).unwrap());
    }
}

#[test]
fn load() {
    replay("load", targets::load);
}

#[test]
fn quotas() {
    replay("quotas", targets::quotas);
}

#[test]
fn execute() {
    replay("execute", targets::execute);
}
