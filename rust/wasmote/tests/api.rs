//! The API, as a firmware uses it.

mod common;
use common::*;
use wasmote::*;

#[test]
fn typed_and_dynamic_calls() {
    let (mut store, instance) = instantiate(
        r#"(module
            (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "wide") (param i64 f64 f32) (result i64 f64 f32)
                (i64.add (local.get 0) (i64.const 1)) (f64.neg (local.get 1)) (f32.neg (local.get 2)))
            (func (export "none")))"#,
    );
    assert_eq!(call::<_, i32>(&mut store, instance, "add", (2, 40)), Ok(42));
    let wide = call::<_, (i64, f64, f32)>(&mut store, instance, "wide", (1i64 << 40, 1.5f64, 2.5f32));
    assert_eq!(wide, Ok(((1 << 40) + 1, -1.5, -2.5)));
    assert_eq!(call::<(), ()>(&mut store, instance, "none", ()), Ok(()));

    let add = instance.func_dyn(&store, "add").unwrap();
    assert_eq!(add.ty(&store).unwrap().params().len(), 2);
    let mut results = [Value::I32(0)];
    add.call(&mut store, &[Value::I32(-1), Value::I32(3)], &mut results).unwrap();
    assert_eq!(results, [Value::I32(2)]);
    assert_eq!(add.call(&mut store, &[Value::I32(1)], &mut results), Err(Error::WrongType));
    assert_eq!(add.call(&mut store, &[Value::I32(1), Value::I64(1)], &mut results), Err(Error::WrongType));
    assert_eq!(add.call(&mut store, &[Value::I32(1), Value::I32(1)], &mut []), Err(Error::WrongType));
}

