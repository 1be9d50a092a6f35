//! Runs the official test suite: `wasmote-spec [--json] [--for-board=MB:FILE]... [part of a file's name]...`. Exit
//! code 1 if anything failed. `--for-board` also writes what was run to a file, for the firmware that runs it on a board
//! with so many megabytes of heap.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmote_spec::suite::{self, File, Outcome, Run};

fn main() -> ExitCode {
    let (flags, wanted): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with('-'));
    let mut json = false;
    let mut for_boards = Vec::new();
    for flag in &flags {
        match flag.split_once('=') {
            None if flag == "--json" => json = true,
            Some(("--for-board", to))
                if to.split_once(':').is_some_and(|(mb, _)| mb.parse::<u8>().is_ok()) =>
            {
                for_boards.extend(to.split_once(':').and_then(|(mb, file)| Some((mb.parse().ok()?, file))));
            }
            _ => {
                eprintln!("unknown option {flag}; there are --json and --for-board=MB:FILE");
                return ExitCode::from(2);
            }
        }
    }
    let files = match suite::files() {
        Ok(files) => files,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(2);
        }
    };
    let files: Vec<File> = files
        .into_iter()
        .filter(|file| wanted.is_empty() || wanted.iter().any(|part| file.name.contains(part)))
        .collect();
    let outcomes = run_all(&files);
    let total = Total::of(&files, &outcomes);
    for (heap_mb, to) in for_boards {
        let run = files.iter().zip(&outcomes).filter_map(|(file, outcome)| Some((file, outcome.as_ref()?)));
        if let Err(error) = std::fs::write(to, suite::for_board(run, heap_mb)) {
            eprintln!("{to}: {error}");
            return ExitCode::from(2);
        }
    }
    if !json {
        println!(
            "{} files passed, {} failed, {} not run: {}",
            total.passed,
            total.failed,
            total.not_run,
            total.note()
        );
    } else {
        println!(
            "{}",
            serde_json::json!({ "files_passed": total.passed, "files_failed": total.failed,
                "files_not_run": total.not_run, "note": total.note() })
        );
    }
    // The report tells of failures; with --json it is the reader who judges.
    if total.failed == 0 || json { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the files on all cores; the outcomes are in the files' order.
fn run_all(files: &[File]) -> Vec<Option<Outcome>> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(files.iter().map(|_| None).collect::<Vec<_>>());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            // Text that nests deeply makes the text parser recurse deeply.
            let worker = std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, || {
                while let Some((index, file)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    files.get(index).map(|file| (index, file))
                } {
                    let outcome = file.run();
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes[index] = Some(outcome);
                    }
                }
            });
            if let Err(error) = worker {
                eprintln!("a worker cannot be started: {error}");
            }
        }
    });
    outcomes.into_inner().unwrap_or_default()
}

#[derive(Default)]
struct Total {
    passed: u32,
    failed: u32,
    not_run: u32,
    directives: u32,
    refused: u32,
    text_only: u32,
    deviations: u32,
    text: String,
}

impl Total {
    fn of(files: &[File], outcomes: &[Option<Outcome>]) -> Total {
        let mut total = Total::default();
        for (file, outcome) in files.iter().zip(outcomes) {
            total.add(file, outcome.as_ref());
        }
        total
    }

    fn add(&mut self, file: &File, outcome: Option<&Outcome>) {
        match outcome {
            Some(Outcome::Run(Run { report, .. })) => {
                self.directives += report.passed;
                self.refused += report.refused;
                self.text_only += report.text_only;
                self.deviations += report.deviations;
                if report.failures.is_empty() {
                    self.passed += 1;
                    return;
                }
                self.failed += 1;
                for failure in &report.failures {
                    self.text += &format!("\n{}:{}: {}", file.name, failure.line, failure.what);
                }
            }
            Some(Outcome::NotRun(reason)) => {
                self.not_run += 1;
                self.text += &format!("\n{} was not run: {reason}", file.name);
            }
            None => {
                self.failed += 1;
                self.text += &format!("\n{}: its run did not end", file.name);
            }
        }
    }

    fn note(&self) -> String {
        format!(
            "{} directives passed; not run: {} about modules of refused proposals, {} about malformed text; \
             {} known deviations{}",
            self.directives, self.refused, self.text_only, self.deviations, self.text
        )
    }
}
