//! Satisfying imports.

use crate::host_func::{HostFn, Typed};
use crate::instance::find_export;
use crate::vm::{HostCall, HostFunc, State};
use crate::{Engine, Error, Extern, Instance, LinkError, LinkReason, Module, Quotas, Store};
use core::fmt;
use wasmote_core::{FuncType, Limits};
use wasmote_frontend::{ExternType, Import};
use wasmote_platform::{Heap, Shared, Vec};

/// Names and what they stand for when a module is instantiated. One linker can serve any number of stores of its
/// engine; the names are borrowed for `'n`.
///
/// What is defined later hides what was defined earlier under the same names.
pub struct Linker<'n> {
    heap: Heap,
    definitions: Vec<Definition<'n>>,
}

struct Definition<'n> {
    module: &'n str,
    name: &'n str,
    item: Item,
}

enum Item {
    Host(Shared<dyn HostFunc>),
    Extern(Extern),
    /// Everything that the instance exports; the definition's name is not used.
    Instance(Instance),
}

/// What an import's names stand for.
enum Found<'l> {
    Host(&'l Shared<dyn HostFunc>),
    Extern(Extern),
}

impl<'n> Linker<'n> {
    /// A linker that knows no names.
    pub fn new(engine: &Engine) -> Linker<'n> {
        let heap = engine.heap.clone();
        Linker { definitions: Vec::new(&heap), heap }
    }

    pub(crate) fn heap(&self) -> &Heap {
        &self.heap
    }

    /// Defines a host function: a function or closure with up to eight typed arguments, the first of which may be
    /// a [`&mut Caller<'_>`](crate::Caller), and a result of [`HostResults`](crate::HostResults).
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn func<P: 'static, R: 'static>(
        &mut self,
        module: &'n str,
        name: &'n str,
        function: impl HostFn<P, R>,
    ) -> Result<(), Error> {
        self.host(module, name, Typed::new(function))
    }

    /// Defines a host function in the general form.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn host(
        &mut self,
        module: &'n str,
        name: &'n str,
        function: impl HostCall + 'static,
    ) -> Result<(), Error> {
        let function = <dyn HostFunc>::new(&self.heap, function)?;
        self.add(module, name, Item::Host(function))
    }

    /// Whether a host function, or something else of its own, is defined under these names.
    pub fn defines(&self, module: &str, name: &str) -> bool {
        self.definitions.iter().any(|definition| {
            definition.name == name
                && definition.module == module
                && !matches!(definition.item, Item::Instance(_))
        })
    }

    fn add(&mut self, module: &'n str, name: &'n str, item: Item) -> Result<(), Error> {
        Ok(self.definitions.push(Definition { module, name, item })?)
    }

    /// Defines something of a store, for instances in the same store.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn define(&mut self, module: &'n str, name: &'n str, item: Extern) -> Result<(), Error> {
        self.add(module, name, Item::Extern(item))
    }

    /// Defines everything that an instance exports, for instances in the same store.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn instance(&mut self, module: &'n str, instance: Instance) -> Result<(), Error> {
        self.add(module, "", Item::Instance(instance))
    }

    /// Makes an instance of a module in a store (WebAssembly Core, 4.5.4), with the store's quotas, and runs its
    /// start function.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::Quota`], [`Error::OutOfMemory`] or [`Error::Limit`], and the store is as it was;
    /// [`Error::Trap`] or [`Error::Host`] from active segments or the start function, and what they wrote to
    /// imported memories, tables and globals is there. An instance whose start function failed, or that may have
    /// put functions into an imported table, stays in the store, with its fuel, for those functions and the backtrace.
    pub fn instantiate(&self, store: &mut Store, module: &Module) -> Result<Instance, Error> {
        let quotas = *store.quotas();
        self.instantiate_with(store, module, &quotas)
    }

    /// As [`instantiate`](Linker::instantiate), with the instance's own quotas: `memory_bytes`, `table_elements`,
    /// `fuel` and `trim_memory`.
    ///
    /// # Errors
    /// As for [`instantiate`](Linker::instantiate).
    pub fn instantiate_with(
        &self,
        store: &mut Store,
        module: &Module,
        quotas: &Quotas,
    ) -> Result<Instance, Error> {
        let instance = self.prepare(store, module, quotas)?;
        instance.start(store)?;
        #[cfg(feature = "log")]
        crate::events::instantiated();
        Ok(instance)
    }

    /// As [`instantiate_with`](Linker::instantiate_with), but without the start function, which
    /// [`Instance::start`] runs: in between, one can get the instance's interrupt handle to another thread.
    ///
    /// # Errors
    /// As for [`instantiate`](Linker::instantiate).
    pub fn prepare(&self, store: &mut Store, module: &Module, quotas: &Quotas) -> Result<Instance, Error> {
        Instance::prepare(store, module, quotas, &mut &*self)
    }

    /// What is defined under an import's names: a host function, or something of the store.
    fn find(&self, state: &State, import: &Import<'_>) -> Option<Found<'_>> {
        self.definitions.iter().rev().filter(|definition| definition.module == import.module).find_map(
            |definition| match &definition.item {
                Item::Instance(instance) => find_export(state, *instance, import.name).map(Found::Extern),
                _ if definition.name != import.name => None,
                Item::Host(host) => Some(Found::Host(host)),
                Item::Extern(item) => Some(Found::Extern(*item)),
            },
        )
    }

    /// The text of a [`LinkError`] of `module` with names, expected type and found type.
    pub fn explain<'l>(
        &'l self,
        store: &'l Store,
        module: &'l Module,
        error: LinkError,
    ) -> impl fmt::Display + 'l {
        Explain { linker: self, store, module, error }
    }
}

