//! `wasmote run`.

use crate::{Exit, Failure, Result, host, module, value};
use std::path::PathBuf;
use std::time::Duration;
#[cfg(feature = "jit")]
use wasmote::ModuleStats;
use wasmote::{Engine, EngineConfig, Error, Func, Instance, Linker, Module, Quotas, Store, Value};

/// Options of `wasmote run`.
#[derive(clap::Args)]
#[command(after_help = host::HELP)]
pub struct Options {
    /// The module, in the binary or the text format
    file: PathBuf,
    /// The exported function to call; without it, only the module's own start function runs
    #[arg(long, value_name = "NAME")]
    invoke: Option<String>,
    /// Arguments for the function
    #[arg(allow_hyphen_values = true, trailing_var_arg = true, requires = "invoke")]
    args: Vec<String>,
    /// Units of fuel, about one an operator; when they are used up, the call traps
    #[arg(long)]
    fuel: Option<u64>,
    /// Bytes of the value stack
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024)]
    stack: u32,
    /// The most bytes of the module's memory
    #[arg(long, value_name = "BYTES", default_value_t = u32::MAX)]
    memory: u32,
    /// The most elements of the module's tables
    #[arg(long, value_name = "ELEMENTS", default_value_t = u32::MAX)]
    table: u32,
    /// The most bytes that the runtime may hold for the instance: stack, memory, tables, its own data
    #[arg(long, value_name = "BYTES", default_value_t = usize::MAX, hide_default_value = true)]
    heap: usize,
    /// Interrupts the call after so many milliseconds
    #[arg(long, value_name = "MS")]
    timeout: Option<u64>,
    /// Shows what the run used
    #[arg(long)]
    stats: bool,
    /// What executes the functions; without it, native code where that is possible
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,
}

/// An engine of this build.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq)]
enum EngineKind {
    /// The interpreter
    Interp,
    /// The compiler to native code
    #[cfg(feature = "jit")]
    Jit,
    /// The same, each function when it is first called
    #[cfg(feature = "jit")]
    JitLazy,
}

/// `wasmote run`.
pub fn run(options: &Options) -> Result<()> {
    let bytes = module::read(&options.file)?;
    let jit = options.engine != Some(EngineKind::Interp);
    // Who sets no limit need not pay for the counting.
    let fuel = options.fuel.is_some();
    #[cfg(feature = "jit")]
    let lazy = options.engine == Some(EngineKind::JitLazy);
    #[cfg(not(feature = "jit"))]
    let lazy = false;
    let engine = Engine::new(EngineConfig { jit, lazy, fuel, ..EngineConfig::default() })?;
    let module = Module::from_copy(&engine, &bytes)?;
    #[cfg(feature = "jit")]
    if options.engine == Some(EngineKind::Jit) {
        let ModuleStats { code_bytes, native_code_bytes, .. } = module.stats();
        if native_code_bytes < code_bytes {
            return Err(Failure::new(Exit::Resources, "this host has no memory for all of the native code"));
        }
    }
    let quotas = Quotas {
        stack_bytes: options.stack,
        heap_bytes: options.heap,
        memory_bytes: options.memory,
        table_elements: options.table,
        fuel: options.fuel.unwrap_or(u64::MAX),
        ..Quotas::default()
    };
    let mut store = Store::new(&engine, quotas)?;
    let mut linker = Linker::new(&engine);
    host::define(&mut linker)?;
    let done = execute(options, &module, &linker, &mut store);
    if options.stats {
        stats(&engine, &module, &store, done.as_ref().ok(), options.fuel);
    }
    done.map(drop)
}

fn execute(options: &Options, module: &Module, linker: &Linker<'_>, store: &mut Store) -> Result<Instance> {
    let instance = match linker.instantiate(store, module) {
        Ok(instance) => instance,
        Err(Error::Link(error)) => {
            return Err(Failure::new(Exit::Link, linker.explain(store, module, error).to_string()));
        }
        Err(error) => return Err(with_backtrace(store, error)),
    };
    let Some(name) = &options.invoke else { return Ok(instance) };
    let func = instance.func_dyn(store, name).map_err(|_| {
        let names: Vec<_> = exported_functions(module).collect();
        Failure::new(
            Exit::Usage,
            format!("no function '{name}' is exported; there are: {}", names.join(", ")),
        )
    })?;
    let (args, mut results) = values(func, store, &options.args)?;
    if let Some(milliseconds) = options.timeout {
        let handle = instance.interrupt_handle(store)?;
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(milliseconds));
            handle.interrupt();
        });
    }
    func.call(store, &args, &mut results).map_err(|error| with_backtrace(store, error))?;
    for result in &results {
        println!("{}", value::show(result));
    }
    Ok(instance)
}

fn exported_functions(module: &Module) -> impl Iterator<Item = &str> {
    module
        .exports()
        .filter(|(export, _)| export.kind == wasmote::ExternKind::Func)
        .map(|(export, _)| export.name)
}

/// The arguments, and room for the results.
fn values(func: Func, store: &Store, texts: &[String]) -> Result<(Vec<Value>, Vec<Value>)> {
    let ty = func.ty(store)?;
    let names: Vec<_> = ty.params().map(|ty| ty.name()).collect();
    let usage = |what: String| Failure::new(Exit::Usage, format!("{what}; it takes ({})", names.join(", ")));
    if ty.params().len() != texts.len() {
        return Err(usage(format!("{} arguments are given", texts.len())));
    }
    let args = ty.params().zip(texts).map(|(ty, text)| {
        value::parse(text, ty).ok_or_else(|| usage(format!("'{text}' is no {}", ty.name())))
    });
    Ok((args.collect::<Result<_>>()?, ty.results().map(Value::zero).collect()))
}

/// The error, and where it happened.
fn with_backtrace(store: &Store, error: Error) -> Failure {
    let mut failure = Failure::from(error);
    let backtrace = store.backtrace();
    for (number, frame) in backtrace.frames().iter().enumerate() {
        let Ok(frame) = store.resolve(frame) else { continue };
        let name = frame.name.map_or(String::new(), |name| format!(" ${name}"));
        let offset = frame.offset.map_or(String::new(), |offset| format!(" at offset {offset:#x}"));
        failure.text += &format!("\n  {number}: function {}{name}{offset}", frame.func);
    }
    if backtrace.truncated() {
        failure.text += "\n  ...";
    }
    failure
}

fn stats(engine: &Engine, module: &Module, store: &Store, instance: Option<&Instance>, fuel: Option<u64>) {
    let loaded = module.stats();
    let used = store.stats();
    eprintln!("module:  {} functions, {} bytes of code", loaded.functions, loaded.wasm_code_bytes);
    eprintln!(
        "         compiled to {} bytes; {} bytes of heap on this host",
        loaded.code_bytes, loaded.heap.used
    );
    eprintln!("memory:  {} bytes", used.memory_bytes);
    eprintln!("stack:   {} of {} bytes were used", used.stack_used_peak, store.quotas().stack_bytes);
    eprintln!("heap:    {} bytes, peak {}", used.heap.used, used.heap.peak);
    eprintln!("engine:  peak {} bytes in all", engine.stats().peak);
    let left = instance.and_then(|instance| instance.fuel(store).ok());
    if let (Some(given), Some(left)) = (fuel, left) {
        eprintln!("fuel:    {} used, {left} left", given - left);
    }
}
