//! Quotas.

mod common;
use common::*;
use wasmote::*;

#[test]
fn memory_quota() {
    let text = r#"(module (memory (export "m") 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let two = Quotas { memory_bytes: 2 * 65536, ..quotas() };
    let (mut store, instance) = instantiate_with(&two, text).unwrap();
    for (delta, old) in [(2, -1), (0, 1), (1, 1), (1, -1), (-1, -1), (0, 2)] {
        assert_eq!(call::<_, i32>(&mut store, instance, "grow", delta), Ok(old), "{delta}");
    }
    let memory = instance.memory(&store, "m").unwrap();
    assert_eq!(memory.grow(&mut store, 1), Err(Error::OutOfBounds));
    let none = Quotas { memory_bytes: 65535, ..quotas() };
    assert_eq!(instantiate_with(&none, text).err(), Some(Error::Quota(Quota::MemoryBytes)));
    // 4 GiB of address space are no reason to try.
    let most = instantiate_with(&quotas(), "(module (memory 65536))").err();
    assert!(matches!(most, Some(Error::Quota(Quota::MemoryBytes))));
}

#[test]
fn one_byte_pages() {
    let text = r#"(module (memory (export "m") 100 300 (pagesize 1))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "size") (result i32) (memory.size))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;
    let (mut store, instance) = instantiate_with(&Quotas { memory_bytes: 200, ..quotas() }, text).unwrap();
    assert_eq!(store.stats().memory_bytes, 100);
    assert_eq!(call::<_, i32>(&mut store, instance, "load", 99), Ok(0));
    assert_eq!(call::<_, i32>(&mut store, instance, "load", 100), Err(Error::Trap(Trap::MemoryOutOfBounds)));
    assert_eq!(call::<_, i32>(&mut store, instance, "grow", 101), Ok(-1));
    assert_eq!(call::<_, i32>(&mut store, instance, "grow", 100), Ok(100));
    assert_eq!(call::<(), i32>(&mut store, instance, "size", ()), Ok(200));
    assert_eq!(call::<_, i32>(&mut store, instance, "load", 199), Ok(0));
}

#[test]
fn table_quota() {
    let text = r#"(module (table 3 funcref) (table $e (export "t") 2 externref)
        (func (export "grow") (param i32) (result i32) (table.grow $e (ref.null extern) (local.get 0))))"#;
    let (mut store, instance) = instantiate_with(&Quotas { table_elements: 8, ..quotas() }, text).unwrap();
    for (delta, old) in [(4, -1), (2, 2), (2, -1), (1, 4), (1, -1), (-1, -1), (0, 5)] {
        assert_eq!(call::<_, i32>(&mut store, instance, "grow", delta), Ok(old), "{delta}");
    }
    let few = instantiate_with(&Quotas { table_elements: 4, ..quotas() }, text).err();
    assert_eq!(few, Some(Error::Quota(Quota::TableElements)));
    for huge in ["(module (table 4294967295 funcref))", "(module (table 10000001 funcref))"] {
        assert_eq!(instantiate_with(&quotas(), huge).err(), Some(Error::Quota(Quota::TableElements)));
    }
}

/// Ten million elements, whatever others have.
#[test]
fn most_elements_of_a_table() {
    let text = r#"(module (table 3 funcref) (table $e (export "t") 9999998 externref)
        (func (export "grow") (param i32) (result i32) (table.grow $e (ref.null extern) (local.get 0))))"#;
    let (mut store, instance) = instantiate_with(&quotas(), text).unwrap();
    for (delta, old) in [(3, -1), (2, 9_999_998), (1, -1), (0, 10_000_000)] {
        assert_eq!(call::<_, i32>(&mut store, instance, "grow", delta), Ok(old), "{delta}");
    }
}

