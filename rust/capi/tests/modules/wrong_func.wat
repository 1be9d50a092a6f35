(module (import "api" "add" (func (param i64) (result f32))))
