//! All operators with one operand, for those that are not worth an instruction of their own.

use super::{Ctx, Frame, Memory, Pc, State, Step, Value};
use crate::isa::Code;
use wasmote_core::numeric::{self, Round, round, sqrt};
use wasmote_core::{Feature, Trap, UnaryOp, ValType};

#[inline(always)]
pub(super) fn unary(s: State) -> Step {
    let code = apply(s.pc, s.fp, s.ctx);
    if code == 0 { s.anew() } else { Step::Failed(code) }
}

/// Out of line, and with a handler's arguments, so that the handler itself can end in a jump.
#[inline(never)]
fn apply(pc: Pc, fp: Frame, ctx: Ctx) -> u32 {
    let s = State::at(pc, Code::unary.bytes(), fp, ctx, Memory::of(ctx));
    let Some(op) = UnaryOp::from_number(s.c()) else { return Trap::Unreachable as u32 };
    // An operator that this build does not have never comes here; what it takes is not linked.
    macro_rules! has {
        ($feature:ident, $value:expr) => {
            if Feature::$feature.compiled() { $value } else { Trap::Unreachable as u32 }
        };
    }
    match op {
        UnaryOp::I32Eqz => to(s, |a: u32| a == 0),
        UnaryOp::I64Eqz => to(s, |a: u64| a == 0),
        UnaryOp::I32Clz => to(s, u32::leading_zeros),
        UnaryOp::I32Ctz => to(s, u32::trailing_zeros),
        UnaryOp::I32Popcnt => to(s, u32::count_ones),
        UnaryOp::I64Clz => to(s, |a: u64| u64::from(a.leading_zeros())),
        UnaryOp::I64Ctz => to(s, |a: u64| u64::from(a.trailing_zeros())),
        UnaryOp::I64Popcnt => to(s, |a: u64| u64::from(a.count_ones())),
        UnaryOp::I32WrapI64 => to(s, |a: u64| a as u32),
        UnaryOp::I64ExtendI32S => to(s, |a: i32| i64::from(a)),
        UnaryOp::I64ExtendI32U => to(s, |a: u32| u64::from(a)),
        UnaryOp::I32Extend8S => has!(SignExtension, to(s, |a: u32| i32::from(a as i8))),
        UnaryOp::I32Extend16S => has!(SignExtension, to(s, |a: u32| i32::from(a as i16))),
        UnaryOp::I64Extend8S => has!(SignExtension, to(s, |a: u64| i64::from(a as i8))),
        UnaryOp::I64Extend16S => has!(SignExtension, to(s, |a: u64| i64::from(a as i16))),
        UnaryOp::I64Extend32S => has!(SignExtension, to(s, |a: u64| i64::from(a as i32))),
        // Those with an instruction of their own, which are here only for the match to be complete.
        UnaryOp::F32Abs
        | UnaryOp::F32Neg
        | UnaryOp::F64Abs
        | UnaryOp::F64Neg
        | UnaryOp::F32ConvertI32S
        | UnaryOp::F32ConvertI32U
        | UnaryOp::F64ConvertI32S
        | UnaryOp::F64ConvertI32U
        | UnaryOp::F32DemoteF64
        | UnaryOp::F64PromoteF32 => Trap::Unreachable as u32,
        UnaryOp::F32Sqrt => has!(Float, to(s, |a: f32| sqrt(a.into(), 27) as f32)),
        UnaryOp::F64Sqrt => has!(Float, to(s, |a: f64| sqrt(a, 55))),
        UnaryOp::F32Ceil => has!(Float, round32(s, Round::Up)),
        UnaryOp::F32Floor => has!(Float, round32(s, Round::Down)),
        UnaryOp::F32Trunc => has!(Float, round32(s, Round::ToZero)),
        UnaryOp::F32Nearest => has!(Float, round32(s, Round::ToEven)),
        UnaryOp::F64Ceil => has!(Float, round64(s, Round::Up)),
        UnaryOp::F64Floor => has!(Float, round64(s, Round::Down)),
        UnaryOp::F64Trunc => has!(Float, round64(s, Round::ToZero)),
        UnaryOp::F64Nearest => has!(Float, round64(s, Round::ToEven)),
        UnaryOp::F32ConvertI64S => has!(Float, to(s, numeric::f32_from_i64)),
        UnaryOp::F32ConvertI64U => has!(Float, to(s, numeric::f32_from_u64)),
        UnaryOp::F64ConvertI64S => has!(Float, to(s, |a: i64| a as f64)),
        UnaryOp::F64ConvertI64U => has!(Float, to(s, |a: u64| a as f64)),
        UnaryOp::I32TruncF32S
        | UnaryOp::I32TruncF32U
        | UnaryOp::I32TruncF64S
        | UnaryOp::I32TruncF64U
        | UnaryOp::I64TruncF32S
        | UnaryOp::I64TruncF32U
        | UnaryOp::I64TruncF64S
        | UnaryOp::I64TruncF64U
        | UnaryOp::I32TruncSatF32S
        | UnaryOp::I32TruncSatF32U
        | UnaryOp::I32TruncSatF64S
        | UnaryOp::I32TruncSatF64U
        | UnaryOp::I64TruncSatF32S
        | UnaryOp::I64TruncSatF32U
        | UnaryOp::I64TruncSatF64S
        | UnaryOp::I64TruncSatF64U => has!(Float, to_integer(s, op)),
    }
}

#[inline(always)]
fn to<A: Value, R: Value>(s: State, f: impl FnOnce(A) -> R) -> u32 {
    s.set(s.a(), f(s.get(s.b())));
    0
}

fn to_integer(s: State, op: UnaryOp) -> u32 {
    let (ty, result) = op.types();
    let value = if ty == ValType::F32 { f64::from(s.get::<f32>(s.b())) } else { s.get(s.b()) };
    match numeric::to_integer(op, value) {
        Ok(value) if result == ValType::I32 => s.set(s.a(), value as u32),
        Ok(value) => s.set(s.a(), value),
        Err(trap) => return trap as u32,
    }
    0
}

#[inline(always)]
fn round32(s: State, way: Round) -> u32 {
    to(s, |a: f32| round(f64::from(a), way) as f32)
}

#[inline(always)]
fn round64(s: State, way: Round) -> u32 {
    to(s, |a: f64| round(a, way))
}
