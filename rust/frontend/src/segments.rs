//! Element and data segments (WebAssembly Core, 5.5.12 and 5.5.14), validated once and read in place again when
//! they are used.

use crate::ConstExpr;
use crate::module::Module;
use crate::reader::Reader;
use crate::sections::ref_type;
use wasmote_core::{ErrorKind, Feature, ValType, limits};

/// When a segment's contents are used.
#[derive(Clone, Copy, Debug)]
pub enum SegmentMode {
    /// When the module is instantiated.
    Active {
        /// The table or memory.
        index: u32,
        /// Where in it.
        offset: ConstExpr,
    },
    /// By `table.init` or `memory.init`.
    Passive,
    /// Never: the segment only declares functions for `ref.func`.
    Declared,
}

/// A data segment.
#[derive(Clone, Copy, Debug)]
pub struct DataSegment<'a> {
    /// When it is used.
    pub mode: SegmentMode,
    /// Its contents.
    pub bytes: &'a [u8],
}

/// An element segment.
#[derive(Clone, Copy, Debug)]
pub struct ElementSegment<'a> {
    /// When it is used.
    pub mode: SegmentMode,
    /// Type of its elements.
    pub ty: ValType,
    /// Number of its elements.
    pub len: u32,
    /// Whether the elements are expressions, not function indices.
    exprs: bool,
    /// At the first element.
    reader: Reader<'a>,
}

/// An element of an element segment.
#[derive(Clone, Copy, Debug)]
pub enum ElementItem {
    /// A reference to this function.
    Func(u32),
    /// The value of an expression.
    Expr(ConstExpr),
}

/// An expression: validated while its module is parsed, skipped when it is read again.
fn expr<'a>(reader: &mut Reader<'a>, module: Option<&mut Module<'a>>, ty: ValType) -> ConstExpr {
    match module {
        Some(module) => ConstExpr::parse(reader, module, ty),
        None => ConstExpr::skip(reader),
    }
}

impl<'a> ElementSegment<'a> {
    /// Reads all but the elements. `module` is the module that is being parsed, if that is so. The flags are: 1 passive
    /// or declared, 2 explicit table (or declared), 4 expressions.
    pub(crate) fn head(reader: &mut Reader<'a>, module: Option<&mut Module<'a>>) -> ElementSegment<'a> {
        let start = reader.pos();
        let flags = reader.u32();
        if flags > 7 {
            reader.fail_at(ErrorKind::BadElementKind, start);
        }
        let mode = if flags & 1 == 0 {
            let index = if flags & 2 != 0 { reader.u32() } else { 0 };
            SegmentMode::Active { index, offset: expr(reader, module, ValType::I32) }
        } else if flags & 2 == 0 {
            SegmentMode::Passive
        } else {
            SegmentMode::Declared
        };
        let mut ty = ValType::FuncRef;
        if flags & 3 != 0 {
            if flags & 4 != 0 {
                ty = ref_type(reader);
            } else {
                let at = reader.pos();
                if reader.u8() != 0 {
                    reader.fail_at(ErrorKind::BadElementKind, at);
                }
            }
        }
        let len = reader.count(limits::MAX_TABLE_ELEMENTS, ErrorKind::TooManyItems);
        ElementSegment { mode, ty, len, exprs: flags & 4 != 0, reader: *reader }
    }
}

/// The elements, in order: what is left of the segment are those that come yet.
impl Iterator for ElementSegment<'_> {
    type Item = ElementItem;
    fn next(&mut self) -> Option<ElementItem> {
        self.len = self.len.checked_sub(1).filter(|_| !self.reader.failed())?;
        Some(if self.exprs {
            ElementItem::Expr(ConstExpr::skip(&mut self.reader))
        } else {
            ElementItem::Func(self.reader.u32())
        })
    }
}

pub(crate) fn element<'a>(module: &mut Module<'a>, section: &mut Reader<'a>) {
    let start = section.pos();
    let segment = ElementSegment::head(section, Some(module));
    match segment.mode {
        SegmentMode::Active { index, .. } => match module.tables.get(index as usize) {
            None => section.fail_at(ErrorKind::UnknownTable, start),
            Some(table) if table.element != segment.ty => section.fail_at(ErrorKind::TypeMismatch, start),
            Some(_) => {}
        },
        SegmentMode::Passive => section.need(Feature::BulkMemory, start),
        SegmentMode::Declared => section.need(Feature::ReferenceTypes, start),
    }
    for _ in 0..segment.len {
        if section.failed() {
            return;
        }
        if segment.exprs {
            ConstExpr::parse(section, module, segment.ty);
        } else {
            let item = section.pos();
            let func = section.u32();
            module.declare(func, item, section);
        }
    }
}

impl<'a> DataSegment<'a> {
    /// Reads a segment. `module` is the module that is being parsed, if that is so.
    pub(crate) fn whole(reader: &mut Reader<'a>, module: Option<&mut Module<'a>>) -> DataSegment<'a> {
        let start = reader.pos();
        let flags = reader.u32();
        let mode = match flags {
            0 | 2 => {
                let index = if flags == 2 { reader.u32() } else { 0 };
                SegmentMode::Active { index, offset: expr(reader, module, ValType::I32) }
            }
            1 => SegmentMode::Passive,
            _ => {
                reader.fail_at(ErrorKind::BadSegmentFlags, start);
                SegmentMode::Passive
            }
        };
        let len = reader.u32();
        DataSegment { mode, bytes: reader.slice(len) }
    }
}

pub(crate) fn data<'a>(module: &mut Module<'a>, section: &mut Reader<'a>) {
    let start = section.pos();
    let segment = DataSegment::whole(section, Some(module));
    match segment.mode {
        SegmentMode::Active { index, .. } => {
            if index != 0 || module.memory.is_none() {
                section.fail_at(ErrorKind::UnknownMemory, start);
            }
        }
        _ => section.need(Feature::BulkMemory, start),
    }
}
