//! Assembler for x86-64 with SSE2, as every such processor has it (Intel 64 and IA-32 Architectures Software Developer's
//! Manual, volume 2).
//!
//! A method appends one instruction. Of the encodings that do what is asked the shortest is taken, as assemblers do.

mod branch;
mod operands;
mod sse;

pub use branch::Branch;
pub use operands::*;

use crate::code::Code;
use wasmote_platform::Heap;

/// Appends instructions to code.
#[derive(Debug)]
pub struct Asm {
    /// The code so far.
    pub code: Code,
}

/// What distinguishes an instruction from others of its form.
#[derive(Clone, Copy)]
struct Form {
    /// A prefix that is part of the operation; 0 for none.
    prefix: u8,
    /// Whether operands have 64 bits.
    wide: bool,
    /// Whether it is one of those behind the byte 0F.
    second: bool,
    opcode: u8,
}

impl Form {
    fn new(size: Size, opcode: u8) -> Form {
        Form { prefix: 0, wide: size == Size::W64, second: false, opcode }
    }

    fn second(size: Size, opcode: u8) -> Form {
        Form { second: true, ..Form::new(size, opcode) }
    }
}

impl Asm {
    /// No code yet.
    pub fn new(heap: &Heap) -> Asm {
        Asm { code: Code::new(heap) }
    }

    fn byte(&mut self, byte: u8) {
        self.code.put(&[byte]);
    }

    fn word(&mut self, word: i32) {
        self.code.put(&word.to_le_bytes());
    }

    /// An instruction with a register, or what stands for one in the encoding, and another operand. `bytes` says which of
    /// both are registers of one byte: of those, four can be named only with a REX prefix.
    fn encode(&mut self, form: Form, reg: u8, rm: Rm, bytes: [bool; 2]) {
        if form.prefix != 0 {
            self.byte(form.prefix);
        }
        let needs = |reg: u8| (4..8).contains(&reg);
        let (x, b, forced) = match rm {
            Rm::Reg(rm) => (0, rm.byte() >> 3, bytes[1] && needs(rm.byte())),
            Rm::Mem(mem) => {
                (mem.index.map_or(0, |(index, _)| index.byte() >> 3), mem.base.byte() >> 3, false)
            }
        };
        let rex = u8::from(form.wide) << 3 | (reg >> 3) << 2 | x << 1 | b;
        if rex != 0 || forced || bytes[0] && needs(reg) {
            self.byte(0x40 | rex);
        }
        if form.second {
            self.byte(0x0F);
        }
        self.byte(form.opcode);
        let reg = (reg & 7) << 3;
        let mem = match rm {
            Rm::Reg(rm) => return self.byte(0xC0 | reg | rm.byte() & 7),
            Rm::Mem(mem) => mem,
        };
        let base = mem.base.byte() & 7;
        let mode = match mem.offset {
            // Without an offset, RBP and R13 mean something else.
            0 if base != 5 => 0,
            -128..=127 => 0x40,
            _ => 0x80,
        };
        match mem.index {
            None if base == 4 => self.code.put(&[mode | reg | 4, 0x24]),
            None => self.byte(mode | reg | base),
            Some((index, power)) => {
                debug_assert!(index != RSP, "RSP is no index");
                self.code.put(&[mode | reg | 4, power << 6 | (index.byte() & 7) << 3 | base]);
            }
        }
        match mode {
            0 => {}
            0x40 => self.byte(mem.offset as u8),
            _ => self.word(mem.offset),
        }
    }

    fn plain(&mut self, form: Form, reg: u8, rm: impl Into<Rm>) {
        self.encode(form, reg, rm.into(), [false; 2]);
    }

    /// `rd = rd op src`; a comparison leaves only the flags.
    pub fn op(&mut self, op: Op, size: Size, rd: Reg, src: impl Into<Src>) {
        let op8 = (op as u8) << 3;
        match src.into() {
            Src::Rm(Rm::Reg(rm)) => self.plain(Form::new(size, op8 | 1), rm.byte(), rd),
            Src::Rm(rm) => self.plain(Form::new(size, op8 | 3), rd.byte(), rm),
            Src::Imm(imm) => self.op_imm(op, size, rd, imm),
        }
    }

