//! Assembler for Thumb-2 as ARMv7-M and ARMv8-M mainline have it (Armv7-M Architecture Reference Manual, A5 and A7).
//!
//! A method appends one instruction. Of the encodings that do what is asked the shortest is taken, as assemblers do.
//! Nothing that a core may lack, or that is unpredictable, is made from sensible operands; floating point is only for
//! cores that have it, and `D` registers for those with double precision.

mod branch;
mod operands;
mod vfp;
mod words;

pub use branch::Branch;
pub use operands::*;
pub use vfp::{DOUBLE, vcvt, vcvt_precision, vfp1, vfp2};
pub use words::{
    dp_byte, dp_imm, dp_reg, dp_src, if_then, mem_offset, mov_reg, shift_reg, store_step, unary_reg,
};
use words::{dp_modified, dp_register};

use crate::code::Code;
use wasmote_platform::Heap;

/// Appends instructions to code.
#[derive(Debug)]
pub struct Asm {
    /// The code so far.
    pub code: Code,
}

impl Asm {
    /// No code yet.
    pub fn new(heap: &Heap) -> Asm {
        Asm { code: Code::new(heap) }
    }

    fn narrow(&mut self, half: u32) {
        self.code.put16(half);
    }

    /// An instruction of one half.
    pub fn short(&mut self, code: u32) {
        self.code.put16(code);
    }

    /// An instruction of two halves, the second one above, as [`dp_byte`] and others make it.
    pub fn long(&mut self, code: u32) {
        self.code.put32(code);
    }

    #[inline(never)]
    fn wide(&mut self, first: u32, second: u32) {
        self.code.put32(first & 0xFFFF | second << 16);
    }

    /// `rd = rn op src`.
    pub fn dp(&mut self, op: Dp, flags: Flags, rd: Reg, rn: Reg, src: Src) {
        if let Some(half) = narrow_dp(op, flags, rd, rn, src) {
            return self.narrow(half);
        }
        self.wide_dp(op as u32, flags == Flags::Set, rd, rn, src);
    }

    /// `rn op src`, for the flags.
    pub fn test(&mut self, op: Test, rn: Reg, src: Src) {
        match (op, src) {
            (Test::Cmp, Src::Imm(value @ 0..=0xFF)) if rn.is_low() => {
                return self.narrow(0x2800 | rn.bits() << 8 | value);
            }
            (Test::Cmp, Src::Reg(rm)) => return self.compare(rn, rm),
            (Test::Cmn, Src::Reg(rm)) if rn.is_low() && rm.is_low() => {
                return self.narrow(0x42C0 | rm.bits() << 3 | rn.bits());
            }
            (Test::Tst, Src::Reg(rm)) if rn.is_low() && rm.is_low() => {
                return self.narrow(0x4200 | rm.bits() << 3 | rn.bits());
            }
            _ => {}
        }
        self.wide_dp(op as u32, true, PC, rn, src);
    }

    /// Compares registers.
    pub fn compare(&mut self, rn: Reg, rm: Reg) {
        if rn.is_low() && rm.is_low() {
            self.narrow(0x4280 | rm.bits() << 3 | rn.bits());
        } else {
            self.narrow(0x4500 | (rn.bits() & 8) << 4 | rm.bits() << 3 | rn.bits() & 7);
        }
    }

    /// `rd = src`; a shifted register is a shift by a number.
    pub fn mov(&mut self, flags: Flags, rd: Reg, src: Src) {
        match src {
            Src::Imm(value @ 0..=0xFF) if rd.is_low() && flags != Flags::Keep => {
                return self.narrow(0x2000 | rd.bits() << 8 | value);
            }
            Src::Reg(rm) if flags != Flags::Set => return self.copy(rd, rm),
            Src::Reg(rm) if rd.is_low() && rm.is_low() => {
                return self.narrow(rm.bits() << 3 | rd.bits());
            }
            Src::Shifted(shifted) if rd.is_low() && flags != Flags::Keep => {
                if let Some(half) = shifted.narrow() {
                    return self.narrow(half | rd.bits());
                }
            }
            _ => {}
        }
        self.wide_dp(Dp::Orr as u32, flags == Flags::Set, rd, PC, src);
    }

    /// `rd = rm`. Leaves the flags.
    #[inline(never)]
    pub fn copy(&mut self, rd: Reg, rm: Reg) {
        self.narrow(mov_reg(rd, rm));
    }

    /// `rd = !src`.
    pub fn mvn(&mut self, flags: Flags, rd: Reg, src: Src) {
        match src {
            Src::Reg(rm) if rd.is_low() && rm.is_low() && flags != Flags::Keep => {
                self.narrow(0x43C0 | rm.bits() << 3 | rd.bits());
            }
            _ => self.wide_dp(Dp::Orn as u32, flags == Flags::Set, rd, PC, src),
        }
    }

