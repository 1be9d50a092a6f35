//! Compiled code, against the interpreter on this machine.

use crate::target::{self, BOARDS, Board, Masm};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use wasmote::{Engine, EngineConfig, Error, Instance, Linker, Quotas, Store, Value};
use wasmote_core::{ErrorKind, FuncType, LoadError, Trap, ValType};
use wasmote_frontend::{ElementItem, Module, SegmentMode};
use wasmote_jit::{Compiler, Settings};
use wasmote_platform::Heap;

/// Modules with calls.
pub struct Cases {
    /// As the runner reads them, on each board.
    words: [Vec<u32>; BOARDS.len()],
    /// What a module is, for messages.
    names: Vec<String>,
    calls: usize,
    traps: Vec<Traps>,
}

/// Where a trap should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expected {
    /// In a function, at the offset of an operator.
    At(u32, u32),
    /// At some call: a frame that does not fit is told by who calls, in the interpreter by who is called.
    Call,
    /// Fuel is needed before an operator, or none trapped.
    Any,
}

/// The traps of a module's calls, and what it takes to find their places in its code.
struct Traps {
    module: &'static Module<'static>,
    metered: bool,
    /// Where its functions begin, on each board.
    starts: [Vec<u32>; BOARDS.len()],
    places: Vec<Expected>,
}

/// A module of the present cases.
pub struct Subject {
    module: &'static Module<'static>,
    store: Store,
    instance: Instance,
    functions: BTreeMap<&'static str, u32>,
    calls: Vec<u32>,
    count: u32,
    /// Of each trap, [`Traps::places`].
    places: Vec<Expected>,
}

impl Cases {
    pub fn new() -> Cases {
        Cases { words: [const { Vec::new() }; BOARDS.len()], names: Vec::new(), calls: 0, traps: Vec::new() }
    }

    /// Whether they are about as many as the boards' RAM holds.
    pub fn are_many(&self) -> bool {
        self.words.iter().any(|words| words.len() * 4 > 8 << 20)
    }

    /// Compiles a module for all sides; `calls` says what to call.
    pub fn module(&mut self, name: &str, wat: &str, calls: impl FnOnce(&mut Subject)) {
        self.add(name, parsed(name, wat), false, calls);
    }

    /// As [`module`](Cases::module), in the binary format.
    pub fn binary(&mut self, name: &str, bytes: Vec<u8>, calls: impl FnOnce(&mut Subject)) {
        self.add(name, bytes, false, calls);
    }

