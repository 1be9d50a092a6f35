//! The program as its users see it: what it prints, and its exit codes.

use std::path::{Path, PathBuf};
use std::process::Command;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn wasmote(args: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_wasmote")).args(args).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file with this text, in a folder of the test's own.
fn file(name: &str, text: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn guest(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("guests/wasm");
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn run_calls_functions_of_every_type() {
    let add = guest("add.wasm");
    for (name, a, b, sum) in [
        ("add", "2147483647", "1", "-2147483648"),
        ("add_i64", "-1", "0x10", "15"),
        ("add_f32", "1.5", "2.25", "3.75"),
        ("add_f64", "0.1", "0.2", "0.30000000000000004"),
    ] {
        let ran = wasmote(&["run", &add, "--invoke", name, a, b]);
        assert_eq!((ran.code, ran.out.trim()), (0, sum), "{name}: {}", ran.err);
    }
}

#[test]
fn run_has_the_engines_of_the_build() {
    let engines: &[&str] = if cfg!(feature = "jit") { &["interp", "jit"] } else { &["interp"] };
    for engine in engines {
        let ran = wasmote(&["run", &guest("fib.wasm"), "--engine", engine, "--invoke", "run", "10"]);
        assert_eq!((ran.code, ran.out.trim()), (0, "55"), "{engine}: {}", ran.err);
    }
    if !cfg!(feature = "jit") {
        let ran = wasmote(&["run", &guest("fib.wasm"), "--engine", "jit", "--invoke", "run", "10"]);
        assert_eq!(ran.code, 2, "{}", ran.err);
    }
}

#[test]
fn run_prints_all_results_and_what_the_module_prints() {
    let text = r#"(module (import "env" "print" (func $print (param i32 i32)))
        (import "env" "print_i32" (func $print_i32 (param i32)))
        (memory 1) (data (i32.const 8) "hello")
        (func (export "two") (result i32 f64)
            (call $print (i32.const 8) (i32.const 5)) (call $print_i32 (i32.const -4))
            (i32.const 7) (f64.const 0.5)))"#;
    let ran = wasmote(&["run", &file("two.wat", text), "--invoke", "two"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "hello\n-4\n7\n0.5\n"), "{}", ran.err);
}

#[test]
fn a_trap_tells_where() {
    let ran = wasmote(&["run", &guest("trap.wasm"), "--invoke", "divide", "1", "0"]);
    assert_eq!(ran.code, 5);
    assert!(
        ran.err.contains("integer divide by zero") && ran.err.contains("$divide at offset 0x"),
        "{}",
        ran.err
    );
}

#[test]
fn fuel_and_time_end_endless_loops() {
    let forever = guest("loop_forever.wasm");
    let ran = wasmote(&["run", "--fuel", "1000", &forever, "--invoke", "counting"]);
    assert!(ran.code == 5 && ran.err.contains("out of fuel"), "{}", ran.err);
    let ran = wasmote(&["run", "--timeout", "50", &forever, "--invoke", "counting"]);
    assert!(ran.code == 5 && ran.err.contains("interrupted"), "{}", ran.err);
}

#[test]
fn quotas_hold() {
    let memory = guest("memory.wasm");
    let ran = wasmote(&["run", "--memory", "65535", &memory]);
    assert!(ran.code == 6 && ran.err.contains("memory quota"), "{}", ran.err);
    let ran = wasmote(&["run", "--heap", "70000", "--stack", "8192", &memory]);
    assert!(ran.code == 6 && ran.err.contains("out of memory"), "{}", ran.err);
    let ran = wasmote(&["run", "--stack", "1024", &guest("recurse.wasm"), "--invoke", "depth", "40"]);
    assert!(ran.code == 5 && ran.err.contains("call stack exhausted"), "{}", ran.err);
    let ran = wasmote(&["run", "--table", "1", &guest("table.wasm")]);
    assert!(ran.code == 6 && ran.err.contains("table quota"), "{}", ran.err);
}

#[test]
fn stats_count() {
    let ran = wasmote(&["run", "--stats", "--fuel", "1000000", &guest("fib.wasm"), "--invoke", "run", "10"]);
    assert_eq!((ran.code, ran.out.trim()), (0, "55"));
    let line = ran.err.lines().find(|line| line.starts_with("fuel:")).unwrap();
    let used: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!((100..100_000).contains(&used), "{line}");
}

#[test]
fn wrong_use_is_told() {
    let add = guest("add.wasm");
    for (args, told) in [
        (vec!["run", &add, "--invoke", "sub"], "there are: add"),
        (vec!["run", &add, "--invoke", "add", "1"], "it takes (i32, i32)"),
        (vec!["run", &add, "--invoke", "add", "1", "x"], "'x' is no i32"),
        (vec!["disassemble", &add, "-f", "nobody"], "no function 'nobody'"),
    ] {
        let ran = wasmote(&args);
        assert!(ran.code == 2 && ran.err.contains(told), "{args:?}: {} {}", ran.code, ran.err);
    }
}

#[test]
fn refusals_tell_feature_import_and_file() {
    let simd = file("simd.wat", "(module (func (result v128) (v128.const i64x2 0 0)))");
    for command in ["run", "inspect", "disassemble"] {
        let ran = wasmote(&[command, &simd]);
        assert!(ran.code == 3 && ran.err.contains("simd"), "{command}: {}", ran.err);
    }
    let import = file("import.wat", r#"(module (import "env" "nothing" (func (param i64))))"#);
    let ran = wasmote(&["run", &import]);
    assert!(ran.code == 4 && ran.err.contains("env.nothing") && ran.err.contains("(i64)"), "{}", ran.err);
    let ran = wasmote(&["run", "no-such-file.wasm"]);
    assert!(ran.code == 7 && ran.err.contains("no-such-file.wasm"), "{}", ran.err);
    let ran = wasmote(&["run", &file("garbage.wasm", "\0asm\u{1}\0\0\0\u{1}")]);
    assert!(ran.code == 3 && ran.err.contains("offset"), "{}", ran.err);
}

#[test]
fn inspect_tells_needs() {
    let ran = wasmote(&["inspect", "--json", "--ram", "200000", &guest("telemetry.wasm")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["fits"], true);
    assert_eq!(told["needs"]["memory"], 65536);
    let code = told["needs"]["code"].as_u64().unwrap();
    assert!((8_000..20_000).contains(&code), "{code}");
    let sections: Vec<_> =
        told["sections"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert!(sections.contains(&"code") && sections.contains(&"type"), "{sections:?}");
    assert_eq!(wasmote(&["inspect", "--ram", "60000", &guest("telemetry.wasm")]).code, 1);
}

/// What inspect says of the stack must be enough.
#[test]
fn the_stack_that_inspect_asks_for_is_enough() {
    for (name, export, arg) in
        [("telemetry.wasm", "run", "3"), ("sha256.wasm", "run", "1"), ("coremix.wasm", "run", "1")]
    {
        let path = guest(name);
        let told: serde_json::Value =
            serde_json::from_str(&wasmote(&["inspect", "--json", &path]).out).unwrap();
        // Return records are twice as long here as on a device with 32-bit addresses.
        let stack = told["needs"]["call_depth_bytes"][export].as_u64().expect(name) * 2;
        let ran = wasmote(&["run", "--stack", &stack.to_string(), &path, "--invoke", export, arg]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
    }
}

#[test]
fn scripts_pass_and_fail() {
    let good = file("good.wast", r#"(module (func (export "f"))) (assert_return (invoke "f"))"#);
    let ran = wasmote(&["wast", &good]);
    assert!(ran.code == 0 && ran.out.contains("2 passed, 0 failed"), "{}", ran.out);
    let bad =
        file("bad.wast", "(module (func (export \"f\")))\n(assert_trap (invoke \"f\") \"unreachable\")");
    let ran = wasmote(&["wast", &good, &bad]);
    assert!(ran.code == 1 && ran.out.contains("bad.wast:2:"), "{}", ran.out);
}

#[test]
fn disassemble_shows_code_and_what_the_front_end_tells() {
    let fib = guest("fib.wasm");
    let ran = wasmote(&["disassemble", &fib, "--function", "1"]);
    assert!(ran.code == 0 && ran.out.contains("i32_add") && ran.out.contains("frame of"), "{}", ran.out);
    assert!(!ran.out.contains("function 0"), "{}", ran.out);
    let ran = wasmote(&["disassemble", "--front-end", &fib]);
    assert!(ran.code == 0 && ran.out.contains("i32.add"), "{}", ran.out);
}

#[test]
fn compile_shows_code_and_sizes() {
    let text = file(
        "compile.wat",
        r#"(module (func $one (param f32 f64) (result f64)
                (f64.add (f64.promote_f32 (f32.add (local.get 0) (local.get 0))) (local.get 1)))
            (func $two (param i32) (result i32) (i32.mul (local.get 0) (i32.const 5)))
            (func $three (call $four)) (func $four unreachable))"#,
    );
    // How each adds floats, if it does not call the runtime, and multiplies; and that a function further on is called directly.
    for (target, add, mul) in [
        ("thumb2", None, "add.w r"),
        ("thumb2:fpv4-sp-d16", Some("vadd.f32 s"), "add.w r"),
        ("thumb2:fpv5-sp-d16", Some("vadd.f32 s"), "add.w r"),
        ("thumb2:fpv5-d16", Some("vadd.f64 d"), "add.w r"),
        ("x86_64", Some("addss xmm"), "lea e"),
    ] {
        let compile = |options: &[&str]| {
            let ran = wasmote(&[&["compile", "--target", target, &text], options].concat());
            assert_eq!(ran.code, 0, "{target}: {}", ran.err);
            ran.out
        };
        let one = compile(&["--disassemble", "-f", "one"]);
        assert!(add.map_or(!one.contains("vadd"), |add| one.contains(add)), "{target}: {one}");
        assert!(one.starts_with("function 0 $one: ") && !one.contains("function 1"), "{target}: {one}");
        let two = compile(&["--disassemble", "-f", "1"]);
        assert!(two.contains(mul) && two.contains("frame of"), "{target}: {two}");
        let charged = compile(&["--disassemble", "-f", "1", "--fuel"]);
        assert!(charged.matches("sub").count() > two.matches("sub").count(), "{target}: {charged}");
        // Sizes add up.
        let sizes = compile(&[]);
        let bytes = |line: &str| -> (u32, u32) {
            let words: Vec<_> = line.rsplit(": ").next().unwrap().split(' ').collect();
            (words[0].parse().unwrap(), words[2].parse().unwrap())
        };
        let mut lines: Vec<_> = sizes.lines().map(bytes).collect();
        let sum = lines.pop().unwrap();
        assert_eq!(lines.len(), 4);
        assert_eq!(sum, lines.iter().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)), "{sizes}");
        assert!(lines.iter().all(|&(wasm, code)| wasm > 0 && code > 8), "{sizes}");
    }
    let ran = wasmote(&["compile", "--target", "mips", &text]);
    assert!(ran.code == 2 && ran.err.contains("thumb2:fpv5-d16"), "{}", ran.err);
    let ran = wasmote(&["compile", "--target", "x86_64", "-f", "nobody", &text]);
    assert!(ran.code == 2 && ran.err.contains("no function 'nobody'"), "{}", ran.err);
}
