//! Which instruction carries out an operator.

use super::fuse::Address;
use super::{Encoder, Form, half, pair};
use crate::isa::{Code, Wide};
use wasmote_core::{BinaryOp, LoadOp, StoreOp, UnaryOp, ValType, for_each_op};
use wasmote_frontend::{Cell, Known, MemArg, Operand};

/// The instruction of a binary operator.
const fn binary_code(op: BinaryOp) -> Code {
    match op {
        BinaryOp::I32Eq => Code::i32_eq,
        BinaryOp::I32Ne => Code::i32_ne,
        BinaryOp::I32LtS | BinaryOp::I32GtS => Code::i32_lt_s,
        BinaryOp::I32LtU | BinaryOp::I32GtU => Code::i32_lt_u,
        BinaryOp::I32LeS | BinaryOp::I32GeS => Code::i32_le_s,
        BinaryOp::I32LeU | BinaryOp::I32GeU => Code::i32_le_u,
        BinaryOp::I64Eq => Code::i64_eq,
        BinaryOp::I64Ne => Code::i64_ne,
        BinaryOp::I64LtS | BinaryOp::I64GtS => Code::i64_lt_s,
        BinaryOp::I64LtU | BinaryOp::I64GtU => Code::i64_lt_u,
        BinaryOp::I64LeS | BinaryOp::I64GeS => Code::i64_le_s,
        BinaryOp::I64LeU | BinaryOp::I64GeU => Code::i64_le_u,
        BinaryOp::F32Eq => Code::f32_eq,
        BinaryOp::F32Ne => Code::f32_ne,
        BinaryOp::F32Lt | BinaryOp::F32Gt => Code::f32_lt,
        BinaryOp::F32Le | BinaryOp::F32Ge => Code::f32_le,
        BinaryOp::F64Eq => Code::f64_eq,
        BinaryOp::F64Ne => Code::f64_ne,
        BinaryOp::F64Lt | BinaryOp::F64Gt => Code::f64_lt,
        BinaryOp::F64Le | BinaryOp::F64Ge => Code::f64_le,
        BinaryOp::I32Add => Code::i32_add,
        BinaryOp::I32Sub => Code::i32_sub,
        BinaryOp::I32Mul => Code::i32_mul,
        BinaryOp::I32DivS => Code::i32_div_s,
        BinaryOp::I32DivU => Code::i32_div_u,
        BinaryOp::I32RemS => Code::i32_rem_s,
        BinaryOp::I32RemU => Code::i32_rem_u,
        BinaryOp::I32And => Code::i32_and,
        BinaryOp::I32Or => Code::i32_or,
        BinaryOp::I32Xor => Code::i32_xor,
        BinaryOp::I32Shl => Code::i32_shl,
        BinaryOp::I32ShrS => Code::i32_shr_s,
        BinaryOp::I32ShrU => Code::i32_shr_u,
        BinaryOp::I32Rotl => Code::i32_rotl,
        BinaryOp::I32Rotr => Code::i32_rotr,
        BinaryOp::I64Add => Code::i64_add,
        BinaryOp::I64Sub => Code::i64_sub,
        BinaryOp::I64Mul => Code::i64_mul,
        BinaryOp::I64DivS => Code::i64_div_s,
        BinaryOp::I64DivU => Code::i64_div_u,
        BinaryOp::I64RemS => Code::i64_rem_s,
        BinaryOp::I64RemU => Code::i64_rem_u,
        BinaryOp::I64And => Code::i64_and,
        BinaryOp::I64Or => Code::i64_or,
        BinaryOp::I64Xor => Code::i64_xor,
        BinaryOp::I64Shl => Code::i64_shl,
        BinaryOp::I64ShrS => Code::i64_shr_s,
        BinaryOp::I64ShrU => Code::i64_shr_u,
        BinaryOp::I64Rotl => Code::i64_rotl,
        BinaryOp::I64Rotr => Code::i64_rotr,
        BinaryOp::F32Add => Code::f32_add,
        BinaryOp::F32Sub => Code::f32_sub,
        BinaryOp::F32Mul => Code::f32_mul,
        BinaryOp::F32Div => Code::f32_div,
        BinaryOp::F32Min => Code::f32_min,
        BinaryOp::F32Max => Code::f32_max,
        BinaryOp::F32Copysign => Code::f32_copysign,
        BinaryOp::F64Add => Code::f64_add,
        BinaryOp::F64Sub => Code::f64_sub,
        BinaryOp::F64Mul => Code::f64_mul,
        BinaryOp::F64Div => Code::f64_div,
        BinaryOp::F64Min => Code::f64_min,
        BinaryOp::F64Max => Code::f64_max,
        BinaryOp::F64Copysign => Code::f64_copysign,
    }
}