#[test]
fn look_ups_fail_with_a_reason() {
    let (store, instance) =
        instantiate(r#"(module (func (export "f") (param i32)) (memory (export "m") 1))"#);
    assert_eq!(instance.func::<(), ()>(&store, "g").err(), Some(Error::NotFound));
    assert_eq!(instance.func::<(), ()>(&store, "m").err(), Some(Error::NotFound));
    assert_eq!(instance.func::<(), ()>(&store, "f").err(), Some(Error::WrongType));
    assert_eq!(instance.func::<i64, ()>(&store, "f").err(), Some(Error::WrongType));
    assert!(instance.func::<i32, ()>(&store, "f").is_ok());
    assert!(instance.memory(&store, "f").is_err());
    assert!(instance.table(&store, "f").is_err());
    assert!(instance.global(&store, "f").is_err());
}

#[test]
fn host_functions_of_every_shape() {
    fn plain(a: i32, b: i64) -> i64 {
        i64::from(a) - b
    }
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker.func("env", "plain", plain).unwrap();
    linker.func("env", "none", || {}).unwrap();
    linker.func("env", "caller", |caller: &mut Caller<'_>| caller.memory().unwrap().len() as i32).unwrap();
    linker.func("env", "swap", |a: u32, b: f64| (b, a)).unwrap();
    linker
        .func("env", "fails", |code: i32| -> Result<i32, HostError> { Err(HostError::Code(code)) })
        .unwrap();
    linker.func("env", "traps", || Err::<(), Trap>(Trap::Unreachable)).unwrap();
    linker
        .func("env", "eight", |a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32, h: i32| {
            a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h
        })
        .unwrap();
    let module = module(
        &engine,
        r#"(module
            (import "env" "plain" (func $plain (param i32 i64) (result i64)))
            (import "env" "none" (func $none))
            (import "env" "caller" (func $caller (result i32)))
            (import "env" "swap" (func $swap (param i32 f64) (result f64 i32)))
            (import "env" "fails" (func $fails (param i32) (result i32)))
            (import "env" "traps" (func $traps))
            (import "env" "eight" (func $eight (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
            (memory 2)
            (func (export "plain") (result i64) (call $none) (call $plain (i32.const 10) (i64.const 3)))
            (func (export "caller") (result i32) (call $caller))
            (func (export "swap") (result f64 i32) (call $swap (i32.const 7) (f64.const 0.5)))
            (func (export "fails") (param i32) (result i32) (call $fails (local.get 0)))
            (func (export "traps") (call $traps))
            (func (export "eight") (result i32) (call $eight (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
                (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8)))
            (export "host" (func $plain)))"#,
    );
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(call::<(), i64>(&mut store, instance, "plain", ()), Ok(7));
    assert_eq!(call::<(), i32>(&mut store, instance, "caller", ()), Ok(2 * 65536));
    assert_eq!(call::<(), (f64, u32)>(&mut store, instance, "swap", ()), Ok((0.5, 7)));
    assert_eq!(call::<_, i32>(&mut store, instance, "fails", 99), Err(Error::Host(99)));
    assert_eq!(Error::Host(99).trap(), Some(Trap::Host));
    assert_eq!(call::<(), ()>(&mut store, instance, "traps", ()), Err(Error::Trap(Trap::Unreachable)));
    assert_eq!(call::<(), i32>(&mut store, instance, "eight", ()), Ok(204));
    // An imported function that is exported again can be called from the host as well.
    assert_eq!(call::<_, i64>(&mut store, instance, "host", (5, 6i64)), Ok(-1));
}

#[test]
fn host_functions_use_the_callers_memory() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker
        .func("env", "upper", |caller: &mut Caller<'_>, at: u32, len: u32| -> Result<(), HostError> {
            caller.bytes(at, len)?.make_ascii_uppercase();
            Ok(())
        })
        .unwrap();
    let module = module(
        &engine,
        r#"(module
            (import "env" "upper" (func $upper (param i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 10) "hello")
            (func (export "run") (param i32 i32) (call $upper (local.get 0) (local.get 1))))"#,
    );
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    call::<_, ()>(&mut store, instance, "run", (11, 2)).unwrap();
    let memory = instance.memory(&store, "memory").unwrap();
    assert_eq!(&memory.data(&store).unwrap()[10..15], b"hELlo");
    for range in [(65535, 2), (u32::MAX, 1), (1, u32::MAX), (65537, 0)] {
        assert_eq!(
            call::<_, ()>(&mut store, instance, "run", range),
            Err(Error::Trap(Trap::MemoryOutOfBounds)),
            "{range:?}"
        );
    }
    let mut buffer = [0; 5];
    memory.read(&store, 10, &mut buffer).unwrap();
    memory.write(&mut store, 100, &buffer).unwrap();
    assert_eq!(&memory.data_mut(&mut store).unwrap()[100..105], b"hELlo");
    assert_eq!(memory.read(&store, 65532, &mut buffer), Err(Error::OutOfBounds));
    assert_eq!(memory.write(&mut store, usize::MAX, &buffer), Err(Error::OutOfBounds));
}

#[test]
fn host_functions_call_back() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker
        .func("env", "back", |caller: &mut Caller<'_>, n: i32| -> Result<i32, HostError> {
            let instance = caller.instance();
            let count = instance.func::<i32, i32>(caller, "count")?;
            let below = count.call(caller, n - 1)?;
            // The memory may be another one now.
            caller.memory().ok_or(Trap::Unreachable)?[0] += 1;
            Ok(below + 1)
        })
        .unwrap();
    let module = module(
        &engine,
        r#"(module
            (import "env" "back" (func $back (param i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "count") (param i32) (result i32) (local i64 i64)
                (local.set 1 (i64.const -1))
                (if (result i32) (i32.eqz (local.get 0))
                    (then (drop (memory.grow (i32.const 1))) (i32.const 0))
                    (else (i32.add (call $back (local.get 0)) (i32.wrap_i64 (i64.add (local.get 1) (i64.const 1))))))))"#,
    );
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "count", 5), Ok(5));
    let memory = instance.memory(&store, "memory").unwrap();
    assert_eq!((memory.pages(&store), memory.data(&store).unwrap()[0]), (Ok(2), 5));
    // 8 nested calls are allowed: the outermost and 7 within.
    assert_eq!(call::<_, i32>(&mut store, instance, "count", 7), Ok(7));
    assert_eq!(call::<_, i32>(&mut store, instance, "count", 8), Err(Error::Trap(Trap::StackOverflow)));
    assert_eq!(call::<_, i32>(&mut store, instance, "count", 3), Ok(3));
}

