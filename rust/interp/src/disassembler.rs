//! Code as text, one instruction a line: place, name, fields as in its pattern.

use crate::isa::{Code, branches_from};
use core::fmt::{Result, Write};

/// Writes code as text.
pub fn disassemble(words: &[u32], out: &mut impl Write) -> Result {
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        let Some(code) = Code::known(word) else {
            writeln!(out, "{at}: ? {word:#010x}")?;
            at += 1;
            continue;
        };
        let (name, pattern) = code.text();
        write!(out, "{at}: {name}")?;
        let end = at + 1 + pattern.bytes().filter(|letter| b"WOX".contains(letter)).count();
        let from = branches_from(at, end) as i64;
        let (mut shift, mut next) = (8, at + 1);
        for letter in pattern.bytes() {
            let field = word.checked_shr(shift).unwrap_or(0);
            let mut more = || {
                next += 1;
                words.get(next - 1).copied().unwrap_or(0)
            };
            match letter {
                b'r' => write!(out, " r{}", field & 0xFF)?,
                b'i' => write!(out, " {}", field as i8)?,
                b'u' => write!(out, " {}", field & 0xFF)?,
                b'R' => write!(out, " r{}", field & 0xFFFF)?,
                b'I' => write!(out, " {}", field as i16)?,
                b'U' => write!(out, " {}", field & 0xFFFF)?,
                b'T' => write!(out, " ->{}", from + i64::from(field as i16))?,
                b'B' => write!(out, " ->{}", from + i64::from(word as i32 >> 8))?,
                b'N' => write!(out, " {}", word >> 8)?,
                b'W' => write!(out, " {:#x}", more())?,
                b'O' => write!(out, " ->{}", from + i64::from(more() as i32))?,
                b'X' => {
                    let word = more();
                    write!(out, " r{}/{}", word & 0xFFFF, word >> 16)?;
                }
                _ => {}
            }
            shift += if b"RIUT".contains(&letter) { 16 } else { 8 };
        }
        writeln!(out)?;
        at = end;
    }
    Ok(())
}
