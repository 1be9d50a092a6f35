//! The sections (WebAssembly Core, 5.5 and 3.4).

use crate::module::{Global, Items, Module};
use crate::reader::{Reader, Result};
use crate::segments;
use crate::sort::sort;
use crate::{ConstExpr, GlobalPlace};
use wasmote_core::{
    ErrorKind, ExternKind, Feature, FuncType, GlobalType, Limits, LoadError, MemoryType, TableType, ValType,
    limits,
};
use wasmote_platform::{Heap, OutOfMemory, Vec};

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

/// The order in which sections must come, by id. Custom sections may come anywhere.
const ORDER: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10];

pub(crate) fn parse<'a>(module: &mut Module<'a>, heap: &Heap) -> Result<()> {
    let bytes = module.bytes;
    let mut reader = Reader::new(bytes, 0, u32::MAX);
    if bytes.len() > limits::MAX_MODULE_BYTES as usize {
        return reader.fail(ErrorKind::ModuleTooLarge);
    }
    if !bytes.starts_with(b"\0asm") {
        return reader.fail(if b"\0asm".starts_with(bytes) {
            ErrorKind::UnexpectedEnd
        } else {
            ErrorKind::BadMagic
        });
    }
    reader.slice(4)?;
    let at = reader.pos();
    match reader.slice(4)? {
        [1, 0, 0, 0] => {}
        [_, 0, 1, 0] => return Err(LoadError::new(ErrorKind::Unsupported(Feature::Components), at)),
        _ => return Err(LoadError::new(ErrorKind::BadVersion, at)),
    }
    module.features = module.features.with(Feature::Mvp);
    let mut last = 0;
    let mut own_funcs = 0;
    while !reader.at_end() {
        let at = reader.pos();
        let id = reader.u8()?;
        let len = reader.u32()?;
        let start = reader.pos();
        let rest = (bytes.len() - start as usize) as u32;
        if len > rest {
            return Err(LoadError::new(ErrorKind::UnexpectedEnd, at));
        }
        let mut section = Reader::new(bytes, start, start + len);
        reader.slice(len)?;
        if id == 0 {
            custom(module, &mut section)?;
            continue;
        }
        match ORDER.get(id as usize) {
            Some(&order) if order > last => last = order,
            Some(_) => return Err(LoadError::new(ErrorKind::SectionOrder, at)),
            None if id == 13 => return Err(LoadError::new(ErrorKind::Unsupported(Feature::Exceptions), at)),
            None => return Err(LoadError::new(ErrorKind::BadSection, at)),
        }
        let section = &mut section;
        match id {
            1 => types(module, section, heap)?,
            2 => imports(module, section)?,
            3 => own_funcs = functions(module, section)?,
            4 => tables(module, section)?,
            5 => memories(module, section)?,
            6 => globals(module, section)?,
            7 => exports(module, section, heap)?,
            8 => start_function(module, section)?,
            9 => segments::elements(module, section)?,
            10 => code(module, section, own_funcs)?,
            11 => segments::data(module, section)?,
            _ => {
                module.need(Feature::BulkMemory, at)?;
                module.data_count = Some(section.u32()?);
            }
        }
        if !section.at_end() {
            return section.fail(ErrorKind::SectionSize);
        }
    }
    if module.code.count != own_funcs {
        return reader.fail(ErrorKind::FunctionCountMismatch);
    }
    if module.data_count.is_some_and(|count| count != module.data_count()) {
        return reader.fail(ErrorKind::DataCountMismatch);
    }
    Ok(())
}

/// Maps a failed allocation to an error at a place.
pub(crate) fn at<T>(result: core::result::Result<T, OutOfMemory>, reader: &Reader<'_>) -> Result<T> {
    result.map_err(|OutOfMemory| LoadError::new(ErrorKind::OutOfMemory, reader.pos()))
}

fn custom(module: &mut Module<'_>, section: &mut Reader<'_>) -> Result<()> {
    if section.name()? != "name" {
        return Ok(());
    }
    // A name section that is not well-formed is no reason to refuse a module: its names are not used.
    while let (Ok(id), Ok(len)) = (section.u8(), section.u32()) {
        let start = section.pos();
        if section.slice(len).is_err() {
            break;
        }
        if id == 1 {
            module.func_names = start;
        }
    }
    Ok(())
}

