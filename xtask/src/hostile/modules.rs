//! The hostile modules, in the text format, and how each must end.

use anyhow::Result;

/// A module, what it may use, and how it must end.
pub struct Hostile {
    /// In a few words.
    pub name: String,
    pub text: String,
    /// A module, of which it may import everything as of "lib".
    pub lib: Option<String>,
    /// The text of the status that loading it, making an instance or the call must end with.
    pub ends: &'static str,
    /// The same, if functions are encoded when they are first called.
    pub lazily: &'static str,
    /// Its start function never ends.
    pub starts_forever: bool,
    /// Its memory grows, and may have to move.
    pub moves: bool,
    /// How often it is interrupted, and after how many instructions first.
    pub interrupts: u32,
    pub first: u32,
    pub heap_bytes: u32,
    pub memory_bytes: u32,
    pub table_elements: u32,
    pub stack_bytes: u32,
    /// The budget for functions that are encoded when they are first called.
    pub code_bytes: u32,
}

pub const INTERRUPTED: &str = "trap: interrupted";
const OVERFLOW: &str = "trap: call stack exhausted";
const NO_MEMORY: &str = "out of memory";
const QUOTA: &str = "quota exceeded";
const LIMIT: &str = "implementation limit";
const MALFORMED: &str = "malformed module";
const INVALID: &str = "invalid module";
const SUCCESS: &str = "success";

pub fn hostile(name: &str, ends: &'static str, text: impl Into<String>) -> Hostile {
    Hostile {
        name: name.to_owned(),
        text: text.into(),
        lib: None,
        ends,
        lazily: ends,
        starts_forever: false,
        moves: false,
        interrupts: 200,
        first: 1000,
        heap_bytes: 8 << 20,
        memory_bytes: 256 << 10,
        table_elements: 16_384,
        stack_bytes: 8192,
        code_bytes: 8192,
    }
}

impl Hostile {
    fn heap(mut self, bytes: u32) -> Hostile {
        self.heap_bytes = bytes;
        self
    }

    fn lib(mut self, text: String) -> Hostile {
        self.lib = Some(text);
        self
    }

    fn lazily(mut self, ends: &'static str) -> Hostile {
        self.lazily = ends;
        self
    }

    fn code(mut self, bytes: u32) -> Hostile {
        self.code_bytes = bytes;
        self
    }

    fn starts_forever(mut self) -> Hostile {
        self.starts_forever = true;
        self
    }

    pub fn interrupts(mut self, count: u32) -> Hostile {
        self.interrupts = count;
        self
    }

    /// What is measured only comes after so many instructions.
    fn first(mut self, after: u32) -> Hostile {
        self.first = after;
        self
    }
}

