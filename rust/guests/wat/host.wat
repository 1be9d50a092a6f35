;; Calls the host: every value type, memory given by address, and a call that the host may let wait.
;;
;; The host's side (module "host"):
;;   add_i32, add_i64, add_f32, add_f64 (a, b): their sum
;;   mixed (i32, i64, f32, f64): their sum as f64
;;   pair (i32): the argument, and the argument as i64 times 2
;;   same (externref): its argument
;;   sum_bytes (address, length): the sum of the bytes there
;;   wait (milliseconds): blocks, then returns its argument
;;   fail (): a host error, which ends the call as a trap
(module $host
  (import "host" "add_i32" (func $add_i32 (param i32 i32) (result i32)))
  (import "host" "add_i64" (func $add_i64 (param i64 i64) (result i64)))
  (import "host" "add_f32" (func $add_f32 (param f32 f32) (result f32)))
  (import "host" "add_f64" (func $add_f64 (param f64 f64) (result f64)))
  (import "host" "mixed" (func $mixed (param i32 i64 f32 f64) (result f64)))
  (import "host" "pair" (func $pair (param i32) (result i32 i64)))
  (import "host" "same" (func $same (param externref) (result externref)))
  (import "host" "sum_bytes" (func $sum_bytes (param i32 i32) (result i32)))
  (import "host" "wait" (func $wait (param i32) (result i32)))
  (import "host" "fail" (func $fail))
  (memory (export "memory") 1 1)
  (data (i32.const 1024) "\01\02\03\04\05")
  (table 1 funcref)
  (elem (i32.const 0) $add_i32)

  (func (export "call_i32") (param i32 i32) (result i32) (call $add_i32 (local.get 0) (local.get 1)))
  (func (export "call_i64") (param i64 i64) (result i64) (call $add_i64 (local.get 0) (local.get 1)))
  (func (export "call_f32") (param f32 f32) (result f32) (call $add_f32 (local.get 0) (local.get 1)))
  (func (export "call_f64") (param f64 f64) (result f64) (call $add_f64 (local.get 0) (local.get 1)))
  (func (export "call_mixed") (param i32 i64 f32 f64) (result f64)
    (call $mixed (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "call_pair") (param i32) (result i64)
    (local $second i64)
    (call $pair (local.get 0))
    (local.set $second)
    (i64.extend_i32_s)
    (i64.add (local.get $second)))
  (func (export "call_same") (param externref) (result externref) (call $same (local.get 0)))
  (func (export "call_indirect") (param i32 i32) (result i32)
    (call_indirect (param i32 i32) (result i32) (local.get 0) (local.get 1) (i32.const 0)))
  (func (export "call_sum") (param i32 i32) (result i32) (call $sum_bytes (local.get 0) (local.get 1)))
  (func $call_wait (export "call_wait") (param i32) (result i32)
    (i32.add (call $wait (local.get 0)) (i32.const 1)))
  (func $call_fail (export "call_fail") (call $fail))
  ;; An import that is exported as it came.
  (export "reexported" (func $add_i32)))
