//! What the runtime carries out for compiled code, for the runner in C; built by emulator.rs for the emulated core.

#![no_std]

/// As `Builtin::Numeric`.
#[unsafe(no_mangle)]
pub extern "C" fn numeric(number: u32, cells: &mut [u32; 4]) -> u32 {
    match wasmote_core::numeric::apply(number, cells) {
        Ok(value) => {
            cells[0] = value as u32;
            cells[1] = (value >> 32) as u32;
            0
        }
        Err(trap) => trap as u32,
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
