//! What the front end tells, and what becomes of it.

use super::{Encoder, Field, Label, POLL_WORDS};
use crate::isa::{Code, GlobalFar, Rare};
use wasmote_core::limits::MAX_FRAME_CELLS;
use wasmote_core::vm::Builtin;
use wasmote_core::{BinaryOp, ErrorKind, FuncType, LoadOp, StoreOp, Trap, UnaryOp, ValType};
use wasmote_frontend::{Callee, Cell, FuncInfo, GlobalPlace, Known, MemArg, Operand, Sink, When};

/// Bodies of more bytes than this get branches that reach far at once: few would fit 16 bits.
const FAR_BODY: u32 = 100_000;

impl Sink for Encoder {
    type Label = Label;
    /// The place of the `fuel` instruction.
    type Charge = usize;

    fn metered(&self) -> bool {
        self.metered
    }

    #[inline(always)]
    fn at(&mut self, offset: u32) {
        self.at = offset;
        self.poll_if_due();
    }

    fn begin(&mut self, func: &FuncInfo<'_>) {
        self.words.clear();
        self.last = None;
        self.before = None;
        self.local_cells = func.local_cells;
        self.located = None;
        self.polled = 0;
        self.poll_due = POLL_WORDS;
        self.failed = None;
        self.far = self.wide || func.body_len > FAR_BODY;
        self.high = func.local_cells;
        self.scratch = 0;
        self.frame_cells = 0;
        let (first, count) = (func.param_cells, func.local_cells - func.param_cells);
        if count == 0 {
            // Nothing.
        } else if first <= 0xFF && count <= 0xFFFF {
            self.words(&[Code::zero as u32 | first << 8 | count << 16])
        } else {
            self.words(&[Code::zero_far as u32 | first << 16, count])
        }
    }

    fn end(&mut self, frame_cells: u32) -> Result<(), ErrorKind> {
        if let Some(kind) = self.failed {
            return Err(kind);
        }
        #[cfg(all(runs, not(debug_assertions)))]
        crate::runs::join(&mut self.words, self.local_cells);
        self.frame_cells = frame_cells.max(self.scratch).max(self.high);
        if self.frame_cells > MAX_FRAME_CELLS { Err(ErrorKind::FrameTooLarge) } else { Ok(()) }
    }

