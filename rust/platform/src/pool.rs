//! Memory that the embedder gives, for a heap of a runtime's own.
//!
//! Blocks in use have no head, as whoever gives one back knows its size. Free ones are a list in the order of their addresses, of
//! which the first that is large enough is taken, so that what is left stays in one piece as far as it can. Looking for one takes as
//! long as the list is, which is never longer than there are blocks in use, and one more.

use core::ptr::{self, NonNull};

/// What sizes and addresses of blocks are multiples of: there is room for the head of a free one, and it is the greatest alignment.
const GRAIN: usize = 16;

/// The memory that is free.
pub(crate) struct Pool {
    first: *mut Free,
}

/// How a free block begins.
#[derive(Clone, Copy)]
struct Free {
    next: *mut Free,
    size: usize,
}

const _: () = assert!(size_of::<Free>() <= GRAIN);

impl Pool {
    /// # Safety
    /// (P4) The memory is handed over.
    pub unsafe fn new(memory: NonNull<[u8]>) -> Pool {
        let start = memory.cast::<u8>();
        let skipped = start.addr().get().wrapping_neg() % GRAIN;
        let size = memory.len().saturating_sub(skipped) / GRAIN * GRAIN;
        let mut pool = Pool { first: ptr::null_mut() };
        if size != 0 {
            // SAFETY: (P4) (P12) inside of the memory, which nobody else uses.
            unsafe { pool.deallocate(start.add(skipped), size) };
        }
        pool
    }

    /// Takes a block of `size` bytes, which are not 0.
    pub fn allocate(&mut self, size: usize) -> Option<NonNull<u8>> {
        self.take(ptr::null(), whole(size))
    }

    /// Takes the beginning of the first free block that is large enough, and that is `this` one, unless null is given.
    fn take(&mut self, this: *const Free, size: usize) -> Option<NonNull<u8>> {
        let mut link = &raw mut self.first;
        // SAFETY: (P12) free blocks begin with their head.
        unsafe {
            while let Some(free) = NonNull::new(*link) {
                let place = free.as_ptr();
                let Free { next, size: found } = *place;
                if found >= size && (this.is_null() || ptr::eq(this, place)) {
                    *link = next;
                    if found > size {
                        let rest = place.byte_add(size);
                        *rest = Free { next, size: found - size };
                        *link = rest;
                    }
                    return Some(free.cast());
                }
                link = &raw mut (*place).next;
            }
        }
        None
    }

    /// Gives a block back, or the end of one.
    ///
    /// # Safety
    /// (P12) It is not used any more.
    pub unsafe fn deallocate(&mut self, block: NonNull<u8>, size: usize) {
        let block = block.cast::<Free>().as_ptr();
        let mut link = &raw mut self.first;
        let mut before = ptr::null_mut();
        // SAFETY: (P12) free blocks begin with their head, and this becomes one.
        unsafe {
            while !(*link).is_null() && *link < block {
                before = *link;
                link = &raw mut (*before).next;
            }
            *block = Free { next: *link, size: whole(size) };
            *link = block;
            join(block);
            if !before.is_null() {
                join(before);
            }
        }
    }

    /// Makes a block larger or smaller, where it is if that is possible; one of no bytes is none. `None` leaves it as it was.
    ///
    /// # Safety
    /// (P12) It is a block of `old` bytes, whose address is not used any more if this succeeds.
    pub unsafe fn reallocate(&mut self, block: NonNull<u8>, old: usize, new: usize) -> Option<NonNull<u8>> {
        let (had, wanted) = (whole(old), whole(new));
        // SAFETY: (P12) as the caller says; what is taken is nobody else's.
        unsafe {
            if wanted <= had {
                if wanted < had {
                    self.deallocate(block.add(wanted), had - wanted);
                }
                return Some(block);
            }
            if had != 0 && self.take(block.add(had).cast().as_ptr(), wanted - had).is_some() {
                return Some(block);
            }
            let moved = self.allocate(wanted)?;
            if had != 0 {
                moved.copy_from_nonoverlapping(block, old);
                self.deallocate(block, had);
            }
            Some(moved)
        }
    }
}