fn types(module: &mut Module<'_>, section: &mut Reader<'_>, heap: &Heap) -> Result<()> {
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    at(module.types.reserve_exact(count as usize), section)?;
    for _ in 0..count {
        let form_at = section.pos();
        match section.u8()? {
            0x60 => {}
            0x4D..=0x50 | 0x5D..=0x5F => {
                return Err(LoadError::new(ErrorKind::Unsupported(Feature::Gc), form_at));
            }
            _ => return Err(LoadError::new(ErrorKind::BadTypeForm, form_at)),
        }
        let start = section.pos();
        for limit in [limits::MAX_PARAMS, limits::MAX_RESULTS] {
            for _ in 0..section.count(limit, ErrorKind::TooManyParams)? {
                let ty_at = section.pos();
                let ty = val_type(section)?;
                module.need(ty.feature(), ty_at)?;
            }
        }
        if module.func_type_at(start).results().len() > 1 {
            module.need(Feature::MultiValue, start)?;
        }
        at(module.types.push(start), section)?;
    }
    canonical_types(module, heap, section)
}

/// Replaces each type's offset by that of the first equal type.
fn canonical_types(module: &mut Module<'_>, heap: &Heap, section: &Reader<'_>) -> Result<()> {
    let mut sorted = at(Vec::from_iter(heap, 0..module.types.len() as u32), section)?;
    let Module { types, bytes, .. } = module;
    let offset = |types: &[u32], index: u32| types.get(index as usize).copied().unwrap_or(0);
    let ty = |offset: u32| bytes.get(offset as usize..).and_then(FuncType::read).unwrap_or_default();
    sort(&mut sorted, &mut |a, b| (ty(offset(types, a)), a) < (ty(offset(types, b)), b));
    let mut first = 0;
    for (place, &index) in sorted.iter().enumerate() {
        let own = offset(types, index);
        if place == 0 || ty(first) != ty(own) {
            first = own;
        }
        if let Some(entry) = types.get_mut(index as usize) {
            *entry = first;
        }
    }
    Ok(())
}

pub(crate) fn val_type(reader: &mut Reader<'_>) -> Result<ValType> {
    let at = reader.pos();
    let byte = reader.u8()?;
    match ValType::from_byte(byte) {
        Some(ty) => Ok(ty),
        None => Err(LoadError::new(refused_type(byte).unwrap_or(ErrorKind::BadValType), at)),
    }
}

