//! `wasmote compile`.

use crate::{Exit, Failure, Result, module};
use capstone::Capstone;
use capstone::arch::{BuildsCapstone, BuildsCapstoneExtraMode, BuildsCapstoneSyntax, arm, x86};
use clap::ValueEnum;
use std::path::PathBuf;
use wasmote_core::{ErrorKind, LoadError};
use wasmote_frontend::Module;
use wasmote_jit::isa::thumb2::{Fpu, Thumb2};
use wasmote_jit::isa::x64::X64;
use wasmote_jit::masm::Masm;
use wasmote_jit::{Compiler, Settings};
use wasmote_platform::Heap;

/// Options of `wasmote compile`.
#[derive(clap::Args)]
pub struct Options {
    /// The module, in the binary or the text format
    file: PathBuf,
    /// What the device's processor is
    #[arg(long)]
    target: Target,
    /// Shows the code instead of its size
    #[arg(long)]
    disassemble: bool,
    /// Shows only the function with this index or name
    #[arg(long, short, value_name = "FUNCTION")]
    function: Option<String>,
    /// With the instructions that charge fuel
    #[arg(long)]
    fuel: bool,
}

/// The machines that native code can be made for. Floating-point units have GCC's names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Target {
    /// Cortex-M3 and better, without floating-point unit
    #[value(name = "thumb2")]
    Thumb2,
    /// As Cortex-M4F
    #[value(name = "thumb2:fpv4-sp-d16")]
    Fpv4Single,
    /// As Cortex-M33
    #[value(name = "thumb2:fpv5-sp-d16")]
    Fpv5Single,
    /// As Cortex-M7 and M55 with double precision
    #[value(name = "thumb2:fpv5-d16")]
    Fpv5,
    /// Any 64-bit x86
    #[value(name = "x86_64")]
    X64,
}

/// A function's code.
struct Compiled {
    own: u32,
    code: Vec<u8>,
    /// Where it lies.
    at: u64,
    /// Cells of its frame; `None` if it is left to the interpreter.
    frame_cells: Option<u32>,
}

/// `wasmote compile`.
pub fn compile(options: &Options) -> Result<()> {
    let bytes = module::read(&options.file)?;
    let heap = Heap::platform().map_err(wasmote::Error::from)?;
    let module = Module::parse(&bytes, &heap).map_err(wasmote::Error::from)?;
    let fpu = match options.target {
        Target::Thumb2 => Fpu::None,
        Target::Fpv4Single => Fpu::Single,
        Target::Fpv5Single => Fpu::Single5,
        Target::Fpv5 => Fpu::Double,
        Target::X64 => return show(options, &module, &functions(X64::new(&heap), &module, &heap, options)?),
    };
    show(options, &module, &functions(Thumb2::new(&heap, fpu, 0), &module, &heap, options)?)
}

/// The code of all functions, as the runtime would make it with room for all.
fn functions<M: Masm>(masm: M, module: &Module<'_>, heap: &Heap, options: &Options) -> Result<Vec<Compiled>> {
    let jit = Compiler::new(masm, heap, Settings { metered: options.fuel });
    let mut front = wasmote_frontend::Compiler::new(module, heap, jit);
    front.sink.begin(module).map_err(wasmote::Error::from)?;
    let mut functions = Vec::new();
    for own in 0..module.func_count() - module.import_funcs() {
        let from = front.sink.code().len();
        let mut done = Ok(());
        for large in [false, true] {
            front.sink.next(own, large);
            done = front.function(own);
            if done.is_ok() {
                break;
            }
            front.sink.abandon();
        }
        let frame_cells = match done {
            Ok(()) => Some(front.sink.compiled().frame_cells),
            Err(LoadError { kind: ErrorKind::FunctionTooLarge | ErrorKind::FrameTooLarge, .. }) => None,
            Err(error) => return Err(wasmote::Error::from(error).into()),
        };
        functions.push(Compiled { own, code: Vec::new(), at: from as u64, frame_cells });
    }
    let end = front.sink.code().len() as u64;
    // Calls are set when what is called is there.
    front.sink.finish(module).map_err(|kind| wasmote::Error::from(LoadError::new(kind, 0)))?;
    let ends: Vec<u64> = functions.iter().skip(1).map(|function| function.at).chain([end]).collect();
    let code = front.sink.code().bytes().collect::<Vec<u8>>();
    for (function, end) in functions.iter_mut().zip(ends) {
        function.code = code[function.at as usize..end as usize].to_vec();
    }
    Ok(functions)
}

fn show(options: &Options, module: &Module<'_>, functions: &[Compiled]) -> Result<()> {
    let mut shown = 0;
    let mut sums = (0, 0);
    let disassembler = disassembler(options.target)?;
    for function in functions {
        let func = module.import_funcs() + function.own;
        let name = module.func_name(func);
        let wanted = options.function.as_ref();
        if wanted.is_some_and(|wanted| *wanted != func.to_string() && Some(wanted.as_str()) != name) {
            continue;
        }
        shown += 1;
        let title = format!("function {func}{}", name.map_or(String::new(), |name| format!(" ${name}")));
        let wasm = module.body(function.own).len();
        let Some(frame_cells) = function.frame_cells else {
            println!("{title}: too large, it is interpreted");
            continue;
        };
        let native = function.code.len();
        println!("{title}: {wasm} bytes, {native} bytes of code ({:.2})", native as f64 / wasm as f64);
        sums = (sums.0 + wasm, sums.1 + native);
        if options.disassemble {
            println!("  ; frame of {frame_cells} cells");
            list(&disassembler, function)?;
        }
    }
    match &options.function {
        Some(wanted) if shown == 0 => {
            Err(Failure::new(Exit::Usage, format!("the module defines no function '{wanted}'")))
        }
        _ => {
            let (wasm, native) = sums;
            println!("{wasm} bytes, {native} bytes of code ({:.2})", native as f64 / wasm.max(1) as f64);
            Ok(())
        }
    }
}

fn disassembler(target: Target) -> Result<Capstone> {
    let made = match target {
        Target::X64 => {
            let mode = Capstone::new().x86().mode(x86::ArchMode::Mode64);
            mode.syntax(x86::ArchSyntax::Intel).build()
        }
        _ => {
            let mode = Capstone::new().arm().mode(arm::ArchMode::Thumb);
            mode.extra_mode([arm::ArchExtraMode::MClass].into_iter()).build()
        }
    };
    made.map_err(failed)
}

/// Instructions, and as data what is none: the words in front of where a function is called.
fn list(disassembler: &Capstone, function: &Compiled) -> Result<()> {
    let mut at = 0;
    while at < function.code.len() {
        let address = function.at + at as u64;
        let found = disassembler.disasm_all(&function.code[at..], address).map_err(failed)?;
        for instruction in found.iter() {
            let (name, operands) =
                (instruction.mnemonic().unwrap_or("?"), instruction.op_str().unwrap_or(""));
            println!("  {:6x}  {name} {operands}", instruction.address());
            at += instruction.bytes().len();
        }
        if let Some(bytes) = function.code.get(at..).and_then(|rest| rest.first_chunk::<2>()) {
            println!("  {:6x}  .short {:#06x}", function.at + at as u64, u16::from_le_bytes(*bytes));
            at += 2;
        } else if let Some(byte) = function.code.get(at) {
            println!("  {:6x}  .byte {byte:#04x}", function.at + at as u64);
            at += 1;
        }
    }
    Ok(())
}

fn failed(error: capstone::Error) -> Failure {
    Failure::new(Exit::Failed, format!("disassembler: {error}"))
}
