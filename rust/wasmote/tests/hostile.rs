//! Exhausted memory at every point, broken modules, hostile limits: errors, and nothing leaked.

mod common;
use common::*;
use wasmote::*;

const LIB: &str = r#"(module
    (memory (export "m") 1) (table (export "t") 4 funcref) (global (export "g") (mut i32) (i32.const 1))
    (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;

const USER: &str = r#"(module
    (import "env" "log" (func $log (param i32) (result i32))) (import "lib" "f" (func $f (param i32) (result i32)))
    (import "lib" "m" (memory 1)) (import "lib" "t" (table 4 funcref)) (import "lib" "g" (global $g (mut i32)))
    (table $own 10 externref) (global (mut i64) (i64.const 3))
    (elem (i32.const 0) $f $run $log) (data (i32.const 0) "hello") (data $p "passive")
    (func $run (export "run") (param i32) (result i32)
        (drop (table.grow $own (ref.null extern) (i32.const 100)))
        (drop (memory.grow (i32.const 1)))
        (call $log (call $f (local.get 0))))
    (func $start (memory.init $p (i32.const 100) (i32.const 0) (i32.const 7)))
    (start $start))"#;

/// Everything that a firmware does with the runtime.
fn life(engine: &Engine, lib: &[u8], user: &[u8]) -> Result<i32, Error> {
    let lib = Module::from_copy(engine, lib)?;
    let user = Module::from_copy(engine, user)?;
    let mut linker = Linker::new(engine);
    let captured = [5u64; 4];
    linker.func("env", "log", move |x: i32| x + captured[1] as i32)?;
    let mut store = Store::new(engine, Quotas { stack_bytes: 1024, ..quotas() })?;
    let lib = linker.instantiate(&mut store, &lib)?;
    linker.instance("lib", lib)?;
    let user = linker.instantiate(&mut store, &user)?;
    let handle = user.interrupt_handle(&store)?;
    handle.clear();
    let run = user.func::<i32, i32>(&store, "run")?;
    run.call(&mut store, 1)
}

/// Functions that are compiled when they are called trap if there is no memory for that.
fn is_memory(error: Error) -> bool {
    error == Error::OutOfMemory || cfg!(feature = "jit-lazy") && error == Error::Trap(Trap::NotCompiled)
}

#[test]
fn an_allocation_that_fails_at_any_point_leaks_nothing() {
    let engine = engine();
    let (lib, user) = (wasm(LIB), wasm(USER));
    let baseline = engine.stats().used;
    let mut n = 1;
    let mut failures = 0;
    loop {
        engine.heap().fail_after(n);
        let result = life(&engine, &lib, &user);
        engine.heap().fail_after(0);
        assert_eq!(engine.stats().used, baseline, "allocation {n}");
        match result {
            Ok(value) => {
                assert_eq!(value, 7);
                // memory.grow and table.grow fail without ending the call, so the last ones succeed.
                if failures > 0 && n > failures + 10 {
                    break;
                }
            }
            Err(error) => {
                assert!(is_memory(error), "allocation {n}: {error}");
                failures = n;
            }
        }
        n += 1;
    }
    assert!(failures > 30, "{failures} allocations");
}

#[test]
fn a_store_goes_on_after_an_instantiation_without_memory() {
    // A start function that traps leaves an instance behind, also if it does since it cannot be compiled.
    let engine = Engine::new(EngineConfig { lazy: false, ..EngineConfig::default() }).unwrap();
    let (lib, user) = (module(&engine, LIB), module(&engine, USER));
    let mut linker = Linker::new(&engine);
    linker.func("env", "log", |x: i32| x).unwrap();
    let mut store = store(&engine);
    let lib = linker.instantiate(&mut store, &lib).unwrap();
    linker.instance("lib", lib).unwrap();
    let mut failures = 0;
    let instance = loop {
        engine.heap().fail_after(failures + 1);
        let result = linker.instantiate(&mut store, &user);
        engine.heap().fail_after(0);
        match result {
            Ok(instance) => break instance,
            Err(error) => assert!(is_memory(error), "{error}"),
        }
        failures += 1;
        assert_eq!(store.instances().count(), 1);
        assert_eq!(&lib.memory(&store, "m").unwrap().data(&store).unwrap()[..5], &[0; 5]);
        assert_eq!(call::<_, i32>(&mut store, lib, "f", 1), Ok(2));
    };
    assert!(failures >= 6, "{failures} allocations");
    assert_eq!(call::<_, i32>(&mut store, instance, "run", 1), Ok(2));
}

