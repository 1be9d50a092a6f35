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
    /// How many words there are when there is something to do before the next operator: see [`attend`](Encoder::attend).
    due: usize,
    last: Option<Last>,
    /// What was encoded just before that.
    before: Option<Last>,
    frame_cells: u32,
    /// Cells of parameters and locals.
    local_cells: Cell,
    /// The code word of which it is asked whose it is; none has this index otherwise.
    sought: u32,
    /// The offset in the module of the operator that has encoded it, or of the last one before.
    located: u32,
    /// Offset of the present operator, while a word is sought.
    at: u32,
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

/// An instruction, and what its fields are, by type: a field of no type is a number, any other a cell.
#[derive(Clone, Copy)]
struct Form(u32);

impl Form {
    /// The first cell is written, not read.
    const RESULT: u32 = 1 << 15;

    /// One whose fields are numbers.
    const fn of(code: Code) -> Form {
        Form(code as u32)
    }

    /// Another one with such fields.
    const fn with(self, code: Code) -> Form {
        Form(self.0 & !0xFF | code as u32)
    }

    /// The first field is a cell that is written.
    const fn result(self, ty: ValType) -> Form {
        Form(self.0 | Form::RESULT | (ty as u32) << 8)
    }

    /// The first field is a cell that is read.
    const fn first(self, ty: ValType) -> Form {
        Form(self.0 | (ty as u32) << 8)
    }

    const fn second(self, ty: ValType) -> Form {
        Form(self.0 | (ty as u32) << 16)
    }

    const fn third(self, ty: ValType) -> Form {
        Form(self.0 | (ty as u32) << 24)
    }

    /// So many words follow the first, at most two. (Types have seven bits.)
    const fn more(self, words: u32) -> Form {
        Form(self.0 | (words & 1) << 23 | (words >> 1) << 31)
    }

    fn words(self) -> usize {
        1 + (self.0 >> 23 & 1) as usize + (self.0 >> 30 & 2) as usize
    }

    fn code(self) -> u32 {
        self.0 & 0xFF
    }

    fn has_result(self) -> bool {
        self.0 & Form::RESULT != 0
    }

    /// Cells that the value in a field takes, 0 if it is a number.
    fn cells(self, field: u32) -> u32 {
        match self.0 >> (8 + 8 * field) & 0x7F {
            0 => 0,
            ty => ValType::cells_of(ty as u8),
        }
    }
}

/// The second and the third field of an instruction. There is room for the numbers of all cells, so that it is asked once
/// whether bytes can hold them.
fn pair(second: u32, third: u32) -> u32 {
    second | third << 16
}

