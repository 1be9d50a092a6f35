//! Runs everything that `expected.toml` says, natively and in another engine.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use wasmi::{
    Caller, Engine, Error, ExternRef, Instance, Linker, Memory, Module, Nullable, Store, TrapCode, Val,
};

use crate::Result;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    program: Vec<Program>,
    sensor: Vec<Sensor>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    name: String,
    wasm: String,
    export: String,
    native: Option<String>,
    #[expect(dead_code, reason = "for the benchmarks")]
    integer_mean: bool,
    check: Run,
    bench: Run,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    n: i32,
    result: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sensor {
    wasm: Vec<String>,
    version: i32,
    samples: String,
    emitted: String,
    per_batch: Vec<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    wasm: String,
    export: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    results: Vec<String>,
    trap: Option<String>,
    fuel: Option<u64>,
}

/// What the host functions of a guest work on.
#[derive(Default)]
struct Host {
    samples: Vec<i32>,
    next: usize,
    /// Like the files in data/.
    transcript: String,
}

/// Counts, and says what is wrong.
#[derive(Default)]
struct Tally {
    right: usize,
    wrong: usize,
}

impl Tally {
    fn compare(&mut self, what: &str, expected: &str, found: &str) {
        if expected == found {
            self.right += 1;
        } else {
            self.wrong += 1;
            println!("WRONG: {what}: expected {expected}, found {found}");
        }
    }
}

pub fn verify(root: &Path) -> Result<bool> {
    let text = fs::read_to_string(root.join("expected.toml"))?;
    let expected: Expected = toml::from_str(&text).map_err(|error| format!("expected.toml: {error}"))?;
    let mut tally = Tally::default();
    verify_natively(root, &expected, &mut tally)?;
    for program in &expected.program {
        let (store, instance) = &mut instantiate(root, &program.wasm, None, Host::default())?;
        // The second run in the same instance must not see the first.
        for run in [&program.check, &program.check, &program.bench] {
            let found = call(store, instance, &program.export, &[Val::I32(run.n)]);
            let what = format!("{} run({})", program.wasm, run.n);
            tally.compare(&what, &format!("i32:{}", run.result), &found?);
        }
    }
    for sensor in &expected.sensor {
        for wasm in &sensor.wasm {
            verify_sensor(root, sensor, wasm, &mut tally)?;
        }
    }
    for case in &expected.case {
        verify_case(root, case, &mut tally)?;
    }
    println!("{} as expected, {} not", tally.right, tally.wrong);
    Ok(tally.wrong == 0)
}

fn verify_case(root: &Path, case: &Case, tally: &mut Tally) -> Result<()> {
    let (store, instance) = &mut instantiate(root, &case.wasm, case.fuel, Host::default())?;
    let args = case.args.iter().map(|text| parse(text)).collect::<Result<Vec<_>>>()?;
    let results = case.results.iter().map(|text| parse(text)).collect::<Result<Vec<_>>>()?;
    let expected = match &case.trap {
        Some(trap) => trap.clone(),
        None => show_all(&results),
    };
    let found = call(store, instance, &case.export, &args)?;
    tally.compare(&format!("{} {}({})", case.wasm, case.export, case.args.join(", ")), &expected, &found);
    Ok(())
}

fn verify_sensor(root: &Path, sensor: &Sensor, wasm: &str, tally: &mut Tally) -> Result<()> {
    let host = Host { samples: read_samples(&root.join(&sensor.samples))?, ..Host::default() };
    let (store, instance) = &mut instantiate(root, wasm, None, host)?;
    let version = call(store, instance, "version", &[])?;
    tally.compare(&format!("{wasm} version"), &format!("i32:{}", sensor.version), &version);
    for (batch, emitted) in (0..).zip(&sensor.per_batch) {
        let found = call(store, instance, "process", &[Val::I32(batch)])?;
        tally.compare(&format!("{wasm} process({batch})"), &format!("i32:{emitted}"), &found);
    }
    let expected = read_transcript(&root.join(&sensor.emitted))?;
    tally.compare(&format!("{wasm} emits"), &expected, &store.data().transcript);
    Ok(())
}

/// What it returns, or the name of its trap.
fn call(store: &mut Store<Host>, instance: &Instance, export: &str, args: &[Val]) -> Result<String> {
    let func = instance.get_func(&*store, export).ok_or(format!("{export} is not exported"))?;
    let mut results: Vec<Val> =
        func.ty(&*store).results().iter().map(|&ty| Val::default_for_ty(ty)).collect();
    match func.call(store, args, &mut results) {
        Ok(()) => Ok(show_all(&results)),
        Err(error) => match trap_name(&error) {
            Some(name) => Ok(name.into()),
            None => Err(format!("{export}: {error}").into()),
        },
    }
}

