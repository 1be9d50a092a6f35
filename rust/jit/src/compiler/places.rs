//! Where values have their places: in a register, or in the frame until they get one.
//!
//! If a register holds 64 bits, a value of two cells has one place, under the name of its low cell. Otherwise each cell is a
//! place of its own.

use crate::masm::{Masm, Size};
use wasmote_core::FuncType;
use wasmote_frontend::Cell;

/// The size of each place of a value of so many cells.
pub(super) fn place_size<M: Masm>(cells: u32) -> Size {
    if M::WIDE && cells == 2 { Size::W64 } else { Size::W32 }
}

/// The cells, counted from the low one, under whose names a value of so many has its places.
pub(super) fn places<M: Masm>(cells: u32) -> core::ops::Range<u32> {
    if M::WIDE { 0..cells.min(1) } else { 0..cells }
}

/// The most places of arguments that are passed in registers.
pub(super) const MAX_ARGS: usize = 8;

/// The places of arguments that are passed in registers.
pub(super) struct Arguments<M: Masm> {
    /// Where registers hold 64 bits; otherwise they are cells from the first one on.
    places: M::ArgPlaces,
    /// How many there are.
    pub count: usize,
    /// Whether there are no others.
    pub all: bool,
}

impl<M: Masm> Arguments<M> {
    pub fn new(ty: FuncType<'_>) -> Arguments<M> {
        let mut places = M::ArgPlaces::default();
        if !M::WIDE {
            let cells = ty.param_cells() as usize;
            return Arguments { places, count: M::ARGS.min(cells), all: cells <= M::ARGS };
        }
        let (mut cell, mut count) = (0, 0);
        for (param, place) in ty.params().zip(places.as_mut()) {
            *place = (cell, place_size::<M>(param.cells()));
            cell += param.cells();
            count += 1;
        }
        Arguments { places, count, all: cell == ty.param_cells() }
    }

    /// The cell of one, counted from the first, and its size.
    pub fn place(&self, at: usize) -> (Cell, Size) {
        if !M::WIDE {
            return (at as Cell, Size::W32);
        }
        self.places.as_ref().get(at).copied().unwrap_or((0, Size::W32))
    }

    /// All of them if they are not just cells from the first one on.
    pub fn list(&self) -> &[(Cell, Size)] {
        self.places.as_ref().get(..self.count).unwrap_or(&[])
    }

    /// Whether a cell is one of these places if the first argument is at `first`.
    pub fn hold(&self, first: Cell, cell: Cell) -> bool {
        cell.checked_sub(first).is_some_and(|cell| match M::WIDE {
            true => self.list().iter().any(|place| place.0 == cell),
            false => cell < self.count as Cell,
        })
    }
}

/// The size of a parameter's place.
pub(super) fn param_size<M: Masm>(ty: FuncType<'_>, cell: Cell) -> Size {
    if !M::WIDE {
        return Size::W32;
    }
    let mut at = 0;
    let param = ty.params().find(|param| {
        at += param.cells();
        at > cell
    });
    param.map_or(Size::W32, |param| place_size::<M>(param.cells()))
}