#[test]
fn globals_and_tables_from_the_host() {
    let (mut store, instance) = instantiate(
        r#"(module
            (global (export "g") (mut i64) (i64.const 5))
            (global (export "c") i32 (i32.const 6))
            (global (export "r") (mut funcref) (ref.null func))
            (table (export "t") 2 4 funcref)
            (table (export "x") 1 externref)
            (elem (i32.const 0) $f)
            (func $f (export "f") (result i32) (i32.const 7))
            (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
            (func (export "get") (result i64) (global.get 0)))"#,
    );
    let global = instance.global(&store, "g").unwrap();
    assert_eq!(global.get(&store), Ok(Value::I64(5)));
    global.set(&mut store, Value::I64(-1)).unwrap();
    assert_eq!(call::<(), i64>(&mut store, instance, "get", ()), Ok(-1));
    assert_eq!(global.set(&mut store, Value::I32(1)), Err(Error::WrongType));
    let constant = instance.global(&store, "c").unwrap();
    assert_eq!(constant.set(&mut store, Value::I32(1)), Err(Error::Immutable));
    assert_eq!(constant.get(&store), Ok(Value::I32(6)));

    let f = instance.func_dyn(&store, "f").unwrap();
    let reference = instance.global(&store, "r").unwrap();
    reference.set(&mut store, Value::FuncRef(Some(f))).unwrap();
    assert_eq!(reference.get(&store), Ok(Value::FuncRef(Some(f))));

    let table = instance.table(&store, "t").unwrap();
    assert_eq!(table.get(&store, 0), Ok(Value::FuncRef(Some(f))));
    assert_eq!(table.get(&store, 1), Ok(Value::FuncRef(None)));
    assert_eq!(table.get(&store, 2), Err(Error::OutOfBounds));
    assert_eq!(call::<_, i32>(&mut store, instance, "call", 1), Err(Error::Trap(Trap::IndirectCallToNull)));
    table.set(&mut store, 1, Value::FuncRef(Some(f))).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "call", 1), Ok(7));
    assert_eq!(table.grow(&mut store, 2, Value::FuncRef(Some(f))), Ok(2));
    assert_eq!(call::<_, i32>(&mut store, instance, "call", 3), Ok(7));
    assert_eq!(table.grow(&mut store, 1, Value::FuncRef(None)), Err(Error::OutOfBounds));
    assert_eq!(table.set(&mut store, 0, Value::ExternRef(None)), Err(Error::WrongType));
    assert_eq!(table.set(&mut store, 4, Value::FuncRef(None)), Err(Error::OutOfBounds));

    let externs = instance.table(&store, "x").unwrap();
    let value = Value::ExternRef(ExternRef::new(123));
    externs.set(&mut store, 0, value).unwrap();
    assert_eq!(externs.get(&store, 0), Ok(value));
}

#[test]
fn references_go_through_code_and_back() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker.func("env", "same", |f: Option<Func>, x: Option<ExternRef>| (x, f)).unwrap();
    let module = module(
        &engine,
        r#"(module
            (import "env" "same" (func $same (param funcref externref) (result externref funcref)))
            (func $id (export "id") (param funcref externref) (result externref funcref)
                (call $same (local.get 0) (local.get 1)))
            (func (export "self") (result funcref) (ref.func $id))
            (elem declare func $id))"#,
    );
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let id = instance.func::<_, (Option<ExternRef>, Option<Func>)>(&store, "id").unwrap();
    let func = call::<(), Option<Func>>(&mut store, instance, "self", ()).unwrap();
    assert_eq!(func, Some(id.func()));
    let number = ExternRef::new(77);
    assert_eq!(id.call(&mut store, (func, number)), Ok((number, func)));
    assert_eq!(id.call(&mut store, (None, None)), Ok((None, None)));
}

#[test]
fn handles_of_another_store_are_refused() {
    let many = r#"(module (func (export "a")) (func (export "b") (param i32)) (func (export "f") (param funcref))
        (table (export "t") 1 funcref) (memory (export "m") 1) (global (export "g") (mut funcref) (ref.null func)))"#;
    let (mut large, instance) = instantiate(many);
    let engine = engine();
    let mut empty = store(&engine);
    let a = instance.func::<(), ()>(&large, "a").unwrap();
    assert_eq!(a.call(&mut empty, ()), Err(Error::NotFound));
    assert_eq!(instance.memory(&large, "m").unwrap().size(&empty), Err(Error::NotFound));
    assert_eq!(instance.table(&large, "t").unwrap().size(&empty), Err(Error::NotFound));
    assert!(instance.global(&large, "g").unwrap().get(&empty).is_err());
    assert!(instance.module(&empty).is_err() && instance.fuel(&empty).is_err());
    assert!(instance.export(&empty, "a").is_none());

    // Same numbers, other type; and references that lead nowhere.
    let small =
        module(&engine, r#"(module (func (export "a") (param i64)) (func (export "f") (param funcref)))"#);
    let other = Linker::new(&engine).instantiate(&mut empty, &small).unwrap();
    assert_eq!(a.call(&mut empty, ()), Err(Error::WrongType));
    let foreign = instance.func_dyn(&large, "f").unwrap();
    let takes = other.func::<Option<Func>, ()>(&empty, "f").unwrap();
    assert_eq!(takes.call(&mut empty, Some(foreign)), Err(Error::NotFound));
    assert_eq!(
        takes.func().call(&mut empty, &[Value::FuncRef(Some(foreign))], &mut []),
        Err(Error::NotFound)
    );
    let table = instance.table(&large, "t").unwrap();
    assert!(table.set(&mut large, 0, Value::FuncRef(Some(foreign))).is_ok());
}

