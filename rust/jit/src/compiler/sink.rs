//! What the front end tells, and what becomes of it.

use super::floats::of_sign;
use super::operators::{Binary, binary, commutes};
use super::places::{Arguments, param_size, place_size, places};
use super::{CANDIDATES, Compiler, Op, Polls, UNUSED, Use, in_registers, shared_cells};
use crate::masm::{Alu, Cond, Frame, GlobalCell, Label, Masm, Shift, Size, TailArguments, Val};
use wasmote_core::vm::Builtin;
use wasmote_core::{
    BinaryOp, ErrorKind, FuncType, LoadOp, Op as FrontOp, StoreOp, Trap, UnaryOp, ValType, limits,
};
use wasmote_frontend::{Callee, Cell, FuncInfo, GlobalPlace, Known, MemArg, Operand, Sink, When};

impl<M: Masm> Sink for Compiler<M> {
    type Label = Label;
    /// Where the units are to be set.
    type Charge = usize;

    fn metered(&self) -> bool {
        self.settings.metered
    }

    fn wants_uses(&self) -> bool {
        true
    }

    fn used(&mut self, cell: Cell, ty: ValType, weight: u32) {
        for half in places::<M>(ty.cells()) {
            self.add_use(Use { cell: cell + half, weight });
        }
    }

    fn calls(&mut self) {
        self.calls = true;
    }

    fn is_call(&self, op: FrontOp) -> bool {
        // What the runtime carries out is called.
        match op {
            FrontOp::Unary(op) => self.is_unary_of_runtime(op),
            FrontOp::Binary(op) => self.is_binary_of_runtime(op),
            _ => false,
        }
    }

    fn scan(&mut self) {
        self.calls = false;
        self.most_used = UNUSED;
    }

    fn at(&mut self, offset: u32) {
        self.at = offset;
    }

    fn begin(&mut self, func: &FuncInfo<'_>) {
        self.regs.clear();
        self.traps.clear();
        self.deferred.op = Op::None;
        self.local_cells = func.local_cells;
        self.least_cells = 0;
        self.frame =
            Frame { shared_cells: shared_cells(func.ty), param_cells: func.param_cells, ..Frame::default() };
        self.pin();
        let args = Arguments::<M>::new(func.ty);
        let (start, inside) = self.masm.enter(&self.frame, args.list(), in_registers(func.ty), self.large);
        self.compiled.start = start as u32;
        self.compiled.inside = inside as u32;
        self.polls = Polls { last: start, ..Polls::default() };
        let many = self.zero_at_once(func.param_cells, func.local_cells);
        // Parameters are in registers, and those without one of their own stay there.
        for (at, &reg) in M::TEMPS.iter().enumerate().take(args.count) {
            let (cell, size) = args.place(at);
            match self.regs.pinned(cell) {
                Some(pinned) => self.masm.mov(pinned, Val::Reg(reg)),
                None => self.hold(reg, cell, size),
            }
        }
        for cell in 0..func.param_cells.min(CANDIDATES as u32) {
            if let Some(pinned) = self.regs.pinned(cell)
                && !args.hold(0, cell)
            {
                self.masm.frame(true, param_size::<M>(func.ty, cell), pinned, &self.frame, cell);
            }
        }
        self.zero_locals(func.param_cells, func.local_cells, many);
        self.regs.unlock();
    }

    fn end(&mut self, frame_cells: u32) -> Result<(), ErrorKind> {
        self.settle();
        for at in 0..self.traps.len() {
            let Some(&exit) = self.traps.get(at) else { break };
            let (mut label, from) = (exit.branches, self.masm.place());
            self.masm.bind(&mut label);
            self.masm.trap(exit.trap);
            self.made(from, exit.at);
        }
        self.masm.end();
        let frame_cells = frame_cells.max(self.least_cells);
        if !self.masm.fits(&self.frame, frame_cells) {
            if !self.large {
                return Err(ErrorKind::FunctionTooLarge);
            }
            self.masm.set_frame_cells(&self.frame, frame_cells);
        }
        self.compiled.frame_cells = self.frame.bytes(frame_cells) / 4 + self.frame.shared_cells;
        if self.compiled.frame_cells > limits::MAX_FRAME_CELLS {
            return Err(ErrorKind::FrameTooLarge);
        }
        let function = self.callee(self.own);
        self.absent -= usize::from(!function.is_bound() && function.is_used());
        self.ended = true;
        if self.failed {
            return Err(ErrorKind::OutOfMemory);
        }
        self.masm.check()
    }

