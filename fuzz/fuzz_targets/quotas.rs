//! Any bytes as a module, with too little of something: eight bytes that say how much, then the module.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use wasmote_fuzzing::targets;

fuzz_target!(|input: &[u8]| targets::quotas(input));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed % 4 == 0 || size < 16 {
        return fuzzer_mutate(data, size, max_size);
    }
    // Now the quotas, now the module.
    if seed % 4 == 1 {
        fuzzer_mutate(&mut data[..8], 8, 8);
        return size;
    }
    8 + targets::mutate(&mut data[8..max_size], size - 8, seed)
});
