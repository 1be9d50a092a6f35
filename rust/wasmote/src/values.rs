//! Values, and Rust types that stand for them.

use crate::Func;
use core::num::NonZeroU32;
use wasmote_core::ValType;

/// A reference to something of the host's (`externref`): a number of the host's choice, not 0, which is null.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternRef(NonZeroU32);

impl ExternRef {
    /// The reference with this number; `None` is null.
    pub fn new(number: u32) -> Option<ExternRef> {
        NonZeroU32::new(number).map(ExternRef)
    }

    /// Its number.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

/// A value (WebAssembly Core, 4.2.1).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit float.
    F64(f64),
    /// A reference to a function; `None` is null.
    FuncRef(Option<Func>),
    /// A reference of the host's; `None` is null.
    ExternRef(Option<ExternRef>),
}

impl Value {
    /// Its type.
    pub fn ty(&self) -> ValType {
        match self {
            Value::I32(_) => ValType::I32,
            Value::I64(_) => ValType::I64,
            Value::F32(_) => ValType::F32,
            Value::F64(_) => ValType::F64,
            Value::FuncRef(_) => ValType::FuncRef,
            Value::ExternRef(_) => ValType::ExternRef,
        }
    }

    /// Zero, or null (WebAssembly Core, 4.2.1 "default value").
    pub fn zero(ty: ValType) -> Value {
        Value::from_bits(ty, 0)
    }

    /// Its bits, zero-extended.
    pub fn bits(&self) -> u64 {
        match *self {
            Value::I32(value) => u64::from(value as u32),
            Value::I64(value) => value as u64,
            Value::F32(value) => value.to_bits().into(),
            Value::F64(value) => value.to_bits(),
            Value::FuncRef(func) => func.map_or(0, Func::cell).into(),
            Value::ExternRef(reference) => reference.map_or(0, ExternRef::get).into(),
        }
    }

    pub(crate) fn from_bits(ty: ValType, bits: u64) -> Value {
        match ty {
            ValType::I32 => Value::I32(bits as i32),
            ValType::I64 => Value::I64(bits as i64),
            ValType::F32 => Value::F32(f32::from_bits(bits as u32)),
            ValType::F64 => Value::F64(f64::from_bits(bits)),
            ValType::FuncRef => Value::FuncRef(Func::from_cell(bits as u32)),
            ValType::ExternRef => Value::ExternRef(ExternRef::new(bits as u32)),
        }
    }

    pub(crate) fn read(ty: ValType, cells: &mut &[u32]) -> Value {
        let bits = if ty.cells() == 2 { take_long(cells) } else { take(cells).into() };
        Value::from_bits(ty, bits)
    }

    pub(crate) fn write(&self, cells: &mut &mut [u32]) {
        put(cells, self.bits() as u32);
        if self.ty().cells() == 2 {
            put(cells, (self.bits() >> 32) as u32);
        }
    }
}

/// The next cell. There always is one: frames have room for what their functions' types say.
fn take(cells: &mut &[u32]) -> u32 {
    match *cells {
        [first, rest @ ..] => {
            *cells = rest;
            *first
        }
        [] => 0,
    }
}

fn take_long(cells: &mut &[u32]) -> u64 {
    u64::from(take(cells)) | u64::from(take(cells)) << 32
}

fn put(cells: &mut &mut [u32], value: u32) {
    if let Some((first, rest)) = core::mem::take(cells).split_first_mut() {
        *first = value;
        *cells = rest;
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that stands for a value type: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, `Option<Func>`,
/// `Option<ExternRef>`.
pub trait WasmValue: Copy + sealed::Sealed {
    /// The value type.
    const TYPE: ValType;
    #[doc(hidden)]
    fn read(cells: &mut &[u32]) -> Self;
    #[doc(hidden)]
    fn write(self, cells: &mut &mut [u32]);
}

/// Rust types that stand for several values: `()`, a [`WasmValue`], or a tuple of them.
pub trait WasmValues: Sized + sealed::Sealed {
    #[doc(hidden)]
    const TYPES: &'static [u8];
    /// Whether there may be references to functions among them, which must be checked.
    #[doc(hidden)]
    const FUNC_REFS: bool;
    #[doc(hidden)]
    fn read(cells: &[u32]) -> Self;
    #[doc(hidden)]
    fn write(self, cells: &mut [u32]);
}

macro_rules! wasm_values {
    ($( $ty:ty = $val:ident, |$bits:ident| $from:expr, |$value:ident| $to:expr, $wide:literal; )*) => { $(
        impl sealed::Sealed for $ty {}
        impl WasmValue for $ty {
            const TYPE: ValType = ValType::$val;
            #[inline]
            fn read(cells: &mut &[u32]) -> $ty {
                let $bits = if $wide { take_long(cells) } else { take(cells).into() };
                $from
            }
            #[inline]
            fn write(self, cells: &mut &mut [u32]) {
                let $value = self;
                let bits: u64 = $to;
                put(cells, bits as u32);
                if $wide {
                    put(cells, (bits >> 32) as u32);
                }
            }
        }
    )* };
}

wasm_values! {
    i32 = I32, |bits| bits as i32, |value| value as u32 as u64, false;
    u32 = I32, |bits| bits as u32, |value| value as u64, false;
    i64 = I64, |bits| bits as i64, |value| value as u64, true;
    u64 = I64, |bits| bits, |value| value, true;
    f32 = F32, |bits| f32::from_bits(bits as u32), |value| value.to_bits() as u64, false;
    f64 = F64, |bits| f64::from_bits(bits), |value| value.to_bits(), true;
    Option<Func> = FuncRef, |bits| Func::from_cell(bits as u32), |value| value.map_or(0, Func::cell) as u64, false;
    Option<ExternRef> = ExternRef, |bits| ExternRef::new(bits as u32), |value| value.map_or(0, ExternRef::get) as u64, false;
}

impl<T: WasmValue> WasmValues for T {
    const TYPES: &'static [u8] = &[T::TYPE as u8];
    const FUNC_REFS: bool = T::TYPE as u8 == ValType::FuncRef as u8;
    #[inline]
    fn read(mut cells: &[u32]) -> T {
        <T as WasmValue>::read(&mut cells)
    }
    #[inline]
    fn write(self, mut cells: &mut [u32]) {
        <T as WasmValue>::write(self, &mut cells);
    }
}

macro_rules! tuples {
    ($( ($($name:ident)*) )*) => { $(
        impl<$($name: WasmValue),*> sealed::Sealed for ($($name,)*) {}
        #[allow(non_snake_case, unused_variables, unused_mut, clippy::unused_unit)]
        impl<$($name: WasmValue),*> WasmValues for ($($name,)*) {
            const TYPES: &'static [u8] = &[$($name::TYPE as u8),*];
            const FUNC_REFS: bool = false $(|| $name::TYPE as u8 == ValType::FuncRef as u8)*;
            #[inline]
            fn read(mut cells: &[u32]) -> Self {
                $( let $name = <$name as WasmValue>::read(&mut cells); )*
                ($($name,)*)
            }
            #[inline]
            fn write(self, mut cells: &mut [u32]) {
                let ($($name,)*) = self;
                $( <$name as WasmValue>::write($name, &mut cells); )*
            }
        }
    )* };
}

tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }
