//! What the front end tells, and what becomes of it.

use super::{Encoder, Form, Label, POLL_BYTES};
use crate::isa::{Code, GlobalFar, Rare};
use wasmote_core::vm::Builtin;
use wasmote_core::{BinaryOp, ErrorKind, FuncType, LoadOp, StoreOp, Trap, UnaryOp, ValType};
use wasmote_frontend::{Callee, Cell, FuncInfo, GlobalPlace, Known, MemArg, Operand, Sink, When};

/// Bodies of more bytes than this get branches that reach far at once: few would fit 16 bits. So do those with locals that a byte
/// does not name, as only these branches can ask for them.
const FAR_BODY: u32 = 65_536;

impl Sink for Encoder {
    type Label = Label;
    /// The place of its units.
    type Charge = usize;

    fn metered(&self) -> bool {
        self.metered
    }

    #[inline(always)]
    fn at(&mut self, offset: u32) {
        if self.code.len() >= self.due {
            self.at = offset;
            self.attend();
        }
    }

    fn begin(&mut self, func: &FuncInfo<'_>) {
        self.code.clear();
        self.last = None;
        self.before = None;
        self.local_cells = func.local_cells;
        self.polled = 0;
        self.poll_at(POLL_BYTES);
        self.failed = None;
        self.line = usize::MAX;
        self.ended = usize::MAX;
        self.far = self.wide || func.body_len > FAR_BODY || func.local_cells > 0xFF;
        let (first, count) = (func.param_cells, func.local_cells - func.param_cells);
        if count == 0 {
            // Nothing.
        } else if first | count <= 0xFF {
            self.instruction(Code::zero as u32 | first << 8 | count << 16, 3)
        } else {
            self.instruction(Code::zero_far as u32 | first << 8, 3);
            self.word(count)
        }
    }

    fn end(&mut self, frame_cells: u32) -> Result<(), ErrorKind> {
        if let Some(kind) = self.failed {
            return Err(kind);
        }
        #[cfg(all(runs, not(debug_assertions)))]
        crate::runs::join(&mut self.code, self.local_cells);
        self.frame_cells = frame_cells;
        Ok(())
    }

