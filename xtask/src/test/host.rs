//! The host leg: Rust tests, lints, and checks of the sources.

use super::{fuzzing, invariants, places, tailcalls};
use crate::metadata::Metadata;
use crate::run::Run;
use crate::summary::{Found, Summary};
use crate::{bare, bench, headers, options, repo, tools};
use anyhow::{Result, bail};

pub fn steps(summary: &mut Summary, verbose: bool) {
    summary.step("formatting", || formatting(verbose));
    summary.step("clippy", || clippy(verbose));
    for (name, args) in TEST_RUNS {
        summary.step(&format!("cargo test, {name}"), || cargo_test(name, args, verbose));
    }
    summary.step("each feature group off compiles", || feature_groups(verbose));
    summary.step("dependencies point one way", places::dependencies);
    summary.step("unsafe only where it may be", places::unsafe_code);
    summary.step("unsafe code names its invariants", invariants::check);
    summary.step("long files", places::long_files);
    summary.step("no unit test is left out", places::unit_tests);
    summary.step("headers are those of the sources", || headers::check().map(|()| Found::pass("")));
    summary.step("headers in C99 and C++17", compile_headers);
    for (name, script) in CMAKE_TESTS {
        summary.step(name, || cmake_script(script));
    }
    summary.step("guests match their sources", || guests(verbose));
    tailcalls::steps(summary);
    summary.step("figures are not worse than recorded", || Ok(Found::pass(bench::check()?)));
    fuzzing::steps(summary, verbose);
}

/// The workspace with all checks. What wasmote-fuzzing compares with takes long to build: release builds of it do, also with
/// extra checks.
pub const DEBUG_CHECKS: &[&str] = &[
    "--workspace",
    "--features",
    "wasmote/extra-checks",
    "--exclude",
    "wasmote-fuzzing",
    "--exclude",
    "wasmote-jit",
];
/// The workspace as it is shipped, but for xtask: it is no part of that, and what it needs takes minutes to optimise.
pub const RELEASE: &[&str] = &["--workspace", "--exclude", "xtask", "--release"];
/// The same with the other dispatcher, but for what knows nothing of it.
pub const RELEASE_TAIL: &[&str] = &[
    "--workspace",
    "--exclude",
    "xtask",
    "--exclude",
    "wasmote-jit",
    "--exclude",
    "wasmote-core",
    "--exclude",
    "wasmote-frontend",
    "--release",
    "--features",
    "wasmote/dispatch-tail",
];
/// A program of one of these builds has what it uses with the features that the workspace's tests give to that, so that nothing
/// is built twice. Cargo only looks at those if it builds a test: this one is small, and there already.
pub const LIKE_TESTS: [&str; 2] = ["--test", "peak"];

/// The same tests in every build that matters: with all checks, which the portable dispatcher has, both dispatchers as
/// they are shipped, and native code. The compiler's own tests take long and know nothing of dispatchers: they run once.
const TEST_RUNS: [(&str, &[&str]); 6] = [
    ("debug, extra checks", DEBUG_CHECKS),
    ("release, loop", RELEASE),
    ("release, tail calls", RELEASE_TAIL),
    // What runs modules, in native code.
    (
        "debug, native code",
        &[
            "--package=wasmote",
            "--package=wasmote-capi",
            "--package=wasmote-platform",
            "--features",
            "wasmote/std,wasmote/log,wasmote/jit,wasmote-capi/jit,wasmote-platform/std,wasmote-platform/jit",
        ],
    ),
    (
        "debug, native code made lazily",
        &["--package=wasmote", "--package=wasmote-capi", "--features", "wasmote/std,wasmote-capi/jit-lazy"],
    ),
    (
        "debug, extra checks, functions encoded lazily",
        &[
            "--package=wasmote",
            "--package=wasmote-capi",
            "--features",
            "wasmote/std,wasmote/extra-checks,wasmote-capi/interp-lazy",
        ],
    ),
];

/// Manifests outside the workspace.
fn other_manifests() -> Result<Vec<String>> {
    let inside: Vec<String> =
        Metadata::load()?.packages.into_iter().map(|package| package.manifest_path).collect();
    let files =
        repo::files()?.into_iter().filter(|file| file == "Cargo.toml" || file.ends_with("/Cargo.toml"));
    Ok(files.filter(|file| !inside.contains(&repo::path(file).to_string_lossy().into_owned())).collect())
}

