//! `cargo xtask hostile`: what becomes of modules that are up to no good, on an emulated Cortex-M4F, counted exactly.

mod modules;

use crate::bare::{self, Firmware};
use crate::options;
use crate::run::progress;
use crate::{repo, tables};
use anyhow::{Context, Result, bail, ensure};
use modules::Hostile;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `cargo xtask hostile`.
#[derive(clap::Args)]
pub struct Options {
    /// Prints one JSON object: {"m4f": {"bound": instructions, "modules": [{"name": .., "ended": .., ...}, ...]}}
    #[arg(long)]
    json: bool,
    /// Puts the table into docs/security.md
    #[arg(long, conflicts_with = "only")]
    write: bool,
    /// Runs only the modules whose names contain this text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    only: String,
}

/// Instructions from an interrupt to the return of the call on the emulated Cortex-M4F, at most; docs/security.md says how
/// this comes about.
const BOUND: u64 = 60_000;

/// Instructions that loading may take: for each byte, and for the parameters and results that any module may pass on. What
/// takes more for each byte the larger a module is would exceed it: the modules are large.
const LOAD: (u64, u64) = (4000, 40_000_000);

/// The same for making an instance: for each byte of the module and of the one that it imports from.
const MAKE: (u64, u64) = (400, 2_000_000);

const PAGE: &str = "docs/security.md";

/// What came of a module.
struct Outcome {
    name: String,
    bytes: u64,
    /// Bytes of the module that it imports from.
    lib: u64,
    /// How the last thing that was done with it ended.
    ended: String,
    load: u64,
    make: u64,
    /// `None` if it does not end.
    call: Option<u64>,
    heap: u64,
    /// The longest time from an interrupt to the return, and the number of interrupts.
    late: u64,
    interrupts: u64,
}

/// `cargo xtask hostile`.
pub fn hostile(options: &Options) -> Result<()> {
    let outcomes = measure(&options.only)?;
    if options.write {
        tables::write(PAGE, "hostile", &table(&outcomes)?)?;
        ensure!(
            repo::read(&repo::path(PAGE))?.contains(&format!("**{} instructions**", grouped(BOUND))),
            "{PAGE} tells another bound than {BOUND}"
        );
    }
    if options.json {
        println!("{}", json(&outcomes));
    } else {
        println!("{}", table(&outcomes)?);
    }
    Ok(())
}

/// Runs the modules whose names contain `only`; fails if one of them ends in another way than it must, or later than
/// the bound after an interrupt.
fn measure(only: &str) -> Result<Vec<Outcome>> {
    bare::need()?;
    let modules: Vec<Hostile> = modules::all()?.into_iter().filter(|one| one.name.contains(only)).collect();
    ensure!(!modules.is_empty(), "there is no such module");
    let list = options::load()?;
    let configuration = options::configurations(&list)?.into_iter().next().context("no configuration")?;
    progress(&format!("building {}", configuration.name));
    let (table, sizes) = write_table(&modules)?;
    let firmware = Firmware {
        name: "hostile",
        sources: vec![bare::source("hostile.c"), bare::source("platform.c"), bare::source("mps2.c"), table],
        flags: vec!["-O2".into()],
        archive: Some(bare::archive(&configuration, &list, bare::TARGET)?),
    };
    let elf = firmware.link()?;
    let mut lines = Vec::new();
    bare::run(&elf, Duration::from_secs(1800), |line| {
        if let Some(line) = line.strip_prefix("module|") {
            progress(line);
            lines.push(line.to_owned());
        }
    })?;
    ensure!(lines.len() == modules.len(), "the firmware tried {} of {} modules", lines.len(), modules.len());
    let outcomes: Vec<Outcome> = modules
        .iter()
        .zip(sizes)
        .zip(lines)
        .map(|((module, bytes), line)| read(module, bytes, &line))
        .collect::<Result<_>>()?;
    for (module, outcome) in modules.iter().zip(&outcomes) {
        let Outcome { name, ended, late, .. } = outcome;
        ensure!(ended == module.ends, "{name}: {ended}, not {}", module.ends);
        let load = LOAD.0 * outcome.bytes + LOAD.1;
        ensure!(
            outcome.load <= load,
            "{name}: loading took {} instructions, not at most {load}",
            outcome.load
        );
        let make = MAKE.0 * (outcome.bytes + outcome.lib) + MAKE.1;
        ensure!(
            outcome.make <= make,
            "{name}: making an instance took {} instructions, not at most {make}",
            outcome.make
        );
        let bound = BOUND + if module.moves { u64::from(module.memory_bytes) } else { 0 };
        ensure!(
            *late <= bound,
            "{name}: {late} instructions from an interrupt to the return, {bound} are the bound"
        );
    }
    Ok(outcomes)
}

