//! The demo's guest; `../../../c/sensor_filter.c` is the same in C, and both emit the same values.
#![no_std]

mod filter;
mod host;

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use filter::Filter;
use host::Line;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// What lives on between batches.
struct State(UnsafeCell<Filter>);

// SAFETY: a guest has one thread, and the host does not call it again while it runs.
unsafe impl Sync for State {}

static CALIBRATED: AtomicBool = AtomicBool::new(false);

static STATE: State = State(UnsafeCell::new(Filter::new()));

/// Reads one batch to its end; returns how many values it emitted.
#[unsafe(no_mangle)]
pub extern "C" fn process(batch: i32) -> i32 {
    if cfg!(feature = "stuck") {
        Line::new().text("batch ").number(batch as u32).text(": calibrating").log();
        // Waits for what never comes, without a single call that the host could use to stop it.
        while !CALIBRATED.load(Ordering::Relaxed) {
            core::hint::spin_loop();
        }
    }
    // SAFETY: as above: this is the only reference while it lives.
    let filter = unsafe { &mut *STATE.0.get() };
    let (mut samples, mut outliers, mut emitted) = (0, 0, 0);
    let mut flags = 0;
    while let Some(raw) = host::next_sample() {
        let (value, new_flags) = filter.step(raw);
        samples += 1;
        flags |= new_flags;
        if new_flags & filter::OUTLIER != 0 {
            outliers += 1;
        }
        // An alarm does not wait for its turn; an outlier does.
        if filter.is_due() || flags & (filter::ALARM_ON | filter::ALARM_OFF) != 0 {
            host::emit(value, flags);
            emitted += 1;
            flags = 0;
        }
    }
    Line::new()
        .text("batch ")
        .number(batch as u32)
        .text(": ")
        .number(samples)
        .text(" samples, ")
        .number(emitted)
        .text(" emitted, ")
        .number(outliers)
        .text(" outliers")
        .log();
    emitted as i32
}

#[unsafe(no_mangle)]
pub extern "C" fn version() -> i32 {
    if cfg!(feature = "stuck") {
        3
    } else if cfg!(feature = "v2") {
        2
    } else {
        1
    }
}
