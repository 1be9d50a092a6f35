//! The linear memory.

use super::Ctx;

/// An instance's memory: what handlers that end in tail calls hand on to each other of it. The rest is looked up in the context.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    #[cfg(all(tail_calls, not(debug_assertions)))]
    base: *mut u8,
    /// Of how many addresses 4 bytes may be read.
    #[cfg(all(tail_calls, not(debug_assertions)))]
    bound: usize,
}

impl Memory {
    /// That of this instance, as it is now.
    #[inline(always)]
    pub(crate) fn of(_ctx: Ctx) -> Memory {
        // SAFETY: (I3) the context lives.
        #[cfg(all(tail_calls, not(debug_assertions)))]
        return unsafe {
            Memory { base: (*_ctx.0).memory_base, bound: (*_ctx.0).memory_len.saturating_sub(3) }
        };
        #[cfg(not(all(tail_calls, not(debug_assertions))))]
        Memory {}
    }

    /// Reads memory at `address + offset`; `None` if that is not within it.
    #[inline(always)]
    pub(crate) fn load<const N: usize>(self, ctx: Ctx, address: u32, offset: u32) -> Option<[u8; N]> {
        let place = self.place::<N>(ctx, address, offset)?;
        if WORDS && N >= 4 && place.cast::<u32>().is_aligned() {
            let mut bytes = [0; N];
            for (i, word) in bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                // SAFETY: (I4) within the memory, and aligned. Volatile: or else it is joined with the other way.
                *word = unsafe { place.cast::<u32>().add(i).read_volatile() }.to_ne_bytes();
            }
            return Some(bytes);
        }
        // SAFETY: (I4) within the memory; bytes need no alignment.
        Some(unsafe { place.cast::<[u8; N]>().read() })
    }

    /// Writes memory at `address + offset`; `None` if that is not within it.
    #[inline(always)]
    pub(crate) fn store<const N: usize>(
        self,
        ctx: Ctx,
        address: u32,
        offset: u32,
        bytes: [u8; N],
    ) -> Option<()> {
        let place = self.place::<N>(ctx, address, offset)?;
        if WORDS && N >= 4 && place.cast::<u32>().is_aligned() {
            for (i, &word) in bytes.as_chunks::<4>().0.iter().enumerate() {
                // SAFETY: (I4) within the memory, and aligned. Volatile: or else it is joined with the other way.
                unsafe { place.cast::<u32>().add(i).write_volatile(u32::from_ne_bytes(word)) };
            }
            return Some(());
        }
        // SAFETY: (I4) within the memory; bytes need no alignment.
        unsafe { place.cast::<[u8; N]>().write(bytes) };
        Some(())
    }

    /// Two comparisons that never wrap: `offset + N <= len`, then `address <= len - (offset + N)`.
    #[cfg(not(all(tail_calls, not(debug_assertions))))]
    #[inline(always)]
    fn place<const N: usize>(self, ctx: Ctx, address: u32, offset: u32) -> Option<*mut u8> {
        // SAFETY: (I3) the context lives.
        let (base, len) = unsafe { ((*ctx.0).memory_base, (*ctx.0).memory_len) };
        check!((base as usize).checked_add(len).is_some(), "I4: no such memory");
        let room = len.checked_sub((offset as usize).checked_add(N)?)?;
        // SAFETY: (I4) `address + offset + N` is at most the length.
        (address as usize <= room).then(|| unsafe { base.add(address as usize).add(offset as usize) })
    }

    /// With 64 bits nothing wraps. Near the end of the memory it is looked at exactly.
    #[cfg(all(tail_calls, not(debug_assertions)))]
    #[inline(always)]
    fn place<const N: usize>(self, ctx: Ctx, address: u32, offset: u32) -> Option<*mut u8> {
        let place = (address as usize).checked_add(offset as usize)?;
        let last = place.checked_add(N.saturating_sub(4))?;
        // SAFETY: (I3) the context lives.
        if last < self.bound || N < 4 && place < unsafe { (*ctx.0).memory_len }.saturating_sub(N - 1) {
            // SAFETY: (I4) `address + offset + N` is at most the length.
            return Some(unsafe { self.base.add(place) });
        }
        None
    }
}

/// Whether aligned words are read and written as such: where the compiler takes every other access to pieces, since the CPU
/// need not know it.
const WORDS: bool = cfg!(any(target_arch = "riscv32", target_arch = "riscv64"));
