//! What instructions name: registers, conditions, operations, operands.

pub use crate::masm::{Reg, Size};

#[allow(missing_docs)]
mod registers {
    use super::Reg;
    pub const RAX: Reg = Reg(0);
    pub const RCX: Reg = Reg(1);
    pub const RDX: Reg = Reg(2);
    pub const RBX: Reg = Reg(3);
    pub const RSP: Reg = Reg(4);
    pub const RBP: Reg = Reg(5);
    pub const RSI: Reg = Reg(6);
    pub const RDI: Reg = Reg(7);
    pub const R8: Reg = Reg(8);
    pub const R9: Reg = Reg(9);
    pub const R10: Reg = Reg(10);
    pub const R11: Reg = Reg(11);
    pub const R12: Reg = Reg(12);
    pub const R13: Reg = Reg(13);
    pub const R14: Reg = Reg(14);
    pub const R15: Reg = Reg(15);
}
pub use registers::*;

/// A register for numbers, 0 to 15.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Xmm(pub u8);

/// An address: a register, another one times a power of two, and a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// The register.
    pub base: Reg,
    /// Another register, but RSP, and the power: 0 to 3.
    pub index: Option<(Reg, u8)>,
    /// The number.
    pub offset: i32,
}

impl Mem {
    /// A register and a number.
    pub fn at(base: Reg, offset: i32) -> Mem {
        Mem { base, index: None, offset }
    }

    /// A register, another one times `1 << power`, and a number.
    pub fn indexed(base: Reg, index: Reg, power: u8, offset: i32) -> Mem {
        Mem { base, index: Some((index, power)), offset }
    }
}

/// An operand that is a register, or in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Rm {
    Reg(Reg),
    Mem(Mem),
}

impl From<Reg> for Rm {
    fn from(reg: Reg) -> Rm {
        Rm::Reg(reg)
    }
}

impl From<Mem> for Rm {
    fn from(mem: Mem) -> Rm {
        Rm::Mem(mem)
    }
}

/// The last operand of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    /// A register, or memory.
    Rm(Rm),
    /// A number; for operations of 64 bits its sign is extended.
    Imm(i32),
}

impl From<Reg> for Src {
    fn from(reg: Reg) -> Src {
        Src::Rm(reg.into())
    }
}

impl From<Mem> for Src {
    fn from(mem: Mem) -> Src {
        Src::Rm(mem.into())
    }
}

/// An operation of two operands; the number is part of its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Op {
    Add = 0,
    Or = 1,
    Adc = 2,
    Sbb = 3,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

/// An operation of one operand; the number is part of its encoding. Those from `Mul` on are of RDX:RAX.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Unary {
    Not = 2,
    Neg = 3,
    Mul = 4,
    Imul = 5,
    Div = 6,
    Idiv = 7,
}

/// A shift; the number is part of its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Shift {
    Rol = 0,
    Ror = 1,
    Shl = 4,
    Shr = 5,
    Sar = 7,
}

/// Looks for a one, from below or from above. Without any the result is undefined and ZF is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Scan {
    Bsf = 0xBC,
    Bsr = 0xBD,
}

/// What is read, and how it becomes a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// All of the register.
    Plain(Size),
    /// A byte, filled up with zeros.
    Zero8,
    /// Two bytes, filled up with zeros.
    Zero16,
    /// A byte, filled up with its sign.
    Sign8(Size),
    /// Two bytes, filled up with their sign.
    Sign16(Size),
    /// Four bytes, filled up with their sign to 64 bits.
    Sign32,
}

/// How much is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Store {
    /// A byte.
    Byte,
    /// Two bytes.
    Half,
    /// All of a register.
    Plain(Size),
}

/// A condition; the number is its encoding, in which the opposites differ in the lowest bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Cond {
    O = 0,
    No = 1,
    B = 2,
    Ae = 3,
    E = 4,
    Ne = 5,
    Be = 6,
    A = 7,
    S = 8,
    Ns = 9,
    P = 10,
    Np = 11,
    L = 12,
    Ge = 13,
    Le = 14,
    G = 15,
}

/// An operation of two numbers; the number is part of its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Sse {
    Sqrt = 0x51,
    Add = 0x58,
    Mul = 0x59,
    Sub = 0x5C,
    Min = 0x5D,
    Div = 0x5E,
    Max = 0x5F,
}

/// An operation on all bits of two registers; the number is part of its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Logic {
    And = 0x54,
    AndNot = 0x55,
    Or = 0x56,
    Xor = 0x57,
}
