//! Memories (WebAssembly Core, 4.2.8).

use super::builtins::Work;
use super::place::{Block, Place};
use super::state::State;
use crate::{Error, Memory, Quota};
use wasmote_core::vm::VmCtx;
use wasmote_core::{MemoryType, Trap};
use wasmote_platform::Heap;

/// A memory.
pub(crate) struct MemoryData {
    bytes: Block<u8>,
    /// As declared.
    pub ty: MemoryType,
    /// Its size as code is told.
    pages: u32,
    /// The most bytes that it may have; 0 if it must not grow.
    quota: u32,
}

impl MemoryData {
    /// A memory of its type's minimal size, full of zeros; only its first bytes if it is `trimmed`.
    pub fn new(
        heap: &Heap,
        ty: MemoryType,
        quota: u32,
        trimmed: Option<u32>,
    ) -> Result<Place<MemoryData>, Error> {
        let declared = bytes(ty, ty.limits.min);
        let len = declared.into_iter().chain(trimmed).min().filter(|&len| len <= quota);
        let len = len.ok_or(Error::Quota(Quota::MemoryBytes))?;
        let quota = if trimmed.is_some() { 0 } else { quota };
        let memory = || MemoryData { bytes: Block::new(heap), ty, pages: ty.limits.min, quota };
        let place = Place::new(heap, memory)?;
        // SAFETY: (R2) nobody else knows the memory yet.
        unsafe { &mut *place.ptr() }.bytes.resize(len as usize, 0)?;
        Ok(place)
    }

    /// Its size in pages, as declared if it was trimmed.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Its contents.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get()
    }

    /// Its contents.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut()
    }

    /// Tells its place to an instance that uses it.
    pub(super) fn show(&self, ctx: &mut VmCtx) {
        ctx.memory_base = self.bytes.base();
        ctx.memory_len = self.bytes.len();
    }

    /// The number of pages and of bytes after growing by `delta` pages; `None` if limits or quota forbid it.
    fn grown(&self, delta: u32) -> Option<(u32, u32)> {
        let new = self.pages.checked_add(delta)?;
        let len = bytes(self.ty, new).filter(|&len| len <= self.quota)?;
        (new <= self.ty.limits.max.unwrap_or(self.ty.max_pages())).then_some((new, len))
    }
}

/// Bytes of so many pages; `None` if they are more than any quota.
fn bytes(ty: MemoryType, pages: u32) -> Option<u32> {
    pages.checked_mul(1 << ty.page_log2)
}

impl State {
    /// Grows a memory by `delta` pages of zeros, as `memory.grow` (WebAssembly Core, 4.4.7). The former number of pages, or
    /// `None` if its limits, its quota or the heap forbid it. See [`Work`] for how it may be ended early: the memory is then
    /// as large as before.
    pub(crate) fn grow_memory(
        &mut self,
        memory: Memory,
        delta: u32,
        work: Work,
    ) -> Result<Option<u32>, Trap> {
        let Some(place) = self.memory_at(memory) else { return Ok(None) };
        // SAFETY: (R2) memories live as long as the store; code that runs reads the context again after this.
        let grown = unsafe { &mut *place };
        let old = grown.pages;
        if delta == 0 {
            return Ok(Some(old));
        }
        let Some((pages, len)) = grown.grown(delta) else { return Ok(None) };
        let done = work.grow(&mut grown.bytes, len as usize, 0);
        if let Ok(true) = done {
            grown.pages = pages;
        }
        for instance in (0..self.instance_count()).filter_map(|number| self.instance(number)) {
            if instance.memory == place {
                // SAFETY: (R2) contexts live as long as the store.
                grown.show(unsafe { &mut *instance.ctx.ptr() });
            }
        }
        Ok(done?.then_some(old))
    }
}
