;; Imports from an instance of api.wat.
(module
  (import "api" "add" (func $add (param i32 i32) (result i32)))
  (import "api" "trap" (func $trap))
  (import "api" "memory" (memory 1))
  (import "api" "counter" (global $counter (mut i32)))
  (func (export "add_counter") (param i32) (result i32)
    (call $add (local.get 0) (global.get $counter)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "trap") (call $trap)))
