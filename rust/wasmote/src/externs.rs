//! Memories, tables and globals of a store.

use crate::vm::{self, Context};
use crate::{Error, Value};
use wasmote_core::{GlobalType, MemoryType, TableType, ValType};

/// A memory (WebAssembly Core, 4.2.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory(pub(crate) u32);

impl Memory {
    /// Its type, as declared.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no memory of this store's; so with all functions here.
    pub fn ty(&self, cx: &impl Context) -> Result<MemoryType, Error> {
        Ok(vm::state(cx).memory(*self).ok_or(Error::NotFound)?.memory_type())
    }

    /// Its size in bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn size(&self, cx: &impl Context) -> Result<usize, Error> {
        Ok(self.data(cx)?.len())
    }

    /// Its size in pages.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn pages(&self, cx: &impl Context) -> Result<u32, Error> {
        Ok(vm::state(cx).memory(*self).ok_or(Error::NotFound)?.vm.len)
    }

    /// Its contents.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn data<'c>(&self, cx: &'c impl Context) -> Result<&'c [u8], Error> {
        Ok(vm::state(cx).memory(*self).ok_or(Error::NotFound)?.bytes())
    }

    /// Its contents, to change them.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn data_mut<'c>(&self, cx: &'c mut impl Context) -> Result<&'c mut [u8], Error> {
        Ok(vm::state_mut(cx).memory_mut(*self).ok_or(Error::NotFound)?.bytes_mut())
    }

    /// Copies out of it, from a byte offset on.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::NotFound`].
    pub fn read(&self, cx: &impl Context, offset: usize, to: &mut [u8]) -> Result<(), Error> {
        let from = self.data(cx)?.get(offset..).and_then(|data| data.get(..to.len()));
        to.copy_from_slice(from.ok_or(Error::OutOfBounds)?);
        Ok(())
    }

    /// Copies into it, from a byte offset on.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::NotFound`].
    pub fn write(&self, cx: &mut impl Context, offset: usize, from: &[u8]) -> Result<(), Error> {
        let to = self.data_mut(cx)?.get_mut(offset..).and_then(|data| data.get_mut(..from.len()));
        to.ok_or(Error::OutOfBounds)?.copy_from_slice(from);
        Ok(())
    }

    /// Grows it by `delta` pages, as `memory.grow` (WebAssembly Core, 4.4.7). The former number of pages.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] if its limits, its quota or the heap do not allow it; [`Error::NotFound`].
    pub fn grow(&self, cx: &mut impl Context, delta: u32) -> Result<u32, Error> {
        let state = vm::state_mut(cx);
        state.memory(*self).ok_or(Error::NotFound)?;
        state.grow_memory(*self, delta).ok_or(Error::OutOfBounds)
    }
}

/// A table (WebAssembly Core, 4.2.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table {
    pub(crate) instance: u32,
    pub(crate) index: u32,
}

impl Table {
    /// Its type, as declared.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no table of this store's; so with all functions here.
    pub fn ty(&self, cx: &impl Context) -> Result<TableType, Error> {
        vm::state(cx).table(*self).and_then(|table| table.table_type()).ok_or(Error::NotFound)
    }

    /// Its size in elements.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn size(&self, cx: &impl Context) -> Result<u32, Error> {
        Ok(vm::state(cx).table(*self).ok_or(Error::NotFound)?.vm.len)
    }

    /// An element: a [`Value::FuncRef`] or [`Value::ExternRef`].
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::NotFound`].
    pub fn get(&self, cx: &impl Context, index: u32) -> Result<Value, Error> {
        let table = vm::state(cx).table(*self).ok_or(Error::NotFound)?;
        let cell = *table.elements().get(index as usize).ok_or(Error::OutOfBounds)?;
        Ok(Value::from_bits(table.table_type().ok_or(Error::NotFound)?.element, cell.into()))
    }

    /// Sets an element.
    ///
    /// # Errors
    /// [`Error::WrongType`], [`Error::OutOfBounds`], [`Error::NotFound`].
    pub fn set(&self, cx: &mut impl Context, index: u32, value: Value) -> Result<(), Error> {
        let state = vm::state_mut(cx);
        let cell = element(state, *self, value)?;
        let elements = state.table_elements(*self).ok_or(Error::NotFound)?;
        *elements.get_mut(index as usize).ok_or(Error::OutOfBounds)? = cell;
        Ok(())
    }

    /// Grows it by `delta` elements, as `table.grow` (WebAssembly Core, 4.4.6). The former number of elements.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] if its limits, its quota or the heap do not allow it; [`Error::WrongType`];
    /// [`Error::NotFound`].
    pub fn grow(&self, cx: &mut impl Context, delta: u32, value: Value) -> Result<u32, Error> {
        let state = vm::state_mut(cx);
        let cell = element(state, *self, value)?;
        state.grow_table(*self, delta, cell).ok_or(Error::OutOfBounds)
    }
}

/// The cell of a value that is to become an element of the table.
fn element(state: &vm::State, table: Table, value: Value) -> Result<u32, Error> {
    if Some(value.ty()) != state.table(table).ok_or(Error::NotFound)?.shape.element {
        return Err(Error::WrongType);
    }
    belongs(state, value)?;
    Ok(value.bits() as u32)
}

/// A reference to a function must be one of this store's.
fn belongs(state: &vm::State, value: Value) -> Result<(), Error> {
    let belongs = state.refs_belong(&[value.ty() as u8], &[value.bits() as u32]);
    if belongs { Ok(()) } else { Err(Error::NotFound) }
}

/// A global (WebAssembly Core, 4.2.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Global {
    pub(crate) instance: u32,
    pub(crate) index: u32,
}

impl Global {
    /// Its type.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no global of this store's; so with all functions here.
    pub fn ty(&self, cx: &impl Context) -> Result<GlobalType, Error> {
        Ok(vm::state(cx).global_value(*self).ok_or(Error::NotFound)?.0)
    }

    /// Its value.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn get(&self, cx: &impl Context) -> Result<Value, Error> {
        let (ty, bits) = vm::state(cx).global_value(*self).ok_or(Error::NotFound)?;
        Ok(Value::from_bits(ty.value, bits))
    }

    /// Sets its value.
    ///
    /// # Errors
    /// [`Error::Immutable`], [`Error::WrongType`], [`Error::NotFound`].
    pub fn set(&self, cx: &mut impl Context, value: Value) -> Result<(), Error> {
        let state = vm::state_mut(cx);
        let (ty, _) = state.global_value(*self).ok_or(Error::NotFound)?;
        if !ty.mutable {
            return Err(Error::Immutable);
        }
        if value.ty() != ty.value {
            return Err(Error::WrongType);
        }
        if ty.value == ValType::FuncRef {
            belongs(state, value)?;
        }
        state.set_global_value(*self, value.bits());
        Ok(())
    }
}
