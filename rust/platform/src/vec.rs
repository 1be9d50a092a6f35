//! A growable array on the accounted heap.
//!
//! Not one of the collections that others keep: what grows and frees the memory is one function for all element types,
//! which saves some kilobytes of flash, and there is no operation that could fail in another way than by an error.

use crate::{Heap, OutOfMemory};
use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A growable array on a [`Heap`] whose every growth can fail.
pub struct Vec<T> {
    raw: Raw,
    elements: PhantomData<T>,
}

// SAFETY: (P7) the array owns its elements; the heap may be used from any thread.
unsafe impl<T: Send> Send for Vec<T> {}
// SAFETY: (P7) as above.
unsafe impl<T: Sync> Sync for Vec<T> {}

/// The most bytes of an array.
pub const MAX_ARRAY_BYTES: usize = isize::MAX as usize / 2;

/// The memory of an array, whatever its elements are: methods are told their layout, always the same one.
struct Raw {
    block: NonNull<u8>,
    /// Elements in use: the first `len` ones are initialised.
    len: usize,
    /// Elements that there is room for.
    capacity: usize,
    /// Given up by `free`.
    heap: ManuallyDrop<Heap>,
}

impl Raw {
    fn layout(element: Layout, capacity: usize) -> Option<Layout> {
        let size = element.size().checked_mul(capacity).filter(|&size| size <= MAX_ARRAY_BYTES)?;
        // SAFETY: (P3) the alignment is an element's, and rounded up to it the size is no more than `isize::MAX`.
        Some(unsafe { Layout::from_size_align_unchecked(size, element.align()) })
    }

    /// Of the block that there is.
    fn layout_now(&self, element: Layout) -> Layout {
        // SAFETY: (P7) the block was allocated with this layout.
        unsafe { Layout::from_size_align_unchecked(element.size() * self.capacity, element.align()) }
    }

    #[inline(never)]
    fn set_capacity(&mut self, element: Layout, capacity: usize) -> Result<(), OutOfMemory> {
        let old = self.layout_now(element);
        let new = Raw::layout(element, capacity).ok_or(OutOfMemory)?;
        // SAFETY: (P7) the block was allocated with the old capacity's layout.
        self.block = unsafe { self.heap.reallocate(self.block, old, new) }?;
        self.capacity = capacity;
        Ok(())
    }

    #[inline(never)]
    fn reserve(&mut self, element: Layout, more: usize) -> Result<(), OutOfMemory> {
        let wanted = self.len.checked_add(more).ok_or(OutOfMemory)?;
        if wanted <= self.capacity { Ok(()) } else { self.set_capacity(element, wanted) }
    }

    /// Makes room for further elements: half as many as there are, so that scratch space wastes little.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, element: Layout) -> Result<(), OutOfMemory> {
        self.reserve(element, 8 + self.len / 2)
    }

    /// Gives all up.
    ///
    /// # Safety
    /// Nothing else is done with it afterwards.
    #[inline(never)]
    unsafe fn free(&mut self, element: Layout) {
        // SAFETY: (P7) the block was allocated with this layout; the array is going. The heap once, as the caller says.
        unsafe {
            self.heap.deallocate(self.block, self.layout_now(element));
            ManuallyDrop::drop(&mut self.heap);
        }
    }
}

impl<T> Vec<T> {
    const ELEMENT: Layout = Layout::new::<T>();

    /// An empty array; allocates nothing.
    #[inline(always)]
    pub fn new(heap: &Heap) -> Vec<T> {
        // Elements without size would make `capacity` meaningless; nobody needs them.
        const { assert!(size_of::<T>() > 0) };
        let block = NonNull::<T>::dangling().cast();
        let raw = Raw { block, len: 0, capacity: 0, heap: ManuallyDrop::new(heap.clone()) };
        Vec { raw, elements: PhantomData }
    }

    /// An empty array with room for exactly `capacity` elements.
    pub fn with_capacity(heap: &Heap, capacity: usize) -> Result<Vec<T>, OutOfMemory> {
        let mut vec = Vec::new(heap);
        vec.reserve_exact(capacity)?;
        Ok(vec)
    }

