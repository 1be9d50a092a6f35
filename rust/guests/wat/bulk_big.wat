;; Bulk operators over everything there is: they must be interruptible, cost fuel by their length, and either do
;; all of their work or none.
(module $bulk_big
  (memory (export "memory") 4 4)
  (table 10000 funcref)
  (elem (i32.const 0) $here)
  (func $here)
  (data $passive "0123456789abcdef")

  ;; Fills all memory so many times; the last word tells that it happened.
  (func $fill (export "fill") (param $times i32) (result i32)
    (loop $again
      (memory.fill (i32.const 0) (local.get $times) (i32.const 262144))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (i32.load (i32.const 262140)))
  ;; Copies the first half over the second.
  (func $copy (export "copy") (param $times i32) (result i32)
    (memory.fill (i32.const 0) (i32.const 0x5A) (i32.const 131072))
    (loop $again
      (memory.copy (i32.const 131072) (i32.const 0) (i32.const 131072))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (i32.load (i32.const 262140)))
  ;; One byte too many: a trap, and not a byte written.
  (func $fill_too_much (export "fill_too_much")
    (memory.fill (i32.const 1) (i32.const 0xFF) (i32.const 262144)))
  (func $untouched (export "untouched") (result i32)
    (i32.or (i32.load (i32.const 0)) (i32.load (i32.const 262140))))
  ;; The whole table but its first element becomes that element; 1 if the last one did.
  (func $table_fill (export "table_fill") (result i32)
    (table.fill (i32.const 1) (table.get (i32.const 0)) (i32.const 9999))
    (call_indirect (i32.const 9999))
    (i32.eqz (ref.is_null (table.get (i32.const 9999)))))
  (func $table_copy (export "table_copy") (result i32)
    (table.copy (i32.const 5000) (i32.const 0) (i32.const 5000))
    (i32.eqz (ref.is_null (table.get (i32.const 5000))))))
