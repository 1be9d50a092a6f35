//! The two dispatchers, both made from the instruction table.
//!
//! - By tail calls: one function an instruction, which ends in a call of the next one through a table. In release
//!   builds LLVM makes a jump of that call, because all have one signature and nothing is left to do after it. It is
//!   not promised by the language, so the shipped targets' machine code is inspected by a test, and debug
//!   builds, where it does not happen, never use it.
//! - Portable: `loop { match }`.

use super::{Ctx, Frame, Pc, State, Step, illegal};
use crate::isa::for_each_instruction;
use wasmote_core::Feature;

/// The handlers, under the instructions' names.
mod handlers {
    pub(super) use crate::exec::calls::*;
    pub(super) use crate::exec::control::*;
    pub(super) use crate::exec::float::*;
    pub(super) use crate::exec::integer::*;
    pub(super) use crate::exec::memory::*;
    pub(super) use crate::exec::unary::unary;
    pub(super) use crate::exec::wide::wide;
}

/// Runs code until something exits: `0`, or a trap's code.
#[inline(always)]
pub(super) fn run(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
    imp::run(pc, fp, ctx)
}

#[cfg(all(feature = "dispatch-tail", not(debug_assertions), not(feature = "extra-checks")))]
mod imp {
    use super::*;

    type Handler = fn(u32, Pc, Frame, Ctx) -> u32;

    pub(super) fn run(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        next(pc, fp, ctx)
    }

    #[inline(always)]
    fn next(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        let word = pc.word(0);
        HANDLERS[(word & 0xFF) as usize](word, pc.skip(1), fp, ctx)
    }

    #[inline(always)]
    fn finish(step: Step) -> u32 {
        match step {
            Step::Next(pc, fp, ctx) => next(pc, fp, ctx),
            Step::Exit(code) => code,
        }
    }

    fn not_linked(word: u32, pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        finish(illegal(State { word, pc, fp, ctx }))
    }

    macro_rules! table {
        ($( $name:ident $pattern:literal $feature:ident; )*) => {
            /// One function an instruction.
            mod tail {
                use super::*;
                $( pub(super) fn $name(word: u32, pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
                    finish(handlers::$name(State { word, pc, fp, ctx }))
                } )*
            }

            static HANDLERS: [Handler; 256] = {
                let mut table: [Handler; 256] = [not_linked; 256];
                let mut i = 0;
                $(
                    if Feature::$feature.compiled() {
                        table[i] = tail::$name;
                    }
                    i += 1;
                )*
                assert!(i <= 256);
                table
            };
        };
    }
    for_each_instruction!(table);
}

#[cfg(not(all(feature = "dispatch-tail", not(debug_assertions), not(feature = "extra-checks"))))]
mod imp {
    use super::*;
    use crate::isa::Code;

    pub(super) fn run(mut pc: Pc, mut fp: Frame, mut ctx: Ctx) -> u32 {
        loop {
            let s = State { word: pc.word(0), pc: pc.skip(1), fp, ctx };
            macro_rules! table {
                ($( $name:ident $pattern:literal $feature:ident; )*) => {
                    match Code::of(s.word) {
                        $( Code::$name if Feature::$feature.compiled() => handlers::$name(s), )*
                        #[allow(unreachable_patterns)]
                        _ => illegal(s),
                    }
                };
            }
            match for_each_instruction!(table) {
                Step::Next(next, frame, context) => (pc, fp, ctx) = (next, frame, context),
                Step::Exit(code) => return code,
            }
        }
    }
}
