//! Builds the guests into `wasm/` and checks that the committed files are those that the sources give.

mod compile;
mod manifest;
mod record;
#[cfg(feature = "verify")]
mod verify;
mod wasm;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use compile::{Built, Toolchains};
use manifest::Guest;
use record::{Entry, Record};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "\
usage: guests <command>

  build [NAME...]      compile all guests, or those, into wasm/ and record them in wasm/SOURCES.toml
  check [--hash-only]  compare wasm/ with the record and, where the recorded compilers are installed, with a rebuild
  verify               run all guests natively and in another engine (needs --features verify)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool lies in the guests' folder");
    let outcome = match arguments.as_slice() {
        ["build", names @ ..] => build(root, names),
        ["check"] => check(root, true),
        ["check", "--hash-only"] => check(root, false),
        #[cfg(feature = "verify")]
        ["verify"] => verify::verify(root),
        ["--help" | "-h" | "help"] => {
            print!("{USAGE}");
            Ok(true)
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("guests: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build(root: &Path, names: &[&str]) -> Result<bool> {
    let guests = manifest::read(root)?;
    if let Some(unknown) = names.iter().find(|name| guests.iter().all(|guest| guest.name != **name)) {
        return Err(format!("no guest is called {unknown}").into());
    }
    let old = Record::read(root).unwrap_or_default();
    let toolchains = Toolchains::find(root);
    let mut entries = Vec::new();
    for guest in &guests {
        if !names.is_empty() && !names.contains(&guest.name.as_str()) {
            entries.extend(old.entry(&guest.file()).cloned());
            continue;
        }
        let Built { wasm, compiler } =
            compile::compile(root, guest, &toolchains).map_err(|error| format!("{}: {error}", guest.name))?;
        let entry = Entry {
            file: guest.file(),
            source: guest.source(),
            compiler,
            sources_sha256: compile::sources_hash(root, guest)?,
            wasm_sha256: record::hash([wasm.as_slice()]),
            size: wasm.len(),
            code_size: wasm::code_size(&wasm)?,
        };
        println!("{:28} {:6} bytes, {:6} of code", entry.file, entry.size, entry.code_size);
        fs::write(root.join("wasm").join(&entry.file), &wasm)?;
        entries.push(entry);
    }
    Record { wasm: entries }.write(root)?;
    Ok(true)
}

/// Says what differs, and sums up; false if anything did.
fn check(root: &Path, rebuild: bool) -> Result<bool> {
    let guests = manifest::read(root)?;
    let record = Record::read(root)?;
    let toolchains = Toolchains::find(root);
    let mut faults = stray_files(root, &guests)?;
    let (mut rebuilt, mut not_rebuilt) = (0, 0);
    for guest in &guests {
        match check_guest(root, guest, &record, rebuild.then_some(&toolchains))? {
            Verdict::Rebuilt => rebuilt += 1,
            Verdict::HashOnly(why) => {
                not_rebuilt += 1;
                println!("not rebuilt: {}: {why}", guest.file());
            }
            Verdict::Fault(what) => faults.push(format!("{}: {what}", guest.file())),
        }
    }
    for fault in &faults {
        println!("FAULT: {fault}");
    }
    println!(
        "{rebuilt} match their sources when rebuilt, {not_rebuilt} by hash only, {} faults",
        faults.len()
    );
    Ok(faults.is_empty())
}

enum Verdict {
    Rebuilt,
    HashOnly(String),
    Fault(String),
}

fn check_guest(root: &Path, guest: &Guest, record: &Record, rebuild: Option<&Toolchains>) -> Result<Verdict> {
    let Some(entry) = record.entry(&guest.file()) else {
        return Ok(Verdict::Fault("not in SOURCES.toml: run `guests build`".into()));
    };
    let Ok(wasm) = fs::read(root.join("wasm").join(&entry.file)) else {
        return Ok(Verdict::Fault("missing".into()));
    };
    if record::hash([wasm.as_slice()]) != entry.wasm_sha256 {
        return Ok(Verdict::Fault("is not the file that was built".into()));
    }
    if compile::sources_hash(root, guest)? != entry.sources_sha256 {
        return Ok(Verdict::Fault("its sources have changed: run `guests build`".into()));
    }
    let Some(toolchains) = rebuild else {
        return Ok(Verdict::HashOnly("as asked".into()));
    };
    if let Err(why) = toolchains.can_rebuild(root, guest, &entry.compiler) {
        return Ok(Verdict::HashOnly(why));
    }
    match compile::compile(root, guest, toolchains) {
        Ok(built) if built.wasm == wasm => Ok(Verdict::Rebuilt),
        Ok(_) => Ok(Verdict::Fault("a rebuild gives other bytes".into())),
        Err(error) => Ok(Verdict::Fault(error.to_string())),
    }
}

/// Files in `wasm/` that nothing makes.
fn stray_files(root: &Path, guests: &[Guest]) -> Result<Vec<String>> {
    let mut strays = Vec::new();
    for file in fs::read_dir(root.join("wasm"))? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name != record::FILE && guests.iter().all(|guest| guest.file() != name) {
            strays.push(format!("{name}: no guest in guests.toml makes it"));
        }
    }
    strays.sort();
    Ok(strays)
}
