//! Stores: what instances live in.

use crate::vm::{Place, State};
use crate::{Engine, Error};
use wasmote_platform::heap::HeapStats;

/// What a store and its instances may use. What is beyond fails with an error, or with the specification's
/// own result where code asks for more (`memory.grow` gives -1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quotas {
    /// Bytes of the value stack, which all instances of the store share. Allocated with the store. Less than 1 GiB where words have
    /// 32 bits.
    pub stack_bytes: u32,
    /// The most bytes that the store may hold of the heap: value stack, memories, tables and its own data.
    pub heap_bytes: usize,
    /// Calls from the host into code that may be nested in each other; with the feature `jit` also calls from one instance to
    /// another. Each uses native stack.
    pub call_depth: u32,
    /// The most bytes of the memory that an instance defines.
    pub memory_bytes: u32,
    /// The most elements of all tables together that an instance defines.
    pub table_elements: u32,
    /// Fuel that an instance begins with; from 2^64 - 2^32 on, as `u64::MAX`, it is never used up.
    pub fuel: u64,
    /// The most bytes of the interpreter's code that the store holds if functions are encoded when they are first called
    /// ([`EngineConfig::lazy`](crate::EngineConfig::lazy)): what does not run is given up for what is called, and encoded
    /// again when it is called again. What runs stays, whatever it takes.
    pub code_bytes: usize,
    /// Memories that never need to grow get only what they use: if a module defines a memory and exports an
    /// immutable global `__heap_base`, as LLVM's linker makes them, the memory has only the bytes below that, is
    /// as large as declared to `memory.size`, and cannot grow. Not for modules with a heap of their own.
    pub trim_memory: bool,
}

impl Default for Quotas {
    /// 8 KiB of stack, 8 nested calls, and otherwise what the heap has.
    fn default() -> Quotas {
        Quotas {
            stack_bytes: 8192,
            heap_bytes: usize::MAX,
            call_depth: 8,
            memory_bytes: u32::MAX,
            table_elements: u32::MAX,
            fuel: u64::MAX,
            code_bytes: usize::MAX,
            trim_memory: false,
        }
    }
}

/// Instances that can call each other, and everything that they use. Used by one thread at a time; instances
/// stay until the whole store is dropped.
pub struct Store(Place<State>);

/// What a [`Store`] holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoreStats {
    /// Bytes of heap.
    pub heap: HeapStats,
    /// The most bytes of the value stack that were in use.
    pub stack_used_peak: usize,
    /// Bytes of functions that were encoded when they were first called, which are part of the heap.
    pub code_bytes: usize,
    /// How many have been encoded, those that were encoded again included.
    pub functions_encoded: u32,
    /// Bytes of all memories, which are part of the heap.
    pub memory_bytes: usize,
}

impl Store {
    /// An empty store.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]: there is no memory for the value stack, or `heap_bytes` is too small for it.
    pub fn new(engine: &Engine, quotas: Quotas) -> Result<Store, Error> {
        let heap = engine.heap.account(quotas.heap_bytes)?;
        Ok(Store(State::new(heap, quotas)?))
    }

    /// What the store holds.
    pub fn stats(&self) -> StoreStats {
        let (code_bytes, functions_encoded) = self.state().encoded();
        StoreStats {
            code_bytes,
            functions_encoded,
            heap: self.state().heap.stats(),
            stack_used_peak: self.state().stack_used_peak(),
            memory_bytes: self.state().memory_bytes(),
        }
    }

    /// The quotas that it was made with.
    pub fn quotas(&self) -> &Quotas {
        &self.state().quotas
    }

    pub(crate) fn place(&self) -> &Place<State> {
        &self.0
    }

    pub(crate) fn state(&self) -> &State {
        crate::vm::state(self)
    }

    pub(crate) fn state_mut(&mut self) -> &mut State {
        crate::vm::state_mut(self)
    }
}

impl core::fmt::Debug for Store {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Store").field(&self.stats()).finish()
    }
}
