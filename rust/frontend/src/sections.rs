//! The sections (WebAssembly Core, 5.5 and 3.4).

use crate::module::{DATA, ELEMENTS, EXPORTS, FUNCS, Global, Module, TYPES};
use crate::reader::Reader;
use crate::segments;
use crate::sort::Order;
use crate::{ConstExpr, GlobalPlace};
use wasmote_core::{
    ErrorKind, ExternKind, Feature, FuncType, GlobalType, Limits, LoadError, MemoryType, TableType, ValType,
    limits,
};
use wasmote_platform::{Heap, Vec};

/// An import.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The module that it is wanted from.
    pub module: &'a str,
    /// Its name there.
    pub name: &'a str,
    /// What it must be.
    pub ty: ExternType<'a>,
    /// Offset of the import in the module.
    pub offset: u32,
}

/// An export.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub kind: ExternKind,
    /// Its index among those of its kind.
    pub index: u32,
}

/// The type of an import or export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExternType<'a> {
    /// A function.
    Func(FuncType<'a>),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

impl ExternType<'_> {
    /// The kind alone.
    pub fn kind(&self) -> ExternKind {
        match self {
            ExternType::Func(_) => ExternKind::Func,
            ExternType::Table(_) => ExternKind::Table,
            ExternType::Memory(_) => ExternKind::Memory,
            ExternType::Global(_) => ExternKind::Global,
        }
    }
}

/// Sections by their ids (5.5.2).
mod id {
    pub const CUSTOM: u8 = 0;
    pub const TYPE: u8 = 1;
    pub const IMPORT: u8 = 2;
    pub const FUNCTION: u8 = 3;
    pub const TABLE: u8 = 4;
    pub const MEMORY: u8 = 5;
    pub const GLOBAL: u8 = 6;
    pub const EXPORT: u8 = 7;
    pub const START: u8 = 8;
    pub const ELEMENT: u8 = 9;
    pub const CODE: u8 = 10;
    pub const DATA: u8 = 11;
    pub const DATA_COUNT: u8 = 12;
    /// Of a proposal that wasmote does not have.
    pub const TAG: u8 = 13;
}

/// The order in which sections must come, by id. Custom sections may come anywhere.
const ORDER: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10];

pub(crate) fn parse(module: &mut Module<'_>, heap: &Heap) -> Result<(), LoadError> {
    let bytes = module.bytes;
    let len = bytes.len() as u32;
    let mut reader = Reader::new(bytes, 0, u32::MAX);
    header(&mut reader, bytes);
    let mut last = 0;
    // What is wrong is the end.
    while !reader.at_end() {
        let at = reader.pos();
        let id = reader.u8();
        let size = reader.u32();
        let end = reader.pos().saturating_add(size);
        if end > len {
            reader.fail_at(ErrorKind::UnexpectedEnd, at);
        }
        if id != id::CUSTOM {
            match ORDER.get(id as usize) {
                Some(&order) if order > last => last = order,
                Some(_) => reader.fail_at(ErrorKind::SectionOrder, at),
                None if id == id::TAG => reader.fail_at(ErrorKind::Unsupported(Feature::Exceptions), at),
                None => reader.fail_at(ErrorKind::BadSection, at),
            }
        }
        reader.limit(end);
        match id {
            id::CUSTOM => {
                if reader.name() == "name" {
                    module.names = at;
                }
                reader.slice(reader.left());
            }
            id::START => start_function(module, &mut reader),
            id::DATA_COUNT => {
                reader.need(Feature::BulkMemory, at);
                module.data_count = Some(reader.u32());
            }
            _ => items(module, &mut reader, id, heap),
        }
        if !reader.at_end() {
            reader.fail(ErrorKind::SectionSize);
        }
        reader.extend(bytes);
    }
    if module.code == 0 && module.func_count() != module.import_funcs {
        reader.fail(ErrorKind::FunctionCountMismatch);
    }
    if module.data_count.is_some_and(|count| count != module.data_count()) {
        reader.fail(ErrorKind::DataCountMismatch);
    }
    reader.result()
}

fn header(reader: &mut Reader<'_>, bytes: &[u8]) {
    if bytes.len() > limits::MAX_MODULE_BYTES as usize {
        reader.fail(ErrorKind::ModuleTooLarge);
    }
    if reader.f32_bits() != u32::from_le_bytes(*b"\0asm") {
        reader.fail_at(ErrorKind::BadMagic, 0);
    }
    let at = reader.pos();
    match reader.f32_bits() {
        1 => {}
        0x1_0000..=0x1_00FF => reader.fail_at(ErrorKind::Unsupported(Feature::Components), at),
        _ => reader.fail_at(ErrorKind::BadVersion, at),
    }
}

