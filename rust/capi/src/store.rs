//! Stores behind the handles of instances, and who may use them when.

use crate::caller::CallerBlock;
use crate::handle::{self, Handle};
use crate::instance::InstanceBody;
use crate::message::Failure;
use crate::runtime::Root;
use crate::types::wasmote_instance_t;
use crate::types::wasmote_status::{WASMOTE_ERR_BUSY, WASMOTE_ERR_INVALID_ARGUMENT};
use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicU32, Ordering};
use wasmote::{Caller, Context, Instance, Store};
use wasmote_platform::Shared;

/// The store of one instance, or of several that are linked.
pub(crate) struct StoreCell {
    pub busy: Busy,
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
        let guard = self.busy.enter()?;
        // SAFETY: (C4) entered just now.
        let store = unsafe { &mut *self.store.get() };
        Ok(Entered { store, _guard: guard })
    }

    /// The number by which functions of this store are told from those of others.
    pub fn id(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}

/// A store that is borrowed.
pub(crate) struct Entered<'a> {
    pub store: &'a mut Store,
    _guard: Guard<'a>,
}

/// A mark that something is in use. On targets without atomic read-modify-write it may miss a second user who
/// comes in the very same moment: it is there to notice mistakes, and the header says who may use what.
pub(crate) struct Busy(AtomicU32);

/// In use as long as this lasts.
pub(crate) struct Guard<'a>(&'a Busy);

impl Busy {
    pub const fn new() -> Busy {
        Busy(AtomicU32::new(0))
    }

    /// Marks it as used.
    ///
    /// # Errors
    /// `WASMOTE_ERR_BUSY`: it is used already.
    pub fn enter(&self) -> Result<Guard<'_>, Failure> {
        #[cfg(target_has_atomic = "32")]
        let before = self.0.swap(1, Ordering::Acquire);
        #[cfg(not(target_has_atomic = "32"))]
        let before = {
            let before = self.0.load(Ordering::Acquire);
            self.0.store(1, Ordering::Relaxed);
            before
        };
        if before == 0 { Ok(Guard(self)) } else { Err(WASMOTE_ERR_BUSY.into()) }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.0.store(0, Ordering::Release);
    }
}

/// An instance that may be used: from outside, or in a host function that its code called.
pub(crate) struct Access<'a> {
    target: Target<'a>,
    instance: Instance,
    pub cell: &'a StoreCell,
}

enum Target<'a> {
    Store(Entered<'a>),
    Caller(Used<'a>),
}

/// A caller, whose block says that it is in use as long as this lasts.
struct Used<'a> {
    caller: &'a mut Caller<'static>,
    kind: &'a Cell<u32>,
}

impl Drop for Used<'_> {
    fn drop(&mut self) {
        self.kind.set(CallerBlock::KIND);
    }
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
        let body = unsafe {
            match handle::kind(handle) {
                Some(InstanceBody::KIND) => handle::body::<InstanceBody>(handle),
                Some(CallerBlock::KIND | CallerBlock::USED) => {
                    return Access::of_caller(&*handle.cast::<CallerBlock>());
                }
                _ => return Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
            }
        };
        let store = body.store.enter()?;
        Ok(Access { target: Target::Store(store), instance: body.instance, cell: &body.store })
    }

    /// In a host function.
    pub fn of_caller(block: &'a CallerBlock) -> Result<Access<'a>, Failure> {
        if block.kind.replace(CallerBlock::USED) != CallerBlock::KIND {
            return Err(WASMOTE_ERR_BUSY.into());
        }
        // SAFETY: (C5) block and store are there as long as the host function's call; nobody else uses the caller.
        let (caller, cell) = unsafe { (&mut *block.caller.get(), &*block.func().cell) };
        let instance = caller.instance();
        Ok(Access { target: Target::Caller(Used { caller, kind: &block.kind }), instance, cell })
    }

    /// Stays in use after this: who calls [`resume`](Access::resume) has it.
    #[cfg(feature = "thread")]
    pub fn suspend(self) {
        core::mem::forget(self);
    }

    /// Goes on using a store.
    ///
    /// # Safety
    /// (C4) An access to it was suspended, and this is the only one who resumes it.
    #[cfg(feature = "thread")]
    pub unsafe fn resume(cell: &'a StoreCell, instance: Instance) -> Access<'a> {
        // SAFETY: (C4) the caller says so.
        let store = unsafe { &mut *cell.store.get() };
        Access { target: Target::Store(Entered { store, _guard: Guard(&cell.busy) }), instance, cell }
    }

    pub fn instance(&self) -> Instance {
        self.instance
    }

    /// The store, to do something with the instance.
    pub fn cx(&mut self) -> &mut dyn Context {
        match &mut self.target {
            Target::Store(entered) => entered.store,
            Target::Caller(used) => used.caller,
        }
    }

    /// The store itself; not in a host function, where it is in use.
    pub fn store(&mut self) -> Result<&mut Store, Failure> {
        match &mut self.target {
            Target::Store(entered) => Ok(entered.store),
            Target::Caller(_) => Err(WASMOTE_ERR_BUSY.into()),
        }
    }

    /// The caller, in a host function.
    pub fn caller(&mut self) -> Result<&mut Caller<'static>, Failure> {
        match &mut self.target {
            Target::Caller(used) => Ok(used.caller),
            Target::Store(_) => Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
        }
    }
}
