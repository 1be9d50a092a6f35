//! FreeRTOS firmware on emulated boards: build with CMake, run in QEMU.

use crate::run::{Run, progress};
use crate::tools::{self, Tool};
use crate::{elf, repo};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

const BOARDS: &str = "freertos-port/boards";

/// An emulated board: its `board.json`.
#[derive(Deserialize)]
pub struct Board {
    /// The folder's name.
    pub name: String,
    /// The core, for people.
    pub cpu: String,
    /// The Rust target that firmware for it is compiled for.
    pub rust_target: String,
    /// The most megabytes that FreeRTOS' heap can have.
    pub heap_mb: u32,
    /// CMake toolchain file in the board's folder.
    toolchain: String,
    /// The emulator's command line, without what says how time passes.
    run: Vec<String>,
}

/// How time passes on an emulated board.
#[derive(Clone, Copy)]
pub enum Clock {
    /// By the instructions that it carries out, 32 ns each, so that each run is like the others.
    Instructions,
    /// As it does here: for firmware that asks for no time. The emulator takes a quarter less.
    Host,
}

/// How a run of a firmware ended.
pub struct Console {
    /// What it printed.
    pub text: String,
    /// What the firmware gave as its exit code, or why there is none.
    pub end: End,
}

/// How the emulator ended.
#[derive(PartialEq, Eq, Debug)]
pub enum End {
    /// With this exit code.
    Code(i32),
    /// It was killed because the time was up.
    TimeUp(Duration),
    /// By a signal.
    Killed,
}

impl Board {
    /// A board by name; the error lists those that exist.
    pub fn load(name: &str) -> Result<Board> {
        let file = repo::path(BOARDS).join(name).join("board.json");
        if !file.is_file() {
            let names: Vec<_> = Board::all()?.into_iter().map(|board| board.name).collect();
            bail!("no board '{name}'; there are: {}", names.join(", "));
        }
        let text = repo::read(&file)?;
        serde_json::from_str(&text).with_context(|| format!("reading {}", repo::shown(&file)))
    }

    /// Every board.
    pub fn all() -> Result<Vec<Board>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(repo::path(BOARDS)).context("reading the boards")? {
            let folder = entry?.path();
            if folder.join("board.json").is_file() {
                names.extend(folder.file_name().map(|name| name.to_string_lossy().into_owned()));
            }
        }
        names.sort();
        names.iter().map(|name| Board::load(name)).collect()
    }

    /// The emulator's name.
    pub fn emulator(&self) -> &str {
        self.run.first().map_or("no emulator", String::as_str)
    }

    /// Makes sure that everything is there that builds and runs firmware for it.
    pub fn need(&self) -> Result<()> {
        let (gcc, qemu): (&[Tool], &[Tool]) = match self.emulator() {
            "qemu-system-arm" => (tools::ARM_GCC, tools::ARM_QEMU),
            "qemu-system-riscv32" | "qemu-system-riscv64" => (tools::RISCV_GCC, tools::RISCV_QEMU),
            other => bail!("{}: xtask does not know the emulator {other}", self.name),
        };
        tools::need(&[tools::CMAKE, gcc, qemu])?;
        tools::targets(&[&self.rust_target])
    }

    /// Configures and builds the CMake project in `source` for this board with `options` (`-D` of CMake), in a
    /// build folder of its own for each `variant`. Returns the firmware: the only ELF file that it leaves in the
    /// build folder itself.
    pub fn build(&self, source: &str, variant: &str, options: &[&str], show: bool) -> Result<PathBuf> {
        let name = format!("{source} {} {variant}", self.name);
        let name = name.trim_end().replace(['/', ' '], "-");
        let folder = repo::work(&format!("firmware/{name}"))?;
        let toolchain = repo::path(BOARDS).join(&self.name).join(&self.toolchain);
        let mut configure = Run::new("cmake").args(["--fresh", "-G", "Ninja", "-S"]).arg(repo::path(source));
        configure = configure.arg("-B").arg(&folder).arg("--toolchain").arg(toolchain);
        // One folder for cargo: what two firmware have in common is compiled once.
        configure = configure.arg(format!("-DWASMOTE_CARGO_TARGET_DIR={}", repo::work("cargo")?.display()));
        for option in options {
            configure = configure.arg(format!("-D{option}"));
        }
        configure.logged(&format!("{name}.configure"), show)?;
        Run::new("cmake").arg("--build").arg(&folder).logged(&format!("{name}.build"), show)?;
        one_elf(&folder)
    }

    /// Whether native code can be made for it.
    pub fn has_jit(&self) -> bool {
        self.run.iter().any(|word| word == "qemu-system-arm")
    }

    /// Runs a firmware in the emulator until it ends, at most for `limit`. `line` sees the console.
    pub fn run(
        &self,
        firmware: &Path,
        clock: Clock,
        limit: Duration,
        line: impl FnMut(&str),
    ) -> Result<Console> {
        let clock: &[&str] = match clock {
            Clock::Instructions => &["-icount", "shift=5,sleep=off"],
            Clock::Host => &[],
        };
        let mut words = self.run.iter().map(|word| word.replace("{elf}", &firmware.to_string_lossy()));
        let emulator = words.next().with_context(|| format!("{}: no emulator", self.name))?;
        emulate(Run::new(emulator).args(words).args(clock), limit, line)
    }
}

/// Runs an emulator.
pub fn emulate(run: Run, limit: Duration, line: impl FnMut(&str)) -> Result<Console> {
    let ended = run.watched(limit, line)?;
    let end = match ended.status {
        None => End::TimeUp(limit),
        Some(status) => status.code().map_or(End::Killed, End::Code),
    };
    Ok(Console { text: ended.text, end })
}

impl Console {
    /// Fails unless the firmware ended with exit code 0 and its console matches `pattern`.
    pub fn judge(&self, pattern: &str) -> Result<()> {
        let said = || crate::run::tail(&self.text, 30);
        if self.end != End::Code(0) {
            bail!("ended with {:?}; the console's end:\n{}", self.end, said());
        }
        let regex = regex::RegexBuilder::new(pattern).multi_line(true).dot_matches_new_line(true).build()?;
        if !regex.is_match(&self.text) {
            bail!("the console does not match /{pattern}/; its end:\n{}", said());
        }
        Ok(())
    }
}

fn one_elf(folder: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && elf::is_executable(&path)? {
            found.push(path);
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!("{} holds no firmware", folder.display()),
        _ => bail!("{} holds more than one firmware: {found:?}", folder.display()),
    }
}

/// Says which board is about to be used.
pub fn announce(board: &Board, what: &str) {
    progress(&format!("{what} for {} ({}, {})", board.name, board.cpu, board.rust_target));
}
