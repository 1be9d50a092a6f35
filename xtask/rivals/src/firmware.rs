//! What the measuring program gives, its heap and its end; and the one state that C's functions share.

use crate::State;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::c_char;
use core::fmt;

mod c {
    use core::ffi::{c_char, c_int, c_void};

    unsafe extern "C" {
        pub fn heap_alloc(size: usize, align: usize) -> *mut c_void;
        pub fn heap_free(block: *mut c_void);
        pub fn heap_realloc(block: *mut c_void, size: usize, align: usize) -> *mut c_void;
        pub safe fn heap_used() -> usize;
        pub safe fn heap_peak() -> usize;
        pub safe fn heap_restart_peak();
        pub fn board_write(text: *const c_char, length: usize);
        pub safe fn board_exit(code: c_int) -> !;
    }
}

pub use c::{heap_peak, heap_restart_peak, heap_used};

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: heap.c hands out each byte once, aligned to what is asked for, and keeps a block where it is until it is freed.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: it takes any size.
        unsafe { c::heap_alloc(layout.size(), layout.align()).cast() }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller's: the block is of this heap.
        unsafe { c::heap_free(block.cast()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's: the block is of this heap.
        unsafe { c::heap_realloc(block.cast(), size, layout.align()).cast() }
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    let file = info.location().map_or("no place", |place| place.file());
    for text in ["panic in ", file, "\n"] {
        // SAFETY: the text is that long.
        unsafe { c::board_write(text.as_ptr().cast(), text.len()) };
    }
    c::board_exit(2)
}

struct Only(UnsafeCell<Option<State>>);

// SAFETY: the program has one thread, and no interrupt calls the engine.
unsafe impl Sync for Only {}

static ONLY: Only = Only(UnsafeCell::new(None));

/// The state. Nobody holds on to it while somebody else asks for it.
pub fn the_one() -> &'static mut State {
    // SAFETY: one thread, and each function of the interface lets go of it before it asks again.
    unsafe { (*ONLY.0.get()).get_or_insert_default() }
}

/// Text for C, as much as there is room for.
pub struct Text {
    bytes: [u8; 200],
    length: usize,
}

impl Default for Text {
    fn default() -> Text {
        Text { bytes: [0; 200], length: 0 }
    }
}

impl Text {
    /// Ends with a NUL.
    pub fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }) {
            // The last one stays 0.
            if self.length + 1 < self.bytes.len() {
                self.bytes[self.length] = byte;
                self.length += 1;
            }
        }
        Ok(())
    }
}
