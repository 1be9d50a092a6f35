//! Frames of more than 256 cells, and branches that reach far.

use super::rig::{Options, Rig};
use std::format;
use std::string::String;
use std::vec;
use wasmote_core::Trap;

fn pad(cells: usize) -> String {
    format!("(local {})", "i32 ".repeat(cells))
}

#[test]
pub(super) fn frames() {
    let pad = pad(300);
    let params = format!("(param {})", "i32 ".repeat(300));
    let constants: String = (0..300).map(|i| format!("(i32.const {i})")).collect();
    let wat = format!(
        "(module (memory 1) (table 300 funcref) (elem (i32.const 2) $add)
            (type $t (func (param i32 i32) (result i32)))
            (global (mut i32) (i32.const 0)) (global (mut i64) (i64.const 0))
            (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export \"call\") (param i32) (result i32) {pad}
                (i32.mul (call $add (local.get 0) (i32.const 5)) (call $add (i32.const 1) (local.get 0))))
            (func (export \"indirect\") (param i32) (result i32) {pad}
                (call_indirect (type $t) (i32.const 10) (i32.const 20) (local.get 0)))
            (func (export \"tail\") (param i32) (result i32) {pad}
                (return_call_indirect (type $t) (i32.const 10) (i32.const 20) (local.get 0)))
            (func (export \"tailcall\") (param i32) (result i32) {pad}
                (return_call $add (i32.const 10) (local.get 0)))
            (func (export \"table\") (param i32) (result i32) {pad}
                (local.set 299 (local.get 0))
                (block (block (br_table 0 1 (local.get 299))) (return (i32.const 1))) (i32.const 2))
            (func (export \"if\") (param i32) (result i32) {pad}
                (local.set 299 (local.get 0))
                (if (result i32) (local.get 299) (then (i32.const 1)) (else (i32.const 2))))
            (func (export \"loop\") (param i32) (result i32) {pad} (local i64)
                (local.set 299 (local.get 0))
                (loop
                    (local.set 301 (i64.add (local.get 301) (i64.const 0x123456789)))
                    (local.set 298 (i32.add (local.get 298) (local.get 299)))
                    (br_if 0 (i32.gt_s (local.tee 299 (i32.sub (local.get 299) (i32.const 1))) (i32.const 0))))
                (i32.add (local.get 298) (i32.wrap_i64 (i64.shr_u (local.get 301) (i64.const 32)))))
            (func (export \"select\") (param i32 i64 i64) (result i64) {pad} (local i32 i64 i64)
                (local.set 303 (local.get 0)) (local.set 304 (local.get 1)) (local.set 305 (local.get 2))
                (local.set 304 (select (local.get 304) (local.get 305) (local.get 303)))
                (local.get 304))
            (func (export \"many\") (param i64) (result i32 i64) {pad} (local i32 i64)
                (local.set 302 (local.get 0)) (i32.const 7) (local.get 302))
            (func $sum {params} (result i32) (local i64 i64)
                (i32.add (i32.add (local.get 299) (local.get 1)) (i32.wrap_i64 (local.get 300))))
            (func (export \"params\") (result i32) (call $sum {constants}))
            (func (export \"global\") (param i32 i64) (result i64) {pad} (local i32 i64)
                (local.set 302 (local.get 0)) (local.set 303 (local.get 1))
                (global.set 0 (local.get 302)) (global.set 1 (local.get 303))
                (local.set 302 (global.get 0)) (local.set 303 (global.get 1))
                (i64.add (local.get 303) (i64.extend_i32_u (local.get 302))))
            (func (export \"trap\") (param i32) (result i32) {pad}
                (local.set 299 (local.get 0))
                (local.set 298 (i32.div_u (local.get 299) (local.get 299))) (local.get 298))
            (func (export \"load\") (param i32) (result i32) {pad}
                (local.set 299 (local.get 0))
                (i32.store offset=70000 (i32.load (local.get 299)) (local.get 298)) (i32.const 1))
            (func (export \"eqz\") (param i32) (result i32) {pad}
                (local.set 299 (i32.eqz (i32.lt_s (local.get 0) (i32.const 7)))) (local.get 299))
            (func (export \"size\") (result i32) {pad} (memory.size)))"
    );
    for wide in [false, true] {
        let rig = Rig::with(&[&wat], Options { wide, ..Options::default() });
        assert_eq!(rig.call("call", &[3]), Ok(vec![32]));
        assert_eq!(rig.call("indirect", &[2]), Ok(vec![30]));
        assert_eq!(rig.call("indirect", &[3]), Err(Trap::IndirectCallToNull));
        assert_eq!(rig.call("tail", &[2]), Ok(vec![30]));
        assert_eq!(rig.call("tailcall", &[2]), Ok(vec![12]));
        assert_eq!(rig.call("table", &[0]), Ok(vec![1]));
        assert_eq!(rig.call("table", &[7]), Ok(vec![2]));
        assert_eq!(rig.call("if", &[7]), Ok(vec![1]));
        assert_eq!(rig.call("if", &[0]), Ok(vec![2]));
        assert_eq!(rig.call("loop", &[4]), Ok(vec![10 + 4]));
        assert_eq!(rig.call("select", &[1, 2, 3, 4, 5]), Ok(vec![2, 3]));
        assert_eq!(rig.call("select", &[0, 2, 3, 4, 5]), Ok(vec![4, 5]));
        assert_eq!(rig.call("many", &[2, 3]), Ok(vec![7, 2, 3]));
        assert_eq!(rig.call("params", &[]), Ok(vec![300]));
        assert_eq!(rig.call("global", &[5, 6, 7]), Ok(vec![11, 7]));
        assert_eq!(rig.call("trap", &[5]), Ok(vec![1]));
        assert_eq!(rig.call("trap", &[0]), Err(Trap::IntegerDivisionByZero));
        assert_eq!(rig.frames().len(), 1);
        assert_eq!(rig.call("load", &[0xFFFF_0000]), Err(Trap::MemoryOutOfBounds));
        assert_eq!(rig.call("load", &[0]), Err(Trap::MemoryOutOfBounds));
        assert_eq!(rig.call("eqz", &[6]), Ok(vec![0]));
        assert_eq!(rig.call("eqz", &[7]), Ok(vec![1]));
        assert_eq!(rig.call("size", &[]), Ok(vec![1]));
    }
}

#[test]
#[cfg_attr(miri, ignore = "a megabyte of text")]
pub(super) fn branches() {
    // More code than 16 bits of a branch reach, in a body that is short enough to be tried with them first.
    let body = "(local.set 0 (i32.xor (local.get 0) (i32.const 0x12345)))".repeat(5_000);
    let small = format!(
        "(module (func (export \"f\") (param i32 i32) (result i32)
            (block
                (br_if 0 (local.get 1))
                (loop
                    {body}
                    (br_if 0 (local.tee 1 (i32.and (i32.add (local.get 1) (i32.const 1)) (i32.const 3))))))
            (local.get 0)))"
    );
    let large = format!(
        "(module (func (export \"f\") (param i32 i32) (result i32)
            (block
                (br_if 0 (local.get 1))
                (loop
                    {body}{body}
                    (br_if 0 (local.tee 1 (i32.and (i32.add (local.get 1) (i32.const 1)) (i32.const 3))))))
            (local.get 0)))"
    );
    for wat in [small, large] {
        let rig = Rig::new(&[&wat]);
        assert!(rig.instances[0].code(0).code.len() > 34_000);
        assert_eq!(rig.call("f", &[5, 0]), Ok(vec![5]));
        assert_eq!(rig.call("f", &[5, 1]), Ok(vec![5]));
    }
}
