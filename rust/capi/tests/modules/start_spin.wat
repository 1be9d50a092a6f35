(module
  (func $begin (loop (br 0)))
  (start $begin))
