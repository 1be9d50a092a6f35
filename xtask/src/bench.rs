//! `cargo xtask bench`: instructions of the guest programs on an emulated Cortex-M4F, counted exactly.

use crate::bare::{self, Firmware};
use crate::options::{self, Configuration, WasmoteOption};
use crate::run::progress;
use crate::{repo, tables};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct Options {
    /// Prints one JSON object: {"targets": {"m4f": {"interp": {"geomean": ratio, "programs": {"name": ratio},
    /// "load_per_byte": n, "heap_per_byte": n}, ...}}}
    #[arg(long)]
    json: bool,
    /// Gives the programs little to do: tells whether they work, but hardly how fast
    #[arg(long)]
    quick: bool,
    /// Puts the tables into docs/benchmarks.md
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// The configurations to measure, of those that `cargo xtask size` lists
    #[arg(long, value_delimiter = ',', default_values_t = ["interp".to_owned(), "interp-speed".to_owned()])]
    only: Vec<String>,
}

/// The program whose loading and heap are the headline: a real module of 12 KB.
const REAL_MODULE: &str = "telemetry";
const GUESTS: &str = "rust/guests";

/// The part of rust/guests/expected.toml that matters here.
#[derive(Deserialize)]
struct Expected {
    program: Vec<Program>,
}

#[derive(Deserialize)]
struct Program {
    name: String,
    wasm: String,
    export: String,
    native: Option<String>,
    integer_mean: bool,
    check: Work,
    bench: Work,
}

#[derive(Deserialize, Clone, Copy)]
struct Work {
    n: i32,
    result: i32,
}

/// What a program took.
struct Taken {
    native: u64,
    interpreted: u64,
    load: u64,
    module_heap: u64,
    instance_heap: u64,
}

impl Taken {
    /// Of the same program's native instructions; `None` if it has no native twin.
    fn ratio(&self) -> Option<f64> {
        (self.native > 0).then(|| self.interpreted as f64 / self.native as f64)
    }
}

/// What all programs took in one configuration.
struct Measured {
    name: String,
    taken: Vec<Taken>,
}

/// `cargo xtask bench`.
pub fn bench(options: &Options) -> Result<()> {
    bare::need()?;
    let list = options::load()?;
    let text = repo::read(&repo::path(GUESTS).join("expected.toml"))?;
    let Expected { program: programs } = toml::from_str(&text)?;
    let mut measured = Vec::new();
    for configuration in options::configurations(&list)? {
        if options.only.contains(&configuration.name) {
            let taken = measure(&configuration, &list, &programs, options.quick)?;
            measured.push(Measured { name: configuration.name, taken });
        }
    }
    ensure!(!measured.is_empty(), "there is no such configuration");
    let text = format!("{}\n{}", program_table(&programs, &measured), module_table(&programs, &measured)?);
    if options.write {
        tables::write(tables::BENCHMARKS, "bench", &text)?;
    }
    if options.json {
        let mut engines = Map::new();
        for one in &measured {
            engines.insert(one.name.clone(), json(&programs, one)?);
        }
        println!("{}", json!({ "targets": { "m4f": engines } }));
    } else {
        println!("{text}");
    }
    Ok(())
}

fn measure(
    configuration: &Configuration,
    list: &[WasmoteOption],
    programs: &[Program],
    quick: bool,
) -> Result<Vec<Taken>> {
    progress(&format!("building {}", configuration.name));
    let work = |program: &Program| if quick { program.check } else { program.bench };
    let table = write_table(programs, work)?;
    let mut sources =
        vec![bare::source("bench.c"), bare::source("platform.c"), bare::source("mps2.c"), table];
    sources.extend(
        programs
            .iter()
            .filter(|program| program.native.is_some())
            .map(|program| repo::path(GUESTS).join("c").join(&program.name).with_extension("c")),
    );
    let firmware = Firmware {
        name: &format!("bench-{}", configuration.name),
        sources,
        // The native side's flags; see rust/guests/native/guests.h.
        flags: vec![
            "-O2".into(),
            "-ffp-contract=off".into(),
            "-DHEAP_BYTES=(15*1024*1024)".into(),
            format!("-I{}", repo::path(GUESTS).join("native").display()),
        ],
        archive: Some(bare::archive(configuration, list, bare::TARGET)?),
    };
    let elf = firmware.link()?;
    let mut lines = Vec::new();
    bare::run(&elf, Duration::from_secs(600), |line| {
        if let Some(line) = line.strip_prefix("program ") {
            progress(&format!("{}: {}", configuration.name, line.split(' ').next().unwrap_or_default()));
            lines.push(line.to_owned());
        }
    })?;
    ensure!(
        lines.len() == programs.len(),
        "the firmware measured {} of {} programs",
        lines.len(),
        programs.len()
    );
    programs.iter().zip(lines).map(|(program, line)| read(program, work(program), &line)).collect()
}

