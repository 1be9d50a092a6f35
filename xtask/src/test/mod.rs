//! `cargo xtask test`: legs of steps, and a closing summary.

mod docs;
mod foreign;
mod freertos;
mod fuzzer;
mod fuzzing;
mod host;
mod invariants;
mod places;
mod spec;
mod tailcalls;
mod zephyr;

use crate::summary::Summary;
use std::process::ExitCode;

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Options {
    /// The legs to run; none named: all
    legs: Vec<Leg>,
    /// Runs only the steps whose names contain this text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    step: String,
    /// The spec leg alone, on this board alone: one of freertos-port/boards, a platform of Twister's,
    /// or one of the Rust targets that are emulated for it
    #[arg(long = "board", value_name = "NAME")]
    boards: Vec<String>,
    /// Shows what compilers, emulators and tests print as they print it
    #[arg(long, short)]
    verbose: bool,
}

/// A part of the tests that can run by itself.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Leg {
    /// Rust tests and checks of the sources, on this machine
    Host,
    /// The official WebAssembly test suite, on this machine and on emulated boards
    Spec,
    /// Firmware with FreeRTOS on emulated boards
    Freertos,
    /// Twister on emulated boards; needs a Zephyr workspace ($ZEPHYR_BASE or ~/zephyrproject)
    Zephyr,
    /// Documentation: it builds, its links lead somewhere, its code is tested code
    Docs,
}

/// `cargo xtask test`.
pub fn test(options: &Options) -> ExitCode {
    let all = [Leg::Host, Leg::Spec, Leg::Docs, Leg::Freertos, Leg::Zephyr];
    let mut summary = Summary::new(&options.step);
    let wanted = |leg: &Leg| match options.boards.as_slice() {
        [] => options.legs.is_empty() || options.legs.contains(leg),
        _ => *leg == Leg::Spec,
    };
    for leg in all.into_iter().filter(wanted) {
        match leg {
            Leg::Host => {
                summary.leg("host");
                host::steps(&mut summary, options.verbose);
            }
            Leg::Spec => {
                summary.leg("spec");
                spec::steps(&mut summary, &options.boards, options.verbose);
            }
            Leg::Docs => {
                summary.leg("docs");
                docs::steps(&mut summary, options.verbose);
            }
            Leg::Freertos => {
                summary.leg("freertos");
                freertos::steps(&mut summary, options.verbose);
            }
            Leg::Zephyr => {
                summary.leg("zephyr");
                zephyr::steps(&mut summary, options.verbose);
            }
        }
    }
    if summary.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
