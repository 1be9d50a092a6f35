//! What is kept of a module: offsets of its items, which are read in place when they are needed.

use crate::reader::Reader;
use crate::sections::{self, Export, ExternType, Import};
use crate::segments::{DataSegment, ElementSegment};
use crate::{ConstExpr, GlobalPlace};
use wasmote_core::{ErrorKind, ExternKind, FuncType, GlobalType, LoadError, MemoryType, TableType, limits};
use wasmote_platform::{Heap, Vec};

/// A global: its type, and where its value is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Global {
    pub ty: GlobalType,
    pub place: GlobalPlace,
}

/// What a module has a list of, in [`Module::lists`]. The canonical type of each type index.
pub(crate) const TYPES: usize = 0;
/// Canonical type of each function, imported ones first; with [`DECLARED`] if `ref.func` may name it in a body.
pub(crate) const FUNCS: usize = 1;
/// Offset of each export, by its name's bytes: who imports many from a module that exports many finds them soon.
pub(crate) const EXPORTS: usize = 2;
/// Offset of each element segment.
pub(crate) const ELEMENTS: usize = 3;
/// Offset of each data segment.
pub(crate) const DATA: usize = 4;
const LISTS: usize = 5;

/// A bit that no offset in a module has.
const DECLARED: u32 = 1 << 31;
const _: () = assert!(limits::MAX_MODULE_BYTES < DECLARED);

/// No function has this index.
const NO_FUNC: u32 = u32::MAX;

/// A module, validated but for its function bodies. It borrows the bytes and copies nothing out of them; for each
/// type, function, segment and global it keeps a few bytes on the heap. Of a section that is read again when its items are
/// needed, it keeps where the first one is.
///
/// A *canonical type* is the offset of the first function type of the module that is equal: it identifies a type
/// within the module, and leads to it without a table.
#[derive(Debug)]
pub struct Module<'a> {
    pub(crate) bytes: &'a [u8],
    /// [`TYPES`] and so on.
    pub(crate) lists: [Vec<u32>; LISTS],
    pub(crate) imports: u32,
    pub(crate) import_count: u32,
    pub(crate) import_funcs: u32,
    pub(crate) tables: Vec<TableType>,
    pub(crate) import_tables: u32,
    pub(crate) memory: Option<MemoryType>,
    pub(crate) memory_imported: bool,
    pub(crate) globals: Vec<Global>,
    pub(crate) import_globals: u32,
    pub(crate) own_globals: u32,
    pub(crate) global_cells: u32,
    pub(crate) exports: u32,
    /// [`NO_FUNC`] if there is no start function.
    pub(crate) start: u32,
    pub(crate) data_count: Option<u32>,
    pub(crate) code: u32,
    pub(crate) code_end: u32,
    /// Offset of the name section, 0 if there is none. A name section that is not well-formed is no reason to refuse a module.
    pub(crate) names: u32,
}

