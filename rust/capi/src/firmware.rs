//! What a Rust library without `std` owes the linker.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_char;
use core::panic::PanicInfo;
use wasmote_platform::abi;

/// A panic is a fault in wasmote itself. Without formatting, which would be the largest part of the firmware.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let (file, line) = info.location().map_or(("", 0), |place| (place.file(), place.line()));
    // SAFETY: (C8) a string of `len` bytes.
    unsafe { abi::wasmote_platform_panic(file.as_ptr().cast::<c_char>(), file.len(), line) }
}

/// Rust's global allocator, which the library `alloc` needs to be linked. wasmote itself allocates from accounts;
/// the second validation (CONFIG_WASMOTE_WASMPARSER) from here.
struct Platform;

/// The platform aligns to no more.
const MAX_ALIGN: usize = 16;

// SAFETY: (C8) the platform's functions are an allocator, as `platform.h` demands of them; what they do not do is
// refused.
unsafe impl GlobalAlloc for Platform {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > MAX_ALIGN {
            return core::ptr::null_mut();
        }
        // SAFETY: (C8) the size is not 0, as the caller promises.
        unsafe { abi::wasmote_platform_alloc(layout.size(), layout.align()).cast() }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: (C8) allocated with this layout, as the caller promises.
        unsafe { abi::wasmote_platform_free(block.cast(), layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: (C8) allocated with this layout, and the new size is not 0, as the caller promises.
        unsafe { abi::wasmote_platform_realloc(block.cast(), layout.size(), new_size, layout.align()).cast() }
    }
}

#[global_allocator]
static ALLOCATOR: Platform = Platform;
