//! Emulated Cortex-M.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use wasmote_core::vm::Builtin;
pub use wasmote_jit::isa::thumb2::ROUTINES;
use wasmote_jit::isa::thumb2::{Fpu, Thumb2};
use wasmote_platform::Heap;

/// An emulated board with its core, and what code is made for it.
pub struct Board {
    pub name: &'static str,
    /// QEMU's name.
    machine: &'static str,
    /// Of the second RAM.
    cases_at: u32,
    gcc: &'static [&'static str],
    rust_target: &'static str,
    fpu: Fpu,
}

pub const BOARDS: [Board; 4] = [M3, M4F, M7, M33];

const M3: Board = Board {
    name: "m3",
    machine: "mps2-an385",
    cases_at: 0x2100_0000,
    gcc: &["-mcpu=cortex-m3", "-mthumb"],
    rust_target: "thumbv7m-none-eabi",
    fpu: Fpu::None,
};

/// Single precision.
const M4F: Board = Board {
    name: "m4f",
    machine: "mps2-an386",
    cases_at: 0x2100_0000,
    gcc: &["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    rust_target: "thumbv7em-none-eabihf",
    fpu: Fpu::Single,
};

/// Double precision.
const M7: Board = Board {
    name: "m7",
    machine: "mps2-an500",
    cases_at: 0x6000_0000,
    gcc: &["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"],
    rust_target: "thumbv7em-none-eabihf",
    fpu: Fpu::Double,
};

/// Single precision and rounding, which an M33's FPU has: the M7's has it too.
const M33: Board = Board { name: "m33", fpu: Fpu::Single5, ..M7 };

pub type Masm = Thumb2;

impl Board {
    pub fn masm(&self, heap: &Heap) -> Masm {
        // Before the cases: the number of words, and how many of them are the routines.
        Thumb2::new(heap, self.fpu, self.cases_at as usize + 8)
    }

    /// Builds the firmware that runs cases.
    pub fn gcc(&self, elf: &Path) -> Command {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let firmware = here.join("../../xtask/firmware");
        let numeric = self.numeric(elf.parent().unwrap());
        let mut gcc = Command::new("arm-none-eabi-gcc");
        gcc.args(self.gcc).args(["-std=gnu11", "-O1", "-ffreestanding", "-Wall", "-Wextra", "-Werror"]);
        gcc.args(["-nostdlib", "-Wl,--no-warn-rwx-segments"]);
        gcc.arg(format!("-DCASES_AT={:#x}", self.cases_at));
        gcc.arg(format!("-DNUMERIC={}", Builtin::Numeric as u32));
        gcc.arg(format!("-I{}", firmware.display())).arg("-T").arg(firmware.join("mps2.ld"));
        gcc.args([
            here.join("tests/run/runner.c"),
            firmware.join("mps2.c"),
            firmware.join("console.c"),
            numeric,
        ]);
        gcc.arg("-lgcc").arg("-o").arg(elf);
        gcc
    }

    /// Runs it.
    pub fn run(&self, elf: &Path, cases: &Path, count_instructions: bool) -> Command {
        let mut qemu = Command::new("timeout");
        qemu.args(["300", "qemu-system-arm", "-M", self.machine, "-display", "none", "-monitor", "none"])
            .args(["-serial", "stdio", "-semihosting-config", "enable=on,target=native", "-device"])
            .arg(format!("loader,file={},addr={:#x},force-raw=on", cases.display(), self.cases_at))
            .arg("-kernel")
            .arg(elf);
        if count_instructions {
            qemu.args(["-icount", "shift=0"]);
        }
        qemu
    }

    /// Builds what the runtime carries out for the board's core.
    fn numeric(&self, folder: &Path) -> PathBuf {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let archive = folder.join("libnumeric.a");
        let build = |kind: &str, source: PathBuf, name: &str, crates: &[&str]| {
            let mut rustc = Command::new("rustc");
            rustc.args(["--edition", "2024", "-O", "-C", "panic=abort", "--cfg", "feature=\"float\""]);
            rustc.args(["--cap-lints", "allow", "--target", self.rust_target, "--crate-type", kind]);
            rustc
                .args(["--crate-name", name, "-L"])
                .arg(folder)
                .arg("--out-dir")
                .arg(folder)
                .args(crates)
                .arg(source);
            let output = rustc.output().expect("rustc");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        build("rlib", here.join("../core/src/lib.rs"), "wasmote_core", &[]);
        build("staticlib", here.join("tests/run/numeric.rs"), "numeric", &["--extern", "wasmote_core"]);
        archive
    }
}

/// What the last module took.
pub fn instructions(output: &Output) -> u64 {
    let said = String::from_utf8_lossy(&output.stdout);
    let mut taken = said.lines().filter_map(|line| line.strip_prefix("instructions "));
    taken.next_back().map_or(0, |number| u64::from_str_radix(number, 16).unwrap())
}

/// Counted elsewhere.
pub fn native(_program: &str, _run: &str, _n: i64, _result: i64) -> Option<u64> {
    None
}
