//! Compiled code gives what the interpreter gives: the same cases for every instruction set, which the module `target` of
//! each test knows.

mod calls;
pub mod cases;
mod guests;
mod programs;

use cases::Cases;
use std::fmt::Write;
use wasmote_core::{BinaryOp, Op, UnaryOp, ValType};

const WORDS: [u64; 12] =
    [0, 1, 2, 7, 31, 32, 255, 65_535, 0x7FFF_FFFF, 0x8000_0000, 0xDEAD_BEEF, 0xFFFF_FFFF];
const LONGS: [u64; 14] = [
    0,
    1,
    31,
    32,
    33,
    63,
    64,
    0x7FFF_FFFF,
    0xFFFF_FFFF,
    0x1_0000_0000,
    0x8000_0000_0000_0000,
    0x7FFF_FFFF_FFFF_FFFF,
    0x0123_4567_89AB_CDEF,
    0xFFFF_FFFF_FFFF_FFFF,
];

/// Bits: zeros, the least, one, integers and what is almost one, limits of integers, infinity, and what is no number.
const FLOATS: [u64; 22] = [
    0,
    0x8000_0000,
    1,
    0x8080_0001,
    0x3F80_0000,
    0xBF80_0000,
    0xBF7F_FFFF,
    0x3F00_0000,
    0x4020_0000,
    0xC060_0000,
    0x42C8_3333,
    0x4EFF_FFFF,
    0x4F00_0000,
    0xCF00_0000,
    0xCF00_0001,
    0x4F7F_FFFF,
    0x4F80_0000,
    0x7F7F_FFFF,
    0x7F80_0000,
    0xFF80_0000,
    0x7FC0_0000,
    0xFFA0_0001,
];

/// The same of double precision; also what is almost an integer, limits of integers of 64 bits, and what is a limit or
/// too small when it becomes a number of single precision.
const DOUBLES: [u64; 30] = [
    0,
    0x8000_0000_0000_0000,
    1,
    0x8010_0000_0000_0001,
    0x3FF0_0000_0000_0000,
    0xBFF0_0000_0000_0000,
    0xBFEF_FFFF_FFFF_FFFF,
    0x3FE0_0000_0000_0000,
    0x4004_0000_0000_0000,
    0xC00C_0000_0000_0000,
    0x4058_4CCC_CCCC_CCCD,
    0x41DF_FFFF_FFFF_FFFF,
    0x41E0_0000_0000_0000,
    0xC1E0_0000_0010_0000,
    0xC1E0_0000_0020_0000,
    0xC1E0_0000_0000_0000,
    0x41EF_FFFF_FFFF_FFFF,
    0x41F0_0000_0000_0000,
    0x43E0_0000_0000_0000,
    0xC3E0_0000_0000_0000,
    0xC3E0_0000_0000_0001,
    0x43F0_0000_0000_0000,
    0x47EF_FFFF_E000_0000,
    0x47EF_FFFF_F000_0000,
    0x36A0_0000_0000_0001,
    0x7FEF_FFFF_FFFF_FFFF,
    0x7FF0_0000_0000_0000,
    0xFFF0_0000_0000_0000,
    0x7FF8_0000_0000_0000,
    0xFFF4_0000_0000_0001,
];

fn values(ty: ValType) -> &'static [u64] {
    match ty {
        ValType::I32 => &WORDS,
        ValType::F32 => &FLOATS,
        ValType::F64 => &DOUBLES,
        _ => &LONGS,
    }
}

/// A constant with these bits.
fn constant(ty: ValType, bits: u64) -> String {
    match ty {
        ValType::I32 => format!("(i32.const {})", bits as i32),
        ValType::F32 => format!("(f32.reinterpret_i32 (i32.const {}))", bits as i32),
        ValType::F64 => format!("(f64.reinterpret_i64 (i64.const {}))", bits as i64),
        _ => format!("(i64.const {})", bits as i64),
    }
}

/// The same value, but a temporary.
fn temporary(ty: ValType, value: &str) -> String {
    match ty {
        ValType::F32 => format!("(f32.neg (f32.neg {value}))"),
        ValType::F64 => format!("(f64.neg (f64.neg {value}))"),
        _ => format!("({t}.sub {value} (local.get 2))", t = ty.name()),
    }
}

fn operators() -> impl Iterator<Item = Op> {
    (0..0x1_0000).filter_map(Op::decode)
}

fn binary() -> impl Iterator<Item = BinaryOp> {
    operators().filter_map(|op| if let Op::Binary(op) = op { Some(op) } else { None })
}

