//! Firmware without an RTOS, to measure: a few C files of xtask/firmware, linked with wasmote's archive.

use crate::options::{Configuration, WasmoteOption};
use crate::run::Run;
use crate::tools::{self, Tool};
use crate::{firmware, repo};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An emulated board, and how programs for it are made.
pub struct Board {
    /// For people, and in the names of files.
    pub name: &'static str,
    /// The Rust target that is compiled for.
    pub rust_target: &'static str,
    /// Features of wasmote-capi that tell compiled code of the CPU's FPU, as `wasmote_rust_target` finds them; `None` where
    /// no native code can be made.
    jit_features: Option<&'static str>,
    /// What the names of the C compiler and its companions begin with.
    prefix: &'static str,
    /// What the compiler is told of the CPU.
    pub flags: &'static [&'static str],
    /// Start and console, and the linker script.
    source: &'static str,
    script: &'static str,
    /// Where the C library is, if the compiler does not know.
    library: Option<&'static str>,
    /// The command that runs a firmware.
    pub emulator: &'static [&'static str],
    tools: &'static [&'static [Tool]],
}

/// A Cortex-M4F: Arm's MPS2 with the image AN386.
pub const M4F: Board = Board {
    name: "m4f",
    rust_target: "thumbv7em-none-eabihf",
    jit_features: Some(",fpu-single"),
    prefix: "arm-none-eabi-",
    flags: &["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    source: "mps2.c",
    script: "mps2.ld",
    library: None,
    emulator: &["qemu-system-arm", "-M", "mps2-an386", "-semihosting-config", "enable=on,target=native"],
    tools: &[tools::CMAKE, tools::ARM_GCC, tools::ARM_QEMU],
};

/// RV32IMAC: QEMU's machine `virt`. The older version of the instruction set's manual has the counters and `fence.i` in I.
pub const RV32: Board = Board {
    name: "rv32",
    rust_target: "riscv32imac-unknown-none-elf",
    jit_features: None,
    prefix: "riscv64-unknown-elf-",
    flags: &["-march=rv32imac", "-mabi=ilp32", "-misa-spec=2.2"],
    source: "virt.c",
    script: "virt.ld",
    library: Some("/usr/lib/picolibc/riscv64-unknown-elf"),
    emulator: &["qemu-system-riscv32", "-M", "virt", "-bios", "none"],
    tools: &[tools::CMAKE, tools::RISCV_GCC, tools::RISCV_LIBC, tools::RISCV_QEMU],
};

impl Board {
    /// Makes sure that everything is there.
    pub fn need(&self) -> Result<()> {
        tools::need(self.tools)?;
        tools::targets(&[self.rust_target])
    }

    /// Whether a configuration can be built for it.
    pub fn has(&self, configuration: &Configuration) -> bool {
        self.jit_features.is_some() || !configuration.has_jit()
    }

    /// One of the compiler's companions.
    pub fn tool(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The C compiler with the CPU's flags, for code from elsewhere.
    pub fn gcc(&self) -> Run {
        let mut run =
            Run::new(self.tool("gcc")).args(self.flags).args(["-ffunction-sections", "-fdata-sections"]);
        if let Some(library) = self.library {
            run = run.arg("-isystem").arg(Path::new(library).join("include"));
        }
        run
    }

    /// Builds the archive of a configuration, without Rust's memcpy and arithmetic, as the builds of firmware do.
    pub fn archive(&self, configuration: &Configuration, options: &[WasmoteOption]) -> Result<PathBuf> {
        let features = self.jit_features.filter(|_| configuration.has_jit()).unwrap_or_default();
        let built = build(configuration, options, self.rust_target, features)?;
        let name = format!("{}-{}", configuration.name, self.name);
        self.split(&built, &name)
    }

    /// Takes Rust's memcpy and arithmetic out of an archive that cargo has made, and keeps it under a name.
    pub fn split(&self, built: &Path, name: &str) -> Result<PathBuf> {
        let name = name.replace(' ', "-");
        // The next configuration is built in the same place.
        let archive = repo::work(&format!("archive/{name}"))?.join("libwasmote.a");
        std::fs::copy(built, &archive).with_context(|| format!("copying {}", built.display()))?;
        Run::new("cmake")
            .arg(format!("-DAR={}", self.tool("ar")))
            .arg(format!("-DARCHIVE={}", archive.display()))
            .arg("-P")
            .arg(repo::path("cmake/wasmote_split_archive.cmake"))
            .logged(&format!("split-{name}"), false)?;
        Ok(archive.with_file_name("libwasmote_runtime.a"))
    }

    /// Runs a firmware whose console `line` sees; fails unless it ends with exit code 0.
    pub fn run(&self, elf: &Path, limit: Duration, line: impl FnMut(&str)) -> Result<String> {
        const USUAL: [&str; 8] =
            ["-icount", "shift=0", "-display", "none", "-monitor", "none", "-serial", "stdio"];
        let [emulator, args @ ..] = self.emulator else { anyhow::bail!("{} has no emulator", self.name) };
        let run = Run::new(emulator).args(args).args(USUAL).arg("-kernel").arg(elf);
        let console = firmware::emulate(run, limit, line)?;
        console.judge("")?;
        Ok(console.text)
    }
}

/// Builds the archive of a configuration for any target.
pub fn archive(configuration: &Configuration, options: &[WasmoteOption], target: &str) -> Result<PathBuf> {
    build(configuration, options, target, "")
}

fn build(
    configuration: &Configuration,
    options: &[WasmoteOption],
    target: &str,
    more: &str,
) -> Result<PathBuf> {
    let cargo = configuration.cargo(options);
    let folder = repo::work("cargo")?;
    let built = folder.join(target).join(&cargo.profile).join("libwasmote.a");
    let name = format!("{} {target}", configuration.name).replace(' ', "-");
    let copy = repo::work(&format!("archive/{name}"))?.join("libwasmote.a");
    // Firmware with an RTOS is built in the same folder, maybe at the same time.
    let mut run = Run::new("cmake");
    for (variable, path) in [("DIRECTORY", &folder), ("ARCHIVE", &built), ("COPY", &copy)] {
        run = run.arg(format!("-D{variable}={}", path.display()));
    }
    run = run.arg("-P").arg(repo::path("cmake/wasmote_shared_build.cmake")).args(["--", "cargo", "build"]);
    run = run.args(["--package", "wasmote-capi", "--profile", &cargo.profile, "--target", target]);
    run = run.args(["--no-default-features", "--features"]).arg(cargo.features + more);
    run = run.arg("--target-dir").arg(&folder).env("CARGO_TERM_COLOR", "never");
    for (name, value) in cargo.environment {
        run = run.env(&name, value);
    }
    run.logged(&format!("archive-{name}"), false)?;
    Ok(copy)
}

/// A firmware to link.
pub struct Firmware<'a> {
    /// What it runs on.
    pub board: &'a Board,
    /// The file to write, in the folder for firmware.
    pub name: &'a str,
    /// C and assembler files, or objects, beside the board's own.
    pub sources: Vec<PathBuf>,
    /// Flags for compiling them.
    pub flags: Vec<String>,
    /// The runtime, if there is one in it.
    pub archive: Option<PathBuf>,
}

impl Firmware<'_> {
    /// Compiles and links it.
    pub fn link(self) -> Result<PathBuf> {
        let board = self.board;
        let name = format!("{}-{}", self.name, board.name).replace(' ', "-");
        let elf = repo::work("bare")?.join(format!("{name}.elf"));
        let mut run = board.gcc().args(["-std=gnu11", "-ffreestanding", "-Wall", "-Wextra", "-Werror"]);
        for folder in ["include", "xtask/firmware"] {
            run = run.arg("-I").arg(repo::path(folder));
        }
        run = run
            .args(["-nostdlib", "-Wl,--gc-sections,--no-warn-rwx-segments", "-T"])
            .arg(source(board.script));
        run = run.args(self.flags).args(self.sources).args([board.source, "console.c"].map(source));
        if let Some(library) = board.library {
            run = run.arg("-L").arg(Path::new(library).join("lib").join(board.multilib()?));
        }
        // Both sides of a comparison have their memcpy and arithmetic from the same libraries.
        let run = run.args(self.archive).args(["-lm", "-lc", "-lgcc", "-o"]).arg(&elf);
        run.logged(&format!("link-{name}"), false)?;
        Ok(elf)
    }
}

impl Board {
    /// The folder of libraries for these flags.
    fn multilib(&self) -> Result<String> {
        let text = Run::new(self.tool("gcc")).args(self.flags).arg("-print-multi-directory").text()?;
        Ok(text.trim().to_owned())
    }
}

/// A file of xtask/firmware.
pub fn source(name: &str) -> PathBuf {
    repo::path("xtask/firmware").join(name)
}