/// Whether the operands change places, as there is an instruction for less, and none for greater.
fn swapped(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(
        op,
        I32GtS | I32GtU | I32GeS | I32GeU | I64GtS | I64GtU | I64GeS | I64GeU | F32Gt | F32Ge | F64Gt | F64Ge
    )
}

/// The operator that does the same with its operands swapped.
const fn mirrored(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::I32Add
        | BinaryOp::I32Mul
        | BinaryOp::I32And
        | BinaryOp::I32Or
        | BinaryOp::I32Xor
        | BinaryOp::I32Eq
        | BinaryOp::I32Ne
        | BinaryOp::I64Add
        | BinaryOp::I64And => op,
        BinaryOp::I32LtS => BinaryOp::I32GtS,
        BinaryOp::I32LtU => BinaryOp::I32GtU,
        BinaryOp::I32GtS => BinaryOp::I32LtS,
        BinaryOp::I32GtU => BinaryOp::I32LtU,
        BinaryOp::I32LeS => BinaryOp::I32GeS,
        BinaryOp::I32LeU => BinaryOp::I32GeU,
        BinaryOp::I32GeS => BinaryOp::I32LeS,
        BinaryOp::I32GeU => BinaryOp::I32LeU,
        _ => return None,
    })
}

/// What is done to a constant for the instruction that takes it as an immediate.
#[derive(Clone, Copy)]
enum Adjust {
    Keep,
    /// `a - 5` is `a + -5`.
    Negate,
    /// Shifts count modulo the width.
    Modulo32,
    Modulo64,
    /// Left is right the other way.
    Rotate,
    /// `a > 5` is `a >= 6`, unless there is no 6.
    Increment,
    IncrementUnsigned,
}

impl Adjust {
    fn apply(self, value: i32) -> Option<i32> {
        Some(match self {
            Adjust::Keep => value,
            Adjust::Negate => value.wrapping_neg(),
            Adjust::Modulo32 => value & 31,
            Adjust::Modulo64 => value & 63,
            Adjust::Rotate => value.wrapping_neg() & 31,
            Adjust::Increment => value.checked_add(1)?,
            Adjust::IncrementUnsigned => (value as u32).checked_add(1)? as i32,
        })
    }
}

/// The instruction with an immediate byte, if there is one.
const fn with_byte(op: BinaryOp) -> Option<(Code, Adjust)> {
    Some(match op {
        BinaryOp::I32Add => (Code::i32_add_i, Adjust::Keep),
        BinaryOp::I32Sub => (Code::i32_add_i, Adjust::Negate),
        BinaryOp::I32Mul => (Code::i32_mul_i, Adjust::Keep),
        BinaryOp::I32And => (Code::i32_and_i, Adjust::Keep),
        BinaryOp::I32Or => (Code::i32_or_i, Adjust::Keep),
        BinaryOp::I32Xor => (Code::i32_xor_i, Adjust::Keep),
        BinaryOp::I32Shl => (Code::i32_shl_i, Adjust::Modulo32),
        BinaryOp::I32ShrS => (Code::i32_shr_s_i, Adjust::Modulo32),
        BinaryOp::I32ShrU => (Code::i32_shr_u_i, Adjust::Modulo32),
        BinaryOp::I32Rotl => (Code::i32_rotr_i, Adjust::Rotate),
        BinaryOp::I32Rotr => (Code::i32_rotr_i, Adjust::Modulo32),
        BinaryOp::I32Eq => (Code::i32_eq_i, Adjust::Keep),
        BinaryOp::I32Ne => (Code::i32_ne_i, Adjust::Keep),
        BinaryOp::I32LtS => (Code::i32_lt_s_i, Adjust::Keep),
        BinaryOp::I32LtU => (Code::i32_lt_u_i, Adjust::Keep),
        BinaryOp::I32GeS => (Code::i32_ge_s_i, Adjust::Keep),
        BinaryOp::I32GeU => (Code::i32_ge_u_i, Adjust::Keep),
        BinaryOp::I32LeS => (Code::i32_lt_s_i, Adjust::Increment),
        BinaryOp::I32GtS => (Code::i32_ge_s_i, Adjust::Increment),
        BinaryOp::I32LeU => (Code::i32_lt_u_i, Adjust::IncrementUnsigned),
        BinaryOp::I32GtU => (Code::i32_ge_u_i, Adjust::IncrementUnsigned),
        BinaryOp::I64Shl => (Code::i64_shl_i, Adjust::Modulo64),
        BinaryOp::I64ShrS => (Code::i64_shr_s_i, Adjust::Modulo64),
        BinaryOp::I64ShrU => (Code::i64_shr_u_i, Adjust::Modulo64),
        BinaryOp::I64Add => (Code::i64_add_i, Adjust::Keep),
        BinaryOp::I64Sub => (Code::i64_add_i, Adjust::Negate),
        BinaryOp::I64And => (Code::i64_and_i, Adjust::Keep),
        _ => return None,
    })
}