/// A section that is a list of items.
fn items<'a>(module: &mut Module<'a>, section: &mut Reader<'a>, id: u8, heap: &Heap) {
    let at = section.pos();
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems);
    let start = section.pos();
    match id {
        id::IMPORT => (module.imports, module.import_count) = (start, count),
        id::GLOBAL => {
            module.own_globals = start;
            section.stored(module.globals.reserve_exact(count as usize));
        }
        // More are refused one by one.
        id::TABLE => section.stored(module.tables.reserve_exact(count.min(limits::MAX_TABLES) as usize)),
        id::EXPORT => module.exports = start,
        id::CODE => {
            if count != module.own_funcs() {
                section.fail_at(ErrorKind::FunctionCountMismatch, at);
            }
            module.code = start;
        }
        _ => {}
    }
    let list = match id {
        id::TYPE => TYPES,
        id::FUNCTION => FUNCS,
        id::EXPORT => EXPORTS,
        id::ELEMENT => ELEMENTS,
        id::DATA => DATA,
        _ => OTHER,
    };
    if let Some(list) = module.lists.get_mut(list) {
        section.stored(list.reserve_exact(count as usize));
    }
    for _ in 0..count {
        let (list, item) = item(module, section, id);
        if section.failed() {
            return;
        }
        if let Some(list) = module.lists.get_mut(list) {
            section.stored(list.push(item));
        }
    }
    match id {
        id::TYPE => canonical_types(module, section, heap),
        id::EXPORT => distinct_names(module, section),
        id::CODE => module.code_end = section.pos(),
        _ => {}
    }
}

/// A function type.
fn ty(section: &mut Reader<'_>) {
    let form_at = section.pos();
    match section.u8() {
        0x60 => {}
        0x4D..=0x50 | 0x5D..=0x5F => section.fail_at(ErrorKind::Unsupported(Feature::Gc), form_at),
        _ => section.fail_at(ErrorKind::BadTypeForm, form_at),
    }
    let mut values = 0;
    for limit in &[limits::MAX_PARAMS, limits::MAX_RESULTS] {
        values = section.count(*limit, ErrorKind::TooManyParams);
        for _ in 0..values {
            val_type(section);
        }
    }
    if values > 1 {
        section.need(Feature::MultiValue, form_at + 1);
    }
}

/// Replaces each type's offset by that of the first equal type.
fn canonical_types(module: &mut Module<'_>, section: &mut Reader<'_>, heap: &Heap) {
    let order = Order { module: module.bytes, key: |module, at| FuncType::at(module, at).bytes() };
    let types = &mut module.lists[TYPES];
    let Ok(mut sorted) = Vec::copy_of(heap, types) else {
        return section.fail(ErrorKind::OutOfMemory);
    };
    order.sort(&mut sorted);
    for ty in &mut **types {
        let first = sorted.partition_point(|&other| order.compare(other, *ty).is_lt());
        *ty = sorted.get(first).copied().unwrap_or(*ty);
    }
}

/// Reads a value type.
pub(crate) fn val_type(reader: &mut Reader<'_>) -> ValType {
    let at = reader.pos();
    let ty = read_type(reader, ErrorKind::BadValType);
    reader.need(ty.feature(), at);
    ty
}

pub(crate) fn ref_type(reader: &mut Reader<'_>) -> ValType {
    read_type(reader, ErrorKind::BadRefType)
}

/// What a null reference is to. A number that is no type's is the index of one.
pub(crate) fn heap_type(reader: &mut Reader<'_>) -> ValType {
    if reader.peek().is_some_and(|byte| byte & 0xC0 != 0x40) {
        reader.fail(ErrorKind::Unsupported(Feature::Gc));
    }
    ref_type(reader)
}

/// Reads a value type; only a reference type if `otherwise` says that another one is wrong for that.
fn read_type(reader: &mut Reader<'_>, otherwise: ErrorKind) -> ValType {
    let at = reader.pos();
    let byte = reader.u8();
    match ValType::from_byte(byte) {
        Some(ty) if ty.is_ref() || otherwise == ErrorKind::BadValType => ty,
        _ => {
            reader.fail_at(refused_type(byte).unwrap_or(otherwise), at);
            ValType::I32
        }
    }
}

/// Types of proposals that wasmote does not have.
fn refused_type(byte: u8) -> Option<ErrorKind> {
    Some(ErrorKind::Unsupported(match byte {
        0x7B => Feature::Simd,
        0x69 | 0x74 => Feature::Exceptions,
        0x63..=0x65 | 0x67 | 0x68 | 0x6A..=0x6E | 0x71..=0x73 | 0x75 => Feature::Gc,
        _ => return None,
    }))
}

