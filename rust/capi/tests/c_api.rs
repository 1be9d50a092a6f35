//! The C API from C: compiles the tests in `c/` with the C compiler, strictly, links them with the archive, and runs
//! them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Werror"];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{text}\n{errors}", output.status);
    text
}

/// The archive for the host, built like the tests; cargo does not build it for them.
fn archive() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("archive");
    run(Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "wasmote-capi", "--target-dir"])
        .arg(&folder)
        .current_dir(here("../..")));
    folder.join("debug/libwasmote.a")
}

fn compile(compiler: &str, standard: &str, sources: &[PathBuf], archive: &Path, name: &str) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    run(Command::new(compiler)
        .arg(standard)
        .args(STRICT)
        .args(["-g", "-O1", "-I"])
        .arg(here("../../include"))
        .args(sources)
        .arg(archive)
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(&program));
    program
}

#[test]
fn c_and_cpp() {
    let archive = archive();
    let mut sources: Vec<PathBuf> = std::fs::read_dir(here("tests/c"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    let text = run(&mut Command::new(compile("cc", "-std=c99", &sources, &archive, "c_tests")));
    println!("{text}");
    let program = compile("c++", "-std=c++17", &[here("tests/c/use.cpp")], &archive, "cpp_use");
    run(&mut Command::new(program));
}

/// Sequences of calls: some at random, and the fuzzer's (`fuzz/`): its corpus and what it found.
#[test]
fn sequences() {
    let sources = [here("tests/sequence/sequence.c"), here("tests/sequence/main.c")];
    let mut command = Command::new(compile("cc", "-std=c99", &sources, &archive(), "sequence"));
    command.arg("3000");
    let mut files = 0;
    for folder in ["corpus", "regressions"] {
        let Ok(entries) = std::fs::read_dir(here("../../fuzz").join(folder).join("c_api")) else { continue };
        for entry in entries {
            command.arg(entry.unwrap().path());
            files += 1;
        }
    }
    assert!(files > 20, "{files} files");
    let text = run(&mut command);
    assert!(text.ends_with(&format!("{} arguments\n", files + 1)), "{text}");
}

/// `c/modules.h` holds the modules in `modules/`. `WASMOTE_BLESS=1` writes it.
#[test]
fn modules_are_made_from_their_texts() {
    let mut texts: Vec<PathBuf> =
        std::fs::read_dir(here("tests/modules")).unwrap().map(|entry| entry.unwrap().path()).collect();
    texts.sort();
    let mut header = String::from("/* Made from ../modules by tests/c_api.rs. */\n#include <stdint.h>\n");
    for text in texts {
        let name = text.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = wat::parse_file(&text).unwrap();
        write!(header, "\nstatic const uint8_t {name}_wasm[{}] = {{", bytes.len()).unwrap();
        for (place, byte) in bytes.iter().enumerate() {
            write!(header, "{}{byte},", if place % 24 == 0 { "\n    " } else { " " }).unwrap();
        }
        header += "\n};\n";
    }
    // A test that uses one module does not use the others.
    let header = header.replace("static const", "__attribute__((unused)) static const");
    let path = here("tests/c/modules.h");
    if std::env::var_os("WASMOTE_BLESS").is_some() {
        std::fs::write(&path, &header).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == header, "run with WASMOTE_BLESS=1");
}
