//! Fuel, interruption.

mod common;
use common::*;
use wasmote::*;

const LOOP: &str = r#"(module
    (func (export "loop") (param i32) (result i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 0))
    (func (export "forever") (loop (br 0)))
    (func $r (export "recursive") (call $r))
    (func (export "line") (result i32) (i32.add (i32.const 1) (i32.const 2))))"#;

#[test]
fn fuel_is_exact() {
    let (mut store, instance) = instantiate_with(&Quotas { fuel: 1000, ..quotas() }, LOOP).unwrap();
    assert_eq!(instance.fuel(&store), Ok(1000));
    // Three operators.
    call::<(), i32>(&mut store, instance, "line", ()).unwrap();
    assert_eq!(instance.fuel(&store), Ok(997));
    // Per round local.get, i32.const, i32.sub, local.tee, br_if; one local.get after the loop.
    call::<_, i32>(&mut store, instance, "loop", 10).unwrap();
    assert_eq!(instance.fuel(&store), Ok(997 - 51));
    // Exactly enough, and one unit too little.
    instance.set_fuel(&mut store, 51).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "loop", 10), Ok(0));
    assert_eq!(instance.fuel(&store), Ok(0));
    instance.set_fuel(&mut store, 50).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "loop", 10), Err(Error::Trap(Trap::OutOfFuel)));
    instance.set_fuel(&mut store, 10_000).unwrap();
    assert_eq!(call::<(), ()>(&mut store, instance, "forever", ()), Err(Error::Trap(Trap::OutOfFuel)));
    // A long straight line is paid for in parts: here 255 units, then too little for the next 255.
    let line = format!(
        "(module (func (export \"long\") (result i32) (i32.const 0) {}))",
        "(i32.const 1) (i32.add) ".repeat(300)
    );
    let (mut long_store, long) = instantiate_with(&Quotas { fuel: 601, ..quotas() }, &line).unwrap();
    assert_eq!(call::<(), i32>(&mut long_store, long, "long", ()), Ok(300));
    assert_eq!(long.fuel(&long_store), Ok(0));
    long.set_fuel(&mut long_store, 455).unwrap();
    assert_eq!(call::<(), i32>(&mut long_store, long, "long", ()), Err(Error::Trap(Trap::OutOfFuel)));
    assert_eq!(long.fuel(&long_store), Ok(200));
    // More than fits into a word.
    for fuel in [(1 << 32) + 3, 3 << 32, u64::MAX >> 1] {
        instance.set_fuel(&mut store, fuel).unwrap();
        assert_eq!(call::<_, i32>(&mut store, instance, "loop", 10), Ok(0));
        assert_eq!(instance.fuel(&store), Ok(fuel - 51));
    }
    // Unmetered.
    instance.set_fuel(&mut store, u64::MAX << 32 | 7).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "loop", 10), Ok(0));
    assert_eq!(instance.fuel(&store), Ok(u64::MAX));
    instance.set_fuel(&mut store, u64::MAX).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "loop", 10_000), Ok(0));
    assert_eq!(instance.fuel(&store), Ok(u64::MAX));
}

