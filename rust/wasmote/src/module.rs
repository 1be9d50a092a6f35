//! Modules: validated, and compiled to what the engine runs.

#[cfg(feature = "interp")]
use crate::encoded::Encoded;
#[cfg(feature = "jit")]
use crate::native::Native;
#[cfg(all(feature = "jit", feature = "interp"))]
use crate::vm::CodeBuilder;
#[cfg(feature = "jit-lazy")]
use crate::vm::Made;
use crate::vm::{Bytes, Code};
use crate::{Engine, Error};
use wasmote_core::FuncType;
use wasmote_frontend::{Export, ExternType, Import};
use wasmote_platform::heap::{HeapStats, Room};
use wasmote_platform::{Heap, Shared, Vec};

/// A module: immutable, cheap to clone, usable in any number of stores and threads of its engine.
///
/// Its bytes stay where they are and are read in place for as long as the module is in use.
#[derive(Clone)]
pub struct Module(Shared<Inner>);

struct Inner {
    // Borrows what `_bytes` holds, so it is dropped first.
    parsed: wasmote_frontend::Module<'static>,
    code: Code,
    _bytes: Option<Vec<u8>>,
    #[cfg(any(feature = "backtrace", feature = "jit-lazy", feature = "interp-lazy"))]
    metered: bool,
    #[cfg(feature = "jit-lazy")]
    code_limit: usize,
}

/// What a [`Module`] holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ModuleStats {
    /// Bytes of heap. The peak was while loading, with the encoder's buffers but without other scratch space.
    pub heap: HeapStats,
    /// Bytes of compiled code.
    pub code_bytes: usize,
    /// Bytes of it that are native code, in the platform's memory for that and not on the heap.
    pub native_code_bytes: usize,
    /// Bytes of the code section that it was made from.
    pub wasm_code_bytes: u32,
    /// Functions that the module defines.
    pub functions: u32,
}

impl Module {
    /// Validates and compiles a module in the binary format (WebAssembly Core, chapters 3 and 5). All of it is
    /// validated before this returns.
    ///
    /// # Errors
    /// [`Error::Load`] with what is wrong and where; [`Error::OutOfMemory`].
    pub fn new(engine: &Engine, bytes: &'static [u8]) -> Result<Module, Error> {
        Module::load(engine, |_| Ok(Bytes::borrowed(bytes)))
    }

    /// As [`new`](Module::new), from a copy of the bytes on the engine's heap.
    ///
    /// # Errors
    /// As for [`new`](Module::new).
    pub fn from_copy(engine: &Engine, bytes: &[u8]) -> Result<Module, Error> {
        Module::load(engine, |heap| Bytes::copied(heap, bytes))
    }

    pub(crate) fn load(
        engine: &Engine,
        bytes: impl FnOnce(&Heap) -> Result<Bytes, Error>,
    ) -> Result<Module, Error> {
        let heap = engine.heap.account(usize::MAX)?;
        let bytes = bytes(&heap)?;
        #[cfg(feature = "log")]
        let size = bytes.get().len();
        let module = Module::compiled(engine, heap, bytes);
        #[cfg(feature = "log")]
        crate::events::loaded(size, &module);
        module
    }

    #[inline(always)]
    fn compiled(engine: &Engine, heap: Heap, bytes: Bytes) -> Result<Module, Error> {
        // What is only needed while loading is counted apart from the module.
        let scratch = engine.heap.account(usize::MAX)?;
        #[cfg(feature = "wasmparser")]
        second_opinion(bytes.get())?;
        let parsed = wasmote_frontend::Module::parse(bytes.get(), &heap)?;
        let code = code(&parsed, &heap, &scratch, engine)?;
        let room = Room::new(&heap)?;
        Ok(Module(room.fill(Inner {
            parsed,
            code,
            _bytes: bytes.owned(),
            #[cfg(any(feature = "backtrace", feature = "jit-lazy", feature = "interp-lazy"))]
            metered: engine.fuel,
            #[cfg(feature = "jit-lazy")]
            code_limit: engine.code_limit,
        })))
    }

