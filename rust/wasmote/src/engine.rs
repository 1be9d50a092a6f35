//! What modules and stores have in common: where memory comes from, and how code is made.

use crate::Error;
#[cfg(feature = "jit")]
use wasmote_platform::CodeSpace;
use wasmote_platform::Heap;
use wasmote_platform::heap::HeapStats;

/// How an [`Engine`] is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EngineConfig {
    /// Whether code counts the fuel that it uses. Without the feature `fuel` it never does.
    pub fuel: bool,
    /// The most bytes that everything made with the engine may hold together.
    pub heap_limit: usize,
    /// Whether functions are compiled to native code: with the feature `jit`, where the platform has memory for code that
    /// no other engine has claimed. Without the feature `interp` they always are.
    pub jit: bool,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig { fuel: cfg!(feature = "fuel"), heap_limit: usize::MAX, jit: true }
    }
}

/// The root of everything: cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The root account.
    pub(crate) heap: Heap,
    pub(crate) fuel: bool,
    /// Where native code goes; `None` if everything is interpreted.
    #[cfg(feature = "jit")]
    pub(crate) code: Option<CodeSpace>,
}

impl Engine {
    /// An engine that draws on the platform's allocator.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(config: EngineConfig) -> Result<Engine, Error> {
        Engine::on(Heap::platform()?, config)
    }

    pub(crate) fn on(heap: Heap, config: EngineConfig) -> Result<Engine, Error> {
        heap.set_limit(config.heap_limit);
        #[cfg(feature = "jit")]
        let code = if config.jit || !cfg!(feature = "interp") { CodeSpace::claim(&heap)? } else { None };
        Ok(Engine {
            heap,
            fuel: cfg!(feature = "fuel") && config.fuel,
            #[cfg(feature = "jit")]
            code,
        })
    }

    /// Bytes that everything made with the engine holds.
    pub fn stats(&self) -> HeapStats {
        self.heap.stats()
    }

    /// The engine's heap account.
    pub fn heap(&self) -> &Heap {
        &self.heap
    }
}
