//! Instances, and what they export.

use crate::vm::{self, Caller, Context, InterruptHandle};
use crate::{
    Error, Func, Global, HostError, Memory, Module, Quotas, Resolve, Store, Table, TypedFunc, WasmValues,
};
use wasmote_core::ExternKind;
use wasmote_core::vm::take_fuel;
use wasmote_platform::from_utf8;

/// An instance of a module in a store (WebAssembly Core, 4.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance(pub(crate) u32);

/// Something that an instance exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A global.
    Global(Global),
}

impl Extern {
    /// What it is.
    pub fn kind(&self) -> ExternKind {
        match self {
            Extern::Func(_) => ExternKind::Func,
            Extern::Table(_) => ExternKind::Table,
            Extern::Memory(_) => ExternKind::Memory,
            Extern::Global(_) => ExternKind::Global,
        }
    }
}

impl Instance {
    /// As [`Linker::prepare`](crate::Linker::prepare), with imports that `resolve` finds when they are asked for, in order.
    ///
    /// # Errors
    /// As for [`Linker::instantiate`](crate::Linker::instantiate), and those of `resolve`.
    pub fn prepare(
        store: &mut Store,
        module: &Module,
        quotas: &Quotas,
        resolve: &mut dyn Resolve,
    ) -> Result<Instance, Error> {
        vm::instantiate(store, module, quotas, resolve).map(Instance)
    }

    /// The module that it is an instance of.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no instance of this store's.
    pub fn module<'c>(&self, cx: &'c impl Context) -> Result<&'c Module, Error> {
        vm::state(cx).instance(self.0).map(|instance| instance.module()).ok_or(Error::NotFound)
    }

    /// Runs the start function, if the module has one (WebAssembly Core, 4.5.4, the last step). For instances of
    /// [`Linker::prepare`](crate::Linker::prepare); [`instantiate`](crate::Linker::instantiate) has done it.
    ///
    /// # Errors
    /// [`Error::Trap`] or [`Error::Host`].
    pub fn start(&self, cx: &mut impl Context) -> Result<(), Error> {
        match vm::state(cx).instance(self.0).ok_or(Error::NotFound)?.start_func() {
            // It takes nothing and returns nothing.
            Some(start) => start.call_cells(cx, |_, _| true, |_, _| ()),
            None => Ok(()),
        }
    }

    /// What it exports under a name (WebAssembly Core, 4.2.11).
    pub fn export(&self, cx: &impl Context, name: &str) -> Option<Extern> {
        find_export(vm::state(cx), *self, name)
    }

    /// The exported function of this name, with its arguments and results as Rust types.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::WrongType`].
    pub fn func<P: WasmValues, R: WasmValues>(
        &self,
        cx: &impl Context,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        self.func_dyn(cx, name)?.typed(cx)
    }

    /// The exported function of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn func_dyn(&self, cx: &impl Context, name: &str) -> Result<Func, Error> {
        match self.export(cx, name) {
            Some(Extern::Func(func)) => Ok(func),
            _ => Err(Error::NotFound),
        }
    }

    /// The exported memory of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn memory(&self, cx: &impl Context, name: &str) -> Result<Memory, Error> {
        match self.export(cx, name) {
            Some(Extern::Memory(memory)) => Ok(memory),
            _ => Err(Error::NotFound),
        }
    }

    /// The memory that it uses, exported or not; `None` if it has none.
    pub fn own_memory(&self, cx: &impl Context) -> Option<Memory> {
        let memory = Memory(self.0);
        vm::state(cx).memory(memory).map(|_| memory)
    }

    /// The exported table of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn table(&self, cx: &impl Context, name: &str) -> Result<Table, Error> {
        match self.export(cx, name) {
            Some(Extern::Table(table)) => Ok(table),
            _ => Err(Error::NotFound),
        }
    }

    /// The exported global of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn global(&self, cx: &impl Context, name: &str) -> Result<Global, Error> {
        match self.export(cx, name) {
            Some(Extern::Global(global)) => Ok(global),
            _ => Err(Error::NotFound),
        }
    }

    /// Fuel that it has left; `u64::MAX` if that is never used up.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no instance of this store's.
    pub fn fuel(&self, cx: &impl Context) -> Result<u64, Error> {
        vm::state(cx).fuel(self.0).ok_or(Error::NotFound)
    }

    /// Sets the fuel that it has left; from 2^64 - 2^32 on, as `u64::MAX`, it is never used up.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no instance of this store's.
    pub fn set_fuel(&self, cx: &mut impl Context, fuel: u64) -> Result<(), Error> {
        vm::state_mut(cx).set_fuel(self.0, fuel).ok_or(Error::NotFound)
    }

    /// A handle that interrupts it, and with it all instances of the store: whichever of them runs, ends.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no instance of this store's.
    pub fn interrupt_handle(&self, cx: &impl Context) -> Result<InterruptHandle, Error> {
        let state = vm::state(cx);
        state.context(self.0).map(|_| state.interrupt_handle()).ok_or(Error::NotFound)
    }
}