fn formatting(verbose: bool) -> Result<Found> {
    let mut checked = 0;
    for manifest in other_manifests()? {
        Run::cargo()
            .args(["fmt", "--all", "--check", "--manifest-path"])
            .arg(repo::path(&manifest))
            .args(["--", "--color", "never"])
            .logged("fmt", verbose)?;
        checked += 1;
    }
    Ok(Found::pass(format!("{checked} manifests")))
}

fn clippy(verbose: bool) -> Result<Found> {
    let clippy = |features: &[&str]| {
        Run::cargo()
            .args(["clippy", "--workspace", "--all-targets"])
            .args(features)
            .args(["--", "-D", "warnings"])
            .logged("clippy", verbose)
    };
    clippy(&[])?;
    clippy(&["--features", "wasmote/dispatch-tail,wasmote-capi/jit-lazy,wasmote-spec/jit-lazy"])?;
    clippy(&["--features", "wasmote/interp-lazy,wasmote-capi/interp-lazy"])?;
    Ok(Found::pass(""))
}

fn cargo_test(name: &str, args: &[&str], verbose: bool) -> Result<Found> {
    // The JIT's assembler is held against another one, and its code runs on an emulated device.
    tools::need(&[tools::ARM_GCC, tools::ARM_QEMU])?;
    let log = format!("cargo test {name}").replace([' ', ','], "-");
    let text = Run::cargo().args(["test", "--no-fail-fast"]).args(args).logged(&log, verbose)?;
    let mut found = Found::default();
    for line in text.lines().filter(|line| line.starts_with("test result: ")) {
        found.passed += count(line, " passed");
        found.skipped += count(line, " ignored");
    }
    let ignored = text.lines().filter(|line| line.starts_with("test ") && line.contains(" ... ignored"));
    found.note = ignored.map(|line| format!("{line}\n")).collect();
    Ok(found)
}

/// The number before `word`.
fn count(line: &str, word: &str) -> u32 {
    let before = line.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A firmware without any one group must compile, and so must the smallest.
fn feature_groups(verbose: bool) -> Result<Found> {
    tools::targets(&[bare::M4F.rust_target])?;
    let list = options::load()?;
    let configurations = options::configurations(&list)?;
    for configuration in &configurations {
        let cargo = configuration.cargo(&list);
        let mut run =
            Run::cargo().args(["clippy", "--package", "wasmote-capi", "--target", bare::M4F.rust_target]);
        run = run.args(["--no-default-features", "--features", &cargo.features, "--", "-D", "warnings"]);
        for (name, value) in cargo.environment {
            run = run.env(&name, value);
        }
        run.logged(&format!("features-{}", configuration.name), verbose)?;
    }
    Ok(Found { passed: configurations.len().try_into()?, ..Found::default() })
}

fn compile_headers() -> Result<Found> {
    tools::need(&[tools::HOST_GCC])?;
    let folder = repo::work("headers")?;
    let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];
    let mut found = Found::default();
    for header in headers::paths() {
        let name = header.trim_start_matches("include/");
        for (compiler, language, standard) in [("gcc", "c", "-std=c99"), ("g++", "c++", "-std=c++17")] {
            // Twice, for the include guard; alone, so that it needs nothing included before it.
            let file = folder.join(format!("use.{language}"));
            std::fs::write(&file, format!("#include <{name}>\n#include <{name}>\n"))?;
            Run::new(compiler)
                .args(["-x", language, standard, "-I"])
                .arg(repo::path("include"))
                .args(strict)
                .arg(&file)
                .text()?;
            found.passed += 1;
        }
    }
    Ok(found)
}

/// Tests that are CMake scripts.
const CMAKE_TESTS: [(&str, &str); 3] = [
    ("options of Kconfig and CMake are the same", "zephyr-module/tests/kconfig.cmake"),
    ("options of CMake", "cmake/tests/options.cmake"),
    ("the archive split by CMake", "cmake/tests/split_archive.cmake"),
];

fn cmake_script(script: &str) -> Result<Found> {
    tools::need(&[tools::CMAKE])?;
    Run::new("cmake").arg("-P").arg(repo::path(script)).logged("cmake", false)?;
    Ok(Found::pass(""))
}

fn guests(verbose: bool) -> Result<Found> {
    const TOOL: &str = "rust/guests/tool/Cargo.toml";
    if !repo::path(TOOL).exists() {
        bail!("there is no {TOOL}");
    }
    Run::cargo()
        .args(["run", "--quiet", "--manifest-path", TOOL, "--", "check"])
        .logged("guests", verbose)?;
    Ok(Found::pass(""))
}
