//! The project's entry point: `cargo xtask demo`, `test`, `size`, `bench`, `hostile`, `headers`.

mod bare;
mod bench;
mod demo;
mod elf;
mod firmware;
mod headers;
mod hostile;
mod metadata;
mod options;
mod repo;
mod run;
mod size;
mod summary;
mod tables;
mod test;
mod tools;
mod why;

use anyhow::Result;
use clap::Parser;
use std::process::ExitCode;

/// Builds, tests and measures wasmote. Whatever a command needs and the machine lacks is installed (as root, with
/// apt) or named.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
enum Command {
    /// Runs the sensor_filter sample as FreeRTOS firmware on an emulated board and shows its console
    Demo(demo::Options),
    /// Runs the tests: everything, or the legs named
    Test(test::Options),
    /// Flash and RAM of a minimal Cortex-M4F firmware, per configuration and per feature group
    Size(size::Options),
    /// Instructions of the guest programs on an emulated Cortex-M4F, native and wasmote side by side
    Bench(bench::Options),
    /// What becomes of hostile modules on an emulated Cortex-M4F, and how late they obey an interrupt
    Hostile(hostile::Options),
    /// Writes the C headers from the Rust sources
    Headers(headers::Options),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Demo(options) => demo::demo(&options),
        Command::Test(options) => return test::test(&options),
        Command::Size(options) => size::size(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Hostile(options) => hostile::hostile(&options),
        Command::Headers(options) => headers::headers(&options),
    };
    finish(done)
}

fn finish(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
