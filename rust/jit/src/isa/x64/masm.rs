//! The macro-assembler: integers and branches.

use super::asm::{
    Asm, Branch, Cond as C, Load, Mem, Op, R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI,
    RDX, RSI, Reg, Scan, Shift as S, Size, Src, Unary,
};
use crate::code::Code;
use crate::masm::{
    Alu, Bits, Cond, Division, Float2, Frame, Function, GlobalCell, Label, Masm, Pair, PairVal, Place, Shift,
    TailArguments, Val, Veneers,
};
use wasmote_core::vm::Builtin;
use wasmote_core::{ErrorKind, LoadOp, StoreOp, Trap, UnaryOp};
use wasmote_platform::{Heap, OutOfMemory};

/// The frame: the first saved register.
pub(super) const FP: Reg = RBP;
/// The first byte of the memory.
pub(super) const BASE: Reg = R10;
/// The length of the memory minus 4.
pub(super) const LIMIT: Reg = R11;
/// The instance's context.
pub(super) const CTX: Reg = R15;

/// The macro-assembler for x86-64. Of values of 32 bits, the upper half of the register is 0.
#[derive(Debug)]
pub struct X64 {
    pub(super) asm: Asm,
    /// Whether the flags are those of a comparison that is yet to be asked.
    pub(super) flags_wanted: bool,
    /// Where the size of the frame is to be set.
    pub(super) frame_size: usize,
    /// Where the veneers are.
    pub(super) veneers: u32,
}

pub(super) fn condition(cond: Cond) -> C {
    match cond {
        Cond::Equal => C::E,
        Cond::NotEqual => C::Ne,
        Cond::Less => C::L,
        Cond::GreaterOrEqual => C::Ge,
        Cond::Greater => C::G,
        Cond::LessOrEqual => C::Le,
        Cond::Below => C::B,
        Cond::AboveOrEqual => C::Ae,
        Cond::Above => C::A,
        Cond::BelowOrEqual => C::Be,
    }
}

fn shift_op(shift: Shift) -> S {
    match shift {
        Shift::Left => S::Shl,
        Shift::Right => S::Shr,
        Shift::RightSigned => S::Sar,
        Shift::RotateLeft => S::Rol,
        Shift::RotateRight => S::Ror,
    }
}

/// A number as an instruction has it, which extends its sign to the size.
fn immediate(size: Size, number: u64) -> Option<i32> {
    match size {
        Size::W32 => Some(number as u32 as i32),
        Size::W64 => i32::try_from(number as i64).ok(),
    }
}

impl X64 {
    /// No code yet.
    pub fn new(heap: &Heap) -> X64 {
        X64 { asm: Asm::new(heap), flags_wanted: false, frame_size: 0, veneers: 0 }
    }

    /// A number in a register.
    pub(super) fn number(&mut self, rd: Reg, value: u64) {
        if value == 0 && !self.flags_wanted {
            self.asm.op(Op::Xor, Size::W32, rd, rd);
        } else {
            self.asm.mov_imm(rd, value);
        }
    }

    pub(super) fn copy(&mut self, rd: Reg, rm: Reg) {
        if rd != rm {
            self.asm.mov(Size::W64, rd, rm);
        }
    }

    /// `rd = a op rd` or `rd = a op src`, with an instruction that has `rd` as first operand.
    fn two(&mut self, op: Op, size: Size, rd: Reg, a: Reg, src: impl Into<Src>) {
        let src = src.into();
        debug_assert!(rd == a || src != Src::from(rd), "the second operand is overwritten");
        self.copy(rd, a);
        self.asm.op(op, size, rd, src);
    }

    fn registers(&mut self, op: Alu, size: Size, rd: Reg, a: Reg, b: Reg) {
        let (a, b) = if rd == b && op != Alu::Sub { (b, a) } else { (a, b) };
        match op {
            Alu::Add if rd != a => self.asm.lea(size, rd, Mem::indexed(a, b, 0, 0)),
            Alu::Add => self.asm.op(Op::Add, size, rd, b),
            Alu::Sub if rd == b && rd != a => {
                self.asm.unary(Unary::Neg, size, rd);
                self.asm.op(Op::Add, size, rd, a);
            }
            Alu::Sub => self.two(Op::Sub, size, rd, a, b),
            Alu::And => self.two(Op::And, size, rd, a, b),
            Alu::Or => self.two(Op::Or, size, rd, a, b),
            Alu::Xor => self.two(Op::Xor, size, rd, a, b),
            Alu::Mul => {
                self.copy(rd, a);
                self.asm.imul(size, rd, b);
            }
            Alu::Shift(_) => debug_assert!(false, "not one of these"),
        }
    }

