//! `wasmote inspect`.

use crate::calls::{Calls, Depth};
use crate::{Exit, Failure, Result, disassemble, module};
use serde_json::{Value, json};
use std::path::PathBuf;
use wasmote_core::{Feature, FuncType, GlobalType, MemoryType, TableType};
use wasmote_frontend::{Compiler, ExternType, Module, Validate};
use wasmote_platform::Heap;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// Options of `wasmote inspect`.
#[derive(clap::Args)]
pub struct Options {
    /// The module, in the binary or the text format
    file: PathBuf,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
    /// The RAM that the device has for modules, in bytes: says whether this one fits (exit code 1 if not)
    #[arg(long, value_name = "BYTES")]
    ram: Option<u64>,
    /// Bytes of the value stack that the device gives; the default is what the deepest call needs, or 8192 if
    /// there is no bound
    #[arg(long, value_name = "BYTES")]
    stack: Option<u64>,
}

/// The stack that a device gives by default.
const DEFAULT_STACK: u64 = 8192;

/// What a section holds.
struct Section {
    name: String,
    bytes: u64,
}

/// What a module needs of a device with 32-bit addresses, in bytes.
struct Needs {
    /// The interpreter's code.
    code: u64,
    /// What else the runtime keeps of the module and of an instance.
    records: u64,
    /// Initial sizes.
    memory: u64,
    tables: u64,
    /// The largest frame of a function.
    largest_frame: u64,
    /// The deepest calls of each export, without what host functions call back.
    depths: Vec<(String, Depth)>,
    stack: u64,
}

impl Needs {
    fn total(&self) -> u64 {
        self.code + self.records + self.memory + self.tables + self.stack
    }
}

/// `wasmote inspect`.
pub fn inspect(options: &Options) -> Result<()> {
    let bytes = module::read(&options.file)?;
    let heap = Heap::platform().map_err(wasmote::Error::from)?;
    let sections = sections(&bytes);
    let module = match validated(&bytes, &heap) {
        Ok(valid) => valid,
        Err(error) => {
            // What the sections are helps to understand the refusal.
            if options.json {
                println!("{}", json!({ "error": error.to_string(), "sections": sections_json(&sections) }));
            } else {
                print_sections(&sections);
            }
            return Err(error.into());
        }
    };
    let features = features(&bytes);
    let needs = needs(&module, &heap, options.stack)?;
    if options.json {
        println!("{}", to_json(&module, &sections, &features, &needs, options.ram));
    } else {
        print(&module, &sections, &features, &needs, options.ram);
    }
    match options.ram {
        Some(ram) if needs.total() > ram => {
            let text = format!(
                "it needs about {} bytes of RAM, {} more than there are",
                needs.total(),
                needs.total() - ram
            );
            Err(Failure::new(Exit::Failed, text))
        }
        _ => Ok(()),
    }
}

/// The module, all of it validated.
fn validated<'a>(bytes: &'a [u8], heap: &Heap) -> Result<Module<'a>, wasmote::Error> {
    let module = Module::parse(bytes, heap)?;
    let mut compiler = Compiler::new(&module, heap, Validate);
    for own in 0..module.func_count() - module.import_funcs() {
        compiler.function(own)?;
    }
    drop(compiler);
    Ok(module)
}

/// The features that the module uses: without one of them it is not valid.
fn features(bytes: &[u8]) -> Vec<String> {
    use WasmFeatures as W;
    let features = [
        (Feature::Float, W::FLOATS),
        (Feature::SignExtension, W::SIGN_EXTENSION),
        (Feature::SaturatingFloat, W::SATURATING_FLOAT_TO_INT),
        (Feature::MultiValue, W::MULTI_VALUE),
        (Feature::BulkMemory, W::BULK_MEMORY),
        (Feature::ReferenceTypes, W::REFERENCE_TYPES | W::GC_TYPES),
        (Feature::ExtendedConst, W::EXTENDED_CONST),
        (Feature::TailCall, W::TAIL_CALL),
        (Feature::CustomPageSizes, W::CUSTOM_PAGE_SIZES),
    ];
    let all = features.iter().fold(W::MUTABLE_GLOBAL, |all, (_, one)| all | *one);
    features
        .into_iter()
        .filter(|(_, one)| Validator::new_with_features(all - *one).validate_all(bytes).is_err())
        .map(|(feature, _)| feature.name().to_string())
        .collect()
}

