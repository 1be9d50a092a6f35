//! Operators on numbers that the runtime carries out, and divisions of pairs.

use super::abi::{BUILTINS, R0, R1, R2, R3, R6};
use super::asm::{Branch, Cond as C, Dp, Flags, LR, Mul, Reg, SP, Shift as S, Src, Test, Unary};
use super::masm::{CTX, FP, IP, Thumb2};
use super::routines::SAVED;
use crate::masm::{Frame, Label, Routine};
use crate::routines::Routines;
use wasmote_core::BinaryOp;
use wasmote_core::numeric::binary_number;
use wasmote_core::vm::Builtin;

/// Bits of the operator's number, below the offset of its cells from the saved registers.
const NUMBER_BITS: u8 = 8;

/// `ldr lr, [sp], #4`: lists of one register have no long form.
const POP_LR: u32 = 0xEB04_F85D;

impl Thumb2 {
    /// Arguments and result are in r0 to r3, as those of a call. In a leaf, r14 may be a local's.
    pub(super) fn call_numeric(&mut self, number: u32, frame: &Frame, cells: u32, leaf: bool) {
        const DIV_S: u32 = binary_number(BinaryOp::I64DivS);
        const DIV_U: u32 = binary_number(BinaryOp::I64DivU);
        const REM_S: u32 = binary_number(BinaryOp::I64RemS);
        const REM_U: u32 = binary_number(BinaryOp::I64RemU);
        const SHL: u32 = binary_number(BinaryOp::I64Shl);
        const SHR_U: u32 = binary_number(BinaryOp::I64ShrU);
        const SHR_S: u32 = binary_number(BinaryOp::I64ShrS);
        let routine = match number {
            DIV_S | DIV_U => Routine::Quotient,
            REM_S | REM_U => Routine::Remainder,
            SHL => Routine::ShiftLeft,
            SHR_U => Routine::ShiftRight,
            SHR_S => Routine::ShiftRightSigned,
            _ => Routine::Numeric,
        };
        self.number(IP, (frame.cell_offset(cells) as u32) << NUMBER_BITS | number);
        if leaf {
            self.asm.mem_many(false, true, true, SP, 1 << LR.0);
        }
        self.call_routine(routine);
        if leaf {
            self.asm.long(POP_LR);
        }
    }

    /// `back` is where a call of the runtime's goes on that leaves the memory as it is.
    pub(super) fn numeric_routines(&mut self, routines: &mut Routines, back: &mut Label) {
        self.resolve(routines.of(Routine::Numeric));
        self.asm.mem_many(false, true, true, SP, SAVED);
        self.asm.dp(Dp::Add, Flags::Keep, R6, FP, Src::shifted(IP, S::Lsr, NUMBER_BITS));
        self.asm.mem_many(false, false, false, R6, 0b1111);
        self.asm.unary(Unary::Uxtb, R2, IP);
        self.asm.mov(Flags::Keep, R1, Src::Reg(R6));
        self.asm.mov(Flags::Keep, R0, Src::Reg(CTX));
        self.load_word(IP, CTX, BUILTINS);
        self.load_word(IP, IP, Builtin::Numeric as i32 * 4);
        self.asm.branch_reg(true, IP);
        self.refer_short(Branch::NEAR, Branch::FAR, back);

        // Of numbers below 2^32 there is an instruction, whether they are taken for signed or not; r1 is 0 then.
        self.resolve(routines.of(Routine::Quotient));
        self.unless_words(routines);
        self.asm.mul(Mul::Udiv, Flags::Any, R0, R0, R2);
        self.asm.branch_reg(false, LR);
        self.resolve(routines.of(Routine::Remainder));
        self.unless_words(routines);
        self.asm.mul(Mul::Udiv, Flags::Any, R3, R0, R2);
        self.asm.mul(Mul::Mls(R0), Flags::Any, R0, R3, R2);
        self.asm.branch_reg(false, LR);

        self.resolve(routines.of(Routine::ShiftLeft));
        self.shift_pair(S::Lsl, S::Lsr, R0, R1);
        self.resolve(routines.of(Routine::ShiftRight));
        self.shift_pair(S::Lsr, S::Lsl, R1, R0);
        self.resolve(routines.of(Routine::ShiftRightSigned));
        self.shift_pair(S::Asr, S::Lsl, R1, R0);
    }

    /// Shifts a pair by the lowest bits of r2, out of one half and into the other. Shifts by a register use its lowest byte, and
    /// 32 and more leave nothing, or only copies of the sign: what crosses over is right for one of two counts, `32 - n` and
    /// `n - 32`, and nothing for the other.
    fn shift_pair(&mut self, shift: S, back: S, from: Reg, to: Reg) {
        self.asm.dp(Dp::And, Flags::Any, R2, R2, Src::Imm(63));
        // The half that is shifted into takes no sign from itself.
        let own = if shift == S::Asr { S::Lsr } else { shift };
        self.asm.shift(own, Flags::Any, to, to, R2);
        self.asm.dp(Dp::Rsb, Flags::Any, R3, R2, Src::Imm(32));
        self.asm.shift(back, Flags::Any, IP, from, R3);
        self.asm.dp(Dp::Orr, Flags::Any, to, to, Src::Reg(IP));
        self.asm.dp(Dp::Sub, Flags::Set, R3, R2, Src::Imm(32));
        self.asm.shift(shift, Flags::Keep, IP, from, R3);
        // Below 32, this would be nothing but the sign.
        self.asm.it(C::Pl);
        self.asm.dp(Dp::Orr, Flags::Keep, to, to, Src::Reg(IP));
        self.asm.shift(shift, Flags::Any, from, from, R2);
        self.asm.branch_reg(false, LR);
    }

    /// Leaves pairs that are no words, and divisions by 0, to the runtime.
    fn unless_words(&mut self, routines: &mut Routines) {
        self.asm.test(Test::Cmp, R1, Src::Imm(0));
        self.asm.it(C::Eq);
        self.asm.test(Test::Cmp, R3, Src::Imm(0));
        self.refer_short(Branch::near_if(C::Ne), Branch::far_if(C::Ne), routines.of(Routine::Numeric));
        self.asm.test(Test::Cmp, R2, Src::Imm(0));
        self.refer_short(Branch::near_if(C::Eq), Branch::far_if(C::Eq), routines.of(Routine::Numeric));
    }
}