/// What an instance exports under a name.
pub(crate) fn find_export(state: &vm::State, instance: Instance, name: &str) -> Option<Extern> {
    let data = state.instance(instance.0)?;
    let (kind, index) = data.module().parsed().export(name)?;
    let Instance(instance) = instance;
    Some(match kind {
        ExternKind::Func => Extern::Func(Func::from_cell(data.func_ref(index))?),
        ExternKind::Table => Extern::Table(Table { instance, index }),
        ExternKind::Memory => Extern::Memory(Memory(instance)),
        ExternKind::Global => Extern::Global(Global { instance, index }),
    })
}

impl Store {
    /// The instances, in the order in which they were made.
    pub fn instances(&self) -> impl Iterator<Item = Instance> {
        (1..self.state().instance_count()).map(Instance)
    }
}

impl Caller<'_> {
    /// The instance that calls.
    pub fn instance(&self) -> Instance {
        Instance(self.number())
    }

    /// The `len` bytes of the caller's memory from `address` on.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], which a host function may return as it is: the code that called traps.
    pub fn bytes(&mut self, address: u32, len: u32) -> Result<&mut [u8], Error> {
        let memory = self.memory().ok_or(Error::OutOfBounds)?;
        let end = (address as usize).checked_add(len as usize).ok_or(Error::OutOfBounds)?;
        memory.get_mut(address as usize..end).ok_or(Error::OutOfBounds)
    }

    /// As [`bytes`](Caller::bytes), as a string.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`]; [`Error::WrongType`] if it is no UTF-8.
    pub fn str(&mut self, address: u32, len: u32) -> Result<&str, Error> {
        from_utf8(self.bytes(address, len)?).ok_or(Error::WrongType)
    }

    /// Copies from the caller's memory.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn read(&mut self, address: u32, to: &mut [u8]) -> Result<(), Error> {
        let len = u32::try_from(to.len()).map_err(|_| Error::OutOfBounds)?;
        to.copy_from_slice(self.bytes(address, len)?);
        Ok(())
    }

    /// Copies to the caller's memory.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn write(&mut self, address: u32, from: &[u8]) -> Result<(), Error> {
        let len = u32::try_from(from.len()).map_err(|_| Error::OutOfBounds)?;
        self.bytes(address, len)?.copy_from_slice(from);
        Ok(())
    }

    /// Fuel that the instance that calls has left.
    pub fn fuel(&self) -> u64 {
        self.instance().fuel(self).unwrap_or(0)
    }

    /// Takes fuel from the instance that calls, for work that the host does for it.
    ///
    /// # Errors
    /// [`HostError::Trap`] with [`Trap::OutOfFuel`](crate::Trap::OutOfFuel) if it has less.
    pub fn charge(&mut self, units: u64) -> Result<(), HostError> {
        let mut fuel = self.fuel();
        if !take_fuel(&mut fuel, units) {
            return Err(crate::Trap::OutOfFuel.into());
        }
        let instance = self.instance();
        Ok(instance.set_fuel(self, fuel)?)
    }
}