#[test]
fn bulk_operators_cost_fuel_by_size() {
    let (mut store, instance) = instantiate(
        r#"(module (memory 2) (table $t 1000 funcref) (table $u 1000 funcref) (func $f)
            (elem $e func $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f)
            (data $d "0123456789012345678901234567890123456789012345678901234567890123456789")
            (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 7) (local.get 0)))
            (func (export "copy") (param i32) (memory.copy (i32.const 5) (i32.const 0) (local.get 0)))
            (func (export "init") (param i32) (memory.init $d (i32.const 5) (i32.const 0) (local.get 0)))
            (func (export "tfill") (param i32) (table.fill $t (i32.const 0) (ref.null func) (local.get 0)))
            (func (export "tcopy") (param i32) (table.copy $t $u (i32.const 0) (i32.const 0) (local.get 0)))
            (func (export "tinit") (param i32) (table.init $t $e (i32.const 0) (i32.const 0) (local.get 0))))"#,
    );
    for (name, n, extra) in [
        ("fill", 0, 0),
        ("fill", 1, 1),
        ("fill", 64, 1),
        ("fill", 65, 2),
        ("fill", 100_000, 1563),
        ("copy", 65, 2),
        ("init", 70, 2),
        ("tfill", 16, 1),
        ("tfill", 17, 2),
        ("tcopy", 1000, 63),
        ("tinit", 17, 2),
    ] {
        instance.set_fuel(&mut store, 10_000).unwrap();
        call::<_, ()>(&mut store, instance, name, n).unwrap();
        // Three operands and the operator itself.
        assert_eq!(instance.fuel(&store), Ok(10_000 - 4 - extra), "{name} {n}");
        if extra > 0 {
            instance.set_fuel(&mut store, 4 + extra - 1).unwrap();
            assert_eq!(
                call::<_, ()>(&mut store, instance, name, n),
                Err(Error::Trap(Trap::OutOfFuel)),
                "{name} {n}"
            );
        }
    }
}

#[test]
fn each_instance_has_its_own_fuel() {
    let engine = engine();
    let mut store = store(&engine);
    let mut linker = Linker::new(&engine);
    let lib = linker.instantiate(&mut store, &module(&engine, LOOP)).unwrap();
    linker.instance("lib", lib).unwrap();
    let user = module(
        &engine,
        r#"(module (import "lib" "loop" (func $loop (param i32) (result i32)))
            (func (export "run") (result i32) (call $loop (i32.const 10))))"#,
    );
    let quotas = Quotas { fuel: 500, ..quotas() };
    let user = linker.instantiate_with(&mut store, &user, &quotas).unwrap();
    lib.set_fuel(&mut store, 100).unwrap();
    call::<(), i32>(&mut store, user, "run", ()).unwrap();
    assert_eq!((user.fuel(&store), lib.fuel(&store)), (Ok(498), Ok(49)));
    assert_eq!(call::<(), i32>(&mut store, user, "run", ()), Err(Error::Trap(Trap::OutOfFuel)));
}

/// What a failed instantiation left in an imported table has the fuel that its instance was to have.
#[test]
fn what_stays_of_a_failed_instantiation_has_its_fuel() {
    let engine = engine();
    let mut store = store(&engine);
    let mut linker = Linker::new(&engine);
    let shared = module(
        &engine,
        r#"(module (table (export "t") 1 funcref)
            (func (export "call") (call_indirect (i32.const 0))))"#,
    );
    let shared = linker.instantiate(&mut store, &shared).unwrap();
    linker.instance("lib", shared).unwrap();
    let fails = module(
        &engine,
        r#"(module (import "lib" "t" (table 1 funcref)) (memory 0)
            (func $forever (loop (br 0))) (elem (i32.const 0) $forever) (data (i32.const 0) "x"))"#,
    );
    let few = Quotas { fuel: 1000, ..quotas() };
    let failed = linker.instantiate_with(&mut store, &fails, &few);
    assert_eq!(failed, Err(Error::Trap(Trap::MemoryOutOfBounds)));
    assert_eq!(call::<(), ()>(&mut store, shared, "call", ()), Err(Error::Trap(Trap::OutOfFuel)));
}

#[test]
fn host_functions_charge_fuel() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker.func("env", "work", |caller: &mut Caller<'_>, units: i64| caller.charge(units as u64)).unwrap();
    let module = module(
        &engine,
        r#"(module (import "env" "work" (func $work (param i64))) (func (export "run") (param i64) (call $work (local.get 0))))"#,
    );
    let mut store = Store::new(&engine, Quotas { fuel: 100, ..quotas() }).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    call::<_, ()>(&mut store, instance, "run", 50i64).unwrap();
    assert_eq!(instance.fuel(&store), Ok(48));
    assert_eq!(call::<_, ()>(&mut store, instance, "run", 47i64), Err(Error::Trap(Trap::OutOfFuel)));
}