    /// The imports, in order.
    pub fn imports(&self) -> impl Iterator<Item = Import<'_>> {
        self.parsed().imports()
    }

    /// The import at a byte offset, as a [`LinkError`](crate::LinkError) names it.
    pub fn import_at(&self, offset: u32) -> Option<Import<'_>> {
        self.imports().find(|import| import.offset == offset)
    }

    /// The exports, in order.
    pub fn exports(&self) -> impl Iterator<Item = (Export<'_>, ExternType<'_>)> {
        self.parsed().exports().filter_map(|export| {
            let ty = self.parsed().export_type(&export)?;
            Some((export, ty))
        })
    }

    /// The type of a function of its index space.
    pub fn func_type(&self, func: u32) -> FuncType<'_> {
        self.parsed().func_type(func)
    }

    /// Bytes of compiled code.
    pub fn code_bytes(&self) -> usize {
        self.code().bytes()
    }

    /// What the module holds.
    pub fn stats(&self) -> ModuleStats {
        ModuleStats {
            heap: Shared::heap(&self.0).stats(),
            code_bytes: self.code_bytes(),
            native_code_bytes: self.code().native_bytes(),
            wasm_code_bytes: self.parsed().code_bytes(),
            functions: self.parsed().func_count() - self.parsed().import_funcs(),
        }
    }

    /// What the front end knows of the module.
    pub fn parsed(&self) -> &wasmote_frontend::Module<'_> {
        &self.0.parsed
    }

    /// Handles to this module, instances in stores included.
    pub fn owners(&self) -> u32 {
        Shared::owners(&self.0)
    }

    #[cfg(feature = "interp-lazy")]
    pub(crate) fn metered(&self) -> bool {
        self.0.metered
    }

    pub(crate) fn code(&self) -> &Code {
        &self.0.code
    }

    /// The module offset of the operator whose code a position lies in, so many bytes behind the beginning of an own
    /// function. Compiles the function again to find it.
    #[cfg(feature = "backtrace")]
    pub(crate) fn locate(&self, own: u32, bytes: u32) -> Result<Option<u32>, Error> {
        let scratch = Shared::heap(&self.0).account(usize::MAX)?;
        #[cfg(feature = "jit")]
        if self.code().is_native(own) {
            let mut place = Vec::new(&scratch);
            let native = Native::new(&mut place, self.parsed(), &scratch, self.0.metered, usize::MAX)?;
            #[cfg(feature = "jit-lazy")]
            if !self.code().compiled().is_empty() {
                // Anywhere outside of the function's code.
                native.begin_apart(i32::from(i16::MIN))?;
                return native.locate(own, bytes);
            }
            native.begin()?;
            return native.locate(own, bytes);
        }
        #[cfg(feature = "interp")]
        return Ok(Encoded::new(self.parsed(), &scratch, &scratch, self.0.metered).locate(own, bytes)?);
        #[cfg(not(feature = "interp"))]
        Ok(None)
    }
}

/// Functions that are compiled when they are first called.
#[cfg(feature = "jit-lazy")]
impl Module {
    /// Makes the code of an own function, unless it is there.
    ///
    /// # Errors
    /// Memory is used up; without the interpreter, also that for code, or the function is too large.
    pub(crate) fn compile(&self, own: u32) -> Result<(), Error> {
        let Inner { parsed, metered, .. } = &*self.0;
        let heap = Shared::heap(&self.0);
        let scratch = heap.account(usize::MAX)?;
        self.code().make(own, |more, module| {
            let (start, room) = (more.start(), more.room(self.0.code_limit));
            let mut place = Vec::new(&scratch);
            let native = Native::new(&mut place, parsed, &scratch, *metered, room)?;
            native.begin_apart(module)?;
            match native.function(own)? {
                Ok(compiled) => {
                    more.publish(native.finish()?.pieces())?;
                    Ok(Made::Native(start, compiled))
                }
                #[cfg(feature = "interp")]
                Err(_) => {
                    let encoded = Encoded::new(parsed, heap, &scratch, *metered).function(own)?;
                    Ok(Made::Encoded(encoded.code, encoded.frame_cells))
                }
                #[cfg(not(feature = "interp"))]
                Err(error) => Err(error),
            }
        })
    }
}

impl core::fmt::Debug for Module {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Module").field(&self.stats()).finish()
    }
}

/// Makes the code of all functions: native where that is possible, otherwise the interpreter's.
#[cfg(feature = "jit")]
fn code(parsed: &Parsed, heap: &Heap, scratch: &Heap, engine: &Engine) -> Result<Code, Error> {
    let Some((space, room)) = engine.code_room() else {
        return without_native_code(parsed, heap, scratch, engine);
    };
    #[cfg(feature = "jit-lazy")]
    if engine.lazy && own_funcs(parsed) > 0 {
        return lazy_code(parsed, heap, scratch, engine);
    }
    let mut place = Vec::new(scratch);
    let native = Native::new(&mut place, parsed, scratch, engine.fuel, room)?;
    native.begin()?;
    let mut made = Code::new(heap);
    let mut code = made.builder(heap, scratch, parsed.code_bytes());
    code.reserve(own_funcs(parsed))?;
    for own in 0..own_funcs(parsed) {
        match native.function(own)? {
            Ok(compiled) => code.push_native(compiled.start, func_type(parsed, own))?,
            #[cfg(feature = "interp")]
            Err(_) => left_over(parsed, own, heap, scratch, engine, &mut code)?,
            #[cfg(not(feature = "interp"))]
            Err(error) => return Err(error),
        }
    }
    // What native functions share takes no room for nothing.
    if !code.any_native() {
        code.finish()?;
        return Ok(made);
    }
    match space.publish(native.finish()?.pieces())? {
        Ok(block) => code.finish_native(block)?,
        // Somebody else was faster.
        Err(_) => return without_native_code(parsed, heap, scratch, engine),
    }
    Ok(made)
}

