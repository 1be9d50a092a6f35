;; A memory of 1,000 pages of one byte, which may grow to 1,500: for a device that has no 64 KiB to give.
(module $small_pages
  (memory (export "memory") 1000 1500 (pagesize 1))
  (data (i32.const 996) "\01\02\03\04")
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
