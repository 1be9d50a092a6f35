//! Functions that are encoded when they are first called, and given up again.
#![cfg(feature = "interp-lazy")]

mod common;
use common::*;
use std::sync::Barrier;
use std::thread;
use wasmote::*;

fn engine(lazy: bool) -> Engine {
    Engine::new(EngineConfig { lazy, jit: false, ..EngineConfig::default() }).unwrap()
}

fn quotas(code_bytes: usize) -> Quotas {
    Quotas { code_bytes, ..common::quotas() }
}

fn instantiate(engine: &Engine, store: &mut Store, module: &Module) -> Instance {
    Linker::new(engine).instantiate(store, module).unwrap()
}

const RARE: &str = "(block (result i32) (call $fNEXT (i32.add (local.get 0) (i32.const 1))))";

/// A function that calls so many others, one after the other, and adds up what they give.
fn fan(count: u32) -> String {
    let mut text = String::from("(module (func (export \"all\") (param i32) (result i32) (i32.const 0)");
    for at in 0..count {
        text += &format!("(i32.add (call $f{at} (local.get 0)))");
    }
    text += ")";
    for at in 0..count {
        text += &format!(
            "(func $f{at} (export \"f{at}\") (param i32) (result i32)
                (i32.mul (i32.add (local.get 0) (i32.const {at})) (i32.const 1000003)))"
        );
    }
    text + ")"
}

/// What `fan` gives.
fn fan_result(count: i32, n: i32) -> i32 {
    (0..count).fold(0, |sum: i32, at| sum.wrapping_add((n + at).wrapping_mul(1_000_003)))
}

/// The bytes of all functions of a module together.
fn all_bytes(text: &str, name: &str) -> usize {
    let engine = engine(true);
    let mut store = Store::new(&engine, quotas(usize::MAX)).unwrap();
    let instance = instantiate(&engine, &mut store, &module(&engine, text));
    call::<_, i32>(&mut store, instance, name, 5).unwrap();
    store.stats().code_bytes
}

/// A call that makes code is no other call: calls that are nested may be nested as deep, and more of them than are kept.
#[test]
fn first_calls_are_calls() {
    const COUNT: u32 = 40;
    for how in [DIRECT, INDIRECT, TAIL, TAIL_INDIRECT, RARE] {
        let text = chain(COUNT, how);
        let all = all_bytes(&text, "f0");
        for budget in [0, all / 3, all - 1, all, usize::MAX] {
            let engine = engine(true);
            let loaded = module(&engine, &text);
            let mut store = Store::new(&engine, Quotas { call_depth: 1, ..quotas(budget) }).unwrap();
            let instance = instantiate(&engine, &mut store, &loaded);
            assert_eq!(store.stats().functions_encoded, 0);
            let sum = 5 + 7 + COUNT as i32 - 1;
            for _ in 0..3 {
                assert_eq!(call::<_, i32>(&mut store, instance, "f0", 5), Ok(sum), "{how} {budget}");
                assert!(store.stats().code_bytes <= budget, "{how} {budget}");
            }
            let encoded = store.stats().functions_encoded;
            if budget >= all {
                assert_eq!((encoded, store.stats().code_bytes), (COUNT, all), "{how} {budget}");
            } else {
                assert!(encoded > COUNT && encoded <= 3 * COUNT, "{how} {budget}: {encoded}");
            }
            if budget == 0 {
                assert_eq!((encoded, store.stats().code_bytes), (3 * COUNT, 0), "{how}");
            }
        }
    }
}

/// A module that is loaded holds nothing for its functions; a store what they take that were called, and no more than it may.
#[test]
fn code_is_bounded() {
    const COUNT: u32 = 100;
    let text = fan(COUNT);
    let all = all_bytes(&text, "all");
    let (eager, engine) = (engine(false), engine(true));
    let loaded = module(&engine, &text);
    let code = module(&eager, &text).stats();
    assert!(loaded.stats().heap.used + code.code_bytes + COUNT as usize * 16 <= code.heap.used);
    assert_eq!(loaded.code_bytes(), 0);
    for budget in [all / 10, all / 2, all] {
        let mut store = Store::new(&engine, quotas(budget)).unwrap();
        let instance = instantiate(&engine, &mut store, &loaded);
        let before = store.stats().heap.used;
        for n in 0..4 {
            assert_eq!(call::<_, i32>(&mut store, instance, "all", n), Ok(fan_result(COUNT as i32, n)));
            let stats = store.stats();
            assert!(stats.code_bytes <= budget, "{stats:?}");
        }
        // The list of the functions is as long as it was once, and a half.
        let (stats, lists) = (store.stats(), 3 * 48 * COUNT as usize);
        assert!(stats.heap.peak - before <= budget + lists, "{stats:?} {before} {budget}");
        assert_eq!(stats.functions_encoded > COUNT + 1, budget < all, "{stats:?}");
    }
}

