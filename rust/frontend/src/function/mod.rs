//! Function bodies: decoded, validated and told to a sink in one pass (WebAssembly Core, 3.3 and 5.4).
//!
//! [`operands`] keeps the types and places of the operand stack, [`control`] the labels, [`ops`] the rule of each
//! operator. The three share the [`Compiler`].

/// Tells the sink something if the code is reachable and nothing was wrong so far.
macro_rules! tell {
    ($body:ident, $method:ident ( $($argument:expr),* $(,)? )) => {
        if $body.live() {
            $body.sink.$method($($argument),*);
        }
    };
}

mod builtins;
mod control;
mod locals;
mod operands;
mod ops;
mod scan;

use crate::module::Module;
use crate::reader::{FAILED, Reader};
use crate::{Cell, FuncInfo, Sink};
use control::Control;
use locals::Locals;
use operands::Entry;
use wasmote_core::{ErrorKind, Feature, LoadError, Op, limits};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// The topmost operands, of which all may be pending locals at a time. It bounds the work of `local.set`, which looks at
/// each of them.
pub(crate) const LAZY_LOCALS: usize = 32;

/// Validates function bodies and drives a sink. Its scratch space is used again for each function and grows with
/// the largest one.
///
/// What is asked for most lies first, where short instructions reach it.
#[repr(C)]
pub struct Compiler<'m, 'a, S: Sink> {
    /// Of the present function's body. Also knows what was wrong.
    reader: Reader<'a>,
    stack: Vec<Entry>,
    /// Operands below the innermost block, which it may not pop.
    height: usize,
    /// The first cell above all operands.
    top: Cell,
    /// Offset of the current operator.
    op_at: u32,
    module: &'m Module<'a>,
    /// Cells that the frame needs so far.
    frame_cells: Cell,
    /// Operands below this place are no pending locals.
    pending: usize,
    control: Vec<Control<'a, S>>,
    /// What the charge of the current straight line of code may still cost; 0 if it has none, or if that is used up.
    left: u32,
    /// The charge, once one of its operators costs something.
    segment: Option<S::Charge>,
    /// What is told.
    pub sink: S,
    /// Depths of the labels that a jump table needs a detour for.
    detours: Vec<u32>,
    /// See [`Compiler::moved`]. Of all functions.
    values: u32,
    /// The function behind the last one compiled, and where its body's length is: functions mostly come in order.
    next: (u32, u32),
    locals: Locals,
}

impl<'m, 'a, S: Sink> Compiler<'m, 'a, S> {
    /// A compiler for functions of `module`; its scratch space is taken from `heap`.
    #[inline(always)]
    pub fn new(module: &'m Module<'a>, heap: &Heap, sink: S) -> Compiler<'m, 'a, S> {
        Compiler {
            sink,
            module,
            reader: module.reader(0),
            op_at: 0,
            pending: 0,
            top: 0,
            height: 0,
            frame_cells: 0,
            segment: None,
            left: 0,
            stack: Vec::new(heap),
            control: Vec::new(heap),
            detours: Vec::new(heap),
            values: 0,
            next: (0, module.code),
            locals: Locals::new(heap),
        }
    }

    /// Function `own` is at this place, as [`Module::body_places`] tells, so that nobody walks there if it is the next one.
    pub fn seek(&mut self, own: u32, place: u32) {
        self.next = (own, place);
    }

    /// Validates one of the module's own functions, by its place among them, and tells its code to the sink.
    ///
    /// # Errors
    /// What is wrong, and at which offset in the module. The sink has been told a part of the function then.
    pub fn function(&mut self, own: u32) -> Result<(), LoadError> {
        self.body(own, 0)
    }

    /// Validates one of the module's own functions, as [`function`](Compiler::function) does, and tells nobody.
    ///
    /// # Errors
    /// As for [`function`](Compiler::function), but for those of a sink.
    pub fn validate(&mut self, own: u32) -> Result<(), LoadError> {
        self.body(own, QUIET)
    }

    fn body(&mut self, own: u32, mute: u8) -> Result<(), LoadError> {
        let module = self.module;
        let (mut at, start) = if own >= self.next.0 { self.next } else { (0, module.code) };
        self.reader = module.reader(start);
        let mut len = self.reader.u32();
        while at < own && !self.reader.failed() {
            self.reader.slice(len);
            len = self.reader.u32();
            at += 1;
        }
        let start = self.reader.pos();
        self.next = (own + 1, start + len);
        self.reader = Reader::new(module.bytes, start, start + len);
        self.reader.mute = mute;
        self.op_at = start;
        self.pending = 0;
        self.height = 0;
        self.segment = None;
        self.left = 0;
        self.locals.clear();
        self.stack.clear();
        self.control.clear();
        let index = module.import_funcs + own;
        let ty = module.func_type(index);
        self.compile(FuncInfo { index, ty, param_cells: ty.param_cells(), local_cells: 0, body_len: len });
        self.reader.result()
    }
}

