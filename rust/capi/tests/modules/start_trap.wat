(module
  (memory 1)
  (func $begin unreachable)
  (start $begin))
