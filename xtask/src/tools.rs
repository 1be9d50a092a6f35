//! Programs and Rust targets that a command needs: installed where that is possible, named where not.

use crate::run::{Run, progress};
use anyhow::{Context, Result, bail};
use std::sync::Mutex;

/// A program, or another file by its path, and the Debian package that holds it.
pub struct Tool {
    program: &'static str,
    package: &'static str,
}

const fn tool(program: &'static str, package: &'static str) -> Tool {
    Tool { program, package }
}

/// What builds FreeRTOS firmware, whatever the board.
pub const CMAKE: &[Tool] = &[tool("cmake", "cmake"), tool("ninja", "ninja-build")];
/// C for Cortex-M, with its library.
pub const ARM_GCC: &[Tool] = &[
    tool("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
    tool("/usr/lib/arm-none-eabi/newlib/libc.a", "libnewlib-arm-none-eabi"),
];
/// An emulated Cortex-M.
pub const ARM_QEMU: &[Tool] = &[tool("qemu-system-arm", "qemu-system-arm")];
/// C for RISC-V.
pub const RISCV_GCC: &[Tool] = &[tool("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf")];
/// Its library.
pub const RISCV_LIBC: &[Tool] = &[tool(
    "/usr/lib/picolibc/riscv64-unknown-elf/lib/rv32imac/ilp32/libc.a",
    "picolibc-riscv64-unknown-elf",
)];
/// An emulated RISC-V.
pub const RISCV_QEMU: &[Tool] = &[tool("qemu-system-riscv32", "qemu-system-misc")];
/// C and C++ for this machine.
pub const HOST_GCC: &[Tool] = &[tool("gcc", "gcc"), tool("g++", "g++"), tool("objdump", "binutils")];
/// Counts this machine's instructions.
pub const VALGRIND: &[Tool] = &[tool("valgrind", "valgrind")];

/// A disassembler for 64-bit Arm.
pub const AARCH64_BINUTILS: &[Tool] = &[tool("aarch64-linux-gnu-objdump", "binutils-aarch64-linux-gnu")];

/// Makes sure that the programs are there.
pub fn need(sets: &[&[Tool]]) -> Result<()> {
    let missing = |tool: &&Tool| !is_there(tool.program);
    let packages: Vec<&str> =
        sets.iter().flat_map(|set| set.iter()).filter(missing).map(|tool| tool.package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    if !is_there("apt-get") {
        bail!("missing programs; install what your system calls: {wanted}");
    }
    if !Run::new("id").arg("-u").text().is_ok_and(|id| id.trim() == "0") {
        bail!("missing programs; run: sudo apt-get install {wanted}");
    }
    progress(&format!("installing {wanted}"));
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages.as_slice()].concat())
}

fn apt(args: &[&str]) -> Result<()> {
    // Another apt may be at work: wait for its lock.
    let run = Run::new("apt-get").args(["-q", "-o", "DPkg::Lock::Timeout=600"]).args(args);
    run.env("DEBIAN_FRONTEND", "noninteractive").logged(&format!("apt-{}", args[0]), false).map(drop)
}

/// Whether a program is on the path, or a file where it should be.
pub fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Makes sure that the pinned toolchain has these targets.
pub fn targets(names: &[&str]) -> Result<()> {
    // rustup takes no two at a time.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let sysroot = Run::new("rustc").args(["--print", "sysroot"]).text()?;
    let lib = std::path::Path::new(sysroot.trim()).join("lib/rustlib");
    let missing: Vec<_> = names.iter().filter(|name| !lib.join(name).join("lib").is_dir()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    progress(&format!("installing the Rust targets {missing:?}"));
    Run::new("rustup")
        .args(["target", "add"])
        .args(missing)
        .text()
        .map(drop)
        .context("the pinned toolchain lacks a target")
}
