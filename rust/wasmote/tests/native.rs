//! Native code, and functions of both engines that call each other.
#![cfg(all(feature = "jit", feature = "interp"))]

mod common;
use common::*;
use wasmote::*;

fn with(jit: bool, code_limit: usize) -> Engine {
    Engine::new(EngineConfig { jit, code_limit, lazy: false, ..EngineConfig::default() }).unwrap()
}

fn lazily(code_limit: usize) -> Engine {
    Engine::new(EngineConfig { code_limit, lazy: true, ..EngineConfig::default() }).unwrap()
}

fn native_bytes(module: &Module) -> usize {
    module.stats().native_code_bytes
}

/// Engines with room for all of the module's native code, for less and less of it, and for none. Where there is no room
/// for a function there still may be for later ones, so that many of the possible mixtures are among these. Those that
/// compile lazily have room for what is called first.
fn engines(text: &str) -> Vec<Engine> {
    let all = native_bytes(&module(&with(true, usize::MAX), text));
    let mut engines: Vec<_> = (0..all).step_by(160).chain([all]).map(|limit| with(true, limit)).collect();
    let mut sizes: Vec<_> = engines.iter().map(|engine| native_bytes(&module(engine, text))).collect();
    assert_eq!((sizes[0], *sizes.last().unwrap()), (0, all));
    sizes.sort_unstable();
    sizes.dedup();
    assert!(sizes.len() > 5, "{sizes:?}");
    if cfg!(feature = "jit-lazy") {
        let stubs = native_bytes(&module(&lazily(usize::MAX), text));
        assert!((1..all).contains(&stubs), "{stubs} {all}");
        engines.extend((0..=all).step_by(160).map(|more| lazily(stubs + more)));
    }
    engines
}

/// What is observed of a call: how it ended, the backtrace, and the fuel left.
#[derive(PartialEq, Debug)]
struct Seen {
    ended: Result<Vec<Value>, Error>,
    trace: Vec<(u32, Option<u32>)>,
    fuel: u64,
}

fn see(store: &mut Store, instance: Instance, name: &str, args: &[Value]) -> Seen {
    let func = instance.func_dyn(store, name).unwrap();
    let types: Vec<_> = func.ty(store).unwrap().results().collect();
    let mut results: Vec<_> = types.into_iter().map(Value::zero).collect();
    let ended = func.call(store, args, &mut results).map(|()| results);
    let frames = store.backtrace().frames();
    let place = |frame| store.resolve(frame).map(|place| (place.func, place.offset)).unwrap();
    Seen { ended, trace: frames.iter().map(place).collect(), fuel: instance.fuel(store).unwrap() }
}

/// The host functions of these tests: `back` calls the export `half`, `interrupt` interrupts who calls.
fn linker(engine: &Engine) -> Linker<'static> {
    let mut linker = Linker::new(engine);
    linker
        .func("env", "back", |caller: &mut Caller<'_>, n: i32| -> Result<i32, HostError> {
            let instance = caller.instance();
            Ok(instance.func::<i32, i32>(caller, "half")?.call(caller, n)?)
        })
        .unwrap();
    linker
        .func("env", "interrupt", |caller: &mut Caller<'_>| {
            let instance = caller.instance();
            instance.interrupt_handle(caller).unwrap().interrupt();
        })
        .unwrap();
    linker
}