fn sections(bytes: &[u8]) -> Vec<Section> {
    // Of an error, the runtime itself says what is wrong.
    let payloads = Parser::new(0).parse_all(bytes).map_while(|payload| payload.ok());
    payloads
        .filter_map(|payload| {
            let (id, range) = payload.as_section()?;
            let name = match &payload {
                Payload::CustomSection(section) => format!("custom \"{}\"", section.name()),
                _ => section_name(id).to_owned(),
            };
            Some(Section { name, bytes: range.end - range.start })
        })
        .collect()
}

fn section_name(id: u8) -> &'static str {
    const NAMES: [&str; 14] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    NAMES.get(usize::from(id)).copied().unwrap_or("unknown")
}

fn needs(module: &Module<'_>, heap: &Heap, stack: Option<u64>) -> Result<Needs> {
    const CELL: u64 = 4;
    /// Cells that a call keeps beside the frames: where to go on, with which frame, in which instance.
    const RETURN: u64 = 3 * CELL;
    let own = module.func_count() - module.import_funcs();
    let mut code = 0;
    let mut frames = vec![0; module.import_funcs() as usize];
    for function in 0..own {
        let encoded = disassemble::encode(module, heap, function, true)?;
        code += encoded.code.len() as u64;
        frames.push(u64::from(encoded.frame_cells) * CELL);
    }
    let bytes = |func: u32| frames.get(func as usize).map_or(0, |frame| frame + RETURN);
    let calls =
        Calls::read(module.bytes()).map_err(|error| Failure::new(Exit::Refused, error.to_string()))?;
    let mut entries: Vec<(String, u32)> = module
        .exports()
        .filter(|export| export.kind == wasmote_core::ExternKind::Func)
        .map(|export| (export.name.to_owned(), export.index))
        .collect();
    entries.extend(module.start().map(|start| ("(start)".to_owned(), start)));
    let depths: Vec<(String, Depth)> =
        entries.into_iter().map(|(name, func)| (name, calls.depth(func, &bytes))).collect();
    let bounded = depths.iter().map(|(_, depth)| match depth {
        Depth::Bytes(bytes) => Some(*bytes),
        Depth::Recursive(_) => None,
    });
    let deepest = bounded.collect::<Option<Vec<u64>>>().map(|depths| depths.into_iter().max().unwrap_or(0));
    Ok(Needs {
        code,
        records: records(module),
        memory: module.memory().filter(|_| !module.memory_imported()).map_or(0, memory_bytes),
        tables: module.tables()[module.import_tables() as usize..]
            .iter()
            .map(|table| u64::from(table.limits.min) * CELL)
            .sum(),
        largest_frame: frames.iter().copied().max().unwrap_or(0),
        depths,
        stack: stack.or(deepest).unwrap_or(DEFAULT_STACK),
    })
}

fn memory_bytes(memory: MemoryType) -> u64 {
    u64::from(memory.limits.min) << memory.page_log2
}

/// What the runtime keeps of a module and of an instance beside code, memory, tables and stack, with 32-bit
/// addresses. About: what is small and does not depend on the module is a single number.
fn records(module: &Module<'_>) -> u64 {
    let count = |number: u32, bytes: u64| u64::from(number) * bytes;
    let own = module.func_count() - module.import_funcs();
    let module_records = count(own, 16)
        + count(module.type_count() + module.func_count() + module.element_count() + module.data_count(), 4)
        + count(module.global_count(), 12)
        + module.tables().len() as u64 * 16;
    let instance_records =
        count(module.import_funcs() + module.import_globals() + module.own_global_cells(), 4)
            + module.tables().len() as u64 * 40;
    const FIXED: u64 = 1024;
    module_records + instance_records + FIXED
}

