//! The seam between the front end and every back end.
//!
//! The front end decodes and validates a function body in one pass, keeps the lazy operand stack, and tells a
//! [`Sink`] what to do in terms of operands and places. Interpreter encoder, native compiler and lister are sinks.
//!
//! What a sink may rely on:
//! - Only reachable code is told. Every call comes from validated operators, in order.
//! - A [`Cell`] is a place in the frame. Parameters and locals lie below [`FuncInfo::local_cells`], temporaries
//!   above. A temporary's value is read exactly once after it was written, unless it lies below a label's
//!   results; a sink may keep it elsewhere (a register) until then, or write it elsewhere if the next call is
//!   a [`copy`](Sink::copy) from it.
//! - At [`bind`](Sink::bind) and at every jump, all live temporaries are in their cells, and nothing is
//!   known of what the code before left in registers.
//! - Operands of one call never overlap its destination other than by being the same cell.

use wasmote_core::{BinaryOp, ErrorKind, FuncType, LoadOp, Op, StoreOp, Trap, UnaryOp, ValType, vm::Builtin};

/// A place in the frame: the index of its first 32-bit cell.
pub type Cell = u32;

/// The bits of a known value, zero-extended to 64.
///
/// Aligned as words are: an operand has three of them then, not four, and is copied without a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed(4))]
pub struct Known(pub u64);

/// Where an operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A known value.
    Const(Known),
    /// A parameter or local, unchanged since it was read.
    Local(Cell),
    /// A temporary.
    Temp(Cell),
}

/// Immediate of a load or store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemArg {
    /// Added to the address, without wrapping.
    pub offset: u32,
    /// Binary logarithm of the alignment that the producer expects. A hint.
    pub align_log2: u32,
}

/// What is known of a function before its body.
#[derive(Clone, Copy, Debug)]
pub struct FuncInfo<'a> {
    /// Its index in the module's function index space.
    pub index: u32,
    /// Its type.
    pub ty: FuncType<'a>,
    /// Cells of the parameters.
    pub param_cells: u32,
    /// Cells of parameters and locals; temporaries follow.
    pub local_cells: u32,
    /// Bytes of the body, for a sink to choose how far its branches must reach.
    pub body_len: u32,
}

/// The function that a call names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// An imported function, by its place among the imported functions.
    Import(u32),
    /// A function of this module, by its place among the module's own functions.
    Own(u32),
    /// The function that a table holds at an index, if it has this canonical type.
    Indirect {
        /// The table's index.
        table: u32,
        /// The canonical type index.
        ty: u32,
        /// The index into the table.
        index: Operand,
    },
}

/// Where a branch to a label goes if a condition holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// If the operand is 0.
    Zero,
    /// If the operand is not 0.
    NotZero,
}

/// A back end: what the front end drives.
///
/// What it cannot do, it says when the function ends, as an [`ErrorKind`]: `OutOfMemory`, `FunctionTooLarge` or the like; the front
/// end adds the place. Until then it is told all the rest.
pub trait Sink {
    /// A place in the code. The front end keeps it, from [`label`](Sink::label) until [`bind`](Sink::bind).
    type Label: Copy;
    /// A charge of fuel whose amount is not known yet.
    type Charge: Copy;

    /// Whether fuel is metered: otherwise no charges are told.
    fn metered(&self) -> bool;

    /// Whether the sink wants to be told how locals are used before the function begins. It costs a second look at the body.
    fn wants_uses(&self) -> bool {
        false
    }

    /// The uses of a function's locals, and whether it calls something, are told next.
    fn scan(&mut self) {}

    /// Whether an operator on numbers calls something. It is asked for those on floating-point numbers and those that trap.
    fn is_call(&self, _op: Op) -> bool {
        false
    }

    /// There is an operator that calls something.
    fn calls(&mut self) {}

    /// How much a local is used; a use weighs more inside of loops. Those of low cells come first, and all before
    /// [`begin`](Sink::begin) and before the body is validated.
    fn used(&mut self, _cell: Cell, _ty: ValType, _weight: u32) {}

