//! Modules with what the other generator does not make: many parameters, results, locals, globals and operands, so large frames;
//! long bodies and branches; large offsets and jump tables. They are valid, and they end, as functions call only those before them,
//! and as every branch backwards counts.
//!
//! What is wrong in a local, an operand or a global shows: functions take in all of their locals before they return, and one takes
//! in all globals.

mod body;
mod flow;
mod operators;

use crate::Random;
use body::Body;
use std::borrow::Cow;
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, Instruction, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TypeSection, ValType,
};

const NUMBERS: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];
/// Types that a function mostly has to do with: what has few of them has more of each.
const PALETTES: [&[ValType]; 8] = [
    &[ValType::I32],
    &[ValType::I32],
    &[ValType::I64],
    &[ValType::I32, ValType::I64],
    &[ValType::I32, ValType::I64],
    &[ValType::I32, ValType::I32, ValType::I64, ValType::F32],
    &NUMBERS,
    &[ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::FUNCREF, ValType::EXTERNREF],
];
/// Operators that a call from outside carries out, about, so that nothing takes long.
const COST: u64 = 6000;

/// At most one of these, so that there are few and many.
fn up_to(random: &mut Random, most: &[usize]) -> usize {
    let most = random.choose(most);
    random.below(most + 1)
}

fn types(random: &mut Random, palette: &[ValType], most: &[usize]) -> Vec<ValType> {
    (0..up_to(random, most)).map(|_| random.choose(palette)).collect()
}

/// A function's type or a block's.
#[derive(Clone, PartialEq, Eq, Default)]
struct Signature {
    params: Vec<ValType>,
    results: Vec<ValType>,
}

/// What functions know of their module.
struct Parts {
    types: Vec<Signature>,
    /// The functions so far: their types, and about how many operators a call carries out.
    funcs: Vec<(u32, u64)>,
    /// Mutable ones.
    globals: Vec<ValType>,
    /// An i64 among them that takes in what is observed.
    taken: u32,
}

impl Parts {
    fn type_index(&mut self, ty: Signature) -> u32 {
        let known = self.types.iter().position(|known| *known == ty);
        known.unwrap_or_else(|| {
            self.types.push(ty);
            self.types.len() - 1
        }) as u32
    }

    fn signature(&self, func: usize) -> &Signature {
        &self.types[self.funcs[func].0 as usize]
    }
}

/// A module.
pub fn module(random: &mut Random) -> Vec<u8> {
    let palette = random.choose(&PALETTES);
    let mut of_functions = vec![Signature::default()];
    for _ in 0..2 + random.below(6) {
        let palette = if random.once_in(3) { random.choose(&PALETTES) } else { palette };
        let params = types(random, palette, &[2, 6, 6, 20, 20, 80, 80, 300]);
        // Few different ones, so that tail calls fit.
        let results = match random.below(3) {
            0 => of_functions[random.below(of_functions.len())].results.clone(),
            _ => types(random, palette, &[1, 1, 2, 6, 20, 80, 300]),
        };
        of_functions.push(Signature { params, results });
    }
    let usual = of_functions.len();
    let mut globals = types(random, &NUMBERS, &[0, 0, 6]);
    let imported_globals = globals.len();
    globals.push(ValType::I64);
    globals.extend(types(random, &NUMBERS, &[4, 4, 30, 30, 30, 300, 2200]));
    let taken = imported_globals as u32;
    let imported = up_to(random, &[0, 2]);
    let mut parts = Parts { types: of_functions, funcs: Vec::new(), globals, taken };

    let mut imports = ImportSection::new();
    for index in 0..imported {
        let ty = random.below(usual) as u32;
        imports.import("host", &format!("f{index}"), wasm_encoder::EntityType::Function(ty));
        parts.funcs.push((ty, 1));
    }
    for (index, &val_type) in parts.globals[..imported_globals].iter().enumerate() {
        let ty = GlobalType { val_type, mutable: true, shared: false };
        imports.import("host", &format!("g{index}"), ty);
    }
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    let mut add = |parts: &mut Parts, ty: usize, function: &Function, cost: u64| {
        functions.function(ty as u32);
        code.function(function);
        parts.funcs.push((ty as u32, cost));
    };
    // Seldom many small ones, so that the others' places in tables are far from the beginning.
    let small = if random.once_in(24) { up_to(random, &[40, 1100]) } else { 0 };
    for number in 0..small {
        let mut function = Function::new([]);
        let mut sink = function.instructions();
        sink.i64_const(number as i64).global_get(parts.taken).i64_sub().global_set(parts.taken).end();
        add(&mut parts, 0, &function, 4);
    }
    for _ in 0..1 + random.below(6) {
        let ty = random.below(usual);
        let (function, cost) = Body::function(random, &mut parts, ty);
        add(&mut parts, ty, &function, cost);
    }
    let (function, cost) = all_globals(&parts);
    add(&mut parts, 0, &function, cost);

    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("taken", ExportKind::Global, parts.taken);
    let count = parts.funcs.len() as u32;
    for index in imported as u32..count {
        // The last ones call the most.
        if index + 6 > count && (index + 3 > count || random.once_in(2)) {
            exports.export(&format!("f{index}"), ExportKind::Func, index);
        }
    }
    let mut sections = Module::new();
    sections.section(&type_section(&parts)).section(&imports).section(&functions).section(&table(count));
    sections.section(&memory()).section(&own_globals(&parts.globals[imported_globals..])).section(&exports);
    sections.section(&elements(count)).section(&code);
    sections.finish()
}

