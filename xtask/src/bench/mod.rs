//! `cargo xtask bench`: instructions of the guest programs, counted: on an emulated Cortex-M4F and on this machine.

mod host;
mod recorded;

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
    /// "load_per_byte": n, "heap_per_byte": n, "code_per_byte": n, "load_scratch": n}, ...}, "x86-64": {"interp": {"geomean":
    /// ratio, "programs": {...}}, ...}}}
    #[arg(long)]
    json: bool,
    /// Gives the programs little to do: tells whether they work, but hardly how fast. On the Cortex-M4F only
    #[arg(long)]
    quick: bool,
    /// Puts the tables into docs/benchmarks.md
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Measures quickly, and fails if instructions, heap or flash are worse than docs/benchmarks.json says
    #[arg(long, conflicts_with_all = ["write", "quick", "only", "target"])]
    check: bool,
    /// Measures quickly, and writes docs/benchmarks.json
    #[arg(long, conflicts_with_all = ["write", "quick", "only", "target", "check"])]
    record: bool,
    /// The configurations to measure on the Cortex-M4F, of those that `cargo xtask size` lists
    #[arg(long, value_delimiter = ',', default_values_t = ["interp", "interp without fuel", "interp-speed", JIT, JIT_UNMETERED].map(str::to_owned))]
    only: Vec<String>,
    /// Where to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Target::M4f, Target::X64])]
    target: Vec<Target>,
}

#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The emulated Cortex-M4F
    M4f,
    /// This machine, by callgrind
    #[value(name = "x86-64")]
    X64,
}

/// Native code, as it is by default and without what counts fuel.
const JIT: &str = "jit";
const JIT_UNMETERED: &str = "jit without fuel";

/// The program whose loading and heap are the headline: a real module of 12 KB.
const REAL_MODULE: &str = "telemetry";
const GUESTS: &str = "rust/guests";

/// The part of rust/guests/expected.toml that matters here.
#[derive(Deserialize)]
struct Expected {
    program: Vec<Program>,
}

#[derive(Deserialize, Clone)]
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
    wasmote: u64,
    /// Where that is measured.
    load: Option<Load>,
}

/// What loading its module took.
struct Load {
    instructions: u64,
    module_heap: u64,
    instance_heap: u64,
    /// Bytes of compiled code.
    code: u64,
    /// Heap that was given back at the end: the most in use, without what stays and, where the code goes elsewhere, the
    /// code.
    scratch: u64,
    /// The most native stack in use while loading and instantiating, while running, and while a trap is reported.
    load_stack: u64,
    stack: u64,
    trap_stack: u64,
}

impl Taken {
    /// Of the same program's native instructions; `None` if it has no native twin.
    fn ratio(&self) -> Option<f64> {
        (self.native > 0).then(|| self.wasmote as f64 / self.native as f64)
    }
}

/// What all programs took in one configuration.
struct Measured {
    name: String,
    taken: Vec<Taken>,
}

/// `cargo xtask bench`.
pub fn bench(options: &Options) -> Result<()> {
    if options.check {
        println!("{}", check()?);
        return Ok(());
    }
    let programs = programs()?;
    if options.record {
        return recorded::record(&programs, &on_m4f(&recorded::CONFIGURATIONS, true, &programs)?);
    }
    let mut targets = Map::new();
    // There is no quick way here.
    for target in options.target.iter().filter(|target| !options.quick || **target == Target::M4f) {
        let (name, table, json, text) = match target {
            Target::M4f => {
                let measured = on_m4f(&options.only, options.quick, &programs)?;
                let text = [
                    program_table(&programs, &measured),
                    module_table(&programs, &measured)?,
                    code_table(&programs, &measured)?,
                ];
                ("m4f", "bench", json(&programs, &measured)?, text.join("\n"))
            }
            Target::X64 => {
                let programs = host::programs(&programs)?;
                let measured = host::measure(&programs)?;
                ("x86-64", "bench-host", json(&programs, &measured)?, program_table(&programs, &measured))
            }
        };
        if options.write {
            tables::write(tables::BENCHMARKS, table, &text)?;
        }
        if !options.json {
            println!("{text}");
        }
        targets.insert(name.to_owned(), json);
    }
    if options.json {
        println!("{}", json!({ "targets": targets }));
    }
    Ok(())
}

/// Compares quick figures with those that were recorded.
pub fn check() -> Result<String> {
    let programs = programs()?;
    recorded::check(&programs, &on_m4f(&recorded::CONFIGURATIONS, true, &programs)?)
}

fn programs() -> Result<Vec<Program>> {
    let text = repo::read(&repo::path(GUESTS).join("expected.toml"))?;
    let Expected { program } = toml::from_str(&text)?;
    Ok(program)
}