/// Encodes a function that was not compiled. (Not a part of [`code`]: its variables would lie on the native stack there too.)
#[cfg(all(feature = "jit", feature = "interp"))]
#[cold]
#[inline(never)]
fn left_over(
    parsed: &Parsed,
    own: u32,
    heap: &Heap,
    scratch: &Heap,
    engine: &Engine,
    code: &mut CodeBuilder<'_>,
) -> Result<(), Error> {
    Ok(Encoded::new(parsed, heap, scratch, engine.fuel).push(own, code)?)
}

/// Validates all functions, and makes what calls them for the first time.
#[cfg(feature = "jit-lazy")]
fn lazy_code(parsed: &Parsed, heap: &Heap, scratch: &Heap, engine: &Engine) -> Result<Code, Error> {
    let Some((space, room)) = engine.code_room() else {
        return without_native_code(parsed, heap, scratch, engine);
    };
    let mut place = Vec::new(scratch);
    let native = Native::new(&mut place, parsed, scratch, engine.fuel, room)?;
    native.begin_stubs()?;
    let mut made = Code::new(heap);
    let mut code = made.builder(heap, scratch, 0);
    code.reserve(own_funcs(parsed))?;
    for own in 0..own_funcs(parsed) {
        code.push_lazy(native.stub(own)?, func_type(parsed, own))?;
    }
    let stubs = native.finish()?;
    if stubs.len() <= room
        && let Ok(block) = space.publish(stubs.pieces())?
    {
        code.finish_native(block)?;
        return Ok(made);
    }
    without_native_code(parsed, heap, scratch, engine)
}

#[cfg(all(feature = "jit", not(feature = "interp")))]
fn without_native_code(_: &Parsed, _: &Heap, _: &Heap, _: &Engine) -> Result<Code, Error> {
    Err(Error::Quota(crate::Quota::Code))
}

/// Makes the code of all functions.
#[cfg(not(feature = "jit"))]
fn code(parsed: &Parsed, heap: &Heap, scratch: &Heap, engine: &Engine) -> Result<Code, Error> {
    without_native_code(parsed, heap, scratch, engine)
}

#[cfg(feature = "interp")]
#[cfg_attr(feature = "jit", inline(never))]
fn without_native_code(parsed: &Parsed, heap: &Heap, scratch: &Heap, engine: &Engine) -> Result<Code, Error> {
    let mut encoded = Encoded::new(parsed, heap, scratch, engine.fuel);
    #[cfg(feature = "interp-lazy")]
    if engine.lazy {
        for own in 0..own_funcs(parsed) {
            encoded.validate(own)?;
        }
        // Instances have records of their own.
        return Ok(Code::new(heap));
    }
    let mut made = Code::new(heap);
    let mut code = made.builder(heap, scratch, parsed.code_bytes());
    code.reserve(own_funcs(parsed))?;
    for own in 0..own_funcs(parsed) {
        encoded.push(own, &mut code)?;
    }
    code.finish()?;
    Ok(made)
}

type Parsed = wasmote_frontend::Module<'static>;

fn own_funcs(parsed: &Parsed) -> u32 {
    parsed.func_count() - parsed.import_funcs()
}

/// The canonical type index of an own function.
pub(crate) fn func_type(parsed: &wasmote_frontend::Module<'_>, own: u32) -> u32 {
    parsed.func_type_index(parsed.import_funcs() + own)
}

/// Asks wasmparser whether the module is valid, with the features that this build has.
#[cfg(feature = "wasmparser")]
fn second_opinion(bytes: &[u8]) -> Result<(), Error> {
    use wasmote_core::Feature;
    use wasmparser::WasmFeatures as W;
    let mut features = W::MUTABLE_GLOBAL;
    for (ours, theirs) in [
        (Feature::Float, W::FLOATS),
        (Feature::SignExtension, W::SIGN_EXTENSION),
        (Feature::SaturatingFloat, W::SATURATING_FLOAT_TO_INT),
        (Feature::MultiValue, W::MULTI_VALUE),
        (Feature::BulkMemory, W::BULK_MEMORY),
        (Feature::ReferenceTypes, W::REFERENCE_TYPES),
        (Feature::ExtendedConst, W::EXTENDED_CONST),
        (Feature::TailCall, W::TAIL_CALL),
        (Feature::CustomPageSizes, W::CUSTOM_PAGE_SIZES),
    ] {
        features.set(theirs, ours.compiled());
    }
    features.set(W::GC_TYPES, Feature::ReferenceTypes.compiled());
    match wasmparser::Validator::new_with_features(features).validate_all(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::Refuted { offset: error.offset() as u32 }),
    }
}
