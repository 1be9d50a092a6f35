//! Labels and branches: the control stack of the specification's validation algorithm, and what is told to the sink
//! when control flow splits and joins.

use super::Body;
use crate::module::need;
use crate::reader::{Reader, Result};
use crate::sections::val_type;
use crate::{Cell, Operand, Sink, When};
use wasmote_core::{ErrorKind, Feature, FuncType, LoadError, ValType, ValTypes, limits};

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
    /// Nothing behind the last operator can be reached: operands may be popped that were never pushed.
    pub unreachable: bool,
    /// Whether the block itself could be reached.
    reachable: bool,
    /// Whether a branch goes to its label.
    targeted: bool,
    /// Operands below it.
    pub height: u32,
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
    pub fn ty(&self) -> FuncType<'a> {
        self.ty
    }

    /// The types that a branch to its label carries.
    fn carries(&self) -> ValTypes<'a> {
        match self.frame {
            Frame::Loop => self.ty.params(),
            _ => self.ty.results(),
        }
    }
}

impl<'a, S: Sink> Body<'_, 'a, S> {
    /// The type of a block: none, one result, or a type index (5.4.1).
    pub fn block_type(&mut self, reader: &mut Reader<'a>) -> Result<FuncType<'a>> {
        let at = reader.pos();
        match reader.peek() {
            Some(0x40) => {
                reader.u8()?;
                Ok(FuncType::default())
            }
            // One byte with the sign bit set: a value type, which is its own list of results.
            Some(byte) if byte & 0xC0 == 0x40 => {
                let ty = val_type(&mut reader.clone())?;
                self.val_type_needed(ty)?;
                Ok(FuncType::new(&[], reader.slice(1)?))
            }
            _ => {
                let index = reader.s33()?;
                let Ok(index) = u32::try_from(index) else {
                    return Err(LoadError::new(ErrorKind::BadBlockType, at));
                };
                need(self.features, Feature::MultiValue, at)?;
                Ok(self.module.func_type_at(self.module.type_index(index, at)?))
            }
        }
    }

    pub fn enter_function(&mut self, ty: FuncType<'a>) -> Result<()> {
        let label = self.sink.label();
        // Its parameters are locals, not operands.
        self.open(Frame::Function, ty.without_params(), label, None)
    }

    pub fn block(&mut self, ty: FuncType<'a>) -> Result<()> {
        self.settle_params(ty)?;
        let label = self.sink.label();
        self.open(Frame::Block, ty, label, None)
    }

    pub fn enter_loop(&mut self, ty: FuncType<'a>) -> Result<()> {
        self.settle_params(ty)?;
        self.end_segment()?;
        let mut label = self.sink.label();
        if self.reachable {
            let bound = self.sink.bind(&mut label, true);
            self.told(bound)?;
        }
        self.open(Frame::Loop, ty, label, None)
    }

    pub fn enter_if(&mut self, ty: FuncType<'a>) -> Result<()> {
        let condition = self.pop(ValType::I32)?.operand();
        self.settle_params(ty)?;
        self.end_segment()?;
        let label = self.sink.label();
        let mut otherwise = self.sink.label();
        self.jump_to(When::Zero, condition, &mut otherwise)?;
        self.open(Frame::If, ty, label, Some(otherwise))
    }

    pub fn enter_else(&mut self) -> Result<()> {
        let Some(Control { frame: Frame::If, .. }) = self.control.last() else {
            return self.fail(ErrorKind::ElseMismatch);
        };
        self.leave()?;
        let Some(mut block) = self.control.pop() else { return Ok(()) };
        if self.reachable {
            block.targeted = true;
            let jumped = self.sink.jump(&mut block.label);
            self.told(jumped)?;
        }
        self.end_segment()?;
        self.truncate(block.height);
        self.reachable = block.reachable;
        self.bind_otherwise(&mut block)?;
        self.push_all(block.ty.params())?;
        block.frame = Frame::Else;
        block.unreachable = false;
        let opened = self.control.push(block);
        self.stored(opened)
    }

    pub fn end(&mut self) -> Result<()> {
        self.leave()?;
        let Some(mut block) = self.control.pop() else { return Ok(()) };
        if block.frame == Frame::Function {
            if self.reachable {
                self.tell_return(block.ty)?;
            }
            return self.end_segment();
        }
        if block.otherwise.is_some() {
            // Without an `else`, the parameters are the results.
            if block.ty.params().ne(block.ty.results()) {
                return self.fail(ErrorKind::TypeMismatch);
            }
            self.end_segment()?;
            self.bind_otherwise(&mut block)?;
            self.reachable |= block.reachable;
        }
        if block.targeted && block.frame != Frame::Loop {
            self.end_segment()?;
            let bound = self.sink.bind(&mut block.label, false);
            self.told(bound)?;
            self.reachable = true;
        }
        self.truncate(block.height);
        self.push_all(block.ty.results())
    }

    fn bind_otherwise(&mut self, block: &mut Control<'a, S>) -> Result<()> {
        match block.otherwise.take() {
            Some(mut label) if block.reachable => {
                let bound = self.sink.bind(&mut label, false);
                self.told(bound)
            }
            _ => Ok(()),
        }
    }

    /// The end of a block's operators: exactly its results are left, and go to their cells. A function returns them
    /// from where they are.
    fn leave(&mut self) -> Result<()> {
        let Some(&Control { frame, ty, height, .. }) = self.control.last() else { return Ok(()) };
        self.require_top(ty.results())?;
        if self.stack.len() != height as usize + ty.results().len() {
            return self.fail(ErrorKind::TypeMismatch);
        }
        if frame != Frame::Function {
            self.settle_top(ty.results().len())?;
        }
        Ok(())
    }

    fn open(
        &mut self,
        frame: Frame,
        ty: FuncType<'a>,
        label: S::Label,
        otherwise: Option<S::Label>,
    ) -> Result<()> {
        let height = (self.stack.len() - ty.params().len()) as u32;
        let base = self.stack.get(height as usize).map_or(self.top_cell(), |entry| entry.cell.into());
        let opened = self.control.push(Control {
            frame,
            unreachable: false,
            reachable: self.reachable,
            targeted: false,
            height,
            base,
            ty,
            label,
            otherwise,
            detour: None,
            table: 0,
        });
        self.stored(opened)
    }

    /// The parameters of a block go to their cells, and so do pending locals.
    fn settle_params(&mut self, ty: FuncType<'a>) -> Result<()> {
        self.require_top(ty.params())?;
        self.settle_top(ty.params().len())?;
        self.settle_locals()
    }

    /// Checks that the topmost operands have these types; in unreachable code, makes it so.
    fn require_top(&mut self, types: ValTypes<'a>) -> Result<()> {
        if self.control.last().is_some_and(|block| block.unreachable) {
            self.pop_all(types.clone())?;
            self.push_all(types)
        } else {
            self.check_top(types)
        }
    }

    /// What follows cannot be reached.
    pub fn set_unreachable(&mut self) -> Result<()> {
        self.end_segment()?;
        self.reachable = false;
        if let Some(block) = self.control.last_mut() {
            block.unreachable = true;
            let height = block.height;
            self.truncate(height);
        }
        Ok(())
    }

    /// The block that a branch names.
    fn target(&self, depth: u32) -> Result<usize> {
        match (self.control.len() as u32).checked_sub(depth).and_then(|above| above.checked_sub(1)) {
            Some(place) => Ok(place as usize),
            None => self.fail(ErrorKind::UnknownLabel),
        }
    }

    fn carried(&self, place: usize) -> ValTypes<'a> {
        self.control.get(place).map_or(FuncType::default().params(), Control::carries)
    }

    pub fn br(&mut self, depth: u32) -> Result<()> {
        let place = self.target(depth)?;
        self.check_top(self.carried(place))?;
        if self.reachable {
            self.go_to(place)?;
        }
        self.set_unreachable()
    }

    pub fn br_if(&mut self, depth: u32) -> Result<()> {
        let condition = self.pop(ValType::I32)?.operand();
        let place = self.target(depth)?;
        self.require_top(self.carried(place))?;
        if self.reachable {
            if self.needs_moves(place) {
                let mut skip = self.sink.label();
                self.jump_to(When::Zero, condition, &mut skip)?;
                self.end_segment()?;
                self.go_to(place)?;
                let bound = self.sink.bind(&mut skip, false);
                self.told(bound)?;
            } else if let Some(mut label) = self.aim(place) {
                self.jump_to(When::NotZero, condition, &mut label)?;
                self.restore(place, label);
            }
            self.end_segment()?;
        }
        Ok(())
    }

    pub fn br_table(&mut self, reader: &mut Reader<'a>) -> Result<()> {
        let index = self.pop(ValType::I32)?.operand();
        let count = reader.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
        if self.reachable {
            let told = self.sink.jump_table(index, count + 1);
            self.told(told)?;
        }
        self.detours.clear();
        let mut arity = None;
        for _ in 0..=count {
            let depth = reader.u32()?;
            let place = self.target(depth)?;
            let Some(&Control { table, .. }) = self.control.get(place) else { continue };
            // A label that occurs again was checked already: a table may name one a million times.
            if table != self.op_at {
                let types = self.carried(place);
                if *arity.get_or_insert(types.len()) != types.len() {
                    return self.fail(ErrorKind::TypeMismatch);
                }
                self.check_top(types)?;
                let detour = self.reachable && self.needs_moves(place);
                let label = detour.then(|| self.sink.label());
                if detour {
                    let noted = self.detours.push(place as u32);
                    self.stored(noted)?;
                }
                if let Some(block) = self.control.get_mut(place) {
                    block.table = self.op_at;
                    block.detour = label;
                }
            }
            if self.reachable
                && let Some(block) = self.control.get_mut(place)
            {
                let label = match &mut block.detour {
                    Some(label) => label,
                    None => {
                        block.targeted = true;
                        &mut block.label
                    }
                };
                let told = self.sink.jump_table_target(label);
                self.told(told)?;
            }
        }
        self.end_segment()?;
        for at in 0..self.detours.len() {
            let Some(&place) = self.detours.get(at) else { break };
            if let Some(mut label) =
                self.control.get_mut(place as usize).and_then(|block| block.detour.take())
            {
                let bound = self.sink.bind(&mut label, false);
                self.told(bound)?;
                self.go_to(place as usize)?;
            }
        }
        self.set_unreachable()
    }

    /// Whether a branch is more than a jump: it returns, or operands must move to the label's cells.
    fn needs_moves(&self, place: usize) -> bool {
        let Some(block) = self.control.get(place) else { return false };
        if block.frame == Frame::Function {
            return true;
        }
        let mut cell = block.base;
        for entry in self.top(block.carries().len()) {
            if entry.operand() != Operand::Temp(cell) {
                return true;
            }
            cell += entry.known_ty().cells();
        }
        false
    }

    /// Moves what the label carries to its cells, and goes there. The operand stack stays as it is: the code that
    /// follows may be reached in another way.
    fn go_to(&mut self, place: usize) -> Result<()> {
        let Some(block) = self.control.get(place) else { return Ok(()) };
        if block.frame == Frame::Function {
            return self.tell_return(block.ty);
        }
        let mut cell = block.base;
        let count = block.carries().len();
        // Upwards, as operands only move down and locals are no targets: nothing is overwritten before it is read.
        for at in self.stack.len() - count..self.stack.len() {
            let Some(&entry) = self.stack.get(at) else { break };
            if entry.operand() != Operand::Temp(cell) {
                let copied = self.sink.copy(entry.known_ty(), cell, entry.operand());
                self.told(copied)?;
            }
            cell += entry.known_ty().cells();
        }
        if let Some(mut label) = self.aim(place) {
            let jumped = self.sink.jump(&mut label);
            self.told(jumped)?;
            self.restore(place, label);
        }
        Ok(())
    }

    /// The label of a block that is about to be branched to; [`restore`](Self::restore) puts it back.
    fn aim(&mut self, place: usize) -> Option<S::Label> {
        let block = self.control.get_mut(place)?;
        block.targeted = true;
        Some(block.label)
    }

    fn restore(&mut self, place: usize, label: S::Label) {
        if let Some(block) = self.control.get_mut(place) {
            block.label = label;
        }
    }

    fn jump_to(&mut self, when: When, condition: Operand, label: &mut S::Label) -> Result<()> {
        if self.reachable {
            let jumped = self.sink.jump_if(when, condition, label);
            self.told(jumped)?;
        }
        Ok(())
    }

    pub fn return_(&mut self) -> Result<()> {
        self.check_top(self.carried(0))?;
        if self.reachable {
            self.go_to(0)?;
        }
        self.set_unreachable()
    }

    /// Returns the topmost operands, which stay on the stack.
    fn tell_return(&mut self, ty: FuncType<'a>) -> Result<()> {
        let count = ty.results().len();
        let told = match (count, self.stack.last()) {
            (0, _) => self.sink.return_one(None),
            (1, Some(entry)) => self.sink.return_one(Some((entry.known_ty(), entry.operand()))),
            _ => {
                // All in a row. Their cells are free: each holds its own operand or nothing.
                let mut first = None;
                for at in self.stack.len() - count..self.stack.len() {
                    let Some(&entry) = self.stack.get(at) else { break };
                    let cell = Cell::from(entry.cell);
                    first.get_or_insert(cell);
                    if entry.operand() != Operand::Temp(cell) {
                        let copied = self.sink.copy(entry.known_ty(), cell, entry.operand());
                        self.told(copied)?;
                    }
                }
                self.sink.return_many(first.unwrap_or(0), ty.result_cells())
            }
        };
        self.told(told)
    }
}