    /// An array with the elements of an iterator that knows its length.
    pub fn from_iter(heap: &Heap, iter: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, OutOfMemory> {
        let mut vec = Vec::with_capacity(heap, iter.len())?;
        for item in iter {
            vec.push(item)?;
        }
        Ok(vec)
    }

    /// Makes room for `more` further elements, and for no others.
    pub fn reserve_exact(&mut self, more: usize) -> Result<(), OutOfMemory> {
        self.raw.reserve(Self::ELEMENT, more)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.raw.len
    }

    /// Number of elements that there is room for.
    pub fn capacity(&self) -> usize {
        self.raw.capacity
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.raw.len == 0
    }

    /// The address of the first element. Elements that are written through it must not be borrowed otherwise
    /// for as long as it is used.
    pub fn start(&self) -> *mut T {
        self.raw.block.cast::<T>().as_ptr()
    }

    /// Appends an element.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), OutOfMemory> {
        self.push_inline(value)
    }

    /// As [`push`](Vec::push), without a call.
    #[inline(always)]
    pub fn push_inline(&mut self, value: T) -> Result<(), OutOfMemory> {
        if self.raw.len == self.raw.capacity {
            self.raw.grow(Self::ELEMENT)?;
        }
        // SAFETY: (P7) there is room for an element behind the last one.
        unsafe { self.start().add(self.raw.len).write(value) };
        self.raw.len += 1;
        Ok(())
    }

    /// Removes and returns the last element.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.raw.len = self.raw.len.checked_sub(1)?;
        // SAFETY: (P7) it was initialised, and is behind the last element now.
        Some(unsafe { self.start().add(self.raw.len).read() })
    }

    /// Keeps the first `len` elements.
    pub fn truncate(&mut self, len: usize) {
        if core::mem::needs_drop::<T>() {
            while self.raw.len > len {
                self.raw.len -= 1;
                // SAFETY: (P7) it was initialised, and is behind the last element now.
                unsafe { self.start().add(self.raw.len).drop_in_place() };
            }
        } else {
            self.raw.len = self.raw.len.min(len);
        }
    }

    /// Keeps the elements that `keep` says, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        // Those that are gone meanwhile are nobody's.
        let len = core::mem::take(&mut self.raw.len);
        let mut kept = 0;
        for at in 0..len {
            let element = self.start().wrapping_add(at);
            // SAFETY: (P7) it was initialised, and is moved or dropped once; what was before it has been, too.
            unsafe {
                if !keep(&mut *element) {
                    element.drop_in_place();
                    continue;
                }
                if kept < at {
                    self.start().add(kept).copy_from_nonoverlapping(element, 1);
                }
            }
            kept += 1;
        }
        self.raw.len = kept;
    }

    /// Removes all elements; keeps the memory.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Gives back room that is not used, if the allocator can.
    pub fn shrink(&mut self) {
        if self.raw.capacity > self.raw.len {
            // What cannot be given back is kept.
            let _ = self.raw.set_capacity(Self::ELEMENT, self.raw.len);
        }
    }
}

impl<T: Copy> Vec<T> {
    /// Appends a slice.
    pub fn extend_from_slice(&mut self, slice: &[T]) -> Result<(), OutOfMemory> {
        self.reserve_exact(slice.len())?;
        // SAFETY: (P7) there is room for them behind the last element.
        unsafe { self.start().add(self.raw.len).copy_from_nonoverlapping(slice.as_ptr(), slice.len()) };
        self.raw.len += slice.len();
        Ok(())
    }

    /// Changes the length; new elements are `value`.
    pub fn resize(&mut self, len: usize, value: T) -> Result<(), OutOfMemory> {
        self.reserve_exact(len.saturating_sub(self.raw.len))?;
        let start = self.start();
        for at in self.raw.len..len {
            // SAFETY: (P7) there is room for `len` elements.
            unsafe { start.add(at).write(value) };
        }
        self.raw.len = len;
        Ok(())
    }

