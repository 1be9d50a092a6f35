//! Runs: two or three instructions that follow each other so often that one handler carries out all, where flash does not matter
//! (64 bits, handlers by tail calls).
//!
//! A run is a number of its own in place of the first instruction's; all else stays what it was. So a branch may go to the second,
//! and a function's code has the same words with and without. The handler is made of those of its instructions. It saves a
//! dispatch, and, if one takes a temporary that the one before makes, writing that to its cell and reading it back.

use crate::isa::Code;

/// Calls a macro with the runs: name, first instruction, and for each that follows, which of its fields is the result of the one
/// before, or 0 if that does not matter; and whether that result is a temporary that `only` this one takes, so that it need not
/// be written, or something else `too`. Those that are tried first come first.
macro_rules! for_each_run {
    ($callback:ident) => {
        $callback! {
            rotl_i_xor_add: i32_rotl_i, i32_xor 3 only, i32_add 3 only;
            shr_u_i_xor_add: i32_shr_u_i, i32_xor 3 only, i32_add 3 only;
            i64_mul_mask_add: i64_mul, i64_mask 0 none, i64_add 3 only;
            i64_add_shr_u_i_add: i64_add, i64_shr_u_i 2 too, i64_add 3 only;
            extend16_s_lt_s_i_select1: i32_extend16_s, i32_lt_s_i 2 only, select1 4 only;
            load16_s_at_mul_add: i32_load16_s_at, i32_mul 2 only, i32_add 3 only;
            load_at_mul_add: i32_load_at, i32_mul 2 only, i32_add 3 only;
            load8_u_at_xor_load_at: i32_load8_u_at, i32_xor 3 only, i32_load_at 2 only;
            fuel_add_w_store8_i: fuel, i32_add_w 0 none, i32_store8_i 1 only;
            fuel_load8_u_at_jump_if: fuel, i32_load8_u_at 0 none, jump_if 1 only;
            rotl_i_rotl_i_xor: i32_rotl_i, i32_rotl_i 0 none, i32_xor 3 only;
            load_at_f32_mul_3: i32_load_at, f32_mul 3 only;
            load_mul_2: i32_load, i32_mul 2 only;
            mul_add_3: i32_mul, i32_add 3 only;
            shr_u_i_xor_3: i32_shr_u_i, i32_xor 3 only;
            shr_u_i_xor_2: i32_shr_u_i, i32_xor 2 only;
            shl_i_xor_w_2: i32_shl_i, i32_xor_w 2 too;
            shr_u_i_xor_w_2: i32_shr_u_i, i32_xor_w 2 too;
            shl_i_add_w_2: i32_shl_i, i32_add_w 2 only;
            and_i_select1: i32_and_i, select1 4 only;
            lt_s_select1: i32_lt_s, select1 4 only;
            load16_s_at_mul_2: i32_load16_s_at, i32_mul 2 only;
            load_store_2: i32_load, i32_store 2 only;
            load_jump_unless_1: i32_load, jump_unless 1 too;
            load8_u_jump_if_1: i32_load8_u, jump_if 1 too;
            mask_jump_lt_u_i_1: i32_mask, jump_i32_lt_u_i 1 only;
            add_i_mask_2: i32_add_i, i32_mask 2 too;
            shl_i_xor_2: i32_shl_i, i32_xor 2 only;
            rotl_i_xor_3: i32_rotl_i, i32_xor 3 only;
            i64_mask_i64_add_3: i64_mask, i64_add 3 only;
            const1_w_rem_u_3: const1_w, i32_rem_u 3 only;
            const1_w_f32_mul_3: const1_w, f32_mul 3 only;
            add_i_load_2: i32_add_i, i32_load 2 too;
            add_w_load_2: i32_add_w, i32_load 2 too;
            add_w_store8_i_1: i32_add_w, i32_store8_i 1 only;
            load8_u_at_jump_if_1: i32_load8_u_at, jump_if 1 only;
            add_i_jump_ne_i_1: i32_add_i, jump_i32_ne_i 1 too;
            add_jump_lt_u_i_1: i32_add, jump_i32_lt_u_i 1 too;
            i64_add_i64_shr_u_i_2: i64_add, i64_shr_u_i 2 too;
            fuel_add_i: fuel, i32_add_i 0 none;
            fuel_add_w: fuel, i32_add_w 0 none;
            fuel_add: fuel, i32_add 0 none;
            fuel_mask: fuel, i32_mask 0 none;
            fuel_const1: fuel, const1 0 none;
            fuel_copy1: fuel, copy1 0 none;
            zero_fuel: zero, fuel 0 none;
            jump_if_fuel: jump_if, fuel 0 none;
            jump_unless_fuel: jump_unless, fuel 0 none;
            jump_lt_s_fuel: jump_i32_lt_s, fuel 0 none;
            jump_lt_u_i_fuel: jump_i32_lt_u_i, fuel 0 none;
            jump_ne_i_fuel: jump_i32_ne_i, fuel 0 none;
            copy1_copy1: copy1, copy1 0 none;
            add_i_copy1: i32_add_i, copy1 0 none;
            add_i_add_i: i32_add_i, i32_add_i 0 none;
        }
    };
}
pub(crate) use for_each_run;

