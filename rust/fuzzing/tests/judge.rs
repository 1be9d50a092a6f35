//! A little of what the host leg judges at length, and that the judge finds what is wrong.

use wasmote::Feature;
use wasmote_fuzzing::judge::{Tally, Verdict, case, compare};

#[test]
fn some_cases() {
    let mut tally = Tally::default();
    for number in 0..200 {
        case(7, number, &mut tally);
    }
    let first = tally.disagreements.first().map(|(what, _)| what);
    assert_eq!(first, None, "{} disagreements", tally.disagreements.len());
    assert!(tally.total() > 800 && tally.of(Verdict::Valid) > 150, "{:?}", tally.counts);
    assert!(tally.of(Verdict::RefusedByName) > 5, "{:?}", tally.counts);
}

#[test]
fn the_same_number_is_the_same_case() {
    let judge = |number| {
        let mut tally = Tally::default();
        case(7, number, &mut tally);
        tally.counts
    };
    assert_eq!(judge(12), judge(12));
}

#[test]
fn verdicts() {
    let wasm = |text: &str| wat::parse_str(text).unwrap();
    assert_eq!(compare(&wasm("(module)"), None), Ok(Verdict::Valid));
    assert_eq!(compare(b"\0asm", None), Ok(Verdict::Refused));
    let threads = wasm("(module (memory 0 1 shared))");
    assert_eq!(compare(&threads, Some(Feature::Threads)), Ok(Verdict::RefusedByName));
    compare(&threads, Some(Feature::Simd)).unwrap_err();
    // The limit of a frame is wasmote's own; wasmparser's limit of locals is not reached.
    assert_eq!(compare(&many_locals(40_000), None), Ok(Verdict::Limit));
    assert_eq!(compare(&many_locals(32_000), None), Ok(Verdict::Valid));
    assert_eq!(compare(&many_locals(50_001), None), Ok(Verdict::Refused));
}

/// A function with so many locals of two cells.
fn many_locals(count: usize) -> Vec<u8> {
    wat::parse_str(format!("(module (func (local {})))", "i64 ".repeat(count))).unwrap()
}
