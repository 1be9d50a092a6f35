//! A runtime just large enough to run code: instances made by hand, without the `wasmote` crate.
#![allow(unsafe_code)]
#![allow(clippy::mut_from_ref, reason = "nothing runs while a test looks")]

use crate::{Encoded, Encoder, disassemble, entry};
use core::ptr;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;
use wasmote_core::vm::{
    Builtin, BuiltinFn, FuncRecord, HOSTS, StackVm, TableVm, VmCtx, func_ref, split_func_ref,
};
use wasmote_core::{ErrorKind, ExternKind, Trap};
use wasmote_frontend::{Compiler, ConstExpr, ElementItem, Module, SegmentMode};
use wasmote_platform::Heap;

const MEMORY: usize = 65_536;
const MAX_MEMORY: usize = 3 * MEMORY;

std::thread_local! {
    static FRAMES: RefCell<Vec<(u32, usize)>> = const { RefCell::new(Vec::new()) };
    /// How many of them are wanted.
    pub(super) static WANTED: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// An instance of a module. What is pointed at is leaked: tests are short.
pub(super) struct Instance {
    pub(super) ctx: *mut VmCtx,
    module: &'static Module<'static>,
    exports: BTreeMap<&'static str, u32>,
    code: Vec<Encoded>,
    metered: bool,
}

/// Instances of some modules, which may import from the host (`"host"`) and those before them (`"m1"`, `"m2"`, ..).
pub(super) struct Rig {
    pub(super) instances: Vec<Instance>,
    stack: *mut StackVm,
    heap: Heap,
}

/// How a rig is made.
#[derive(Clone, Copy)]
pub(super) struct Options {
    pub(super) metered: bool,
    /// Far branches throughout.
    pub(super) wide: bool,
    pub(super) stack_cells: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { metered: false, wide: false, stack_cells: 4096 }
    }
}

pub(super) fn encode(
    module: &'static Module<'static>,
    heap: &Heap,
    options: Options,
) -> Result<Vec<Encoded>, ErrorKind> {
    let mut compiler = Compiler::new(module, heap, Encoder::new(heap, options.metered));
    compiler.sink.wide(options.wide);
    (0..module.func_count() - module.import_funcs())
        .map(|own| {
            let result = match compiler.function(own) {
                Err(error) if error.kind == ErrorKind::FunctionTooLarge => {
                    compiler.sink.wide(true);
                    let again = compiler.function(own);
                    compiler.sink.wide(options.wide);
                    again
                }
                result => result,
            };
            result.map_err(|error| error.kind)?;
            compiler.sink.take().map_err(|_| ErrorKind::OutOfMemory)
        })
        .collect()
}

pub(super) fn parse(wat: &str, heap: &Heap) -> &'static Module<'static> {
    let bytes = Vec::leak(wat::parse_str(wat).unwrap());
    Box::leak(Box::new(Module::parse(bytes, heap).unwrap()))
}

/// The code of each function of a module, as text.
pub(super) fn listing(wat: &str) -> String {
    let heap = Heap::platform().unwrap();
    let mut text = String::new();
    for code in encode(parse(wat, &heap), &heap, Options::default()).unwrap() {
        disassemble(&code.code, &mut text).unwrap();
    }
    text
}

impl Rig {
    pub(super) fn new(modules: &[&str]) -> Rig {
        Rig::with(modules, Options::default())
    }

