//! Code as text, one instruction a line: place, name, fields as in its pattern.

use crate::isa::{Code, field_bytes};
use core::fmt::{Result, Write};

/// Writes code as text.
pub fn disassemble(code: &[u8], out: &mut impl Write) -> Result {
    let mut next = 0;
    while let Some(&number) = code.get(next) {
        let at = next;
        next += 1;
        let Some(instruction) = Code::known(number) else {
            writeln!(out, "{at}: ? {number:#04x}")?;
            continue;
        };
        let (name, pattern) = instruction.text();
        write!(out, "{at}: {name}")?;
        for letter in pattern.bytes() {
            let end = next + usize::from(field_bytes(letter));
            let field = code.get(next..end).unwrap_or(&[]);
            // In front of the offset.
            let from = next as i64 - 1;
            next = end;
            let field = field.iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte));
            match letter {
                b'r' | b'R' => write!(out, " r{field}")?,
                b'i' => write!(out, " {}", field as i8)?,
                b'I' => write!(out, " {}", field as i16)?,
                b'T' => write!(out, " ->{}", from + i64::from(field as i16))?,
                b'O' => write!(out, " ->{}", from + i64::from(field as i32))?,
                b'W' => write!(out, " {field:#x}")?,
                _ => write!(out, " {field}")?,
            }
        }
        let (targets, each) = instruction.targets(code.get(at..next).unwrap_or(&[]));
        for _ in 0..targets {
            let target = code.get(next..next + each).unwrap_or(&[]);
            let offset = match *target {
                [a, b] => i16::from_le_bytes([a, b]).into(),
                [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
                _ => break,
            };
            write!(out, " ->{}", next as i64 - 1 + i64::from(offset))?;
            next += each;
        }
        writeln!(out)?;
    }
    Ok(())
}
