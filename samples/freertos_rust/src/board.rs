//! The emulated board (freertos-port/boards/board.h), and what Rust wants of any: a way to panic.

use core::ffi::c_int;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

unsafe extern "C" {
    fn board_write(text: *const u8, length: usize);
    fn board_exit(code: c_int) -> !;
}

/// Ends the emulator with this exit code.
pub fn exit(code: i32) -> ! {
    // SAFETY: it may be called at any time.
    unsafe { board_exit(code) }
}

/// The board's console.
pub struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the bytes are there for as long as the call.
        unsafe { board_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// Writes a line to the console.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {{
        use core::fmt::Write;
        let _ = writeln!($crate::board::Console, $($argument)*);
    }};
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(1)
}
