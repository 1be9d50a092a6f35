//! The guest programs, and what came of running them.

use crate::repo;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::path::PathBuf;
use wasmparser::{Parser, Payload};

pub const GUESTS: &str = "rust/guests";

/// The native side's flags beside those of the CPU; see rust/guests/native/guests.h.
pub const NATIVE_FLAGS: [&str; 2] = ["-O2", "-ffp-contract=off"];

/// The part of rust/guests/expected.toml that matters here.
#[derive(Deserialize)]
struct Expected {
    program: Vec<Program>,
}

#[derive(Deserialize, Clone)]
pub struct Program {
    pub name: String,
    pub wasm: String,
    pub export: String,
    pub native: Option<String>,
    pub integer_mean: bool,
    pub check: Work,
    pub bench: Work,
}

#[derive(Deserialize, Clone, Copy)]
pub struct Work {
    pub n: i32,
    pub result: i32,
}

/// All of them.
pub fn load() -> Result<Vec<Program>> {
    let text = repo::read(&repo::path(GUESTS).join("expected.toml"))?;
    let Expected { program } = toml::from_str(&text)?;
    Ok(program)
}

impl Program {
    /// Its C source, which is also its native twin; `None` if it is in Rust.
    pub fn source(&self) -> Option<PathBuf> {
        let file = repo::path(GUESTS).join("c").join(&self.name).with_extension("c");
        file.exists().then_some(file)
    }

    pub fn module(&self) -> PathBuf {
        repo::path(GUESTS).join("wasm").join(&self.wasm)
    }
}

/// Programs of which there is a geometric mean.
pub struct Mean {
    /// In tables.
    pub name: &'static str,
    has: fn(&Program) -> bool,
}

/// The eight that all engines were compared by from the beginning.
pub const INTEGER_MEAN: Mean = Mean { name: "geometric mean of *", has: |program| program.integer_mean };
/// All that have a native twin.
pub const MEAN: Mean = Mean { name: "geometric mean of all", has: |program| program.native.is_some() };

/// What all programs took in one engine.
pub struct Measured {
    pub name: String,
    /// Whether it is not wasmote.
    pub rival: bool,
    pub taken: Vec<Taken>,
    /// What the engine takes of the flash, where that is measured.
    pub flash: Option<u64>,
}

/// What a program took.
pub struct Taken {
    /// 0 if it has no native twin.
    pub native: u64,
    /// Or why the engine does not run it.
    pub ran: Result<Ran, String>,
}

pub struct Ran {
    pub instructions: u64,
    /// Where that is measured.
    pub load: Option<Load>,
}

/// What loading its module took.
pub struct Load {
    pub instructions: u64,
    pub module_heap: u64,
    pub instance_heap: u64,
    /// Bytes of compiled code.
    pub code: u64,
    /// Heap that was given back at the end: the most in use, without what stays and, where the code goes elsewhere, the
    /// code.
    pub scratch: u64,
    /// Instructions of a call with the argument 0.
    pub call_for_nothing: u64,
    /// The most native stack in use: while loading and instantiating, while running, and while a trap is reported, if that was
    /// measured.
    pub stack: [u64; 3],
}

impl Load {
    /// Heap that stays.
    pub fn heap(&self) -> u64 {
        self.module_heap + self.instance_heap
    }
}

impl Taken {
    /// Of the same program's native instructions; `None` if it has no native twin, or did not run.
    pub fn ratio(&self) -> Option<f64> {
        let ran = self.ran.as_ref().ok()?;
        (self.native > 0).then(|| ran.instructions as f64 / self.native as f64)
    }

    pub fn load(&self) -> Option<&Load> {
        self.ran.as_ref().ok()?.load.as_ref()
    }
}

impl Measured {
    /// The geometric mean of some programs' ratios; `None` unless all of them ran.
    pub fn geomean(&self, programs: &[Program], mean: &Mean) -> Option<f64> {
        let of_mean = programs.iter().zip(&self.taken).filter(|(program, _)| (mean.has)(program));
        let logarithms: Vec<f64> =
            of_mean.map(|(_, taken)| taken.ratio().map(f64::ln)).collect::<Option<_>>()?;
        Some((logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp())
    }

    /// A program, and what loading its module took, if that is measured.
    pub fn loaded<'a>(&'a self, programs: &'a [Program], name: &str) -> Option<(&'a Program, &'a Load)> {
        let (program, taken) = programs.iter().zip(&self.taken).find(|(program, _)| program.name == name)?;
        Some((program, taken.load()?))
    }
}

/// Whether what an engine and the native twin give is right.
pub fn check_results(program: &Program, expected: i32, given: i64, native: Option<i64>) -> Result<()> {
    let name = &program.name;
    ensure!(given == i64::from(expected), "{name} gives {given}, not {expected}");
    let native = native.unwrap_or(given);
    ensure!(native == given, "{name} gives {native} natively, not {given}");
    Ok(())
}

/// A module's sizes.
pub struct Module {
    pub bytes: usize,
    pub code_bytes: usize,
}

impl Module {
    pub fn read(program: &Program) -> Result<Module> {
        let path = program.module();
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        for payload in Parser::new(0).parse_all(&bytes) {
            if let Payload::CodeSectionStart { size, .. } = payload? {
                return Ok(Module { bytes: bytes.len(), code_bytes: size as usize });
            }
        }
        bail!("{} has no code", path.display())
    }
}
