//! Memories, globals and tables from outside.

use crate::call::{value_in, value_out};
use crate::handle::{array, put, string};
use crate::message::{Failure, run};
use crate::store::Access;
use crate::types::wasmote_status::*;
use crate::types::*;
use core::ffi::{c_char, c_void};
use core::ptr;
use wasmote::{Memory, Table};

impl Access<'_> {
    #[inline(never)]
    fn memory(&mut self) -> Result<Memory, Failure> {
        self.instance().own_memory(self.cx()).ok_or_else(|| WASMOTE_ERR_NOT_FOUND.into())
    }

    /// # Safety
    /// (C3) As for [`string`].
    unsafe fn table(&mut self, name: *const c_char) -> Result<Table, Failure> {
        // SAFETY: (C3) the caller says so.
        Ok(self.instance().table(self.cx(), unsafe { string(name) }?)?)
    }
}

/// Copies `size` bytes from the instance's memory. WASMOTE_ERR_OUT_OF_BOUNDS: they are not all inside it, and nothing
/// is copied. WASMOTE_ERR_NOT_FOUND: it has no memory. WASMOTE_ERR_BUSY: it runs.
/// From one thread at a time, as all that uses an instance; not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_memory_read(
    instance: *mut wasmote_instance_t,
    address: u32,
    to: *mut c_void,
    size: usize,
) -> wasmote_status_t {
    // SAFETY: (C1) (C3) the header demands it.
    unsafe { copy(instance, address, to, size, false) }
}

/// Copies `size` bytes to the instance's memory; as wasmote_memory_read().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_memory_write(
    instance: *mut wasmote_instance_t,
    address: u32,
    from: *const c_void,
    size: usize,
) -> wasmote_status_t {
    // SAFETY: (C1) (C3) the header demands it.
    unsafe { copy(instance, address, from.cast_mut(), size, true) }
}

/// Copies `size` bytes to the memory, or out of it. They may be a part of it outside too.
///
/// # Safety
/// (C1) (C3) As the header demands of an instance and of what is copied.
#[inline(never)]
unsafe fn copy(
    instance: *mut wasmote_instance_t,
    address: u32,
    outside: *mut c_void,
    size: usize,
    to_memory: bool,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the caller says so.
        unsafe {
            let mut access = Access::new(instance)?;
            array(outside.cast::<u8>(), size)?;
            let memory = access.cx().memory().ok_or(WASMOTE_ERR_NOT_FOUND)?;
            let inside = memory.get_mut(address as usize..).and_then(|rest| rest.get_mut(..size));
            let (inside, outside) = (inside.ok_or(WASMOTE_ERR_OUT_OF_BOUNDS)?.as_mut_ptr(), outside.cast());
            let (from, to) = if to_memory { (outside, inside) } else { (inside, outside) };
            ptr::copy(from, to, size);
            Ok(())
        }
    })
}

/// Bytes of the instance's memory; 0 if it has none, if it runs, or if the handle is not valid.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_memory_size(instance: *mut wasmote_instance_t) -> usize {
    // SAFETY: (C1) the header demands it.
    let size =
        unsafe { Access::new(instance) }.and_then(|mut access| Ok(access.memory()?.size(access.cx())?));
    size.unwrap_or(0)
}

/// Grows the instance's memory by `pages` of its pages, as `memory.grow`; `*before`, unless NULL, is how many it had.
/// WASMOTE_ERR_OUT_OF_BOUNDS: its limits, the quota or the heap do not allow it. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_memory_grow(
    instance: *mut wasmote_instance_t,
    pages: u32,
    before: *mut u32,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let mut access = unsafe { Access::new(instance) }?;
        let had = access.memory()?.grow(access.cx(), pages)?;
        // SAFETY: (C3) the header demands it.
        if before.is_null() { Ok(()) } else { unsafe { put(before, had) } }
    })
}

/// The value of the global that the instance exports under a name. WASMOTE_ERR_NOT_FOUND.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_global_get(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    value: *mut wasmote_value_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        unsafe {
            let mut access = Access::new(instance)?;
            let global = access.instance().global(access.cx(), string(name)?)?;
            put(value, value_out(global.get(access.cx())?))
        }
    })
}

/// Sets the global that the instance exports under a name. WASMOTE_ERR_NOT_FOUND. WASMOTE_ERR_TYPE_MISMATCH: it is of
/// another type, or immutable. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_global_set(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    value: *const wasmote_value_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        let (mut access, value) = unsafe { (Access::new(instance)?, value_at(value)?) };
        // SAFETY: (C3) the header demands it.
        let global = access.instance().global(access.cx(), unsafe { string(name) }?)?;
        Ok(global.set(access.cx(), value)?)
    })
}

/// # Safety
/// (C3) A pointer that is not null must lead to a value.
unsafe fn value_at(value: *const wasmote_value_t) -> Result<wasmote::Value, Failure> {
    // SAFETY: (C3) the caller says so.
    match unsafe { array(value, 1) }? {
        [value] => value_in(value),
        _ => Err(WASMOTE_ERR_INVALID_ARGUMENT.into()),
    }
}

/// The number of elements of the table that the instance exports under a name. WASMOTE_ERR_NOT_FOUND.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_table_size(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    size: *mut u32,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        unsafe {
            let mut access = Access::new(instance)?;
            let table = access.table(name)?;
            put(size, table.size(access.cx())?)
        }
    })
}

/// An element of the table that the instance exports under a name. WASMOTE_ERR_NOT_FOUND, _OUT_OF_BOUNDS.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_table_get(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    index: u32,
    value: *mut wasmote_value_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        unsafe {
            let mut access = Access::new(instance)?;
            let table = access.table(name)?;
            put(value, value_out(table.get(access.cx(), index)?))
        }
    })
}

/// Sets an element of the table that the instance exports under a name. WASMOTE_ERR_NOT_FOUND: also a function of
/// another instance that is not linked. WASMOTE_ERR_OUT_OF_BOUNDS, _TYPE_MISMATCH. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_table_set(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    index: u32,
    value: *const wasmote_value_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        unsafe {
            let (mut access, value) = (Access::new(instance)?, value_at(value)?);
            let table = access.table(name)?;
            Ok(table.set(access.cx(), index, value)?)
        }
    })
}

/// Grows the table that the instance exports under a name by `delta` elements of `value`, as `table.grow`; `*before`,
/// unless NULL, is how many it had. WASMOTE_ERR_NOT_FOUND, _TYPE_MISMATCH. WASMOTE_ERR_OUT_OF_BOUNDS: its limits, the
/// quota or the heap do not allow it. Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_table_grow(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    delta: u32,
    value: *const wasmote_value_t,
    before: *mut u32,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        unsafe {
            let (mut access, value) = (Access::new(instance)?, value_at(value)?);
            let table = access.table(name)?;
            let had = table.grow(access.cx(), delta, value)?;
            if before.is_null() { Ok(()) } else { put(before, had) }
        }
    })
}