/// A module that only has `run`, with some locals.
fn run(body: &str) -> String {
    format!(r#"(module {ITEMS} (func $run (export "run") {LOCALS} {body}))"#)
}

const ITEMS: &str = r#"(import "env" "back" (func $back)) (import "env" "nothing" (func $nothing)) (memory 1)
    (table $t 1000 1000 funcref) (elem (table $t) (i32.const 7) func $run)"#;
const LOCALS: &str = "(local $i i32) (local $j i32) (local $l i64) (local $d f64) (local $f f32)";

fn forever(body: &str) -> String {
    run(&format!("(loop {body} (br 0))"))
}

/// `count` times what `make` makes of the number.
fn many(count: u32, make: impl Fn(u32) -> String) -> String {
    (0..count).map(make).collect()
}

/// All of them.
pub fn all() -> Result<Vec<Hostile>> {
    let mut all = running();
    all.extend(in_turn());
    all.extend(bulk());
    all.extend(loading());
    all.extend(super::operators::loops()?);
    Ok(all)
}

fn running() -> Vec<Hostile> {
    let divisions = "(local.set $l (i64.div_s (local.get $l) (i64.const 7)))";
    let root = "(local.set $d (f64.sqrt (f64.const 3)))";
    let xors = |count| "(local.set $i (i32.xor (local.get $j) (i32.const 3)))".repeat(count);
    vec![
        hostile("endless loop", INTERRUPTED, forever("")),
        hostile("start function that never ends", INTERRUPTED, "(module (func $s (loop (br 0))) (start $s))")
            .starts_forever(),
        hostile("endless recursion", OVERFLOW, run("(call $run)")),
        hostile("endless tail call", INTERRUPTED, run("(return_call $run)")),
        hostile("endless indirect tail call", INTERRUPTED, run("(return_call_indirect $t (i32.const 7))")),
        hostile(
            "recursion into large frames",
            OVERFLOW,
            run("(call $big)").replace(
                "(func $run",
                &format!("(func $big (local {}) (call $big)) (func $run", "i64 ".repeat(200)),
            ),
        ),
        hostile("host calls in a straight line", INTERRUPTED, forever(&"(call $nothing)".repeat(2000))),
        hostile("ping-pong with a host function", OVERFLOW, run("(call $back)")),
        hostile("100 KB without a branch", INTERRUPTED, forever(&divisions.repeat(12_000))),
        hostile(
            "calls deep in each other, each with a long end",
            INTERRUPTED,
            run("(loop (global.set $depth (i32.const 100)) (call $deep) (br 0))")
                .replace("(memory 1)", "(memory 1) (global $depth (mut i32) (i32.const 0))")
                .replace(
                    "(func $run",
                    &format!(
                        "(func $deep (local $l i64) (if (global.get $depth) (then
                            (global.set $depth (i32.sub (global.get $depth) (i32.const 1))) (call $deep))) {})
                         (func $run",
                        divisions.repeat(200)
                    ),
                ),
        )
        .heap(1 << 20),
        deep_in_each_other(
            "calls deep in each other, each with a short end",
            "(global.set $any (i32.rotr (global.get $any) (global.get $any)))",
            "",
        ),
        deep_in_each_other(
            "calls deep in each other, each with a square root at its end",
            "(global.set $number (f64.sqrt (global.get $number)))",
            "",
        ),
        deep_in_each_other("calls deep in each other, among 20,000 functions", "", &"(func)".repeat(20_000)),
        hostile("square roots in a straight line", INTERRUPTED, forever(&root.repeat(400))),
        hostile(
            "branches that jump past the polls",
            INTERRUPTED,
            forever(
                &format!(
                    "(block (br_if 0 (i32.eqz (local.get $i))) {}) {}",
                    xors(300),
                    divisions.repeat(100)
                )
                .repeat(20),
            ),
        ),
        hostile(
            "function with 2,000 cells of locals, called forever",
            INTERRUPTED,
            forever("(call $f)")
                .replace("(func $run", &format!("(func $f (local {})) (func $run", "i64 ".repeat(950))),
        ),
        hostile(
            "branches with 1,000 values",
            INTERRUPTED,
            forever(&format!(
                "(block (result {0}) {1} (br 0)) {2}",
                "i32 ".repeat(1000),
                "(i32.const 1)".repeat(1000),
                "drop ".repeat(1000)
            )),
        ),
        hostile(
            "indirect calls of types with 1,000 parameters of another instance's kind",
            "trap: indirect call type mismatch",
            run(&format!(
                "{} (call_indirect $t (param {}) (i32.const 7))",
                "(i32.const 1)".repeat(1000),
                "i32 ".repeat(1000)
            )),
        ),
    ]
}

/// A function with as small a frame as there can be calls itself until few more fit; then comes what is behind each call.
fn deep_in_each_other(name: &str, end: &str, others: &str) -> Hostile {
    const DEPTH: u32 = 400;
    let deep = format!(
        r#"(global $depth (mut i32) (i32.const 0)) (global $any (mut i32) (i32.const 7))
        (global $number (mut f64) (f64.const 7))
        (func $deep (if (global.get $depth) (then
            (global.set $depth (i32.sub (global.get $depth) (i32.const 1))) (call $deep))) {end})
        (func (export "run") (loop (global.set $depth (i32.const {DEPTH})) (call $deep) (br 0)))"#
    );
    hostile(name, INTERRUPTED, format!("(module {others} {deep})"))
}

