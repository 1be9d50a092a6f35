//! The macro-assembler: words and branches.

use super::Fpu;
use super::abi::INTERRUPT;
use super::asm::{Asm, Branch, Cond as C, Dp, Flags, LR, Mul, Reg, Shift as S, Src, Test, Unary, modified};
use crate::code::Code;
use crate::masm::{
    Alu, Bits, Cond, Division, Float2, Frame, Function, GlobalCell, Label, Masm, Pair, PairAlu, Place, Shift,
    Size, TailArguments, Val, Veneers,
};
use crate::routines::Routines;
use wasmote_core::vm::Builtin;
use wasmote_core::{ErrorKind, LoadOp, StoreOp, Trap, UnaryOp};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// What verbs change.
pub(super) const IP: Reg = Reg(12);
/// The frame: the first saved register.
pub(super) const FP: Reg = Reg(4);
/// The first byte of the memory.
pub(super) const BASE: Reg = Reg(5);
/// The instance's context.
pub(super) const CTX: Reg = Reg(9);
/// The length of the memory minus 4.
pub(super) const LIMIT: Reg = Reg(10);
/// Where code may count fuel: the lower half of what is left.
pub(super) const FUEL_LEFT: Reg = Reg(11);

/// The macro-assembler for Thumb-2.
#[derive(Debug)]
#[repr(C)]
pub struct Thumb2 {
    pub(super) asm: Asm,
    fpu: Fpu,
    /// Whether the flags are those of a comparison that is yet to be asked.
    pub(super) flags_wanted: bool,
    pub(super) out_of_reach: bool,
    /// Where the size of the frame is to be set.
    pub(super) frame_size: usize,
    /// The address of the routines.
    pub(super) routines: u32,
    /// Where they are reached: a veneer comes behind the first function that goes there.
    pub(super) veneers: Vec<Label>,
    /// Whether something goes to one that is not there yet.
    pub(super) awaited: bool,
}

pub(super) fn condition(cond: Cond) -> C {
    match cond {
        Cond::Equal => C::Eq,
        Cond::NotEqual => C::Ne,
        Cond::Less => C::Lt,
        Cond::GreaterOrEqual => C::Ge,
        Cond::Greater => C::Gt,
        Cond::LessOrEqual => C::Le,
        Cond::Below => C::Lo,
        Cond::AboveOrEqual => C::Hs,
        Cond::Above => C::Hi,
        Cond::BelowOrEqual => C::Ls,
    }
}

/// The instruction set's shift, and how far it goes. A rotation to the left is one to the right.
pub(super) fn shift_by(shift: Shift, by: u32) -> (S, u8) {
    let by = (by & 31) as u8;
    match shift {
        Shift::Left => (S::Lsl, by),
        Shift::Right => (S::Lsr, by),
        Shift::RightSigned => (S::Asr, by),
        Shift::RotateRight => (S::Ror, by),
        Shift::RotateLeft => (S::Ror, (32 - by) & 31),
    }
}

impl Thumb2 {
    /// No code yet. It will run where `ROUTINES` lie at that address.
    pub fn new(heap: &Heap, fpu: Fpu, routines: usize) -> Thumb2 {
        Thumb2 {
            asm: Asm::new(heap),
            fpu,
            flags_wanted: false,
            out_of_reach: false,
            frame_size: 0,
            routines: routines as u32,
            veneers: Vec::new(heap),
            awaited: false,
        }
    }

    /// Whether the flags may change.
    pub(super) fn flags(&self) -> Flags {
        if self.flags_wanted { Flags::Keep } else { Flags::Any }
    }

    /// A number in a register.
    pub(super) fn number(&mut self, rd: Reg, value: u32) {
        let flags = self.flags();
        if value <= 0xFF || modified(value).is_some() {
            self.asm.mov(flags, rd, Src::Imm(value));
        } else if modified(!value).is_some() {
            self.asm.mvn(flags, rd, Src::Imm(!value));
        } else {
            self.asm.movw(rd, value & 0xFFFF);
            if value >> 16 != 0 {
                self.asm.movt(rd, value >> 16);
            }
        }
    }