fn unary() -> impl Iterator<Item = UnaryOp> {
    operators().filter_map(|op| if let Op::Unary(op) = op { Some(op) } else { None })
}

/// Every operator on two numbers, its operands locals, temporaries and constants, its result used in every way.
#[test]
fn binary_operators() {
    let mut cases = Cases::new();
    for op in binary() {
        let (ty, result) = op.types();
        let (t, r, name) = (ty.name(), result.name(), op.name());
        let temp = |n: u32| temporary(ty, &format!("(local.get {n})"));
        let mut functions = vec![
            format!("({name} (local.get 0) (local.get 1))"),
            format!("({name} {} (local.get 1))", temp(0)),
            format!("({name} (local.get 0) {})", temp(1)),
            format!("({name} {} {})", temp(0), temp(1)),
            format!("(local.set 3 ({name} (local.get 0) (local.get 1))) (local.get 3)"),
            format!("({name} (local.get 0) (local.get 0))"),
        ];
        if ty == result {
            functions.push(format!("(local.set 0 ({name} (local.get 0) (local.get 1))) (local.get 0)"));
            functions.push(format!("(local.set 1 ({name} {} (local.get 1))) (local.get 1)", temp(0)));
            // Other values are alive around it.
            functions.push(format!(
                "({t}.add ({t}.mul {} {}) ({name} {} {}))",
                temp(0),
                temp(1),
                temp(1),
                temp(0)
            ));
        } else {
            functions.push(format!(
                "(if (result {r}) ({name} (local.get 0) (local.get 1)) (then (i32.const 5)) (else (i32.const 6)))"
            ));
            functions.push(format!(
                "(select (i32.const 5) (i32.const 6) (i32.eqz ({name} {} (local.get 1))))",
                temp(0)
            ));
            functions.push(format!(
                "(i32.wrap_i64 (select (i64.const 5) (i64.const 6) ({name} (local.get 0) {})))",
                temp(1)
            ));
        }
        for &value in values(ty) {
            let number = constant(ty, value);
            functions.push(format!("({name} (local.get 0) {number})"));
            functions.push(format!("({name} {} {number})", temp(0)));
            functions.push(format!("({name} {number} (local.get 0))"));
        }
        // With many locals that are used more, those of the test have no register of their own.
        for pinned in [true, false] {
            let mut wat = String::from("(module");
            for (at, body) in functions.iter().enumerate() {
                let locals =
                    if pinned { String::new() } else { "(local i32 i32 i32 i32 i32 i32 i32)".into() };
                let busy: String = match pinned {
                    true => String::new(),
                    false => (4..11)
                        .map(|n| {
                            format!("(local.set {n} (i32.add (local.get {n}) (local.get {n})))").repeat(5)
                        })
                        .collect(),
                };
                write!(
                    wat,
                    "(func (export \"f{at}\") (param {t} {t}) (result {r}) (local {t} {r}) {locals} {busy} {body})"
                )
                .unwrap();
            }
            wat += ")";
            cases.module(name, &wat, |subject| {
                for (at, body) in functions.iter().enumerate() {
                    let others = if body.contains("(local.get 1)") { values(ty) } else { &[0] };
                    for (i, &a) in values(ty).iter().enumerate() {
                        for (j, &b) in others.iter().enumerate() {
                            // Of the many pairs of numbers of double precision only one function gets all.
                            if ty != ValType::F64 || at == 0 || others.len() == 1 || (i + j + at) % 5 == 0 {
                                subject.call(&format!("f{at}"), &[a, b]);
                            }
                        }
                    }
                }
            });
        }
        if cases.are_many() {
            std::mem::replace(&mut cases, Cases::new()).run("binary_operators", false);
        }
    }
    cases.run("binary_operators", false);
}

#[test]
fn unary_operators() {
    let mut cases = Cases::new();
    for op in unary() {
        let (ty, result) = op.types();
        let (t, r, name) = (ty.name(), result.name(), op.name());
        let temp = temporary(ty, "(local.get 0)").replace("(local.get 2)", "(local.get 1)");
        let functions = [
            format!("({name} (local.get 0))"),
            format!("({name} {temp})"),
            format!("(local.set 2 ({name} (local.get 0))) (local.get 2)"),
            format!("({r}.add ({name} (local.get 0)) ({name} {temp}))"),
            format!("({r}.mul ({name} {temp}) ({name} (local.get 0)))"),
        ];
        let mut wat = String::from("(module");
        for (at, body) in functions.iter().enumerate() {
            write!(wat, "(func (export \"f{at}\") (param {t}) (result {r}) (local {t} {r}) {body})").unwrap();
        }
        wat += ")";
        cases.module(name, &wat, |subject| {
            for at in 0..functions.len() {
                for &a in values(ty) {
                    subject.call(&format!("f{at}"), &[a]);
                }
            }
        });
    }
    cases.run("unary_operators", false);
}