impl<'a> Module<'a> {
    /// Decodes and validates all of a module but its function bodies.
    ///
    /// # Errors
    /// What is wrong, and at which offset; `OutOfMemory` if the heap account's limit is reached.
    pub fn parse(bytes: &'a [u8], heap: &Heap) -> Result<Module<'a>, LoadError> {
        let mut module = Module::empty(bytes, heap);
        sections::parse(&mut module, heap)?;
        Ok(module)
    }

    #[inline(never)]
    fn empty(bytes: &'a [u8], heap: &Heap) -> Module<'a> {
        Module {
            bytes,
            lists: core::array::from_fn(|_| Vec::new(heap)),
            imports: 0,
            import_count: 0,
            import_funcs: 0,
            tables: Vec::new(heap),
            import_tables: 0,
            memory: None,
            memory_imported: false,
            globals: Vec::new(heap),
            import_globals: 0,
            own_globals: 0,
            global_cells: 0,
            exports: 0,
            start: NO_FUNC,
            data_count: None,
            code: 0,
            code_end: 0,
            names: 0,
        }
    }

    /// The module's bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The imports, in order.
    pub fn imports(&self) -> impl Iterator<Item = Import<'a>> + '_ {
        let mut reader = self.reader(self.imports);
        (0..self.import_count).map(move |_| sections::import(&mut reader, &self.lists[TYPES], self.bytes))
    }

    /// The exports, in order.
    pub fn exports(&self) -> impl Iterator<Item = Export<'a>> + use<'a> {
        let mut reader = Reader::new(self.bytes, self.exports, u32::MAX);
        (0..self.lists[EXPORTS].len()).map(move |_| sections::export(&mut reader))
    }

    /// The kind and the index of the export of this name.
    pub fn export(&self, name: &str) -> Option<(ExternKind, u32)> {
        let by_name = |&at: &u32| sections::export_name(self.bytes, at).cmp(name.as_bytes());
        let place = self.lists[EXPORTS].binary_search_by(by_name).ok()?;
        let at = *self.lists[EXPORTS].get(place)?;
        let Export { kind, index, .. } = sections::export(&mut Reader::new(self.bytes, at, u32::MAX));
        Some((kind, index))
    }

    /// The type of what an export names.
    pub fn export_type(&self, export: &Export<'_>) -> Option<ExternType<'a>> {
        use wasmote_core::ExternKind::*;
        let index = export.index as usize;
        Some(match export.kind {
            Func => ExternType::Func(self.func_type(export.index)),
            Table => ExternType::Table(*self.tables.get(index)?),
            Memory => ExternType::Memory(self.memory?),
            Global => ExternType::Global(self.globals.get(index)?.ty),
        })
    }

    /// Number of types.
    pub fn type_count(&self) -> u32 {
        self.lists[TYPES].len() as u32
    }

    /// The function type of a canonical type.
    pub fn func_type_at(&self, canonical: u32) -> FuncType<'a> {
        FuncType::at(self.bytes, canonical)
    }

    /// Number of functions, imported ones included.
    pub fn func_count(&self) -> u32 {
        self.lists[FUNCS].len() as u32
    }

    /// Number of imported functions, which come first in the index space.
    pub fn import_funcs(&self) -> u32 {
        self.import_funcs
    }

    /// Number of functions that the module defines.
    pub(crate) fn own_funcs(&self) -> u32 {
        self.func_count() - self.import_funcs
    }

    /// The type of a function; the empty one if there is no such function.
    pub fn func_type(&self, func: u32) -> FuncType<'a> {
        self.func_type_at(self.func_type_index(func))
    }

    /// The canonical type of a function; `u32::MAX` if there is no such function.
    pub fn func_type_index(&self, func: u32) -> u32 {
        self.lists[FUNCS].get(func as usize).map_or(u32::MAX, |word| word & !DECLARED)
    }

    /// Where the body of one of the module's own functions lies, by its place among them. Walks over the
    /// bodies before it.
    pub fn body(&self, own: u32) -> core::ops::Range<u32> {
        let mut reader = self.reader(self.code);
        let mut range = 0..0;
        if own < self.own_funcs() {
            for _ in 0..=own {
                let len = reader.u32();
                range = reader.pos()..reader.pos() + len;
                reader = self.reader(range.end);
            }
        }
        range
    }

    /// The places of the bodies of the module's own functions, in order, for [`Compiler::seek`](crate::Compiler::seek).
    pub fn body_places(&self) -> impl Iterator<Item = u32> + '_ {
        let mut reader = self.reader(self.code);
        (0..self.own_funcs()).map(move |_| {
            let place = reader.pos();
            let len = reader.u32();
            reader.slice(len);
            place
        })
    }

    /// Size of the code section's contents in bytes.
    pub fn code_bytes(&self) -> u32 {
        self.code_end - self.code
    }

    /// The tables, imported ones first.
    pub fn tables(&self) -> &[TableType] {
        &self.tables
    }

    /// Number of imported tables.
    pub fn import_tables(&self) -> u32 {
        self.import_tables
    }

    /// The memory.
    pub fn memory(&self) -> Option<MemoryType> {
        self.memory
    }

