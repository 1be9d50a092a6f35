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
    linker: &'static [&'static str],
    objdump: &'static str,
    /// A return, in the disassembler's words.
    returns: &'static str,
    /// A jump to an address in a register or in memory.
    jumps: &'static str,
}

/// One for each instruction set that the interpreter's build script takes as proven.
const TARGETS: [Target; 4] = [
    Target {
        rust: "riscv32imac-unknown-none-elf",
        tools: tools::RISCV_GCC,
        linker: &["riscv64-unknown-elf-ld", "-m", "elf32lriscv"],
        objdump: "riscv64-unknown-elf-objdump",
        returns: r"\tret\b",
        jumps: r"\tjr\t",
    },
    Target {
        rust: "riscv64imac-unknown-none-elf",
        tools: tools::RISCV_GCC,
        linker: &["riscv64-unknown-elf-ld", "-m", "elf64lriscv"],
        objdump: "riscv64-unknown-elf-objdump",
        returns: r"\tret\b",
        jumps: r"\tjr\t",
    },
    Target {
        rust: "x86_64-unknown-linux-gnu",
        tools: tools::HOST_GCC,
        linker: &["ld"],
        objdump: "objdump",
        returns: r"\tret",
        jumps: r"\t(notrack )?jmp +\*",
    },
    Target {
        rust: "aarch64-unknown-none",
        tools: tools::AARCH64_BINUTILS,
        linker: &["aarch64-linux-gnu-ld"],
        objdump: "aarch64-linux-gnu-objdump",
        returns: r"\tret\b",
        jumps: r"\tbr\t",
    },
];

/// The build script, and how the list in it begins and ends.
const BUILD_SCRIPT: &str = "rust/interp/build.rs";
const PROVEN: (&str, &str) = ("const PROVEN: &[&str] = &[", "];");

/// The dispatcher's functions, and those of them that may return: where the interpreter is entered and left.
const DISPATCHER: &str = "wasmote_interp::exec::dispatch::imp::";
const HANDLERS: &str = "wasmote_interp::exec::dispatch::imp::tail::";
const ENTERS: &str = "run";
const LEAVES: &str = "tail::exit";

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
) -> Result<usize> {
    tools::need(&[target.tools])?;
    tools::targets(&[target.rust])?;
    let archive = bare::archive(configuration, list, target.rust)?;
    let elf = repo::work("tailcalls")?.join(format!("{}.elf", target.rust));
    let [linker, flags @ ..] = target.linker else { bail!("no linker") };
    // The rest of a firmware is missing; nobody runs this. Linking makes short calls of long ones.
    Run::new(linker)
        .args(flags)
        .args(["--unresolved-symbols=ignore-all", "--no-warn-rwx-segments", "-e", "0", "--whole-archive"])
        .arg(&archive)
        .arg("-o")
        .arg(&elf)
        .text()?;
    let text = Run::new(target.objdump).args(["-d", "--no-show-raw-insn"]).arg(&elf).text()?;
    let (returns, jumps) = (Regex::new(target.returns)?, Regex::new(target.jumps)?);
    let (mut handlers, mut jumping) = (0, 0);
    for (name, code) in functions(&text) {
        let Some(short) = name.strip_prefix(DISPATCHER) else { continue };
        if name.starts_with(HANDLERS) {
            handlers += 1;
            jumping += usize::from(code.lines().any(|line| jumps.is_match(line)));
        }
        let returning = code.lines().find(|line| returns.is_match(line));
        if short == LEAVES {
            // The check itself is checked: it must see a return where there is one.
            ensure!(returning.is_some(), "{}: {short} does not return", configuration.name);
        } else if let Some(line) = returning.filter(|_| short != ENTERS) {
            bail!("{}: {short} returns, so it calls the next one:{line}\n{code}", configuration.name);
        }
    }
    // Without handlers or jumps this would look at something else.
    let plausible = handlers > 100 && jumping * 2 > handlers;
    ensure!(plausible, "{}: {jumping} of {handlers} handlers jump", configuration.name);
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
