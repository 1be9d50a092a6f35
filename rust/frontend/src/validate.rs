//! The sink that does nothing: validation alone.

use crate::sink::*;
use wasmote_core::{BinaryOp, ErrorKind, FuncType, LoadOp, StoreOp, Trap, UnaryOp, ValType, vm::Builtin};

/// A [`Sink`] that does nothing, for validation alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validate;

type Told = Result<(), ErrorKind>;

impl Sink for Validate {
    type Label = ();
    type Charge = ();

    fn metered(&self) -> bool {
        false
    }
    fn at(&mut self, _: u32) {}
    fn begin(&mut self, _: &FuncInfo<'_>) -> Told {
        Ok(())
    }
    fn end(&mut self, _: u32) -> Told {
        Ok(())
    }
    fn unary(&mut self, _: UnaryOp, _: Cell, _: Operand) -> Told {
        Ok(())
    }
    fn binary(&mut self, _: BinaryOp, _: Cell, _: Operand, _: Operand) -> Told {
        Ok(())
    }
    fn load(&mut self, _: LoadOp, _: Cell, _: Operand, _: MemArg) -> Told {
        Ok(())
    }
    fn store(&mut self, _: StoreOp, _: Operand, _: Operand, _: MemArg) -> Told {
        Ok(())
    }
    fn copy(&mut self, _: ValType, _: Cell, _: Operand) -> Told {
        Ok(())
    }
    fn select(&mut self, _: ValType, _: Cell, _: Operand, _: Operand, _: Operand) -> Told {
        Ok(())
    }
    fn global_get(&mut self, _: ValType, _: Cell, _: GlobalPlace) -> Told {
        Ok(())
    }
    fn global_set(&mut self, _: ValType, _: GlobalPlace, _: Operand) -> Told {
        Ok(())
    }
    fn ref_func(&mut self, _: Cell, _: u32) -> Told {
        Ok(())
    }
    fn builtin(&mut self, _: Builtin, _: Cell, _: u32, _: u32) -> Told {
        Ok(())
    }
    fn call(&mut self, _: Callee, _: FuncType<'_>, _: Cell) -> Told {
        Ok(())
    }
    fn tail_call(&mut self, _: Callee, _: FuncType<'_>, _: Cell) -> Told {
        Ok(())
    }
    fn return_one(&mut self, _: Option<(ValType, Operand)>) -> Told {
        Ok(())
    }
    fn return_many(&mut self, _: Cell, _: u32) -> Told {
        Ok(())
    }
    fn trap(&mut self, _: Trap) -> Told {
        Ok(())
    }
    fn label(&mut self) {}
    fn bind(&mut self, _: &mut (), _: bool) -> Told {
        Ok(())
    }
    fn jump(&mut self, _: &mut ()) -> Told {
        Ok(())
    }
    fn jump_if(&mut self, _: When, _: Operand, _: &mut ()) -> Told {
        Ok(())
    }
    fn jump_table(&mut self, _: Operand, _: u32) -> Told {
        Ok(())
    }
    fn jump_table_target(&mut self, _: &mut ()) -> Told {
        Ok(())
    }
    fn charge(&mut self) -> Told {
        Ok(())
    }
    fn set_charge(&mut self, (): (), _: u8) -> Told {
        Ok(())
    }
}
