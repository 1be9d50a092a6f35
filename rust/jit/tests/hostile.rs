//! Whatever the bytes of a module are, and whenever memory runs out: the compiler ends with code or with an error.

use wasmote_core::{ErrorKind, LoadError};
use wasmote_frontend::Module;
use wasmote_jit::isa::thumb2::{Fpu, Thumb2};
use wasmote_jit::isa::x64::X64;
use wasmote_jit::masm::Masm;
use wasmote_jit::{Compiler, Settings};
use wasmote_platform::Heap;

fn guests() -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/wasm");
    let mut guests = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            guests.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    guests.sort();
    assert!(guests.len() > 10);
    guests
}

/// Compiles all functions; bytes of code.
fn compile<M: Masm>(masm: M, bytes: &[u8], heap: &Heap, metered: bool) -> Result<usize, ErrorKind> {
    let kind = |error: LoadError| error.kind;
    let module = Module::parse(bytes, heap).map_err(kind)?;
    let settings = Settings { metered };
    let compiler = Compiler::new(masm, heap, settings);
    let mut front = wasmote_frontend::Compiler::new(&module, heap, compiler);
    front.sink.begin(&module).map_err(|_| ErrorKind::OutOfMemory)?;
    for own in 0..module.func_count() - module.import_funcs() {
        front.sink.next(own, false);
        match front.function(own).map_err(kind) {
            Err(ErrorKind::FunctionTooLarge) => {
                front.sink.next(own, true);
                front.function(own).map_err(kind)?;
            }
            result => result?,
        }
    }
    assert!(front.sink.finish(&module)?);
    Ok(front.sink.code().len())
}

#[test]
fn changed_bytes() {
    let heap = Heap::platform().unwrap();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 20) as usize % below
    };
    let (mut compiled, mut refused) = (0, 0);
    for (name, bytes) in guests() {
        for round in 0..150 {
            let mut changed = bytes.clone();
            for _ in 0..1 + round % 3 {
                let at = 8 + next(changed.len() - 8);
                // Other operators rather than any byte.
                changed[at] = if round % 2 == 0 { next(256) as u8 } else { next(0xC5) as u8 };
            }
            let used = heap.stats().used;
            let metered = round % 4 == 0;
            let thumb2 = compile(Thumb2::new(&heap, Fpu::Single, 0), &changed, &heap, metered);
            let x64 = compile(X64::new(&heap), &changed, &heap, metered);
            for result in [thumb2, x64] {
                match result {
                    Ok(_) => compiled += 1,
                    Err(_) => refused += 1,
                }
            }
            assert_eq!(heap.stats().used, used, "{name}");
        }
    }
    assert!(compiled > 600 && refused > 600, "{compiled} compiled, {refused} refused");
}

/// Each allocation fails once.
fn no_memory<M: Masm>(masm: impl Fn(&Heap) -> M) {
    let guests = guests();
    let (_, bytes) = guests.iter().find(|(name, _)| name.ends_with("coremix.wasm")).unwrap();
    let heap = Heap::platform().unwrap();
    let used = heap.stats().used;
    let mut failures = 0;
    for n in 1.. {
        heap.fail_after(n);
        let result = compile(masm(&heap), bytes, &heap, false);
        heap.fail_after(0);
        assert_eq!(heap.stats().used, used, "after allocation {n}");
        match result {
            Ok(_) => break,
            Err(kind) => assert_eq!(kind, ErrorKind::OutOfMemory, "allocation {n}"),
        }
        failures += 1;
    }
    assert!(failures >= 10, "{failures}");
}

#[test]
fn no_memory_thumb2() {
    no_memory(|heap| Thumb2::new(heap, Fpu::Single, 0));
}

#[test]
fn no_memory_x64() {
    no_memory(X64::new);
}