/// A number of 16 bits in place of both.
fn half(number: u16) -> u32 {
    pair((number & 0xFF).into(), (number >> 8).into())
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
            due: 0,
            last: None,
            before: None,
            frame_cells: 0,
            local_cells: 0,
            sought: NOTHING,
            located: 0,
            at: 0,
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
    }

    /// The offset in the module of the operator that [`locate`](Encoder::locate) asked for, if the function just encoded has
    /// such a word.
    pub fn located(&self) -> Option<u32> {
        (self.words.len() > self.sought as usize).then_some(self.located)
    }

    /// Appends a further word of an instruction.
    #[inline(never)]
    fn word(&mut self, word: u32) {
        self.push(word)
    }

    #[inline(always)]
    fn push(&mut self, word: u32) {
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

    /// Appends an instruction's first word, whose fields are in it already.
    #[inline(never)]
    fn instruction(&mut self, word: u32) {
        self.last = None;
        self.before = None;
        self.push(word)
    }

    /// Where one instruction has ended and the next has not begun.
    #[inline(always)]
    fn between(&mut self) {
        if self.words.len() >= self.due {
            self.attend();
        }
    }

    /// Notes whose the sought word is, if there is one, and appends a `poll` if many words lie behind the last one.
    #[cold]
    #[inline(never)]
    fn attend(&mut self) {
        if self.words.len() <= self.sought as usize {
            self.located = self.at;
        }
        if self.words.len() >= self.poll_due {
            self.poll();
        }
    }

    /// A `poll` is due when there are so many words.
    fn poll_at(&mut self, words: usize) {
        self.poll_due = words;
        self.due = if self.sought == NOTHING { words } else { 0 };
    }

    /// An instruction that may take as long as so many others follows.
    #[cold]
    #[inline(never)]
    fn slow(&mut self, words: usize) {
        self.poll_at(self.poll_due.saturating_sub(words));
    }

    /// Appends a `poll`.
    #[cold]
    #[inline(never)]
    fn poll(&mut self) {
        self.instruction(Code::poll as u32);
        self.polled = self.words.len();
        self.poll_at(self.polled + POLL_WORDS);
    }

    /// Appends an instruction's first word: its first field, and the others as a [`pair`]. [`word`](Encoder::word) appends
    /// what follows.
    #[inline(never)]
    fn emit(&mut self, form: Form, first: u32, others: u32) {
        if (first | others) & 0xFF00_FF00 != 0 {
            return self.emit_wide(form, first, others);
        }
        let before = self.last;
        self.last = None;
        self.before = None;
        self.push(form.code() | first << 8 | others << 16 | (others & 0xFF_0000) << 8);
        if form.has_result() {
            self.last = NonZero::new(self.words.len()).map(|behind| Last { behind, result: first });
            self.before = before;
        }
    }

    /// The same for cells that do not fit a byte.
    #[cold]
    fn emit_wide(&mut self, form: Form, first: u32, others: u32) {
        let mut wide = Wide::new();
        let mut word = form.code();
        for (field, bits) in (0..).zip([first, others & 0xFFFF, others >> 16]) {
            let byte = match form.cells(field) {
                0 => bits,
                cells if field == 0 && form.has_result() => wide.result(bits, cells),
                cells => wide.source(bits, cells),
            };
            word |= byte << (8 + 8 * field);
        }
        wide.prefix(form.words()).iter().for_each(|&word| self.instruction(word));
        self.word(word)
    }

    /// Takes back what was encoded from `at` on.
    fn take_back(&mut self, at: usize) {
        if at <= self.sought as usize {
            self.located = self.at;
        }
        self.words.truncate(at);
        self.last = None;
        self.before = None;
    }

    /// The cell of an operand. A constant is put into `place`, where nothing is alive: a constant's own cell, mostly.
    #[inline(always)]
    fn cell(&mut self, ty: ValType, operand: Operand, place: impl FnOnce() -> Cell) -> Cell {
        match operand {
            Operand::Local(cell) | Operand::Temp(cell) => cell,
            Operand::Const(Known(bits)) => {
                let place = place();
                self.constant(ty, place, bits);
                place
            }
        }
    }

    /// As [`cell`](Encoder::cell), out of line.
    #[inline(never)]
    fn place(&mut self, ty: ValType, operand: Operand, place: Cell) -> Cell {
        self.cell(ty, operand, || place)
    }

    /// Puts a constant into a cell.
    #[inline(never)]
    fn constant(&mut self, ty: ValType, to: Cell, bits: u64) {
        let (low, high) = (bits as i32, (bits >> 32) as i32);
        let one = ty.cells() == 1;
        if !one && high != low >> 31 {
            self.emit(Form::of(Code::const2_ww).result(ty).more(2), to, 0);
            self.word(low as u32);
            self.word(high as u32);
        } else if let Ok(number) = i16::try_from(low) {
            let code = if one { Code::const1 } else { Code::const2 };
            self.emit(Form::of(code).result(ty), to, half(number as u16));
        } else {
            let code = if one { Code::const1_w } else { Code::const2_w };
            self.emit(Form::of(code).result(ty).more(1), to, 0);
            self.word(low as u32);
        }
    }

    /// Copies a value.
    fn copy_cells(&mut self, ty: ValType, to: Cell, from: Cell) {
        let (copy, copy_to) =
            if ty.cells() == 1 { (Code::copy1, Code::copy1_to) } else { (Code::copy2, Code::copy2_to) };
        let copy = Form::of(copy).result(ty);
        if to <= 0xFF {
            self.emit(copy, to, half(from as u16))
        } else if from <= 0xFF {
            self.emit(Form::of(copy_to).first(ty), from, half(to as u16))
        } else {
            self.emit(copy.second(ty), to, from)
        }
    }

    /// Lets the instruction just encoded write its result elsewhere, if that result is the temporary `from`.
    fn retarget(&mut self, from: Operand, to: Cell) -> bool {
        let Some(last) = self.last else { return false };
        if from != Operand::Temp(last.result) || to > 0xFF {
            return false;
        }
        let Some(word) = self.words.get_mut(last.at()) else { return false };
        *word = *word & !0xFF00 | to << 8;
        self.last = Some(Last { result: to, ..last });
        true
    }
}
