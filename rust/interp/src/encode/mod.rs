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
use core::num::NonZero;
use wasmote_core::{ErrorKind, ValType};
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
    /// The code word of which it is asked whose it is; none has this index otherwise.
    sought: u32,
    located: Option<u32>,
    /// One past the last `poll`, or the function's beginning, where the call polled.
    polled: usize,
    /// How many words there are when the next one is due.
    poll_due: usize,
    /// Why the function cannot be encoded: told when it ends.
    failed: Option<ErrorKind>,
}

/// Words behind a `poll` after which there must be another one. Whatever way is taken through a function, not many more
/// are carried out without a look at the interrupt word: calls, returns and branches that go backwards look too.
pub(crate) const POLL_WORDS: usize = 256;

/// The instruction just encoded, if its first field is the cell that it writes, and it is not `wide`.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// One past its first word.
    behind: NonZero<usize>,
    result: Cell,
}

impl Last {
    /// Its first word.
    fn at(self) -> usize {
        self.behind.get() - 1
    }
}

/// The index of no word.
const NOTHING: u32 = u32::MAX;

/// A field of an instruction's first word: its 16 bits, and above them what it is.
#[derive(Clone, Copy)]
struct Field(u32);

impl Field {
    const NONE: Field = Field(0);
    /// Where there is, for a cell, how many the value takes.
    const CELLS: u32 = 16;
    /// A cell that is written.
    const TO: u32 = 1 << 18;
    /// A cell that is read.
    const FROM: u32 = 1 << 19;
    /// A cell that does not fit a byte, which is all there is for it.
    const FAR: u32 = 1 << 20;

    fn cell(cell: Cell, cells: u32, kind: u32) -> Field {
        // A cell of more bits is in no frame that is not refused in the end.
        Field(cell & 0xFFFF | cells << Field::CELLS | kind)
    }

    fn near(cell: Cell, cells: u32, kind: u32) -> Field {
        Field::cell(cell, cells, if cell > 0xFF { kind | Field::FAR } else { kind })
    }

    /// A cell that is written, and how many the value takes.
    fn to(cell: Cell, cells: u32) -> Field {
        Field::near(cell, cells, Field::TO)
    }

    /// A cell that is read.
    fn from(cell: Cell, cells: u32) -> Field {
        Field::near(cell, cells, Field::FROM)
    }

    /// A cell that is read, in 16 bits.
    fn from_half(cell: Cell, cells: u32) -> Field {
        Field::cell(cell, cells, Field::FROM)
    }

    fn byte(byte: u8) -> Field {
        Field(byte.into())
    }

    /// A number of 16 bits.
    fn half(half: u16) -> Field {
        Field(half.into())
    }

    fn is(self, kind: u32) -> bool {
        self.0 & kind != 0
    }

    fn bits(self) -> u32 {
        self.0 & 0xFFFF
    }

