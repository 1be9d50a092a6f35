//! Functions encoded for the interpreter.

use crate::module::func_type;
use crate::vm::CodeBuilder;
use wasmote_core::{ErrorKind, LoadError};
use wasmote_frontend::{Compiler, Module};
use wasmote_interp::Encoder;
use wasmote_platform::{Heap, OutOfMemory};

/// Encodes the functions of a module, one after the other.
pub struct Encoded<'m, 'a> {
    module: &'m Module<'a>,
    compiler: Compiler<'m, 'a, Encoder>,
}

impl<'m, 'a> Encoded<'m, 'a> {
    pub fn new(module: &'m Module<'a>, heap: &Heap, scratch: &Heap, metered: bool) -> Encoded<'m, 'a> {
        Encoded { module, compiler: Compiler::new(module, scratch, Encoder::new(heap, metered)) }
    }

    /// Encodes a function, and adds it to the code.
    ///
    /// # Errors
    /// It is not valid, or the heap is used up.
    pub fn push(&mut self, own: u32, code: &mut CodeBuilder<'_>) -> Result<(), LoadError> {
        self.encode(own, None)?;
        let (bytes, frame_cells) = self.compiler.sink.made();
        stored(code.push(bytes, frame_cells, func_type(self.module, own)))
    }

    /// Encodes a function.
    ///
    /// # Errors
    /// It is not valid, or the heap is used up.
    #[cfg(feature = "jit-lazy")]
    pub fn function(&mut self, own: u32) -> Result<wasmote_interp::Encoded, LoadError> {
        self.encode(own, None)?;
        stored(self.compiler.sink.take())
    }

    /// Validates a function.
    ///
    /// # Errors
    /// It is not valid, or the heap is used up.
    #[cfg(feature = "interp-lazy")]
    pub fn validate(&mut self, own: u32) -> Result<(), LoadError> {
        self.compiler.validate(own)
    }

    /// Encodes a function whose body is at a place: its code, and cells of its frame.
    ///
    /// # Errors
    /// It is too large, or the heap is used up.
    #[cfg(feature = "interp-lazy")]
    pub fn code(&mut self, own: u32, place: u32) -> Result<(&[u8], u32), LoadError> {
        self.compiler.seek(own, place);
        self.encode(own, None)?;
        Ok(self.compiler.sink.made())
    }

    /// The module offset of the operator whose code holds the byte so many behind a function's beginning.
    #[cfg(feature = "backtrace")]
    pub fn locate(&mut self, own: u32, bytes: u32) -> Result<Option<u32>, LoadError> {
        self.encode(own, Some(bytes))?;
        Ok(self.compiler.sink.located())
    }

    /// Encodes a function, with wide branches if it does not fit otherwise.
    fn encode(&mut self, own: u32, locate: Option<u32>) -> Result<(), LoadError> {
        for wide in [false, true] {
            self.compiler.sink.wide(wide);
            if let Some(byte) = locate {
                self.compiler.sink.locate(byte);
            }
            match self.compiler.function(own) {
                Err(error) if error.kind == ErrorKind::FunctionTooLarge && !wide => continue,
                other => return other,
            }
        }
        Ok(())
    }
}

/// As the error of a function, which comes in registers.
fn stored<T>(result: Result<T, OutOfMemory>) -> Result<T, LoadError> {
    result.map_err(|OutOfMemory| LoadError::new(ErrorKind::OutOfMemory, 0))
}
