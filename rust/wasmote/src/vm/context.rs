//! Where an operation on a store comes from: from outside, or from a host function that running code called.

use super::call::Caller;
use super::state::State;
use crate::{Error, Instance, Store};
use core::ptr::{self, NonNull};

/// A store: the [`Store`] itself, or, in a host function, the [`Caller`]'s view of it.
pub trait Context: sealed::Sealed {
    #[doc(hidden)]
    fn origin(&self) -> Origin;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Store {}
    impl Sealed for super::Caller<'_> {}
    impl<C: super::Context + ?Sized> Sealed for &mut C {}
}

/// What a call into code needs to know of where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub(super) state: *mut State,
    /// The first free cell of the value stack.
    pub(super) free: *mut u32,
    /// The host function's view, if it comes from one.
    pub(super) caller: Option<NonNull<Caller<'static>>>,
}

impl Context for Store {
    #[inline(always)]
    fn origin(&self) -> Origin {
        let state = self.place().ptr();
        // SAFETY: (R1) the store owns its contents.
        let free = unsafe { (*state).stack.base };
        Origin { state, free, caller: None }
    }
}

impl Context for Caller<'_> {
    #[inline(always)]
    fn origin(&self) -> Origin {
        Origin { state: self.state_ptr(), free: self.free(), caller: Some(NonNull::from(self).cast()) }
    }
}

impl Instance {
    /// The store as a host function sees it that the instance calls, but from outside. What is called through it, the instance
    /// calls.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no instance of this store's.
    pub fn outside<'s>(&self, store: &'s mut Store) -> Result<Caller<'s>, Error> {
        let ctx = store.state().context(self.0).ok_or(Error::NotFound)?;
        // SAFETY: (R2) (R4) no code runs: the whole stack is free, for as long as the store is borrowed.
        Ok(unsafe { Caller::new(ptr::null(), store.origin().free, ctx) })
    }
}

/// So that `&mut dyn Context` is one.
impl<C: Context + ?Sized> Context for &mut C {
    #[inline(always)]
    fn origin(&self) -> Origin {
        (**self).origin()
    }
}

/// The contents of the store.
pub(crate) fn state(cx: &impl Context) -> &State {
    // SAFETY: (R1) no code runs, or it waits for us; the borrow of `cx` keeps it from going on meanwhile.
    unsafe { &*cx.origin().state }
}

/// The contents of the store, to change them.
pub(crate) fn state_mut(cx: &mut impl Context) -> &mut State {
    // SAFETY: (R1) as above.
    unsafe { &mut *cx.origin().state }
}

// SAFETY: (R9) a store and all it owns is used by one thread at a time; what it shares is shared with `Sync` types.
unsafe impl Send for Store {}
