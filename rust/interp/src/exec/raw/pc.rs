//! Where an instruction is.

use crate::isa::Code;

/// What the outermost frame returns to.
static EXIT: u8 = Code::exit as u8;

/// A place in the code.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Pc(pub(super) *const u8);

impl Pc {
    pub(crate) fn exit() -> Pc {
        Pc::copied(core::slice::from_ref(&EXIT))
    }

    /// The copied bytes of a `wide` instruction, while `bytes` lives.
    pub(crate) fn copied(bytes: &[u8]) -> Pc {
        Pc(bytes.as_ptr())
    }

    /// The `i`th byte from here.
    #[inline(always)]
    pub(crate) fn byte(self, i: usize) -> u8 {
        // SAFETY: (I1) the bytes of an instruction follow each other.
        unsafe { self.0.add(i).read() }
    }

    /// The 16 bits from the `i`th byte on.
    #[inline(always)]
    pub(crate) fn half(self, i: usize) -> u16 {
        // SAFETY: (I1) within the instruction.
        u16::from_le(unsafe { self.0.add(i).cast::<u16>().read_unaligned() })
    }

    /// The 32 bits from the `i`th byte on.
    #[inline(always)]
    pub(crate) fn word(self, i: usize) -> u32 {
        // SAFETY: (I1) within the instruction.
        u32::from_le(unsafe { self.0.add(i).cast::<u32>().read_unaligned() })
    }

    /// The place so many bytes on.
    #[inline(always)]
    pub(crate) fn skip(self, bytes: usize) -> Pc {
        // SAFETY: (I1) within one function, or just after its last byte.
        Pc(unsafe { self.0.add(bytes) })
    }

    /// The same place, of which the compiler forgets how it was made: otherwise it keeps the place before as well, in a second
    /// register, and moves one to the other at every instruction. And it adds up parts of a branch's target twice.
    #[inline(always)]
    pub(crate) fn forget(self) -> Pc {
        Pc(forgotten(self.0.cast_mut().cast()).cast())
    }

    /// The place that a branch offset leads to.
    #[inline(always)]
    pub(crate) fn offset(self, bytes: isize) -> Pc {
        // SAFETY: (I1) branches stay within the function.
        Pc(unsafe { self.0.offset(bytes) }).forget()
    }
}

/// A pointer, of which the compiler does not know that it is this one.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block, reason = "nothing is read or written there")]
#[cfg_attr(miri, allow(unused_mut))]
pub(super) fn forgotten(mut pointer: *mut u32) -> *mut u32 {
    #[cfg(not(miri))]
    // SAFETY: (I1) no instruction at all: the pointer stays what it was.
    unsafe {
        core::arch::asm!("/* {0} */", inout(reg) pointer, options(pure, nomem, nostack, preserves_flags));
    }
    pointer
}
