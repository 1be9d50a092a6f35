//! The code of a few functions, as a disassembler shows it, is what `tests/golden` holds: so that a change of it is seen.
//!
//! With WASMOTE_BLESS=1, the files are written anew.

use std::path::Path;
use std::process::Command;
use wasmote_frontend::Module;
use wasmote_jit::isa::thumb2::{Fpu, Thumb2};
use wasmote_jit::isa::x64::X64;
use wasmote_jit::masm::Masm;
use wasmote_jit::{Compiler, Settings};
use wasmote_platform::Heap;

fn check<M: Masm>(name: &str, masm: impl FnOnce(&Heap) -> M, objdump: &str, arguments: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bytes = wat::parse_file(folder.join("functions.wat")).unwrap();
    let heap = Heap::platform().unwrap();
    let module = Module::parse(&bytes, &heap).unwrap();
    let compiler = Compiler::new(masm(&heap), &heap, Settings::default());
    let mut front = wasmote_frontend::Compiler::new(&module, &heap, compiler);
    front.sink.begin(&module).unwrap();
    let mut places = Vec::new();
    for own in 0..module.func_count() {
        front.sink.next(own, false);
        front.function(own).unwrap();
        places.push((front.sink.compiled().start, front.sink.code().len()));
    }
    let mut compiler = front.sink;
    assert!(compiler.finish(&module).unwrap());
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("golden_{name}.bin"));
    std::fs::write(&binary, compiler.code().bytes().collect::<Vec<u8>>()).unwrap();
    let mut text = String::new();
    for (export, (start, end)) in module.exports().zip(places) {
        text += &format!("{}:\n", export.name);
        let output = Command::new(objdump)
            .args(["-D", "-b", "binary", "--no-show-raw-insn", "--no-addresses"])
            .args(arguments)
            .args([format!("--start-address={start}"), format!("--stop-address={end}")])
            .arg(&binary)
            .output()
            .unwrap_or_else(|error| panic!("{objdump} (package binutils): {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        let lines = said.lines().filter(|line| line.starts_with('\t'));
        text.extend(lines.flat_map(|line| ["    ", line.trim(), "\n"]));
    }
    let golden = folder.join(format!("{name}.txt"));
    if std::env::var_os("WASMOTE_BLESS").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    assert!(text == expected, "not what {} holds:\n{text}", golden.display());
    assert!(text.lines().count() > 100);
}

#[test]
fn thumb2() {
    check(
        "thumb2",
        |heap| Thumb2::new(heap, Fpu::Single, 0),
        "arm-none-eabi-objdump",
        &["-marm", "-Mforce-thumb"],
    );
}

/// The routines are stored as bytes; these are what the assembler makes of them.
#[test]
fn thumb2_routines() {
    let heap = Heap::platform().unwrap();
    let mut text = "//! What `assemble_routines` makes, written by `WASMOTE_BLESS=1 cargo test -p wasmote-jit --test golden`.\n\n\
        use crate::masm::Routine;\n"
        .to_owned();
    for fuel in [true, false] {
        let mut made = Thumb2::new(&heap, Fpu::None, 0);
        let places = made.assemble_routines(fuel);
        made.check().unwrap();
        let code = made.code().bytes().collect::<Vec<u8>>();
        let lines: Vec<String> = code
            .chunks(16)
            .map(|line| line.iter().map(|byte| format!(" 0x{byte:02X},")).collect::<String>())
            .collect();
        let when = if fuel { "feature = \"fuel\"" } else { "not(feature = \"fuel\")" };
        text += &format!(
            "\n#[cfg({when})]\n#[rustfmt::skip]\npub(super) static PLACES: [u16; Routine::COUNT] =\n    {places:?};\n\n\
             /// What the code of all functions has in common: at an address that is aligned as a word.\n\
             #[cfg({when})]\n#[rustfmt::skip]\npub const CODE: [u8; {}] = [\n   {}\n];\n",
            code.len(),
            lines.join("\n   ")
        );
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/isa/thumb2/routines_code.rs");
    if std::env::var_os("WASMOTE_BLESS").is_some() {
        return std::fs::write(&file, &text).unwrap();
    }
    assert!(text == std::fs::read_to_string(&file).unwrap(), "not what {} holds:\n{text}", file.display());
}

#[test]
fn x64() {
    check("x64", X64::new, "x86_64-linux-gnu-objdump", &["-mi386:x86-64", "-Mintel"]);
}
