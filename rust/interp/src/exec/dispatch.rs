//! The two dispatchers, both made from the instruction table.
//!
//! - Portable: `loop { match }`. On Arm's M profile it is the faster and by far the smaller one of the two, because rustc forces
//!   a frame pointer into every function there. Where handlers in assembler are wanted (`thumb2`), they run first, and it carries
//!   out what they leave.
//! - By tail calls: one function an instruction, which ends in a call of the next one through a table. In release
//!   builds LLVM makes a jump of that call, because all have one signature and nothing is left to do after it. It is
//!   not promised by the language, so the shipped targets' machine code is inspected by a test, and debug
//!   builds, where it does not happen, never use it. The build script knows where it is used.

use super::{Ctx, Frame, Pc, State, Step, illegal, trapped};
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

#[cfg(all(tail_calls, not(debug_assertions)))]
mod imp {
    use super::*;

    use wasmote_core::Trap;

    type Handler = fn(u32, Pc, Frame, Ctx) -> u32;

    pub(super) fn run(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        next(pc, fp, ctx)
    }

    #[inline(always)]
    fn next(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        let word = pc.word(0);
        #[cfg(test)]
        crate::tests::saw(word);
        HANDLERS[(word & 0xFF) as usize](word, pc.skip(1), fp, ctx)
    }

    /// A dispatch to share, with a handler's arguments. (As with `raise`, the table has its address.)
    #[inline(never)]
    fn shared(_: u32, pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        next(pc, fp, ctx)
    }

    macro_rules! go_on {
        (fast, $word:expr, $pc:expr, $fp:expr, $ctx:expr) => {
            next($pc, $fp, $ctx)
        };
        (small, $word:expr, $pc:expr, $fp:expr, $ctx:expr) => {
            shared($word, $pc, $fp, $ctx)
        };
    }

    #[inline(always)]
    fn stop(s: State, step: Step) -> u32 {
        match step {
            Step::Next(pc, fp, ctx) => shared(s.word, pc, fp, ctx),
            Step::Exit => 0,
            Step::Trap(trap) => (match trap {
                Trap::Unreachable => raise::<{ Trap::Unreachable as u32 }>,
                Trap::MemoryOutOfBounds => raise::<{ Trap::MemoryOutOfBounds as u32 }>,
                Trap::TableOutOfBounds => raise::<{ Trap::TableOutOfBounds as u32 }>,
                Trap::IndirectCallToNull => raise::<{ Trap::IndirectCallToNull as u32 }>,
                Trap::BadSignature => raise::<{ Trap::BadSignature as u32 }>,
                Trap::IntegerOverflow => raise::<{ Trap::IntegerOverflow as u32 }>,
                Trap::IntegerDivisionByZero => raise::<{ Trap::IntegerDivisionByZero as u32 }>,
                Trap::BadConversionToInteger => raise::<{ Trap::BadConversionToInteger as u32 }>,
                Trap::StackOverflow => raise::<{ Trap::StackOverflow as u32 }>,
                Trap::OutOfFuel => raise::<{ Trap::OutOfFuel as u32 }>,
                Trap::Interrupted => raise::<{ Trap::Interrupted as u32 }>,
                Trap::Host => raise::<{ Trap::Host as u32 }>,
                Trap::NotCompiled => raise::<{ Trap::NotCompiled as u32 }>,
            } as Handler)(s.word, s.pc, s.fp, s.ctx),
            Step::Failed(code) => trapped(code, s.pc, s.fp, s.ctx),
        }
    }

    /// Traps. A handler has its arguments where they are wanted here, so it only jumps; the compiler keeps it that
    /// way because the table below takes these functions' addresses, although no code holds their numbers.
    #[inline(never)]
    fn raise<const CODE: u32>(_: u32, pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        trapped(CODE, pc, fp, ctx)
    }

    fn not_linked(word: u32, pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        let s = State { word, pc, fp, ctx };
        stop(s, illegal(s))
    }

    macro_rules! table {
        ($( $name:ident $pattern:literal $feature:ident $end:ident $by:ident; )*) => {
            /// One function an instruction.
            mod tail {
                use super::*;
                $( pub(super) fn $name(word: u32, pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
                    let s = State { word, pc, fp, ctx };
                    match handlers::$name(s) {
                        Step::Next(pc, fp, ctx) => go_on!($end, word, pc, fp, ctx),
                        step => stop(s, step),
                    }
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
                let raise: [Handler; 11] = [
                    shared,
                    raise::<{ Trap::Unreachable as u32 }>,
                    raise::<{ Trap::MemoryOutOfBounds as u32 }>,
                    raise::<{ Trap::TableOutOfBounds as u32 }>,
                    raise::<{ Trap::IndirectCallToNull as u32 }>,
                    raise::<{ Trap::BadSignature as u32 }>,
                    raise::<{ Trap::IntegerOverflow as u32 }>,
                    raise::<{ Trap::IntegerDivisionByZero as u32 }>,
                    raise::<{ Trap::StackOverflow as u32 }>,
                    raise::<{ Trap::OutOfFuel as u32 }>,
                    raise::<{ Trap::Interrupted as u32 }>,
                ];
                let mut trap = 0;
                while trap < raise.len() {
                    table[i + trap] = raise[trap];
                    trap += 1;
                }
                table
            };
        };
    }
    for_each_instruction!(table);
}

#[cfg(not(all(tail_calls, not(debug_assertions))))]
mod imp {
    use super::*;
    use crate::exec::raw::no_instruction;

    macro_rules! numbers {
        ($( $name:ident $pattern:literal $feature:ident $end:ident $by:ident; )*) => {
            /// The instructions' numbers as constants, because a match on bytes needs no more than one table.
            #[allow(non_upper_case_globals)]
            mod number {
                $( pub(super) const $name: u8 = crate::isa::Code::$name as u8; )*
            }
        };
    }
    for_each_instruction!(numbers);

    /// Whether the handlers in assembler carry out all that an instruction asks for.
    macro_rules! carried_out {
        (asm) => {
            cfg!(thumb2_handlers)
        };
        (float) => {
            cfg!(thumb2_handlers)
        };
        (rust) => {
            false
        };
    }

    pub(super) fn run(mut pc: Pc, mut fp: Frame, mut ctx: Ctx) -> u32 {
        loop {
            #[cfg(thumb2_handlers)]
            match crate::exec::thumb2::run(&mut pc, &mut fp, &mut ctx) {
                0 => {}
                code => return trapped(code, pc.skip(1), fp, ctx),
            }
            let s = State { word: pc.word(0), pc: pc.skip(1).forget(), fp, ctx };
            #[cfg(test)]
            crate::tests::saw(s.word);
            macro_rules! table {
                ($( $name:ident $pattern:literal $feature:ident $end:ident $by:ident; )*) => {
                    match s.word as u8 {
                        $( number::$name => {
                            if carried_out!($by) {
                                no_instruction()
                            } else if Feature::$feature.compiled() {
                                handlers::$name(s)
                            } else {
                                illegal(s)
                            }
                        } )*
                        _ => no_instruction(),
                    }
                };
            }
            match for_each_instruction!(table) {
                Step::Next(next, frame, context) => (pc, fp, ctx) = (next.forget(), frame, context),
                Step::Exit => return 0,
                Step::Trap(trap) => return trapped(trap as u32, s.pc, s.fp, s.ctx),
                Step::Failed(code) => return trapped(code, s.pc, s.fp, s.ctx),
            }
        }
    }
}
