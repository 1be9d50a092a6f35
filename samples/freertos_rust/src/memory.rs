//! Rust's heap, on the memory that wasmote uses too: FreeRTOS' heap, or the pool of CONFIG_WASMOTE_POOL_SIZE.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;
use wasmote_platform::abi::{wasmote_platform_alloc, wasmote_platform_free, wasmote_platform_realloc};

struct PlatformAllocator;

/// What the platform can align to.
const MAX_ALIGN: usize = 16;

// SAFETY: the platform's functions do what `GlobalAlloc` asks for, for sizes above 0 and alignments up to 16; other
// sizes are not asked for, other alignments get no memory.
unsafe impl GlobalAlloc for PlatformAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > MAX_ALIGN {
            return null_mut();
        }
        // SAFETY: see above.
        unsafe { wasmote_platform_alloc(layout.size(), layout.align()).cast() }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: allocated by `alloc` or `realloc` with this layout.
        unsafe { wasmote_platform_free(block.cast(), layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: allocated by `alloc` or `realloc` with this layout.
        unsafe { wasmote_platform_realloc(block.cast(), layout.size(), new_size, layout.align()).cast() }
    }
}

#[global_allocator]
static HEAP: PlatformAllocator = PlatformAllocator;
