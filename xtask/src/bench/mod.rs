//! `cargo xtask bench`: instructions of the guest programs, counted: on emulated boards and on this machine, natively, in
//! wasmote and in its rivals.

mod emulated;
mod engine;
mod host;
mod picture;
mod programs;
mod recorded;
mod report;
mod rivals;
mod twins;
mod versions;

use crate::bare::{self, Board};
use crate::run::progress;
use crate::{options, tables};
use anyhow::{Result, ensure};
use engine::Engine;
use programs::{Measured, Program};
use serde_json::{Map, Value, json};

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct Options {
    /// Prints one JSON object: {"targets": {"m4f": {"interp": {"geomean": ratio, "geomean_all": ratio,
    /// "programs": {"name": ratio},
    /// "load_per_byte": n, "heap_per_byte": n, "code_per_byte": n, "load_scratch": n, "flash": bytes,
    /// "refused": {"name": "why"}}, ...}, "x86-64": {"interp": {"geomean": ratio, "programs": {...}}, ...}, ...}}
    #[arg(long)]
    json: bool,
    /// Gives the programs little to do: tells whether they work, but hardly how fast. On emulated boards only
    #[arg(long)]
    quick: bool,
    /// Puts the tables into docs/benchmarks.md, and makes the picture if all was measured that is in it
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Measures quickly, and fails if instructions, heap or flash are worse than docs/benchmarks.json says
    #[arg(long, conflicts_with_all = ["write", "quick", "only", "target"])]
    check: bool,
    /// Measures quickly, and writes docs/benchmarks.json
    #[arg(long, conflicts_with_all = ["write", "quick", "only", "target", "check"])]
    record: bool,
    /// What to measure: configurations that `cargo xtask size` lists, and the rivals wasmi, tinywasm, wasm3; none named: all
    /// that the target's tables have
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Target::M4f, Target::Rv32, Target::X64])]
    target: Vec<Target>,
}

#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// An emulated Cortex-M4F
    M4f,
    /// An emulated RV32IMAC
    Rv32,
    /// This machine, by callgrind
    #[value(name = "x86-64")]
    X64,
}

/// The interpreter, as it is by default and without what counts fuel.
const INTERP: &str = "interp";
const INTERP_UNMETERED: &str = "interp without fuel";
const INTERP_SPEED: &str = "interp-speed";
const INTERP_SIZE: &str = "interp dispatch-size";
/// Native code, as it is by default and without what counts fuel.
const JIT: &str = "jit";
const JIT_UNMETERED: &str = "jit without fuel";

impl Target {
    /// In JSON.
    fn name(self) -> &'static str {
        match self {
            Target::M4f => bare::M4F.name,
            Target::Rv32 => bare::RV32.name,
            Target::X64 => "x86-64",
        }
    }

    /// Of its tables in docs/benchmarks.md.
    fn table(self) -> &'static str {
        match self {
            Target::M4f => "bench",
            Target::Rv32 => "bench-rv32",
            Target::X64 => "bench-host",
        }
    }

    fn board(self) -> Option<&'static Board> {
        match self {
            Target::M4f => Some(&bare::M4F),
            Target::Rv32 => Some(&bare::RV32),
            Target::X64 => None,
        }
    }

    /// What its tables have.
    fn engines(self) -> Vec<String> {
        let configurations: &[&str] = match self {
            Target::M4f => {
                &[INTERP, INTERP_UNMETERED, "interp-lazy", INTERP_SPEED, INTERP_SIZE, JIT, JIT_UNMETERED]
            }
            Target::Rv32 => &[INTERP, INTERP_SPEED, INTERP_SIZE],
            Target::X64 => return host::engines().into_iter().map(str::to_owned).collect(),
        };
        let rivals = rivals::ALL.iter().map(|rival| rival.name);
        configurations.iter().copied().chain(rivals).map(str::to_owned).collect()
    }

    /// What is measured of the programs.
    fn measure(self, options: &Options, programs: &[Program]) -> Result<Vec<Measured>> {
        let Some(board) = self.board() else {
            let known = host::engines();
            let mut names = if options.only.is_empty() { self.engines() } else { options.only.clone() };
            names.retain(|name| known.contains(&name.as_str()));
            return host::measure(programs, &names);
        };
        let names = if options.only.is_empty() { self.engines() } else { options.only.clone() };
        on_board(board, &names, options.quick, programs)
    }
}

