//! libFuzzer on the targets in `fuzz/`, for a little while. What it needs is not everywhere: without it one line says so.

use crate::run::Run;
use crate::summary::Found;
use crate::{repo, tools};
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The targets, and how many inputs a run from the fixed seed has: about as many as a minute is enough for on a machine that
/// does nothing else. More of them on a faster machine would be inputs that nobody has seen pass.
const TARGETS: [(&str, u32); 4] =
    [("load", 550_000), ("quotas", 650_000), ("execute", 9_000), ("c_api", 50_000)];
/// The part of them that is enough where `CI` is not set to `true`, as the usual services do.
const PART: u32 = 3;
/// Seconds that a target has at most, two at a time; `WASMOTE_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 240;
/// Where the choices begin, if no time is given: with memory at the same addresses the same program is run with the same
/// inputs, as they are chosen by the pointers that are compared, too. Whoever gives a time looks for something new.
const SEED: u32 = 2026;
const HOST: &str = "x86_64-unknown-linux-gnu";
pub fn fuzzer(verbose: bool) -> Result<Found> {
    let (seconds, seed) = match std::env::var("WASMOTE_FUZZ_SECONDS") {
        Ok(text) => (text.parse().context("WASMOTE_FUZZ_SECONDS is no number")?, 0),
        Err(_) => (SECONDS, SEED),
    };
    let part = if std::env::var("CI").is_ok_and(|ci| ci == "true") { 1 } else { PART };
    if let Some(reason) = missing() {
        return Ok(Found::skip(format!(
            "{} are not fuzzed: {reason}",
            TARGETS.map(|(target, _)| target).join(", ")
        )));
    }
    tools::need(&[tools::HOST_GCC])?;
    // Apart from the other builds: it is of another compiler, with other flags.
    let folder = repo::work("fuzz")?;
    let build = Run::new("rustup").args(["run", "nightly", "cargo", "build", "--release", "--target", HOST]);
    let build =
        build.arg("--manifest-path").arg(repo::path("fuzz/Cargo.toml")).env("CARGO_TARGET_DIR", &folder);
    let build = build.env("RUSTC_WRAPPER", repo::path("fuzz/rustc.sh")).env("CARGO_TERM_COLOR", "never");
    build.logged("fuzz-build", verbose)?;
    let mut notes = Vec::new();
    for pair in TARGETS.chunks(2) {
        let ran: Vec<Result<String>> = std::thread::scope(|scope| {
            let folder = &folder;
            let started: Vec<_> = pair
                .iter()
                .map(|&(target, runs)| scope.spawn(move || fuzz(folder, target, runs / part, seconds, seed)))
                .collect();
            let ended = started.into_iter().map(|thread| thread.join());
            ended.map(|ended| ended.unwrap_or_else(|_| bail!("the thread panicked"))).collect()
        });
        for note in ran {
            notes.push(note?);
        }
    }
    Ok(Found { passed: TARGETS.len().try_into()?, note: notes.join(", "), ..Found::default() })
}

/// What is not there.
fn missing() -> Option<&'static str> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Some("only done on x86-64 Linux");
    }
    let toolchains = Run::new("rustup").args(["toolchain", "list"]).text().unwrap_or_default();
    if !toolchains.lines().any(|line| line.starts_with("nightly")) {
        return Some("it needs `rustup toolchain install nightly`");
    }
    None
}

/// Runs a target, from its corpus on; with a seed (0: by chance) from that alone. What it finds beyond is kept in the
/// work folder.
fn fuzz(folder: &Path, target: &str, runs: u32, seconds: u64, seed: u32) -> Result<String> {
    let program = folder.join(HOST).join("release").join(target);
    let found = match seed {
        0 => repo::work(&format!("fuzz/corpus/{target}"))?,
        _ => repo::empty(&format!("fuzz/seeded/{target}"))?,
    };
    let artifacts = repo::work("fuzz/artifacts")?.join(format!("{target}-"));
    let fixed = ["setarch", "--addr-no-randomize"];
    let mut run = match Run::new(fixed[0]).args([fixed[1], "true"]).text() {
        Ok(_) => Run::new(fixed[0]).arg(fixed[1]).arg(program),
        // Where it is not allowed, as in some containers.
        Err(_) => Run::new(program),
    };
    run = run
        .args([format!("-max_total_time={seconds}"), format!("-artifact_prefix={}", artifacts.display())])
        .arg(format!("-seed={seed}"))
        .args((seed != 0).then(|| format!("-runs={runs}")))
        .args(["-timeout=20", "-rss_limit_mb=2048", "-max_len=4096", "-print_final_stats=1"])
        .arg(found);
    for inputs in inputs(target) {
        run = run.arg(inputs);
    }
    let ended = run.watched(Duration::from_secs(seconds + 120), |_| {})?;
    let executed = ended.text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units: "));
    match (ended.status, executed) {
        (Some(status), Some(executed)) if status.success() => Ok(format!("{target} {}", executed.trim())),
        _ => {
            bail!("{target}:\n{}{}", crate::run::tail(&without_progress(&ended.text), 60), dump(&ended.text)?)
        }
    }
}

/// The input that failed, to be had again by `xxd -r -p` where the machine that found it is gone.
fn dump(printed: &str) -> Result<String> {
    let mut text = String::new();
    for file in printed.lines().filter_map(|line| line.split_once("Test unit written to ")) {
        text.push_str("\nin hexadecimal: ");
        for byte in std::fs::read(file.1.trim())? {
            write!(text, "{byte:02x}")?;
        }
    }
    Ok(text)
}

/// What a run has printed, without the lines on what it reached: of a failure the cause counts.
fn without_progress(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("\tNEW_FUNC"));
    lines.collect::<Vec<_>>().join("\n")
}

fn inputs(target: &str) -> impl Iterator<Item = PathBuf> {
    let folders = ["corpus", "regressions"].map(|folder| repo::path("fuzz").join(folder).join(target));
    folders.into_iter().filter(|folder| folder.is_dir())
}
