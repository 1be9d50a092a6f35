//! Functions compiled to native code.

use crate::{Error, Quota};
use wasmote_core::{ErrorKind, LoadError};
use wasmote_frontend::{Compiler, Module};
use wasmote_jit::code::Code;
use wasmote_jit::{Compiled, Settings};
use wasmote_platform::{Heap, OutOfMemory, Vec};

#[cfg(target_arch = "arm")]
mod isa {
    use wasmote_jit::isa::thumb2::{Fpu, Thumb2};
    use wasmote_platform::Heap;

    pub type Isa = Thumb2;

    pub fn masm(heap: &Heap) -> Isa {
        Thumb2::new(heap, Fpu::MOST, crate::vm::routines().addr())
    }

    pub fn entry(_: *const u8) -> *const u8 {
        crate::vm::routines().wrapping_add(super::CALL_BIAS)
    }
}

#[cfg(target_arch = "x86_64")]
mod isa {
    use wasmote_jit::isa::x64::X64;
    use wasmote_platform::Heap;

    pub type Isa = X64;

    pub fn masm(heap: &Heap) -> Isa {
        X64::new(heap)
    }

    pub fn entry(block: *const u8) -> *const u8 {
        block
    }
}

#[cfg(not(any(target_arch = "arm", target_arch = "x86_64")))]
compile_error!("the feature `jit` needs Thumb-2 or x86-64");

use isa::Isa;
/// The `Entry` of functions whose module's code begins there.
pub use isa::entry;

/// What is added to the address of code when it is called.
pub const CALL_BIAS: usize = <Isa as wasmote_jit::masm::Masm>::CALL_BIAS;

/// Compiles the functions of a module, one after the other.
pub struct Native<'m, 'a> {
    front: Compiler<'m, 'a, wasmote_jit::Compiler<Isa>>,
    module: &'m Module<'a>,
    /// Bytes that the code may have.
    room: usize,
}

impl<'m, 'a> Native<'m, 'a> {
    /// To [`begin`](Native::begin) with. It lies in `place`, which is empty and of `heap`: it has more than 1 KB, and native
    /// stacks are small.
    ///
    /// # Errors
    /// The heap is used up.
    #[inline(never)]
    pub fn new<'p>(
        place: &'p mut Vec<Native<'m, 'a>>,
        module: &'m Module<'a>,
        heap: &Heap,
        metered: bool,
        room: usize,
    ) -> Result<&'p mut Native<'m, 'a>, OutOfMemory> {
        place.reserve_exact(1)?;
        // Made first: otherwise parts of it lie on the native stack twice.
        let jit = wasmote_jit::Compiler::new(isa::masm(heap), heap, Settings { metered });
        place.push(Native { front: Compiler::new(module, heap, jit), module, room })?;
        place.last_mut().ok_or(OutOfMemory)
    }

    /// # Errors
    /// The heap is used up.
    pub fn begin(&mut self) -> Result<(), Error> {
        Ok(self.front.sink.begin(self.module)?)
    }

    /// One function comes next, apart from the others: the module's code begins so many bytes behind the place for it.
    ///
    /// # Errors
    /// The heap is used up.
    #[cfg(feature = "jit-lazy")]
    pub fn begin_apart(&mut self, module: i32) -> Result<(), Error> {
        Ok(self.front.sink.begin_apart(self.module, module)?)
    }

    /// What all functions have in common comes next, if each is compiled apart: a [`stub`](Native::stub) for each.
    ///
    /// # Errors
    /// The heap is used up.
    #[cfg(feature = "jit-lazy")]
    pub fn begin_stubs(&mut self) -> Result<(), Error> {
        Ok(self.front.sink.begin_stubs(self.module)?)
    }

    /// Validates a function, and makes what is called in its place until it is compiled: so many bytes from the beginning
    /// of the code.
    ///
    /// # Errors
    /// It is not valid, or the heap is used up.
    #[cfg(feature = "jit-lazy")]
    pub fn stub(&mut self, own: u32) -> Result<u32, Error> {
        self.front.validate(own)?;
        Ok(self.front.sink.stub(self.module, own))
    }

    /// Compiles a function. Inside, an error means that the function is to be left to another engine, and why: it is too
    /// large, or there is no room for its code.
    ///
    /// # Errors
    /// It is not valid, or the heap is used up.
    pub fn function(&mut self, own: u32) -> Result<Result<Compiled, Error>, Error> {
        let left = match self.attempt(own) {
            Ok(()) if self.front.sink.size() <= self.room => return Ok(Ok(self.front.sink.compiled())),
            Ok(()) => Error::Quota(Quota::Code),
            Err(Error::Load(error)) if too_large(error.kind) => Error::Load(error),
            Err(error) => return Err(error),
        };
        self.front.sink.abandon();
        Ok(Err(left))
    }

    fn attempt(&mut self, own: u32) -> Result<(), Error> {
        self.front.sink.next(own, false);
        let mut result = self.front.function(own);
        if result.is_err_and(|error| error.kind == ErrorKind::FunctionTooLarge) {
            self.front.sink.abandon();
            self.front.sink.next(own, true);
            result = self.front.function(own);
        }
        Ok(result?)
    }

    /// All code, once every function has been compiled or left to another engine.
    pub fn finish(&mut self) -> Result<&Code, Error> {
        self.front.sink.finish(self.module).map_err(|kind| LoadError::new(kind, 0))?;
        Ok(self.front.sink.code())
    }

    /// The module offset of the operator whose call or trap returns so many bytes behind the place where the function is
    /// called. Compiles the function again.
    #[cfg(feature = "backtrace")]
    pub fn locate(&mut self, own: u32, bytes: u32) -> Result<Option<u32>, Error> {
        self.front.sink.locate(bytes);
        self.attempt(own)?;
        Ok(self.front.sink.located())
    }
}

fn too_large(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::FunctionTooLarge | ErrorKind::FrameTooLarge)
}
