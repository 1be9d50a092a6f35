;; More memory and table than quotas may allow.
(module
  (memory (export "memory") 2 4)
  (table (export "table") 100 200 externref)
  (func (export "grow_table") (param i32) (result i32) (table.grow (ref.null extern) (local.get 0))))