fn trap_name(error: &Error) -> Option<&'static str> {
    Some(match error.as_trap_code() {
        // Only `host.fail` gives an exit status.
        None if error.i32_exit_status().is_some() => "host",
        Some(TrapCode::UnreachableCodeReached) => "unreachable",
        Some(TrapCode::MemoryOutOfBounds) => "memory_out_of_bounds",
        Some(TrapCode::TableOutOfBounds) => "table_out_of_bounds",
        Some(TrapCode::IndirectCallToNull) => "indirect_call_to_null",
        Some(TrapCode::BadSignature) => "bad_signature",
        Some(TrapCode::IntegerOverflow) => "integer_overflow",
        Some(TrapCode::IntegerDivisionByZero) => "integer_division_by_zero",
        Some(TrapCode::BadConversionToInteger) => "bad_conversion_to_integer",
        Some(TrapCode::StackOverflow) => "stack_overflow",
        Some(TrapCode::OutOfFuel) => "out_of_fuel",
        _ => return None,
    })
}

fn parse(text: &str) -> Result<Val> {
    let (ty, value) = text.split_once(':').ok_or(format!("{text}: no type"))?;
    Ok(match (ty, value) {
        ("i32", _) => Val::I32(value.parse()?),
        ("i64", _) => Val::I64(value.parse()?),
        ("f32", _) => Val::from(value.parse::<f32>()?),
        ("f64", _) => Val::from(value.parse::<f64>()?),
        ("externref", "null") => Val::ExternRef(Nullable::Null),
        _ => return Err(format!("{text}: not a value").into()),
    })
}

fn show(value: &Val) -> String {
    match value {
        Val::I32(value) => format!("i32:{value}"),
        Val::I64(value) => format!("i64:{value}"),
        Val::F32(value) => format!("f32:{}", value.to_float()),
        Val::F64(value) => format!("f64:{}", value.to_float()),
        Val::ExternRef(Nullable::Null) => "externref:null".into(),
        other => format!("{other:?}"),
    }
}

fn show_all(values: &[Val]) -> String {
    values.iter().map(show).collect::<Vec<_>>().join(" ")
}

fn instantiate(root: &Path, wasm: &str, fuel: Option<u64>, host: Host) -> Result<(Store<Host>, Instance)> {
    let mut config = wasmi::Config::default();
    config.wasm_custom_page_sizes(true).consume_fuel(fuel.is_some());
    let engine = Engine::new(&config);
    let module = Module::new(&engine, fs::read(root.join("wasm").join(wasm))?)
        .map_err(|error| format!("{wasm}: {error}"))?;
    let mut store = Store::new(&engine, host);
    if let Some(fuel) = fuel {
        store.set_fuel(fuel)?;
    }
    let instance = linker(&engine)?
        .instantiate_and_start(&mut store, &module)
        .map_err(|error| format!("{wasm}: {error}"))?;
    Ok((store, instance))
}

fn linker(engine: &Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("env", "tick", |value: i32| value.wrapping_add(1))?;

    linker.func_wrap("sensor", "read", |mut caller: Caller<Host>| -> i32 {
        let host = caller.data_mut();
        let sample = host.samples.get(host.next).copied().unwrap_or(-1);
        host.next += 1;
        sample
    })?;
    linker.func_wrap("sensor", "emit", |mut caller: Caller<Host>, value: i32, flags: i32| {
        let _ = write!(caller.data_mut().transcript, "{{{value},{flags}}},");
    })?;
    linker.func_wrap("sensor", "log", |mut caller: Caller<Host>, text: i32, length: i32| {
        let bytes = guest_bytes(&caller, text, length)?;
        let line = String::from_utf8_lossy(&bytes).replace(' ', "");
        let _ = write!(caller.data_mut().transcript, "/*{line}*/");
        Ok::<_, Error>(())
    })?;

    linker.func_wrap("host", "add_i32", |a: i32, b: i32| a.wrapping_add(b))?;
    linker.func_wrap("host", "add_i64", |a: i64, b: i64| a.wrapping_add(b))?;
    linker.func_wrap("host", "add_f32", |a: f32, b: f32| a + b)?;
    linker.func_wrap("host", "add_f64", |a: f64, b: f64| a + b)?;
    linker.func_wrap("host", "mixed", |a: i32, b: i64, c: f32, d: f64| {
        f64::from(a) + b as f64 + f64::from(c) + d
    })?;
    linker.func_wrap("host", "pair", |value: i32| (value, i64::from(value) * 2))?;
    linker.func_wrap("host", "same", |value: Nullable<ExternRef>| value)?;
    linker.func_wrap("host", "sum_bytes", |caller: Caller<Host>, address: i32, length: i32| {
        let bytes = guest_bytes(&caller, address, length)?;
        Ok::<_, Error>(bytes.into_iter().map(i32::from).sum::<i32>())
    })?;
    linker.func_wrap("host", "wait", |milliseconds: i32| milliseconds)?;
    linker.func_wrap("host", "fail", || Err::<(), _>(Error::i32_exit(1)))?;
    Ok(linker)
}

