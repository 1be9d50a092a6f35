//! `cargo xtask size`: what wasmote takes of a minimal firmware.

use crate::bare::{self, Firmware};
use crate::elf::{self, Size, Symbol};
use crate::options::{self, Configuration, WasmoteOption};
use crate::run::progress;
use crate::{tables, why};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `cargo xtask size`.
#[derive(clap::Args)]
pub struct Options {
    /// Prints one JSON object: {"configurations": {"interp": {"flash": bytes, "ram": bytes}, ...}}
    #[arg(long)]
    json: bool,
    /// Measures only the configurations with these names
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Puts the tables into docs/benchmarks.md
    #[arg(long, conflicts_with = "only")]
    write: bool,
    /// The number of symbols to list
    #[arg(long, default_value_t = 20)]
    symbols: usize,
}

struct Measured {
    configuration: Configuration,
    size: Size,
    symbols: Vec<Symbol>,
}

/// `cargo xtask size`.
pub fn size(options: &Options) -> Result<()> {
    bare::M4F.need()?;
    let list = options::load()?;
    let mut configurations = options::configurations(&list)?;
    if !options.only.is_empty() {
        configurations.retain(|configuration| options.only.contains(&configuration.name));
    }
    if configurations.is_empty() {
        bail!("there is no such configuration");
    }
    let (empty, _) = link(None, &list)?;
    let count = configurations.len();
    let mut measured = Vec::new();
    for (number, configuration) in configurations.into_iter().enumerate() {
        progress(&format!("{} ({} of {count})", configuration.name, number + 1));
        let (whole, symbols) = link(Some(&configuration), &list)?;
        let size = Size { flash: whole.flash - empty.flash, ram: whole.ram - empty.ram };
        measured.push(Measured { configuration, size, symbols });
    }
    let text = [table(&measured), part_table(&measured), symbol_table(&measured, options.symbols)].join("\n");
    if options.write {
        ensure!(!text.contains(NO_REASON), "xtask/src/why.rs does not know a symbol:\n{text}");
        tables::write(tables::BENCHMARKS, "size", &text)?;
    }
    if options.json {
        let all: Map<String, Value> = measured
            .iter()
            .map(|one| {
                (one.configuration.name.clone(), json!({ "flash": one.size.flash, "ram": one.size.ram }))
            })
            .collect();
        println!("{}", json!({ "configurations": all }));
    } else {
        println!("{text}");
    }
    Ok(())
}

/// What a configuration takes of flash.
pub fn flash(configuration: &Configuration, list: &[WasmoteOption]) -> Result<u64> {
    let (empty, _) = link(None, list)?;
    let (whole, _) = link(Some(configuration), list)?;
    Ok(whole.flash - empty.flash)
}

/// What any runtime takes of flash in a firmware that does what all of them can do.
pub fn engine_flash(name: &str, sources: Vec<PathBuf>, archive: PathBuf) -> Result<u64> {
    let (empty, _) = link_and_run(firmware("empty"))?;
    let name = format!("engine {name}");
    let mut firmware = firmware(&name);
    firmware.sources.extend(sources);
    firmware.flags.extend(["-DWITH_ENGINE".into(), "-DHEAP_BYTES=(4*1024*1024)".into()]);
    firmware.archive = Some(archive);
    let (whole, _) = link_and_run(firmware)?;
    Ok(whole.flash - empty.flash)
}

fn link(configuration: Option<&Configuration>, list: &[WasmoteOption]) -> Result<(Size, Vec<Symbol>)> {
    let Some(configuration) = configuration else { return link_and_run(firmware("empty")) };
    let mut firmware = firmware(&configuration.name);
    firmware.sources.extend(["platform.c", "bump.c"].map(bare::source));
    firmware.flags.extend(["-DWITH_WASMOTE".into(), "-DHEAP_BYTES=262144".into()]);
    firmware.archive = Some(bare::M4F.archive(configuration, list)?);
    let (size, symbols) = link_and_run(firmware)?;
    // What only checks may panic; what is shipped must not.
    let checks = ["interp with extra-checks", "interp with wasmparser"].contains(&&*configuration.name);
    let panics = symbols.iter().any(|symbol| symbol.name.contains("core::panicking"));
    ensure!(checks || !panics, "'{}' has code that could panic", configuration.name);
    Ok((size, symbols))
}

/// One without a runtime.
fn firmware(name: &str) -> Firmware<'_> {
    let sources = vec![bare::source("size.c")];
    Firmware { board: &bare::M4F, name, sources, flags: vec!["-Os".into()], archive: None }
}

/// Links the firmware and runs it: a number about a firmware that does not work says nothing.
fn link_and_run(firmware: Firmware) -> Result<(Size, Vec<Symbol>)> {
    let name = firmware.name;
    let elf = firmware.link()?;
    bare::M4F.run(&elf, Duration::from_secs(30), |_| {}).with_context(|| format!("the firmware '{name}'"))?;
    elf::measure(&elf)
}

/// Markdown.
fn table(measured: &[Measured]) -> String {
    let mut text =
        String::from("| configuration | flash | RAM | flash against `interp` |\n|---|--:|--:|--:|\n");
    let standard = measured.iter().find(|one| one.configuration.name == "interp").map(|one| one.size.flash);
    for Measured { configuration, size, .. } in measured {
        let against = standard
            .map_or(String::new(), |standard| format!("{:+}", i128::from(size.flash) - i128::from(standard)));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} | {} | {} | {against} |", configuration.name, size.flash, size.ram);
    }
    text
}

/// In a table where `why` knows nothing.
const NO_REASON: &str = "(nothing is said)";

/// The crate, or what else a symbol is part of.
fn part(name: &str) -> &str {
    if name.contains("::dispatch::imp::") || name == "wasmote_interp_thumb2" {
        return "handlers of the interpreter";
    }
    // `<a::B as c::D>::e` belongs to a's crate, a method of a generic type to the crate that is named first.
    let path = name.trim_start_matches(['<', '&', '[', '(', '*']);
    match path.split_once("::") {
        Some((first, _)) => first.rsplit(' ').next().unwrap_or(first),
        None if name.starts_with("wasmote_") => "wasmote_capi",
        None => "C, assembler, libgcc, C library",
    }
}

/// Flash by part.
fn part_table(measured: &[Measured]) -> String {
    let Some(first) = measured.first() else { return String::new() };
    let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
    for symbol in first.symbols.iter().filter(|symbol| !symbol.ram) {
        *parts.entry(part(&symbol.name)).or_default() += symbol.size;
    }
    let named: u64 = parts.values().sum();
    parts.insert("constants without a name", first.size.flash.saturating_sub(named));
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let mut text =
        format!("Where `{}` spends it:\n\n| part | flash |\n|---|--:|\n", first.configuration.name);
    for (part, bytes) in parts {
        let _ = writeln!(text, "| {part} | {bytes} |");
    }
    text
}

fn symbol_table(measured: &[Measured], count: usize) -> String {
    let Some(first) = measured.first() else { return String::new() };
    let mut text = format!(
        "The largest symbols of `{}`:\n\n| symbol | bytes | in | why |\n|---|--:|---|---|\n",
        first.configuration.name
    );
    for symbol in first.symbols.iter().take(count) {
        let place = if symbol.ram { "RAM" } else { "flash" };
        let why = why::why(&symbol.name).unwrap_or(NO_REASON);
        let _ = writeln!(text, "| `{}` | {} | {place} | {why} |", symbol.name, symbol.size);
    }
    text
}
