//! The FreeRTOS leg: programs on emulated boards, judged by exit code and console.

use crate::demo;
use crate::firmware::Board;
use crate::summary::{Found, Summary};
use anyhow::Result;
use std::time::Duration;

/// A program: its CMake project, what its console must show, and the sets of CMake options that it is built with: the
/// first for every board, the others for one.
struct Program {
    source: &'static str,
    pattern: &'static str,
    options: &'static [&'static [&'static str]],
}

const STATIC: &[&str] = &["WASMOTE_BOARD_ALLOCATION=static"];
const POOL: &[&str] = &["CONFIG_WASMOTE_POOL_SIZE=65536"];
/// The other side of most options.
const OTHER_OPTIONS: &[&str] = &[
    "WASMOTE_BOARD_ALLOCATION=both",
    "CONFIG_WASMOTE_EXTRA_CHECKS=y",
    "CONFIG_WASMOTE_DISPATCH_SIZE=y",
    "CONFIG_WASMOTE_OPT_MINSIZE=y",
    "CONFIG_WASMOTE_FUEL=n",
    "CONFIG_WASMOTE_RUNTIME_POOL=n",
    "CONFIG_WASMOTE_NAMES=n",
    "CONFIG_WASMOTE_BACKTRACE=n",
    "CONFIG_WASMOTE_MESSAGES=n",
];
/// The board for those.
const ONE_BOARD: &str = "mps2_an386";

const PROGRAMS: [Program; 5] = [
    Program {
        source: "twister-tests/freertos",
        pattern: r"^\d+ passed, 0 failed",
        options: &[&[], STATIC, OTHER_OPTIONS],
    },
    Program {
        source: "freertos-port/tests/platform",
        pattern: r"^\d+ passed, 0 failed",
        options: &[&[], STATIC, POOL],
    },
    Program { source: demo::SOURCE, pattern: demo::PATTERN, options: &[&[]] },
    Program { source: "samples/freertos_hello", pattern: "greet returned 69", options: &[&[], STATIC] },
    Program {
        source: "samples/freertos_rust",
        pattern: "freertos_rust: done, 52 values received",
        options: &[&[]],
    },
];

pub fn steps(summary: &mut Summary, verbose: bool) {
    let boards = match Board::all() {
        Ok(boards) => boards,
        Err(error) => return summary.step("boards", || Err(error)),
    };
    for board in &boards {
        for program in &PROGRAMS {
            let sets = if board.name == ONE_BOARD { program.options.len() } else { 1 };
            for options in &program.options[..sets] {
                let with =
                    if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) };
                summary.step(&format!("{} on {}{with}", program.source, board.name), || {
                    run(board, program, options, verbose)
                });
            }
        }
    }
}

fn run(board: &Board, program: &Program, options: &[&str], verbose: bool) -> Result<Found> {
    board.need()?;
    let firmware = board.build(program.source, options, verbose)?;
    let console = board.run(&firmware, "run", Duration::from_secs(180), |line| {
        if verbose {
            eprintln!("{line}");
        }
    })?;
    console.judge(program.pattern)?;
    // Programs that are tests say so of each; others are one test.
    let passed = console.text.lines().filter(|line| line.starts_with("PASS - ")).count();
    let skipped: Vec<&str> = console.text.lines().filter(|line| line.starts_with("SKIP - ")).collect();
    Ok(Found {
        passed: u32::try_from(passed)?.max(1),
        skipped: skipped.len().try_into()?,
        note: skipped.join("\n"),
        ..Found::default()
    })
}
