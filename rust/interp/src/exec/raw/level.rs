//! How the executor is entered and left.

use super::{Ctx, Frame, Function, Pc, RECORD_CELLS, Record};
use crate::exec::dispatch::run;
use wasmote_core::Trap;
#[cfg(feature = "lazy")]
use wasmote_core::vm::StackVm;
use wasmote_core::vm::{FuncRecord, VmCtx};

/// How encoded functions are called from outside: [`vm::Entry`](wasmote_core::vm::Entry).
///
/// # Safety
/// `record` is of a function that `callee` defines and that this crate's encoder made; `cells` lies on the value stack of
/// `callee`'s store, below the control stack, and holds the arguments; "Interpreter" in `docs/unsafe.md` holds.
#[inline(never)] // Functions of this engine are told by its address, which is not to differ between crates.
pub unsafe extern "C" fn entry(
    callee: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    _caller: *mut VmCtx,
) -> u32 {
    // SAFETY: (I3) (I7) as the caller says.
    match unsafe { Level::begin(callee, record, cells) } {
        Ok((level, pc, fp, ctx)) => {
            let code = run(pc, fp, ctx);
            level.end(code);
            code
        }
        Err(trap) => trap as u32,
    }
}

/// A running `entry`.
struct Level {
    ctx: Ctx,
    /// Where `control` was.
    control: *mut u32,
}

impl Level {
    /// Begins to run a function for a caller outside this engine.
    ///
    /// # Safety
    /// The arguments are as `vm::Entry` says, and this crate's invariants hold for them.
    unsafe fn begin(
        callee: *mut VmCtx,
        record: *const FuncRecord,
        cells: *mut u32,
    ) -> Result<(Level, Pc, Frame, Ctx), Trap> {
        let ctx = Ctx(callee);
        let stack = ctx.stack();
        // SAFETY: (I3) the stack lives.
        let (control, depth, max) =
            unsafe { ((*stack).control, (*stack).native_depth, (*stack).max_native_depth) };
        if depth >= max {
            return Err(Trap::StackOverflow);
        }
        if ctx.interrupted() {
            return Err(Trap::Interrupted);
        }
        let function = Function { ctx, record };
        let pushed = ctx.push(Pc::exit(), cells, cells, function.frame_cells());
        let frame = pushed.ok_or(Trap::StackOverflow)?;
        // SAFETY: (I3) as above.
        unsafe { (*stack).native_depth = depth + 1 };
        Ok((Level { ctx, control }, function.code(), frame, ctx))
    }

    /// Ends it. On a trap the frames are reported to the runtime, the innermost first.
    fn end(self, code: u32) {
        let stack = self.ctx.stack();
        // SAFETY: (I5) all records from `control` to the outermost one, which `begin` pushed, are ours;
        // (I3) the stack lives, and `record_frame` is the runtime's.
        unsafe {
            (*stack).native_depth -= 1;
            let outermost = self.control.sub(RECORD_CELLS);
            if code != 0 {
                let mut place = (*stack).control;
                while place < outermost {
                    let Record { pc, ctx, .. } = place.cast::<Record>().read();
                    if !((*stack).record_frame)(stack, ctx.0, pc.0.sub(1).cast()) {
                        break;
                    }
                    place = place.add(RECORD_CELLS);
                }
            }
            check!(code != 0 || (*stack).control == self.control, "I5: records left behind");
            (*stack).control = self.control;
        }
    }
}

/// Tells `place` the position in the code of every frame that is on the control stack, those of other stores' none. It lies
/// behind the first byte of the function's, and at most behind the last.
///
/// # Safety
/// `stack` lives, and its code waits for who asks.
#[cfg(feature = "lazy")]
pub unsafe fn frames(stack: *const StackVm, mut place: impl FnMut(*const u8)) {
    // SAFETY: (I5) records lie from `control` to the end, all of them of this engine; (I3) the stack lives.
    unsafe {
        let (mut record, end) = ((*stack).control.cast::<Record>(), (*stack).end.cast::<Record>());
        while record < end {
            place((*record).pc.0);
            record = record.add(1);
        }
    }
}