/// Calls these exports, each with these numbers, in instances of all mixtures: it goes as in the interpreter.
fn the_same_everywhere(text: &str, calls: &[(&str, &[i32])]) -> Vec<Seen> {
    let run = |engine: &Engine| {
        // From one engine to the other it takes a nested call.
        let quotas = Quotas { fuel: 1_000_000, call_depth: 100, ..quotas() };
        let mut store = Store::new(engine, quotas).unwrap();
        let instance = linker(engine).instantiate(&mut store, &module(engine, text)).unwrap();
        let mut seen = Vec::new();
        for (name, numbers) in calls {
            for &number in *numbers {
                seen.push(see(&mut store, instance, name, &[Value::I32(number)]));
            }
        }
        seen
    };
    let all = || {
        let interpreted = run(&with(false, usize::MAX));
        for (number, engine) in engines(text).iter().enumerate() {
            for (at, (a, b)) in interpreted.iter().zip(run(engine)).enumerate() {
                assert_eq!(*a, b, "mixture {number}, call {at}");
            }
        }
        interpreted
    };
    // In debug builds the interpreter's frame on the native stack has 12 KB.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, all);
        thread.unwrap().join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

const CALLS: &str = r#"(module
    (import "env" "back" (func $back (param i32) (result i32)))
    (type $n (func (param i32) (result i32)))
    (memory 1 4) (global $g (mut i64) (i64.const 0))
    (table 8 funcref) (elem (i32.const 0) $down $half $swap $grow $back)
    (func $half (export "half") (type $n)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
            (else (i32.add (i32.const 1) (call $down (i32.shr_u (local.get 0) (i32.const 1)))))))
    (func $down (export "down") (type $n)
        (global.set $g (i64.add (global.get $g) (i64.extend_i32_u (local.get 0))))
        (i32.store (i32.mul (i32.and (local.get 0) (i32.const 255)) (i32.const 4)) (local.get 0))
        (if (result i32) (i32.le_s (local.get 0) (i32.const 0)) (then (i32.const 7))
            (else (i32.xor (local.get 0)
                (call_indirect (type $n) (i32.sub (local.get 0) (i32.const 1))
                    (i32.rem_u (local.get 0) (i32.const 5)))))))
    (func $many (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64) (result i64 f64 i32 f32 i64)
        (i64.add (local.get 1) (local.get 9))
        (f64.sub (local.get 3) (local.get 7))
        (call $half (local.get 8))
        (f32.mul (local.get 2) (local.get 6))
        (i64.xor (local.get 5) (i64.extend_i32_s (i32.add (local.get 0) (local.get 4)))))
    (func $swap (export "swap") (type $n) (local i64 f32 i32 f64 i64)
        (call $many (local.get 0) (i64.const 0x123456789) (f32.const 1.5) (f64.const 2.25) (i32.const 5)
            (i64.const -3) (f32.convert_i32_s (local.get 0)) (f64.const 1e300) (local.get 0) (i64.const 11))
        (local.set 1) (local.set 2) (local.set 3) (local.set 4) (local.set 5)
        (i32.add (i32.add (i32.wrap_i64 (local.get 1)) (i32.reinterpret_f32 (local.get 2)))
            (i32.add (i32.add (local.get 3) (i32.wrap_i64 (i64.reinterpret_f64 (local.get 4))))
                (i32.wrap_i64 (i64.shr_u (local.get 5) (i64.const 4))))))
    ;; The memory moves while callers know where it was.
    (func $grow (export "grow") (type $n) (local $old i32)
        (local.set $old (memory.grow (i32.const 1)))
        (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (local.get 0))
        (i32.add (local.get $old) (call $down (i32.shr_u (local.get 0) (i32.const 2)))))
    (func (export "after") (type $n) (local $sum i32)
        (local.set $sum (call $grow (local.get 0)))
        (i32.add (local.get $sum) (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))))
    (func (export "global") (param i32) (result i64) (drop (call $down (local.get 0))) (global.get $g)))"#;

#[test]
fn calls_in_both_directions() {
    let numbers: Vec<i32> = (0..18).collect();
    let names = ["half", "down", "swap", "grow", "after", "global"];
    let seen = the_same_everywhere(CALLS, &names.map(|name| (name, &numbers[..])));
    assert!(seen.iter().filter(|seen| seen.ended.is_ok()).count() > 80);
}

