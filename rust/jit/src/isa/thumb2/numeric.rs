//! Operators on numbers that the runtime carries out, and divisions of pairs.

use super::abi::{BUILTINS, R0, R1, R2, R3, R6};
use super::asm::{Branch, Cond as C, Dp, Flags, LR, Mul, SP, Shift as S, Src, Test, Unary};
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
        let routine = match number {
            DIV_S | DIV_U => Routine::Quotient,
            REM_S | REM_U => Routine::Remainder,
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
