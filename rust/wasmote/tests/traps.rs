//! Traps and where they happened.

mod common;
use common::*;
use wasmote::*;

/// The resolved frames of the last trap: name, and the opcode at the offset.
fn frames(store: &Store) -> Vec<(Option<String>, u8)> {
    let frames = store.backtrace().frames();
    frames
        .iter()
        .map(|frame| {
            let resolved = store.resolve(frame).unwrap();
            let bytes = frame.instance.module(store).unwrap().parsed().bytes();
            (resolved.name.map(Into::into), bytes[resolved.offset.expect("an offset") as usize])
        })
        .collect()
}

fn named(list: &[(&str, u8)]) -> Vec<(Option<String>, u8)> {
    list.iter().map(|&(name, op)| (Some(name.into()), op)).collect()
}

#[test]
fn each_trap_at_its_operator() {
    let text = r#"(module (memory 1) (table 2 funcref) (type $v (func)) (func $f (param i32)) (elem (i32.const 0) $f)
        (func $unreachable (export "unreachable") (drop (i32.const 1)) unreachable)
        (func $load (export "load") (drop (i32.load offset=65533 (i32.const 0))))
        (func $store (export "store") (i64.store (i32.const -1) (i64.const 0)))
        (func $div (export "div") (drop (i32.div_u (i32.const 1) (i32.load (i32.const 0)))))
        (func $overflow (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))))
        (func $trunc (export "trunc") (drop (i32.trunc_f32_s (f32.load (i32.const 8)))) (drop (i32.trunc_f32_s (f32.div (f32.load (i32.const 8)) (f32.load (i32.const 8))))))
        (func $null (export "null") (call_indirect (type $v) (i32.const 1)))
        (func $type (export "type") (call_indirect (type $v) (i32.const 0)))
        (func $bounds (export "bounds") (call_indirect (type $v) (i32.const 2)))
        (func $fill (export "fill") (memory.fill (i32.const 1) (i32.const 0) (i32.const 65536)))
        (func $get (export "get") (drop (table.get 0 (i32.const 2)))))"#;
    for engine in [engine(), unmetered()] {
        let mut store = store(&engine);
        let instance = Linker::new(&engine).instantiate(&mut store, &module(&engine, text)).unwrap();
        for (name, trap, opcode) in [
            ("unreachable", Trap::Unreachable, 0x00),
            ("load", Trap::MemoryOutOfBounds, 0x28),
            ("store", Trap::MemoryOutOfBounds, 0x37),
            ("div", Trap::IntegerDivisionByZero, 0x6E),
            ("overflow", Trap::IntegerOverflow, 0x6D),
            ("trunc", Trap::BadConversionToInteger, 0xA8),
            ("null", Trap::IndirectCallToNull, 0x11),
            ("type", Trap::BadSignature, 0x11),
            ("bounds", Trap::TableOutOfBounds, 0x11),
            ("fill", Trap::MemoryOutOfBounds, 0xFC),
            ("get", Trap::TableOutOfBounds, 0x25),
        ] {
            assert_eq!(call::<(), ()>(&mut store, instance, name, ()), Err(Error::Trap(trap)), "{name}");
            assert_eq!(frames(&store), named(&[(name, opcode)]), "{name}");
        }
    }
}

#[test]
fn frames_from_the_innermost_outwards() {
    let text = r#"(module
        (func $inner (drop (i32.const 1)) unreachable)
        (func $middle (param i32) (result i32) (if (local.get 0) (then (call $inner))) (i32.const 1))
        (func $outer (export "run") (drop (i32.add (i32.const 2) (call $middle (i32.const 1))))))"#;
    let (mut store, instance) = instantiate(text);
    assert_eq!(call::<(), ()>(&mut store, instance, "run", ()), Err(Error::Trap(Trap::Unreachable)));
    assert_eq!(frames(&store), named(&[("inner", 0x00), ("middle", 0x10), ("outer", 0x10)]));
    assert!(!store.backtrace().truncated());
}

#[test]
fn deep_stacks_are_cut_off() {
    let text = r#"(module (func $f (export "f") (param i32)
        (if (i32.eqz (local.get 0)) (then unreachable)) (call $f (i32.sub (local.get 0) (i32.const 1)))))"#;
    let (mut store, instance) = instantiate(text);
    for (depth, count, truncated) in [(15, 16, false), (16, 16, true), (100, 16, true)] {
        call::<_, ()>(&mut store, instance, "f", depth).unwrap_err();
        assert_eq!((store.backtrace().frames().len(), store.backtrace().truncated()), (count, truncated));
        let frames = frames(&store);
        assert_eq!((frames[0].1, frames[1].1), (0x00, 0x10));
    }
}

#[test]
fn across_instances_and_host_functions() {
    let engine = engine();
    let mut store = store(&engine);
    let mut linker = Linker::new(&engine);
    linker
        .func("env", "back", |caller: &mut Caller<'_>, catch: i32| -> Result<(), HostError> {
            let instance = caller.instance();
            let result = instance.func::<(), ()>(caller, "trap")?.call(caller, ());
            if catch != 0 { Ok(()) } else { Ok(result?) }
        })
        .unwrap();
    linker.func("env", "fail", || -> Result<(), HostError> { Err(HostError::Code(7)) }).unwrap();
    linker
        .func("env", "other", |caller: &mut Caller<'_>| -> Result<(), HostError> {
            let instance = caller.instance();
            instance.func::<(), ()>(caller, "trap")?.call(caller, ()).unwrap_err();
            Err(HostError::Code(8))
        })
        .unwrap();
    let lib = module(&engine, r#"(module (func $lib (export "fail") unreachable))"#);
    let lib = linker.instantiate(&mut store, &lib).unwrap();
    linker.instance("lib", lib).unwrap();
    let user = module(
        &engine,
        r#"(module (import "lib" "fail" (func $fail)) (import "env" "back" (func $back (param i32)))
            (import "env" "fail" (func $host)) (import "env" "other" (func $other))
            (func $trap (export "trap") (call $fail))
            (func $run (export "run") (call $back (i32.const 0)))
            (func $catch (export "catch") (call $back (i32.const 1)))
            (func $then (export "then") (call $catch) unreachable)
            (func $host_then (export "host then") (call $catch) (call $host))
            (func $twice (export "twice") (call $catch) (call $other))
            (func (export "deep") (call $catch) (call $deeper (i32.const 100000)))
            (func $deeper (param i32) (if (local.get 0) (then
                (call $deeper (i32.sub (local.get 0) (i32.const 1)))))))"#,
    );
    let user = linker.instantiate(&mut store, &user).unwrap();
    assert_eq!(call::<(), ()>(&mut store, user, "run", ()), Err(Error::Trap(Trap::Unreachable)));
    assert_eq!(frames(&store), named(&[("lib", 0x00), ("trap", 0x10), ("run", 0x10)]));
    assert_eq!(store.backtrace().frames()[0].instance, lib);
    assert_eq!(store.backtrace().frames()[1].instance, user);
    // A trap that the host caught is not part of the next one.
    assert_eq!(call::<(), ()>(&mut store, user, "catch", ()), Ok(()));
    assert_eq!(call::<(), ()>(&mut store, user, "then", ()), Err(Error::Trap(Trap::Unreachable)));
    assert_eq!(frames(&store), named(&[("then", 0x00)]));
    assert_eq!(call::<(), ()>(&mut store, user, "host then", ()), Err(Error::Host(7)));
    assert_eq!(frames(&store), named(&[("host_then", 0x10)]));
    assert_eq!(call::<(), ()>(&mut store, user, "deep", ()), Err(Error::Trap(Trap::StackOverflow)));
    assert!(frames(&store).iter().all(|frame| frame == &named(&[("deeper", 0x10)])[0]));
    // One that fails by itself after what it called has trapped: that is where it began.
    assert_eq!(call::<(), ()>(&mut store, user, "twice", ()), Err(Error::Host(8)));
    assert_eq!(frames(&store), named(&[("lib", 0x00), ("trap", 0x10), ("twice", 0x10)]));
    assert_eq!(call::<(), ()>(&mut store, user, "catch", ()), Ok(()));
    assert!(store.backtrace().frames().is_empty());
}

#[test]
fn functions_without_names_have_indices() {
    let (mut store, instance) =
        instantiate(r#"(module (import "a" "b" (func)) (func) (func (export "f") unreachable))"#.replace(r#"(import "a" "b" (func))"#, "").as_str());
    call::<(), ()>(&mut store, instance, "f", ()).unwrap_err();
    let resolved = store.resolve(&store.backtrace().frames()[0]).unwrap();
    assert_eq!((resolved.func, resolved.name), (1, None));
}

#[test]
fn in_large_functions_and_modules() {
    // Many functions share blocks of code, and one has blocks to itself.
    let mut text = String::from("(module (memory 1)");
    for i in 0..300 {
        text += &format!(
            "(func $f{i} (export \"f{i}\") (i32.store (i32.const {i}) (i32.const {i})) unreachable)"
        );
    }
    text += "(func $large (export \"large\")";
    for i in 0..20_000 {
        text += &format!("(i32.store (i32.const {i}) (i32.const {i}))");
    }
    text += " unreachable))";
    let (mut store, instance) = instantiate(&text);
    for name in ["f0", "f1", "f150", "f299", "large"] {
        assert_eq!(call::<(), ()>(&mut store, instance, name, ()), Err(Error::Trap(Trap::Unreachable)));
        assert_eq!(frames(&store), named(&[(name, 0x00)]));
    }
}
