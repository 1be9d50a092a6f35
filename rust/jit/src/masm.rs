//! What the compiler asks of every instruction set.
//!
//! A macro-assembler carries out verbs on registers; which register holds what is the compiler's affair. Where registers
//! have 32 bits, a value of 64 comes as a pair, the low half first, for which there are verbs of their own; where they have
//! 64, it is in one, and verbs are told the size. Verbs may use the scratch registers of their own, which the compiler never
//! sees, and leave all others alone.

use crate::code::Code;
pub use crate::routines::Routine;
use wasmote_core::vm::Builtin;
use wasmote_core::{ErrorKind, LoadOp, StoreOp, Trap, UnaryOp};
use wasmote_platform::OutOfMemory;

/// A register of the instruction set, by its number there. It is as large as a number, so that an operand that is one or the
/// other is handed over in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reg(pub u32);

impl Reg {
    /// Its number: there are not that many.
    pub const fn byte(self) -> u8 {
        self.0 as u8
    }
}

/// A value in two registers, the low half first; or in one, which then is both.
pub type Pair = (Reg, Reg);

/// How many bits an operation is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub enum Size {
    #[default]
    W32,
    W64,
}

/// What a register holds: `u32` or `u64`.
pub trait Word: Copy + Eq + core::fmt::Debug {
    /// How much that is.
    const SIZE: Size;
    /// The lowest bits of a number.
    fn truncate(bits: u64) -> Self;
}

impl Word for u32 {
    const SIZE: Size = Size::W32;
    fn truncate(bits: u64) -> u32 {
        bits as u32
    }
}

impl Word for u64 {
    const SIZE: Size = Size::W64;
    fn truncate(bits: u64) -> u64 {
        bits
    }
}

/// An operand: a register, or a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Val<W = u32> {
    /// What the register holds.
    Reg(Reg),
    /// The number; of 32 bits, its upper half is 0.
    Imm(W),
}

/// The halves of a value in two registers, the low one first; or in one, which then is both.
pub type PairVal<W = u32> = (Val<W>, Val<W>);

impl<W: Word> Val<W> {
    /// A number of 32 bits.
    pub fn number(bits: u32) -> Val<W> {
        Val::Imm(W::truncate(bits.into()))
    }
}

/// An operation of two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Alu {
    Add,
    Sub,
    And,
    Or,
    Xor,
    Mul,
    Shift(Shift),
}

/// A shift, by as many of the second operand's lowest bits as there are places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Shift {
    Left,
    RightSigned,
    Right,
    RotateLeft,
    RotateRight,
}

/// An operation of one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Bits {
    LeadingZeros,
    TrailingZeros,
    Ones,
    Extend8,
    Extend16,
    /// To 64 bits, as those that follow: only where a register holds them.
    Extend32,
    ZeroExtend32,
    /// From 64 to 32.
    Wrap,
}

/// An operation of two pairs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum PairAlu {
    Add,
    Sub,
    Mul,
}

/// An operation of two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Float2 {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
}

/// A quotient or a remainder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Division {
    /// Of signed numbers.
    pub signed: bool,
    /// The remainder.
    pub remainder: bool,
}

/// A condition of what was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Cond {
    Equal,
    NotEqual,
    Less,
    GreaterOrEqual,
    Greater,
    LessOrEqual,
    Below,
    AboveOrEqual,
    Above,
    BelowOrEqual,
}

impl Cond {
    /// The condition that holds if this one does not.
    pub fn inverted(self) -> Cond {
        match self {
            Cond::Equal => Cond::NotEqual,
            Cond::NotEqual => Cond::Equal,
            Cond::Less => Cond::GreaterOrEqual,
            Cond::GreaterOrEqual => Cond::Less,
            Cond::Greater => Cond::LessOrEqual,
            Cond::LessOrEqual => Cond::Greater,
            Cond::Below => Cond::AboveOrEqual,
            Cond::AboveOrEqual => Cond::Below,
            Cond::Above => Cond::BelowOrEqual,
            Cond::BelowOrEqual => Cond::Above,
        }
    }

