;; Prints a line several times through a function of the firmware's.
(module
  (import "env" "print" (func $print (param $text i32) (param $length i32)))

  ;; 23 bytes of memory and no more: pages of one byte instead of 64 KiB.
  (memory (export "memory") 23 23 (pagesize 1))
  (data (i32.const 0) "Hello from WebAssembly\n")

  ;; Prints the line `times` times; returns the number of characters printed.
  (func (export "greet") (param $times i32) (result i32)
    (local $printed i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $times)))
        (call $print (i32.const 0) (i32.const 23))
        (local.set $printed (i32.add (local.get $printed) (i32.const 23)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br $next)))
    (local.get $printed)))
