//! The compiler: a [`Sink`](wasmote_frontend::Sink) that makes native code with the verbs of a [`Masm`].
//!
//! A value of 64 bits is two cells, and each cell has a place of its own: a register or its place in the frame. The locals
//! that are used most, counted by loop depth, have a register for the whole function. All others, and temporaries, are in
//! registers as long as there are any and no control flow joins; then they are in the frame.
//!
//! An operator is not compiled when it is told, but when the next one is: that one may know where the result should go, or
//! do the work of both.

mod floats;
mod memory;
mod operators;
mod pairs;
mod regs;
mod sink;

use crate::masm::{Alu, Frame, Label, Masm, Routines, Shift};
use regs::Regs;
use wasmote_core::{BinaryOp, ErrorKind, LoadOp, Trap, UnaryOp};
use wasmote_frontend::{Cell, MemArg, Module, Operand};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// How code is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Whether code counts fuel.
    pub metered: bool,
}

/// Where a function's code begins, and its frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// The place of its first instruction, from the beginning of all code.
    pub start: u32,
    /// Cells of its frame, with what is saved there.
    pub frame_cells: u32,
}

/// An operator whose code is not made yet.
#[derive(Clone, Copy, Debug)]
enum Op {
    Unary(UnaryOp, Operand),
    Binary(BinaryOp, Operand, Operand),
    /// With the second operand shifted by a number.
    Shifted(Alu, Operand, Operand, Shift, u32),
    Load(LoadOp, Operand, MemArg),
}

#[derive(Clone, Copy, Debug)]
struct Deferred {
    op: Op,
    dst: Cell,
    /// Offset of the operator in the module.
    at: u32,
}

/// A trap that code goes to.
#[derive(Clone, Copy)]
struct TrapExit {
    label: Label,
    trap: Trap,
    at: u32,
}

/// How much a cell of a local is used.
#[derive(Clone, Copy, Default)]
struct Use {
    cell: Cell,
    weight: u32,
}

/// Cells of locals that may get a register for the whole function.
const CANDIDATES: usize = 128;

/// Compiles the functions of a module, one behind the other.
pub struct Compiler<M: Masm> {
    masm: M,
    settings: Settings,
    routines: Routines,
    /// The module's own functions, as places to call.
    functions: Vec<Label>,
    /// Cells that functions share with their callers: of the module's own ones.
    shared: Vec<u32>,
    min_memory: u64,
    import_funcs: u32,
    // Of the present function.
    frame: Frame,
    own: u32,
    /// Whether its frame is larger than what is checked for all.
    large: bool,
    regs: Regs,
    uses: Vec<Use>,
    calls: bool,
    local_cells: Cell,
    /// Cells that its frame has at least, as the runtime uses them.
    least_cells: Cell,
    deferred: Option<Deferred>,
    /// Whether a branch follows the comparison that is made.
    branching: bool,
    traps: Vec<TrapExit>,
    at: u32,
    compiled: Compiled,
    sought: Option<u32>,
    located: Option<u32>,
}

impl<M: Masm> Compiler<M> {
    /// A compiler for the functions of `module`.
    ///
    /// # Errors
    /// The heap is used up.
    pub fn new(
        mut masm: M,
        module: &Module<'_>,
        heap: &Heap,
        settings: Settings,
    ) -> Result<Compiler<M>, OutOfMemory> {
        let own = (module.func_count() - module.import_funcs()) as usize;
        let mut functions = Vec::new(heap);
        functions.resize(own, Label::NEW)?;
        let mut shared = Vec::new(heap);
        for func in module.import_funcs()..module.func_count() {
            let ty = module.func_type(func);
            shared.push(ty.param_cells().max(ty.result_cells()))?;
        }
        let routines = masm.routines();
        let min_memory = module.memory().map_or(0, |memory| u64::from(memory.limits.min) << memory.page_log2);
        Ok(Compiler {
            masm,
            settings,
            routines,
            functions,
            shared,
            min_memory,
            import_funcs: module.import_funcs(),
            frame: Frame::default(),
            own: 0,
            large: false,
            regs: Regs::new(M::TEMPS),
            uses: Vec::new(heap),
            calls: false,
            local_cells: 0,
            least_cells: 0,
            deferred: None,
            branching: false,
            traps: Vec::new(heap),
            at: 0,
            compiled: Compiled { start: 0, frame_cells: 0 },
            sought: None,
            located: None,
        })
    }

    /// The function that comes next, by its place among the module's own; `large` if the attempt before said that its frame
    /// is too large otherwise.
    pub fn next(&mut self, own: u32, large: bool) {
        self.own = own;
        self.large = large;
    }

    /// The function just compiled.
    pub fn compiled(&self) -> Compiled {
        self.compiled
    }

    /// Where code is entered from outside.
    pub fn entry(&self) -> u32 {
        self.routines.entry
    }

    /// The macro-assembler, with the code.
    pub fn masm(&self) -> &M {
        &self.masm
    }

    /// Whether everything that was called is there.
    pub fn is_complete(&self) -> bool {
        self.functions.iter().all(|label| label.bound)
    }

    /// Asks which operator a call or a trap belongs to whose return address is at this place, in the functions that
    /// follow.
    pub fn locate(&mut self, place: u32) {
        self.sought = Some(place);
        self.located = None;
    }

    /// The offset in the module of the operator that [`locate`](Compiler::locate) asked for.
    pub fn located(&self) -> Option<u32> {
        self.located
    }

    /// The code from a place on is that of the operator at `at`.
    fn made(&mut self, from: usize, at: u32) {
        let made = from as u32 + 1..=self.masm.place() as u32;
        if self.sought.is_some_and(|place| made.contains(&place)) {
            self.located = Some(at);
        }
    }

    /// Something goes to a trap; the label is bound at the function's end.
    fn add_trap(&mut self, label: Label, trap: Trap, at: u32) -> Result<(), ErrorKind> {
        self.traps.push(TrapExit { label, trap, at }).map_err(|_| ErrorKind::OutOfMemory)
    }

    fn is_local(&self, cell: Cell) -> bool {
        cell < self.local_cells
    }
}