    fn unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        // The opposite of a comparison. Numbers have none: all comparisons with what is no number give 0.
        if op == UnaryOp::I32Eqz
            && self.is_deferred(a)
            && let Op::Binary(Binary::Compare(cond, size)) = self.deferred.op
        {
            self.deferred.op = Op::Binary(Binary::Compare(cond.inverted(), size));
            self.deferred.dst = dst;
            return;
        }
        if let Some((alu, size, number)) = of_sign(op) {
            self.defer(Op::Binary(Binary::Alu(alu, size)), dst, a, Operand::Const(Known(number)));
        } else if self.is_unary_of_runtime(op) {
            self.emit_unary_of_runtime(op, dst, a);
        } else {
            self.defer(Op::Unary(op), dst, a, a);
        }
    }

    #[inline(never)]
    fn binary(&mut self, op: BinaryOp, dst: Cell, a: Operand, b: Operand) {
        let what = binary(op);
        let of_runtime = match what {
            Binary::Alu(alu, Size::W32) => {
                if let Op::Binary(Binary::Alu(Alu::Shift(shift), Size::W32)) = self.deferred.op
                    && self.take_shift(alu, shift, dst, a, b)
                {
                    return;
                }
                false
            }
            // Of a pair, by a number there is a verb.
            Binary::Alu(Alu::Shift(_), Size::W64) => !M::WIDE && !matches!(b, Operand::Const(_)),
            Binary::Alu(..) | Binary::Compare(..) => false,
            _ => self.is_binary_of_runtime(op),
        };
        if of_runtime {
            self.emit_binary_of_runtime(op, dst, a, b);
        } else {
            self.defer(Op::Binary(what), dst, a, b);
        }
    }

    fn load(&mut self, op: LoadOp, dst: Cell, address: Operand, arg: MemArg) {
        self.defer(Op::Load(op), dst, address, address);
        self.deferred.offset = arg.offset;
    }

    fn store(&mut self, op: StoreOp, _: Cell, address: Operand, value: Operand, arg: MemArg) {
        self.settle();
        self.emit_store(op, address, value, arg.offset);
    }

    fn copy(&mut self, ty: ValType, dst: Cell, src: Operand) {
        if dst < self.local_cells && self.is_deferred(src) {
            self.deferred.dst = dst;
            self.settle();
            return;
        }
        self.settle();
        self.emit_copy(ty.cells(), dst, src);
    }

    #[inline(never)]
    fn select(&mut self, ty: ValType, dst: Cell, a: Operand, b: Operand, condition: Operand) {
        if let Operand::Const(Known(number)) = condition {
            self.settle();
            let chosen = if number as u32 != 0 { a } else { b };
            self.emit_copy(ty.cells(), dst, chosen);
            return;
        }
        let cond = self.emit_condition(condition);
        self.emit_select(ty.cells(), dst, a, b, cond);
    }

    #[inline(never)]
    fn global_get(&mut self, ty: ValType, dst: Cell, place: GlobalPlace) {
        self.settle();
        let size = place_size::<M>(ty.cells());
        for half in places::<M>(ty.cells()) {
            let target = self.target_place(dst + half, size);
            self.masm.global(true, size, target, global_cell(place, half));
        }
        self.regs.unlock();
    }

    #[inline(never)]
    fn global_set(&mut self, ty: ValType, _: Cell, place: GlobalPlace, src: Operand) {
        self.settle();
        let size = place_size::<M>(ty.cells());
        for half in places::<M>(ty.cells()) {
            let reg = self.value_reg(src, half, size);
            self.masm.global(false, size, reg, global_cell(place, half));
        }
        self.consume(src, ty.cells());
        self.regs.unlock();
    }

    fn ref_func(&mut self, dst: Cell, func: u32) {
        self.settle();
        let target = self.target(dst);
        self.masm.ref_func(target, func, func < self.import_funcs);
        self.regs.unlock();
    }

    #[inline(never)]
    fn builtin(&mut self, builtin: Builtin, cells: Cell, first: u32, second: u32) {
        self.settle();
        self.flush();
        self.calling();
        let from = self.masm.place();
        self.masm.builtin(builtin, [first, second], &self.frame, cells);
        self.made(from, self.at);
        // A result is in its cell.
        self.regs.forget_values();
    }

    #[inline(never)]
    fn call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell) {
        self.settle();
        self.calling();
        let from = self.masm.place();
        let results = in_registers(ty);
        match callee {
            Callee::Own(own) => {
                self.arguments(cells, ty);
                let mut label = self.callee(own);
                let function = self.function(own, &mut label);
                self.masm.call(function, &self.frame, cells, shared_cells(ty));
                self.set_callee(own, label);
            }
            Callee::Import(index) => {
                self.flush();
                self.masm.call_import(index, results, &self.frame, cells);
            }
            Callee::Indirect { table, ty: type_index, index } => {
                self.table_index(index);
                self.masm.call_indirect(table, type_index, results, &self.frame, cells);
            }
        }
        self.called(ty, cells);
        self.made(from, self.at);
    }

    #[inline(never)]
    fn tail_call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell) {
        self.settle();
        let (from, params) = (self.masm.place(), ty.param_cells());
        let args = Arguments::<M>::new(ty);
        let mut tail =
            TailArguments { first: cells, cells: params, in_registers: false, places: args.list() };
        match callee {
            Callee::Own(own) => {
                tail.in_registers = args.all;
                if tail.in_registers {
                    self.arguments(cells, ty);
                } else {
                    self.flush();
                }
                let mut label = self.callee(own);
                let function = self.function(own, &mut label);
                self.masm.tail_call(function, &self.frame, tail, shared_cells(ty));
                self.set_callee(own, label);
            }
            Callee::Import(import) => {
                self.flush();
                self.masm.tail_call_import(import, in_registers(ty), &self.frame, tail);
            }
            Callee::Indirect { table, ty: type_index, index } => {
                self.table_index(index);
                let results = in_registers(ty);
                self.masm.tail_call_indirect(table, type_index, results, &self.frame, tail);
            }
        }
        self.made(from, self.at);
        self.dead();
    }

    #[inline(never)]
    fn return_one(&mut self, result: Option<(ValType, Operand)>) {
        self.settle();
        self.poll_before_return();
        if let Some((ty, operand)) = result {
            // As if to a callee, but that nothing else is wanted any more.
            let (pair, size) = (places::<M>(ty.cells()).len() == 2, place_size::<M>(ty.cells()));
            let words =
                [self.value(operand, 0, size), if pair { self.word(operand, 1) } else { Val::number(0) }];
            if let &[first, second, ..] = M::TEMPS {
                if words[1] == Val::Reg(first) && pair {
                    self.masm.mov(M::SCRATCH, words[1]);
                    self.masm.mov(first, words[0]);
                    self.masm.mov(second, Val::Reg(M::SCRATCH));
                } else {
                    self.masm.mov(first, words[0]);
                    if pair {
                        self.masm.mov(second, words[1]);
                    }
                }
            }
        }
        self.masm.leave(&self.frame);
        self.dead();
    }

    #[inline(never)]
    fn return_many(&mut self, cells: Cell, count: u32) {
        self.settle();
        self.poll_before_return();
        self.flush();
        // Registers are free now.
        for (half, &reg) in (0..count).zip(M::TEMPS.iter().cycle()) {
            self.masm.frame(true, Size::W32, reg, &self.frame, cells + half);
            self.masm.result(reg, &self.frame, half);
        }
        self.masm.leave(&self.frame);
        self.dead();
    }

    fn trap(&mut self, trap: Trap) {
        self.settle();
        let from = self.masm.place();
        self.masm.trap(trap);
        self.made(from, self.at);
        self.dead();
    }

    fn label(&mut self) -> Label {
        Label::NEW
    }

    fn bind(&mut self, label: &mut Label, loop_header: bool) {
        self.join();
        if loop_header {
            let from = self.masm.place();
            self.masm.loop_header(label);
            self.made(from, self.at);
        } else if self.masm.bind(label) < self.polls.last {
            // Who comes from there has gone past a poll.
            self.poll();
        }
    }

    fn jump(&mut self, label: &mut Label) {
        self.join();
        self.masm.jump(label);
    }

    fn jump_if(&mut self, when: When, condition: Operand, label: &mut Label) {
        if let Operand::Const(Known(number)) = condition {
            self.settle();
            self.flush();
            if (number as u32 != 0) == (when == When::NotZero) {
                self.masm.jump(label);
            }
            return;
        }
        self.branching = true;
        let cond = self.emit_condition(condition);
        self.branching = false;
        self.masm.branch(if when == When::NotZero { cond } else { cond.inverted() }, label);
    }

    fn jump_table(&mut self, _: Cell, index: Operand, targets: u32) {
        self.settle();
        let reg = self.word_reg(index, 0);
        self.consume(index, 1);
        self.flush();
        self.masm.jump_table(reg, targets);
        self.regs.unlock();
        self.regs.forget();
    }

    fn jump_table_target(&mut self, label: &mut Label) {
        self.masm.jump_table_entry(label);
    }

    fn charge(&mut self) -> usize {
        // What comes before may trap before.
        self.settle();
        let from = self.masm.place();
        let charge = self.masm.charge();
        self.made(from, self.at);
        charge
    }

    fn set_charge(&mut self, charge: usize, units: u8) {
        self.masm.set_charge(charge, units);
    }
}