/// A function that is called again and again stays, although it was encoded before the others that come and go.
#[test]
fn what_is_called_often_stays() {
    const COUNT: u32 = 50;
    let body = |hot: bool| {
        let mut text = String::from(
            r#"(module (func $hot (param i32) (result i32) (i32.mul (local.get 0) (i32.const 7)))
                (func (export "all") (param i32) (result i32) (i32.const 0)"#,
        );
        for at in 0..COUNT {
            let argument = if hot { "(call $hot (local.get 0))" } else { "(local.get 0)" };
            text += &format!("(i32.add (call $f{at} {argument}))");
        }
        text += ")";
        for at in 0..COUNT {
            text +=
                &format!("(func $f{at} (param i32) (result i32) (i32.add (local.get 0) (i32.const {at})))");
        }
        text + ")"
    };
    let all = all_bytes(&body(true), "all");
    let encoded = |hot: bool| {
        let engine = engine(true);
        let mut store = Store::new(&engine, quotas(all / 2)).unwrap();
        let instance = instantiate(&engine, &mut store, &module(&engine, &body(hot)));
        for n in 0..10 {
            let sum = (0..COUNT as i32).map(|at| if hot { 7 * n + at } else { n + at }).sum();
            assert_eq!(call::<_, i32>(&mut store, instance, "all", n), Ok(sum));
        }
        store.stats().functions_encoded
    };
    // The others come again and again, each time the first time.
    let others = encoded(false);
    assert_eq!(others, 1 + 10 * COUNT);
    // It is given up once at most: when nothing was known of any.
    assert!((1..=2).contains(&(encoded(true) - others)), "{others} {}", encoded(true));
}

/// A function that needs the room of many: these go, and no more than that; and what runs stays, wherever the hand is.
#[test]
fn many_go_for_one() {
    const COUNT: u32 = 60;
    let large = "(local.set 0 (i32.mul (i32.add (local.get 0) (i32.const 3)) (i32.const 5)))".repeat(100);
    let text = fan(COUNT).replacen(
        "(module",
        &format!(
            r#"(module (func $large (export "large") (param i32) (result i32) {large} (local.get 0))
            (func (export "both") (param i32) (result i32)
                (i32.add (call $all (call $large (local.get 0))) (call $all (call $large (i32.const 9)))))"#
        ),
        1,
    );
    let text = text.replace("(func (export \"all\")", "(func $all (export \"all\")");
    let large = |n: i32| (0..100).fold(n, |n, _| n.wrapping_add(3).wrapping_mul(5));
    let all = |n| fan_result(COUNT as i32, n);
    let both = |n| all(large(n)).wrapping_add(all(large(9)));
    let [small, large_bytes] = ["all", "large"].map(|name| all_bytes(&text, name));
    for budget in [large_bytes, large_bytes + small / 3, small, large_bytes + small] {
        let engine = engine(true);
        let mut store = Store::new(&engine, quotas(budget)).unwrap();
        let instance = instantiate(&engine, &mut store, &module(&engine, &text));
        for n in 0..3 {
            assert_eq!(call::<_, i32>(&mut store, instance, "all", n), Ok(all(n)), "{budget}");
            assert_eq!(call::<_, i32>(&mut store, instance, "large", n), Ok(large(n)), "{budget}");
            assert_eq!(call::<_, i32>(&mut store, instance, "both", n), Ok(both(n)), "{budget}");
            assert!(store.stats().code_bytes <= budget, "{budget}");
        }
    }
    // With room for all but a little, few of those that are called again have been given up.
    let engine = engine(true);
    let mut store = Store::new(&engine, quotas(large_bytes + small - small / 4)).unwrap();
    let instance = instantiate(&engine, &mut store, &module(&engine, &text));
    for name in ["all", "large", "all"] {
        call::<_, i32>(&mut store, instance, name, 1).unwrap();
    }
    let encoded = store.stats().functions_encoded;
    assert!(encoded > COUNT + 2 && encoded < 2 * COUNT, "{encoded}");
}

/// What is valid is known when the module is loaded.
#[test]
fn everything_is_validated() {
    let engine = engine(true);
    let bytes = wasm("(module (func (export \"f\")) (func (drop (i32.add (i32.const 1) (i32.const 2)))))");
    let mut wrong = bytes.clone();
    let add = wrong.iter().rposition(|&byte| byte == 0x6A).unwrap();
    wrong[add] = 0x01;
    assert!(Module::from_copy(&engine, &bytes).is_ok());
    assert!(matches!(Module::from_copy(&engine, &wrong), Err(Error::Load(_))));
}

/// Recursion through functions that would be given up if they did not run, with others in between that are.
#[test]
fn what_runs_stays() {
    let text = r#"(module
        (func $leaf1 (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func $leaf2 (param i32) (result i32) (i32.add (local.get 0) (i32.const 2)))
        (func $even (export "even") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
                (else
                    (call $leaf1 (call $leaf2 (i32.add
                        (call $odd (i32.sub (call $leaf1 (local.get 0)) (i32.const 2)))
                        (call $leaf2 (i32.const 0))))))))
        (func $odd (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
                (else (call $leaf2 (call $leaf1
                    (call $even (i32.sub (call $leaf2 (local.get 0)) (i32.const 3)))))))))"#;
    let expected = {
        let engine = engine(false);
        let mut store = Store::new(&engine, quotas(0)).unwrap();
        let instance = instantiate(&engine, &mut store, &module(&engine, text));
        call::<_, i32>(&mut store, instance, "even", 100).unwrap()
    };
    for budget in [0, 200, 400, usize::MAX] {
        let engine = engine(true);
        let mut store = Store::new(&engine, quotas(budget)).unwrap();
        let instance = instantiate(&engine, &mut store, &module(&engine, text));
        for _ in 0..2 {
            assert_eq!(call::<_, i32>(&mut store, instance, "even", 100), Ok(expected));
        }
        let encoded = store.stats().functions_encoded;
        assert_eq!(encoded > 300, budget <= 200, "{encoded} {budget}");
        assert_eq!(encoded == 4, budget >= 400, "{encoded} {budget}");
    }
}

