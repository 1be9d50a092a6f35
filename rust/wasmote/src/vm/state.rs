//! What a store owns.

use super::array::Array;
use super::host::HostFunc;
use super::instance::{self, InstanceData, NewInstance, Pointers, Whole};
use super::interrupt::Signal;
use super::place::{Block, Place};
use crate::backtrace::Backtrace;
use crate::{Error, Extern, Func, LinkReason, Quotas};
use core::cell::Cell;
use core::ptr::{self, NonNull};
use wasmote_core::vm::{FuncRecord, HOSTS, NOT_ENCODED, StackVm, VmCtx, fuel_is_endless, split_func_ref};
use wasmote_core::{FuncType, ValType, limits};
use wasmote_frontend::ExternType;
use wasmote_platform::{Heap, MAX_ARRAY_BYTES, OutOfMemory, Shared, Vec};

/// What cells of the value stack hold that nobody wrote to: native code does not say how far its frames reach.
const UNTOUCHED: u32 = 0x5AA5_C33C;

/// No stack has room for a frame that must not fit: the most bytes are what a quota can ask for, and what an array can have.
const _: () =
    assert!((MAX_ARRAY_BYTES < NOT_ENCODED as usize * 4) || (u32::MAX as usize) < NOT_ENCODED as usize * 4);

/// Most stores have the instance that stands for the host functions, and another one.
const USUAL_INSTANCES: usize = 2;

/// Cells of arguments that native code has in registers at most.
const ARGUMENT_REGISTERS: usize = 8;

/// The contents of a store. Everything that running code knows the address of stays where it is until all of it
/// is dropped.
pub struct State {
    /// Its own address.
    pub(super) this: *mut State,
    pub(crate) heap: Heap,
    pub(crate) quotas: Quotas,
    pub(crate) trace: Backtrace,
    /// The code of the last host function that failed with one.
    pub(crate) host_code: i32,
    pub(super) stack: StackVm,
    /// The function that was asked for last, unless it is the host's, and what was found.
    last: Cell<Option<Func>>,
    called: Cell<Called>,
    #[cfg(feature = "interp-lazy")]
    pub(super) resident: super::resident::Resident,
    /// The instances' contexts, by number; null if there is none, as for the host functions before there is one of these. What
    /// the runtime knows of the instances is the store's.
    contexts: Pointers,
    pub(super) signal: Shared<Signal>,
    hosts: Vec<Shared<dyn HostFunc>>,
    host_records: Vec<FuncRecord>,
    cells: Block<u32>,
}

/// What a call of a function needs to know.
#[derive(Clone, Copy)]
pub(super) struct Called {
    /// Of the instance that defines it.
    pub ctx: *mut VmCtx,
    pub record: *const FuncRecord,
    /// Of the module's bytes or the host function's, which stay as they are as long as the store.
    pub ty: FuncType<'static>,
}

impl State {
    /// A store without instances.
    pub fn new(heap: Heap, quotas: Quotas) -> Result<Place<State>, OutOfMemory> {
        let signal = Signal::new(&heap)?;
        let place = Place::new(&heap, || State {
            this: ptr::null_mut(),
            quotas,
            trace: Backtrace::default(),
            host_code: 0,
            stack: StackVm {
                base: ptr::null_mut(),
                end: ptr::null_mut(),
                control: ptr::null_mut(),
                least_room: isize::MAX,
                native_depth: 0,
                max_native_depth: quotas.call_depth,
                record_frame: super::call::record_frame,
            },
            last: Cell::new(None),
            called: Cell::new(Called { ctx: ptr::null_mut(), record: ptr::null(), ty: FuncType::default() }),
            #[cfg(feature = "interp-lazy")]
            resident: super::resident::Resident::new(&heap),
            contexts: Vec::new(&heap),
            signal,
            hosts: Vec::new(&heap),
            host_records: Vec::new(&heap),
            cells: Block::new(&heap),
            heap: heap.clone(),
        })?;
        // SAFETY: (R1) nobody else knows the store yet.
        let state = unsafe { &mut *place.ptr() };
        state.this = place.ptr();
        let len = quotas.stack_bytes as usize / size_of::<u32>();
        // Native code reads as many cells of arguments as there are registers for them, whether there are so many or not.
        let unused = if cfg!(feature = "jit") { ARGUMENT_REGISTERS } else { 0 };
        state.cells.resize(len + unused, UNTOUCHED)?;
        let base = state.cells.base();
        let end = base.wrapping_add(len);
        (state.stack.base, state.stack.end, state.stack.control) = (base, end, end);
        state.contexts.reserve_exact(USUAL_INSTANCES)?;
        state.contexts.push(ptr::null_mut())?;
        Ok(place)
    }

