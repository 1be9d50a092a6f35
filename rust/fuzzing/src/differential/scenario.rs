//! What is run: a module, something to stand for each of its imports, and calls.

use crate::Random;
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload, TypeRef, ValType};

/// A value as engines are compared by it: of a reference to a function, whether it is null.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Val {
    /// A 32-bit integer.
    I32(u32),
    /// A 64-bit integer.
    I64(u64),
    /// The bits of a float; all NaNs are the same one.
    F32(u32),
    /// The bits of a float; all NaNs are the same one.
    F64(u64),
    /// Whether there is a function.
    Func(bool),
    /// The host's number.
    Extern(Option<u32>),
}

/// A value type of wasmote's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Type {
    I32,
    I64,
    F32,
    F64,
    Func,
    Extern,
}

impl Val {
    /// The value of a float. The specification leaves open which NaN an operator gives.
    pub fn f32(bits: u32) -> Val {
        Val::F32(if f32::from_bits(bits).is_nan() { 0x7FC0_0000 } else { bits })
    }

    /// The value of a float.
    pub fn f64(bits: u64) -> Val {
        Val::F64(if f64::from_bits(bits).is_nan() { 0x7FF8_0000_0000_0000 } else { bits })
    }

    /// A value made of these bits. References to functions are null: hosts have none in common.
    pub fn from_bits(ty: Type, bits: u64) -> Val {
        match ty {
            Type::I32 => Val::I32(bits as u32),
            Type::I64 => Val::I64(bits),
            Type::F32 => Val::f32(bits as u32),
            Type::F64 => Val::f64(bits),
            Type::Func => Val::Func(false),
            Type::Extern => Val::Extern((bits & 1 != 0).then_some(bits as u32 | 1)),
        }
    }

    /// For hashing.
    pub fn bits(self) -> u64 {
        match self {
            Val::I32(bits) | Val::F32(bits) => bits.into(),
            Val::I64(bits) | Val::F64(bits) => bits,
            Val::Func(there) => there.into(),
            Val::Extern(number) => number.map_or(0, u64::from),
        }
    }
}

impl Type {
    fn of(ty: ValType) -> Result<Type> {
        Ok(match ty {
            ValType::I32 => Type::I32,
            ValType::I64 => Type::I64,
            ValType::F32 => Type::F32,
            ValType::F64 => Type::F64,
            ValType::FUNCREF => Type::Func,
            ValType::EXTERNREF => Type::Extern,
            other => bail!("{other} is no type of wasmote's"),
        })
    }

    /// The type in the binary format.
    pub fn byte(self) -> u8 {
        match self {
            Type::I32 => 0x7F,
            Type::I64 => 0x7E,
            Type::F32 => 0x7D,
            Type::F64 => 0x7C,
            Type::Func => 0x70,
            Type::Extern => 0x6F,
        }
    }
}

/// A function's type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// Of its parameters.
    pub params: Vec<Type>,
    /// Of its results.
    pub results: Vec<Type>,
}

/// An import, and what stands for it.
#[derive(Clone, Debug)]
pub struct Import {
    /// The module that it is wanted from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// A host function of this type; else the support module's export with the import's number as its name.
    pub function: Option<Signature>,
}

/// What an export is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Kind {
    Func,
    Table,
    Memory,
    Global,
}

/// A call of an exported function.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// As many and of the types that it wants.
    pub args: Vec<Val>,
    /// Of its results.
    pub results: Vec<Type>,
}

/// What is run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The module.
    pub wasm: Vec<u8>,
    /// A module that exports what the module imports, but for functions.
    pub support: Vec<u8>,
    /// No two of the same names.
    pub imports: Vec<Import>,
    /// Everything exported but functions, of the module and then of the support module.
    pub state: Vec<(bool, String, Kind)>,
    /// In order, all in one instance.
    pub calls: Vec<Call>,
}

