//! Memories (WebAssembly Core, 4.2.8).

use super::place::Block;
use super::state::State;
use crate::{Error, Memory, Quota};
use wasmote_core::MemoryType;
use wasmote_core::vm::VmCtx;
use wasmote_platform::Heap;

/// A memory.
pub(crate) struct MemoryData {
    bytes: Block<u8>,
    /// As declared.
    pub ty: MemoryType,
    /// The most bytes it may have.
    quota: u32,
}

impl MemoryData {
    /// A memory of its type's minimal size, full of zeros.
    pub fn new(heap: &Heap, ty: MemoryType, quota: u32) -> Result<MemoryData, Error> {
        let mut memory = MemoryData { bytes: Block::new(heap, 0, 0)?, ty, quota };
        let len = memory.allowed(ty.limits.min).ok_or(Error::Quota(Quota::MemoryBytes))?;
        memory.bytes.resize(len, 0)?;
        Ok(memory)
    }

    /// The number of bytes of so many pages, if the quota allows them.
    fn allowed(&self, pages: u32) -> Option<usize> {
        let len = u64::from(pages) << self.ty.page_log2;
        if len <= self.quota.into() { usize::try_from(len).ok() } else { None }
    }

    /// Its size in pages.
    pub fn pages(&self) -> u32 {
        (self.bytes.len() >> self.ty.page_log2) as u32
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

    /// Grows by `delta` pages of zeros. The former number of pages, or `None` if limits, quota or heap forbid it.
    fn grow(&mut self, delta: u32) -> Option<u32> {
        let old = self.pages();
        let new = old.checked_add(delta)?;
        if new > self.ty.limits.max.unwrap_or(u32::MAX).min(self.ty.max_pages()) {
            return None;
        }
        let len = self.allowed(new)?;
        self.bytes.resize(len, 0).ok()?;
        Some(old)
    }
}

impl State {
    /// Grows a memory, as `memory.grow` (WebAssembly Core, 4.4.7). The former number of pages, or `None` if its
    /// limits, its quota or the heap forbid it.
    pub(crate) fn grow_memory(&mut self, memory: Memory, delta: u32) -> Option<u32> {
        let place = self.memory_at(memory)?;
        // SAFETY: (R2) memories live as long as the store; code that runs reads the context again after this.
        let grown = unsafe { &mut *place };
        let old = grown.grow(delta)?;
        if delta != 0 {
            for instance in self.instances.iter() {
                // SAFETY: (R2) instances and their contexts live as long as the store.
                unsafe {
                    let instance = &*instance.ptr();
                    if instance.memory == place {
                        grown.show(&mut *instance.ctx.ptr());
                    }
                }
            }
        }
        Some(old)
    }
}
