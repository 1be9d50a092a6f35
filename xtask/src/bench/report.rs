//! The measurements as tables and as JSON.

use super::programs::{INTEGER_MEAN, MEAN, Measured, Module, Program};
use super::rivals;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The program whose loading and heap are the headline: a real module of 12 KB.
const REAL_MODULE: &str = "telemetry";
/// The program that calls the firmware and does little else.
const HOST_CALL: &str = "host_call";
/// Those whose loading and heap are in tables.
const MODULES: [&str; 2] = ["coremix", REAL_MODULE];

pub fn json(programs: &[Program], measured: &[Measured]) -> Result<Value> {
    let mut engines = Map::new();
    for one in measured {
        let ratios: Map<String, Value> = programs
            .iter()
            .zip(&one.taken)
            .filter_map(|(program, taken)| Some((program.name.clone(), json!(rounded(taken.ratio()?)))))
            .collect();
        let mut engine = json!({
            "geomean": one.geomean(programs, &INTEGER_MEAN).map(rounded),
            "geomean_all": one.geomean(programs, &MEAN).map(rounded),
            "programs": ratios,
        });
        if let Some((program, load)) = one.loaded(programs, REAL_MODULE) {
            let module = Module::read(program)?;
            let code_bytes = module.code_bytes as f64;
            engine["load_per_byte"] = json!(rounded(load.instructions as f64 / module.bytes as f64));
            engine["heap_per_byte"] = json!(rounded(load.heap() as f64 / code_bytes));
            if !one.rival {
                engine["code_per_byte"] = json!(rounded(load.code as f64 / code_bytes));
            }
            engine["load_scratch"] = json!(load.scratch);
        }
        if let Some(flash) = one.flash {
            engine["flash"] = json!(flash);
        }
        let refused = programs.iter().zip(&one.taken).filter_map(|(program, taken)| {
            let why = taken.ran.as_ref().err()?;
            Some((program.name.clone(), json!(why)))
        });
        let refused: Map<String, Value> = refused.collect();
        if !refused.is_empty() {
            engine["refused"] = Value::Object(refused);
        }
        engines.insert(one.name.clone(), engine);
    }
    Ok(Value::Object(engines))
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// A program's name, marked if it is one of the mean's.
fn marked(program: &Program) -> String {
    format!("{}{}", program.name, if program.integer_mean { " *" } else { "" })
}

fn native(program: usize, measured: &[&Measured]) -> String {
    let native = measured.iter().map(|one| one.taken[program].native).max().unwrap_or(0);
    if native == 0 { "-".to_owned() } else { native.to_string() }
}

/// The first lines of a table with columns for each engine: what comes before them, and what each has.
fn heading(before: &str, measured: &[&Measured], more: &str) -> String {
    let mut text = format!("| {before} |");
    let mut rule = format!("\n|---|{}", "--:|".repeat(before.matches('|').count()));
    for one in measured {
        text += &format!(" {} | {more} |", one.name);
        rule += "--:|--:|";
    }
    text + &rule
}

/// Instructions and ratios.
pub fn program_table(programs: &[Program], measured: &[&Measured]) -> String {
    let mut text = heading("program | native", measured, "ratio");
    for (index, program) in programs.iter().enumerate() {
        text += &format!("\n| {} | {} |", marked(program), native(index, measured));
        for one in measured {
            let taken = &one.taken[index];
            let count = taken.ran.as_ref().map_or("-".to_owned(), |ran| ran.instructions.to_string());
            text += &format!(" {count} | {} |", ratio(taken.ratio()));
        }
    }
    for mean in [INTEGER_MEAN, MEAN] {
        text += &format!("\n| {} | |", mean.name);
        for one in measured {
            text += &format!(" | {} |", ratio(one.geomean(programs, &mean)));
        }
    }
    text + "\n"
}

pub fn module_table(programs: &[Program], measured: &[&Measured]) -> Result<String> {
    let mut text = String::from(
        "| module | configuration | bytes | of them code | load, instructions a byte | heap of module | of instance | \
         heap a byte of code | heap only while loading | native stack to load | to run | to trap |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for name in MODULES {
        for one in measured {
            let (program, load) = one.loaded(programs, name).with_context(|| format!("no program {name}"))?;
            let Module { bytes, code_bytes, .. } = Module::read(program)?;
            let stack = load.stack.map(|bytes| if bytes == 0 { "-".to_owned() } else { bytes.to_string() });
            writeln!(
                text,
                "| {name} | {} | {bytes} | {code_bytes} | {:.0} | {} | {} | {:.2} | {} | {} |",
                one.name,
                load.instructions as f64 / bytes as f64,
                load.module_heap,
                load.instance_heap,
                load.heap() as f64 / code_bytes as f64,
                load.scratch,
                stack.join(" | ")
            )?;
        }
    }
    Ok(text)
}

/// Compiled code, of each program.
pub fn code_table(programs: &[Program], measured: &[&Measured]) -> Result<String> {
    let mut text = heading("module | bytes of code", measured, "a byte");
    for program in programs {
        let Module { code_bytes, .. } = Module::read(program)?;
        text += &format!("\n| {} | {code_bytes} |", program.name);
        for one in measured {
            let (_, load) = one.loaded(programs, &program.name).context("nothing is known of loading")?;
            text += &format!(" {} | {:.2} |", load.code, load.code as f64 / code_bytes as f64);
        }
    }
    Ok(text + "\n")
}

/// Instructions of calls each way, if they were measured, and what counting fuel adds to the programs of the mean, where both
/// were measured.
pub fn call_table(programs: &[Program], measured: &[&Measured], quick: bool) -> Option<String> {
    let host_call = programs.iter().position(|program| program.name == HOST_CALL)?;
    let work = if quick { programs[host_call].check } else { programs[host_call].bench };
    let mean = |name: &str| measured.iter().find(|one| one.name == name)?.geomean(programs, &INTEGER_MEAN);
    let mut text = String::from(
        "| engine | a call of the module by the firmware | of the firmware by the module | counting fuel |\n\
         |---|--:|--:|--:|\n",
    );
    for one in measured {
        let Some((ran, load)) =
            one.taken[host_call].ran.as_ref().ok().and_then(|ran| Some((ran, ran.load.as_ref()?)))
        else {
            continue;
        };
        let each = ran.instructions.saturating_sub(load.call_for_nothing) as f64 / f64::from(work.n);
        let fuel = mean(&one.name).zip(mean(&format!("{} without fuel", one.name)));
        let fuel = fuel
            .map_or("-".to_owned(), |(with, without)| format!("{:+.1} %", 100.0 * (with / without - 1.0)));
        text += &format!("| {} | {} | {each:.0} | {fuel} |\n", one.name, load.call_for_nothing);
    }
    Some(text)
}

/// All engines side by side: ratios; flash, loading and heap where they are measured; what does not run, and why; and what
/// the rivals are.
pub fn rival_tables(programs: &[Program], measured: &[Measured], quick: bool) -> Result<String> {
    let all: Vec<&Measured> = measured.iter().collect();
    let mut notes = Vec::new();
    let mut text = String::from("| program | native |");
    text.extend(measured.iter().map(|one| format!(" {} |", one.name)));
    text += "\n|---|--:|";
    text += &"--:|".repeat(measured.len());
    for (index, program) in programs.iter().enumerate() {
        write!(text, "\n| {} | {} |", marked(program), native(index, &all))?;
        for one in measured {
            let taken = &one.taken[index];
            text += &match &taken.ran {
                // Without a twin only the engines can be compared with each other.
                Ok(ran) if taken.native == 0 => format!(" {:.1} M |", ran.instructions as f64 / 1e6),
                Ok(_) => format!(" {} |", ratio(taken.ratio())),
                Err(why) => {
                    notes.push(format!("{}, {}: {why}", one.name, program.name));
                    format!(" no [{}] |", notes.len())
                }
            };
        }
    }
    for mean in [INTEGER_MEAN, MEAN] {
        text += &format!("\n| {} | |", mean.name);
        text.extend(measured.iter().map(|one| format!(" {} |", ratio(one.geomean(programs, &mean)))));
    }
    if measured.iter().any(|one| one.flash.is_some()) {
        text += "\n| flash | |";
        let flash = |one: &Measured| one.flash.map_or("-".to_owned(), |flash| flash.to_string());
        text.extend(measured.iter().map(|one| format!(" {} |", flash(one))));
    }
    text += "\n";
    for (number, note) in notes.iter().enumerate() {
        writeln!(text, "{}- [{}] {note}.", if number == 0 { "\n" } else { "" }, number + 1)?;
    }
    if measured.iter().any(|one| one.loaded(programs, REAL_MODULE).is_some()) {
        text += &load_table(programs, measured);
        if let Some(table) = call_table(programs, &all, quick) {
            text += &format!("\n{table}");
        }
    }
    let mut abouts = Vec::new();
    for rival in rivals::ALL.iter().filter(|rival| measured.iter().any(|one| one.name == rival.name)) {
        abouts.push(format!("- {}.", rival.about()?));
    }
    Ok(format!("{text}\n{}\n", abouts.join("\n")))
}

fn load_table(programs: &[Program], measured: &[Measured]) -> String {
    let mut text = String::from(
        "\n| module | engine | load, instructions a byte | heap held | most until it runs | native stack to load | \
         to run |\n|---|---|--:|--:|--:|--:|--:|",
    );
    for name in MODULES {
        for one in measured {
            let Some((program, load)) = one.loaded(programs, name) else {
                text += &format!("\n| {name} | {} | - | - | - | - | - |", one.name);
                continue;
            };
            let bytes = Module::read(program).map_or(f64::NAN, |module| module.bytes as f64);
            let most = load.heap().max(load.module_heap + load.scratch);
            text += &format!(
                "\n| {name} | {} | {:.0} | {} | {most} | {} | {} |",
                one.name,
                load.instructions as f64 / bytes,
                load.heap(),
                load.stack[0],
                load.stack[1]
            );
        }
    }
    text + "\n"
}
