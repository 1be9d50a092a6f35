//! The operators on numbers, all of them, and the accesses to memory.

use wasm_encoder::ValType::{self, F32, F64, I32, I64};
use wasm_encoder::{
    Instruction::{self, *},
    MemArg,
};

/// Operators with the same operands and results.
pub struct Group {
    pub operands: &'static [ValType],
    pub result: ValType,
    /// They trap on some operands.
    pub traps: bool,
    pub operators: &'static [Instruction<'static>],
}

const fn group(
    operands: &'static [ValType],
    result: ValType,
    operators: &'static [Instruction<'static>],
) -> Group {
    Group { operands, result, traps: false, operators }
}

const fn trapping(
    operands: &'static [ValType],
    result: ValType,
    operators: &'static [Instruction<'static>],
) -> Group {
    Group { traps: true, ..group(operands, result, operators) }
}

pub const GROUPS: [Group; 36] = [
    group(&[I32], I32, &[I32Eqz, I32Clz, I32Ctz, I32Extend8S, I32Extend16S]),
    group(&[I32], I32, &[I32Popcnt]),
    group(&[I32, I32], I32, &[I32Add, I32Sub, I32Mul, I32And, I32Or, I32Xor]),
    group(&[I32, I32], I32, &[I32Shl, I32ShrS, I32ShrU, I32Rotl, I32Rotr]),
    group(&[I32, I32], I32, &[I32Eq, I32Ne, I32LtS, I32LtU, I32GtS, I32GtU, I32LeS, I32LeU, I32GeS, I32GeU]),
    trapping(&[I32, I32], I32, &[I32DivS, I32DivU, I32RemS, I32RemU]),
    group(&[I64], I64, &[I64Clz, I64Ctz, I64Extend8S, I64Extend16S, I64Extend32S]),
    group(&[I64], I64, &[I64Popcnt]),
    group(&[I64, I64], I64, &[I64Add, I64Sub, I64Mul, I64And, I64Or, I64Xor]),
    group(&[I64, I64], I64, &[I64Shl, I64ShrS, I64ShrU, I64Rotl, I64Rotr]),
    group(&[I64, I64], I32, &[I64Eq, I64Ne, I64LtS, I64LtU, I64GtS, I64GtU, I64LeS, I64LeU, I64GeS, I64GeU]),
    trapping(&[I64, I64], I64, &[I64DivS, I64DivU, I64RemS, I64RemU]),
    group(&[I64], I32, &[I64Eqz, I32WrapI64]),
    group(&[I32], I64, &[I64ExtendI32S, I64ExtendI32U]),
    group(&[F32, F32], F32, &[F32Add, F32Sub, F32Mul, F32Div, F32Min, F32Max, F32Copysign]),
    group(&[F32], F32, &[F32Sqrt, F32Ceil, F32Floor, F32Trunc, F32Nearest]),
    group(&[F32], F32, &[F32Abs, F32Neg]),
    group(&[F32, F32], I32, &[F32Eq, F32Ne, F32Lt, F32Gt, F32Le, F32Ge]),
    group(&[F64, F64], F64, &[F64Add, F64Sub, F64Mul, F64Div, F64Min, F64Max, F64Copysign]),
    group(&[F64], F64, &[F64Sqrt, F64Ceil, F64Floor, F64Trunc, F64Nearest]),
    group(&[F64], F64, &[F64Abs, F64Neg]),
    group(&[F64, F64], I32, &[F64Eq, F64Ne, F64Lt, F64Gt, F64Le, F64Ge]),
    group(&[F32], I32, &[I32ReinterpretF32, I32TruncSatF32S, I32TruncSatF32U]),
    group(&[F64], I32, &[I32TruncSatF64S, I32TruncSatF64U]),
    group(&[F32], I64, &[I64TruncSatF32S, I64TruncSatF32U]),
    group(&[F64], I64, &[I64ReinterpretF64, I64TruncSatF64S, I64TruncSatF64U]),
    trapping(&[F32], I32, &[I32TruncF32S, I32TruncF32U]),
    trapping(&[F64], I32, &[I32TruncF64S, I32TruncF64U]),
    trapping(&[F32], I64, &[I64TruncF32S, I64TruncF32U]),
    trapping(&[F64], I64, &[I64TruncF64S, I64TruncF64U]),
    group(&[I32], F32, &[F32ConvertI32S, F32ConvertI32U, F32ReinterpretI32]),
    group(&[I64], F32, &[F32ConvertI64S, F32ConvertI64U]),
    group(&[I32], F64, &[F64ConvertI32S, F64ConvertI32U]),
    group(&[I64], F64, &[F64ConvertI64S, F64ConvertI64U, F64ReinterpretI64]),
    group(&[F32], F64, &[F64PromoteF32]),
    group(&[F64], F32, &[F32DemoteF64]),
];

type Access = fn(MemArg) -> Instruction<'static>;

/// Loads of a type.
pub fn loads(ty: ValType) -> &'static [Access] {
    match ty {
        I32 => &[I32Load, I32Load, I32Load8S, I32Load8U, I32Load16S, I32Load16U],
        I64 => &[I64Load, I64Load, I64Load8S, I64Load8U, I64Load16S, I64Load16U, I64Load32S, I64Load32U],
        F32 => &[F32Load],
        _ => &[F64Load],
    }
}

/// Stores of a type.
pub fn stores(ty: ValType) -> &'static [Access] {
    match ty {
        I32 => &[I32Store, I32Store, I32Store8, I32Store16],
        I64 => &[I64Store, I64Store, I64Store8, I64Store16, I64Store32],
        F32 => &[F32Store],
        _ => &[F64Store],
    }
}
