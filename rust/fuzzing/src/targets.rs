//! What the fuzzer's targets do with their input; the ordinary tests do the same with the corpora and with what was
//! found once. They panic if something is wrong.

use crate::differential::{self, Scenario, Tally};
use crate::{Random, generate, judge};
use wasmote::{
    Engine, EngineConfig, Error, ErrorClass, Instance, Linker, Module, Quotas, Store, ValType, Value,
};

/// Loads a module: the verdict is wasmparser's, and what is valid can be compiled, with and without metering, and
/// looked at in every way.
pub fn load(bytes: &[u8]) {
    let verdict = judge::compare(bytes, None).unwrap_or_else(|what| panic!("{what}"));
    for fuel in [true, false] {
        let engine = engine(EngineConfig { fuel, ..EngineConfig::default() });
        let empty = engine.stats().used;
        match Module::from_copy(&engine, bytes) {
            Ok(module) => {
                assert_eq!(verdict, judge::Verdict::Valid);
                look_at(&module);
            }
            // A frame may become too large only when constants get cells.
            Err(Error::Load(error)) if error.kind.class() == ErrorClass::Limit => {}
            Err(error) => assert_ne!(verdict, judge::Verdict::Valid, "{error}"),
        }
        assert_eq!(engine.stats().used, empty, "memory is left");
    }
}

fn engine(config: EngineConfig) -> Engine {
    Engine::new(config).unwrap_or_else(|error| panic!("no engine: {error}"))
}

/// Everything that can be asked of a module.
fn look_at(module: &Module) {
    let parsed = module.parsed();
    let count = module.imports().count() + module.exports().count() + parsed.custom_sections().count();
    for (export, _) in module.exports() {
        assert_eq!(parsed.export(export.name), Some((export.kind, export.index)));
    }
    for import in module.imports() {
        assert!(module.import_at(import.offset).is_some());
    }
    for func in 0..parsed.func_count().min(1000) {
        let _ = (parsed.func_name(func), module.func_type(func).params().count());
    }
    for index in 0..parsed.element_count() {
        assert!(parsed.element(index).is_some_and(|segment| segment.count() == segment.len as usize));
    }
    for index in 0..parsed.data_count() {
        assert!(parsed.data(index).is_some());
    }
    assert!(module.stats().heap.used > 0 || count == 0);
}

/// Loads and runs a module with too little of something; the first bytes say how much. Nothing but an error may come of
/// it, limits hold, and all memory comes back.
pub fn quotas(input: &[u8]) {
    let Some((&[heap_low, heap_high, stack, store, memory, table, fuel, depth], bytes)) =
        input.split_first_chunk()
    else {
        return;
    };
    let heap_limit = usize::from(u16::from_le_bytes([heap_low, heap_high])) * 16;
    let quotas = Quotas {
        stack_bytes: u32::from(stack) * 16,
        heap_bytes: usize::from(store) * 256,
        call_depth: u32::from(depth % 8),
        memory_bytes: u32::from(memory) << 10,
        table_elements: u32::from(table),
        fuel: u64::from(fuel) * 64,
        trim_memory: depth & 8 != 0,
        code_bytes: usize::from(store) * 16,
    };
    // By the interpreter and as native code, as far as there is room; each made when it is loaded, or when it is called.
    let engines = [
        (false, false, true),
        (false, true, cfg!(feature = "interp-lazy")),
        (true, false, cfg!(feature = "jit")),
        (true, true, cfg!(feature = "jit")),
    ];
    for (jit, lazy, _) in engines.into_iter().filter(|(_, _, built)| *built) {
        let code_limit = [usize::from(depth >> 4) * 512, usize::MAX][usize::from(depth >> 4 == 15)];
        let config = EngineConfig { fuel: true, heap_limit, jit, lazy, code_limit };
        // With native code it needs memory of its own.
        let Ok(engine) = Engine::new(config) else { continue };
        let empty = engine.stats().used;
        run_with(&engine, &quotas, bytes);
        let stats = engine.stats();
        assert_eq!(stats.used, empty, "memory is left");
        // The engine is there before it has a limit.
        assert!(stats.peak <= heap_limit.max(empty), "{} of {heap_limit} bytes were used", stats.peak);
    }
}

fn run_with(engine: &Engine, quotas: &Quotas, bytes: &[u8]) {
    let unlimited = judge::ours(bytes);
    let module = match Module::from_copy(engine, bytes) {
        Ok(module) => module,
        Err(Error::OutOfMemory) => return,
        Err(Error::Load(error)) if error.kind.class() == ErrorClass::Limit => return,
        Err(Error::Load(error)) => return assert_eq!(unlimited, Err(error)),
        Err(error) => panic!("{error}"),
    };
    unlimited.unwrap_or_else(|error| panic!("accepted with little memory, but {error}"));
    let Ok(mut store) = Store::new(engine, *quotas) else { return };
    let linker = Linker::new(engine);
    let names: Vec<String> = module.exports().map(|(export, _)| export.name.to_owned()).collect();
    if let Ok(instance) = linker.instantiate(&mut store, &module) {
        for name in names.iter().take(20) {
            call(&mut store, instance, name);
        }
        let memory = instance.own_memory(&store).and_then(|memory| memory.size(&store).ok());
        assert!(memory.unwrap_or(0) <= quotas.memory_bytes as usize || module.parsed().memory_imported());
    }
    assert!(store.stats().heap.peak <= quotas.heap_bytes);
    assert!(store.stats().stack_used_peak <= quotas.stack_bytes as usize);
}

fn call(store: &mut Store, instance: Instance, name: &str) {
    let Ok(func) = instance.func_dyn(store, name) else { return };
    let Ok(ty) = func.ty(store) else { return };
    let args: Vec<Value> = ty.params().map(Value::zero).collect();
    let types: Vec<ValType> = ty.results().collect();
    let mut results: Vec<Value> = types.into_iter().map(Value::zero).collect();
    match func.call(store, &args, &mut results) {
        Ok(()) | Err(Error::Trap(_)) => {}
        Err(error) => panic!("{name}: {error}"),
    }
    assert_ne!(instance.fuel(store), Ok(u64::MAX));
}

/// The scenario that the generator makes of its choices, if they fit together.
pub fn scenario(choices: &[u8]) -> Option<Scenario> {
    // What else is chosen follows from the choices.
    let seed =
        choices.iter().fold(0u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    differential::generated(choices, &mut Random::new(seed, 0)).ok()
}

/// Runs a generated module everywhere; the input are the generator's choices.
pub fn execute(choices: &[u8]) {
    let Some(scenario) = scenario(choices) else { return };
    if let Err(what) = differential::compare(&scenario, &mut Tally::default()) {
        panic!("{what}");
    }
}

/// Mutates a module in place, for the fuzzer: now as a module, now as bytes. The new length.
pub fn mutate(data: &mut [u8], size: usize, seed: u32) -> usize {
    let mut random = Random::new(seed.into(), 0);
    let bytes = &data[..size];
    // The mutator of modules takes valid ones only.
    let mutated = match random.once_in(2) && judge::ours(bytes).is_ok() {
        true => generate::mutate_module(bytes, &mut random),
        false => None,
    };
    let mutated = mutated.unwrap_or_else(|| generate::mutate_bytes(bytes, &mut random));
    let len = mutated.len().min(data.len());
    data[..len].copy_from_slice(&mutated[..len]);
    len
}
