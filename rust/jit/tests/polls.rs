//! How much code is carried out between two polls of the interrupt word.

use wasmote_frontend::Module;
use wasmote_jit::isa::thumb2::{Fpu, Thumb2};
use wasmote_jit::masm::{Label, Masm};
use wasmote_jit::{Compiler, Settings};
use wasmote_platform::Heap;

/// The polls in the code of the first function, beside those of its entry and of loops.
fn polls(fpu: Fpu, wat: &str) -> usize {
    let heap = Heap::platform().unwrap();
    // What a poll begins with: the load of the word.
    let mut masm = Thumb2::new(&heap, fpu, 0);
    let mut interrupted = Label::NEW;
    masm.poll(&mut interrupted);
    let load: Vec<u8> = masm.code().bytes().take(4).collect();
    let bytes = wat::parse_str(wat).unwrap();
    let module = Module::parse(&bytes, &heap).unwrap();
    let compiler = Compiler::new(Thumb2::new(&heap, fpu, 0), &heap, Settings::default());
    let mut front = wasmote_frontend::Compiler::new(&module, &heap, compiler);
    front.sink.begin(&module).unwrap();
    front.sink.next(0, false);
    front.function(0).unwrap();
    let compiler = &front.sink;
    let code: Vec<u8> = compiler.code().bytes().skip(compiler.compiled().start as usize).collect();
    code.chunks(2).zip(code.chunks(2).skip(1)).filter(|(low, high)| [*low, *high].concat() == load).count()
}

fn function(body: &str) -> String {
    format!("(module (func (local $d f64) {body}))")
}

/// What the runtime carries out takes up to 2,000 instructions.
#[test]
fn operators_of_the_runtime_count_as_more_than_their_code() {
    let roots = |count| function(&"(local.set $d (f64.sqrt (local.get $d)))".repeat(count));
    let roots_between_polls = |fpu| 400 / (polls(fpu, &roots(400)) + 1);
    assert!(roots_between_polls(Fpu::Single) <= 16, "{}", roots_between_polls(Fpu::Single));
    // Of instructions there may be more.
    assert!(roots_between_polls(Fpu::Double) > 32, "{}", roots_between_polls(Fpu::Double));
}

/// The ends of nested calls follow each other.
#[test]
fn little_is_done_between_a_call_and_the_return() {
    let ends = |end: &str| polls(Fpu::Single, &function(&format!("(call 0) {end}")));
    assert_eq!(ends(""), 0);
    assert_eq!(ends("(local.set $d (f64.const 1))"), 0);
    assert_eq!(ends("(local.set $d (f64.sqrt (local.get $d)))"), 1);
    assert_eq!(ends(&"(local.set $d (f64.neg (local.get $d)))".repeat(40)), 1);
}
