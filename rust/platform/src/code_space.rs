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
    /// Those in use, by place: first byte and one past the last.
    used: Vec<(usize, usize)>,
}

// SAFETY: (P11) the blocks are only touched while the mutex is held; the rest does not change once there are two owners.
unsafe impl Sync for Inner {}

impl core::fmt::Debug for Inner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CodeSpace")
    }
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
        self.with(|blocks| blocks.used.iter().map(|(from, to)| to - from).sum())
    }

    /// Bytes of the largest block that there is room for.
    pub fn largest_free(&self) -> usize {
        self.with(|blocks| blocks.gaps().map(|(_, from, to)| to - from).max().unwrap_or(0))
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
        let len = pieces.clone().map(<[u8]>::len).sum::<usize>();
        let placed = self.with(|blocks| {
            let size = len.next_multiple_of(GRANULE);
            let Some((index, from, _)) = blocks.gaps().find(|(_, from, to)| to - from >= size) else {
                return Ok(None);
            };
            blocks.used.reserve_exact(1)?;
            blocks.used.push((from, from + size))?;
            // The last one moves to its place.
            if let Some(order) = blocks.used.get_mut(index..) {
                order.rotate_right(1);
            }
            let mut to = from;
            for piece in pieces {
                blocks.region.write(to, piece)?;
                to += piece.len();
            }
            Ok(Some((from, blocks.region.start().as_ptr().wrapping_add(from))))
        })?;
        let block = |(at, start): (usize, *mut u8)| CodeBlock { space: self.clone(), at, start, len };
        Ok(placed.map(block).ok_or(CodeFull))
    }
}

impl Blocks {
    /// The places between blocks: the index that a block there would have, first byte and one past the last.
    fn gaps(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let end = self.region.size() & !(GRANULE - 1);
        let starts = core::iter::once(0).chain(self.used.iter().map(|block| block.1));
        let ends = self.used.iter().map(|block| block.0).chain(core::iter::once(end));
        starts.zip(ends).enumerate().map(|(index, (from, to))| (index, from, to))
    }
}

/// Compiled code that can be executed. Gives its place back when dropped.
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
            if let Some(index) = blocks.used.iter().position(|&(from, _)| from == self.at)
                && let Some(order) = blocks.used.get_mut(index..)
            {
                order.rotate_left(1);
                blocks.used.pop();
                blocks.used.shrink();
            }
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
