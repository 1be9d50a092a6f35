//! Imports: what fits, what does not, and what the errors say.

mod common;
use common::*;
use wasmote::*;

/// The error of an instantiation, and its explanation.
fn refused(linker: &Linker<'_>, store: &mut Store, module: &Module) -> (LinkError, String) {
    match linker.instantiate(store, module) {
        Err(Error::Link(error)) => (error, linker.explain(store, module, error).to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn errors_name_the_import_and_both_types() {
    let engine = engine();
    let mut store = store(&engine);
    let exporter = module(
        &engine,
        r#"(module (table (export "t") 2 3 funcref) (memory (export "m") 1 2) (global (export "g") (mut i32) (i32.const 0))
            (func (export "f") (param i32) (result i64) (i64.const 0)))"#,
    );
    let mut linker = Linker::new(&engine);
    let instance = linker.instantiate(&mut store, &exporter).unwrap();
    linker.instance("lib", instance).unwrap();
    linker.func("env", "log", |_: i32| 0i32).unwrap();

    for (import, reason, text) in [
        (
            r#""env" "nix" (func)"#,
            LinkReason::Unknown,
            "unknown import: env.nix: expected func () -> (), found nothing",
        ),
        (
            r#""lib" "nix" (func)"#,
            LinkReason::Unknown,
            "unknown import: lib.nix: expected func () -> (), found nothing",
        ),
        (
            r#""env" "log" (func (param i32 f64))"#,
            LinkReason::Type,
            "incompatible import type: env.log: expected func (i32, f64) -> (), found func (i32) -> (i32)",
        ),
        (
            r#""env" "log" (memory 1)"#,
            LinkReason::Kind(ExternKind::Func),
            "incompatible import type: env.log: expected memory 1.. pages, found func (i32) -> (i32)",
        ),
        (
            r#""lib" "f" (func (param i32) (result i32))"#,
            LinkReason::Type,
            "incompatible import type: lib.f: expected func (i32) -> (i32), found func (i32) -> (i64)",
        ),
        (
            r#""lib" "m" (memory 2)"#,
            LinkReason::Type,
            "incompatible import type: lib.m: expected memory 2.. pages, found memory 1..2 pages",
        ),
        (
            r#""lib" "m" (memory 1 1)"#,
            LinkReason::Type,
            "incompatible import type: lib.m: expected memory 1..1 pages, found memory 1..2 pages",
        ),
        (
            r#""lib" "m" (memory 1 (pagesize 1))"#,
            LinkReason::Type,
            "incompatible import type: lib.m: expected memory 1.. bytes, found memory 1..2 pages",
        ),
        (
            r#""lib" "t" (table 2 externref)"#,
            LinkReason::Type,
            "incompatible import type: lib.t: expected table 2.. externref, found table 2..3 funcref",
        ),
        (
            r#""lib" "g" (global i32)"#,
            LinkReason::Type,
            "incompatible import type: lib.g: expected global i32, found global mut i32",
        ),
        (
            r#""lib" "g" (func)"#,
            LinkReason::Kind(ExternKind::Global),
            "incompatible import type: lib.g: expected func () -> (), found global mut i32",
        ),
    ] {
        let importer = module(
            &engine,
            &format!(r#"(module (import "env" "log" (func (param i32) (result i32))) (import {import}))"#),
        );
        let before = store.stats().heap.used;
        let (error, explained) = refused(&linker, &mut store, &importer);
        assert_eq!((error.reason, explained.as_str()), (reason, text));
        assert!(importer.parsed().bytes()[error.offset as usize..].starts_with(b"\x03"), "{import}");
        assert_eq!(importer.import_at(error.offset).map(|import| import.offset), Some(error.offset));
        // Lists that grew keep their room, once.
        assert!(store.stats().heap.used <= before + 512, "{import}");
    }
    assert_eq!(store.instances().count(), 1);
}

#[test]
fn what_fits_links() {
    let engine = engine();
    let mut store = store(&engine);
    let exporter = module(
        &engine,
        r#"(module (table (export "t") 2 3 funcref) (memory (export "m") 1 2) (global (export "g") (mut i32) (i32.const 4))
            (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
    );
    let mut linker = Linker::new(&engine);
    let first = linker.instantiate(&mut store, &exporter).unwrap();
    linker.instance("lib", first).unwrap();
    let importer = module(
        &engine,
        r#"(module (import "lib" "m" (memory 1 5)) (import "lib" "t" (table 1 funcref)) (import "lib" "g" (global $g (mut i32)))
            (import "lib" "grow" (func $grow (result i32)))
            (func (export "inc") (global.set $g (i32.add (global.get $g) (i32.const 1))))
            (func (export "size") (result i32) (memory.size))
            (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
            (func (export "grow") (result i32) (drop (call $grow)) (memory.size)))"#,
    );
    let second = linker.instantiate(&mut store, &importer).unwrap();
    call::<(), ()>(&mut store, second, "inc", ()).unwrap();
    assert_eq!(first.global(&store, "g").unwrap().get(&store), Ok(Value::I32(5)));
    let at = 65536 + 8;
    assert_eq!(call::<_, i32>(&mut store, second, "load", at), Err(Error::Trap(Trap::MemoryOutOfBounds)));
    // What one instance grows is larger for all that use it.
    assert_eq!(call::<(), i32>(&mut store, second, "grow", ()), Ok(2));
    assert_eq!(call::<_, i32>(&mut store, second, "load", at), Ok(0));
    // The present size counts, not the declared one.
    let wants_two = module(&engine, r#"(module (import "lib" "m" (memory 2)))"#);
    assert!(linker.instantiate(&mut store, &wants_two).is_ok());
    // Item by item.
    let mut other = Linker::new(&engine);
    other.define("x", "y", first.export(&store, "grow").unwrap()).unwrap();
    let wants_func =
        module(&engine, r#"(module (import "x" "y" (func (result i32))) (export "z" (func 0)))"#);
    let third = other.instantiate(&mut store, &wants_func).unwrap();
    assert_eq!(call::<(), i32>(&mut store, third, "z", ()), Ok(-1));
    assert_eq!(third.func_dyn(&store, "z").unwrap(), first.func_dyn(&store, "grow").unwrap());
}

/// Whoever is called, and however: code that goes on afterwards finds the memory as it is then.
#[test]
fn memory_that_a_call_grows_can_be_used_behind_it() {
    let engine = engine();
    let mut store = store(&engine);
    let mut linker = Linker::new(&engine);
    let exporter = module(
        &engine,
        r#"(module (memory (export "m") 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
    );
    let first = linker.instantiate(&mut store, &exporter).unwrap();
    linker.instance("lib", first).unwrap();
    let ways = [
        "(memory.grow (i32.const 1))",
        "(call $own)",
        "(call $grow)",
        "(call $tail)",
        "(call_indirect (type $t) (i32.const 0))",
        "(call_indirect (type $t) (i32.const 1))",
        "(call_indirect (type $t) (i32.const 2))",
    ];
    let mut text = String::from(
        r#"(module (type $t (func (result i32)))
            (import "lib" "m" (memory 1)) (import "lib" "grow" (func $grow (type $t)))
            (table funcref (elem $grow $own $tail))
            (func $own (type $t) (memory.grow (i32.const 1)))
            (func $tail (type $t) (return_call $grow))"#,
    );
    // Also from a frame that is so large that calls are encoded otherwise.
    for (prefix, locals) in [("near", 1), ("far", 200)] {
        for (i, way) in ways.iter().enumerate() {
            text += &format!(
                r#"(func (export "{prefix} {i}") (param i32) (result i32) (local{})
                    (drop {way})
                    (i32.store (local.get 0) (i32.const 7))
                    (i32.load (local.get 0)))"#,
                " i64".repeat(locals)
            );
        }
    }
    let second = linker.instantiate(&mut store, &module(&engine, &(text + ")"))).unwrap();
    let mut pages = 1;
    for prefix in ["near", "far"] {
        for i in 0..ways.len() {
            // The last bytes of the new page.
            pages += 1;
            let name = format!("{prefix} {i}");
            assert_eq!(call::<_, i32>(&mut store, second, &name, pages * 65536 - 4), Ok(7), "{name}");
        }
    }
}

#[test]
fn indirect_calls_across_instances_compare_types_by_content() {
    let engine = engine();
    let mut store = store(&engine);
    let mut linker = Linker::new(&engine);
    linker.func("env", "host", |x: i32| x + 1000).unwrap();
    let owner = module(
        &engine,
        r#"(module (type (func)) (type (func (param i32) (result i32))) (table (export "t") 4 funcref)
            (func $twice (type 1) (i32.mul (local.get 0) (i32.const 2))) (elem (i32.const 0) $twice)
            (func (export "call") (param i32 i32) (result i32) (call_indirect (type 1) (local.get 1) (local.get 0))))"#,
    );
    let owner = linker.instantiate(&mut store, &owner).unwrap();
    linker.instance("lib", owner).unwrap();
    let user = module(
        &engine,
        r#"(module (type $t (func (param i32) (result i32))) (import "lib" "t" (table 4 funcref))
            (import "env" "host" (func $host (type $t)))
            (global $k i32 (i32.const 100))
            (func $plus (type $t) (i32.add (local.get 0) (global.get $k)))
            (func $other (param i64) (result i32) (i32.const 0))
            (elem (i32.const 1) $plus $other $host)
            (func (export "call") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 1) (local.get 0))))"#,
    );
    let user = linker.instantiate(&mut store, &user).unwrap();
    for instance in [owner, user] {
        let mut at = |index| call::<_, i32>(&mut store, instance, "call", (index, 7));
        assert_eq!(at(0), Ok(14));
        assert_eq!(at(1), Ok(107));
        assert_eq!(at(2), Err(Error::Trap(Trap::BadSignature)));
        assert_eq!(at(3), Ok(1007));
        assert_eq!(at(4), Err(Error::Trap(Trap::TableOutOfBounds)));
    }
}

#[test]
fn later_definitions_hide_earlier_ones() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker.func("env", "f", || 1).unwrap();
    linker.func("env", "f", || 2).unwrap();
    let module = module(&engine, r#"(module (import "env" "f" (func (result i32))) (export "f" (func 0)))"#);
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(call::<(), i32>(&mut store, instance, "f", ()), Ok(2));
}

#[test]
fn segments_and_start_run_in_order() {
    let engine = engine();
    let mut store = store(&engine);
    let mut linker = Linker::new(&engine);
    let shared = module(
        &engine,
        r#"(module (memory (export "m") 1) (table (export "t") 2 funcref)
        (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))"#,
    );
    let shared = linker.instantiate(&mut store, &shared).unwrap();
    linker.instance("lib", shared).unwrap();
    let memory = shared.memory(&store, "m").unwrap();

    // The first data segment is written, the second traps; the element segment before them stays, and so does what it names.
    let half = module(
        &engine,
        r#"(module (import "lib" "m" (memory 1)) (import "lib" "t" (table 2 funcref))
            (func $f (result i32) (i32.const 42)) (elem (i32.const 1) $f)
            (data (i32.const 0) "abc") (data (i32.const 65535) "de"))"#,
    );
    assert_eq!(linker.instantiate(&mut store, &half), Err(Error::Trap(Trap::MemoryOutOfBounds)));
    assert_eq!(&memory.data(&store).unwrap()[..3], b"abc");
    assert_eq!(memory.data(&store).unwrap()[65535], 0);
    assert_eq!(call::<_, i32>(&mut store, shared, "call", 1), Ok(42));

    // Without an imported table nothing can know it, so nothing stays.
    let count = store.instances().count();
    let traps = module(&engine, r#"(module (memory 1) (data (i32.const 65536) "x"))"#);
    let before = store.stats().heap.used;
    for _ in 0..10 {
        assert_eq!(linker.instantiate(&mut store, &traps), Err(Error::Trap(Trap::MemoryOutOfBounds)));
    }
    assert_eq!((store.instances().count(), store.stats().memory_bytes), (count, 65536));
    assert!(store.stats().heap.used <= before + 256);
    let traps = module(&engine, r#"(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))"#);
    assert_eq!(linker.instantiate(&mut store, &traps), Err(Error::Trap(Trap::TableOutOfBounds)));

    let starts = module(
        &engine,
        r#"(module (import "lib" "m" (memory 1)) (data (i32.const 8) "\01") (data $d "zz")
            (func $start (i32.store8 (i32.const 8) (i32.add (i32.load8_u (i32.const 8)) (i32.const 1)))
                (memory.init $d (i32.const 20) (i32.const 0) (i32.const 2)) (data.drop $d))
            (start $start))"#,
    );
    linker.instantiate(&mut store, &starts).unwrap();
    assert_eq!(memory.data(&store).unwrap()[8], 2);
    assert_eq!(&memory.data(&store).unwrap()[20..22], b"zz");

    let fails = module(&engine, "(module (func $start unreachable) (start $start))");
    assert_eq!(linker.instantiate(&mut store, &fails), Err(Error::Trap(Trap::Unreachable)));
    assert_eq!(store.backtrace().frames().len(), 1);
    assert_eq!(store.resolve(&store.backtrace().frames()[0]).unwrap().name, Some("start"));
}

