//! Many threads that share an engine, its heap, a module, host functions and interrupts.

mod common;
use common::*;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use wasmote::*;

const THREADS: usize = 8;
/// Fewer where each step is watched.
const ROUNDS: u32 = if cfg!(miri) { 3 } else { 60 };

const WORK: &str = r#"(module (import "env" "tick" (func $tick (param i32) (result i32)))
    (memory (export "m") 100 4000 (pagesize 1)) (table $t 1 externref) (global $g (mut i32) (i32.const 0))
    (func (export "work") (param i32) (result i32)
        (loop
            (global.set $g (i32.add (global.get $g) (call $tick (local.get 0))))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (drop (memory.grow (i32.const 100))) (drop (table.grow $t (ref.null extern) (i32.const 3)))
        (global.get $g))
    (func (export "forever") (loop (br 0))))"#;

static TICKS: AtomicU32 = AtomicU32::new(0);

fn host<'n>(engine: &Engine) -> Result<Linker<'n>, Error> {
    let mut linker = Linker::new(engine);
    linker.func("env", "tick", |x: i32| {
        TICKS.fetch_add(1, Ordering::Relaxed);
        x
    })?;
    Ok(linker)
}

/// One thread's work: stores, instances and modules come and go; what lacks memory is refused and tried again.
fn work(engine: &Engine, shared: &Module, bytes: &[u8], linker: &Linker<'_>) -> Result<(), Error> {
    let mut store = Store::new(engine, Quotas { stack_bytes: 1024, ..Quotas::default() })?;
    let instance = linker.instantiate(&mut store, shared)?;
    assert_eq!(call::<_, i32>(&mut store, instance, "work", 10)?, 55);
    assert_eq!(call::<_, i32>(&mut store, instance, "work", 4)?, 65);
    let own = Module::from_copy(engine, bytes)?;
    let second = linker.instantiate(&mut store, &own)?;
    assert_eq!(call::<_, i32>(&mut store, second, "work", 3)?, 6);
    drop(own);
    assert_eq!(call::<_, i32>(&mut store, second, "work", 1)?, 7);
    Ok(())
}

#[test]
fn everything_is_shared_under_load() {
    let bytes = wasm(WORK);
    // Not enough for all threads at a time.
    let engine = Engine::new(EngineConfig { heap_limit: 30_000, ..EngineConfig::default() }).unwrap();
    let module = Module::from_copy(&engine, &bytes).unwrap();
    let linker = host(&engine).unwrap();
    // What is compiled when it is first called is there.
    work(&engine, &module, &bytes, &linker).unwrap();
    let before = engine.stats().used;
    let (done, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let module = module.clone();
                for _ in 0..ROUNDS {
                    match work(&engine, &module, &bytes, &linker) {
                        Ok(()) => done.fetch_add(1, Ordering::Relaxed),
                        Err(Error::OutOfMemory | Error::Trap(Trap::NotCompiled)) => {
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                        Err(error) => panic!("{error}"),
                    };
                    thread::yield_now();
                }
            });
        }
    });
    let (done, refused) = (done.into_inner(), refused.into_inner());
    assert_eq!(done + refused, THREADS as u32 * ROUNDS);
    assert!(done > 0, "{refused} refused");
    assert_eq!(engine.stats().used, before);
    assert_eq!(module.owners(), 1);
    assert!(work(&engine, &module, &bytes, &linker).is_ok());
}

#[test]
fn interrupts_fly_about() {
    let engine = unmetered();
    let module = module(&engine, WORK);
    let linker = host(&engine).unwrap();
    let before = engine.stats().used;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (sender, handles) = std::sync::mpsc::channel::<InterruptHandle>();
        let workers: Vec<_> = (0..THREADS)
            .map(|_| {
                let sender = sender.clone();
                let (engine, module, linker) = (&engine, &module, &linker);
                scope.spawn(move || {
                    let mut interrupted = 0;
                    for _ in 0..ROUNDS / 3 {
                        // The handle goes its own ways, and may outlive the store.
                        let mut store = store(engine);
                        let instance = linker.instantiate(&mut store, module).unwrap();
                        sender.send(instance.interrupt_handle(&store).unwrap()).unwrap();
                        let ended = call::<(), ()>(&mut store, instance, "forever", ());
                        assert_eq!(ended, Err(Error::Trap(Trap::Interrupted)));
                        instance.interrupt_handle(&store).unwrap().clear();
                        // Another one may come at any time.
                        match call::<_, i32>(&mut store, instance, "work", 2) {
                            Ok(sum) => assert_eq!(sum, 3),
                            Err(error) => assert_eq!(error, Error::Trap(Trap::Interrupted)),
                        }
                        interrupted += 1;
                    }
                    interrupted
                })
            })
            .collect();
        drop(sender);
        // One thread gathers the handles, and lets all of them interrupt again and again.
        let stop = &stop;
        scope.spawn(move || {
            let mut known: Vec<InterruptHandle> = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                known.extend(handles.try_iter());
                known.iter().for_each(InterruptHandle::interrupt);
                if known.len() > 64 {
                    known.drain(..32);
                }
                thread::yield_now();
            }
        });
        for worker in workers {
            assert_eq!(worker.join().unwrap(), ROUNDS / 3);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(engine.stats().used, before);
}

/// Instances join the store, and are interrupted, and no longer, all at once: in the end all of them say the same.
#[test]
fn interrupts_reach_all_instances_of_a_store() {
    let engine = unmetered();
    let module = module(&engine, "(module (func (export \"f\")))");
    let linker = Linker::new(&engine);
    let before = engine.stats().used;
    for round in 0..ROUNDS {
        let mut store = store(&engine);
        let first = linker.instantiate(&mut store, &module).unwrap();
        let handle = first.interrupt_handle(&store).unwrap();
        let mut instances = vec![first];
        thread::scope(|scope| {
            for thread in 0..4 {
                let handle = handle.clone();
                scope.spawn(move || {
                    for _ in 0..ROUNDS {
                        if thread % 2 == 0 { handle.interrupt() } else { handle.clear() }
                    }
                });
            }
            for _ in 0..20 {
                instances.push(linker.instantiate(&mut store, &module).unwrap());
            }
        });
        let mut ended = instances.iter().map(|&instance| call::<(), ()>(&mut store, instance, "f", ()));
        let first = ended.next().unwrap();
        assert!(ended.all(|ended| ended == first), "{round}");
        // The store goes first.
        drop(store);
        handle.interrupt();
    }
    assert_eq!(engine.stats().used, before);
}
