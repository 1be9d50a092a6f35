//! The compilers: clang and wasm-ld for C, cargo for Rust, the `wat` crate for the text format.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::manifest::{Guest, Source};
use crate::{Result, record, wasm};

/// Plain WebAssembly 1.0, so that these run whatever features a firmware leaves out.
const CLANG: &[&str] = &[
    "--target=wasm32",
    "-std=c11",
    "-O2",
    "-ffreestanding",
    "-fno-builtin",
    "-ffp-contract=off",
    "-Wall",
    "-Wextra",
    "-c",
];

/// As for the Rust guests in rust/.cargo/config.toml; `__heap_base` tells how much of the page is used.
const LINKER: &[&str] = &[
    "--no-entry",
    "-zstack-size=2048",
    "--stack-first",
    "--initial-memory=65536",
    "--max-memory=65536",
    "--export=__heap_base",
];

pub struct Built {
    pub wasm: Vec<u8>,
    pub compiler: String,
}

/// The compilers that are installed, by name and version.
pub struct Toolchains {
    clang: Option<String>,
    rustc: Option<String>,
}

impl Toolchains {
    pub fn find(root: &Path) -> Self {
        let clang = version("clang", root).zip(version("wasm-ld", root));
        Toolchains {
            clang: clang.map(|(clang, lld)| format!("clang {clang}, lld {lld}")),
            rustc: rustc_with_target(&root.join("rust")),
        }
    }

    fn compiler(&self, source: &Source) -> Result<String> {
        let (found, needed) = match source {
            Source::C(_) => (&self.clang, "clang and wasm-ld"),
            Source::Rust(_) => (&self.rustc, "rustc with the target wasm32-unknown-unknown"),
            Source::Wat(_) => return Ok("wat".into()),
        };
        Ok(found.clone().ok_or_else(|| format!("{needed} are needed"))?)
    }

    /// Why a rebuild would say nothing about the recorded file.
    pub fn can_rebuild(&self, root: &Path, guest: &Guest, recorded: &str) -> std::result::Result<(), String> {
        let source = guest.kind().map_err(|error| error.to_string())?;
        let here = self.compiler(&source).map_err(|error| error.to_string())?;
        if here != recorded {
            return Err(format!("made by {recorded}, here is {here}"));
        }
        if matches!(source, Source::Rust(_)) {
            let fetch = cargo(root, ["fetch", "--locked"]).output();
            if !fetch.is_ok_and(|output| output.status.success()) {
                return Err("its crates cannot be fetched".into());
            }
        }
        Ok(())
    }
}

fn version(program: &str, folder: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").current_dir(folder).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let words: Vec<&str> = text.lines().next()?.split_whitespace().collect();
    // "Debian clang version 14.0.6", "Debian LLD 14.0.6", "rustc 1.95.0 (...)": the first word with a digit ahead.
    words.into_iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

fn rustc_with_target(folder: &Path) -> Option<String> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"])
        .current_dir(folder)
        .output()
        .ok()?;
    let libraries = String::from_utf8(output.stdout).ok()?;
    let installed = output.status.success() && Path::new(libraries.trim()).is_dir();
    let version = version("rustc", folder)?;
    installed.then(|| format!("rustc {version}"))
}

/// Everything that decides about the bytes, except the compiler's version, which is recorded in clear.
pub fn sources_hash(root: &Path, guest: &Guest) -> Result<String> {
    let mut files = match guest.kind()? {
        Source::C(path) => vec![path.into(), "c/guest.h".into(), "native/guests.h".into()],
        Source::Wat(path) => vec![path.into()],
        Source::Rust(package) => {
            let mut files =
                vec!["rust/Cargo.toml".into(), "rust/Cargo.lock".into(), "rust/.cargo/config.toml".into()];
            for package in ["common", package] {
                files_below(root, &Path::new("rust").join(package), &mut files)?;
            }
            files
        }
    };
    files.sort();
    let mut parts = vec![format!("{guest:?} {CLANG:?} {LINKER:?}").into_bytes()];
    for file in files {
        let content = fs::read(root.join(&file)).map_err(|error| format!("{}: {error}", file.display()))?;
        parts.push(file.to_string_lossy().replace('\\', "/").into_bytes());
        // A checkout may have changed the line ends.
        parts.push(String::from_utf8(content)?.replace("\r\n", "\n").into_bytes());
    }
    Ok(record::hash(parts.iter().map(Vec::as_slice)))
}

fn files_below(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files_below(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

pub fn compile(root: &Path, guest: &Guest, toolchains: &Toolchains) -> Result<Built> {
    let source = guest.kind()?;
    let compiler = toolchains.compiler(&source)?;
    let target = root.join("target");
    fs::create_dir_all(&target)?;
    let module = match source {
        Source::Wat(path) => wat::parse_file(root.join(path))?,
        Source::C(path) => compile_c(root, guest, path, &target)?,
        Source::Rust(package) => compile_rust(root, guest, package, &target)?,
    };
    Ok(Built { wasm: wasm::strip(&module, guest.names)?, compiler })
}

/// In two steps: asked to link as well, clang would run wasm-opt where it is installed and give other bytes.
fn compile_c(root: &Path, guest: &Guest, path: &str, target: &Path) -> Result<Vec<u8>> {
    let object = target.join(format!("{}.o", guest.name));
    let module = target.join(guest.file());
    let defines = guest.defines.iter().map(|define| format!("-D{define}"));
    run(Command::new("clang").current_dir(root).args(CLANG).args(defines).arg(path).arg("-o").arg(&object))?;
    run(Command::new("wasm-ld").args(LINKER).args(&guest.link_args).arg(&object).arg("-o").arg(&module))?;
    Ok(fs::read(module)?)
}

fn compile_rust(root: &Path, guest: &Guest, package: &str, target: &Path) -> Result<Vec<u8>> {
    // Added to those of rust/.cargo/config.toml. No path of this machine may get into the module.
    let mut flags = vec![format!("--remap-path-prefix={}=/guests", root.display())];
    if let Some(home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={}=/cargo", home.display()));
    }
    flags.extend(guest.link_args.iter().map(|argument| format!("-Clink-arg={argument}")));
    let flags = format!("target.wasm32-unknown-unknown.rustflags={flags:?}");
    let folder = target.join("rust");
    run(cargo(root, ["build", "--release", "--locked", "--quiet"])
        .args(["--package", package, "--features", &guest.features.join(","), "--config", &flags])
        .arg("--target-dir")
        .arg(&folder))?;
    Ok(fs::read(folder.join("wasm32-unknown-unknown/release").join(format!("{package}.wasm")))?)
}

/// Cargo in the guests' workspace, without what the caller's environment would add to the flags.
fn cargo<const N: usize>(root: &Path, arguments: [&str; N]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root.join("rust")).args(arguments);
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"] {
        cargo.env_remove(variable);
    }
    cargo
}

fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

pub fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{program} failed:\n{said}").into());
    }
    eprint!("{said}");
    Ok(())
}
