//! Function bodies: decoded, validated and told to a sink in one pass (WebAssembly Core, 3.3 and 5.4).
//!
//! [`operands`] keeps the types and places of the operand stack, [`control`] the labels, [`ops`] the rule of each
//! operator. The three share one [`Body`].

mod control;
mod locals;
mod operands;
mod ops;

use crate::module::{Module, need};
use crate::reader::{Reader, Result};
use crate::{Cell, FuncInfo, Sink};
use control::Control;
use locals::Locals;
use operands::Entry;
use wasmote_core::{ErrorKind, Feature, Features, LoadError, Op, ValType, limits, refused};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// Entries of the operand stack that may be pending locals at a time. It bounds the work of `local.set`, which
/// looks at each of them.
pub(crate) const LAZY_LOCALS: usize = 32;

/// Validates function bodies and drives a sink. Its scratch space is used again for each function and grows with
/// the largest one.
pub struct Compiler<'m, 'a, S: Sink> {
    module: &'m Module<'a>,
    features: Features,
    locals: Locals,
    stack: Vec<Entry>,
    control: Vec<Control<'a, S>>,
    /// Depths of the labels that a jump table needs a detour for.
    detours: Vec<u32>,
    /// The function behind the last one compiled, and where its body's length is: functions mostly come in order.
    next: (u32, u32),
}

impl<'m, 'a, S: Sink> Compiler<'m, 'a, S> {
    /// A compiler for functions of `module`; its scratch space is taken from `heap`.
    pub fn new(module: &'m Module<'a>, heap: &Heap) -> Compiler<'m, 'a, S> {
        Compiler {
            module,
            features: module.features(),
            locals: Locals::new(heap),
            stack: Vec::new(heap),
            control: Vec::new(heap),
            detours: Vec::new(heap),
            next: (0, module.code.start),
        }
    }

    /// The features that the module's sections and the bodies so far use.
    pub fn features(&self) -> Features {
        self.features
    }

    /// Validates one of the module's own functions, by its place among them, and tells its code to `sink`.
    ///
    /// # Errors
    /// What is wrong, and at which offset in the module. The sink has been told a part of the function then.
    pub fn function(&mut self, own: u32, sink: &mut S) -> Result<()> {
        let module = self.module;
        let (mut at, start) = if own >= self.next.0 { self.next } else { (0, module.code.start) };
        let mut reader = module.reader(start);
        let mut len = reader.u32()?;
        while at < own {
            reader.slice(len)?;
            len = reader.u32()?;
            at += 1;
        }
        let start = reader.pos();
        self.next = (own + 1, start + len);
        let index = module.import_funcs + own;
        let ty = module.func_type(index);
        let mut reader = Reader::new(module.bytes, start, start + len);
        self.locals.clear();
        self.stack.clear();
        self.control.clear();
        let mut body = Body {
            module,
            features: &mut self.features,
            locals: &mut self.locals,
            stack: &mut self.stack,
            control: &mut self.control,
            detours: &mut self.detours,
            pending: heapless::Deque::new(),
            reachable: true,
            frame_cells: 0,
            op_at: start,
            segment: None,
            units: 0,
            sink,
        };
        for ty in ty.params() {
            body.locals.add(1, ty).map_err(|kind| LoadError::new(kind, start))?;
        }
        let param_cells = body.locals.cells();
        body.declare_locals(&mut reader)?;
        let info = FuncInfo { index, ty, param_cells, local_cells: body.locals.cells(), body_len: len };
        body.frame_cells = info.local_cells.max(ty.result_cells());
        let begun = body.sink.begin(&info);
        body.told(begun)?;
        body.enter_function(ty)?;
        body.operators(&mut reader)?;
        if !reader.at_end() {
            return reader.fail(ErrorKind::EndExpected);
        }
        let (cells, ended) = (body.frame_cells, reader.pos());
        sink.end(cells).map_err(|kind| LoadError::new(kind, ended))
    }
}

