//! The compiler: a [`Sink`](wasmote_frontend::Sink) that makes native code with the verbs of a [`Masm`].
//!
//! A value of 64 bits is two cells. Each cell has a place of its own, a register or its place in the frame; or both have one
//! place where registers are as large. The locals that are used most, counted by loop depth, have a register for the whole
//! function. All others, and temporaries, are in
//! registers as long as there are any and no control flow joins; then they are in the frame.
//!
//! An operator is not compiled when it is told, but when the next one is: that one may know where the result should go, or
//! do the work of both.

mod floats;
mod flow;
mod memory;
mod operators;
mod pairs;
mod places;
mod regs;
mod sink;

use crate::code::Code;
use crate::masm::{Alu, Frame, Label, Masm, Routines, Shift};
use operators::Binary;
use places::Arguments;
use regs::Regs;
use wasmote_core::{ErrorKind, FuncType, LoadOp, Trap, UnaryOp};
use wasmote_frontend::{Cell, Module, Operand};
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
    /// Where it is called, from the beginning of all code.
    pub start: u32,
    /// Cells of its frame, with what is saved there.
    pub frame_cells: u32,
}

/// What is deferred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Op {
    None,
    Unary(UnaryOp),
    Binary(Binary),
    /// With the second operand shifted by a number.
    Shifted(Alu, Shift, u8),
    Load(LoadOp),
}

/// An operator whose code is not made yet.
#[derive(Clone, Copy, Debug)]
struct Deferred {
    op: Op,
    dst: Cell,
    /// Offset of the operator in the module.
    at: u32,
    a: Operand,
    /// If it has two operands.
    b: Operand,
    /// A load's.
    offset: u32,
}

impl Deferred {
    const NONE: Deferred =
        Deferred { op: Op::None, dst: 0, at: 0, a: Operand::Temp(0), b: Operand::Temp(0), offset: 0 };
}

/// A trap that code goes to. There are many: of the label, which is not bound, only the branches to it are kept.
#[derive(Clone, Copy)]
struct TrapExit {
    branches: u32,
    trap: Trap,
    at: u32,
}

/// How much a cell of a local is used.
#[derive(Clone, Copy, Default)]
struct Use {
    cell: Cell,
    weight: u32,
    /// Whether its register holds two cells.
    wide: bool,
}

/// Bytes of code that are carried out at most without a poll of the interrupt word, on each way through a function.
const POLL_BYTES: usize = 1024;
/// As many from the first call since a poll to the return: the ends of nested calls follow each other.
const POLL_BYTES_TO_RETURN: usize = 64;

/// Where the interrupt word has been polled.
#[derive(Clone, Copy, Default)]
struct Polls {
    /// The place of the last poll.
    last: usize,
    /// The first call since.
    call: Option<usize>,
}

/// Cells of locals that may get a register for the whole function.
const CANDIDATES: usize = 128;
/// More than can get one.
const MOST_USED: usize = 16;

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
    /// Of the present function's locals, the one that is used most first.
    most_used: [Use; MOST_USED],
    calls: bool,
    local_cells: Cell,
    /// Cells that its frame has at least, as the runtime uses them.
    least_cells: Cell,
    deferred: Deferred,
    /// Whether a branch follows the comparison that is made.
    branching: bool,
    traps: Vec<TrapExit>,
    polls: Polls,
    at: u32,
    /// Where the code of the present function begins, with what comes before the place where it is called.
    begun: usize,
    /// Where it is called from compiled code.
    inside: usize,
    /// Whether it is complete. Who calls it is told only when it is sure to stay.
    ended: bool,
    /// What was known of the functions that the present one calls, before each call, and how many have been called that
    /// are not there.
    before: Vec<(u32, Label)>,
    absent_before: usize,
    absent: usize,
    compiled: Compiled,
    sought: Option<u32>,
    located: Option<u32>,
}

impl<M: Masm> Compiler<M> {
    /// A compiler, to [`begin`](Compiler::begin) with. It is large, and on a device this way it is not copied.
    pub fn new(masm: M, heap: &Heap, settings: Settings) -> Compiler<M> {
        Compiler {
            masm,
            settings,
            routines: Routines::default(),
            functions: Vec::new(heap),
            shared: Vec::new(heap),
            min_memory: 0,
            import_funcs: 0,
            frame: Frame::default(),
            own: 0,
            large: false,
            regs: Regs::new(),
            most_used: [Use::default(); MOST_USED],
            calls: false,
            local_cells: 0,
            least_cells: 0,
            deferred: Deferred::NONE,
            branching: false,
            traps: Vec::new(heap),
            polls: Polls::default(),
            at: 0,
            begun: 0,
            inside: 0,
            ended: false,
            before: Vec::new(heap),
            absent_before: 0,
            absent: 0,
            compiled: Compiled { start: 0, frame_cells: 0 },
            sought: None,
            located: None,
        }
    }

    /// The functions of `module` come next: nothing else is compiled with this one.
    ///
    /// # Errors
    /// The heap is used up.
    pub fn begin(&mut self, module: &Module<'_>) -> Result<(), OutOfMemory> {
        self.functions.resize((module.func_count() - module.import_funcs()) as usize, Label::NEW)?;
        for func in module.import_funcs()..module.func_count() {
            let ty = module.func_type(func);
            self.shared.push(ty.param_cells().max(ty.result_cells()))?;
        }
        self.routines = self.masm.routines();
        self.min_memory =
            module.memory().map_or(0, |memory| u64::from(memory.limits.min) << memory.page_log2);
        self.import_funcs = module.import_funcs();
        Ok(())
    }

