//! The two dispatchers, both made from the instruction table.
//!
//! - Portable: `loop { match }`. On Arm's M profile it is the faster and by far the smaller one of the two, because rustc forces
//!   a frame pointer into every function there. Where there are handlers in assembler (`thumb2`), they run first, and it carries
//!   out what they leave.
//! - By tail calls: one function an instruction, which ends in a call of the next one through a table. In release
//!   builds LLVM makes a jump of that call, because all have one signature and nothing is left to do after it. It is
//!   not promised by the language, so the shipped targets' machine code is inspected by a test, and debug
//!   builds, where it does not happen, never use it. The build script knows where it is used.

use super::{Ctx, Frame, Memory, Pc, State, Step, illegal, trapped};
use crate::isa::{Code, for_each_instruction};
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

/// Which of the two it is.
pub(super) const TAIL_CALLS: bool = cfg!(all(tail_calls, not(debug_assertions)));

#[cfg(thumb2_handlers)]
pub(super) use imp::carry_out_left;

/// Runs code until something exits: `0`, or a trap's code.
#[inline(always)]
pub(super) fn run(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
    imp::run(pc, fp, ctx)
}

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

#[cfg(all(tail_calls, not(debug_assertions)))]
mod imp {
    use super::*;

    use crate::exec::Slow;
    use wasmote_core::Trap;

    /// A handler. All that it is given fits registers on all targets: System V's x86-64 has six for that. The place is that of the
    /// instruction.
    type Handler = fn(Free, Free, Pc, Frame, Ctx, Handlers, Memory) -> u32;

    /// A register that handlers may use. RISC-V's first two for arguments are among the eight that short instructions know, so what
    /// stays the same is better in others.
    #[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
    type Free = core::mem::MaybeUninit<usize>;
    #[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
    type Free = core::mem::MaybeUninit<()>;
    const FREE: Free = Free::uninit();

    /// The table of handlers. Not on x86-64, which has its address in one instruction, and jumps through it if it is known to be
    /// constant: so the register in which System V passes this is free for the numbers that others are shifted by.
    #[derive(Clone, Copy)]
    struct Handlers {
        #[cfg(not(target_arch = "x86_64"))]
        table: &'static [Entry; 256],
        #[cfg(target_arch = "x86_64")]
        _free: core::mem::MaybeUninit<usize>,
    }

    impl Handlers {
        #[inline(always)]
        fn known() -> Handlers {
            Handlers {
                #[cfg(not(target_arch = "x86_64"))]
                table: &HANDLERS,
                #[cfg(target_arch = "x86_64")]
                _free: core::mem::MaybeUninit::uninit(),
            }
        }

        /// The same to hand on, but for what is in a register that needs no value.
        #[inline(always)]
        fn kept(self) -> Handlers {
            if cfg!(target_arch = "x86_64") { Handlers::known() } else { self }
        }

        #[inline(always)]
        fn of(self, number: u8) -> Handler {
            #[cfg(not(target_arch = "x86_64"))]
            let table = self.table;
            #[cfg(target_arch = "x86_64")]
            let table = &HANDLERS;
            table[usize::from(number)].0
        }
    }

    #[derive(Clone, Copy)]
    struct Entry(Handler);

    pub(super) fn run(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        resume(pc, fp, ctx)
    }

    #[inline(always)]
    fn next(pc: Pc, fp: Frame, ctx: Ctx, table: Handlers, memory: Memory) -> u32 {
        #[cfg(test)]
        crate::tests::saw(pc.byte(0));
        let handler = table.of(pc.byte(0));
        handler(FREE, FREE, pc, fp, ctx, table.kept(), memory)
    }

    /// A dispatch to share, with a handler's arguments. (As with `raise`, the table has its address.)
    #[inline(never)]
    fn shared(_: Free, _: Free, pc: Pc, fp: Frame, ctx: Ctx, table: Handlers, memory: Memory) -> u32 {
        next(pc, fp, ctx, table, memory)
    }

    /// Goes on after something was called.
    #[inline(never)]
    fn resume(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        next(pc, fp, ctx, Handlers::known(), Memory::of(ctx))
    }