    /// The condition with the operands the other way round.
    pub fn swapped(self) -> Cond {
        match self {
            Cond::Equal | Cond::NotEqual => self,
            Cond::Less => Cond::Greater,
            Cond::GreaterOrEqual => Cond::LessOrEqual,
            Cond::Greater => Cond::Less,
            Cond::LessOrEqual => Cond::GreaterOrEqual,
            Cond::Below => Cond::Above,
            Cond::AboveOrEqual => Cond::BelowOrEqual,
            Cond::Above => Cond::Below,
            Cond::BelowOrEqual => Cond::AboveOrEqual,
        }
    }
}

/// Where a load or store finds its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place<W = u32> {
    /// What is added to the beginning of the memory.
    pub address: Val<W>,
    /// What is added to that.
    pub offset: u32,
}

/// A place in the code that branches go to: the place twice, and one if it is bound; otherwise one past the last branch to it,
/// twice, 0 if there is none. There is one for each function of a module, so it is a word.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Label(u32);

impl Label {
    /// A label that is not bound yet, and that nothing goes to.
    pub const NEW: Label = Label(0);

    /// One that is bound. A place before the code, to which it is compiled apart, is below 0.
    pub(crate) const fn at(place: u32) -> Label {
        Label(place << 1 | 1)
    }

    /// One that is not, with one past the last branch to it.
    pub(crate) const fn waiting(behind: u32) -> Label {
        Label(behind << 1)
    }

    /// The place, or one past the last branch to it.
    pub(crate) const fn place(self) -> u32 {
        (self.0 as i32 >> 1) as u32
    }

    pub(crate) const fn is_bound(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether a branch goes to it.
    pub fn is_used(self) -> bool {
        self.0 != 0
    }
}

/// As in `routines_code.rs`.
impl core::fmt::Debug for Label {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Label::{}({})", if self.is_bound() { "at" } else { "waiting" }, self.place())
    }
}

/// Where code finds one of the module's own functions.
#[derive(Debug)]
pub enum Function<'l> {
    /// At a label.
    At(&'l mut Label),
    /// Where the context's `compiled` says, at this place. It is compiled when it is first called.
    Listed(u32),
}

/// The frame of a function, as far as its code needs to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Frame {
    /// Cells for parameters and results, which begin where the caller put the parameters.
    pub shared_cells: u32,
    /// Cells of the parameters.
    pub param_cells: u32,
    /// Registers of [`Masm::PINS`] that the function uses, and saves: the first ones.
    pub pins: u32,
    /// Cells of what the function saves: frame, pins and return address.
    pub saved_cells: u32,
}

impl Frame {
    /// Registers that the function saves: frame, pins and return address.
    pub fn saved(&self) -> u32 {
        self.pins + 2
    }

    /// Bytes from the saved registers to a cell: parameters lie below them, all else above.
    pub fn cell_offset(&self, cell: u32) -> i32 {
        if cell < self.param_cells {
            self.result_offset(cell)
        } else {
            (self.saved_cells + cell - self.param_cells) as i32 * 4
        }
    }

    /// Bytes from the saved registers to a cell of the results.
    pub fn result_offset(&self, cell: u32) -> i32 {
        (cell as i32 - self.shared_cells as i32) * 4
    }

    /// Bytes from the saved registers to the end of a frame of so many cells.
    pub fn bytes(&self, cells: u32) -> u32 {
        (self.saved_cells + cells.saturating_sub(self.param_cells)) * 4
    }
}

/// Arguments of a call in place of the function that calls.
#[derive(Clone, Copy, Debug)]
pub struct TailArguments<'a> {
    /// The first of their cells in the frame.
    pub first: u32,
    /// How many there are.
    pub cells: u32,
    /// Whether all of them are in registers; otherwise all are in the frame.
    pub in_registers: bool,
    /// As for [`enter`](Masm::enter).
    pub places: &'a [(u32, Size)],
}