    fn wide_dp(&mut self, op: u32, set: bool, rd: Reg, rn: Reg, src: Src) {
        let operand = match src {
            Src::Imm(value) => {
                let bits = modified(value);
                debug_assert!(bits.is_some(), "{value:#x} is no modified immediate");
                return self.long(dp_modified(op, set, rd, rn, bits.unwrap_or(0)));
            }
            Src::Reg(rm) => rm.bits(),
            Src::Shifted(shifted) => shifted.bits(),
        };
        self.long(dp_register(op, set, rd, rn, operand));
    }

    /// `rd = rn + imm`, or minus: a number of 12 bits. Leaves the flags.
    pub fn add_wide(&mut self, subtract: bool, rd: Reg, rn: Reg, imm: u32) {
        let first = if subtract { 0xF2A0 } else { 0xF200 };
        self.wide(first | (imm & 0x800) >> 1 | rn.bits(), (imm & 0x700) << 4 | rd.bits() << 8 | imm & 0xFF);
    }

    /// `rd = imm`: 16 bits.
    pub fn movw(&mut self, rd: Reg, imm: u32) {
        self.mov_half(0xF240, rd, imm);
    }

    /// The upper half of `rd` = `imm`.
    pub fn movt(&mut self, rd: Reg, imm: u32) {
        self.mov_half(0xF2C0, rd, imm);
    }

    fn mov_half(&mut self, first: u32, rd: Reg, imm: u32) {
        let first = first | (imm & 0x800) >> 1 | imm >> 12 & 15;
        self.wide(first, (imm & 0x700) << 4 | rd.bits() << 8 | imm & 0xFF);
    }

    /// Changes the number of a `movw` or `movt` at a place.
    pub fn set_mov_half(&mut self, at: usize, imm: u32) {
        let (first, second) = ((imm & 0x800) >> 1 | imm >> 12 & 15, (imm & 0x700) << 4 | imm & 0xFF);
        self.code.set32(at, self.code.get32(at) & 0x8F00_FBF0 | first | second << 16);
    }

    /// Changes the number, a byte, of an operation with one at a place.
    pub fn set_byte(&mut self, at: usize, imm: u8) {
        self.code.set8(at + 2, imm);
    }

    /// Adds a multiple of 4 up to 508 to the stack pointer, or takes it off.
    pub fn dp_sp(&mut self, subtract: bool, imm: u32) {
        self.narrow(0xB000 | u32::from(subtract) << 7 | imm >> 2 & 0x7F);
    }

    /// `rd = rn shifted by rm`.
    pub fn shift(&mut self, shift: Shift, flags: Flags, rd: Reg, rn: Reg, rm: Reg) {
        if flags != Flags::Keep && rd == rn && rd.is_low() && rm.is_low() {
            let op = [0x4080, 0x40C0, 0x4100, 0x41C0][shift as usize];
            return self.narrow(op | rm.bits() << 3 | rd.bits());
        }
        self.long(shift_reg(shift, flags == Flags::Set, rd, rn, rm));
    }

    /// `rd = op rm`. Leaves the flags.
    pub fn unary(&mut self, op: Unary, rd: Reg, rm: Reg) {
        let narrow = match op {
            Unary::Sxth => 0xB200,
            Unary::Uxth => 0xB280,
            Unary::Sxtb => 0xB240,
            Unary::Uxtb => 0xB2C0,
            Unary::Rev => 0xBA00,
            Unary::Rev16 => 0xBA40,
            Unary::Revsh => 0xBAC0,
            Unary::Clz | Unary::Rbit => return self.long(unary_reg(op, rd, rm)),
        };
        if rd.is_low() && rm.is_low() {
            self.narrow(narrow | rm.bits() << 3 | rd.bits());
        } else {
            self.long(unary_reg(op, rd, rm));
        }
    }

    /// `rd = rn op rm`.
    pub fn mul(&mut self, op: Mul, flags: Flags, rd: Reg, rn: Reg, rm: Reg) {
        let low = rd.is_low() && rn.is_low() && rm.is_low();
        if op == Mul::Mul && flags != Flags::Keep && low && (rd == rm || rd == rn) {
            let other = if rd == rm { rn } else { rm };
            return self.narrow(0x4340 | other.bits() << 3 | rd.bits());
        }
        debug_assert!(flags != Flags::Set, "only the short form sets flags");
        let (first, second) = match op {
            Mul::Mul => (0xFB00, 0xF000),
            Mul::Mla(ra) => (0xFB00, ra.bits() << 12),
            Mul::Mls(ra) => (0xFB00, ra.bits() << 12 | 0x10),
            Mul::Sdiv => (0xFB90, 0xF0F0),
            Mul::Udiv => (0xFBB0, 0xF0F0),
        };
        self.wide(first | rn.bits(), second | rd.bits() << 8 | rm.bits());
    }