    /// An operand of an instruction that takes modified immediates; other numbers go to the scratch register.
    pub(super) fn source(&mut self, val: Val) -> Src {
        match val {
            Val::Reg(reg) => Src::Reg(reg),
            Val::Imm(value) if modified(value).is_some() => Src::Imm(value),
            Val::Imm(value) => {
                self.number(IP, value);
                Src::Reg(IP)
            }
        }
    }

    /// `rd = rn + number`.
    pub(super) fn add(&mut self, rd: Reg, rn: Reg, number: u32) {
        let flags = self.flags();
        let negative = number.wrapping_neg();
        if number == 0 {
            if rd != rn {
                self.asm.mov(flags, rd, Src::Reg(rn));
            }
        } else if modified(number).is_some() {
            self.asm.dp(Dp::Add, flags, rd, rn, Src::Imm(number));
        } else if modified(negative).is_some() {
            self.asm.dp(Dp::Sub, flags, rd, rn, Src::Imm(negative));
        } else if number < 4096 {
            self.asm.add_wide(false, rd, rn, number);
        } else if negative < 4096 {
            self.asm.add_wide(true, rd, rn, negative);
        } else if rd != rn {
            self.number(rd, number);
            self.asm.dp(Dp::Add, flags, rd, rd, Src::Reg(rn));
        } else {
            self.number(IP, number);
            self.asm.dp(Dp::Add, flags, rd, rn, Src::Reg(IP));
        }
    }

    fn multiply(&mut self, rd: Reg, rn: Reg, number: u32) {
        let flags = self.flags();
        let times = |power: u32| Src::shifted(rn, S::Lsl, power.trailing_zeros() as u8);
        if number.is_power_of_two() {
            return self.asm.mov(flags, rd, times(number));
        }
        // One more or less.
        for (op, power) in [(Dp::Add, number.wrapping_sub(1)), (Dp::Rsb, number.wrapping_add(1))] {
            if power.is_power_of_two() {
                return self.asm.dp(op, flags, rd, rn, times(power));
            }
        }
        self.number(IP, number);
        self.asm.mul(Mul::Mul, flags, rd, rn, IP);
    }

    fn word(&mut self, op: Alu, rd: Reg, rn: Reg, number: u32) {
        let (operation, of_inverse) = match op {
            Alu::Add => return self.add(rd, rn, number),
            Alu::Sub => return self.add(rd, rn, number.wrapping_neg()),
            Alu::Mul => return self.multiply(rd, rn, number),
            Alu::Shift(shift) => {
                let (shift, by) = shift_by(shift, number);
                return self.shifted(rd, rn, shift, by.into());
            }
            Alu::And if number == 0xFF => return self.asm.unary(Unary::Uxtb, rd, rn),
            Alu::And if number == 0xFFFF => return self.asm.unary(Unary::Uxth, rd, rn),
            Alu::And => (Dp::And, Some(Dp::Bic)),
            Alu::Or => (Dp::Orr, Some(Dp::Orn)),
            Alu::Xor => (Dp::Eor, None),
        };
        let flags = self.flags();
        match of_inverse.filter(|_| modified(number).is_none()) {
            Some(op) if modified(!number).is_some() => self.asm.dp(op, flags, rd, rn, Src::Imm(!number)),
            Some(Dp::Bic) if number.wrapping_add(1).is_power_of_two() => {
                self.asm.extract(false, rd, rn, 0, number.trailing_ones() as u8);
            }
            _ => {
                let src = self.source(Val::Imm(number));
                self.asm.dp(operation, flags, rd, rn, src);
            }
        }
    }
}

/// The instruction set's operation, of those that are not a multiplication or a shift.
fn operation(op: Alu) -> Option<Dp> {
    Some(match op {
        Alu::Add => Dp::Add,
        Alu::Sub => Dp::Sub,
        Alu::And => Dp::And,
        Alu::Or => Dp::Orr,
        Alu::Xor => Dp::Eor,
        Alu::Mul | Alu::Shift(_) => return None,
    })
}