/// The veneers, which are branches to the routines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Veneers {
    /// Those that this code goes to are in it.
    Used,
    /// All are in front of it, since functions are compiled apart from it.
    #[cfg(feature = "lazy")]
    All,
    /// They are at a place outside of it.
    #[cfg(feature = "lazy")]
    At(i32),
}

/// A macro-assembler.
pub trait Masm {
    /// What a register holds, and so an address.
    type Word: Word;
    /// Whether a register holds 64 bits: a value of two cells is in one, under the name of its low cell.
    const WIDE: bool = matches!(<Self::Word as Word>::SIZE, Size::W64);
    /// Registers for temporaries, with ascending numbers. Arguments are passed in the first ones, and a result is returned
    /// there.
    const TEMPS: &'static [Reg];
    /// The same, one bit each.
    const TEMPS_SET: u32 = {
        let (mut set, mut at) = (0, 0);
        while at < Self::TEMPS.len() {
            set |= 1 << Self::TEMPS[at].0;
            at += 1;
        }
        set
    };
    /// How many arguments, or cells of them if a register holds no more, are passed in registers: eight at most.
    const ARGS: usize;
    /// Whether there may be verbs on numbers of 64 bits.
    const DOUBLES: bool;
    /// Room for the places of these arguments, where registers hold 64 bits.
    type ArgPlaces: AsRef<[(u32, Size)]> + AsMut<[(u32, Size)]> + Default;
    /// Registers for locals that calls leave alone.
    const PINS: &'static [Reg];
    /// Further registers for locals, in functions that call nothing.
    const LEAF_PINS: &'static [Reg];
    /// Bytes that [`call_record`](Masm::call_record) takes at most.
    const CALL_RECORD_BYTES: usize;
    /// What is added to the address of code when it is called by address.
    const CALL_BIAS: usize;
    /// A register that verbs may change, as may the compiler between two verbs: for moves in a circle.
    const SCRATCH: Reg;

    /// The code so far.
    fn code(&self) -> &Code;
    /// Its length: where the next verb's code will be.
    fn place(&self) -> usize {
        self.code().len()
    }

    /// Whether everything went well: `OutOfMemory`; `FunctionTooLarge` if a branch does not reach its target.
    fn check(&self) -> Result<(), ErrorKind>;

    /// The label is here. The place of the first branch to it; this one if there is none.
    fn bind(&mut self, label: &mut Label) -> usize;
    /// The label is at a place in the code before.
    fn bind_at(&mut self, label: &mut Label, place: usize);
    /// Takes back all code from a place on.
    fn truncate(&mut self, place: usize);
    /// Goes to the label.
    fn jump(&mut self, label: &mut Label);
    /// Goes to the label if the condition holds of what was compared last.
    fn branch(&mut self, cond: Cond, label: &mut Label);
    /// Goes to the place of the `index`th jump behind this, of which there are `count`, or to the last one.
    fn jump_table(&mut self, index: Reg, count: u32);
    /// A jump of the table.
    fn jump_table_entry(&mut self, label: &mut Label);