    /// Told before each operator that is reachable: its offset in the module.
    fn at(&mut self, offset: u32);

    /// The function begins. Locals that are no parameters must become 0.
    fn begin(&mut self, func: &FuncInfo<'_>);

    /// The function ends, after its last operator; `frame_cells` is the size of its frame.
    fn end(&mut self, frame_cells: u32) -> Result<(), ErrorKind>;

    /// `dst = op a`.
    fn unary(&mut self, op: UnaryOp, dst: Cell, a: Operand);

    /// `dst = a op b`.
    fn binary(&mut self, op: BinaryOp, dst: Cell, a: Operand, b: Operand);

    /// `dst = memory[address + offset]`.
    fn load(&mut self, op: LoadOp, dst: Cell, address: Operand, arg: MemArg);

    /// `memory[address + offset] = value`. The operands' cells begin at `cells`, whether they are there or not.
    fn store(&mut self, op: StoreOp, cells: Cell, address: Operand, value: Operand, arg: MemArg);

    /// `dst = src`: sets a local, or puts an operand into its cell.
    fn copy(&mut self, ty: ValType, dst: Cell, src: Operand);

    /// `dst = if condition != 0 { a } else { b }`.
    fn select(&mut self, ty: ValType, dst: Cell, a: Operand, b: Operand, condition: Operand);

    /// `dst = global`. `place` is the global's.
    fn global_get(&mut self, ty: ValType, dst: Cell, place: GlobalPlace);

    /// `global = src`. The operand's cell is `cell`, whether it is there or not.
    fn global_set(&mut self, ty: ValType, cell: Cell, place: GlobalPlace, src: Operand);

    /// `dst = reference to function`, an index into the module's function index space.
    fn ref_func(&mut self, dst: Cell, func: u32);

    /// An operator of the runtime's. Its operands are in their cells from `cells` upwards and its results go there.
    fn builtin(&mut self, builtin: Builtin, cells: Cell, first: u32, second: u32);

    /// Calls a function. Its arguments are in their cells from `cells` upwards and its results go there.
    fn call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell);

    /// Calls a function in place of this one: arguments as for [`call`](Sink::call). Code after it is not reached.
    fn tail_call(&mut self, callee: Callee, ty: FuncType<'_>, cells: Cell);

    /// Returns one result, or none.
    fn return_one(&mut self, result: Option<(ValType, Operand)>);

    /// Returns several results, which are in their cells from `cells` upwards.
    fn return_many(&mut self, cells: Cell, count: u32);

    /// Ends execution with a trap.
    fn trap(&mut self, trap: Trap);

    /// A new label, not bound yet.
    fn label(&mut self) -> Self::Label;

    /// The label is here. If `loop_header`, all jumps to it are yet to come, they go backwards, and they poll the
    /// interrupt word; otherwise all jumps to it have been told.
    fn bind(&mut self, label: &mut Self::Label, loop_header: bool);

    /// Goes to the label.
    fn jump(&mut self, label: &mut Self::Label);

    /// Goes to the label if the i32 operand is as `when` says.
    fn jump_if(&mut self, when: When, condition: Operand, label: &mut Self::Label);

    /// Goes to the `index`th of `targets` labels, which [`jump_table_target`](Sink::jump_table_target) tells next,
    /// or to the last of them if the index is too large. The operand's cell is `cell`, whether it is there or not.
    fn jump_table(&mut self, cell: Cell, index: Operand, targets: u32);

    /// The next label of a jump table.
    fn jump_table_target(&mut self, label: &mut Self::Label);

    /// A straight line of code begins: its fuel is charged here, once the amount is known.
    fn charge(&mut self) -> Self::Charge;

    /// The straight line has ended, or as much of it as one charge is for; it costs `units`.
    fn set_charge(&mut self, charge: Self::Charge, units: u8);
}

/// Where a global's cells are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalPlace {
    /// An imported global, by its place among the imported globals.
    Import(u32),
    /// The cells of the instance's own globals, from this one on.
    Own(Cell),
}
