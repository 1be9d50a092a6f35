//! Compiled code on this machine gives what the interpreter gives.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod run;

mod target {
    use std::path::Path;
    use std::process::{Command, Output};
    use wasmote_jit::isa::x64::X64;
    use wasmote_platform::Heap;

    pub type Masm = X64;
    pub const BOARDS: [Board; 1] = [Board { name: "x64" }];
    /// They are in the code of each module.
    pub const ROUTINES: [u8; 0] = [];

    /// This machine.
    pub struct Board {
        pub name: &'static str,
    }

    impl Board {
        pub fn masm(&self, heap: &Heap) -> Masm {
            X64::new(heap)
        }

        /// Builds the program that runs cases.
        pub fn gcc(&self, elf: &Path) -> Command {
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
        pub fn run(&self, elf: &Path, cases: &Path, count_instructions: bool) -> Command {
            let mut command = Command::new("timeout");
            command.arg("300");
            if count_instructions {
                count(&mut command, "carry_out");
            }
            command.arg(elf).env("CASES", cases);
            command
        }
    }

    /// Lets the instructions of a function be counted.
    fn count(command: &mut Command, function: &str) {
        command.args(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(format!("--toggle-collect={function}"));
    }

    /// What a guest takes that gcc compiled for this machine.
    pub fn native(program: &str, run: &str, n: i64, result: i64) -> Option<u64> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let guests = here.join("../guests");
        let elf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("native_{program}"));
        let mut gcc = Command::new("gcc");
        gcc.args(["-std=c11", "-O2", "-ffp-contract=off"])
            .args([format!("-DRUN={run}"), format!("-DN={n}"), format!("-DRESULT={result}")])
            .arg(format!("-I{}", guests.join("native").display()))
            .arg(guests.join("c").join(program).with_extension("c"))
            .args([here.join("tests/run/native.c"), "-o".into(), elf.clone()]);
        let output = gcc.output().expect("gcc");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut command = Command::new("timeout");
        command.arg("300");
        count(&mut command, run);
        let output = command.arg(elf).output().expect("valgrind");
        assert!(output.status.success(), "{program} gives something else natively");
        Some(instructions(&output))
    }

    /// What the calls took.
    pub fn instructions(output: &Output) -> u64 {
        let said = String::from_utf8_lossy(&output.stderr);
        let taken = said.lines().find_map(|line| line.split_once("Collected : "));
        taken.map_or(0, |(_, number)| number.trim().parse().unwrap())
    }
}
