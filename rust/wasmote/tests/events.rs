//! What a logger behind the facade `log` is told.
#![cfg(feature = "log")]

mod common;
use common::*;
use std::sync::Mutex;
use wasmote::*;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}: {}", record.level(), record.target(), record.args());
        LINES.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

#[test]
fn each_step_is_told() {
    log::set_logger(&Lines).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let (mut store, instance) = instantiate(r#"(module (func (export "fail") unreachable))"#);
    assert_eq!(call::<(), ()>(&mut store, instance, "fail", ()), Err(Error::Trap(Trap::Unreachable)));
    let engine = Engine::new(EngineConfig::default()).unwrap();
    assert!(Module::new(&engine, b"\0asm\x02\0\0\0").is_err());
    let lines = LINES.lock().unwrap();
    let starts = [
        "INFO wasmote: module loaded: ",
        "INFO wasmote: instance made",
        "WARN wasmote: trap: unreachable",
        "WARN wasmote: module refused: ",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert!(lines[3].contains("0x4"), "{}", lines[3]);
}