/// The code cannot be reached: a bit of [`Reader::mute`].
const UNREACHABLE: u8 = 2;
/// The body is validated, and nothing else.
const QUIET: u8 = 4;
/// Its last operator has been read.
const ENDED: u8 = 8;
/// Nothing behind the last operator of the innermost block can be reached: operands may be popped that were never pushed.
const POLYMORPHIC: u8 = 16;

impl<'a, S: Sink> Compiler<'_, 'a, S> {
    #[inline(never)]
    fn compile(&mut self, mut info: FuncInfo<'a>) {
        for ty in info.ty.params() {
            let added = self.locals.add(1, ty);
            self.told(added);
        }
        for _ in 0..self.reader.count(limits::MAX_ITEMS, ErrorKind::TooManyLocals) {
            self.op_at = self.reader.pos();
            let count = self.reader.u32();
            let ty = crate::sections::val_type(&mut self.reader);
            let added = self.locals.add(count, ty);
            self.told(added);
        }
        info.local_cells = self.locals.cells();
        self.top = info.local_cells;
        self.frame_cells = info.local_cells.max(info.ty.result_cells());
        if self.sink.wants_uses() && self.live() {
            self.scan();
        }
        tell!(self, begin(&info));
        self.enter_function(info.ty);
        loop {
            let mute = self.reader.mute;
            if mute & (FAILED | ENDED) != 0 {
                break;
            }
            self.op_at = self.reader.pos();
            let opcode = self.reader.next().into();
            let mut op = Op::plain(opcode);
            if op.is_none() {
                op = self.reader.operator(opcode, self.op_at);
            }
            if mute == 0 {
                self.sink.at(self.op_at);
                if opcode >= u32::BITS || FREE >> opcode & 1 == 0 {
                    self.meter();
                }
            }
            self.operator(op);
        }
        if !self.reader.at_end() {
            self.reader.fail(ErrorKind::EndExpected);
        }
        self.op_at = self.reader.pos();
        if self.reader.mute & !(UNREACHABLE | POLYMORPHIC) == ENDED {
            let ended = self.sink.end(self.frame_cells);
            self.told(ended);
        }
    }

    /// Whether the sink is to be told: it wants to know, the code can be reached, and nothing was wrong so far.
    fn live(&self) -> bool {
        self.reader.mute == 0
    }

    /// Whether operands may be popped that were never pushed.
    fn polymorphic(&self) -> bool {
        self.reader.mute & POLYMORPHIC != 0
    }

    /// The current operator is wrong.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, kind: ErrorKind) {
        self.reader.fail_at(kind, self.op_at);
    }

    /// What a sink reports is wrong with the current operator.
    #[inline(always)]
    fn told(&mut self, result: Result<(), ErrorKind>) {
        if let Err(kind) = result {
            self.fail(kind);
        }
    }

    fn stored(&mut self, result: Result<(), OutOfMemory>) {
        if result.is_err() {
            self.fail(ErrorKind::OutOfMemory);
        }
    }

    fn need(&mut self, feature: Feature) {
        self.reader.need(feature, self.op_at);
    }

    /// Bounds the work for types with many values, of which an operator of two bytes may handle a thousand: those beyond
    /// the first few are counted, and must stay in proportion to the code.
    pub(crate) fn moved(&mut self, count: usize) {
        const FEW: usize = 16;
        if count > FEW {
            self.values = self.values.saturating_add((count - FEW) as u32);
            let bytes = self.op_at.saturating_sub(self.module.code);
            let most = bytes.saturating_mul(limits::MAX_VALUES_PER_BYTE).saturating_add(limits::MAX_VALUES);
            if self.values > most {
                self.fail(ErrorKind::TooManyParams);
            }
        }
    }

    /// Counts an operator into the current straight line of code.
    #[inline(always)]
    fn meter(&mut self) {
        if self.left == 0 {
            self.begin_segment();
        }
        self.left -= 1;
    }

    #[cold]
    #[inline(never)]
    fn begin_segment(&mut self) {
        self.end_segment();
        if self.sink.metered() {
            self.segment = Some(self.sink.charge());
            self.left = UNITS;
        } else {
            // No function has so many operators.
            self.left = u32::MAX;
        }
    }

    /// Ends the current straight line of code: what follows may be reached from elsewhere, or not at all.
    #[inline(never)]
    fn end_segment(&mut self) {
        let left = core::mem::take(&mut self.left);
        if let Some(charge) = self.segment.take() {
            self.sink.set_charge(charge, (UNITS - left) as u8);
        }
    }
}

/// What one charge is for, at most: engines can take as much in one instruction.
const UNITS: u32 = u8::MAX as u32;

/// Whether an operator costs fuel: all do but those that only shape the code.
const fn costs(op: Op) -> bool {
    !matches!(op, Op::Nop | Op::Block | Op::Loop | Op::Else | Op::End | Op::Drop)
}

/// The opcodes of those that do not, one bit each.
const FREE: u32 = {
    let mut free = 0;
    let mut opcode = 0;
    while opcode <= 0xFF {
        if let Some((op, _)) = Op::find(opcode)
            && !costs(op)
        {
            // An error here if it is too large.
            free |= 1 << opcode;
        }
        opcode += 1;
    }
    free
};
