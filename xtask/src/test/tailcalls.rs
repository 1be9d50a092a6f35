//! Proof that the interpreter goes from handler to handler by jumps, by reading the machine code that is shipped.
//!
//! A handler that called the next one would have to return afterwards. So no handler may hold a return instruction,
//! but the one that leaves the interpreter.

use crate::options::{self, Configuration, WasmoteOption};
use crate::run::Run;
use crate::summary::{Found, Summary};
use crate::tools::{self, Tool};
use crate::{bare, elf, repo};
use anyhow::{Context, Result, bail, ensure};
use regex::Regex;

/// A target with tail calls, and how to read its code.
struct Target {
    rust: &'static str,
    tools: &'static [Tool],
    objdump: &'static str,
    /// A return, in the disassembler's words.
    returns: &'static str,
}

/// One for each instruction set that the interpreter's build script takes as proven.
const TARGETS: [Target; 4] = [
    Target {
        rust: "riscv32imac-unknown-none-elf",
        tools: tools::RISCV_GCC,
        objdump: "riscv64-unknown-elf-objdump",
        returns: r"\tret\b",
    },
    Target {
        rust: "riscv64imac-unknown-none-elf",
        tools: tools::RISCV_GCC,
        objdump: "riscv64-unknown-elf-objdump",
        returns: r"\tret\b",
    },
    Target {
        rust: "x86_64-unknown-linux-gnu",
        tools: tools::HOST_GCC,
        objdump: "objdump",
        returns: r"\tret",
    },
    Target {
        rust: "aarch64-unknown-none",
        tools: tools::AARCH64_BINUTILS,
        objdump: "aarch64-linux-gnu-objdump",
        returns: r"\tret\b",
    },
];

/// The build script, and how the list in it begins and ends.
const BUILD_SCRIPT: &str = "rust/interp/build.rs";
const PROVEN: (&str, &str) = ("const PROVEN: &[&str] = &[", "];");

/// The dispatcher's functions, and those of them that may return: where the interpreter is entered and left, and what a handler calls
/// that goes on afterwards.
const DISPATCHER: &str = "wasmote_interp::exec::dispatch::imp::";
const HANDLERS: &str = "wasmote_interp::exec::dispatch::imp::tail::";
const MAY_RETURN: [&str; 3] = ["run", "tail::exit", "calling"];

pub fn steps(summary: &mut Summary) {
    summary.step("targets with tail calls are checked", targets_are_checked);
    for target in &TARGETS {
        summary.step(&format!("tail calls are jumps on {}", target.rust), || check(target));
    }
}

/// The build script's list and this one name the same instruction sets.
fn targets_are_checked() -> Result<Found> {
    let text = repo::read(&repo::path(BUILD_SCRIPT))?;
    let list = text.split_once(PROVEN.0).and_then(|(_, rest)| rest.split_once(PROVEN.1));
    let (list, _) = list.with_context(|| format!("{BUILD_SCRIPT} has no list of targets"))?;
    let mut proven: Vec<&str> = list.split(',').map(|name| name.trim().trim_matches('"')).collect();
    proven.retain(|name| !name.is_empty());
    for name in &proven {
        let checked = TARGETS.iter().any(|target| target.rust.starts_with(name));
        ensure!(checked, "{BUILD_SCRIPT} trusts {name}, whose code nobody checks");
    }
    for target in &TARGETS {
        let trusted = proven.iter().any(|name| target.rust.starts_with(name));
        ensure!(trusted, "{BUILD_SCRIPT} does not trust {}, whose code is checked", target.rust);
    }
    Ok(Found::pass(proven.join(", ")))
}

/// Every level of optimisation that a firmware can choose.
fn check(target: &Target) -> Result<Found> {
    let list = options::load()?;
    let mut found = Found::default();
    for level in ["OPT_SIZE", "OPT_SPEED", "OPT_MINSIZE"] {
        let configuration =
            Configuration::default_of(&list, "").with(&list, &format!("tail {level}"), level, true)?;
        let handlers = check_configuration(target, &configuration, &list)?;
        found.passed += 1;
        found.note += &format!("{level}: {handlers} handlers; ");
    }
    Ok(found)
}

fn check_configuration(
    target: &Target,
    configuration: &Configuration,
    list: &[WasmoteOption],
) -> Result<u32> {
    tools::need(&[tools::CMAKE, target.tools])?;
    tools::targets(&[target.rust])?;
    let archive = bare::archive(configuration, list, target.rust)?;
    let text = Run::new(target.objdump).args(["-d", "--no-show-raw-insn"]).arg(&archive).text()?;
    let returns = Regex::new(target.returns)?;
    let (mut handlers, mut others) = (0, 0);
    for (name, code) in functions(&text) {
        let returning = code.lines().find(|line| returns.is_match(line));
        let Some(short) = name.strip_prefix(DISPATCHER) else {
            others += u32::from(returning.is_some());
            continue;
        };
        handlers += u32::from(name.starts_with(HANDLERS));
        if let Some(line) = returning.filter(|_| !MAY_RETURN.contains(&short)) {
            bail!("{}: {short} returns, so it calls the next one:{line}\n{code}", configuration.name);
        }
    }
    // The check itself is checked: it sees the handlers, and sees returns where there are some.
    ensure!(handlers > 100 && others > 100, "{}: {handlers} handlers", configuration.name);
    Ok(handlers)
}

/// The functions of a disassembly: plain name and code.
fn functions(text: &str) -> impl Iterator<Item = (String, &str)> {
    text.split("\n\n").filter_map(|part| {
        let (head, code) = part.trim_start().split_once(">:\n")?;
        let (_, name) = head.rsplit_once('<')?;
        Some((elf::plain_name(name), code))
    })
}
