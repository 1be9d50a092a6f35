//! wasmote's interpreter whose functions are encoded when they are first called, and given up again, against the same with all of
//! them encoded before.

use super::ours::{self, Code, Metering};
use super::{Scenario, Step, exhausted, step_name};

/// Everything goes the same way, backtraces included, with room for what runs alone, for some functions, and for all.
pub fn compare(scenario: &Scenario, metered: &[Step], unmetered: &[Step]) -> Result<(), String> {
    let fuel = Metering::Fuel(1 << 40);
    for budget in [0, 600, usize::MAX] {
        let code = Code::Encoded(budget);
        same(scenario, metered, budget, &ours::run_as(scenario, fuel, code))?;
        same(scenario, unmetered, budget, &ours::run_as(scenario, Metering::Off, code))?;
    }
    let total: u64 = metered.iter().filter_map(|step| step.cost).sum();
    if total > 0 && !exhausted(metered.last()) {
        let less = Metering::Fuel(total - 1);
        same(scenario, &ours::run(scenario, less), 0, &ours::run_as(scenario, less, Code::Encoded(0)))?;
    }
    Ok(())
}

/// Whether the steps are the same, up to one that uses up the stack.
fn same(scenario: &Scenario, eager: &[Step], budget: usize, lazy: &[Step]) -> Result<(), String> {
    let mut len = eager.len().max(lazy.len());
    if exhausted(eager.last()) || exhausted(lazy.last()) {
        len = eager.len().min(lazy.len()) - 1;
    }
    for at in 0..len {
        let (a, b) = (eager.get(at), lazy.get(at));
        if a != b {
            let name = step_name(scenario, at);
            return Err(format!("{name}: {a:?}, with {budget} bytes of functions that do not run {b:?}"));
        }
    }
    Ok(())
}
