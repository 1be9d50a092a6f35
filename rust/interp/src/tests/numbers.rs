//! Every operator with operands of every kind, against a reference that shares nothing with the handlers.

use super::few;
use super::rig::Rig;
use std::format;
use std::string::String;
use std::vec::Vec;
use wasmote_core::{BinaryOp, Trap, UnaryOp, ValType, for_each_op};

macro_rules! ops {
    (
        unary { $( $uc:literal $unary:ident $ut:literal: $ua:ident -> $ur:ident, $uk:ident, $uf:ident; )* }
        binary { $( $bc:literal $binary:ident $bt:literal: $ba:ident -> $br:ident, $bk:ident, $bf:ident; )* }
        $($rest:tt)*
    ) => {
        pub(super) const UNARY: &[UnaryOp] = &[$( UnaryOp::$unary, )*];
        pub(super) const BINARY: &[BinaryOp] = &[$( BinaryOp::$binary, )*];
    };
}
for_each_op!(ops);

const I32: &[u64] = &[
    0,
    1,
    2,
    5,
    31,
    32,
    33,
    63,
    100,
    126,
    127,
    128,
    255,
    1000,
    65_535,
    0x7FFF_FFFF,
    0x8000_0000,
    0x8000_0001,
    0xFFFF_FF7F,
    0xFFFF_FF80,
    0xFFFF_8000,
    0xFFFF_FFFE,
    0xFFFF_FFFF,
    0x1234_5678,
];
const I64: &[u64] = &[
    0,
    1,
    2,
    31,
    32,
    63,
    64,
    127,
    128,
    1000,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x1_0000_0000,
    0x1234_5678_9ABC_DEF0,
    0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000,
    0xFFFF_FFFF_8000_0000,
    0xFFFF_FFFF_FFFF_FF80,
    0xFFFF_FFFF_FFFF_FFFE,
    0xFF00_FF00,
    0xFFFF_FFFF_FFFF_FFFF,
];
const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    3.5,
    -2.5,
    0.49999999999999994,
    -0.3,
    0.9999,
    1e-40,
    5e-324,
    1e10,
    -1e10,
    8388607.5,
    8388608.0,
    4503599627370495.5,
    4503599627370497.5,
    2147483647.0,
    2147483647.5,
    2147483648.0,
    -2147483648.0,
    -2147483648.9,
    -2147483649.0,
    4294967295.0,
    4294967295.5,
    4294967296.0,
    -0.99999,
    9223372036854774784.0,
    9223372036854775808.0,
    -9223372036854775808.0,
    -9223372036854777856.0,
    18446744073709549568.0,
    18446744073709551616.0,
    1e300,
    -1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

fn values(ty: ValType) -> Vec<u64> {
    match ty {
        ValType::I64 => I64.to_vec(),
        ValType::F64 => FLOATS.iter().map(|x| x.to_bits()).collect(),
        ValType::F32 => FLOATS.iter().map(|&x| u64::from((x as f32).to_bits())).collect(),
        _ => I32.to_vec(),
    }
}

fn constant(ty: ValType, bits: u64) -> String {
    match ty {
        ValType::F32 => format!("(f32.reinterpret_i32 (i32.const {}))", bits as i32),
        ValType::F64 => format!("(f64.reinterpret_i64 (i64.const {}))", bits as i64),
        _ => format!("({}.const {})", ty.name(), bits as i64 as i128 as i64),
    }
}

/// Equal bits; of NaNs, any two.
#[track_caller]
fn same(ty: ValType, got: Result<u64, Trap>, want: Result<u64, Trap>, what: &str) {
    let nan = |bits: u64| match ty {
        ValType::F32 => f32::from_bits(bits as u32).is_nan(),
        ValType::F64 => f64::from_bits(bits).is_nan(),
        _ => false,
    };
    if let (Ok(got), Ok(want)) = (got, want)
        && nan(got)
        && nan(want)
    {
        let quiet = if ty == ValType::F32 { got as u32 >> 22 & 1 != 0 } else { got >> 51 & 1 != 0 };
        assert!(quiet, "{what}: a signalling NaN");
        return;
    }
    assert_eq!(got, want, "{what}: {got:x?} instead of {want:x?}");
}

fn sign_extend(bits: u32, value: u64) -> i128 {
    if bits == 32 { i128::from(value as i32) } else { i128::from(value as i64) }
}

