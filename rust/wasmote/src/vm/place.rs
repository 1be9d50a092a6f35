//! Memory with an address that running code knows.

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use wasmote_platform::{Heap, OutOfMemory, Shared, Vec};

/// A value with a stable address on the heap, which is only reached through its address: references to it are
/// made where they are needed and never held while code runs.
pub(crate) struct Place<T>(Shared<UnsafeCell<T>>);

impl<T> Place<T> {
    /// Makes a value in its place.
    pub fn new(heap: &Heap, value: impl FnOnce() -> T) -> Result<Place<T>, OutOfMemory> {
        Ok(Place(Shared::make(heap, || UnsafeCell::new(value()))?))
    }

    /// Gives the place up for its address, from which [`from_ptr`](Place::from_ptr) makes it again.
    pub fn into_ptr(self) -> *mut T {
        Shared::into_raw(self.0).cast().as_ptr()
    }

    /// # Safety
    /// The address came from [`into_ptr`](Place::into_ptr), and this is the only place that is made of it.
    pub unsafe fn from_ptr(address: *mut T) -> Place<T> {
        // SAFETY: (P5) the caller says so.
        Place(unsafe { Shared::from_raw(NonNull::new_unchecked(address).cast()) })
    }

    /// The address; valid as long as the place, or a clone.
    pub fn ptr(&self) -> *mut T {
        self.0.get()
    }
}

impl<T> Clone for Place<T> {
    /// The same place.
    fn clone(&self) -> Place<T> {
        Place(self.0.clone())
    }
}

/// An array on the heap that running code reads and writes by address. The array is never borrowed other than
/// through that address, so that borrowing it does not make the address stale.
pub(crate) struct Block<T: Copy>(Vec<T>);

impl<T: Copy> Block<T> {
    /// An array without elements.
    pub fn new(heap: &Heap) -> Block<T> {
        Block(Vec::new(heap))
    }

    /// Makes room for elements up to `len`. The address may change.
    pub fn reserve(&mut self, len: usize) -> Result<(), OutOfMemory> {
        self.0.reserve_exact(len.saturating_sub(self.len()))
    }

    /// Changes the length; new elements are `value`. The address stays if there is room.
    pub fn resize(&mut self, len: usize, value: T) -> Result<(), OutOfMemory> {
        self.0.resize(len, value)
    }

    /// The first element; dangling if there is none.
    pub fn base(&self) -> *mut T {
        self.0.start()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The elements.
    pub fn get(&self) -> &[T] {
        // SAFETY: (R3) the array is there, and no code runs while it is borrowed.
        unsafe { core::slice::from_raw_parts(self.base(), self.len()) }
    }

    /// The elements.
    pub fn get_mut(&mut self) -> &mut [T] {
        // SAFETY: (R3) as above.
        unsafe { core::slice::from_raw_parts_mut(self.base(), self.len()) }
    }
}