/// A function that takes in all globals, and what a call costs.
fn all_globals(parts: &Parts) -> (Function, u64) {
    let mut function = Function::new([]);
    function.instruction(&Instruction::GlobalGet(parts.taken));
    for (index, &ty) in parts.globals.iter().enumerate() {
        take_in(Instruction::GlobalGet(index as u32), ty, |instruction| {
            function.instruction(&instruction);
        });
    }
    function.instruction(&Instruction::GlobalSet(parts.taken));
    function.instruction(&Instruction::End);
    (function, parts.globals.len() as u64 * 5)
}

/// Mixes a value into the i64 below it.
fn take_in(value: Instruction<'static>, ty: ValType, mut put: impl FnMut(Instruction<'static>)) {
    put(Instruction::I64Const(7));
    put(Instruction::I64Rotl);
    put(value);
    match ty {
        ValType::F32 => put(Instruction::I32ReinterpretF32),
        ValType::F64 => put(Instruction::I64ReinterpretF64),
        ValType::Ref(_) => put(Instruction::RefIsNull),
        _ => {}
    }
    if !matches!(ty, ValType::I64 | ValType::F64) {
        put(Instruction::I64ExtendI32U);
    }
    put(Instruction::I64Xor);
}

fn type_section(parts: &Parts) -> TypeSection {
    let mut types = TypeSection::new();
    for ty in &parts.types {
        types.ty().function(ty.params.iter().copied(), ty.results.iter().copied());
    }
    types
}

/// The table of all functions, behind a place for none.
fn table(functions: u32) -> TableSection {
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: u64::from(functions) + 1,
        maximum: None,
        table64: false,
        shared: false,
    });
    tables
}

fn elements(functions: u32) -> ElementSection {
    let mut elements = ElementSection::new();
    let all: Vec<u32> = (0..functions).collect();
    elements.active(None, &ConstExpr::i32_const(1), Elements::Functions(Cow::Owned(all)));
    elements
}

fn memory() -> MemorySection {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    memories
}

fn own_globals(types: &[ValType]) -> GlobalSection {
    let mut globals = GlobalSection::new();
    for (number, &val_type) in types.iter().enumerate() {
        let number = number as i64 * 0x0101_0101_0101;
        let init = match val_type {
            ValType::I32 => ConstExpr::i32_const(number as i32),
            ValType::F32 => ConstExpr::f32_const((number as f32).into()),
            ValType::F64 => ConstExpr::f64_const((number as f64).into()),
            _ => ConstExpr::i64_const(number),
        };
        globals.global(GlobalType { val_type, mutable: true, shared: false }, &init);
    }
    globals
}