#[test]
fn tail_calls_in_both_directions() {
    let text = r#"(module
        (import "env" "back" (func $back (param i32) (result i32)))
        (type $two (func (param i32 i64) (result i64))) (type $six (func (param i64 i64 i32 i64 i32 i64) (result i64)))
        (table 4 funcref) (elem (i32.const 0) $even $odd $wide)
        (func (export "half") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func $even (type $two)
            (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
                (else (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))))))
        (func $odd (type $two)
            (if (result i64) (i32.eqz (local.get 0)) (then (i64.sub (i64.const 0) (local.get 1)))
                (else (return_call $wide (i64.const 1) (local.get 1) (i32.sub (local.get 0) (i32.const 1))
                    (i64.mul (local.get 1) (i64.const 5)) (i32.const 4) (i64.const 6)))))
        (func $wide (type $six)
            (return_call_indirect (type $two) (local.get 2)
                (i64.add (local.get 1) (i64.add (local.get 3) (i64.mul (local.get 0) (local.get 5))))
                (i32.and (local.get 2) (i32.const 1))))
        (func (export "run") (param i32) (result i64)
            (i64.add (i64.const 1) (call $even (local.get 0) (i64.const 2))))
        (func (export "tail") (param i32) (result i64) (return_call $odd (local.get 0) (i64.const 9)))
        (func (export "host") (param i32) (result i32) (return_call $back (local.get 0)))
        (func (export "wrong") (param i32) (result i64)
            (return_call_indirect (type $two) (i32.const 1) (i64.const 1) (local.get 0))))"#;
    let numbers = [0, 1, 2, 3, 4, 5, 20, 31];
    let calls: [(&str, &[i32]); 4] =
        [("run", &numbers), ("tail", &numbers), ("host", &[3]), ("wrong", &[0, 1, 2, 3, 4])];
    let seen = the_same_everywhere(text, &calls);
    assert!(seen[..17].iter().all(|seen| seen.ended.is_ok()), "{seen:?}");
    // Within an engine, far more than there is stack for.
    for jit in [false, true] {
        let engine = with(jit, usize::MAX);
        let mut store = store(&engine);
        let instance = linker(&engine).instantiate(&mut store, &module(&engine, text)).unwrap();
        for name in ["run", "tail"] {
            assert!(call::<_, i64>(&mut store, instance, name, 100_001).is_ok(), "{name}");
        }
    }
}

/// The frame that a tail call takes the place of is in no backtrace, whoever is called: one of the same instance, the host, or a
/// function that the host calls.
#[test]
fn tail_calls_that_trap() {
    let text = r#"(module
        (import "env" "back" (func $back (param i32) (result i32)))
        (type $n (func (param i32) (result i32)))
        (table 4 funcref) (elem (i32.const 0) $back $half)
        (func $half (export "half") (type $n) (unreachable))
        (func $own (type $n) (return_call $half (local.get 0)))
        (func $own_by_table (type $n) (return_call_indirect (type $n) (local.get 0) (i32.const 1)))
        (func $host (type $n) (return_call $back (local.get 0)))
        (func $host_by_table (type $n) (return_call_indirect (type $n) (local.get 0) (i32.const 0)))
        (func $wrong (type $n) (return_call_indirect (type $n) (local.get 0) (i32.const 2)))
        (func (export "own") (type $n) (i32.add (call $own (local.get 0)) (i32.const 1)))
        (func (export "own by table") (type $n) (i32.add (call $own_by_table (local.get 0)) (i32.const 1)))
        (func (export "host") (type $n) (i32.add (call $host (local.get 0)) (i32.const 1)))
        (func (export "host by table") (type $n) (i32.add (call $host_by_table (local.get 0)) (i32.const 1)))
        (func (export "wrong") (type $n) (i32.add (call $wrong (local.get 0)) (i32.const 1))))"#;
    let names = ["own", "own by table", "host", "host by table", "wrong"];
    let seen = the_same_everywhere(text, &names.map(|name| (name, &[7][..])));
    let frames: Vec<Vec<u32>> =
        seen.iter().map(|seen| seen.trace.iter().map(|&(func, _)| func).collect()).collect();
    assert_eq!(frames, [vec![1, 7], vec![1, 8], vec![1, 9], vec![1, 10], vec![6, 11]]);
}

#[test]
fn traps_through_frames_of_both() {
    let text = r#"(module
        (import "env" "back" (func $back (param i32) (result i32)))
        (type $n (func (param i32) (result i32)))
        (memory 1) (table 6 funcref) (elem (i32.const 0) $a $b $c $half)
        (func $next (type $n)
            (call_indirect (type $n) (i32.sub (local.get 0) (i32.const 1)) (i32.and (local.get 0) (i32.const 3))))
        (func $a (export "a") (type $n)
            (if (result i32) (i32.eqz (local.get 0)) (then (unreachable)) (else (call $next (local.get 0)))))
        (func $b (type $n)
            (i32.load offset=65530 (i32.shr_u (i32.const 8) (local.get 0)))
            (i32.add (call $a (i32.sub (local.get 0) (i32.const 1)))))
        (func $c (type $n) (i32.div_s (call $next (local.get 0)) (i32.sub (local.get 0) (i32.const 6))))
        (func $half (export "half") (type $n)
            (i32.trunc_f32_s (f32.div (f32.const 1) (f32.convert_i32_s (local.get 0))))
            (i32.add (call $next (local.get 0))))
        (func (export "run") (type $n) (i32.add (call $c (local.get 0)) (i32.const 1)))
        (func (export "host") (type $n) (i32.add (call $back (local.get 0)) (i32.const 1)))
        (func (export "null") (type $n) (call_indirect (type $n) (i32.const 1) (local.get 0))))"#;
    let numbers: Vec<i32> = (0..8).collect();
    let calls: [(&str, &[i32]); 5] =
        [("run", &numbers), ("host", &numbers), ("null", &[4, 5, 6, -1]), ("a", &[0]), ("half", &[0])];
    let seen = the_same_everywhere(text, &calls);
    for trap in [
        Trap::Unreachable,
        Trap::MemoryOutOfBounds,
        Trap::IntegerOverflow,
        Trap::IndirectCallToNull,
        Trap::TableOutOfBounds,
    ] {
        let found = seen.iter().find(|seen| seen.ended == Err(Error::Trap(trap)));
        assert!(found.is_some_and(|seen| !seen.trace.is_empty()), "{trap:?}: {seen:?}");
    }
    assert!(seen.iter().any(|seen| seen.trace.len() > 6));
}

