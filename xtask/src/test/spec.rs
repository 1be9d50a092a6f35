//! The spec leg: the official test suite in every build of the engines, and on emulated boards.

use super::foreign::{FOREIGN, Foreign};
use super::freertos::FOR_NATIVE_CODE;
use super::{fuzzing, host, zephyr};
use crate::firmware::{Board, Clock, Console};
use crate::repo;
use crate::run::Run;
use crate::summary::{Found, Summary};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Native code without an interpreter.
const NATIVE_BUILD: &[&str] = &["--release", "--no-default-features", "--features", "suite,jit"];

/// What `wasmote-spec --json` prints.
#[derive(Deserialize)]
struct Report {
    files_passed: u32,
    files_failed: u32,
    files_not_run: u32,
    note: String,
}

/// A build of the runner.
#[derive(Clone, Copy)]
enum Build {
    /// With what the Rust tests of the workspace are built with, and more features.
    OfTests(&'static [&'static str], &'static [&'static str]),
    /// Alone, with features that the workspace as a whole cannot have.
    Alone(&'static [&'static str]),
}
use Build::{Alone, OfTests};

const ENCODED_LAZILY: &[&str] = &["--features", "wasmote-spec/interp-lazy"];

/// As for the Rust tests. The one that boards have scripts from is the last.
const BUILDS: [(&str, Build); 7] = [
    ("debug, extra checks", OfTests(host::DEBUG_CHECKS, &[])),
    ("release, native code only", Alone(NATIVE_BUILD)),
    (
        "release, native code only, lazily",
        Alone(&["--release", "--no-default-features", "--features", "suite,jit-lazy"]),
    ),
    // What does not run is given up.
    ("debug, extra checks, encoded lazily", OfTests(host::DEBUG_CHECKS, ENCODED_LAZILY)),
    ("release, tail calls, encoded lazily", OfTests(host::RELEASE_TAIL, ENCODED_LAZILY)),
    ("release, loop", OfTests(host::RELEASE, &[])),
    ("release, tail calls", OfTests(host::RELEASE_TAIL, &[])),
];

/// Megabytes of heap that scripts are written for: for boards of few megabytes, and for those that can do all.
const HEAPS: [u32; 2] = [3, 64];

/// What FreeRTOS' heap must have for that: a block that cannot grow in its place is there twice while it is copied, and
/// there is what the player itself needs.
const fn platform_heap(heap_mb: u32) -> u32 {
    2 * heap_mb + 4
}

/// How the firmware is built on some boards beside the usual way: the other dispatcher, with all checks; the small form of handlers in
/// assembler; native code only.
const VARIANTS: [(&str, &str, &[&str]); 7] = [
    (
        "riscv32_virt",
        "loop, extra checks",
        &["CONFIG_WASMOTE_DISPATCH_SIZE=y", "CONFIG_WASMOTE_EXTRA_CHECKS=y"],
    ),
    (
        "mps2_an385",
        "handlers share ends, no fuel",
        &["CONFIG_WASMOTE_DISPATCH_SIZE=y", "CONFIG_WASMOTE_FUEL=n"],
    ),
    ("mps2_an386", "encoded lazily", &["CONFIG_WASMOTE_INTERP_LAZY=y"]),
    ("mps2_an385", "native code only", NATIVE),
    ("mps2_an386", "native code only", NATIVE),
    ("mps2_an500", "native code only", NATIVE),
    ("mps2_an505", "native code only", NATIVE),
];
const NATIVE: &[&str] =
    &["CONFIG_WASMOTE_JIT=y", "CONFIG_WASMOTE_INTERP=n", "CONFIG_WASMOTE_JIT_CODE_SIZE=262144"];

/// The firmware's CMake project.
const FIRMWARE: &str = "rust/spec/firmware/freertos";

/// All of it, or only on these boards: FreeRTOS boards by name, Rust targets, Twister's platforms.
pub fn steps(summary: &mut Summary, boards: &[String], verbose: bool) {
    if boards.is_empty() {
        for (name, build) in BUILDS {
            summary.step(&format!("official suite, {name}"), || suite(name, build, None, verbose));
        }
    }
    for foreign in &FOREIGN {
        on_foreign(summary, foreign, boards, verbose);
    }
    let known = match Board::all() {
        Ok(known) => known,
        Err(error) => return summary.step("boards", || Err(error)),
    };
    let names: Vec<&str> = known.iter().map(|board| board.name.as_str()).collect();
    let names = names.join(", ");
    let (freertos, others): (Vec<&String>, Vec<_>) =
        boards.iter().partition(|name| known.iter().any(|board| board.name == **name));
    let wanted = |board: &Board| boards.is_empty() || freertos.contains(&&board.name);
    on_freertos(summary, known.into_iter().filter(wanted), verbose);
    for name in others.into_iter().filter(|name| FOREIGN.iter().all(|foreign| foreign.target != **name)) {
        summary.step(&format!("official suite on Zephyr, {name}"), || {
            let not_freertos = || format!("{name} is not one of {names}, and on Zephyr");
            zephyr::spec(name, verbose).with_context(not_freertos)
        });
    }
}

/// The official suite, and generated modules in native code, if they are asked for by the target's name.
fn on_foreign(summary: &mut Summary, foreign: &Foreign, boards: &[String], verbose: bool) {
    let Foreign { what, target, .. } = foreign;
    let wanted = boards.iter().any(|name| name == target);
    if !wanted && !boards.is_empty() {
        return;
    }
    let skip = || Found::skip(format!("takes minutes; run it by: cargo xtask test spec --board {target}"));
    summary.step(&format!("official suite, {what}, {target}"), || {
        if wanted { suite(target, Alone(&["--release"]), Some(foreign), verbose) } else { Ok(skip()) }
    });
    if foreign.fpus.is_empty() {
        return;
    }
    summary.step(&format!("official suite, native code only, {target}"), || {
        let name = format!("native code only {target}");
        if wanted { suite(&name, Alone(NATIVE_BUILD), Some(foreign), verbose) } else { Ok(skip()) }
    });
    summary.step(&format!("generated modules as native code, {target}"), || {
        if wanted { fuzzing::on_foreign(foreign, verbose) } else { Ok(skip()) }
    });
}

