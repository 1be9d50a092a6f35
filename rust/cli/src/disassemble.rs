//! `wasmote disassemble`.

use crate::{Exit, Failure, Result, module};
use std::path::PathBuf;
use wasmote_core::{ErrorKind, LoadError};
use wasmote_frontend::{Compiler, Lister, Module};
use wasmote_interp::{Encoded, Encoder};
use wasmote_platform::Heap;

/// Options of `wasmote disassemble`.
#[derive(clap::Args)]
pub struct Options {
    /// The module, in the binary or the text format
    file: PathBuf,
    /// Shows only the function with this index or name
    #[arg(long, short, value_name = "FUNCTION")]
    function: Option<String>,
    /// Shows what the front end tells a back end instead of the interpreter's code
    #[arg(long)]
    front_end: bool,
    /// With the instructions that charge fuel
    #[arg(long)]
    fuel: bool,
}

/// `wasmote disassemble`.
pub fn disassemble(options: &Options) -> Result<()> {
    let bytes = module::read(&options.file)?;
    let heap = Heap::platform().map_err(wasmote::Error::from)?;
    let module = Module::parse(&bytes, &heap).map_err(wasmote::Error::from)?;
    let mut shown = 0;
    for func in module.import_funcs()..module.func_count() {
        let name = module.func_name(func);
        let wanted = options.function.as_ref();
        if wanted.is_some_and(|wanted| *wanted != func.to_string() && Some(wanted.as_str()) != name) {
            continue;
        }
        shown += 1;
        let own = func - module.import_funcs();
        println!("function {func}{}:", name.map_or(String::new(), |name| format!(" ${name}")));
        let text = if options.front_end {
            list(&module, &heap, own, options.fuel)?
        } else {
            let code = encode(&module, &heap, own, options.fuel)?;
            let mut text = format!("; {} bytes, frame of {} cells\n", code.code.len(), code.frame_cells);
            // Writing to a String cannot fail.
            let _ = wasmote_interp::disassemble(&code.code, &mut text);
            text
        };
        text.lines().for_each(|line| println!("  {line}"));
    }
    match &options.function {
        Some(wanted) if shown == 0 => {
            Err(Failure::new(Exit::Usage, format!("the module defines no function '{wanted}'")))
        }
        _ => Ok(()),
    }
}

fn list(module: &Module<'_>, heap: &Heap, own: u32, fuel: bool) -> Result<String> {
    let mut compiler = Compiler::new(module, heap, Lister::new(String::new(), fuel));
    compiler.function(own).map_err(wasmote::Error::from)?;
    Ok(compiler.sink.into_inner())
}

/// The interpreter's code of an own function, by its place among them.
pub fn encode(module: &Module<'_>, heap: &Heap, own: u32, fuel: bool) -> Result<Encoded> {
    let mut compiler = Compiler::new(module, heap, Encoder::new(heap, fuel));
    let mut wide = false;
    loop {
        compiler.sink.wide(wide);
        match compiler.function(own) {
            Ok(()) => return Ok(compiler.sink.take().map_err(wasmote::Error::from)?),
            // Too far for short branches.
            Err(LoadError { kind: ErrorKind::FunctionTooLarge, .. }) if !wide => wide = true,
            Err(error) => return Err(wasmote::Error::from(error).into()),
        }
    }
}
