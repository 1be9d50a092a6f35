//! The programs of rust/guests, compiled.

use super::cases::{Board, Cases};
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

/// Adds a program, to run it once with the work that expected.toml gives under `work`; its result must be the interpreter's.
fn add(cases: &mut Cases<impl Board>, program: &str, work: &str) {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    let table = std::fs::read_to_string(guests.join("expected.toml")).unwrap();
    let table: toml::Table = table.parse().unwrap();
    let line =
        table["program"].as_array().unwrap().iter().find(|line| line["name"].as_str() == Some(program));
    let n = line.unwrap()[work]["n"].as_integer().unwrap();
    let bytes = std::fs::read(guests.join("wasm").join(program).with_extension("wasm")).unwrap();
    cases.binary(program, bytes, |subject| subject.call("run", &[n as u64]));
}

pub fn guests(board: impl Board) {
    let mut cases = Cases::new(board);
    for program in PROGRAMS {
        add(&mut cases, program, "check");
    }
    cases.run("guests", false);
}

/// Prints what each program takes in compiled code, without fuel.
pub fn instructions(board: impl Board) {
    for program in PROGRAMS {
        let mut cases = Cases::new(board);
        add(&mut cases, program, "bench");
        println!("{program} {}", cases.run(&format!("instructions/{program}"), true));
    }
}