const ENDLESS: &str = r#"(module
    (import "env" "interrupt" (func $interrupt))
    (global $rounds (mut i32) (i32.const 0))
    (func $one (param i32) (result i32) (call $two (i32.add (local.get 0) (i32.const 1))))
    (func $two (param i32) (result i32) (call $three (i32.sub (local.get 0) (i32.const 1))))
    (func $three (param i32) (result i32)
        (global.set $rounds (i32.add (global.get $rounds) (i32.const 1)))
        (if (i32.eq (global.get $rounds) (local.get 0)) (then (call $interrupt)))
        (i32.add (local.get 0) (i32.const 0)))
    (func $loop (param i32)
        (loop (drop (call $one (local.get 0))) (br 0)))
    (func (export "loop") (param i32) (global.set $rounds (i32.const 0)) (call $loop (local.get 0)))
    (func $deep (param i32) (result i32) (i32.add (call $deeper (local.get 0)) (i32.const 1)))
    (func $deeper (param i32) (result i32) (i32.mul (call $deep (local.get 0)) (i32.const 3)))
    (func (export "recursive") (param i32) (result i32) (call $deep (local.get 0)))
    (func (export "rounds") (param i32) (result i32) (global.get $rounds)))"#;

#[test]
fn both_are_interrupted() {
    for engine in engines(ENDLESS) {
        let mut store = store(&engine);
        let instance = linker(&engine).instantiate(&mut store, &module(&engine, ENDLESS)).unwrap();
        let interrupted = Err(Error::Trap(Trap::Interrupted));
        for rounds in [1, 2, 1000] {
            assert_eq!(call::<_, ()>(&mut store, instance, "loop", rounds), interrupted);
            // Nothing goes on before that is taken back.
            assert_eq!(call::<_, i32>(&mut store, instance, "rounds", 0).map(drop), interrupted);
            instance.interrupt_handle(&store).unwrap().clear();
            let done: i32 = call(&mut store, instance, "rounds", 0).unwrap();
            // It was seen at once, or in the next round.
            assert!((rounds..=rounds + 1).contains(&done), "{rounds} {done}");
        }
    }
}

#[test]
fn both_run_out_of_fuel_and_stack() {
    let seen = |engine: &Engine, fuel| {
        let mut store = Store::new(engine, Quotas { fuel, ..quotas() }).unwrap();
        let instance = linker(engine).instantiate(&mut store, &module(engine, ENDLESS)).unwrap();
        let mut seen = see(&mut store, instance, "loop", &[Value::I32(-1)]);
        seen.trace.clear();
        instance.set_fuel(&mut store, u64::MAX).unwrap();
        (seen, call::<_, i32>(&mut store, instance, "rounds", 0).unwrap())
    };
    let interpreter = with(false, 0);
    for engine in engines(ENDLESS) {
        for fuel in (0..60).step_by(4).chain([1000]) {
            assert_eq!(seen(&engine, fuel), seen(&interpreter, fuel), "{fuel}");
        }
        let mut store = store(&engine);
        let instance = linker(&engine).instantiate(&mut store, &module(&engine, ENDLESS)).unwrap();
        let exhausted = Err(Error::Trap(Trap::StackOverflow));
        assert_eq!(call::<_, i32>(&mut store, instance, "recursive", 0), exhausted);
        assert!(!store.backtrace().frames().is_empty());
        assert_eq!(call::<_, i32>(&mut store, instance, "rounds", 0), Ok(0));
    }
}