    pub(super) fn with(modules: &[&str], options: Options) -> Rig {
        let heap = Heap::platform().unwrap();
        let cells = Vec::leak(std::vec![0xDEAD_BEEF_u32; options.stack_cells]).as_mut_ptr_range();
        let host: &[FuncRecord] = Vec::leak(Vec::from_iter(
            HOST_FUNCS.iter().map(|&(_, entry)| FuncRecord::new(entry, ptr::null(), 0, 0)),
        ));
        let stack = Box::leak(Box::new(StackVm {
            base: cells.start,
            end: cells.end,
            control: cells.end,
            least_room: isize::MAX,
            native_depth: 0,
            max_native_depth: 8,
            record_frame,
        }));
        let ctxs = Vec::leak(std::vec![ptr::null_mut::<VmCtx>(); modules.len() + 1]);
        let mut rig = Rig { instances: Vec::new(), stack, heap };
        let shared = ctxs.as_mut_ptr();
        let hosts = rig.ctx(HOSTS, host, shared, [].as_slice(), [].as_slice());
        // SAFETY: there is one element for each instance.
        unsafe { shared.write(hosts) };
        for (i, wat) in modules.iter().enumerate() {
            let number = i as u32 + 1;
            let module = parse(wat, &rig.heap);
            let code = encode(module, &rig.heap, options).unwrap();
            let imports = Vec::leak(rig.imports(module));
            let records = code.iter().zip(module.import_funcs()..).map(|(code, func)| {
                let (start, ty) = (code.code.as_ptr().cast(), module.func_type_index(func));
                FuncRecord::new(entry, start, ty, code.frame_cells)
            });
            let records = Vec::leak(records.collect());
            let hosts =
                Vec::leak(Vec::from_iter(imports.iter().map(|&reference| match split_func_ref(reference) {
                    (HOSTS, index) => &raw const host[index as usize],
                    _ => ptr::null(),
                })));
            let ctx = rig.ctx(number, records, shared, imports, hosts);
            // SAFETY: as above.
            unsafe { shared.add(i + 1).write(ctx) };
            let exports = module.exports().map(|export| (export.name, export.index)).collect();
            rig.instances.push(Instance { ctx, module, exports, code, metered: options.metered });
            rig.fill(i);
        }
        rig
    }

    fn ctx(
        &self,
        number: u32,
        funcs: &'static [FuncRecord],
        instances: *const *mut VmCtx,
        imports: &'static [u32],
        hosts: &'static [*const FuncRecord],
    ) -> *mut VmCtx {
        let memory = Vec::leak(std::vec![0_u8; MAX_MEMORY]);
        let globals = Vec::leak(std::vec![0_u32; 70_000]);
        // Imported globals are cells of their own.
        let imported = Vec::leak(Vec::from_iter((0..4).map(|i| Vec::leak(std::vec![i, 0]).as_mut_ptr())));
        let tables = Vec::from_iter((0..300).map(|_| {
            let elements = Vec::leak(std::vec![0_u32; 16]).as_mut_ptr();
            ptr::from_mut(Box::leak(Box::new(TableVm { elements, len: 16 })))
        }));
        Box::leak(Box::new(VmCtx {
            memory_base: memory.as_mut_ptr(),
            memory_len: MEMORY,
            globals: globals.as_mut_ptr(),
            funcs: funcs.as_ptr(),
            fuel: u64::MAX,
            interrupt: 0.into(),
            number,
            import_funcs: imports.len() as u32,
            imports: imports.as_ptr(),
            imported_globals: imported.as_ptr(),
            tables: Vec::leak(tables).as_ptr(),
            instances,
            stack: self.stack,
            builtins: BUILTINS.as_ptr(),
            signature_matches,
            stack_limit: 0.into(),
            unwind: no_unwind,
            before: ptr::null_mut(),
            compiled: ptr::null(),
            hosts: hosts.as_ptr(),
        }))
    }

    fn imports(&self, module: &Module<'_>) -> Vec<u32> {
        let funcs = module.imports().filter(|import| import.ty.kind() == ExternKind::Func);
        let references = funcs.map(|import| {
            if import.module == "host" {
                let index = HOST_FUNCS.iter().position(|(name, _)| *name == import.name).unwrap();
                return func_ref(HOSTS, index as u32);
            }
            let number: u32 = import.module[1..].parse().unwrap();
            let instance = &self.instances[number as usize - 1];
            instance.reference(instance.module.export(import.name).unwrap().1)
        });
        references.collect()
    }

    /// Carries out initial values of globals, and element and data segments.
    fn fill(&mut self, i: usize) {
        let instance = &mut self.instances[i];
        let module = instance.module;
        let eval = |expr: ConstExpr| expr.eval(module.bytes(), |_| 0, |func| instance.reference(func));
        let mut at = 0;
        for (ty, value) in module.own_globals() {
            let bits = eval(value);
            for half in 0..ty.value.cells() as usize {
                // SAFETY: the rig has enough cells.
                unsafe { (*instance.ctx).globals.add(at).write((bits >> (32 * half)) as u32) };
                at += 1;
            }
        }
        for segment in (0..module.element_count()).filter_map(|i| module.element(i)) {
            let SegmentMode::Active { index: table, offset } = segment.mode else { continue };
            let offset = eval(offset) as usize;
            for (i, item) in segment.enumerate() {
                let reference = match item {
                    ElementItem::Func(func) => instance.reference(func),
                    ElementItem::Expr(value) => eval(value) as u32,
                };
                // SAFETY: the rig's tables have enough elements.
                unsafe {
                    let table = (*instance.ctx).tables.add(table as usize).read();
                    (*table).elements.add(offset + i).write(reference);
                }
            }
        }
        for segment in (0..module.data_count()).filter_map(|i| module.data(i)) {
            let SegmentMode::Active { offset, .. } = segment.mode else { continue };
            let offset = eval(offset) as usize;
            instance.memory()[offset..offset + segment.bytes.len()].copy_from_slice(segment.bytes);
        }
    }

