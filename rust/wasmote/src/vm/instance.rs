//! Instances (WebAssembly Core, 4.2.5): what running code knows of them, and what the runtime knows beside that.

use super::array::{Array, Shape};
use super::builtins::BUILTINS;
use super::call::signature_matches;
use super::place::{Block, Place};
use super::state::State;
use crate::{Error, Func, LinkError, Module, Quota, Quotas, Resolve, Store};
use core::mem::{ManuallyDrop, MaybeUninit, offset_of};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU32, AtomicUsize};
use wasmote_core::vm::{FuncRecord, HOSTS, NULL_REF, VmCtx, func_ref, split_func_ref};
use wasmote_core::{ExternKind, GlobalType, ValType};
use wasmote_frontend::{ConstExpr, ElementItem, ElementSegment, ExternType, GlobalPlace};
use wasmote_platform::{OutOfMemory, Vec};

/// Pointers to one kind of thing. Of one type, so that the code that handles them is there once.
pub(super) type Pointers = Vec<*mut ()>;

/// An instance in its place: what running code knows of it, and behind that what the runtime knows. So each leads to the other.
#[repr(C)]
pub(super) struct Whole {
    ctx: VmCtx,
    /// Nothing for the host functions. Dropped by whoever owns the instance: the memory may have to stay, for those who interrupt
    /// (see `Signal`).
    data: MaybeUninit<InstanceData>,
}

impl Whole {
    /// A context of a store, with nothing behind it.
    #[inline(never)]
    pub fn new(state: &State, number: u32) -> Result<Place<Whole>, OutOfMemory> {
        let store = state.this;
        let ctx = || VmCtx {
            memory_base: NonNull::dangling().as_ptr(),
            memory_len: 0,
            globals: NonNull::dangling().as_ptr(),
            funcs: NonNull::dangling().as_ptr(),
            fuel: u64::MAX,
            interrupt: AtomicU32::new(0),
            number,
            import_funcs: 0,
            imports: NonNull::dangling().as_ptr(),
            imported_globals: NonNull::dangling().as_ptr(),
            tables: NonNull::dangling().as_ptr(),
            instances: ptr::null(),
            // SAFETY: (R1) only the address is taken.
            stack: unsafe { &raw mut (*store).stack },
            builtins: BUILTINS.as_ptr(),
            signature_matches,
            stack_limit: AtomicUsize::new(0),
            #[cfg(feature = "jit")]
            unwind: super::unwind::unwind,
            #[cfg(not(feature = "jit"))]
            unwind: super::call::no_frames,
            before: ptr::null_mut(),
            compiled: ptr::null(),
            hosts: NonNull::dangling().as_ptr(),
        };
        Place::new(&state.heap, || Whole { ctx: ctx(), data: MaybeUninit::uninit() })
    }
}

/// An instance that nobody else knows.
pub(super) struct NewInstance(Place<Whole>);

impl NewInstance {
    /// What the runtime knows of it.
    fn data(&mut self) -> &mut InstanceData {
        // SAFETY: (R1) nobody else knows the instance.
        unsafe { &mut *data(self.0.ptr().cast()) }
    }

    /// Gives it up for its place.
    pub(super) fn into_place(self) -> Place<Whole> {
        let this = ManuallyDrop::new(self);
        // SAFETY: (P5) read once.
        unsafe { ptr::read(&this.0) }
    }

    /// # Safety
    /// The context is that of a place from [`into_place`](NewInstance::into_place), and nobody else knows it any more.
    pub(super) unsafe fn from_ctx(ctx: *mut VmCtx) -> NewInstance {
        // SAFETY: (P5) the caller says so.
        NewInstance(unsafe { Place::from_ptr(ctx.cast()) })
    }
}

impl Drop for NewInstance {
    fn drop(&mut self) {
        // SAFETY: (R2) nobody else knows the instance.
        unsafe { ptr::drop_in_place(self.data()) }
    }
}

/// The store of a context.
///
/// # Safety
/// `ctx` is a context of a store's.
#[inline(always)]
pub(super) unsafe fn store(ctx: *const VmCtx) -> *mut State {
    // SAFETY: (R2) the stack is a part of the store.
    unsafe { (*ctx).stack.byte_sub(offset_of!(State, stack)).cast() }
}

