//! The platform's mutex.

use crate::abi;
use core::cell::UnsafeCell;

/// A mutex of the platform's, without data.
#[derive(Debug)]
pub struct Mutex(UnsafeCell<abi::wasmote_platform_mutex_t>);

// SAFETY: (P1) the platform's mutex may be used from any thread; the cell is only handed to it.
unsafe impl Send for Mutex {}
// SAFETY: (P1) as above.
unsafe impl Sync for Mutex {}

impl Mutex {
    /// Storage that is no mutex yet.
    ///
    /// # Safety
    /// [`init`](Mutex::init) must succeed before anything else is called on it, and it must not move after that.
    pub(crate) const unsafe fn storage() -> Mutex {
        Mutex(UnsafeCell::new(abi::wasmote_platform_mutex_t { opaque: [0; 24] }))
    }

    /// Makes the mutex in its storage. false if the platform has none left.
    pub(crate) fn init(&self) -> bool {
        // SAFETY: (P1) the storage is ours and large enough by the port's own check.
        unsafe { abi::wasmote_platform_mutex_init(self.0.get()) }
    }

    /// Runs `f` while holding the mutex. `f` must not lock it again.
    pub fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        // SAFETY: (P1) initialised, as `storage` demands.
        unsafe { abi::wasmote_platform_mutex_lock(self.0.get()) };
        let result = f();
        // SAFETY: (P1) locked above by this thread.
        unsafe { abi::wasmote_platform_mutex_unlock(self.0.get()) };
        result
    }

    /// Ends the mutex.
    pub(crate) fn deinit(&self) {
        // SAFETY: (P1) initialised; the owner is about to free it, so nobody holds it.
        unsafe { abi::wasmote_platform_mutex_deinit(self.0.get()) }
    }
}
