//! Stores behind the handles of instances, and who may use them when.

use crate::caller::CallerBlock;
use crate::handle::{self, Handle};
use crate::instance::InstanceBody;
use crate::message::Failure;
use crate::runtime::Root;
use crate::types::wasmote_instance_t;
use crate::types::wasmote_status::{WASMOTE_ERR_BUSY, WASMOTE_ERR_INVALID_ARGUMENT};
use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::mem::offset_of;
use core::sync::atomic::{AtomicU32, Ordering};
use wasmote::{Caller, Instance, Store};
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
        core::ptr::eq(self, other)
    }

    /// The store, for as long as it is borrowed.
    ///
    /// # Errors
    /// `WASMOTE_ERR_BUSY`: somebody else borrows it.
    pub fn enter(&self) -> Result<Entered<'_>, Failure> {
        self.busy.enter()?;
        Ok(Entered(self))
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

/// What a handle of an instance leads to, whichever of the two it is.
#[repr(C)]
pub(crate) struct Usable {
    /// Of a [`CallerBlock`], or of a handle of an [`InstanceBody`].
    kind: Cell<u32>,
    caller: UnsafeCell<Caller<'static>>,
}

const _: () = assert!(offset_of!(Usable, caller) == offset_of!(CallerBlock, caller));
const _: () = assert!(offset_of!(Usable, caller) == handle::body_offset::<InstanceBody>());

/// An instance that may be used as long as this lasts: from outside, with its store marked, or in a host function that its code
/// called, with that one's block marked.
pub(crate) struct Access<'a> {
    handle: *const Usable,
    _lasts: PhantomData<&'a InstanceBody>,
}

impl<'a> Access<'a> {
    /// What a handle leads to, for as long as it is borrowed.
    ///
    /// # Errors
    /// `WASMOTE_ERR_INVALID_ARGUMENT`, `WASMOTE_ERR_BUSY`.
    ///
    /// # Safety
    /// (C1) As for [`handle::get`].
    #[inline(always)]
    pub unsafe fn new(handle: *const wasmote_instance_t) -> Result<Access<'a>, Failure> {
        // SAFETY: (C1) (C4) the caller says so.
        unsafe {
            enter(handle)?;
            Ok(Access::resume(handle))
        }
    }

    /// Stays in use after this: who calls [`resume`](Access::resume) has it.
    #[cfg(feature = "thread")]
    pub fn suspend(self) {
        core::mem::forget(self);
    }

    /// Goes on using an instance.
    ///
    /// # Safety
    /// (C4) Its handle is marked, and this is the only one who has the mark.
    #[inline(always)]
    pub unsafe fn resume(handle: *const wasmote_instance_t) -> Access<'a> {
        Access { handle: handle.cast(), _lasts: PhantomData }
    }

    /// The instance; `None` in a host function.
    #[inline(always)]
    fn outside(&self) -> Option<&'a InstanceBody> {
        // SAFETY: (C1) (C4) (C5) we have marked it, so it is one of the two.
        unsafe {
            ((*self.handle).kind.get() == InstanceBody::KIND)
                .then(|| handle::body::<InstanceBody>(self.handle.cast()))
        }
    }

    /// What there is once for all instances of its store.
    pub fn root(&self) -> &'a Root {
        match self.outside() {
            Some(body) => &body.store.root,
            // SAFETY: (C5) we have marked the block of a host function, whose store is there as long as its call.
            None => unsafe { &(*(*self.handle.cast::<CallerBlock>()).func().cell).root },
        }
    }

    /// The number by which functions of its store are told from those of others.
    #[inline(always)]
    pub fn id(&mut self) -> usize {
        self.cx().store_id()
    }

    pub fn instance(&mut self) -> Instance {
        self.cx().instance()
    }

    /// The store, to do something with the instance.
    #[inline(always)]
    pub fn cx(&mut self) -> &mut Caller<'static> {
        // SAFETY: (C4) (C5) we have marked the cell or the block, and are borrowed.
        unsafe { &mut *(*self.handle).caller.get() }
    }

    /// The store itself; not in a host function, where it is in use.
    pub fn store(&mut self) -> Result<&mut Store, Failure> {
        let body = self.outside().ok_or(WASMOTE_ERR_BUSY)?;
        // SAFETY: (C4) we have marked the cell, and are borrowed.
        Ok(unsafe { &mut *body.store.store.get() })
    }
}

impl Drop for Access<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        match self.outside() {
            Some(body) => body.store.busy.leave(),
            // SAFETY: (C5) we have marked the block.
            None => unsafe { (*self.handle).kind.set(CallerBlock::KIND) },
        }
    }
}

/// Marks what a handle of an instance leads to.
///
/// # Safety
/// (C1) As for [`handle::get`].
#[inline(never)]
unsafe fn enter(handle: *const wasmote_instance_t) -> Result<(), Failure> {
    // SAFETY: (C1) (C5) the caller says so: an instance, or a host function's block, which is running.
    unsafe {
        match handle::kind(handle) {
            Some(InstanceBody::KIND) => handle::body::<InstanceBody>(handle).store.busy.enter(),
            kind => enter_caller(handle.cast(), kind.unwrap_or(handle::DELETED)),
        }
    }
}

/// The same if it is a host function's block, and of this kind.
///
/// # Safety
/// As of [`enter`].
#[inline(never)]
unsafe fn enter_caller(block: *const Usable, kind: u32) -> Result<(), Failure> {
    match kind {
        // SAFETY: (C1) (C5) the caller says so.
        CallerBlock::KIND => unsafe { (*block).kind.set(CallerBlock::USED) },
        CallerBlock::USED => return Err(WASMOTE_ERR_BUSY.into()),
        _ => return Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
    }
    Ok(())
}