/// `cargo xtask bench`.
pub fn bench(options: &Options) -> Result<()> {
    if options.check {
        println!("{}", check()?);
        return Ok(());
    }
    let all = programs::load()?;
    if options.record {
        return recorded::record(&all, &on_board(&bare::M4F, &recorded::CONFIGURATIONS, true, &all)?);
    }
    let mut targets = Map::new();
    // There is no quick way on this machine.
    for &target in options.target.iter().filter(|target| !options.quick || target.board().is_some()) {
        let programs = if target.board().is_some() { all.clone() } else { host::programs(&all) };
        let measured = target.measure(options, &programs)?;
        if measured.is_empty() {
            progress(&format!("nothing to measure on {}", target.name()));
            continue;
        }
        for (table, text) in texts(target, &programs, &measured, options.quick)? {
            if options.write {
                tables::write(tables::BENCHMARKS, &table, &text)?;
            }
            if !options.json {
                println!("{text}");
            }
        }
        if options.write && target == Target::M4f && target.engines().iter().all(|name| has(&measured, name))
        {
            picture::write(&programs, &measured)?;
        }
        targets.insert(target.name().to_owned(), report::json(&programs, &measured)?);
    }
    ensure!(!targets.is_empty(), "there was nothing to measure");
    if options.json {
        println!("{}", json!({ "targets": Value::Object(targets) }));
    }
    Ok(())
}

fn has(measured: &[Measured], name: &str) -> bool {
    measured.iter().any(|one| one.name == name)
}

/// The tables of a target, by the names of their places: wasmote's own, and those beside its rivals.
fn texts(
    target: Target,
    programs: &[Program],
    measured: &[Measured],
    quick: bool,
) -> Result<Vec<(String, String)>> {
    let own: Vec<&Measured> = measured.iter().filter(|one| !one.rival).collect();
    let mut texts = Vec::new();
    if !own.is_empty() {
        let mut parts = vec![report::program_table(programs, &own)];
        if target.board().is_some() {
            parts.push(report::module_table(programs, &own)?);
            parts.push(report::code_table(programs, &own)?);
            parts.extend(report::call_table(programs, &own, quick));
        }
        parts.push(versions::made_with(target)? + "\n");
        texts.push((target.table().to_owned(), parts.join("\n")));
    }
    if own.len() < measured.len() {
        texts.push((format!("{}-rivals", target.table()), report::rival_tables(programs, measured, quick)?));
    }
    Ok(texts)
}

/// Compares quick figures with those that were recorded.
pub fn check() -> Result<String> {
    let programs = programs::load()?;
    recorded::check(&programs, &on_board(&bare::M4F, &recorded::CONFIGURATIONS, true, &programs)?)
}

fn on_board<S: AsRef<str>>(
    board: &Board,
    names: &[S],
    quick: bool,
    programs: &[Program],
) -> Result<Vec<Measured>> {
    board.need()?;
    let list = options::load()?;
    let configurations = options::configurations(&list)?;
    let mut engines = Vec::new();
    for name in names {
        let engine = Engine::find(name.as_ref(), &configurations)?;
        match &engine {
            Engine::Wasmote(configuration) if !board.has(configuration) => {
                progress(&format!("no {} on {}", configuration.name, board.name));
            }
            _ => engines.push(engine),
        }
    }
    emulated::measure(board, &engines, &list, programs, quick)
}
