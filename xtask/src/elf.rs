//! Reading linked firmware.

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, elf};
use std::io::Read;
use std::path::Path;

/// What a firmware takes.
#[derive(Clone, Copy, Default, Debug)]
pub struct Size {
    /// Bytes of flash: code, constants and the initial values of variables.
    pub flash: u64,
    /// Bytes of RAM: variables, without stack and heap.
    pub ram: u64,
}

/// A function or object in a firmware.
pub struct Symbol {
    /// Its name, demangled.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// Whether it is in RAM.
    pub ram: bool,
}

/// Whether a file is a linked ELF program.
pub fn is_executable(path: &Path) -> Result<bool> {
    let mut start = [0; 18];
    let mut file = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
    Ok(file.read_exact(&mut start).is_ok()
        && start.starts_with(&elf::ELFMAG)
        && u16::from_le_bytes([start[16], start[17]]) == elf::ET_EXEC.0)
}

/// A firmware's size and symbols, the largest first.
pub fn measure(path: &Path) -> Result<(Size, Vec<Symbol>)> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let file =
        object::File::parse(bytes.as_slice()).with_context(|| format!("reading {}", path.display()))?;
    let mut size = Size::default();
    for section in file.sections() {
        let loaded = matches!(section.flags(), SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(elf::SHF_ALLOC));
        if !loaded || is_lent(&section) {
            continue;
        }
        if section.kind() != SectionKind::UninitializedData {
            size.flash += section.size();
        }
        if is_variable(&section) {
            size.ram += section.size();
        }
    }
    let mut symbols: Vec<(u64, Symbol)> = file
        .symbols()
        .filter(|symbol| symbol.size() > 0)
        .filter_map(|symbol| {
            let section = file.section_by_index(symbol.section_index()?).ok()?;
            let name = plain_name(symbol.name().unwrap_or("?"));
            let one = Symbol { name, size: symbol.size(), ram: is_variable(&section) };
            (!is_lent(&section)).then_some((symbol.address(), one))
        })
        .collect();
    // One of those that name the same thing.
    symbols.sort_by_key(|(address, _)| *address);
    symbols.dedup_by(|(a, _), (b, _)| a == b);
    let mut symbols: Vec<Symbol> = symbols.into_iter().map(|(_, symbol)| symbol).collect();
    symbols.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
    Ok((size, symbols))
}

/// Whether it is the memory that the firmware hands out, whose size is its own choice.
fn is_lent<'data>(section: &impl ObjectSection<'data>) -> bool {
    section.name() == Ok(".large")
}

fn is_variable<'data>(section: &impl ObjectSection<'data>) -> bool {
    matches!(section.flags(), SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(elf::SHF_WRITE))
}

/// A symbol's name for people.
pub fn plain_name(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
