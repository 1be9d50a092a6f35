//! The runtimes that wasmote is compared with: those that come as crates and run without an operating system.

use crate::bare::{self, Board};
use crate::repo;
use crate::run::Run;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A workspace of its own, so that none of this is in wasmote's.
const MANIFEST: &str = "xtask/rivals/Cargo.toml";

pub struct Rival {
    pub name: &'static str,
    /// The crate that it is in.
    package: &'static str,
    language: Language,
    /// What is set otherwise than by default, for people.
    settings: &'static str,
}

enum Language {
    /// A feature of xtask/rivals of the same name, and for RISC-V another one beside it.
    Rust { riscv: &'static str },
    /// Sources in a folder of the crate.
    C { folder: &'static str, flags: &'static [&'static str] },
}

/// They have no limit of fuel; wasmote's figures that compare are those without it.
pub const ALL: [Rival; 3] = [
    Rival {
        name: "wasmi",
        package: "wasmi",
        // Its handlers have more arguments than there are registers for them, so LLVM makes no jumps of their tail calls:
        // the stack overflows.
        language: Language::Rust { riscv: ",portable" },
        settings: "opt-level 3, fat LTO; features auto-dispatch (tail calls, on stable Rust; on RV32 \
                   portable-dispatch, a loop, since the other overflows the stack there) and validate; all is compiled \
                   when loaded; custom sections ignored; no fuel",
    },
    Rival {
        name: "tinywasm",
        package: "tinywasm",
        language: Language::Rust { riscv: "" },
        settings: "opt-level 3, fat LTO; feature parser, NaNs as they come; stacks of fixed size; no fuel",
    },
    Rival {
        name: "wasm3",
        package: "wasm3x-sys",
        language: Language::C {
            folder: "wasm3/source",
            // But for the stack for operands and the depth of native calls, those of m3_config_platforms.h for
            // microcontrollers. Larger operators cost flash, but make it faster.
            flags: &[
                "-O3",
                "-fomit-frame-pointer",
                "-Dd_m3CascadedOpcodes=1",
                "-Dd_m3CodePageAlignSize=1024",
                "-Dd_m3MaxConstantTableSize=64",
                "-Dd_m3MaxFunctionStackHeight=512",
                "-Dd_m3MaxNativeStack=(1024*1024)",
                "-Dd_m3VerboseErrorMessages=0",
            ],
        },
        settings: "the C sources in that crate, by gcc -O3; code pages of 1 KB, at most 512 operands, no texts of errors; \
                   loading makes the instance too, since it compiles only then, and then everything; it has no fuel",
    },
];

pub fn find(name: &str) -> Option<&'static Rival> {
    ALL.iter().find(|rival| rival.name == name)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
}

impl Rival {
    /// Its version and how it is built.
    pub fn about(&self) -> Result<String> {
        let package = self.find_package()?;
        Ok(format!("{} (crate {} {}): {}", self.name, self.package, package.version, self.settings))
    }

    /// Downloads it, if need be.
    fn find_package(&self) -> Result<Package> {
        let run = Run::cargo().args(["metadata", "--locked", "--all-features", "--format-version", "1"]);
        let text = run.arg("--manifest-path").arg(repo::path(MANIFEST)).text()?;
        let Metadata { packages } =
            serde_json::from_str(&text).context("reading the answer of cargo metadata")?;
        let found = packages.into_iter().find(|package| package.name == self.package);
        found.with_context(|| format!("{MANIFEST} does not lead to {}", self.package))
    }

    /// Builds it for a board.
    pub fn for_board(&self, board: &Board) -> Result<PathBuf> {
        match self.language {
            Language::Rust { .. } => {
                board.split(&self.cargo(board.rust_target)?, &format!("{}-{}", self.name, board.name))
            }
            Language::C { .. } => self.compile(board.gcc(), &board.tool("ar"), board.name),
        }
    }

    /// Builds it for this machine.
    pub fn for_host(&self) -> Result<PathBuf> {
        match self.language {
            Language::Rust { .. } => self.cargo(HOST),
            Language::C { .. } => self.compile(Run::new("gcc"), "ar", "host"),
        }
    }

    fn cargo(&self, target: &str) -> Result<PathBuf> {
        let Language::Rust { riscv } = self.language else { bail!("{} is not in Rust", self.name) };
        let features = format!("{}{}", self.name, if target.starts_with("riscv") { riscv } else { "" });
        let folder = repo::work("cargo")?;
        let run = Run::cargo()
            .args(["build", "--release", "--locked", "--manifest-path"])
            .arg(repo::path(MANIFEST));
        let run = run.args(["--package", "wasmote-rivals", "--features", &features, "--target", target]);
        run.arg("--target-dir").arg(&folder).logged(&format!("rival-{}-{target}", self.name), false)?;
        Ok(folder.join(target).join("release/libwasmote_rivals.a"))
    }

    fn compile(&self, gcc: Run, ar: &str, place: &str) -> Result<PathBuf> {
        let Language::C { folder, flags } = &self.language else { bail!("{} is not in C", self.name) };
        let package = self.find_package()?;
        let folder = package.manifest_path.parent().unwrap_or(Path::new("")).join(folder);
        let mut sources = vec![bare::source(&format!("engine_{}.c", self.name))];
        for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            let api = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("m3_api_"));
            if path.extension().is_some_and(|end| end == "c") && !api {
                sources.push(path);
            }
        }
        // The order of a folder is nobody's.
        sources.sort();
        let objects = repo::empty(&format!("rival/{}-{place}", self.name))?;
        let log = format!("rival-{}-{place}", self.name);
        let run = gcc.args(["-std=gnu11", "-w", "-c"]).args(*flags).arg("-I").arg(&folder);
        run.arg("-I").arg(bare::source("")).args(&sources).dir(&objects).logged(&log, false)?;
        let archive = objects.join("librival.a");
        let objects = sources.iter().filter_map(|source| source.file_stem());
        let objects = objects.map(|stem| archive.with_file_name(stem).with_extension("o"));
        Run::new(ar).arg("rcs").arg(&archive).args(objects).logged(&log, false)?;
        Ok(archive)
    }
}

const HOST: &str = "x86_64-unknown-linux-gnu";
