//! The programs on this machine, by callgrind: of two runs of a whole process that differ in how much they do, the
//! difference counts, so that neither starting nor loading is in it.

use super::programs::{GUESTS, Measured, NATIVE_FLAGS, Program, Ran, Taken, Work};
use super::rivals::{self, Rival};
use super::{INTERP, INTERP_UNMETERED, JIT, JIT_UNMETERED, twins};
use crate::run::{Run, progress};
use crate::{bare, repo, tools};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is measured, and how the command line tool is told. It counts fuel only if there is a limit.
const CONFIGURATIONS: [(&str, &[&str]); 4] = [
    (INTERP, &["--engine", "interp", "--fuel", "18446744073709551615"]),
    (INTERP_UNMETERED, &["--engine", "interp"]),
    (JIT, &["--engine", "jit", "--fuel", "18446744073709551615"]),
    (JIT_UNMETERED, &["--engine", "jit"]),
];

/// The names of all that can be measured here.
pub fn engines() -> Vec<&'static str> {
    let configurations = CONFIGURATIONS.iter().map(|(name, _)| *name);
    configurations.chain(rivals::ALL.iter().map(|rival| rival.name)).collect()
}

/// Those with a native twin.
pub fn programs(all: &[Program]) -> Vec<Program> {
    all.iter().filter(|program| program.native.is_some()).cloned().collect()
}

/// A process that runs a module's export.
enum Process {
    /// The command line tool with these options.
    Wasmote(PathBuf, &'static [&'static str]),
    /// An engine behind xtask/firmware/engine_host.c.
    Rival(PathBuf),
}

/// Runs them all.
pub fn measure(programs: &[Program], names: &[String]) -> Result<Vec<Measured>> {
    ensure!(cfg!(all(target_arch = "x86_64", target_os = "linux")), "this machine is no x86-64 with Linux");
    tools::need(&[tools::HOST_GCC, tools::VALGRIND])?;
    progress("building the command line tool");
    Run::cargo()
        .args(["build", "--release", "--package", "wasmote-cli", "--features", "jit,dispatch-tail"])
        .logged("bench-cli", false)?;
    let tool = repo::target().join("release/wasmote");
    let mut processes = Vec::new();
    for name in names {
        let options = CONFIGURATIONS.iter().find(|(one, _)| one == name);
        processes.push(match (options, rivals::find(name)) {
            (Some((_, options)), _) => Process::Wasmote(tool.clone(), options),
            (None, Some(rival)) => Process::Rival(build(rival)?),
            (None, None) => anyhow::bail!("there is no '{name}' on this machine"),
        });
    }
    let mut measured: Vec<Measured> = names
        .iter()
        .map(|name| (name.clone(), rivals::find(name).is_some()))
        .map(|(name, rival)| Measured { name, rival, taken: Vec::new(), flash: None })
        .collect();
    for program in programs {
        progress(&format!("{} on this machine", program.name));
        let twin = twin(program)?;
        let native = difference(program, |work| callgrind(&twin).arg(work.n.to_string()))?;
        for (process, measured) in processes.iter().zip(&mut measured) {
            let taken = difference(program, |work| process.run(program, work));
            let ran = match (taken, measured.rival) {
                (Ok(instructions), _) => Ok(Ran { instructions, load: None }),
                (Err(error), true) => Err(error.root_cause().to_string()),
                (Err(error), false) => return Err(error),
            };
            measured.taken.push(Taken { native, ran });
        }
    }
    Ok(measured)
}

impl Process {
    fn run(&self, program: &Program, work: Work) -> Run {
        let run = match self {
            Process::Wasmote(tool, options) => {
                let run = callgrind(tool).arg("run").args(*options).arg(program.module());
                run.args(["--invoke", &program.export])
            }
            Process::Rival(elf) => callgrind(elf).arg(program.module()).arg(&program.export),
        };
        run.arg(work.n.to_string())
    }
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
    let printed = ended.text.lines().filter(|line| !line.starts_with("==")).collect::<Vec<_>>().join(" ");
    ensure!(ended.status.is_some_and(|status| status.success()), "it failed: {printed}");
    ensure!(printed == work.result.to_string(), "it gives {printed}, not {}", work.result);
    let collected = ended.text.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.with_context(|| format!("callgrind counted nothing:\n{}", ended.text))?;
    count.trim().parse().with_context(|| format!("callgrind counted {count}"))
}

/// Builds a rival as a program of this machine.
fn build(rival: &Rival) -> Result<PathBuf> {
    progress(&format!("building {} for this machine", rival.name));
    let elf = repo::work("twin")?.join(rival.name);
    Run::new("gcc")
        .args(["-std=gnu11", "-O2", "-Wall", "-Werror", "-I"])
        .arg(bare::source(""))
        .args(["engine_host.c", "heap.c", "console.c"].map(bare::source))
        .arg(rival.for_host()?)
        .args(["-lm", "-o"])
        .arg(&elf)
        .logged(&format!("host-{}", rival.name), false)?;
    Ok(elf)
}

/// Builds a program's native twin, which prints `run(n)` for the n that it is given.
fn twin(program: &Program) -> Result<PathBuf> {
    let run = program.native.as_deref().context("there is no twin")?;
    let elf = repo::work("twin")?.join(&program.name);
    Run::new("gcc")
        .args(NATIVE_FLAGS)
        .args(["-std=c11", "-Wall", "-Werror"])
        .arg(format!("-DRUN={run}"))
        .arg("-I")
        .arg(repo::path(GUESTS).join("native"))
        .arg(bare::source("twin.c"))
        .arg(program.source().map_or_else(twins::for_host, Ok)?)
        .arg("-o")
        .arg(&elf)
        .logged(&format!("twin-{}", program.name), false)?;
    Ok(elf)
}
