//! The sink that writes down what it is told: one line an instruction. It shows what a back end sees, and that
//! the seam is enough for one.

use crate::sink::*;
use core::fmt::Write;
use wasmote_core::{BinaryOp, ErrorKind, FuncType, LoadOp, StoreOp, Trap, UnaryOp, ValType, vm::Builtin};

/// A [`Sink`] that lists what it is told.
///
/// Cells are written `%n` for parameters and locals and `$n` for temporaries, labels `@n`.
#[derive(Debug)]
pub struct Lister<W: Write> {
    out: W,
    metered: bool,
    labels: u32,
    charges: u32,
    /// Cells from here on are temporaries.
    local_cells: Cell,
    /// Whether something could not be written.
    failed: bool,
}

impl<W: Write> Lister<W> {
    /// A lister that writes to `out`. If `metered`, fuel charges are listed too.
    pub fn new(out: W, metered: bool) -> Lister<W> {
        Lister { out, metered, labels: 0, charges: 0, local_cells: 0, failed: false }
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn line(&mut self, line: core::fmt::Arguments<'_>) {
        self.failed |= writeln!(self.out, "{line}").is_err();
    }

    fn place(&self, cell: Cell) -> Place {
        Place { cell, local: cell < self.local_cells }
    }
}

/// A cell, as it is listed.
struct Place {
    cell: Cell,
    local: bool,
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}{}", if self.local { '%' } else { '$' }, self.cell)
    }
}

impl core::fmt::Display for Operand {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Operand::Const(Known(bits)) => write!(f, "{bits:#x}"),
            Operand::Local(cell) => write!(f, "%{cell}"),
            Operand::Temp(cell) => write!(f, "${cell}"),
        }
    }
}

impl core::fmt::Display for GlobalPlace {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            GlobalPlace::Import(index) => write!(f, "import {index}"),
            GlobalPlace::Own(cell) => write!(f, "own {cell}"),
        }
    }
}

impl core::fmt::Display for Callee {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Callee::Import(index) => write!(f, "import {index}"),
            Callee::Own(index) => write!(f, "own {index}"),
            Callee::Indirect { table, ty, index } => write!(f, "table {table} [{index}] type {ty:#x}"),
        }
    }
}

impl<W: Write> Sink for Lister<W> {
    type Label = u32;
    type Charge = u32;

    fn metered(&self) -> bool {
        self.metered
    }
    fn at(&mut self, _: u32) {}
    fn begin(&mut self, func: &FuncInfo<'_>) {
        self.local_cells = func.local_cells;
        self.line(format_args!(
            "function {}: {} + {} cells",
            func.index,
            func.param_cells,
            func.local_cells - func.param_cells
        ))
    }
    fn end(&mut self, frame_cells: u32) -> Result<(), ErrorKind> {
        self.line(format_args!("end: {frame_cells} cells"));
        // A lister that cannot write has no other way to say so.
        if core::mem::take(&mut self.failed) { Err(ErrorKind::OutOfMemory) } else { Ok(()) }
    }
    fn unary(&mut self, op: UnaryOp, dst: Cell, a: Operand) {
        self.line(format_args!("  {} = {} {a}", self.place(dst), op.name()));
    }
    fn binary(&mut self, op: BinaryOp, dst: Cell, a: Operand, b: Operand) {
        self.line(format_args!("  {} = {} {a} {b}", self.place(dst), op.name()));
    }
    fn load(&mut self, op: LoadOp, dst: Cell, address: Operand, arg: MemArg) {
        self.line(format_args!("  {} = {} {address}+{:#x}", self.place(dst), op.name(), arg.offset));
    }
    fn store(&mut self, op: StoreOp, _: Cell, address: Operand, value: Operand, arg: MemArg) {
        self.line(format_args!("  {} {address}+{:#x} {value}", op.name(), arg.offset));
    }
    fn copy(&mut self, ty: ValType, dst: Cell, src: Operand) {
        self.line(format_args!("  {} = {} {src}", self.place(dst), ty.name()));
    }
    fn select(&mut self, ty: ValType, dst: Cell, a: Operand, b: Operand, condition: Operand) {
        self.line(format_args!("  {} = {} select {a} {b} {condition}", self.place(dst), ty.name()));
    }
    fn global_get(&mut self, ty: ValType, dst: Cell, place: GlobalPlace) {
        self.line(format_args!("  {} = {} global {place}", self.place(dst), ty.name()));
    }
    fn global_set(&mut self, ty: ValType, _: Cell, place: GlobalPlace, src: Operand) {
        self.line(format_args!("  {} global {place} = {src}", ty.name()));
    }
    fn ref_func(&mut self, dst: Cell, func: u32) {
        self.line(format_args!("  {} = ref.func {func}", self.place(dst)));
    }
    fn builtin(&mut self, builtin: Builtin, cells: Cell, first: u32, second: u32) {
        self.line(format_args!("  {builtin:?} {} {first} {second}", self.place(cells)));
    }
    fn call(&mut self, callee: Callee, _: FuncType<'_>, cells: Cell) {
        self.line(format_args!("  call {callee} {}", self.place(cells)));
    }
    fn tail_call(&mut self, callee: Callee, _: FuncType<'_>, cells: Cell) {
        self.line(format_args!("  return_call {callee} {}", self.place(cells)));
    }
    fn return_one(&mut self, result: Option<(ValType, Operand)>) {
        match result {
            Some((ty, operand)) => self.line(format_args!("  return {} {operand}", ty.name())),
            None => self.line(format_args!("  return")),
        }
    }
    fn return_many(&mut self, cells: Cell, count: u32) {
        self.line(format_args!("  return {count} cells {}", self.place(cells)));
    }
    fn trap(&mut self, trap: Trap) {
        self.line(format_args!("  trap {trap:?}"));
    }
    fn label(&mut self) -> u32 {
        self.labels += 1;
        self.labels
    }
    fn bind(&mut self, label: &mut u32, loop_header: bool) {
        self.line(format_args!("@{label}:{}", if loop_header { " loop" } else { "" }));
    }
    fn jump(&mut self, label: &mut u32) {
        self.line(format_args!("  jump @{label}"));
    }
    fn jump_if(&mut self, when: When, condition: Operand, label: &mut u32) {
        let not = if when == When::Zero { "not " } else { "" };
        self.line(format_args!("  jump @{label} if {not}{condition}"));
    }
    fn jump_table(&mut self, _: Cell, index: Operand, targets: u32) {
        self.line(format_args!("  jump table {index}, {targets} targets"));
    }
    fn jump_table_target(&mut self, label: &mut u32) {
        self.line(format_args!("    @{label}"));
    }
    fn charge(&mut self) -> u32 {
        self.charges += 1;
        let charge = self.charges;
        self.line(format_args!("  charge #{charge}"));
        charge
    }
    fn set_charge(&mut self, charge: u32, units: u8) {
        self.line(format_args!("  #{charge} is {units}"));
    }
}
