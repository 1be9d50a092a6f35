//! `cargo xtask hostile`: what becomes of modules that are up to no good, on an emulated Cortex-M4F, counted exactly.

mod modules;

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

/// Options of `cargo xtask hostile`.
#[derive(clap::Args)]
pub struct Options {
    /// Prints one JSON object: {"m4f": {"bound": instructions, "interp": [{"name": .., "ended": .., ...}, ...], "jit": [...]}}
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

/// Instructions that loading may take: for each byte, and for the parameters and results that any module may pass on, by each
/// of the [`ENGINES`]. What takes more for each byte the larger a module is would exceed it: the modules are large.
const LOAD: (u64, [u64; ENGINES.len()]) = (4000, [40_000_000, 100_000_000]);

/// The same for making an instance: for each byte of the module and of the one that it imports from.
const MAKE: (u64, u64) = (400, 2_000_000);

/// Memory for native code: what fits beside the modules and the heap.
const CODE_BYTES: u32 = 2 << 20;

/// The engines, by the configuration that has that one alone.
const ENGINES: [&str; 2] = ["interp", "jit"];

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

/// What came of a module in each of the [`ENGINES`].
type Both = [Outcome; ENGINES.len()];

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
fn measure(only: &str) -> Result<Vec<Both>> {
    bare::M4F.need()?;
    let modules: Vec<Hostile> = modules::all()?.into_iter().filter(|one| one.name.contains(only)).collect();
    ensure!(!modules.is_empty(), "there is no such module");
    let (table, sizes) = write_table(&modules)?;
    let [interp, jit] = ENGINES.map(|engine| build(engine, &table));
    let (interp, jit) = (interp?, jit?);
    let [interp, jit] = std::thread::scope(|scope| {
        let count = modules.len();
        let run = |engine, elf| scope.spawn(move || run(engine, elf, count));
        [run(ENGINES[0], &interp), run(ENGINES[1], &jit)]
            .map(|run| run.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))))
    });
    let (interp, jit) = (interp?, jit?);
    let mut outcomes = Vec::new();
    let mut wrong = Vec::new();
    for ((module, sizes), lines) in modules.iter().zip(sizes).zip(interp.iter().zip(&jit)) {
        let both = [read(module, sizes, lines.0)?, read(module, sizes, lines.1)?];
        for ((engine, outcome), load) in ENGINES.into_iter().zip(&both).zip(LOAD.1) {
            if let Err(error) = check(module, outcome, LOAD.0 * outcome.bytes + load) {
                wrong.push(format!("{}, {engine}: {error}", module.name));
            }
        }
        outcomes.push(both);
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

/// Whether a module ended as it must, and within the bounds, of which that of loading is given.
fn check(module: &Hostile, outcome: &Outcome, most: u64) -> Result<()> {
    let Hostile { ends, .. } = module;
    let Outcome { ended, bytes, lib, load, make, late, .. } = outcome;
    ensure!(ended == ends, "{ended}, not {ends}");
    ensure!(*load <= most, "loading took {load} instructions, not at most {most}");
    let most = MAKE.0 * (bytes + lib) + MAKE.1;
    ensure!(*make <= most, "making an instance took {make} instructions, not at most {most}");
    let bound = BOUND + if module.moves { u64::from(module.memory_bytes) } else { 0 };
    ensure!(*late <= bound, "{late} instructions from an interrupt to the return, {bound} are the bound");
    Ok(())
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

fn json(outcomes: &[Both]) -> Value {
    let mut m4f = json!({ "bound": BOUND });
    for (at, engine) in ENGINES.into_iter().enumerate() {
        let modules = outcomes.iter().map(|both| {
            let one = &both[at];
            json!({
                "name": one.name, "bytes": one.bytes, "lib": one.lib, "ended": one.ended, "load": one.load,
                "make": one.make, "call": one.call, "heap": one.heap, "late": one.late, "interrupts": one.interrupts,
            })
        });
        m4f[engine] = modules.collect();
    }
    json!({ "m4f": m4f })
}

/// All modules, but of the operators only the ones that let an interrupt wait longest.
fn table(outcomes: &[Both]) -> Result<String> {
    const WORST: usize = 5;
    let mut text = String::from(
        "| module | bytes | ends with | peak heap | load | make | late | native: peak heap | load | make | late |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let (operators, mut rows): (Vec<_>, Vec<_>) =
        outcomes.iter().partition(|[one, _]| one.name.starts_with("operator "));
    for at in 0..ENGINES.len() {
        let mut worst: Vec<usize> = (0..operators.len()).collect();
        worst.sort_by_key(|&place| std::cmp::Reverse(operators[place][at].late));
        rows.extend(worst.into_iter().take(WORST).map(|place| operators[place]));
    }
    for both in rows {
        let [Outcome { name, bytes, ended, .. }, _] = both;
        write!(text, "| {name} | {bytes} | {ended}")?;
        for Outcome { bytes, load, make, heap, late, interrupts, .. } in both {
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
