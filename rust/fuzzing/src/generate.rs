//! Modules made at random.

use crate::Random;
use arbitrary::Unstructured;
use std::ops::Range;
use wasm_smith::Config;
use wasmote::Feature;

/// Features that wasmote refuses and that can be generated.
pub const REFUSED: [Feature; 7] = [
    Feature::Simd,
    Feature::Threads,
    Feature::Gc,
    Feature::Exceptions,
    Feature::Memory64,
    Feature::MultiMemory,
    Feature::WideArithmetic,
];

/// What all generated modules have in common: exactly the features of wasmote.
pub fn supported() -> Config {
    Config {
        custom_page_sizes_enabled: true,
        compact_imports_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        gc_enabled: false,
        exceptions_enabled: false,
        memory64_enabled: false,
        wide_arithmetic_enabled: false,
        max_memories: 1,
        max_tables: 4,
        ..Config::default()
    }
}

/// Switches a refused feature on.
fn enable(config: &mut Config, feature: Feature, random: &mut Random) {
    match feature {
        Feature::Simd => {
            config.simd_enabled = true;
            config.relaxed_simd_enabled = random.once_in(2);
        }
        Feature::Threads => config.threads_enabled = true,
        Feature::Gc => {
            config.reference_types_enabled = true;
            config.gc_enabled = true;
        }
        Feature::Exceptions => config.exceptions_enabled = true,
        Feature::Memory64 => config.memory64_enabled = true,
        Feature::MultiMemory => config.max_memories = 2 + random.below(9),
        _ => config.wide_arithmetic_enabled = true,
    }
}

/// A configuration of its own for each module (swarm testing: Groce et al. 2012): what is never there leaves room for
/// the rest.
fn swarm(random: &mut Random) -> Config {
    let size = random.choose(&[4, 20, 100, 1000]);
    let mut most = || 1 + random.below(size);
    let mut config = Config {
        max_types: most(),
        max_imports: most() - 1,
        max_funcs: most(),
        max_globals: most() - 1,
        max_exports: most() - 1,
        max_element_segments: most() - 1,
        max_elements: most() - 1,
        max_data_segments: most() - 1,
        max_instructions: most(),
        ..supported()
    };
    config.bulk_memory_enabled = !random.once_in(8);
    config.reference_types_enabled = !random.once_in(8);
    config.multi_value_enabled = !random.once_in(8);
    config.saturating_float_to_int_enabled = !random.once_in(8);
    config.sign_extension_ops_enabled = !random.once_in(8);
    config.tail_call_enabled = !random.once_in(4);
    config.extended_const_enabled = !random.once_in(4);
    config.custom_page_sizes_enabled = random.once_in(4);
    config.allow_floats = !random.once_in(8);
    config.generate_custom_sections = random.once_in(4);
    config.max_memories = usize::from(!random.once_in(8));
    config.max_tables = if config.reference_types_enabled { random.below(6) } else { random.below(2) };
    config.const_expr_fuel = random.choose(&[2, 50, 200]);
    if random.once_in(4) {
        config.min_uleb_size = 1 + random.below(5) as u8;
    }
    config
}

/// What a module was made to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Valid, with wasmote's features.
    Valid,
    /// Bodies may be made of bytes that mean nothing.
    BadBodies,
    /// Valid, and it may use this refused feature too.
    Refused(Feature),
}

/// A module of the generator's; `None` if what it chose does not fit together.
pub fn module(kind: Kind, random: &mut Random) -> Option<Vec<u8>> {
    let mut config = swarm(random);
    match kind {
        Kind::Valid => {}
        Kind::BadBodies => config.allow_invalid_funcs = true,
        Kind::Refused(feature) => enable(&mut config, feature, random),
    }
    let len = random.choose(&[256, 1024, 2048, 2048, 8192]);
    let len = len / 8 + random.below(len);
    let input = random.bytes(len);
    smith(config, &input).map(|module| module.to_bytes())
}

/// The generator's module for these choices.
pub fn smith(config: Config, input: &[u8]) -> Option<wasm_smith::Module> {
    wasm_smith::Module::new(config, &mut Unstructured::new(input)).ok()
}

/// Changes a few bytes: values, bits, lengths, the end, pieces from elsewhere in the module.
pub fn mutate_bytes(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.choose(&[1, 1, 1, 2, 3, 8]) {
        let sections = sections(&bytes);
        if sections.is_empty() {
            break;
        }
        // Every section as often as any other, however small.
        let section = sections[random.below(sections.len())].clone();
        let at = section.start + random.below(section.len());
        match random.below(16) {
            0..=2 => bytes[at] = random.next() as u8,
            3..=5 => bytes[at] ^= 1 << random.below(8),
            6 | 7 => bytes[at] = bytes[at].wrapping_add(1),
            8 | 9 => bytes[at] = bytes[at].wrapping_sub(1),
            // What means something in many places: bounds of LEB128, types, `end`, prefixes.
            10 | 11 => {
                bytes[at] = random.choose(&[0, 1, 2, 0x0B, 0x40, 0x60, 0x6F, 0x70, 0x7F, 0x80, 0xFC, 0xFF])
            }
            12 => drop(bytes.remove(at)),
            13 => bytes.insert(at, random.next() as u8),
            14 if random.once_in(4) => bytes.truncate(at),
            _ => {
                let from = section.start + random.below(section.len());
                let len = (1 + random.below(8)).min(section.end - from).min(section.end - at);
                bytes.copy_within(from..from + len, at);
            }
        }
    }
    bytes
}

/// Where the sections lie, each with its id and length, as far as they can be made out.
fn sections(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut sections = Vec::new();
    let mut start = 8;
    while start < bytes.len() {
        let mut len = 0;
        let mut at = start + 1;
        for shift in [0, 7, 14, 21, 28] {
            let byte = bytes.get(at).copied().unwrap_or(0);
            len |= usize::from(byte & 0x7F) << shift;
            at += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let end = (at + len).min(bytes.len());
        sections.push(start..end);
        start = end;
    }
    sections
}

/// Changes a valid module into another one, nearly always a valid one. `None` if the mutator gives up.
pub fn mutate_module(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut mutator = wasm_mutate::WasmMutate::default();
    mutator.seed(random.next()).fuel(200);
    let mutated = mutator.run(bytes).ok()?.next()?;
    mutated.ok()
}
