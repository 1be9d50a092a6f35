;; Never returns, in each way that a runtime must be able to interrupt or to run out of fuel.
(module $loop_forever
  (global $count (export "count") (mut i32) (i32.const 0))
  (memory 1 1)
  (table 1 funcref)
  (elem (i32.const 0) $step)
  (func $step (global.set $count (i32.add (global.get $count) (i32.const 1))))

  ;; Not an operator in it but the branch.
  (func $empty (export "empty") (loop $again (br $again)))
  (func $counting (export "counting")
    (loop $again
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (br $again)))
  (func $conditional (export "conditional") (param $zero i32)
    (loop $again (br_if $again (i32.eqz (local.get $zero)))))
  (func $by_table (export "by_table") (param $zero i32)
    (block $out (loop $again (br_table $again $out (local.get $zero)))))
  (func $calling (export "calling")
    (loop $again (call $step) (br $again)))
  (func $calling_indirect (export "calling_indirect")
    (loop $again (call_indirect (i32.const 0)) (br $again)))
  ;; Each turn is long and has no branch in it.
  (func $filling (export "filling")
    (loop $again
      (memory.fill (i32.const 0) (global.get $count) (i32.const 65536))
      (br $again)))
  ;; No loop at all: the stack does not grow either.
  (func $tail (export "tail") (return_call $tail)))