    /// Whether what is marked `call` does so: then it is out of line, in one function, or else each of these handlers would save
    /// registers itself.
    const CALLS: bool = cfg!(all(target_arch = "riscv32", not(target_feature = "f")));

    macro_rules! calls {
        (call) => {
            CALLS
        };
        ($end:ident) => {
            false
        };
    }

    macro_rules! go_on {
        (call, $($rest:tt)*) => {
            go_on!(small, $($rest)*)
        };
        (fast, $pc:expr, $fp:expr, $ctx:expr, $table:expr, $memory:expr) => {
            next($pc, $fp, $ctx, $table, $memory)
        };
        (small, $pc:expr, $fp:expr, $ctx:expr, $table:expr, $memory:expr) => {
            // What a jump saves of 64-bit code is little.
            if cfg!(target_pointer_width = "64") {
                next($pc, $fp, $ctx, $table, $memory)
            } else {
                shared(FREE, FREE, $pc, $fp, $ctx, $table, $memory)
            }
        };
    }

    /// Ends a handler that does not go on.
    #[inline(always)]
    fn stop(step: Step, pc: Pc, fp: Frame, ctx: Ctx, table: Handlers, memory: Memory) -> u32 {
        match step {
            Step::Next(pc, fp, ctx) | Step::Jump(pc, fp, ctx) => next(pc, fp, ctx, table, memory),
            Step::Anew(pc, fp, ctx) => resume(pc, fp, ctx),
            Step::Slow(Slow::Fuel(pc)) => (slow::fuel as Handler)(FREE, FREE, pc, fp, ctx, table, memory),
            Step::Slow(Slow::Call) => (slow::call as Handler)(FREE, FREE, pc, fp, ctx, table, memory),
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
            } as Handler)(FREE, FREE, pc, fp, ctx, table, memory),
            Step::Failed(code) => trapped(code, pc, fp, ctx),
        }
    }

    /// Traps. A handler has its arguments where they are wanted here, so it only jumps; the compiler keeps it that
    /// way because the table below takes these functions' addresses, although no code holds their numbers.
    #[inline(never)]
    fn raise<const CODE: u32>(_: Free, _: Free, pc: Pc, fp: Frame, ctx: Ctx, _: Handlers, _: Memory) -> u32 {
        trapped(CODE, pc, fp, ctx)
    }

    /// What handlers leave out. (As with `raise`, the table has their addresses.)
    mod slow {
        use super::*;

        macro_rules! slow {
            ($( $name:ident = $slow:ident, $len:expr; )*) => { $(
                #[inline(never)]
                pub(super) fn $name(_: Free, _: Free, pc: Pc, fp: Frame, ctx: Ctx, table: Handlers, memory: Memory) -> u32 {
                    let s = State::at(pc, $len, fp, ctx, memory);
                    stop(handlers::$slow(s), pc, fp, ctx, table, memory)
                }
            )* };
        }
        slow! {
            fuel = fuel_slow, 1;
            call = call_rare, 0;
        }
    }

    fn not_linked(_: Free, _: Free, pc: Pc, fp: Frame, ctx: Ctx, table: Handlers, memory: Memory) -> u32 {
        stop(illegal(State::at(pc, 0, fp, ctx, memory)), pc, fp, ctx, table, memory)
    }

    /// The state at an instruction.
    macro_rules! state {
        ($name:ident $pc:ident $fp:ident $ctx:ident $memory:ident) => {
            State::at($pc, const { Code::$name.bytes() }, $fp, $ctx, $memory)
        };
    }

    /// One function a run of instructions.
    #[cfg(runs)]
    mod run {
        use super::*;
        use crate::exec::Pass;
        use crate::runs::Passed;

        /// Carries one instruction out, and then the others.
        macro_rules! carry_out {
            ($pc:ident $fp:ident $ctx:ident $table:ident $memory:ident, $takes:expr, $last:ident) => {{
                let pass = Pass { takes: $takes, gives: None };
                match handlers::$last(State { pass, ..state!($last $pc $fp $ctx $memory) }) {
                    Step::Next(pc, fp, ctx) => next(pc, fp, ctx, $table, $memory),
                    step => stop(step, $pc, $fp, $ctx, $table, $memory),
                }
            }};
            (
                $pc:ident $fp:ident $ctx:ident $table:ident $memory:ident, $takes:expr, $first:ident,
                $next:ident $field:literal $pass:ident $($rest:tt)*
            ) => {{
                let mut cells = [0; 2];
                let passed = Frame::copied(&mut cells);
                let (gives, takes) = match Passed::$pass {
                    Passed::none => (None, None),
                    Passed::only => (Some((passed, false)), Some(($field, passed))),
                    Passed::too => (Some((passed, true)), Some(($field, passed))),
                };
                let pass = Pass { takes: $takes, gives };
                match handlers::$first(State { pass, ..state!($first $pc $fp $ctx $memory) }) {
                    Step::Next(pc, fp, ctx) => {
                        #[cfg(test)]
                        crate::tests::saw(pc.byte(0));
                        carry_out!(pc fp ctx $table $memory, takes, $next $($rest)*)
                    }
                    step => stop(step, $pc, $fp, $ctx, $table, $memory),
                }
            }};
        }

        macro_rules! runs {
            ($( $name:ident: $first:ident $(, $next:ident $field:literal $pass:ident)+; )*) => {
                $( fn $name(_: Free, _: Free, pc: Pc, fp: Frame, ctx: Ctx, table: Handlers, memory: Memory) -> u32 {
                    let table = table.kept();
                    carry_out!(pc fp ctx table memory, None, $first $(, $next $field $pass)+)
                } )*
                pub(super) const ALL: &[Handler] = &[$( $name, )*];
            };
        }
        crate::runs::for_each_run!(runs);
    }

    macro_rules! table {
        ($( $name:ident $pattern:literal $feature:ident $end:ident $by:ident; )*) => {
            /// Those that call functions; in a run of instructions none that is passed anything.
            #[inline(never)]
            fn called(_: Free, _: Free, pc: Pc, fp: Frame, ctx: Ctx, _: Handlers, _: Memory) -> u32 {
                let result = calling(pc, fp, ctx);
                match result.checked_sub(TRAPPED) {
                    None => resume(pc.skip(result as usize), fp, ctx),
                    Some(code) => trapped(code, pc, fp, ctx),
                }
            }

            /// How many bytes the instruction has, or [`TRAPPED`] and the trap's code.
            #[inline(never)]
            fn calling(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
                let memory = Memory::of(ctx);
                let (step, len) = match pc.byte(0) {
                    $( number::$name if calls!($end) && Feature::$feature.compiled() => {
                        (handlers::$name(state!($name pc fp ctx memory)), const { Code::$name.bytes() })
                    } )*
                    _ => (illegal(State::at(pc, 0, fp, ctx, memory)), 0),
                };
                if let Step::Trap(trap) = step { TRAPPED + trap as u32 } else { len as u32 }
            }

            const TRAPPED: u32 = 1 << 8;

            /// One function an instruction.
            mod tail {
                use super::*;
                $( pub(super) fn $name(_: Free, _: Free, pc: Pc, fp: Frame, ctx: Ctx, table: Handlers, memory: Memory) -> u32 {
                    let table = table.kept();
                    if calls!($end) {
                        return called(FREE, FREE, pc, fp, ctx, table, memory);
                    }
                    match handlers::$name(state!($name pc fp ctx memory)) {
                        Step::Next(pc, fp, ctx) | Step::Jump(pc, fp, ctx) => go_on!($end, pc, fp, ctx, table, memory),
                        step => stop(step, pc, fp, ctx, table, memory),
                    }
                } )*
            }

            static HANDLERS: [Entry; 256] = {
                let mut table: [Entry; 256] = [Entry(not_linked); 256];
                let mut i = 0;
                $(
                    if Feature::$feature.compiled() {
                        table[i] = Entry(tail::$name);
                    }
                    i += 1;
                )*
                #[cfg(runs)]
                {
                    let mut run = 0;
                    while run < run::ALL.len() {
                        table[crate::runs::FIRST + run] = Entry(run::ALL[run]);
                        run += 1;
                    }
                }
                table
            };

            /// What would not be called with a handler's arguments if nobody had its address.
            #[used]
            static OUT_OF_LINE: [Handler; 14] = [
                    shared,
                    called,
                    slow::fuel,
                    slow::call,
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
        };
    }
    for_each_instruction!(table);
}