fn to_json(
    module: &Module<'_>,
    sections: &[Section],
    features: &[String],
    needs: &Needs,
    ram: Option<u64>,
) -> Value {
    let imports: Vec<Value> = module
        .imports()
        .map(|import| json!({ "module": import.module, "name": import.name, "type": type_text(import.ty) }))
        .collect();
    let exports: Vec<Value> = exports(module).map(|(name, ty)| json!({ "name": name, "type": ty })).collect();
    let depths: serde_json::Map<String, Value> = needs
        .depths
        .iter()
        .map(|(name, depth)| {
            let bytes = match depth {
                Depth::Bytes(bytes) => json!(bytes),
                Depth::Recursive(_) => Value::Null,
            };
            (name.clone(), bytes)
        })
        .collect();
    json!({
        "bytes": module.bytes().len(),
        "sections": sections_json(sections),
        "imports": imports,
        "exports": exports,
        "features": features,
        "functions": module.func_count() - module.import_funcs(),
        "needs": {
            "code": needs.code,
            "records": needs.records,
            "memory": needs.memory,
            "tables": needs.tables,
            "stack": needs.stack,
            "total": needs.total(),
            "largest_frame": needs.largest_frame,
            "call_depth_bytes": depths,
        },
        "fits": ram.map(|ram| needs.total() <= ram),
    })
}

fn sections_json(sections: &[Section]) -> Vec<Value> {
    sections.iter().map(|section| json!({ "name": section.name, "bytes": section.bytes })).collect()
}

fn print_sections(sections: &[Section]) {
    println!("sections:");
    for section in sections {
        println!("  {:>8}  {}", section.bytes, section.name);
    }
}

fn print(module: &Module<'_>, sections: &[Section], features: &[String], needs: &Needs, ram: Option<u64>) {
    print_sections(sections);
    println!("imports:");
    for import in module.imports() {
        println!("  {}.{}: {}", import.module, import.name, type_text(import.ty));
    }
    println!("exports:");
    for (name, ty) in exports(module) {
        println!("  {name}: {ty}");
    }
    println!(
        "features beyond WebAssembly 1.0 without floats: {}",
        if features.is_empty() { "none".into() } else { features.join(", ") }
    );
    println!("needs on a device with 32-bit addresses, in bytes:");
    println!("  {:>8}  code of {} functions", needs.code, module.func_count() - module.import_funcs());
    println!("  {:>8}  records of module and instance, about", needs.records);
    println!("  {:>8}  memory", needs.memory);
    println!("  {:>8}  tables", needs.tables);
    println!("  {:>8}  value stack; the largest frame has {}", needs.stack, needs.largest_frame);
    for (name, depth) in &needs.depths {
        match depth {
            Depth::Bytes(bytes) => println!("              {name} needs at most {bytes}"),
            Depth::Recursive(func) => println!(
                "              {name} has no bound: function {func}{} may call itself",
                module.func_name(*func).map_or(String::new(), |name| format!(" (${name})"))
            ),
        }
    }
    println!("  {:>8}  in all, about", needs.total());
    if let Some(ram) = ram.filter(|ram| *ram >= needs.total()) {
        println!("it fits: of {ram} bytes, {} are left", ram - needs.total());
    }
}

fn exports<'m>(module: &'m Module<'_>) -> impl Iterator<Item = (&'m str, String)> {
    module.exports().map(|export| {
        // A valid module's exports have types.
        (export.name, module.export_type(&export).map_or(String::new(), type_text))
    })
}

fn type_text(ty: ExternType<'_>) -> String {
    let limits = |min: u32, max: Option<u32>| match max {
        Some(max) => format!("{min}..{max}"),
        None => format!("{min}.."),
    };
    match ty {
        ExternType::Func(ty) => func_text(ty),
        ExternType::Table(TableType { element, limits: l }) => {
            format!("table of {} {}", limits(l.min, l.max), element.name())
        }
        ExternType::Memory(MemoryType { limits: l, page_log2 }) => {
            format!("memory of {} pages of {} bytes", limits(l.min, l.max), 1u32 << page_log2)
        }
        ExternType::Global(GlobalType { value, mutable }) => {
            format!("{}global {}", if mutable { "mutable " } else { "" }, value.name())
        }
    }
}

fn func_text(ty: FuncType<'_>) -> String {
    let params: Vec<_> = ty.params().map(|ty| ty.name()).collect();
    let results: Vec<_> = ty.results().map(|ty| ty.name()).collect();
    format!("func ({}) -> ({})", params.join(", "), results.join(", "))
}
