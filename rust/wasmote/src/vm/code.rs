//! A module's bytes and its compiled code.

#[cfg(feature = "pool")]
use crate::EngineConfig;
use crate::{Engine, Error, Module};
use wasmote_core::vm::FuncRecord;
use wasmote_platform::{Heap, Vec};

/// The bytes of a module, for as long as the module is in use.
pub(crate) struct Bytes {
    bytes: &'static [u8],
    /// Holds them if they are ours.
    _owned: Option<Vec<u8>>,
}

impl Bytes {
    /// Bytes that stay where they are.
    pub fn borrowed(bytes: &'static [u8]) -> Bytes {
        Bytes { bytes, _owned: None }
    }

    /// A copy on the heap.
    pub fn copied(heap: &Heap, bytes: &[u8]) -> Result<Bytes, Error> {
        let owned = Vec::copy_of(heap, bytes)?;
        // SAFETY: (R6) the copy is neither changed nor moved, and is freed after everything that reads it.
        let bytes = unsafe { core::slice::from_raw_parts(owned.as_ptr(), owned.len()) };
        Ok(Bytes { bytes, _owned: Some(owned) })
    }

    /// The bytes.
    pub fn get(&self) -> &'static [u8] {
        self.bytes
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
        Ok(Engine::on(heap, config))
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

/// Words gathered before they get an exact block of their own: fewer blocks than functions, and nothing unused.
const BATCH: usize = 1024;

/// The compiled functions of a module.
pub(crate) struct Code {
    records: Vec<FuncRecord>,
    blocks: Vec<Vec<u32>>,
}

// SAFETY: (R7) records and words do not change any more; the pointers lead into the blocks.
unsafe impl Send for Code {}
// SAFETY: (R7) as above.
unsafe impl Sync for Code {}

/// Makes a [`Code`].
pub(crate) struct Builder {
    code: Code,
    heap: Heap,
    batch: Vec<u32>,
    /// Records from here on have their place in the batch instead of an address.
    batched: usize,
}

impl Code {
    /// Code for `functions` functions, made from `wasm_bytes` bytes, on `heap`.
    pub fn builder(heap: &Heap, scratch: &Heap, functions: u32, wasm_bytes: u32) -> Result<Builder, Error> {
        let records = Vec::with_capacity(heap, functions as usize)?;
        let code = Code { records, blocks: Vec::new(heap) };
        Ok(Builder {
            code,
            heap: heap.clone(),
            batch: Vec::with_capacity(scratch, BATCH.min(wasm_bytes as usize))?,
            batched: 0,
        })
    }

    /// The records of the functions, in order.
    pub fn records(&self) -> &[FuncRecord] {
        &self.records
    }

    /// Bytes of code.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| size_of_val(&**block)).sum()
    }

    /// The function whose code holds an address, by its place, and the place of the word in it.
    #[cfg(feature = "backtrace")]
    pub fn find(&self, address: usize) -> Option<(u32, u32)> {
        let starts = self.records.iter().map(|record| record.code.addr()).zip(0..);
        let (start, own) = starts.filter(|&(start, _)| start <= address).max()?;
        Some((own, ((address - start) / size_of::<u32>()) as u32))
    }
}

impl Builder {
    /// Adds the next function. Its words are on the module's heap, and stay as they are if they are many.
    pub fn push(&mut self, words: Vec<u32>, frame_cells: u32, ty: u32) -> Result<(), Error> {
        if self.batch.len() + words.len() > BATCH {
            self.flush()?;
        }
        let place = core::ptr::without_provenance(self.batch.len());
        self.code.records.push(FuncRecord { entry: wasmote_interp::entry, code: place, ty, frame_cells })?;
        if words.len() >= BATCH { self.place(words) } else { Ok(self.batch.extend_from_slice(&words)?) }
    }

    /// The code is complete.
    pub fn finish(mut self) -> Result<Code, Error> {
        self.flush()?;
        Ok(self.code)
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.batched == self.code.records.len() {
            return Ok(());
        }
        let block = Vec::copy_of(&self.heap, &self.batch)?;
        self.batch.clear();
        self.place(block)
    }

    /// Keeps a block of words and tells their addresses to the records of the functions in it.
    fn place(&mut self, block: Vec<u32>) -> Result<(), Error> {
        let base: *const u32 = block.as_ptr();
        for record in self.code.records.iter_mut().skip(self.batched) {
            record.code = base.wrapping_add(record.code.addr()).cast();
        }
        self.batched = self.code.records.len();
        let blocks = &mut self.code.blocks;
        if blocks.len() == blocks.capacity() {
            blocks.reserve_exact(1 + blocks.len() / 8)?;
        }
        Ok(blocks.push(block)?)
    }
}
