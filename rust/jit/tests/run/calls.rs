//! Calls of all kinds, and programs made at random.

use super::cases::{Cases, Subject};
use super::programs;

/// Calls through tables, and operators of the runtime's.
#[test]
fn tables_and_builtins() {
    let mut cases = Cases::new();
    cases.module(
        "tables",
        r#"(module
            (import "host" "add" (func $add (param i32 i32) (result i32)))
            (memory 1 4)
            (table 8 funcref)
            (elem (i32.const 0) $sub $mul $wide $none $even $odd)
            (type $two (func (param i32 i32) (result i32)))
            (type $wide (func (param i64 i32 i64 i32) (result i64)))
            (type $one (func (param i32) (result i32)))
            (type $none (func))
            (func $sub (type $two) (i32.sub (local.get 0) (local.get 1)))
            (func $mul (type $two) (i32.mul (local.get 0) (local.get 1)))
            (func $wide (type $wide) (i64.add (i64.mul (local.get 0) (local.get 2))
                (i64.extend_i32_s (i32.sub (local.get 1) (local.get 3)))))
            (func $none (type $none))
            (func $even (type $one) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
                (else (call_indirect (type $one) (i32.sub (local.get 0) (i32.const 1)) (i32.const 5)))))
            (func $odd (type $one) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
                (else (call_indirect (type $one) (i32.sub (local.get 0) (i32.const 1)) (i32.const 4)))))
            (func (export "two") (param i32 i32 i32) (result i32)
                (i32.add (local.get 2) (call_indirect (type $two) (local.get 0) (local.get 1) (local.get 2))))
            (func (export "wide") (param i32 i64 i32) (result i64) (local i64)
                (local.set 3 (i64.add (local.get 1) (i64.const 1)))
                (i64.sub (call_indirect (type $wide) (local.get 1) (local.get 2) (local.get 3) (local.get 0)
                    (i32.and (local.get 2) (i32.const 15))) (local.get 3)))
            (func (export "even") (param i32) (result i32) (call $even (local.get 0)))
            (func (export "grow") (param i32) (result i32) (local i32)
                (local.set 1 (i32.mul (memory.grow (local.get 0)) (i32.const 1000)))
                (i32.add (local.get 1) (memory.size)))
            (func (export "load") (param i32) (result i32)
                (i32.store (local.get 0) (i32.add (memory.size) (local.get 0)))
                (i32.load (local.get 0)))
            (func (export "grow_and_load") (param i32) (result i32)
                (i32.store8 (local.get 0) (i32.const 200))
                (drop (memory.grow (i32.const 1)))
                (i32.load8_s (local.get 0)))
            (func (export "same") (result i32) (drop (ref.func $mul)) (ref.is_null (ref.func $sub))))"#,
        |subject| {
            for at in [0, 1, 2, 3, 5, 6, 7, 8, 0xFFFF_FFFF] {
                subject.call("two", &[1000, 7, at]);
            }
            for at in 0..10 {
                subject.call("wide", &[5, 1 << 33, at]);
            }
            // Deep, but not more than the value stack holds; then more.
            for n in [0, 1, 2, 7, 400, 100_000] {
                subject.call("even", &[n]);
            }
            subject.call("load", &[65_532]);
            subject.call("load", &[65_533]);
            subject.call("grow_and_load", &[65_535]);
            subject.call("grow_and_load", &[131_071]);
            subject.call("load", &[131_072]);
            for pages in [0, 1, 0, 1, 1, 0] {
                subject.call("grow", &[pages]);
                subject.call("load", &[131_072]);
                subject.call("load", &[196_605]);
            }
            subject.call("same", &[]);
        },
    );
    cases.run("tables_and_builtins", false);
}

/// Programs of many statements on few and on many locals; the same with fuel, which may be too little.
#[test]
fn random_programs() {
    let mut cases = Cases::new();
    for seed in 1..=120 {
        let program = programs::program(seed);
        cases.module(&format!("program {seed}"), &program.wat, |subject| {
            for &args in &program.args {
                subject.call("run", &args);
            }
        });
        cases.metered(&format!("program {seed} with fuel"), &program.wat, |subject| {
            let whole = 1 << 32;
            let endless = u64::MAX - (whole - 1);
            let fuels =
                [100_000_000, 0, 1, 30, 100, 1000, 3000, whole, whole + 30, 5 * whole + 500, endless + 20];
            for (args, fuel) in program.args.iter().cycle().zip(fuels.into_iter().chain([u64::MAX])) {
                subject.call_with_fuel("run", args, fuel);
            }
        });
    }
    cases.run("random_programs", false);
}

