//! Tables (WebAssembly Core, 4.2.7).

use super::builtins::Work;
use super::place::{Block, Place};
use super::state::State;
use crate::{Error, Quota, Table};
use wasmote_core::vm::{NULL_REF, TableVm};
use wasmote_core::{TableType, Trap, limits};
use wasmote_platform::Heap;

/// A table.
#[repr(C)]
pub(crate) struct TableData {
    /// What code sees of it.
    pub vm: TableVm,
    elements: Block<u32>,
    /// As declared.
    pub ty: TableType,
    /// The number of the instance that defines it, whose quota it uses.
    owner: u32,
}

impl TableData {
    /// A table of its type's minimal size, full of null references, whose elements are taken from `quota`.
    pub fn new(heap: &Heap, ty: TableType, owner: u32, quota: &mut u32) -> Result<Place<TableData>, Error> {
        let len = ty.limits.min;
        if len > limits::MAX_TABLE_ELEMENTS {
            return Err(Error::Quota(Quota::TableElements));
        }
        *quota = quota.checked_sub(len).ok_or(Error::Quota(Quota::TableElements))?;
        let vm = TableVm { elements: core::ptr::null_mut(), len };
        let place = Place::new(heap, || TableData { vm, elements: Block::new(heap), ty, owner })?;
        // SAFETY: (R2) nobody else knows the table yet.
        let table = unsafe { &mut *place.ptr() };
        table.elements.resize(len as usize, NULL_REF)?;
        table.vm.elements = table.elements.base();
        Ok(place)
    }

    /// Its elements.
    pub fn elements(&self) -> &[u32] {
        self.elements.get()
    }

    /// Its elements.
    pub fn elements_mut(&mut self) -> &mut [u32] {
        self.elements.get_mut()
    }

    /// The number of elements after growing by `delta`; `None` if limits forbid it.
    fn grown(&self, delta: u32) -> Option<u32> {
        let new = self.vm.len.checked_add(delta)?;
        (new <= self.ty.limits.max.unwrap_or(u32::MAX).min(limits::MAX_TABLE_ELEMENTS)).then_some(new)
    }
}

impl State {
    /// Grows a table, as `table.grow` (WebAssembly Core, 4.4.6). The former number of elements, or `None` if its
    /// limits, its quota or the heap forbid it. See [`Work`] for how it may be ended early: the table is then as large as
    /// before.
    pub(crate) fn grow_table(
        &mut self,
        table: Table,
        delta: u32,
        value: u32,
        work: Work,
    ) -> Result<Option<u32>, Trap> {
        let Some(place) = self.table_at(table) else { return Ok(None) };
        // SAFETY: (R2) tables live as long as the store; code that runs reads the table again after this.
        let grown = unsafe { &mut *place };
        let Some(owner) = self.instance_mut(grown.owner) else { return Ok(None) };
        let old = grown.vm.len;
        let (Some(left), Some(new)) = (owner.table_quota.checked_sub(delta), grown.grown(delta)) else {
            return Ok(None);
        };
        if delta == 0 {
            return Ok(Some(old));
        }
        let done = work.grow(&mut grown.elements, new as usize, value);
        grown.vm.elements = grown.elements.base();
        if let Ok(true) = done {
            grown.vm.len = new;
            owner.table_quota = left;
        }
        Ok(done?.then_some(old))
    }

    /// The elements of a table of this store's.
    pub(crate) fn table_elements(&mut self, table: Table) -> Option<&mut [u32]> {
        // SAFETY: (R2) tables live as long as the store; no code runs while it is borrowed.
        self.table_at(table).map(|table| unsafe { (*table).elements_mut() })
    }
}