/// Loads and stores of every width and many offsets, around both ends of the memory and where sums wrap.
#[test]
fn memory() {
    let mut cases = Cases::new();
    for op in operators() {
        let (name, ty, log2, store) = match op {
            Op::Load(load) => (load.name(), load.ty(), load.width_log2(), false),
            Op::Store(store) => (store.name(), store.ty(), store.width_log2(), true),
            _ => continue,
        };
        let (t, width) = (ty.name(), 1i64 << log2);
        let offsets =
            [0, 1, 4, 255, 4088, 4095, 4096, 65_528, 65_535, 65_536, 0x12345, 0x7FFF_FFFF, 0xFFFF_FFFF];
        let mut wat =
            String::from("(module (memory 1) (data (i32.const 0) \"\\80\\81\\f2\\f3\\04\\05\\86\\f7\\08\")");
        let mut names = Vec::new();
        for offset in offsets {
            let f = format!("o{offset}");
            let address = "(local.get 0)";
            let temp = "(i32.add (local.get 0) (local.get 1))";
            if store {
                let value = constant(ty, 0x1234_5678_9ABC_DEF0);
                write!(
                    wat,
                    "(func (export \"{f}\") (param i32) (local i32) ({name} offset={offset} {address} {value}))
                     (func (export \"t{f}\") (param i32) (local i32) ({name} offset={offset} {temp} {value}))"
                )
            } else {
                write!(
                    wat,
                    "(func (export \"{f}\") (param i32) (result {t}) (local i32) ({name} offset={offset} {address}))
                     (func (export \"t{f}\") (param i32) (result {t}) (local i32) ({name} offset={offset} {temp}))
                     (func (export \"l{f}\") (param i32) (result {t}) (local i32 {t})
                        (local.set 2 ({name} offset={offset} {temp})) (local.get 2))"
                )
            }
            .unwrap();
            names.push((f, offset));
        }
        // Addresses that are numbers.
        for address in [0, 3, 65_526, 65_534, 65_532 - width, 65_539, 0xFFFF_FFFF] {
            let f = format!("c{address}");
            let address = address as u32 as i32;
            let (result, body) = match store {
                true => {
                    (String::new(), format!("({name} offset=1 (i32.const {address}) {})", constant(ty, 77)))
                }
                false => (format!("(result {t})"), format!("({name} offset=1 (i32.const {address}))")),
            };
            write!(wat, "(func (export \"{f}\") {result} {body})").unwrap();
        }
        // Several accesses of one address, in which less or more is known each time.
        wat += "(func (export \"many\") (param i32) (result i64)
            (i64.add (i64.load offset=4 (local.get 0))
                (i64.add (i64.extend_i32_u (i32.load8_u offset=16 (local.get 0)))
                    (i64.add (i64.load32_u (local.get 0)) (i64.load offset=17 (local.get 0)))))
            (local.set 0 (i32.add (local.get 0) (i32.const 8)))
            (i64.add (i64.load offset=8 (local.get 0))))";
        wat += "(func (export \"sum\") (result i32) (local i32 i32)
            (loop (local.set 1 (i32.add (i32.rotl (local.get 1) (i32.const 1)) (i32.load (local.get 0))))
                (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 4))) (i32.const 65536))))
            (local.get 1)))";
        cases.module(name, &wat, |subject| {
            for (f, offset) in &names {
                let end = 65_536 - offset - width;
                for address in [0, 1, 2, end - 1, end, end + 1, end + 2, end + 9, 65_536, -1 - offset, -1] {
                    subject.call(f, &[address as u32 as u64]);
                    subject.call(&format!("t{f}"), &[address as u32 as u64]);
                    if !store {
                        subject.call(&format!("l{f}"), &[address as u32 as u64]);
                    }
                }
                subject.call("sum", &[]);
            }
            for address in [0, 3, 65_526, 65_534, 65_532 - width, 65_539, 0xFFFF_FFFF] {
                subject.call(&format!("c{address}"), &[]);
            }
            for address in 65_536 - 48..65_540 {
                subject.call("many", &[address]);
            }
            subject.call("sum", &[]);
        });
    }
    cases.run("memory", false);
}