#[test]
fn a_module_serves_many_stores_and_threads() {
    let engine = engine();
    let module = module(
        &engine,
        r#"(module (memory 1) (func (export "run") (param i32) (result i32) (local i32)
            (loop (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get 0)))
                (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 1000))))
            (i32.load (i32.const 0))))"#,
    );
    let linker = Linker::new(&engine);
    std::thread::scope(|scope| {
        for n in 1..=4 {
            let (engine, module, linker) = (&engine, &module, &linker);
            scope.spawn(move || {
                for _ in 0..20 {
                    let mut store = store(engine);
                    let instance = linker.instantiate(&mut store, module).unwrap();
                    assert_eq!(call::<_, i32>(&mut store, instance, "run", n), Ok(1000 * n));
                }
            });
        }
    });
    assert_eq!(module.owners(), 1);
}

#[test]
fn stores_move_between_threads() {
    let (mut store, instance) = instantiate(
        r#"(module (global (export "g") (mut i32) (i32.const 0))
        (func (export "inc") (global.set 0 (i32.add (global.get 0) (i32.const 1)))))"#,
    );
    for _ in 0..3 {
        store = std::thread::spawn(move || {
            call::<(), ()>(&mut store, instance, "inc", ()).unwrap();
            store
        })
        .join()
        .unwrap();
    }
    assert_eq!(instance.global(&store, "g").unwrap().get(&store), Ok(Value::I32(3)));
}

#[test]
fn statistics() {
    let engine = unmetered();
    let before = engine.stats().used;
    let module = module(
        &engine,
        r#"(module (memory 1) (func $f (export "deep") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0)))))"#,
    );
    let stats = module.stats();
    assert_eq!(stats.functions, 1);
    // The interpreter's code is the store's if it is made when a function is called.
    let of_store = cfg!(feature = "interp-lazy") && stats.native_code_bytes == 0;
    assert_eq!(stats.code_bytes > 0, !of_store);
    assert!(stats.wasm_code_bytes > 0 && stats.heap.used > stats.code_bytes - stats.native_code_bytes);
    let mut store = store(&engine);
    let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
    assert_eq!(store.stats().memory_bytes, 65536);
    call::<_, i32>(&mut store, instance, "deep", 1).unwrap();
    let shallow = store.stats().stack_used_peak;
    call::<_, i32>(&mut store, instance, "deep", 50).unwrap();
    assert!(store.stats().stack_used_peak > shallow + 50 * 8);
    assert!(store.stats().heap.used >= 65536 + 64 * 1024);
    drop((store, module));
    assert_eq!(engine.stats().used, before);
}

#[test]
fn the_module_tells_what_it_needs_and_has() {
    let engine = engine();
    let module = module(
        &engine,
        r#"(module (import "a" "b" (func (param i32))) (import "c" "d" (global i32))
            (memory (export "m") 1 2) (func (export "f") (param f64)))"#,
    );
    let imports: Vec<_> = module.imports().map(|import| (import.module, import.name)).collect();
    assert_eq!(imports, [("a", "b"), ("c", "d")]);
    let exports: Vec<_> = module.exports().map(|(export, ty)| (export.name, ty)).collect();
    let limits = Limits { min: 1, max: Some(2) };
    assert_eq!(exports[0], ("m", ExternType::Memory(MemoryType { limits, page_log2: 16 })));
    assert_eq!(exports[1], ("f", ExternType::Func(FuncType::new(&[0x7C], &[]))));
}

/// A host function that returns its number.
struct Number(u32);

impl HostCall for Number {
    fn ty(&self) -> FuncType<'_> {
        FuncType::new(&[], &[ValType::I32 as u8])
    }

    fn call(&self, _: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        cells[0] = self.0;
        Ok(())
    }
}

