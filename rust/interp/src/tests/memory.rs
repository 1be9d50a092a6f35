//! Loads and stores of every kind, in and out of bounds; globals.

use super::few;
use super::rig::Rig;
use std::format;
use std::vec::Vec;
use wasmote_core::{LoadOp, StoreOp, Trap, ValType, for_each_op};

macro_rules! ops {
    (
        unary { $($u:tt)* }
        binary { $($b:tt)* }
        load { $( $lc:literal $load:ident $lt:literal: $lw:literal, $ly:ident, $lf:ident; )* }
        store { $( $sc:literal $store:ident $st:literal: $sw:literal, $sy:ident, $sf:ident; )* }
        $($rest:tt)*
    ) => {
        const LOADS: &[LoadOp] = &[$( LoadOp::$load, )*];
        const STORES: &[StoreOp] = &[$( StoreOp::$store, )*];
    };
}
for_each_op!(ops);

const OFFSETS: &[u64] =
    &[0, 1, 4, 8, 255, 256, 2040, 2048, 5001, 65_528, 65_535, 65_536, 0xFFFF_FFF0, 0xFFFF_FFFF];
const ADDRESSES: &[u64] = &[
    0,
    3,
    64,
    60_000,
    65_528,
    65_532,
    65_534,
    65_535,
    65_536,
    65_537,
    0x8000_0000,
    0xFFFF_FFF8,
    0xFFFF_FFFF,
];

fn place(address: u64, offset: u64, width: u32) -> Result<usize, Trap> {
    let place = address + offset;
    if place + u64::from(width) <= 65_536 { Ok(place as usize) } else { Err(Trap::MemoryOutOfBounds) }
}

