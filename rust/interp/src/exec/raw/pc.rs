//! Where an instruction is.

use crate::isa::Code;

/// What the outermost frame returns to.
static EXIT: u32 = Code::exit as u32;

/// A place in the code.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Pc(pub(super) *const u32);

impl Pc {
    pub(crate) fn exit() -> Pc {
        Pc::copied(core::slice::from_ref(&EXIT))
    }

    /// The copied words of a `wide` instruction, while `words` lives.
    pub(crate) fn copied(words: &[u32]) -> Pc {
        Pc(words.as_ptr())
    }

    /// The `i`th word from here.
    #[inline(always)]
    pub(crate) fn word(self, i: usize) -> u32 {
        // SAFETY: (I1) the words of an instruction follow each other.
        unsafe { self.0.add(i).read() }
    }

    /// The `i`th byte, from the lowest, of the word here.
    #[cfg(all(tail_calls, not(debug_assertions)))]
    #[inline(always)]
    pub(crate) fn byte(self, i: usize) -> u8 {
        let i = if cfg!(target_endian = "big") { 3 - i } else { i };
        // SAFETY: (I1) within the word.
        unsafe { self.0.cast::<u8>().add(i).read() }
    }

    /// The upper half of the word here.
    #[cfg(all(tail_calls, not(debug_assertions)))]
    #[inline(always)]
    pub(crate) fn upper_half(self) -> u16 {
        let i = if cfg!(target_endian = "big") { 0 } else { 1 };
        // SAFETY: (I1) within the word.
        unsafe { self.0.cast::<u16>().add(i).read() }
    }

    /// The place `words` on.
    #[inline(always)]
    pub(crate) fn skip(self, words: usize) -> Pc {
        // SAFETY: (I1) within one function, or just after its last word.
        Pc(unsafe { self.0.add(words) })
    }

    /// The same place, of which the compiler forgets how it was made: otherwise it keeps the place before as well, in a second
    /// register, and moves one to the other at every instruction. And it adds up parts of a branch's target twice.
    #[inline(always)]
    pub(crate) fn forget(self) -> Pc {
        Pc(forgotten(self.0.cast_mut()))
    }

    /// The place that a branch offset leads to.
    #[inline(always)]
    pub(crate) fn offset(self, words: isize) -> Pc {
        // SAFETY: (I1) branches stay within the function.
        Pc(unsafe { self.0.offset(words) })
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
