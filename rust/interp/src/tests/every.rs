//! Every instruction has been carried out by some test.

use super::{calls, memory, numbers, polls, unseen, wide};

#[test]
#[cfg_attr(thumb2_handlers, ignore = "handlers in assembler do not tell what they carry out")]
#[cfg_attr(miri, ignore = "of each kind only a part is tried, in tests of its own")]
fn every_instruction_is_tested() {
    numbers::unary_of(6);
    numbers::binary_of(5);
    memory::loads();
    memory::stores();
    memory::globals();
    memory::addresses();
    calls::recursion();
    calls::host_and_other_instances();
    calls::tail_calls_take_no_stack();
    calls::control();
    calls::fuel();
    wide::frames();
    wide::branches();
    polls::straight_lines();
    let unseen = unseen();
    assert!(unseen.is_empty(), "not carried out: {unseen:?}");
}
