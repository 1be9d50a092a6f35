//! Calls, returns, references to functions, and the runtime's operators.

use super::dispatch::TAIL_CALLS;
use super::raw::Function;
use super::{Ctx, Frame, Memory, Pc, REPLACED, Slow, State, Step};
use crate::isa::{Code, Rare};
use wasmote_core::vm::{AGAIN, NULL_REF, func_ref};
use wasmote_core::{Feature, Trap};

/// Calls an own function, if it is of this engine: of others no frame fits. What hinders that is found once more out of line.
#[inline(always)]
fn enter_own(s: State, function: Function, cells: usize) -> Step {
    if s.ctx.interrupted() {
        return Step::Slow(Slow::Call);
    }
    match function.enter(cells, s.behind(), s.fp, s.ctx) {
        Some((pc, fp)) => Step::Next(pc, fp, s.ctx),
        None => Step::Slow(Slow::Call),
    }
}

/// Calls a function of another engine. While this frame waits its place is on the control stack if functions are encoded
/// lazily: who gives up code asks there which is in use.
#[inline(always)]
fn call_foreign(s: State, function: Function, cells: usize) -> u32 {
    wait(s);
    let code = function.call_foreign(cells, s.fp, s.ctx);
    go_on(s);
    code
}

#[inline(always)]
fn wait(s: State) {
    if cfg!(feature = "lazy") {
        s.ctx.record(s.pc.skip(1), s.fp);
    }
}

#[inline(always)]
fn go_on(s: State) {
    if cfg!(feature = "lazy") {
        s.ctx.pop();
    }
}

/// Calls with the arguments from `cells` upwards.
#[inline(always)]
fn enter(s: State, function: Function, cells: usize) -> Step {
    enter_as(s, function, cells, None)
}

/// The same; if so many cells of arguments are given, in place of this frame, which no backtrace has from then on, whoever is
/// called.
#[inline(always)]
fn enter_as(s: State, function: Function, mut cells: usize, replaces: Option<usize>) -> Step {
    let failed = |code: u32| Step::Failed(if replaces.is_some() { code | REPLACED } else { code });
    if function.ctx().interrupted() {
        // The frame is still there, and tells where an endless tail call is.
        return Step::Trap(Trap::Interrupted);
    }
    if let Some(params) = replaces {
        s.fp.move_down(cells, params);
        cells = 0;
    }
    while !function.is_ours() {
        return match call_foreign(s, function, cells) {
            0 if replaces.is_some() => leave(s),
            0 => s.anew(),
            AGAIN => continue,
            code => failed(code),
        };
    }
    let entered = match replaces {
        Some(_) => function.replace(s.fp),
        None => function.enter(cells, s.behind(), s.fp, s.ctx),
    };
    match entered {
        Some((pc, fp)) => Step::anew(pc, fp, function.ctx()),
        None => failed(Trap::StackOverflow as u32),
    }
}

/// Goes on where the innermost record says.
#[inline(always)]
fn resume(s: State) -> Step {
    let (pc, fp, ctx) = s.ctx.pop();
    if TAIL_CALLS && ctx == s.ctx { Step::Next(pc, fp, s.ctx) } else { Step::anew(pc, fp, ctx) }
}

/// Returns. Polls the interrupt word, or else the ends of many nested calls would be one long way without a poll.
#[inline(always)]
fn leave(s: State) -> Step {
    if s.ctx.interrupted() { Step::Trap(Trap::Interrupted) } else { resume(s) }
}

#[inline(always)]
fn imported(s: State, index: usize) -> Function {
    s.ctx.function(s.ctx.import(index))
}

/// The function that a table holds, if it has this instance's type `ty`.
#[inline(always)]
fn indirect(s: State, table: usize, index: u32, ty: u32) -> Result<Function, Trap> {
    let reference = s.ctx.element(table, index).ok_or(Trap::TableOutOfBounds)?;
    if reference == NULL_REF {
        return Err(Trap::IndirectCallToNull);
    }
    let function = s.ctx.function(reference);
    if !s.ctx.has_type(function, reference, ty) {
        return Err(Trap::BadSignature);
    }
    Ok(function)
}

/// The same, if it is an own function.
#[inline(always)]
fn own_indirect(s: State, table: usize, index: u32, ty: u32) -> Result<Option<Function>, Trap> {
    let reference = s.ctx.element(table, index).ok_or(Trap::TableOutOfBounds)?;
    if reference == NULL_REF {
        return Err(Trap::IndirectCallToNull);
    }
    match s.ctx.own_reference(reference) {
        Some(function) if !function.is_type(ty) => Err(Trap::BadSignature),
        function => Ok(function),
    }
}

#[inline(always)]
pub(super) fn call(s: State) -> Step {
    if TAIL_CALLS {
        return enter_own(s, s.ctx.own_function(s.half()), s.a());
    }
    if cfg!(thumb2_handlers) {
        return call_rare(s);
    }
    enter(s, s.ctx.own_function(s.half()), s.a())
}

