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
use crate::masm::{Alu, Frame, Function, Label, Masm, Shift, Veneers};
use operators::Binary;
use places::Arguments;
use regs::Regs;
use wasmote_core::{ErrorKind, FuncType, LoadOp, Trap, UnaryOp};
use wasmote_frontend::{Cell, Module, Operand};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// How code is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Whether code counts fuel. Without the feature `fuel` it never does.
    pub metered: bool,
}

/// Where a function's code begins, and its frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// Where it is called from outside, from the beginning of all code.
    pub start: u32,
    /// Where it is called from compiled code.
    pub inside: u32,
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

/// A trap that code goes to.
#[derive(Clone, Copy)]
struct TrapExit {
    branches: Label,
    trap: Trap,
    at: u32,
}

/// How much a cell of a local is used.
#[derive(Clone, Copy)]
struct Use {
    cell: Cell,
    weight: u32,
}

/// No uses are known. (As a constant it takes no loop.)
const UNUSED: [Use; MOST_USED] = [Use { cell: 0, weight: 0 }; MOST_USED];

/// Whether functions that are called may be left to another engine.
const PARTIAL: bool = cfg!(feature = "partial");

/// Bytes of code that are carried out at most without a poll of the interrupt word, on each way through a function.
const POLL_BYTES: usize = 1024;
/// As many from the first call since a poll to the return: the ends of nested calls follow each other.
const POLL_BYTES_TO_RETURN: usize = 64;
/// What an operator that the runtime carries out counts as, beside its code: the slowest takes some 2,000 instructions.
const SLOW_BYTES: usize = 64;

/// Where the interrupt word has been polled.
#[derive(Clone, Copy, Default)]
struct Polls {
    /// The place of the last poll.
    last: usize,
    /// What the slow operators since then count as.
    slow: usize,
    /// The first call since, and what `slow` was there.
    call: Option<(usize, usize)>,
}

/// Cells of locals that may get a register for the whole function.
const CANDIDATES: usize = 128;
/// More than can get one.
const MOST_USED: usize = 16;

/// Compiles the functions of a module, one behind the other. The macro-assembler comes first, so that its address is this
/// one's, and what is large last: what is near is reached with short instructions.
#[repr(C)]
pub struct Compiler<M: Masm> {
    masm: M,
    // Of the present function.
    deferred: Deferred,
    at: u32,
    local_cells: Cell,
    /// Cells that its frame has at least, as the runtime uses them.
    least_cells: Cell,
    frame: Frame,
    polls: Polls,
    own: u32,
    /// Where its code begins, with what comes before the place where it is called.
    begun: usize,
    compiled: Compiled,
    /// Whether the heap was used up, which is told when it ends, so that not everything has to be asked.
    failed: bool,
    /// Whether its frame is larger than what is checked for all.
    large: bool,
    calls: bool,
    /// Whether a branch follows the comparison that is made.
    branching: bool,
    /// Whether it is complete. Who calls it is told only when it is sure to stay.
    ended: bool,
    /// Whether it is compiled apart from the others.
    apart: bool,
    settings: Settings,
    regs: Regs,
    traps: Vec<TrapExit>,
    /// What was known of the functions that the present one calls, before each call, and how many have been called that
    /// are not there.
    before: Vec<(u32, Label)>,
    absent_before: usize,
    absent: usize,
    /// The module's own functions, as places to call; of one that is compiled apart, only itself.
    functions: Vec<Label>,
    min_memory: u32,
    import_funcs: u32,
    sought: Option<u32>,
    located: Option<u32>,
    /// Of the present function's locals, the one that is used most first.
    most_used: [Use; MOST_USED],
}

