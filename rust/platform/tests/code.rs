//! Memory for code: written by one thread, executed by all.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use wasmote_platform::{CodeRegion, CodeSpace, Heap};

/// `mov eax, number; ret`
fn returns(number: i32) -> [u8; 6] {
    let [a, b, c, d] = number.to_le_bytes();
    [0xB8, a, b, c, d, 0xC3]
}

fn call(start: usize) -> i32 {
    // SAFETY: (P9) the tests call what they have written, and keep the region.
    unsafe {
        let start = core::ptr::with_exposed_provenance::<()>(start);
        core::mem::transmute::<*const (), extern "C" fn() -> i32>(start)()
    }
}

fn address(region: &CodeRegion) -> usize {
    region.start().as_ptr().expose_provenance()
}

#[test]
fn code_is_executed() {
    let mut region = CodeRegion::claim().unwrap();
    let start = address(&region);
    assert_eq!(start % 8, 0);
    region.write(0, &returns(42)).unwrap();
    assert_eq!(call(start), 42);
    let last = region.size() - 6;
    region.write(last, &returns(43)).unwrap();
    assert_eq!(call(start + last), 43);
    region.write(0, &returns(-1)).unwrap();
    assert_eq!(call(start), -1);
    region.write(1, &[]).unwrap();
    assert_eq!((call(start), call(start + last)), (-1, 43));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut region = CodeRegion::claim().unwrap();
    let size = region.size();
    region.write(size - 6, &returns(1)).unwrap();
    region.write(size - 5, &returns(2)).unwrap_err();
    region.write(size, &[0]).unwrap_err();
    region.write(usize::MAX, &[0]).unwrap_err();
    region.write(0, &vec![0; size + 1]).unwrap_err();
    region.write(size, &[]).unwrap();
    assert_eq!(call(address(&region) + size - 6), 1);
}

/// A block is known by its place, so also one of no bytes has one.
#[test]
fn every_block_has_a_place_of_its_own() {
    let heap = Heap::platform().unwrap();
    let space = CodeSpace::claim(&heap).unwrap().unwrap();
    let publish = |code: &[u8]| space.publish(core::iter::once(code)).unwrap().unwrap();
    let (empty, other, real) = (publish(&[]), publish(&[]), publish(&returns(7)));
    let start = |block: &wasmote_platform::CodeBlock| block.start().expose_provenance();
    assert!(start(&empty) != start(&other) && start(&other) != start(&real));
    let used = space.used();
    drop(empty);
    assert!(space.used() < used);
    drop(other);
    let next = [publish(&returns(8)), publish(&returns(9))];
    assert_eq!([call(start(&real)), call(start(&next[0])), call(start(&next[1]))], [7, 8, 9]);
    drop((real, next));
    assert_eq!(space.used(), 0);
}

#[test]
fn every_claim_has_a_region_of_its_own() {
    let mut one = CodeRegion::claim().unwrap();
    let mut two = CodeRegion::claim().unwrap();
    assert!(address(&one).abs_diff(address(&two)) >= one.size());
    one.write(0, &returns(1)).unwrap();
    two.write(0, &returns(2)).unwrap();
    assert_eq!((call(address(&one)), call(address(&two))), (1, 2));
    drop(one);
    assert_eq!(call(address(&two)), 2);
    // More mappings than the kernel allows a process, if they were not given back.
    for number in 0..40_000 {
        let mut region = CodeRegion::claim().unwrap();
        region.write(0, &returns(number)).unwrap();
        assert_eq!(call(address(&region)), number);
    }
}

#[test]
fn no_page_is_writable_and_executable() {
    let region = CodeRegion::claim().unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let start = format!("{:x}-", address(&region));
    let mapping = maps.lines().find(|line| line.starts_with(&start)).unwrap();
    assert!(mapping.contains(" r-xs "), "{mapping}");
    let mut writable = 0;
    for mapping in maps.lines().filter(|line| line.contains("wasmote-code")) {
        let access = mapping.split(' ').nth(1).unwrap();
        assert!(access == "r-xs" || access == "rw-s", "{mapping}");
        writable += usize::from(access == "rw-s");
    }
    assert!(writable > 0);
}

/// Three threads execute code in the page that the fourth writes to; what was just written is executed by
/// all of them.
#[test]
fn others_run_while_one_writes() {
    let mut region = CodeRegion::claim().unwrap();
    let start = address(&region);
    region.write(0, &returns(42)).unwrap();
    let done = AtomicBool::new(false);
    // The function that was written last, and how often the others have called some.
    let newest = AtomicUsize::new(0);
    let calls = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let number = newest.load(Ordering::Acquire);
                    if number > 0 {
                        assert_eq!(call(start + 8 * number), number as i32);
                    }
                    assert_eq!(call(start), 42);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut number = 0;
        while number < 20_000 || calls.load(Ordering::Relaxed) < 1000 {
            number += 1;
            // Nobody executes this one, and it is in everybody's page.
            region.write(8 * (number + 1), &returns(-1)).unwrap();
            assert_eq!(call(start + 8 * (number + 1)), -1);
            region.write(8 * number, &returns(number as i32)).unwrap();
            newest.store(number, Ordering::Release);
            if 8 * (number + 2) + 6 > region.size() {
                break;
            }
        }
        done.store(true, Ordering::Release);
    });
    assert!(calls.load(Ordering::Relaxed) > 0);
}