    fn unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        if matches!(op, UnaryOp::F32Sqrt | UnaryOp::F64Sqrt) {
            self.slow(20);
        }
        self.encode_unary(op, dst, a)
    }

    fn binary(&mut self, op: BinaryOp, dst: Cell, a: Operand, b: Operand) {
        use BinaryOp::*;
        if matches!(op, I64DivS | I64DivU | I64RemS | I64RemU | F64Add | F64Sub | F64Mul | F64Div) {
            self.slow(5);
        }
        self.encode_binary(op, dst, a, b)
    }

    fn load(&mut self, op: LoadOp, dst: Cell, address: Operand, arg: MemArg) {
        self.encode_load(op, dst, address, arg)
    }

    fn store(&mut self, op: StoreOp, address: Operand, value: Operand, arg: MemArg) {
        self.encode_store(op, address, value, arg)
    }

    fn copy(&mut self, ty: ValType, dst: Cell, src: Operand) {
        // One operator may copy a thousand values.
        self.poll_if_due();
        if self.retarget(src, dst, ty.cells()) {
            return;
        }
        match src {
            Operand::Const(Known(bits)) => self.constant(ty, dst, bits),
            Operand::Local(cell) | Operand::Temp(cell) if cell == dst => {}
            Operand::Local(cell) | Operand::Temp(cell) => self.copy_cells(ty.cells(), dst, cell),
        }
    }

    fn select(&mut self, ty: ValType, dst: Cell, a: Operand, b: Operand, condition: Operand) {
        let cells = ty.cells();
        let a = self.cell(ty, a, 0);
        let b = self.cell(ty, b, 2);
        let condition = self.cell(ValType::I32, condition, 4);
        self.emit_select(cells, [dst, a, b, condition])
    }

    fn global_get(&mut self, ty: ValType, dst: Cell, place: GlobalPlace) {
        let short = if ty.cells() == 1 { Code::global_get1 } else { Code::global_get2 };
        self.global(ty, Field::to(dst, ty.cells()), place, short, 0)
    }

    fn global_set(&mut self, ty: ValType, place: GlobalPlace, src: Operand) {
        let src = self.source(ty, src, 0);
        let short = if ty.cells() == 1 { Code::global_set1 } else { Code::global_set2 };
        self.global(ty, src, place, short, GlobalFar::SET)
    }

    fn ref_func(&mut self, dst: Cell, func: u32) {
        self.emit(Code::ref_func, [Field::to(dst, 1), Field::NONE, Field::NONE], &[func])
    }

    fn builtin(&mut self, builtin: Builtin, cells: Cell, first: u32, second: u32) {
        // No operator has more than one result, of one cell.
        self.written(cells + 1);
        let fields = (builtin as u32) << 8 | cells << 16;
        if first == 0 && second == 0 {
            self.words(&[Code::builtin as u32 | fields])
        } else {
            self.words(&[Code::builtin_w as u32 | fields, first, second])
        }
    }

    fn call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell) {
        match callee {
            Callee::Own(index) if cells <= 0xFF && index <= 0xFFFF => {
                self.words(&[Code::call as u32 | cells << 8 | index << 16]);
            }
            Callee::Import(index) if cells <= 0xFF && index <= 0xFFFF => {
                self.words(&[Code::call_import as u32 | cells << 8 | index << 16]);
            }
            Callee::Indirect { table, ty, index: Operand::Local(index) | Operand::Temp(index) }
                if cells <= 0xFF && index <= 0xFF && table <= 0xFF =>
            {
                let fields = cells << 8 | index << 16 | table << 24;
                self.words(&[Code::call_indirect as u32 | fields, ty]);
            }
            _ => self.call_rare(callee, ty, cells, 0),
        }
        self.written(cells + ty.result_cells());
    }

    fn tail_call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell) {
        self.call_rare(callee, ty, cells, Rare::TAIL)
    }

    fn return_one(&mut self, result: Option<(ValType, Operand)>) {
        if let Some((ty, operand)) = result {
            let cells = ty.cells();
            match operand {
                _ if self.retarget(operand, 0, cells) => {}
                Operand::Const(Known(bits)) => self.constant(ty, 0, bits),
                Operand::Local(0) | Operand::Temp(0) => {}
                Operand::Local(cell) | Operand::Temp(cell) if cell > 0xFF => {
                    self.copy_cells(cells, 0, cell);
                }
                Operand::Local(cell) | Operand::Temp(cell) => {
                    let code = if cells == 1 { Code::return1 } else { Code::return2 };
                    // The result is written to the beginning of the frame.
                    self.written(cells);
                    return self.words(&[code as u32 | cell << 8]);
                }
            }
        }
        self.words(&[Code::return0 as u32])
    }

    fn return_many(&mut self, cells: Cell, count: u32) {
        if cells <= 0xFF && count <= 0xFFFF {
            self.words(&[Code::return_many as u32 | cells << 8 | count << 16])
        } else {
            self.words(&[Code::return_many_far as u32 | cells << 16, count])
        }
    }

    fn trap(&mut self, trap: Trap) {
        self.words(&[Code::trap as u32 | (trap as u32) << 8])
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

    fn jump_table(&mut self, index: Operand, targets: u32) {
        let index = self.cell(ValType::I32, index, 0);
        self.encode_jump_table(index, targets)
    }

    fn jump_table_target(&mut self, label: &mut Label) {
        self.encode_jump(label)
    }

    fn charge(&mut self) -> usize {
        let at = self.words.len();
        self.words(&[Code::fuel as u32]);
        at
    }

    fn set_charge(&mut self, charge: usize, units: u8) {
        if let Some(word) = self.words.get_mut(charge) {
            *word = Code::fuel as u32 | u32::from(units) << 8;
        }
    }
}

impl Encoder {
    fn call_rare(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell, tail: u32) {
        let (kind, place, operand) = match callee {
            Callee::Own(index) => (Rare::OWN, 0, index),
            Callee::Import(index) => (Rare::IMPORT, 0, index),
            Callee::Indirect { table, ty, index } => {
                (Rare::INDIRECT, self.cell(ValType::I32, index, 0) | table << 16, ty)
            }
        };
        let word = Code::call_rare as u32 | (kind | tail) << 8 | cells << 16;
        self.words(&[word, place, operand, ty.param_cells()])
    }

    fn global(&mut self, ty: ValType, cell: Field, place: GlobalPlace, short: Code, kind: u32) {
        let (import, index) = match place {
            GlobalPlace::Own(index) => match u16::try_from(index) {
                Ok(index) => return self.emit(short, [cell, Field::half(index), Field::NONE], &[]),
                Err(_) => (0, index),
            },
            GlobalPlace::Import(index) => (GlobalFar::IMPORT, index),
        };
        let two = if ty.cells() == 2 { GlobalFar::TWO } else { 0 };
        self.emit(Code::global_far, [cell, Field::byte((kind | import | two) as u8), Field::NONE], &[index])
    }
}