/// A store keeps what it has found out of a function for the next time, and that must not be another one's, or old.
#[test]
fn functions_called_again_are_the_same() {
    let engine = engine();
    let mut store = store(&engine);
    let number = |store: &mut Store, func: Func| {
        let mut results = [Value::I32(0)];
        func.call(store, &[], &mut results).map(|()| results[0])
    };
    // What is known of the host functions moves as they become more.
    let first = Func::host(&mut store, Number(0)).unwrap();
    let mut hosts = vec![first];
    for count in 1..40 {
        assert_eq!(number(&mut store, first), Ok(Value::I32(0)));
        hosts.push(Func::host(&mut store, Number(count)).unwrap());
        assert_eq!(number(&mut store, first), Ok(Value::I32(0)));
    }
    for (func, count) in hosts.iter().zip(0..) {
        assert_eq!(number(&mut store, *func), Ok(Value::I32(count)));
    }

    let linker = Linker::new(&engine);
    let text = |trap: &str, ty: &str| {
        format!(
            r#"(module (memory 0) {trap} (func (export "f") (result {ty}) ({ty}.const 7))
                (func (export "g") (result {ty}) ({ty}.const 8)))"#
        )
    };
    let trapping = module(&engine, &text(r#"(data (i32.const 0) "x")"#, "i64"));
    for _ in 0..3 {
        assert!(matches!(linker.instantiate(&mut store, &trapping), Err(Error::Trap(_))));
        let instance = linker.instantiate(&mut store, &module(&engine, &text("", "i32"))).unwrap();
        let [f, g] = ["f", "g"].map(|name| instance.func_dyn(&store, name).unwrap());
        for _ in 0..3 {
            assert_eq!(number(&mut store, f), Ok(Value::I32(7)));
            assert_eq!(number(&mut store, g), Ok(Value::I32(8)));
            assert_eq!(number(&mut store, g), Ok(Value::I32(8)));
            assert_eq!(number(&mut store, hosts[3]), Ok(Value::I32(3)));
        }
    }
}

#[test]
fn an_instance_seen_from_outside_calls() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker
        .func("env", "size", |caller: &mut Caller<'_>| {
            caller.memory().map_or(-1, |memory| memory.len() as i32)
        })
        .unwrap();
    linker
        .func("env", "again", |caller: &mut Caller<'_>, depth: i32| -> Result<i32, HostError> {
            let instance = caller.instance();
            Ok(instance.func::<i32, i32>(caller, "down")?.call(caller, depth)?)
        })
        .unwrap();
    let module = module(
        &engine,
        r#"(module (import "env" "size" (func $size (result i32))) (import "env" "again" (func $again (param i32) (result i32)))
            (memory 1) (export "size" (func $size))
            (func (export "down") (param i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (unreachable)))
                (if (i32.eq (local.get 0) (i32.const 9)) (then (return (call $size))))
                (call $again (i32.sub (local.get 0) (i32.const 1)))))"#,
    );
    let mut store = store(&engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(call::<(), i32>(&mut store, instance, "size", ()), Ok(-1), "nobody calls");
    let mut outside = instance.outside(&mut store).unwrap();
    assert_eq!(outside.instance(), instance);
    let size = instance.func::<(), i32>(&outside, "size").unwrap();
    let down = instance.func::<i32, i32>(&outside, "down").unwrap();
    for _ in 0..3 {
        assert_eq!(size.call(&mut outside, ()), Ok(65_536));
        assert_eq!(down.call(&mut outside, 10), Ok(65_536));
        assert_eq!(down.call(&mut outside, 3), Err(Error::Trap(Trap::Unreachable)));
    }
    assert_eq!(store.backtrace().frames().len(), 4);
    assert_eq!(Instance::outside(&other_instance(), &mut store).err(), Some(Error::NotFound));
}

/// An instance with a number that small stores do not have.
fn other_instance() -> Instance {
    let engine = engine();
    let mut store = store(&engine);
    let module = module(&engine, "(module)");
    (0..9).map(|_| Linker::new(&engine).instantiate(&mut store, &module).unwrap()).last().unwrap()
}

/// Arguments that are written by other means than values are checked as those are.
#[test]
fn references_in_cells_are_checked() {
    let text = r#"(module (type $t (func (result i32))) (table 1 funcref)
        (func $seven (export "seven") (type $t) (i32.const 7))
        (func (export "call") (param funcref) (result i32)
            (table.set (i32.const 0) (local.get 0)) (call_indirect (type $t) (i32.const 0))))"#;
    let (mut store, instance) = instantiate(text);
    let seven = instance.func_dyn(&store, "seven").unwrap();
    let func = instance.func_dyn(&store, "call").unwrap();
    let mut call = |cell: u32| {
        let write = |_: &FuncType<'_>, cells: &mut [u32]| {
            cells[0] = cell;
            true
        };
        let mut result = 0;
        func.call_cells(&mut store, write, |_, cells| result = cells[0]).map(|()| result)
    };
    let right = Value::FuncRef(Some(seven)).bits() as u32;
    assert_eq!(call(right), Ok(7));
    for wrong in [right + (1 << 20), right + 1000, u32::MAX] {
        assert_eq!(call(wrong), Err(Error::NotFound), "{wrong:#x}");
    }
}
