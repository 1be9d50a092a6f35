//! `wasmote`: the runtime on the host.
#![forbid(unsafe_code)]

mod calls;
mod compile;
mod disassemble;
mod host;
mod inspect;
mod module;
mod run;
mod value;
mod wast;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Runs WebAssembly modules, and tells what they need of a device
#[derive(Parser)]
#[command(name = "wasmote", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes an instance of a module and calls an exported function
    Run(run::Options),
    /// Shows what a module contains and what it needs of a device
    Inspect(inspect::Options),
    /// Runs scripts in the specification's test format
    Wast(wast::Options),
    /// Shows the code that the interpreter runs
    Disassemble(disassemble::Options),
    /// Makes native code as a device would, and shows it or how large it is
    Compile(compile::Options),
}

const EXIT_CODES: &str = "Exit codes:
  0  all is well
  1  a script failed, or the module does not fit (inspect --ram)
  2  wrong usage: options, arguments, or no such export
  3  the module was refused
  4  an import is missing or has another type
  5  a trap ended the call
  6  a quota is exceeded, or memory is used up
  7  a file cannot be read";

/// Why a command failed, as an exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Exit {
    Failed = 1,
    Usage = 2,
    Refused = 3,
    Link = 4,
    Trap = 5,
    Resources = 6,
    File = 7,
}

/// A failure: its exit code, and a text for the user.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    fn new(exit: Exit, text: impl Into<String>) -> Failure {
        Failure { exit, text: text.into() }
    }
}

impl From<wasmote::Error> for Failure {
    fn from(error: wasmote::Error) -> Failure {
        use wasmote::Error::*;
        let exit = match error {
            Load(_) | Refuted { .. } => Exit::Refused,
            Link(_) => Exit::Link,
            Trap(_) | Host(_) => Exit::Trap,
            Quota(_) | OutOfMemory | Limit => Exit::Resources,
            _ => Exit::Usage,
        };
        Failure::new(exit, error.to_string())
    }
}

type Result<T, E = Failure> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let done = match Options::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Inspect(options) => inspect::inspect(&options),
        Command::Wast(options) => wast::wast(&options),
        Command::Disassemble(options) => disassemble::disassemble(&options),
        Command::Compile(options) => compile::compile(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { exit, text }) => {
            eprintln!("error: {text}");
            ExitCode::from(exit as u8)
        }
    }
}
