//! The types of parameters and locals, as runs of one type: a body may declare 50,000 in four bytes.

use crate::Cell;
use wasmote_core::{ErrorKind, ValType, limits};
use wasmote_platform::{Heap, Vec};

/// The first locals, of which nearly all functions have no others, are found without looking for their run.
const NEAR: usize = 64;

/// Locals, the first ones, of which it is told how much they are used.
const COUNTED: u32 = 128;

/// Locals of one type that follow one another.
#[derive(Clone, Copy)]
struct Run {
    /// Index and cell of the first local behind the run.
    end: u32,
    end_cell: Cell,
    ty: ValType,
}

pub(crate) struct Locals {
    runs: Vec<Run>,
    /// Type and first cell of each of the first ones.
    near: heapless::Vec<(ValType, u8), NEAR>,
    /// How much each of them is used. Empty if nobody wants to know.
    uses: Vec<u32>,
}

impl Locals {
    pub fn new(heap: &Heap) -> Locals {
        Locals { runs: Vec::new(heap), near: heapless::Vec::new(), uses: Vec::new(heap) }
    }

    pub fn clear(&mut self) {
        self.runs.clear();
        self.near.clear();
    }

    /// Cells of all locals so far.
    pub fn cells(&self) -> Cell {
        self.runs.last().map_or(0, |run| run.end_cell)
    }

    /// Adds locals of one type behind the others.
    pub fn add(&mut self, count: u32, ty: ValType) -> Result<(), ErrorKind> {
        if count == 0 {
            return Ok(());
        }
        let (start, start_cell) = self.runs.last().map_or((0, 0), |run| (run.end, run.end_cell));
        if count > limits::MAX_LOCALS - start.min(limits::MAX_LOCALS) {
            return Err(ErrorKind::TooManyLocals);
        }
        let (end, end_cell) = (start + count, start_cell + count * ty.cells());
        if end_cell > limits::MAX_FRAME_CELLS {
            return Err(ErrorKind::FrameTooLarge);
        }
        let mut cell = start_cell;
        for _ in 0..count {
            if self.near.push((ty, cell as u8)).is_err() {
                break;
            }
            cell += ty.cells();
        }
        match self.runs.last_mut() {
            Some(last) if last.ty == ty => (last.end, last.end_cell) = (end, end_cell),
            _ => self.runs.push(Run { end, end_cell, ty }).map_err(|_| ErrorKind::OutOfMemory)?,
        }
        Ok(())
    }

    /// Uses are told next.
    pub fn begin_uses(&mut self) {
        let count = self.runs.last().map_or(0, |run| run.end).min(COUNTED);
        self.uses.clear();
        // Without memory nothing is known of them, and what comes next fails anyway.
        let _ = self.uses.resize(count as usize, 0);
    }

    /// A local is used, so many times.
    pub fn used(&mut self, index: u32, weight: u32) {
        if let Some(uses) = self.uses.get_mut(index as usize) {
            *uses = uses.saturating_add(weight);
        }
    }

    /// The locals that are used: their type, their first cell, and how much.
    pub fn uses(&self) -> impl Iterator<Item = (ValType, Cell, u32)> {
        let used = (0..).zip(self.uses.iter()).filter(|(_, weight)| **weight > 0);
        used.filter_map(|(index, &weight)| self.get(index).map(|(ty, cell)| (ty, cell, weight)))
    }

    /// Type and first cell of a local, if it is one of the first.
    #[inline(always)]
    pub fn near(&self, index: u32) -> Option<&(ValType, u8)> {
        self.near.get(index as usize)
    }

    /// Type and first cell of a local.
    pub fn get(&self, index: u32) -> Option<(ValType, Cell)> {
        let place = self.runs.partition_point(|run| run.end <= index);
        let run = self.runs.get(place)?;
        Some((run.ty, run.end_cell - (run.end - index) * run.ty.cells()))
    }
}
