//! A module's bytes and its compiled code.

#[cfg(feature = "pool")]
use crate::EngineConfig;
use crate::{Engine, Error, Module};
use core::mem::MaybeUninit;
#[cfg(any(feature = "backtrace", feature = "jit"))]
use core::sync::atomic::Ordering;
use wasmote_core::Trap;
#[cfg(feature = "jit")]
use wasmote_core::vm::NOT_ENCODED;
use wasmote_core::vm::{FuncRecord, VmCtx};
#[cfg(feature = "jit")]
use wasmote_platform::CodeBlock;
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// The bytes of a module, for as long as the module is in use.
pub(crate) struct Bytes {
    /// No reference as far as the compiler knows: one must be good for as long as a function runs that a value with it was passed
    /// to, and this is dropped in such.
    bytes: MaybeUninit<&'static [u8]>,
    /// Holds them if they are ours.
    owned: Option<Vec<u8>>,
}

impl Bytes {
    /// Bytes that stay where they are.
    pub fn borrowed(bytes: &'static [u8]) -> Bytes {
        Bytes { bytes: MaybeUninit::new(bytes), owned: None }
    }

    /// A copy on the heap.
    pub fn copied(heap: &Heap, bytes: &[u8]) -> Result<Bytes, Error> {
        let owned = Vec::copy_of(heap, bytes)?;
        // SAFETY: (R6) the copy is neither changed nor moved, and is freed after everything that reads it.
        let bytes = unsafe { core::slice::from_raw_parts(owned.as_ptr(), owned.len()) };
        Ok(Bytes { bytes: MaybeUninit::new(bytes), owned: Some(owned) })
    }

    /// The bytes.
    pub fn get(&self) -> &'static [u8] {
        // SAFETY: (R6) set when this was made.
        unsafe { self.bytes.assume_init() }
    }

    /// What holds them if they are ours, for as long as they are read.
    pub fn owned(self) -> Option<Vec<u8>> {
        self.owned
    }
}

#[cfg(feature = "pool")]
impl Engine {
    /// An engine that draws on `pool` alone.
    ///
    /// # Safety
    /// Nobody else may use `pool` until the engine and everything made with it is dropped.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]: the pool is too small.
    pub unsafe fn with_pool(config: EngineConfig, pool: core::ptr::NonNull<[u8]>) -> Result<Engine, Error> {
        // SAFETY: (P4) the caller hands the pool over.
        let heap = unsafe { Heap::pool(pool) }?;
        Engine::on(heap, config)
    }
}

impl Module {
    /// As [`new`](Module::new), from bytes that the caller keeps.
    ///
    /// # Safety
    /// The bytes must stay as they are until the module, its clones, and every store with an instance of it are
    /// dropped.
    ///
    /// # Errors
    /// As for [`new`](Module::new).
    pub unsafe fn from_raw(engine: &Engine, bytes: &[u8]) -> Result<Module, Error> {
        // SAFETY: (R6) the caller says so.
        let bytes = unsafe { core::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
        Module::load(engine, |_| Ok(Bytes::borrowed(bytes)))
    }
}

/// Bytes of the interpreter's code gathered before they get an exact block of their own: fewer blocks than functions, and nothing
/// unused.
#[cfg(feature = "interp")]
const BATCH: usize = 4096;

/// The compiled functions of a module.
pub(crate) struct Code {
    records: Vec<FuncRecord>,
    blocks: Vec<Vec<u8>>,
    #[cfg(feature = "jit")]
    pub(super) native: Option<CodeBlock>,
    /// Where the native functions are called, in bytes from the beginning of the block, if not all functions are native.
    #[cfg(all(feature = "jit", feature = "interp"))]
    starts: Vec<u32>,
    #[cfg(feature = "jit-lazy")]
    pub(super) lazy: super::lazy::Lazy,
}

// SAFETY: (R7) code does not change any more, and what changes of records is atomic; the pointers lead into the blocks. What
// a lazy module adds to is only touched while nobody else does.
unsafe impl Send for Code {}
// SAFETY: (R7) as above.
unsafe impl Sync for Code {}

/// Marks a record whose native code is yet to come. Frames have at most 65,535 cells.
#[cfg(feature = "jit")]
const NATIVE: u32 = 1 << 31;

/// Adds functions to a [`Code`].
pub(crate) struct Builder<'c> {
    code: &'c mut Code,
    #[cfg(feature = "interp")]
    heap: &'c Heap,
    /// Bytes of code in the module.
    #[cfg(feature = "interp")]
    wasm_bytes: u32,
    #[cfg(feature = "interp")]
    batch: Vec<u8>,
    /// Records of the interpreter's from here on have their place in the batch instead of an address.
    #[cfg(feature = "interp")]
    batched: usize,
}

