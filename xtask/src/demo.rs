//! `cargo xtask demo`: the shortest way to see wasmote at work.

use crate::firmware::{Board, announce};
use crate::run::progress;
use anyhow::Result;
use std::time::Duration;

/// Options of `cargo xtask demo`.
#[derive(clap::Args)]
pub struct Options {
    /// The emulated board: a folder of freertos-port/boards
    #[arg(long, default_value = "mps2_an386")]
    board: String,
    /// Shows what CMake and cargo print
    #[arg(long, short)]
    verbose: bool,
}

/// The demo's firmware, and what its console must show.
pub const SOURCE: &str = "samples/sensor_filter/freertos";
/// What a run of it ends with.
pub const PATTERN: &str = "sensor_filter: done";

/// `cargo xtask demo`.
pub fn demo(options: &Options) -> Result<()> {
    let board = Board::load(&options.board)?;
    announce(&board, "building samples/sensor_filter");
    board.need()?;
    let firmware = board.build(SOURCE, "", &[], options.verbose)?;
    progress(&format!("running it under {}; its console:", board.emulator()));
    let console = board.run(&firmware, "run", Duration::from_secs(120), |line| println!("{line}"))?;
    console.judge(PATTERN)?;
    progress("the firmware ended with exit code 0");
    Ok(())
}
