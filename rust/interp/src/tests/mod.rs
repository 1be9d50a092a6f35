//! Tests: what the encoder makes, and what the executor makes of it.

mod calls;
mod encoding;
mod every;
mod memory;
mod numbers;
mod rig;
mod wide;

use crate::isa::Code;
use std::cell::RefCell;
use std::collections::BTreeSet;

std::thread_local! {
    static SEEN: RefCell<BTreeSet<u8>> = const { RefCell::new(BTreeSet::new()) };
}

/// Called by the dispatchers for each instruction.
pub(crate) fn saw(word: u32) {
    SEEN.with_borrow_mut(|seen| seen.insert(word as u8));
}

/// Instructions that this thread has not carried out.
fn unseen() -> std::vec::Vec<&'static str> {
    SEEN.with_borrow(|seen| {
        Code::ALL.iter().filter(|&&code| !seen.contains(&(code as u8))).map(|code| code.text().0).collect()
    })
}