/// Control flow, calls, globals, selections.
#[test]
fn control() {
    let mut cases = Cases::new();
    cases.module(
        "control",
        r#"(module
            (import "host" "add" (func $add (param i32 i32) (result i32)))
            (memory 1)
            (global $g (mut i32) (i32.const 5))
            (global $h (mut i64) (i64.const 0x123456789))
            (func $fib (export "fib") (param i32) (result i32)
                (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                    (then (local.get 0))
                    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
            (func $forever (export "forever") (param i32) (result i32)
                (i32.add (i32.const 1) (call $forever (i32.add (local.get 0) (i32.const 1)))))
            (func $many (export "many") (param i32 i64 i32 i64 i32 i32) (result i64)
                (i64.add (i64.add (local.get 1) (i64.mul (local.get 3) (i64.const 3)))
                    (i64.extend_i32_u (i32.add (i32.add (local.get 0) (i32.mul (local.get 2) (i32.const 5)))
                        (i32.sub (local.get 4) (i32.mul (local.get 5) (i32.const 7)))))))
            ;; What was in the place of the value before is negative.
            (func (export "sign of nothing") (param i32) (result i64)
                (drop (i32.add (i32.sub (local.get 0) (i32.const 1)) (call $add (i32.const 1) (i32.const 2))))
                (i64.extend_i32_s (i32.const 0)))
            (func (export "swap") (param i32 i32 i32 i32) (result i64)
                (call $many (local.get 3) (i64.extend_i32_s (local.get 2)) (local.get 1)
                    (i64.extend_i32_u (local.get 0)) (local.get 2) (local.get 3)))
            (func $turn (param i32 i32 i32 i32) (result i32)
                (i32.add (i32.add (local.get 0) (i32.mul (local.get 1) (i32.const 10)))
                    (i32.add (i32.mul (local.get 2) (i32.const 100)) (i32.mul (local.get 3) (i32.const 1000)))))
            (func (export "turn") (param i32 i32 i32 i32) (result i32)
                (call $turn (local.get 1) (local.get 2) (local.get 3) (local.get 0)))
            (func (export "turn2") (param i32 i32 i32 i32) (result i32)
                (call $turn (i32.add (local.get 3) (i32.const 1)) (local.get 2) (i32.const 0)
                    (i32.sub (local.get 0) (local.get 1))))
            (func $two (param i32) (result i32 i64)
                (i32.add (local.get 0) (i32.const 1)) (i64.extend_i32_s (local.get 0)))
            (func (export "two") (param i32) (result i64 i32) (local i64 i32)
                (call $two (local.get 0)) (local.set 1) (local.set 2)
                (local.get 1) (local.get 2))
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
                (i32.mul (local.get 0) (call $add (call $add (local.get 0) (local.get 1)) (i32.const 3))))
            (func (export "globals") (param i32) (result i64)
                (global.set $g (i32.add (global.get $g) (local.get 0)))
                (global.set $h (i64.mul (global.get $h) (i64.extend_i32_u (global.get $g))))
                (global.get $h))
            (func (export "table") (param i32) (result i32)
                (block (block (block (block (br_table 2 0 1 0 3 (local.get 0)))
                    (return (i32.const 10))) (return (i32.const 20))) (return (i32.const 30)))
                (i32.const 40))
            (func (export "values") (param i32) (result i32)
                (i32.add (i32.const 1) (block (result i32)
                    (br_table 0 1 0 (i32.const 7) (local.get 0)))))
            (func (export "one") (param i32) (result i32) (block (br_table 0 (local.get 0))) (i32.const 3))
            (func (export "loops") (param i32) (result i32) (local i32 i32)
                (loop $outer
                    (local.set 2 (i32.const 0))
                    (loop $inner
                        (local.set 1 (i32.add (local.get 1) (i32.mul (local.get 2) (local.get 0))))
                        (br_if $inner (i32.lt_s (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 10))))
                    (br_if $outer (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
                (local.get 1))
            (func (export "carry") (param i32) (result i32)
                (block $out (result i32)
                    (drop (br_if $out (i32.const 9) (i32.eq (local.get 0) (i32.const 1))))
                    (drop (br_if $out (i32.mul (local.get 0) (i32.const 3)) (i32.gt_s (local.get 0) (i32.const 5))))
                    (i32.add (local.get 0) (i32.const 100))))
            (func (export "pick") (param i32 i64 i64) (result i64)
                (select (i64.add (local.get 1) (i64.const 1)) (local.get 2) (local.get 0)))
            (func (export "unreachable") (param i32) (result i32)
                (if (local.get 0) (then (unreachable))) (i32.const 1))
            (func (export "locals") (param i32) (result i32)
                (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
                (local.set 20 (i32.add (local.get 0) (local.get 19)))
                (local.set 7 (i32.add (local.get 20) (local.get 6)))
                (i32.add (local.get 7) (i32.add (local.get 12) (local.get 1))))
            (func (export "overwrite") (param i32) (result i32)
                (i32.sub (local.get 0) (local.tee 0 (i32.add (local.get 0) (i32.const 5)))))
            (func (export "deep") (param i32) (result i32)
                (i32.add (local.get 0) (i32.mul (i32.add (local.get 0) (i32.const 1)) (i32.add
                    (i32.xor (local.get 0) (i32.const 2)) (i32.sub (i32.or (local.get 0) (i32.const 3))
                    (i32.add (i32.and (local.get 0) (i32.const 7)) (i32.mul (i32.shl (local.get 0) (i32.const 4))
                    (i32.shr_u (local.get 0) (i32.add (local.get 0) (i32.const 5))))))))))
        )"#,
        |subject| {
            for n in 0..12 {
                for f in ["fib", "table", "values", "one", "carry", "two", "globals", "locals", "overwrite", "deep"] {
                    subject.call(f, &[n]);
                }
                subject.call("host", &[n, 100]);
                subject.call("five", &[n << 40 | 5, n]);
                subject.call("sum_of_five", &[n << 40 | 5, n]);
                subject.call("swap", &[n, 5, 0xFFFF_FFFF, 9]);
                subject.call("turn", &[n, 2, 3, 4]);
                subject.call("turn2", &[n, 2, 3, 4]);
                subject.call("pick", &[n & 1, n << 33, 77]);
            }
            for f in ["carry", "table", "deep", "locals", "two"] {
                subject.call(f, &[0xFFFF_FFFF]);
            }
            subject.call("loops", &[9]);
            subject.call("unreachable", &[0]);
            subject.call("unreachable", &[1]);
            subject.call("many", &[1, 1 << 40, 3, 1 << 63, 5, 6]);
            subject.call("sign of nothing", &[0]);
            subject.call("forever", &[0]);
            subject.call("fib", &[15]);
        },
    );
    // A frame that is larger than what is checked for all, one with cells far away, and calls from there.
    let locals = |count: usize| "i64 ".repeat(count);
    for count in [20, 40, 100, 600, 3000] {
        let last = count;
        let wat = format!(
            "(module
                (func $f (export \"f\") (param i32) (result i64) (local {})
                    (local.set {last} (i64.extend_i32_u (local.get 0)))
                    (local.set 1 (i64.mul (local.get {last}) (i64.const 0x100000001)))
                    (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
                        (else (i64.add (i64.add (local.get {last}) (local.get {})) (i64.add (local.get 1)
                            (call $f (i32.sub (local.get 0) (i32.const 1)))))))))",
            locals(count),
            last - 1
        );
        cases.module("frames", &wat, |subject| {
            for n in [0, 1, 2, 3, 10_000] {
                subject.call("f", &[n]);
            }
        });
    }
    // Parameters far below, of which one has an upper half that is known to be 0 when the frame learns of it; other locals are
    // used more, and have the registers.
    for count in [20, 80, 400] {
        let busy: String = (10..20)
            .map(|at| format!("(drop (i64.rotl (local.get {at}) (local.get {at})))").repeat(3))
            .collect();
        let wat = format!(
            "(module
                (func $nothing)
                (func $f (param {}) (result i64)
                    {busy}
                    (local.set 0 (i64.extend_i32_u (i32.wrap_i64 (local.get {}))))
                    (call $nothing)
                    (local.get 0))
                (func (export \"f\") (param i64) (result i64) (call $f {})))",
            locals(count),
            count - 1,
            "(local.get 0)".repeat(count)
        );
        cases.module("parameters", &wat, |subject| subject.call("f", &[0xFEDC_BA98_7654_3210]));
    }
    // More upper halves that are 0 than can be known to be, of which the last one is that of an operator which needs all registers.
    for count in 0..12 {
        let wat = format!(
            "(module
                (func $nothing)
                (func (export \"f\") (param i64 i64) (result i64)
                    {}
                    (i64.popcnt (local.get 1))
                    (call $nothing)
                    {}))",
            "(i64.extend_i32_u (i32.wrap_i64 (local.get 0)))".repeat(count),
            " i64.add".repeat(count)
        );
        cases.module("zeros", &wat, |subject| subject.call("f", &[3, 0xFEDC_BA98_7654_3210]));
    }
    // Parameters that have registers while other locals become 0, in a function that calls nothing.
    for count in [1, 4, 5, 8, 9, 16, 17, 40] {
        let wat = format!(
            "(module
                (func (export \"f\") (param i32 i64 i32) (result i64) (local i32 {})
                    (loop
                        (local.set 0 (i32.add (local.get 0) (i32.const 3)))
                        (local.set 1 (i64.add (local.get 1) (i64.const -5)))
                        (local.set 3 (i32.add (local.get 3) (local.get 2)))
                        (br_if 0 (i32.lt_u (local.get 0) (i32.const 100))))
                    (i64.add (i64.add (i64.extend_i32_u (local.get 3)) (local.get 1)) (local.get 1))))",
            "i32 ".repeat(count)
        );
        cases.module("leaves", &wat, |subject| subject.call("f", &[7, 1 << 40, 11]));
    }
    cases.run("control", false);
}

/// Values that are dropped where others will be, of another size: nothing of them is left.
#[test]
fn dropped() {
    let mut cases = Cases::new();
    let words = "(i32.sub (local.get 1) (i32.const 3)) (i32.mul (local.get 1) (i32.const 5))";
    let long = "(i64.mul (local.get 0) (i64.const 7))";
    let word = "(i32.xor (local.get 1) (i32.const 9))";
    let dropped = [
        format!("{words} drop drop"),
        format!("{words} {words} drop drop drop drop"),
        format!("{long} {words} drop drop drop"),
        format!("{word} {long} drop drop"),
        format!("{long} {long} {words} drop drop drop drop"),
        format!("{long} drop"),
    ];
    let mut wat = String::from(
        "(module (memory 1) (table 1 funcref) (elem (i32.const 0) $many)
            (type $many (func (param i64 i64 i32 i64 i32 i64) (result i64)))
            (func $many (type $many) (i64.add (i64.xor (local.get 0) (i64.mul (local.get 1) (i64.const 3)))
                (i64.add (i64.xor (local.get 3) (i64.mul (local.get 5) (i64.const 11)))
                    (i64.extend_i32_u (i32.sub (local.get 2) (local.get 4))))))",
    );
    let args = "(local.get 0) (local.get 0) (local.get 1) (i64.const -5) (local.get 1) (local.get 0)";
    let bodies = [
        // As results, arguments, and what a label gets.
        ("i64 i64", "(local.get 0) (i64.const -2)".to_owned()),
        ("i32 i64 i32 i64", "(local.get 1) (local.get 0) (local.get 1) (local.get 0)".to_owned()),
        ("i64", format!("(call $many {args})")),
        ("i64", format!("(return_call $many {args})")),
        ("i64", format!("(call_indirect (type $many) {args} (i32.const 0))")),
        ("i64", format!("(return_call_indirect (type $many) {args} (i32.const 0))")),
        (
            "i64 i64",
            "(local.get 0) (i64.const -2) (block (param i64 i64) (result i64 i64)
                (br_if 0 (local.get 1)) i64.add (local.get 0))"
                .to_owned(),
        ),
        (
            "i64",
            "(select (local.get 0) (i64.const -9) (local.get 1)) (block (param i64) (result i64)
                (br_if 0 (local.get 1)))"
                .to_owned(),
        ),
        ("i64", "(global.get 0) (block (param i64) (result i64) (br_if 0 (local.get 1)))".to_owned()),
    ];
    wat += "(global i64 (i64.const -6))";
    for (at, dropped) in dropped.iter().enumerate() {
        for (body_at, (results, body)) in bodies.iter().enumerate() {
            write!(
                wat,
                "(func (export \"f{at}_{body_at}\") (param i64 i32) (result {results}) {dropped} {body})"
            )
            .unwrap();
        }
    }
    wat += ")";
    cases.module("dropped", &wat, |subject| {
        for at in 0..dropped.len() {
            for body_at in 0..bodies.len() {
                for n in [0, 1, 0x8000_0000] {
                    subject.call(&format!("f{at}_{body_at}"), &[0x1234_5678_9ABC_DEF0, n]);
                }
            }
        }
    });
    cases.run("dropped", false);
}