macro_rules! list {
    ($( $name:ident: $first:ident $(, $next:ident $field:literal $pass:ident)+; )*) => {
        const RUNS: &[(Code, &[Next])] = &[
            $( (Code::$first, &[$( Next { code: Code::$next, field: $field, passed: Passed::$pass } ),+]), )*
        ];
    };
}
for_each_run!(list);

/// An instruction of a run, but for the first.
struct Next {
    code: Code,
    field: u8,
    passed: Passed,
}

/// What becomes of the result of the one before.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Passed {
    none,
    only,
    too,
}

/// The field that is the cell in the low half of the second word.
pub(crate) const SECOND_WORD: u8 = 4;

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
        next[i] = first[RUNS[i].0 as usize];
        first[RUNS[i].0 as usize] = i as u8;
    }
    (first, next)
};

/// The word with the number of the instruction that a run begins with in place of the run's.
#[cfg(any(test, feature = "disassembler"))]
pub(crate) fn parted(word: u32) -> u32 {
    match (word as usize & 0xFF).checked_sub(FIRST).and_then(|run| RUNS.get(run)) {
        Some(&(first, _)) => word & !0xFF | first as u32,
        None => word,
    }
}

/// Makes runs of a function's instructions. A cell from `temporaries` on is read once, by the operator that takes it.
pub(crate) fn join(words: &mut [u32], temporaries: u32) {
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        let code = Code::of(word);
        let mut end = at + code.words();
        if code == Code::wide {
            // And the ordinary instruction, which is copied from there.
            end += (word >> 16 & 0xFF) as usize;
        } else if let Some((run, passes)) = run(words, at, temporaries)
            // Rather one of the next that saves more than a dispatch.
            && (passes || !run_passes(words, end, temporaries))
            && let Some(place) = words.get_mut(at)
        {
            *place = word & !0xFF | (FIRST + run) as u32;
        }
        at = end;
    }
}

fn run_passes(words: &[u32], at: usize, temporaries: u32) -> bool {
    run(words, at, temporaries).is_some_and(|(_, passes)| passes)
}

/// The run that begins here, and whether it passes a value on.
fn run(words: &[u32], begin: usize, temporaries: u32) -> Option<(usize, bool)> {
    let &first = words.get(begin)?;
    let mut number = BEGIN.0.get(Code::of(first) as usize).copied().unwrap_or(NONE);
    while let Some((_, rest)) = RUNS.get(usize::from(number)) {
        let (mut at, mut before) = (begin, first);
        let joins = rest.iter().all(|next| {
            at += Code::of(before).words();
            let made = before >> 8 & 0xFF;
            let Some(&word) = words.get(at) else { return false };
            before = word;
            let taken = if next.field == SECOND_WORD {
                words.get(at + 1).map_or(made, |word| word & 0xFFFF)
            } else {
                word >> (8 * next.field) & 0xFF
            };
            Code::of(word) == next.code
                && (next.passed == Passed::none || taken == made)
                && (next.passed != Passed::only || made >= temporaries)
        });
        if joins {
            return Some((number.into(), rest.iter().any(|next| next.passed != Passed::none)));
        }
        number = BEGIN.1.get(usize::from(number)).copied().unwrap_or(NONE);
    }
    None
}
