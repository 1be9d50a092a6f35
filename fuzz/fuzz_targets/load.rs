//! Any bytes as a module.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use wasmote_fuzzing::targets;

fuzz_target!(|bytes: &[u8]| targets::load(bytes));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed % 4 == 0 {
        fuzzer_mutate(data, size, max_size)
    } else {
        targets::mutate(&mut data[..max_size], size, seed)
    }
});