/// Writes the C table of programs; their modules are part of it.
fn write_table(programs: &[Program], work: impl Fn(&Program) -> Work) -> Result<PathBuf> {
    let mut text = String::from("#include \"bench.h\"\n#include \"guests.h\"\n\n");
    let mut rows = String::new();
    for program in programs {
        let Program { name, export, .. } = program;
        let wasm = repo::path(GUESTS).join("wasm").join(&program.wasm);
        let native = program.native.as_deref().unwrap_or("NULL");
        let n = work(program).n;
        writeln!(
            text,
            "extern const uint8_t {name}_wasm[], {name}_wasm_end[];\n\
             __asm(\".section .rodata.{name}_wasm\\n{name}_wasm: .incbin \\\"{}\\\"\\n{name}_wasm_end:\\n.text\");",
            wasm.display()
        )?;
        writeln!(rows, "\t{{\"{name}\", \"{export}\", {name}_wasm, {name}_wasm_end, {native}, {n}}},")?;
    }
    let count = programs.len();
    write!(
        text,
        "\nconst struct program programs[] = {{\n{rows}}};\nconst size_t program_count = {count};\n"
    )?;
    let file = repo::work("bare")?.join("programs.c");
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Reads the firmware's line about a program and checks the results.
fn read(program: &Program, work: Work, line: &str) -> Result<Taken> {
    let name = &program.name;
    let numbers: Vec<i64> = line
        .strip_prefix(name.as_str())
        .with_context(|| format!("expected a line about {name}: {line}"))?
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let &[native, interpreted, native_result, result, load, module_heap, instance_heap] = numbers.as_slice()
    else {
        bail!("{line}");
    };
    ensure!(result == i64::from(work.result), "{name} gives {result} in wasmote, not {}", work.result);
    if program.native.is_some() {
        ensure!(native_result == result, "{name} gives {native_result} natively, not {result}");
        ensure!(native > 0, "{name} took no time natively");
    }
    let unsigned = |number: i64| u64::try_from(number).with_context(|| format!("a negative count: {line}"));
    Ok(Taken {
        native: unsigned(native)?,
        interpreted: unsigned(interpreted)?,
        load: unsigned(load)?,
        module_heap: unsigned(module_heap)?,
        instance_heap: unsigned(instance_heap)?,
    })
}

/// The geometric mean of the programs of the integer mean.
fn geomean(programs: &[Program], taken: &[Taken]) -> f64 {
    let ratios: Vec<f64> = programs
        .iter()
        .zip(taken)
        .filter(|(program, _)| program.integer_mean)
        .filter_map(|(_, taken)| taken.ratio())
        .collect();
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

fn json(programs: &[Program], measured: &Measured) -> Result<Value> {
    let ratios: Map<String, Value> = programs
        .iter()
        .zip(&measured.taken)
        .filter_map(|(program, taken)| Some((program.name.clone(), json!(rounded(taken.ratio()?)))))
        .collect();
    let (program, taken) = real_module(programs, &measured.taken)?;
    let module = Module::read(program)?;
    Ok(json!({
        "geomean": rounded(geomean(programs, &measured.taken)),
        "programs": ratios,
        "load_per_byte": rounded(taken.load as f64 / module.bytes as f64),
        "heap_per_byte": rounded((taken.module_heap + taken.instance_heap) as f64 / module.code_bytes as f64),
    }))
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn real_module<'a>(programs: &'a [Program], taken: &'a [Taken]) -> Result<(&'a Program, &'a Taken)> {
    let found = programs.iter().zip(taken).find(|(program, _)| program.name == REAL_MODULE);
    found.with_context(|| format!("{GUESTS}/expected.toml has no program {REAL_MODULE}"))
}

fn program_table(programs: &[Program], measured: &[Measured]) -> String {
    let mut text = String::from("| program | native |");
    let mut rule = String::from("\n|---|--:|");
    for one in measured {
        text += &format!(" {} | ratio |", one.name);
        rule += "--:|--:|";
    }
    text += &rule;
    for (index, program) in programs.iter().enumerate() {
        let mean = if program.integer_mean { " *" } else { "" };
        let native = measured.first().map_or(0, |one| one.taken[index].native);
        let native = if native == 0 { "-".to_owned() } else { native.to_string() };
        text += &format!("\n| {}{mean} | {native} |", program.name);
        for one in measured {
            let ratio = one.taken[index].ratio().map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            text += &format!(" {} | {ratio} |", one.taken[index].interpreted);
        }
    }
    text += "\n| geometric mean of * | |";
    for one in measured {
        text += &format!(" | {:.2} |", geomean(programs, &one.taken));
    }
    text + "\n"
}

fn module_table(programs: &[Program], measured: &[Measured]) -> Result<String> {
    let mut text = String::from(
        "| module | configuration | bytes | of them code | load, instructions a byte | heap of module | of instance | \
         heap a byte of code |\n|---|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for name in ["coremix", REAL_MODULE] {
        for one in measured {
            let found = programs.iter().zip(&one.taken).find(|(program, _)| program.name == name);
            let (program, taken) = found.with_context(|| format!("no program {name}"))?;
            let Module { bytes, code_bytes } = Module::read(program)?;
            writeln!(
                text,
                "| {name} | {} | {bytes} | {code_bytes} | {:.0} | {} | {} | {:.2} |",
                one.name,
                taken.load as f64 / bytes as f64,
                taken.module_heap,
                taken.instance_heap,
                (taken.module_heap + taken.instance_heap) as f64 / code_bytes as f64
            )?;
        }
    }
    Ok(text)
}

/// A module's sizes.
struct Module {
    bytes: usize,
    code_bytes: usize,
}

impl Module {
    fn read(program: &Program) -> Result<Module> {
        const CODE: u8 = 10;
        let path = repo::path(GUESTS).join("wasm").join(&program.wasm);
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut rest = bytes.get(8..).context("no module")?;
        while let Some((&id, after)) = rest.split_first() {
            let (size, content) = leb128(after).context("a section without size")?;
            if id == CODE {
                return Ok(Module { bytes: bytes.len(), code_bytes: size });
            }
            rest = content.get(size..).context("a section that does not end")?;
        }
        bail!("{} has no code", path.display())
    }
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}
