//! The Zephyr leg: Twister over the samples and test suites, with this repository as a module.

use super::spec;
use crate::run::Run;
use crate::summary::{Found, Summary};
use crate::{repo, tools};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The boards: M3, M4F, M33, M55, RV32, RV64, 64-bit Arm and this machine.
const PLATFORMS: [&str; 8] = [
    "mps2/an385",
    "mps2/an386/qemu",
    "mps2/an521/cpu0",
    "mps3/corstone300/an547",
    "qemu_riscv32",
    "qemu_riscv64",
    "qemu_cortex_a53",
    "native_sim/native/64",
];

/// The Rust targets of these boards' CPUs, with which Rust applications and wasmote's archive are compiled.
const TARGETS: [&str; 9] = [
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabi",
    "thumbv8m.main-none-eabihf",
    "riscv32i-unknown-none-elf",
    "riscv32imac-unknown-none-elf",
    "riscv64imac-unknown-none-elf",
    "aarch64-unknown-none",
    "aarch64-unknown-none-softfloat",
];

/// Where Twister finds what to build.
const TREES: [&str; 3] = ["twister-tests", "samples", SPEC];
/// The official test suite.
const SPEC: &str = "rust/spec/firmware/zephyr";
/// Where boards of our own are. Twister looks there by itself only if wasmote is in the workspace's manifest.
const BOARDS: &str = "zephyr-module/boards";

/// All of it, on every platform if it is to be `whole`; `prepared` if the process that started this one has done so.
pub fn steps(summary: &mut Summary, prepared: bool, whole: bool, verbose: bool) {
    summary.step("twister", || match workspace() {
        Some(base) => {
            if !prepared {
                prepare(verbose)?;
            }
            twister(&base, &TREES, &PLATFORMS, whole, verbose)
        }
        None => {
            println!("!!!! THE ZEPHYR LEG IS SKIPPED: {NO_WORKSPACE} !!!!");
            Ok(Found::skip(NO_WORKSPACE))
        }
    });
}

/// The official test suite on one platform.
pub fn spec(platform: &str, verbose: bool) -> Result<Found> {
    let base = workspace().context(NO_WORKSPACE)?;
    prepare(verbose)?;
    twister(&base, &[SPEC], &[platform], true, verbose)
}

/// Whether there is a workspace.
pub fn is_possible() -> bool {
    workspace().is_some()
}

/// Makes what Twister's builds take from elsewhere: Rust's targets, and the official suite as boards read it.
pub fn prepare(verbose: bool) -> Result<()> {
    tools::targets(&TARGETS)?;
    spec::write_scripts(verbose)
}

const NO_WORKSPACE: &str =
    "no Zephyr workspace: ZEPHYR_BASE is not set and ~/zephyrproject/zephyr does not exist";

/// Zephyr's tree.
fn workspace() -> Option<PathBuf> {
    let named = std::env::var_os("ZEPHYR_BASE").map(PathBuf::from);
    let usual = std::env::var_os("HOME").map(|home| Path::new(&home).join("zephyrproject/zephyr"));
    named.into_iter().chain(usual).find(|base| base.join("Kconfig.zephyr").is_file())
}

/// The part of Twister's report that matters here.
#[derive(Deserialize)]
struct Report {
    testsuites: Vec<Suite>,
}

#[derive(Deserialize)]
struct Suite {
    name: String,
    platform: String,
    status: Option<String>,
    reason: Option<String>,
    testcases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    identifier: String,
    status: Option<String>,
    reason: Option<String>,
}