    /// Adds an instance, which gets the next number. If it stays, [`settle`](State::settle) follows.
    pub(super) fn add(&mut self, instance: NewInstance) -> Result<u32, Error> {
        let number = self.contexts.len();
        if number >= limits::MAX_INSTANCES as usize {
            return Err(Error::Limit);
        }
        self.contexts.push(ptr::null_mut())?;
        // If the contexts' array has moved, all of them are told.
        self.place(number, instance.into_place());
        Ok(number as u32)
    }

    /// Puts a context that is kept to where its number has a place.
    fn place(&mut self, number: usize, place: Place<Whole>) {
        if let Some(context) = self.contexts.get_mut(number) {
            *context = place.into_ptr().cast();
        }
        for ctx in self.contexts.iter().filter(|ctx| !ctx.is_null()) {
            // SAFETY: (R2) contexts live as long as the store, and no code runs.
            unsafe { (*ctx.cast::<VmCtx>()).instances = self.contexts.as_ptr().cast() };
        }
    }

    /// Takes the last instance back, which has not been settled, and whose functions nobody knows.
    pub(super) fn remove_last(&mut self) {
        self.last.set(None);
        if let Some(ctx) = self.contexts.pop() {
            // SAFETY: (R2) `place` gave it up.
            drop(unsafe { NewInstance::from_ctx(ctx.cast()) });
        }
    }

    /// The context of an instance of the store's, or of its host functions.
    #[inline(always)]
    pub(crate) fn context(&self, number: u32) -> Option<*mut VmCtx> {
        let ctx = self.contexts.get(number as usize)?.cast::<VmCtx>();
        if ctx.is_null() { None } else { Some(ctx) }
    }

    #[inline(never)]
    fn instance_at(&self, number: u32) -> Option<NonNull<InstanceData>> {
        let ctx = if number == HOSTS { None } else { self.context(number) };
        // SAFETY: (R2) an instance's context.
        ctx.and_then(|ctx| NonNull::new(unsafe { instance::data(ctx) }))
    }

    /// An instance of the store's.
    pub(crate) fn instance(&self, number: u32) -> Option<&InstanceData> {
        // SAFETY: (R1) the place lives as long as the store, and no code runs while it is borrowed.
        self.instance_at(number).map(|place| unsafe { place.as_ref() })
    }

    /// As [`instance`](State::instance), to change it.
    pub(crate) fn instance_mut(&mut self, number: u32) -> Option<&mut InstanceData> {
        // SAFETY: (R1) as above.
        self.instance_at(number).map(|mut place| unsafe { place.as_mut() })
    }

    /// Fuel that an instance, or the host functions, have left; `u64::MAX` if it is never used up.
    pub(crate) fn fuel(&self, number: u32) -> Option<u64> {
        // SAFETY: (R2) contexts live as long as the store.
        let fuel = unsafe { (*self.context(number)?).fuel };
        Some(if fuel_is_endless(fuel) { u64::MAX } else { fuel })
    }

    /// Sets the fuel.
    pub(crate) fn set_fuel(&mut self, number: u32, fuel: u64) -> Option<()> {
        // SAFETY: (R2) as above; code that runs is waiting for us.
        unsafe { (*self.context(number)?).fuel = fuel };
        Some(())
    }

    /// Number of instances.
    pub(crate) fn instance_count(&self) -> u32 {
        self.contexts.len() as u32
    }

    /// Where the host functions added from now on begin.
    pub(super) fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// Takes the host functions added since [`host_count`](State::host_count) back, which nobody knows.
    pub(super) fn truncate_hosts(&mut self, count: usize) {
        self.hosts.truncate(count);
        self.host_records.truncate(count);
    }

    /// The records of the host functions.
    pub(super) fn host_records(&self) -> *const FuncRecord {
        self.host_records.start()
    }

    /// The host function of this index.
    pub(super) fn host(&self, index: u32) -> Option<NonNull<dyn HostFunc>> {
        self.hosts.get(index as usize).map(|func| NonNull::from(&**func))
    }

    /// The reference to a host function, which is added if it is new.
    pub(crate) fn host_func(&mut self, func: &Shared<dyn HostFunc>) -> Result<Func, Error> {
        match self.hosts.iter().position(|host| ptr::addr_eq(&**host, &**func)) {
            Some(index) => Func::new(HOSTS, index as u32).ok_or(Error::Limit),
            None => self.add_host(func.clone()),
        }
    }

