//! Runs: two or three instructions that follow each other so often that one handler carries out all, where handlers end in tail
//! calls. (A run takes some 100 bytes of flash, so not where its size is all that counts.)
//!
//! A run is a number of its own in place of the first instruction's; all else stays what it was. So a branch may go to the second,
//! and a function's code is as long with and without. The handler is made of those of its instructions. It saves a
//! dispatch, and, if one takes a temporary that the one before makes, writing that to its cell and reading it back.

use crate::isa::Code;

/// Calls a macro with the runs: name, first instruction, and for each that follows, which of its fields is the result of the one
/// before (0 if that does not matter), and whether that result is a temporary that `only` this one takes, so that
/// it need not be written, or something else `too`. Those that are tried first come first.
///
/// They were found by a search: of all runs that occur in the guest programs, those were taken and exchanged, one by one, that
/// save most by the counts of how often each instruction is carried out there.
macro_rules! for_each_run {
    ($callback:ident) => {
        $callback! {
            load_at_mul_add: i32_load_at, i32_mul 2 only, i32_add 3 only;
            load8_u_at_xor_load_at: i32_load8_u_at, i32_xor 3 only, i32_load_at 2 only;
            extend16_s_lt_s_i_select1: i32_extend16_s, i32_lt_s_i 2 only, select1 4 only;
            const1_w_rem_u_store: const1_w, i32_rem_u 3 only, i32_store 2 only;
            const1_w_rem_u_add: const1_w, i32_rem_u 3 only, i32_add 2 only;
            rotr_i_xor_add: i32_rotr_i, i32_xor 3 only, i32_add 3 only;
            xor_i_and_add: i32_xor_i, i32_and 3 only, i32_add 3 only;
            load_at_f32_mul_f32_add: i32_load_at, f32_mul 3 only, f32_add 3 only;
            shr_u_i_xor_add: i32_shr_u_i, i32_xor 3 only, i32_add 3 only;
            add_i_mask_jump_lt_u_i: i32_add_i, i32_mask 2 only, jump_i32_lt_u_i 3 only;
            add_load_i64_extend_u: i32_add, i32_load 2 only, i64_extend_i32_u 2 only;
            const2_w_i64_mul_i64_add: const2_w, i64_mul 3 only, i64_add 3 only;
            i64_mask_i64_add_i64_add: i64_mask, i64_add 2 only, i64_add 2 only;
            shr_u_i_xor_mask: i32_shr_u_i, i32_xor 3 only, i32_mask 2 too;
            load_at_add_add: i32_load_at, i32_add 3 only, i32_add 3 too;
            i64_add_i64_shr_u_i_i64_add: i64_add, i64_shr_u_i 2 too, i64_add 3 only;
            copy1_and_add: copy1, i32_and 3 too, i32_add 3 only;
            const2_ww_i64_mul_i64_add: const2_ww, i64_mul 3 only, i64_add 3 too;
            i64_shr_u_i_i64_add_i64_shr_u_i: i64_shr_u_i, i64_add 3 only, i64_shr_u_i 2 too;
            add_h_store8_i_add: i32_add_h, i32_store8_i 1 only, i32_add 0 none;
            i64_mask_i64_add_i64_mul: i64_mask, i64_add 3 only, i64_mul 0 none;
            load8_u_at_jump_if_add: i32_load8_u_at, jump_if 3 only, i32_add 0 none;
            shr_u_i_xor_jump_add_if: i32_shr_u_i, i32_xor 3 only, jump_i32_add_if 0 none;
            add_load16_s_at_mul: i32_add, i32_load16_s_at 0 none, i32_mul 2 only;
            rotr_i_rotr_i_xor: i32_rotr_i, i32_rotr_i 0 none, i32_xor 3 only;
            and_xor_rotr_i: i32_and, i32_xor 3 only, i32_rotr_i 0 none;
            add_load_at_mul: i32_add, i32_load_at 0 none, i32_mul 2 only;
            mul_sub_copy1: i32_mul, i32_sub 3 only, copy1 0 none;
            add_i_load_at_add: i32_add_i, i32_load_at 0 none, i32_add 2 only;
            i64_add_i64_mask_i64_add: i64_add, i64_mask 0 none, i64_add 3 only;
            add_i_copy1_jump_if: i32_add_i, copy1 2 too, jump_if 0 none;
            jump_lt_u_i_add_i_jump_ne_i: jump_i32_lt_u_i, i32_add_i 0 none, jump_i32_ne_i 3 too;
            store_add_i_jump_ne_i: i32_store, i32_add_i 0 none, jump_i32_ne_i 3 too;
            add_i_load_jump: i32_add_i, i32_load 2 too, jump 0 none;
            rotr_i_xor: i32_rotr_i, i32_xor 3 only;
            const1_w_rem_u: const1_w, i32_rem_u 3 only;
            shl_i_xor: i32_shl_i, i32_xor 2 only;
            load_mul: i32_load, i32_mul 2 only;
            shr_u_i_xor: i32_shr_u_i, i32_xor 2 only;
            i64_shr_u_i_copy1: i64_shr_u_i, copy1 2 only;
            zero_fuel_jump_ge_s_i: zero, fuel 0 none, jump_i32_ge_s_i 0 none;
            const1_fuel_add_i: const1, fuel 0 none, i32_add_i 0 none;
            jump_unless_add_i_add_i: jump_unless, i32_add_i 0 none, i32_add_i 0 none;
            add_i_jump_ne_i: i32_add_i, jump_i32_ne_i 3 too;
            copy1_and: copy1, i32_and 3 too;
            shl_i_xor_w: i32_shl_i, i32_xor_w 2 too;
            copy1_copy1: copy1, copy1 0 none;
            add_ge_u_i: i32_add, i32_ge_u_i 0 none;
            add_return0: i32_add, return0 0 none;
            add_i_add_i: i32_add_i, i32_add_i 0 none;
            add_i_copy1: i32_add_i, copy1 0 none;
        }
    };
}
pub(crate) use for_each_run;