    /// `rd = a shifted by b`, of which the processor takes the bits that count.
    fn shift_by(&mut self, shift: Shift, size: Size, rd: Reg, a: Reg, b: Reg) {
        self.copy(RCX, b);
        self.copy(rd, a);
        self.asm.shift(shift_op(shift), size, rd);
    }

    fn multiply(&mut self, size: Size, rd: Reg, a: Reg, number: i32) {
        match number {
            2 | 3 | 5 | 9 => self.asm.lea(size, rd, Mem::indexed(a, a, (number - 1).ilog2() as u8, 0)),
            1.. if number & (number - 1) == 0 => {
                self.copy(rd, a);
                self.asm.shift_imm(S::Shl, size, rd, number.trailing_zeros() as u8);
            }
            _ => self.asm.imul_imm(size, rd, a, number),
        }
    }

    /// `rd = a op number`.
    fn with_number(&mut self, op: Alu, size: Size, rd: Reg, a: Reg, number: u64) {
        let op = match op {
            Alu::Shift(shift) => {
                let bits = if size == Size::W64 { 63 } else { 31 };
                let by = (number & bits) as u8;
                if shift == Shift::Left && by == 1 && rd != a {
                    return self.asm.lea(size, rd, Mem::indexed(a, a, 0, 0));
                }
                self.copy(rd, a);
                if by != 0 {
                    self.asm.shift_imm(shift_op(shift), size, rd, by);
                }
                return;
            }
            // Rather this than a subtraction, which has no third operand.
            Alu::Sub => return self.with_number(Alu::Add, size, rd, a, number.wrapping_neg()),
            op => op,
        };
        // What has no upper half leaves none.
        let size = if op == Alu::And && number >> 32 == 0 { Size::W32 } else { size };
        match (op, number) {
            (Alu::And, 0xFF) => return self.asm.load(Load::Zero8, rd, a),
            (Alu::And, 0xFFFF) => return self.asm.load(Load::Zero16, rd, a),
            (Alu::And, 0xFFFF_FFFF) => return self.asm.mov(Size::W32, rd, a),
            _ => {}
        }
        let Some(number) = immediate(size, number) else {
            self.asm.mov_imm(RCX, number);
            return self.registers(op, size, rd, a, RCX);
        };
        match op {
            Alu::Add if number == 0 => self.copy(rd, a),
            Alu::Add if rd != a => self.asm.lea(size, rd, Mem::at(a, number)),
            Alu::Add => self.asm.op_imm(Op::Add, size, rd, number),
            Alu::And => self.two(Op::And, size, rd, a, Src::Imm(number)),
            Alu::Or => self.two(Op::Or, size, rd, a, Src::Imm(number)),
            Alu::Xor if number == -1 => {
                self.copy(rd, a);
                self.asm.unary(Unary::Not, size, rd);
            }
            Alu::Xor => self.two(Op::Xor, size, rd, a, Src::Imm(number)),
            Alu::Mul => self.multiply(size, rd, a, number),
            Alu::Sub | Alu::Shift(_) => debug_assert!(false, "not one of these"),
        }
    }

    /// The number of ones, in parallel.
    fn ones(&mut self, size: Size, rd: Reg, a: Reg) {
        let (all, top) = if size == Size::W64 { (u64::MAX, 56) } else { (u64::from(u32::MAX), 24) };
        // Every second, every fourth bit and so on.
        let mask = |bits: u64| all / bits;
        let half = |masm: &mut X64, from, by| {
            masm.copy(RCX, from);
            masm.asm.shift_imm(S::Shr, size, RCX, by);
        };
        let and = |masm: &mut X64, reg: Reg, mask: u64| match immediate(size, mask) {
            Some(mask) => masm.asm.op_imm(Op::And, size, reg, mask),
            None => {
                masm.asm.mov_imm(RAX, mask);
                masm.asm.op(Op::And, size, reg, RAX);
            }
        };
        half(self, a, 1);
        and(self, RCX, mask(3));
        self.copy(rd, a);
        self.asm.op(Op::Sub, size, rd, RCX);
        half(self, rd, 2);
        and(self, RCX, mask(5));
        and(self, rd, mask(5));
        self.asm.op(Op::Add, size, rd, RCX);
        half(self, rd, 4);
        self.asm.op(Op::Add, size, rd, RCX);
        and(self, rd, mask(17));
        // The uppermost byte of the product is the sum of all bytes.
        self.asm.mov_imm(RCX, mask(255));
        self.asm.imul(size, rd, RCX);
        self.asm.shift_imm(S::Shr, size, rd, top);
    }