/// Writes the C table of modules; the modules are part of it. Their sizes too, and those of what they import from.
fn write_table(modules: &[Hostile]) -> Result<(PathBuf, Vec<(u64, u64)>)> {
    let folder = repo::work("hostile")?;
    let mut text = String::from("#include \"hostile.h\"\n\n");
    let mut rows = String::new();
    let mut sizes = Vec::new();
    for (place, module) in modules.iter().enumerate() {
        let mut embed = |text_format: &str, symbol: &str| -> Result<u64> {
            let wasm = wat::parse_str(text_format).with_context(|| module.name.clone())?;
            let file = folder.join(format!("{symbol}.wasm"));
            std::fs::write(&file, &wasm)?;
            writeln!(
                text,
                "extern const uint8_t {symbol}[], {symbol}_end[];\n\
                 __asm(\".section .modules,\\\"a\\\"\\n{symbol}: .incbin \\\"{}\\\"\\n{symbol}_end:\\n.text\");",
                file.display()
            )?;
            Ok(wasm.len() as u64)
        };
        let bytes = embed(&module.text, &format!("wasm{place}"))?;
        let (lib, lib_bytes) = match &module.lib {
            Some(text) => (format!("lib{place}, lib{place}_end"), embed(text, &format!("lib{place}"))?),
            None => ("NULL, NULL".to_owned(), 0),
        };
        sizes.push((bytes, lib_bytes));
        let Hostile { name, starts_forever, interrupts, .. } = module;
        let Hostile { heap_bytes, memory_bytes, table_elements, stack_bytes, .. } = module;
        writeln!(
            rows,
            "\t{{\"{name}\", wasm{place}, wasm{place}_end, {lib}, {starts_forever}, {interrupts}, {heap_bytes}, {memory_bytes}, \
             {table_elements}, {stack_bytes}}},"
        )?;
    }
    let count = modules.len();
    write!(
        text,
        "\nconst struct hostile hostiles[] = {{\n{rows}}};\nconst size_t hostile_count = {count};\n"
    )?;
    let file = folder.join("modules.c");
    std::fs::write(&file, text)?;
    Ok((file, sizes))
}

/// Reads the firmware's line about a module.
fn read(module: &Hostile, (bytes, lib): (u64, u64), line: &str) -> Result<Outcome> {
    let fields: Vec<&str> = line.split('|').collect();
    let &[name, loaded, offset, load, made, make, called, call, heap, late, interrupts] = fields.as_slice()
    else {
        bail!("{line}");
    };
    ensure!(name == module.name, "expected a line about {}: {line}", module.name);
    let number = |text: &str| text.parse::<u64>().with_context(|| line.to_owned());
    let ended = [loaded, made, called].into_iter().find(|&status| status != "success").unwrap_or("success");
    if loaded != "success" && loaded != "out of memory" {
        ensure!(number(offset)? <= bytes, "{name}: the error is at {offset}, but there are {bytes} bytes");
    }
    Ok(Outcome {
        name: name.to_owned(),
        bytes,
        lib,
        ended: ended.to_owned(),
        load: number(load)?,
        // With the start function, which ends only when it is interrupted, there is nothing to measure.
        make: if module.starts_forever { 0 } else { number(make)? },
        call: Some(number(call)?).filter(|&call| call > 0),
        heap: number(heap)?,
        late: number(late)?,
        interrupts: number(interrupts)?,
    })
}

/// With commas between thousands.
fn grouped(number: u64) -> String {
    if number < 1000 {
        number.to_string()
    } else {
        format!("{},{:03}", grouped(number / 1000), number % 1000)
    }
}

fn json(outcomes: &[Outcome]) -> Value {
    let modules: Vec<Value> = outcomes
        .iter()
        .map(|one| {
            json!({
                "name": one.name, "bytes": one.bytes, "lib": one.lib, "ended": one.ended, "load": one.load,
                "make": one.make, "call": one.call, "heap": one.heap, "late": one.late, "interrupts": one.interrupts,
            })
        })
        .collect();
    json!({ "m4f": { "bound": BOUND, "modules": modules } })
}

/// All modules, but of the operators only the ones that let an interrupt wait longest.
fn table(outcomes: &[Outcome]) -> Result<String> {
    const WORST: usize = 5;
    let mut text = String::from(
        "| module | bytes | ends with | peak heap | load, instructions a byte | make, instructions \
         | interrupt to return, instructions |\n|---|--:|---|--:|--:|--:|--:|\n",
    );
    let (mut operators, others): (Vec<_>, Vec<_>) =
        outcomes.iter().partition(|one| one.name.starts_with("operator "));
    operators.sort_by_key(|one| std::cmp::Reverse(one.late));
    let count = operators.len();
    for one in others.into_iter().chain(operators.into_iter().take(WORST)) {
        let late = if one.interrupts > 0 { one.late.to_string() } else { "-".to_owned() };
        let Outcome { name, bytes, ended, load, make, heap, .. } = one;
        let load = *load as f64 / *bytes as f64;
        let make = if *make > 0 { make.to_string() } else { "-".to_owned() };
        writeln!(text, "| {name} | {bytes} | {ended} | {heap} | {load:.0} | {make} | {late} |")?;
    }
    if count > 0 {
        writeln!(
            text,
            "\nOf {count} loops of one operator on numbers or memory, with several operands, the {WORST} worst."
        )?;
    }
    Ok(text)
}