/// Small functions that are kept busy among others of other sizes that are not, and larger ones that need room.
fn holes(count: u32, body: &str) -> String {
    let large = 8;
    let elements = many(count, |i| format!("$cold{i} $hot{i} "));
    format!(
        r#"(module (type $t (func)) (global $any (mut i32) (i32.const 7)) (table $t funcref (elem {elements} {}))
        {} {}
        (func $turn (param $from i32) (param $to i32) (param $step i32) (loop
            (call_indirect $t (type $t) (local.get $from))
            (br_if 0 (i32.lt_u (local.tee $from (i32.add (local.get $from) (local.get $step))) (local.get $to)))))
        (func (export "run") (local $i i32)
            (call $turn (i32.const 0) (i32.const {small}) (i32.const 1))
            (loop
                (call $turn (i32.const 1) (i32.const {small}) (i32.const 2))
                (call_indirect $t (type $t) (i32.add (i32.const {small}) (i32.rem_u (local.get $i) (i32.const {large}))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br 0))))"#,
        many(large, |i| format!("$large{i} ")),
        many(count, |i| format!("(func $cold{i} {body}) (func $hot{i})")),
        many(large, |i| format!("(func $large{i} {})", body.repeat(60))),
        small = 2 * count,
    )
}

/// Functions without end, called one after the other, so that a budget is always used up by others if functions are encoded when
/// they are called.
fn in_turn() -> Vec<Hostile> {
    // Some are too few to use the budget up, for a function that needs as much as all of them.
    let module = |count: u32, each: &str, other: &str| {
        format!(
            r#"(module (type $t (func)) (table $t funcref (elem {})) {} {other}
            (func $turn (local $i i32) (loop
                (call_indirect $t (type $t) (local.get $i))
                (br_if 0 (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count}))))
                {each})
            (func $run (export "run") (loop (call $turn) (br 0))))"#,
            many(count, |i| format!("$f{i} ")),
            many(count, |i| format!("(func $f{i})"))
        )
    };
    let large = format!(
        "(func $large (local $l i64) (if (i64.ne (local.get $l) (i64.const 0)) (then {})))",
        "(local.set $l (i64.mul (local.get $l) (i64.const 7)))".repeat(700)
    );
    let deep = r#"(global $depth (mut i32) (i32.const 0))
        (func $deep (if (i32.eqz (global.get $depth)) (then (call $turn) (return)))
            (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
            (call $deep))"#;
    let deep = |count: u32, depth: u32| {
        module(count, "", deep).replace(
            "(loop (call $turn) (br 0))",
            &format!("(loop (global.set $depth (i32.const {depth})) (call $deep) (br 0))"),
        )
    };
    vec![
        hostile("1,000 functions in turn", INTERRUPTED, module(1000, "", ""))
            .first(4_000_000)
            .interrupts(100),
        hostile("3,000 functions in turn, a budget of 64 KB", INTERRUPTED, module(3000, "", ""))
            .code(64 << 10)
            .first(30_000_000)
            .interrupts(24),
        hostile("1,000 functions in turn, called deep in others", INTERRUPTED, deep(1000, 390))
            .first(4_000_000)
            .interrupts(100),
        // Every other of the small ones is called again and again, so that there are holes between those that stay.
        hostile(
            "large functions in turn, holes among small ones",
            INTERRUPTED,
            holes(150, "(global.set $any (i32.mul (global.get $any) (i32.const 77)))"),
        )
        .first(4_000_000)
        .interrupts(200),
        hostile("a large function among 200 small ones", INTERRUPTED, module(200, "(call $large)", &large))
            .first(1_000_000)
            .interrupts(400),
    ]
}

