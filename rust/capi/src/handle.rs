//! Handles: what the application holds of ours.

use crate::message::Failure;
use crate::types::wasmote_status::WASMOTE_ERR_INVALID_ARGUMENT;
use core::alloc::Layout;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use wasmote_platform::{Heap, from_utf8};

/// What a handle leads to. The kind is in front, so that a handle of another kind, or one that was deleted and
/// whose memory is not in use again, is noticed.
#[repr(C)]
struct Block<T> {
    kind: u32,
    body: T,
}

/// Where the body begins.
pub(crate) const fn body_offset<T>() -> usize {
    core::mem::offset_of!(Block<T>, body)
}

/// The body of a handle.
pub(crate) trait Handle: Sized {
    /// A number that memory is not likely to hold by chance.
    const KIND: u32;
    /// The type of the handle in C.
    type Opaque;
    /// The heap that its block is on, which lives as long as the body.
    fn heap(&self) -> &Heap;
}

/// What stands in front of a block that is no longer a handle.
pub(crate) const DELETED: u32 = 0;

/// Memory for a handle.
pub(crate) struct Reserved<'h, T> {
    place: NonNull<Block<T>>,
    heap: &'h Heap,
}

impl<'h, T: Handle> Reserved<'h, T> {
    /// Allocates it on what will be the body's heap.
    pub fn new(heap: &'h Heap) -> Result<Reserved<'h, T>, Failure> {
        let place = heap.allocate(Layout::new::<Block<T>>())?.cast();
        Ok(Reserved { place, heap })
    }

    /// Makes the handle, which lives until [`take`].
    pub fn fill(self, body: T) -> *mut T::Opaque {
        let reserved = ManuallyDrop::new(self);
        // SAFETY: (C2) allocated by `new`.
        unsafe { fill(reserved.place, body) }
    }
}

impl<T> Drop for Reserved<'_, T> {
    fn drop(&mut self) {
        // SAFETY: (C2) allocated by `new` with this layout, and not filled.
        unsafe { self.heap.deallocate(self.place.cast(), Layout::new::<Block<T>>()) };
    }
}

/// Makes a handle, which lives until [`take`].
pub(crate) fn make<T: Handle>(body: T) -> Result<*mut T::Opaque, Failure> {
    let place = body.heap().allocate(Layout::new::<Block<T>>())?;
    // SAFETY: (C2) allocated above.
    Ok(unsafe { fill(place.cast(), body) })
}

/// # Safety
/// (C2) A fresh block on the body's heap.
unsafe fn fill<T: Handle>(place: NonNull<Block<T>>, body: T) -> *mut T::Opaque {
    // SAFETY: (C2) the caller says so.
    unsafe { place.write(Block { kind: T::KIND, body }) };
    place.as_ptr().cast()
}

/// The kind that a handle claims to be; `None` if it is none that is aligned as handles are.
///
/// # Safety
/// (C1) A pointer that is not null must have come from this crate.
#[inline(always)]
pub(crate) unsafe fn kind<T>(handle: *const T) -> Option<u32> {
    let word = handle.cast::<u32>();
    if word.is_null() || !word.is_aligned() {
        return None;
    }
    // SAFETY: (C1) every block begins with its kind. The compiler must not know that a deleted one has none.
    Some(unsafe { word.read_volatile() })
}

/// The body of a handle.
///
/// # Safety
/// (C1) As for [`kind`], and the handle must not be deleted for as long as the body is borrowed.
pub(crate) unsafe fn get<'a, T: Handle>(handle: *const T::Opaque) -> Result<&'a T, Failure> {
    // SAFETY: (C1) the caller says so.
    unsafe {
        is(handle.cast(), T::KIND)?;
        Ok(body::<T>(handle))
    }
}

/// Fails unless it is a handle of this kind.
///
/// # Safety
/// (C1) As for [`kind`].
#[inline(never)]
unsafe fn is(handle: *const u32, of: u32) -> Result<(), Failure> {
    // SAFETY: (C1) the caller says so.
    if unsafe { kind(handle) } == Some(of) { Ok(()) } else { Err(WASMOTE_ERR_INVALID_ARGUMENT.into()) }
}