/// `Entry` of functions that have no code yet.
unsafe extern "C" fn nothing(_: *mut VmCtx, _: *const FuncRecord, _: *mut u32, _: *mut VmCtx) -> u32 {
    Trap::Unreachable as u32
}

impl Code {
    /// Of no functions.
    pub fn new(heap: &Heap) -> Code {
        Code {
            records: Vec::new(heap),
            blocks: Vec::new(heap),
            #[cfg(feature = "jit")]
            native: None,
            #[cfg(all(feature = "jit", feature = "interp"))]
            starts: Vec::new(heap),
            #[cfg(feature = "jit-lazy")]
            lazy: super::lazy::Lazy::new(heap),
        }
    }

    /// Adds functions that are made from `wasm_bytes` bytes.
    pub fn builder<'c>(&'c mut self, heap: &'c Heap, scratch: &Heap, wasm_bytes: u32) -> Builder<'c> {
        #[cfg(not(feature = "interp"))]
        let _ = (heap, scratch, wasm_bytes);
        Builder {
            code: self,
            #[cfg(feature = "interp")]
            heap,
            #[cfg(feature = "interp")]
            wasm_bytes,
            #[cfg(feature = "interp")]
            batch: Vec::new(scratch),
            #[cfg(feature = "interp")]
            batched: 0,
        }
    }

    /// The records of the functions, in order.
    pub fn records(&self) -> &[FuncRecord] {
        &self.records
    }

    /// Bytes of code.
    pub fn bytes(&self) -> usize {
        let encoded: usize = self.blocks.iter().map(|block| block.len()).sum();
        encoded + self.native_bytes()
    }

    /// Bytes of native code.
    pub fn native_bytes(&self) -> usize {
        #[cfg(feature = "jit")]
        return self
            .native
            .as_ref()
            .map_or(0, |block| if cfg!(feature = "jit-lazy") { block.size() } else { block.len() });
        #[cfg(not(feature = "jit"))]
        0
    }

    /// The function whose code holds an address, by its place, and how many bytes the address lies behind the beginning.
    #[cfg(feature = "backtrace")]
    pub fn find(&self, address: usize) -> Option<(u32, u32)> {
        let mut nearest = None;
        for (record, own) in self.records.iter().zip(0..) {
            let start = record.code.load(Ordering::Relaxed).addr();
            if start <= address && nearest.is_none_or(|(_, before)| before <= start) {
                nearest = Some((own, start));
            }
        }
        nearest.map(|(own, start)| (own, (address - start) as u32))
    }

    /// Whether an own function, by its place, is native code.
    #[cfg(all(feature = "backtrace", feature = "jit"))]
    pub fn is_native(&self, own: u32) -> bool {
        let entry = self.records.get(own as usize).map(|record| record.entry.load(Ordering::Relaxed).addr());
        let native = self.native.as_ref().map(|block| crate::native::entry(block.start()).addr());
        entry.is_some() && entry == native
    }
}

#[cfg(feature = "jit")]
impl Code {
    /// Where the native function is called that holds an address. Such functions lie in the block one behind the other, in
    /// the order of their records.
    pub fn native_function(&self, address: usize) -> Option<usize> {
        let start = |record: &FuncRecord| record.code.load(Ordering::Relaxed).addr();
        // Those that are compiled lazily lie there in the order of their first calls.
        #[cfg(feature = "jit-lazy")]
        if !self.lazy.is_empty() {
            return self.records.iter().map(start).filter(|&start| start <= address).max();
        }
        #[cfg(feature = "interp")]
        if !self.starts.is_empty() {
            let base = self.native.as_ref()?.start().addr();
            let after = self.starts.partition_point(|&start| base + start as usize <= address);
            return Some(base + *self.starts.get(after.checked_sub(1)?)? as usize);
        }
        let after = self.records.partition_point(|record| start(record) <= address);
        Some(start(self.records.get(after.checked_sub(1)?)?))
    }
}

impl Builder<'_> {
    /// Makes room for so many functions.
    pub fn reserve(&mut self, functions: u32) -> Result<(), OutOfMemory> {
        self.code.records.reserve_exact(functions as usize)
    }

    /// Adds the record of the next function, whose code comes later.
    fn add(&mut self, code: usize, ty: u32, frame_cells: u32) -> Result<(), OutOfMemory> {
        let code = core::ptr::without_provenance(code);
        self.code.records.push(FuncRecord::new(nothing, code, ty, frame_cells))
    }
}

