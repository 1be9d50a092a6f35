//! Proof that the interpreter goes from handler to handler by jumps, by reading the machine code that is shipped.
//!
//! A handler that called the next one would have to return afterwards. So no handler may hold a return instruction,
//! but the one that leaves the interpreter.

use crate::options::{self, Configuration};
use crate::run::Run;
use crate::summary::Found;
use crate::tools::{self, Tool};
use crate::{bare, elf, repo};
use anyhow::{Context, Result, bail, ensure};
use regex::Regex;

/// A target whose firmware uses tail calls, and how to read its code.
struct Target {
    rust: &'static str,
    tools: &'static [Tool],
    linker: &'static [&'static str],
    objdump: &'static str,
    /// A return, in the disassembler's words.
    returns: &'static str,
    /// A jump to an address in a register.
    jumps: &'static str,
}

const ARM: (&str, &str) =
    (r"\t(bx\tlr|(pop|ldmia).*\bpc\b|ldr\S*\tpc, \[sp)", r"\t(bx\tr|bx\tip|mov\tpc|ldr\S*\tpc, \[r)");
const RISCV: (&str, &str) = (r"\tret\b", r"\tjr\t");

const TARGETS: [Target; 4] = [
    Target {
        rust: "thumbv7m-none-eabi",
        tools: tools::ARM_GCC,
        linker: &["arm-none-eabi-ld"],
        objdump: "arm-none-eabi-objdump",
        returns: ARM.0,
        jumps: ARM.1,
    },
    Target {
        rust: "thumbv7em-none-eabihf",
        tools: tools::ARM_GCC,
        linker: &["arm-none-eabi-ld"],
        objdump: "arm-none-eabi-objdump",
        returns: ARM.0,
        jumps: ARM.1,
    },
    Target {
        rust: "riscv32imac-unknown-none-elf",
        tools: tools::RISCV_GCC,
        linker: &["riscv64-unknown-elf-ld", "-m", "elf32lriscv"],
        objdump: "riscv64-unknown-elf-objdump",
        returns: RISCV.0,
        jumps: RISCV.1,
    },
    Target {
        rust: "riscv64imac-unknown-none-elf",
        tools: tools::RISCV_GCC,
        linker: &["riscv64-unknown-elf-ld", "-m", "elf64lriscv"],
        objdump: "riscv64-unknown-elf-objdump",
        returns: RISCV.0,
        jumps: RISCV.1,
    },
];

/// Where the handlers are in the names of symbols, and the one that ends the interpreter's run.
const HANDLERS: &str = "wasmote_interp::exec::dispatch::imp::tail::";
const LEAVES: &str = "exit";

/// Reads the code of the default configuration and of the fastest.
pub fn check() -> Result<Found> {
    let list = options::load()?;
    let configurations = options::configurations(&list)?;
    let mut found = Found::default();
    for name in ["interp", "interp-speed"] {
        let configuration = configurations.iter().find(|configuration| configuration.name == name);
        let configuration = configuration.with_context(|| format!("no configuration {name}"))?;
        for target in &TARGETS {
            let handlers = check_target(target, configuration, &list)?;
            found.passed += 1;
            found.note += &format!("{name}, {}: {handlers} handlers\n", target.rust);
        }
    }
    Ok(found)
}

fn check_target(
    target: &Target,
    configuration: &Configuration,
    list: &[options::WasmoteOption],
) -> Result<usize> {
    tools::need(&[target.tools])?;
    tools::targets(&[target.rust])?;
    let archive = bare::archive(configuration, list, target.rust)?;
    let elf = repo::work("tailcalls")?.join(format!("{}-{}.elf", configuration.name, target.rust));
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
    let mut handlers = 0;
    for (name, code) in functions(&text) {
        let Some(handler) = name.strip_prefix(HANDLERS) else { continue };
        handlers += 1;
        let at = format!("{} for {}: the handler {handler}", configuration.name, target.rust);
        let returning = code.lines().find(|line| returns.is_match(line));
        if handler == LEAVES {
            // The check itself is checked: it must see a return where there is one.
            ensure!(returning.is_some(), "{at} does not return");
        } else if let Some(line) = returning {
            bail!("{at} returns, so it calls the next one:{line}\n{code}");
        }
    }
    // Nearly every one dispatches itself; without handlers or jumps this would look at something else.
    let jumping = functions(&text)
        .filter(|(name, code)| name.starts_with(HANDLERS) && code.lines().any(|line| jumps.is_match(line)))
        .count();
    ensure!(handlers > 100 && jumping * 10 > handlers * 9, "{jumping} of {handlers} handlers jump");
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
