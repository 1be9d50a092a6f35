//! What the encoder makes of some snippets, as text.

use super::rig::listing;

#[track_caller]
fn check(wat: &str, expected: &str) {
    let text = listing(wat);
    let lines = |text: &str| {
        std::vec::Vec::from_iter(text.trim().lines().map(|line| std::string::String::from(line.trim())))
    };
    assert_eq!(lines(&text), lines(expected), "\n{text}");
}

#[test]
fn a_result_goes_straight_into_its_local() {
    check(
        "(module (func (param i32 i32) (local i32)
            (local.set 2 (i32.add (local.get 0) (local.get 1)))
            (local.set 0 (i32.sub (local.get 2) (i32.const 5)))))",
        "0: zero r2 1
         3: i32_add r2 r0 r1
         7: i32_add_i r0 r2 -5
         11: return0",
    );
}

#[test]
fn comparisons_become_branches() {
    check(
        "(module (func (param i32 i32) (result i32)
            (block
                (br_if 0 (i32.gt_s (local.get 0) (i32.const 7)))
                (br_if 0 (i32.eqz (i32.lt_u (local.get 0) (local.get 1))))
                (br_if 0 (i32.eqz (local.get 1)))
                (br_if 0 (local.get 0)))
            (i32.const 1)))",
        "0: jump_i32_ge_s_i ->22 r0 8 0
         7: jump_i32_le_u ->22 r1 r0 0
         13: jump_unless ->22 r1 0
         18: jump_if ->22 r0 0
         23: const1 r0 1
         26: return0",
    );
}

#[test]
fn constants_are_immediates_where_they_fit() {
    check(
        "(module (memory 1) (func (param i32 i64)
            (local.set 0 (i32.mul (local.get 0) (i32.const 1000)))
            (local.set 0 (i32.div_u (i32.const 1000) (local.get 0)))
            (local.set 1 (i64.add (local.get 1) (i64.const -3)))
            (local.set 1 (i64.mul (local.get 1) (i64.const 0x123456789a)))
            (i32.store offset=8 (local.get 0) (i32.const -1))
            (i32.store offset=4096 (local.get 0) (local.get 0))
            (i32.store offset=4 (i32.const 1024) (local.get 0))))",
        "0: i32_mul_w r0 r0 0x3e8
         7: const1_h r3 1000
         11: i32_div_u r0 r3 r0
         15: i64_add_i r1 r1 -3
         19: const2_ww r5 0x3456789a 0x12
         29: i64_mul r1 r1 r5
         33: i32_store_i r0 -1 2
         37: i32_store_w r0 r0 0x1000
         44: i32_store_abs r0 1028
         48: return0",
    );
}

#[test]
fn loads_make_their_addresses() {
    check(
        "(module (memory 1) (func (param i32 i32) (result i32)
            (local.set 0 (i32.load (i32.add (i32.shl (local.get 0) (i32.const 2)) (i32.const 1024))))
            (local.set 0 (i32.load8_u (i32.add (local.get 0) (i32.const 1024))))
            (local.set 0 (i32.load (i32.add (i32.add (local.get 0) (local.get 1)) (i32.const 1024))))
            (local.set 0 (i32.load offset=4 (i32.add (local.get 0) (i32.const 1024))))
            (i32.load16_u (i32.add (local.get 0) (i32.const 2)))))",
        "0: i32_load_at r0 r0 2 0x400
         8: i32_load8_u_at r0 r0 0 0x400
         16: i32_load_sum r0 r0 r1 0x400
         24: i32_add_h r2 r0 1024
         29: i32_load r0 r2 1
         33: i32_load16_u_at r0 r0 0 0x2
         41: return0",
    );
}

#[test]
fn loops_count_in_one_instruction() {
    check(
        "(module (func (param i32 i32) (result i32)
            (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (local.get 1))))
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (loop (br_if 0 (i32.lt_s (local.get 0) (i32.const 1000))))
            (loop (br_if 0 (i32.gt_u (i32.const 1000) (local.get 0))))
            (local.get 0)))",
        "0: fuel 0
         2: jump_i32_add_ne ->1 r0 1 r1 0
         9: jump_i32_add_if ->8 r0 -1 0
         15: jump_i32_lt_s_i ->14 r0 1000 0
         22: jump_i32_lt_u_i ->21 r0 1000 0
         29: return0",
    );
}

#[test]
fn masks_and_sign_extensions() {
    check(
        "(module (func (param i32 i64) (result i32)
            (local.set 1 (i64.and (local.get 1) (i64.const 0xffffffff)))
            (local.set 0 (i32.and (local.get 0) (i32.const 0xffff)))
            (local.set 0 (i32.and (local.get 0) (i32.const 7)))
            (local.set 0 (i32.and (local.get 0) (i32.const 0x1234)))
            (i32.shr_s (i32.shl (local.get 0) (i32.const 16)) (i32.const 16))))",
        "0: i64_mask r1 r1 32
         4: i32_mask r0 r0 16
         8: i32_and_i r0 r0 7
         12: i32_and_w r0 r0 0x1234
         19: i32_extend16_s r0 r0
         22: return0",
    );
}

#[test]
fn tables_are_no_instructions() {
    // Offsets of all values: none of them may be taken for an instruction, nor end what follows.
    let line = "(local.set 0 (i32.add (local.get 0) (i32.const 3))) (local.set 0 (i32.xor (local.get 0) (local.get 1)))";
    let lines = |count: usize| line.repeat(count);
    let wat = std::format!(
        "(module (func (export \"f\") (param i32 i32) (result i32)
            (block (block (block (br_table 0 1 2 1 0 (local.get 1))) {}) {}) (local.get 0)))",
        lines(29),
        lines(3)
    );
    let text = listing(&wat);
    assert_eq!(text.matches("jump_table r1 4 ->14 ->248 ->274 ->248 ->14 0").count(), 1, "{text}");
    assert_eq!(text.matches("i32_add_i").count(), 32, "{text}");
    let add = |value: u32, by: u32, times| (0..times).fold(value, |value, _| value.wrapping_add(3) ^ by);
    let rig = super::rig::Rig::new(&[&wat]);
    for (by, times) in [(0, 32), (1, 3), (2, 0), (3, 3), (4, 32), (5, 32)] {
        assert_eq!(rig.call("f", &[9, by]), Ok(std::vec![add(9, by, times)]));
    }
}