/// Native code, which comes when all functions have been added.
#[cfg(feature = "jit")]
impl Builder<'_> {
    /// Adds the next function, whose code is made when it is first called. Until then compiled code calls so many bytes behind
    /// the beginning of the code.
    #[cfg(feature = "jit-lazy")]
    pub fn push_lazy(&mut self, stub: u32, ty: u32) -> Result<(), Error> {
        self.code.lazy.push(stub)?;
        Ok(self.code.records.push(FuncRecord::new(
            super::lazy::first_call,
            core::ptr::null(),
            ty,
            NOT_ENCODED,
        ))?)
    }

    /// Adds the next function, which is called so many bytes behind the beginning of the code.
    pub fn push_native(&mut self, start: u32, ty: u32) -> Result<(), Error> {
        Ok(self.add(start as usize, ty, NATIVE)?)
    }

    /// Whether one of the functions added is native code.
    pub fn any_native(&self) -> bool {
        self.code.records.iter().any(|record| record.frame_cells.load(Ordering::Relaxed) & NATIVE != 0)
    }

    /// Notes where native functions are, if there are others between their records.
    #[cfg(feature = "interp")]
    fn note_starts(&mut self) -> Result<(), Error> {
        let Code { records, starts, .. } = &mut *self.code;
        let native = |record: &&FuncRecord| record.frame_cells.load(Ordering::Relaxed) & NATIVE != 0;
        let count = records.iter().filter(native).count();
        if count < records.len() {
            starts.reserve_exact(count)?;
            for record in records.iter().filter(native) {
                starts
                    .push((record.code.load(Ordering::Relaxed).addr() + crate::native::CALL_BIAS) as u32)?;
            }
        }
        Ok(())
    }

    /// As [`finish`](Builder::finish), with the native code.
    pub fn finish_native(&mut self, block: CodeBlock) -> Result<(), Error> {
        #[cfg(feature = "interp")]
        {
            self.flush()?;
            self.note_starts()?;
        }
        let entry = crate::native::entry(block.start());
        let address = |at: usize| block.start().wrapping_add(at + crate::native::CALL_BIAS).cast_mut().cast();
        for record in self.code.records.iter_mut() {
            let cells = record.frame_cells.get_mut();
            if *cells & NATIVE != 0 {
                *cells = NOT_ENCODED;
                // Code that the compiler made for this machine, with an `Entry` at that place (R7).
                *record.entry.get_mut() = entry.cast_mut().cast();
                *record.code.get_mut() = address(record.code.get_mut().addr());
            }
        }
        #[cfg(feature = "jit-lazy")]
        self.code.lazy.settle(&address);
        self.code.native = Some(block);
        Ok(())
    }
}

impl Builder<'_> {
    /// All functions have been added, and none is native code.
    pub fn finish(&mut self) -> Result<(), OutOfMemory> {
        #[cfg(feature = "interp")]
        self.flush()?;
        Ok(())
    }
}

/// Code of the interpreter's.
#[cfg(feature = "interp")]
impl Builder<'_> {
    /// Adds the next function, with this code.
    pub fn push(&mut self, bytes: &[u8], frame_cells: u32, ty: u32) -> Result<(), OutOfMemory> {
        if self.batch.capacity() == 0 {
            self.batch.reserve_exact(BATCH.min(self.wasm_bytes as usize))?;
        }
        if self.batch.len() + bytes.len() > BATCH {
            self.flush()?;
        }
        self.add(self.batch.len(), ty, frame_cells)?;
        if bytes.len() < BATCH {
            return self.batch.extend_from_slice(bytes);
        }
        self.code.keep(self.heap, &mut self.batched, bytes)
    }

    fn flush(&mut self) -> Result<(), OutOfMemory> {
        if !self.batch.is_empty() {
            self.code.keep(self.heap, &mut self.batched, &self.batch)?;
            self.batch.clear();
        }
        Ok(())
    }
}

#[cfg(feature = "interp")]
impl Code {
    /// Keeps code in a block of its own, and tells the records of the functions in it, from `batched` on, where they begin.
    fn keep(&mut self, heap: &Heap, batched: &mut usize, code: &[u8]) -> Result<(), OutOfMemory> {
        let block = Vec::copy_of(heap, code)?;
        let base: *const u8 = block.as_ptr();
        for record in self.records.iter_mut().skip(*batched) {
            #[cfg(feature = "jit")]
            if *record.frame_cells.get_mut() & NATIVE != 0 {
                continue;
            }
            *record.entry.get_mut() = wasmote_interp::entry as *mut ();
            *record.code.get_mut() = base.wrapping_add(record.code.get_mut().addr()).cast_mut().cast();
        }
        *batched = self.records.len();
        let blocks = &mut self.blocks;
        if blocks.len() == blocks.capacity() {
            blocks.reserve_exact(1 + blocks.len() / 8)?;
        }
        blocks.push(block)
    }
}
