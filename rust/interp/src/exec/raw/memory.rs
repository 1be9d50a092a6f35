//! The linear memory.

use super::Ctx;

/// An instance's memory: what handlers that end in tail calls hand on to each other of it. The rest is looked up in the context.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    #[cfg(all(tail_calls, not(debug_assertions)))]
    base: *mut u8,
    /// How many there are; with 64 bits, of addresses at which 4 bytes may be read.
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
            let less = if cfg!(target_pointer_width = "64") { 3 } else { 0 };
            Memory { base: (*_ctx.0).memory_base, bound: (*_ctx.0).memory_len.saturating_sub(less) }
        };
        #[cfg(not(all(tail_calls, not(debug_assertions))))]
        Memory {}
    }

    /// Reads memory at `address + offset`; `None` if that is not within it.
    #[inline(always)]
    pub(crate) fn load<const N: usize>(self, ctx: Ctx, address: u32, offset: u32) -> Option<[u8; N]> {
        let place = self.place::<N>(ctx, address, offset)?;
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
        // SAFETY: (I4) within the memory; bytes need no alignment.
        unsafe { place.cast::<[u8; N]>().write(bytes) };
        Some(())
    }

    /// Two comparisons that never wrap: `offset + N <= len`, then `address <= len - (offset + N)`.
    #[cfg(not(all(tail_calls, not(debug_assertions), target_pointer_width = "64")))]
    #[inline(always)]
    fn place<const N: usize>(self, _ctx: Ctx, address: u32, offset: u32) -> Option<*mut u8> {
        #[cfg(all(tail_calls, not(debug_assertions)))]
        let (base, len) = (self.base, self.bound);
        // SAFETY: (I3) the context lives.
        #[cfg(not(all(tail_calls, not(debug_assertions))))]
        let (base, len) = unsafe { ((*_ctx.0).memory_base, (*_ctx.0).memory_len) };
        check!((base as usize).checked_add(len).is_some(), "I4: no such memory");
        let room = len.checked_sub((offset as usize).checked_add(N)?)?;
        // SAFETY: (I4) `address + offset + N` is at most the length.
        (address as usize <= room).then(|| unsafe { base.add(address as usize).add(offset as usize) })
    }

    /// Nothing wraps. Near the end of the memory it is looked at exactly.
    #[cfg(all(tail_calls, not(debug_assertions), target_pointer_width = "64"))]
    #[inline(always)]
    fn place<const N: usize>(self, ctx: Ctx, address: u32, offset: u32) -> Option<*mut u8> {
        let place = address as usize + offset as usize;
        // SAFETY: (I3) the context lives.
        if place + N.saturating_sub(4) < self.bound || N < 4 && place + N <= unsafe { (*ctx.0).memory_len } {
            // SAFETY: (I4) `address + offset + N` is at most the length.
            return Some(unsafe { self.base.add(place) });
        }
        None
    }
}