    /// Adds a host function; the reference to it.
    pub(crate) fn add_host(&mut self, func: Shared<dyn HostFunc>) -> Result<Func, Error> {
        let index = self.hosts.len();
        if index >= limits::MAX_FUNCTIONS as usize {
            return Err(Error::Limit);
        }
        if self.context(HOSTS).is_none() {
            let hosts = Whole::new(self, HOSTS)?;
            self.place(HOSTS as usize, hosts);
            self.settle(HOSTS, u64::MAX);
        }
        let record = func.record(index as u32);
        let full = index == self.host_records.capacity();
        if full {
            // Most modules import few functions. The records last: if they move, code is told.
            self.hosts.reserve_exact(1 + index / 2)?;
            self.host_records.reserve_exact(1 + index / 2)?;
        }
        self.hosts.push(func)?;
        self.host_records.push(record)?;
        if full {
            let records = self.host_records();
            if let Some(ctx) = self.context(HOSTS) {
                // SAFETY: (R2) no code runs.
                unsafe { (*ctx).funcs = records };
            }
            for number in 0..self.instance_count() {
                if let Some(instance) = self.instance_mut(number) {
                    instance.show_hosts(records);
                }
            }
        }
        Func::new(HOSTS, index as u32).ok_or(Error::Limit)
    }

    /// What a call of a function of this store's needs to know.
    #[inline(always)]
    pub(super) fn called(&self, func: Func) -> Option<&Cell<Called>> {
        if self.last.get() != Some(func) {
            self.look_up(func)?;
        }
        Some(&self.called)
    }

    #[inline(never)]
    fn look_up(&self, func: Func) -> Option<()> {
        let (number, index) = split_func_ref(func.cell());
        let ctx = self.context(number)?;
        // Records of host functions move.
        let (last, record, ty): (_, &FuncRecord, _) = if number == HOSTS {
            (None, self.host_records.get(index as usize)?, self.hosts.get(index as usize)?.func_type())
        } else {
            // SAFETY: (R2) an instance's context; (R1) no code runs while the store is borrowed.
            let instance = unsafe { super::call::instance(ctx) };
            let parsed = instance.module().parsed();
            let own = index.checked_sub(parsed.import_funcs())?;
            let record = instance.records().get(own as usize)?;
            (Some(func), record, parsed.func_type_at(record.ty))
        };
        // SAFETY: (R2) only the lifetime changes.
        let ty = unsafe { core::mem::transmute::<FuncType<'_>, FuncType<'static>>(ty) };
        self.last.set(last);
        self.called.set(Called { ctx, record, ty });
        Some(())
    }