/// Makes one block of a free one and the next if they touch.
///
/// # Safety
/// (P12) A free block in the list.
unsafe fn join(free: *mut Free) {
    // SAFETY: (P12) the caller says so.
    unsafe {
        let Free { next, size } = *free;
        if ptr::eq(free.wrapping_byte_add(size), next) {
            *free = Free { next: (*next).next, size: size + (*next).size };
        }
    }
}

/// What a block of `size` bytes takes. Sizes of layouts are at most `isize::MAX`.
fn whole(size: usize) -> usize {
    size.next_multiple_of(GRAIN)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::{GRAIN, Pool, whole};
    use core::ptr::NonNull;

    const SIZE: usize = 2048;

    /// A block that is filled with its number.
    struct Block {
        place: NonNull<u8>,
        size: usize,
        number: u8,
    }

    impl Block {
        fn check(&self, size: usize) {
            // SAFETY: (P12) the block is in use.
            let bytes = unsafe { core::slice::from_raw_parts(self.place.as_ptr(), size) };
            assert!(bytes.iter().all(|&byte| byte == self.number));
        }

        fn fill(&self) {
            // SAFETY: (P12) the block is in use.
            unsafe { self.place.write_bytes(self.number, self.size) };
        }
    }

    #[test]
    fn blocks_keep_what_is_in_them_and_become_one_again() {
        let mut memory = [0u128; SIZE / 16 + 1];
        let bytes = NonNull::from(&mut memory).cast::<u8>();
        for skip in [0, 1, 15] {
            // SAFETY: (P4) nobody else uses it.
            let mut pool = unsafe { Pool::new(NonNull::slice_from_raw_parts(bytes.add(skip), SIZE)) };
            let all = SIZE - if skip == 0 { 0 } else { GRAIN };
            let mut blocks: std::vec::Vec<Block> = std::vec::Vec::new();
            let mut state = 1u64;
            let mut next = |below: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % below
            };
            let (mut refused, mut stayed) = (0, 0);
            for number in 0..1000usize {
                let size = 1 + next(if number.is_multiple_of(7) { 400 } else { 60 });
                match next(3) {
                    0 => match pool.allocate(size) {
                        Some(place) => {
                            assert!(place.addr().get().is_multiple_of(GRAIN));
                            let block = Block { place, size, number: number as u8 };
                            block.fill();
                            blocks.push(block);
                        }
                        None => refused += 1,
                    },
                    1 if !blocks.is_empty() => {
                        let block = blocks.swap_remove(next(blocks.len()));
                        block.check(block.size);
                        // SAFETY: (P12) it was in use.
                        unsafe { pool.deallocate(block.place, block.size) };
                    }
                    2 if !blocks.is_empty() => {
                        let at = next(blocks.len());
                        let block = &mut blocks[at];
                        // SAFETY: (P12) it is in use.
                        match unsafe { pool.reallocate(block.place, block.size, size) } {
                            Some(place) => {
                                stayed +=
                                    usize::from(place == block.place && whole(size) > whole(block.size));
                                let kept = block.size.min(size);
                                (block.place, block.size) = (place, size);
                                block.check(kept);
                                block.fill();
                            }
                            None => block.check(block.size),
                        }
                    }
                    _ => {}
                }
                let used: usize = blocks.iter().map(|block| whole(block.size)).sum();
                assert!(used <= all);
            }
            assert!(refused > 0 && stayed > 0);
            while let Some(block) = blocks.pop() {
                block.check(block.size);
                // SAFETY: (P12) it was in use.
                unsafe { pool.deallocate(block.place, block.size) };
            }
            assert!(pool.allocate(all + 1).is_none());
            assert!(pool.allocate(all).is_some());
            assert!(pool.allocate(1).is_none());
        }
    }

    #[test]
    fn too_little_memory_is_none() {
        let mut memory = [0u128; 2];
        let bytes = NonNull::from(&mut memory).cast::<u8>();
        for (skip, size, rooms) in
            [(0, 0, 0), (0, 15, 0), (1, 15, 0), (1, 30, 0), (1, 31, 1), (0, 16, 1), (0, 32, 2)]
        {
            // SAFETY: (P4) nobody else uses it.
            let mut pool = unsafe { Pool::new(NonNull::slice_from_raw_parts(bytes.add(skip), size)) };
            for _ in 0..rooms {
                assert!(pool.allocate(1).is_some(), "{skip} {size}");
            }
            assert!(pool.allocate(1).is_none(), "{skip} {size}");
        }
    }
}