    /// Without a one there is no place of it, and `none` takes the place.
    fn scan(&mut self, scan: Scan, size: Size, rd: Reg, a: Reg, none: u64) {
        self.asm.scan(scan, size, rd, a);
        self.asm.mov_imm(RCX, none);
        self.asm.mov_if(C::E, Size::W32, rd, RCX);
    }
}

impl Masm for X64 {
    type Word = u64;
    const TEMPS: &'static [Reg] = &[RSI, RDI, R8, R9];
    const ARGS: usize = 4;
    const DOUBLES: bool = true;
    type ArgPlaces = [(u32, Size); Self::ARGS];
    const PINS: &'static [Reg] = &[RBX, R12, R13, R14];
    // RDX would serve, but keeping it through divisions costs more than it gains (measured: linear).
    const LEAF_PINS: &'static [Reg] = &[];
    const CALL_RECORD_BYTES: usize = 64;
    const CALL_BIAS: usize = 0;
    const SCRATCH: Reg = RAX;

    fn code(&self) -> &Code {
        &self.asm.code
    }

    fn check(&self) -> Result<(), ErrorKind> {
        self.asm.code.check().map_err(|_| ErrorKind::OutOfMemory)
    }

    fn bind(&mut self, label: &mut Label) -> usize {
        self.resolve(label)
    }

    fn bind_at(&mut self, label: &mut Label, place: usize) {
        self.resolve_at(label, place);
    }

    fn truncate(&mut self, place: usize) {
        self.asm.code.truncate(place);
        self.flags_wanted = false;
    }

    fn jump(&mut self, label: &mut Label) {
        self.refer(Branch::Jump, label);
    }

    fn branch(&mut self, cond: Cond, label: &mut Label) {
        self.refer(Branch::JumpIf(condition(cond)), label);
        self.flags_wanted = false;
    }

    fn jump_table(&mut self, index: Reg, count: u32) {
        let Some(last) = count.checked_sub(1).filter(|&last| last > 0) else { return };
        self.asm.mov_imm(RCX, last.into());
        self.asm.op(Op::Cmp, Size::W32, index, RCX);
        self.asm.mov_if(C::B, Size::W32, RCX, index);
        // Each jump has five bytes.
        self.asm.lea(Size::W32, RCX, Mem::indexed(RCX, RCX, 2, 0));
        let at = self.asm.code.len();
        self.asm.lea_here(RAX, 0);
        let behind = self.asm.code.len();
        self.asm.op(Op::Add, Size::W64, RAX, RCX);
        self.asm.jump(RAX);
        let table = self.asm.code.len();
        self.asm.set_lea_here(at, (table - behind) as i32);
    }

    fn jump_table_entry(&mut self, label: &mut Label) {
        if label.is_bound() {
            // All jumps of the table are equally long.
            let field = self.asm.branch_far(Branch::Jump, 0);
            self.asm.set_branch(field, label.place() as usize);
        } else {
            self.refer(Branch::Jump, label);
        }
    }

    fn mov(&mut self, dst: Reg, src: Val<u64>) {
        match src {
            Val::Reg(src) => self.copy(dst, src),
            Val::Imm(number) => self.number(dst, number),
        }
    }

    fn alu(&mut self, op: Alu, size: Size, dst: Reg, a: Reg, b: Val<u64>) {
        match (op, b) {
            (_, Val::Imm(number)) => self.with_number(op, size, dst, a, number),
            (Alu::Shift(shift), Val::Reg(b)) => self.shift_by(shift, size, dst, a, b),
            (_, Val::Reg(b)) => self.registers(op, size, dst, a, b),
        }
    }

    fn alu_shifted(
        &mut self,
        op: Alu,
        size: Size,
        dst: Reg,
        a: Reg,
        (b, shift, by): (Reg, Shift, u32),
    ) -> bool {
        let address = op == Alu::Add && shift == Shift::Left && by <= 3;
        if address {
            self.asm.lea(size, dst, Mem::indexed(a, b, by as u8, 0));
        }
        address
    }

