//! Memories and tables (WebAssembly Core, 4.2.7 and 4.2.8): arrays that grow within limits.

use super::builtins::Work;
use super::place::{Block, Place};
use super::state::State;
use wasmote_core::vm::{NULL_REF, TableVm, VmCtx};
use wasmote_core::{Limits, MemoryType, TableType, Trap, ValType, limits};
use wasmote_platform::{Heap, OutOfMemory};

/// A memory or a table.
#[repr(C)]
pub(crate) struct Array {
    /// What code sees of a table; contexts have a memory's address and bytes themselves. The length is in elements or pages, as
    /// declared if it is a trimmed memory.
    pub vm: TableVm,
    /// Room for them: how much of it is in use `bytes` says, and not the block.
    cells: Block<u32>,
    /// Bytes in use. Those behind them in the last cell are 0.
    bytes: u32,
    pub shape: Shape,
    /// The number of the instance that defines it, of whose quota it takes.
    owner: u32,
}

/// What is declared of an array.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// In elements or pages.
    pub limits: Limits,
    /// Binary logarithm of the bytes of an element or a page.
    pub unit_log2: u8,
    /// The type of a table's elements; `None` for memories.
    pub element: Option<ValType>,
}

impl Shape {
    /// Bytes of so many elements or pages; `None` if they are more than any quota, or than a table may have.
    pub fn bytes(&self, len: u32) -> Option<u32> {
        let most = if self.element.is_none() { u32::MAX } else { limits::MAX_TABLE_ELEMENTS };
        len.checked_mul(1 << self.unit_log2).filter(|_| len <= most)
    }
}

impl From<TableType> for Shape {
    fn from(ty: TableType) -> Shape {
        Shape { limits: ty.limits, unit_log2: 2, element: Some(ty.element) }
    }
}

impl From<MemoryType> for Shape {
    fn from(ty: MemoryType) -> Shape {
        Shape { limits: ty.limits, unit_log2: ty.page_log2, element: None }
    }
}

impl Array {
    /// One of its minimal size, but with so many bytes, all of them 0, as null references are.
    pub fn new(heap: &Heap, shape: Shape, bytes: u32, owner: u32) -> Result<Place<Array>, OutOfMemory> {
        const { assert!(NULL_REF == 0) };
        let vm = TableVm { elements: core::ptr::null_mut(), len: shape.limits.min };
        let place = Place::new(heap, || Array { vm, cells: Block::new(heap), bytes, shape, owner })?;
        // SAFETY: (R2) nobody else knows it yet.
        let array = unsafe { &mut *place.ptr() };
        array.cells.reserve(cells_of(bytes))?;
        array.vm.elements = array.cells.base();
        // SAFETY: (R3) there is room for so many.
        unsafe { array.vm.elements.write_bytes(0, cells_of(bytes)) };
        Ok(place)
    }

    /// A memory's type, as declared.
    pub fn memory_type(&self) -> MemoryType {
        MemoryType { limits: self.shape.limits, page_log2: self.shape.unit_log2 }
    }

    /// A table's type, as declared.
    pub fn table_type(&self) -> Option<TableType> {
        Some(TableType { element: self.shape.element?, limits: self.shape.limits })
    }

    /// A memory's contents.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: (R3) the array is there, and no code runs while it is borrowed; it has as many bytes.
        unsafe { core::slice::from_raw_parts(self.cells.base().cast(), self.bytes as usize) }
    }

    /// A memory's contents.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: (R3) as above.
        unsafe { core::slice::from_raw_parts_mut(self.cells.base().cast(), self.bytes as usize) }
    }

    /// A table's elements.
    pub fn elements(&self) -> &[u32] {
        // SAFETY: (R3) as above; it has as many elements.
        unsafe { core::slice::from_raw_parts(self.vm.elements, self.vm.len as usize) }
    }

    /// A table's elements.
    pub fn elements_mut(&mut self) -> &mut [u32] {
        // SAFETY: (R3) as above.
        unsafe { core::slice::from_raw_parts_mut(self.vm.elements, self.vm.len as usize) }
    }

    /// Tells a memory's place to an instance that uses it.
    pub(super) fn show(&self, ctx: &mut VmCtx) {
        ctx.memory_base = self.cells.base().cast();
        ctx.memory_len = self.bytes as usize;
    }
}

/// Cells that so many bytes take.
pub(super) fn cells_of(bytes: u32) -> usize {
    bytes.div_ceil(size_of::<u32>() as u32) as usize
}

impl State {
    /// Grows an array by `delta` elements or pages, as `table.grow` and `memory.grow` (WebAssembly Core, 4.4.6 and 4.4.7). The
    /// former number of them, or `None` if its limits, its quota or the heap forbid it. See [`Work`] for how it may be ended
    /// early: the array is then as large as before.
    ///
    /// # Safety
    /// It is an array of this store's.
    pub(super) unsafe fn grow(
        &mut self,
        place: *mut Array,
        delta: u32,
        value: u32,
        work: Work,
    ) -> Result<Option<u32>, Trap> {
        // SAFETY: (R2) arrays live as long as the store; code that runs reads their places again after this.
        let array = unsafe { &mut *place };
        let old = array.vm.len;
        let Some(left) = self.instance_mut(array.owner).map(|owner| owner.left(&array.shape)) else {
            return Ok(None);
        };
        if delta == 0 {
            return Ok(Some(old));
        }
        let room = || {
            let new =
                old.checked_add(delta).filter(|&new| new <= array.shape.limits.max.unwrap_or(u32::MAX))?;
            let more = array.shape.bytes(new)?.saturating_sub(array.bytes);
            Some((new, more, left.checked_sub(more)?))
        };
        let Some((new, more, rest)) = room() else { return Ok(None) };
        let done = work.grow(&mut array.cells, array.bytes, more, value);
        if let Ok(true) = done {
            (array.vm.len, *left) = (new, rest);
            array.bytes += more;
        }
        array.vm.elements = array.cells.base();
        for instance in (0..self.instance_count()).filter_map(|number| self.instance(number)) {
            if instance.memory == place {
                // SAFETY: (R2) contexts live as long as the store.
                array.show(unsafe { &mut *instance.ctx });
            }
        }
        Ok(done?.then_some(old))
    }

    /// As [`grow`](State::grow), of a memory.
    pub(crate) fn grow_memory(&mut self, memory: crate::Memory, delta: u32) -> Option<u32> {
        let place = self.memory_at(memory)?.as_ptr();
        // SAFETY: (R2) a memory of this store's.
        unsafe { self.grow(place, delta, 0, Work::HOST) }.unwrap_or(None)
    }

    /// As [`grow`](State::grow), of a table.
    pub(crate) fn grow_table(&mut self, table: crate::Table, delta: u32, value: u32) -> Option<u32> {
        let place = self.table_at(table)?.as_ptr();
        // SAFETY: (R2) a table of this store's.
        unsafe { self.grow(place, delta, value, Work::HOST) }.unwrap_or(None)
    }

    /// The elements of a table of this store's.
    pub(crate) fn table_elements(&mut self, table: crate::Table) -> Option<&mut [u32]> {
        // SAFETY: (R2) tables live as long as the store; no code runs while it is borrowed.
        self.table_at(table).map(|mut table| unsafe { table.as_mut().elements_mut() })
    }
}