#[cfg(not(all(tail_calls, not(debug_assertions))))]
mod imp {
    use super::*;
    use crate::exec::Slow;
    use crate::exec::raw::no_instruction;
    #[cfg(thumb2_handlers)]
    use crate::exec::thumb2::At;
    use wasmote_core::Trap;

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

    /// Calls a handler.
    #[cfg(not(debug_assertions))]
    macro_rules! carry_out {
        ($handler:path, $state:expr) => {
            $handler($state)
        };
    }
    /// The same by its address, so that it is not inlined: without optimisation the loop's frame would have places of their own for
    /// the variables of all of them, some 400 KB.
    #[cfg(debug_assertions)]
    macro_rules! carry_out {
        ($handler:path, $state:expr) => {{
            let handler: fn(State) -> Step = $handler;
            core::hint::black_box(handler)($state)
        }};
    }

    /// Carries instructions out, one after the other.
    #[cfg(not(thumb2_handlers))]
    pub(super) fn run(mut pc: Pc, mut fp: Frame, mut ctx: Ctx) -> u32 {
        loop {
            match step(pc, fp, ctx) {
                Step::Next(next, frame, context)
                | Step::Jump(next, frame, context)
                | Step::Anew(next, frame, context) => (pc, fp, ctx) = (next.forget(), frame, context),
                Step::Exit => return 0,
                Step::Slow(Slow::Fuel(units)) => return trapped(Trap::OutOfFuel as u32, units, fp, ctx),
                step => return trapped(code(step), pc, fp, ctx),
            }
        }
    }

