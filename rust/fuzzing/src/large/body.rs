//! Bodies of functions: operators by chance, which know what is on the operand stack.

use super::operators::{GROUPS, loads, stores};
use super::{PALETTES, Parts, Signature, take_in, types, up_to};
use crate::Random;
use wasm_encoder::{Function, HeapType, Instruction, MemArg, ValType};

/// Loops in each other, at most.
pub const LOOPS: u32 = 3;
/// What is in memory: the lower half of the page, so that offsets of up to so much stay within it.
const HALF: i32 = 0x7FFF;

/// Where a branch goes.
pub struct Label {
    /// Operands that it takes.
    pub types: Vec<ValType>,
    /// A loop's counter.
    pub counter: Option<u32>,
}

pub struct Body<'m> {
    pub random: &'m mut Random,
    pub parts: &'m mut Parts,
    pub palette: &'static [ValType],
    /// The groups of operators that may be used.
    groups: Vec<usize>,
    /// How many kinds of steps there may be: those that branch and those that call are the last ones.
    kinds: usize,
    code: Function,
    pub ty: Signature,
    /// All that are read and written at will.
    locals: Vec<ValType>,
    /// Of these, one that is used much, and those that come after it.
    hot: usize,
    /// Two locals for floats, two for addresses, then the counters of loops.
    floats: u32,
    addresses: u32,
    pub counters: u32,
    pub loops: u32,
    /// Operands that there are about.
    height: usize,
    pub stack: Vec<ValType>,
    /// Where the present block's operands begin.
    pub base: usize,
    pub labels: Vec<Label>,
    /// Operators that may still be made.
    pub left: usize,
    /// How often what comes next is carried out, at most, and what was.
    pub times: u64,
    pub cost: u64,
}

impl<'m> Body<'m> {
    /// A function of this type, and about how many operators a call carries out.
    pub fn function(random: &'m mut Random, parts: &'m mut Parts, ty: usize) -> (Function, u64) {
        let palette = random.choose(&PALETTES);
        let ty = parts.types[ty].clone();
        let more = types(random, palette, &[0, 6, 20, 20, 40, 80, 300, 300, 1300, 2600]);
        let mut locals = ty.params.clone();
        locals.extend(&more);
        let end = locals.len() as u32;
        let mut declared: Vec<(u32, ValType)> = more.into_iter().map(|ty| (1, ty)).collect();
        declared.extend([(1, ValType::F32), (1, ValType::F64), (2 + LOOPS, ValType::I32)]);
        let float = |ty: &ValType| matches!(ty, ValType::F32 | ValType::F64);
        let floats = palette.iter().any(float);
        let groups = GROUPS.iter().enumerate().filter(|(_, group)| {
            (floats || !(float(&group.result) || group.operands.iter().any(float))) && !random.once_in(4)
        });
        let groups = groups.map(|(at, _)| at).collect();
        let left = up_to(random, &[10, 40, 40, 150, 150, 400, 1500]);
        let mut body = Body {
            hot: random.below(locals.len().max(1)),
            kinds: random.choose(&[12, 18, 20, 20, 20]),
            height: up_to(random, &[4, 4, 20, 20, 80, 300, 1200]),
            labels: vec![Label { types: ty.results.clone(), counter: None }],
            code: Function::new(declared),
            palette,
            groups,
            ty,
            locals,
            floats: end,
            addresses: end + 2,
            counters: end + 4,
            loops: 0,
            stack: Vec::new(),
            base: 0,
            left,
            times: 1,
            cost: 0,
            random,
            parts,
        };
        body.steps(left);
        body.take_in_locals();
        let results = body.ty.results.clone();
        body.leave_with(&results, true);
        body.put(Instruction::End);
        (body.code, body.cost)
    }

    pub fn put(&mut self, instruction: Instruction<'_>) {
        self.cost += self.times;
        self.left = self.left.saturating_sub(1);
        self.code.instruction(&instruction);
    }

