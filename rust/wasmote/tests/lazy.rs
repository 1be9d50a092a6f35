//! Functions that are compiled when they are first called.
#![cfg(feature = "jit-lazy")]

mod common;
use common::*;
use std::sync::Barrier;
use std::thread;
use wasmote::*;

const INTERP: bool = cfg!(feature = "interp");

fn lazily(code_limit: usize) -> Engine {
    Engine::new(EngineConfig { lazy: true, code_limit, ..EngineConfig::default() }).unwrap()
}

fn native_bytes(module: &Module) -> usize {
    module.stats().native_code_bytes
}

fn instantiate(engine: &Engine, store: &mut Store, module: &Module) -> Instance {
    Linker::new(engine).instantiate(store, module).unwrap()
}

/// More of them than calls may be nested in each other: a first call is no other call. With code for all of them, for some,
/// and for none.
#[test]
fn first_calls_are_calls() {
    const COUNT: u32 = 40;
    for how in [DIRECT, INDIRECT, TAIL, TAIL_INDIRECT] {
        let text = chain(COUNT, how);
        let engine = lazily(usize::MAX);
        let loaded = module(&engine, &text);
        let stubs = native_bytes(&loaded);
        let quotas = Quotas { call_depth: 1, ..quotas() };
        let mut store = Store::new(&engine, quotas).unwrap();
        let instance = instantiate(&engine, &mut store, &loaded);
        for round in 0..3 {
            assert_eq!(
                call::<_, i32>(&mut store, instance, "f0", 5),
                Ok(5 + 7 + COUNT as i32 - 1),
                "{how} {round}"
            );
        }
        let all = native_bytes(&loaded);
        assert!(all > stubs + COUNT as usize * 16, "{all} {stubs}");
        if INTERP {
            // Where the code ends one engine calls the other, and that the last, small function.
            let quotas = Quotas { call_depth: 3, ..quotas };
            for room in [0, (all - stubs) / 3, (all - stubs) / 2] {
                let engine = lazily(stubs + room);
                let mut store = Store::new(&engine, quotas).unwrap();
                let loaded = module(&engine, &text);
                let instance = instantiate(&engine, &mut store, &loaded);
                for _ in 0..2 {
                    assert_eq!(
                        call::<_, i32>(&mut store, instance, "f0", 5),
                        Ok(5 + 7 + COUNT as i32 - 1),
                        "{how}"
                    );
                }
                let used = native_bytes(&loaded);
                assert!(used <= stubs + room && (room == 0 || used > stubs), "{used} {stubs} {room}");
            }
        }
    }
}

/// A function that is not called takes no memory for code; what the module is made of is known to be valid all the same.
#[test]
fn only_what_is_called_is_compiled() {
    let engine = lazily(usize::MAX);
    let loaded = module(&engine, &chain(40, DIRECT));
    let stubs = native_bytes(&loaded);
    let mut store = store(&engine);
    let instance = instantiate(&engine, &mut store, &loaded);
    assert_eq!(native_bytes(&loaded), stubs);
    assert_eq!(call::<_, i32>(&mut store, instance, "f39", 5), Ok(12));
    let one = native_bytes(&loaded) - stubs;
    assert!((32..=96).contains(&one), "{one}");
    assert_eq!(call::<_, i32>(&mut store, instance, "f38", 5), Ok(13));
    assert_eq!(call::<_, i32>(&mut store, instance, "f39", 6), Ok(13));
    assert!(native_bytes(&loaded) - stubs <= 256 + one);
    // A body that nobody calls, with one operand too many.
    let bytes = wasm("(module (func (export \"f\")) (func (drop (i32.add (i32.const 1) (i32.const 2)))))");
    let mut wrong = bytes.clone();
    let add = wrong.iter().rposition(|&byte| byte == 0x6A).unwrap();
    wrong[add] = 0x01;
    assert!(Module::from_copy(&engine, &bytes).is_ok());
    assert!(matches!(Module::from_copy(&engine, &wrong), Err(Error::Load(_))));
}

/// Threads whose instances share a module call all of its functions for the first time, in different orders.
#[test]
fn first_calls_at_once() {
    const THREADS: usize = 4;
    const COUNT: u32 = 24;
    for how in [DIRECT, INDIRECT, TAIL] {
        let text = chain(COUNT, how);
        let all = {
            let engine = lazily(usize::MAX);
            let (loaded, mut store) = (module(&engine, &text), store(&engine));
            let instance = instantiate(&engine, &mut store, &loaded);
            assert!(call::<_, i32>(&mut store, instance, "f0", 5).is_ok());
            native_bytes(&loaded)
        };
        for round in 0..20 {
            // Without the interpreter there is room for all, with it also for a part.
            let engine = lazily(if INTERP && round % 2 == 1 { all * 3 / 4 } else { usize::MAX });
            let loaded = module(&engine, &text);
            let barrier = Barrier::new(THREADS);
            thread::scope(|scope| {
                for number in 0..THREADS as u32 {
                    let (engine, loaded, barrier) = (&engine, &loaded, &barrier);
                    scope.spawn(move || {
                        let mut store = Store::new(engine, Quotas { call_depth: 50, ..quotas() }).unwrap();
                        let instance = instantiate(engine, &mut store, loaded);
                        barrier.wait();
                        for at in 0..COUNT {
                            let at = (at * 7 + number * round) % COUNT;
                            let result = call::<_, i32>(&mut store, instance, &format!("f{at}"), 5);
                            assert_eq!(result, Ok(5 + 7 + (COUNT - 1 - at) as i32), "f{at}");
                        }
                    });
                }
            });
            // Each was compiled once. Where it lies depends on who came first, as the instructions do not.
            if round % 2 == 0 {
                assert_eq!(native_bytes(&loaded), all);
            }
        }
    }
}