#[test]
pub(super) fn loads() {
    for &op in LOADS.iter().step_by(few(1, 3)) {
        let (name, ty) = (op.name(), op.ty().name());
        let mut wat = std::string::String::from("(memory 1)");
        for (i, offset) in OFFSETS.iter().enumerate().step_by(few(1, 5)) {
            wat += &format!(
                "(func (export \"local{i}\") (param i32) (result {ty}) ({name} offset={offset} (local.get 0)))
                 (func (export \"far{i}\") (param i32) (result {ty}) (local {}) (local i32 {ty})
                    (local.set 301 (local.get 0)) (local.set 302 ({name} offset={offset} (local.get 301)))
                    (local.get 302))",
                "i32 ".repeat(300)
            );
            for (j, &address) in ADDRESSES.iter().enumerate().step_by(few(1, 4)) {
                wat += &format!(
                    "(func (export \"const{i}_{j}\") (result {ty}) ({name} offset={offset} (i32.const {})))",
                    address as i32
                );
            }
        }
        let rig = Rig::new(&[&format!("(module {wat})")]);
        for (i, byte) in rig.instances[0].memory().iter_mut().enumerate() {
            *byte = (i as u32).wrapping_mul(0x9E37_79B9).wrapping_shr(13) as u8;
        }
        let width = 1 << op.width_log2();
        for (i, &offset) in OFFSETS.iter().enumerate().step_by(few(1, 5)) {
            for (j, &address) in ADDRESSES.iter().enumerate().step_by(few(1, 4)) {
                let want = place(address, offset, width).map(|at| {
                    let bytes = &rig.instances[0].memory()[at..at + width as usize];
                    let bits = bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
                    let spare = 64 - 8 * width;
                    let bits =
                        if name.ends_with("_s") { ((bits << spare) as i64 >> spare) as u64 } else { bits };
                    if op.ty().cells() == 1 {
                        std::vec![bits as u32]
                    } else {
                        std::vec![bits as u32, (bits >> 32) as u32]
                    }
                });
                let address = [address as u32];
                assert_eq!(rig.call(&format!("local{i}"), &address), want, "{name} {address:x?} {offset:x}");
                assert_eq!(
                    rig.call(&format!("far{i}"), &address),
                    want,
                    "{name} {address:x?} {offset:x} far"
                );
                assert_eq!(
                    rig.call(&format!("const{i}_{j}"), &[]),
                    want,
                    "{name} {address:x?} {offset:x} const"
                );
            }
        }
    }
}

#[test]
pub(super) fn stores() {
    const VALUES: &[u64] = &[0, 1, 127, 128, 0xFF, 0xFFFF_FFFF_FFFF_FFFF, 0xFEDC_BA98_7654_3210, 0x8000];
    for &op in STORES.iter().step_by(few(1, 2)) {
        let (name, ty) = (op.name(), op.ty());
        let value = |bits: u64| match ty {
            ValType::I32 => format!("(i32.const {})", bits as i32),
            ValType::I64 => format!("(i64.const {})", bits as i64),
            ValType::F32 => format!("(f32.reinterpret_i32 (i32.const {}))", bits as i32),
            _ => format!("(f64.reinterpret_i64 (i64.const {}))", bits as i64),
        };
        let mut wat = std::string::String::from("(memory 1)");
        for (i, offset) in OFFSETS.iter().enumerate().step_by(few(1, 5)) {
            let ty = ty.name();
            wat += &format!(
                "(func (export \"local{i}\") (param i32 {ty}) ({name} offset={offset} (local.get 0) (local.get 1)))
                 (func (export \"far{i}\") (param i32 {ty}) (local {}) (local i32 {ty})
                    (local.set 302 (local.get 0)) (local.set 303 (local.get 1))
                    ({name} offset={offset} (local.get 302) (local.get 303)))",
                "i32 ".repeat(300)
            );
            wat += &format!(
                "(func (export \"abs{i}\") (param {ty}) ({name} offset={offset} (i32.const 100) (local.get 0)))"
            );
            for (k, &bits) in VALUES.iter().enumerate().step_by(few(1, 5)) {
                wat += &format!(
                    "(func (export \"const{i}_{k}\") (param i32) ({name} offset={offset} (local.get 0) {}))
                     (func (export \"fixed{i}_{k}\") ({name} offset={offset} (i32.const 64) {}))",
                    value(bits),
                    value(bits)
                );
            }
        }
        let rig = Rig::new(&[&format!("(module {wat})")]);
        let width = 1 << op.width_log2();
        let check = |export: &str, args: &[u32], at: Result<usize, Trap>, bits: u64| {
            let memory = || rig.instances[0].memory();
            memory().fill(0xA5);
            let result = rig.call(export, args);
            assert_eq!(result, at.map(|_| Vec::new()), "{name} {export} {args:x?}");
            if let Ok(at) = at {
                assert_eq!(
                    memory()[at..at + width as usize],
                    bits.to_le_bytes()[..width as usize],
                    "{name} {export}"
                );
                memory()[at..at + width as usize].fill(0xA5);
            }
            assert!(
                memory().iter().step_by(few(1, 97)).all(|&byte| byte == 0xA5),
                "{name} {export}: wrote elsewhere"
            );
        };
        for (i, &offset) in OFFSETS.iter().enumerate().step_by(few(1, 5)) {
            for &address in ADDRESSES.iter().step_by(few(1, 4)) {
                let at = place(address, offset, width);
                for (k, &bits) in VALUES.iter().enumerate().step_by(few(1, 5)) {
                    let mut args = std::vec![address as u32];
                    check(&format!("const{i}_{k}"), &args, at, bits);
                    args.push(bits as u32);
                    if ty.cells() == 2 {
                        args.push((bits >> 32) as u32);
                    }
                    if k > 4 {
                        check(&format!("local{i}"), &args, at, bits);
                        check(&format!("far{i}"), &args, at, bits);
                    }
                }
            }
            for (k, &bits) in VALUES.iter().enumerate().step_by(few(1, 5)) {
                check(&format!("fixed{i}_{k}"), &[], place(64, offset, width), bits);
                let args = [bits as u32, (bits >> 32) as u32];
                let args = &args[..ty.cells() as usize];
                check(&format!("abs{i}"), args, place(100, offset, width), bits);
            }
        }
    }
}

#[test]
pub(super) fn globals() {
    let many = "(global (mut i64) (i64.const 0))".repeat(33_000);
    let wat = format!(
        "(module
            (import \"host\" \"g\" (global (mut i32)))
            (import \"host\" \"h\" (global (mut i64)))
            (global (mut i32) (i32.const 7))
            (global (mut i64) (i64.const 0x123456789a))
            {many}
            (func (export \"own\") (param i32) (result i32)
                (global.set 2 (i32.add (global.get 2) (local.get 0))) (global.get 2))
            (func (export \"own64\") (param i64) (result i64)
                (global.set 3 (i64.add (global.get 3) (local.get 0))) (global.get 3))
            (func (export \"imported\") (param i32) (result i32)
                (global.set 0 (i32.add (global.get 0) (local.get 0))) (global.get 0))
            (func (export \"imported64\") (param i64) (result i64)
                (global.set 1 (local.get 0)) (global.get 1))
            (func (export \"far\") (param i64) (result i64)
                (global.set 33003 (local.get 0)) (global.set 33002 (i64.const 5)) (global.get 33003))
            (func (export \"const\") (result i32) (global.set 2 (i32.const 100000)) (global.get 2)))"
    );
    let rig = Rig::new(&[&wat]);
    assert_eq!(rig.call("own", &[5]), Ok(std::vec![12]));
    assert_eq!(rig.call("imported", &[5]), Ok(std::vec![5]));
    assert_eq!(rig.call("imported", &[5]), Ok(std::vec![10]));
    assert_eq!(rig.call64("own64", &[1]), Ok(0x12_3456_789b));
    assert_eq!(rig.call64("imported64", &[0x1_0000_0002]), Ok(0x1_0000_0002));
    assert_eq!(rig.call64("far", &[0x3_0000_0004]), Ok(0x3_0000_0004));
    assert_eq!(rig.call("const", &[]), Ok(std::vec![100_000]));
}

#[test]
pub(super) fn addresses() {
    let mut wat = std::string::String::from("(memory 1)");
    const KINDS: &[(&str, u32)] =
        &[("i32.load", 4), ("i32.load8_u", 1), ("i32.load16_s", 2), ("i32.load16_u", 2), ("i32.load8_s", 1)];
    for (i, (name, _)) in KINDS.iter().enumerate() {
        for base in [4, 1000, -8] {
            wat += &format!(
                "(func (export \"scaled{i}{base}\") (param i32) (result i32)
                    ({name} (i32.add (i32.shl (local.get 0) (i32.const 3)) (i32.const {base}))))
                 (func (export \"plain{i}{base}\") (param i32) (result i32)
                    ({name} (i32.add (local.get 0) (i32.const {base}))))
                 (func (export \"sum{i}{base}\") (param i32 i32) (result i32)
                    ({name} (i32.add (i32.add (local.get 0) (local.get 1)) (i32.const {base}))))
                 (func (export \"two{i}{base}\") (param i32 i32) (result i32)
                    ({name} (i32.add (local.get 0) (local.get 1))))"
            );
        }
    }
    let rig = Rig::new(&[&format!("(module {wat})")]);
    for (i, byte) in rig.instances[0].memory().iter_mut().enumerate() {
        *byte = (i as u32).wrapping_mul(0x9E37_79B9).wrapping_shr(13) as u8;
    }
    for (i, &(name, width)) in KINDS.iter().enumerate() {
        let want = |address: u32| {
            let at = place(address.into(), 0, width)?;
            let bytes = &rig.instances[0].memory()[at..at + width as usize];
            let bits = bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte));
            let spare = 32 - 8 * width;
            Ok(std::vec![if name.ends_with("_s") { ((bits << spare) as i32 >> spare) as u32 } else { bits }])
        };
        for base in [4i32, 1000, -8] {
            for a in [0u32, 1, 2, 8, 5000, 65_000, 65_535, 65_536, 0x2000_0001, 0xFFFF_FFFC, 0xFFFF_FFFF] {
                let based = |address: u32| want(address.wrapping_add_signed(base));
                assert_eq!(rig.call(&format!("scaled{i}{base}"), &[a]), based(a << 3), "{name} {a} {base}");
                assert_eq!(rig.call(&format!("plain{i}{base}"), &[a]), based(a), "{name} {a} {base}");
                for b in [0, 3, 0xFFFF_F000] {
                    let sum = a.wrapping_add(b);
                    assert_eq!(
                        rig.call(&format!("sum{i}{base}"), &[a, b]),
                        based(sum),
                        "{name} {a} {b} {base}"
                    );
                    assert_eq!(rig.call(&format!("two{i}{base}"), &[a, b]), want(sum), "{name} {a} {b}");
                }
            }
        }
    }
}
