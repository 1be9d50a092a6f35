//! Tests: what the encoder makes, and what the executor makes of it.

mod calls;
mod encoding;
mod every;
mod memory;
mod numbers;
mod polls;
mod rig;
mod wide;

use crate::isa::Code;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// Under Miri, which watches each step, a part of what is tried otherwise.
const fn few(all: usize, watched: usize) -> usize {
    if cfg!(miri) { watched } else { all }
}

std::thread_local! {
    static SEEN: RefCell<BTreeSet<u8>> = const { RefCell::new(BTreeSet::new()) };
    /// Instructions since the interrupt word was looked at, and the most that there were.
    static SINCE_POLL: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// Called by the dispatchers for each instruction.
pub(crate) fn saw(number: u8) {
    SEEN.with_borrow_mut(|seen| seen.extend(Code::known(number).map(|code| code as u8)));
    let (since, most) = SINCE_POLL.get();
    SINCE_POLL.set((since + 1, most.max(since + 1)));
}

/// Called by the executor whenever it looks at the interrupt word.
pub(crate) fn polled() {
    SINCE_POLL.set((0, SINCE_POLL.get().1));
}

/// Instructions that this thread has not carried out.
fn unseen() -> std::vec::Vec<&'static str> {
    SEEN.with_borrow(|seen| {
        Code::ALL.iter().filter(|&&code| !seen.contains(&(code as u8))).map(|code| code.text().0).collect()
    })
}
