//! The executor.
//!
//! A handler carries out one instruction: it takes the machine's [`State`] and says what comes next. Handlers are
//! written once and inlined into one of two dispatchers (see `dispatch`). Handlers contain no `unsafe`: all raw access is
//! in `raw`.

mod calls;
mod control;
mod dispatch;
mod float;
mod integer;
mod memory;
#[allow(unsafe_code)]
mod raw;
#[cfg(thumb2_handlers)]
#[allow(unsafe_code)]
mod thumb2;
mod unary;
mod wide;

use dispatch::TAIL_CALLS;
pub use raw::entry;
#[cfg(feature = "lazy")]
pub use raw::frames;
use raw::{Ctx, Frame, Memory, Pc};
use wasmote_core::{Feature, Trap};

/// The machine's state at the beginning of an instruction.
#[derive(Clone, Copy)]
struct State {
    /// The instruction.
    pc: Pc,
    /// How many bytes it has.
    len: usize,
    fp: Frame,
    ctx: Ctx,
    /// The instance's memory.
    memory: Memory,
    pass: Pass,
}

/// What the instructions of a run pass from one to the other instead of through a cell. Nothing where there are no runs: builds
/// without optimisation have room for each state on the native stack.
#[derive(Clone, Copy)]
struct Pass {
    /// The value of the cell that this field names is here.
    #[cfg(all(runs, not(debug_assertions)))]
    takes: Option<(usize, Frame)>,
    /// The result is put here; and whether into its cell too.
    #[cfg(all(runs, not(debug_assertions)))]
    gives: Option<(Frame, bool)>,
}

#[cfg(all(runs, not(debug_assertions)))]
impl Pass {
    const NOTHING: Pass = Pass { takes: None, gives: None };

    #[inline(always)]
    fn takes(self) -> Option<(usize, Frame)> {
        self.takes
    }

    #[inline(always)]
    fn gives(self) -> Option<(Frame, bool)> {
        self.gives
    }
}

#[cfg(not(all(runs, not(debug_assertions))))]
impl Pass {
    const NOTHING: Pass = Pass {};

    #[inline(always)]
    fn takes(self) -> Option<(usize, Frame)> {
        None
    }

    #[inline(always)]
    fn gives(self) -> Option<(Frame, bool)> {
        None
    }
}

/// Stands for a cell whose value was passed. No field is as great.
const PASSED: usize = usize::MAX;

/// What comes after an instruction.
enum Step {
    /// The instruction at this place. The instance and its memory are what they were.
    Next(Pc, Frame, Ctx),
    /// The same, but not the one that follows.
    Jump(Pc, Frame, Ctx),
    /// The same, perhaps of another instance, or the memory has changed.
    Anew(Pc, Frame, Ctx),
    /// What is out of line, with the same state.
    Slow(Slow),
    /// Nothing: the frame that returned was the outermost.
    Exit,
    /// A trap.
    Trap(Trap),
    /// Something called from here trapped, with this code.
    Failed(u32),
}

impl Step {
    /// [`Step::Jump`] if that makes a difference.
    #[inline(always)]
    fn jump(pc: Pc, fp: Frame, ctx: Ctx) -> Step {
        if TAIL_CALLS { Step::Jump(pc, fp, ctx) } else { Step::Next(pc, fp, ctx) }
    }

    /// [`Step::Anew`] if that makes a difference.
    #[inline(always)]
    fn anew(pc: Pc, fp: Frame, ctx: Ctx) -> Step {
        if TAIL_CALLS { Step::Anew(pc, fp, ctx) } else { Step::Next(pc, fp, ctx) }
    }
}

/// What handlers that end in tail calls leave to functions out of line, because it calls something: they would have to save
/// registers for that.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "the loop calls at once")]
enum Slow {
    /// Fuel, of which there is not enough for the units that are here. If there are tail calls, in its lower half.
    Fuel(Pc),
    /// A call of what is not an own function of this engine.
    Call,
}

/// A value in cells.
trait Value: Copy {
    fn get(fp: Frame, cell: usize) -> Self;
    fn set(self, fp: Frame, cell: usize);
}

macro_rules! values {
    ($( $type:ty: |$bits:ident| $from:expr, |$value:ident| $to:expr, $get:ident, $set:ident; )*) => { $(
        impl Value for $type {
            #[inline(always)]
            fn get(fp: Frame, cell: usize) -> $type {
                let $bits = fp.$get(cell);
                $from
            }
            #[inline(always)]
            fn set(self, fp: Frame, cell: usize) {
                let $value = self;
                fp.$set(cell, $to);
            }
        }
    )* };
}

