//! Generated modules: a fixed number of them, the same each time. docs/testing.md says what is compared.

use super::foreign::Foreign;
use super::{fuzzer, host};
use crate::repo;
use crate::run::Run;
use crate::summary::{Found, Summary};
use anyhow::{Context, Result, bail, ensure};

/// Cases of the judge, about five modules each.
const JUDGED: &str = "150000";
/// Modules that are run.
const EXECUTED: &str = "4000";

/// The same on a foreign target, where an emulator takes its time.
const EXECUTED_THERE: &str = "1000";

/// Whatever the dispatcher and the checks, and with native code beside the interpreter, everything that can be observed is
/// the same, fuel included.
const BUILDS: [(&str, &[&str], &[&str]); 3] = [
    ("loop", host::RELEASE, &[]),
    ("tail calls, also encoded lazily", host::RELEASE_TAIL, &["--features", "wasmote-fuzzing/interp-lazy"]),
    ("extra checks, native code", host::RELEASE, &["--features", "wasmote/extra-checks,wasmote-fuzzing/jit"]),
];

pub fn steps(summary: &mut Summary, verbose: bool) {
    summary.step("generated modules, wasmparser as judge", || {
        Ok(Found::pass(fuzzing(host::RELEASE, &["judge", "--cases", JUDGED], "judge", verbose)?))
    });
    summary.step("generated modules run as in wasmi", || executed(verbose));
    summary.step("libFuzzer", || fuzzer::fuzzer(verbose));
}

fn executed(verbose: bool) -> Result<Found> {
    let mut lines = Vec::new();
    for (name, build, features) in BUILDS {
        let log = format!("differential {name}").replace([' ', ','], "-");
        lines.push(fuzzing(&[build, features].concat(), &["run", "--cases", EXECUTED], &log, verbose)?);
    }
    match lines.iter().find(|line| **line != lines[0]) {
        None => Ok(Found { passed: lines.len().try_into()?, note: lines.swap_remove(0), ..Found::default() }),
        Some(_) => bail!("not the same in all builds:\n{}", lines.join("\n")),
    }
}

/// Generated modules as native code, for each FPU; what can be observed is the same as on this machine.
pub fn on_foreign(foreign: &Foreign, verbose: bool) -> Result<Found> {
    let args = ["run", "--cases", EXECUTED_THERE];
    let here = fuzzing(host::RELEASE, &args, "differential-here", verbose)?;
    for (number, fpu) in foreign.fpus.iter().enumerate() {
        let log = format!("differential-{}-{number}", foreign.target);
        let run = Run::cargo().args(["run", "--quiet", "--release", "--package", "wasmote-fuzzing"]);
        let run = foreign.target(run.args(["--features", &format!("jit{fpu}")]))?.arg("--");
        let text = run.args(args).arg("--save").arg(repo::work("fuzzing")?).logged(&log, verbose)?;
        let there = text.lines().last().context("it printed nothing")?.trim();
        ensure!(here == there, "not the same on both machines:\n{here}\n{there}");
    }
    Ok(Found { passed: foreign.fpus.len().try_into()?, note: here, ..Found::default() })
}

/// Runs the program `wasmote-fuzzing` of one of the workspace's release builds; the last line that it prints.
fn fuzzing(build: &[&str], args: &[&str], log: &str, verbose: bool) -> Result<String> {
    let cargo =
        Run::cargo().arg("build").args(build).args(["--bin", "wasmote-fuzzing"]).args(host::LIKE_TESTS);
    cargo.logged(&format!("{log}-build"), verbose)?;
    let program = repo::target().join("release/wasmote-fuzzing");
    let save = repo::work("fuzzing")?;
    let text =
        Run::new(program).args(args).args(["--threads", "2", "--save"]).arg(save).logged(log, verbose)?;
    Ok(text.lines().last().context("it printed nothing")?.trim().to_owned())
}
