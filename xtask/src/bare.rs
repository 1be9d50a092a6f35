//! Firmware without an RTOS, to measure: a few C files of xtask/firmware, linked with wasmote's archive.

use crate::options::{Configuration, WasmoteOption};
use crate::run::Run;
use crate::{repo, tools};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The Rust target that it is compiled for.
pub const TARGET: &str = "thumbv7em-none-eabihf";
/// The features of wasmote-capi that tell compiled code of the CPU's FPU, as `wasmote_rust_target` finds them.
const FPU: &str = ",fpu-single";
const CPU: [&str; 4] = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"];
/// The emulated board.
pub const EMULATOR: [&str; 14] = [
    "qemu-system-arm",
    "-M",
    "mps2-an386",
    "-icount",
    "shift=0",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "stdio",
    "-semihosting-config",
    "enable=on,target=native",
    "-kernel",
];

/// Makes sure that everything is there.
pub fn need() -> Result<()> {
    tools::need(&[tools::CMAKE, tools::ARM_GCC, tools::ARM_QEMU])?;
    tools::targets(&[TARGET])
}

/// Builds the archive of a configuration. For [`TARGET`], without Rust's memcpy and arithmetic, as the builds of firmware do.
pub fn archive(configuration: &Configuration, options: &[WasmoteOption], target: &str) -> Result<PathBuf> {
    let folder = repo::work("cargo")?;
    let mut cargo = configuration.cargo(options);
    if configuration.has_jit() && target == TARGET {
        cargo.features += FPU;
    }
    let mut run = Run::cargo().args(["build", "--package", "wasmote-capi", "--profile", &cargo.profile]);
    run = run.args(["--target", target, "--no-default-features", "--features", &cargo.features]);
    run = run.arg("--target-dir").arg(&folder);
    for (name, value) in cargo.environment {
        run = run.env(&name, value);
    }
    let name = configuration.name.replace(' ', "-");
    run.logged(&format!("archive-{name}-{target}"), false)?;
    let mut built = folder.join(target).join(&cargo.profile).join("libwasmote.a");
    if target == TARGET {
        let split =
            Run::new("cmake").arg("-DAR=arm-none-eabi-ar").arg(format!("-DARCHIVE={}", built.display()));
        let split = split.arg("-P").arg(repo::path("cmake/wasmote_split_archive.cmake"));
        split.logged(&format!("split-{name}-{target}"), false)?;
        built.set_file_name("libwasmote_runtime.a");
    }
    // The next configuration is built in the same place.
    let kept = repo::work("archive")?.join(format!("{name}-{target}.a"));
    std::fs::copy(&built, &kept).with_context(|| format!("copying {}", built.display()))?;
    Ok(kept)
}

/// A firmware to link.
pub struct Firmware<'a> {
    /// The file to write, in the folder for firmware.
    pub name: &'a str,
    /// C and assembler files, or objects.
    pub sources: Vec<PathBuf>,
    /// Flags for compiling them.
    pub flags: Vec<String>,
    /// wasmote, if it is in.
    pub archive: Option<PathBuf>,
}

impl Firmware<'_> {
    /// Compiles and links it.
    pub fn link(self) -> Result<PathBuf> {
        let elf = repo::work("bare")?.join(format!("{}.elf", self.name.replace(' ', "-")));
        let script = repo::path("xtask/firmware/mps2.ld");
        let run = gcc().args(["-nostdlib", "-Wl,--gc-sections,--no-warn-rwx-segments", "-T"]).arg(script);
        // Both sides of a comparison have their memcpy and arithmetic from the same libraries.
        let run = run.args(self.flags).args(self.sources).args(self.archive).args(["-lc", "-lgcc", "-o"]);
        run.arg(&elf).logged(&format!("link-{}", self.name.replace(' ', "-")), false)?;
        Ok(elf)
    }
}

/// The C compiler with the CPU's and the usual flags.
pub fn gcc() -> Run {
    let include = format!("-I{}", repo::path("include").display());
    let board = format!("-I{}", repo::path("xtask/firmware").display());
    Run::new("arm-none-eabi-gcc")
        .args(CPU)
        .args(["-std=gnu11", "-ffreestanding", "-Wall", "-Wextra", "-Werror"])
        .args(["-ffunction-sections", "-fdata-sections", &include, &board])
}

/// A file of xtask/firmware.
pub fn source(name: &str) -> PathBuf {
    repo::path("xtask/firmware").join(name)
}

/// Runs a firmware whose console `line` sees; fails unless it ends with exit code 0.
pub fn run(elf: &Path, limit: std::time::Duration, line: impl FnMut(&str)) -> Result<String> {
    let [emulator, args @ ..] = EMULATOR;
    let console = crate::firmware::emulate(Run::new(emulator).args(args).arg(elf), limit, line)?;
    console.judge("")?;
    Ok(console.text)
}
