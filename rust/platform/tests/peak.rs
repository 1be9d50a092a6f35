//! The peak of an account.
#![cfg(feature = "std")]

use core::alloc::Layout;
use wasmote_platform::Heap;

/// Found by a sequence of calls of the C API: what could not be obtained counted for the peak.
#[test]
#[cfg_attr(miri, ignore = "Miri has no allocation that fails")]
fn what_fails_does_not_count() {
    let heap = Heap::platform().unwrap();
    let account = heap.account(usize::MAX).unwrap();
    let before = heap.stats();
    assert_eq!(before.peak, before.used);
    // More than any machine has.
    let layout = Layout::from_size_align(isize::MAX as usize / 2, 1).unwrap();
    account.allocate(layout).unwrap_err();
    assert_eq!(heap.stats(), before);
    assert_eq!(account.stats().peak, 0);
}
