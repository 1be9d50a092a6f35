//! Interruption of a store's instances.
//!
//! Each context has a word of its own, so that a poll is one load. Instances of a store may call each other, and who
//! interrupts one means what runs: so all of them are told. Compiled code looks at the limit of its frames as well, which is
//! 0 then, so that the check at a function's beginning is a poll too.

use super::instance::Whole;
use super::place::Place;
use super::state::State;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering, fence};
use wasmote_core::vm::VmCtx;
use wasmote_platform::{Heap, OutOfMemory, Shared};

/// Interrupts the instances of a store from any thread, and from interrupt service routines.
///
/// It may outlive the store; it keeps small blocks of the store's heap alive, one for each instance.
pub struct InterruptHandle(Shared<Signal>);

/// Whom an interruption is told.
pub(super) struct Signal {
    /// What the words of all contexts are to say.
    word: AtomicU32,
    /// The context that came last; each leads to the one before. The list owns their places, and their store what is behind them.
    last: AtomicPtr<VmCtx>,
}

impl Signal {
    pub fn new(heap: &Heap) -> Result<Shared<Signal>, OutOfMemory> {
        Shared::make(heap, || Signal { word: AtomicU32::new(0), last: AtomicPtr::new(ptr::null_mut()) })
    }

    fn set(&self, word: u32) {
        self.word.store(word, Ordering::SeqCst);
        self.tell(ptr::null_mut());
    }

    /// Writes the word into every context that came after `end`. Who finds that it has changed meanwhile does so again,
    /// and thus in the end all of them say the same.
    fn tell(&self, end: *mut VmCtx) {
        loop {
            let word = self.word.load(Ordering::SeqCst);
            let mut ctx = self.last.load(Ordering::SeqCst);
            while ctx != end {
                // SAFETY: (R8) we keep the context.
                ctx = unsafe {
                    (*ctx).interrupt.store(word, Ordering::SeqCst);
                    if word != 0 {
                        // In this order: who sets the limit looks at the word afterwards.
                        (*ctx).stack_limit.store(0, Ordering::SeqCst);
                    }
                    (*ctx).before
                };
            }
            fence(Ordering::SeqCst);
            if self.word.load(Ordering::SeqCst) == word {
                return;
            }
        }
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        let mut ctx = *self.last.get_mut();
        while !ctx.is_null() {
            // SAFETY: (R8) `settle` gave us the place for its address; nobody walks the list any more.
            ctx = unsafe {
                let before = (*ctx).before;
                drop(Place::<Whole>::from_ptr(ctx.cast()));
                before
            };
        }
    }
}

impl InterruptHandle {
    /// Lets what the instances run, or the next call of one of their functions, trap with
    /// [`Trap::Interrupted`](crate::Trap::Interrupted), until it is cleared. Safe in interrupt service routines.
    /// Takes some instructions for each instance of the store.
    pub fn interrupt(&self) {
        self.0.set(1);
    }

    /// Takes the interruption back. Safe in interrupt service routines.
    pub fn clear(&self) {
        self.0.set(0);
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
        f.debug_tuple("InterruptHandle").field(&self.0.word).finish()
    }
}

impl State {
    /// A handle that interrupts the instances.
    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        InterruptHandle(self.signal.clone())
    }

    /// An instance that was added stays, with so much fuel: from now on it is interrupted with the others. Once for each.
    pub(super) fn settle(&mut self, number: u32, fuel: u64) {
        let before = self.signal.last.load(Ordering::SeqCst);
        let Some(ctx) = self.context(number) else { return };
        // SAFETY: (R8) we have the store; nobody else knows this context.
        unsafe {
            (*ctx).fuel = fuel;
            (*ctx).before = before;
        }
        self.signal.last.store(ctx, Ordering::SeqCst);
        self.signal.tell(before);
    }
}
