//! The memory for compiled code, shared by the modules of an engine.

use crate::code::CodeRegion;
use crate::{Heap, Mutex, OutOfMemory, Shared, Vec};
use core::cell::UnsafeCell;

/// Blocks begin at multiples of so many bytes: a cache line of the cores that have caches.
const ALIGN: usize = 32;

/// The platform's memory for compiled code, in blocks. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct CodeSpace(Shared<Inner>);

struct Inner {
    region: CodeRegion,
    mutex: Mutex,
    /// The blocks in use, by place: first byte and one past the last.
    blocks: UnsafeCell<Vec<(usize, usize)>>,
}

// SAFETY: (X3) the list of blocks is only touched while the mutex is held.
unsafe impl Sync for Inner {}

impl core::fmt::Debug for Inner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.region.fmt(f)
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
        let inner = Inner { region, mutex, blocks: UnsafeCell::new(Vec::new(heap)) };
        let inner = Shared::new(heap, inner)?;
        if !inner.mutex.init() {
            return Err(OutOfMemory);
        }
        Ok(Some(CodeSpace(inner)))
    }

    /// Calls `f` with the list of blocks.
    fn with<R>(&self, f: impl FnOnce(&mut Vec<(usize, usize)>) -> R) -> R {
        // SAFETY: (X3) nobody else has the list while the mutex is held, and `f` does not come back here.
        self.0.mutex.with(|| f(unsafe { &mut *self.0.blocks.get() }))
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.with(|blocks| blocks.iter().map(|(from, to)| to - from).sum())
    }

    /// Bytes of the largest block that there is room for.
    pub fn largest_free(&self) -> usize {
        self.with(|blocks| gaps(blocks, self.0.region.size()).map(|(_, from, to)| to - from).max().unwrap_or(0))
    }

    /// Copies code to where it can be executed.
    ///
    /// # Errors
    /// There is no room for it, in the region or for a note of it on the heap.
    pub fn publish(&self, code: &[u8]) -> Result<CodeBlock, CodeFull> {
        let at = self
            .with(|blocks| {
                let len = code.len().next_multiple_of(ALIGN);
                let gap = gaps(blocks, self.0.region.size()).find(|(_, from, to)| to - from >= len);
                let (index, from, _) = gap?;
                blocks.push((0, 0)).ok()?;
                // The last one moves to its place.
                let order = blocks.get_mut(index..)?;
                order.rotate_right(1);
                *order.first_mut()? = (from, from + len);
                Some(from)
            })
            .ok_or(CodeFull)?;
        let block = CodeBlock { space: self.clone(), at, len: code.len() };
        self.0.region.write(at, code);
        Ok(block)
    }
}

/// The places between blocks: the index that a block there would have, first byte and one past the last.
fn gaps(blocks: &[(usize, usize)], size: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let starts = core::iter::once(0).chain(blocks.iter().map(|block| block.1));
    let ends = blocks.iter().map(|block| block.0).chain(core::iter::once(size & !(ALIGN - 1)));
    starts.zip(ends).enumerate().map(|(index, (from, to))| (index, from, to))
}

/// Compiled code that can be executed. Gives its place back when dropped.
#[derive(Debug)]
pub struct CodeBlock {
    space: CodeSpace,
    at: usize,
    len: usize,
}

impl CodeBlock {
    /// Its first byte.
    pub fn start(&self) -> *const u8 {
        self.space.0.region.base().wrapping_add(self.at)
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
            if let Some(index) = blocks.iter().position(|&(from, _)| from == self.at)
                && let Some(order) = blocks.get_mut(index..)
            {
                order.rotate_left(1);
                blocks.pop();
            }
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.mutex.deinit();
    }
}
