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

// The Arm EABI's names for memcpy and its like (Run-time ABI for the Arm Architecture, 4.3.4), which compilers call and
// not every C library has. The sections are the linker's to drop.
#[cfg(target_arch = "arm")]
macro_rules! memory_function {
    ($name:literal $($instruction:literal)*) => {
        core::arch::global_asm!(
            concat!(".section .text.", $name, ", \"ax\", %progbits"),
            concat!(".irp name, ", $name, ", ", $name, "4, ", $name, "8"),
            ".weak \\name",
            ".type \\name, %function",
            ".thumb_func",
            "\\name:",
            ".endr",
            $($instruction,)*
            "bx r3",
            ".pool",
            ".text",
        );
    };
}
#[cfg(target_arch = "arm")]
memory_function!("__aeabi_memcpy" "ldr r3, =memcpy");
#[cfg(target_arch = "arm")]
memory_function!("__aeabi_memmove" "ldr r3, =memmove");
#[cfg(target_arch = "arm")]
memory_function!("__aeabi_memset" "mov r3, r1" "mov r1, r2" "mov r2, r3" "ldr r3, =memset");
#[cfg(target_arch = "arm")]
memory_function!("__aeabi_memclr" "mov r2, r1" "movs r1, #0" "ldr r3, =memset");

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