fn bulk() -> Vec<Hostile> {
    let memory = |body: &str| {
        format!(
            r#"(module (memory 4 4) (data $d "{}") (func (export "run") (loop {body} (br 0))))"#,
            "x".repeat(60_000)
        )
    };
    let table = |body: &str| {
        format!(
            r#"(module (table $t 16000 funcref) (table $u 16000 funcref) (func $f) (elem $e func {0})
                (elem $x funcref {1}) (func (export "run") (loop {body} (br 0))))"#,
            "$f ".repeat(16_000),
            "(ref.func $f)".repeat(16_000)
        )
    };
    let mut all = vec![
        hostile(
            "memory.fill of everything",
            INTERRUPTED,
            memory("(memory.fill (i32.const 0) (i32.const 7) (i32.const 262144))"),
        ),
        hostile(
            "memory.copy of everything, by one byte",
            INTERRUPTED,
            memory("(memory.copy (i32.const 1) (i32.const 0) (i32.const 262143))"),
        ),
        hostile(
            "memory.copy of everything, down",
            INTERRUPTED,
            memory("(memory.copy (i32.const 0) (i32.const 1) (i32.const 262143))"),
        ),
        hostile(
            "memory.init of everything",
            INTERRUPTED,
            memory("(memory.init $d (i32.const 3) (i32.const 0) (i32.const 60000))"),
        ),
        hostile(
            "table.fill of everything",
            INTERRUPTED,
            table("(table.fill $t (i32.const 0) (ref.func $f) (i32.const 16000))"),
        ),
        hostile(
            "table.copy of everything",
            INTERRUPTED,
            table("(table.copy $t $u (i32.const 0) (i32.const 0) (i32.const 16000))"),
        ),
        hostile(
            "table.init of everything",
            INTERRUPTED,
            table("(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 16000))"),
        ),
        hostile(
            "table.init of expressions",
            INTERRUPTED,
            table("(table.init $t $x (i32.const 0) (i32.const 0) (i32.const 16000))"),
        ),
        hostile(
            "table.init of the last element",
            INTERRUPTED,
            table("(table.init $t $x (i32.const 0) (i32.const 15999) (i32.const 1))"),
        ),
        hostile(
            "memory.grow by one byte, forever",
            INTERRUPTED,
            r#"(module (memory 200000 (pagesize 1)) (func (export "run") (loop (drop (memory.grow (i32.const 1))) (br 0))))"#,
        ),
        hostile(
            "memory.grow to the quota",
            SUCCESS,
            r#"(module (memory 0) (func (export "run") (drop (memory.grow (i32.const 4)))))"#,
        ),
        hostile(
            "memory.grow between other blocks",
            INTERRUPTED,
            r#"(module (memory 1000 (pagesize 1)) (table $t 1 externref) (func (export "run") (loop
                (drop (memory.grow (i32.const 5000))) (drop (table.grow $t (ref.null extern) (i32.const 50))) (br 0))))"#,
        ),
        hostile(
            "table.grow by one element, forever",
            INTERRUPTED,
            r#"(module (table $t 1 externref) (func (export "run") (loop
                (drop (table.grow $t (ref.null extern) (i32.const 1))) (br 0))))"#,
        ),
    ];
    for one in &mut all {
        one.table_elements = 40_000;
        one.moves = one.name.contains(".grow");
    }
    all
}

