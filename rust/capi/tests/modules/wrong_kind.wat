(module (import "api" "add" (global i32)))
