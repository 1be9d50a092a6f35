//! Calls of every kind, and every way in which running code ends.

use super::rig::{Options, Rig, WANTED};
use core::sync::atomic::Ordering;
use std::vec;
use wasmote_core::Trap;
use wasmote_core::vm::fuel_is_endless;

/// Bytes that are kept for the record of a trap.
const TRAP_RECORD: usize = 3 * size_of::<usize>();

#[test]
pub(super) fn recursion() {
    let rig = Rig::new(&["(module
        (func (export \"fac\") (param i64) (result i64)
            (if (result i64) (i64.eqz (local.get 0))
                (then (i64.const 1))
                (else (i64.mul (local.get 0) (call 0 (i64.sub (local.get 0) (i64.const 1)))))))
        (func $fib (export \"fib\") (param i32) (result i32)
            (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
            (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2))))))"]);
    assert_eq!(rig.call64("fac", &[20]), Ok(2_432_902_008_176_640_000));
    assert_eq!(rig.call("fib", &[15]), Ok(vec![610]));
    let stack = rig.stack();
    // Of 20 calls, a record and at least 2 cells each.
    let size = (stack.end.addr() - stack.base.addr()) as isize;
    assert!(
        stack.least_room < size - 20 * (TRAP_RECORD as isize + 8) && stack.least_room > size / 2,
        "{}",
        stack.least_room
    );
}

#[test]
pub(super) fn stack_overflow() {
    let wat = "(module
        (func (export \"deep\") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call 0 (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0))))
        (func (export \"none\") (call 1))
        (func (export \"big\") (local i64 i64 i64 i64 i64 i64 i64 i64) (call 2)))";
    for stack_cells in [12, 13, 14, 15, 16, 20, 31, 64, 1000] {
        let rig = Rig::with(&[wat], Options { stack_cells, ..Options::default() });
        let mut depth = 0;
        while rig.call("deep", &[depth]) == Ok(vec![depth]) {
            depth += 1;
        }
        assert_eq!(rig.call("deep", &[depth]), Err(Trap::StackOverflow));
        assert_eq!(rig.frames().len() as u32, depth);
        assert_eq!(rig.call("none", &[]), Err(Trap::StackOverflow));
        assert_eq!(rig.call("big", &[]), Err(Trap::StackOverflow));
        assert!(depth == 0 || rig.call("deep", &[depth - 1]) == Ok(vec![depth - 1]));
        let stack = rig.stack();
        // If anything was called, a trap's record had room.
        assert!((TRAP_RECORD as isize..=4 * stack_cells as isize).contains(&stack.least_room) || depth == 0);
    }
}

/// What is noted of the stack is what it has to be, but for the record of a trap.
#[test]
pub(super) fn stack_that_is_just_enough() {
    let wat = "(module
        (func (export \"deep\") (param i32) (result i32) (local i64)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call 0 (i32.sub (local.get 0) (i32.const 1)))))
                (else (call 1 (i32.const 1)))))
        (func (param i32) (result i32) (local i64 i64 i64) (i32.sub (local.get 0) (i32.const 1))))";
    for depth in [0, 1, 2, 30] {
        let rig = Rig::new(&[wat]);
        assert_eq!(rig.call("deep", &[depth]), Ok(vec![depth]));
        let used = || {
            let stack = rig.stack();
            stack.end.addr() - stack.base.addr() - stack.least_room as usize
        };
        let needed = (used() + TRAP_RECORD) / 4;
        // The same again, and less, change nothing.
        assert_eq!(rig.call("deep", &[depth]), Ok(vec![depth]));
        assert_eq!(rig.call("deep", &[depth / 2]), Ok(vec![depth / 2]));
        assert_eq!((used() + TRAP_RECORD) / 4, needed);
        let with = |stack_cells| Rig::with(&[wat], Options { stack_cells, ..Options::default() });
        assert_eq!(with(needed).call("deep", &[depth]), Ok(vec![depth]));
        assert_eq!(with(needed - 1).call("deep", &[depth]), Err(Trap::StackOverflow));
    }
}

/// A trap takes no longer the deeper the calls are.
#[test]
pub(super) fn no_more_frames_than_wanted() {
    let rig = Rig::with(&["(module (func (export \"deep\") (call 0)))"], Options::default());
    assert_eq!(rig.call("deep", &[]), Err(Trap::StackOverflow));
    assert!(rig.frames().len() > 100);
    WANTED.set(3);
    assert_eq!(rig.call("deep", &[]), Err(Trap::StackOverflow));
    assert_eq!(rig.frames().len(), 3);
    WANTED.set(usize::MAX);
}

#[test]
pub(super) fn native_depth() {
    let rig = Rig::new(&["(module
        (import \"host\" \"back\" (func $back (param i32) (result i32)))
        (func (export \"f\") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $back (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))"]);
    assert_eq!(rig.call("f", &[7]), Ok(vec![7]));
    assert_eq!(rig.call("f", &[8]), Err(Trap::StackOverflow));
    assert_eq!(rig.frames().len(), 8);
}

#[test]
pub(super) fn host_and_other_instances() {
    let first = "(module
        (global $g (mut i32) (i32.const 100))
        (func (export \"add\") (param i32 i32) (result i32)
            (global.set $g (i32.add (global.get $g) (i32.const 1)))
            (i32.add (i32.add (local.get 0) (local.get 1)) (global.get $g)))
        (func (export \"boom\") (param i32 i32) (result i32) unreachable))";
    let second = "(module
        (import \"m1\" \"add\" (func $add (param i32 i32) (result i32)))
        (import \"host\" \"add\" (func $hadd (param i32 i32) (result i32)))
        (import \"m1\" \"boom\" (func $boom (param i32 i32) (result i32)))
        (import \"host\" \"fail\" (func $fail))
        (global $g i32 (i32.const 5))
        (table 8 funcref)
        (elem (i32.const 0) $add $hadd $own $boom $wrong)
        (type $t (func (param i32 i32) (result i32)))
        (func $own (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
        (func $wrong)
        (func (export \"both\") (param i32) (result i32)
            (i32.add (call $add (local.get 0) (i32.const 1)) (call $hadd (global.get $g) (i32.const 2))))
        (func (export \"boom\") (result i32) (call $boom (i32.const 1) (i32.const 2)))
        (func (export \"fail\") (call $fail))
        (func (export \"indirect\") (param i32) (result i32)
            (call_indirect (type $t) (i32.const 3) (i32.const 4) (local.get 0)))
        (func (export \"fixed\") (result i32) (call_indirect (type $t) (i32.const 3) (i32.const 4) (i32.const 2)))
        (func (export \"tail\") (param i32 i32 i32) (result i32)
            (return_call_indirect (type $t) (local.get 2) (local.get 1) (local.get 0)))
        (func (export \"tailhost\") (param i64) (result i32) (return_call $hadd (i32.const 30) (i32.const 4)))
        (func (export \"tailfail\") (param i64) (return_call $fail))
        (func (export \"tailadd\") (result i32) (return_call $add (i32.const 30) (i32.const 4)))
        (func (export \"after\") (result i32) (i32.add (call 14) (global.get $g)))
        (func (export \"refs\") (result i32)
            (i32.sub (i32.and (ref.is_null (ref.func $own)) (ref.is_null (ref.func $add))) (i32.const 1))))";
    let rig = Rig::new(&[first, second]);
    assert_eq!(rig.call("both", &[10]), Ok(vec![10 + 1 + 101 + 7]));
    assert_eq!(rig.call("indirect", &[0]), Ok(vec![7 + 102]));
    assert_eq!(rig.call("indirect", &[1]), Ok(vec![7]));
    assert_eq!(rig.call("indirect", &[2]), Ok(vec![12]));
    assert_eq!(rig.call("fixed", &[]), Ok(vec![12]));
    assert_eq!(rig.call("indirect", &[4]), Err(Trap::BadSignature));
    assert_eq!(rig.call("indirect", &[5]), Err(Trap::IndirectCallToNull));
    assert_eq!(rig.call("indirect", &[16]), Err(Trap::TableOutOfBounds));
    assert_eq!(rig.call("indirect", &[u32::MAX]), Err(Trap::TableOutOfBounds));
    assert_eq!(rig.call("tail", &[2, 5, 6]), Ok(vec![30]));
    assert_eq!(rig.call("tail", &[0, 5, 6]), Ok(vec![11 + 103]));
    assert_eq!(rig.call("tail", &[1, 5, 6]), Ok(vec![11]));
    assert_eq!(rig.call("tail", &[4, 5, 6]), Err(Trap::BadSignature));
    assert_eq!(rig.call("tailhost", &[0, 0]), Ok(vec![34]));
    assert_eq!(rig.call("tailadd", &[]), Ok(vec![34 + 104]));
    assert_eq!(rig.call("after", &[]), Ok(vec![34 + 105 + 5]));
    assert_eq!(rig.call("refs", &[]), Ok(vec![u32::MAX]));
    assert_eq!(rig.call("tailfail", &[0, 0]), Err(Trap::Host));
    assert_eq!(rig.call("fail", &[]), Err(Trap::Host));
    assert_eq!(rig.frames().len(), 1);
    assert_eq!(rig.call("boom", &[]), Err(Trap::Unreachable));
    let frames = rig.frames();
    assert_eq!(frames.iter().map(|frame| frame.0).collect::<vec::Vec<_>>(), [1, 2]);
}

#[test]
pub(super) fn tail_calls_take_no_stack() {
    let rig = Rig::new(&["(module
        (func $even (export \"even\") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 1))
                (else (return_call $odd (i64.const 9) (i32.sub (local.get 0) (i32.const 1))))))
        (func $odd (param i64 i32) (result i32)
            (if (result i32) (i32.eqz (local.get 1))
                (then (i32.const 0))
                (else (return_call $even (i32.sub (local.get 1) (i32.const 1))))))
        (func (export \"grow\") (param i32) (result i32) (return_call $big (local.get 0)))
        (func $big (param i32) (result i32) (local i64 i64 i64 i64 i64 i64) (local.get 0)))"]);
    assert_eq!(rig.call("even", &[100_000]), Ok(vec![1]));
    assert_eq!(rig.call("even", &[100_001]), Ok(vec![0]));
    assert_eq!(rig.call("grow", &[3]), Ok(vec![3]));
    let rig = Rig::with(
        &["(module (func (export \"grow\") (param i32) (result i32) (return_call $big (local.get 0)))
        (func $big (param i32) (result i32) (local i64 i64 i64 i64 i64 i64) (local.get 0)))"],
        Options { stack_cells: 18, ..Options::default() },
    );
    assert_eq!(rig.call("grow", &[3]), Err(Trap::StackOverflow));
}

#[test]
pub(super) fn control() {
    let rig = Rig::new(&["(module
        (memory 1) (table 1 funcref) (table 1 funcref)
        (func (export \"second\") (result i32) (table.size 1))
        (func (export \"table\") (param i32) (result i32)
            (block (block (block (block
                (br_table 0 1 2 1 3 (local.get 0)))
                (return (i32.const 10)))
                (return (i32.const 11)))
                (return (i32.const 12)))
            (i32.const 13))
        (func (export \"loops\") (param i32) (result i32) (local i32)
            (block (loop $l
                (local.set 1 (i32.add (local.get 1) (local.get 0)))
                (br_table $l 1 (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
            (local.get 1))
        (func (export \"select\") (param i32 i64 i64) (result i64)
            (select (local.get 1) (local.get 2) (local.get 0)))
        (func (export \"selects\") (param i32) (result i32)
            (select (i32.const 70000) (i32.const 6) (i32.gt_u (local.get 0) (i32.const 3))))
        (func (export \"many\") (param i32 i64) (result i64 i32 i64)
            (local.get 1) (local.get 0) (i64.const 9))
        (func (export \"use\") (param i32 i64) (result i32)
            (local i64 i32)
            (call 5 (local.get 0) (local.get 1))
            (drop) (local.set 3) (drop) (local.get 3))
        (func (export \"size\") (result i32)
            (drop (memory.grow (i32.const 1))) (i32.store (i32.const 131000) (i32.const 1)) (memory.size))
        (func (export \"until\") (param i32 i32) (result i32) (local i32)
            (loop
                (local.set 2 (i32.add (local.get 2) (i32.const 3)))
                (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const -2))) (local.get 1))))
            (i32.add (local.get 2) (local.get 0)))
        (func (export \"unreachable\") (unreachable))
        (func (export \"block\") (param i32) (result i32)
            (block (result i32)
                (drop (br_if 0 (i32.const 5) (local.get 0)))
                (i32.const 6)))
        (func (export \"params\") (param i32) (result i32)
            (i32.const 1)
            (loop (param i32) (result i32)
                (i32.mul (local.get 0))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br_if 0 (local.get 0))))
        (func (export \"tee\") (param i32) (result i32) (local i32)
            (i32.add (local.tee 1 (i32.mul (local.get 0) (local.get 0))) (local.get 1)))
        (func (export \"swap\") (param i32 i32) (result i32)
            (local.get 0) (local.get 1) (local.set 0) (local.set 1)
            (i32.sub (local.get 0) (local.get 1)))
        (func (export \"ret64\") (param i32 i64) (result i64) (i64.add (local.get 1) (local.get 1)))
        (func (export \"ret64local\") (param i32 i64) (result i64) (local.get 1)))"]);
    for (index, result) in [(0, 10), (1, 11), (2, 12), (3, 11), (4, 13), (5, 13), (u32::MAX, 13)] {
        assert_eq!(rig.call("table", &[index]), Ok(vec![result]));
    }
    assert_eq!(rig.call("second", &[]), Ok(vec![1]));
    assert_eq!(rig.call("loops", &[10]), Ok(vec![55]));
    assert_eq!(rig.call("select", &[1, 2, 3, 4, 5]), Ok(vec![2, 3]));
    assert_eq!(rig.call("select", &[0, 2, 3, 4, 5]), Ok(vec![4, 5]));
    assert_eq!(rig.call("selects", &[3]), Ok(vec![6]));
    assert_eq!(rig.call("selects", &[4]), Ok(vec![70_000]));
    assert_eq!(rig.call("many", &[1, 2, 3]), Ok(vec![2, 3, 1, 9, 0]));
    assert_eq!(rig.call("use", &[11, 2, 3]), Ok(vec![11]));
    assert_eq!(rig.call("size", &[]), Ok(vec![2]));
    assert_eq!(rig.call("until", &[20, 10]), Ok(vec![15 + 10]));
    assert_eq!(rig.call("unreachable", &[]), Err(Trap::Unreachable));
    assert_eq!(rig.call("block", &[1]), Ok(vec![5]));
    assert_eq!(rig.call("block", &[0]), Ok(vec![6]));
    assert_eq!(rig.call("params", &[5]), Ok(vec![120]));
    assert_eq!(rig.call("tee", &[5]), Ok(vec![50]));
    assert_eq!(rig.call("swap", &[5, 7]), Ok(vec![2]));
    assert_eq!(rig.call("ret64", &[5, 7, 8]), Ok(vec![14, 16]));
    assert_eq!(rig.call("ret64local", &[5, 7, 8]), Ok(vec![7, 8]));
}

#[test]
pub(super) fn traps_have_places() {
    let wat = "(module (memory 1)
        (func $div (param i32 i32) (result i32) (nop) (i32.div_s (local.get 0) (local.get 1)))
        (func $load (param i32) (result i32) (i32.load8_u offset=70000 (local.get 0)))
        (func (export \"run\") (param i32 i32) (result i32)
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (i32.add (call $div (local.get 0) (local.get 1)) (call $load (local.get 1)))))";
    let bytes = wat::parse_str(wat).unwrap();
    let rig = Rig::new(&[wat]);
    let ops = |frames: vec::Vec<(u32, u32)>| {
        frames.iter().map(|&(_, offset)| bytes[offset as usize]).collect::<vec::Vec<_>>()
    };
    assert_eq!(rig.call("run", &[1, 0]), Err(Trap::IntegerDivisionByZero));
    assert_eq!(ops(rig.frames()), [0x6D, 0x10]);
    let first = rig.frames()[1].1;
    assert_eq!(rig.call("run", &[1, 1]), Err(Trap::MemoryOutOfBounds));
    assert_eq!(ops(rig.frames()), [0x2D, 0x10]);
    assert!(rig.frames()[1].1 > first);
    assert_eq!(rig.call("run", &[0x7FFF_FFFF, u32::MAX]), Err(Trap::IntegerOverflow));
    assert_eq!(ops(rig.frames()), [0x6D, 0x10]);
}

#[test]
pub(super) fn interrupts() {
    let rig = Rig::new(&["(module
        (import \"host\" \"stop\" (func $stop))
        (func (export \"loop\") (param i32) (result i32)
            (call $stop) (loop (br 0)) (i32.const 1))
        (func (export \"call\") (call $stop) (call $nothing))
        (func $nothing)
        (func (export \"straight\") (param i32) (result i32) (call $stop) (i32.add (local.get 0) (i32.const 1)))
        (func (export \"tail\") (call $stop) (return_call $nothing))
        (func (export \"fused\") (param i32)
            (call $stop) (loop (br_if 0 (i32.ne (local.get 0) (i32.const 3))))))"]);
    let clear = || rig.instances[0].ctx().interrupt.store(0, Ordering::Relaxed);
    // Calls, returns and backward branches look.
    let ways = [("loop", &[0][..]), ("call", &[]), ("straight", &[1]), ("tail", &[]), ("fused", &[1])];
    for (name, args) in ways {
        assert_eq!(rig.call(name, args), Err(Trap::Interrupted), "{name}");
        assert_eq!(rig.frames().len(), 1);
        // It stays until the embedder clears it.
        assert_eq!(rig.call(name, args), Err(Trap::Interrupted), "{name}");
        clear();
    }
}

#[test]
pub(super) fn fuel() {
    let rig = Rig::with(
        &["(module (func (export \"count\") (param i32) (result i32)
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (local.get 0)))"],
        Options { metered: true, ..Options::default() },
    );
    // Not kept while code runs that has it.
    let ctx = || rig.instances[0].ctx();
    assert_eq!(rig.call("count", &[10]), Ok(vec![0]));
    assert!(fuel_is_endless(ctx().fuel), "metered only if there is a limit");
    ctx().fuel = 1000;
    assert_eq!(rig.call("count", &[10]), Ok(vec![0]));
    let ten = 1000 - ctx().fuel;
    ctx().fuel = 1000;
    assert_eq!(rig.call("count", &[20]), Ok(vec![0]));
    // local.get, i32.const, i32.sub, local.tee, br_if: 5 a round.
    assert_eq!(1000 - ctx().fuel - ten, 50);
    ctx().fuel = ten;
    assert_eq!(rig.call("count", &[10]), Ok(vec![0]));
    assert_eq!(ctx().fuel, 0);
    ctx().fuel = ten - 1;
    assert_eq!(rig.call("count", &[10]), Err(Trap::OutOfFuel));
    assert_eq!(rig.frames().len(), 1);
}

/// A branch that is not taken charges what follows it, and a trap there is the operator's behind it.
#[test]
fn fuel_behind_branches() {
    // More units than one charge is for, of operators that are no code.
    let idle = "(drop (local.get 0))".repeat(600);
    let wat = std::format!(
        "(module (func (export \"f\") (param i32) (result i32)
            (block (br_if 0 (local.get 0)) {idle} (local.set 0 (i32.const 7)))
            (local.get 0)))"
    );
    let rig = Rig::with(&[&wat], Options { metered: true, ..Options::default() });
    let ctx = || rig.instances[0].ctx();
    for (arg, result, used) in [(1, 1, 3), (0, 7, 3 + 600 + 2)] {
        ctx().fuel = 10_000;
        assert_eq!(rig.call("f", &[arg]), Ok(vec![result]));
        assert_eq!(10_000 - ctx().fuel, used);
        ctx().fuel = used - 1;
        assert_eq!(rig.call("f", &[arg]), Err(Trap::OutOfFuel));
    }
    // Enough for the line up to the branch, so the trap is at the first operator behind it, or behind the block.
    let bytes = wat::parse_str(&wat).unwrap();
    let behind = bytes.windows(2).position(|two| two == [0x0D, 0]).unwrap() as u32 + 2;
    ctx().fuel = 2;
    assert_eq!(rig.call("f", &[0]), Err(Trap::OutOfFuel));
    assert_eq!(rig.frames(), [(1, behind)]);
    ctx().fuel = 2;
    assert_eq!(rig.call("f", &[1]), Err(Trap::OutOfFuel));
    assert_eq!(bytes[rig.frames()[0].1 as usize], 0x20);
    assert!(rig.frames()[0].1 > behind);
}