/// The function being compiled.
struct Body<'b, 'a, S: Sink> {
    module: &'b Module<'a>,
    features: &'b mut Features,
    locals: &'b mut Locals,
    stack: &'b mut Vec<Entry>,
    control: &'b mut Vec<Control<'a, S>>,
    detours: &'b mut Vec<u32>,
    /// Stack positions of the entries that are pending locals, lowest first.
    pending: heapless::Deque<u32, LAZY_LOCALS>,
    /// Whether the code here can be reached; the sink is told nothing otherwise.
    reachable: bool,
    /// Cells that the frame needs so far.
    frame_cells: Cell,
    /// Offset of the current operator.
    op_at: u32,
    /// The charge of the current straight line of code, once one of its operators costs something.
    segment: Option<S::Charge>,
    /// What it costs so far.
    units: u32,
    sink: &'b mut S,
}

impl<'a, S: Sink> Body<'_, 'a, S> {
    fn declare_locals(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        for _ in 0..reader.count(limits::MAX_ITEMS, ErrorKind::TooManyLocals)? {
            let at = reader.pos();
            let count = reader.u32()?;
            let ty_at = reader.pos();
            let ty = crate::sections::val_type(reader)?;
            need(self.features, ty.feature(), ty_at)?;
            self.locals.add(count, ty).map_err(|kind| LoadError::new(kind, at))?;
        }
        Ok(())
    }

    fn operators(&mut self, reader: &mut Reader<'a>) -> Result<()> {
        while !self.control.is_empty() {
            self.op_at = reader.pos();
            let op = self.decode(reader)?;
            if self.reachable {
                self.sink.at(self.op_at);
                if costs(op) && self.sink.metered() {
                    self.meter()?;
                }
            }
            self.operator(op, reader)?;
        }
        Ok(())
    }

    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<Op> {
        let byte = u32::from(reader.u8()?);
        let opcode = match byte {
            0xFC => match reader.u32()? {
                sub @ 0..=0xFF => 0xFC00 | sub,
                _ => return self.fail(ErrorKind::BadOpcode),
            },
            _ => byte,
        };
        match Op::decode(opcode) {
            Some((op, feature)) => {
                need(self.features, feature, self.op_at)?;
                Ok(op)
            }
            None => self.fail(match refused(opcode) {
                Some(feature) => ErrorKind::Unsupported(feature),
                None => ErrorKind::BadOpcode,
            }),
        }
    }

    fn fail<T>(&self, kind: ErrorKind) -> Result<T> {
        Err(LoadError::new(kind, self.op_at))
    }

    /// Adds the place to what a sink, or the heap, reports.
    fn told<T>(&self, result: core::result::Result<T, ErrorKind>) -> Result<T> {
        result.map_err(|kind| LoadError::new(kind, self.op_at))
    }

    fn stored<T>(&self, result: core::result::Result<T, OutOfMemory>) -> Result<T> {
        result.map_err(|OutOfMemory| LoadError::new(ErrorKind::OutOfMemory, self.op_at))
    }

    fn need(&mut self, feature: Feature) -> Result<()> {
        need(self.features, feature, self.op_at)
    }

    /// Counts an operator into the current straight line of code.
    fn meter(&mut self) -> Result<()> {
        if self.segment.is_none() {
            let charge = self.sink.charge();
            self.segment = Some(self.told(charge)?);
        }
        self.units += 1;
        Ok(())
    }

    /// Ends the current straight line of code: what follows may be reached from elsewhere, or not at all.
    fn end_segment(&mut self) -> Result<()> {
        if let Some(charge) = self.segment.take() {
            let set = self.sink.set_charge(charge, self.units);
            self.units = 0;
            self.told(set)?;
        }
        Ok(())
    }

    fn val_type_needed(&mut self, ty: ValType) -> Result<()> {
        self.need(ty.feature())
    }
}

/// Whether an operator costs fuel: all do but those that only shape the code.
fn costs(op: Op) -> bool {
    !matches!(op, Op::Nop | Op::Block | Op::Loop | Op::Else | Op::End | Op::Drop)
}