/// The body of a handle of this kind.
///
/// # Safety
/// (C1) As for [`get`], and its kind was looked at.
pub(crate) unsafe fn body<'a, T: Handle>(handle: *const T::Opaque) -> &'a T {
    // SAFETY: (C1) (C2) the caller says so.
    unsafe { &(*handle.cast::<Block<T>>()).body }
}

/// Ends a handle: its body, with the memory of the block given back.
///
/// # Safety
/// (C1) It is a handle of this kind, and nobody borrows its body.
pub(crate) unsafe fn take<T: Handle>(handle: *mut T::Opaque) -> T {
    // SAFETY: (C1) (C2) the caller says so; the contents are read out once, then the block is freed.
    unsafe {
        let place = NonNull::new_unchecked(handle.cast::<Block<T>>());
        let Block { body, .. } = place.read();
        place.cast::<u32>().write_volatile(DELETED);
        body.heap().deallocate(place.cast(), Layout::new::<Block<T>>());
        body
    }
}

/// Ends a handle, and drops its body.
///
/// # Safety
/// (C1) As for [`take`].
#[inline(never)]
pub(crate) unsafe fn delete<T: Handle>(handle: *mut T::Opaque) {
    // SAFETY: (C1) the caller says so.
    drop(unsafe { take::<T>(handle) });
}

/// Writes to a place that the application gives for a result.
///
/// # Safety
/// (C3) A pointer that is not null must be valid for writing.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) -> Result<(), Failure> {
    if to.is_null() || !to.is_aligned() {
        return Err(WASMOTE_ERR_INVALID_ARGUMENT.into());
    }
    // SAFETY: (C3) the caller says so.
    unsafe { to.write(value) };
    Ok(())
}

/// Fails if [`put`] would, before there is something to put.
pub(crate) fn can_put<T>(to: *mut T) -> Result<(), Failure> {
    if to.is_null() || !to.is_aligned() { Err(WASMOTE_ERR_INVALID_ARGUMENT.into()) } else { Ok(()) }
}

/// An array of the application's.
///
/// # Safety
/// (C3) A pointer that is not null must be valid for reading `len` elements for as long as they are borrowed.
pub(crate) unsafe fn array<'a, T>(from: *const T, len: usize) -> Result<&'a [T], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if from.is_null() || !from.is_aligned() || len > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(WASMOTE_ERR_INVALID_ARGUMENT.into());
    }
    // SAFETY: (C3) the caller says so.
    Ok(unsafe { core::slice::from_raw_parts(from, len) })
}

/// As [`array`], to be written.
///
/// # Safety
/// (C3) A pointer that is not null must be valid for `len` elements that nobody else uses meanwhile.
pub(crate) unsafe fn array_mut<'a, T>(to: *mut T, len: usize) -> Result<&'a mut [T], Failure> {
    if len == 0 {
        return Ok(&mut []);
    }
    if to.is_null() || !to.is_aligned() || len > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(WASMOTE_ERR_INVALID_ARGUMENT.into());
    }
    // SAFETY: (C3) the caller says so.
    Ok(unsafe { core::slice::from_raw_parts_mut(to, len) })
}

/// A string of the application's, without which there is nothing to do.
///
/// # Safety
/// (C3) As for [`find_string`].
#[inline(always)]
pub(crate) unsafe fn string<'a>(from: *const core::ffi::c_char) -> Result<&'a str, Failure> {
    // SAFETY: (C3) the caller says so.
    unsafe { find_string(from) }.ok_or_else(|| WASMOTE_ERR_INVALID_ARGUMENT.into())
}

/// A string of the application's; `None` if it is null or not UTF-8.
///
/// # Safety
/// (C3) A pointer that is not null must lead to a NUL terminated string that stays for as long as it is borrowed.
#[inline(never)]
pub(crate) unsafe fn find_string<'a>(from: *const core::ffi::c_char) -> Option<&'a str> {
    if from.is_null() {
        return None;
    }
    // SAFETY: (C3) the caller says so.
    from_utf8(unsafe {
        let mut len = 0;
        // Volatile, or the compiler makes a call of strlen of it, which is large and which the firmware may not have.
        while from.add(len).read_volatile() != 0 {
            len += 1;
        }
        core::slice::from_raw_parts(from.cast::<u8>(), len)
    })
}

/// A name of the application's.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Failure> {
    from_utf8(bytes).ok_or_else(|| WASMOTE_ERR_INVALID_ARGUMENT.into())
}
