//! However code is made, not many instructions are carried out without a look at the interrupt word.

use super::rig::{Options, Rig};
use super::{SINCE_POLL, few};
use crate::encode::{INSTRUCTION, POLL_BYTES};
use std::fmt::Write;
use std::format;
use std::string::String;
use wasmote_core::Trap;

/// Instructions of one operator.
const OPERATOR: u32 = 16;

/// The most instructions between two looks at the interrupt word while `run` runs.
fn most(run: impl FnOnce()) -> u32 {
    SINCE_POLL.set((0, 0));
    run();
    SINCE_POLL.get().1
}

#[track_caller]
fn check(what: &str, wat: &str, args: &[u32], operator: u32) {
    for (metered, wide) in [(false, false), (true, false), (false, true)] {
        let rig = Rig::with(&[wat], Options { metered, wide, stack_cells: 60_000 });
        for &arg in args {
            let most = most(|| {
                let _ = rig.call("run", &[arg]);
            });
            let bound = (POLL_BYTES / INSTRUCTION) as u32 + operator;
            assert!(most <= bound, "{what}: {most} instructions without a poll, {bound} are the bound");
        }
    }
}

const OPERATORS: [&str; 12] = [
    "(local.set 1 (i32.add (local.get 1) (local.get 0)))",
    "(local.set 1 (i32.const 5))",
    "(local.set 2 (i64.div_s (local.get 2) (i64.const 77)))",
    "(local.set 3 (f64.sqrt (f64.add (local.get 3) (f64.const 1.5))))",
    "(i32.store (i32.const 8) (local.get 1))",
    "(local.set 1 (i32.load offset=16 (local.get 0)))",
    "(global.set 0 (i64.add (global.get 0) (i64.const 1)))",
    "(local.set 1 (select (local.get 0) (local.get 1) (local.get 0)))",
    "(call $host (local.get 0) (local.get 1)) drop",
    "(local.set 1 (memory.size))",
    "(drop (i32.rem_u (local.get 0) (i32.const 3)))",
    "(br_if 0 (i32.eq (local.get 0) (i32.const 77)))",
];

fn module(body: &str) -> String {
    format!(
        r#"(module (import "host" "add" (func $host (param i32 i32) (result i32))) (memory 1)
            (global (mut i64) (i64.const 0))
            (func $run (export "run") (param i32) (local i32 i64 f64) {body}))"#
    )
}

#[test]
#[cfg_attr(thumb2_handlers, ignore = "handlers in assembler do not tell what they carry out")]
pub(super) fn straight_lines() {
    for operator in OPERATORS.into_iter().step_by(few(1, 4)) {
        check(operator, &module(&operator.repeat(few(2000, 300))), &[1], OPERATOR);
        // The end of a recursion, where each frame has such a line behind its call.
        let tail = format!(
            "(if (local.get 0) (then (call $run (i32.sub (local.get 0) (i32.const 1))))) {}",
            operator.repeat(few(300, 30))
        );
        check(operator, &module(&tail), &[50], OPERATOR);
    }
}

#[test]
#[cfg_attr(thumb2_handlers, ignore = "handlers in assembler do not tell what they carry out")]
fn nested_calls_that_only_return() {
    let body = "(if (local.get 0) (then (call $run (i32.sub (local.get 0) (i32.const 1)))))";
    check("returns", &module(body), &[2000], 0);
    let body = "(if (local.get 0) (then (return_call $run (i32.sub (local.get 0) (i32.const 1)))))";
    check("tail calls", &module(body), &[2000], 0);
}

/// Ways through the code that leave out what lies between a branch and its label, so that no poll is met where the code
/// is laid out in one piece.
#[test]
#[cfg_attr(thumb2_handlers, ignore = "handlers in assembler do not tell what they carry out")]
fn branches_past_the_polls() {
    for skipped in [120, 10, 300, 700].into_iter().take(few(4, 1)) {
        for walked in [100, 3, 200].into_iter().take(few(3, 1)) {
            let line = "(local.set 1 (i32.xor (local.get 1) (i32.const 3)))";
            let block =
                format!("(block (br_if 0 (local.get 0)) {}) {}", line.repeat(skipped), line.repeat(walked));
            check("br_if", &module(&block.repeat(few(10, 4))), &[1], OPERATOR);
            let block = format!(
                "(if (local.get 0) (then {0}) (else {1})) (block (block (block (br_table 1 0 2 (local.get 0))) {1}) {0})",
                line.repeat(walked),
                line.repeat(skipped)
            );
            check("if", &module(&block.repeat(few(10, 4))), &[0, 1], OPERATOR);
        }
    }
}