/// What the runtime knows of an instance.
///
/// # Safety
/// `ctx` is an instance's, not that of the host functions.
#[inline(always)]
pub(super) unsafe fn data(ctx: *mut VmCtx) -> *mut InstanceData {
    // SAFETY: (R2) the caller says so.
    unsafe { (&raw mut (*ctx.cast::<Whole>()).data).cast() }
}

/// What the runtime knows of an instance.
pub(crate) struct InstanceData {
    pub(super) ctx: *mut VmCtx,
    module: Module,
    /// The memory that it uses; null if it has none. It owns it unless the module imports it.
    pub(super) memory: *mut Array,
    /// First its tables, each an [`Array`], which begins with the `TableVm`; then the cells of each imported global; then for
    /// each imported function the host's record, or null. It owns the tables that are not imported.
    pointers: Pointers,
    /// Its own globals, references to the imported functions, and a bit for each dropped segment: element
    /// segments first, then data segments.
    cells: Block<u32>,
    /// Of its functions, if they are encoded when they are first called.
    #[cfg(feature = "interp-lazy")]
    records: Vec<FuncRecord>,
    /// Bytes that its memory may still grow by, and its tables together.
    left: [u32; 2],
}

impl InstanceData {
    /// An instance of the module's, with nothing in it.
    fn empty(state: &State, number: u32, module: &Module) -> Result<NewInstance, OutOfMemory> {
        let place = Whole::new(state, number)?;
        let ctx = place.ptr().cast();
        let empty = InstanceData {
            ctx,
            module: module.clone(),
            memory: ptr::null_mut(),
            pointers: Vec::new(&state.heap),
            cells: Block::new(&state.heap),
            #[cfg(feature = "interp-lazy")]
            records: Vec::new(&state.heap),
            left: [0; 2],
        };
        // SAFETY: (R1) nobody else knows the place.
        unsafe { data(ctx).write(empty) };
        Ok(NewInstance(place))
    }

    /// Allocates an instance of `module` with its imports, and initialises its globals (WebAssembly Core, 4.5.4,
    /// up to step 13, "allocate"). Nothing but new host functions is changed in the store.
    fn allocate(
        store: &mut Store,
        module: &Module,
        quotas: &Quotas,
        resolve: &mut dyn Resolve,
    ) -> Result<NewInstance, Error> {
        let parsed = module.parsed();
        let cells =
            dropped_bits(parsed) + (parsed.element_count() + parsed.data_count()).div_ceil(32) as usize;
        let state = store.state();
        let mut instance = InstanceData::empty(state, state.instance_count(), module)?;
        let this = instance.data();
        this.cells.resize(cells, 0)?;
        #[cfg(feature = "interp-lazy")]
        {
            this.records = super::resident::records(&store.state().heap, module)?;
        }
        this.import(store, parsed, resolve)?;
        this.show_hosts(store.state().host_records());
        this.define(store.state(), parsed, quotas)?;
        this.tell(module);
        Ok(instance)
    }

    /// Takes over the imports.
    fn import(
        &mut self,
        store: &mut Store,
        parsed: &wasmote_frontend::Module<'_>,
        resolve: &mut dyn Resolve,
    ) -> Result<(), Error> {
        let tables = parsed.tables().len();
        let count = tables + (parsed.import_globals() + parsed.import_funcs()) as usize;
        self.pointers.resize(count, ptr::null_mut())?;
        let mut next_func = parsed.own_global_cells() as usize;
        let (mut next_table, mut next_global) = (0, tables);
        for import in parsed.imports() {
            let found = resolve.find(store, &import)?;
            let place = match found.and_then(|item| store.state().importable(item, import.ty)) {
                Ok(place) => place,
                Err(reason) => {
                    resolve.refused(store, &import, found.ok(), reason);
                    return Err(Error::Link(LinkError { offset: import.offset, reason }));
                }
            };
            let next = match import.ty {
                ExternType::Memory(_) => {
                    self.memory = place.cast();
                    continue;
                }
                ExternType::Func(_) => {
                    if let Some(cell) = self.cells.get_mut().get_mut(next_func) {
                        *cell = place.addr() as u32;
                    }
                    next_func += 1;
                    continue;
                }
                ExternType::Table(_) => &mut next_table,
                ExternType::Global(_) => &mut next_global,
            };
            self.point(*next, place);
            *next += 1;
        }
        Ok(())
    }