impl Masm for Thumb2 {
    type Word = u32;
    const TEMPS: &'static [Reg] = &[Reg(0), Reg(1), Reg(2), Reg(3)];
    const ARGS: usize = 4;
    const DOUBLES: bool = matches!(Fpu::MOST, Fpu::Double);
    type ArgPlaces = [(u32, Size); 0];
    const PINS: &'static [Reg] =
        if cfg!(feature = "fuel") { &[Reg(6), Reg(7), Reg(8)] } else { &[Reg(6), Reg(7), Reg(8), FUEL_LEFT] };
    const LEAF_PINS: &'static [Reg] = &[LR];
    // With the veneer.
    const CALL_RECORD_BYTES: usize = 50;
    // The lowest bit says that it is Thumb.
    const CALL_BIAS: usize = 1;
    const SCRATCH: Reg = IP;

    fn code(&self) -> &Code {
        &self.asm.code
    }

    fn place(&self) -> usize {
        self.asm.code.len()
    }

    fn check(&self) -> Result<(), ErrorKind> {
        self.asm.code.check().map_err(|_| ErrorKind::OutOfMemory)?;
        if self.out_of_reach { Err(ErrorKind::FunctionTooLarge) } else { Ok(()) }
    }

    fn bind(&mut self, label: &mut Label) -> usize {
        self.resolve(label)
    }

    fn bind_at(&mut self, label: &mut Label, place: usize) {
        self.resolve_at(label, place);
    }

    fn truncate(&mut self, place: usize) {
        self.forget_veneers(place);
        self.asm.code.truncate(place);
        self.flags_wanted = false;
        self.out_of_reach = false;
    }

    fn jump(&mut self, label: &mut Label) {
        self.refer_short(Branch::NEAR, Branch::FAR, label);
    }

    fn branch(&mut self, cond: Cond, label: &mut Label) {
        let cond = condition(cond);
        self.refer_short(Branch::near_if(cond), Branch::far_if(cond), label);
        self.flags_wanted = false;
    }

    fn jump_table(&mut self, index: Reg, count: u32) {
        let Some(last) = count.checked_sub(1).filter(|&last| last > 0) else { return };
        self.number(IP, last);
        self.asm.test(Test::Cmp, index, Src::Reg(IP));
        self.asm.it(C::Lo);
        self.asm.mov(Flags::Keep, IP, Src::Reg(index));
        self.asm.mov(Flags::Keep, IP, Src::shifted(IP, S::Lsl, 2));
        self.asm.branch_by(IP);
        // The place four bytes behind it is where the table begins.
        self.asm.nop();
    }

    fn jump_table_entry(&mut self, label: &mut Label) {
        self.refer(Branch::FAR, label);
    }

    fn mov(&mut self, dst: Reg, src: Val) {
        match src {
            Val::Reg(src) if src == dst => {}
            Val::Reg(src) => self.asm.copy(dst, src),
            Val::Imm(number) => self.number(dst, number),
        }
    }

    fn alu(&mut self, op: Alu, _: Size, dst: Reg, a: Reg, b: Val) {
        let flags = self.flags();
        let b = match b {
            Val::Imm(number) => return self.word(op, dst, a, number),
            Val::Reg(b) => b,
        };
        if let Some(dp) = operation(op) {
            return self.asm.dp(dp, flags, dst, a, Src::Reg(b));
        }
        match op {
            Alu::Shift(Shift::RotateLeft) => {
                self.asm.dp(Dp::Rsb, flags, IP, b, Src::Imm(0));
                self.asm.shift(S::Ror, flags, dst, a, IP);
            }
            // Of rotations only five bits matter.
            Alu::Shift(Shift::RotateRight) => self.asm.shift(S::Ror, flags, dst, a, b),
            Alu::Shift(shift) => {
                // All of the lowest byte counts.
                self.asm.dp(Dp::And, flags, IP, b, Src::Imm(31));
                self.asm.shift(shift_by(shift, 0).0, flags, dst, a, IP);
            }
            _ => self.asm.mul(Mul::Mul, flags, dst, a, b),
        }
    }

    fn alu_shifted(&mut self, op: Alu, _: Size, dst: Reg, a: Reg, (b, shift, by): (Reg, Shift, u32)) -> bool {
        let Some(dp) = operation(op) else { return false };
        let (shift, by) = shift_by(shift, by);
        let src = if by == 0 { Src::Reg(b) } else { Src::shifted(b, shift, by) };
        let flags = self.flags();
        self.asm.dp(dp, flags, dst, a, src);
        true
    }