    /// A copy of a slice.
    pub fn copy_of(heap: &Heap, slice: &[T]) -> Result<Vec<T>, OutOfMemory> {
        let mut vec = Vec::new(heap);
        vec.extend_from_slice(slice)?;
        Ok(vec)
    }
}

impl Vec<u8> {
    /// Appends so many of a number's bytes, the lowest first.
    #[inline(always)]
    pub fn push_bytes(&mut self, number: u32, count: usize) -> Result<(), OutOfMemory> {
        const MOST: usize = size_of::<u32>();
        if self.raw.capacity - self.raw.len < MOST {
            self.raw.grow(Self::ELEMENT)?;
        }
        // SAFETY: (P7) there is room for all of them behind the last element.
        unsafe { self.start().add(self.raw.len).cast::<[u8; MOST]>().write(number.to_le_bytes()) };
        self.raw.len += count.min(MOST);
        Ok(())
    }
}

impl<T> Deref for Vec<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: (P7) the first `len` elements are initialised.
        unsafe { core::slice::from_raw_parts(self.start(), self.raw.len) }
    }
}

impl<T> DerefMut for Vec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: (P7) the first `len` elements are initialised, and borrowed mutably with the array.
        unsafe { core::slice::from_raw_parts_mut(self.start(), self.raw.len) }
    }
}

impl<T> Drop for Vec<T> {
    fn drop(&mut self) {
        self.clear();
        // SAFETY: (P7) the array is going.
        unsafe { self.raw.free(Self::ELEMENT) };
    }
}

impl<T: core::fmt::Debug> core::fmt::Debug for Vec<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::Vec;
    use crate::{Heap, Shared};

    #[test]
    fn grows_shrinks_and_drops() {
        let heap = Heap::platform().unwrap();
        let before = heap.stats().used;
        {
            let mut vec = Vec::new(&heap);
            for i in 0..1000u64 {
                vec.push(i).unwrap();
            }
            assert!(vec.iter().copied().eq(0..1000));
            vec.truncate(3);
            vec.shrink();
            assert_eq!(heap.stats().used - before, 24);
            vec.resize(5, 9).unwrap();
            vec.extend_from_slice(&[7, 8]).unwrap();
            assert_eq!(*vec, [0, 1, 2, 9, 9, 7, 8]);
            assert_eq!(vec.pop(), Some(8));
            vec.retain(|value| {
                *value += 1;
                ![1, 10].contains(value)
            });
            assert_eq!(*vec, [2, 3, 8]);
            vec.retain(|_| true);
            assert_eq!(*vec, [2, 3, 8]);
            vec.clear();
            vec.shrink();
            assert_eq!(heap.stats().used, before);
            assert_eq!(vec.pop(), None);
        }
        let owned = Shared::new(&heap, 5u8).unwrap();
        let mut vec = Vec::new(&heap);
        for _ in 0..10 {
            vec.push(owned.clone()).unwrap();
        }
        assert_eq!(Shared::owners(&owned), 11);
        let mut at = 0;
        vec.retain(|_| {
            at += 1;
            at % 3 != 1
        });
        assert_eq!((vec.len(), Shared::owners(&owned)), (6, 7));
        vec.truncate(4);
        assert_eq!(Shared::owners(&owned), 5);
        drop(vec);
        assert_eq!(Shared::owners(&owned), 1);
        drop(owned);
        assert_eq!(heap.stats().used, before);
    }

    #[test]
    fn failure_leaves_the_array_as_it_was() {
        let heap = Heap::platform().unwrap();
        let account = heap.account(64).unwrap();
        let mut vec = Vec::new(&account);
        while vec.push(1u32).is_ok() {}
        let len = vec.len();
        assert!(len > 0 && len <= 16);
        assert!(vec.extend_from_slice(&[0; 100]).is_err());
        assert!(vec.reserve_exact(usize::MAX).is_err());
        assert_eq!(vec.len(), len);
        heap.fail_after(1);
        assert!(Vec::with_capacity(&account, 1).map(|v: Vec<u8>| v).is_err());
    }
}