    /// `mem = mem op src`.
    pub fn op_mem(&mut self, op: Op, size: Size, mem: Mem, src: Reg) {
        self.plain(Form::new(size, (op as u8) << 3 | 1), src.byte(), mem);
    }

    /// `rm = rm op imm`.
    pub fn op_imm(&mut self, op: Op, size: Size, rm: impl Into<Rm>, imm: i32) {
        let (rm, op) = (rm.into(), op as u8);
        if let Ok(imm) = i8::try_from(imm) {
            self.plain(Form::new(size, 0x83), op, rm);
            return self.byte(imm as u8);
        }
        if rm == Rm::Reg(RAX) {
            if size == Size::W64 {
                self.byte(0x48);
            }
            self.byte(op << 3 | 5);
        } else {
            self.plain(Form::new(size, 0x81), op, rm);
        }
        self.word(imm);
    }

    /// The flags of `a & b`.
    pub fn test(&mut self, size: Size, a: Reg, b: Reg) {
        self.plain(Form::new(size, 0x85), b.byte(), a);
    }

    /// `rd = rm`.
    pub fn mov(&mut self, size: Size, rd: Reg, rm: Reg) {
        self.plain(Form::new(size, 0x89), rm.byte(), rd);
    }

    /// `rd = imm`.
    pub fn mov_imm(&mut self, rd: Reg, imm: u64) {
        let low = |asm: &mut Asm, wide: u8| {
            if wide != 0 || rd.0 >= 8 {
                asm.byte(0x40 | wide | rd.byte() >> 3);
            }
            asm.byte(0xB8 | rd.byte() & 7);
        };
        if let Ok(imm) = u32::try_from(imm) {
            low(self, 0);
            self.word(imm as i32);
        } else if let Ok(imm) = i32::try_from(imm as i64) {
            self.plain(Form::new(Size::W64, 0xC7), 0, rd);
            self.word(imm);
        } else {
            low(self, 8);
            self.code.put(&imm.to_le_bytes());
        }
    }

    /// `rd = rm`, extended.
    pub fn load(&mut self, load: Load, rd: Reg, rm: impl Into<Rm>) {
        let form = match load {
            Load::Plain(size) => Form::new(size, 0x8B),
            Load::Zero8 => Form::second(Size::W32, 0xB6),
            Load::Zero16 => Form::second(Size::W32, 0xB7),
            Load::Sign8(size) => Form::second(size, 0xBE),
            Load::Sign16(size) => Form::second(size, 0xBF),
            Load::Sign32 => Form::new(Size::W64, 0x63),
        };
        let byte = matches!(load, Load::Zero8 | Load::Sign8(_));
        self.encode(form, rd.byte(), rm.into(), [false, byte]);
    }

    /// `mem = rm`.
    pub fn store(&mut self, store: Store, mem: Mem, rm: Reg) {
        let form = match store {
            Store::Byte => Form::new(Size::W32, 0x88),
            Store::Half => Form { prefix: 0x66, ..Form::new(Size::W32, 0x89) },
            Store::Plain(size) => Form::new(size, 0x89),
        };
        self.encode(form, rm.byte(), mem.into(), [store == Store::Byte, false]);
    }

    /// `mem = imm`, of 64 bits with its sign extended.
    pub fn store_imm(&mut self, store: Store, mem: Mem, imm: i32) {
        let bytes = imm.to_le_bytes();
        match store {
            Store::Byte => {
                self.plain(Form::new(Size::W32, 0xC6), 0, mem);
                self.byte(imm as u8);
            }
            Store::Half => {
                self.plain(Form { prefix: 0x66, ..Form::new(Size::W32, 0xC7) }, 0, mem);
                self.code.put(&bytes[..2]);
            }
            Store::Plain(size) => {
                self.plain(Form::new(size, 0xC7), 0, mem);
                self.word(imm);
            }
        }
    }

    /// `rd` = the address.
    pub fn lea(&mut self, size: Size, rd: Reg, mem: Mem) {
        self.plain(Form::new(size, 0x8D), rd.byte(), mem);
    }

    /// `rd` = the place `offset` bytes behind this instruction.
    pub fn lea_here(&mut self, rd: Reg, offset: i32) {
        self.code.put(&[0x48 | (rd.byte() >> 3) << 2, 0x8D, (rd.byte() & 7) << 3 | 5]);
        self.word(offset);
    }