    fn push(&mut self, instruction: Instruction<'_>, ty: ValType) {
        self.put(instruction);
        self.stack.push(ty);
    }

    /// The operands of an operator are no longer there.
    pub fn drop_operands(&mut self, count: usize) {
        self.stack.truncate(self.stack.len() - count);
    }

    /// Reads all locals, or some of very many.
    fn take_in_locals(&mut self) {
        let all = self.locals.len();
        let step = if all > 200 && !self.random.once_in(4) { 1 + self.random.below(all / 50) } else { 1 };
        self.put(Instruction::GlobalGet(self.parts.taken));
        for index in (0..all).step_by(step) {
            take_in(Instruction::LocalGet(index as u32), self.locals[index], |instruction| {
                self.put(instruction);
            });
        }
        self.put(Instruction::GlobalSet(self.parts.taken));
    }

    /// Operators, about so many, in the present block.
    pub fn steps(&mut self, count: usize) {
        let end = self.left.saturating_sub(count);
        while self.left > end {
            self.step();
        }
    }

    fn step(&mut self) {
        // Whatever is made, it is not for ever.
        self.left = self.left.saturating_sub(1);
        let high = self.stack.len() - self.base;
        if high < self.height && self.random.once_in(2) {
            let ty = self.random.choose(self.palette);
            return self.value(ty, 1);
        }
        if high > self.height && self.random.once_in(8) {
            return self.put_away();
        }
        match self.random.below(self.kinds) {
            0..=3 => self.operator(None),
            4..=6 => self.set_local(),
            7 | 8 => self.memory(),
            9 => self.set_global(),
            10 => self.select(),
            11 => self.address(),
            12 | 13 => self.block(),
            14 => self.for_loop(),
            15 | 16 => self.branch(),
            17 => self.leave(),
            _ => self.call(),
        }
    }

    /// Whether this function may call others.
    pub fn calls(&self) -> bool {
        self.kinds > 18
    }

    /// One of the locals of a type.
    fn local(&mut self, ty: ValType) -> Option<u32> {
        let count = self.locals.len();
        if count == 0 {
            return None;
        }
        // From somewhere on the next one of the type.
        let from = match self.random.below(8) {
            0..=4 => self.hot + self.random.below(6),
            5 => count - 1 - self.random.below(count.min(4)),
            _ => self.random.below(count),
        };
        (from..from + count).map(|at| at % count).find(|&at| self.locals[at] == ty).map(|at| at as u32)
    }

    /// Pushes a value of this type; `depth` operators make it, at most.
    pub fn value(&mut self, ty: ValType, depth: usize) {
        if depth > 0 && !matches!(ty, ValType::Ref(_)) && self.random.once_in(2) {
            // Of what is there already it takes nothing.
            let base = std::mem::replace(&mut self.base, self.stack.len());
            match self.random.below(8) {
                0 => self.load(ty),
                1 => match self.global(ty) {
                    Some(global) => self.push(Instruction::GlobalGet(global), ty),
                    None => self.value(ty, depth - 1),
                },
                _ => self.operator(Some(ty)),
            }
            self.base = base;
            return;
        }
        match self.local(ty) {
            Some(local) if !self.random.once_in(4) => self.push(Instruction::LocalGet(local), ty),
            _ => self.constant(ty),
        }
    }

    fn constant(&mut self, ty: ValType) {
        let bits = match self.random.below(4) {
            0 => 0,
            1 => self.random.below(256) as u64,
            2 => (1 << self.random.below(64)) - self.random.below(2) as u64,
            _ => self.random.next(),
        };
        let functions = self.parts.funcs.len();
        let instruction = match ty {
            ValType::I32 => Instruction::I32Const(bits as i32),
            ValType::I64 => Instruction::I64Const(bits as i64),
            ValType::F32 => Instruction::F32Const((bits as i32 as f32).into()),
            ValType::F64 => Instruction::F64Const((bits as i64 as f64).into()),
            ValType::FUNCREF if functions > 0 => Instruction::RefFunc(self.random.below(functions) as u32),
            ValType::FUNCREF => Instruction::RefNull(HeapType::FUNC),
            _ => Instruction::RefNull(HeapType::EXTERN),
        };
        self.push(instruction, ty);
    }