impl<M: Masm> Compiler<M> {
    /// The index of a call through a table goes to the first register, and all else to the frame.
    #[inline(never)]
    fn table_index(&mut self, index: Operand) {
        let place = self.word(index, 0);
        self.consume(index, 1);
        self.flush();
        if let Some(&first) = M::TEMPS.first() {
            self.masm.mov(first, place);
        }
    }

    /// Does a shift that was deferred with the operator that is told, if that can do it and nobody else wants to know of it.
    #[inline(never)]
    fn take_shift(&mut self, alu: Alu, shift: Shift, dst: Cell, a: Operand, b: Operand) -> bool {
        let Operand::Const(Known(by)) = self.deferred.b else { return false };
        let by = by as u8 & 31;
        let first = if self.is_deferred(b) {
            a
        } else if commutes(alu) && self.is_deferred(a) {
            b
        } else {
            return false;
        };
        if by == 0 || matches!(first, Operand::Const(_)) || matches!(alu, Alu::Mul | Alu::Shift(_)) {
            return false;
        }
        let source = self.deferred.a;
        let at = self.at;
        let deferred = &mut self.deferred;
        (deferred.op, deferred.dst, deferred.at) = (Op::Shifted(alu, shift, by), dst, at);
        (deferred.a, deferred.b) = (first, source);
        true
    }