    /// Lets the handlers in assembler carry them out.
    #[cfg(thumb2_handlers)]
    #[inline(always)]
    pub(super) fn run(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
        let mut at = At::new(pc, fp, ctx);
        match at.run() {
            0 => 0,
            code => {
                let (pc, fp, ctx) = at.parts();
                trapped(code, pc, fp, ctx)
            }
        }
    }

    /// Carries out an instruction that these leave, and goes on to the next. Returns 0, or a trap's code.
    #[cfg(thumb2_handlers)]
    pub(in crate::exec) extern "C" fn carry_out_left(at: &mut At) -> u32 {
        let (pc, fp, ctx) = at.parts();
        match step(pc, fp, ctx) {
            Step::Next(pc, fp, ctx) | Step::Jump(pc, fp, ctx) | Step::Anew(pc, fp, ctx) => {
                *at = At::new(pc, fp, ctx);
                0
            }
            Step::Slow(Slow::Fuel(units)) => {
                *at = At::new(units, fp, ctx);
                Trap::OutOfFuel as u32
            }
            step => code(step),
        }
    }

    /// What a step says that is the last.
    #[inline(always)]
    fn code(step: Step) -> u32 {
        match step {
            Step::Trap(trap) => trap as u32,
            Step::Failed(code) => code,
            // Calls are not, and fuel is taken elsewhere.
            Step::Slow(_) => Trap::Unreachable as u32,
            _ => 0,
        }
    }

    #[inline(always)]
    fn step(pc: Pc, fp: Frame, ctx: Ctx) -> Step {
        let number = pc.byte(0);
        #[cfg(test)]
        crate::tests::saw(number);
        let memory = Memory::of(ctx);
        macro_rules! table {
            ($( $name:ident $pattern:literal $feature:ident $end:ident $by:ident; )*) => {
                match number {
                    $( number::$name => {
                        if carried_out!($by) {
                            no_instruction()
                        } else if Feature::$feature.compiled() {
                            carry_out!(handlers::$name, State::at(pc, const { Code::$name.bytes() }, fp, ctx, memory))
                        } else {
                            illegal(State::at(pc, 0, fp, ctx, memory))
                        }
                    } )*
                    _ => no_instruction(),
                }
            };
        }
        for_each_instruction!(table)
    }
}