#[test]
fn a_start_function_cannot_run_forever() {
    let engine = engine();
    let module = module(&engine, "(module (func $s (loop (br 0))) (start $s))");
    let mut store = Store::new(&engine, Quotas { fuel: 1000, ..quotas() }).unwrap();
    let failed = Linker::new(&engine).instantiate(&mut store, &module);
    assert_eq!(failed, Err(Error::Trap(Trap::OutOfFuel)));
}

#[test]
fn a_start_function_is_interrupted_from_another_thread() {
    let engine = unmetered();
    let module = module(&engine, "(module (func $s (loop (br 0))) (start $s))");
    let mut store = store(&engine);
    let quotas = *store.quotas();
    let instance = Linker::new(&engine).prepare(&mut store, &module, &quotas).unwrap();
    let handle = instance.interrupt_handle(&store).unwrap();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        handle.interrupt();
    });
    assert_eq!(instance.start(&mut store), Err(Error::Trap(Trap::Interrupted)));
    thread.join().unwrap();
}

#[test]
fn interrupted_from_another_thread() {
    for engine in [engine(), unmetered()] {
        let module = module(&engine, LOOP);
        let mut store = store(&engine);
        let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
        let handle = instance.interrupt_handle(&store).unwrap();
        for name in ["forever", "recursive"] {
            let from = handle.clone();
            let thread = std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(20));
                from.interrupt();
            });
            let ended = call::<(), ()>(&mut store, instance, name, ());
            if name == "forever" {
                assert_eq!(ended, Err(Error::Trap(Trap::Interrupted)));
            }
            thread.join().unwrap();
            // It stays interrupted until that is taken back.
            assert_eq!(
                call::<(), i32>(&mut store, instance, "line", ()),
                Err(Error::Trap(Trap::Interrupted))
            );
            handle.clear();
            assert_eq!(call::<(), i32>(&mut store, instance, "line", ()), Ok(3));
        }
        // The handle may outlive the store.
        drop(store);
        handle.interrupt();
    }
}

#[test]
fn who_interrupts_an_instance_ends_what_it_calls_in_others() {
    for engine in [engine(), unmetered()] {
        let mut store = store(&engine);
        let mut linker = Linker::new(&engine);
        let lib = linker.instantiate(&mut store, &module(&engine, LOOP)).unwrap();
        linker.instance("lib", lib).unwrap();
        let user = module(
            &engine,
            r#"(module (import "lib" "forever" (func $forever)) (func (export "run") (call $forever)))"#,
        );
        let user = linker.instantiate(&mut store, &user).unwrap();
        let handle = user.interrupt_handle(&store).unwrap();
        let from = handle.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            from.interrupt();
        });
        let interrupted = Err(Error::Trap(Trap::Interrupted));
        assert_eq!(call::<(), ()>(&mut store, user, "run", ()), interrupted);
        thread.join().unwrap();
        assert_eq!(store.backtrace().frames().len(), 2);
        // All instances of the store are, also those that join it now,
        assert_eq!(call::<(), ()>(&mut store, lib, "forever", ()), interrupted);
        let late = linker.instantiate(&mut store, &module(&engine, LOOP)).unwrap();
        assert_eq!(call::<(), ()>(&mut store, late, "forever", ()), interrupted);
        // until it is taken back, with anybody's handle.
        late.interrupt_handle(&store).unwrap().clear();
        for instance in [lib, late] {
            assert_eq!(call::<(), i32>(&mut store, instance, "line", ()), Ok(3));
        }
        // One that did not come to be is not told of.
        let traps = module(&engine, r#"(module (memory 1) (data (i32.const 65536) "x"))"#);
        assert_eq!(linker.instantiate(&mut store, &traps), Err(Error::Trap(Trap::MemoryOutOfBounds)));
        handle.interrupt();
        assert_eq!(call::<(), ()>(&mut store, late, "forever", ()), interrupted);
        // Other stores are left alone.
        let mut other = Store::new(&engine, quotas()).unwrap();
        let alone = Linker::new(&engine).instantiate(&mut other, &module(&engine, LOOP)).unwrap();
        assert_eq!(call::<(), i32>(&mut other, alone, "line", ()), Ok(3));
        drop(store);
        handle.clear();
    }
}

