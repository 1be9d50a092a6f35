//! The memory for compiled code, shared by the modules of an engine.

use crate::code::{CodeRegion, GRANULE};
use crate::{Heap, Mutex, OutOfMemory, Shared, Vec};
use core::cell::{Cell, UnsafeCell};

/// The platform's memory for compiled code, in blocks. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct CodeSpace(Shared<Inner>);

struct Inner {
    mutex: Mutex,
    /// Whether there is a mutex in its storage.
    initialised: Cell<bool>,
    /// Only touched while the mutex is held.
    blocks: UnsafeCell<Blocks>,
}

struct Blocks {
    region: CodeRegion,
    /// Those in use, by place.
    used: Vec<Used>,
}

#[derive(Clone, Copy)]
struct Used {
    /// The first byte.
    from: usize,
    /// One past the last byte.
    to: usize,
    /// Where what it belongs to began.
    owner: usize,
}

// SAFETY: (P11) the blocks are only touched while the mutex is held; the rest does not change once there are two owners.
unsafe impl Sync for Inner {}

impl core::fmt::Debug for Inner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CodeSpace")
    }
}

/// Bytes of code.
fn length<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> usize {
    pieces.map(<[u8]>::len).sum()
}

/// There is no room for a block of code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeFull;

impl CodeSpace {
    /// Claims the platform's memory for code; `None` if there is none, or somebody has it already.
    ///
    /// # Errors
    /// The heap is used up.
    pub fn claim(heap: &Heap) -> Result<Option<CodeSpace>, OutOfMemory> {
        let Some(region) = CodeRegion::claim() else { return Ok(None) };
        // SAFETY: (P1) initialised below, before anything else is done with it, and at its final place.
        let mutex = unsafe { Mutex::storage() };
        let blocks = UnsafeCell::new(Blocks { region, used: Vec::new(heap) });
        let inner = Shared::new(heap, Inner { mutex, initialised: Cell::new(false), blocks })?;
        if !inner.mutex.init() {
            return Err(OutOfMemory);
        }
        inner.initialised.set(true);
        Ok(Some(CodeSpace(inner)))
    }

    fn with<R>(&self, f: impl FnOnce(&mut Blocks) -> R) -> R {
        // SAFETY: (P11) nobody else has the blocks while the mutex is held, and `f` does not come back here.
        self.0.mutex.with(|| f(unsafe { &mut *self.0.blocks.get() }))
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.with(|blocks| blocks.in_use())
    }

    /// Bytes of the largest block that there is room for.
    pub fn largest_free(&self) -> usize {
        self.with(|blocks| blocks.largest_gap().1)
    }

    /// Copies code, in pieces that follow each other, to where it can be executed. Inside, an error means that there is no
    /// room for it.
    ///
    /// # Errors
    /// There is no heap for a note of it.
    pub fn publish<'a>(
        &self,
        pieces: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<Result<CodeBlock, CodeFull>, OutOfMemory> {
        let len = length(pieces.clone());
        let placed = self.with(|blocks| {
            // Each has a place of its own, by which it is known, whatever is in it.
            let size = len.max(1).next_multiple_of(GRANULE);
            let Some((from, _)) = blocks.gap_of(|(_, room)| room >= size) else { return Ok(None) };
            blocks.add(Used { from, to: from + size, owner: from })?;
            blocks.write(from, pieces)?;
            Ok(Some((from, blocks.address(from))))
        })?;
        let block = |(at, start): (usize, *mut u8)| CodeBlock { space: self.clone(), at, start, len };
        Ok(placed.map(block).ok_or(CodeFull))
    }
}

impl Blocks {
    /// The first place between blocks of which this holds: where it begins, and its bytes.
    fn gap_of(&self, mut holds: impl FnMut((usize, usize)) -> bool) -> Option<(usize, usize)> {
        let end = self.region.size() & !(GRANULE - 1);
        let (mut from, mut blocks) = (0, self.used.iter());
        loop {
            let block = blocks.next();
            let gap = (from, block.map_or(end, |block| block.from) - from);
            if holds(gap) {
                return Some(gap);
            }
            from = block?.to;
        }
    }