/// Flags and bounds; in pages or elements.
fn read_limits(reader: &mut Reader<'_>, memory: bool) -> (Limits, u8) {
    let at = reader.pos();
    let flags = reader.u8();
    match flags {
        0x00 | 0x01 => {}
        0x08 | 0x09 if memory => {}
        0x02..=0x0F if memory && flags & 2 != 0 => {
            reader.fail_at(ErrorKind::Unsupported(Feature::Threads), at)
        }
        0x04..=0x07 => reader.fail_at(ErrorKind::Unsupported(Feature::Memory64), at),
        0x0C | 0x0D if memory => reader.fail_at(ErrorKind::Unsupported(Feature::Memory64), at),
        _ => reader.fail_at(ErrorKind::BadLimits, at),
    }
    let min = reader.u32();
    let max = if flags & 1 != 0 { Some(reader.u32()) } else { None };
    if max.is_some_and(|max| max < min) && !memory {
        reader.fail_at(ErrorKind::LimitsOrder, at);
    }
    (Limits { min, max }, flags & 8)
}

fn table_type(reader: &mut Reader<'_>) -> TableType {
    if reader.peek() == Some(0x40) {
        // A table with an initial expression.
        reader.fail(ErrorKind::Unsupported(Feature::Gc));
    }
    let element = ref_type(reader);
    let (limits, _) = read_limits(reader, false);
    TableType { element, limits }
}

fn memory_type(reader: &mut Reader<'_>) -> MemoryType {
    let at = reader.pos();
    let (limits, custom_page) = read_limits(reader, true);
    let mut page_log2 = 16;
    if custom_page != 0 {
        reader.need(Feature::CustomPageSizes, at);
        let page_at = reader.pos();
        match reader.u32() {
            log2 @ (0 | 16) => page_log2 = log2 as u8,
            log2 if log2 < 64 => reader.fail_at(ErrorKind::InvalidPageSize, page_at),
            _ => reader.fail_at(ErrorKind::BadPageSize, page_at),
        }
    }
    let ty = MemoryType { limits, page_log2 };
    if limits.min > ty.max_pages() || limits.max.is_some_and(|max| max > ty.max_pages()) {
        reader.fail_at(ErrorKind::MemoryTooLarge, at);
    }
    if limits.max.is_some_and(|max| max < limits.min) {
        reader.fail_at(ErrorKind::LimitsOrder, at);
    }
    ty
}

pub(crate) fn global_type(reader: &mut Reader<'_>) -> GlobalType {
    let value = val_type(reader);
    let at = reader.pos();
    let mutable = reader.u8();
    match mutable {
        0 | 1 => {}
        2 | 3 => reader.fail_at(ErrorKind::Unsupported(Feature::Threads), at),
        _ => reader.fail_at(ErrorKind::BadMutability, at),
    }
    GlobalType { value, mutable: mutable == 1 }
}

/// Reads an import that has been validated. `types` are the canonical types, `bytes` the module.
pub(crate) fn import<'a>(reader: &mut Reader<'a>, types: &[u32], bytes: &'a [u8]) -> Import<'a> {
    let offset = reader.pos();
    let module = reader.name();
    let name = reader.name();
    let ty = match extern_kind(reader, ErrorKind::BadImportKind) {
        ExternKind::Func => ExternType::Func(FuncType::at(bytes, type_index(types, reader))),
        ExternKind::Table => ExternType::Table(table_type(reader)),
        ExternKind::Memory => ExternType::Memory(memory_type(reader)),
        ExternKind::Global => ExternType::Global(global_type(reader)),
    };
    Import { module, name, ty, offset }
}

fn extern_kind(reader: &mut Reader<'_>, otherwise: ErrorKind) -> ExternKind {
    let at = reader.pos();
    match reader.u8() {
        0 => return ExternKind::Func,
        1 => return ExternKind::Table,
        2 => return ExternKind::Memory,
        3 => return ExternKind::Global,
        4 => reader.fail_at(ErrorKind::Unsupported(Feature::Exceptions), at),
        _ => reader.fail_at(otherwise, at),
    }
    ExternKind::Global
}

/// Reads a type index; returns the canonical type.
pub(crate) fn type_index(types: &[u32], reader: &mut Reader<'_>) -> u32 {
    let at = reader.pos();
    let index = reader.u32();
    types.get(index as usize).copied().unwrap_or_else(|| {
        reader.fail_at(ErrorKind::UnknownType, at);
        0
    })
}