    /// Changes what [`lea_here`](Asm::lea_here) at a place says.
    pub fn set_lea_here(&mut self, at: usize, offset: i32) {
        self.code.set32(at + 3, offset as u32);
    }

    /// `rd = rd * rm`.
    pub fn imul(&mut self, size: Size, rd: Reg, rm: impl Into<Rm>) {
        self.plain(Form::second(size, 0xAF), rd.byte(), rm);
    }

    /// `rd = rm * imm`.
    pub fn imul_imm(&mut self, size: Size, rd: Reg, rm: impl Into<Rm>, imm: i32) {
        match i8::try_from(imm) {
            Ok(imm) => {
                self.plain(Form::new(size, 0x6B), rd.byte(), rm);
                self.byte(imm as u8);
            }
            Err(_) => {
                self.plain(Form::new(size, 0x69), rd.byte(), rm);
                self.word(imm);
            }
        }
    }

    /// `rm = op rm`, or RDX and RAX.
    pub fn unary(&mut self, op: Unary, size: Size, rm: impl Into<Rm>) {
        self.plain(Form::new(size, 0xF7), op as u8, rm);
    }

    /// RDX = the sign of RAX.
    pub fn sign(&mut self, size: Size) {
        if size == Size::W64 {
            self.byte(0x48);
        }
        self.byte(0x99);
    }

    /// `rd = rd shifted by CL`.
    pub fn shift(&mut self, shift: Shift, size: Size, rd: Reg) {
        self.plain(Form::new(size, 0xD3), shift as u8, rd);
    }

    /// `rd = rd shifted by a number`.
    pub fn shift_imm(&mut self, shift: Shift, size: Size, rd: Reg, by: u8) {
        if by == 1 {
            return self.plain(Form::new(size, 0xD1), shift as u8, rd);
        }
        self.plain(Form::new(size, 0xC1), shift as u8, rd);
        self.byte(by);
    }

    /// `rd` = the place of a one in `rm`.
    pub fn scan(&mut self, scan: Scan, size: Size, rd: Reg, rm: impl Into<Rm>) {
        self.plain(Form::second(size, scan as u8), rd.byte(), rm);
    }

    /// The lowest byte of `rd` = 1 if the condition holds, otherwise 0.
    pub fn set(&mut self, cond: Cond, rd: Reg) {
        self.encode(Form::second(Size::W32, 0x90 | cond as u8), 0, rd.into(), [false, true]);
    }

    /// `rd = rm` if the condition holds. An upper half becomes 0 in any case.
    pub fn mov_if(&mut self, cond: Cond, size: Size, rd: Reg, rm: impl Into<Rm>) {
        self.plain(Form::second(size, 0x40 | cond as u8), rd.byte(), rm);
    }

    /// Pushes a register, or a word of memory.
    pub fn push(&mut self, rm: impl Into<Rm>) {
        self.stack(0x50, 0xFF, 6, rm.into());
    }

    /// Pops into a register, or a word of memory.
    pub fn pop(&mut self, rm: impl Into<Rm>) {
        self.stack(0x58, 0x8F, 0, rm.into());
    }

    fn stack(&mut self, reg: u8, opcode: u8, digit: u8, rm: Rm) {
        match rm {
            Rm::Reg(rm) => {
                if rm.0 >= 8 {
                    self.byte(0x41);
                }
                self.byte(reg | rm.byte() & 7);
            }
            Rm::Mem(_) => self.plain(Form::new(Size::W32, opcode), digit, rm),
        }
    }

    /// Calls what is at an address.
    pub fn call(&mut self, rm: impl Into<Rm>) {
        self.plain(Form::new(Size::W32, 0xFF), 2, rm);
    }

    /// Goes to an address.
    pub fn jump(&mut self, rm: impl Into<Rm>) {
        self.plain(Form::new(Size::W32, 0xFF), 4, rm);
    }

    /// Returns.
    pub fn ret(&mut self) {
        self.byte(0xC3);
    }

    /// Nothing.
    pub fn nop(&mut self) {
        self.byte(0x90);
    }

    /// An instruction that is never defined.
    pub fn ud2(&mut self) {
        self.code.put(&[0x0F, 0x0B]);
    }
}