#[inline(always)]
pub(super) fn call_import(s: State) -> Step {
    if cfg!(thumb2_handlers) {
        // Those of the host are called from there.
        return call_rare(s);
    }
    let Some(function) = s.ctx.host_function(s.half()) else {
        return if TAIL_CALLS { Step::Slow(Slow::Call) } else { call_rare(s) };
    };
    if s.ctx.interrupted() {
        return Step::Trap(Trap::Interrupted);
    }
    wait(s);
    let code = function.call(s.a(), s.fp, s.ctx);
    go_on(s);
    match code {
        0 => s.anew(),
        code => Step::Failed(code),
    }
}

#[inline(always)]
pub(super) fn call_indirect(s: State) -> Step {
    if TAIL_CALLS {
        return match own_indirect(s, s.c(), s.get(s.b()), s.last_half().into()) {
            Ok(Some(function)) => enter_own(s, function, s.a()),
            Ok(None) => Step::Slow(Slow::Call),
            Err(trap) => Step::Trap(trap),
        };
    }
    if cfg!(thumb2_handlers) {
        return call_rare(s);
    }
    match indirect(s, s.c(), s.get(s.b()), s.last_half().into()) {
        Ok(function) => enter(s, function, s.a()),
        Err(trap) => Step::Trap(trap),
    }
}

/// Calls that are rare enough to share one piece of code: that of `call_rare`, and of the other instructions what is not a function
/// of this engine and instance. It leaves what comes next as a record on the control stack, from where a return takes it.
#[inline(always)]
pub(super) fn call_rare(s: State) -> Step {
    let code = prepare(s.pc, s.fp, s.ctx);
    if code != 0 {
        return Step::Failed(code);
    }
    // What was called may have changed the memory.
    let (pc, fp, ctx) = s.ctx.pop();
    Step::anew(pc, fp, ctx)
}

#[inline(never)]
fn prepare(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
    const CALL: u8 = Code::call as u8;
    const CALL_IMPORT: u8 = Code::call_import as u8;
    const CALL_INDIRECT: u8 = Code::call_indirect as u8;
    let s = State::at(pc, 0, fp, ctx, Memory::of(ctx));
    let a = s.a();
    // The last: the table, and the cell of the index there.
    let (len, kind, operand, cells, place) = match pc.byte(0) {
        CALL => (const { Code::call.bytes() }, Rare::OWN, s.half() as u32, a, 0),
        CALL_IMPORT => (const { Code::call_import.bytes() }, Rare::IMPORT, s.half() as u32, a, 0),
        CALL_INDIRECT => {
            let place = (s.c() << 16 | s.b()) as u32;
            (const { Code::call_indirect.bytes() }, Rare::INDIRECT, pc.half(4).into(), a, place)
        }
        _ => (const { Code::call_rare.bytes() }, a as u32, pc.word(8), s.half(), pc.word(4)),
    };
    let s = State { len, ..s };
    let function = match kind & 3 {
        Rare::OWN => Ok(s.ctx.own_function(operand as usize)),
        Rare::IMPORT => Ok(imported(s, operand as usize)),
        _ => indirect(s, (place >> 16) as usize, s.get((place & 0xFFFF) as usize), operand),
    };
    let step = match function {
        Ok(function) => {
            let tail = Feature::TailCall.compiled() && kind & Rare::TAIL != 0;
            enter_as(s, function, cells, tail.then(|| pc.word(12) as usize))
        }
        Err(trap) => Step::Trap(trap),
    };
    match step {
        Step::Next(pc, fp, ctx) | Step::Jump(pc, fp, ctx) | Step::Anew(pc, fp, ctx) => {
            ctx.record(pc, fp);
            0
        }
        Step::Exit | Step::Slow(_) => 0,
        Step::Trap(trap) => trap as u32,
        Step::Failed(code) => code,
    }
}

#[inline(always)]
pub(super) fn return0(s: State) -> Step {
    leave(s)
}

#[inline(always)]
pub(super) fn return1(s: State) -> Step {
    s.set(0, s.get::<u32>(s.a()));
    leave(s)
}

#[inline(always)]
pub(super) fn return2(s: State) -> Step {
    s.set(0, s.get::<u64>(s.a()));
    leave(s)
}

#[inline(always)]
pub(super) fn return_many(s: State) -> Step {
    s.fp.move_down(s.pc.half(1).into(), s.pc.word(3) as usize);
    leave(s)
}

#[inline(always)]
pub(super) fn builtin(s: State) -> Step {
    let code = s.ctx.builtin(s.a() as u32, s.fp, s.half(), 0, 0);
    if code == 0 { s.anew() } else { Step::Failed(code) }
}

#[inline(always)]
pub(super) fn builtin_w(s: State) -> Step {
    let code = s.ctx.builtin(s.a() as u32, s.fp, s.half(), s.pc.word(4), s.last_word());
    if code == 0 { s.anew() } else { Step::Failed(code) }
}

/// References name the instance that defines the function, so those to imported ones are the runtime's.
#[inline(always)]
pub(super) fn ref_func(s: State) -> Step {
    let index = s.last_word();
    let reference = if index < s.ctx.import_funcs() {
        s.ctx.import(index as usize)
    } else {
        func_ref(s.ctx.number(), index)
    };
    s.result(reference)
}