/// Every scenario on each of the platforms that it allows if that is to be `whole`, else on its integration platforms.
fn twister(base: &Path, trees: &[&str], platforms: &[&str], whole: bool, verbose: bool) -> Result<Found> {
    let out = repo::work("twister")?;
    let report = out.join("twister.json");
    // Only this run's report counts.
    let _ = std::fs::remove_file(&report);
    let mut run = west(base).arg("twister").args(["--clobber-output", "--inline-logs", "-v", "-O"]).arg(&out);
    run = run.arg("-A").arg(repo::path(BOARDS)).args((!whole).then_some("--integration"));
    for tree in trees {
        run = run.arg("-T").arg(repo::path(tree));
    }
    for platform in platforms {
        run = run.args(["-p", platform]);
    }
    run = run.arg(format!("-x=ZEPHYR_EXTRA_MODULES={}", repo::root().display()));
    run = run.arg(format!("-x=WASMOTE_SPEC_SUITES={}", spec::scripts_folder()?.display()));
    // Each firmware is built in a folder of its own, but what two have in common only once: wasmote's archive in one folder for
    // cargo, and Zephyr's C through ccache, if that is there. It knows a file again in another firmware, and mostly in the next clone, as
    // paths are relative to the folder and not put into what is compiled, and if no file is told an id of this run: only this run's
    // firmware can answer here. What it does not know it compiles from the text that it has preprocessed to look for it: nothing is lost.
    run = run.arg(format!("-x=WASMOTE_CARGO_TARGET_DIR={}", repo::work("zephyr-cargo")?.display()));
    let base = if out.starts_with(repo::root()) { repo::root() } else { &out };
    run = run.env("CCACHE_BASEDIR", base).env("CCACHE_NOHASHDIR", "1").env("CCACHE_NOCPP2", "1");
    run = run.arg("-x=TC_RUNID=");
    // Twister fails when a test does; its report says more.
    let ended = run.logged("twister", verbose);
    if !report.is_file() {
        return Err(ended.err().context("Twister wrote no report")?);
    }
    let text = std::fs::read_to_string(&report)?;
    let report: Report = serde_json::from_str(&text).context("reading twister.json")?;
    let mut found = Found::default();
    if !whole {
        found.skipped += 1;
        found.note += "skipped: other than integration platforms, which are by: cargo xtask test zephyr\n";
    }
    for suite in &report.testsuites {
        count(suite, &mut found);
    }
    if let Err(error) = ended
        && found.failed == 0
    {
        return Err(error);
    }
    Ok(found)
}

fn count(suite: &Suite, found: &mut Found) {
    let reason = |reason: &Option<String>| reason.clone().unwrap_or_default();
    // Filtered at the beginning: not for this platform, as its own sample.yaml or testcase.yaml says.
    if matches!(suite.status.as_deref(), Some("filtered") | Some("skipped")) {
        found.skipped += 1;
        found.note += &format!("skipped {} on {}: {}\n", suite.name, suite.platform, reason(&suite.reason));
        return;
    }
    let failed = found.failed;
    for case in &suite.testcases {
        match case.status.as_deref() {
            Some("passed") => found.passed += 1,
            Some("skipped" | "filtered") => {
                found.skipped += 1;
                let why = reason(&case.reason);
                found.note += &format!("skipped {} on {}: {why}\n", case.identifier, suite.platform);
            }
            other => {
                found.failed += 1;
                let why = reason(&case.reason);
                let status = other.unwrap_or("no status");
                found.note += &format!("{} on {}: {status} {why}\n", case.identifier, suite.platform);
            }
        }
    }
    // A suite can fail without a test that does: it does not build, or does not end.
    let bad = suite.testcases.is_empty() || matches!(suite.status.as_deref(), Some("failed" | "error"));
    if bad && found.failed == failed {
        found.failed += 1;
        found.note += &format!("{} on {}: {}\n", suite.name, suite.platform, reason(&suite.reason));
    }
}

/// west, from the workspace's own Python environment if it has one.
fn west(base: &Path) -> Run {
    let top = base.parent().unwrap_or(base);
    let bin = top.join(".venv/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(&path)));
    let program = if bin.join("west").is_file() { bin.join("west") } else { PathBuf::from("west") };
    let run = Run::new(program).dir(top).env("ZEPHYR_BASE", base);
    // CMake itself finds an SDK in the usual places.
    let run = run.env("ZEPHYR_TOOLCHAIN_VARIANT", "zephyr");
    match path {
        Ok(path) => run.env("PATH", path),
        Err(_) => run,
    }
}