    /// `high:low = rn * rm`, added to what is there by those that accumulate.
    pub fn mul_long(&mut self, op: Long, low: Reg, high: Reg, rn: Reg, rm: Reg) {
        self.wide(0xFB00 | op as u32 | rn.bits(), low.bits() << 12 | high.bits() << 8 | rm.bits());
    }

    /// `rd` = `width` bits of `rn` from `lsb` on.
    pub fn extract(&mut self, signed: bool, rd: Reg, rn: Reg, lsb: u8, width: u8) {
        let first = if signed { 0xF340 } else { 0xF3C0 };
        self.field(first | rn.bits(), rd, lsb, width.wrapping_sub(1));
    }

    /// `width` bits of `rd` from `lsb` on = the lowest ones of `rn`, or 0.
    pub fn insert(&mut self, rd: Reg, rn: Option<Reg>, lsb: u8, width: u8) {
        self.field(0xF360 | rn.map_or(15, Reg::bits), rd, lsb, lsb.wrapping_add(width).wrapping_sub(1));
    }

    fn field(&mut self, first: u32, rd: Reg, lsb: u8, last: u8) {
        let lsb = u32::from(lsb);
        self.wide(first, (lsb & 0x1C) << 10 | rd.bits() << 8 | (lsb & 3) << 6 | u32::from(last & 31));
    }

    /// Loads or stores `rt`.
    pub fn mem(&mut self, op: Mem, rt: Reg, address: Address) {
        let (first, rn) = (op as u32, address.base());
        match address.number() {
            Some(offset) => {
                if let Some(half) = narrow_mem(op, rt, rn, offset) {
                    return self.narrow(half);
                }
                debug_assert!((-255..=4095).contains(&offset), "no such offset: {offset}");
                match u32::try_from(offset) {
                    Ok(offset) => self.long(mem_offset(op, rt, rn, offset)),
                    Err(_) => self.wide(
                        first & !0x80 | rn.bits(),
                        rt.bits() << 12 | 0xC00 | offset.unsigned_abs() & 0xFF,
                    ),
                }
            }
            None => {
                let (rm, shift) = address.second();
                if shift == 0 && rt.is_low() && rn.is_low() && rm.is_low() {
                    let op = match op {
                        Mem::Str => 0x5000,
                        Mem::Strh => 0x5200,
                        Mem::Strb => 0x5400,
                        Mem::Ldrsb => 0x5600,
                        Mem::Ldr => 0x5800,
                        Mem::Ldrh => 0x5A00,
                        Mem::Ldrb => 0x5C00,
                        Mem::Ldrsh => 0x5E00,
                    };
                    return self.narrow(op | rm.bits() << 6 | rn.bits() << 3 | rt.bits());
                }
                let second = rt.bits() << 12 | shift << 4 | rm.bits();
                self.wide(first & !0x80 | rn.bits(), second);
            }
        }
    }

    /// Loads or stores a word, `words` behind `rn`: less than 32. Low registers.
    pub fn mem_near(&mut self, load: bool, rt: Reg, rn: Reg, words: u32) {
        self.narrow(0x6000 | u32::from(load) << 11 | words << 6 | rn.bits() << 3 | rt.bits());
    }

    /// Loads or stores two registers at `rn + offset`, which must be aligned: a multiple of 4 up to 1020.
    pub fn mem_dual(&mut self, load: bool, rt: Reg, rt2: Reg, rn: Reg, offset: i32) {
        let up = u32::from(offset >= 0) << 7;
        let first = 0xE940 | up | u32::from(load) << 4 | rn.bits();
        self.wide(first, rt.bits() << 12 | rt2.bits() << 8 | offset.unsigned_abs() >> 2 & 0xFF);
    }

    /// Loads or stores the registers of `list`, one bit each and at least two where there is no short form, from `rn` upwards, or from below `rn`
    /// if `down`. With `update`, `rn` ends behind them, or at the lowest.
    pub fn mem_many(&mut self, load: bool, down: bool, update: bool, rn: Reg, list: u16) {
        let list = u32::from(list);
        let low = list & !0xFF == 0 && rn.is_low() && !down;
        let listed = list >> rn.bits() & 1 != 0;
        let pop = rn == SP && update && down != load;
        if low && (if load { update != listed } else { update && !listed }) {
            return self.narrow(0xC000 | u32::from(load) << 11 | rn.bits() << 8 | list);
        }
        let return_bit = if load { 0x8000 } else { 0x4000 };
        if pop && list & !(0xFF | return_bit) == 0 {
            let op = if load { 0xBC00 } else { 0xB400 };
            return self.narrow(op | u32::from(list & return_bit != 0) << 8 | list & 0xFF);
        }
        debug_assert!(list.count_ones() >= 2, "one register has another form");
        let first = if down { 0xE900 } else { 0xE880 };
        self.wide(first | u32::from(update) << 5 | u32::from(load) << 4 | rn.bits(), list);
    }

