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
    /// Whether a function's code is made when it is first called, and it is only validated when the module is loaded.
    ///
    /// With the feature `interp-lazy` that of the interpreter, if there is no native code: each store holds no more of it than
    /// [`Quotas::code_bytes`](crate::Quotas::code_bytes) says, or ends in [`Trap::NotCompiled`](crate::Trap::NotCompiled) if
    /// the heap is used up.
    ///
    /// With the feature `jit-lazy` native code. What is too large then, or finds no memory, is left to the interpreter, or without
    /// the feature `interp` ends in [`Trap::NotCompiled`](crate::Trap::NotCompiled); so it does if the heap is used up.
    pub lazy: bool,
    /// The most bytes that the native code of all modules may have. What has no room stays interpreted, or without the
    /// feature `interp` is refused with [`Error::Quota`].
    pub code_limit: usize,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig {
            fuel: cfg!(feature = "fuel"),
            heap_limit: usize::MAX,
            jit: true,
            lazy: cfg!(any(feature = "jit-lazy", feature = "interp-lazy")),
            code_limit: usize::MAX,
        }
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
    code: Option<CodeSpace>,
    #[cfg(feature = "jit")]
    pub(crate) code_limit: usize,
    #[cfg(any(feature = "jit-lazy", feature = "interp-lazy"))]
    pub(crate) lazy: bool,
}

impl Engine {
    /// An engine that draws on the platform's allocator.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(config: EngineConfig) -> Result<Engine, Error> {
        Engine::on(Heap::platform()?, config)
    }

    #[inline(always)]
    pub(crate) fn on(heap: Heap, config: EngineConfig) -> Result<Engine, Error> {
        heap.set_limit(config.heap_limit);
        #[cfg(feature = "jit")]
        let code = if config.jit || !cfg!(feature = "interp") { CodeSpace::claim(&heap)? } else { None };
        Ok(Engine {
            heap,
            fuel: cfg!(feature = "fuel") && config.fuel,
            #[cfg(feature = "jit")]
            code,
            #[cfg(feature = "jit")]
            code_limit: config.code_limit,
            #[cfg(any(feature = "jit-lazy", feature = "interp-lazy"))]
            lazy: config.lazy,
        })
    }

    /// Where native code goes, and how many bytes there is room for; `None` if everything is interpreted.
    #[cfg(feature = "jit")]
    pub(crate) fn code_room(&self) -> Option<(&CodeSpace, usize)> {
        let space = self.code.as_ref()?;
        Some((space, space.largest_free().min(self.code_limit.saturating_sub(space.used()))))
    }

    /// Whether code counts the fuel that it uses.
    pub fn counts_fuel(&self) -> bool {
        self.fuel
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