fn mask(ty: ValType, value: i128) -> u64 {
    if ty.cells() == 1 { u64::from(value as u32) } else { value as u64 }
}

fn binary_reference(op: BinaryOp, a: u64, b: u64) -> Result<u64, Trap> {
    let (ty, result) = op.types();
    let name = op.name().split_once('.').unwrap().1;
    match ty {
        ValType::F32 => {
            float_reference(name, f32::from_bits(a as u32).into(), f32::from_bits(b as u32).into())
                .map(|value| if result == ty { u64::from((value as f32).to_bits()) } else { value as u64 })
        }
        ValType::F64 => float_reference(name, f64::from_bits(a), f64::from_bits(b))
            .map(|value| if result == ty { value.to_bits() } else { value as u64 }),
        _ => {
            let bits = ty.cells() * 32;
            let (sa, sb) = (sign_extend(bits, a), sign_extend(bits, b));
            let (ua, ub) = (i128::from(a), i128::from(b));
            let shift = (b % u64::from(bits)) as u32;
            let rotate = |by: u32| (ua << by | ua >> (bits - by)) & ((1 << bits) - 1);
            let value = match name {
                "add" => sa + sb,
                "sub" => sa - sb,
                "mul" => sa.wrapping_mul(sb),
                "div_s" | "div_u" | "rem_s" | "rem_u" if b == 0 => return Err(Trap::IntegerDivisionByZero),
                "div_s" if sa / sb == 1 << (bits - 1) => return Err(Trap::IntegerOverflow),
                "div_s" => sa / sb,
                "div_u" => ua / ub,
                "rem_s" => sa % sb,
                "rem_u" => ua % ub,
                "and" => sa & sb,
                "or" => sa | sb,
                "xor" => sa ^ sb,
                "shl" => ua << shift,
                "shr_s" => sa >> shift,
                "shr_u" => ua >> shift,
                "rotl" => rotate(shift),
                "rotr" => rotate((bits - shift) % bits),
                "eq" => i128::from(a == b),
                "ne" => i128::from(a != b),
                "lt_s" => i128::from(sa < sb),
                "lt_u" => i128::from(a < b),
                "gt_s" => i128::from(sa > sb),
                "gt_u" => i128::from(a > b),
                "le_s" => i128::from(sa <= sb),
                "le_u" => i128::from(a <= b),
                "ge_s" => i128::from(sa >= sb),
                "ge_u" => i128::from(a >= b),
                _ => panic!("{name}"),
            };
            Ok(mask(result, value))
        }
    }
}

/// In f64, which also holds the exact f32 results that are rounded once more.
fn float_reference(name: &str, a: f64, b: f64) -> Result<f64, Trap> {
    let truth = |value: bool| f64::from(u8::from(value));
    Ok(match name {
        "add" => a + b,
        "sub" => a - b,
        "mul" => a * b,
        "div" => a / b,
        "min" | "max" if a.is_nan() || b.is_nan() => f64::NAN,
        "min" if a == 0.0 && b == 0.0 => {
            if a.is_sign_negative() {
                a
            } else {
                b
            }
        }
        "max" if a == 0.0 && b == 0.0 => {
            if a.is_sign_negative() {
                b
            } else {
                a
            }
        }
        "min" => a.min(b),
        "max" => a.max(b),
        "copysign" => a.copysign(b),
        "eq" => truth(a == b),
        "ne" => truth(a != b),
        "lt" => truth(a < b),
        "gt" => truth(a > b),
        "le" => truth(a <= b),
        "ge" => truth(a >= b),
        _ => panic!("{name}"),
    })
}

