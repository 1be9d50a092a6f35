//! wasmote's interpreter against its native code, made when it is loaded and when it is called, and against both at once.

use super::ours::{self, Code, Metering};
use super::{Look, Scenario, Step, Stop, Tally, exhausted, step_name};
use wasmote::Trap;

/// Everything goes the same way as native code, and when only some functions have room for that.
pub fn compare(
    scenario: &Scenario,
    metered: &[Step],
    unmetered: &[Step],
    tally: &mut Tally,
) -> Result<(), String> {
    // What is chosen follows from the module.
    let mut look = Look(0);
    look.bytes(&scenario.wasm);
    let mut choose = |below: usize| {
        look.number(1);
        (look.0 % below as u64) as usize
    };
    let fuel = Metering::Fuel(1 << 40);
    let stats = |code| ours::stats(scenario, fuel, code).map_err(|error| error.to_string());
    let size = |code| stats(code).map(|stats| stats.native_code_bytes);
    let all = Code::Native(usize::MAX);
    let bytes = size(all)?;
    if stats(all)?.functions == 0 {
        return Ok(());
    }
    if bytes == 0 {
        return Err("nothing is native code".into());
    }
    let some = Code::Native(choose(bytes));
    let fewer = Code::Native(choose(bytes) / 2);
    let (lazy, stubs) = (Code::Lazy(usize::MAX), size(Code::Lazy(usize::MAX))?);
    let less = Code::Lazy(stubs + choose(bytes));
    for code in [all, some, fewer, lazy, less] {
        same(scenario, metered, code, &ours::run_as(scenario, fuel, code))?;
    }
    for code in [all, some, less] {
        same(scenario, unmetered, code, &ours::run_as(scenario, Metering::Off, code))?;
    }
    // With too little fuel it ends after the same calls and writes.
    let total: u64 = metered.iter().filter_map(|step| step.cost).sum();
    if total > 0 && !exhausted(metered.last()) {
        for less in [total - 1, choose(total as usize) as u64] {
            let interpreted = ours::run(scenario, Metering::Fuel(less));
            for code in [all, some, lazy] {
                same(scenario, &interpreted, code, &ours::run_as(scenario, Metering::Fuel(less), code))?;
            }
        }
    }
    tally.native += 1;
    let (none, part) = (size(Code::Native(0))?, size(some)?);
    tally.mixed += u64::from(part > none && part < bytes);
    Ok(())
}

/// Whether the steps are the same, up to one that uses up the stack.
fn same(scenario: &Scenario, interpreted: &[Step], code: Code, native: &[Step]) -> Result<(), String> {
    let mut len = interpreted.len().max(native.len());
    if exhausted(interpreted.last()) || exhausted(native.last()) {
        len = interpreted.len().min(native.len()) - 1;
    }
    for at in 0..len {
        let (a, b) = (interpreted.get(at).map(observed), native.get(at).map(observed));
        if a != b {
            let name = step_name(scenario, at);
            return Err(format!("{name}: interpreted {a:?}, {code:?} {b:?}"));
        }
    }
    Ok(())
}

/// What must be the same: where fuel ends may be told as another operator of the same straight line.
fn observed(step: &Step) -> Step {
    let mut step = step.clone();
    if step.outcome == Err(Stop::Trap(Trap::OutOfFuel)) {
        step.trace.clear();
    }
    step
}
