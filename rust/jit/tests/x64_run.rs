//! Compiled code on this machine gives what the interpreter gives. It runs in a process of its own.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod run;

use run::cases::{Board, build};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use wasmote_jit::isa::x64::X64;
use wasmote_platform::Heap;

/// This machine.
#[derive(Clone, Copy)]
struct Host;

impl Board for Host {
    type Masm = X64;

    fn name(self) -> &'static str {
        "host"
    }

    fn masm(self, heap: &Heap) -> X64 {
        X64::new(heap)
    }

    fn build(self, folder: &Path) -> PathBuf {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = folder.join("cases");
        let mut gcc = Command::new("gcc");
        gcc.args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-DCASES_AT=0x21000000"])
            .arg(format!("-I{}", here.join("../../xtask/firmware").display()))
            .args([here.join("tests/run/runner.c"), here.join("tests/run/host.c")])
            .args([Path::new("-o"), &program]);
        build(&mut gcc);
        program
    }

    fn command(self, program: &Path, cases: &Path, count_instructions: bool) -> Command {
        let mut command = Command::new("timeout");
        command.arg("300");
        if count_instructions {
            command.args(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]);
            command.arg("--toggle-collect=run_code");
        }
        command.arg(program).env("CASES", cases);
        command
    }

    fn instructions(self, output: &Output) -> u64 {
        let said = String::from_utf8_lossy(&output.stderr);
        let taken = said.lines().find_map(|line| line.split_once("Collected : "));
        taken.map_or(0, |(_, number)| number.trim().parse().unwrap())
    }
}

on_boards! {
    host: Host;
}

/// cargo test --release -p wasmote-jit --test x64_run -- --ignored --nocapture instructions
///
/// Needs valgrind.
#[test]
#[ignore = "measures"]
fn instructions_of_the_guests() {
    run::guests::instructions(Host);
}
