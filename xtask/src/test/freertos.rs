//! The FreeRTOS leg: programs on emulated boards, judged by exit code and console.

use crate::demo;
use crate::firmware::{Board, Clock};
use crate::summary::{Found, Summary};
use anyhow::Result;
use std::time::Duration;

/// A program: its CMake project, what its console must show, and how else it is built, for one board.
struct Program {
    source: &'static str,
    pattern: &'static str,
    variants: &'static [Variant],
    /// Whether it is a sample: what is the core's own in it, the tests have on every board.
    sample: bool,
    /// A board that it is not for, and why.
    not_for: Option<(&'static str, &'static str)>,
}

/// Options of CMake, and what they stand for.
struct Variant {
    name: &'static str,
    options: &'static [&'static str],
}

const DEFAULT: Variant = Variant { name: "", options: &[] };
const STATIC: Variant = Variant { name: "static", options: &["WASMOTE_BOARD_ALLOCATION=static"] };
const POOL: Variant = Variant { name: "pool", options: &["CONFIG_WASMOTE_POOL_SIZE=65536"] };
/// The other side of most options.
const OTHER_OPTIONS: Variant = Variant {
    name: "other options",
    options: &[
        "WASMOTE_BOARD_ALLOCATION=both",
        "CONFIG_WASMOTE_EXTRA_CHECKS=y",
        "CONFIG_WASMOTE_DISPATCH_SIZE=y",
        "CONFIG_WASMOTE_OPT_MINSIZE=y",
        "CONFIG_WASMOTE_FUEL=n",
        "CONFIG_WASMOTE_RUNTIME_POOL=n",
        "CONFIG_WASMOTE_NAMES=n",
        "CONFIG_WASMOTE_BACKTRACE=n",
        "CONFIG_WASMOTE_MESSAGES=n",
    ],
};
const JIT: Variant = Variant { name: "jit", options: &["CONFIG_WASMOTE_JIT=y"] };
const JIT_LAZY: Variant =
    Variant { name: "jit lazy", options: &["CONFIG_WASMOTE_JIT=y", "CONFIG_WASMOTE_JIT_LAZY=y"] };
/// Native code has a register more.
const JIT_UNMETERED: Variant =
    Variant { name: "jit without fuel", options: &["CONFIG_WASMOTE_JIT=y", "CONFIG_WASMOTE_FUEL=n"] };
/// Functions that do not run are given up.
const INTERP_LAZY: Variant = Variant {
    name: "interp lazy",
    options: &["CONFIG_WASMOTE_INTERP_LAZY=y", "CONFIG_WASMOTE_INTERP_CODE_BUDGET=0"],
};
/// Boards for native code: their cores have instructions that the others' lack, and the rest is the same as there.
pub const FOR_NATIVE_CODE: [&str; 2] = ["mps2_an500", "mps2_an505"];

/// The board for variants.
const ONE_BOARD: &str = "mps2_an386";
/// The boards for samples: one of each instruction set.
const FOR_SAMPLES: [&str; 2] = [ONE_BOARD, "riscv32_virt"];

/// The tests of the runtime, then others.
const PROGRAMS: [Program; 5] = [
    Program {
        source: "twister-tests/freertos",
        pattern: r"^\d+ passed, 0 failed",
        variants: &[STATIC, OTHER_OPTIONS, INTERP_LAZY, JIT, JIT_LAZY, JIT_UNMETERED],
        sample: false,
        not_for: None,
    },
    Program {
        source: "freertos-port/tests/platform",
        pattern: r"^\d+ passed, 0 failed",
        variants: &[STATIC, POOL],
        sample: false,
        not_for: None,
    },
    Program { source: demo::SOURCE, pattern: demo::PATTERN, variants: &[], sample: true, not_for: None },
    Program {
        source: "samples/freertos_hello",
        pattern: "greet returned 69",
        variants: &[STATIC],
        sample: true,
        not_for: None,
    },
    Program {
        source: "samples/freertos_rust",
        pattern: "freertos_rust: done, 52 values received",
        variants: &[],
        sample: true,
        not_for: Some(("riscv64_virt", "the crate freertos-rust is for 32 bits")),
    },
];

/// All of it; samples on every board only if it is to be `whole`.
pub fn steps(summary: &mut Summary, whole: bool, verbose: bool) {
    let boards = match Board::all() {
        Ok(boards) => boards,
        Err(error) => return summary.step("boards", || Err(error)),
    };
    for board in &boards {
        let native = FOR_NATIVE_CODE.contains(&&*board.name);
        let programs = if native { &PROGRAMS[..1] } else { &PROGRAMS[..] };
        for program in programs {
            let variants = if board.name == ONE_BOARD { program.variants } else { &[] };
            let first = if native { &JIT } else { &DEFAULT };
            for variant in std::iter::once(first).chain(variants) {
                let name = format!("{} on {} {}", program.source, board.name, variant.name);
                summary.step(name.trim_end(), || match program.not_for {
                    Some((not, reason)) if not == board.name => Ok(Found::skip(reason)),
                    _ if program.sample && !whole && !FOR_SAMPLES.contains(&&*board.name) => {
                        Ok(Found::skip("on every board by: cargo xtask test freertos"))
                    }
                    _ => run(board, program, variant, verbose),
                });
            }
        }
    }
}

fn run(board: &Board, program: &Program, variant: &Variant, verbose: bool) -> Result<Found> {
    board.need()?;
    let firmware = board.build(program.source, variant.name, variant.options, verbose)?;
    let console = board.run(&firmware, Clock::Instructions, Duration::from_secs(180), |line| {
        if verbose {
            eprintln!("{line}");
        }
    })?;
    let lines = |start: &'static str| console.text.lines().filter(move |line| line.starts_with(start));
    let found = |kind: &'static str| u32::try_from(lines(kind).count());
    let (passed, failed, skipped) = (found("PASS - ")?, found("FAIL - ")?, found("SKIP - ")?);
    if failed > 0 {
        // What a test has to say stands above its verdict.
        let told: Vec<&str> = console.text.lines().filter(|line| !line.starts_with("PASS - ")).collect();
        return Ok(Found { passed, failed, skipped, note: told.join("\n") });
    }
    console.judge(program.pattern)?;
    let note = lines("SKIP - ").collect::<Vec<_>>().join("\n");
    // Programs that are no tests are one test.
    Ok(Found { passed: passed.max(1), failed, skipped, note })
}
