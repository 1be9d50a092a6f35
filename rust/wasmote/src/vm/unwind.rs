//! The frames of native code, when a trap leaves it.

use super::call::{instance, record_frame};
use wasmote_core::vm::VmCtx;

/// `VmCtx::unwind`. A frame begins with the saved registers: the caller's frame first, the return address last. How many
/// there are is the highest byte of the word before the place where the function is called.
pub(super) unsafe extern "C" fn unwind(ctx: *mut VmCtx, frame: *const usize, code: *const ()) {
    let (mut frame, mut code) = (frame, code);
    // SAFETY: (R1) (R2) (R10) code is being left, so nobody borrows the store; its frames are a list that ends with the
    // function that was called from outside, and all of them are of functions of this instance.
    unsafe {
        while !frame.is_null() {
            if !record_frame((*ctx).stack, ctx, code) {
                break;
            }
            let Some(saved) = saved_registers(ctx, code) else { break };
            // Aligned as cells are.
            code = frame.add(saved - 1).read_unaligned() as *const ();
            frame = frame.read_unaligned() as *const usize;
        }
    }
}

/// How many registers the function saves that a code position lies in.
///
/// # Safety
/// `ctx` is an instance's, which is not borrowed otherwise.
unsafe fn saved_registers(ctx: *mut VmCtx, code: *const ()) -> Option<usize> {
    // SAFETY: (R1) (R2) the caller says so; (R10) the word before native code.
    unsafe {
        let start = instance(ctx).module().code().native_function(code.addr())?;
        let word = (start - crate::native::CALL_BIAS - size_of::<u32>()) as *const u32;
        Some((word.read() >> 24) as usize).filter(|&saved| saved >= 2)
    }
}
