//! Two FreeRTOS tasks: one runs a WebAssembly module that filters a sensor's samples, the other receives what the
//! module emits through a queue and shows it.
#![no_std]
extern crate alloc;

mod board;
mod data;
mod memory;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::c_int;
use core::sync::atomic::{AtomicUsize, Ordering};
use freertos_rust::{Duration, FreeRtosUtils, Queue, Task, TaskPriority, shim_sanity_check};
use wasmote::{Caller, Engine, EngineConfig, Error, HostError, Linker, Module, Quotas, Store, Trap};

static GUEST: &[u8] = include_bytes!("../../../rust/guests/wasm/sensor_filter.wasm");

/// What the guest's task tells the other one.
enum Message {
    Emitted { value: i32, flags: i32 },
    Line(String),
    Ended(Result<(), Error>),
}

type Messages = Queue<Message>;

fn send(messages: &Messages, message: Message) -> Result<(), HostError> {
    messages.send(message, Duration::infinite()).map_err(|_| HostError::Code(1))
}

/// The line of text that the guest wants logged, if it is one and within its memory.
fn line_of(caller: &mut Caller<'_>, text: u32, length: u32) -> Option<String> {
    let memory = caller.memory()?;
    let bytes = memory.get(text as usize..)?.get(..length as usize)?;
    Some(core::str::from_utf8(bytes).ok()?.into())
}

/// What the guest may call. The types of the closures are those of its imports; others do not link.
fn host_functions<'n>(engine: &Engine, messages: &Arc<Messages>) -> Result<Linker<'n>, Error> {
    let mut linker = Linker::new(engine);

    let samples: Vec<i32> = data::samples().collect();
    let position = AtomicUsize::new(0);
    linker.func("sensor", "read", move || {
        samples.get(position.fetch_add(1, Ordering::Relaxed)).copied().unwrap_or(-1)
    })?;

    let emitted = messages.clone();
    linker.func("sensor", "emit", move |value: i32, flags: i32| {
        send(&emitted, Message::Emitted { value, flags })
    })?;

    let lines = messages.clone();
    linker.func("sensor", "log", move |caller: &mut Caller<'_>, text: u32, length: u32| {
        let line = line_of(caller, text, length).ok_or(Trap::MemoryOutOfBounds)?;
        send(&lines, Message::Line(line))
    })?;
    Ok(linker)
}

fn run_guest(messages: &Arc<Messages>) -> Result<(), Error> {
    let engine = Engine::new(EngineConfig::default())?;
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, Quotas { stack_bytes: 2048, ..Quotas::default() })?;
    let instance = host_functions(&engine, messages)?.instantiate(&mut store, &module)?;
    let process = instance.func::<i32, i32>(&store, "process")?;
    for batch in 0..data::BATCHES {
        process.call(&mut store, batch)?;
    }
    Ok(())
}

/// Shows the messages until the guest has ended. Whether all was as it must be.
fn show(messages: &Messages) -> bool {
    let mut expected = data::expected();
    let mut received = 0;
    loop {
        match messages.receive(Duration::ms(5000)) {
            Ok(Message::Line(text)) => println!("{text}"),
            Ok(Message::Emitted { value, flags }) => {
                let right = expected.next();
                if right != Some((value, flags)) {
                    println!("value {value}, flags {flags}; should be {right:?}");
                    return false;
                }
                received += 1;
            }
            Ok(Message::Ended(Ok(()))) => {
                println!("freertos_rust: done, {received} values received");
                return received > 0 && expected.next().is_none();
            }
            Ok(Message::Ended(Err(error))) => {
                println!("the guest ended early: {error}");
                return false;
            }
            Err(_) => {
                println!("nothing received for 5 seconds");
                return false;
            }
        }
    }
}

/// Called by the board with interrupts off and no scheduler.
#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    shim_sanity_check().expect("freertos-rust must agree with FreeRTOSConfig.h about types");
    let messages = Arc::new(Messages::new(4).expect("memory for the queue"));

    let to_show = messages.clone();
    Task::new()
        .name("guest")
        .stack_size(4096) // words of 4 bytes
        .priority(TaskPriority(1))
        .start(move |_task| {
            let result = run_guest(&messages);
            let _ = send(&messages, Message::Ended(result));
        })
        .expect("memory for the guest's task");
    Task::new()
        .name("show")
        .stack_size(2048)
        .priority(TaskPriority(2))
        .start(move |_task| board::exit(if show(&to_show) { 0 } else { 1 }))
        .expect("memory for the showing task");
    FreeRtosUtils::start_scheduler()
}
