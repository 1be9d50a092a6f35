//! `cargo xtask hostile`: what becomes of modules that are up to no good, on an emulated Cortex-M4F, counted exactly.

mod modules;
mod operators;

use crate::bare::{self, Firmware};
use crate::options;
use crate::run::progress;
use crate::{repo, tables};
use anyhow::{Context, Result, anyhow, bail, ensure};
use modules::Hostile;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wasmparser::{Parser, Payload};

/// Options of `cargo xtask hostile`.
#[derive(clap::Args)]
pub struct Options {
    /// Prints one JSON object: {"m4f": {"bound": instructions, "interp": [{"name": .., "ended": .., ...}, ...],
    /// "interp-lazy": [...], "jit": [...]}}
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

/// Instructions that loading may take for each byte, beside what an [`Engine`] may for the parameters and results that any
/// module may pass on. What takes more for each byte the larger a module is would exceed it: the modules are large.
const LOAD: u64 = 4000;

/// The same for making an instance: for each byte of the module and of the one that it imports from.
const MAKE: (u64, u64) = (400, 2_000_000);

/// Memory for native code: what fits beside the modules and the heap.
const CODE_BYTES: u32 = 2 << 20;

/// An engine, by the configuration that has that one alone.
struct Engine {
    configuration: &'static str,
    /// What its columns are called.
    title: &'static str,
    /// Instructions that loading may take beside those for each byte.
    load: u64,
    /// Whether functions are encoded when they are called.
    lazy: bool,
}

const ENGINES: [Engine; 3] = [
    Engine { configuration: "interp", title: "", load: 40_000_000, lazy: false },
    Engine { configuration: "interp-lazy", title: "lazily: ", load: 40_000_000, lazy: true },
    Engine { configuration: "jit", title: "native: ", load: 100_000_000, lazy: false },
];

/// Instructions that an interrupt may be obeyed later if a function has to be encoded first, and others given up for it: for each
/// byte of the largest function what loading may take, and these for each byte of the budget, and of the value stack.
const GIVE_UP: (u64, u64) = (6, 8);

const PAGE: &str = "docs/security.md";

/// What came of a module.
struct Outcome {
    name: String,
    bytes: u64,
    /// Bytes of the module that it imports from.
    lib: u64,
    /// Bytes of the largest of its bodies.
    body: u64,
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

/// What came of a module in each of the [`ENGINES`].
type All = [Outcome; ENGINES.len()];

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

/// Runs the modules whose names contain `only` in each engine; fails if one of them ends in another way than it must, or
/// later than the bound after an interrupt.
fn measure(only: &str) -> Result<Vec<All>> {
    bare::M4F.need()?;
    let modules: Vec<Hostile> = modules::all()?.into_iter().filter(|one| one.name.contains(only)).collect();
    ensure!(!modules.is_empty(), "there is no such module");
    let (table, sizes) = write_table(&modules)?;
    let firmware = ENGINES.iter().map(|engine| build(engine.configuration, &table));
    let firmware = firmware.collect::<Result<Vec<_>>>()?;
    let lines = std::thread::scope(|scope| {
        let count = modules.len();
        let started: Vec<_> = (ENGINES.iter().zip(&firmware))
            .map(|(engine, elf)| scope.spawn(move || run(engine.configuration, elf, count)))
            .collect();
        let ended = started.into_iter().map(|run| run.join());
        let ended = ended.map(|ended| ended.unwrap_or_else(|_| Err(anyhow!("a thread panicked"))));
        ended.collect::<Result<Vec<_>>>()
    })?;
    let mut outcomes = Vec::new();
    let mut wrong = Vec::new();
    for (at, (module, sizes)) in modules.iter().zip(sizes).enumerate() {
        let mut all = Vec::new();
        for (engine, lines) in ENGINES.iter().zip(&lines) {
            let outcome = read(module, sizes, &lines[at])?;
            if let Err(error) = check(module, &outcome, engine) {
                wrong.push(format!("{}, {}: {error}", module.name, engine.configuration));
            }
            all.push(outcome);
        }
        outcomes.push(All::try_from(all).map_err(|_| anyhow!("an outcome is missing"))?);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(outcomes)
}

/// Builds the firmware with an engine.
fn build(engine: &str, table: &Path) -> Result<PathBuf> {
    let list = options::load()?;
    let found = options::configurations(&list)?.into_iter().find(|one| one.name == engine);
    let configuration = found.with_context(|| format!("no configuration {engine}"))?;
    progress(&format!("building {engine}"));
    let mut sources = ["hostile.c", "platform.c", "bump.c"].map(bare::source).to_vec();
    sources.push(table.to_owned());
    let firmware = Firmware {
        board: &bare::M4F,
        name: &format!("hostile {engine}"),
        sources,
        flags: vec!["-O2".into(), format!("-DCODE_BYTES={CODE_BYTES}")],
        archive: Some(bare::M4F.archive(&configuration, &list)?),
    };
    firmware.link()
}

/// The firmware's lines about so many modules.
fn run(engine: &str, elf: &Path, modules: usize) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    bare::M4F.run(elf, Duration::from_secs(3600), |line| {
        if let Some(line) = line.strip_prefix("module|") {
            progress(&format!("{engine}: {line}"));
            lines.push(line.to_owned());
        }
    })?;
    ensure!(lines.len() == modules, "{engine}: the firmware tried {} of {modules} modules", lines.len());
    Ok(lines)
}

/// Whether a module ended as it must, and within the bounds.
fn check(module: &Hostile, outcome: &Outcome, engine: &Engine) -> Result<()> {
    let Outcome { ended, bytes, lib, body, load, make, late, .. } = outcome;
    let ends = if engine.lazy { module.lazily } else { module.ends };
    ensure!(*ended == ends, "{ended}, not {ends}");
    let most = LOAD * bytes + engine.load;
    ensure!(*load <= most, "loading took {load} instructions, not at most {most}");
    let most = MAKE.0 * (bytes + lib) + MAKE.1;
    ensure!(*make <= most, "making an instance took {make} instructions, not at most {most}");
    let mut bound = BOUND + if module.moves { u64::from(module.memory_bytes) } else { 0 };
    if engine.lazy {
        bound += LOAD * body
            + GIVE_UP.0 * u64::from(module.code_bytes)
            + GIVE_UP.1 * u64::from(module.stack_bytes);
    }
    ensure!(*late <= bound, "{late} instructions from an interrupt to the return, {bound} are the bound");
    Ok(())
}

/// Writes the C table of modules; the modules are part of it. Their sizes too, those of what they import from, and those of
/// their largest bodies.
fn write_table(modules: &[Hostile]) -> Result<(PathBuf, Vec<[u64; 3]>)> {
    let folder = repo::work("hostile")?;
    let mut text = String::from("#include \"hostile.h\"\n\n");
    let mut rows = String::new();
    let mut sizes = Vec::new();
    for (place, module) in modules.iter().enumerate() {
        let mut embed = |text_format: &str, symbol: &str| -> Result<[u64; 2]> {
            let wasm = wat::parse_str(text_format).with_context(|| module.name.clone())?;
            let file = folder.join(format!("{symbol}.wasm"));
            std::fs::write(&file, &wasm)?;
            writeln!(
                text,
                "extern const uint8_t {symbol}[], {symbol}_end[];\n\
                 __asm(\".section .modules,\\\"a\\\"\\n{symbol}: .incbin \\\"{}\\\"\\n{symbol}_end:\\n.text\");",
                file.display()
            )?;
            Ok([wasm.len() as u64, largest_body(&wasm)])
        };
        let [bytes, body] = embed(&module.text, &format!("wasm{place}"))?;
        let (lib, lib_bytes) = match &module.lib {
            Some(text) => (format!("lib{place}, lib{place}_end"), embed(text, &format!("lib{place}"))?[0]),
            None => ("NULL, NULL".to_owned(), 0),
        };
        sizes.push([bytes, lib_bytes, body]);
        let Hostile { name, starts_forever, interrupts, first, .. } = module;
        let Hostile { heap_bytes, memory_bytes, table_elements, stack_bytes, code_bytes, .. } = module;
        writeln!(
            rows,
            "\t{{\"{name}\", wasm{place}, wasm{place}_end, {lib}, {starts_forever}, {interrupts}, {first}, {heap_bytes}, {memory_bytes}, \
             {table_elements}, {stack_bytes}, {code_bytes}}},"
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

/// Bytes of the largest body of a module; 0 without one, or behind what is no module any more.
fn largest_body(wasm: &[u8]) -> u64 {
    let bodies = Parser::new(0).parse_all(wasm).map_while(Result::ok).filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body.range().end - body.range().start),
        _ => None,
    });
    bodies.max().unwrap_or(0)
}

/// Reads the firmware's line about a module.
fn read(module: &Hostile, [bytes, lib, body]: [u64; 3], line: &str) -> Result<Outcome> {
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
        body,
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

fn json(outcomes: &[All]) -> Value {
    let mut m4f = json!({ "bound": BOUND });
    for (at, engine) in ENGINES.iter().enumerate() {
        let modules = outcomes.iter().map(|all| {
            let one = &all[at];
            json!({
                "name": one.name, "bytes": one.bytes, "lib": one.lib, "body": one.body, "ended": one.ended,
                "load": one.load, "make": one.make, "call": one.call, "heap": one.heap, "late": one.late,
                "interrupts": one.interrupts,
            })
        });
        m4f[engine.configuration] = modules.collect();
    }
    json!({ "m4f": m4f })
}

/// All modules, but of the operators only the ones that let an interrupt wait longest.
fn table(outcomes: &[All]) -> Result<String> {
    const WORST: usize = 5;
    let (mut head, mut rule) =
        (String::from("| module | bytes | ends with |"), String::from("|---|--:|---|"));
    for Engine { title, .. } in &ENGINES {
        write!(head, " {title}peak heap | load | make | late |")?;
        rule.push_str("--:|--:|--:|--:|");
    }
    let mut text = format!("{head}\n{rule}\n");
    let (operators, mut rows): (Vec<_>, Vec<_>) =
        outcomes.iter().partition(|[one, ..]| one.name.starts_with("operator "));
    // Once encoded, functions run as those that were from the beginning.
    for at in (0..ENGINES.len()).filter(|&at| !ENGINES[at].lazy) {
        let mut worst: Vec<usize> = (0..operators.len()).collect();
        worst.sort_by_key(|&place| std::cmp::Reverse(operators[place][at].late));
        rows.extend(worst.into_iter().take(WORST).map(|place| operators[place]));
    }
    for all in rows {
        let [Outcome { name, bytes, ended, .. }, lazily, _] = all;
        write!(text, "| {name} | {bytes} | {ended}")?;
        if lazily.ended != *ended {
            write!(text, "; lazily: {}", lazily.ended)?;
        }
        for Outcome { bytes, load, make, heap, late, interrupts, .. } in all {
            let load = *load as f64 / *bytes as f64;
            let make = if *make > 0 { make.to_string() } else { "-".to_owned() };
            let late = if *interrupts > 0 { late.to_string() } else { "-".to_owned() };
            write!(text, " | {heap} | {load:.0} | {make} | {late}")?;
        }
        writeln!(text, " |")?;
    }
    if !operators.is_empty() {
        writeln!(
            text,
            "\nOf {} loops of one operator on numbers or memory, with several operands, the {WORST} worst of the interpreter's, \
             then of native code's.",
            operators.len()
        )?;
    }
    Ok(text)
}