/// The instruction with an immediate word in place of one with a byte, if there is one. The word is adjusted as the byte would be.
fn with_word(code: Code) -> Option<Code> {
    Some(match code {
        Code::i32_add_i => Code::i32_add_w,
        Code::i64_and_i => Code::i64_and_w,
        Code::i32_mul_i => Code::i32_mul_w,
        Code::i32_and_i => Code::i32_and_w,
        Code::i32_or_i => Code::i32_or_w,
        Code::i32_xor_i => Code::i32_xor_w,
        _ => return None,
    })
}

/// Whether it takes as long as some others.
fn slow(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, I64DivS | I64DivU | I64RemS | I64RemU | F64Add | F64Sub | F64Mul | F64Div)
}

/// What has a rule for each, as a table: much smaller than code.
struct Binary {
    code: Code,
    mirrored: Option<BinaryOp>,
    with_byte: Option<(Code, Adjust)>,
}

macro_rules! tables {
    (
        unary { $( $ucode:literal $unary:ident $utext:literal: $ua:ident -> $ur:ident, $ut:ident, $uf:ident; )* }
        binary { $( $bcode:literal $binary:ident $btext:literal: $ba:ident -> $br:ident, $bt:ident, $bf:ident; )* }
        load { $( $lcode:literal $load:ident $ltext:literal: $lw:literal, $lt:ident, $lf:ident; )* }
        store { $( $scode:literal $store:ident $stext:literal: $sw:literal, $st:ident, $sf:ident; )* }
        $( $class:ident { $($rest:tt)* } )*
    ) => {
        static UNARY: [Code; UnaryOp::COUNT] = [$( unary_code(UnaryOp::$unary), )*];
        static BINARY: [Binary; BinaryOp::COUNT] = [$( rules(BinaryOp::$binary), )*];
        static LOADS: [Load; LoadOp::COUNT] = [$( load_code(LoadOp::$load), )*];
        static STORES: [Store; StoreOp::COUNT] = [$( store_code(StoreOp::$store), )*];
    };
}
for_each_op!(tables);

const fn rules(op: BinaryOp) -> Binary {
    Binary { code: binary_code(op), mirrored: mirrored(op), with_byte: with_byte(op) }
}

/// The instruction that sets high bits to 0 in place of one that keeps some, and how many, if `value` is a mask of low bits, not
/// of none.
#[inline(never)]
fn mask(code: Code, value: u64) -> Option<(Code, u8)> {
    let (code, value, high) = match code {
        Code::i32_and_i => (Code::i32_mask, u64::from(value as u32), u64::BITS - u32::BITS),
        _ => (Code::i64_mask, value, 0),
    };
    let zeros = value.leading_zeros();
    (value & value.wrapping_add(1) == 0).then_some((code, (zeros - high) as u8))
}

