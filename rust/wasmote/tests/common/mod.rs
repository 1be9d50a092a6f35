//! What the tests share.
#![allow(dead_code)]

use wasmote::*;

/// An engine, and a linker that knows no names.
pub fn engine() -> Engine {
    Engine::new(EngineConfig::default()).unwrap()
}

/// An engine whose code does not count fuel.
pub fn unmetered() -> Engine {
    Engine::new(EngineConfig { fuel: false, ..EngineConfig::default() }).unwrap()
}

/// A module from the text format.
pub fn module(engine: &Engine, text: &str) -> Module {
    Module::from_copy(engine, &wasm(text)).unwrap_or_else(|error| panic!("{error}"))
}

/// The binary format of a text.
pub fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A store without quotas to speak of.
pub fn store(engine: &Engine) -> Store {
    Store::new(engine, quotas()).unwrap()
}

/// Quotas for hosts. Where functions are encoded when they are first called, only those that run stay.
pub fn quotas() -> Quotas {
    Quotas { code_bytes: 0, stack_bytes: 64 * 1024, call_depth: 8, ..Quotas::default() }
}

/// An instance without imports in a store of its own.
pub fn instantiate(text: &str) -> (Store, Instance) {
    instantiate_with(&quotas(), text).unwrap()
}

/// As `instantiate`, with quotas.
pub fn instantiate_with(quotas: &Quotas, text: &str) -> Result<(Store, Instance), Error> {
    let engine = engine();
    let mut store = Store::new(&engine, *quotas)?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module(&engine, text))?;
    Ok((store, instance))
}

/// Calls an exported function.
pub fn call<P: WasmValues, R: WasmValues>(
    store: &mut Store,
    instance: Instance,
    name: &str,
    args: P,
) -> Result<R, Error> {
    instance.func::<P, R>(store, name)?.call(store, args)
}
