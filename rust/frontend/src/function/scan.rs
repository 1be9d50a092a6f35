//! What a sink may want to know of a body before it is compiled: how much each local is used, and whether there are calls.
//!
//! Each operator is looked at twice because of this, so it is one look-up in a table and what it takes to find the next one.

use super::Compiler;
use super::builtins::has_two_immediates;
use crate::Sink;
use core::slice::Iter;
use wasmote_core::{Op, ValType};

/// A use counts for so many uses outside of all loops, as a binary logarithm for each loop around it.
const LOOP_LOG2: u32 = 3;
/// Further loops do not count more.
const DEEP: u32 = 5;

/// What an operator means here, and what follows it.
#[derive(Clone, Copy)]
enum Kind {
    /// There is no such operator.
    Unknown,
    /// Nothing follows.
    Plain,
    /// An operator on numbers that not every target has instructions for.
    Numeric,
    Number,
    TwoNumbers,
    FourBytes,
    EightBytes,
    /// A list of numbers, and for a jump table one more.
    Types,
    Labels,
    Block,
    Loop,
    End,
    Local,
    /// It calls something; one number follows, or two.
    Call,
    CallTwoNumbers,
}

/// All operators are named, so that none is forgotten: a call that is overlooked would be told wrongly.
const fn kind(opcode: u32) -> Kind {
    let Some((op, _)) = Op::find(opcode) else { return Kind::Unknown };
    const fn is_float(ty: ValType) -> bool {
        matches!(ty, ValType::F32 | ValType::F64)
    }
    let numeric = match op {
        Op::Unary(op) => op.may_trap() || is_float(op.types().0) || is_float(op.types().1),
        Op::Binary(op) => op.may_trap() || is_float(op.types().0),
        _ => false,
    };
    match op {
        Op::Unary(_) | Op::Binary(_) if numeric => Kind::Numeric,
        Op::Unary(_) | Op::Binary(_) | Op::Reinterpret(..) => Kind::Plain,
        Op::Load(_) | Op::Store(_) => Kind::TwoNumbers,
        Op::Select | Op::Drop | Op::RefIsNull => Kind::Plain,
        Op::Unreachable | Op::Nop | Op::Else | Op::Return => Kind::Plain,
        Op::Block | Op::If => Kind::Block,
        Op::Loop => Kind::Loop,
        Op::End => Kind::End,
        Op::Br | Op::BrIf => Kind::Number,
        Op::BrTable => Kind::Labels,
        Op::SelectT => Kind::Types,
        Op::LocalGet | Op::LocalSet | Op::LocalTee => Kind::Local,
        Op::GlobalGet | Op::GlobalSet | Op::RefFunc | Op::RefNull => Kind::Number,
        Op::I32Const | Op::I64Const => Kind::Number,
        Op::F32Const => Kind::FourBytes,
        Op::F64Const => Kind::EightBytes,
        Op::Call | Op::ReturnCall => Kind::Call,
        Op::CallIndirect | Op::ReturnCallIndirect => Kind::CallTwoNumbers,
        Op::Builtin(builtin) if has_two_immediates(builtin) => Kind::CallTwoNumbers,
        Op::Builtin(_) => Kind::Call,
    }
}

const fn kinds<const N: usize>(first: u32) -> [Kind; N] {
    let mut kinds = [Kind::Unknown; N];
    let mut at = 0;
    while at < N {
        kinds[at] = kind(first + at as u32);
        at += 1;
    }
    kinds
}

static PLAIN: [Kind; 0xD3] = kinds(0);
static PREFIXED: [Kind; 18] = kinds(0xFC00);

/// Skips a number.
#[inline(always)]
fn skip(bytes: &mut Iter<'_, u8>) {
    while bytes.next().is_some_and(|&byte| byte >= 0x80) {}
}

/// A number, mostly of one byte.
#[inline(always)]
fn number(bytes: &mut Iter<'_, u8>) -> u32 {
    match bytes.as_slice().first() {
        Some(&byte) if byte < 0x80 => {
            bytes.next();
            byte.into()
        }
        _ => long_number(bytes),
    }
}

/// A number of any length. Where it ends is a value, so that nothing but the loop's own registers have to know.
#[inline(always)]
fn long_number(bytes: &mut Iter<'_, u8>) -> u32 {
    let number;
    (number, *bytes) = read_number(bytes.clone());
    number
}

#[inline(never)]
fn read_number(mut bytes: Iter<'_, u8>) -> (u32, Iter<'_, u8>) {
    let mut number = 0;
    for (at, &byte) in (0..5).zip(&mut bytes) {
        number |= u32::from(byte & 0x7F) << (7 * at);
        if byte < 0x80 {
            break;
        }
    }
    (number, bytes)
}

impl<S: Sink> Compiler<'_, '_, S> {
    /// Looks ahead over the whole body. What is wrong with it does not matter here: it is found when it is compiled.
    #[inline(never)]
    pub(super) fn scan(&mut self) {
        self.sink.scan();
        self.locals.begin_uses();
        let mut bytes = self.reader.rest().iter();
        // One bit for each open block, the innermost lowest: whether it is a loop.
        let (mut blocks, mut depth) = (0u64, 0u32);
        let mut open = 1u32;
        let mut calls = false;
        let mut weight = 1;
        while let Some(&byte) = bytes.next() {
            let mut opcode = u32::from(byte);
            let mut found = PLAIN.get(opcode as usize);
            if opcode == 0xFC {
                let sub = long_number(&mut bytes);
                opcode = 0xFC00 | sub.min(0xFF);
                found = PREFIXED.get(sub as usize);
            }
            let Some(kind) = found else { break };
            // Those that follow and do not matter.
            let mut numbers = 0;
            match kind {
                Kind::Unknown => break,
                Kind::Plain => continue,
                Kind::Numeric => {
                    if !calls && let Some(op) = Op::decode(opcode) {
                        calls = self.sink.is_call(op);
                    }
                    continue;
                }
                Kind::Number => {
                    skip(&mut bytes);
                    continue;
                }
                Kind::TwoNumbers => numbers = 2,
                Kind::FourBytes => {
                    bytes.nth(3);
                }
                Kind::EightBytes => {
                    bytes.nth(7);
                }
                Kind::Types => numbers = long_number(&mut bytes),
                Kind::Labels => numbers = long_number(&mut bytes).saturating_add(1),
                Kind::Block | Kind::Loop => {
                    let is_loop = u32::from(matches!(kind, Kind::Loop));
                    numbers = 1;
                    open += 1;
                    // Of more blocks than bits the outermost ones are taken for none.
                    depth = depth - (blocks >> 63) as u32 + is_loop;
                    blocks = blocks << 1 | u64::from(is_loop);
                    weight = 1 << (LOOP_LOG2 * depth.min(DEEP));
                }
                Kind::End => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                    depth -= (blocks & 1) as u32;
                    blocks >>= 1;
                    weight = 1 << (LOOP_LOG2 * depth.min(DEEP));
                }
                Kind::Local => {
                    let index = number(&mut bytes);
                    self.locals.used(index, weight);
                    continue;
                }
                Kind::Call => {
                    calls = true;
                    numbers = 1;
                }
                Kind::CallTwoNumbers => {
                    calls = true;
                    numbers = 2;
                }
            }
            // No more than there are bytes.
            for _ in 0..numbers.min(bytes.len() as u32) {
                skip(&mut bytes);
            }
        }
        if calls {
            self.sink.calls();
        }
        for (ty, cell, weight) in self.locals.uses() {
            self.sink.used(cell, ty, weight);
        }
    }
}
