//! The module `spectest` that scripts may import (see the test suite's own README).

use wasmote::{Engine, Error, Linker, Module, Store};

const ITEMS: &str = r#"(module
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (global (export "global_f32") f32 (f32.const 666.6))
    (global (export "global_f64") f64 (f64.const 666.6))
    (table (export "table") 10 20 funcref)
    (memory (export "memory") 1 2))"#;

/// The module in the binary format, without its functions.
pub fn module() -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(ITEMS).expect("the constant lexes");
    let mut items: wast::Wat<'_> = wast::parser::parse(&buffer).expect("the constant parses");
    items.encode().expect("the constant encodes")
}

/// Defines it all. Its functions print nothing: no script can tell.
pub fn define(engine: &Engine, store: &mut Store, linker: &mut Linker<'_>) -> Result<(), Error> {
    const NAME: &str = "spectest";
    let module = Module::from_copy(engine, &module())?;
    let instance = linker.instantiate(store, &module)?;
    linker.instance(NAME, instance)?;
    linker.func(NAME, "print", || ())?;
    linker.func(NAME, "print_i32", |_: i32| ())?;
    linker.func(NAME, "print_i64", |_: i64| ())?;
    linker.func(NAME, "print_f32", |_: f32| ())?;
    linker.func(NAME, "print_f64", |_: f64| ())?;
    linker.func(NAME, "print_i32_f32", |_: i32, _: f32| ())?;
    linker.func(NAME, "print_f64_f64", |_: f64, _: f64| ())
}
