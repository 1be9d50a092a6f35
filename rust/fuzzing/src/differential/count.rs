//! An independent count of fuel: a module that counts its own operators, for another engine to run.
//!
//! In front of every operator that costs something stands code that adds one to a global; behind every bulk operator,
//! code that adds what its length costs. What is counted is what was executed; wasmote charges a straight line of code at
//! its beginning, so the counts are equal when a call returns, and wasmote's is the larger one if it trapped.

use super::scenario::leb;
use anyhow::{Context, Result};
use std::ops::Range;
use wasmparser::{BlockType, FunctionBody, Operator, Parser, Payload};

/// The name of the global with the count: longer than all other names, as modules made by a fuzzer have any.
fn name(wasm: &[u8]) -> Result<String> {
    let mut longest = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::ExportSection(section) = payload? {
            for export in section {
                longest = longest.max(export?.name.len());
            }
        }
    }
    Ok("#".repeat(longest + 1))
}

const GLOBALS: u8 = 6;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;

/// The module with its own count, in a global whose name is the longest.
///
/// # Errors
/// It is not valid.
pub fn instrument(wasm: &[u8]) -> Result<Vec<u8>> {
    let sections = sections(wasm)?;
    let global = globals(wasm)?;
    let mut entries = Entries { global, export: Vec::new() };
    let name = name(wasm)?;
    leb(&mut entries.export, name.len() as u64);
    entries.export.extend(name.bytes());
    entries.export.push(3);
    leb(&mut entries.export, global.into());
    let mut out = wasm[..8].to_vec();
    let mut last = 0;
    for (id, range) in &sections {
        if *id != 0 {
            // Sections that were not there come where they belong; that of data counts stands before the code.
            let place = if *id == 12 { CODE } else { *id };
            for missing in [GLOBALS, EXPORTS] {
                if last < missing && place > missing {
                    section(&mut out, missing, &entries.added(missing, &[0])?);
                }
            }
            last = place;
        }
        let contents = &wasm[range.clone()];
        match *id {
            GLOBALS | EXPORTS => section(&mut out, *id, &entries.added(*id, contents)?),
            CODE => section(&mut out, CODE, &code(wasm, global)?),
            id => section(&mut out, id, contents),
        }
    }
    for missing in [GLOBALS, EXPORTS] {
        if last < missing {
            section(&mut out, missing, &entries.added(missing, &[0])?);
        }
    }
    Ok(out)
}

struct Entries {
    global: u32,
    export: Vec<u8>,
}

impl Entries {
    /// The section's contents with one entry more.
    fn added(&self, id: u8, contents: &[u8]) -> Result<Vec<u8>> {
        let (count, len) = read_leb(contents)?;
        let mut out = Vec::new();
        leb(&mut out, count + 1);
        out.extend(&contents[len..]);
        // A mutable i64, which begins at 0.
        out.extend(if id == GLOBALS { &[0x7E, 1, 0x42, 0, 0x0B] } else { &self.export[..] });
        debug_assert!(id != EXPORTS || self.global < 1 << 20);
        Ok(out)
    }
}

fn section(out: &mut Vec<u8>, id: u8, contents: &[u8]) {
    out.push(id);
    leb(out, contents.len() as u64);
    out.extend(contents);
}

fn read_leb(bytes: &[u8]) -> Result<(u64, usize)> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok((value, at + 1));
        }
    }
    anyhow::bail!("a number does not end")
}

fn sections(wasm: &[u8]) -> Result<Vec<(u8, Range<usize>)>> {
    let mut sections = Vec::new();
    let mut at = 8;
    while at < wasm.len() {
        let (len, size) = read_leb(&wasm[at + 1..])?;
        let start = at + 1 + size;
        sections.push((wasm[at], start..start + len as usize));
        at = start + len as usize;
    }
    Ok(sections)
}

/// How many globals there are, imported ones included: the index of the one that is added.
fn globals(wasm: &[u8]) -> Result<u32> {
    let mut count = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    count += u32::from(matches!(import?.ty, wasmparser::TypeRef::Global(_)));
                }
            }
            Payload::GlobalSection(section) => count += section.count(),
            _ => {}
        }
    }
    Ok(count)
}

