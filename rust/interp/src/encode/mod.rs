//! The encoder: a [`Sink`](wasmote_frontend::Sink) that makes register code.
//!
//! One instruction for nearly every operator that the front end tells. What makes the code short: operands name cells
//! of the frame, locals included; a result is written straight into the local that it is copied to
//! next; constants are immediates where they fit; a comparison that the next branch asks for becomes one with it.

mod branch;
mod fuse;
mod operators;
mod sink;

pub use branch::Label;

use crate::isa::{Code, Wide};
use wasmote_core::{ErrorKind, ValType, limits::MAX_FRAME_CELLS};
use wasmote_frontend::{Cell, Known, Operand};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// A function's code.
#[derive(Debug)]
pub struct Encoded {
    /// Its words.
    pub words: Vec<u32>,
    /// Cells of its frame.
    pub frame_cells: u32,
}

/// Encodes functions, one after the other.
#[derive(Debug)]
pub struct Encoder {
    heap: Heap,
    metered: bool,
    /// Whether all conditional branches of the next function reach far.
    wide: bool,
    /// Whether those of this function do.
    far: bool,
    words: Vec<u32>,
    /// One past the highest cell that has been written in this function. No cell above is alive.
    high: Cell,
    /// One past the highest cell that a constant has been put into, above all that was alive.
    scratch: Cell,
    frame_cells: u32,
    last: Option<Last>,
    /// What was encoded just before that.
    before: Option<Last>,
    /// Cells of parameters and locals.
    local_cells: Cell,
    /// Offset in the module of the present operator.
    at: u32,
    sought: Option<u32>,
    located: Option<u32>,
    /// One past the last `poll`, or the function's beginning, where the call polled.
    polled: usize,
    /// How many words there are when the next one is due.
    poll_due: usize,
    /// Whether there was no memory for a `poll`.
    starved: bool,
}

/// Words behind a `poll` after which there must be another one. Whatever way is taken through a function, not many more
/// are carried out without a look at the interrupt word: calls, returns and branches that go backwards look too.
pub(crate) const POLL_WORDS: usize = 256;

/// The instruction just encoded, if its first field is the cell that it writes, and it is not `wide`.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// Its first word.
    at: usize,
    result: Cell,
}

/// A field of an instruction's first word.
#[derive(Clone, Copy)]
enum Field {
    None,
    /// A cell that is written, and how many cells the value takes.
    To(Cell, u32),
    /// A cell that is read.
    From(Cell, u32),
    /// A cell that is read, in 16 bits.
    FromHalf(Cell, u32),
    Byte(u8),
    /// A number of 16 bits.
    Half(u16),
}

impl Encoder {
    /// An encoder whose code takes fuel if it is `metered`. What it allocates is on `heap`.
    pub fn new(heap: &Heap, metered: bool) -> Encoder {
        Encoder {
            heap: heap.clone(),
            metered,
            wide: false,
            far: false,
            words: Vec::new(heap),
            high: 0,
            scratch: 0,
            frame_cells: 0,
            last: None,
            before: None,
            local_cells: 0,
            at: 0,
            sought: None,
            located: None,
            polled: 0,
            poll_due: 0,
            starved: false,
        }
    }

    /// Lets the branches of the functions that follow reach far. For a function that was refused with
    /// `FunctionTooLarge`, which is then to be compiled again.
    pub fn wide(&mut self, wide: bool) {
        self.wide = wide;
    }

    /// The function just encoded, in a block of exactly its size.
    pub fn take(&mut self) -> Result<Encoded, OutOfMemory> {
        Ok(Encoded { words: Vec::copy_of(&self.heap, &self.words)?, frame_cells: self.frame_cells })
    }

    /// The words of the function just encoded, as long as no other is, and cells of its frame.
    pub fn made(&self) -> (&[u32], u32) {
        (&self.words, self.frame_cells)
    }

    /// Asks which operator the code word with this index belongs to, in the functions that follow.
    pub fn locate(&mut self, word: u32) {
        self.sought = Some(word);
        self.located = None;
    }

    /// The offset in the module of the operator that [`locate`](Encoder::locate) asked for.
    pub fn located(&self) -> Option<u32> {
        self.located
    }

    /// Appends a word to the code.
    fn word(&mut self, word: u32) -> Result<(), ErrorKind> {
        if self.sought == Some(self.words.len() as u32) {
            self.located = Some(self.at);
        }
        self.words.push(word).map_err(|_| ErrorKind::OutOfMemory)
    }

    /// Appends an instruction whose fields are in their words already.
    fn words(&mut self, words: &[u32]) -> Result<(), ErrorKind> {
        self.last = None;
        self.before = None;
        words.iter().try_for_each(|&word| self.word(word))
    }

    /// Appends a `poll` if many words lie behind the last one. Where one instruction has ended and the next has not begun.
    #[inline(always)]
    fn poll_if_due(&mut self) -> Result<(), ErrorKind> {
        if self.words.len() < self.poll_due { Ok(()) } else { self.poll() }
    }

    /// An instruction that may take as long as so many others follows.
    fn slow(&mut self, words: usize) {
        self.poll_due = self.poll_due.saturating_sub(words);
    }

    /// Appends a `poll`.
    #[cold]
    #[inline(never)]
    fn poll(&mut self) -> Result<(), ErrorKind> {
        self.words(&[Code::poll as u32])?;
        self.polled = self.words.len();
        self.poll_due = self.polled + POLL_WORDS;
        Ok(())
    }