    /// The function that comes next, by its place among the module's own; `large` if the attempt before said that its frame
    /// is too large otherwise.
    pub fn next(&mut self, own: u32, large: bool) {
        self.keep();
        self.own = own;
        self.large = large;
        self.begun = self.masm.place();
        self.before.clear();
        self.absent_before = self.absent;
    }

    /// Where the function before begins is told to the calls of it.
    fn keep(&mut self) {
        if core::mem::take(&mut self.ended)
            && let Some(function) = self.functions.get_mut(self.own as usize)
        {
            self.masm.bind_at(function, self.inside);
        }
    }

    /// Bytes of code, with what [`finish`](Compiler::finish) would add now.
    pub fn size(&self) -> usize {
        self.masm.place() + self.absent * M::CALL_RECORD_BYTES
    }

    /// The function cannot be compiled, or is not to be: takes back what was made of it since [`next`](Compiler::next).
    pub fn abandon(&mut self) {
        self.ended = false;
        while let Some((own, label)) = self.before.pop() {
            if let Some(place) = self.functions.get_mut(own as usize) {
                *place = label;
            }
        }
        self.absent = self.absent_before;
        self.masm.truncate(self.begun);
    }

    /// Ends the code: calls of functions that are not compiled go through their records. `false` if there are any.
    ///
    /// # Errors
    /// `OutOfMemory`, `FunctionTooLarge`.
    pub fn finish(&mut self, module: &Module<'_>) -> Result<bool, ErrorKind> {
        self.keep();
        let mut complete = true;
        for own in 0..self.functions.len() as u32 {
            let Some(&(mut label)) = self.functions.get(own as usize) else { break };
            if label.bound || !label.is_used() {
                complete &= label.bound;
                continue;
            }
            complete = false;
            let ty = module.func_type(self.import_funcs + own);
            let (args, results) = (Arguments::new::<M>(ty), in_registers(ty));
            let shared_cells = self.shared.get(own as usize).copied().unwrap_or(0);
            let frame = Frame { shared_cells, param_cells: ty.param_cells(), ..Frame::default() };
            self.masm.call_record(&mut label, own, &frame, args.list::<M>(), results, &mut self.routines);
        }
        self.masm.check()?;
        Ok(complete)
    }

    /// The function just compiled.
    pub fn compiled(&self) -> Compiled {
        self.compiled
    }

    /// Where code is entered from outside.
    pub fn entry(&self) -> u32 {
        self.routines.entry
    }

    /// The code.
    pub fn code(&self) -> &Code {
        self.masm.code()
    }

    /// Asks which operator a call or a trap belongs to whose return address lies so many bytes behind the place where the
    /// function is called, in the next one.
    pub fn locate(&mut self, bytes: u32) {
        self.sought = Some(bytes);
        self.located = None;
    }

    /// The offset in the module of the operator that [`locate`](Compiler::locate) asked for.
    pub fn located(&self) -> Option<u32> {
        self.located
    }

    /// The code from a place on is that of the operator at `at`.
    fn made(&mut self, from: usize, at: u32) {
        let made = from as u32 + 1..=self.masm.place() as u32;
        if self.sought.is_some_and(|bytes| made.contains(&(self.compiled.start + bytes))) {
            self.located = Some(at);
        }
    }

    /// A call is next.
    fn calling(&mut self) {
        self.polls.call.get_or_insert(self.masm.place());
    }

    /// Polls the interrupt word if there was a way through the code without for longer than `bytes` since `place`.
    #[inline(always)]
    fn poll_after(&mut self, place: usize, bytes: usize) -> Result<(), ErrorKind> {
        if self.masm.place() - place < bytes { Ok(()) } else { self.poll() }
    }

    /// Polls the interrupt word.
    #[inline(never)]
    fn poll(&mut self) -> Result<(), ErrorKind> {
        let mut label = Label::NEW;
        self.masm.poll(&mut label);
        self.polls = Polls { last: self.masm.place(), call: None };
        self.add_trap(label, Trap::Interrupted, self.at)
    }

    /// Something goes to a trap; the label is bound at the function's end.
    fn add_trap(&mut self, label: Label, trap: Trap, at: u32) -> Result<(), ErrorKind> {
        self.traps.push(TrapExit { branches: label.place, trap, at }).map_err(|_| ErrorKind::OutOfMemory)
    }

    /// The function to call, if it can be called directly.
    fn callee(&self, own: u32) -> (Label, u32) {
        let label = self.functions.get(own as usize).copied().unwrap_or(Label::NEW);
        (label, self.shared.get(own as usize).copied().unwrap_or(0))
    }

    /// It is called, which the label says.
    fn set_callee(&mut self, own: u32, label: Label) -> Result<(), ErrorKind> {
        if let Some(place) = self.functions.get_mut(own as usize)
            && !label.bound
        {
            let before = core::mem::replace(place, label);
            self.absent += usize::from(!before.is_used());
            self.before.push((own, before)).map_err(|_| ErrorKind::OutOfMemory)?;
        }
        Ok(())
    }

    fn is_local(&self, cell: Cell) -> bool {
        cell < self.local_cells
    }
}

/// Cells of the result that a function returns in registers.
fn in_registers(ty: FuncType<'_>) -> u32 {
    if ty.results().len() == 1 { ty.result_cells() } else { 0 }
}