#[test]
fn truncated_and_mutated_modules() {
    let engine = engine();
    let bytes = wasm(USER);
    let baseline = engine.stats().used;
    for len in 0..bytes.len() {
        if let Err(error) = Module::from_copy(&engine, &bytes[..len]) {
            assert!(error.offset().is_some_and(|offset| offset as usize <= len), "{error:?}");
        }
        assert_eq!(engine.stats().used, baseline);
    }
    let mut linker = Linker::new(&engine);
    linker.func("env", "log", |x: i32| x).unwrap();
    let lib = module(&engine, LIB);
    let mut state = 1u32;
    for _ in 0..3000 {
        let mut mutated = bytes.clone();
        for _ in 0..1 + state % 3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (state >> 8) as usize % mutated.len();
            mutated[at] = state as u8;
        }
        let Ok(module) = Module::from_copy(&engine, &mutated) else { continue };
        let quotas = Quotas { memory_bytes: 1 << 20, table_elements: 10_000, fuel: 10_000, ..quotas() };
        let mut store = Store::new(&engine, quotas).unwrap();
        let mut linker = Linker::new(&engine);
        linker.func("env", "log", |x: i32| x).unwrap();
        let lib = linker.instantiate(&mut store, &lib).unwrap();
        linker.instance("lib", lib).unwrap();
        let instance = linker.instantiate(&mut store, &module);
        if let Ok(run) = instance.and_then(|instance| instance.func::<i32, i32>(&store, "run")) {
            let _ = run.call(&mut store, 3);
        }
    }
}

#[test]
fn hostile_limits() {
    for (text, quota) in [
        ("(module (memory 65535))", Quota::MemoryBytes),
        ("(module (memory 0xffffffff (pagesize 1)))", Quota::MemoryBytes),
        ("(module (table 10000001 funcref))", Quota::TableElements),
        ("(module (table 60000 funcref) (table 60000 externref))", Quota::TableElements),
    ] {
        let quotas = Quotas { memory_bytes: 1 << 20, table_elements: 100_000, ..quotas() };
        assert_eq!(instantiate_with(&quotas, text).err(), Some(Error::Quota(quota)), "{text}");
    }
    let engine = Engine::new(EngineConfig { heap_limit: 200_000, ..EngineConfig::default() }).unwrap();
    let mut store = Store::new(&engine, quotas()).unwrap();
    let module = module(&engine, "(module (memory 1))");
    let linker = Linker::new(&engine);
    let made = (0..100).take_while(|_| linker.instantiate(&mut store, &module).is_ok()).count();
    assert!((1..4).contains(&made), "{made}");
}

#[test]
fn as_many_instances_as_references_can_tell_apart() {
    let engine = engine();
    let mut store = store(&engine);
    let module = module(&engine, r#"(module (func (export "f") (result i32) (i32.const 5)))"#);
    let linker = Linker::new(&engine);
    let mut last = None;
    let error = loop {
        match linker.instantiate(&mut store, &module) {
            Ok(instance) => last = Some(instance),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::Limit);
    assert_eq!(store.instances().count(), 4093);
    assert_eq!(call::<(), i32>(&mut store, last.unwrap(), "f", ()), Ok(5));
}
