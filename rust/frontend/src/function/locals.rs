//! The types of parameters and locals, as runs of one type: a body may declare 50,000 in four bytes.

use crate::Cell;
use wasmote_core::{ErrorKind, ValType, limits};
use wasmote_platform::{Heap, Vec};

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
}

impl Locals {
    pub fn new(heap: &Heap) -> Locals {
        Locals { runs: Vec::new(heap) }
    }

    pub fn clear(&mut self) {
        self.runs.clear();
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
        let (end, end_cell) = self.runs.last().map_or((0, 0), |run| (run.end, run.end_cell));
        if count > limits::MAX_LOCALS - end.min(limits::MAX_LOCALS) {
            return Err(ErrorKind::TooManyLocals);
        }
        let (end, end_cell) = (end + count, end_cell + count * ty.cells());
        if end_cell > limits::MAX_FRAME_CELLS {
            return Err(ErrorKind::FrameTooLarge);
        }
        match self.runs.last_mut() {
            Some(last) if last.ty == ty => (last.end, last.end_cell) = (end, end_cell),
            _ => self.runs.push(Run { end, end_cell, ty }).map_err(|_| ErrorKind::OutOfMemory)?,
        }
        Ok(())
    }

    /// Type and first cell of a local.
    pub fn get(&self, index: u32) -> Option<(ValType, Cell)> {
        let place = self.runs.partition_point(|run| run.end <= index);
        let run = self.runs.get(place)?;
        Some((run.ty, run.end_cell - (run.end - index) * run.ty.cells()))
    }
}