/// Functions of another instance, by import and by table; what the host calls back while its caller waits; and a start function.
#[test]
fn calls_from_elsewhere() {
    let library = chain(3, DIRECT);
    let user = r#"(module (import "lib" "f2" (func $f2 (param i32) (result i32)))
            (import "lib" "f0" (func $f0 (param i32) (result i32)))
            (import "env" "back" (func $back (param i32) (result i32)))
            (type $n (func (param i32) (result i32)))
            (table $t 4 funcref) (elem (i32.const 0) $f0 $own $f2)
            (global $started (mut i32) (i32.const 0))
            (func $own (export "own") (type $n) (i32.mul (local.get 0) (i32.const 3)))
            (func $started (global.set $started (call $own (i32.const 33))))
            (start $started)
            (func (export "started") (type $n) (global.get $started))
            (func (export "import") (type $n) (call $f2 (local.get 0)))
            (func (export "table") (type $n)
                (i32.add (call_indirect (type $n) (local.get 0) (i32.const 0))
                    (call_indirect (type $n) (local.get 0) (i32.const 1))))
            (func (export "tail") (type $n)
                (return_call_indirect (type $n) (local.get 0) (i32.const 2)))
            (func (export "tail host") (type $n) (return_call $back (local.get 0)))
            (func (export "set") (type $n)
                (table.set $t (i32.const 3) (ref.func $own))
                (call_indirect (type $n) (call $f0 (local.get 0)) (i32.const 3)))
            (func (export "host") (type $n)
                (i32.add (i32.add (call $back (local.get 0)) (call $f0 (i32.const 1)))
                    (i32.add (call $back (i32.const 2)) (local.get 0)))))"#;
    const NAMES: [&str; 7] = ["import", "table", "tail", "tail host", "set", "host", "started"];
    for first in NAMES {
        for budget in [0, 300, usize::MAX] {
            let engine = engine(true);
            // A call back nests; a call from one instance to another only where that may have native code.
            let nested = u32::from(first.ends_with("host")) + u32::from(cfg!(feature = "jit"));
            let quotas = Quotas { call_depth: 1 + nested, ..quotas(budget) };
            let mut store = Store::new(&engine, quotas).unwrap();
            let mut linker = Linker::new(&engine);
            linker
                .func("env", "back", |caller: &mut Caller<'_>, n: i32| -> Result<i32, HostError> {
                    let instance = caller.instance();
                    let mut sum = 0;
                    for name in ["own", "import", "own"] {
                        sum += instance.func::<i32, i32>(caller, name)?.call(caller, n)?;
                    }
                    Ok(sum)
                })
                .unwrap();
            let lib = linker.instantiate(&mut store, &module(&engine, &library)).unwrap();
            linker.instance("lib", lib).unwrap();
            let instance = linker.instantiate(&mut store, &module(&engine, user)).unwrap();
            let back = |n| 3 * n + n + 7 + 3 * n;
            let expected = |name| match name {
                "import" | "tail" => 12,
                "table" => 14 + 15,
                "tail host" => back(5),
                "set" => 3 * 14,
                "started" => 99,
                _ => back(5) + 10 + back(2) + 5,
            };
            for name in [first].into_iter().chain(NAMES) {
                if first.ends_with("host") || !name.ends_with("host") {
                    assert_eq!(
                        call::<_, i32>(&mut store, instance, name, 5),
                        Ok(expected(name)),
                        "{name} {budget}"
                    );
                    assert!(store.stats().code_bytes <= budget);
                }
            }
        }
    }
}

