//! Interruption of an instance: engines poll the word; compiled code looks at the limit of its frames as well, which is 0
//! then, so that the check at a function's beginning is a poll too.

use super::instance::InstanceData;
use super::place::Place;
use core::sync::atomic::{AtomicU32, Ordering};
use wasmote_core::vm::VmCtx;

/// Interrupts an instance from any thread, and from interrupt service routines.
///
/// It may outlive the store; it keeps a small block of the store's heap alive.
pub struct InterruptHandle(Place<VmCtx>);

// SAFETY: (R8) only atomic words of the context are touched.
unsafe impl Send for InterruptHandle {}
// SAFETY: (R8) as above.
unsafe impl Sync for InterruptHandle {}

impl InterruptHandle {
    pub(super) fn new(instance: &InstanceData) -> InterruptHandle {
        InterruptHandle(instance.ctx.clone())
    }

    /// Lets what the instance runs, or the next call of one of its functions, trap with
    /// [`Trap::Interrupted`](crate::Trap::Interrupted), until it is cleared. Safe in interrupt service routines.
    pub fn interrupt(&self) {
        // In this order: who sets the limit looks at the word afterwards.
        self.word().store(1, Ordering::SeqCst);
        // SAFETY: (R8) the handle keeps the context alive.
        unsafe { &(*self.0.ptr()).stack_limit }.store(0, Ordering::SeqCst);
    }

    /// Takes the interruption back. Safe in interrupt service routines.
    pub fn clear(&self) {
        self.word().store(0, Ordering::Relaxed);
    }

    fn word(&self) -> &AtomicU32 {
        // SAFETY: (R8) the handle keeps the context alive.
        unsafe { &(*self.0.ptr()).interrupt }
    }
}

impl Clone for InterruptHandle {
    /// Not for interrupt service routines.
    fn clone(&self) -> InterruptHandle {
        InterruptHandle(self.0.clone())
    }
}

impl core::fmt::Debug for InterruptHandle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("InterruptHandle").field(self.word()).finish()
    }
}

impl InstanceData {
    /// A handle that interrupts this instance.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        InterruptHandle::new(self)
    }
}