    /// Where it begins, and its bytes.
    #[inline(never)]
    fn largest_gap(&self) -> (usize, usize) {
        let mut largest = (0, 0);
        self.gap_of(|gap| {
            if gap.1 >= largest.1 {
                largest = gap;
            }
            false
        });
        largest
    }

    /// Bytes in use.
    fn in_use(&self) -> usize {
        self.used.iter().map(|block| block.to - block.from).sum()
    }

    fn address(&self, at: usize) -> *mut u8 {
        self.region.start().as_ptr().wrapping_add(at)
    }

    /// A block is in use, in a gap between others.
    fn add(&mut self, mut block: Used) -> Result<(), OutOfMemory> {
        self.used.reserve_exact(1)?;
        // Those behind it each move on by one.
        for place in self.used.iter_mut() {
            if place.from > block.from {
                core::mem::swap(place, &mut block);
            }
        }
        self.used.push(block)
    }

    /// Writes code, for which there is room.
    fn write<'a>(
        &mut self,
        mut to: usize,
        pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), OutOfMemory> {
        for piece in pieces {
            self.region.write(to, piece)?;
            to += piece.len();
        }
        Ok(())
    }
}

/// Where more code of a [`CodeBlock`]'s owner will lie: it is made for that place, which nobody else takes meanwhile.
pub struct MoreCode<'b> {
    blocks: &'b mut Blocks,
    owner: usize,
}

impl MoreCode<'_> {
    /// The address of its first byte.
    pub fn start(&self) -> *const u8 {
        self.blocks.address(self.blocks.largest_gap().0)
    }

    /// Bytes that it may have, if all code together may have `limit`.
    pub fn room(&self, limit: usize) -> usize {
        let allowed = limit.saturating_sub(self.blocks.in_use()) & !(GRANULE - 1);
        self.blocks.largest_gap().1.min(allowed)
    }

    /// Copies the code, in pieces that follow each other and are not more than there is room for, to where it was made for.
    ///
    /// # Errors
    /// There is no heap for a note of it.
    pub fn publish<'a>(self, pieces: impl Iterator<Item = &'a [u8]> + Clone) -> Result<(), OutOfMemory> {
        let MoreCode { blocks, owner } = self;
        let (from, _) = blocks.largest_gap();
        let to = (from + length(pieces.clone())).next_multiple_of(GRANULE);
        match blocks.used.iter_mut().find(|block| block.to == from && block.owner == owner) {
            Some(before) => before.to = to,
            None => blocks.add(Used { from, to, owner })?,
        }
        blocks.write(from, pieces)
    }
}

/// Compiled code that can be executed. Gives its place back when dropped, with that of what was added to it.
#[derive(Debug)]
pub struct CodeBlock {
    space: CodeSpace,
    at: usize,
    start: *const u8,
    len: usize,
}

// SAFETY: (P9) the address of code, which any thread may execute.
unsafe impl Send for CodeBlock {}
// SAFETY: (P9) as above.
unsafe impl Sync for CodeBlock {}

impl CodeBlock {
    /// Its first byte.
    pub fn start(&self) -> *const u8 {
        self.start
    }

    /// Lets `make` make more code. Nobody else is given or gives back memory for code before it returns.
    pub fn more<R>(&self, make: impl FnOnce(MoreCode<'_>) -> R) -> R {
        self.space.with(|blocks| make(MoreCode { blocks, owner: self.at }))
    }

    /// Bytes of memory that are in use for it, with all that was added.
    pub fn size(&self) -> usize {
        let own = |blocks: &Blocks| {
            blocks.used.iter().filter(|block| block.owner == self.at).map(|block| block.to - block.from).sum()
        };
        self.space.with(|blocks| own(blocks))
    }

    /// Its bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Drop for CodeBlock {
    fn drop(&mut self) {
        self.space.with(|blocks| {
            blocks.used.retain(|block| block.owner != self.at);
            blocks.used.shrink();
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.initialised.get() {
            self.mutex.deinit();
        }
    }
}