fn unary_reference(op: UnaryOp, a: u64) -> Result<u64, Trap> {
    let (ty, result) = op.types();
    let name = op.name().split_once('.').unwrap().1;
    let bits = ty.cells() * 32;
    let float = if ty == ValType::F32 { f32::from_bits(a as u32).into() } else { f64::from_bits(a) };
    let signed = sign_extend(bits, a);
    let from_float = |value: f64| {
        if result == ValType::F32 { u64::from((value as f32).to_bits()) } else { value.to_bits() }
    };
    if let Some(rest) = name.strip_prefix("trunc_sat_").or(name.strip_prefix("trunc_")) {
        let width = result.cells() * 32;
        let (low, high) = if rest.ends_with("_s") {
            (-(1i128 << (width - 1)), (1i128 << (width - 1)) - 1)
        } else {
            (0, (1i128 << width) - 1)
        };
        let whole = float.trunc() as i128;
        return if name.starts_with("trunc_sat") {
            Ok(mask(result, whole.clamp(low, high)))
        } else if float.is_nan() {
            Err(Trap::BadConversionToInteger)
        } else if whole < low || whole > high {
            Err(Trap::IntegerOverflow)
        } else {
            Ok(mask(result, whole))
        };
    }
    Ok(match name {
        "eqz" => u64::from(a == 0),
        "clz" => (a << (64 - bits)).leading_zeros().min(bits).into(),
        "ctz" => a.trailing_zeros().min(bits).into(),
        "popcnt" => a.count_ones().into(),
        "abs" => a & !(1 << (bits - 1)),
        "neg" => a ^ 1 << (bits - 1),
        "ceil" => from_float(float.ceil()),
        "floor" => from_float(float.floor()),
        "trunc" => from_float(float.trunc()),
        "nearest" => from_float(float.round_ties_even()),
        "sqrt" if ty == ValType::F32 => u64::from((float as f32).sqrt().to_bits()),
        "sqrt" => from_float(float.sqrt()),
        "wrap_i64" => u64::from(a as u32),
        "extend_i32_u" => a,
        "extend_i32_s" => mask(result, signed),
        "extend8_s" => mask(result, (a as i8).into()),
        "extend16_s" => mask(result, (a as i16).into()),
        "extend32_s" => mask(result, (a as i32).into()),
        "demote_f64" | "promote_f32" => from_float(float),
        "convert_i32_s" | "convert_i64_s" if result == ValType::F32 => u64::from((signed as f32).to_bits()),
        "convert_i32_u" | "convert_i64_u" if result == ValType::F32 => u64::from((a as f32).to_bits()),
        "convert_i32_s" | "convert_i64_s" => (signed as f64).to_bits(),
        "convert_i32_u" | "convert_i64_u" => (a as f64).to_bits(),
        _ => panic!("{name}"),
    })
}

fn cells(ty: ValType, values: &[u64]) -> Vec<u32> {
    let cells = values
        .iter()
        .flat_map(|&value| [value as u32, (value >> 32) as u32].into_iter().take(ty.cells() as usize));
    cells.collect()
}

fn call(rig: &Rig, name: &str, args: &[u32]) -> Result<u64, Trap> {
    rig.call(name, args)
        .map(|results| results.iter().rev().fold(0, |bits, &cell| bits << 32 | u64::from(cell)))
}