/// The instruction of a unary operator.
const fn unary_code(op: UnaryOp) -> Code {
    match op {
        // The low half comes first.
        UnaryOp::I32WrapI64 => Code::copy1,
        UnaryOp::I32Eqz => Code::i32_eq_i,
        UnaryOp::I32Clz => Code::i32_clz,
        UnaryOp::I32Ctz => Code::i32_ctz,
        UnaryOp::I32Extend8S => Code::i32_extend8_s,
        UnaryOp::I32Extend16S => Code::i32_extend16_s,
        UnaryOp::I64Eqz => Code::i64_eqz,
        UnaryOp::I64ExtendI32S => Code::i64_extend_i32_s,
        UnaryOp::I64ExtendI32U => Code::i64_extend_i32_u,
        UnaryOp::F32Abs => Code::f32_abs,
        UnaryOp::F32Neg => Code::f32_neg,
        UnaryOp::F32ConvertI32S => Code::f32_convert_i32_s,
        UnaryOp::F32ConvertI32U => Code::f32_convert_i32_u,
        UnaryOp::F32DemoteF64 => Code::f32_demote_f64,
        UnaryOp::F64Abs => Code::f64_abs,
        UnaryOp::F64Neg => Code::f64_neg,
        UnaryOp::F64ConvertI32S => Code::f64_convert_i32_s,
        UnaryOp::F64ConvertI32U => Code::f64_convert_i32_u,
        UnaryOp::F64PromoteF32 => Code::f64_promote_f32,
        // The others have one together, which is told the operator.
        _ => Code::unary,
    }
}

/// Instructions of a load.
struct Load {
    /// With a short offset.
    near: Code,
    /// With any.
    far: Code,
    /// With a short address.
    absolute: Option<Code>,
    /// A narrow one of 64 bits is one of 32 bits that is then widened.
    widen: Option<Code>,
}

const fn load_code(op: LoadOp) -> Load {
    let widen = match op {
        LoadOp::I64Load8S | LoadOp::I64Load16S | LoadOp::I64Load32S => Some(Code::i64_extend_i32_s),
        LoadOp::I64Load8U | LoadOp::I64Load16U | LoadOp::I64Load32U => Some(Code::i64_extend_i32_u),
        _ => None,
    };
    let (near, far, absolute) = match op {
        LoadOp::I32Load | LoadOp::F32Load | LoadOp::I64Load32S | LoadOp::I64Load32U => {
            (Code::i32_load, Code::i32_load_w, Some(Code::i32_load_abs))
        }
        LoadOp::I64Load | LoadOp::F64Load => (Code::i64_load, Code::i64_load_w, None),
        LoadOp::I32Load8S | LoadOp::I64Load8S => (Code::i32_load8_s, Code::i32_load8_s_w, None),
        LoadOp::I32Load8U | LoadOp::I64Load8U => {
            (Code::i32_load8_u, Code::i32_load8_u_w, Some(Code::i32_load8_u_abs))
        }
        LoadOp::I32Load16S | LoadOp::I64Load16S => (Code::i32_load16_s, Code::i32_load16_s_w, None),
        LoadOp::I32Load16U | LoadOp::I64Load16U => {
            (Code::i32_load16_u, Code::i32_load16_u_w, Some(Code::i32_load16_u_abs))
        }
    };
    Load { near, far, absolute, widen }
}

/// Instructions of a store. Only the low cell of a 64-bit value is asked for what is narrower.
struct Store {
    /// With a short offset.
    near: Code,
    /// With any.
    far: Code,
    /// Of a constant.
    constant: Code,
    /// To a short address.
    absolute: Option<Code>,
}

const fn store_code(op: StoreOp) -> Store {
    let (near, far, constant, absolute) = match op {
        StoreOp::I32Store | StoreOp::F32Store | StoreOp::I64Store32 => {
            (Code::i32_store, Code::i32_store_w, Code::i32_store_i, Some(Code::i32_store_abs))
        }
        StoreOp::I64Store | StoreOp::F64Store => {
            (Code::i64_store, Code::i64_store_w, Code::i64_store_i, None)
        }
        StoreOp::I32Store8 | StoreOp::I64Store8 => {
            (Code::i32_store8, Code::i32_store8_w, Code::i32_store8_i, Some(Code::i32_store8_abs))
        }
        StoreOp::I32Store16 | StoreOp::I64Store16 => {
            (Code::i32_store16, Code::i32_store16_w, Code::i32_store16_i, Some(Code::i32_store16_abs))
        }
    };
    Store { near, far, constant, absolute }
}