    /// `dst = if cond { a } else { b }` of what was compared.
    fn emit_select(&mut self, cells: u32, dst: Cell, a: Operand, b: Operand, cond: Cond) {
        // Both first, so that nothing is spilled into between: moves and loads leave the comparison alone.
        let size = place_size::<M>(cells);
        for half in places::<M>(cells) {
            let (first, second) = (self.value(a, half, size), self.value(b, half, size));
            self.free_half(a, half);
            self.free_half(b, half);
            let to = dst + half;
            let target = match (self.regs.pinned(to), first) {
                (Some(reg), _) => {
                    self.regs.changed(to);
                    reg
                }
                (None, Val::Reg(reg)) if matches!(a, Operand::Temp(_)) => {
                    self.rename(reg, to, size);
                    reg
                }
                _ => {
                    let reg = self.alloc();
                    self.rename(reg, to, size);
                    reg
                }
            };
            if second == Val::Reg(target) {
                self.masm.move_if(cond, target, first);
            } else {
                self.masm.mov(target, first);
                self.masm.move_if(cond.inverted(), target, second);
            }
            self.regs.unlock();
            self.regs.lock_cell(to);
        }
        self.masm.compared();
        self.regs.unlock();
    }

    fn free_half(&mut self, operand: Operand, half: u32) {
        if let Operand::Temp(cell) = operand {
            self.drop_cell(cell + half);
        }
    }
}

fn global_cell(place: GlobalPlace, half: u32) -> GlobalCell {
    match place {
        GlobalPlace::Own(cell) => GlobalCell::Own(cell + half),
        GlobalPlace::Import(index) => GlobalCell::Import(index, half),
    }
}