/// The operator on locals, on temporaries, into a local, on cells beyond a byte; as condition of branches.
fn general(op: &str, params: &str, operands: usize, ty: &str, result: &str) -> String {
    let gets = |local: &dyn Fn(usize) -> String| (0..operands).map(local).collect::<String>();
    let locals = gets(&|i| format!("(local.get {i})"));
    let temps = gets(&|i| format!("(block (result {ty}) (local.get {i}))"));
    let sets = gets(&|i| format!("(local.set {} (local.get {i}))", operands + 300 + i));
    let far = gets(&|i| format!("(local.get {})", operands + 300 + i));
    let many = format!("(local {}) (local {ty} {ty})", "i32 ".repeat(300));
    let mut text = format!(
        "(func (export \"locals\") (param {params}) (result {result}) ({op} {locals}))
         (func (export \"temps\") (param {params}) (result {result}) ({op} {temps}))
         (func (export \"local\") (param {params}) (result {result}) (local {result})
            (local.set {operands} ({op} {locals})) (local.get {operands}))
         (func (export \"far\") (param {params}) (result {result}) {many} (local {result})
            {sets} (local.set {0} ({op} {far})) (local.get {0}))",
        operands + 302,
    );
    if result == "i32" {
        text += &format!(
            "(func (export \"if\") (param {params}) (result i32)
                (if (result i32) ({op} {locals}) (then (i32.const 1)) (else (i32.const 0))))
             (func (export \"unless\") (param {params}) (result i32)
                (block (br_if 0 (i32.eqz ({op} {locals}))) (return (i32.const 1))) (i32.const 0))
             (func (export \"eqz\") (param {params}) (result i32) (i32.eqz (i32.eqz ({op} {locals}))))
             (func (export \"noteqz\") (param {params}) (result i32) (local i32)
                (local.set {operands} (i32.eqz ({op} {locals})))
                (i32.sub (i32.const 1) (local.get {operands})))"
        );
    }
    text
}

fn forms(result: ValType) -> &'static [&'static str] {
    match result {
        ValType::I32 => &["locals", "temps", "local", "far", "if", "unless", "eqz", "noteqz"],
        _ => &["locals", "temps", "local", "far"],
    }
}

/// What a form makes of a value: some only say whether it is 0.
fn expected(form: &str, want: Result<u64, Trap>) -> Result<u64, Trap> {
    match form {
        "if" | "unless" | "eqz" | "noteqz" => want.map(|value| u64::from(value != 0)),
        _ => want,
    }
}

/// All values take a minute without optimisation.
const STEP: usize = few(if cfg!(debug_assertions) { 3 } else { 1 }, 13);

#[test]
fn unary() {
    unary_of(STEP);
}

#[test]
fn binary() {
    binary_of(STEP);
}

/// Tests with every `step`th value.
pub(super) fn unary_of(step: usize) {
    for &op in UNARY {
        let (ty, result) = op.types();
        let mut wat = general(op.name(), ty.name(), 1, ty.name(), result.name());
        let values = Vec::from_iter(values(ty).into_iter().step_by(step));
        for (i, &value) in values.iter().enumerate() {
            let constant = constant(ty, value);
            wat += &format!(
                "(func (export \"const{i}\") (result {}) ({} {constant}))",
                result.name(),
                op.name()
            );
        }
        let rig = Rig::new(&[&format!("(module {wat})")]);
        for (i, &a) in values.iter().enumerate() {
            let want = unary_reference(op, a);
            for form in forms(result) {
                let ty = if expected(form, Ok(2)) == Ok(1) { ValType::I32 } else { result };
                let got = call(&rig, form, &cells(op.types().0, &[a]));
                same(ty, got, expected(form, want), &format!("{} {a:#x} {form}", op.name()));
            }
            same(result, call(&rig, &format!("const{i}"), &[]), want, &format!("{} {a:#x} const", op.name()));
        }
    }
}

/// Tests with every `step`th value.
pub(super) fn binary_of(step: usize) {
    for &op in BINARY {
        let (ty, result) = op.types();
        let name = op.name();
        let params = format!("{0} {0}", ty.name());
        let mut wat = general(name, &params, 2, ty.name(), result.name());
        let values = Vec::from_iter(values(ty).into_iter().step_by(step));
        for (i, &value) in values.iter().enumerate() {
            let constant = constant(ty, value);
            let (ty, result) = (ty.name(), result.name());
            wat += &format!(
                "(func (export \"right{i}\") (param {ty}) (result {result}) ({name} (local.get 0) {constant}))
                 (func (export \"left{i}\") (param {ty}) (result {result}) ({name} {constant} (local.get 0)))"
            );
            if result == "i32" {
                wat += &format!(
                    "(func (export \"rightif{i}\") (param {ty}) (result i32)
                        (if (result i32) ({name} (local.get 0) {constant}) (then (i32.const 1)) (else (i32.const 0))))
                     (func (export \"leftif{i}\") (param {ty}) (result i32)
                        (if (result i32) (i32.eqz ({name} {constant} (local.get 0))) (then (i32.const 0)) (else (i32.const 1))))"
                );
            }
        }
        let rig = Rig::new(&[&format!("(module {wat})")]);
        for (i, &a) in values.iter().enumerate() {
            for (j, &b) in values.iter().enumerate() {
                let want = binary_reference(op, a, b);
                let what = |form: &str| format!("{name} {a:#x} {b:#x} {form}");
                for form in forms(result) {
                    let got = call(&rig, form, &cells(ty, &[a, b]));
                    let ty = if expected(form, Ok(2)) == Ok(1) { ValType::I32 } else { result };
                    same(ty, got, expected(form, want), &what(form));
                }
                same(result, call(&rig, &format!("right{j}"), &cells(ty, &[a])), want, &what("right"));
                same(result, call(&rig, &format!("left{i}"), &cells(ty, &[b])), want, &what("left"));
                if result == ValType::I32 {
                    let want = want.map(|value| u64::from(value != 0));
                    same(
                        result,
                        call(&rig, &format!("rightif{j}"), &cells(ty, &[a])),
                        want,
                        &what("rightif"),
                    );
                    same(result, call(&rig, &format!("leftif{i}"), &cells(ty, &[b])), want, &what("leftif"));
                }
            }
        }
    }
}