pub(crate) fn ref_type(reader: &mut Reader<'_>) -> Result<ValType> {
    let at = reader.pos();
    let byte = reader.u8()?;
    match ValType::from_byte(byte) {
        Some(ty) if ty.is_ref() => Ok(ty),
        _ => Err(LoadError::new(refused_type(byte).unwrap_or(ErrorKind::BadRefType), at)),
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
fn read_limits(reader: &mut Reader<'_>, memory: bool) -> Result<(Limits, u8)> {
    let at = reader.pos();
    let flags = reader.u8()?;
    let refuse = |feature| Err(LoadError::new(ErrorKind::Unsupported(feature), at));
    match flags {
        0x02 | 0x03 | 0x06 | 0x07 if memory => return refuse(Feature::Threads),
        0x04..=0x07 => return refuse(Feature::Memory64),
        0x00 | 0x01 => {}
        0x08 | 0x09 if memory => {}
        _ => return Err(LoadError::new(ErrorKind::BadLimits, at)),
    }
    let min = reader.u32()?;
    let max = if flags & 1 != 0 { Some(reader.u32()?) } else { None };
    Ok((Limits { min, max }, flags & 8))
}

fn table_type(reader: &mut Reader<'_>) -> Result<TableType> {
    let at = reader.pos();
    if reader.peek() == Some(0x40) {
        // A table with an initial expression.
        return Err(LoadError::new(ErrorKind::Unsupported(Feature::Gc), at));
    }
    let element = ref_type(reader)?;
    let limits_at = reader.pos();
    let (limits, _) = read_limits(reader, false)?;
    if limits.max.is_some_and(|max| max < limits.min) {
        return Err(LoadError::new(ErrorKind::LimitsOrder, limits_at));
    }
    Ok(TableType { element, limits })
}

fn memory_type(reader: &mut Reader<'_>) -> Result<(MemoryType, bool)> {
    let at = reader.pos();
    let (limits, custom_page) = read_limits(reader, true)?;
    let mut page_log2 = 16;
    if custom_page != 0 {
        let page_at = reader.pos();
        page_log2 = match reader.u32()? {
            0 => 0,
            16 => 16,
            log2 if log2 < 64 => return Err(LoadError::new(ErrorKind::InvalidPageSize, page_at)),
            _ => return Err(LoadError::new(ErrorKind::BadPageSize, page_at)),
        };
    }
    let ty = MemoryType { limits, page_log2 };
    if limits.min > ty.max_pages() || limits.max.is_some_and(|max| max > ty.max_pages()) {
        return Err(LoadError::new(ErrorKind::MemoryTooLarge, at));
    }
    if limits.max.is_some_and(|max| max < limits.min) {
        return Err(LoadError::new(ErrorKind::LimitsOrder, at));
    }
    Ok((ty, custom_page != 0))
}

pub(crate) fn global_type(reader: &mut Reader<'_>) -> Result<GlobalType> {
    let value = val_type(reader)?;
    let at = reader.pos();
    match reader.u8()? {
        mutable @ (0 | 1) => Ok(GlobalType { value, mutable: mutable == 1 }),
        2 | 3 => Err(LoadError::new(ErrorKind::Unsupported(Feature::Threads), at)),
        _ => Err(LoadError::new(ErrorKind::BadMutability, at)),
    }
}

/// Reads an import. `types` are the canonical types, `bytes` the module.
pub(crate) fn import<'a>(reader: &mut Reader<'a>, types: &[u32], bytes: &'a [u8]) -> Result<Import<'a>> {
    let offset = reader.pos();
    let module = reader.name()?;
    let name = reader.name()?;
    let at = reader.pos();
    let ty = match reader.u8()? {
        0 => {
            let index_at = reader.pos();
            let ty = types.get(reader.u32()? as usize).and_then(|&at| bytes.get(at as usize..));
            ExternType::Func(
                ty.and_then(FuncType::read).ok_or(LoadError::new(ErrorKind::UnknownType, index_at))?,
            )
        }
        1 => ExternType::Table(table_type(reader)?),
        2 => ExternType::Memory(memory_type(reader)?.0),
        3 => ExternType::Global(global_type(reader)?),
        4 => return Err(LoadError::new(ErrorKind::Unsupported(Feature::Exceptions), at)),
        _ => return Err(LoadError::new(ErrorKind::BadImportKind, at)),
    };
    Ok(Import { module, name, ty, offset })
}

fn imports<'a>(module: &mut Module<'a>, section: &mut Reader<'a>) -> Result<()> {
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    module.imports = Items { start: section.pos(), count };
    for _ in 0..count {
        let mut before = *section;
        let start = section.pos();
        match import(section, &module.types, module.bytes)?.ty {
            ExternType::Func(_) => {
                // The index of its type is behind the names and the kind.
                before.name()?;
                before.name()?;
                before.u8()?;
                let ty = module.type_index(before.u32()?, start)?;
                add_func(module, ty, section)?;
                module.import_funcs += 1;
            }
            ExternType::Table(ty) => {
                add_table(module, ty, start, section)?;
                module.import_tables += 1;
            }
            ExternType::Memory(ty) => {
                add_memory(module, ty, start)?;
                module.memory_imported = true;
            }
            ExternType::Global(ty) => {
                let place = GlobalPlace::Import(module.import_globals);
                add_global(module, ty, place, start, section)?;
                module.import_globals += 1;
            }
        }
    }
    Ok(())
}

fn add_func(module: &mut Module<'_>, ty: u32, section: &Reader<'_>) -> Result<()> {
    if module.func_count() == limits::MAX_FUNCTIONS {
        return section.fail(ErrorKind::TooManyFunctions);
    }
    at(module.funcs.push(ty), section)
}

fn add_table(module: &mut Module<'_>, ty: TableType, start: u32, section: &Reader<'_>) -> Result<()> {
    if ty.element == ValType::ExternRef || !module.tables.is_empty() {
        module.need(Feature::ReferenceTypes, start)?;
    }
    if module.tables.len() == limits::MAX_TABLES as usize {
        return section.fail(ErrorKind::TooManyTables);
    }
    at(module.tables.push(ty), section)
}

fn add_memory(module: &mut Module<'_>, ty: MemoryType, start: u32) -> Result<()> {
    if module.memory.is_some() {
        return Err(LoadError::new(ErrorKind::Unsupported(Feature::MultiMemory), start));
    }
    if ty.page_log2 != 16 {
        module.need(Feature::CustomPageSizes, start)?;
    }
    module.memory = Some(ty);
    Ok(())
}

fn add_global(
    module: &mut Module<'_>,
    ty: GlobalType,
    place: GlobalPlace,
    start: u32,
    section: &Reader<'_>,
) -> Result<()> {
    module.need(ty.value.feature(), start)?;
    at(module.globals.push(Global { ty, place }), section)
}

fn functions(module: &mut Module<'_>, section: &mut Reader<'_>) -> Result<u32> {
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    at(module.funcs.reserve_exact(count as usize), section)?;
    for _ in 0..count {
        let start = section.pos();
        let ty = module.type_index(section.u32()?, start)?;
        add_func(module, ty, section)?;
    }
    Ok(count)
}

fn tables(module: &mut Module<'_>, section: &mut Reader<'_>) -> Result<()> {
    for _ in 0..section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)? {
        let start = section.pos();
        let ty = table_type(section)?;
        add_table(module, ty, start, section)?;
    }
    Ok(())
}