values! {
    u32: |bits| bits, |value| value, get32, set32;
    i32: |bits| bits as i32, |value| value as u32, get32, set32;
    bool: |bits| bits != 0, |value| u32::from(value), get32, set32;
    f32: |bits| f32::from_bits(bits), |value| value.to_bits(), get32, set32;
    u64: |bits| bits, |value| value, get64, set64;
    i64: |bits| bits as i64, |value| value as u64, get64, set64;
    f64: |bits| f64::from_bits(bits), |value| value.to_bits(), get64, set64;
}

impl State {
    /// The state at the instruction at `pc`, which has `len` bytes.
    #[inline(always)]
    fn at(pc: Pc, len: usize, fp: Frame, ctx: Ctx, memory: Memory) -> State {
        State { pc, len, fp, ctx, memory, pass: Pass::NOTHING }
    }

    /// A byte of the fields.
    #[inline(always)]
    fn field(self, i: usize) -> usize {
        match self.pass.takes() {
            Some((taken, _)) if taken == i => PASSED,
            _ => self.pc.byte(i).into(),
        }
    }

    /// First byte of the fields.
    #[inline(always)]
    fn a(self) -> usize {
        self.field(1)
    }

    /// Second byte.
    #[inline(always)]
    fn b(self) -> usize {
        self.field(2)
    }

    /// Second byte, signed.
    #[inline(always)]
    fn signed_b(self) -> i32 {
        self.pc.byte(2) as i8 as i32
    }

    /// Third byte.
    #[inline(always)]
    fn c(self) -> usize {
        self.field(3)
    }

    /// Third byte, signed.
    #[inline(always)]
    fn signed_c(self) -> i32 {
        self.pc.byte(3) as i8 as i32
    }

    /// Fourth byte.
    #[inline(always)]
    fn d(self) -> usize {
        self.field(4)
    }

    /// The 16 bits behind the first byte of the fields.
    #[inline(always)]
    fn half(self) -> usize {
        self.pc.half(2).into()
    }

    /// The same, signed.
    #[inline(always)]
    fn signed_half(self) -> i32 {
        self.pc.half(2) as i16 as i32
    }

    /// The last 16 bits.
    #[inline(always)]
    fn last_half(self) -> u16 {
        self.pc.half(self.len - 2)
    }

    /// The last 32 bits.
    #[inline(always)]
    fn last_word(self) -> u32 {
        self.pc.word(self.len - 4)
    }

    #[inline(always)]
    fn get<T: Value>(self, cell: usize) -> T {
        match self.pass.takes() {
            Some((_, frame)) if cell == PASSED => T::get(frame, 0),
            _ => T::get(self.fp, cell),
        }
    }

    #[inline(always)]
    fn set<T: Value>(self, cell: usize, value: T) {
        if let Some((frame, too)) = self.pass.gives() {
            value.set(frame, 0);
            if !too {
                return;
            }
        }
        value.set(self.fp, cell);
    }

    /// Behind the instruction.
    #[inline(always)]
    fn behind(self) -> Pc {
        self.pc.skip(self.len)
    }

    /// On to the instruction behind this one.
    #[inline(always)]
    fn next(self) -> Step {
        Step::Next(self.behind(), self.fp, self.ctx)
    }

    /// The same, if something was called that may have changed the memory.
    #[inline(always)]
    fn anew(self) -> Step {
        Step::anew(self.behind(), self.fp, self.ctx)
    }

    /// Sets the result, and on to the next instruction.
    #[inline(always)]
    fn result<T: Value>(self, value: T) -> Step {
        self.set(self.a(), value);
        self.next()
    }
}

/// Notes where a trap happened: in the instruction at `pc`. Out of line, and with the arguments where a handler has its own.
#[cold]
#[inline(never)]
fn trapped(code: u32, pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
    if !Feature::TailCall.compiled() || code & REPLACED == 0 {
        ctx.record(pc.skip(1), fp);
    }
    // Otherwise callers would be given the constant that they passed, and return it themselves instead of jumping here.
    core::hint::black_box(code & !REPLACED)
}

/// Beside a trap's code: the frame that reports it is another's already.
const REPLACED: u32 = 1 << 31;

/// What a number in the table without an instruction does, or one that is not linked. The encoder makes none.
#[inline(always)]
fn illegal(_: State) -> Step {
    Step::Trap(Trap::Unreachable)
}