/// An offset in units of the access (bytes if that has 64 bits), if a byte can hold it.
fn short(offset: u32, width_log2: u8) -> Option<u8> {
    let unit_log2 = if width_log2 == 3 { 0 } else { width_log2 };
    let units = offset >> unit_log2;
    if units << unit_log2 == offset { u8::try_from(units).ok() } else { None }
}

/// The constant as a byte that, sign-extended, stores the same bits.
fn stored_byte(value: u64, width_log2: u8) -> Option<u8> {
    let low = value as i32;
    let unused = match width_log2 {
        0..=2 => 32 - (8 << width_log2),
        _ if i64::from(low) == value as i64 => 0,
        _ => return None,
    };
    Some(i8::try_from(low << unused >> unused).ok()? as u8)
}

impl Encoder {
    pub(super) fn encode_unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        let (ty, result) = op.types();
        if op == UnaryOp::I32Eqz && self.invert(a, dst) {
            return;
        }
        let from = self.place(ty, a, dst);
        let code = UNARY[op as usize];
        let form = Form::of(code).result(result).second(ty);
        let (form, number) = match code {
            Code::copy1 => return self.copy_cells(result, dst, from),
            Code::i32_eq_i => (form, 0),
            Code::unary => (form, op as u32),
            _ => (form.two(), 0),
        };
        self.emit(form, dst, pair(from, number))
    }

    #[inline(always)]
    pub(super) fn encode_binary(&mut self, mut op: BinaryOp, dst: Cell, mut a: Operand, mut b: Operand) {
        let (ty, result) = op.types();
        // Their own cells are `dst` and what follows. If both are constants, they must not get the same one.
        let mut turned = false;
        if let Operand::Const(_) = a
            && let Some(mirrored) = BINARY[op as usize].mirrored
        {
            (op, a, b, turned) = (mirrored, b, a, true);
        }
        let rules = &BINARY[op as usize];
        let first = self.cell(ty, a, || if turned { dst + ty.cells() } else { dst });
        let form = Form::of(rules.code).result(result).second(ty);
        if let Operand::Const(Known(bits)) = b
            && let Some((code, adjust)) = rules.with_byte
        {
            if op == BinaryOp::I32ShrS
                && let Some((code, from)) = self.take_sign_extension(a, bits)
            {
                return self.emit(form.with(code).two(), dst, from);
            }
            let low = bits as i32;
            let fits = ty == ValType::I32 || i64::from(low) == bits as i64;
            let value = if fits { adjust.apply(low) } else { None };
            if let Some(value) = value {
                if let Ok(byte) = i8::try_from(value) {
                    return self.emit(form.with(code), dst, pair(first, (byte as u8).into()));
                }
                if code == Code::i32_add_i
                    && value & 7 == 0
                    && let Ok(byte) = i8::try_from(value >> 3)
                {
                    return self.emit(form.with(Code::i32_add_8i), dst, pair(first, (byte as u8).into()));
                }
            }
            if matches!(code, Code::i32_and_i | Code::i64_and_i)
                && let Some((code, count)) = mask(code, bits)
            {
                return self.emit(form.with(code), dst, pair(first, count.into()));
            }
            let value = match code {
                Code::i64_and_i => u32::try_from(bits).ok(),
                _ => value.map(|value| value as u32),
            };
            if let (Some(code), Some(value)) = (with_word(code), value) {
                if code == Code::i32_add_w && value as i16 as u32 == value {
                    self.emit(form.with(Code::i32_add_h).two().more(2), dst, first);
                    return self.further(value, 2);
                }
                self.emit(form.with(code).two().more(4), dst, first);
                return self.word(value);
            }
        }
        if slow(op) {
            self.slow(5);
        }
        let second = self.cell(ty, b, || if turned { dst } else { dst + ty.cells() });
        let cells = if swapped(op) { pair(second, first) } else { pair(first, second) };
        self.emit(form.third(ty), dst, cells)
    }

    /// The address and the offset. A constant address takes the offset in.
    fn folded(address: Operand, offset: u32) -> (Operand, u32) {
        match address {
            Operand::Const(Known(number)) => match (number as u32).checked_add(offset) {
                Some(sum) => (Operand::Const(Known(sum.into())), 0),
                None => (address, offset),
            },
            _ => (address, offset),
        }
    }

    #[inline(always)]
    pub(super) fn encode_load(&mut self, op: LoadOp, dst: Cell, address: Operand, arg: MemArg) {
        if arg.offset == 0
            && dst <= 0xFF
            && let Some((at, from)) = self.take_address(address)
            && let Some(code) = Encoder::load_from(op, &from)
        {
            self.take_back(at);
            let (cells, number) = match from {
                Address::Scaled(a, shift, number) => (pair(a, shift.into()), number),
                Address::Sum(a, b, number) => (pair(a, b), number),
            };
            self.emit(Form::of(code).result(op.ty()).more(4), dst, cells);
            return self.word(number);
        }
        let Load { near, far, absolute, widen } = &LOADS[op as usize];
        let form = Form(0).result(if widen.is_some() { ValType::I32 } else { op.ty() });
        let (address, offset) = Encoder::folded(address, arg.offset);
        if let (Operand::Const(Known(number @ 0..=0xFFFF)), 0, Some(absolute)) = (address, offset, *absolute)
        {
            self.emit(form.with(absolute), dst, half(number as u16));
        } else {
            let form = form.second(ValType::I32);
            let address = self.place(ValType::I32, address, dst);
            match short(offset, op.width_log2()) {
                Some(units) => self.emit(form.with(*near), dst, pair(address, units.into())),
                None => {
                    self.emit(form.with(*far).two().more(4), dst, address);
                    self.word(offset)
                }
            }
        }
        if let Some(code) = *widen {
            self.emit(Form::of(code).result(ValType::I64).second(ValType::I32).two(), dst, dst);
        }
    }

    #[inline(always)]
    pub(super) fn encode_store(
        &mut self,
        op: StoreOp,
        cells: Cell,
        address: Operand,
        value: Operand,
        arg: MemArg,
    ) {
        let Store { near, far, constant, absolute } = &STORES[op as usize];
        let (address, offset) = Encoder::folded(address, arg.offset);
        let units = short(offset, op.width_log2());
        let form = Form(0).first(ValType::I32);
        if let (Operand::Const(Known(value)), Some(units)) = (value, units)
            && let Some(byte) = stored_byte(value, op.width_log2())
        {
            let address = self.place(ValType::I32, address, cells);
            return self.emit(form.with(*constant), address, pair(byte.into(), units.into()));
        }
        let ty = op.ty();
        if let (Operand::Const(Known(number @ 0..=0xFFFF)), 0, Some(absolute)) = (address, offset, *absolute)
        {
            let value = self.place(ty, value, cells + 1);
            return self.emit(Form::of(absolute).first(ty), value, half(number as u16));
        }
        let address = self.place(ValType::I32, address, cells);
        let value = self.place(ty, value, cells + 1);
        let form = form.second(ty);
        match units {
            Some(units) => self.emit(form.with(*near), address, pair(value, units.into())),
            None => {
                self.emit(form.with(*far).two().more(4), address, value);
                self.word(offset)
            }
        }
    }

    /// `select` has a fourth cell.
    pub(super) fn emit_select(&mut self, ty: ValType, [dst, a, b, condition]: [Cell; 4]) {
        let code = if ty.cells() == 1 { Code::select1 } else { Code::select2 };
        if dst | a | b | condition <= 0xFF {
            self.emit(Form::of(code).result(ty), dst, pair(a, b));
            return self.further(condition, 1);
        }
        let mut wide = Wide::new();
        let cells = ty.cells();
        let fields = wide.result(dst, cells) << 8 | wide.source(a, cells) << 16 | wide.source(b, cells) << 24;
        let condition = wide.source(condition, 1);
        self.prefix(&wide, 5);
        self.word(code as u32 | fields);
        self.further(condition, 1)
    }
}
