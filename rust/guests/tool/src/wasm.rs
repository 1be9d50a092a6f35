//! What is done to a module after it was compiled: its custom sections go, except the functions' names.

use crate::Result;

const CUSTOM: u8 = 0;
const CODE: u8 = 10;
const FUNCTION_NAMES: u8 = 1;

/// The module without its custom sections; with `names`, a name section that names functions and nothing else.
pub fn strip(module: &[u8], names: bool) -> Result<Vec<u8>> {
    let mut stripped = module.get(..8).ok_or("not a module")?.to_vec();
    for section in sections(module)? {
        if section.id != CUSTOM {
            put_section(&mut stripped, section.id, section.body);
            continue;
        }
        let mut body = Reader(section.body);
        if names && body.bytes()? == b"name" {
            let mut kept = Vec::new();
            put_bytes(&mut kept, b"name");
            while !body.0.is_empty() {
                let id = body.byte()?;
                let part = body.bytes()?;
                if id == FUNCTION_NAMES {
                    put_section(&mut kept, id, &demangle(part)?);
                }
            }
            put_section(&mut stripped, CUSTOM, &kept);
        }
    }
    Ok(stripped)
}

/// The size of the code section's content.
pub fn code_size(module: &[u8]) -> Result<usize> {
    let code = sections(module)?.into_iter().find(|section| section.id == CODE);
    Ok(code.map_or(0, |section| section.body.len()))
}

/// A backtrace on a device should be readable there, and hashes in names are noise.
fn demangle(function_names: &[u8]) -> Result<Vec<u8>> {
    let mut from = Reader(function_names);
    let count = from.number()?;
    let mut to = Vec::new();
    put_number(&mut to, count);
    for _ in 0..count {
        put_number(&mut to, from.number()?);
        let name = std::str::from_utf8(from.bytes()?)?;
        put_bytes(&mut to, format!("{:#}", rustc_demangle::demangle(name)).as_bytes());
    }
    Ok(to)
}

struct Section<'a> {
    id: u8,
    body: &'a [u8],
}

fn sections(module: &[u8]) -> Result<Vec<Section<'_>>> {
    let mut reader = Reader(module.get(8..).ok_or("not a module")?);
    let mut sections = Vec::new();
    while !reader.0.is_empty() {
        sections.push(Section { id: reader.byte()?, body: reader.bytes()? });
    }
    Ok(sections)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8> {
        let (&first, rest) = self.0.split_first().ok_or("unexpected end")?;
        self.0 = rest;
        Ok(first)
    }

    fn number(&mut self) -> Result<u32> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number is too long".into())
    }

    /// A length and so many bytes.
    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.number()? as usize;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or("unexpected end")?;
        self.0 = rest;
        Ok(bytes)
    }
}

fn put_number(to: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    put_number(to, bytes.len() as u32);
    to.extend(bytes);
}

fn put_section(to: &mut Vec<u8>, id: u8, body: &[u8]) {
    to.push(id);
    put_bytes(to, body);
}