    fn cells(self) -> u32 {
        self.0 >> Field::CELLS & 3
    }
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
            sought: NOTHING,
            located: None,
            polled: 0,
            poll_due: 0,
            failed: None,
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
        self.sought = word;
        self.located = None;
    }

    /// The offset in the module of the operator that [`locate`](Encoder::locate) asked for.
    pub fn located(&self) -> Option<u32> {
        self.located
    }

    /// Appends a word to the code.
    #[inline(always)]
    fn word(&mut self, word: u32) {
        if self.sought == self.words.len() as u32 {
            self.located = Some(self.at);
        }
        if self.words.push(word).is_err() {
            self.fail(ErrorKind::OutOfMemory);
        }
    }

    /// The function cannot be encoded. What it would go on to is thrown away, so that there is room for all of that.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, kind: ErrorKind) {
        self.failed.get_or_insert(kind);
        self.take_back(0);
    }

    /// Appends an instruction whose fields are in their words already.
    fn words(&mut self, words: &[u32]) {
        self.last = None;
        self.before = None;
        words.iter().for_each(|&word| self.word(word));
    }

    /// Appends a `poll` if many words lie behind the last one. Where one instruction has ended and the next has not begun.
    #[inline(always)]
    fn poll_if_due(&mut self) {
        if self.words.len() >= self.poll_due {
            self.poll();
        }
    }

    /// An instruction that may take as long as so many others follows.
    fn slow(&mut self, words: usize) {
        self.poll_due = self.poll_due.saturating_sub(words);
    }

    /// Appends a `poll`.
    #[cold]
    #[inline(never)]
    fn poll(&mut self) {
        self.words(&[Code::poll as u32]);
        self.polled = self.words.len();
        self.poll_due = self.polled + POLL_WORDS;
    }

    /// Appends an instruction: the fields of its first word, the words that follow.
    fn emit(&mut self, code: Code, [a, b, c]: [Field; 3], more: &[u32]) {
        if Field(a.0 | b.0 | c.0).is(Field::FAR) {
            return self.emit_wide(code, [a, b, c], more);
        }
        let before = self.last;
        self.last = None;
        self.before = None;
        // What the fields are besides their bits is shifted out.
        self.word(code as u32 | (a.0 & 0xFF) << 8 | b.0 << 16 | c.0 << 24);
        let behind = NonZero::new(self.words.len());
        // Mostly none.
        if !more.is_empty() {
            self.words(more);
        }
        if a.is(Field::TO) {
            let result = a.bits();
            self.written(result + a.cells());
            self.last = behind.map(|behind| Last { behind, result });
            self.before = before;
        }
    }

    /// The same for cells that do not fit a byte.
    #[cold]
    fn emit_wide(&mut self, code: Code, fields: [Field; 3], more: &[u32]) {
        let mut wide = Wide::new();
        let mut word = code as u32;
        let mut shift = 8;
        for field in fields {
            let (bits, cells) = (field.bits(), field.cells());
            word |= if field.is(Field::TO) {
                self.written(bits + cells);
                wide.result(bits, cells)
            } else if field.is(Field::FROM) {
                wide.source(bits, cells)
            } else {
                bits
            } << shift;
            shift += 8;
        }
        self.words(&wide.prefix(1 + more.len()));
        self.words(&[word]);
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
    fn cell(&mut self, ty: ValType, operand: Operand, place: u32) -> Cell {
        match operand {
            Operand::Local(cell) | Operand::Temp(cell) => cell,
            Operand::Const(Known(bits)) => {
                let high = self.high;
                let cell = high + place;
                self.scratch = self.scratch.max(cell + ty.cells());
                self.constant(ty, cell, bits);
                self.high = high;
                cell
            }
        }
    }

    /// As [`cell`](Encoder::cell), as a field.
    fn source(&mut self, ty: ValType, operand: Operand, place: u32) -> Field {
        Field::from(self.cell(ty, operand, place), ty.cells())
    }

    /// Puts a constant into a cell.
    fn constant(&mut self, ty: ValType, to: Cell, bits: u64) {
        let cells = ty.cells();
        let (short, word) =
            if cells == 1 { (Code::const1, Code::const1_w) } else { (Code::const2, Code::const2_w) };
        let value = if cells == 1 { i64::from(bits as i32) } else { bits as i64 };
        let to = Field::to(to, cells);
        if let Ok(half) = i16::try_from(value) {
            self.emit(short, [to, Field::half(half as u16), Field::NONE], &[])
        } else if i32::try_from(value).is_ok() {
            self.emit(word, [to, Field::NONE, Field::NONE], &[value as u32])
        } else {
            self.emit(Code::const2_ww, [to, Field::NONE, Field::NONE], &[bits as u32, (bits >> 32) as u32])
        }
    }

    /// Copies a value of `cells` cells.
    fn copy_cells(&mut self, cells: u32, to: Cell, from: Cell) {
        let (copy, copy_to) =
            if cells == 1 { (Code::copy1, Code::copy1_to) } else { (Code::copy2, Code::copy2_to) };
        if to > 0xFF && from <= 0xFF {
            self.written(to + cells);
            return self.emit(copy_to, [Field::from(from, cells), Field::half(to as u16), Field::NONE], &[]);
        }
        self.emit(copy, [Field::to(to, cells), Field::from_half(from, cells), Field::NONE], &[])
    }

    /// Lets the instruction just encoded write its result elsewhere, if that result is the temporary `from`.
    fn retarget(&mut self, from: Operand, to: Cell, cells: u32) -> bool {
        let Some(last) = self.last else { return false };
        if from != Operand::Temp(last.result) || to > 0xFF {
            return false;
        }
        let Some(word) = self.words.get_mut(last.at()) else { return false };
        *word = *word & !0xFF00 | to << 8;
        self.written(to + cells);
        self.last = Some(Last { result: to, ..last });
        true
    }
}
