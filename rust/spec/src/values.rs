//! Values of scripts: arguments, and what is expected.

use wasmote::{ExternRef, Value};
use wast::core::{AbstractHeapType, HeapType, NanPattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// The argument of a call.
pub fn argument(arg: &WastArg<'_>) -> Result<Value, String> {
    let WastArg::Core(arg) = arg else { return Err(format!("unknown kind of argument: {arg:?}")) };
    Ok(match arg {
        WastArgCore::I32(value) => Value::I32(*value),
        WastArgCore::I64(value) => Value::I64(*value),
        WastArgCore::F32(value) => Value::F32(f32::from_bits(value.bits)),
        WastArgCore::F64(value) => Value::F64(f64::from_bits(value.bits)),
        WastArgCore::RefNull(ty) if is(ty, AbstractHeapType::Func) => Value::FuncRef(None),
        WastArgCore::RefNull(ty) if is(ty, AbstractHeapType::Extern) => Value::ExternRef(None),
        WastArgCore::RefExtern(number) => Value::ExternRef(reference(*number)),
        other => return Err(format!("unknown kind of argument: {other:?}")),
    })
}

/// The host's reference with a number of the script's, where 0 is not null.
fn reference(number: u32) -> Option<ExternRef> {
    ExternRef::new(number.wrapping_add(1))
}

/// Whether a result is what a script expects.
pub fn matches(value: &Value, expected: &WastRet<'_>) -> bool {
    match expected {
        WastRet::Core(expected) => matches_core(value, expected),
        _ => false,
    }
}

fn matches_core(value: &Value, expected: &WastRetCore<'_>) -> bool {
    match (value, expected) {
        (Value::I32(value), WastRetCore::I32(expected)) => value == expected,
        (Value::I64(value), WastRetCore::I64(expected)) => value == expected,
        (Value::F32(_), WastRetCore::F32(pattern)) => {
            // The quiet bit and the exponent; a canonical NaN has no other, whatever its sign.
            const NAN: u64 = 0x7FC0_0000;
            match pattern {
                NanPattern::CanonicalNan => value.bits() & 0x7FFF_FFFF == NAN,
                NanPattern::ArithmeticNan => value.bits() & NAN == NAN,
                NanPattern::Value(expected) => value.bits() == u64::from(expected.bits),
            }
        }
        (Value::F64(_), WastRetCore::F64(pattern)) => {
            const NAN: u64 = 0x7FF8_0000_0000_0000;
            match pattern {
                NanPattern::CanonicalNan => value.bits() & (u64::MAX >> 1) == NAN,
                NanPattern::ArithmeticNan => value.bits() & NAN == NAN,
                NanPattern::Value(expected) => value.bits() == expected.bits,
            }
        }
        (Value::FuncRef(None), WastRetCore::RefNull(ty)) => {
            ty.is_none_or(|ty| is(&ty, AbstractHeapType::Func))
        }
        (Value::ExternRef(None), WastRetCore::RefNull(ty)) => {
            ty.is_none_or(|ty| is(&ty, AbstractHeapType::Extern))
        }
        (Value::FuncRef(Some(_)), WastRetCore::RefFunc(None)) => true,
        (Value::ExternRef(Some(_)), WastRetCore::RefExtern(None)) => true,
        (Value::ExternRef(Some(value)), WastRetCore::RefExtern(Some(number))) => {
            Some(*value) == reference(*number)
        }
        (_, WastRetCore::Either(cases)) => cases.iter().any(|case| matches_core(value, case)),
        _ => false,
    }
}

fn is(ty: &HeapType<'_>, wanted: AbstractHeapType) -> bool {
    matches!(ty, HeapType::Abstract { shared: false, ty } if *ty == wanted)
}