#[test]
fn heap_quota_of_the_store() {
    let text = r#"(module (memory 1) (table $t 1 externref)
        (func (export "grow") (result i32) (memory.grow (i32.const 1)))
        (func (export "table") (result i32) (table.grow $t (ref.null extern) (i32.const 100000))))"#;
    let limited = Quotas { heap_bytes: 160 * 1024, ..quotas() };
    let (mut store, instance) = instantiate_with(&limited, text).unwrap();
    assert_eq!(call::<(), i32>(&mut store, instance, "grow", ()), Ok(-1));
    assert_eq!(call::<(), i32>(&mut store, instance, "table", ()), Ok(-1));
    assert!(store.stats().heap.used <= 160 * 1024);
    let small = Quotas { heap_bytes: 100 * 1024, ..quotas() };
    assert_eq!(instantiate_with(&small, text).err(), Some(Error::OutOfMemory));
    let engine = engine();
    assert_eq!(Store::new(&engine, Quotas { heap_bytes: 1024, ..quotas() }).err(), Some(Error::OutOfMemory));
    let config = EngineConfig { heap_limit: 10_000, ..EngineConfig::default() };
    let engine = Engine::new(config).unwrap();
    assert_eq!(Store::new(&engine, quotas()).err(), Some(Error::OutOfMemory));
    assert!(Store::new(&engine, Quotas { stack_bytes: 1024, ..quotas() }).is_ok());
}

/// A module can import a function as often as it likes, and whoever links it may make one each time.
#[test]
fn heap_quota_bounds_host_functions() {
    let engine = engine();
    let mut store =
        Store::new(&engine, Quotas { heap_bytes: 16 * 1024, stack_bytes: 1024, ..quotas() }).unwrap();
    let large = || Large { _bytes: [0; 32] };
    let functions = (0..100_000).map_while(|_| Func::host(&mut store, large()).ok()).count();
    assert!((1..16 * 1024 / 256).contains(&functions), "{functions}");
    assert_eq!(Func::host(&mut store, large()).err(), Some(Error::OutOfMemory));
}

/// A host function of 256 bytes.
struct Large {
    _bytes: [u64; 32],
}

impl HostCall for Large {
    fn ty(&self) -> FuncType<'_> {
        FuncType::new(&[], &[])
    }

    fn call(&self, _: &mut Caller<'_>, _: &mut [u32]) -> Result<(), HostError> {
        Ok(())
    }
}

#[test]
fn stack_quota() {
    let text = r#"(module (func $f (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0))))
        (func $g (export "forever") (call $g))
        (func (export "large") (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))"#;
    let (mut store, instance) = instantiate_with(&Quotas { stack_bytes: 4096, ..quotas() }, text).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "deep", 20), Ok(20));
    assert_eq!(call::<_, i32>(&mut store, instance, "deep", 2000), Err(Error::Trap(Trap::StackOverflow)));
    assert!(store.stats().stack_used_peak <= 4096);
    assert!(store.backtrace().truncated());
    assert_eq!(call::<(), ()>(&mut store, instance, "forever", ()), Err(Error::Trap(Trap::StackOverflow)));
    assert_eq!(call::<_, i32>(&mut store, instance, "deep", 20), Ok(20));
    // From none to just enough: never anything but a trap.
    for bytes in (0..400).step_by(4) {
        let quotas = Quotas { stack_bytes: bytes, ..quotas() };
        let (mut store, instance) = instantiate_with(&quotas, text).unwrap();
        for (name, need) in [("large", 300), ("forever", u32::MAX)] {
            match call::<(), ()>(&mut store, instance, name, ()) {
                Ok(()) => assert!(bytes >= 128),
                Err(error) => assert!(bytes < need && error == Error::Trap(Trap::StackOverflow)),
            }
        }
    }
}

