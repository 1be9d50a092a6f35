//! Labels and branches: the control stack of the specification's validation algorithm, and what is told to the sink
//! when control flow splits and joins.

use super::{Compiler, ENDED, POLYMORPHIC, UNREACHABLE};
use crate::sections::val_type;
use crate::{Cell, Operand, Sink, When};
use wasmote_core::{ErrorKind, Feature, FuncType, ValType, ValTypes, limits};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    Function,
    Block,
    Loop,
    If,
    Else,
}

/// A block that is open.
#[derive(Clone, Copy)]
pub(crate) struct Control<'a, S: Sink> {
    frame: Frame,
    /// What was said in front of it of the code there: [`UNREACHABLE`], and whether it is [`POLYMORPHIC`].
    outside: u8,
    /// Whether a branch goes to its label.
    targeted: bool,
    /// Operands below the block that it is in.
    below: usize,
    /// Where its parameters begin, and its results.
    base: Cell,
    ty: FuncType<'a>,
    label: S::Label,
    /// Of an `if` whose `else` did not come yet.
    otherwise: Option<S::Label>,
    /// A jump table's detour to it, while the table is told, and which table looked at it last.
    detour: Option<S::Label>,
    table: u32,
}

impl<'a, S: Sink> Control<'a, S> {
    /// The types that a branch to its label carries.
    pub fn carries(&self) -> ValTypes<'a> {
        match self.frame {
            Frame::Loop => self.ty.params(),
            _ => self.ty.results(),
        }
    }
}