/// Calls in place of the caller: to functions with more and with fewer arguments and cells, to themselves without end of the
/// value stack, through tables, to the host, and from functions that use all registers.
#[test]
fn tail_calls() {
    let mut cases = Cases::new();
    let many = |count: usize, what: &str| vec![what; count].join(" ");
    let wat = format!(
        r#"(module
            (import "host" "add" (func $add (param i32 i32) (result i32)))
            (memory 1)
            (table 10 funcref)
            (elem (i32.const 0) $none $sum $wide $add $even $odd $twelve $two)
            (type $none (func (result i32)))
            (type $binary (func (param i32 i32) (result i32)))
            (type $one (func (param i32) (result i32)))
            (type $wide (func (param i64 i32 i64 f64 i32) (result i32)))
            (type $twelve (func (param {twelve}) (result i32)))
            (type $two (func (param i32) (result i32 i64)))
            (func $none (type $none) (i32.const 77))
            (func $sum (type $binary) (i32.add (i32.mul (local.get 0) (i32.const 3)) (local.get 1)))
            (func $wide (type $wide) (local i32 i64)
                (local.set 5 (i32.wrap_i64 (i64.add (local.get 0) (i64.mul (local.get 2) (i64.const 7)))))
                (local.set 6 (i64.trunc_sat_f64_s (local.get 3)))
                (i32.add (i32.add (local.get 5) (i32.wrap_i64 (local.get 6)))
                    (i32.mul (local.get 1) (i32.sub (local.get 4) (i32.const 9)))))
            (func $twelve (type $twelve) {sum_of_twelve})
            (func $two (type $two) (i32.add (local.get 0) (i32.const 5)) (i64.extend_i32_s (local.get 0)))
            (func $even (type $one) (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
                (return_call_indirect (type $one) (i32.sub (local.get 0) (i32.const 1)) (i32.const 5)))
            (func $odd (type $one) (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
                (return_call $even (i32.sub (local.get 0) (i32.const 1))))
            (func $count (export "count") (param i32 i64 i64) (result i64)
                (if (i32.eqz (local.get 0)) (then (return (i64.sub (local.get 1) (local.get 2)))))
                (return_call $count (i32.sub (local.get 0) (i32.const 1))
                    (i64.add (local.get 2) (i64.const 3)) (local.get 1)))
            (func $grow (export "grow") (param i32 i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
                (return_call $shrink (i32.sub (local.get 0) (i32.const 1)) {ten}
                    (i32.add (local.get 1) (local.get 0))))
            (func $shrink (param {twelve}) (result i32)
                (return_call $grow (local.get 0) (i32.xor (local.get 11) (i32.add (local.get 3) (local.get 10)))))
            (func (export "even") (param i32) (result i32)
                (i32.add (call $even (local.get 0)) (i32.mul (local.get 0) (i32.const 2))))
            (func $to (param i32 i32 i32) (result i32)
                (return_call_indirect (type $binary) (local.get 1) (i32.add (local.get 2) (local.get 0)) (local.get 0)))
            (func (export "to") (param i32 i32 i32) (result i32) (local i32)
                (local.set 3 (i32.mul (local.get 1) (i32.const 5)))
                (i32.sub (call $to (local.get 0) (local.get 1) (local.get 2)) (local.get 3)))
            (func (export "no_arguments") (param i32) (result i32)
                (return_call_indirect (type $none) (local.get 0)))
            (func $five (param i64 i32) (result i32 i64 i32 i64 i32)
                (local.get 1) (local.get 0) (i32.const 7) (i64.add (local.get 0) (i64.const 1)) (i32.const 9))
            (func (export "five") (param i64 i32) (result i32 i64 i32 i64 i32)
                (call $five (local.get 0) (local.get 1)))
            (func (export "sum_of_five") (param i64 i32) (result i64) (local i32 i64 i32 i64 i32)
                (call $five (local.get 0) (local.get 1))
                (local.set 6) (local.set 5) (local.set 4) (local.set 3) (local.set 2)
                (i64.add (i64.add (local.get 3) (i64.mul (local.get 5) (i64.const 3)))
                    (i64.extend_i32_u (i32.add (local.get 2) (i32.add (local.get 4) (local.get 6))))))
            (func (export "host") (param i32 i32) (result i32)
                (i32.mul (local.get 0) (call $host (local.get 1) (local.get 0))))
            (func $host (param i32 i32) (result i32) (return_call $add (local.get 1) (i32.add (local.get 0) (i32.const 1))))
            (func (export "wide") (param i32 i64) (result i32)
                (return_call $wide (i64.add (local.get 1) (i64.const 1)) (local.get 0) (local.get 1)
                    (f64.convert_i32_s (local.get 0)) (i32.add (local.get 0) (i32.const 5))))
            (func (export "wide_by_table") (param i32 i64 i32) (result i32)
                (return_call_indirect (type $wide) (local.get 1) (local.get 0) (i64.const 5)
                    (f64.const 12.75) (local.get 0) (local.get 2)))
            (func (export "twelve") (param i32) (result i32) (local {busy})
                {use_busy}
                (return_call $twelve {twelve_of_busy}))
            (func (export "twelve_by_table") (param i32 i32) (result i32) (local {busy})
                {use_busy}
                (return_call_indirect (type $twelve) {twelve_of_busy} (local.get 1)))
            (func (export "two") (param i32) (result i32 i64) (return_call $two (i32.mul (local.get 0) (local.get 0))))
            (func (export "two_by_table") (param i32 i32) (result i32 i64)
                (return_call_indirect (type $two) (i32.add (local.get 0) (i32.const 1)) (local.get 1)))
            (func $both (export "both") (param i64 i64 i32) (result i64)
                (if (result i64) (local.get 2)
                    (then (return_call $both (local.get 1) (local.get 0) (i32.sub (local.get 2) (i32.const 1))))
                    (else (i64.div_u (local.get 0) (local.get 1)))))
        )"#,
        twelve = many(12, "i32"),
        ten = (0..10).map(|n| format!("(i32.mul (local.get 1) (i32.const {}))", n + 2)).collect::<String>(),
        sum_of_twelve = (0..12).fold("(i32.const 0)".into(), |sum: String, n| format!(
            "(i32.add (i32.mul {sum} (i32.const 3)) (local.get {n}))"
        )),
        busy = many(12, "i32"),
        use_busy = (2..14)
            .map(|n| format!(
                "(local.set {n} (i32.add (i32.mul (local.get {}) (i32.const {n})) (local.get 0)))",
                if n == 2 { 0 } else { n - 1 }
            ))
            .collect::<String>(),
        twelve_of_busy = (2..14).map(|n| format!("(local.get {n})")).collect::<String>(),
    );
    // "twelve" has one parameter less than the text above counts.
    let wat = wat.replace(
        "(func (export \"twelve\") (param i32) (result i32)",
        "(func (export \"twelve\") (param i32 i32) (result i32)",
    );
    let calls = |subject: &mut Subject, fuel: &[u64]| {
        for &fuel in fuel {
            let mut call = |name: &str, args: &[u64]| subject.call_with_fuel(name, args, fuel);
            for n in [0, 1, 2, 3, 50, 20_000] {
                call("count", &[n, 5, 1 << 40]);
                call("grow", &[n, 7]);
                call("even", &[n]);
                call("both", &[1 << 50, 77, n & 15]);
            }
            for at in [0, 1, 2, 3, 4, 7, 8, 9, 10, 0xFFFF_FFFF] {
                call("to", &[at, 100, 7]);
                call("no_arguments", &[at]);
                call("wide_by_table", &[11, 1 << 35, at]);
                call("twelve_by_table", &[3, at]);
                call("two_by_table", &[3, at]);
                call("twelve_by_table", &[4, 6]);
            }
            call("host", &[5, 6]);
            call("wide", &[7, 1 << 20]);
            call("twelve", &[5, 0]);
            call("two", &[9]);
            call("both", &[1, 0, 0]);
        }
    };
    cases.module("tail calls", &wat, |subject| calls(subject, &[u64::MAX]));
    cases.metered("tail calls with fuel", &wat, |subject| {
        calls(subject, &[u64::MAX, 0, 5, 20, 60, 1000, 100_000, (1 << 32) + 20])
    });
    // Arguments by the hundred, to where they came from.
    let hundred = |body: String| {
        format!(
            "(module (func $f (export \"f\") (param i32 i32) (result i32)
                (return_call $many {}))
            (func $many (param {}) (result i32) (local i64) {body}))",
            (0..100).map(|n| format!("(i32.add (local.get 1) (i32.const {n}))")).collect::<String>(),
            many(100, "i32")
        )
    };
    let wat = hundred(
        "(local.set 100 (i64.extend_i32_u (local.get 99)))
        (if (i32.gt_s (local.get 0) (i32.const 1000)) (then (return (i32.add (i32.wrap_i64 (local.get 100)) (local.get 57)))))
        (return_call $f (local.get 98) (i32.add (local.get 3) (local.get 99)))"
            .into(),
    );
    cases.module("a hundred arguments", &wat, |subject| {
        for n in [0, 1, 5, 999, 1001] {
            subject.call("f", &[n, n]);
        }
    });
    cases.run("tail_calls", false);
}