    fn subtract_from(&mut self, size: Size, dst: Reg, number: u64, b: Reg) {
        if dst == b {
            self.asm.unary(Unary::Neg, size, dst);
            self.with_number(Alu::Add, size, dst, dst, number);
        } else {
            self.number(dst, number);
            self.asm.op(Op::Sub, size, dst, b);
        }
    }

    /// Of RDX:RAX.
    fn divide(&mut self, op: Division, size: Size, dst: Reg, a: Reg, b: Reg) {
        self.copy(RAX, a);
        let mut done = Label::NEW;
        match (op.signed, op.remainder) {
            (false, _) => self.asm.op(Op::Xor, Size::W32, RDX, RDX),
            (true, false) => self.asm.sign(size),
            (true, true) => {
                // The least number has no quotient by -1, and the processor then gives no remainder either.
                self.asm.op(Op::Xor, Size::W32, RDX, RDX);
                self.asm.op_imm(Op::Cmp, size, b, -1);
                self.refer(Branch::JumpIf(C::E), &mut done);
                self.asm.sign(size);
            }
        }
        self.asm.unary(if op.signed { Unary::Idiv } else { Unary::Div }, size, b);
        self.resolve(&mut done);
        self.copy(dst, if op.remainder { RDX } else { RAX });
    }

    fn bits(&mut self, op: Bits, size: Size, dst: Reg, a: Reg) {
        let bits = if size == Size::W64 { 64 } else { 32 };
        match op {
            Bits::LeadingZeros => {
                self.scan(Scan::Bsr, size, dst, a, 2 * bits - 1);
                self.asm.op_imm(Op::Xor, Size::W32, dst, bits as i32 - 1);
            }
            Bits::TrailingZeros => self.scan(Scan::Bsf, size, dst, a, bits),
            Bits::Ones => self.ones(size, dst, a),
            Bits::Extend8 => self.asm.load(Load::Sign8(size), dst, a),
            Bits::Extend16 => self.asm.load(Load::Sign16(size), dst, a),
            Bits::Extend32 => self.asm.load(Load::Sign32, dst, a),
            Bits::ZeroExtend32 => self.copy(dst, a),
            Bits::Wrap => self.asm.mov(Size::W32, dst, a),
        }
    }

    fn compare(&mut self, size: Size, a: Reg, b: Val<u64>) {
        match b {
            Val::Imm(0) => self.asm.test(size, a, a),
            Val::Imm(number) => match immediate(size, number) {
                Some(number) => self.asm.op_imm(Op::Cmp, size, a, number),
                None => {
                    self.asm.mov_imm(RCX, number);
                    self.asm.op(Op::Cmp, size, a, RCX);
                }
            },
            Val::Reg(b) => self.asm.op(Op::Cmp, size, a, b),
        }
        self.flags_wanted = true;
    }

    fn has_floats(&self, _: Size) -> bool {
        true
    }

    fn has_unary(&self, _: UnaryOp) -> bool {
        true
    }

    fn compare_floats(&mut self, cond: Cond, size: Size, a: Pair, b: PairVal<u64>) -> Cond {
        let cond = self.compare_numbers(cond, size, a.0, b.0);
        self.flags_wanted = true;
        cond
    }

    fn float2(&mut self, op: Float2, size: Size, dst: Pair, a: Pair, b: Pair) {
        self.number2(op, size, dst.0, a.0, b.0);
    }

    fn float1(&mut self, op: UnaryOp, dst: Pair, a: Pair) {
        self.number1(op, dst.0, a.0);
    }

    fn set(&mut self, cond: Cond, dst: Reg) {
        self.asm.set(condition(cond), RCX);
        self.asm.load(Load::Zero8, dst, RCX);
        self.flags_wanted = false;
    }

    fn is_zero(&mut self, size: Size, dst: Reg, a: Reg) {
        self.asm.test(size, a, a);
        self.set(Cond::Equal, dst);
    }

    fn move_if(&mut self, cond: Cond, dst: Reg, src: Val<u64>) {
        let src = match src {
            Val::Reg(src) if src == dst => return,
            Val::Reg(src) => src,
            Val::Imm(number) => {
                self.asm.mov_imm(RCX, number);
                RCX
            }
        };
        self.asm.mov_if(condition(cond), Size::W64, dst, src);
    }

