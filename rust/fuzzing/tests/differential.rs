//! A little of what the host leg runs at length; the guest programs; and what fuel is, by hand.

use serde::Deserialize;
use std::path::Path;
use wasmote_fuzzing::differential::{Metering, Scenario, Tally, Val, case, compare, ours};

#[test]
fn some_cases() {
    let mut tally = Tally::default();
    for number in 0..100 {
        case(7, number, &mut tally);
    }
    let first = tally.differences.first().map(|(what, _)| what);
    assert_eq!(first, None, "{} differences", tally.differences.len());
    assert!(tally.ran > 90 && tally.returned > 150 && tally.trapped.len() > 2, "{tally:?}");
}

#[derive(Deserialize)]
struct Expected {
    program: Vec<Program>,
    sensor: Vec<Sensor>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Program {
    wasm: String,
    export: String,
    check: Run,
}

#[derive(Deserialize)]
struct Run {
    n: i32,
}

#[derive(Deserialize)]
struct Sensor {
    wasm: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    wasm: String,
    export: String,
    #[serde(default)]
    args: Vec<String>,
    /// What has it would not end without.
    fuel: Option<u64>,
}

/// The calls that `rust/guests/expected.toml` knows, with other host functions: what they give follows from what
/// they are called with.
#[test]
fn guests() {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests");
    let text = std::fs::read_to_string(guests.join("expected.toml")).unwrap();
    let expected: Expected = toml::from_str(&text).unwrap();
    let mut tally = Tally::default();
    let mut check = |wasm: &str, calls: &[(&str, Vec<Val>)]| {
        let bytes = std::fs::read(guests.join("wasm").join(wasm)).unwrap();
        let scenario = Scenario::with_calls(bytes, calls).unwrap();
        if let Err(what) = compare(&scenario, &mut tally) {
            panic!("{wasm}: {what}");
        }
    };
    for Program { wasm, export, check: Run { n } } in &expected.program {
        let run = |n| (&export[..], vec![Val::I32(n as u32)]);
        check(wasm, &[run(*n), run(n + 1), run(*n)]);
    }
    for wasm in expected.sensor.iter().flat_map(|sensor| &sensor.wasm) {
        let calls: Vec<_> = (0..20).map(|batch| ("process", vec![Val::I32(batch)])).collect();
        check(wasm, &calls);
    }
    for Case { wasm, export, args, .. } in expected.case.iter().filter(|case| case.fuel.is_none()) {
        let args: Vec<_> = args.iter().map(|arg| value(arg)).collect();
        check(wasm, &[(export, args.clone()), (export, args)]);
    }
    assert!(tally.ran > 60 && tally.fuel > 100_000 && tally.trapped.len() > 6, "{tally:?}");
}

/// A value as `expected.toml` writes it.
fn value(text: &str) -> Val {
    let (ty, number) = text.split_once(':').unwrap();
    match ty {
        "i32" => Val::I32(number.parse::<i32>().unwrap() as u32),
        "i64" => Val::I64(number.parse::<i64>().unwrap() as u64),
        "f32" => Val::f32(number.parse::<f32>().unwrap().to_bits()),
        "f64" => Val::f64(number.parse::<f64>().unwrap().to_bits()),
        "externref" => Val::Extern(number.parse().ok()),
        "funcref" => Val::Func(false),
        _ => panic!("{text}"),
    }
}

/// The rule of docs/architecture.md, "Fuel", counted by hand.
#[test]
fn fuel_by_hand() {
    for (cost, body) in [
        (0, ""),
        (0, "nop nop (block (nop))"),
        (1, "return"),
        // The constants count, dropping them does not.
        (2, "(drop (i32.const 1)) (drop (i64.const 1))"),
        (3, "(drop (i32.add (i32.const 1) (i32.const 2)))"),
        // `if` costs what its condition does and itself; only the arm that is taken.
        (
            4,
            "(if (i32.const 1) (then (drop (i32.const 1)) (drop (i32.const 1))) (else (drop (i32.const 1))))",
        ),
        (
            3,
            "(if (i32.const 0) (then (drop (i32.const 1)) (drop (i32.const 1))) (else (drop (i32.const 1))))",
        ),
        // Three rounds of local.get, i32.const, i32.sub, local.tee, br_if; before it, i32.const and local.set.
        (
            17,
            "(local.set 0 (i32.const 3)) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))",
        ),
        // A call and what is called.
        (3, "(call $two)"),
        (3, "(call_indirect (i32.const 0))"),
        // What is never reached costs nothing.
        (1, "(br 0) (drop (i32.const 1)) (drop (i32.const 1))"),
        (2, "(block (br_table 0 0 (i32.const 5)) (drop (i32.const 1)))"),
        // Bulk operators: three operands, the operator, one unit for 64 bytes or 16 elements begun.
        (4, "(memory.fill (i32.const 0) (i32.const 1) (i32.const 0))"),
        (5, "(memory.fill (i32.const 0) (i32.const 1) (i32.const 64))"),
        (6, "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65))"),
        (4 + 1024, "(memory.copy (i32.const 0) (i32.const 0) (i32.const 65536))"),
        (5, "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 3))"),
        (5, "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 16))"),
        (6, "(table.copy 0 0 (i32.const 0) (i32.const 3) (i32.const 17))"),
        (3, "(drop (memory.grow (i32.const 0))) (drop (memory.size))"),
    ] {
        let text = format!(
            "(module (memory 1 1) (data \"abc\") (table 20 20 funcref) (elem (i32.const 0) $one)
                (func (export \"f\") (local i32) {body})
                (func $one (drop (i32.const 0)))
                (func $two (drop (i32.const 0)) (drop (i32.const 0))))"
        );
        let scenario = Scenario::with_calls(wat::parse_str(&text).unwrap(), &[("f", vec![])]).unwrap();
        let steps = ours(&scenario, Metering::Fuel(1 << 40));
        assert_eq!(steps[1].cost, Some(cost), "{body}: {steps:?}");
        compare(&scenario, &mut Tally::default()).unwrap_or_else(|what| panic!("{body}: {what}"));
    }
}

/// Values of locals below a block's parameters: see `count`, what is in front of such blocks for wasmi.
#[test]
fn locals_below_parameters() {
    for body in [
        "(block (param i32) (result i32) (br_if 0 (local.get 0)) (local.set 0 (i32.const 5))) drop",
        "(loop (param i32) i32.eqz (local.set 0) (br_if 0 (i32.const 1) (local.get 0)) drop)",
        "(if (param i32) (local.get 0) (then drop) (else drop (local.set 0 (i32.const 5))))",
        "(if (param i32) (i32.eqz (local.get 0)) (then drop (if (local.get 0) (then))) (else drop))",
    ] {
        let text = format!(
            "(module (func (export \"f\") (param i32) (result i32) (local.get 0) (i32.const 0) {body}))"
        );
        let wasm = wat::parse_str(&text).unwrap();
        for arg in [0, 7] {
            let scenario = Scenario::with_calls(wasm.clone(), &[("f", vec![Val::I32(arg)])]).unwrap();
            let steps = ours(&scenario, Metering::Off);
            assert_eq!(steps[1].outcome, Ok(vec![Val::I32(arg)]), "{body}");
            compare(&scenario, &mut Tally::default()).unwrap_or_else(|what| panic!("{body}: {what}"));
        }
    }
}

/// The comparison sees a difference of each kind: here, against a module that is almost the same.
#[test]
fn differences_are_seen() {
    let steps = |text: &str| {
        let wasm = wat::parse_str(text).unwrap();
        ours(&Scenario::with_calls(wasm, &[("f", vec![])]).unwrap(), Metering::Fuel(1000))
    };
    let with = |body: &str| {
        steps(&format!(
            "(module (memory (export \"m\") 1) (global (export \"g\") (mut f32) (f32.const 0))
                (table (export \"t\") 2 externref) (func (export \"f\") (result i32) {body}))"
        ))
    };
    let same = with("(i32.const 0)");
    assert_eq!(same, with("(i32.const 0)"));
    for other in [
        "(i32.const 1)",
        "(unreachable)",
        "nop (i32.add (i32.const 0) (i32.const 0))",
        "(i32.store8 (i32.const 65535) (i32.const 1)) (i32.const 0)",
        "(global.set 0 (f32.const -0)) (i32.const 0)",
        "(drop (table.grow 0 (ref.null extern) (i32.const 1))) (i32.const 0)",
        "(drop (memory.grow (i32.const 1))) (i32.const 0)",
    ] {
        assert_ne!(same, with(other), "{other}");
    }
    // The specification leaves open which NaN it is.
    let nan = |bits| with(&format!("(global.set 0 (f32.reinterpret_i32 (i32.const {bits}))) (i32.const 0)"));
    assert_eq!(nan("0x7fc00000"), nan("0xffc00001"));
}
