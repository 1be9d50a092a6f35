//! A generated module, run by wasmote and wasmi; the input are the generator's choices.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wasmote_fuzzing::targets;

fuzz_target!(|choices: &[u8]| targets::execute(choices));
