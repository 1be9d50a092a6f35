//! Types of the specification (WebAssembly Core, 2.3), most of them read in place.

use crate::Feature;

/// A value type. The numbers are those of the binary format.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum ValType {
    /// 32-bit integer.
    I32 = 0x7F,
    /// 64-bit integer.
    I64 = 0x7E,
    /// 32-bit IEEE 754 number.
    F32 = 0x7D,
    /// 64-bit IEEE 754 number.
    F64 = 0x7C,
    /// Nullable reference to a function.
    FuncRef = 0x70,
    /// Nullable reference to something of the host's.
    ExternRef = 0x6F,
}

impl ValType {
    /// The type with this byte in the binary format.
    pub const fn from_byte(byte: u8) -> Option<ValType> {
        Some(match byte {
            0x7F => ValType::I32,
            0x7E => ValType::I64,
            0x7D => ValType::F32,
            0x7C => ValType::F64,
            0x70 => ValType::FuncRef,
            0x6F => ValType::ExternRef,
            _ => return None,
        })
    }

    /// 32-bit cells that a value takes on the value stack.
    pub const fn cells(self) -> u32 {
        match self {
            ValType::I64 | ValType::F64 => 2,
            _ => 1,
        }
    }

    /// The same of the type with this number: those of i64 and f64 differ in one bit.
    pub const fn cells_of(byte: u8) -> u32 {
        1 + (byte | 2 == ValType::I64 as u8) as u32
    }

    /// Whether this is a reference type.
    pub const fn is_ref(self) -> bool {
        matches!(self, ValType::FuncRef | ValType::ExternRef)
    }

    /// The feature group that the type needs.
    pub const fn feature(self) -> Feature {
        match self {
            ValType::I32 | ValType::I64 => Feature::Mvp,
            ValType::F32 | ValType::F64 => Feature::Float,
            ValType::FuncRef | ValType::ExternRef => Feature::ReferenceTypes,
        }
    }

    /// The name in the text format.
    pub const fn name(self) -> &'static str {
        match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::FuncRef => "funcref",
            ValType::ExternRef => "externref",
        }
    }
}

/// A function type read in place: one byte a value type, as in the binary format.
///
/// Two function types are equal if their value types are, wherever they were read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct FuncType<'a> {
    params: &'a [u8],
    results: &'a [u8],
}

impl<'a> FuncType<'a> {
    /// A function type of value type bytes. Bytes that are no value type are passed over by the iterators.
    pub const fn new(params: &'a [u8], results: &'a [u8]) -> FuncType<'a> {
        FuncType { params, results }
    }

    /// Reads `n params.. m results..`, the form of the binary format without its first byte 0x60.
    /// `None` if the bytes do not hold one.
    #[inline(always)]
    pub fn read(bytes: &'a [u8]) -> Option<FuncType<'a>> {
        let (params, rest) = read_vec(bytes)?;
        let (results, _) = read_vec(rest)?;
        Some(FuncType { params, results })
    }

    /// The type that [`read`](FuncType::read) finds at an offset; the empty one if there is none.
    #[inline(never)]
    pub fn at(bytes: &'a [u8], offset: u32) -> FuncType<'a> {
        bytes.get(offset as usize..).and_then(FuncType::read).unwrap_or_default()
    }

    /// The same type without its parameters.
    #[must_use]
    pub const fn without_params(self) -> FuncType<'a> {
        FuncType { params: &[], results: self.results }
    }

    /// Parameter types.
    pub fn params(self) -> ValTypes<'a> {
        ValTypes(self.params.iter())
    }

    /// Result types.
    pub fn results(self) -> ValTypes<'a> {
        ValTypes(self.results.iter())
    }

    /// The numbers of the parameter types, and those of the result types.
    pub const fn bytes(self) -> (&'a [u8], &'a [u8]) {
        (self.params, self.results)
    }

    /// The numbers of the parameter types. For where each instruction counts.
    pub const fn param_bytes(self) -> &'a [u8] {
        self.params
    }

    /// The numbers of the result types.
    pub const fn result_bytes(self) -> &'a [u8] {
        self.results
    }

    /// Cells that the parameters take.
    pub fn param_cells(self) -> u32 {
        cells(self.params)
    }

    /// Cells that the results take.
    pub fn result_cells(self) -> u32 {
        cells(self.results)
    }
}

/// Value types read in place.
#[derive(Clone, Debug)]
pub struct ValTypes<'a>(core::slice::Iter<'a, u8>);

impl Iterator for ValTypes<'_> {
    type Item = ValType;
    fn next(&mut self) -> Option<ValType> {
        self.0.next().map(|&byte| valtype(byte))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for ValTypes<'_> {
    fn next_back(&mut self) -> Option<ValType> {
        self.0.next_back().map(|&byte| valtype(byte))
    }
}

impl ExactSizeIterator for ValTypes<'_> {
    // Not the standard one, which checks what it is told.
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl PartialEq for ValTypes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice() == other.0.as_slice()
    }
}

/// Only validated bytes come here; an unknown one is read as i32 rather than as a reason to panic.
#[inline(never)]
fn valtype(byte: u8) -> ValType {
    ValType::from_byte(byte).unwrap_or(ValType::I32)
}

/// Cells that values of these types take.
fn cells(types: &[u8]) -> u32 {
    types.iter().map(|&ty| ValType::cells_of(ty)).sum()
}

#[inline(always)]
fn read_vec(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    // As always but with very many.
    match bytes.split_first() {
        Some((&count @ ..0x80, rest)) => rest.split_at_checked(count.into()),
        _ => read_long_vec(bytes),
    }
}

#[cold]
#[inline(never)]
fn read_long_vec(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut count = 0u32;
    let mut shift = 0;
    let mut at = 0;
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        count |= u32::from(byte & 0x7F).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    bytes.get(at..)?.split_at_checked(count as usize)
}

/// Bounds of a table or a memory, in elements or pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The size at the beginning.
    pub min: u32,
    /// The size that it may grow to.
    pub max: Option<u32>,
}

impl Limits {
    /// Whether something with a present size of `size` and limits `self` may be imported as `wanted`
    /// (WebAssembly Core, 3.4.5 "Matching").
    pub fn matches(self, size: u32, wanted: Limits) -> bool {
        size >= wanted.min
            && match (self.max, wanted.max) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(have), Some(want)) => have <= want,
            }
    }
}

/// The type of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableType {
    /// `FuncRef` or `ExternRef`.
    pub element: ValType,
    /// In elements.
    pub limits: Limits,
}

/// The type of a memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryType {
    /// In pages.
    pub limits: Limits,
    /// Binary logarithm of the page size in bytes: 16, or 0 with custom page sizes.
    pub page_log2: u8,
}

impl MemoryType {
    /// The largest number of pages that 32-bit addresses can reach.
    pub const fn max_pages(self) -> u32 {
        if self.page_log2 == 0 { u32::MAX } else { 65_536 }
    }
}

/// The type of a global.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GlobalType {
    /// The type of its value.
    pub value: ValType,
    /// Whether it can be set.
    pub mutable: bool,
}

/// The kind of an import or export. The numbers are those of the binary format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum ExternKind {
    /// A function.
    Func = 0,
    /// A table.
    Table = 1,
    /// A memory.
    Memory = 2,
    /// A global.
    Global = 3,
}

impl ExternKind {
    /// The name in the text format.
    pub const fn name(self) -> &'static str {
        match self {
            ExternKind::Func => "func",
            ExternKind::Table => "table",
            ExternKind::Memory => "memory",
            ExternKind::Global => "global",
        }
    }
}