/// Where a trap was is known, although the words may be gone by the time of asking; and fuel is what it is without giving up.
#[test]
fn traps_and_fuel_are_the_same() {
    let text = r#"(module (import "env" "back" (func $back (param i32) (result i32)))
        (type $n (func (param i32) (result i32)))
        (memory 1) (table 3 funcref) (elem (i32.const 0) $divide $deep)
        (func $divide (export "divide") (type $n) (i32.div_s (i32.const 7) (local.get 0)))
        (func $spin (type $n) (loop (br 0)) (unreachable))
        (func $deep (export "deep") (type $n) (i32.add (call $deep (local.get 0)) (i32.const 1)))
        (func $load (type $n) (i32.load (i32.sub (call $divide (i32.const 1)) (i32.const 9))))
        (func $one (type $n) (i32.add (call $divide (local.get 0)) (call $load (local.get 0))))
        (func (export "two") (type $n) (drop (call $divide (i32.const 5))) (call $one (local.get 0)))
        (func (export "spin") (type $n) (drop (call $divide (i32.const 5))) (call $spin (local.get 0)))
        (func (export "host") (type $n)
            (i32.add (call $divide (i32.const 3)) (call $back (local.get 0))))
        (func (export "tail") (type $n) (drop (call $divide (i32.const 4))) (return_call $one (local.get 0)))
        (func (export "null") (type $n) (call_indirect (type $n) (local.get 0) (i32.const 2)))
        (func (export "fine") (type $n) (i32.add (call $divide (i32.const 2)) (call $divide (i32.const 3)))))"#;
    let run = |lazy: bool, budget: usize| {
        let engine = engine(lazy);
        let mut store = Store::new(&engine, Quotas { fuel: 100_000, ..quotas(budget) }).unwrap();
        let mut linker = Linker::new(&engine);
        linker
            .func("env", "back", |caller: &mut Caller<'_>, n: i32| -> Result<i32, HostError> {
                let instance = caller.instance();
                instance.func::<i32, i32>(caller, "fine")?.call(caller, n)?;
                Ok(instance.func::<i32, i32>(caller, "divide")?.call(caller, n)?)
            })
            .unwrap();
        let instance = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
        let mut seen = Vec::new();
        for (name, n) in [
            ("two", 0),
            ("two", 1),
            ("host", 0),
            ("host", 1),
            ("tail", 0),
            ("tail", 1),
            ("null", 0),
            ("deep", 0),
            ("fine", 0),
            ("spin", 0),
            ("two", 1),
        ] {
            let result = call::<_, i32>(&mut store, instance, name, n);
            let frames: Vec<_> = store
                .backtrace()
                .frames()
                .iter()
                .map(|frame| {
                    let found = store.resolve(frame).unwrap();
                    (found.func, found.offset, frame.instance)
                })
                .collect();
            assert_eq!(result.is_err(), !frames.is_empty());
            assert!(frames.iter().all(|(_, offset, _)| offset.is_some()));
            seen.push((name, result, frames, instance.fuel(&store).unwrap()));
        }
        seen
    };
    let eager = run(false, 0);
    for budget in [0, 150, 400, usize::MAX] {
        assert_eq!(run(true, budget), eager, "{budget}");
    }
}

