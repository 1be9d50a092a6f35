(module (import "api" "counter" (global i32)))
