//! What instructions name: registers, conditions, operations, operands.

pub use crate::masm::Reg;

/// The stack pointer.
pub const SP: Reg = Reg(13);
/// The link register.
pub const LR: Reg = Reg(14);
/// The program counter.
pub const PC: Reg = Reg(15);

impl Reg {
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// Whether short encodings can name it.
    pub(super) fn is_low(self) -> bool {
        self.0 < 8
    }
}

/// A floating-point register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Float {
    /// Single precision, 0 to 31.
    S(u8),
    /// Double precision, 0 to 15.
    D(u8),
}

impl Float {
    /// Four bits of its number and the fifth one, and the size bit.
    pub(super) const fn parts(self) -> (u32, u32, u32) {
        match self {
            Float::S(n) => ((n >> 1) as u32, (n & 1) as u32, 0),
            Float::D(n) => ((n & 15) as u32, (n >> 4) as u32, 1),
        }
    }
}

/// What becomes of the condition flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flags {
    /// They stay as they are.
    Keep,
    /// They are set by the result.
    Set,
    /// Whatever is shorter.
    Any,
}

/// A condition; the number is its encoding, in which the opposites differ in the lowest bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Cond {
    Eq = 0,
    Ne = 1,
    Hs = 2,
    Lo = 3,
    Mi = 4,
    Pl = 5,
    Vs = 6,
    Vc = 7,
    Hi = 8,
    Ls = 9,
    Ge = 10,
    Lt = 11,
    Gt = 12,
    Le = 13,
}

impl Cond {
    pub(super) const ALL: [Cond; 14] = {
        use Cond::*;
        [Eq, Ne, Hs, Lo, Mi, Pl, Vs, Vc, Hi, Ls, Ge, Lt, Gt, Le]
    };

    /// The condition that holds if this one does not.
    pub fn inverted(self) -> Cond {
        Cond::ALL[(self as usize ^ 1) % 14]
    }

    pub(super) const fn bits(self) -> u32 {
        self as u32
    }
}

/// An operation of two operands; the number is its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Dp {
    And = 0,
    Bic = 1,
    Orr = 2,
    Orn = 3,
    Eor = 4,
    Add = 8,
    Adc = 10,
    Sbc = 11,
    Sub = 13,
    Rsb = 14,
}

/// A comparison, or a test: an operation of which only the flags are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Test {
    Tst = 0,
    Teq = 4,
    Cmn = 8,
    Cmp = 13,
}

/// A shift; the number is its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Shift {
    Lsl = 0,
    Lsr = 1,
    Asr = 2,
    Ror = 3,
}

/// The second operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    /// A number that [`modified`] can encode.
    Imm(u32),
    /// A register.
    Reg(Reg),
    /// A register, shifted.
    Shifted(Shifted),
}

/// A register and by how much it is shifted, as instructions have it in their second half. One word, so that operands are
/// handed over in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shifted(u32);

impl Src {
    /// A register, shifted: left by 0 to 31, in other directions by 1 to 31.
    pub const fn shifted(rm: Reg, shift: Shift, by: u8) -> Src {
        let by = by as u32;
        Src::Shifted(Shifted((by & 0x1C) << 10 | (by & 3) << 6 | (shift as u32) << 4 | rm.bits()))
    }
}

impl Shifted {
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// Operation, distance and register as the short form of a shift has them, if there is one.
    pub(super) fn narrow(self) -> Option<u32> {
        let (shift, by, rm) = (self.0 >> 4 & 3, self.0 >> 10 & 0x1C | self.0 >> 6 & 3, self.0 & 15);
        (shift != Shift::Ror as u32 && rm < 8).then_some(shift << 11 | by << 6 | rm << 3)
    }
}

/// Extends the low byte or half, or changes the order of bits or bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Unary {
    Sxth,
    Uxth,
    Sxtb,
    Uxtb,
    Clz,
    Rbit,
    Rev,
    Rev16,
    Revsh,
}