/// Code of modules that are gone makes room for others; what an instance runs is not gone.
#[test]
fn dropped_modules_give_the_room_back() {
    let all = native_bytes(&module(&with(true, usize::MAX), CALLS));
    assert!(all > 1000, "{all}");
    let engine = with(true, all);
    let first = module(&engine, CALLS);
    assert_eq!(native_bytes(&first), all);
    assert_eq!(native_bytes(&module(&engine, CALLS)), 0);
    let mut store = store(&engine);
    let instance = linker(&engine).instantiate(&mut store, &first).unwrap();
    drop(first);
    assert_eq!(native_bytes(&module(&engine, CALLS)), 0);
    assert!(call::<_, i32>(&mut store, instance, "half", 9).is_ok());
    drop(store);
    for _ in 0..3 {
        assert_eq!(native_bytes(&module(&engine, CALLS)), all);
    }
}

#[test]
fn an_allocation_that_fails_while_loading_leaves_nothing() {
    let bytes = wasm(CALLS);
    let all = native_bytes(&module(&with(true, usize::MAX), CALLS));
    for limit in [all, all * 2 / 3, all / 3] {
        let engine = with(true, limit);
        let (baseline, native) = (engine.stats().used, native_bytes(&module(&engine, CALLS)));
        let mut failures = 0;
        // Without memory to note where native code lies, there is none; that is no failure.
        let mut complete = 0;
        let mut n = 1;
        while complete < 3 {
            engine.heap().fail_after(n);
            let loaded = Module::from_copy(&engine, &bytes);
            engine.heap().fail_after(0);
            match loaded {
                Ok(module) => complete += u32::from(native_bytes(&module) == native),
                Err(error) => {
                    assert_eq!(error, Error::OutOfMemory, "allocation {n}");
                    failures += 1;
                }
            }
            assert_eq!(engine.stats().used, baseline, "allocation {n}");
            n += 1;
        }
        assert!(failures > 10, "{failures}");
        assert_eq!(native_bytes(&module(&engine, CALLS)), native);
    }
}

/// A host function with more results than its caller's frame has cells of its own.
struct Many(Vec<u8>);

impl HostCall for Many {
    fn ty(&self) -> FuncType<'_> {
        FuncType::read(&self.0).unwrap()
    }

    fn call(&self, _: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        cells.fill(1);
        Ok(())
    }
}

/// Whatever the stack has left: the runtime asserts that the host function's cells are within it.
#[test]
fn results_of_host_functions_fit() {
    let results = "i64 ".repeat(60);
    let text = format!(
        r#"(module (import "env" "many" (func $many (result {results})))
            (type $many (func (result {results}))) (table funcref (elem $many))
            (func (export "tail") (param i32) (result {results})
                (if (i32.eqz (local.get 0)) (then (call $many) (return_call $many)))
                (return_call $down (i32.sub (local.get 0) (i32.const 1))))
            (func (export "indirect") (param i32) (result {results})
                (if (i32.eqz (local.get 0)) (then (call $many) (return_call_indirect (type $many) (i32.const 0))))
                (return_call $down (i32.sub (local.get 0) (i32.const 1))))
            (func $down (param i32) (result {results})
                (if (i32.eqz (local.get 0)) (then (call $many) (return_call $many)))
                (call $down (i32.sub (local.get 0) (i32.const 1)))))"#
    );
    let ty = [&[0, 60][..], &[0x7E; 60]].concat();
    for engine in [with(false, 0), with(true, usize::MAX)] {
        let module = module(&engine, &text);
        let (mut fitted, mut full) = (0, 0);
        for stack_bytes in (512..3072).step_by(4) {
            let mut store = Store::new(&engine, Quotas { stack_bytes, ..quotas() }).unwrap();
            let mut linker = Linker::new(&engine);
            linker.host("env", "many", Many(ty.clone())).unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            for name in ["tail", "indirect"] {
                for depth in 0..4 {
                    match see(&mut store, instance, name, &[Value::I32(depth)]).ended {
                        Ok(values) => {
                            assert!(values.iter().all(|&value| value == Value::I64(0x1_0000_0001)));
                            fitted += 1;
                        }
                        Err(error) => {
                            assert_eq!(error, Error::Trap(Trap::StackOverflow));
                            full += 1;
                        }
                    }
                }
            }
        }
        assert!(fitted > 1000 && full > 50, "{fitted} {full}");
    }
}