macro_rules! list {
    ($( $name:ident: $first:ident $(, $next:ident $field:literal $pass:ident)+; )*) => {
        static RUNS: [Run; [$( Code::$first, )*].len()] = [$( Run {
            first: Code::$first,
            rest: rest(&[$( Next { code: Code::$next, field: $field, passed: Passed::$pass } ),+]),
        }, )*];
    };
}
for_each_run!(list);

/// A run, in little room.
struct Run {
    first: Code,
    rest: [Option<Next>; 2],
}

/// An instruction of a run, but for the first.
#[derive(Clone, Copy)]
struct Next {
    code: Code,
    field: u8,
    passed: Passed,
}

const fn rest(next: &[Next]) -> [Option<Next>; 2] {
    match *next {
        [one] => [Some(one), None],
        [one, two] => [Some(one), Some(two)],
        _ => panic!("a run has two or three instructions"),
    }
}

/// What becomes of the result of the one before.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Passed {
    none,
    only,
    too,
}

/// The number of the first run. The others follow.
pub(crate) const FIRST: usize = Code::COUNT;

const _: () = assert!(FIRST + RUNS.len() <= 256);

/// No run.
const NONE: u8 = u8::MAX;

/// The first run that begins with a code, and the next one that begins as a run does, in the order in which they are tried.
static BEGIN: ([u8; Code::COUNT], [u8; RUNS.len()]) = {
    let (mut first, mut next) = ([NONE; Code::COUNT], [NONE; RUNS.len()]);
    let mut i = RUNS.len();
    while i > 0 {
        i -= 1;
        next[i] = first[RUNS[i].first as usize];
        first[RUNS[i].first as usize] = i as u8;
    }
    (first, next)
};

/// The number of the instruction that a run begins with in place of the run's.
#[cfg(any(test, feature = "disassembler"))]
pub(crate) fn parted(number: u8) -> u8 {
    match usize::from(number).checked_sub(FIRST).and_then(|run| RUNS.get(run)) {
        Some(run) => run.first as u8,
        None => number,
    }
}

/// Makes runs of a function's instructions. A cell from `temporaries` on is read once, by the operator that takes it.
pub(crate) fn join(bytes: &mut [u8], temporaries: u32) {
    let mut at = 0;
    while let Some(&number) = bytes.get(at) {
        let code = Code::of(number);
        let mut end = at + code.bytes();
        let (targets, each, fuel) = code.more(bytes.get(at..end).unwrap_or(&[]));
        end += targets * each + fuel;
        if code == Code::wide {
            // And the ordinary instruction, which is copied from there.
            end += bytes.get(at + 2).copied().map_or(0, usize::from);
        } else if let Some((run, passes)) = run(bytes, at, temporaries)
            // Rather one of the next that saves more than a dispatch.
            && (passes || !run_passes(bytes, end, temporaries))
            && let Some(place) = bytes.get_mut(at)
        {
            *place = (FIRST + run) as u8;
        }
        at = end;
    }
}

fn run_passes(bytes: &[u8], at: usize, temporaries: u32) -> bool {
    run(bytes, at, temporaries).is_some_and(|(_, passes)| passes)
}

/// The run that begins here, and whether it passes a value on.
fn run(bytes: &[u8], begin: usize, temporaries: u32) -> Option<(usize, bool)> {
    let first = Code::of(*bytes.get(begin)?);
    let mut number = BEGIN.0.get(first as usize).copied().unwrap_or(NONE);
    while let Some(Run { rest, .. }) = RUNS.get(usize::from(number)) {
        let (mut at, mut before) = (begin, first);
        let joins = rest.iter().flatten().all(|next| {
            let made = bytes.get(at + 1).copied();
            at += before.bytes();
            let Some(&code) = bytes.get(at) else { return false };
            before = Code::of(code);
            let taken = bytes.get(at + usize::from(next.field)).copied();
            before == next.code
                && (next.passed == Passed::none || taken == made)
                && (next.passed != Passed::only || made.is_some_and(|made| u32::from(made) >= temporaries))
        });
        if joins {
            return Some((number.into(), rest.iter().flatten().any(|next| next.passed != Passed::none)));
        }
        number = BEGIN.1.get(usize::from(number)).copied().unwrap_or(NONE);
    }
    None
}
