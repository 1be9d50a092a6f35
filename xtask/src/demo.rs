//! `cargo xtask demo`: the shortest way to see wasmote at work.

use crate::firmware::{Board, Clock, announce};
use crate::run::progress;
use anyhow::{Result, bail};
use std::time::Duration;

/// Options of `cargo xtask demo`.
#[derive(clap::Args)]
pub struct Options {
    /// The emulated board: a folder of freertos-port/boards
    #[arg(long, default_value = "mps2_an386")]
    board: String,
    /// What runs the modules
    #[arg(long, value_enum, default_value_t = Engine::Interp)]
    engine: Engine,
    /// Shows what CMake and cargo print
    #[arg(long, short)]
    verbose: bool,
}

/// What runs modules in a firmware.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Engine {
    /// The interpreter.
    Interp,
    /// The compiler to native code, beside the interpreter.
    Jit,
    /// The compiler to native code alone.
    JitOnly,
}

impl Engine {
    /// How the firmware is told apart from those of the interpreter.
    pub fn variant(self) -> &'static str {
        match self {
            Engine::Interp => "",
            Engine::Jit => "jit",
            Engine::JitOnly => "jit only",
        }
    }

    /// The options of the firmware's build.
    pub fn options(self) -> &'static [&'static str] {
        match self {
            Engine::Interp => &[],
            Engine::Jit => &["CONFIG_WASMOTE_JIT=y"],
            Engine::JitOnly => &["CONFIG_WASMOTE_JIT=y", "CONFIG_WASMOTE_INTERP=n"],
        }
    }
}

/// The demo's firmware, and what its console must show.
pub const SOURCE: &str = "samples/sensor_filter/freertos";
/// What a run of it ends with.
pub const PATTERN: &str = "sensor_filter: done";

/// `cargo xtask demo`.
pub fn demo(options: &Options) -> Result<()> {
    let board = Board::load(&options.board)?;
    if options.engine != Engine::Interp && !board.has_jit() {
        bail!("native code is made for boards with Thumb-2, which {} has not", board.name);
    }
    announce(&board, "building samples/sensor_filter");
    board.need()?;
    let engine = options.engine;
    let firmware = board.build(SOURCE, engine.variant(), engine.options(), options.verbose)?;
    progress(&format!("running it under {}; its console:", board.emulator()));
    let console =
        board.run(&firmware, Clock::Instructions, Duration::from_secs(120), |line| println!("{line}"))?;
    console.judge(PATTERN)?;
    progress("the firmware ended with exit code 0");
    Ok(())
}
