//! The programs of rust/guests, compiled.

use super::emulator::{Board, Cases, M4F};
use std::path::Path;

/// Those that use no host function.
const PROGRAMS: [&str; 13] = [
    "coremix",
    "fib",
    "sieve",
    "crc32",
    "matrix",
    "sha256",
    "linear",
    "montgomery",
    "sort",
    "matrix_f32",
    "dispatch",
    "biquad",
    "linear_f64",
];

/// Runs each program once, with the work that expected.toml gives under `work`; its result must be the interpreter's.
/// Returns the instructions of each.
fn run(board: Board, name: &str, work: &str, count_instructions: bool) -> Vec<u64> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    let table = std::fs::read_to_string(guests.join("expected.toml")).unwrap();
    let table: toml::Table = table.parse().unwrap();
    let mut cases = Cases::new(board);
    for program in PROGRAMS {
        let line =
            table["program"].as_array().unwrap().iter().find(|line| line["name"].as_str() == Some(program));
        let n = line.unwrap()[work]["n"].as_integer().unwrap();
        let bytes = std::fs::read(guests.join("wasm").join(program).with_extension("wasm")).unwrap();
        cases.binary(program, bytes, |subject| subject.call("run", &[n as u64]));
    }
    cases.run(name, count_instructions)
}

pub fn guests(board: Board) {
    assert_eq!(run(board, "guests", "check", false).len(), PROGRAMS.len());
}

/// cargo test --release -p wasmote-jit --test thumb2_run -- --ignored --nocapture instructions
///
/// Prints what each program takes in compiled code, without fuel. What it takes natively: cargo xtask bench.
#[test]
#[ignore = "measures"]
fn instructions_of_the_guests() {
    for (program, taken) in PROGRAMS.iter().zip(run(M4F, "instructions", "bench", true)) {
        println!("{program} {taken}");
    }
}