#[test]
fn host_functions_on_a_small_stack() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker
        .func(
            "env",
            "f",
            |caller: &mut Caller<'_>, a: i64, _: i64, _: i64, _: i64| -> Result<(i64, i64), HostError> {
                let instance = caller.instance();
                match instance.func::<(), ()>(caller, "nop")?.call(caller, ()) {
                    Ok(()) | Err(Error::Trap(Trap::StackOverflow)) => Ok((a, a)),
                    Err(error) => Err(error.into()),
                }
            },
        )
        .unwrap();
    let module = module(
        &engine,
        r#"(module (import "env" "f" (func $f (param i64 i64 i64 i64) (result i64 i64))) (func (export "nop"))
            (func (export "run") (result i64 i64)
                (call $f (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))))"#,
    );
    for bytes in (0..600).step_by(4) {
        let mut store = Store::new(&engine, Quotas { stack_bytes: bytes, ..quotas() }).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        match call::<(), (i64, i64)>(&mut store, instance, "run", ()) {
            Ok(results) => assert_eq!(results, (1, 1)),
            Err(error) => {
                assert!(bytes < 300 && error == Error::Trap(Trap::StackOverflow), "{bytes} {error}")
            }
        }
    }
}

#[test]
fn copies_of_every_overlap() {
    let text = r#"(module (memory (export "m") 1)
        (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2))))"#;
    let (mut store, instance) = instantiate(text);
    let memory = instance.memory(&store, "m").unwrap();
    for (to, from, n) in
        [(0, 1, 5000), (1, 0, 5000), (0, 3000, 5000), (3000, 0, 5000), (7, 7, 3000), (0, 60000, 5536)]
    {
        let mut expected: Vec<u8> = (0..65536u32).map(|i| (i * 7 + i / 256) as u8).collect();
        memory.write(&mut store, 0, &expected).unwrap();
        expected.copy_within(from..from + n, to);
        call::<_, ()>(&mut store, instance, "copy", (to as i32, from as i32, n as i32)).unwrap();
        assert!(memory.data(&store).unwrap() == expected, "{to} {from} {n}");
    }
    for (to, from, n) in [(65536, 0, 1), (0, 65536, 1), (1, 0, 65536), (-1, 0, 2), (0, 0, -1)] {
        let failed = call::<_, ()>(&mut store, instance, "copy", (to, from, n));
        assert_eq!(failed, Err(Error::Trap(Trap::MemoryOutOfBounds)));
    }
    call::<_, ()>(&mut store, instance, "copy", (65536, 65536, 0)).unwrap();
}

#[test]
fn memories_that_never_grow_can_be_trimmed() {
    let text = |global: &str| {
        format!(
            r#"(module (memory (export "memory") 2) {global} (data (i32.const 990) "0123456789")
                (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
                (func (export "size") (result i32) (memory.size))
                (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#
        )
    };
    let trim = Quotas { trim_memory: true, memory_bytes: 100_000, ..quotas() };
    let base = r#"(global (export "__heap_base") i32 (i32.const 1000))"#;
    let (mut store, instance) = instantiate_with(&trim, &text(base)).unwrap();
    assert_eq!(store.stats().memory_bytes, 1000);
    assert_eq!(call::<_, i32>(&mut store, instance, "load", 999), Ok(i32::from(b'9')));
    assert_eq!(call::<_, i32>(&mut store, instance, "load", 1000), Err(Error::Trap(Trap::MemoryOutOfBounds)));
    assert_eq!(call::<(), i32>(&mut store, instance, "size", ()), Ok(2));
    assert_eq!(call::<_, i32>(&mut store, instance, "grow", 0), Ok(2));
    assert_eq!(call::<_, i32>(&mut store, instance, "grow", 1), Ok(-1));
    // Only when asked for, and only by such a global.
    let all = Quotas { memory_bytes: u32::MAX, ..trim };
    for (quotas, global) in [
        (Quotas { trim_memory: false, ..all }, base),
        (all, ""),
        (all, r#"(global (export "__heap_base") (mut i32) (i32.const 1000))"#),
        (all, r#"(global (export "__heap_base") i64 (i64.const 1000))"#),
        (all, r#"(global (export "__heap_base") i32 (i32.const 200000))"#),
        (all, r#"(func (export "__heap_base"))"#),
    ] {
        let (store, _) = instantiate_with(&quotas, &text(global)).unwrap();
        assert_eq!(store.stats().memory_bytes, 131_072, "{global}");
    }
}