fn loading() -> Vec<Hostile> {
    let nested = |count: usize| format!("{}{}", "block ".repeat(count), "end ".repeat(count));
    let mut constant = String::from("i32.const 1 ");
    constant.push_str(&"i32.const 1 i32.add ".repeat(100_000));
    let exports = |name: &str, count: u32| many(count, |i| format!(r#"(export "{name}{i}" (func 0))"#));
    let imports = |name: &str, count: u32| many(count, |i| format!(r#"(import "lib" "{name}{i}" (func))"#));
    // The names that are compared most: of two siblings at the top of a heap one is long, and the others are larger.
    let long = "a".repeat(60_000);
    vec![
        hostile("memory of 4 GB", QUOTA, "(module (memory 65535))"),
        hostile("table of 10,000,000 elements", QUOTA, "(module (table 10000000 funcref))"),
        hostile("100 tables", QUOTA, format!("(module {})", "(table 1000 funcref)".repeat(100))),
        hostile("101 tables", LIMIT, format!("(module {})", "(table 0 funcref)".repeat(101))),
        hostile(
            "20,000 types",
            SUCCESS,
            format!("(module {})", many(20_000, |i| format!("(type (func (param {})))", types(i)))),
        ),
        hostile("1,001 parameters", LIMIT, format!("(module (type (func (param {}))))", "i32 ".repeat(1001))),
        hostile("20,000 functions", SUCCESS, format!("(module {})", "(func)".repeat(20_000))),
        hostile("20,000 functions, little heap", NO_MEMORY, format!("(module {})", "(func)".repeat(20_000))).heap(64 << 10),
        hostile(
            "20,000 imports that nobody has",
            "unknown import",
            format!("(module {})", r#"(import "env" "nothing" (func)) (import "nowhere" "x" (func))"#.repeat(10_000)),
        ),
        // Each makes a host function, on the store's heap, of which the quota is 1 MB.
        hostile("20,000 imports", NO_MEMORY, format!("(module {})", r#"(import "env" "nothing" (func))"#.repeat(20_000))),
        hostile(
            "20,000 exports",
            SUCCESS,
            format!("(module (func) {})", exports("", 20_000)),
        ),
        hostile(
            "20,000 imports of 20,000 exports",
            SUCCESS,
            format!("(module {})", imports("", 20_000)),
        )
        .lib(format!("(module (func) {})", exports("", 20_000))),
        hostile(
            "imports with long names that differ at the end",
            SUCCESS,
            format!("(module {})", imports(&"n".repeat(60), 5000)),
        )
        .lib(format!("(module (func) {})", exports(&"n".repeat(60), 5000))),
        hostile(
            "15,000 imports of two host functions",
            SUCCESS,
            format!(
                "(module {}{})",
                r#"(import "env" "back" (func))"#.repeat(7500),
                r#"(import "env" "nothing" (func))"#.repeat(7500)
            ),
        ),
        hostile("exports of the same name", INVALID, format!("(module (func) {})", r#"(export "a" (func 0))"#.repeat(5000))),
        hostile(
            "long names among short ones",
            SUCCESS,
            format!(
                r#"(module (func) {} (export "{long}a" (func 0)) {} (export "{long}b" (func 0)) {})"#,
                exports("b", 6000),
                exports("0", 6000),
                exports("c", 6000),
            ),
        ),
        hostile("name of 300,000 bytes", SUCCESS, format!(r#"(module (func (export "{}")))"#, "é".repeat(150_000))),
        hostile("constant expression of 300 KB", SUCCESS, format!("(module (global i32 {constant}))")),
        hostile(
            "20,000 data segments",
            SUCCESS,
            format!("(module (memory 1) {})", r#"(data (i32.const 5) "x")"#.repeat(20_000)),
        ),
        hostile(
            "data segment behind the memory",
            "trap: out of bounds memory access",
            r#"(module (memory 1) (data (i32.const 65536) "x"))"#,
        ),
        hostile(
            "20,000 element segments",
            SUCCESS,
            format!("(module (table 10 funcref) (func) {})", "(elem (i32.const 5) 0)".repeat(20_000)),
        ),
        hostile(
            "element segments of 100,000 functions",
            SUCCESS,
            format!("(module (table 10000 funcref) (func) {})", format!("(elem (i32.const 0) {})", "0 ".repeat(10_000)).repeat(10)),
        ),
        hostile(
            "br_table with 1,000,000 targets",
            NO_MEMORY,
            format!(r#"(module (func (export "run") (block (br_table {} (i32.const 1)))))"#, "0 ".repeat(1_000_000)),
        )
        .heap(3 << 20)
        .lazily("trap: function cannot be compiled"),
        hostile(
            "br_table with 200,000 targets",
            SUCCESS,
            format!(r#"(module (func (export "run") (block (br_table {} (i32.const 1)))))"#, "0 ".repeat(200_000)),
        )
        .lazily(INTERRUPTED),
        hostile(
            "br_table to 10,000 labels",
            SUCCESS,
            format!("(module (func (param i32) {} local.get 0 br_table {} {} ))", "block ".repeat(10_000), many(10_001, |i| format!("{i} ")), "end ".repeat(10_000)),
        ),
        hostile("blocks nested 100,000 deep", SUCCESS, format!("(module (func {}))", nested(100_000))),
        hostile("blocks nested 100,000 deep, little heap", NO_MEMORY, format!("(module (func {}))", nested(100_000))).heap(256 << 10),
        hostile(
            "50,000 locals of alternating types, each read",
            SUCCESS,
            format!(
                "(module (func (local {}) {}))",
                "i32 f32 ".repeat(25_000),
                many(20_000, |i| format!("(drop (local.get {}))", i * 2))
            ),
        ),
        hostile(
            "50,001 locals",
            MALFORMED,
            format!("(module (func (local {})))", "i32 ".repeat(50_001)),
        ),
        hostile("frame of 50,000 cells", OVERFLOW, format!(r#"(module (func (export "run") (local {})))"#, "i32 ".repeat(50_000))),
        hostile(
            "operands nested 50,000 deep",
            SUCCESS,
            format!("(module (func {} {} drop))", "i32.const 1 ".repeat(50_000), "i32.add ".repeat(49_999)),
        ),
        hostile("operands nested 70,000 deep", LIMIT, format!(r#"(module (func (export "run") {} unreachable))"#, "i32.const 1 ".repeat(70_000))),
        hostile("function of 200 KB", SUCCESS, format!("(module (func (param i32) {}))", "(drop (i32.add (local.get 0) (i32.const 100)))".repeat(30_000))),
        hostile(
            "calls with 1,000 parameters and results",
            LIMIT,
            format!(
                "(module (type $t (func (param {0}) (result {0}))) (func $f (type $t) unreachable) (func (export \"run\") unreachable {1} unreachable))",
                "i32 ".repeat(1000),
                "call $f ".repeat(2000)
            ),
        ),
        hostile(
            "calls with 17 parameters and results",
            SUCCESS,
            format!(
                "(module (type $t (func (param {0}) (result {0}))) (func $f (type $t) unreachable) (func unreachable {1} unreachable))",
                "i32 ".repeat(17),
                "call $f ".repeat(20_000)
            ),
        ),
        hostile(
            "branches with 1,000 values, by the thousand",
            LIMIT,
            format!(
                "(module (func (export \"run\") (block (result {0}) {1} {2}) unreachable))",
                "i32 ".repeat(1000),
                "(i32.const 1)".repeat(1000),
                "(br_if 0 (i32.const 1))".repeat(2000)
            ),
        )
        .heap(2 << 20),
        // Encoded twice: that a branch does not reach shows when there are labels and branches yet to come.
        hostile(
            "branches to 4,000 labels past 40,000 operators",
            SUCCESS,
            format!(
                "(module (func (export \"run\") (local i32) loop {} {} block local.get 0 br_if 0 local.get 0 {} drop end {} {} end))",
                "block ".repeat(4000),
                many(4000, |i| format!("local.get 0 br_if {i} ")),
                "i32.clz ".repeat(40_000),
                many(3000, |i| format!("local.get 0 br_if {} ", 3999 + i % 2)),
                "end ".repeat(4000)
            ),
        ),
        hostile("name section of 300 KB that is none", SUCCESS, format!(r#"(module (@custom "name" "\01{}"))"#, "x".repeat(300_000))),
    ]
    .into_iter()
    .map(|one| one.interrupts(8))
    .collect()
}

/// The number in base four, as types.
fn types(mut number: u32) -> String {
    let mut text = String::new();
    for _ in 0..8 {
        text += ["i32 ", "i64 ", "f32 ", "f64 "][number as usize % 4];
        number /= 4;
    }
    text
}