/// What is kept in none of the module's lists of numbers.
const OTHER: usize = usize::MAX;

/// Reads an item of a section: what is kept of it, and in which list.
#[inline(always)]
fn item<'a>(module: &mut Module<'a>, section: &mut Reader<'a>, id: u8) -> (usize, u32) {
    let start = section.pos();
    let imported = id == id::IMPORT;
    let mut what = id;
    if imported {
        section.name();
        section.name();
        what = id::FUNCTION + extern_kind(section, ErrorKind::BadImportKind) as u8;
    }
    match what {
        id::TYPE => {
            ty(section);
            // Its form is not needed.
            return (TYPES, start + 1);
        }
        id::FUNCTION => {
            let ty = type_index(&module.lists[TYPES], section);
            if module.func_count() == limits::MAX_FUNCTIONS {
                section.fail(ErrorKind::TooManyFunctions);
            }
            module.import_funcs += u32::from(imported);
            return (FUNCS, ty);
        }
        id::EXPORT => {
            export_of(module, section);
            return (EXPORTS, start);
        }
        id::ELEMENT => {
            segments::element(module, section);
            return (ELEMENTS, start);
        }
        id::DATA => {
            segments::data(module, section);
            return (DATA, start);
        }
        id::CODE => {
            let len = section.u32();
            section.slice(len);
        }
        id::TABLE => {
            let ty = table_type(section);
            if ty.element == ValType::ExternRef || !module.tables.is_empty() {
                section.need(Feature::ReferenceTypes, start);
            }
            if module.tables.len() == limits::MAX_TABLES as usize {
                section.fail(ErrorKind::TooManyTables);
            }
            section.stored(module.tables.push(ty));
            module.import_tables += u32::from(imported);
        }
        id::MEMORY => {
            let ty = memory_type(section);
            if module.memory.is_some() {
                section.fail_at(ErrorKind::Unsupported(Feature::MultiMemory), start);
            }
            module.memory = Some(ty);
            module.memory_imported |= imported;
        }
        _ => {
            let ty = global_type(section);
            let mut place = GlobalPlace::Import(module.import_globals);
            if imported {
                module.import_globals += 1;
            } else {
                ConstExpr::parse(section, module, ty.value);
                place = GlobalPlace::Own(module.global_cells);
                module.global_cells += ty.value.cells();
            }
            section.stored(module.globals.push(Global { ty, place }));
        }
    }
    (OTHER, start)
}

pub(crate) fn export<'a>(reader: &mut Reader<'a>) -> Export<'a> {
    let name = reader.name();
    let kind = extern_kind(reader, ErrorKind::BadExportKind);
    Export { name, kind, index: reader.u32() }
}

/// The name of the export at an offset, as bytes: to check a long name again at each comparison would take very long.
pub(crate) fn export_name(bytes: &[u8], offset: u32) -> &[u8] {
    let mut reader = Reader::new(bytes, offset, u32::MAX);
    let len = reader.u32();
    reader.slice(len)
}

fn export_of<'a>(module: &mut Module<'a>, section: &mut Reader<'a>) {
    let start = section.pos();
    let Export { kind, index, .. } = export(section);
    if section.failed() {
        return;
    }
    let (len, unknown) = match kind {
        ExternKind::Func => return module.declare(index, start, section),
        ExternKind::Table => (module.tables.len() as u32, ErrorKind::UnknownTable),
        ExternKind::Memory => (module.memory.is_some().into(), ErrorKind::UnknownMemory),
        ExternKind::Global => (module.global_count(), ErrorKind::UnknownGlobal),
    };
    if index >= len {
        section.fail_at(unknown, start);
    }
}

/// Names of exports must differ (3.4.10). Sorted, equal ones are neighbours.
fn distinct_names(module: &mut Module<'_>, section: &mut Reader<'_>) {
    let order = Order { module: module.bytes, key: |module, at| (export_name(module, at), &[]) };
    let exports = &mut module.lists[EXPORTS];
    order.sort(exports);
    for pair in exports.windows(2) {
        if let &[a, b] = pair
            && order.compare(a, b).is_eq()
        {
            section.fail_at(ErrorKind::DuplicateExport, b);
        }
    }
}

fn start_function(module: &mut Module<'_>, section: &mut Reader<'_>) {
    let at = section.pos();
    let func = section.u32();
    if func >= module.func_count() {
        section.fail_at(ErrorKind::UnknownFunction, at);
    } else if module.func_type(func) != FuncType::default() {
        section.fail_at(ErrorKind::BadStart, at);
    }
    module.start = func;
}