/// The runner, up to where its own arguments begin.
fn runner(build: Build, foreign: Option<&Foreign>, log: &str, verbose: bool) -> Result<Run> {
    match build {
        Alone(args) => {
            let run = Run::cargo().args(["run", "--quiet", "--package", "wasmote-spec"]).args(args);
            let run = match foreign {
                Some(foreign) => foreign.target(run)?,
                None => run,
            };
            Ok(run.arg("--"))
        }
        OfTests(args, features) => {
            let build = Run::cargo().arg("build").args(args).args(features);
            let build = build.args(["--bin", "wasmote-spec"]).args(host::LIKE_TESTS);
            build.logged(&format!("{log}-build"), verbose)?;
            let profile = if args.contains(&"--release") { "release" } else { "debug" };
            Ok(Run::new(repo::target().join(profile).join("wasmote-spec")))
        }
    }
}

fn suite(name: &str, build: Build, foreign: Option<&Foreign>, verbose: bool) -> Result<Found> {
    let log = format!("spec {name}").replace([' ', ','], "-");
    let text = runner(build, foreign, &log, verbose)?.arg("--json").logged(&log, verbose)?;
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

/// Where the scripts for boards are.
pub fn scripts_folder() -> Result<PathBuf> {
    repo::work("spec")
}

/// The scripts for boards with so much heap.
fn scripts(heap_mb: u32) -> Result<PathBuf> {
    Ok(scripts_folder()?.join(format!("suite-{heap_mb}.bin")))
}

/// Writes the scripts for boards, once. They hold what the host counted, so the host must pass.
pub fn write_scripts(verbose: bool) -> Result<()> {
    static WRITTEN: AtomicBool = AtomicBool::new(false);
    if WRITTEN.load(Ordering::Relaxed) {
        return Ok(());
    }
    let (_, build) = BUILDS[BUILDS.len() - 1];
    let mut run = runner(build, None, "spec-scripts", verbose)?;
    for heap in HEAPS {
        run = run.arg(format!("--for-board={heap}:{}", scripts(heap)?.display()));
    }
    run.logged("spec-scripts", verbose)?;
    WRITTEN.store(true, Ordering::Relaxed);
    Ok(())
}

/// Builds a firmware for each board, and lets them run at the same time.
fn on_freertos(summary: &mut Summary, boards: impl Iterator<Item = Board>, verbose: bool) {
    let mut builds = Vec::new();
    for board in boards {
        for (_, variant, options) in VARIANTS.iter().filter(|(name, ..)| board.name == *name) {
            match Board::load(&board.name) {
                Ok(board) => builds.push((board, *variant, *options)),
                Err(error) => summary.step(variant, || Err(error)),
            }
        }
        if !FOR_NATIVE_CODE.contains(&&*board.name) {
            builds.push((board, "", &[][..]));
        }
    }
    let name = |board: &Board, variant: &str| {
        format!("official suite on FreeRTOS, {} {variant}", board.name).trim_end().to_owned()
    };
    builds.retain(|(board, variant, _)| summary.wants(&name(board, variant)));
    if builds.is_empty() {
        return;
    }
    let written = write_scripts(verbose);
    let mut running = Vec::new();
    for (board, variant, options) in builds {
        let name = name(&board, variant);
        let started = written.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"));
        running.push((name, started.and_then(|()| start(board, variant, options, verbose))));
    }
    for (name, started) in running {
        summary.step(&name, || judge(&started?.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??));
    }
}

fn start(
    board: Board,
    variant: &str,
    options: &[&str],
    verbose: bool,
) -> Result<JoinHandle<Result<Console>>> {
    board.need()?;
    let fits = |heap: &&u32| platform_heap(**heap) <= board.heap_mb;
    let heap = *HEAPS.iter().rfind(fits).context("the board has too little memory")?;
    let suite = format!("WASMOTE_SPEC_SUITE={}", scripts(heap)?.display());
    let heap = format!("WASMOTE_BOARD_HEAP_MB={}", platform_heap(heap));
    let variant = variant.replace(',', "");
    let firmware = board.build(FIRMWARE, &variant, &[&[&*suite, &*heap], options].concat(), verbose)?;
    Ok(std::thread::spawn(move || {
        board.run(&firmware, Clock::Host, Duration::from_secs(600), |line| {
            if verbose {
                eprintln!("{}: {line}", board.name);
            }
        })
    }))
}

/// What a firmware found.
fn judge(console: &Console) -> Result<Found> {
    let last = console.text.lines().rfind(|line| line.starts_with("spec: "));
    let Some(last) = last else {
        console.judge("^spec: ")?;
        bail!("the firmware printed no summary");
    };
    let files =
        |start: &str| u32::try_from(console.text.lines().filter(|line| line.starts_with(start)).count());
    let found = Found { passed: files("ok ")?, failed: files("FAILED ")?, ..Found::default() };
    if found.failed > 0 {
        let told: Vec<&str> = console.text.lines().filter(|line| !line.starts_with("ok ")).collect();
        return Ok(Found { note: told.join("\n"), ..found });
    }
    console.judge("^spec: .* 0 failed; 0 files failed")?;
    ensure!(found.passed > 0, "no file was run");
    Ok(Found { note: last.to_owned(), ..found })
}
