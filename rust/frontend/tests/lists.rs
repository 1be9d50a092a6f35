//! What a sink is told, as the lister writes it down.

use wasmote_core::LoadError;
use wasmote_frontend::{Compiler, Lister, Module, Validate};
use wasmote_platform::Heap;

/// Lists the functions of a module in the text format.
fn list_metered(text: &str, metered: bool) -> String {
    let bytes = wat::parse_str(text).unwrap();
    let heap = Heap::platform().unwrap();
    let module = Module::parse(&bytes, &heap).unwrap();
    let mut compiler = Compiler::new(&module, &heap, Lister::new(String::new(), metered));
    for own in 0..module.func_count() - module.import_funcs() {
        compiler.function(own).unwrap();
    }
    compiler.sink.into_inner()
}

#[track_caller]
fn lists(text: &str, expected: &str) {
    let listed = list_metered(text, false);
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    let got: Vec<&str> = listed.trim().lines().map(str::trim).collect();
    assert_eq!(got, expected, "\n{listed}");
}

fn verdict(text: &str) -> Result<(), LoadError> {
    let bytes = wat::parse_str(text).unwrap();
    let heap = Heap::platform().unwrap();
    let module = Module::parse(&bytes, &heap)?;
    let mut compiler = Compiler::new(&module, &heap, Validate);
    for own in 0..module.func_count() - module.import_funcs() {
        compiler.function(own)?;
    }
    Ok(())
}

#[test]
fn operands_are_lazy() {
    lists(
        "(module (func (param i32 i64) (result i32) (local i32)
            local.get 0 i32.const 5 i32.add local.set 2
            local.get 1 i64.eqz local.get 2 i32.sub))",
        "function 0: 3 + 1 cells
         $4 = i32.add %0 0x5
         %3 = i32 $4
         $4 = i64.eqz %1
         $4 = i32.sub $4 %3
         return i32 $4
         end: 6 cells",
    );
}

#[test]
fn a_pending_local_is_preserved() {
    lists(
        "(module (func (param i32) (result i32)
            local.get 0 i32.const 1 local.set 0 local.get 0 i32.add))",
        "function 0: 1 + 0 cells
         $1 = i32 %0
         %0 = i32 0x1
         $1 = i32.add $1 %0
         return i32 $1
         end: 3 cells",
    );
}

#[test]
fn loops_branches_and_values() {
    lists(
        "(module (func (param i32) (result i32) (local i32)
            (loop $l
              (local.set 1 (i32.add (local.get 1) (local.get 0)))
              (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            local.get 1))",
        "function 0: 1 + 1 cells
         @2: loop
         $2 = i32.add %1 %0
         %1 = i32 $2
         $2 = i32.sub %0 0x1
         %0 = i32 $2
         jump @2 if %0
         return i32 %1
         end: 4 cells",
    );
}

#[test]
fn blocks_join_in_cells() {
    lists(
        "(module (func (param i32) (result i32)
            (i32.add (i32.const 7)
              (if (result i32) (local.get 0) (then (local.get 0)) (else (i32.const 3))))))",
        "function 0: 1 + 0 cells
         jump @3 if not %0
         $2 = i32 %0
         jump @2
         @3:
         $2 = i32 0x3
         @2:
         $1 = i32.add 0x7 $2
         return i32 $1
         end: 3 cells",
    );
}

#[test]
fn jump_tables_take_detours_where_values_move() {
    lists(
        "(module (func (param i32) (result i32)
            (block $outer (result i32)
              (i32.const 1)
              (block $inner (result i32)
                (i32.const 5) (local.get 0)
                (br_table $inner $outer $inner 2))
              (i32.add))))",
        "function 0: 1 + 0 cells
         jump table %0, 4 targets
           @4
           @5
           @4
           @6
         @4:
         $2 = i32 0x5
         jump @3
         @5:
         $1 = i32 0x5
         jump @2
         @6:
         return i32 0x5
         @3:
         $1 = i32.add 0x1 $2
         @2:
         return i32 $1
         end: 4 cells",
    );
}

#[test]
fn fuel_is_charged_by_straight_lines() {
    let listed = list_metered(
        "(module (func (param i32)
            (loop $l (br_if $l (i32.eqz (local.get 0)))) nop))",
        true,
    );
    assert!(listed.contains("charge #1") && listed.contains("#1 is 3"), "{listed}");
}

#[test]
fn types_are_canonical() {
    let bytes = wat::parse_str(
        "(module (type (func (param i32))) (type (func)) (type (func (param i32))) (type (func))
           (func (type 2)) (func (type 3)) (func (type 0)))",
    )
    .unwrap();
    let heap = Heap::platform().unwrap();
    let module = Module::parse(&bytes, &heap).unwrap();
    assert_eq!(module.func_type_index(0), module.func_type_index(2));
    assert_ne!(module.func_type_index(0), module.func_type_index(1));
}

#[test]
fn invalid_modules_are_refused_with_a_place() {
    for (text, message) in [
        ("(module (func (result i32) i64.const 0))", "type mismatch"),
        ("(module (func (result i32)))", "type mismatch"),
        ("(module (func i32.const 0))", "type mismatch"),
        ("(module (func br 1))", "unknown label"),
        ("(module (func local.get 0 drop))", "unknown local"),
        ("(module (func i32.const 0 i32.load drop))", "unknown memory"),
        ("(module (func call 1))", "unknown function"),
        ("(module (global i32 (i32.const 0)) (func i32.const 0 global.set 0))", "global is immutable"),
        ("(module (func ref.func 0 drop))", "undeclared function reference"),
        ("(module (func) (export \"a\" (func 0)) (export \"a\" (func 0)))", "duplicate export name"),
        ("(module (memory 2 1))", "size minimum must not be greater than maximum"),
        ("(module (func (unreachable) (br_if 0) (i32.add) (i64.eqz) (drop)))", "type mismatch"),
    ] {
        let error = verdict(text).expect_err(text);
        assert_eq!(error.kind.message().to_string(), message, "{text}");
        assert!(error.offset > 0, "{text}");
    }
}

#[test]
fn refused_features_are_named() {
    for (text, feature) in [
        ("(module (func v128.const i32x4 0 0 0 0 drop))", "simd"),
        ("(module (memory 1 1 shared))", "threads"),
        ("(module (memory i64 1))", "memory64"),
        ("(module (memory 1) (memory 1))", "multi-memory"),
        ("(module (tag))", "exception-handling"),
        ("(module (type (struct)))", "gc"),
        ("(component)", "component-model"),
    ] {
        let error = verdict(text).expect_err(text).to_string();
        assert!(error.starts_with(&format!("unsupported feature: {feature} (at offset ")), "{text}: {error}");
    }
}
