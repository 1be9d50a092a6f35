;; One exported function for each kind of trap. `$inner` and `$outer` give the backtrace something to show.
(module $trap
  (type $number (func (result i32)))
  (memory 1 1)
  (table 4 funcref)
  (elem (i32.const 0) $no_result)
  (func $no_result)

  (func $inner unreachable)
  (func $outer call $inner)
  (func $unreachable (export "unreachable") call $outer)

  (func $memory_load (export "memory_load") (param $address i32) (result i32)
    (i32.load (local.get $address)))
  (func $memory_store (export "memory_store") (param $address i32)
    (i64.store offset=8 (local.get $address) (i64.const -1)))
  (func $memory_fill (export "memory_fill") (param $length i32)
    (memory.fill (i32.const 65000) (i32.const 1) (local.get $length)))

  (func $table_get (export "table_get") (param $index i32) (result i32)
    (ref.is_null (table.get (local.get $index))))
  ;; 0 has another signature, 1 to 3 are null, 4 does not exist.
  (func $call_indirect (export "call_indirect") (param $index i32) (result i32)
    (call_indirect (type $number) (local.get $index)))

  (func $divide (export "divide") (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))
  (func $remainder_i64 (export "remainder_i64") (param $a i64) (param $b i64) (result i64)
    (i64.rem_u (local.get $a) (local.get $b)))
  (func $truncate (export "truncate") (param $x f32) (result i32)
    (i32.trunc_f32_s (local.get $x)))
  (func $truncate_f64 (export "truncate_f64") (param $x f64) (result i64)
    (i64.trunc_f64_u (local.get $x)))

  ;; With plenty of locals, so that the value stack ends before anything else does.
  (func $stack_overflow (export "stack_overflow") (param $n i64) (result i64)
    (local i64 i64 i64 i64 i64 i64 i64 i64)
    (local.set 4 (i64.add (local.get $n) (i64.const 1)))
    (i64.add (call $stack_overflow (local.get 4)) (local.get 4))))
