//! Code that cannot be reached leaves alone what is alive behind it.

mod common;

use common::{call, instantiate};

/// Found by comparing generated modules with wasmi: operators that take their operands from cells took constants below
/// the block for theirs, and what had never been written was read behind it.
#[test]
fn operands_below_the_block_stay() {
    for dead in [
        "(call $three)",
        "(return_call $three)",
        "(call_indirect (type $three))",
        "(return_call_indirect (type $three))",
        "memory.fill",
        "memory.copy",
        "(memory.init 0)",
        "(table.init 0)",
        "table.fill",
        "table.copy",
        "(drop (table.grow 0))",
        "(drop (memory.grow))",
        "(table.set 0)",
        "(br_if 0)",
        "(block (param i32 i32 i32) (unreachable))",
        "(return)",
        "(local.set 0)",
        "(global.set 0)",
        "(i32.store)",
        "(drop (select))",
        "(br_table 0 0)",
    ] {
        let (mut store, instance) = instantiate(&format!(
            r#"(module
                (memory 1) (data "abc") (table 1 1 funcref) (elem func) (global (mut i32) (i32.const 0))
                (type $three (func (param i32 i32 i32) (result i32)))
                (func $three (type $three) (i32.const 1))
                ;; Leaves something else in the cells.
                (func $noise (result i32)
                    (i32.add (i32.add (i32.clz (i32.const 1)) (i32.ctz (i32.const 2))) (i32.popcnt (i32.const 3))))
                (func (export "f") (param i32) (result i32)
                    (drop (call $noise))
                    (i32.const 100) (i32.const 20) (i32.const 3)
                    (block (br_if 0 (local.get 0)) (br 0) {dead} (unreachable))
                    (i32.add (i32.add)))
            )"#
        ));
        for param in [0, 1] {
            assert_eq!(call::<i32, i32>(&mut store, instance, "f", param), Ok(123), "{dead}, {param}");
        }
    }
}
