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

/// So many functions, each of which calls the next one in the way `how` says.
pub fn chain(count: u32, how: &str) -> String {
    let mut text = format!(
        "(module (type $n (func (param i32) (result i32))) (table {count} funcref) (elem (i32.const 0)"
    );
    for at in 0..count {
        text += &format!(" $f{at}");
    }
    text += ")";
    for at in 0..count {
        let next = how.replace("NEXT", &(at + 1).to_string());
        let body = if at + 1 < count { &next } else { "(i32.add (local.get 0) (i32.const 7))" };
        text += &format!("(func $f{at} (export \"f{at}\") (type $n) {body})");
    }
    text + ")"
}

/// Ways to call the next function of a [`chain`].
pub const DIRECT: &str = "(i32.add (i32.const 1) (call $fNEXT (local.get 0)))";
pub const INDIRECT: &str = "(i32.add (i32.const 1) (call_indirect (type $n) (local.get 0) (i32.const NEXT)))";
pub const TAIL: &str = "(return_call $fNEXT (i32.add (local.get 0) (i32.const 1)))";
pub const TAIL_INDIRECT: &str =
    "(return_call_indirect (type $n) (i32.add (local.get 0) (i32.const 1)) (i32.const NEXT))";
