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
    /// Its instructions.
    pub code: Vec<u8>,
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
    code: Vec<u8>,
    /// How many bytes there are when there is something to do before the next operator: see [`attend`](Encoder::attend).
    due: usize,
    last: Option<Last>,
    /// What was encoded just before that.
    before: Option<Last>,
    frame_cells: u32,
    /// Cells of parameters and locals.
    local_cells: Cell,
    /// The byte of code of which it is asked whose it is; none has this index otherwise.
    sought: u32,
    /// The offset in the module of the operator that has encoded it, or of the last one before.
    located: u32,
    /// Offset of the present operator, while a byte is sought.
    at: u32,
    /// One past the last `poll`, or the function's beginning, where the call polled.
    polled: usize,
    /// How many bytes there are when the next one is due.
    poll_due: usize,
    /// How many bytes there were behind the fuel of a line that nothing was taken for yet.
    line: usize,
    /// How many there were where nothing comes by.
    ended: usize,
    /// Why the function cannot be encoded: told when it ends.
    failed: Option<ErrorKind>,
}

/// Bytes of code behind a `poll` after which there must be another one. Whatever way is taken through a function, not many more
/// are carried out without a look at the interrupt word: calls, returns and branches that go backwards look too.
pub(crate) const POLL_BYTES: usize = 1024;

/// How many bytes an instruction has at least, on an average.
pub(crate) const INSTRUCTION: usize = 3;

/// The instruction just encoded, if its first field is the cell that it writes, and it is not `wide`.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// One past its first byte.
    behind: NonZero<usize>,
    /// Its first four bytes.
    word: u32,
}

impl Last {
    /// Its first byte.
    fn at(self) -> usize {
        self.behind.get() - 1
    }

    /// The cell that it writes.
    fn result(self) -> Cell {
        self.word >> 8 & 0xFF
    }
}

/// The index of no byte.
const NOTHING: u32 = u32::MAX;

/// An instruction, what its fields are, by type, and how long it is. A field of no type is a number, any other a cell.
#[derive(Clone, Copy)]
struct Form(u32);

impl Form {
    /// The first cell is written, not read.
    const RESULT: u32 = 1 << 23;
    /// Where it says how many of four bytes are missing, and how many bytes follow these.
    const LESS: u32 = 24;
    const MORE: u32 = 26;
    /// What types differ in.
    const TYPE: u32 = 0x1F;

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
        Form(self.0 | Form::RESULT | (ty as u32 & Form::TYPE) << 8)
    }

    /// The first field is a cell that is read.
    const fn first(self, ty: ValType) -> Form {
        Form(self.0 | (ty as u32 & Form::TYPE) << 8)
    }

    const fn second(self, ty: ValType) -> Form {
        Form(self.0 | (ty as u32 & Form::TYPE) << 13)
    }

    const fn third(self, ty: ValType) -> Form {
        Form(self.0 | (ty as u32 & Form::TYPE) << 18)
    }

    /// It has two fields of a byte, not three.
    const fn two(self) -> Form {
        Form(self.0 | 1 << Form::LESS)
    }

    /// It has one field of a byte.
    const fn one(self) -> Form {
        Form(self.0 | 2 << Form::LESS)
    }

    /// So many bytes follow.
    const fn more(self, bytes: u32) -> Form {
        Form(self.0 | bytes << Form::MORE)
    }

    /// Bytes of its code and its fields of a byte.
    fn len(self) -> usize {
        4 - (self.0 >> Form::LESS & 3) as usize
    }

    fn bytes(self) -> u32 {
        self.len() as u32 + (self.0 >> Form::MORE)
    }

    fn code(self) -> u32 {
        self.0 & 0xFF
    }

    fn has_result(self) -> bool {
        self.0 & Form::RESULT != 0
    }

    /// Cells that the value in a field takes, 0 if it is a number.
    fn cells(self, field: u32) -> u32 {
        match self.0 >> (8 + 5 * field) & Form::TYPE {
            0 => 0,
            ty => ValType::cells_of(ValType::I32 as u8 & !(Form::TYPE as u8) | ty as u8),
        }
    }
}

