//! Element and data segments (WebAssembly Core, 5.5.12 and 5.5.14), validated once and read in place again when
//! they are used.

use crate::ConstExpr;
use crate::module::Module;
use crate::reader::{Reader, Result};
use crate::sections::{at, ref_type};
use wasmote_core::{ErrorKind, Feature, LoadError, ValType, limits};

/// When a segment's contents are used.
#[derive(Clone, Copy, Debug)]
pub enum SegmentMode<'a> {
    /// When the module is instantiated.
    Active {
        /// The table or memory.
        index: u32,
        /// Where in it.
        offset: ConstExpr<'a>,
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
    pub mode: SegmentMode<'a>,
    /// Its contents.
    pub bytes: &'a [u8],
}

/// An element segment.
#[derive(Clone, Copy, Debug)]
pub struct ElementSegment<'a> {
    /// When it is used.
    pub mode: SegmentMode<'a>,
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
pub enum ElementItem<'a> {
    /// A reference to this function.
    Func(u32),
    /// The value of an expression.
    Expr(ConstExpr<'a>),
}

/// How expressions are read: validated while the module is parsed, skipped later.
trait Exprs<'a> {
    fn expr(&mut self, reader: &mut Reader<'a>, ty: ValType) -> Result<ConstExpr<'a>>;
}

struct Parse<'m, 'a>(&'m mut Module<'a>);

impl<'a> Exprs<'a> for Parse<'_, 'a> {
    fn expr(&mut self, reader: &mut Reader<'a>, ty: ValType) -> Result<ConstExpr<'a>> {
        ConstExpr::parse(reader, self.0, ty)
    }
}

struct Skip;

impl<'a> Exprs<'a> for Skip {
    fn expr(&mut self, reader: &mut Reader<'a>, _: ValType) -> Result<ConstExpr<'a>> {
        ConstExpr::skip(reader).ok_or(LoadError::new(ErrorKind::UnexpectedEnd, reader.pos()))
    }
}

impl<'a> ElementSegment<'a> {
    /// Reads a segment that is known to be valid.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<ElementSegment<'a>> {
        ElementSegment::head(reader, &mut Skip).ok()
    }

    /// Reads all but the elements. The flags are: 1 passive or declared, 2 explicit table (or declared), 4 expressions.
    fn head(reader: &mut Reader<'a>, exprs: &mut impl Exprs<'a>) -> Result<ElementSegment<'a>> {
        let start = reader.pos();
        let flags = reader.u32()?;
        if flags > 7 {
            return Err(LoadError::new(ErrorKind::BadElementKind, start));
        }
        let mode = if flags & 1 == 0 {
            let index = if flags & 2 != 0 { reader.u32()? } else { 0 };
            SegmentMode::Active { index, offset: exprs.expr(reader, ValType::I32)? }
        } else if flags & 2 == 0 {
            SegmentMode::Passive
        } else {
            SegmentMode::Declared
        };
        let mut ty = ValType::FuncRef;
        if flags & 3 != 0 {
            if flags & 4 != 0 {
                ty = ref_type(reader)?;
            } else {
                let at = reader.pos();
                if reader.u8()? != 0 {
                    return Err(LoadError::new(ErrorKind::BadElementKind, at));
                }
            }
        }
        let len = reader.count(limits::MAX_TABLE_ELEMENTS, ErrorKind::TooManyItems)?;
        Ok(ElementSegment { mode, ty, len, exprs: flags & 4 != 0, reader: *reader })
    }

    /// The elements, in order.
    pub fn items(&self) -> impl Iterator<Item = ElementItem<'a>> + use<'a> {
        let mut reader = self.reader;
        let exprs = self.exprs;
        (0..self.len).map_while(move |_| {
            if exprs {
                Some(ElementItem::Expr(ConstExpr::skip(&mut reader)?))
            } else {
                reader.u32().ok().map(ElementItem::Func)
            }
        })
    }
}

pub(crate) fn elements<'a>(module: &mut Module<'a>, section: &mut Reader<'a>) -> Result<()> {
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    at(module.elements.reserve_exact(count as usize), section)?;
    for _ in 0..count {
        let start = section.pos();
        let segment = ElementSegment::head(section, &mut Parse(module))?;
        match segment.mode {
            SegmentMode::Active { index, .. } => {
                let Some(table) = module.tables.get(index as usize) else {
                    return Err(LoadError::new(ErrorKind::UnknownTable, start));
                };
                if table.element != segment.ty {
                    return Err(LoadError::new(ErrorKind::TypeMismatch, start));
                }
            }
            SegmentMode::Passive => module.need(Feature::BulkMemory, start)?,
            SegmentMode::Declared => module.need(Feature::ReferenceTypes, start)?,
        }
        for _ in 0..segment.len {
            if segment.exprs {
                ConstExpr::parse(section, module, segment.ty)?;
            } else {
                let item = section.pos();
                let func = section.u32()?;
                module.declare(func, item)?;
            }
        }
        at(module.elements.push(start), section)?;
    }
    Ok(())
}

impl<'a> DataSegment<'a> {
    /// Reads a segment that is known to be valid.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<DataSegment<'a>> {
        DataSegment::whole(reader, &mut Skip).ok()
    }

    fn whole(reader: &mut Reader<'a>, exprs: &mut impl Exprs<'a>) -> Result<DataSegment<'a>> {
        let start = reader.pos();
        let flags = reader.u32()?;
        let mode = match flags {
            0 | 2 => {
                let index = if flags == 2 { reader.u32()? } else { 0 };
                SegmentMode::Active { index, offset: exprs.expr(reader, ValType::I32)? }
            }
            1 => SegmentMode::Passive,
            _ => return Err(LoadError::new(ErrorKind::BadSegmentFlags, start)),
        };
        let len = reader.u32()?;
        Ok(DataSegment { mode, bytes: reader.slice(len)? })
    }
}

pub(crate) fn data<'a>(module: &mut Module<'a>, section: &mut Reader<'a>) -> Result<()> {
    let count = section.count(limits::MAX_ITEMS, ErrorKind::TooManyItems)?;
    at(module.data.reserve_exact(count as usize), section)?;
    for _ in 0..count {
        let start = section.pos();
        let segment = DataSegment::whole(section, &mut Parse(module))?;
        match segment.mode {
            SegmentMode::Active { index, .. } => {
                if index != 0 || module.memory.is_none() {
                    return Err(LoadError::new(ErrorKind::UnknownMemory, start));
                }
            }
            _ => module.need(Feature::BulkMemory, start)?,
        }
        at(module.data.push(start), section)?;
    }
    Ok(())
}
