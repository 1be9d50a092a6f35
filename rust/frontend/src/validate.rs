//! The sink that does nothing: validation alone.

use crate::sink::*;
use wasmote_core::{BinaryOp, ErrorKind, FuncType, LoadOp, StoreOp, Trap, UnaryOp, ValType, vm::Builtin};

/// A [`Sink`] that does nothing, for validation alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validate;

impl Sink for Validate {
    type Label = ();
    type Charge = ();

    fn metered(&self) -> bool {
        false
    }
    fn at(&mut self, _: u32) {}
    fn begin(&mut self, _: &FuncInfo<'_>) {}
    fn end(&mut self, _: u32) -> Result<(), ErrorKind> {
        Ok(())
    }
    fn unary(&mut self, _: UnaryOp, _: Cell, _: Operand) {}
    fn binary(&mut self, _: BinaryOp, _: Cell, _: Operand, _: Operand) {}
    fn load(&mut self, _: LoadOp, _: Cell, _: Operand, _: MemArg) {}
    fn store(&mut self, _: StoreOp, _: Cell, _: Operand, _: Operand, _: MemArg) {}
    fn copy(&mut self, _: ValType, _: Cell, _: Operand) {}
    fn select(&mut self, _: ValType, _: Cell, _: Operand, _: Operand, _: Operand) {}
    fn global_get(&mut self, _: ValType, _: Cell, _: GlobalPlace) {}
    fn global_set(&mut self, _: ValType, _: Cell, _: GlobalPlace, _: Operand) {}
    fn ref_func(&mut self, _: Cell, _: u32) {}
    fn builtin(&mut self, _: Builtin, _: Cell, _: u32, _: u32) {}
    fn call(&mut self, _: Callee, _: FuncType<'_>, _: Cell) {}
    fn tail_call(&mut self, _: Callee, _: FuncType<'_>, _: Cell) {}
    fn return_one(&mut self, _: Option<(ValType, Operand)>) {}
    fn return_many(&mut self, _: Cell, _: u32) {}
    fn trap(&mut self, _: Trap) {}
    fn label(&mut self) {}
    fn bind(&mut self, _: &mut (), _: bool) {}
    fn jump(&mut self, _: &mut ()) {}
    fn jump_if(&mut self, _: When, _: Operand, _: &mut ()) {}
    fn jump_table(&mut self, _: Cell, _: Operand, _: u32) {}
    fn jump_table_target(&mut self, _: &mut ()) {}
    fn charge(&mut self) {}
    fn set_charge(&mut self, (): (), _: u8) {}
}