    /// The next instruction only if the condition holds; it must not be a branch, nor one that sets flags.
    pub fn it(&mut self, cond: Cond) {
        self.narrow(if_then(cond));
    }

    /// `rd` = a byte, behind [`it`](Asm::it), where the short form leaves the flags.
    pub fn mov_in_it(&mut self, rd: Reg, imm: u8) {
        if rd.is_low() {
            self.narrow(0x2000 | rd.bits() << 8 | u32::from(imm));
        } else {
            self.mov(Flags::Keep, rd, Src::Imm(imm.into()));
        }
    }

    /// Nothing.
    pub fn nop(&mut self) {
        self.narrow(0xBF00);
    }

    /// An instruction that is never defined.
    pub fn udf(&mut self, imm: u8) {
        self.narrow(0xDE00 | u32::from(imm));
    }

    /// All memory accesses before are done before any behind.
    pub fn dsb(&mut self) {
        self.wide(0xF3BF, 0x8F4F);
    }
}

/// The short forms of operations with low registers, which set the flags: with three registers, or with two, from `0x4000` on.
static NARROW: [u16; 16] = {
    let mut codes = [0; 16];
    codes[Dp::Add as usize] = 0x1800;
    codes[Dp::Sub as usize] = 0x1A00;
    codes[Dp::And as usize] = 0x4000;
    codes[Dp::Eor as usize] = 0x4040;
    codes[Dp::Adc as usize] = 0x4140;
    codes[Dp::Sbc as usize] = 0x4180;
    codes[Dp::Orr as usize] = 0x4300;
    codes[Dp::Bic as usize] = 0x4380;
    codes
};

/// The short form of an operation, if it has one.
fn narrow_dp(op: Dp, flags: Flags, rd: Reg, rn: Reg, src: Src) -> Option<u32> {
    let low = rd.is_low() && rn.is_low();
    if let (Dp::Add, Src::Reg(rm)) = (op, src)
        && flags != Flags::Set
        && (rd == rn || rd == rm)
        // With low registers the form with flags is as short, and serves more often.
        && !(flags == Flags::Any && low && rm.is_low())
        && rd != PC
    {
        let other = if rd == rn { rm } else { rn };
        return Some(0x4400 | (rd.bits() & 8) << 4 | other.bits() << 3 | rd.bits() & 7);
    }
    if flags == Flags::Keep || !low {
        return None;
    }
    match (op, src) {
        (Dp::Add | Dp::Sub, Src::Imm(value)) => {
            let subtract = u32::from(op == Dp::Sub);
            if value <= 0xFF && rd == rn {
                Some(0x3000 | subtract << 11 | rd.bits() << 8 | value)
            } else if value < 8 {
                Some(0x1C00 | subtract << 9 | value << 6 | rn.bits() << 3 | rd.bits())
            } else {
                None
            }
        }
        (Dp::Rsb, Src::Imm(0)) => Some(0x4240 | rn.bits() << 3 | rd.bits()),
        (_, Src::Reg(rm)) if rm.is_low() => {
            let code = u32::from(NARROW[op as usize % NARROW.len()]);
            let commutes = op != Dp::Sbc && op != Dp::Bic;
            match () {
                () if code == 0 => None,
                () if code < 0x4000 => Some(code | rm.bits() << 6 | rn.bits() << 3 | rd.bits()),
                () if rd == rn => Some(code | rm.bits() << 3 | rd.bits()),
                () if rd == rm && commutes => Some(code | rn.bits() << 3 | rd.bits()),
                () => None,
            }
        }
        _ => None,
    }
}

/// The short form of a load or store at a register and a number, if it has one.
fn narrow_mem(op: Mem, rt: Reg, rn: Reg, offset: i32) -> Option<u32> {
    if !rt.is_low() || !(rn.is_low() || rn == SP) {
        return None;
    }
    let offset = u32::try_from(offset).ok()?;
    let (code, width) = match op {
        Mem::Str => (0x6000, 2),
        Mem::Ldr => (0x6800, 2),
        Mem::Strb => (0x7000, 0),
        Mem::Ldrb => (0x7800, 0),
        Mem::Strh => (0x8000, 1),
        Mem::Ldrh => (0x8800, 1),
        Mem::Ldrsb | Mem::Ldrsh => return None,
    };
    let units = offset >> width;
    if units << width != offset {
        None
    } else if rn == SP && width == 2 && units <= 0xFF {
        Some(if op == Mem::Ldr { 0x9800 } else { 0x9000 } | rt.bits() << 8 | units)
    } else if rn != SP && units < 32 {
        Some(code | units << 6 | rn.bits() << 3 | rt.bits())
    } else {
        None
    }
}
