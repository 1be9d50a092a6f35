//! Functions that are compiled when they are first called.
//!
//! The record of one that is not compiled yet has [`first_call`] as its entry, and compiled code calls a few instructions
//! that call it by its record. What may change while others call is atomic, and changes once.

use super::call::{instance, made};
use super::code::Code;
use crate::Error;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use wasmote_core::vm::{FuncRecord, NOT_ENCODED, VmCtx};
use wasmote_jit::Compiled;
use wasmote_platform::{Heap, MoreCode, OutOfMemory, Vec};

/// What a module has beside for functions that are compiled lazily.
pub(super) struct Lazy {
    /// Where compiled code calls each function.
    compiled: Vec<AtomicPtr<()>>,
    /// Code of the interpreter's for those that could not be compiled. Only touched while the module's code is added to.
    #[cfg(feature = "interp")]
    encoded: core::cell::UnsafeCell<Vec<Vec<u8>>>,
}

impl Lazy {
    pub fn new(heap: &Heap) -> Lazy {
        Lazy {
            compiled: Vec::new(heap),
            #[cfg(feature = "interp")]
            encoded: core::cell::UnsafeCell::new(Vec::new(heap)),
        }
    }

    /// Whether no function is compiled lazily.
    pub fn is_empty(&self) -> bool {
        self.compiled.is_empty()
    }

    /// The next function is called so many bytes behind the beginning of the code, as long as it is not compiled.
    pub fn push(&mut self, stub: u32) -> Result<(), OutOfMemory> {
        self.compiled.push(AtomicPtr::new(ptr::without_provenance_mut(stub as usize)))
    }

    /// The code is where it stays.
    pub fn settle(&mut self, address: &dyn Fn(usize) -> *mut ()) {
        for stub in self.compiled.iter_mut() {
            let at = stub.get_mut();
            *at = address(at.addr());
        }
    }
}

/// What was made of a function.
pub(crate) enum Made {
    /// Native code, published at an address.
    Native(*const u8, Compiled),
    /// The interpreter's code, and cells of the frame.
    #[cfg(feature = "interp")]
    Encoded(Vec<u8>, u32),
}

impl Code {
    /// Where compiled code calls the functions.
    pub fn compiled(&self) -> &[AtomicPtr<()>] {
        &self.lazy.compiled
    }

    /// Lets `make` make a function's code, unless somebody did so meanwhile. It is told how many bytes behind the place for
    /// the code the module's begins.
    pub fn make(
        &self,
        own: u32,
        make: impl FnOnce(MoreCode<'_>, i32) -> Result<Made, Error>,
    ) -> Result<(), Error> {
        let (records, compiled) = (self.records(), self.compiled());
        let (Some(record), Some(compiled), Some(block)) =
            (records.get(own as usize), compiled.get(own as usize), &self.native)
        else {
            return Err(Error::NotFound);
        };
        block.more(|more| {
            if !record.code.load(Ordering::Relaxed).is_null() {
                return Ok(());
            }
            let module = block.start().addr().wrapping_sub(more.start().addr()) as i32;
            let address = |start: *const u8, at: u32| {
                start.wrapping_add(at as usize + crate::native::CALL_BIAS).cast_mut().cast()
            };
            let (inside, entry, code, frame_cells) = match make(more, module)? {
                Made::Native(start, made) => (
                    Some(address(start, made.inside)),
                    crate::native::entry(block.start()).cast_mut().cast(),
                    address(start, made.start),
                    NOT_ENCODED,
                ),
                #[cfg(feature = "interp")]
                Made::Encoded(bytes, frame_cells) => {
                    let code = bytes.as_ptr().cast_mut().cast();
                    // SAFETY: (R7) only here, and nobody else is here.
                    unsafe { (*self.lazy.encoded.get()).push(bytes)? };
                    (None, wasmote_interp::entry as *mut (), code, frame_cells)
                }
            };
            record.code.store(code, Ordering::Relaxed);
            record.frame_cells.store(frame_cells, Ordering::Release);
            // Who reads one of these finds the others: a trap looks for the function by the record's code.
            if let Some(inside) = inside {
                compiled.store(inside, Ordering::Release);
            }
            record.entry.store(entry, Ordering::Release);
            Ok(())
        })
    }
}

/// `Entry` of a function that has no code yet.
pub(super) unsafe extern "C" fn first_call(
    callee: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    // SAFETY: (R1) (R2) code waits for us; (R7) the record is one of the instance's module.
    unsafe {
        let own = record.offset_from_unsigned((*callee).funcs) as u32;
        made(instance(callee).module().compile(own), callee, record, cells, caller)
    }
}