impl<'a, S: Sink> Compiler<'_, 'a, S> {
    /// The type of a block: none, one result, or a type index (5.4.1).
    pub(super) fn block_type(&mut self) -> FuncType<'a> {
        let at = self.reader.pos();
        match self.reader.peek() {
            Some(0x40) => {
                self.reader.u8();
                FuncType::default()
            }
            // One byte with the sign bit set: a value type, which is its own list of results.
            Some(byte) if byte & 0xC0 == 0x40 => {
                let mut ahead = self.reader;
                val_type(&mut self.reader);
                FuncType::new(&[], ahead.slice(1))
            }
            _ => {
                let index = self.reader.s33();
                if index < 0 {
                    self.reader.fail_at(ErrorKind::BadBlockType, at);
                }
                self.need(Feature::MultiValue);
                let ty = self.type_index(index as u32);
                self.module.func_type_at(ty)
            }
        }
    }

    pub(super) fn enter_function(&mut self, ty: FuncType<'a>) {
        // Its parameters are locals, not operands.
        self.open(Frame::Function, ty.without_params());
    }

    pub(super) fn block(&mut self) {
        let ty = self.block_type();
        self.settle_params(ty);
        self.open(Frame::Block, ty);
    }

    pub(super) fn enter_loop(&mut self) {
        let ty = self.block_type();
        self.settle_params(ty);
        self.end_segment();
        self.open(Frame::Loop, ty);
        if self.live()
            && let Some(block) = self.control.last_mut()
        {
            self.sink.bind(&mut block.label, true);
        }
    }

    pub(super) fn enter_if(&mut self) {
        let ty = self.block_type();
        let condition = self.pop(ValType::I32);
        self.settle_params(ty);
        self.end_segment();
        self.open(Frame::If, ty);
        let mut otherwise = self.sink.label();
        tell!(self, jump_if(When::Zero, condition, &mut otherwise));
        if let Some(block) = self.control.last_mut() {
            block.otherwise = Some(otherwise);
        }
    }

    pub(super) fn enter_else(&mut self) {
        if !matches!(self.control.last(), Some(Control { frame: Frame::If, .. })) {
            return self.fail(ErrorKind::ElseMismatch);
        }
        self.leave();
        self.jump_to(self.control.len().wrapping_sub(1));
        self.end_segment();
        self.truncate(self.height);
        let Some(block) = self.control.last_mut() else { return };
        block.frame = Frame::Else;
        let (ty, outside, otherwise) = (block.ty, block.outside, block.otherwise.take());
        self.enter_again(outside & !POLYMORPHIC, otherwise);
        self.push_all(ty.params());
    }

    pub(super) fn end(&mut self) {
        self.leave();
        // What is needed of it, and not all.
        let Some(&Control { frame, outside, targeted, below, ty, mut label, otherwise, .. }) =
            self.control.last()
        else {
            return;
        };
        self.control.truncate(self.control.len() - 1);
        let height = core::mem::replace(&mut self.height, below);
        if frame == Frame::Function {
            self.tell_return(ty);
            self.end_segment();
            self.reader.mute |= ENDED;
            return;
        }
        self.reader.mute = self.reader.mute & !POLYMORPHIC | outside & POLYMORPHIC;
        if otherwise.is_some() {
            // Without an `else`, the parameters are the results.
            if ty.params() != ty.results() {
                self.fail(ErrorKind::TypeMismatch);
            }
            self.end_segment();
            self.enter_again(outside, otherwise);
        }
        if targeted && frame != Frame::Loop {
            self.end_segment();
            self.reader.mute &= !UNREACHABLE;
            tell!(self, bind(&mut label, false));
        }
        self.truncate(height);
        if ty.results().len() != 0 {
            self.push_all(ty.results());
        }
    }

    /// The code that follows is reached as that in front of an `if` was: what it goes to if its condition does not hold is here.
    fn enter_again(&mut self, outside: u8, otherwise: Option<S::Label>) {
        self.reader.mute = self.reader.mute & !(UNREACHABLE | POLYMORPHIC) | outside;
        if let Some(mut label) = otherwise {
            tell!(self, bind(&mut label, false));
        }
    }

    /// The end of a block's operators: exactly its results are left, and go to their cells. A function returns them
    /// from where they are.
    fn leave(&mut self) {
        let Some(&Control { frame, ty, .. }) = self.control.last() else { return };
        let count = ty.results().len();
        self.require_top(ty.results());
        if self.stack.len() != self.height + count {
            self.fail(ErrorKind::TypeMismatch);
        }
        if count != 0 && frame != Frame::Function {
            self.settle_top(count);
        }
    }

    fn open(&mut self, frame: Frame, ty: FuncType<'a>) {
        let label = self.sink.label();
        let height = self.stack.len().saturating_sub(ty.params().len());
        let base = self.stack.get(height).map_or(self.top_cell(), |entry| entry.cell.into());
        let opened = self.control.push_inline(Control {
            frame,
            outside: self.reader.mute & (UNREACHABLE | POLYMORPHIC),
            targeted: false,
            below: self.height,
            base,
            ty,
            label,
            otherwise: None,
            detour: None,
            table: 0,
        });
        self.height = height;
        self.reader.mute &= !POLYMORPHIC;
        self.stored(opened);
    }

    /// The parameters of a block go to their cells, and so do pending locals.
    fn settle_params(&mut self, ty: FuncType<'a>) {
        if ty.params().len() != 0 {
            self.require_top(ty.params());
            self.settle_top(ty.params().len());
        }
        self.settle_locals();
    }

    /// Checks that the topmost operands have these types; in unreachable code, makes it so.
    #[inline(always)]
    fn require_top(&mut self, types: ValTypes<'a>) {
        if types.len() != 0 {
            self.require_some(types);
        }
    }

    #[inline(never)]
    fn require_some(&mut self, types: ValTypes<'a>) {
        if self.polymorphic() {
            self.pop_all(types.clone());
            self.push_all(types);
        } else {
            self.check_top(types);
        }
    }

    /// What follows cannot be reached.
    pub(super) fn set_unreachable(&mut self) {
        self.end_segment();
        self.reader.mute |= UNREACHABLE | POLYMORPHIC;
        self.truncate(self.height);
    }

    /// Reads the label of a branch: the place of its block, and what a branch to it carries.
    fn target(&mut self) -> (usize, ValTypes<'a>) {
        let depth = self.reader.u32() as usize;
        let place = self.control.len().checked_sub(1).and_then(|last| last.checked_sub(depth));
        match place.and_then(|place| Some((place, self.control.get(place)?.carries()))) {
            Some(target) => target,
            None => {
                self.fail(ErrorKind::UnknownLabel);
                (0, FuncType::default().results())
            }
        }
    }

    pub(super) fn br(&mut self) {
        let (place, types) = self.target();
        self.check_top(types);
        self.go_to(place);
        self.set_unreachable();
    }

    pub(super) fn br_if(&mut self) {
        let (place, types) = self.target();
        let condition = self.pop(ValType::I32);
        self.require_top(types);
        if self.live() {
            if self.needs_moves(place) {
                let mut skip = self.sink.label();
                tell!(self, jump_if(When::Zero, condition, &mut skip));
                self.end_segment();
                self.go_to(place);
                tell!(self, bind(&mut skip, false));
            } else if let Some(block) = self.control.get_mut(place) {
                block.targeted = true;
                self.sink.jump_if(When::NotZero, condition, &mut block.label);
            }
            self.end_segment();
        }
    }

    pub(super) fn br_table(&mut self) {
        let index = self.pop(ValType::I32);
        let count = self.reader.count(limits::MAX_ITEMS, ErrorKind::TooManyItems);
        tell!(self, jump_table(self.top, index, count + 1));
        self.detours.clear();
        let mut arity = None;
        for _ in 0..=count {
            let (place, types) = self.target();
            if self.reader.failed() {
                return;
            }
            // A label that occurs again was checked already: a table may name one a million times.
            if self.control.get(place).is_some_and(|block| block.table != self.op_at) {
                if *arity.get_or_insert(types.len()) != types.len() {
                    self.fail(ErrorKind::TypeMismatch);
                }
                self.check_top(types);
                let mut detour = None;
                if self.live() && self.needs_moves(place) {
                    detour = Some(self.sink.label());
                    let noted = self.detours.push(place as u32);
                    self.stored(noted);
                }
                if let Some(block) = self.control.get_mut(place) {
                    block.table = self.op_at;
                    block.detour = detour;
                }
            }
            if self.live()
                && let Some(block) = self.control.get_mut(place)
            {
                let label = match &mut block.detour {
                    Some(label) => label,
                    None => {
                        block.targeted = true;
                        &mut block.label
                    }
                };
                self.sink.jump_table_target(label);
            }
        }
        self.end_segment();
        for at in 0..self.detours.len() {
            let place = self.detours.get(at).map_or(0, |&place| place as usize);
            if let Some(mut label) = self.control.get_mut(place).and_then(|block| block.detour.take()) {
                tell!(self, bind(&mut label, false));
                self.go_to(place);
            }
        }
        self.set_unreachable();
    }

    /// Whether a branch is more than a jump: it returns, or operands must move to the label's cells.
    fn needs_moves(&self, place: usize) -> bool {
        let Some(block) = self.control.get(place) else { return false };
        if block.frame == Frame::Function {
            return true;
        }
        let mut cell = block.base;
        for entry in self.top(block.carries().len()) {
            if entry.operand != Operand::Temp(cell) {
                return true;
            }
            cell += entry.known_ty().cells();
        }
        false
    }

    /// Moves what the label carries to its cells, and goes there. The operand stack stays as it is: the code that
    /// follows may be reached in another way.
    fn go_to(&mut self, place: usize) {
        if !self.live() {
            return;
        }
        let Some(block) = self.control.get(place) else { return };
        if block.frame == Frame::Function {
            return self.tell_return(block.ty);
        }
        let mut cell = block.base;
        let count = block.carries().len();
        // Upwards, as operands only move down and locals are no targets: nothing is overwritten before it is read.
        for at in self.stack.len() - count..self.stack.len() {
            let Some(&entry) = self.stack.get(at) else { break };
            self.copy_to(&entry, cell);
            cell += entry.known_ty().cells();
        }
        self.jump_to(place);
    }

    fn jump_to(&mut self, place: usize) {
        if self.live()
            && let Some(block) = self.control.get_mut(place)
        {
            block.targeted = true;
            self.sink.jump(&mut block.label);
        }
    }

    pub(super) fn return_(&mut self) {
        let results = self.control.first().map_or(FuncType::default().results(), Control::carries);
        self.check_top(results);
        self.go_to(0);
        self.set_unreachable();
    }

    /// Returns the topmost operands, which stay on the stack.
    fn tell_return(&mut self, ty: FuncType<'a>) {
        if !self.live() {
            return;
        }
        let count = ty.results().len();
        match (count, self.stack.last()) {
            (0, _) => tell!(self, return_one(None)),
            (1, Some(entry)) => {
                let result = Some((entry.known_ty(), entry.operand));
                tell!(self, return_one(result));
            }
            _ => {
                // All in a row. Their cells are free: each holds its own operand or nothing.
                let mut first = None;
                for at in self.stack.len().saturating_sub(count)..self.stack.len() {
                    let Some(&entry) = self.stack.get(at) else { break };
                    first.get_or_insert(entry.cell);
                    self.copy_to(&entry, entry.cell.into());
                }
                tell!(self, return_many(first.unwrap_or(0).into(), ty.result_cells()));
            }
        }
    }
}
