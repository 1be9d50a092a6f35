//! The rule of each operator (WebAssembly Core, 3.3), and what it tells the sink.

use super::Body;
use crate::reader::{Reader, Result};
use crate::sections::{ref_type, val_type};
use crate::{Callee, MemArg, Sink};
use wasmote_core::{
    ErrorKind, Feature, FuncType, LoadError, Op, TableType, Trap, UnaryOp, ValType, vm::Builtin,
};

/// Tells the sink something if the code is reachable, and adds the place to its error.
macro_rules! tell {
    ($body:ident, $method:ident ( $($argument:expr),* $(,)? )) => {
        if $body.reachable {
            let told = $body.sink.$method($($argument),*);
            $body.told(told)?;
        }
    };
}

use ValType::{ExternRef, F32, F64, FuncRef, I32, I64};

impl<'a, S: Sink> Body<'_, 'a, S> {
    pub fn operator(&mut self, op: Op, reader: &mut Reader<'a>) -> Result<()> {
        match op {
            Op::Unary(op) => {
                let (operand, result) = op.types();
                let a = self.pop(operand)?.operand();
                let dst = self.push(result)?;
                tell!(self, unary(op, dst, a));
            }
            Op::Binary(op) => {
                let (operand, result) = op.types();
                let b = self.pop(operand)?.operand();
                let a = self.pop(operand)?.operand();
                let dst = self.push(result)?;
                tell!(self, binary(op, dst, a, b));
            }
            Op::Load(op) => {
                let arg = self.mem_arg(reader, op.width_log2())?;
                let address = self.pop(I32)?.operand();
                let dst = self.push(op.ty())?;
                tell!(self, load(op, dst, address, arg));
            }
            Op::Store(op) => {
                let arg = self.mem_arg(reader, op.width_log2())?;
                let value = self.pop(op.ty())?.operand();
                let address = self.pop(I32)?.operand();
                tell!(self, store(op, address, value, arg));
            }
            Op::Reinterpret(from, to) => self.retype(from, to)?,

            Op::Unreachable => {
                tell!(self, trap(Trap::Unreachable));
                self.set_unreachable()?;
            }
            Op::Nop => {}
            Op::Block => {
                let ty = self.block_type(reader)?;
                self.block(ty)?;
            }
            Op::Loop => {
                let ty = self.block_type(reader)?;
                self.enter_loop(ty)?;
            }
            Op::If => {
                let ty = self.block_type(reader)?;
                self.enter_if(ty)?;
            }
            Op::Else => self.enter_else()?,
            Op::End => self.end()?,
            Op::Br => {
                let depth = reader.u32()?;
                self.br(depth)?;
            }
            Op::BrIf => {
                let depth = reader.u32()?;
                self.br_if(depth)?;
            }
            Op::BrTable => self.br_table(reader)?,
            Op::Return => self.return_()?,

            Op::Call => {
                let (callee, ty) = self.callee(reader)?;
                self.call(callee, ty)?;
            }
            Op::CallIndirect => {
                let (callee, ty) = self.indirect_callee(reader)?;
                self.call(callee, ty)?;
            }
            Op::ReturnCall => {
                let (callee, ty) = self.callee(reader)?;
                self.tail_call(callee, ty)?;
            }
            Op::ReturnCallIndirect => {
                let (callee, ty) = self.indirect_callee(reader)?;
                self.tail_call(callee, ty)?;
            }

            Op::Drop => {
                self.pop_any()?;
            }
            Op::Select => {
                let condition = self.pop(I32)?.operand();
                let b = self.pop_any()?;
                let a = self.pop_any()?;
                if a.ty.is_some_and(ValType::is_ref) || b.ty.is_some_and(ValType::is_ref) {
                    return self.fail(ErrorKind::TypeMismatch);
                }
                if a.ty.is_some() && b.ty.is_some() && a.ty != b.ty {
                    return self.fail(ErrorKind::TypeMismatch);
                }
                let dst = self.push(a.ty.or(b.ty))?;
                tell!(self, select(a.known_ty(), dst, a.operand(), b.operand(), condition));
            }
            Op::SelectT => {
                if reader.u32()? != 1 {
                    return self.fail(ErrorKind::BadSelect);
                }
                let ty = val_type(reader)?;
                self.need(ty.feature())?;
                let condition = self.pop(I32)?.operand();
                let b = self.pop(ty)?.operand();
                let a = self.pop(ty)?.operand();
                let dst = self.push(ty)?;
                tell!(self, select(ty, dst, a, b, condition));
            }

            Op::LocalGet => {
                let (ty, cell) = self.local(reader)?;
                self.push_local(ty, cell)?;
            }
            Op::LocalSet => {
                let (ty, cell) = self.local(reader)?;
                let value = self.pop(ty)?.operand();
                self.preserve(cell)?;
                tell!(self, copy(ty, cell, value));
            }
            Op::LocalTee => {
                let (ty, cell) = self.local(reader)?;
                let value = self.pop(ty)?.operand();
                self.preserve(cell)?;
                tell!(self, copy(ty, cell, value));
                // What follows reads the local: the value may have gone nowhere else.
                match value {
                    crate::Operand::Const(bits) => self.push_const(ty, bits)?,
                    _ => self.push_local(ty, cell)?,
                }
            }
            Op::GlobalGet => {
                let global = self.global(reader)?;
                let dst = self.push(global.ty.value)?;
                tell!(self, global_get(global.ty.value, dst, global.place));
            }
            Op::GlobalSet => {
                let global = self.global(reader)?;
                if !global.ty.mutable {
                    return self.fail(ErrorKind::ImmutableGlobal);
                }
                let src = self.pop(global.ty.value)?.operand();
                tell!(self, global_set(global.ty.value, global.place, src));
            }

            Op::TableGet => {
                let (table, ty) = self.table(reader)?;
                self.builtin(Builtin::TableGet, &[I32], Some(ty.element), table, 0)?;
            }
            Op::TableSet => {
                let (table, ty) = self.table(reader)?;
                self.builtin(Builtin::TableSet, &[I32, ty.element], None, table, 0)?;
            }
            Op::TableSize => {
                let (table, _) = self.table(reader)?;
                self.builtin(Builtin::TableSize, &[], Some(I32), table, 0)?;
            }
            Op::TableGrow => {
                let (table, ty) = self.table(reader)?;
                self.builtin(Builtin::TableGrow, &[ty.element, I32], Some(I32), table, 0)?;
            }
            Op::TableFill => {
                let (table, ty) = self.table(reader)?;
                self.builtin(Builtin::TableFill, &[I32, ty.element, I32], None, table, 0)?;
            }
            Op::TableCopy => {
                let (to, to_ty) = self.table(reader)?;
                let (from, from_ty) = self.table(reader)?;
                if to_ty.element != from_ty.element {
                    return self.fail(ErrorKind::TypeMismatch);
                }
                self.builtin(Builtin::TableCopy, &[I32, I32, I32], None, to, from)?;
            }
            Op::TableInit => {
                let segment = reader.u32()?;
                let (table, ty) = self.table(reader)?;
                match self.module.element(segment) {
                    None => return self.fail(ErrorKind::UnknownElement),
                    Some(element) if element.ty != ty.element => return self.fail(ErrorKind::TypeMismatch),
                    Some(_) => self.builtin(Builtin::TableInit, &[I32, I32, I32], None, table, segment)?,
                }
            }
            Op::ElemDrop => {
                let segment = reader.u32()?;
                if segment >= self.module.element_count() {
                    return self.fail(ErrorKind::UnknownElement);
                }
                self.builtin(Builtin::ElemDrop, &[], None, segment, 0)?;
            }

            Op::MemorySize => {
                self.memory(reader)?;
                self.builtin(Builtin::MemorySize, &[], Some(I32), 0, 0)?;
            }
            Op::MemoryGrow => {
                self.memory(reader)?;
                self.builtin(Builtin::MemoryGrow, &[I32], Some(I32), 0, 0)?;
            }
            Op::MemoryFill => {
                self.memory(reader)?;
                self.builtin(Builtin::MemoryFill, &[I32, I32, I32], None, 0, 0)?;
            }
            Op::MemoryCopy => {
                self.memory(reader)?;
                self.memory(reader)?;
                self.builtin(Builtin::MemoryCopy, &[I32, I32, I32], None, 0, 0)?;
            }
            Op::MemoryInit => {
                let segment = self.data_segment(reader)?;
                self.memory(reader)?;
                self.builtin(Builtin::MemoryInit, &[I32, I32, I32], None, segment, 0)?;
            }
            Op::DataDrop => {
                let segment = self.data_segment(reader)?;
                self.builtin(Builtin::DataDrop, &[], None, segment, 0)?;
            }

            Op::I32Const => {
                let value = reader.s32()?;
                self.push_const(I32, u64::from(value as u32))?;
            }
            Op::I64Const => {
                let value = reader.s64()?;
                self.push_const(I64, value as u64)?;
            }
            Op::F32Const => {
                let bits = reader.f32_bits()?;
                self.push_const(F32, bits.into())?;
            }
            Op::F64Const => {
                let bits = reader.f64_bits()?;
                self.push_const(F64, bits)?;
            }

            Op::RefNull => {
                let ty = ref_type(reader)?;
                self.push_const(ty, 0)?;
            }
            Op::RefIsNull => {
                let entry = self.pop_any()?;
                if entry.ty.is_some_and(|ty| !matches!(ty, FuncRef | ExternRef)) {
                    return self.fail(ErrorKind::TypeMismatch);
                }
                let dst = self.push(I32)?;
                // A reference is one cell, and null is 0.
                tell!(self, unary(UnaryOp::I32Eqz, dst, entry.operand()));
            }
            Op::RefFunc => {
                let func = reader.u32()?;
                if func >= self.module.func_count() {
                    return self.fail(ErrorKind::UnknownFunction);
                }
                if !self.module.is_declared(func) {
                    return self.fail(ErrorKind::UndeclaredReference);
                }
                let dst = self.push(FuncRef)?;
                tell!(self, ref_func(dst, func));
            }
        }
        Ok(())
    }

    fn local(&self, reader: &mut Reader<'_>) -> Result<(ValType, u32)> {
        let index = reader.u32()?;
        self.locals.get(index).ok_or(LoadError::new(ErrorKind::UnknownLocal, self.op_at))
    }

    fn global(&self, reader: &mut Reader<'_>) -> Result<crate::module::Global> {
        let index = reader.u32()?;
        let global = self.module.globals.get(index as usize).copied();
        global.ok_or(LoadError::new(ErrorKind::UnknownGlobal, self.op_at))
    }

    fn table(&self, reader: &mut Reader<'_>) -> Result<(u32, TableType)> {
        let index = reader.u32()?;
        match self.module.tables.get(index as usize) {
            Some(&ty) => Ok((index, ty)),
            None => self.fail(ErrorKind::UnknownTable),
        }
    }

    /// The memory index of an operator.
    fn memory(&self, reader: &mut Reader<'_>) -> Result<()> {
        if reader.u8()? != 0 {
            return self.fail(ErrorKind::ZeroByteExpected);
        }
        self.has_memory()
    }

    fn has_memory(&self) -> Result<()> {
        if self.module.memory.is_none() {
            return self.fail(ErrorKind::UnknownMemory);
        }
        Ok(())
    }

    fn data_segment(&self, reader: &mut Reader<'_>) -> Result<u32> {
        let index = reader.u32()?;
        match self.module.data_count {
            None => self.fail(ErrorKind::DataCountRequired),
            Some(count) if index >= count => self.fail(ErrorKind::UnknownData),
            Some(_) => Ok(index),
        }
    }

    fn mem_arg(&self, reader: &mut Reader<'_>, width_log2: u32) -> Result<MemArg> {
        let align_log2 = reader.u32()?;
        match align_log2 {
            0x80.. => return self.fail(ErrorKind::BadMemArg),
            0x40.. => return self.fail(ErrorKind::Unsupported(Feature::MultiMemory)),
            _ => {}
        }
        let offset = reader.u32()?;
        self.has_memory()?;
        if align_log2 > width_log2 {
            return self.fail(ErrorKind::AlignmentTooLarge);
        }
        Ok(MemArg { offset, align_log2 })
    }

    fn callee(&self, reader: &mut Reader<'_>) -> Result<(Callee, FuncType<'a>)> {
        let func = reader.u32()?;
        if func >= self.module.func_count() {
            return self.fail(ErrorKind::UnknownFunction);
        }
        let imports = self.module.import_funcs;
        let callee = if func < imports { Callee::Import(func) } else { Callee::Own(func - imports) };
        Ok((callee, self.module.func_type(func)))
    }

    fn indirect_callee(&mut self, reader: &mut Reader<'_>) -> Result<(Callee, FuncType<'a>)> {
        let index = reader.u32()?;
        let at = reader.pos();
        let table = reader.u32()?;
        // One byte, 0, before there were several tables.
        if table != 0 || reader.pos() != at + 1 {
            self.need(Feature::ReferenceTypes)?;
        }
        match self.module.tables.get(table as usize) {
            None => return self.fail(ErrorKind::UnknownTable),
            Some(ty) if ty.element != FuncRef => return self.fail(ErrorKind::TypeMismatch),
            Some(_) => {}
        }
        let ty = self.module.type_index(index, self.op_at)?;
        let index = self.pop(I32)?.operand();
        Ok((Callee::Indirect { table, ty, index }, self.module.func_type_at(ty)))
    }

    fn call(&mut self, callee: Callee, ty: FuncType<'a>) -> Result<()> {
        self.check_top(ty.params())?;
        let cells = self.settle_top(ty.params().len())?;
        self.pop_all(ty.params())?;
        self.push_all(ty.results())?;
        tell!(self, call(callee, ty, cells));
        Ok(())
    }

    fn tail_call(&mut self, callee: Callee, ty: FuncType<'a>) -> Result<()> {
        if ty.results().ne(self.control.first().map_or(FuncType::default(), |block| block.ty()).results()) {
            return self.fail(ErrorKind::TypeMismatch);
        }
        self.check_top(ty.params())?;
        let cells = self.settle_top(ty.params().len())?;
        tell!(self, tail_call(callee, ty, cells));
        self.set_unreachable()
    }

    /// An operator of the runtime's: its operands go to their cells, its result comes there.
    fn builtin(
        &mut self,
        builtin: Builtin,
        params: &[ValType],
        result: Option<ValType>,
        first: u32,
        second: u32,
    ) -> Result<()> {
        self.check_top(params.iter().copied())?;
        let cells = self.settle_top(params.len())?;
        self.pop_all(params.iter().copied())?;
        if let Some(ty) = result {
            self.push(ty)?;
        }
        tell!(self, builtin(builtin, cells, first, second));
        Ok(())
    }
}
