//! wasmparser as judge: whatever the bytes, the front end's verdict is wasmparser's with the same features.

use crate::generate::{self, Kind, REFUSED};
use crate::{Random, limits};
use std::collections::BTreeMap;
use wasmote::{ErrorClass, ErrorKind, Feature, LoadError};
use wasmote_frontend::{Compiler, Module, Validate};
use wasmote_platform::Heap;
use wasmparser::{Validator, WasmFeatures};

/// The features that wasmote has.
pub fn features() -> WasmFeatures {
    WasmFeatures::WASM1
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::CUSTOM_PAGE_SIZES
        | WasmFeatures::FLOATS
}

/// wasmparser's name for a refused feature.
fn theirs(feature: Feature) -> WasmFeatures {
    match feature {
        Feature::Simd => WasmFeatures::SIMD | WasmFeatures::RELAXED_SIMD,
        Feature::Threads => WasmFeatures::THREADS,
        Feature::Gc => WasmFeatures::GC | WasmFeatures::FUNCTION_REFERENCES,
        Feature::Exceptions => WasmFeatures::EXCEPTIONS,
        Feature::Memory64 => WasmFeatures::MEMORY64,
        Feature::MultiMemory => WasmFeatures::MULTI_MEMORY,
        Feature::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
        _ => WasmFeatures::empty(),
    }
}

/// The front end's verdict.
///
/// # Errors
/// Why the module is refused.
pub fn ours(bytes: &[u8]) -> Result<(), LoadError> {
    let heap = Heap::platform().map_err(|_| LoadError { kind: ErrorKind::OutOfMemory, offset: 0 })?;
    let module = Module::parse(bytes, &heap)?;
    let mut compiler = Compiler::new(&module, &heap, Validate);
    for own in 0..module.func_count() - module.import_funcs() {
        compiler.function(own)?;
    }
    Ok(())
}

/// What came out of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Both accept it.
    Valid,
    /// Both refuse it.
    Refused,
    /// Both refuse it, and so they should: it is valid with a refused feature, which the error names.
    RefusedByName,
    /// Valid but for a limit of this implementation, which it does exceed.
    Limit,
}

/// Compares the verdicts. `refused` says that the module is valid if that feature is there.
///
/// # Errors
/// How they differ.
pub fn compare(bytes: &[u8], refused: Option<Feature>) -> Result<Verdict, String> {
    let ours = ours(bytes);
    let theirs_with = |features| Validator::new_with_features(features).validate_all(bytes).map(drop);
    match (&ours, theirs_with(features())) {
        (Ok(()), Ok(())) => Ok(Verdict::Valid),
        (Err(error), Ok(())) if error.kind.class() == ErrorClass::Limit => {
            if limits::exceeded(bytes, error) {
                return Ok(Verdict::Limit);
            }
            Err(format!("ours says {error}, but the limit is not exceeded"))
        }
        (Err(error), Err(_)) => {
            let Some(feature) = refused else { return Ok(Verdict::Refused) };
            if let Err(theirs) = theirs_with(features() | theirs(feature)) {
                return Err(format!("generated as valid with {}: {theirs}", feature.name()));
            }
            if error.kind == ErrorKind::Unsupported(feature) {
                return Ok(Verdict::RefusedByName);
            }
            // The specification came to allow `global.get` of a module's own globals with garbage collection; what
            // it calls the error, and so do we, is older.
            let global_get = bytes.get(error.offset as usize) == Some(&0x23);
            if feature == Feature::Gc && error.kind == ErrorKind::ConstantExpected && global_get {
                return Ok(Verdict::Refused);
            }
            Err(format!("it needs {}; ours says {error}", feature.name()))
        }
        (Ok(()), Err(theirs)) => Err(format!("ours accepts it; wasmparser: {theirs}")),
        (Err(error), Ok(())) => Err(format!("ours says {error}; wasmparser accepts it")),
    }
}

/// Counts of verdicts, and the disagreements.
#[derive(Debug, Default)]
pub struct Tally {
    /// By origin and verdict.
    pub counts: BTreeMap<(&'static str, Verdict), u64>,
    /// What is wrong, with the bytes.
    pub disagreements: Vec<(String, Vec<u8>)>,
}

impl Tally {
    /// Judges a module.
    pub fn judge(
        &mut self,
        origin: &'static str,
        name: impl Fn() -> String,
        bytes: &[u8],
        refused: Option<Feature>,
    ) {
        match compare(bytes, refused) {
            Ok(verdict) => *self.counts.entry((origin, verdict)).or_default() += 1,
            Err(what) => self.disagreements.push((format!("{}: {what}", name()), bytes.to_vec())),
        }
    }

    /// Modules judged.
    pub fn total(&self) -> u64 {
        self.counts.values().sum::<u64>() + self.disagreements.len() as u64
    }

    /// Modules of a verdict.
    pub fn of(&self, wanted: Verdict) -> u64 {
        self.counts.iter().filter(|((_, verdict), _)| *verdict == wanted).map(|(_, count)| count).sum()
    }

    /// Adds another tally.
    pub fn add(&mut self, other: Tally) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
        self.disagreements.extend(other.disagreements);
    }
}

/// Judges all modules of a case: one that is generated, and some made from it.
pub fn case(seed: u64, number: u64, tally: &mut Tally) {
    let mut random = Random::new(seed, number);
    let kind = match random.below(8) {
        0 | 1 => Kind::Refused(random.choose(&REFUSED)),
        2 => Kind::BadBodies,
        _ => Kind::Valid,
    };
    let Some(bytes) = generate::module(kind, &mut random) else { return };
    let name = |what: &str| format!("seed {seed}, case {number}, {what}");
    let (origin, refused) = match kind {
        Kind::Valid => ("generated", None),
        Kind::BadBodies => ("generated, bad bodies", None),
        Kind::Refused(feature) => ("generated, refused feature", Some(feature)),
    };
    tally.judge(origin, || name("generated"), &bytes, refused);
    for round in 0..4 {
        let mutated = generate::mutate_bytes(&bytes, &mut random);
        tally.judge("changed bytes", || name(&format!("changed bytes {round}")), &mutated, None);
    }
    if kind == Kind::Valid
        && random.once_in(8)
        && let Some(mutated) = generate::mutate_module(&bytes, &mut random)
    {
        tally.judge("mutated", || name("mutated"), &mutated, None);
        let again = generate::mutate_bytes(&mutated, &mut random);
        tally.judge("changed bytes", || name("mutated, then changed bytes"), &again, None);
    }
}