fn guest_bytes(caller: &Caller<Host>, address: i32, length: i32) -> std::result::Result<Vec<u8>, Error> {
    let memory: Memory = caller
        .get_export("memory")
        .and_then(|export| export.into_memory())
        .ok_or_else(|| Error::new("no memory"))?;
    let mut bytes = vec![0; length as u32 as usize];
    memory
        .read(caller, address as u32 as usize, &mut bytes)
        .map_err(|error| Error::new(error.to_string()))?;
    Ok(bytes)
}

/// The numbers of an initialiser, without its comment.
fn read_samples(path: &Path) -> Result<Vec<i32>> {
    let text = fs::read_to_string(path)?;
    let (_, numbers) = text.split_once("*/").ok_or("the comment at the beginning is missing")?;
    let numbers = numbers.split(',').map(str::trim).filter(|number| !number.is_empty());
    Ok(numbers.map(str::parse).collect::<std::result::Result<_, _>>()?)
}

/// A file in data/, without its first comment and without blanks.
fn read_transcript(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path)?;
    let (_, rest) = text.split_once("*/").ok_or("the comment at the beginning is missing")?;
    Ok(rest.split_whitespace().collect())
}

/// Calls the native twins in Rust; compiles the C sources for this machine, with a main program that prints what the others
/// give.
fn verify_natively(root: &Path, expected: &Expected, tally: &mut Tally) -> Result<()> {
    let twins = expected.program.iter().filter_map(|program| Some((program, program.native.as_ref()?)));
    let mut main = String::from(
        "#include <stdio.h>\n#include \"guests.h\"\n\
         int32_t guest_host_tick(int32_t value) { return value + 1; }\nint main(void) {\n",
    );
    let mut sources = Vec::new();
    let mut results = Vec::new();
    for (program, native) in twins {
        let runs = [&program.check, &program.bench];
        if let Some((_, twin)) = twins::ALL.iter().find(|(name, _)| name == native) {
            for run in runs {
                tally.compare(
                    &format!("{native}({})", run.n),
                    &run.result.to_string(),
                    &twin(run.n).to_string(),
                );
            }
            continue;
        }
        sources.push(root.join("c").join(format!("{}.c", program.name)));
        for run in runs {
            writeln!(main, "printf(\"%d\\n\", (int){native}({}));", run.n)?;
            results.push((format!("{native}({})", run.n), run.result.to_string()));
        }
    }
    main.push_str("}\n");
    let output = run_c(root, "programs", &main, &sources, &[])?;
    for ((what, result), found) in results.iter().zip(output.lines()) {
        tally.compare(what, result, found);
    }
    if output.lines().count() != results.len() {
        return Err("the native programs ended early".into());
    }

    for sensor in &expected.sensor {
        let main = SENSOR_MAIN
            .replace("SAMPLES", &root.join(&sensor.samples).display().to_string())
            .replace("BATCHES", &sensor.per_batch.len().to_string());
        let define = format!("-DVERSION={}", sensor.version);
        let source = root.join("c/sensor_filter.c");
        let output = run_c(root, &format!("sensor{}", sensor.version), &main, &[source], &[&define])?;
        let found: String = output.split_whitespace().collect();
        tally.compare(
            &format!("native {define} emits"),
            &read_transcript(&root.join(&sensor.emitted))?,
            &found,
        );
    }
    Ok(())
}

const SENSOR_MAIN: &str = r#"
#include <stdio.h>
#include "guests.h"
static const int16_t samples[] = {
#include "SAMPLES"
};
static int next;
int32_t guest_sensor_read(void) { return samples[next++]; }
void guest_sensor_emit(int32_t value, int32_t flags) { printf("{%d,%d},", (int)value, (int)flags); }
void guest_sensor_log(const char *text, uint32_t length) { printf("/*%.*s*/", (int)length, text); }
int main(void) {
    for (int batch = 0; batch < BATCHES; batch++) guest_sensor_filter_process(batch);
}
"#;

fn run_c(root: &Path, name: &str, main: &str, sources: &[PathBuf], defines: &[&str]) -> Result<String> {
    let target = root.join("target");
    fs::create_dir_all(&target)?;
    let program = target.join(format!("native-{name}"));
    let main_file = target.join(format!("native-{name}.c"));
    fs::write(&main_file, main)?;
    crate::compile::run(
        Command::new("cc")
            .args(["-std=c11", "-O2", "-ffp-contract=off", "-I"])
            .arg(root.join("native"))
            .args(defines)
            .arg(&main_file)
            .args(sources)
            .arg("-o")
            .arg(&program),
    )?;
    let output = Command::new(&program).output()?;
    if !output.status.success() {
        return Err(format!("{name}, compiled natively, failed").into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
