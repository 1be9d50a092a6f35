//! Runs hello.wasm: it calls back to print, and returns a number.
#![no_std]

use core::str::from_utf8;
use wasmote::{Caller, Engine, EngineConfig, Error, Linker, Module, Quotas, Store, Trap};
use zephyr::{printk, printkln};

static GUEST: &[u8] = include_bytes!("../../freertos_hello/hello.wasm");

/// What hello.wasm imports as env.print.
fn print(caller: &mut Caller<'_>, text: u32, length: u32) -> Result<(), Trap> {
    let memory = caller.memory().ok_or(Trap::MemoryOutOfBounds)?;
    let bytes = memory.get(text as usize..).and_then(|rest| rest.get(..length as usize));
    let text = bytes.and_then(|bytes| from_utf8(bytes).ok()).ok_or(Trap::MemoryOutOfBounds)?;
    printk!("{text}");
    Ok(())
}

fn run_hello() -> Result<i32, Error> {
    let engine = Engine::new(EngineConfig::default())?;
    let module = Module::new(&engine, GUEST)?;
    let mut linker = Linker::new(&engine);
    linker.func("env", "print", print)?;
    let mut store = Store::new(&engine, Quotas { stack_bytes: 2048, ..Quotas::default() })?;
    let instance = linker.instantiate(&mut store, &module)?;
    let greet = instance.func::<i32, i32>(&store, "greet")?;
    greet.call(&mut store, 3)
}

#[unsafe(no_mangle)]
extern "C" fn rust_main() {
    // SAFETY: nothing else runs yet.
    unsafe {
        // It fails if there is one already, which would do as well.
        let _ = zephyr::set_logger();
    }
    match run_hello() {
        Ok(printed) => printkln!("greet returned {printed}"),
        Err(error) => printkln!("{error}"),
    }
}
