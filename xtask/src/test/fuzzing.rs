//! Generated modules: a fixed number of them, the same each time. docs/testing.md says what is compared.

use crate::run::Run;
use crate::summary::{Found, Summary};
use anyhow::{Context, Result, bail};

/// Cases of the judge, about five modules each.
const JUDGED: &str = "150000";
/// Modules that are run.
const EXECUTED: &str = "4000";

/// Whatever the dispatcher and the checks, everything that can be observed is the same, fuel included.
const BUILDS: [(&str, &[&str]); 3] = [
    ("loop", &[]),
    ("tail calls", &["--features", "dispatch-tail"]),
    ("extra checks", &["--features", "extra-checks"]),
];

pub fn steps(summary: &mut Summary, verbose: bool) {
    summary.step("generated modules, wasmparser as judge", || {
        let text = fuzzing(&[], &["judge", "--cases", JUDGED]).logged("judge", verbose)?;
        Ok(Found::pass(last_line(&text)?))
    });
    summary.step("generated modules run as in wasmi", || executed(verbose));
}

fn executed(verbose: bool) -> Result<Found> {
    let mut lines = Vec::new();
    for (name, features) in BUILDS {
        let log = format!("differential {name}").replace(' ', "-");
        let text = fuzzing(features, &["run", "--cases", EXECUTED]).logged(&log, verbose)?;
        lines.push(last_line(&text)?);
    }
    match lines.iter().find(|line| **line != lines[0]) {
        None => Ok(Found { passed: lines.len().try_into()?, note: lines.swap_remove(0), ..Found::default() }),
        Some(_) => bail!("not the same in all builds:\n{}", lines.join("\n")),
    }
}

/// The program `wasmote-fuzzing` in a release build, in as many threads as it likes.
fn fuzzing(features: &[&str], args: &[&str]) -> Run {
    let run = Run::cargo().args(["run", "--quiet", "--release", "--package", "wasmote-fuzzing"]);
    run.args(features).arg("--").args(args).args(["--threads", "2"])
}

fn last_line(text: &str) -> Result<String> {
    Ok(text.lines().last().context("it printed nothing")?.trim().to_owned())
}
