//! Compiled code on an emulated Cortex-M4F gives what the interpreter gives.

mod run;

use wasmote_jit::isa::thumb2::{Fpu, Thumb2};

mod target {
    use super::{Fpu, Thumb2};
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};
    use wasmote_core::{BinaryOp, Op, UnaryOp, ValType};
    use wasmote_platform::Heap;

    pub const NAME: &str = "thumb2";
    /// Programs of rust/guests that use what is not compiled yet.
    pub const LEFT_OUT: &[&str] = &[];

    pub fn masm(heap: &Heap) -> Thumb2 {
        Thumb2::new(heap, Fpu::Single)
    }

    /// Whether the operator is compiled so far.
    pub fn compiles(op: Op) -> bool {
        let compiled = |ty| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32);
        match op {
            Op::Binary(BinaryOp::I64DivS | BinaryOp::I64DivU | BinaryOp::I64RemS | BinaryOp::I64RemU) => {
                false
            }
            Op::Unary(
                UnaryOp::F32Ceil
                | UnaryOp::F32Floor
                | UnaryOp::F32Trunc
                | UnaryOp::F32Nearest
                | UnaryOp::F32ConvertI64S
                | UnaryOp::F32ConvertI64U
                | UnaryOp::I64TruncF32S
                | UnaryOp::I64TruncF32U
                | UnaryOp::I64TruncSatF32S
                | UnaryOp::I64TruncSatF32U,
            ) => false,
            Op::Binary(op) => compiled(op.types().0),
            Op::Unary(op) => compiled(op.types().0) && compiled(op.types().1),
            Op::Load(op) => compiled(op.ty()),
            Op::Store(op) => compiled(op.ty()),
            _ => true,
        }
    }

    /// Builds the firmware that runs cases.
    pub fn gcc(elf: &Path) -> Command {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let firmware = here.join("../../xtask/firmware");
        let mut gcc = Command::new("arm-none-eabi-gcc");
        gcc.args([
            "-mcpu=cortex-m4",
            "-mthumb",
            "-mfpu=fpv4-sp-d16",
            "-mfloat-abi=hard",
            "-std=gnu11",
            "-O1",
        ])
        .args(["-ffreestanding", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-Wl,--no-warn-rwx-segments"])
        .args([format!("-I{}", firmware.display()), "-T".into()])
        .args([firmware.join("mps2.ld"), here.join("tests/run/runner.c"), firmware.join("mps2.c")])
        .args([PathBuf::from("-lgcc"), PathBuf::from("-o"), elf.to_path_buf()]);
        gcc
    }

    /// Runs it.
    pub fn run(elf: &Path, cases: &Path, count_instructions: bool) -> Command {
        let mut qemu = Command::new("timeout");
        qemu.args(["300", "qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none"])
            .args(["-serial", "stdio", "-semihosting-config", "enable=on,target=native", "-device"])
            .arg(format!("loader,file={},addr=0x21000000,force-raw=on", cases.display()))
            .arg("-kernel")
            .arg(elf);
        if count_instructions {
            qemu.args(["-icount", "shift=0"]);
        }
        qemu
    }

    /// What the last module took.
    pub fn instructions(output: &Output) -> u64 {
        let said = String::from_utf8_lossy(&output.stdout);
        let taken = said.lines().filter_map(|line| line.strip_prefix("instructions "));
        taken.last().map_or(0, |number| u64::from_str_radix(number, 16).unwrap())
    }
}

/// What is not compiled yet is refused, by name.
#[test]
fn refusals() {
    for (fpu, body, what) in [
        (Fpu::None, "(drop (f32.add (f32.const 1) (f32.const 2)))", "f32.add"),
        (Fpu::None, "(drop (f32.abs (f32.const 1)))", "f32.abs"),
        (Fpu::None, "(drop (f32.lt (f32.const 1) (f32.const 2)))", "f32.lt"),
        (Fpu::Single, "(drop (f64.add (f64.const 1) (f64.const 2)))", "f64.add"),
        (Fpu::Single, "(drop (f32.ceil (f32.const 1)))", "f32.ceil"),
        (Fpu::Single, "(drop (i64.div_s (i64.const 1) (i64.const 2)))", "i64.div_s"),
        (Fpu::Single, "(return_call 0)", "tail calls"),
    ] {
        let wat = format!("(module (memory 1) (table 1 funcref) (elem (i32.const 0) 0) (func {body}))");
        assert_eq!(run::cases::refused(&wat, |heap| Thumb2::new(heap, fpu)), Some(what), "{wat}");
    }
}