/// A linker with a function that interrupts the instance that calls it.
fn interrupting(engine: &Engine) -> Linker<'static> {
    let mut linker = Linker::new(engine);
    linker
        .func("env", "interrupt", |caller: &mut Caller<'_>| {
            let instance = caller.instance();
            instance.interrupt_handle(caller).unwrap().interrupt();
        })
        .unwrap();
    linker
}

#[test]
fn bulk_operators_are_interrupted_between_slices() {
    let engine = engine();
    let linker = interrupting(&engine);
    let module = module(
        &engine,
        r#"(module (import "env" "interrupt" (func $interrupt)) (memory (export "m") 1) (table $t (export "t") 1000 externref)
            (func (export "fill") (call $interrupt) (memory.fill (i32.const 0) (i32.const 7) (i32.const 60000)))
            (func (export "small") (call $interrupt) (memory.fill (i32.const 0) (i32.const 8) (i32.const 1024)))
            (func (export "copy") (call $interrupt) (memory.copy (i32.const 1) (i32.const 0) (i32.const 60000)))
            (func (export "table") (param externref) (call $interrupt) (table.fill $t (i32.const 0) (local.get 0) (i32.const 1000))))"#,
    );
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let handle = instance.interrupt_handle(&store).unwrap();
    let memory = instance.memory(&store, "m").unwrap();
    let interrupted = Err(Error::Trap(Trap::Interrupted));
    assert_eq!(call::<(), ()>(&mut store, instance, "fill", ()), interrupted);
    let data = memory.data(&store).unwrap();
    assert_eq!((data[1023], data[1024]), (7, 0));
    handle.clear();
    assert_eq!(call::<(), ()>(&mut store, instance, "copy", ()), interrupted);
    // Backwards, because the ranges overlap: the last slice first.
    assert_eq!(memory.data(&store).unwrap()[1024], 0);
    handle.clear();
    // One slice is not cut; the function's return is the next place where the interrupt is seen.
    assert_eq!(call::<(), ()>(&mut store, instance, "small", ()), interrupted);
    assert!(memory.data(&store).unwrap()[..1024].iter().all(|&byte| byte == 8));
    handle.clear();
    assert_eq!(call::<_, ()>(&mut store, instance, "table", ExternRef::new(1)), interrupted);
    let table = instance.table(&store, "t").unwrap();
    assert_eq!(table.get(&store, 255), Ok(Value::ExternRef(ExternRef::new(1))));
    assert_eq!(table.get(&store, 256), Ok(Value::ExternRef(None)));
}