    pub(super) fn stack(&self) -> &mut StackVm {
        // SAFETY: nothing runs.
        unsafe { &mut *self.stack }
    }

    /// The frames of the last trap, innermost first: instance, and offset of the operator in its module.
    pub(super) fn frames(&self) -> Vec<(u32, u32)> {
        FRAMES.with_borrow(|frames| {
            let found = frames.iter().map(|&(number, code)| {
                (number, self.instances[number as usize - 1].locate(code, &self.heap))
            });
            found.collect()
        })
    }

    /// Calls an export of the last instance with arguments in cells, and returns the results' cells.
    pub(super) fn call(&self, name: &str, args: &[u32]) -> Result<Vec<u32>, Trap> {
        self.instances.last().unwrap().call(name, args)
    }

    pub(super) fn call64(&self, name: &str, args: &[u64]) -> Result<u64, Trap> {
        let cells = Vec::from_iter(args.iter().flat_map(|&arg| [arg as u32, (arg >> 32) as u32]));
        let results = self.call(name, &cells)?;
        Ok(results.iter().rev().fold(0, |bits, &cell| bits << 32 | u64::from(cell)))
    }
}

impl Instance {
    fn reference(&self, func: u32) -> u32 {
        // SAFETY: the context lives, and nothing runs.
        let ctx = unsafe { &*self.ctx };
        match func.checked_sub(ctx.import_funcs) {
            // SAFETY: there are that many.
            None => unsafe { ctx.imports.add(func as usize).read() },
            Some(_) => func_ref(ctx.number, func),
        }
    }

    pub(super) fn ctx(&self) -> &mut VmCtx {
        // SAFETY: nothing runs.
        unsafe { &mut *self.ctx }
    }

    pub(super) fn memory(&self) -> &mut [u8] {
        // SAFETY: nothing runs; the memory has that length.
        unsafe { core::slice::from_raw_parts_mut(self.ctx().memory_base, self.ctx().memory_len) }
    }

    pub(super) fn code(&self, own: usize) -> &Encoded {
        &self.code[own]
    }

    pub(super) fn call(&self, name: &str, args: &[u32]) -> Result<Vec<u32>, Trap> {
        let func = *self.exports.get(name).unwrap_or_else(|| panic!("no export {name}"));
        let ty = self.module.func_type(func);
        assert_eq!(args.len(), ty.param_cells() as usize);
        FRAMES.with_borrow_mut(Vec::clear);
        let ctx = self.ctx();
        let stack = ctx.stack;
        // SAFETY: the rig keeps the executor's invariants.
        let code = unsafe {
            let cells = (*stack).base;
            cells.copy_from(args.as_ptr(), args.len());
            let record = ctx.funcs.add((func - ctx.import_funcs) as usize);
            entry(self.ctx, record, cells, self.ctx)
        };
        // SAFETY: nothing runs.
        unsafe {
            assert_eq!((*stack).control, (*stack).end, "records left behind");
            assert_eq!((*stack).native_depth, 0);
            match Trap::from_code(code) {
                Some(trap) => Err(trap),
                None => {
                    assert_eq!(code, 0);
                    let results = ty.result_cells() as usize;
                    Ok(core::slice::from_raw_parts((*stack).base, results).to_vec())
                }
            }
        }
    }

    /// Offset in the module of the operator whose code is at this address.
    fn locate(&self, address: usize, heap: &Heap) -> u32 {
        let (own, byte) = self
            .code
            .iter()
            .enumerate()
            .find_map(|(own, code)| {
                let byte = address.checked_sub(code.code.as_ptr() as usize)?;
                (byte < code.code.len()).then_some((own, byte))
            })
            .expect("a trap outside all code");
        let mut compiler = Compiler::new(self.module, heap, Encoder::new(heap, self.metered));
        compiler.sink.locate(byte as u32);
        compiler.function(own as u32).unwrap();
        compiler.sink.located().unwrap()
    }
}