    /// Lets the topmost operands have these types: those that have them already stay, if they may, the others are pushed.
    pub fn supply(&mut self, types: &[ValType]) {
        let there = &self.stack[self.base..];
        let most = if self.random.once_in(3) { 0 } else { there.len().min(types.len()) };
        let fits = |&count: &usize| there[there.len() - count..] == types[..count];
        let kept = (0..=most).rev().find(fits).unwrap_or(0);
        for &ty in &types[kept..] {
            self.value(ty, usize::from(self.left > 0));
        }
    }

    /// An operator on numbers, with this result.
    fn operator(&mut self, result: Option<ValType>) {
        let first = self.random.below(GROUPS.len());
        let fits = |&&group: &&usize| result.is_none_or(|ty| GROUPS[group].result == ty);
        let found = self.groups.iter().filter(|&&group| group >= first).find(fits);
        let Some(&group) = found.or_else(|| self.groups.iter().find(fits)) else {
            return if let Some(ty) = result {
                self.constant(ty)
            };
        };
        let group = &GROUPS[group];
        self.supply(group.operands);
        if group.traps && !self.random.once_in(16) {
            self.put_harmless(group.operands[0]);
        }
        let operator = self.random.below(group.operators.len());
        self.put(group.operators[operator].clone());
        self.drop_operands(group.operands.len());
        self.stack.push(group.result);
        self.one_nan(group.result);
    }

    /// Lets the topmost operand be one on which hardly any operator traps: a number that is not 0, or not large.
    fn put_harmless(&mut self, ty: ValType) {
        let instructions: &[Instruction<'_>] = match ty {
            ValType::I32 => &[Instruction::I32Const(1), Instruction::I32Or],
            ValType::I64 => &[Instruction::I64Const(1), Instruction::I64Or],
            ValType::F32 => &[Instruction::F32Abs, Instruction::F32Const(1e9.into()), Instruction::F32Min],
            _ => &[Instruction::F64Abs, Instruction::F64Const(1e9.into()), Instruction::F64Min],
        };
        for instruction in instructions {
            self.put(instruction.clone());
        }
    }

    /// Lets every NaN be the same: the specification does not say which one an operator makes.
    fn one_nan(&mut self, ty: ValType) {
        let (local, nan, equal) = match ty {
            ValType::F32 => (self.floats, Instruction::F32Const(f32::NAN.into()), Instruction::F32Eq),
            ValType::F64 => (self.floats + 1, Instruction::F64Const(f64::NAN.into()), Instruction::F64Eq),
            _ => return,
        };
        self.put(Instruction::LocalTee(local));
        self.put(nan);
        self.put(Instruction::LocalGet(local));
        self.put(Instruction::LocalGet(local));
        self.put(equal);
        self.put(Instruction::Select);
    }

    fn set_local(&mut self) {
        let top = self.stack[self.base..].last().copied();
        let ty = top.unwrap_or_else(|| self.random.choose(self.palette));
        let Some(local) = self.local(ty) else { return };
        if top.is_none() || self.random.once_in(2) {
            self.value(ty, 1);
        }
        if self.random.once_in(3) {
            return self.put(Instruction::LocalTee(local));
        }
        self.put(Instruction::LocalSet(local));
        self.stack.pop();
    }

    fn global(&mut self, ty: ValType) -> Option<u32> {
        let globals = &self.parts.globals;
        let from = self.random.below(globals.len());
        (from..globals.len()).chain(0..from).find(|&at| globals[at] == ty).map(|at| at as u32)
    }