    fn compared(&mut self) {
        self.flags_wanted = false;
    }

    fn frame(&mut self, load: bool, size: Size, reg: Reg, frame: &Frame, cell: u32) {
        self.access(load, size, reg, Mem::at(FP, frame.cell_offset(cell)));
    }

    fn result(&mut self, reg: Reg, frame: &Frame, cell: u32) {
        self.access(false, Size::W32, reg, Mem::at(FP, frame.result_offset(cell)));
    }

    fn frame_zero(&mut self, frame: &Frame, cell: u32, count: u32) {
        self.zero_frame(frame, cell, count);
    }

    fn check_bounds(&mut self, address: Reg, last: u32, _min_memory: u32, trap: &mut Label) {
        self.check_memory(address, last, trap);
    }

    fn load(&mut self, op: LoadOp, dst: (Reg, Option<Reg>), place: Place<u64>) {
        self.load_memory(op, dst.0, place);
    }

    fn store(&mut self, op: StoreOp, src: (Reg, Option<Reg>), place: Place<u64>) {
        self.store_memory(op, src.0, place);
    }

    fn global(&mut self, load: bool, size: Size, reg: Reg, global: GlobalCell) {
        self.access_global(load, size, reg, global);
    }

    fn enter(&mut self, frame: &Frame, args: &[(u32, Size)], results: u32, large: bool) -> (usize, usize) {
        self.begin_function(frame, args, results, large)
    }

    fn call_record(
        &mut self,
        function: &mut Label,
        own: u32,
        frame: &Frame,
        args: &[(u32, Size)],
        results: u32,
    ) {
        self.call_by_record(function, own, frame, args, results);
    }

    fn fits(&self, frame: &Frame, cells: u32) -> bool {
        frame.bytes(cells) <= super::abi::MARGIN
    }

    fn set_frame_cells(&mut self, frame: &Frame, cells: u32) {
        self.set_frame_bytes(frame.bytes(cells));
    }

    fn leave(&mut self, frame: &Frame) {
        self.end_function(frame);
    }

    fn call(&mut self, function: Function<'_>, frame: &Frame, cells: u32, callee_shared: u32) {
        self.call_function(function, frame, cells, callee_shared);
    }

    fn call_import(&mut self, index: u32, results: u32, frame: &Frame, cells: u32) {
        self.call_imported(index, results, frame, cells);
    }

    fn call_indirect(&mut self, table: u32, ty: u32, results: u32, frame: &Frame, cells: u32) {
        self.call_table(table, ty, results, frame, cells);
    }

    fn tail_call(
        &mut self,
        function: Function<'_>,
        frame: &Frame,
        args: TailArguments<'_>,
        callee_shared: u32,
    ) {
        self.tail_call_function(function, frame, args, callee_shared);
    }

    fn tail_call_import(&mut self, index: u32, results: u32, frame: &Frame, args: TailArguments<'_>) {
        self.tail_call_imported(index, results, frame, args);
    }

    fn tail_call_indirect(
        &mut self,
        table: u32,
        ty: u32,
        results: u32,
        frame: &Frame,
        args: TailArguments<'_>,
    ) {
        self.tail_call_table(table, ty, results, frame, args);
    }

    fn builtin(&mut self, builtin: Builtin, immediates: [u32; 2], frame: &Frame, cells: u32) {
        self.call_builtin(builtin, immediates, frame, cells);
    }

    fn ref_func(&mut self, dst: Reg, func: u32, imported: bool) {
        self.reference(dst, func, imported);
    }

    fn charge(&mut self) -> usize {
        self.take_fuel()
    }

    fn set_charge(&mut self, charge: usize, units: u8) {
        self.asm.code.set8(charge, units);
    }

    fn poll(&mut self, interrupted: &mut Label) {
        self.compare_interrupt();
        self.refer(Branch::JumpIf(C::Ne), interrupted);
    }

    fn loop_header(&mut self, label: &mut Label) {
        self.poll_here(label);
    }

    fn trap(&mut self, trap: Trap) {
        self.go_to_trap(trap);
    }

    fn begin(&mut self, veneers: Veneers) -> Result<(), OutOfMemory> {
        debug_assert!(self.asm.code.is_empty(), "the veneers come first");
        match veneers {
            #[cfg(feature = "lazy")]
            Veneers::At(place) => self.veneers = place as u32,
            _ => self.common_code(),
        }
        Ok(())
    }
}