impl Scenario {
    /// Calls every exported function twice, with arguments at random.
    ///
    /// # Errors
    /// The module is not valid, or has two imports of the same names and different types.
    pub fn new(wasm: Vec<u8>, random: &mut Random) -> Result<Scenario> {
        let parts = Parts::read(&wasm)?;
        let mut calls = Vec::new();
        for _ in 0..2 {
            for (name, signature) in &parts.functions {
                let args = signature.params.iter().map(|&ty| argument(ty, random)).collect();
                calls.push(Call { name: name.clone(), args, results: signature.results.clone() });
            }
        }
        let Parts { support, imports, state, .. } = parts;
        Ok(Scenario { wasm, support, imports, state, calls })
    }

    /// Makes these calls.
    ///
    /// # Errors
    /// As for `new`; or a function is not exported with arguments of these types.
    pub fn with_calls(wasm: Vec<u8>, calls: &[(&str, Vec<Val>)]) -> Result<Scenario> {
        let parts = Parts::read(&wasm)?;
        let calls = calls.iter().map(|(name, args)| {
            let found = parts.functions.iter().find(|(known, _)| known == name);
            let (_, signature) = found.with_context(|| format!("no function {name} is exported"))?;
            ensure!(
                signature.params.len() == args.len(),
                "{name} wants {} arguments",
                signature.params.len()
            );
            Ok(Call { name: (*name).to_owned(), args: args.clone(), results: signature.results.clone() })
        });
        let calls = calls.collect::<Result<_>>()?;
        let Parts { support, imports, state, .. } = parts;
        Ok(Scenario { wasm, support, imports, state, calls })
    }
}

/// A number that is likely to meet a border, or any.
fn argument(ty: Type, random: &mut Random) -> Val {
    let bits = match random.below(4) {
        0 => random.below(16) as u64,
        1 => random.choose(&[
            0,
            1,
            u64::MAX,
            0x7FFF_FFFF,
            0x8000_0000,
            0xFFFF_FFFF,
            0x7FFF_FFFF_FFFF_FFFF,
            0x8000_0000_0000_0000,
            0x3F80_0000,
            0x4F00_0000,
            0x7F80_0000,
            0x7FC0_0000,
            0x3FF0_0000_0000_0000,
            0x41E0_0000_0000_0000,
            0x43E0_0000_0000_0000,
            0x7FF0_0000_0000_0000,
            0x7FF8_0000_0000_0000,
        ]),
        2 => random.next() >> random.below(64),
        _ => random.next(),
    };
    Val::from_bits(ty, bits)
}

/// What a module imports and exports.
struct Parts {
    support: Vec<u8>,
    imports: Vec<Import>,
    state: Vec<(bool, String, Kind)>,
    functions: Vec<(String, Signature)>,
}