    /// Whether the memory is imported.
    pub fn memory_imported(&self) -> bool {
        self.memory_imported
    }

    /// Number of globals, imported ones included.
    pub fn global_count(&self) -> u32 {
        self.globals.len() as u32
    }

    /// Number of imported globals.
    pub fn import_globals(&self) -> u32 {
        self.import_globals
    }

    /// The type of a global.
    pub fn global_type(&self, index: u32) -> Option<&GlobalType> {
        self.globals.get(index as usize).map(|global| &global.ty)
    }

    /// Where a global's value is.
    pub fn global_place(&self, index: u32) -> Option<GlobalPlace> {
        self.globals.get(index as usize).map(|global| global.place)
    }

    /// Cells that the module's own globals take.
    pub fn own_global_cells(&self) -> u32 {
        self.global_cells
    }

    /// The module's own globals and what they begin with.
    pub fn own_globals(&self) -> impl Iterator<Item = (GlobalType, ConstExpr)> + '_ {
        let own = self.globals.get(self.import_globals as usize..).unwrap_or(&[]);
        let mut reader = self.reader(self.own_globals);
        own.iter().map(move |global| {
            sections::global_type(&mut reader);
            (global.ty, ConstExpr::skip(&mut reader))
        })
    }

    /// Number of element segments.
    pub fn element_count(&self) -> u32 {
        self.lists[ELEMENTS].len() as u32
    }

    /// An element segment.
    pub fn element(&self, index: u32) -> Option<ElementSegment<'a>> {
        Some(ElementSegment::head(&mut self.reader(*self.lists[ELEMENTS].get(index as usize)?), None))
    }

    /// Number of data segments.
    pub fn data_count(&self) -> u32 {
        self.lists[DATA].len() as u32
    }

    /// A data segment.
    pub fn data(&self, index: u32) -> Option<DataSegment<'a>> {
        Some(DataSegment::whole(&mut self.reader(*self.lists[DATA].get(index as usize)?), None))
    }

    /// The start function.
    pub fn start(&self) -> Option<u32> {
        (self.start != NO_FUNC).then_some(self.start)
    }

    /// The name of a function, from the name section. Searches the section from its beginning.
    pub fn func_name(&self, func: u32) -> Option<&'a str> {
        if self.names == 0 {
            return None;
        }
        let mut reader = self.reader(self.names);
        reader.u8();
        let len = reader.u32();
        reader.limit(reader.pos().saturating_add(len));
        reader.name();
        // The part with the names of functions.
        while reader.u8() != 1 && !reader.failed() {
            let len = reader.u32();
            reader.slice(len);
        }
        reader.u32();
        for _ in 0..reader.u32() {
            let index = reader.u32();
            let name = reader.name();
            if reader.failed() {
                break;
            }
            if index == func {
                return Some(name);
            }
        }
        None
    }

    /// Names and contents of the custom sections.
    pub fn custom_sections(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let mut reader = Reader::new(self.bytes, 8, u32::MAX);
        core::iter::from_fn(move || {
            while !reader.at_end() {
                let id = reader.u8();
                let len = reader.u32();
                let contents = reader.slice(len);
                if id == 0 {
                    let mut inner = Reader::new(contents, 0, u32::MAX);
                    let name = inner.name();
                    return Some((name, contents.get(inner.pos() as usize..)?));
                }
            }
            None
        })
    }

    pub(crate) fn reader(&self, at: u32) -> Reader<'a> {
        Reader::new(self.bytes, at, u32::MAX)
    }

    /// Notes that `ref.func` may name the function in bodies; wrong at `at` if there is none.
    pub(crate) fn declare(&mut self, func: u32, at: u32, reader: &mut Reader<'_>) {
        match self.lists[FUNCS].get_mut(func as usize) {
            Some(word) => *word |= DECLARED,
            None => reader.fail_at(ErrorKind::UnknownFunction, at),
        }
    }

    pub(crate) fn is_declared(&self, func: u32) -> bool {
        self.lists[FUNCS].get(func as usize).is_some_and(|word| word & DECLARED != 0)
    }
}