    fn subtract_from(&mut self, _: Size, dst: Reg, number: u32, b: Reg) {
        let flags = self.flags();
        match self.source(Val::Imm(number)) {
            Src::Reg(number) => self.asm.dp(Dp::Sub, flags, dst, number, Src::Reg(b)),
            number => self.asm.dp(Dp::Rsb, flags, dst, b, number),
        }
    }

    fn divide(&mut self, op: Division, _: Size, dst: Reg, a: Reg, b: Reg) {
        let divide = if op.signed { Mul::Sdiv } else { Mul::Udiv };
        if op.remainder {
            self.asm.mul(divide, Flags::Keep, IP, a, b);
            self.asm.mul(Mul::Mls(a), Flags::Keep, dst, IP, b);
        } else {
            self.asm.mul(divide, Flags::Keep, dst, a, b);
        }
    }

    fn bits(&mut self, op: Bits, _: Size, dst: Reg, a: Reg) {
        match op {
            Bits::LeadingZeros => self.asm.unary(Unary::Clz, dst, a),
            Bits::TrailingZeros => {
                self.asm.unary(Unary::Rbit, dst, a);
                self.asm.unary(Unary::Clz, dst, dst);
            }
            Bits::Extend8 => self.asm.unary(Unary::Sxtb, dst, a),
            Bits::Extend16 => self.asm.unary(Unary::Sxth, dst, a),
            Bits::Ones | Bits::Extend32 | Bits::ZeroExtend32 | Bits::Wrap => {
                debug_assert!(false, "the runtime's, or 64 bits");
            }
        }
    }

    fn pair_alu(&mut self, op: PairAlu, dst: Pair, a: Pair, b: (Val, Val)) {
        self.pair_operation(op, dst, a, b);
    }

    fn pair_mul_words(&mut self, dst: Pair, a: Reg, b: Reg) {
        self.asm.mul_long(super::asm::Long::Umull, dst.0, dst.1, a, b);
    }

    fn pair_shift_by(&mut self, shift: Shift, dst: Pair, a: Pair, by: u32) {
        self.shift_pair_by(shift, dst, a, by & 63);
    }

    fn compare(&mut self, _: Size, a: Reg, b: Val) {
        match b {
            Val::Imm(number) if modified(number).is_none() && modified(number.wrapping_neg()).is_some() => {
                self.asm.test(Test::Cmn, a, Src::Imm(number.wrapping_neg()));
            }
            _ => {
                let b = self.source(b);
                self.asm.test(Test::Cmp, a, b);
            }
        }
        self.flags_wanted = true;
    }

    fn compare_pair(&mut self, cond: Cond, a: Pair, b: (Val, Val)) -> Cond {
        let cond = self.compare_pairs(cond, a, b);
        self.flags_wanted = true;
        cond
    }

    fn has_floats(&self, size: Size) -> bool {
        self.fpu.has(size)
    }

    fn has_unary(&self, op: UnaryOp) -> bool {
        use UnaryOp::{I32Popcnt, I64Clz, I64Ctz, I64Popcnt};
        !matches!(op, I32Popcnt | I64Clz | I64Ctz | I64Popcnt) && self.fpu.has_unary(op)
    }

    fn compare_floats(&mut self, cond: Cond, size: Size, a: Pair, b: (Val, Val)) -> Cond {
        let cond = self.compare_numbers(cond, size, a, b);
        self.flags_wanted = true;
        cond
    }

    fn float2(&mut self, op: Float2, size: Size, dst: Pair, a: Pair, b: Pair) {
        self.number2(op, size, dst, a, b);
    }

    fn float1(&mut self, op: UnaryOp, dst: Pair, a: Pair) {
        self.number1(op, dst, a);
    }

    fn numeric(&mut self, number: u32, frame: &Frame, cells: u32, leaf: bool) {
        self.call_numeric(number, frame, cells, leaf);
    }

    fn set(&mut self, cond: Cond, dst: Reg) {
        let cond = condition(cond);
        self.asm.mov(Flags::Keep, dst, Src::Imm(0));
        self.asm.it(cond);
        self.asm.mov_in_it(dst, 1);
        self.flags_wanted = false;
    }