impl Parts {
    fn read(wasm: &[u8]) -> Result<Parts> {
        let mut types = Vec::new();
        let mut funcs = Vec::new();
        let mut support = Support::default();
        let mut imports: Vec<Import> = Vec::new();
        let mut seen = HashMap::new();
        let mut state = Vec::new();
        let mut functions = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        for ty in group?.into_types() {
                            types.push(signature(&ty.composite_type.inner)?);
                        }
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        let number = imports.len();
                        let known = seen.insert((import.module, import.name), import.ty);
                        ensure!(known.is_none_or(|ty| ty == import.ty), "two imports of the same names");
                        let function = match import.ty {
                            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                                funcs.push(ty);
                                Some(types.get(ty as usize).cloned().context("no such type")?)
                            }
                            other => {
                                if known.is_none() {
                                    let kind = support.add(other, number)?;
                                    state.push((true, number.to_string(), kind));
                                }
                                None
                            }
                        };
                        if known.is_none() {
                            let (module, name) = (import.module.to_owned(), import.name.to_owned());
                            imports.push(Import { module, name, function });
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        funcs.push(ty?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        let name = export.name.to_owned();
                        match export.kind {
                            ExternalKind::Func => {
                                let ty = funcs.get(export.index as usize).context("no such function")?;
                                let ty = types.get(*ty as usize).cloned().context("no such type")?;
                                functions.push((name, ty));
                            }
                            ExternalKind::Table => state.push((false, name, Kind::Table)),
                            ExternalKind::Memory => state.push((false, name, Kind::Memory)),
                            ExternalKind::Global => state.push((false, name, Kind::Global)),
                            other => bail!("export of a {other:?}"),
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(Parts { support: support.module(), imports, state, functions })
    }
}

fn signature(ty: &CompositeInnerType) -> Result<Signature> {
    let CompositeInnerType::Func(ty) = ty else { bail!("not a function type") };
    let types = |types: &[ValType]| types.iter().map(|&ty| Type::of(ty)).collect::<Result<Vec<_>>>();
    Ok(Signature { params: types(ty.params())?, results: types(ty.results())? })
}

/// The support module's sections: how many items, and their bytes.
#[derive(Default)]
struct Support {
    tables: (u8, Vec<u8>),
    memories: (u8, Vec<u8>),
    globals: (u8, Vec<u8>),
    exports: (u8, Vec<u8>),
}

impl Support {
    fn add(&mut self, ty: TypeRef, number: usize) -> Result<Kind> {
        let (kind, (count, bytes)) = match ty {
            TypeRef::Table(table) => {
                bytes(&mut self.tables.1, Type::of(ValType::Ref(table.element_type))?.byte());
                limits(&mut self.tables.1, 0, table.initial, table.maximum);
                (Kind::Table, &mut self.tables)
            }
            TypeRef::Memory(memory) => {
                let page = memory.page_size_log2;
                limits(
                    &mut self.memories.1,
                    if page.is_some() { 8 } else { 0 },
                    memory.initial,
                    memory.maximum,
                );
                self.memories.1.extend(page.map(|log2| log2 as u8));
                (Kind::Memory, &mut self.memories)
            }
            TypeRef::Global(global) => {
                let ty = Type::of(global.content_type)?;
                self.globals.1.extend([ty.byte(), u8::from(global.mutable)]);
                let byte = (number as u8).wrapping_mul(3) & 0x3F;
                match ty {
                    Type::I32 => self.globals.1.extend([0x41, byte]),
                    Type::I64 => self.globals.1.extend([0x42, byte]),
                    Type::F32 => self.globals.1.extend([0x43, 0, 0, byte, 0x40]),
                    Type::F64 => self.globals.1.extend([0x44, 0, 0, 0, 0, 0, 0, byte, 0x40]),
                    Type::Func | Type::Extern => self.globals.1.extend([0xD0, ty.byte()]),
                }
                self.globals.1.push(0x0B);
                (Kind::Global, &mut self.globals)
            }
            other => bail!("import of a {other:?}"),
        };
        let index = *count;
        *count += 1;
        ensure!(*count < 100 && bytes.len() < 4000, "many imports");
        let name = number.to_string();
        self.exports.0 += 1;
        self.exports.1.push(name.len() as u8);
        self.exports.1.extend(name.bytes());
        self.exports.1.extend([
            match kind {
                Kind::Func => 0,
                Kind::Table => 1,
                Kind::Memory => 2,
                Kind::Global => 3,
            },
            index,
        ]);
        Ok(kind)
    }

    fn module(&self) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let sections = [(4, &self.tables), (5, &self.memories), (6, &self.globals), (7, &self.exports)];
        for (id, (count, contents)) in sections {
            module.push(id);
            leb(&mut module, contents.len() as u64 + 1);
            module.push(*count);
            module.extend(contents);
        }
        module
    }
}

fn bytes(to: &mut Vec<u8>, byte: u8) {
    to.push(byte);
}

fn limits(to: &mut Vec<u8>, flags: u8, min: u64, max: Option<u64>) {
    to.push(flags | u8::from(max.is_some()));
    leb(to, min);
    if let Some(max) = max {
        leb(to, max);
    }
}

/// Appends a number as LEB128.
pub(super) fn leb(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = value as u8 & 0x7F;
        value >>= 7;
        to.push(if value != 0 { byte | 0x80 } else { byte });
        if value == 0 {
            return;
        }
    }
}
