//! The programs on this machine, by callgrind: of two runs of a whole process that differ in how much they do, the
//! difference counts, so that neither starting nor loading is in it.

use super::{GUESTS, JIT, JIT_UNMETERED, Measured, Module, Program, Taken, Work};
use crate::run::{Run, progress};
use crate::{repo, tools};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is measured, and how the command line tool is told. It counts fuel only if there is a limit.
const CONFIGURATIONS: [(&str, &[&str]); 3] = [
    ("interp", &["--engine", "interp", "--fuel", "18446744073709551615"]),
    (JIT, &["--engine", "jit", "--fuel", "18446744073709551615"]),
    (JIT_UNMETERED, &["--engine", "jit"]),
];

/// Those with a native twin that call nobody: the command line tool has no function for them.
pub fn programs(all: &[Program]) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for program in all.iter().filter(|program| program.native.is_some()) {
        if !Module::read(program)?.imports {
            programs.push(program.clone());
        }
    }
    Ok(programs)
}

/// Runs them all.
pub fn measure(programs: &[Program]) -> Result<Vec<Measured>> {
    ensure!(cfg!(all(target_arch = "x86_64", target_os = "linux")), "this machine is no x86-64 with Linux");
    tools::need(&[tools::HOST_GCC, tools::VALGRIND])?;
    progress("building the command line tool");
    Run::cargo()
        .args(["build", "--release", "--package", "wasmote-cli", "--features", "jit,dispatch-tail"])
        .logged("bench-cli", false)?;
    let wasmote = repo::target().join("release/wasmote");
    let mut measured: Vec<Measured> = CONFIGURATIONS
        .iter()
        .map(|(name, _)| Measured { name: (*name).to_owned(), taken: Vec::new() })
        .collect();
    for program in programs {
        progress(&format!("{} on this machine", program.name));
        let twin = twin(program)?;
        let native = difference(program, |work| callgrind(&twin).arg(work.n.to_string()))?;
        for ((_, options), measured) in CONFIGURATIONS.iter().zip(&mut measured) {
            let wasmote = difference(program, |work| {
                let run = callgrind(&wasmote).arg("run").args(*options);
                let run = run.arg(repo::path(GUESTS).join("wasm").join(&program.wasm));
                run.args(["--invoke", &program.export]).arg(work.n.to_string())
            })?;
            measured.taken.push(Taken { native, wasmote, load: None });
        }
    }
    Ok(measured)
}

/// Counts a process's instructions. Code that is written at run time is looked at each time that it is executed.
fn callgrind(elf: &Path) -> Run {
    let options = ["--tool=callgrind", "--smc-check=all", "--callgrind-out-file=/dev/null"];
    Run::new("valgrind").args(options).arg(elf)
}

/// The instructions by which a program's long run differs from its short one.
fn difference(program: &Program, run: impl Fn(Work) -> Run) -> Result<u64> {
    let count = |work| count(run(work), work).with_context(|| format!("{} on this machine", program.name));
    let (less, more) = (count(program.check)?, count(program.bench)?);
    more.checked_sub(less).with_context(|| format!("{} takes less for more", program.name))
}

/// Runs a program that prints its result, under callgrind.
fn count(run: Run, work: Work) -> Result<u64> {
    let ended = run.watched(Duration::from_secs(600), |_| {})?;
    ensure!(ended.status.is_some_and(|status| status.success()), "it failed:\n{}", ended.text);
    let printed = ended.text.lines().filter(|line| !line.starts_with("==")).collect::<Vec<_>>().join("\n");
    ensure!(printed == work.result.to_string(), "it gives {printed}, not {}", work.result);
    let collected = ended.text.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.with_context(|| format!("callgrind counted nothing:\n{}", ended.text))?;
    count.trim().parse().with_context(|| format!("callgrind counted {count}"))
}

/// Builds a program's native twin, which prints `run(n)` for the n that it is given.
fn twin(program: &Program) -> Result<PathBuf> {
    let run = program.native.as_deref().context("there is no twin")?;
    let elf = repo::work("twin")?.join(&program.name);
    Run::new("gcc")
        // The native side's flags; see rust/guests/native/guests.h.
        .args(["-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Werror"])
        .arg(format!("-DRUN={run}"))
        .arg("-I")
        .arg(repo::path(GUESTS).join("native"))
        .arg(repo::path(GUESTS).join("c").join(&program.name).with_extension("c"))
        .arg(repo::path("xtask/firmware/twin.c"))
        .arg("-o")
        .arg(&elf)
        .logged(&format!("twin-{}", program.name), false)?;
    Ok(elf)
}
