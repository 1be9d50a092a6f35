;; Recursion: direct, mutual, through a table, and as tail calls, which must not use the stack up.
(module $recurse
  (type $down (func (param i32) (result i32)))
  (table 1 funcref)
  (elem (i32.const 0) $indirect)

  ;; The depth that was asked for.
  (func $depth (export "depth") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 0))
      (else (i32.add (call $depth (i32.sub (local.get $n) (i32.const 1))) (i32.const 1)))))

  (func $even (export "even") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 1))
      (else (call $odd (i32.sub (local.get $n) (i32.const 1))))))
  (func $odd (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 0))
      (else (call $even (i32.sub (local.get $n) (i32.const 1))))))

  (func $indirect (export "indirect") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 0))
      (else
        (i32.add
          (call_indirect (type $down) (i32.sub (local.get $n) (i32.const 1)) (i32.const 0))
          (i32.const 2)))))

  ;; The sum of 1 to n.
  (func $tail (export "tail") (param $n i32) (param $sum i64) (result i64)
    (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
    (return_call $tail
      (i32.sub (local.get $n) (i32.const 1))
      (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))))
