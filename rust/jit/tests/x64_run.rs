//! Compiled code on this machine gives what the interpreter gives.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod run;

mod target {
    use std::path::Path;
    use std::process::{Command, Output};
    use wasmote_jit::isa::x64::X64;
    use wasmote_platform::Heap;

    pub type Target = X64;
    pub const NAME: &str = "x64";

    pub fn masm(heap: &Heap) -> X64 {
        X64::new(heap)
    }

    /// Builds the program that runs cases.
    pub fn gcc(elf: &Path) -> Command {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
        let mut gcc = Command::new("gcc");
        gcc.args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror"])
            .arg(format!("-I{}/../../../../xtask/firmware", tests.display()))
            .args([tests.join("runner.c"), tests.join("host.c")])
            .arg("-o")
            .arg(elf);
        gcc
    }

    /// Runs it.
    pub fn run(elf: &Path, cases: &Path, count_instructions: bool) -> Command {
        let mut command = Command::new("timeout");
        command.arg("300");
        if count_instructions {
            command.args(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]);
            command.arg("--toggle-collect=carry_out");
        }
        command.arg(elf).env("CASES", cases);
        command
    }

    /// What the calls took.
    pub fn instructions(output: &Output) -> u64 {
        let said = String::from_utf8_lossy(&output.stderr);
        let taken = said.lines().find_map(|line| line.split_once("Collected : "));
        taken.map_or(0, |(_, number)| number.trim().parse().unwrap())
    }
}