struct Random(u32);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % n
    }

    /// Operators with branches out of blocks, `depth` deep. What is taken depends on the argument's bits.
    fn body(&mut self, depth: u32, labels: u32, text: &mut String) {
        for _ in 0..1 + self.below(4) {
            let bit = self.below(32);
            let condition = format!("(i32.and (i32.shr_u (local.get 0) (i32.const {bit})) (i32.const 1))");
            match self.below(6) {
                0 if depth > 0 => {
                    text.push_str("(block ");
                    self.body(depth - 1, labels + 1, text);
                    text.push(')');
                }
                1 if depth > 0 => {
                    write!(text, "(if {condition} (then ").unwrap();
                    self.body(depth - 1, labels + 1, text);
                    text.push_str(") (else ");
                    self.body(depth - 1, labels + 1, text);
                    text.push_str("))");
                }
                2 if labels > 0 => write!(text, "(br_if {} {condition})", self.below(labels)).unwrap(),
                3 if labels > 0 => {
                    let (a, b) = (self.below(labels), self.below(labels));
                    write!(text, "(block (br_table 0 {} {} {condition}))", a + 1, b + 1).unwrap();
                }
                _ => {
                    let operator = OPERATORS[self.below(8) as usize];
                    text.push_str(&operator.repeat(1 + self.below(90) as usize));
                }
            }
        }
    }
}

#[test]
#[cfg_attr(thumb2_handlers, ignore = "handlers in assembler do not tell what they carry out")]
fn ways_at_random() {
    let mut random = Random(7);
    for _ in 0..few(20, 1) {
        let mut text = String::new();
        for _ in 0..3 {
            random.body(4, 0, &mut text);
        }
        let args = core::array::from_fn::<u32, 16, _>(|_| random.below(u32::MAX) << 8 | random.below(256));
        check("at random", &module(&text), &args, OPERATOR);
    }
}

/// A branch may carry a thousand values.
#[test]
#[cfg_attr(thumb2_handlers, ignore = "handlers in assembler do not tell what they carry out")]
fn branches_with_many_values() {
    const VALUES: usize = few(1000, 100);
    let types = "i32 ".repeat(VALUES);
    let constants = "(i32.const 1)".repeat(VALUES);
    let body = format!("(block (result {types}) {constants} (br 0)) {}", "drop ".repeat(VALUES)).repeat(3);
    check("values", &module(&body), &[1], OPERATOR);
    let body = format!(
        "(block (result {types}) {constants} (br_if 0 (local.get 0)) (br_table 0 0 (local.get 0))) {}",
        "drop ".repeat(VALUES)
    );
    check("values", &module(&body.repeat(3)), &[0, 1], OPERATOR);
    let body = format!("{constants} (call $many) {}", "drop ".repeat(VALUES)).repeat(3);
    let many = format!(
        "(func $many (param {types}) (result {types}) {})",
        (0..VALUES).map(|i| format!("local.get {i} ")).collect::<String>()
    );
    check("values", &module(&body).replace("(func $run", &format!("{many} (func $run")), &[1], OPERATOR);
}

#[test]
fn a_poll_tells_where_it_was() {
    let line = "(local.set 1 (i32.xor (local.get 1) (i32.const 3)))".repeat(1000);
    let wat = format!(
        r#"(module (import "host" "stop" (func $stop)) (func (export "run") (local i32 i32) (call $stop) {line}))"#
    );
    let rig = Rig::new(&[&wat]);
    assert_eq!(rig.call("run", &[]), Err(Trap::Interrupted));
    let frames = rig.frames();
    assert_eq!(frames.len(), 1);
    // Five bytes an operator's worth of text, one instruction each.
    let bytes = wat::parse_str(&wat).unwrap().len() as u32;
    assert!(frames[0].1 > 0 && frames[0].1 < bytes / 2, "{frames:?}");
}