fn on_m4f<S: AsRef<str>>(only: &[S], quick: bool, programs: &[Program]) -> Result<Vec<Measured>> {
    bare::need()?;
    let list = options::load()?;
    let all = options::configurations(&list)?;
    let mut measured = Vec::new();
    for name in only.iter().map(AsRef::as_ref) {
        let found = all.iter().find(|configuration| configuration.name == name);
        let configuration = found.with_context(|| format!("there is no configuration '{name}'"))?;
        let taken = measure(configuration, &list, programs, quick)?;
        measured.push(Measured { name: name.to_owned(), taken });
    }
    Ok(measured)
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
            "-DCODE_BYTES=(256*1024)".into(),
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
    let apart = configuration.has_jit();
    programs.iter().zip(lines).map(|(program, line)| read(program, work(program), apart, &line)).collect()
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

/// Reads the firmware's line about a program and checks the results. `apart`: compiled code is no part of the heap.
fn read(program: &Program, work: Work, apart: bool, line: &str) -> Result<Taken> {
    let name = &program.name;
    let numbers: Vec<i64> = line
        .strip_prefix(name.as_str())
        .with_context(|| format!("expected a line about {name}: {line}"))?
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let &[
        native,
        wasmote,
        native_result,
        result,
        load,
        module_heap,
        instance_heap,
        code,
        load_heap,
        load_stack,
        stack,
        trap_stack,
    ] = numbers.as_slice()
    else {
        bail!("{line}");
    };
    ensure!(result == i64::from(work.result), "{name} gives {result} in wasmote, not {}", work.result);
    if program.native.is_some() {
        ensure!(native_result == result, "{name} gives {native_result} natively, not {result}");
        ensure!(native > 0, "{name} took no time natively");
    }
    let unsigned = |number: i64| u64::try_from(number).with_context(|| format!("a negative count: {line}"));
    let load = Load {
        instructions: unsigned(load)?,
        module_heap: unsigned(module_heap)?,
        instance_heap: unsigned(instance_heap)?,
        code: unsigned(code)?,
        scratch: unsigned(load_heap - module_heap - if apart { code } else { 0 })?,
        load_stack: unsigned(load_stack)?,
        stack: unsigned(stack)?,
        trap_stack: unsigned(trap_stack)?,
    };
    Ok(Taken { native: unsigned(native)?, wasmote: unsigned(wasmote)?, load: Some(load) })
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

fn json(programs: &[Program], measured: &[Measured]) -> Result<Value> {
    let mut engines = Map::new();
    for Measured { name, taken } in measured {
        let ratios: Map<String, Value> = programs
            .iter()
            .zip(taken)
            .filter_map(|(program, taken)| Some((program.name.clone(), json!(rounded(taken.ratio()?)))))
            .collect();
        let mut engine = json!({ "geomean": rounded(geomean(programs, taken)), "programs": ratios });
        if let Some((program, load)) = loaded(programs, taken, REAL_MODULE) {
            let module = Module::read(program)?;
            let code_bytes = module.code_bytes as f64;
            engine["load_per_byte"] = json!(rounded(load.instructions as f64 / module.bytes as f64));
            engine["heap_per_byte"] =
                json!(rounded((load.module_heap + load.instance_heap) as f64 / code_bytes));
            engine["code_per_byte"] = json!(rounded(load.code as f64 / code_bytes));
            engine["load_scratch"] = json!(load.scratch);
        }
        engines.insert(name.clone(), engine);
    }
    Ok(Value::Object(engines))
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// A program, and what loading its module took, if that is measured.
fn loaded<'a>(programs: &'a [Program], taken: &'a [Taken], name: &str) -> Option<(&'a Program, &'a Load)> {
    let (program, taken) = programs.iter().zip(taken).find(|(program, _)| program.name == name)?;
    Some((program, taken.load.as_ref()?))
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
            text += &format!(" {} | {ratio} |", one.taken[index].wasmote);
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
         heap a byte of code | heap only while loading | native stack to load | to run | to trap |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for name in ["coremix", REAL_MODULE] {
        for one in measured {
            let (program, load) =
                loaded(programs, &one.taken, name).with_context(|| format!("no program {name}"))?;
            let Module { bytes, code_bytes, .. } = Module::read(program)?;
            writeln!(
                text,
                "| {name} | {} | {bytes} | {code_bytes} | {:.0} | {} | {} | {:.2} | {} | {} | {} | {} |",
                one.name,
                load.instructions as f64 / bytes as f64,
                load.module_heap,
                load.instance_heap,
                (load.module_heap + load.instance_heap) as f64 / code_bytes as f64,
                load.scratch,
                load.load_stack,
                load.stack,
                load.trap_stack
            )?;
        }
    }
    Ok(text)
}

/// Compiled code, of each program.
fn code_table(programs: &[Program], measured: &[Measured]) -> Result<String> {
    let mut text = String::from("| module | bytes of code |");
    let mut rule = String::from("\n|---|--:|");
    for one in measured {
        text += &format!(" {} | a byte |", one.name);
        rule += "--:|--:|";
    }
    text += &rule;
    for program in programs {
        let Module { code_bytes, .. } = Module::read(program)?;
        text += &format!("\n| {} | {code_bytes} |", program.name);
        for one in measured {
            let (_, load) =
                loaded(programs, &one.taken, &program.name).context("nothing is known of loading")?;
            text += &format!(" {} | {:.2} |", load.code, load.code as f64 / code_bytes as f64);
        }
    }
    Ok(text + "\n")
}

/// A module's sizes.
struct Module {
    bytes: usize,
    code_bytes: usize,
    imports: bool,
}

impl Module {
    fn read(program: &Program) -> Result<Module> {
        const IMPORTS: u8 = 2;
        const CODE: u8 = 10;
        let path = repo::path(GUESTS).join("wasm").join(&program.wasm);
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut rest = bytes.get(8..).context("no module")?;
        let mut imports = false;
        while let Some((&id, after)) = rest.split_first() {
            let (size, content) = leb128(after).context("a section without size")?;
            imports |= id == IMPORTS;
            if id == CODE {
                return Ok(Module { bytes: bytes.len(), code_bytes: size, imports });
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