    fn unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        if matches!(op, UnaryOp::F32Sqrt | UnaryOp::F64Sqrt) {
            self.slow(20);
        }
        self.encode_unary(op, dst, a)
    }

    fn binary(&mut self, op: BinaryOp, dst: Cell, a: Operand, b: Operand) {
        self.encode_binary(op, dst, a, b)
    }

    fn load(&mut self, op: LoadOp, dst: Cell, address: Operand, arg: MemArg) {
        self.encode_load(op, dst, address, arg)
    }

    fn store(&mut self, op: StoreOp, cells: Cell, address: Operand, value: Operand, arg: MemArg) {
        self.encode_store(op, cells, address, value, arg)
    }

    fn copy(&mut self, ty: ValType, dst: Cell, src: Operand) {
        // One operator may copy a thousand values.
        self.between();
        if self.retarget(src, dst) {
            return;
        }
        match src {
            Operand::Const(Known(bits)) => self.constant(ty, dst, bits),
            Operand::Local(cell) | Operand::Temp(cell) if cell == dst => {}
            Operand::Local(cell) | Operand::Temp(cell) => self.copy_cells(ty, dst, cell),
        }
    }

    fn select(&mut self, ty: ValType, dst: Cell, a: Operand, b: Operand, condition: Operand) {
        let cells = ty.cells();
        let a = self.place(ty, a, dst);
        let b = self.place(ty, b, dst + cells);
        let condition = self.place(ValType::I32, condition, dst + 2 * cells);
        self.emit_select(ty, [dst, a, b, condition])
    }

    fn global_get(&mut self, ty: ValType, dst: Cell, place: GlobalPlace) {
        let short = if ty.cells() == 1 { Code::global_get1 } else { Code::global_get2 };
        self.global(ty, Form::of(short).result(ty), dst, place, 0)
    }

    fn global_set(&mut self, ty: ValType, cell: Cell, place: GlobalPlace, src: Operand) {
        let src = self.place(ty, src, cell);
        let short = if ty.cells() == 1 { Code::global_set1 } else { Code::global_set2 };
        self.global(ty, Form::of(short).first(ty), src, place, GlobalFar::SET)
    }

    fn ref_func(&mut self, dst: Cell, func: u32) {
        self.emit(Form::of(Code::ref_func).result(ValType::FuncRef).one().more(4), dst, 0);
        self.word(func)
    }

    fn builtin(&mut self, builtin: Builtin, cells: Cell, first: u32, second: u32) {
        let fields = (builtin as u32) << 8 | cells << 16;
        if first == 0 && second == 0 {
            self.instruction(Code::builtin as u32 | fields, 4)
        } else {
            self.instruction(Code::builtin_w as u32 | fields, 4);
            self.word(first);
            self.word(second)
        }
    }

    fn call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell) {
        match callee {
            Callee::Own(index) if cells <= 0xFF && index <= 0xFFFF => {
                self.instruction(Code::call as u32 | cells << 8 | index << 16, 4)
            }
            Callee::Import(index) if cells <= 0xFF && index <= 0xFFFF => {
                self.instruction(Code::call_import as u32 | cells << 8 | index << 16, 4)
            }
            Callee::Indirect { table, ty, index: Operand::Local(index) | Operand::Temp(index) }
                if cells | index | table <= 0xFF && ty <= 0xFFFF =>
            {
                self.instruction(Code::call_indirect as u32 | cells << 8 | index << 16 | table << 24, 4);
                self.further(ty, 2)
            }
            _ => self.call_rare(callee, ty, cells, 0),
        }
    }

    fn tail_call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell) {
        self.call_rare(callee, ty, cells, Rare::TAIL);
        self.ends()
    }

    fn return_one(&mut self, result: Option<(ValType, Operand)>) {
        if let Some((ty, operand)) = result {
            match operand {
                _ if self.retarget(operand, 0) => {}
                Operand::Const(Known(bits)) => self.constant(ty, 0, bits),
                Operand::Local(0) | Operand::Temp(0) => {}
                Operand::Local(cell) | Operand::Temp(cell) if cell > 0xFF => self.copy_cells(ty, 0, cell),
                Operand::Local(cell) | Operand::Temp(cell) => {
                    let code = if ty.cells() == 1 { Code::return1 } else { Code::return2 };
                    self.instruction(code as u32 | cell << 8, 2);
                    return self.ends();
                }
            }
        }
        self.instruction(Code::return0 as u32, 1);
        self.ends()
    }

    fn return_many(&mut self, cells: Cell, count: u32) {
        self.instruction(Code::return_many as u32 | cells << 8, 3);
        self.word(count);
        self.ends()
    }

    fn trap(&mut self, trap: Trap) {
        self.instruction(Code::trap as u32 | (trap as u32) << 8, 2);
        self.ends()
    }

    fn label(&mut self) -> Label {
        Label::NEW
    }

    fn bind(&mut self, label: &mut Label, _loop_header: bool) {
        self.bind_label(label)
    }

    fn jump(&mut self, label: &mut Label) {
        self.encode_jump(label)
    }

    fn jump_if(&mut self, when: When, condition: Operand, label: &mut Label) {
        self.encode_jump_if(when, condition, label)
    }

    fn jump_table(&mut self, cell: Cell, index: Operand, targets: u32) {
        let index = self.place(ValType::I32, index, cell);
        self.encode_jump_table(index, targets)
    }

    fn jump_table_target(&mut self, label: &mut Label) {
        self.target(label);
        self.ends()
    }

    fn charge(&mut self) -> usize {
        let at = self.code.len();
        // There is nothing before it if there was no memory for it.
        if let Some(before) = at.checked_sub(1)
            && at == self.line
        {
            // Its last byte is this operator's now, and there may be a second charge before any code.
            self.line = usize::MAX;
            self.take_back(before);
            self.further(0, 1);
            return before;
        }
        self.instruction(Code::fuel as u32, 2);
        at + 1
    }

    fn set_charge(&mut self, charge: usize, units: u8) {
        if let Some(place) = self.code.get_mut(charge) {
            *place = units;
        }
    }
}

impl Encoder {
    fn call_rare(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell, tail: u32) {
        let params = ty.param_cells();
        let (kind, place, operand) = match callee {
            Callee::Own(index) => (Rare::OWN, 0, index),
            Callee::Import(index) => (Rare::IMPORT, 0, index),
            Callee::Indirect { table, ty, index } => {
                (Rare::INDIRECT, self.place(ValType::I32, index, cells + params) | table << 16, ty)
            }
        };
        self.instruction(Code::call_rare as u32 | (kind | tail) << 8 | cells << 16, 4);
        [place, operand, params].into_iter().for_each(|word| self.word(word))
    }

    fn global(&mut self, ty: ValType, short: Form, cell: Cell, place: GlobalPlace, kind: u32) {
        let (import, index) = match place {
            GlobalPlace::Own(index @ 0..=0xFF) => return self.emit(short.two(), cell, index),
            GlobalPlace::Own(index) => (0, index),
            GlobalPlace::Import(index) => (GlobalFar::IMPORT, index),
        };
        let two = if ty.cells() == 2 { GlobalFar::TWO } else { 0 };
        self.emit(short.with(Code::global_far).two().more(4), cell, kind | import | two);
        self.word(index)
    }
}