/// The code section's contents with counting.
fn code(wasm: &[u8], global: u32) -> Result<Vec<u8>> {
    // How many parameters each type has, and each function.
    let mut types = Vec::new();
    let mut own = Vec::new();
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.into_types() {
                        types.push(ty.unwrap_func().params().len() as u32);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    own.push(*types.get(ty? as usize).context("no such type")?);
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let mut out = Vec::new();
    leb(&mut out, bodies.len() as u64);
    for (body, &params) in bodies.iter().zip(&own) {
        let counted = counted(wasm, body, params, &types, global)?;
        leb(&mut out, counted.len() as u64);
        out.extend(counted);
    }
    Ok(out)
}

/// The binary logarithm of a page's bytes; of any memory that can be grown, there is one.
fn page_log2(wasm: &[u8]) -> Result<u8> {
    let mut log2 = 16;
    for payload in Parser::new(0).parse_all(wasm) {
        let memory = match payload? {
            Payload::ImportSection(section) => {
                let imports =
                    section.into_imports().map(|import| Ok(import?.ty)).collect::<Result<Vec<_>>>()?;
                imports.into_iter().find_map(|ty| match ty {
                    wasmparser::TypeRef::Memory(ty) => Some(ty),
                    _ => None,
                })
            }
            Payload::MemorySection(section) => section.into_iter().next().transpose()?,
            _ => None,
        };
        log2 = memory.and_then(|ty| ty.page_size_log2).map_or(log2, |log2| log2 as u8);
    }
    Ok(log2)
}

fn counted(wasm: &[u8], body: &FunctionBody<'_>, params: u32, types: &[u32], global: u32) -> Result<Vec<u8>> {
    let page_log2 = page_log2(wasm)?;
    let mut out = Vec::new();
    let mut groups = Vec::new();
    let mut local = params;
    for group in body.get_locals_reader()? {
        let (count, ty) = group?;
        local += count;
        groups.push((count, ty));
    }
    // The groups as they are, and one more of two i32.
    let start = body.range().start as usize;
    let operators = body.get_operators_reader()?;
    let (_, size) = read_leb(&wasm[start..])?;
    leb(&mut out, groups.len() as u64 + 1);
    out.extend(&wasm[start + size..operators.original_position() as usize]);
    out.extend([2, 0x7F]);
    let add = |out: &mut Vec<u8>, amount: &[u8]| {
        out.push(0x23);
        leb(out, global.into());
        out.extend(amount);
        out.extend([0x7C, 0x24]);
        leb(out, global.into());
    };
    let mut operators = operators;
    while !operators.eof() {
        let at = operators.original_position() as usize;
        let operator = operators.read()?;
        let bytes = &wasm[at..operators.original_position() as usize];
        let free = matches!(
            operator,
            Operator::Nop
                | Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::Else
                | Operator::End
                | Operator::Drop
        );
        if !free {
            add(&mut out, &[0x42, 1]);
        }
        // An empty block in front of a block with parameters: wasmi 2.0.0 copies what `local.get` pushed before a block
        // begins, for the local may be set in it, and leaves out parameters; but if these are other values, it leaves out
        // as many of those below instead. Without parameters it copies all.
        if let Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } = operator
            && let BlockType::FuncType(ty) = blockty
            && types.get(ty as usize).is_some_and(|&params| params > 0)
        {
            out.extend([0x02, 0x40, 0x0B]);
        }
        let (get, set, tee) = (0x20, 0x21, 0x22);
        let using = |out: &mut Vec<u8>, how: u8, local: u32| {
            out.push(how);
            leb(out, local.into());
        };
        let (first, second) = (local, local + 1);
        // (count << log2 + 63) >> 6, of an i64 that was pushed.
        let units = |log2: u8| [0x42, log2, 0x86, 0x42, 0x3F, 0x7C, 0x42, 6, 0x88];
        // That, or 0 if what was pushed then is 0.
        let or_nothing = |amount: &mut Vec<u8>, condition: &[u8]| {
            amount.extend([0x42, 0]);
            amount.extend(condition);
            amount.push(0x1B);
        };
        // wasmi 2.0.0 takes a jump table's values from elsewhere if there are several and others below them: it gets a
        // comparison for each entry.
        if let Operator::BrTable { targets } = &operator {
            using(&mut out, set, first);
            for (number, target) in targets.targets().enumerate() {
                using(&mut out, get, first);
                out.push(0x41);
                out.extend([0, 7, 14, 21].map(|shift| (number >> shift) as u8 | 0x80));
                out.extend([(number >> 28) as u8, 0x46, 0x0D]);
                leb(&mut out, target?.into());
            }
            out.push(0x0C);
            leb(&mut out, targets.default().into());
            continue;
        }
        let mut amount = Vec::new();
        match operator {
            Operator::MemoryFill { .. } | Operator::MemoryCopy { .. } | Operator::MemoryInit { .. } => {
                using(&mut out, tee, first);
                using(&mut amount, get, first);
                amount.push(0xAD);
                amount.extend(units(0));
            }
            Operator::TableFill { .. } | Operator::TableCopy { .. } => {
                using(&mut out, tee, first);
                using(&mut amount, get, first);
                amount.push(0xAD);
                amount.extend(units(2));
            }
            // Those that are left out cost as well, if any are taken.
            Operator::TableInit { .. } => {
                using(&mut out, set, first);
                using(&mut out, tee, second);
                using(&mut out, get, first);
                using(&mut amount, get, first);
                amount.push(0xAD);
                using(&mut amount, get, second);
                amount.extend([0xAD, 0x7C]);
                amount.extend(units(2));
                let mut condition = Vec::new();
                using(&mut condition, get, first);
                or_nothing(&mut amount, &condition);
            }
            // All that there is afterwards, if it has grown.
            Operator::MemoryGrow { .. } | Operator::TableGrow { .. } => {
                using(&mut out, tee, first);
                let log2 = match operator {
                    Operator::TableGrow { table } => {
                        amount.extend([0xFC, 16]);
                        leb(&mut amount, table.into());
                        2
                    }
                    _ => {
                        amount.extend([0x3F, 0]);
                        page_log2
                    }
                };
                amount.push(0xAD);
                amount.extend(units(log2));
                // The result is not -1, and the operand not 0.
                let mut condition = Vec::new();
                using(&mut condition, get, second);
                condition.extend([0x41, 0x7F, 0x47]);
                using(&mut condition, get, first);
                condition.extend([0x41, 0, 0x47, 0x71]);
                or_nothing(&mut amount, &condition);
            }
            _ => {}
        }
        out.extend(bytes);
        if matches!(operator, Operator::MemoryGrow { .. } | Operator::TableGrow { .. }) {
            using(&mut out, tee, second);
        }
        if !amount.is_empty() {
            add(&mut out, &amount);
        }
    }
    Ok(out)
}
