//! The FreeRTOS leg: programs on emulated boards, judged by exit code and console.

use crate::demo;
use crate::firmware::Board;
use crate::repo;
use crate::summary::{Found, Summary};
use anyhow::Result;
use regex::Regex;
use std::time::Duration;

/// A program: its CMake project, and what its console must show.
struct Program {
    source: &'static str,
    pattern: &'static str,
    options: &'static [&'static [&'static str]],
}

const PROGRAMS: [Program; 4] = [
    Program { source: demo::SOURCE, pattern: demo::PATTERN, options: &[&[]] },
    Program { source: "samples/freertos_hello", pattern: "add\\(2, 3\\) = 5", options: &[&[]] },
    Program { source: "samples/freertos_rust", pattern: "done", options: &[&[]] },
    Program {
        source: "freertos-port/tests",
        pattern: "^PROJECT EXECUTION SUCCESSFUL",
        options: &[&[], &["WASMOTE_BOARD_ALLOCATION=static"]],
    },
];

pub fn steps(summary: &mut Summary, verbose: bool) {
    let boards = match Board::all() {
        Ok(boards) => boards,
        Err(error) => return summary.step("boards", || Err(error)),
    };
    for board in &boards {
        for program in &PROGRAMS {
            for options in program.options {
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
    if !repo::path(program.source).join("CMakeLists.txt").exists() {
        return Ok(Found::fail(format!("there is no {}", program.source)));
    }
    board.need()?;
    let firmware = board.build(program.source, options, verbose)?;
    let console = board.run(&firmware, "run", Duration::from_secs(180), |line| {
        if verbose {
            eprintln!("{line}");
        }
    })?;
    console.judge(program.pattern)?;
    let cases = |word: &str| -> Result<u32> {
        let case = Regex::new(&format!("(?m)^ *{word} - "))?;
        Ok(case.find_iter(&console.text).count().try_into()?)
    };
    let (passed, skipped) = (cases("PASS")?, cases("SKIP")?);
    Ok(Found { passed: passed.max(1), skipped, ..Found::default() })
}