    /// `dst = src`. Does not disturb what was compared, and neither do loads and stores.
    fn mov(&mut self, dst: Reg, src: Val<Self::Word>);
    /// `dst = a op b`.
    fn alu(&mut self, op: Alu, size: Size, dst: Reg, a: Reg, b: Val<Self::Word>);
    /// `dst = a op (b shifted by so much)`, if the instruction set has that.
    fn alu_shifted(&mut self, op: Alu, size: Size, dst: Reg, a: Reg, b: (Reg, Shift, u32)) -> bool;
    /// `dst = number - b`.
    fn subtract_from(&mut self, size: Size, dst: Reg, number: Self::Word, b: Reg);
    /// `dst = a / b`; the divisor is not 0, and the quotient of signed numbers representable or of no interest.
    fn divide(&mut self, op: Division, size: Size, dst: Reg, a: Reg, b: Reg);
    /// `dst = op a`.
    fn bits(&mut self, op: Bits, size: Size, dst: Reg, a: Reg);
    /// `dst = a op b`. This verb and those that follow are for where a register does not hold 64 bits.
    fn pair_alu(&mut self, _op: PairAlu, _dst: Pair, _a: Pair, _b: PairVal<Self::Word>) {
        debug_assert!(Self::WIDE, "pairs");
    }
    /// `dst` = a times b, both of which are unsigned words.
    fn pair_mul_words(&mut self, _dst: Pair, _a: Reg, _b: Reg) {
        debug_assert!(Self::WIDE, "pairs");
    }
    /// Shifts by a number below 64. `dst` is `a`, or has no register in common with it.
    fn pair_shift_by(&mut self, _shift: Shift, _dst: Pair, _a: Pair, _by: u32) {
        debug_assert!(Self::WIDE, "pairs");
    }
    /// Compares pairs; the condition that then holds if `cond` holds of them.
    fn compare_pair(&mut self, cond: Cond, _a: Pair, _b: PairVal<Self::Word>) -> Cond {
        debug_assert!(Self::WIDE, "pairs");
        cond
    }

    /// Compares, for the conditions that follow.
    fn compare(&mut self, size: Size, a: Reg, b: Val<Self::Word>);
    /// Whether there are numbers of this size, and verbs on two of them: comparisons, and all of [`Float2`].
    fn has_floats(&self, size: Size) -> bool;
    /// Whether there are verbs for the operator.
    fn has_unary(&self, op: UnaryOp) -> bool;
    /// Compares numbers; the condition that then holds if `cond`, one of those of signed integers, holds of them. None but
    /// `NotEqual` holds of what is no number. Of numbers of 32 bits the second register does not matter, here and below.
    fn compare_floats(&mut self, cond: Cond, size: Size, a: Pair, b: PairVal<Self::Word>) -> Cond;
    /// `dst = a op b`, of numbers. `dst` may have registers in common with the others, but the low half not with a high one.
    fn float2(&mut self, op: Float2, size: Size, dst: Pair, a: Pair, b: Pair);
    /// `dst = op a`, of a number or to one, but for signs. An integer that there is not is the nearest one, and 0 for what is no
    /// number.
    fn float1(&mut self, op: UnaryOp, dst: Pair, a: Pair);
    /// Lets the runtime carry out an operator on numbers, by its number for
    /// [`numeric::apply`](wasmote_core::numeric::apply). Operands are in the first registers, as the arguments of a call
    /// are, and so is the result. Four cells of the frame from `cells` on are for its use. A leaf is a function that calls nothing
    /// else, so that locals may be in [`LEAF_PINS`](Masm::LEAF_PINS).
    fn numeric(&mut self, _number: u32, _frame: &Frame, _cells: u32, _leaf: bool) {
        debug_assert!(false, "there are verbs for all");
    }
    /// `dst = 1` if the condition holds, otherwise 0.
    fn set(&mut self, cond: Cond, dst: Reg);
    /// `dst = src` if the condition holds.
    fn move_if(&mut self, cond: Cond, dst: Reg, src: Val<Self::Word>);
    /// Nobody will ask any more what was compared.
    fn compared(&mut self);
    /// `dst = 1` if `a` is 0, otherwise 0.
    fn is_zero(&mut self, size: Size, dst: Reg, a: Reg);

    /// Reads or writes a cell of the frame, or two.
    fn frame(&mut self, load: bool, size: Size, reg: Reg, frame: &Frame, cell: u32);
    /// Writes a cell of the results.
    fn result(&mut self, reg: Reg, frame: &Frame, cell: u32);
    /// Writes 0 to cells of the frame, of a function that begins.
    fn frame_zero(&mut self, frame: &Frame, cell: u32, count: u32);