    /// The type of a function of this store's.
    pub(crate) fn func_type(&self, func: Func) -> Option<FuncType<'_>> {
        self.called(func).map(|found| found.get().ty)
    }

    /// Whether a function of this store's is of this type.
    #[inline(never)]
    pub(super) fn is_of_type(&self, func: Func, ty: FuncType<'_>) -> Option<bool> {
        self.called(func).map(|found| found.get().ty == ty)
    }

    /// Where what may be imported as this type is (WebAssembly Core, 3.4.5); of functions it is the reference.
    pub(super) fn importable(&self, item: Extern, wanted: ExternType<'_>) -> Result<*mut (), LinkReason> {
        let unknown = LinkReason::Unknown;
        // What there is now counts as the minimum of its limits.
        let (place, fits) = match (item, wanted) {
            (Extern::Func(func), ExternType::Func(wanted)) => (
                ptr::without_provenance_mut(func.cell() as usize),
                self.is_of_type(func, wanted).ok_or(unknown)?,
            ),
            (Extern::Table(table), ExternType::Table(wanted)) => {
                let place = self.table_at(table).ok_or(unknown)?;
                // SAFETY: (R2) tables live as long as the store; no code runs while it is borrowed.
                let found = unsafe { place.as_ref() };
                let fits = found.shape.limits.matches(found.vm.len, wanted.limits);
                (place.cast().as_ptr(), fits && found.shape.element == Some(wanted.element))
            }
            (Extern::Memory(memory), ExternType::Memory(wanted)) => {
                let place = self.memory_at(memory).ok_or(unknown)?;
                // SAFETY: (R2) memories live as long as the store; no code runs while it is borrowed.
                let found = unsafe { place.as_ref() };
                let fits = found.shape.limits.matches(found.vm.len, wanted.limits);
                (place.cast().as_ptr(), fits && found.shape.unit_log2 == wanted.page_log2)
            }
            (Extern::Global(global), ExternType::Global(wanted)) => {
                let (ty, cells) = self.global(global).ok_or(unknown)?;
                (cells.cast(), *ty == wanted)
            }
            _ => return Err(LinkReason::Kind(item.kind())),
        };
        if fits { Ok(place) } else { Err(LinkReason::Type) }
    }

    /// What an exported item is now, with the present size as the minimum of its limits.
    pub(crate) fn extern_type(&self, item: Extern) -> Option<ExternType<'_>> {
        Some(match item {
            Extern::Func(func) => ExternType::Func(self.func_type(func)?),
            Extern::Table(table) => {
                let table = self.table(table)?;
                let mut ty = table.table_type()?;
                ty.limits.min = table.vm.len;
                ExternType::Table(ty)
            }
            Extern::Memory(memory) => {
                let memory = self.memory(memory)?;
                let mut ty = memory.memory_type();
                ty.limits.min = memory.vm.len;
                ExternType::Memory(ty)
            }
            Extern::Global(global) => ExternType::Global(*self.global(global)?.0),
        })
    }

    /// Whether all references to functions among cells of these types name functions of this store's.
    pub(crate) fn refs_belong(&self, types: &[u8], cells: &[u32]) -> bool {
        let mut cells = cells.iter();
        types.iter().all(|&ty| {
            let func = cells.next().and_then(|&cell| Func::from_cell(cell));
            if ValType::cells_of(ty) == 2 {
                cells.next();
            }
            ty != ValType::FuncRef as u8 || func.is_none_or(|func| self.func_type(func).is_some())
        })
    }

    /// Bytes of the value stack that frames and the interpreter's return records have had together.
    pub(crate) fn stack_used_peak(&self) -> usize {
        let StackVm { base, end, least_room, .. } = self.stack;
        let bytes = end.addr() - base.addr();
        let encoded = bytes.saturating_sub(least_room as usize);
        if !cfg!(feature = "jit") {
            return encoded;
        }
        // Native code notes nothing: the records, and below them all up to the last cell that was touched.
        let cells = self.cells.get().get(..bytes / size_of::<u32>()).unwrap_or(&[]);
        let touched = |cell: &u32| *cell != UNTOUCHED;
        let records = if cfg!(feature = "interp") {
            cells.iter().rev().take_while(|cell| touched(cell)).count()
        } else {
            0
        };
        let frames = cells.iter().rev().skip(records).skip_while(|cell| !touched(cell)).count();
        encoded.max((records + frames) * size_of::<u32>())
    }

    /// Bytes of functions that were encoded when they were first called, and how many have been.
    pub(crate) fn encoded(&self) -> (usize, u32) {
        #[cfg(feature = "interp-lazy")]
        return (self.resident.bytes(), self.resident.encoded());
        #[cfg(not(feature = "interp-lazy"))]
        (0, 0)
    }

    /// Bytes of all memories.
    pub(crate) fn memory_bytes(&self) -> usize {
        (0..self.instance_count())
            .filter_map(|number| self.instance(number))
            .map(|instance| instance.own_memory_bytes())
            .sum()
    }

    pub(super) fn table_at(&self, table: crate::Table) -> Option<NonNull<Array>> {
        self.instance(table.instance)?.table_at(table.index)
    }

    /// A table of this store's.
    pub(crate) fn table(&self, table: crate::Table) -> Option<&Array> {
        // SAFETY: (R2) tables live as long as the store; no code runs while it is borrowed.
        self.table_at(table).map(|table| unsafe { table.as_ref() })
    }

    pub(super) fn memory_at(&self, memory: crate::Memory) -> Option<NonNull<Array>> {
        self.instance(memory.0)?.memory_at()
    }

    /// A memory of this store's.
    pub(crate) fn memory(&self, memory: crate::Memory) -> Option<&Array> {
        // SAFETY: (R2) memories live as long as the store; no code runs while it is borrowed.
        self.memory_at(memory).map(|memory| unsafe { memory.as_ref() })
    }

    /// As [`memory`](State::memory), to change its contents.
    pub(crate) fn memory_mut(&mut self, memory: crate::Memory) -> Option<&mut Array> {
        // SAFETY: (R2) as above.
        self.memory_at(memory).map(|mut memory| unsafe { memory.as_mut() })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        for number in 0..self.instance_count() {
            if let Some(instance) = self.instance_at(number) {
                // SAFETY: (R2) the instance is ours, and the memory stays until we drop the signal.
                unsafe { instance.drop_in_place() };
            }
        }
    }
}