    fn set_global(&mut self) {
        let ty = self.random.choose(self.palette);
        if let Some(global) = self.global(ty) {
            self.supply(&[ty]);
            self.put(Instruction::GlobalSet(global));
            self.stack.pop();
        }
    }

    fn select(&mut self) {
        let ty = self.random.choose(self.palette);
        self.supply(&[ty, ty, ValType::I32]);
        let typed = matches!(ty, ValType::Ref(_)) || self.random.once_in(4);
        self.put(if typed { Instruction::TypedSelect(ty) } else { Instruction::Select });
        self.drop_operands(2);
    }

    /// Operands go to locals, or are dropped, until there are few.
    fn put_away(&mut self) {
        while self.stack.len() > self.base && !self.random.once_in(40) {
            self.put_away_one();
        }
    }

    pub fn put_away_one(&mut self) {
        let Some(ty) = self.stack.pop() else { return };
        let local = if self.random.once_in(2) { self.local(ty) } else { None };
        self.put(local.map_or(Instruction::Drop, Instruction::LocalSet));
    }

    /// An offset, and what bits of an address fit to it.
    fn offset(&mut self) -> (u32, i32) {
        if self.random.once_in(200) {
            return (self.random.choose(&[65_533, 65_536, 1 << 20, u32::MAX - 4]), 0xFF);
        }
        let near = self.random.below(16) as u32;
        match self.random.choose(&[0, 0, 0, 120, 248, 1016, 4080, 4090, 32_740, 65_000]) {
            65_000 => (65_000 + near, 0xFF),
            far => (far + near, HALF),
        }
    }

    /// Pushes an address; what is to be added to it.
    fn place(&mut self) -> MemArg {
        let (offset, bits) = self.offset();
        if bits == HALF && self.random.once_in(2) {
            let local = self.addresses + self.random.below(2) as u32;
            self.push(Instruction::LocalGet(local), ValType::I32);
        } else if self.random.once_in(4) {
            let address = self.random.below(1 + bits as usize) as i32;
            self.push(Instruction::I32Const(address), ValType::I32);
        } else {
            self.supply(&[ValType::I32]);
            self.put(Instruction::I32Const(bits));
            self.put(Instruction::I32And);
        }
        MemArg { offset: offset.into(), align: 0, target: Default::default(), ordering: None }
    }

    /// Sets a local that holds addresses.
    fn address(&mut self) {
        self.supply(&[ValType::I32]);
        self.put(Instruction::I32Const(HALF));
        self.put(Instruction::I32And);
        let local = self.addresses + self.random.below(2) as u32;
        self.put(Instruction::LocalSet(local));
        self.stack.pop();
    }

    fn load(&mut self, ty: ValType) {
        let place = self.place();
        let load = self.random.choose(loads(ty));
        self.put(load(place));
        self.stack.pop();
        self.stack.push(ty);
    }

    fn memory(&mut self) {
        let ty = self.random.choose(self.palette);
        if matches!(ty, ValType::Ref(_)) || self.random.once_in(16) {
            return self.bulk();
        }
        if self.random.once_in(2) {
            return self.load(ty);
        }
        let place = self.place();
        self.value(ty, 1);
        let store = self.random.choose(stores(ty));
        self.put(store(place));
        self.drop_operands(2);
    }

    /// What the runtime does with memory.
    fn bulk(&mut self) {
        for _ in 0..2 {
            self.push(Instruction::LocalGet(self.addresses), ValType::I32);
        }
        let length = self.random.below(40) as i32;
        self.push(Instruction::I32Const(length), ValType::I32);
        let copy = self.random.once_in(2);
        self.put(match copy {
            true => Instruction::MemoryCopy { src_mem: 0, dst_mem: 0 },
            false => Instruction::MemoryFill(0),
        });
        self.drop_operands(3);
    }
}