    /// As [`module`](Cases::module), with code that counts fuel, if there may be any.
    pub fn metered(&mut self, name: &str, wat: &str, calls: impl FnOnce(&mut Subject)) {
        if cfg!(feature = "fuel") {
            self.add(name, parsed(name, wat), true, calls);
        }
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>, metered: bool, calls: impl FnOnce(&mut Subject)) {
        let bytes = Vec::leak(bytes);
        let engine = Engine::new(EngineConfig { fuel: metered, ..EngineConfig::default() }).unwrap();
        let quotas = Quotas { stack_bytes: 64 * 1024, call_depth: 8, ..Quotas::default() };
        let mut store = Store::new(&engine, quotas).unwrap();
        let mut linker = Linker::new(&engine);
        linker.func("host", "add", |a: i32, b: i32| a.wrapping_add(b)).unwrap();
        let loaded =
            wasmote::Module::from_copy(&engine, bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let instance = linker.instantiate(&mut store, &loaded).unwrap();

        let heap = Heap::platform().unwrap();
        let module: &'static _ = Box::leak(Box::new(Module::parse(bytes, &heap).unwrap()));
        let starts = std::array::from_fn(|board| {
            compile(name, module, metered, &heap, &BOARDS[board], &mut self.words[board])
        });
        let functions = module.exports().map(|export| (export.name, export.index)).collect();
        let mut subject =
            Subject { module, store, instance, functions, calls: Vec::new(), count: 0, places: Vec::new() };
        calls(&mut subject);
        assert!(subject.count > 0);
        for words in &mut self.words {
            words.push(subject.count);
            words.extend(&subject.calls);
        }
        self.calls += subject.count as usize;
        self.names.push(name.to_owned());
        self.traps.push(Traps { module, metered, starts, places: subject.places });
    }

    /// Runs all calls on all boards. The instructions that those of the last module take on each, if they are to be counted.
    pub fn run(self, name: &str, count_instructions: bool) -> Vec<u64> {
        let boards = BOARDS.iter().enumerate();
        boards.map(|(index, board)| self.run_on(index, board, name, count_instructions)).collect()
    }

    fn run_on(&self, index: usize, board: &Board, name: &str, count_instructions: bool) -> u64 {
        let elf = firmware(board);
        let file = elf.with_file_name(name).with_extension("bin");
        let (cases, routines) = (&self.words[index], packed(&target::ROUTINES));
        let counts = [(cases.len() + routines.len() + 2) as u32, routines.len() as u32];
        let words = counts.iter().chain(&routines).chain(cases);
        std::fs::write(&file, words.flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
        let mut command = board.run(&elf, &file, count_instructions);
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let said = String::from_utf8_lossy(&output.stdout);
        if !said.trim_end().ends_with("all right") {
            let at = said.lines().filter(|line| line.starts_with("module")).count();
            let module = at.checked_sub(1).and_then(|at| self.names.get(at));
            let end: Vec<&str> = said.lines().rev().take(2).collect();
            panic!("{}: {end:?}, in {module:?}; the firmware is {}", board.name, elf.display());
        }
        println!(
            "{}: {} modules, {} calls, {} bytes",
            board.name,
            self.names.len(),
            self.calls,
            cases.len() * 4
        );
        let places = said.lines().filter_map(|line| line.strip_prefix("trap "));
        let places: Vec<u32> = places.map(|place| u32::from_str_radix(place, 16).unwrap()).collect();
        self.check_places(index, board, &places);
        target::instructions(&output)
    }

    /// Compiled code must trap at the operators at which the interpreter does; `found` are the places in the code, all modules'.
    fn check_places(&self, index: usize, board: &Board, found: &[u32]) {
        let mut found = found.iter();
        for (traps, name) in self.traps.iter().zip(&self.names) {
            let (heap, starts) = (Heap::platform().unwrap(), &traps.starts[index]);
            let settings = Settings { metered: traps.metered };
            let compiler = Compiler::new(board.masm(&heap), &heap, settings);
            let mut front = wasmote_frontend::Compiler::new(traps.module, &heap, compiler);
            front.sink.begin(traps.module).unwrap();
            let mut known = BTreeMap::new();
            for expected in &traps.places {
                let &place = found.next().expect("a place of each trap");
                if *expected == Expected::Any {
                    continue;
                }
                let at = *known.entry(place).or_insert_with(|| {
                    let own = starts.partition_point(|&start| start <= place) as u32 - 1;
                    front.sink.locate(place - starts[own as usize]);
                    attempt(&mut front, own).unwrap();
                    (traps.module.import_funcs() + own, front.sink.located())
                });
                let is_call =
                    |offset: u32| matches!(traps.module.bytes().get(offset as usize), Some(0x10..=0x13));
                let right = match *expected {
                    Expected::At(func, offset) => at == (func, Some(offset)),
                    Expected::Call => at.1.is_some_and(is_call),
                    Expected::Any => true,
                };
                assert!(
                    right,
                    "{}: {name}: {expected:?} is where it traps, not {at:?}, {place:#x} in the code",
                    board.name
                );
            }
        }
        assert_eq!(found.next(), None, "{}: more traps than calls", board.name);
    }
}

impl Subject {
    /// Calls an export with arguments as bits; what the interpreter gives is what the compiled code must give.
    pub fn call(&mut self, name: &str, args: &[u64]) {
        self.call_with_fuel(name, args, u64::MAX);
    }

    /// As [`call`](Subject::call), with so much fuel; what is left must be the same as well.
    pub fn call_with_fuel(&mut self, name: &str, args: &[u64], fuel: u64) {
        self.instance.set_fuel(&mut self.store, fuel).unwrap();
        let func = self.functions[name];
        let ty: FuncType<'_> = self.module.func_type(func);
        assert_eq!(ty.params().len(), args.len());
        let values: Vec<Value> = ty.params().zip(args).map(|(ty, &bits)| value(ty, bits)).collect();
        let mut results: Vec<Value> = ty.results().map(|ty| value(ty, 0)).collect();
        let callee = self.instance.func_dyn(&self.store, name).unwrap();
        let trap = match callee.call(&mut self.store, &values, &mut results) {
            Ok(()) => 0,
            Err(Error::Trap(trap)) => {
                let frame = self.store.backtrace().frames().first();
                let resolved = frame.and_then(|frame| self.store.resolve(frame).ok());
                let place = resolved.and_then(|frame| Some((frame.func, frame.offset?)));
                self.places.push(match trap {
                    Trap::StackOverflow => Expected::Call,
                    Trap::OutOfFuel => Expected::Any,
                    _ => place.map_or(Expected::Any, |(func, offset)| Expected::At(func, offset)),
                });
                trap as u32
            }
            Err(error) => panic!("{name}: {error}"),
        };
        self.calls.push(func - self.module.import_funcs());
        for fuel in [fuel, self.instance.fuel(&self.store).unwrap()] {
            self.calls.extend([fuel as u32, (fuel >> 32) as u32]);
        }
        self.calls.push(ty.param_cells());
        for value in values {
            self.push(value);
        }
        self.calls.push(trap);
        self.calls.push(ty.result_cells());
        for result in results {
            self.push_result(result);
        }
        self.count += 1;
    }

    /// Each word with a mask of the bits that matter. What is no number may have any sign, and any low bits
    /// (WebAssembly Core, 4.3.3).
    fn push_result(&mut self, value: Value) {
        let from = self.calls.len();
        self.push(value);
        let words = self.calls.split_off(from);
        let mask = match value {
            Value::F32(value) if value.is_nan() => 0x7FC0_0000,
            Value::F64(value) if value.is_nan() => 0x7FF8_0000_0000_0000,
            _ => u64::MAX,
        };
        for (half, word) in words.into_iter().enumerate() {
            let mask = (mask >> (32 * half)) as u32;
            self.calls.extend([word & mask, mask]);
        }
    }

    fn push(&mut self, value: Value) {
        let (bits, cells) = match value {
            Value::I32(value) => (u64::from(value as u32), 1),
            Value::F32(value) => (u64::from(value.to_bits()), 1),
            Value::I64(value) => (value as u64, 2),
            Value::F64(value) => (value.to_bits(), 2),
            _ => panic!("a reference"),
        };
        self.calls.extend((0..cells).map(|half| (bits >> (32 * half)) as u32));
    }
}

/// The program that runs cases on a board, built once.
fn firmware(board: &Board) -> PathBuf {
    static BUILT: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let elf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(board.name).join("cases.elf");
    // Whoever comes meanwhile waits.
    let mut built = BUILT.lock().unwrap();
    if built.insert(board.name) {
        std::fs::create_dir_all(elf.parent().unwrap()).unwrap();
        let output = board.gcc(&elf).output().expect("a C compiler for the board");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    elf
}

/// Compiles a module for a board, and adds it to the words; where its functions begin.
fn compile(
    name: &str,
    module: &Module<'_>,
    metered: bool,
    heap: &Heap,
    board: &Board,
    words: &mut Vec<u32>,
) -> Vec<u32> {
    let compiler = Compiler::new(board.masm(heap), heap, Settings { metered });
    let mut front = wasmote_frontend::Compiler::new(module, heap, compiler);
    front.sink.begin(module).unwrap();
    let mut functions = Vec::new();
    for own in 0..module.func_count() - module.import_funcs() {
        if let Err(error) = attempt(&mut front, own) {
            panic!("{name}: {error}");
        }
        functions.push(front.sink.compiled().start);
        functions.push(module.func_type_index(module.import_funcs() + own));
    }
    let mut compiler = front.sink;
    assert!(compiler.finish(module).unwrap(), "{name}");

    words.push(module.memory().map_or(0, |memory| memory.limits.min << memory.page_log2));
    words.push(module.import_funcs());
    words.push(if module.import_funcs() == 0 { u32::MAX } else { module.func_type_index(0) });
    words.push(module.data_count());
    for segment in (0..module.data_count()).filter_map(|index| module.data(index)) {
        let SegmentMode::Active { offset, .. } = segment.mode else { panic!("a passive segment") };
        words.push(offset.eval(module.bytes(), |_| 0, |_| 0) as u32);
        words.push(segment.bytes.len() as u32);
        words.extend(packed(segment.bytes));
    }
    let globals: Vec<u32> = module
        .own_globals()
        .flat_map(|(ty, value)| {
            let bits = value.eval(module.bytes(), |_| 0, |_| 0);
            (0..ty.value.cells()).map(move |half| (bits >> (32 * half)) as u32)
        })
        .collect();
    words.push(globals.len() as u32);
    words.extend(globals);
    let mut table = vec![0; module.tables().first().map_or(0, |table| table.limits.min as usize)];
    for segment in (0..module.element_count()).filter_map(|index| module.element(index)) {
        let SegmentMode::Active { offset, .. } = segment.mode else { panic!("a passive segment") };
        for (at, item) in segment.enumerate() {
            let ElementItem::Func(func) = item else { panic!("an expression") };
            // The module is instance 1, the host's function is instance 0's.
            let instance = if func < module.import_funcs() { 0 } else { 1 };
            table[offset.eval(module.bytes(), |_| 0, |_| 0) as usize + at] = (instance + 1) << 20 | func;
        }
    }
    words.push(table.len() as u32);
    words.extend(table);
    words.push(functions.len() as u32 / 2);
    let starts = functions.iter().step_by(2).copied().collect();
    words.extend(functions);
    let code = packed(&compiler.code().bytes().collect::<Vec<u8>>());
    words.push(code.len() as u32);
    words.extend(code);
    starts
}

type TargetCompiler = Compiler<Masm>;

/// Compiles a function, with the means for a large frame if it needs them.
fn attempt(
    front: &mut wasmote_frontend::Compiler<'_, '_, TargetCompiler>,
    own: u32,
) -> Result<(), LoadError> {
    front.sink.next(own, false);
    let result = front.function(own);
    if result.is_err_and(|error| error.kind == ErrorKind::FunctionTooLarge) {
        front.sink.next(own, true);
        return front.function(own);
    }
    result
}

fn value(ty: ValType, bits: u64) -> Value {
    match ty {
        ValType::I32 => Value::I32(bits as i32),
        ValType::I64 => Value::I64(bits as i64),
        ValType::F32 => Value::F32(f32::from_bits(bits as u32)),
        ValType::F64 => Value::F64(f64::from_bits(bits)),
        _ => panic!("a reference"),
    }
}

fn parsed(name: &str, wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{name}: {error}\n{wat}"))
}

fn packed(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
    bytes.chunks(4).map(word).collect()
}
