//! The native twins of the guests in Rust, for a firmware or a program in C to call.
#![cfg_attr(target_os = "none", no_std)]

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

/// By their names in C.
pub const ALL: [(&str, extern "C" fn(i32) -> i32); 3] = [
    ("guest_inflate_run", guest_inflate_run),
    ("guest_shrink_run", guest_shrink_run),
    ("guest_telemetry_run", guest_telemetry_run),
];

#[unsafe(no_mangle)]
pub extern "C" fn guest_inflate_run(rounds: i32) -> i32 {
    inflate::run(rounds)
}

#[unsafe(no_mangle)]
pub extern "C" fn guest_shrink_run(rounds: i32) -> i32 {
    shrink::run(rounds)
}

#[unsafe(no_mangle)]
pub extern "C" fn guest_telemetry_run(reports: i32) -> i32 {
    telemetry::run(reports)
}