#[test]
fn growing_is_interrupted_and_paid() {
    let engine = engine();
    let linker = interrupting(&engine);
    let module = module(
        &engine,
        r#"(module (import "env" "interrupt" (func $interrupt)) (memory (export "m") 0 50000 (pagesize 1))
            (table $t (export "t") 10 externref)
            (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "table") (param externref i32) (result i32) (table.grow $t (local.get 0) (local.get 1)))
            (func (export "stopped memory") (call $interrupt) (drop (memory.grow (i32.const 20000))))
            (func (export "stopped table") (call $interrupt) (drop (table.grow $t (ref.null extern) (i32.const 5000)))))"#,
    );
    let quotas = Quotas { table_elements: 6000, ..quotas() };
    let mut store = Store::new(&engine, quotas).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let handle = instance.interrupt_handle(&store).unwrap();
    let (memory, table) = (instance.memory(&store, "m").unwrap(), instance.table(&store, "t").unwrap());
    let interrupted = Err(Error::Trap(Trap::Interrupted));
    for _ in 0..3 {
        assert_eq!(call::<(), ()>(&mut store, instance, "stopped memory", ()), interrupted);
        handle.clear();
        assert_eq!(call::<(), ()>(&mut store, instance, "stopped table", ()), interrupted);
        handle.clear();
        // As if nothing had happened.
        assert_eq!(memory.size(&store), Ok(0));
        assert_eq!(table.size(&store), Ok(10));
    }
    let value = ExternRef::new(3);
    let fuel = |store: &mut Store, fuel| instance.set_fuel(store, fuel).unwrap();
    // The operators, and a unit for every 64 bytes or 16 elements that there are then.
    fuel(&mut store, 2 + 157);
    assert_eq!(call::<_, i32>(&mut store, instance, "memory", 10_000), Ok(0));
    assert_eq!(instance.fuel(&store), Ok(0));
    fuel(&mut store, 2 + 312);
    assert_eq!(call::<_, i32>(&mut store, instance, "memory", 10_001), Err(Error::Trap(Trap::OutOfFuel)));
    assert_eq!(memory.size(&store), Ok(10_000));
    fuel(&mut store, 3 + 64);
    assert_eq!(call::<_, i32>(&mut store, instance, "table", (value, 1014)), Ok(10));
    assert_eq!(instance.fuel(&store), Ok(0));
    fuel(&mut store, 3 + 64);
    assert_eq!(call::<_, i32>(&mut store, instance, "table", (value, 1)), Err(Error::Trap(Trap::OutOfFuel)));
    // What is refused at once, and growing by nothing, costs no more than the operators.
    fuel(&mut store, 2 + 3 + 2);
    assert_eq!(call::<_, i32>(&mut store, instance, "memory", 50_000), Ok(-1));
    assert_eq!(call::<_, i32>(&mut store, instance, "table", (value, 6000)), Ok(-1));
    assert_eq!(call::<_, i32>(&mut store, instance, "memory", 0), Ok(10_000));
    assert_eq!(instance.fuel(&store), Ok(0));
    assert!(memory.data(&store).unwrap().iter().all(|&byte| byte == 0));
    assert_eq!(table.get(&store, 1023), Ok(Value::ExternRef(value)));
    assert_eq!(table.size(&store), Ok(1024));
}

/// The elements of a segment have different lengths, so those before the first one that is wanted are read too.
#[test]
fn elements_left_out_are_paid_and_interrupted() {
    let engine = engine();
    let linker = interrupting(&engine);
    let functions = "$f ".repeat(2000);
    let module = module(
        &engine,
        &format!(
            r#"(module (import "env" "interrupt" (func $interrupt)) (table $t (export "t") 10 funcref) (func $f)
                (elem $e func {functions} $last) (func $last (export "last"))
                (func (export "init") (param i32 i32)
                    (table.init $t $e (i32.const 3) (local.get 0) (local.get 1)))
                (func (export "stopped") (call $interrupt)
                    (table.init $t $e (i32.const 4) (i32.const 2000) (i32.const 1))))"#
        ),
    );
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let table = instance.table(&store, "t").unwrap();
    let last = Value::FuncRef(Some(instance.func_dyn(&store, "last").unwrap()));
    instance.set_fuel(&mut store, 4 + 126).unwrap();
    call::<_, ()>(&mut store, instance, "init", (2000, 1)).unwrap();
    assert_eq!(instance.fuel(&store), Ok(0));
    assert_eq!(table.get(&store, 3), Ok(last));
    instance.set_fuel(&mut store, 4).unwrap();
    call::<_, ()>(&mut store, instance, "init", (2001, 0)).unwrap();
    instance.set_fuel(&mut store, 1000).unwrap();
    let stopped = call::<(), ()>(&mut store, instance, "stopped", ());
    assert_eq!(stopped, Err(Error::Trap(Trap::Interrupted)));
    assert_eq!(table.get(&store, 4), Ok(Value::FuncRef(None)));
}