    /// Lets code see where the records of the host functions are now.
    pub(super) fn show_hosts(&mut self, records: *const FuncRecord) {
        let parsed = self.module.parsed();
        let place = parsed.tables().len() + parsed.import_globals() as usize;
        for import in 0..parsed.import_funcs() {
            if let (HOSTS, index) = split_func_ref(self.func_ref(import)) {
                // SAFETY: (R2) there is a pointer for each import, and a record for each reference; no code runs.
                unsafe {
                    let record = records.add(index as usize);
                    self.pointers.start().add(place + import as usize).write(record.cast_mut().cast());
                }
            }
        }
    }

    fn point(&mut self, place: usize, pointer: *mut ()) {
        if let Some(to) = self.pointers.get_mut(place) {
            *to = pointer;
        }
    }

    /// Makes what it defines itself.
    fn define(
        &mut self,
        state: &State,
        parsed: &wasmote_frontend::Module<'_>,
        quotas: &Quotas,
    ) -> Result<(), Error> {
        let mut cells = self.cells.base();
        for (ty, init) in parsed.own_globals() {
            let value = self.eval(init);
            // SAFETY: (R2) the cells of its own globals come first, one behind the other.
            unsafe {
                write_value(cells, ty.value, value);
                cells = cells.add(ty.value.cells() as usize);
            }
        }
        self.left = [quotas.memory_bytes, quotas.table_elements.saturating_mul(size_of::<u32>() as u32)];
        let mut place = parsed.import_tables() as usize;
        while let Some(&ty) = parsed.tables().get(place) {
            let shape = ty.into();
            let bytes = self.take(&shape, None).ok_or(Error::Quota(Quota::TableElements))?;
            let table = Array::new(&state.heap, shape, bytes, self.number())?.into_ptr();
            self.point(place, table.cast());
            place += 1;
        }
        if let (Some(ty), false) = (parsed.memory(), parsed.memory_imported()) {
            let end = if quotas.trim_memory { self.heap_base(parsed) } else { None };
            let shape = ty.into();
            let bytes = self.take(&shape, end).ok_or(Error::Quota(Quota::MemoryBytes))?;
            self.memory = Array::new(&state.heap, shape, bytes, self.number())?.into_ptr();
            if end.is_some() {
                self.left[0] = 0;
            }
        }
        Ok(())
    }

    /// Takes the bytes of a memory or a table from what its quotas leave, no more than lie before `end`; `None` if there are
    /// not so many.
    fn take(&mut self, shape: &Shape, end: Option<u32>) -> Option<u32> {
        let bytes = shape.bytes(shape.limits.min).or(end)?.min(end.unwrap_or(u32::MAX));
        let left = self.left(shape);
        *left = left.checked_sub(bytes)?;
        Some(bytes)
    }

    /// Bytes that an array that it defines may still grow by.
    pub(super) fn left(&mut self, shape: &Shape) -> &mut u32 {
        let [memory, tables] = &mut self.left;
        if shape.element.is_none() { memory } else { tables }
    }

    /// What the module exports as `__heap_base`: the end of its data and stack.
    fn heap_base(&self, parsed: &wasmote_frontend::Module<'_>) -> Option<u32> {
        let (kind, index) = parsed.export("__heap_base")?;
        let (ty, cells) = self.global(index).filter(|_| kind == ExternKind::Global)?;
        // SAFETY: (R2) the cells of a global.
        (*ty == GlobalType { value: ValType::I32, mutable: false }).then(|| unsafe { *cells })
    }

    /// Lets code see all of it.
    fn tell(&mut self, module: &Module) {
        let parsed = module.parsed();
        let funcs = self.records().as_ptr();
        // SAFETY: (R2) nobody else knows the context yet; what it leads to is owned by the instance or by older
        // ones, and lives as long as the store.
        unsafe {
            let ctx = &mut *self.ctx;
            ctx.globals = self.cells.base();
            ctx.funcs = funcs;
            #[cfg(feature = "jit-lazy")]
            {
                ctx.compiled = module.code().compiled().as_ptr();
            }
            ctx.import_funcs = parsed.import_funcs();
            ctx.imports = self.cells.base().wrapping_add(parsed.own_global_cells() as usize);
            ctx.tables = self.pointers.start().cast();
            ctx.imported_globals = ctx.tables.wrapping_add(parsed.tables().len()).cast();
            ctx.hosts = ctx.imported_globals.wrapping_add(parsed.import_globals() as usize).cast();
            if let Some(memory) = self.memory.as_ref() {
                memory.show(ctx);
            }
        }
    }