/// Each allocation of a call fails in turn: functions that do not run are given up for it, and nothing is left behind.
#[test]
fn heap_is_used_up() {
    let text = fan(6);
    let mut given_up = 0;
    for n in 1..100 {
        let engine = engine(true);
        let baseline = engine.stats().used;
        {
            let loaded = module(&engine, &text);
            let mut store = Store::new(&engine, quotas(usize::MAX)).unwrap();
            let instance = instantiate(&engine, &mut store, &loaded);
            engine.heap().fail_after(n);
            let called = call::<_, i32>(&mut store, instance, "all", 5);
            engine.heap().fail_after(0);
            assert_eq!(called, Ok(fan_result(6, 5)), "allocation {n}");
            assert_eq!(call::<_, i32>(&mut store, instance, "all", 5), Ok(fan_result(6, 5)));
            given_up += store.stats().functions_encoded - 7;
        }
        assert_eq!(engine.stats().used, baseline, "allocation {n}");
    }
    assert!(given_up > 50, "{given_up}");
}

/// A quota of the heap that does not hold all functions: what runs one after the other does, what is nested traps.
#[test]
fn heap_quota_bounds_what_runs() {
    const COUNT: u32 = 60;
    let (text, nested) = (fan(COUNT), chain(COUNT, DIRECT));
    let all = all_bytes(&text, "all");
    let engine = engine(true);
    let used = |text: &str| {
        let mut store = Store::new(&engine, quotas(usize::MAX)).unwrap();
        instantiate(&engine, &mut store, &module(&engine, text));
        store.stats().heap.used
    };
    let quotas = |heap_bytes| Quotas { heap_bytes, ..quotas(usize::MAX) };
    let mut store = Store::new(&engine, quotas(used(&text) + all / 2)).unwrap();
    let instance = instantiate(&engine, &mut store, &module(&engine, &text));
    for n in 0..3 {
        assert_eq!(call::<_, i32>(&mut store, instance, "all", n), Ok(fan_result(COUNT as i32, n)));
    }
    assert!(store.stats().functions_encoded > COUNT + 1);
    let all = all_bytes(&nested, "f0");
    let mut store = Store::new(&engine, quotas(used(&nested) + all / 2)).unwrap();
    let instance = instantiate(&engine, &mut store, &module(&engine, &nested));
    for _ in 0..2 {
        assert_eq!(call::<_, i32>(&mut store, instance, "f0", 5), Err(Error::Trap(Trap::NotCompiled)));
        assert!(store.backtrace().truncated());
        assert_eq!(call::<_, i32>(&mut store, instance, "f50", 5), Ok(5 + 7 + 9));
    }
}

/// Threads whose instances share a module call its functions in different orders, and give them up.
#[test]
fn threads_share_no_code() {
    const THREADS: u32 = 4;
    const COUNT: u32 = 24;
    for how in [DIRECT, INDIRECT, TAIL] {
        let text = chain(COUNT, how);
        let all = all_bytes(&text, "f0");
        let engine = engine(true);
        let loaded = module(&engine, &text);
        let barrier = Barrier::new(THREADS as usize);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (engine, loaded, barrier) = (&engine, &loaded, &barrier);
                scope.spawn(move || {
                    let budget = all * number as usize / 4;
                    let mut store = Store::new(engine, quotas(budget)).unwrap();
                    let instance = instantiate(engine, &mut store, loaded);
                    barrier.wait();
                    for at in 0..COUNT * 4 {
                        let at = (at * 7 + number * 5) % COUNT;
                        let result = call::<_, i32>(&mut store, instance, &format!("f{at}"), 5);
                        assert_eq!(result, Ok(5 + 7 + (COUNT - 1 - at) as i32), "f{at}");
                        assert!(store.stats().code_bytes <= budget);
                    }
                });
            }
        });
    }
}