// All types can be told by these bits.
const _: () = {
    let types =
        [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::FuncRef, ValType::ExternRef];
    let mut i = 0;
    while i < types.len() {
        assert!((types[i] as u32 ^ ValType::I32 as u32) <= Form::TYPE && types[i] as u32 & Form::TYPE != 0);
        i += 1;
    }
};

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
            code: Vec::new(heap),
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
            line: 0,
            ended: 0,
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
        Ok(Encoded { code: Vec::copy_of(&self.heap, &self.code)?, frame_cells: self.frame_cells })
    }

    /// The code of the function just encoded, as long as no other is, and cells of its frame.
    pub fn made(&self) -> (&[u8], u32) {
        (&self.code, self.frame_cells)
    }

    /// Asks which operator the byte of code with this index belongs to, in the functions that follow.
    pub fn locate(&mut self, byte: u32) {
        self.sought = byte;
    }

    /// The offset in the module of the operator that [`locate`](Encoder::locate) asked for, if the function just encoded has
    /// such a byte.
    pub fn located(&self) -> Option<u32> {
        (self.code.len() > self.sought as usize).then_some(self.located)
    }

    /// Appends so many further bytes of an instruction.
    #[inline(never)]
    fn further(&mut self, number: u32, bytes: usize) {
        self.push(number, bytes)
    }

    /// Appends a further word of an instruction.
    fn word(&mut self, word: u32) {
        self.further(word, 4)
    }

    #[inline(always)]
    fn push(&mut self, number: u32, bytes: usize) {
        if self.code.push_bytes(number, bytes).is_err() {
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

    /// Appends so many of an instruction's bytes, whose fields are in them already.
    #[inline(never)]
    fn instruction(&mut self, word: u32, bytes: usize) {
        self.last = None;
        self.before = None;
        self.push(word, bytes)
    }

    /// Where one instruction has ended and the next has not begun.
    #[inline(always)]
    fn between(&mut self) {
        if self.code.len() >= self.due {
            self.attend();
        }
    }

    /// Notes whose the sought byte is, if there is one, and appends a `poll` if much code lies behind the last one.
    #[cold]
    #[inline(never)]
    fn attend(&mut self) {
        if self.code.len() <= self.sought as usize {
            self.located = self.at;
        }
        if self.code.len() >= self.poll_due {
            self.poll();
        }
    }

    /// A `poll` is due when there are so many bytes.
    fn poll_at(&mut self, bytes: usize) {
        self.poll_due = bytes;
        self.due = if self.sought == NOTHING { bytes } else { 0 };
    }

    /// An instruction that may take as long as so many others follows.
    #[cold]
    #[inline(never)]
    fn slow(&mut self, others: usize) {
        self.poll_at(self.poll_due.saturating_sub(others * INSTRUCTION));
    }

    /// Appends a `poll`.
    #[cold]
    #[inline(never)]
    fn poll(&mut self) {
        self.instruction(Code::poll as u32, 1);
        self.polled = self.code.len();
        self.poll_at(self.polled + POLL_BYTES);
    }

    /// Appends an instruction: its first field, and the others as a [`pair`]. [`further`](Encoder::further) appends what
    /// follows.
    #[inline(never)]
    fn emit(&mut self, form: Form, first: u32, others: u32) {
        if (first | others) & 0xFF00_FF00 != 0 {
            return self.emit_wide(form, first, others);
        }
        let before = self.last;
        self.last = None;
        self.before = None;
        let word = form.code() | first << 8 | others << 16 | (others & 0xFF_0000) << 8;
        let at = self.code.len();
        self.push(word, form.len());
        if form.has_result() {
            self.last = NonZero::new(at + 1).map(|behind| Last { behind, word });
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
        self.prefix(&wide, form.bytes());
        self.further(word, form.len())
    }

    /// Appends what is before an instruction of so many bytes if its cells do not fit a byte.
    fn prefix(&mut self, wide: &Wide, bytes: u32) {
        let (shape, cells) = wide.parts();
        self.instruction(Code::wide as u32 | shape << 8 | bytes << 16, 3);
        cells.into_iter().for_each(|cells| self.word(cells));
    }

    /// Takes back what was encoded from `at` on.
    fn take_back(&mut self, at: usize) {
        if at <= self.sought as usize {
            self.located = self.at;
        }
        self.code.truncate(at);
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
        let form = Form(0).result(ty);
        let one = ty.cells() == 1;
        if !one && high != low >> 31 {
            self.emit(form.with(Code::const2_ww).one().more(8), to, 0);
            self.word(low as u32);
            self.word(high as u32);
        } else if one && let Ok(number) = i8::try_from(low) {
            self.emit(form.with(Code::const1).two(), to, (number as u8).into());
        } else if let Ok(number) = i16::try_from(low) {
            let code = if one { Code::const1_h } else { Code::const2 };
            self.emit(form.with(code), to, half(number as u16));
        } else {
            let code = if one { Code::const1_w } else { Code::const2_w };
            self.emit(form.with(code).one().more(4), to, 0);
            self.word(low as u32);
        }
    }

    /// Copies a value.
    fn copy_cells(&mut self, ty: ValType, to: Cell, from: Cell) {
        let (near, far) =
            if ty.cells() == 1 { (Code::copy1, Code::copy1_far) } else { (Code::copy2, Code::copy2_far) };
        if to | from > 0xFF {
            self.instruction(far as u32 | to << 8 | from << 24, 4);
            self.further(from >> 8, 1);
        } else {
            self.emit(Form::of(near).result(ty).two(), to, from);
        }
    }

    /// Lets the instruction just encoded write its result elsewhere, if that result is the temporary `from`.
    fn retarget(&mut self, from: Operand, to: Cell) -> bool {
        let Some(last) = &mut self.last else { return false };
        if from != Operand::Temp(last.result()) || to > 0xFF {
            return false;
        }
        last.word = last.word & !0xFF00 | to << 8;
        if let Some(cell) = self.code.get_mut(last.behind.get()) {
            *cell = to as u8;
        }
        true
    }
}
