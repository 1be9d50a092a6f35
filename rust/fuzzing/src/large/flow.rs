//! Blocks, loops, branches and calls.

use super::body::{Body, LOOPS, Label};
use super::{COST, Signature, types, up_to};
use std::borrow::Cow;
use wasm_encoder::{BlockType, Instruction, ValType};

impl Body<'_> {
    /// A block's type, with some of the operands as its parameters.
    fn signature(&mut self) -> Signature {
        let there = self.stack.len() - self.base;
        let count = up_to(self.random, &[0, 0, 2, 10, 60]).min(there);
        let params = self.stack[self.stack.len() - count..].to_vec();
        let results = types(self.random, self.palette, &[0, 1, 1, 3, 12, 60]);
        Signature { params, results }
    }

    fn block_type(&mut self, ty: &Signature) -> BlockType {
        BlockType::FunctionType(self.parts.type_index(ty.clone()))
    }

    /// How many operators a block may have of those that are left.
    fn share(&mut self) -> usize {
        if self.labels.len() > 12 { 0 } else { self.random.below(self.left / 2 + 1) }
    }

    /// What is in a block whose parameters are the topmost operands, up to its end or `else`; then they are gone.
    fn inside(&mut self, ty: &Signature, counter: Option<u32>, make: impl FnOnce(&mut Self)) {
        let types = if counter.is_some() { &ty.params } else { &ty.results };
        self.labels.push(Label { types: types.clone(), counter });
        let base = std::mem::replace(&mut self.base, self.stack.len() - ty.params.len());
        make(self);
        self.stack.truncate(self.base);
        self.base = base;
        self.labels.pop();
    }

    /// Operators, about so many, then the results.
    fn fill(&mut self, ty: &Signature, count: usize) {
        self.inside(ty, None, |body| {
            body.steps(count);
            body.leave_with(&ty.results, true);
        });
    }

    pub fn block(&mut self) {
        if self.loops == 0 && self.random.once_in(100) {
            return self.unless(Body::long_code);
        }
        let count = self.share();
        let mut ty = self.signature();
        if self.random.once_in(2) {
            let block = self.block_type(&ty);
            self.put(Instruction::Block(block));
            self.fill(&ty, count);
        } else {
            let alone = self.random.once_in(3);
            if alone {
                ty.results.clone_from(&ty.params);
            }
            let block = self.block_type(&ty);
            self.value(ValType::I32, 1);
            self.put(Instruction::If(block));
            self.stack.pop();
            self.fill(&ty, count / 2);
            if !alone {
                self.put(Instruction::Else);
                self.stack.extend(&ty.params);
                self.fill(&ty, count / 2);
            }
        }
        self.put(Instruction::End);
        self.stack.extend(&ty.results);
    }

    pub fn for_loop(&mut self) {
        let (rounds, times) = (1 + self.random.below(5), self.times);
        if self.loops == LOOPS || self.cost + times * 400 > COST {
            return;
        }
        let counter = self.counters + self.loops;
        self.put(Instruction::I32Const(rounds as i32));
        self.put(Instruction::LocalSet(counter));
        self.loops += 1;
        self.times *= 1 + rounds as u64;
        let count = self.share().min((COST / self.times) as usize / 4);
        let ty = self.signature();
        let block = self.block_type(&ty);
        self.put(Instruction::Loop(block));
        self.inside(&ty, Some(counter), |body| {
            body.steps(count);
            if !body.random.once_in(8) {
                body.supply(&ty.params);
                body.count(counter);
                body.put(Instruction::BrIf(0));
            }
            body.leave_with(&ty.results, false);
        });
        self.put(Instruction::End);
        self.stack.extend(&ty.results);
        self.loops -= 1;
        self.times = times;
    }

    /// Pushes whether the loop with this counter may go on.
    fn count(&mut self, counter: u32) {
        for instruction in [
            Instruction::LocalGet(counter),
            Instruction::I32Const(1),
            Instruction::I32Sub,
            Instruction::LocalTee(counter),
            Instruction::I32Const(0),
            Instruction::I32GtS,
        ] {
            self.put(instruction);
        }
    }

    /// The block's results alone are left, or a branch to its end takes them along.
    pub fn leave_with(&mut self, results: &[ValType], may_branch: bool) {
        if may_branch && self.random.once_in(3) {
            // Results move less far than they are long if little else is there.
            let others = if self.random.once_in(2) { self.random.below(3) } else { usize::MAX };
            while self.stack.len() - self.base > others {
                self.put_away_one();
            }
            self.supply(results);
            return self.put(Instruction::Br(0));
        }
        let there = &self.stack[self.base..];
        let same = there.iter().zip(results).take_while(|(a, b)| a == b).count();
        let kept = if self.random.once_in(4) { 0 } else { same };
        while self.stack.len() > self.base + kept {
            self.put_away_one();
        }
        for &ty in &results[kept..] {
            self.value(ty, usize::from(self.left > 0));
        }
    }

    /// A branch on a condition.
    pub fn branch(&mut self) {
        if self.random.once_in(3) {
            return self.unless(Body::branch_by_table);
        }
        let depth = self.random.below(self.labels.len());
        let label = &self.labels[self.labels.len() - 1 - depth];
        let (types, counter) = (label.types.clone(), label.counter);
        self.supply(&types);
        match counter {
            Some(counter) => self.count(counter),
            None => {
                self.value(ValType::I32, 1);
                self.stack.pop();
            }
        }
        self.put(Instruction::BrIf(depth as u32));
    }

    /// What leaves no operands, if a condition holds.
    fn unless(&mut self, what: fn(&mut Self)) {
        self.value(ValType::I32, 1);
        self.put(Instruction::If(BlockType::Empty));
        self.stack.pop();
        self.inside(&Signature::default(), None, what);
        self.put(Instruction::End);
    }

    /// Much code, so that branches past it are long.
    fn long_code(&mut self) {
        for _ in 0..up_to(self.random, &[100, 1000, 6000]) {
            let number = self.random.next() as i64;
            self.put(Instruction::GlobalGet(self.parts.taken));
            self.put(Instruction::I64Const(number));
            self.put(Instruction::I64Xor);
            self.put(Instruction::GlobalSet(self.parts.taken));
        }
    }

    fn branch_by_table(&mut self) {
        let labels = self.labels.len();
        let of = self.random.below(labels);
        let types = self.labels[of].types.clone();
        let fits = |at: &usize| self.labels[*at].counter.is_none() && self.labels[*at].types == types;
        let depths: Vec<u32> = (0..labels).filter(fits).map(|at| (labels - 1 - at) as u32).collect();
        if depths.is_empty() {
            return;
        }
        let count = up_to(self.random, &[3, 10, 40, 300]);
        let targets: Vec<u32> = (0..count).map(|_| self.random.choose(&depths)).collect();
        let default = self.random.choose(&depths);
        self.supply(&types);
        self.value(ValType::I32, 1);
        if !self.random.once_in(4) {
            self.put(Instruction::I32Const(count as i32 + 1));
            self.put(Instruction::I32RemU);
        }
        self.put(Instruction::BrTable(Cow::Owned(targets), default));
    }

    /// The function's end, if a condition holds: with its results, with those of a tail call, or a trap.
    pub fn leave(&mut self) {
        self.unless(|body| {
            if body.random.once_in(16) {
                return body.put(Instruction::Unreachable);
            }
            let results = body.ty.results.clone();
            if body.random.once_in(2) || !body.calls() || !body.call_with(Some(&results)) {
                body.supply(&results);
                body.put(Instruction::Return);
            }
        });
    }

    pub fn call(&mut self) {
        self.call_with(None);
    }

    /// Calls one of the functions so far, or tail-calls one with these results; whether there is one that does not cost too much.
    fn call_with(&mut self, results: Option<&[ValType]>) -> bool {
        let indirect = self.random.once_in(3);
        let end = self.parts.funcs.len();
        if end == 0 {
            return false;
        }
        let from = self.random.below(end);
        let fits = |&func: &usize| {
            let cost = self.cost + self.times * self.parts.funcs[func].1;
            cost <= COST && results.is_none_or(|results| self.parts.signature(func).results == *results)
        };
        let Some(func) = (from..end).chain(0..from).find(fits) else { return false };
        let (type_index, cost) = self.parts.funcs[func];
        let Signature { params, results: given } = self.parts.signature(func).clone();
        self.supply(&params);
        self.cost += self.times * cost;
        if indirect {
            // Nearly always the right one, and never one that is yet to come, as that may call this one; the table begins with none.
            let other = 1 + self.random.below(end);
            let index =
                if self.random.once_in(40) { self.random.choose(&[0, other, 1 << 20]) } else { 1 + func };
            self.put(Instruction::I32Const(index as i32));
            if self.random.once_in(2) {
                // It is not known to be a number.
                self.put(Instruction::LocalGet(self.counters));
                self.put(Instruction::I32Const(0));
                self.put(Instruction::I32Mul);
                self.put(Instruction::I32Add);
            }
        }
        self.put(match (indirect, results.is_some()) {
            (false, false) => Instruction::Call(func as u32),
            (false, true) => Instruction::ReturnCall(func as u32),
            (true, false) => Instruction::CallIndirect { type_index, table_index: 0 },
            (true, true) => Instruction::ReturnCallIndirect { type_index, table_index: 0 },
        });
        self.drop_operands(params.len());
        self.stack.extend(given);
        true
    }
}
