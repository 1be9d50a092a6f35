;; Linear memory: every width, growing up to a maximum, fill, copy and data segments.
(module $memory
  (memory (export "memory") 1 2)
  (data (i32.const 16) "wasmote")
  (data $passive "passive")

  (func (export "load8_u") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "load8_s") (param i32) (result i32) (i32.load8_s (local.get 0)))
  (func (export "load32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "store32") (param i32 i32) (i32.store (local.get 0) (local.get 1)))

  ;; What was stored comes back, not aligned, through the narrow loads of an i64.
  (func (export "widths") (param $value i64) (result i64)
    (i64.store (i32.const 101) (local.get $value))
    (i64.or
      (i64.or
        (i64.load8_u (i32.const 101))
        (i64.shl (i64.load8_u (i32.const 102)) (i64.const 8)))
      (i64.or
        (i64.shl (i64.load16_u (i32.const 103)) (i64.const 16))
        (i64.shl (i64.load32_s (i32.const 105)) (i64.const 32)))))
  (func (export "floats") (param $x f32) (param $y f64) (result f64)
    (f32.store (i32.const 203) (local.get $x))
    (f64.store (i32.const 207) (local.get $y))
    (f64.add (f64.promote_f32 (f32.load (i32.const 203))) (f64.load (i32.const 207))))

  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  ;; Grows by a page, uses its last word, fails to grow again, and says how large the memory is now.
  (func (export "grow_and_use") (result i32)
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then (return (i32.const -1))))
    (if (i32.load (i32.const 131068)) (then (return (i32.const -2))))
    (i32.store (i32.const 131068) (i32.const 7))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const -3))))
    (i32.add (memory.size) (i32.load (i32.const 131068))))

  (func $sum (param $from i32) (param $to i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum
        (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load8_u (local.get $from))))
      (br_if $next
        (i32.lt_u
          (local.tee $from (i32.add (local.get $from) (i32.const 1)))
          (local.get $to))))
    (local.get $sum))
  (func (export "fill") (param $byte i32) (param $length i32) (result i32)
    (memory.fill (i32.const 300) (local.get $byte) (local.get $length))
    (call $sum (i32.const 298) (i32.const 340)))
  ;; The text moves by some bytes onto itself: up if positive, down if negative.
  (func (export "copy_overlapping") (param $by i32) (result i32)
    (memory.copy (i32.add (i32.const 16) (local.get $by)) (i32.const 16) (i32.const 7))
    (call $sum (i32.const 8) (i32.const 32)))
  (func (export "init") (param $from i32) (param $length i32) (result i32)
    (memory.init $passive (i32.const 400) (local.get $from) (local.get $length))
    (call $sum (i32.const 400) (i32.const 408)))
  ;; Once dropped, the segment is empty: only a length of zero is still allowed.
  (func (export "init_dropped") (param $length i32) (result i32)
    (data.drop $passive)
    (memory.init $passive (i32.const 400) (i32.const 0) (local.get $length))
    (call $sum (i32.const 400) (i32.const 408))))
