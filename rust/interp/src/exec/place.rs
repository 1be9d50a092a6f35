//! Where an instruction is, and its first word. The loop has the word in a register, and the place behind it. Handlers that end in
//! tail calls have the place alone and take each field from there, which is no more work than to take it out of a register.

use super::raw::Pc;

#[cfg(not(all(tail_calls, not(debug_assertions))))]
mod imp {
    use super::Pc;

    #[derive(Clone, Copy)]
    pub(in crate::exec) struct Place {
        word: u32,
        behind: Pc,
    }

    impl Place {
        #[inline(always)]
        pub(in crate::exec) fn at(pc: Pc) -> Place {
            Place { word: pc.word(0), behind: pc.skip(1).forget() }
        }

        /// The place behind the word.
        #[inline(always)]
        pub(in crate::exec) fn behind(self) -> Pc {
            self.behind
        }

        /// The place that a branch with `more` words after the first leads to.
        #[inline(always)]
        pub(in crate::exec) fn branch(self, more: usize, offset: isize) -> Pc {
            self.behind.skip(more).offset(offset)
        }

        #[inline(always)]
        pub(in crate::exec) fn word(self) -> u32 {
            self.word
        }

        /// The word's `i`th byte, from the lowest.
        #[inline(always)]
        pub(in crate::exec) fn byte(self, i: usize) -> u8 {
            (self.word >> (8 * i)) as u8
        }

        /// Its upper half.
        #[inline(always)]
        pub(in crate::exec) fn half(self) -> u16 {
            (self.word >> 16) as u16
        }
    }
}

#[cfg(all(tail_calls, not(debug_assertions)))]
mod imp {
    use super::Pc;

    #[derive(Clone, Copy)]
    pub(in crate::exec) struct Place(Pc);

    impl Place {
        #[inline(always)]
        pub(in crate::exec) fn at(pc: Pc) -> Place {
            Place(pc)
        }

        #[inline(always)]
        pub(in crate::exec) fn behind(self) -> Pc {
            self.0.skip(1)
        }

        #[inline(always)]
        pub(in crate::exec) fn branch(self, _: usize, offset: isize) -> Pc {
            self.0.offset(offset).forget()
        }

        #[inline(always)]
        pub(in crate::exec) fn word(self) -> u32 {
            self.0.word(0)
        }

        #[inline(always)]
        pub(in crate::exec) fn byte(self, i: usize) -> u8 {
            self.0.byte(i)
        }

        #[inline(always)]
        pub(in crate::exec) fn half(self) -> u16 {
            self.0.upper_half()
        }
    }
}

pub(super) use imp::Place;
