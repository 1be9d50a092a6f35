//! The programs of rust/guests, compiled.

use super::cases::Cases;
use crate::target::BOARDS;
use std::path::Path;

/// Those in C that use no host function: those in Rust copy in bulk, for which the runner has nothing.
const PROGRAMS: [&str; 16] = [
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
    "biquad_q31",
    "fft",
    "text",
];

/// What expected.toml says of a program.
fn expected(program: &str) -> toml::Table {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    let table = std::fs::read_to_string(guests.join("expected.toml")).unwrap();
    let table: toml::Table = table.parse().unwrap();
    let mut lines = table["program"].as_array().unwrap().iter();
    lines.find(|line| line["name"].as_str() == Some(program)).unwrap().as_table().unwrap().clone()
}

/// Runs each program once, with the work that expected.toml gives under `work`; its result must be the interpreter's.
/// Returns the instructions of each on each board, if they are to be counted.
fn run(name: &str, work: &str, count_instructions: bool) -> Vec<Vec<u64>> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    let (mut cases, mut counted) = (Cases::new(), Vec::new());
    for program in PROGRAMS {
        let n = expected(program)[work]["n"].as_integer().unwrap();
        let bytes = std::fs::read(guests.join("wasm").join(program).with_extension("wasm")).unwrap();
        cases.binary(program, bytes, |subject| subject.call("run", &[n as u64]));
        if count_instructions {
            let cases = std::mem::replace(&mut cases, Cases::new());
            counted.push(cases.run(&format!("{name}_{program}"), true));
        }
    }
    if !count_instructions {
        cases.run(name, false);
    }
    counted
}

#[test]
fn guests() {
    run("guests", "check", false);
}

/// cargo test --release -p wasmote-jit --test thumb2_run --test x64_run -- --ignored --nocapture instructions
///
/// Prints what each program takes in compiled code, without fuel, and what it takes natively if that can be counted here;
/// otherwise `cargo xtask bench` says it.
#[test]
#[ignore = "measures"]
fn instructions_of_the_guests() {
    let (mut product, mut count) = (1.0, 0);
    for (program, taken) in PROGRAMS.iter().zip(run("instructions", "bench", true)) {
        let expected = expected(program);
        let bench = &expected["bench"];
        let number = |key: &str| bench[key].as_integer().unwrap();
        let run = expected["native"].as_str().unwrap();
        let native = crate::target::native(program, run, number("n"), number("result"));
        let counts = expected.get("integer_mean").and_then(toml::Value::as_bool) == Some(true);
        for (board, taken) in BOARDS.iter().zip(taken) {
            let Some(native) = native else {
                println!("{} {program} {taken}", board.name);
                continue;
            };
            let ratio = taken as f64 / native as f64;
            println!("{} {program} {taken} {native} {ratio:.2}", board.name);
            if counts {
                product *= ratio;
                count += 1;
            }
        }
    }
    if count > 0 {
        println!("integer mean {:.2}", f64::powf(product, 1.0 / f64::from(count)));
    }
}
