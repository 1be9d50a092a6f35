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

use crate::firmware::Board;
use crate::repo;
use crate::run::progress;
use crate::summary::Summary;
use anyhow::Result;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode};

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Options {
    /// The legs to run, those with firmware on every board; none named: all, but what only repeats itself on another board
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
    /// For legs that run beside the others: the file that their process reads what was found from
    #[arg(long, value_name = "FILE", hide = true)]
    beside: Option<PathBuf>,
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
    // The longest is the first of those beside the others.
    let all = [Leg::Host, Leg::Spec, Leg::Docs, Leg::Zephyr, Leg::Freertos];
    let mut summary = Summary::new(&options.step);
    let wanted = |leg: &Leg| match options.boards.as_slice() {
        [] => options.legs.is_empty() || options.legs.contains(leg),
        _ => *leg == Leg::Spec,
    };
    let mut legs: Vec<Leg> = all.into_iter().filter(wanted).collect();
    // What builds and runs firmware mostly keeps one core busy: beside the Rust tests it leaves none idle. The folder for cargo
    // that both have is locked while an archive is built and taken out of it.
    let (firmware, others): (Vec<Leg>, Vec<Leg>) =
        legs.iter().partition(|leg| matches!(leg, Leg::Zephyr | Leg::Freertos));
    let whole = !options.legs.is_empty() && options.beside.is_none();
    let mut beside = None;
    if !firmware.is_empty() && !others.is_empty() && options.step.is_empty() {
        match start_beside(&firmware, options.verbose) {
            Ok(started) => {
                legs = others;
                beside = Some(started);
            }
            // They tell the same when their turn comes.
            Err(error) => {
                progress(&format!("the legs with firmware do not run beside the others: {error:#}"))
            }
        }
    }
    for leg in legs {
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
                freertos::steps(&mut summary, whole, options.verbose);
            }
            Leg::Zephyr => {
                summary.leg("zephyr");
                zephyr::steps(&mut summary, options.beside.is_some(), whole, options.verbose);
            }
        }
    }
    if let Some((mut process, file)) = beside {
        let ended = process.wait();
        if let Err(error) = ended.map_err(Into::into).and_then(|_| summary.take_over(&file)) {
            summary.leg("firmware");
            summary.step("the legs beside the others", || Err(error));
        }
    }
    if let Some(file) = &options.beside {
        return crate::finish(summary.hand_over(file));
    }
    if summary.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Starts legs in a process of their own, so that each process knows what its steps use. Whatever both would make in the same
/// place, or install, is made before.
fn start_beside(legs: &[Leg], verbose: bool) -> Result<(Child, PathBuf)> {
    if legs.contains(&Leg::Zephyr) && zephyr::is_possible() {
        zephyr::prepare(verbose)?;
    }
    if legs.contains(&Leg::Freertos) {
        Board::all()?.iter().try_for_each(Board::need)?;
    }
    let file = repo::work("beside")?.join("found.json");
    // Only this run's report counts.
    let _ = std::fs::remove_file(&file);
    let mut command = Command::new(std::env::current_exe()?);
    command.current_dir(repo::root()).arg("test").arg("--beside").arg(&file);
    if verbose {
        command.arg("--verbose");
    }
    command.args(
        legs.iter().filter_map(clap::ValueEnum::to_possible_value).map(|leg| leg.get_name().to_owned()),
    );
    Ok((command.spawn()?, file))
}