impl<M: Masm> Compiler<M> {
    /// A compiler, to [`begin`](Compiler::begin) with. It is large, and on a device this way it is not copied.
    pub fn new(masm: M, heap: &Heap, settings: Settings) -> Compiler<M> {
        Compiler {
            masm,
            settings: Settings { metered: cfg!(feature = "fuel") && settings.metered },
            functions: Vec::new(heap),
            apart: false,
            min_memory: 0,
            import_funcs: 0,
            frame: Frame::default(),
            own: 0,
            failed: false,
            large: false,
            regs: Regs::new(),
            most_used: UNUSED,
            calls: false,
            local_cells: 0,
            least_cells: 0,
            deferred: Deferred::NONE,
            branching: false,
            traps: Vec::new(heap),
            polls: Polls::default(),
            at: 0,
            begun: 0,
            ended: false,
            before: Vec::new(heap),
            absent_before: 0,
            absent: 0,
            compiled: Compiled { start: 0, inside: 0, frame_cells: 0 },
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
        self.masm.begin(Veneers::Used)?;
        self.prepare(module);
        Ok(())
    }

    /// What functions of `module` have in common comes next if each is compiled apart: a [`stub`](Compiler::stub) for each.
    ///
    /// # Errors
    /// The heap is used up.
    #[cfg(feature = "lazy")]
    pub fn begin_stubs(&mut self, module: &Module<'_>) -> Result<(), OutOfMemory> {
        self.masm.begin(Veneers::All)?;
        self.prepare(module);
        Ok(())
    }

    /// One function of `module` comes next, and is compiled apart: the code with the [stubs](Compiler::stub) begins `veneers`
    /// bytes behind where this will, or before if that is less than 0. Other functions are called where the context's
    /// `compiled` says.
    ///
    /// # Errors
    /// The heap is used up.
    #[cfg(feature = "lazy")]
    pub fn begin_apart(&mut self, module: &Module<'_>, veneers: i32) -> Result<(), OutOfMemory> {
        self.apart = true;
        self.functions.resize(1, Label::NEW)?;
        self.masm.begin(Veneers::At(veneers))?;
        self.prepare(module);
        Ok(())
    }

    fn prepare(&mut self, module: &Module<'_>) {
        // All of 4 GiB is not known.
        self.min_memory = module.memory().map_or(0, |memory| {
            u32::try_from(u64::from(memory.limits.min) << memory.page_log2).unwrap_or(u32::MAX)
        });
        self.import_funcs = module.import_funcs();
    }

    /// The function that comes next, by its place among the module's own; `large` if the attempt before said that its frame
    /// is too large otherwise.
    pub fn next(&mut self, own: u32, large: bool) {
        self.keep();
        self.own = own;
        self.large = large;
        self.begun = self.masm.place();
        self.failed = false;
        self.before.clear();
        self.absent_before = self.absent;
    }

    /// Where the function before begins is told to the calls of it.
    fn keep(&mut self) {
        if core::mem::take(&mut self.ended)
            && let place = self.place_of(self.own)
            && let Some(function) = self.functions.get_mut(place)
        {
            self.masm.bind_at(function, self.compiled.inside as usize);
        }
    }

    /// Whether a function is compiled apart from the present one.
    fn is_apart(&self, own: u32) -> bool {
        cfg!(feature = "lazy") && self.apart && own != self.own
    }

    /// The place in `functions` of one that is not.
    fn place_of(&self, own: u32) -> usize {
        if cfg!(feature = "lazy") && self.apart { 0 } else { own as usize }
    }

    /// Bytes of code, with what [`finish`](Compiler::finish) would add now.
    pub fn size(&self) -> usize {
        self.masm.place() + if PARTIAL { self.absent * M::CALL_RECORD_BYTES } else { 0 }
    }

    /// The function cannot be compiled, or is not to be: takes back what was made of it since [`next`](Compiler::next).
    pub fn abandon(&mut self) {
        self.ended = false;
        while let Some((own, label)) = self.before.pop() {
            let place = self.place_of(own);
            if let Some(place) = self.functions.get_mut(place) {
                *place = label;
            }
        }
        self.absent = self.absent_before;
        self.masm.truncate(self.begun);
    }

    /// Ends the code: calls of functions that are not compiled, if there may be any, go through their records. `false` if there
    /// are.
    ///
    /// # Errors
    /// `OutOfMemory`, `FunctionTooLarge`.
    pub fn finish(&mut self, module: &Module<'_>) -> Result<bool, ErrorKind> {
        self.keep();
        let mut complete = true;
        let functions = if PARTIAL { self.functions.len() } else { 0 };
        for own in 0..functions as u32 {
            let Some(&(mut label)) = self.functions.get(own as usize) else { break };
            if label.is_bound() || !label.is_used() {
                complete &= label.is_bound();
                continue;
            }
            complete = false;
            self.call_by_record(module, own, &mut label);
        }
        self.masm.end();
        self.masm.check()?;
        Ok(complete)
    }

    /// Adds code that calls a function by its record, which makes it, if it was not called before. Where that is called.
    #[cfg(feature = "lazy")]
    pub fn stub(&mut self, module: &Module<'_>, own: u32) -> u32 {
        let mut label = Label::NEW;
        self.call_by_record(module, own, &mut label);
        label.place()
    }

    fn call_by_record(&mut self, module: &Module<'_>, own: u32, label: &mut Label) {
        let ty = module.func_type(self.import_funcs + own);
        let (args, results) = (Arguments::<M>::new(ty), in_registers(ty));
        let frame =
            Frame { shared_cells: shared_cells(ty), param_cells: ty.param_cells(), ..Frame::default() };
        self.masm.call_record(label, own, &frame, args.list(), results);
    }

    /// The function just compiled.
    pub fn compiled(&self) -> Compiled {
        self.compiled
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
    #[inline(never)]
    fn made(&mut self, from: usize, at: u32) {
        if let Some(bytes) = self.sought {
            let made = from as u32 + 1..=self.masm.place() as u32;
            if made.contains(&(self.compiled.start + bytes)) {
                self.located = Some(at);
            }
        }
    }

    /// A call is next.
    fn calling(&mut self) {
        self.polls.call.get_or_insert((self.masm.place(), self.polls.slow));
    }

    /// Polls the interrupt word if there was a way through the code without for longer than `bytes` since `place`, where
    /// `slow` was this.
    #[inline(always)]
    fn poll_after(&mut self, (place, slow): (usize, usize), bytes: usize) {
        if self.masm.place() - place + self.polls.slow - slow >= bytes {
            self.poll();
        }
    }

    /// Polls the interrupt word.
    #[inline(never)]
    fn poll(&mut self) {
        let mut label = Label::NEW;
        self.masm.poll(&mut label);
        self.polls = Polls { last: self.masm.place(), ..Polls::default() };
        self.add_trap(label, Trap::Interrupted, self.at);
    }

    /// Something goes to a trap; the label is bound at the function's end.
    fn add_trap(&mut self, label: Label, trap: Trap, at: u32) {
        self.failed |= self.traps.push(TrapExit { branches: label, trap, at }).is_err();
    }

    /// The function to call, if it is called directly.
    fn callee(&self, own: u32) -> Label {
        self.functions.get(self.place_of(own)).copied().unwrap_or(Label::NEW)
    }

    /// How it is called; this is its label.
    fn function<'l>(&self, own: u32, label: &'l mut Label) -> Function<'l> {
        if self.is_apart(own) { Function::Listed(own) } else { Function::At(label) }
    }

    /// It is called, which the label says.
    fn set_callee(&mut self, own: u32, label: Label) {
        if self.is_apart(own) {
            return;
        }
        let place = self.place_of(own);
        if let Some(place) = self.functions.get_mut(place)
            && !label.is_bound()
        {
            let before = core::mem::replace(place, label);
            self.absent += usize::from(!before.is_used());
            self.failed |= self.before.push((own, before)).is_err();
        }
    }

    fn is_local(&self, cell: Cell) -> bool {
        cell < self.local_cells
    }
}

/// Cells that a function shares with its caller.
fn shared_cells(ty: FuncType<'_>) -> u32 {
    ty.param_cells().max(ty.result_cells())
}

/// Cells of the result that a function returns in registers.
fn in_registers(ty: FuncType<'_>) -> u32 {
    if ty.results().len() == 1 { ty.result_cells() } else { 0 }
}