/// There is no memory for code any more: without an interpreter a call traps, until there is some.
#[test]
fn code_memory_is_used_up() {
    let engine = lazily(usize::MAX);
    let text = chain(3, DIRECT);
    let first = module(&engine, &text);
    let stubs = native_bytes(&first);
    drop((first, engine));
    let engine = lazily(2 * stubs + 128);
    let (first, second) = (module(&engine, &text), module(&engine, &text));
    let mut store = store(&engine);
    let other = instantiate(&engine, &mut store, &second);
    {
        let mut store = common::store(&engine);
        let instance = instantiate(&engine, &mut store, &first);
        let called = call::<_, i32>(&mut store, instance, "f0", 5);
        assert_eq!(called, if INTERP { Ok(14) } else { Err(Error::Trap(Trap::NotCompiled)) });
        // What was compiled before goes on.
        if !INTERP {
            assert_eq!(store.backtrace().frames().len(), 1);
        }
        assert!(native_bytes(&first) > stubs);
    }
    drop(first);
    assert_eq!(call::<_, i32>(&mut store, other, "f0", 5), Ok(14));
    assert!(native_bytes(&second) > stubs);
}

/// The heap is used up while a function is compiled: the call traps, nothing is left behind, and a later one goes on.
#[test]
fn heap_is_used_up() {
    let text = chain(4, DIRECT);
    let mut failures = 0;
    for n in 1.. {
        let engine = lazily(usize::MAX);
        let baseline = engine.stats().used;
        {
            let (loaded, mut store) = (module(&engine, &text), store(&engine));
            let instance = instantiate(&engine, &mut store, &loaded);
            let native = native_bytes(&loaded);
            engine.heap().fail_after(n);
            let called = call::<_, i32>(&mut store, instance, "f3", 5);
            engine.heap().fail_after(0);
            if let Err(error) = called {
                assert_eq!(error, Error::Trap(Trap::NotCompiled), "allocation {n}");
                assert_eq!(native_bytes(&loaded), native, "allocation {n}");
                failures += 1;
            }
            assert_eq!(call::<_, i32>(&mut store, instance, "f0", 5), Ok(15));
            assert!(native_bytes(&loaded) > native);
            if called.is_ok() {
                break;
            }
        }
        assert_eq!(engine.stats().used, baseline, "allocation {n}");
    }
    // Memory is asked for in at least four places.
    assert!(failures > 3, "{failures}");
}

/// A function of another instance, by import and by table, and what the host calls back.
#[test]
fn calls_from_elsewhere() {
    let engine = lazily(usize::MAX);
    let library = module(&engine, &chain(3, DIRECT));
    let user = module(
        &engine,
        r#"(module (import "lib" "f2" (func $f2 (param i32) (result i32)))
            (import "lib" "f0" (func $f0 (param i32) (result i32)))
            (import "env" "back" (func $back (param i32) (result i32)))
            (type $n (func (param i32) (result i32)))
            (table 3 funcref) (elem (i32.const 0) $f0 $own $f2)
            (func $own (export "own") (type $n) (i32.mul (local.get 0) (i32.const 3)))
            (func (export "import") (type $n) (call $f2 (local.get 0)))
            (func (export "table") (type $n)
                (i32.add (call_indirect (type $n) (local.get 0) (i32.const 0))
                    (call_indirect (type $n) (local.get 0) (i32.const 1))))
            (func (export "tail") (type $n)
                (return_call_indirect (type $n) (local.get 0) (i32.const 2)))
            (func (export "host") (type $n) (call $back (local.get 0))))"#,
    );
    for first in ["import", "table", "tail", "host"] {
        let (mut store, mut linker) = (store(&engine), Linker::new(&engine));
        linker
            .func("env", "back", |caller: &mut Caller<'_>, n: i32| -> Result<i32, HostError> {
                let instance = caller.instance();
                Ok(instance.func::<i32, i32>(caller, "own")?.call(caller, n)?)
            })
            .unwrap();
        let lib = linker.instantiate(&mut store, &library).unwrap();
        linker.instance("lib", lib).unwrap();
        let instance = linker.instantiate(&mut store, &user).unwrap();
        let expected = |name| match name {
            "import" | "tail" => 12,
            "table" => 14 + 15,
            _ => 15,
        };
        for name in [first, "import", "table", "tail", "host"] {
            assert_eq!(call::<_, i32>(&mut store, instance, name, 5), Ok(expected(name)), "{name}");
        }
    }
}