    /// Goes to `trap` unless the byte that is `last` behind the register's address lies inside the memory, which has at
    /// least `min_memory` bytes.
    fn check_bounds(&mut self, address: Reg, last: u32, min_memory: u32, trap: &mut Label);
    /// Loads into a register, or all of a pair.
    fn load(&mut self, op: LoadOp, dst: (Reg, Option<Reg>), place: Place<Self::Word>);
    /// Stores.
    fn store(&mut self, op: StoreOp, src: (Reg, Option<Reg>), place: Place<Self::Word>);
    /// Reads or writes a cell of a global, or two.
    fn global(&mut self, load: bool, size: Size, reg: Reg, global: GlobalCell);

    /// A function begins. Returns the place where it is called from outside, with arguments in cells, and the one where it
    /// is called otherwise. `result_cells` is 0 unless a result is returned in registers. If a register holds 64 bits, `args`
    /// tells which arguments come into registers: their cells, counted from the first, and how large they are.
    fn enter(
        &mut self,
        frame: &Frame,
        args: &[(u32, Size)],
        result_cells: u32,
        large: bool,
    ) -> (usize, usize);
    /// The function at the label, one of the module's own, is not compiled: calls it by its record.
    fn call_record(
        &mut self,
        function: &mut Label,
        own: u32,
        frame: &Frame,
        args: &[(u32, Size)],
        result_cells: u32,
    );
    /// Whether there is always room for frames of so many cells. If not, the function must be `large` when it is entered.
    fn fits(&self, frame: &Frame, cells: u32) -> bool;
    /// The size of the frame of the large function that began last.
    fn set_frame_cells(&mut self, frame: &Frame, cells: u32);
    /// Returns.
    fn leave(&mut self, frame: &Frame);
    /// Calls the function with arguments from `cells` of the frame on, of which the first are in registers.
    fn call(&mut self, function: Function<'_>, frame: &Frame, cells: u32, callee_shared: u32);
    /// Calls something that the instance imports, with arguments in cells. `result_cells` as for [`enter`](Masm::enter).
    fn call_import(&mut self, index: u32, result_cells: u32, frame: &Frame, cells: u32);
    /// Calls what the table holds at the index in the first register, if it has the type, with arguments in cells.
    fn call_indirect(&mut self, table: u32, ty: u32, result_cells: u32, frame: &Frame, cells: u32);
    /// Calls the function in place of this one.
    fn tail_call(
        &mut self,
        function: Function<'_>,
        frame: &Frame,
        args: TailArguments<'_>,
        callee_shared: u32,
    );
    /// Calls something that the instance imports in place of this function; as [`call_import`](Masm::call_import).
    fn tail_call_import(&mut self, index: u32, result_cells: u32, frame: &Frame, args: TailArguments<'_>);
    /// Calls what the table holds in place of this function; as [`call_indirect`](Masm::call_indirect).
    fn tail_call_indirect(
        &mut self,
        table: u32,
        ty: u32,
        result_cells: u32,
        frame: &Frame,
        args: TailArguments<'_>,
    );
    /// Calls an operator of the runtime's, with operands in cells.
    fn builtin(&mut self, builtin: Builtin, immediates: [u32; 2], frame: &Frame, cells: u32);
    /// `dst = reference to function`, of those that are imported or of the instance's own.
    fn ref_func(&mut self, dst: Reg, func: u32, imported: bool);
    /// Takes fuel; how much is said by [`set_charge`](Masm::set_charge) at the place given here.
    fn charge(&mut self) -> usize;
    /// So many units.
    fn set_charge(&mut self, charge: usize, units: u8);
    /// Goes to the label if the instance is interrupted. Disturbs what was compared.
    fn poll(&mut self, interrupted: &mut Label);
    /// The label is here, and all jumps to it go backwards: they poll the interrupt word. Comes from above without.
    fn loop_header(&mut self, label: &mut Label);
    /// Traps.
    fn trap(&mut self, trap: Trap);
    /// Code begins.
    fn begin(&mut self, veneers: Veneers) -> Result<(), OutOfMemory>;
    /// A function has ended: what it goes to outside of it may be here.
    fn end(&mut self) {}
}

/// A cell of a global.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalCell {
    /// A cell of the instance's own.
    Own(u32),
    /// A cell of an imported one.
    Import(u32, u32),
}