unsafe extern "C" fn record_frame(_: *mut StackVm, ctx: *mut VmCtx, code: *const ()) -> bool {
    // SAFETY: the executor names a context that lives.
    let number = unsafe { (*ctx).number };
    FRAMES.with_borrow_mut(|frames| {
        frames.push((number, code as usize));
        frames.len() < WANTED.get()
    })
}

/// The tests' modules that call each other number their types alike; the host's functions have every type.
unsafe extern "C" fn signature_matches(ctx: *mut VmCtx, ty: u32, reference: u32) -> bool {
    let (instance, func) = split_func_ref(reference);
    if instance == HOSTS {
        return true;
    }
    // SAFETY: the reference names a function that its instance defines.
    unsafe {
        let other = (*ctx).instances.add(instance as usize).read();
        (*(*other).funcs.add((func - (*other).import_funcs) as usize)).ty == ty
    }
}

type HostFn = unsafe extern "C" fn(*mut VmCtx, *const FuncRecord, *mut u32, *mut VmCtx) -> u32;

const HOST_FUNCS: &[(&str, HostFn)] =
    &[("add", host_add), ("fail", host_fail), ("back", host_back), ("stop", host_stop)];

unsafe extern "C" fn host_add(_: *mut VmCtx, _: *const FuncRecord, cells: *mut u32, _: *mut VmCtx) -> u32 {
    // SAFETY: two i32 parameters.
    unsafe { cells.write(cells.read().wrapping_add(cells.add(1).read())) };
    0
}

unsafe extern "C" fn host_fail(_: *mut VmCtx, _: *const FuncRecord, _: *mut u32, _: *mut VmCtx) -> u32 {
    Trap::Host as u32
}

/// Calls the caller's first own function with the same argument.
unsafe extern "C" fn host_back(
    _: *mut VmCtx,
    _: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    // SAFETY: the caller is an instance of the rig's, whose first function takes an i32 and returns one.
    unsafe { entry(caller, (*caller).funcs, cells, caller) }
}

/// Interrupts the caller.
unsafe extern "C" fn host_stop(_: *mut VmCtx, _: *const FuncRecord, _: *mut u32, caller: *mut VmCtx) -> u32 {
    // SAFETY: the caller lives.
    unsafe { (*caller).interrupt.store(1, core::sync::atomic::Ordering::Relaxed) };
    0
}

/// Only compiled code calls it.
unsafe extern "C" fn no_unwind(_: *mut VmCtx, _: *const usize, _: *const ()) {}

/// Only what the tests use: what a builtin does is the runtime's affair.
static BUILTINS: [BuiltinFn; Builtin::COUNT] = {
    let mut table: [BuiltinFn; Builtin::COUNT] = [no_builtin; Builtin::COUNT];
    table[Builtin::MemorySize as usize] = memory_size;
    table[Builtin::MemoryGrow as usize] = memory_grow;
    table[Builtin::TableSize as usize] = table_size;
    table
};

unsafe extern "C" fn no_builtin(_: *mut VmCtx, _: *mut u32, _: u32, _: u32) -> u32 {
    Trap::MemoryOutOfBounds as u32
}

unsafe extern "C" fn memory_size(ctx: *mut VmCtx, cells: *mut u32, _: u32, _: u32) -> u32 {
    // SAFETY: one result.
    unsafe { cells.write(((*ctx).memory_len / MEMORY) as u32) };
    0
}

unsafe extern "C" fn memory_grow(ctx: *mut VmCtx, cells: *mut u32, _: u32, _: u32) -> u32 {
    // SAFETY: one parameter, one result; the memory has room for `MAX_MEMORY`.
    unsafe {
        let old = (*ctx).memory_len;
        let new = old + cells.read() as usize * MEMORY;
        if new <= MAX_MEMORY {
            (*ctx).memory_len = new;
            cells.write((old / MEMORY) as u32);
        } else {
            cells.write(u32::MAX);
        }
    }
    0
}

/// Returns the table's number instead.
unsafe extern "C" fn table_size(_: *mut VmCtx, cells: *mut u32, table: u32, _: u32) -> u32 {
    // SAFETY: one result.
    unsafe { cells.write(table) };
    0
}
