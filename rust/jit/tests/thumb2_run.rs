//! Compiled code on emulated Cortex-M gives what the interpreter gives.

mod run;

use run::cases::{Board, build};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use wasmote_core::vm::Builtin;
use wasmote_jit::isa::thumb2::{Fpu, Thumb2};
use wasmote_platform::Heap;

/// An emulated board with its core, and what code is made for it.
#[derive(Clone, Copy)]
struct CortexM {
    /// Its name and the FPU that is used.
    name: &'static str,
    /// QEMU's name.
    machine: &'static str,
    /// Of the second RAM.
    cases_at: u32,
    gcc: &'static [&'static str],
    rust_target: &'static str,
    fpu: Fpu,
}

const M3: CortexM = CortexM {
    name: "m3",
    machine: "mps2-an385",
    cases_at: 0x2100_0000,
    gcc: &["-mcpu=cortex-m3", "-mthumb"],
    rust_target: "thumbv7m-none-eabi",
    fpu: Fpu::None,
};

const M4F: CortexM = CortexM {
    name: "m4f",
    machine: "mps2-an386",
    cases_at: 0x2100_0000,
    gcc: &["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    rust_target: "thumbv7em-none-eabihf",
    fpu: Fpu::Single,
};

const M7: CortexM = CortexM {
    name: "m7",
    machine: "mps2-an500",
    cases_at: 0x6000_0000,
    gcc: &["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"],
    rust_target: "thumbv7em-none-eabihf",
    fpu: Fpu::Double,
};

/// With the FPU that an M33 has; all that it has, the M7 has too.
const M7_SINGLE: CortexM = CortexM { name: "m7-single", fpu: Fpu::Single5, ..M7 };

impl Board for CortexM {
    type Masm = Thumb2;

    fn name(self) -> &'static str {
        self.name
    }

    fn masm(self, heap: &Heap) -> Thumb2 {
        Thumb2::new(heap, self.fpu)
    }

    fn build(self, folder: &Path) -> PathBuf {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let firmware = here.join("../../xtask/firmware");
        let elf = folder.join("cases.elf");
        let mut gcc = Command::new("arm-none-eabi-gcc");
        gcc.args(self.gcc)
            .args(["-std=gnu11", "-O1"])
            .arg(format!("-DCASES_AT={:#x}", self.cases_at))
            .arg(format!("-DNUMERIC={}", Builtin::Numeric as u32))
            .args([
                "-ffreestanding",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-nostdlib",
                "-Wl,--no-warn-rwx-segments",
            ])
            .args([format!("-I{}", firmware.display()), "-T".into()])
            .args([firmware.join("mps2.ld"), here.join("tests/run/runner.c"), firmware.join("mps2.c")])
            .args([self.numeric(folder), PathBuf::from("-lgcc"), PathBuf::from("-o"), elf.clone()]);
        build(&mut gcc);
        elf
    }

    fn command(self, program: &Path, cases: &Path, count_instructions: bool) -> Command {
        let mut qemu = Command::new("timeout");
        qemu.args(["300", "qemu-system-arm", "-M", self.machine, "-display", "none", "-monitor", "none"])
            .args(["-serial", "stdio", "-semihosting-config", "enable=on,target=native", "-device"])
            .arg(format!("loader,file={},addr={:#x},force-raw=on", cases.display(), self.cases_at))
            .arg("-kernel")
            .arg(program);
        if count_instructions {
            qemu.args(["-icount", "shift=0"]);
        }
        qemu
    }

    fn instructions(self, output: &Output) -> u64 {
        let said = String::from_utf8_lossy(&output.stdout);
        let mut taken = said.lines().filter_map(|line| line.strip_prefix("instructions "));
        taken.next_back().map_or(0, |number| u64::from_str_radix(number, 16).unwrap())
    }
}

impl CortexM {
    /// Builds what the runtime carries out for the board's core.
    fn numeric(self, folder: &Path) -> PathBuf {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let compile = |kind: &str, source: PathBuf, name: &str, crates: &[&str]| {
            let mut rustc = Command::new("rustc");
            rustc.args(["--edition", "2024", "-O", "-C", "panic=abort", "--cfg", "feature=\"float\""]);
            rustc.args(["--cap-lints", "allow", "--target", self.rust_target, "--crate-type", kind]);
            rustc.args(["--crate-name", name, "-L"]).arg(folder).arg("--out-dir").arg(folder);
            build(rustc.args(crates).arg(source));
        };
        compile("rlib", here.join("../core/src/lib.rs"), "wasmote_core", &[]);
        compile("staticlib", here.join("tests/run/numeric.rs"), "numeric", &["--extern", "wasmote_core"]);
        folder.join("libnumeric.a")
    }
}

on_boards! {
    m3: M3;
    m4f: M4F;
    m7: M7;
    m7_single: M7_SINGLE;
}

/// cargo test --release -p wasmote-jit --test thumb2_run -- --ignored --nocapture instructions
///
/// What the programs take natively: cargo xtask bench.
#[test]
#[ignore = "measures"]
fn instructions_of_the_guests() {
    run::guests::instructions(M4F);
}