fn memories(module: &mut Module<'_>, section: &mut Reader<'_>) -> Result<()> {
    for _ in 0..section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)? {
        let start = section.pos();
        let (ty, custom_page) = memory_type(section)?;
        if custom_page {
            module.need(Feature::CustomPageSizes, start)?;
        }
        add_memory(module, ty, start)?;
    }
    Ok(())
}

fn globals<'a>(module: &mut Module<'a>, section: &mut Reader<'a>) -> Result<()> {
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    module.own_globals = Items { start: section.pos(), count };
    at(module.globals.reserve_exact(count as usize), section)?;
    for _ in 0..count {
        let start = section.pos();
        let ty = global_type(section)?;
        ConstExpr::parse(section, module, ty.value)?;
        let place = GlobalPlace::Own(module.global_cells);
        add_global(module, ty, place, start, section)?;
        module.global_cells += ty.value.cells();
    }
    Ok(())
}

pub(crate) fn export<'a>(reader: &mut Reader<'a>) -> Result<Export<'a>> {
    let name = reader.name()?;
    let at = reader.pos();
    let kind = match reader.u8()? {
        0 => ExternKind::Func,
        1 => ExternKind::Table,
        2 => ExternKind::Memory,
        3 => ExternKind::Global,
        4 => return Err(LoadError::new(ErrorKind::Unsupported(Feature::Exceptions), at)),
        _ => return Err(LoadError::new(ErrorKind::BadExportKind, at)),
    };
    Ok(Export { name, kind, index: reader.u32()? })
}

fn exports<'a>(module: &mut Module<'a>, section: &mut Reader<'a>, heap: &Heap) -> Result<()> {
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    module.exports = Items { start: section.pos(), count };
    let mut offsets = at(Vec::with_capacity(heap, count as usize), section)?;
    for _ in 0..count {
        let start = section.pos();
        at(offsets.push(start), section)?;
        let Export { kind, index, .. } = export(section)?;
        let (exists, kind_error) = match kind {
            ExternKind::Func => (index < module.func_count(), ErrorKind::UnknownFunction),
            ExternKind::Table => ((index as usize) < module.tables.len(), ErrorKind::UnknownTable),
            ExternKind::Memory => (index == 0 && module.memory.is_some(), ErrorKind::UnknownMemory),
            ExternKind::Global => (index < module.global_count(), ErrorKind::UnknownGlobal),
        };
        if !exists {
            return Err(LoadError::new(kind_error, start));
        }
        if kind == ExternKind::Func {
            module.declare(index, start)?;
        }
    }
    // Names must differ (3.4.10). Sorted, equal ones are neighbours.
    let bytes = module.bytes;
    let name = |offset: u32| Reader::new(bytes, offset, u32::MAX).name().unwrap_or("");
    sort(&mut offsets, &mut |a, b| name(a) < name(b));
    for pair in offsets.windows(2) {
        if let &[a, b] = pair
            && name(a) == name(b)
        {
            return Err(LoadError::new(ErrorKind::DuplicateExport, a.max(b)));
        }
    }
    Ok(())
}

fn start_function(module: &mut Module<'_>, section: &mut Reader<'_>) -> Result<()> {
    let at = section.pos();
    let func = section.u32()?;
    if func >= module.func_count() {
        return Err(LoadError::new(ErrorKind::UnknownFunction, at));
    }
    if module.func_type(func) != FuncType::default() {
        return Err(LoadError::new(ErrorKind::BadStart, at));
    }
    module.start = Some(func);
    Ok(())
}

fn code(module: &mut Module<'_>, section: &mut Reader<'_>, own_funcs: u32) -> Result<()> {
    let at = section.pos();
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    if count != own_funcs {
        return Err(LoadError::new(ErrorKind::FunctionCountMismatch, at));
    }
    module.code = Items { start: section.pos(), count };
    for _ in 0..count {
        let len = section.u32()?;
        section.slice(len)?;
    }
    module.code_end = section.pos();
    Ok(())
}