    fn is_zero(&mut self, _: Size, dst: Reg, a: Reg) {
        self.asm.unary(Unary::Clz, dst, a);
        let flags = self.flags();
        self.asm.mov(flags, dst, Src::shifted(dst, S::Lsr, 5));
    }

    fn move_if(&mut self, cond: Cond, dst: Reg, src: Val) {
        let src = match src {
            Val::Reg(src) if src == dst => return,
            Val::Reg(src) => Src::Reg(src),
            Val::Imm(_) => self.source(src),
        };
        self.asm.it(condition(cond));
        self.asm.mov(Flags::Keep, dst, src);
    }

    fn compared(&mut self) {
        self.flags_wanted = false;
    }

    fn frame(&mut self, load: bool, _: Size, reg: Reg, frame: &Frame, cell: u32) {
        self.access_frame(load, reg, frame.cell_offset(cell));
    }

    fn result(&mut self, reg: Reg, frame: &Frame, cell: u32) {
        self.access_frame(false, reg, frame.result_offset(cell));
    }

    fn frame_zero(&mut self, frame: &Frame, cell: u32, count: u32) {
        self.zero_frame(frame, cell, count);
    }

    fn check_bounds(&mut self, address: Reg, last: u32, min_memory: u32, trap: &mut Label) {
        self.check_memory(address, last, min_memory, trap);
    }

    fn load(&mut self, op: LoadOp, dst: (Reg, Option<Reg>), place: Place) {
        self.load_memory(op, dst, place);
    }

    fn store(&mut self, op: StoreOp, src: (Reg, Option<Reg>), place: Place) {
        self.store_memory(op, src, place);
    }

    fn global(&mut self, load: bool, _: Size, reg: Reg, global: GlobalCell) {
        self.access_global(load, reg, global);
    }

    fn enter(&mut self, frame: &Frame, _args: &[(u32, Size)], results: u32, large: bool) -> (usize, usize) {
        let start = self.begin_function(frame, results, large);
        (start, start)
    }

    fn call_record(
        &mut self,
        function: &mut Label,
        own: u32,
        frame: &Frame,
        _args: &[(u32, Size)],
        _results: u32,
    ) {
        self.call_by_record(function, own, frame);
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

    fn tail_call(
        &mut self,
        function: Function<'_>,
        frame: &Frame,
        args: TailArguments<'_>,
        callee_shared: u32,
    ) {
        self.tail_call_function(function, frame, args, callee_shared);
    }

    fn tail_call_import(&mut self, index: u32, _results: u32, frame: &Frame, args: TailArguments<'_>) {
        self.tail_call_imported(index, frame, args);
    }

    fn tail_call_indirect(
        &mut self,
        table: u32,
        ty: u32,
        _results: u32,
        frame: &Frame,
        args: TailArguments<'_>,
    ) {
        self.tail_call_table(table, ty, frame, args);
    }

    fn call_import(&mut self, index: u32, _results: u32, frame: &Frame, cells: u32) {
        self.call_imported(index, frame, cells);
    }

    fn call_indirect(&mut self, table: u32, ty: u32, _results: u32, frame: &Frame, cells: u32) {
        self.call_table(table, ty, frame, cells);
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
        self.asm.set_byte(charge, units);
    }

    fn poll(&mut self, interrupted: &mut Label) {
        self.load_word(IP, CTX, INTERRUPT);
        self.asm.test(Test::Cmp, IP, Src::Imm(0));
        self.refer(Branch::far_if(C::Ne), interrupted);
    }

    fn loop_header(&mut self, label: &mut Label) {
        self.poll_here(label);
    }

    fn trap(&mut self, trap: Trap) {
        self.go_to_trap(trap);
    }

    fn begin(&mut self, veneers: Veneers) -> Result<(), OutOfMemory> {
        debug_assert!(self.asm.code.is_empty(), "the veneers come first");
        self.veneers.resize(Routines::COUNT, Label::NEW)?;
        match veneers {
            Veneers::Used => {}
            #[cfg(feature = "lazy")]
            Veneers::All => self.put_veneers(true),
            #[cfg(feature = "lazy")]
            Veneers::At(place) => self.set_veneers(place as u32),
        }
        Ok(())
    }

    fn end(&mut self) {
        self.put_veneers(false);
    }
}