impl fmt::Debug for Linker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linker").field("definitions", &self.definitions.len()).finish()
    }
}

/// What imports stand for.
pub trait Resolve {
    /// What an import stands for, or why there is nothing. Asked once for each import, in order, so that a host function that
    /// is made here is made as often as it is imported. Whether it is of the import's type is seen to by who asks.
    ///
    /// # Errors
    /// Those that instantiating ends with.
    fn find(&mut self, store: &mut Store, import: &Import<'_>) -> Result<Result<Extern, LinkReason>, Error>;

    /// Told before instantiating ends with a [`LinkError`] because of what was found, or was not.
    fn refused(&mut self, _store: &Store, _import: &Import<'_>, _found: Option<Extern>, _reason: LinkReason) {
    }
}

impl Resolve for &Linker<'_> {
    fn find(&mut self, store: &mut Store, import: &Import<'_>) -> Result<Result<Extern, LinkReason>, Error> {
        Ok(match Linker::find(self, store.state(), import) {
            Some(Found::Host(host)) => Ok(Extern::Func(store.state_mut().host_func(host)?)),
            Some(Found::Extern(item)) => Ok(item),
            None => Err(LinkReason::Unknown),
        })
    }
}

struct Explain<'l> {
    linker: &'l Linker<'l>,
    store: &'l Store,
    module: &'l Module,
    error: LinkError,
}

impl fmt::Display for Explain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(import) = self.module.import_at(self.error.offset) else {
            return Error::Link(self.error).fmt(f);
        };
        write!(f, "{}: {}.{}: expected ", Error::Link(self.error).message(), import.module, import.name)?;
        write_type(f, import.ty)?;
        let state = self.store.state();
        match self.linker.find(state, &import) {
            Some(Found::Host(host)) => {
                f.write_str(", found ")?;
                write_type(f, ExternType::Func(host.func_type()))
            }
            Some(Found::Extern(item)) => match state.extern_type(item) {
                Some(found) => {
                    f.write_str(", found ")?;
                    write_type(f, found)
                }
                None => f.write_str(", found something of another store"),
            },
            None => f.write_str(", found nothing"),
        }
    }
}

fn write_type(f: &mut fmt::Formatter<'_>, ty: ExternType<'_>) -> fmt::Result {
    f.write_str(ty.kind().name())?;
    match ty {
        ExternType::Func(ty) => write_func_type(f, ty),
        ExternType::Table(ty) => {
            write_limits(f, ty.limits)?;
            write!(f, " {}", ty.element.name())
        }
        ExternType::Memory(ty) => {
            write_limits(f, ty.limits)?;
            if ty.page_log2 == 0 { f.write_str(" bytes") } else { f.write_str(" pages") }
        }
        ExternType::Global(ty) => {
            write!(f, " {}{}", if ty.mutable { "mut " } else { "" }, ty.value.name())
        }
    }
}

fn write_func_type(f: &mut fmt::Formatter<'_>, ty: FuncType<'_>) -> fmt::Result {
    f.write_str(" (")?;
    for (ty, place) in ty.params().zip(0..) {
        write!(f, "{}{}", if place == 0 { "" } else { ", " }, ty.name())?;
    }
    f.write_str(") -> (")?;
    for (ty, place) in ty.results().zip(0..) {
        write!(f, "{}{}", if place == 0 { "" } else { ", " }, ty.name())?;
    }
    f.write_str(")")
}

fn write_limits(f: &mut fmt::Formatter<'_>, limits: Limits) -> fmt::Result {
    write!(f, " {}..", limits.min)?;
    match limits.max {
        Some(max) => write!(f, "{max}"),
        None => Ok(()),
    }
}
