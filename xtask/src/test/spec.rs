//! The spec leg: the official test suite in every build of the interpreter.

use crate::run::Run;
use crate::summary::{Found, Summary};
use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What `wasmote-spec --json` prints.
#[derive(Deserialize)]
struct Report {
    files_passed: u32,
    files_failed: u32,
    files_not_run: u32,
    note: String,
}

/// As for the Rust tests.
const BUILDS: [(&str, &[&str]); 3] = [
    ("debug, extra checks", &["--features", "extra-checks"]),
    ("release, loop", &["--release"]),
    ("release, tail calls", &["--release", "--features", "dispatch-tail"]),
];

pub fn steps(summary: &mut Summary, verbose: bool) {
    for (name, args) in BUILDS {
        summary.step(&format!("official suite, {name}"), || suite(name, args, verbose));
    }
}

fn suite(name: &str, args: &[&str], verbose: bool) -> Result<Found> {
    let log = format!("spec {name}").replace([' ', ','], "-");
    let run = Run::cargo().args(["run", "--quiet", "--package", "wasmote-spec"]).args(args);
    let text = run.args(["--", "--json"]).logged(&log, verbose)?;
    let last = text.lines().rfind(|line| line.starts_with('{')).context("the runner printed no report")?;
    let report: Report = serde_json::from_str(last)?;
    if report.files_passed == 0 {
        bail!("no file was run\n{text}");
    }
    Ok(Found {
        passed: report.files_passed,
        failed: report.files_failed,
        skipped: report.files_not_run,
        note: report.note,
    })
}