/// A multiplication or division with one result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Mul {
    Mul,
    Sdiv,
    Udiv,
    /// Adds a register.
    Mla(Reg),
    /// Is subtracted from a register.
    Mls(Reg),
}

/// A multiplication with a result of 64 bits; the number is part of its encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Long {
    Smull = 0x80,
    Umull = 0xA0,
    Smlal = 0xC0,
    Umlal = 0xE0,
}

/// A load or store; the number is the first half of its encoding with an offset of 12 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
#[allow(missing_docs)]
pub enum Mem {
    Strb = 0xF880,
    Ldrb = 0xF890,
    Strh = 0xF8A0,
    Ldrh = 0xF8B0,
    Str = 0xF8C0,
    Ldr = 0xF8D0,
    Ldrsb = 0xF990,
    Ldrsh = 0xF9B0,
}

/// How a load or store finds its address: one word, as for [`Shifted`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Address(u32);

impl Address {
    /// Beside the first register: there is a second one, and no number.
    const INDEX: u32 = 0x80;

    /// A register and a number from -255 to 4095.
    pub const fn offset(rn: Reg, offset: i32) -> Address {
        Address((offset as u32) << 8 | rn.bits())
    }

    /// Two registers, the second one shifted left by 0 to 3.
    pub const fn index(rn: Reg, rm: Reg, shift: u8) -> Address {
        Address((shift as u32) << 12 | rm.bits() << 8 | Address::INDEX | rn.bits())
    }

    /// The same so many bytes further, if there is a number.
    pub const fn behind(self, bytes: u32) -> Address {
        Address(if self.0 & Address::INDEX == 0 { self.0.wrapping_add(bytes << 8) } else { self.0 })
    }

    /// The number, if it is one that is not below 0 and the register is this one.
    pub const fn near(self, rn: Reg) -> Option<u32> {
        if self.0 & (1 << 31 | 0xFF) == rn.bits() { Some(self.0 >> 8) } else { None }
    }

    /// The first register.
    pub(super) const fn base(self) -> Reg {
        Reg(self.0 & 15)
    }

    /// The number, if there is one.
    pub(super) const fn number(self) -> Option<i32> {
        if self.0 & Address::INDEX == 0 { Some(self.0 as i32 >> 8) } else { None }
    }

    /// Otherwise the second register and the shift.
    pub(super) const fn second(self) -> (Reg, u32) {
        (Reg(self.0 >> 8 & 15), self.0 >> 12 & 3)
    }
}

/// An operation of two floating-point registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Vfp2 {
    Vadd,
    Vsub,
    Vmul,
    Vdiv,
}

/// An operation of one floating-point register. Those that round to an integer in a direction of their own are only in
/// cores with FPv5.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Vfp1 {
    Vmov,
    Vabs,
    Vneg,
    Vsqrt,
    /// Compares; the flags go to [`vmrs`](super::Asm::vmrs).
    Vcmp,
    Vrintz,
    Vrintn,
    Vrintp,
    Vrintm,
}

/// Converts between integers in `S` registers and numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Vcvt {
    FromS32,
    FromU32,
    ToS32,
    ToU32,
}

/// The twelve bits that stand for a number in instructions which take "modified immediates": a byte at any place, or
/// repeated (A5.3.2).
pub const fn modified(value: u32) -> Option<u32> {
    let byte = value & 0xFF;
    if value == byte {
        Some(byte)
    } else if value == byte * 0x0001_0001 {
        Some(0x100 | byte)
    } else if value == byte * 0x0101_0101 {
        Some(0x300 | byte)
    } else if byte == 0 && value == (value >> 8 & 0xFF) * 0x0100_0100 {
        Some(0x200 | value >> 8 & 0xFF)
    } else {
        let zeros = value.leading_zeros();
        let rotation = zeros + 8;
        let byte = value.rotate_left(rotation);
        if byte <= 0xFF { Some(rotation << 7 | byte & 0x7F) } else { None }
    }
}
