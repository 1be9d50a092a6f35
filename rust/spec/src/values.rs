//! Values of scripts: arguments, and what is expected.

use crate::script::Expected;
use wasmote::{ExternRef, Value};
use wast::core::{AbstractHeapType, HeapType, NanPattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// The argument of a call; `None` if it is of a type that only a refused proposal has.
pub fn argument(arg: &WastArg<'_>) -> Option<Value> {
    let WastArg::Core(arg) = arg else { return None };
    Some(match arg {
        WastArgCore::I32(value) => Value::I32(*value),
        WastArgCore::I64(value) => Value::I64(*value),
        WastArgCore::F32(value) => Value::F32(f32::from_bits(value.bits)),
        WastArgCore::F64(value) => Value::F64(f64::from_bits(value.bits)),
        WastArgCore::RefNull(ty) if is(ty, AbstractHeapType::Func) => Value::FuncRef(None),
        WastArgCore::RefNull(ty) if is(ty, AbstractHeapType::Extern) => Value::ExternRef(None),
        WastArgCore::RefExtern(number) => Value::ExternRef(reference(*number)),
        _ => return None,
    })
}

/// The host's reference with a number of the script's, where 0 is not null.
fn reference(number: u32) -> Option<ExternRef> {
    ExternRef::new(number.wrapping_add(1))
}

/// What a script expects of a result.
pub fn expected(result: &WastRet<'_>) -> Expected {
    match result {
        WastRet::Core(result) => expected_core(result),
        _ => Expected::Nothing,
    }
}

fn expected_core(result: &WastRetCore<'_>) -> Expected {
    use Expected::*;
    match result {
        WastRetCore::I32(value) => Exactly(Value::I32(*value)),
        WastRetCore::I64(value) => Exactly(Value::I64(*value)),
        WastRetCore::F32(NanPattern::CanonicalNan) => CanonicalNan32,
        WastRetCore::F32(NanPattern::ArithmeticNan) => ArithmeticNan32,
        WastRetCore::F32(NanPattern::Value(value)) => Exactly(Value::F32(f32::from_bits(value.bits))),
        WastRetCore::F64(NanPattern::CanonicalNan) => CanonicalNan64,
        WastRetCore::F64(NanPattern::ArithmeticNan) => ArithmeticNan64,
        WastRetCore::F64(NanPattern::Value(value)) => Exactly(Value::F64(f64::from_bits(value.bits))),
        WastRetCore::RefNull(None) => Null,
        WastRetCore::RefNull(Some(ty)) if is(ty, AbstractHeapType::Func) => Exactly(Value::FuncRef(None)),
        WastRetCore::RefNull(Some(ty)) if is(ty, AbstractHeapType::Extern) => Exactly(Value::ExternRef(None)),
        WastRetCore::RefFunc(None) => AnyFunc,
        WastRetCore::RefExtern(None) => AnyExtern,
        WastRetCore::RefExtern(Some(number)) => Exactly(Value::ExternRef(reference(*number))),
        WastRetCore::Either(cases) => Either(cases.iter().map(expected_core).collect()),
        _ => Nothing,
    }
}

impl Expected {
    /// Whether a result is what a script expects.
    pub fn matches(&self, value: &Value) -> bool {
        match self {
            Expected::Exactly(expected) => value.ty() == expected.ty() && value.bits() == expected.bits(),
            // The quiet bit and the exponent; a canonical NaN has no other, whatever its sign.
            Expected::CanonicalNan32 => is_nan::<u32>(value, 0x7FC0_0000, u32::MAX >> 1),
            Expected::ArithmeticNan32 => is_nan::<u32>(value, 0x7FC0_0000, 0x7FC0_0000),
            Expected::CanonicalNan64 => is_nan::<u64>(value, 0x7FF8_0000_0000_0000, u64::MAX >> 1),
            Expected::ArithmeticNan64 => is_nan::<u64>(value, 0x7FF8_0000_0000_0000, 0x7FF8_0000_0000_0000),
            Expected::Null => matches!(value, Value::FuncRef(None) | Value::ExternRef(None)),
            Expected::AnyFunc => matches!(value, Value::FuncRef(Some(_))),
            Expected::AnyExtern => matches!(value, Value::ExternRef(Some(_))),
            Expected::Either(cases) => cases.iter().any(|case| case.matches(value)),
            Expected::Nothing => false,
        }
    }
}

/// Whether a value is a float of the width of the pattern `bits`, and has it where `mask` has ones.
fn is_nan<T: Into<u64>>(value: &Value, bits: T, mask: T) -> bool {
    let right_width = match value {
        Value::F32(_) => size_of::<T>() == 4,
        Value::F64(_) => size_of::<T>() == 8,
        _ => false,
    };
    right_width && value.bits() & mask.into() == bits.into()
}

fn is(ty: &HeapType<'_>, wanted: AbstractHeapType) -> bool {
    matches!(ty, HeapType::Abstract { shared: false, ty } if *ty == wanted)
}