    /// The records of the functions that it defines, in order.
    pub(super) fn records(&self) -> &[FuncRecord] {
        #[cfg(feature = "interp-lazy")]
        if !self.records.is_empty() {
            return &self.records;
        }
        self.module.code().records()
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Its number in the store.
    pub fn number(&self) -> u32 {
        // SAFETY: (R2) the context lives as long as the instance.
        unsafe { (*self.ctx).number }
    }

    /// The reference to a function of its index space, which must exist.
    pub fn func_ref(&self, index: u32) -> u32 {
        let parsed = self.module.parsed();
        if index >= parsed.import_funcs() {
            return func_ref(self.number(), index);
        }
        let imports = parsed.own_global_cells() + index;
        self.cells.get().get(imports as usize).copied().unwrap_or(NULL_REF)
    }

    /// The start function; `None` if there is none.
    pub fn start_func(&self) -> Option<Func> {
        Func::from_cell(self.func_ref(self.module.parsed().start()?))
    }

    /// The value of a constant expression (WebAssembly Core, 3.3.10).
    pub fn eval(&self, expr: ConstExpr) -> u64 {
        let global = |index| {
            self.global(index).map_or(0, |(ty, cells)| {
                // SAFETY: (R2) the cells of a global of this type.
                unsafe { read_value(cells, ty.value) }
            })
        };
        expr.eval(self.module.parsed().bytes(), global, |index| self.func_ref(index))
    }

    /// The reference that an item of an element segment stands for.
    pub fn element(&self, item: &ElementItem) -> u32 {
        match item {
            ElementItem::Func(index) => self.func_ref(*index),
            ElementItem::Expr(expr) => self.eval(*expr) as u32,
        }
    }

    /// Type and cells of a global of its index space.
    pub(super) fn global(&self, index: u32) -> Option<(&GlobalType, *mut u32)> {
        let parsed = self.module.parsed();
        let cells = match parsed.global_place(index)? {
            GlobalPlace::Import(place) => self.pointers.get(parsed.tables().len() + place as usize)?.cast(),
            GlobalPlace::Own(cell) => self.cells.base().wrapping_add(cell as usize),
        };
        Some((parsed.global_type(index)?, cells))
    }

    pub(super) fn table_at(&self, index: u32) -> Option<NonNull<Array>> {
        let tables = self.module.parsed().tables().len();
        NonNull::new(self.pointers.get(..tables)?.get(index as usize)?.cast())
    }

    pub(super) fn memory_at(&self) -> Option<NonNull<Array>> {
        NonNull::new(self.memory)
    }

    pub(super) fn own_memory_bytes(&self) -> usize {
        // SAFETY: (R2) memories live as long as the store.
        self.own_memory().map_or(0, |memory| unsafe { (*memory).bytes().len() })
    }

    fn own_memory(&self) -> Option<*mut Array> {
        let own = !self.module.parsed().memory_imported() && !self.memory.is_null();
        own.then_some(self.memory)
    }

    /// An element segment, unless it was dropped.
    pub(super) fn elements(&self, segment: u32) -> Option<ElementSegment<'_>> {
        // First: the head of an active segment, which is dropped by the time code runs, may be long.
        if self.is_dropped(segment) {
            return None;
        }
        self.module.parsed().element(segment)
    }

    /// The bytes of a data segment; none if it was dropped.
    pub(super) fn data_bytes(&self, segment: u32) -> &[u8] {
        let parsed = self.module.parsed();
        if self.is_dropped(parsed.element_count() + segment) {
            return &[];
        }
        parsed.data(segment).map_or(&[], |data| data.bytes)
    }

    /// Drops an element segment.
    pub fn drop_elements(&mut self, segment: u32) {
        self.drop_segment(segment);
    }

    /// Drops a data segment.
    pub fn drop_data(&mut self, segment: u32) {
        self.drop_segment(self.module.parsed().element_count() + segment);
    }

    fn is_dropped(&self, segment: u32) -> bool {
        let word = self.cells.get().get(dropped_bits(self.module.parsed()) + segment as usize / 32);
        word.is_none_or(|word| word >> (segment % 32) & 1 != 0)
    }

    fn drop_segment(&mut self, segment: u32) {
        let at = dropped_bits(self.module.parsed());
        if let Some(word) = self.cells.get_mut().get_mut(at + segment as usize / 32) {
            *word |= 1 << (segment % 32);
        }
    }
}

impl Drop for InstanceData {
    fn drop(&mut self) {
        let parsed = self.module.parsed();
        let own = parsed.import_tables() as usize..parsed.tables().len();
        // SAFETY: (R2) it owns them, and they were given up for their addresses; what was not made yet is null.
        unsafe {
            for &table in self.pointers.get(own).unwrap_or(&[]).iter().filter(|table| !table.is_null()) {
                drop(Place::<Array>::from_ptr(table.cast()));
            }
            if let Some(memory) = self.own_memory() {
                drop(Place::from_ptr(memory));
            }
        }
    }
}

/// Where among the cells the bits of dropped segments begin.
fn dropped_bits(parsed: &wasmote_frontend::Module<'_>) -> usize {
    (parsed.own_global_cells() + parsed.import_funcs()) as usize
}

/// Makes an instance of a module (WebAssembly Core, 4.5.4, but for the start function): its number.
pub(crate) fn instantiate(
    store: &mut Store,
    module: &Module,
    quotas: &Quotas,
    resolve: &mut dyn Resolve,
) -> Result<u32, Error> {
    let (number, hosts) = (store.state().instance_count(), store.state().host_count());
    let made = InstanceData::allocate(store, module, quotas, resolve);
    let state = store.state_mut();
    let begun = made.and_then(|made| state.begin(made, module, quotas.fuel));
    if begun.is_err() && state.instance_count() == number {
        state.truncate_hosts(hosts);
    }
    begun.map(|()| number)
}

impl State {
    /// Adds an instance, carries out its segments, and takes it back if that fails and nobody can know its functions.
    fn begin(&mut self, instance: NewInstance, module: &Module, fuel: u64) -> Result<(), Error> {
        let number = self.add(instance)?;
        let begun = self.run_segments(number, module);
        if begun.is_err() && module.parsed().import_tables() == 0 {
            self.remove_last();
        } else {
            self.settle(number, fuel);
        }
        Ok(begun?)
    }

    /// Type and cells of a global of this store's.
    pub(super) fn global(&self, global: crate::Global) -> Option<(&GlobalType, *mut u32)> {
        self.instance(global.instance)?.global(global.index)
    }

    /// Type and value of a global.
    pub(crate) fn global_value(&self, global: crate::Global) -> Option<(GlobalType, u64)> {
        let (ty, cells) = self.global(global)?;
        // SAFETY: (R2) the cells of a global of this type.
        Some((*ty, unsafe { read_value(cells, ty.value) }))
    }

    /// Sets a global, whose type the value has.
    pub(crate) fn set_global_value(&mut self, global: crate::Global, value: u64) {
        if let Some((ty, cells)) = self.global(global) {
            // SAFETY: (R2) the cells of a global of this type; nobody else borrows them.
            unsafe { write_value(cells, ty.value, value) };
        }
    }
}

/// # Safety
/// `cells` are the cells of a global of type `ty`.
unsafe fn read_value(cells: *const u32, ty: ValType) -> u64 {
    // SAFETY: (R2) the caller says so.
    unsafe {
        let low = u64::from(*cells);
        if ty.cells() == 2 { low | u64::from(*cells.add(1)) << 32 } else { low }
    }
}

/// # Safety
/// As of [`read_value`]; nobody borrows them.
unsafe fn write_value(cells: *mut u32, ty: ValType, value: u64) {
    // SAFETY: (R2) the caller says so.
    unsafe {
        *cells = value as u32;
        if ty.cells() == 2 {
            *cells.add(1) = (value >> 32) as u32;
        }
    }
}
