//! Compiles the sequence of calls of the C API, which is in C.

fn main() {
    const SOURCE: &str = "../rust/capi/tests/sequence/sequence.c";
    println!("cargo::rerun-if-changed={SOURCE}");
    cc::Build::new().file(SOURCE).include("../include").opt_level(1).compile("sequence");
}