    /// Appends an instruction: the fields of its first word, the words that follow.
    fn emit(&mut self, code: Code, fields: [Field; 3], more: &[u32]) -> Result<(), ErrorKind> {
        let before = self.last;
        let mut word = code as u32;
        let mut shift = 8;
        for &field in &fields {
            match field {
                Field::To(cell, _) | Field::From(cell, _) if cell > 0xFF => {
                    return self.emit_wide(code, fields, more);
                }
                Field::FromHalf(cell, _) => word |= (cell & 0xFFFF) << shift,
                Field::To(cell, _) | Field::From(cell, _) => word |= cell << shift,
                Field::Byte(byte) => word |= u32::from(byte) << shift,
                Field::Half(half) => word |= u32::from(half) << shift,
                Field::None => {}
            }
            shift += 8;
        }
        let at = self.words.len();
        self.words(&[word])?;
        // Mostly none.
        if !more.is_empty() {
            self.words(more)?;
        }
        if let Field::To(result, cells) = fields[0] {
            self.written(result + cells);
            self.last = Some(Last { at, result });
            self.before = before;
        }
        Ok(())
    }

    /// The same for cells that do not fit a byte.
    #[cold]
    fn emit_wide(&mut self, code: Code, fields: [Field; 3], more: &[u32]) -> Result<(), ErrorKind> {
        let mut wide = Wide::new();
        let mut word = code as u32;
        let mut shift = 8;
        for field in fields {
            word |= match field {
                Field::To(cell, cells) => {
                    self.written(cell + cells);
                    wide.result(cell, cells)
                }
                Field::From(cell, cells) | Field::FromHalf(cell, cells) => wide.source(cell, cells),
                Field::Byte(byte) => u32::from(byte),
                Field::Half(half) => u32::from(half),
                Field::None => 0,
            } << shift;
            shift += 8;
        }
        self.words(&wide.prefix(1 + more.len()))?;
        self.words(&[word])?;
        self.words(more)
    }

    /// Takes back what was encoded from `at` on.
    fn take_back(&mut self, at: usize) {
        self.words.truncate(at);
        self.last = None;
        self.before = None;
    }

    /// A cell below `end` has been written.
    fn written(&mut self, end: Cell) {
        self.high = self.high.max(end);
    }

    /// The cell of an operand. A constant is put into a cell that is not alive: the `place`th above those that are.
    fn cell(&mut self, ty: ValType, operand: Operand, place: u32) -> Result<Cell, ErrorKind> {
        match operand {
            Operand::Local(cell) | Operand::Temp(cell) => Ok(cell),
            Operand::Const(Known(bits)) => {
                let high = self.high;
                let cell = high + place;
                self.scratch = self.scratch.max(cell + ty.cells());
                if self.scratch > MAX_FRAME_CELLS {
                    return Err(ErrorKind::FrameTooLarge);
                }
                self.constant(ty, cell, bits)?;
                self.high = high;
                Ok(cell)
            }
        }
    }

    /// As [`cell`](Encoder::cell), as a field.
    fn source(&mut self, ty: ValType, operand: Operand, place: u32) -> Result<Field, ErrorKind> {
        Ok(Field::From(self.cell(ty, operand, place)?, ty.cells()))
    }

    /// Puts a constant into a cell.
    fn constant(&mut self, ty: ValType, to: Cell, bits: u64) -> Result<(), ErrorKind> {
        let cells = ty.cells();
        let (short, word) =
            if cells == 1 { (Code::const1, Code::const1_w) } else { (Code::const2, Code::const2_w) };
        let value = if cells == 1 { i64::from(bits as i32) } else { bits as i64 };
        let to = Field::To(to, cells);
        if let Ok(half) = i16::try_from(value) {
            self.emit(short, [to, Field::Half(half as u16), Field::None], &[])
        } else if i32::try_from(value).is_ok() {
            self.emit(word, [to, Field::None, Field::None], &[value as u32])
        } else {
            self.emit(Code::const2_ww, [to, Field::None, Field::None], &[bits as u32, (bits >> 32) as u32])
        }
    }

    /// Copies a value of `cells` cells.
    fn copy_cells(&mut self, cells: u32, to: Cell, from: Cell) -> Result<(), ErrorKind> {
        let (copy, copy_to) =
            if cells == 1 { (Code::copy1, Code::copy1_to) } else { (Code::copy2, Code::copy2_to) };
        if to > 0xFF && from <= 0xFF {
            self.written(to + cells);
            return self.emit(copy_to, [Field::From(from, cells), Field::Half(to as u16), Field::None], &[]);
        }
        self.emit(copy, [Field::To(to, cells), Field::FromHalf(from, cells), Field::None], &[])
    }

    /// Lets the instruction just encoded write its result elsewhere, if that result is the temporary `from`.
    fn retarget(&mut self, from: Operand, to: Cell, cells: u32) -> bool {
        let Some(last) = self.last else { return false };
        if from != Operand::Temp(last.result) || to > 0xFF {
            return false;
        }
        let Some(word) = self.words.get_mut(last.at) else { return false };
        *word = *word & !0xFF00 | to << 8;
        self.written(to + cells);
        self.last = Some(Last { result: to, ..last });
        true
    }
}
