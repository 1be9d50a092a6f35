;; A start function that never returns: instantiation must be interruptible too.
(module $start_forever
  (func $start (loop $again (br $again)))
  (start $start))
