//! The rule of each operator (WebAssembly Core, 3.3), and what it tells the sink.

use super::Compiler;
use super::operands::Ty;
use crate::module::TYPES;
use crate::sections::{heap_type, val_type};
use crate::{Callee, GlobalPlace, MemArg, Operand, Sink};
use wasmote_core::{ErrorKind, Feature, FuncType, GlobalType, Op, Trap, UnaryOp, ValType};

use ValType::{F32, F64, FuncRef, I32, I64};

impl<'a, S: Sink> Compiler<'_, 'a, S> {
    #[inline(always)]
    pub(super) fn operator(&mut self, op: Option<Op>) {
        // It was found out before, and told; asked here, it is one of the ways of the switch.
        let Some(op) = op else { return };
        match op {
            Op::Unary(op) => {
                let (operand, result) = op.types();
                self.expect(operand);
                if self.live()
                    && let Some(a) = self.stack.last()
                {
                    self.sink.unary(op, a.cell.into(), a.operand);
                }
                self.replace(result);
            }
            Op::Binary(op) => {
                let (operand, result) = op.types();
                self.want_two(operand);
                if let [.., a, b] = &mut *self.stack {
                    let dst = a.cell.into();
                    if self.reader.mute == 0 {
                        self.sink.binary(op, dst, a.operand, b.operand);
                    }
                    a.settle(Some(result));
                    // No result takes more cells than its operands.
                    self.top = dst + result.cells();
                }
                self.discard(1);
            }
            Op::Load(op) => {
                let arg = self.mem_arg(op.width_log2());
                self.expect(I32);
                if self.live()
                    && let Some(address) = self.stack.last()
                {
                    self.sink.load(op, address.cell.into(), address.operand, arg);
                }
                self.replace(op.ty());
            }
            Op::Store(op) => {
                let arg = self.mem_arg(op.width_log2());
                let value = self.pop(op.ty());
                let address = self.pop(I32);
                tell!(self, store(op, self.top, address, value, arg));
            }
            Op::Reinterpret(op) => {
                let (from, to) = op.types();
                self.retype(from, to);
            }

            Op::Unreachable => {
                tell!(self, trap(Trap::Unreachable));
                self.set_unreachable();
            }
            Op::Nop => {}
            Op::Block => self.block(),
            Op::Loop => self.enter_loop(),
            Op::If => self.enter_if(),
            Op::Else => self.enter_else(),
            Op::End => self.end(),
            Op::Br => self.br(),
            Op::BrIf => self.br_if(),
            Op::BrTable => self.br_table(),
            Op::Return => self.return_(),

            Op::Call | Op::ReturnCall | Op::CallIndirect | Op::ReturnCallIndirect => self.call(op),

            Op::Drop => {
                self.pop_any();
            }
            Op::Select | Op::SelectT => {
                let mut named = None;
                if op == Op::SelectT {
                    if self.reader.u32() != 1 {
                        self.fail(ErrorKind::BadSelect);
                    }
                    named = Some(val_type(&mut self.reader));
                }
                let condition = self.pop(I32);
                let b = self.pop_any();
                let a = self.pop_any();
                let ty = named.or(a.ty).or(b.ty);
                let other = |have: Ty| have.is_some() && have != ty;
                if named.is_none() && ty.is_some_and(ValType::is_ref) || other(a.ty) || other(b.ty) {
                    self.fail(ErrorKind::TypeMismatch);
                }
                let dst = self.push(ty);
                tell!(self, select(ty.unwrap_or(I32), dst, a.operand, b.operand, condition));
            }

            Op::LocalGet | Op::LocalSet | Op::LocalTee => {
                let (ty, cell) = self.local();
                if op == Op::LocalGet {
                    return self.push_local(ty, cell);
                }
                self.expect(ty);
                // Only what lies below the value may be a pending read of the local.
                let last = self.stack.len().saturating_sub(1);
                if self.pending < last {
                    self.preserve(cell, last);
                }
                if let [.., value] = &mut *self.stack {
                    if self.reader.mute == 0 {
                        self.sink.copy(ty, cell, value.operand);
                    }
                    if op == Op::LocalSet {
                        self.top = value.cell.into();
                        self.discard(1);
                    } else if !matches!(value.operand, Operand::Const(_)) {
                        // What follows reads the local: the value may have gone nowhere else.
                        value.operand = Operand::Local(cell);
                        self.pending = self.pending.min(last);
                    }
                }
            }
            Op::GlobalGet => {
                let (ty, place) = self.global();
                let dst = self.push(Some(ty.value));
                tell!(self, global_get(ty.value, dst, place));
            }
            Op::GlobalSet => {
                let (ty, place) = self.global();
                if !ty.mutable {
                    self.fail(ErrorKind::ImmutableGlobal);
                }
                let src = self.pop(ty.value);
                tell!(self, global_set(ty.value, self.top, place, src));
            }

            Op::Builtin(builtin) => self.builtin(builtin),

            Op::I32Const => {
                let value = self.reader.s32();
                self.push_const(Some(I32), u64::from(value as u32));
            }
            Op::I64Const => {
                let value = self.reader.s64();
                self.push_const(Some(I64), value as u64);
            }
            Op::F32Const => {
                let bits = self.reader.f32_bits();
                self.push_const(Some(F32), bits.into());
            }
            Op::F64Const => {
                let bits = self.reader.f64_bits();
                self.push_const(Some(F64), bits);
            }

            Op::RefNull => {
                let ty = heap_type(&mut self.reader);
                self.push_const(Some(ty), 0);
            }
            Op::RefIsNull => {
                let entry = self.pop_any();
                if entry.ty.is_some_and(|ty| !ty.is_ref()) {
                    self.fail(ErrorKind::TypeMismatch);
                }
                let dst = self.push(Some(I32));
                // A reference is one cell, and null is 0.
                tell!(self, unary(UnaryOp::I32Eqz, dst, entry.operand));
            }
            Op::RefFunc => {
                let func = self.reader.u32();
                if func >= self.module.func_count() {
                    self.fail(ErrorKind::UnknownFunction);
                }
                if !self.module.is_declared(func) {
                    self.fail(ErrorKind::UndeclaredReference);
                }
                let dst = self.push(Some(FuncRef));
                tell!(self, ref_func(dst, func));
            }
        }
    }

    /// The type and place of a local. Of something, if there is no such local; so do all of these.
    #[inline(always)]
    fn local(&mut self) -> (ValType, u32) {
        let index = self.reader.next_u32();
        match self.locals.near(index) {
            Some(&(ty, cell)) => (ty, cell.into()),
            None => self.far_local(index),
        }
    }

    #[cold]
    #[inline(never)]
    fn far_local(&mut self, index: u32) -> (ValType, u32) {
        self.locals.get(index).unwrap_or_else(|| {
            self.fail(ErrorKind::UnknownLocal);
            (I32, 0)
        })
    }

    fn global(&mut self) -> (GlobalType, GlobalPlace) {
        let index = self.reader.u32();
        match self.module.globals.get(index as usize) {
            Some(global) => (global.ty, global.place),
            None => {
                self.fail(ErrorKind::UnknownGlobal);
                (GlobalType { value: I32, mutable: true }, GlobalPlace::Own(0))
            }
        }
    }

    /// A table's index and the type of its elements.
    pub(super) fn table(&mut self) -> (u32, ValType) {
        let index = self.reader.u32();
        match self.module.tables.get(index as usize) {
            Some(ty) => (index, ty.element),
            None => {
                self.fail(ErrorKind::UnknownTable);
                (0, FuncRef)
            }
        }
    }

    /// The memory index of an operator.
    pub(super) fn memory(&mut self) {
        if self.reader.u8() != 0 {
            self.fail(ErrorKind::ZeroByteExpected);
        }
        self.has_memory();
    }

    #[inline(always)]
    fn has_memory(&mut self) {
        if self.module.memory.is_none() {
            self.fail(ErrorKind::UnknownMemory);
        }
    }

    pub(super) fn data_segment(&mut self) -> u32 {
        let index = self.reader.u32();
        match self.module.data_count {
            None => self.fail(ErrorKind::DataCountRequired),
            Some(count) if index >= count => self.fail(ErrorKind::UnknownData),
            Some(_) => {}
        }
        index
    }

    #[inline(never)]
    fn mem_arg(&mut self, width_log2: u8) -> MemArg {
        let align_log2 = self.reader.u32();
        if align_log2 >= 0x40 {
            let multi = align_log2 < 0x80;
            self.fail(if multi {
                ErrorKind::Unsupported(Feature::MultiMemory)
            } else {
                ErrorKind::BadMemArg
            });
        }
        let offset = self.reader.u32();
        self.has_memory();
        if align_log2 > width_log2.into() {
            self.fail(ErrorKind::AlignmentTooLarge);
        }
        MemArg { offset, align_log2 }
    }

    fn callee(&mut self) -> (Callee, FuncType<'a>) {
        let func = self.reader.u32();
        if func >= self.module.func_count() {
            self.fail(ErrorKind::UnknownFunction);
        }
        let callee = match func.checked_sub(self.module.import_funcs) {
            None => Callee::Import(func),
            Some(own) => Callee::Own(own),
        };
        (callee, self.module.func_type(func))
    }

    fn indirect_callee(&mut self) -> (Callee, FuncType<'a>) {
        let index = self.reader.u32();
        let at = self.reader.pos();
        let (table, element) = self.table();
        // One byte, 0, before there were several tables.
        if table != 0 || self.reader.pos() != at + 1 {
            self.need(Feature::ReferenceTypes);
        }
        if element != FuncRef {
            self.fail(ErrorKind::TypeMismatch);
        }
        let ty = self.type_index(index);
        let index = self.pop(I32);
        (Callee::Indirect { table, ty, index }, self.module.func_type_at(ty))
    }

    /// The canonical type of a type index.
    pub(super) fn type_index(&mut self, index: u32) -> u32 {
        self.module.lists[TYPES].get(index as usize).copied().unwrap_or_else(|| {
            self.fail(ErrorKind::UnknownType);
            0
        })
    }

    #[inline(never)]
    fn call(&mut self, op: Op) {
        let (callee, ty) = match op {
            Op::Call | Op::ReturnCall => self.callee(),
            _ => self.indirect_callee(),
        };
        self.check_top(ty.params());
        let cells = self.settle_top(ty.params().len());
        if matches!(op, Op::Call | Op::CallIndirect) {
            self.pop_all(ty.params());
            self.push_all(ty.results());
            tell!(self, call(callee, ty, cells));
            return;
        }
        if self.control.first().is_none_or(|function| function.carries() != ty.results()) {
            self.fail(ErrorKind::TypeMismatch);
        }
        tell!(self, tail_call(callee, ty, cells));
        self.set_unreachable();
    }
}