#[test]
fn globals_begin_with_constant_expressions() {
    let engine = engine();
    let mut store = store(&engine);
    let mut linker = Linker::new(&engine);
    let lib = module(
        &engine,
        r#"(module (global (export "a") i32 (i32.const 10)) (global (export "b") i64 (i64.const 0x100000002))
        (global (export "f") f64 (f64.const 1.5)))"#,
    );
    let lib = linker.instantiate(&mut store, &lib).unwrap();
    linker.instance("lib", lib).unwrap();
    let user = module(
        &engine,
        r#"(module (import "lib" "a" (global $a i32)) (import "lib" "b" (global $b i64)) (import "lib" "f" (global $f f64))
            (global (export "x") i32 (i32.add (global.get $a) (i32.mul (i32.const 3) (global.get $a))))
            (global (export "y") i64 (i64.sub (global.get $b) (i64.const 1)))
            (global (export "z") (mut f64) (global.get $f))
            (global (export "n") externref (ref.null extern))
            (func $self (export "self"))
            (global (export "r") funcref (ref.func $self)))"#,
    );
    let user = linker.instantiate(&mut store, &user).unwrap();
    let get = |name: &str| user.global(&store, name).unwrap().get(&store).unwrap();
    assert_eq!(get("x"), Value::I32(40));
    assert_eq!(get("y"), Value::I64(0x1_0000_0001));
    assert_eq!(get("z"), Value::F64(1.5));
    assert_eq!(get("n"), Value::ExternRef(None));
    assert_eq!(get("r"), Value::FuncRef(user.func_dyn(&store, "self").ok()));
}

/// Code is told where the store's lists have moved to, even if there is no memory for what they had grown for.
#[test]
fn what_found_no_memory_leaves_the_others_whole() {
    let engine = engine();
    let mut store = store(&engine);
    let user = module(
        &engine,
        r#"(module (import "env" "next" (func $next (param i32) (result i32)))
            (func (export "call") (param i32) (result i32) (call $next (local.get 0))))"#,
    );
    let new_linker = || {
        let mut linker = Linker::new(&engine);
        linker.func("env", "next", |x: i32| x + 1).unwrap();
        linker
    };
    let first = new_linker().instantiate(&mut store, &user).unwrap();
    for n in 1..100 {
        // With another host function each time.
        let linker = new_linker();
        engine.heap().fail_after(n % 20 + 1);
        let made = linker.instantiate(&mut store, &user);
        engine.heap().fail_after(0);
        assert!(matches!(made, Ok(_) | Err(Error::OutOfMemory)), "{made:?}");
        assert_eq!(call::<_, i32>(&mut store, first, "call", 7), Ok(8));
    }
    assert!(store.instances().count() > 2);
}
