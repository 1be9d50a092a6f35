//! The programs in firmware on an emulated board, natively and in an engine, side by side.

use super::engine::Engine;
use super::programs::{GUESTS, Load, Measured, NATIVE_FLAGS, Program, Ran, Taken, Work, check_results};
use super::twins;
use crate::bare::{self, Board, Firmware};
use crate::options::WasmoteOption;
use crate::run::{progress, tail};
use crate::{repo, size};
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Runs all programs in each engine.
pub fn measure(
    board: &Board,
    engines: &[Engine],
    list: &[WasmoteOption],
    programs: &[Program],
    quick: bool,
) -> Result<Vec<Measured>> {
    // The engines are compared with each other only if there are others.
    let flash = board.name == bare::M4F.name && engines.iter().any(Engine::is_rival);
    let twins = twins::for_board(board, programs)?;
    let measure = |engine: &Engine| {
        progress(&format!("building {} for {}", engine.name(), board.name));
        let archive = engine.archive(board, list)?;
        let taken = run_all(board, engine, &[twins.clone(), archive.clone()], programs, quick)?;
        let sources = engine.sources();
        let flash = flash.then(|| size::engine_flash(engine.name(), sources, archive)).transpose()?;
        Ok(Measured { name: engine.name().to_owned(), rival: engine.is_rival(), taken, flash })
    };
    engines.iter().map(measure).collect()
}

/// Runs firmware until there is something to say about each program: a rival may end the firmware in the midst of one.
fn run_all(
    board: &Board,
    engine: &Engine,
    archives: &[PathBuf; 2],
    programs: &[Program],
    quick: bool,
) -> Result<Vec<Taken>> {
    let work = |program: &Program| if quick { program.check } else { program.bench };
    let mut taken = Vec::new();
    while taken.len() < programs.len() {
        let rest = &programs[taken.len()..];
        let elf = link(board, engine, archives.clone(), rest, work)?;
        let mut lines = Vec::new();
        let mut last = String::new();
        let end = board.run(&elf, Duration::from_secs(900), |line| {
            line.clone_into(&mut last);
            if line.starts_with("program ") || line.starts_with("refused ") {
                let name = line.split(' ').nth(1).unwrap_or_default();
                progress(&format!("{} on {}: {name}", engine.name(), board.name));
                lines.push(line.to_owned());
            }
        });
        if !engine.is_rival() {
            end.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            ensure!(
                lines.len() == rest.len(),
                "the firmware tried {} of {} programs",
                lines.len(),
                rest.len()
            );
        }
        for (program, line) in rest.iter().zip(&lines) {
            taken.push(read(program, work(program), engine, line)?);
        }
        if end.is_err() && lines.len() < rest.len() {
            taken.push(Taken { native: 0, ran: Err(format!("the firmware ends: {}", tail(&last, 1))) });
        }
    }
    Ok(taken)
}

fn link(
    board: &Board,
    engine: &Engine,
    [twins, archive]: [PathBuf; 2],
    programs: &[Program],
    work: impl Fn(&Program) -> Work,
) -> Result<PathBuf> {
    let mut sources = engine.sources();
    sources.extend([bare::source("bench.c"), bare::source("stack.c"), write_table(board, programs, work)?]);
    sources.extend(programs.iter().filter_map(Program::source));
    sources.push(twins);
    let firmware = Firmware {
        board,
        name: &format!("bench-{}", engine.name()),
        sources,
        flags: NATIVE_FLAGS
            .into_iter()
            .chain(["-DHEAP_BYTES=(15*1024*1024)", "-DCODE_BYTES=(256*1024)"])
            .map(str::to_owned)
            .chain([format!("-I{}", repo::path(GUESTS).join("native").display())])
            .collect(),
        archive: Some(archive),
    };
    firmware.link()
}

/// Writes the C table of programs; their modules are part of it.
fn write_table(board: &Board, programs: &[Program], work: impl Fn(&Program) -> Work) -> Result<PathBuf> {
    let mut text = String::from("#include \"bench.h\"\n#include \"guests.h\"\n\n");
    let mut rows = String::new();
    for program in programs {
        let Program { name, export, .. } = program;
        let native = program.native.as_deref().unwrap_or("NULL");
        let n = work(program).n;
        writeln!(
            text,
            "extern const uint8_t {name}_wasm[], {name}_wasm_end[];\n\
             __asm(\".section .rodata.{name}_wasm\\n{name}_wasm: .incbin \\\"{}\\\"\\n{name}_wasm_end:\\n.text\");",
            program.module().display()
        )?;
        writeln!(rows, "\t{{\"{name}\", \"{export}\", {name}_wasm, {name}_wasm_end, {native}, {n}}},")?;
    }
    let count = programs.len();
    write!(
        text,
        "\nconst struct program programs[] = {{\n{rows}}};\nconst size_t program_count = {count};\n"
    )?;
    let file = repo::work("bare")?.join(format!("programs-{}.c", board.name));
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Reads the firmware's line about a program and checks the results.
fn read(program: &Program, work: Work, engine: &Engine, line: &str) -> Result<Taken> {
    let name = &program.name;
    let mut words = line.splitn(3, ' ');
    let (kind, about, rest) = (words.next(), words.next(), words.next().unwrap_or_default());
    ensure!(about == Some(name), "expected a line about {name}: {line}");
    let unsigned = |number: i64| u64::try_from(number).with_context(|| format!("a negative count: {line}"));
    if kind == Some("refused") {
        let (native, why) = rest.split_once(' ').unwrap_or((rest, ""));
        ensure!(engine.is_rival(), "{name}: {why}");
        return Ok(Taken { native: unsigned(native.parse()?)?, ran: Err(why.to_owned()) });
    }
    let numbers: Vec<i64> = rest.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let &[native, taken, native_result, result, ref load @ ..] = numbers.as_slice() else { bail!("{line}") };
    let &[load, module_heap, instance_heap, code, load_heap, load_stack, run_stack, trap_stack, nothing] =
        load
    else {
        bail!("{line}");
    };
    if program.native.is_some() {
        ensure!(native > 0, "{name} took no time natively");
    }
    let native_result = program.native.is_some().then_some(native_result);
    if let Err(error) = check_results(program, work.result, result, native_result) {
        ensure!(engine.is_rival(), "{error}");
        return Ok(Taken { native: unsigned(native)?, ran: Err(error.to_string()) });
    }
    let apart = if engine.has_code_apart() { code } else { 0 };
    let load = Load {
        instructions: unsigned(load)?,
        module_heap: unsigned(module_heap)?,
        instance_heap: unsigned(instance_heap)?,
        code: unsigned(code)?,
        scratch: unsigned(load_heap - module_heap - apart)?,
        call_for_nothing: unsigned(nothing)?,
        stack: [load_stack, run_stack, trap_stack].map(|bytes| bytes as u64),
    };
    Ok(Taken { native: unsigned(native)?, ran: Ok(Ran { instructions: unsigned(taken)?, load: Some(load) }) })
}
