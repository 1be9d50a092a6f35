//! Stores behind the handles of instances, and who may use them when.

use crate::caller::CallerBlock;
use crate::handle::{self, Handle};
use crate::instance::InstanceBody;
use crate::message::Failure;
use crate::runtime::Root;
use crate::types::wasmote_instance_t;
use crate::types::wasmote_status::{WASMOTE_ERR_BUSY, WASMOTE_ERR_INVALID_ARGUMENT};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering};
use wasmote::{AnyContext, Caller, Instance, Store};
use wasmote_platform::Shared;

/// The store of one instance, or of several that are linked.
pub(crate) struct StoreCell {
    busy: Busy,
    store: UnsafeCell<Store>,
    pub root: Shared<Root>,
}

// SAFETY: (C4) the store is only reached by who entered `busy`.
unsafe impl Sync for StoreCell {}

impl StoreCell {
    pub fn new(store: Store, root: Shared<Root>) -> StoreCell {
        StoreCell { busy: Busy::new(), store: UnsafeCell::new(store), root }
    }

    /// Whether the two are one.
    pub fn is(&self, other: &StoreCell) -> bool {
        self.id() == other.id()
    }

    /// The store, for as long as it is borrowed.
    ///
    /// # Errors
    /// `WASMOTE_ERR_BUSY`: somebody else borrows it.
    pub fn enter(&self) -> Result<Entered<'_>, Failure> {
        self.busy.enter()?;
        Ok(Entered(self))
    }

    /// The number by which functions of this store are told from those of others.
    pub fn id(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}

/// A store that is borrowed.
pub(crate) struct Entered<'a>(&'a StoreCell);

impl Entered<'_> {
    pub fn store(&mut self) -> &mut Store {
        // SAFETY: (C4) entered.
        unsafe { &mut *self.0.store.get() }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.busy.leave();
    }
}

/// A mark that something is in use. On targets without atomic read-modify-write it may miss a second user who
/// comes in the very same moment: it is there to notice mistakes, and the header says who may use what.
struct Busy(AtomicU32);

impl Busy {
    const fn new() -> Busy {
        Busy(AtomicU32::new(0))
    }

    /// Marks it as used, until [`leave`](Busy::leave).
    ///
    /// # Errors
    /// `WASMOTE_ERR_BUSY`: it is used already.
    #[inline(always)]
    fn enter(&self) -> Result<(), Failure> {
        #[cfg(target_has_atomic = "32")]
        let before = self.0.swap(1, Ordering::Acquire);
        #[cfg(not(target_has_atomic = "32"))]
        let before = {
            let before = self.0.load(Ordering::Acquire);
            self.0.store(1, Ordering::Relaxed);
            before
        };
        if before == 0 { Ok(()) } else { Err(WASMOTE_ERR_BUSY.into()) }
    }

    fn leave(&self) {
        self.0.store(0, Ordering::Release);
    }
}

/// An instance that may be used as long as this lasts: from outside, with its store marked, or in a host function that its code
/// called, with that one's block marked.
pub(crate) enum Access<'a> {
    Instance(&'a InstanceBody),
    Caller(&'a CallerBlock),
}

impl<'a> Access<'a> {
    /// What a handle leads to, for as long as it is borrowed.
    ///
    /// # Errors
    /// `WASMOTE_ERR_INVALID_ARGUMENT`, `WASMOTE_ERR_BUSY`.
    ///
    /// # Safety
    /// (C1) As for [`handle::get`].
    pub unsafe fn new(handle: *const wasmote_instance_t) -> Result<Access<'a>, Failure> {
        // SAFETY: (C1) (C5) the caller says so: an instance, or a host function's block, which is running.
        unsafe {
            match handle::kind(handle) {
                Some(InstanceBody::KIND) => {
                    let body = handle::body::<InstanceBody>(handle);
                    body.store.busy.enter()?;
                    Ok(Access::Instance(body))
                }
                Some(CallerBlock::KIND | CallerBlock::USED) => {
                    Access::of_caller(&*handle.cast::<CallerBlock>())
                }
                _ => Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
            }
        }
    }

    /// In a host function.
    pub fn of_caller(block: &'a CallerBlock) -> Result<Access<'a>, Failure> {
        if block.kind.replace(CallerBlock::USED) != CallerBlock::KIND {
            return Err(WASMOTE_ERR_BUSY.into());
        }
        Ok(Access::Caller(block))
    }

    /// Stays in use after this: who calls [`resume`](Access::resume) has it.
    #[cfg(feature = "thread")]
    pub fn suspend(self) {
        core::mem::forget(self);
    }

    /// Goes on using an instance.
    ///
    /// # Safety
    /// (C4) An access to it was suspended, and this is the only one who resumes it.
    #[cfg(feature = "thread")]
    pub unsafe fn resume(body: &'a InstanceBody) -> Access<'a> {
        Access::Instance(body)
    }

    pub fn cell(&self) -> &'a StoreCell {
        match self {
            Access::Instance(body) => &body.store,
            // SAFETY: (C5) the store is there as long as the host function's call.
            Access::Caller(block) => unsafe { &*block.func().cell },
        }
    }

    pub fn instance(&self) -> Instance {
        match self {
            Access::Instance(body) => body.instance,
            // SAFETY: (C5) we have marked the block.
            Access::Caller(block) => unsafe { &*block.caller.get() }.instance(),
        }
    }

    /// The store, to do something with the instance.
    #[inline(always)]
    pub fn cx(&mut self) -> AnyContext<'_, 'static> {
        // SAFETY: (C4) (C5) we have marked the cell or the block, and are borrowed.
        unsafe {
            match self {
                Access::Instance(body) => AnyContext::Store(&mut *body.store.store.get()),
                Access::Caller(block) => AnyContext::Caller(&mut *block.caller.get()),
            }
        }
    }

    /// The store itself; not in a host function, where it is in use.
    pub fn store(&mut self) -> Result<&mut Store, Failure> {
        match self.cx() {
            AnyContext::Store(store) => Ok(store),
            AnyContext::Caller(_) => Err(WASMOTE_ERR_BUSY.into()),
        }
    }

    /// The caller, in a host function.
    pub fn caller(&mut self) -> Result<&mut Caller<'static>, Failure> {
        match self.cx() {
            AnyContext::Caller(caller) => Ok(caller),
            AnyContext::Store(_) => Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
        }
    }
}

impl Drop for Access<'_> {
    fn drop(&mut self) {
        match self {
            Access::Instance(body) => body.store.busy.leave(),
            Access::Caller(block) => block.kind.set(CallerBlock::KIND),
        }
    }
}
