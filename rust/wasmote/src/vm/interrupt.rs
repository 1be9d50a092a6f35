//! Interruption of a store's instances.
//!
//! Each context has a word of its own, so that a poll is one load. Instances of a store may call each other, and who
//! interrupts one means what runs: so all of them are told. Compiled code looks at the limit of its frames as well, which is
//! 0 then, so that the check at a function's beginning is a poll too.

use super::instance::InstanceData;
use super::place::Place;
use super::state::{State, USUAL_INSTANCES};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering, fence};
use wasmote_core::vm::VmCtx;
use wasmote_platform::{Heap, OutOfMemory, Shared, Vec};

/// Interrupts the instances of a store from any thread, and from interrupt service routines.
///
/// It may outlive the store; it keeps small blocks of the store's heap alive, one for each instance.
pub struct InterruptHandle(Shared<Signal>);

/// Whom an interruption is told.
pub(super) struct Signal {
    /// What the words of all contexts are to say.
    word: AtomicU32,
    /// The context that came last; each leads to the one before.
    last: AtomicPtr<VmCtx>,
    /// Keeps them, and may have one more, which is not told yet.
    contexts: UnsafeCell<Vec<Place<VmCtx>>>,
}

// SAFETY: (R8) the list of contexts is touched by the store's owner only, and by who drops the last handle.
unsafe impl Send for Signal {}
// SAFETY: (R8) as above; all else is atomic.
unsafe impl Sync for Signal {}

impl Signal {
    pub fn new(heap: &Heap) -> Result<Shared<Signal>, OutOfMemory> {
        let signal = Shared::make(heap, || Signal {
            word: AtomicU32::new(0),
            last: AtomicPtr::new(ptr::null_mut()),
            contexts: UnsafeCell::new(Vec::new(heap)),
        })?;
        // SAFETY: (R8) nobody else knows it yet.
        unsafe { &mut *signal.contexts.get() }.reserve_exact(USUAL_INSTANCES)?;
        Ok(signal)
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

    /// Keeps a new instance's context for whoever interrupts.
    pub(super) fn keep(&mut self, instance: &Place<InstanceData>) -> Result<(), OutOfMemory> {
        // SAFETY: (R8) we have the store; (R1) nobody else knows the instance yet.
        unsafe { (*self.signal.contexts.get()).push((*instance.ptr()).ctx.clone()) }
    }

    /// Forgets the context that was kept last, which must not have been told of.
    pub(super) fn forget_last(&mut self) {
        // SAFETY: (R8) we have the store.
        unsafe { (*self.signal.contexts.get()).pop() };
    }

    /// The last instance stays, with so much fuel: from now on it is interrupted with the others.
    pub(crate) fn settle(&mut self, fuel: u64) {
        let before = self.signal.last.load(Ordering::SeqCst);
        // SAFETY: (R8) we have the store; nobody else knows this context.
        unsafe {
            let Some(ctx) = (*self.signal.contexts.get()).last().map(Place::ptr) else { return };
            (*ctx).fuel = fuel;
            (*ctx).before = before;
            self.signal.last.store(ctx, Ordering::SeqCst);
        }
        self.signal.tell(before);
    }
}
