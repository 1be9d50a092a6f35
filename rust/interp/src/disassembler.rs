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
            let field = code.get(next..end);
            // In front of the offset.
            let from = next as i64 - 1;
            next = end;
            let bits = field.unwrap_or(&[]).iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte));
            match letter {
                // The function ends here.
                b'F' if field.is_none() => {}
                b'r' | b'R' => write!(out, " r{bits}")?,
                b'i' => write!(out, " {}", bits as i8)?,
                b'I' => write!(out, " {}", bits as i16)?,
                b'T' => write!(out, " ->{}", from + i64::from(bits as i16))?,
                b'O' => write!(out, " ->{}", from + i64::from(bits as i32))?,
                b'W' => write!(out, " {bits:#x}")?,
                _ => write!(out, " {bits}")?,
            }
        }
        let (targets, each, fuel) = instruction.more(code.get(at..next).unwrap_or(&[]));
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
        if let Some(fuel) = code.get(next..next + fuel) {
            fuel.iter().try_for_each(|units| write!(out, " {units}"))?;
        }
        next += fuel;
        writeln!(out)?;
    }
    Ok(())
}
