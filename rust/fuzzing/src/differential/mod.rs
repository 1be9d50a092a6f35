//! The same module in several engines: what can be observed must be the same.

mod count;
#[cfg(feature = "interp-lazy")]
mod encoded;
#[cfg(feature = "jit")]
mod native;
mod ours;
mod scenario;
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

pub use ours::{Code, Metering, run as ours, run_as as ours_as};
pub use scenario::{Call, Import, Kind, Scenario, Signature, Type, Val};

use crate::{Random, generate, large};
use ::wasmote::Trap;
use std::sync::{Arc, Mutex};

/// Why a call or an instantiation ended early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// A trap.
    Trap(Trap),
    /// Something else, which should not be.
    Other(String),
}

/// How a call ended.
pub type Outcome = Result<Vec<Val>, Stop>;

/// An instance in some engine.
trait Runner {
    fn call(&mut self, call: &Call) -> Outcome;
    /// Hands the value over, or the elements.
    fn state(&mut self, support: bool, name: &str, kind: Kind, look: &mut Look) -> Result<(), String>;
    /// What was counted so far.
    fn counted(&mut self) -> Option<u64>;
    /// Where the last call ended, if it trapped and that is told.
    fn trace(&mut self) -> Result<Vec<Place>, String> {
        Ok(Vec::new())
    }
}

/// A frame of a backtrace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The function.
    pub func: u32,
    /// The operator's offset in the module.
    pub offset: u32,
}

/// Takes in what an instance's state is.
#[derive(Debug)]
pub struct Look(u64);

impl Look {
    fn number(&mut self, number: u64) {
        // FNV-1a, by words.
        self.0 = (self.0 ^ number).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
    }

    fn value(&mut self, value: Val) {
        self.number(value.bits());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.number(u64::from_le_bytes(*word));
        }
        for &byte in rest {
            self.number(byte.into());
        }
    }
}

/// What the host functions of a run were called with. Their results follow from that.
#[derive(Clone, Debug, Default)]
struct Host(Arc<Mutex<u64>>);

impl Host {
    /// Calls the host function with this number; `None` is a trap.
    fn call(&self, number: usize, args: &[Val], results: &[Type]) -> Option<Vec<Val>> {
        let mut log = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut look = Look(*log);
        look.number(number as u64);
        args.iter().for_each(|&arg| look.value(arg));
        *log = look.0;
        if look.0.is_multiple_of(61) {
            return None;
        }
        let result = |&ty| {
            look.number(1);
            Val::from_bits(ty, if look.0 & 8 == 0 { look.0 } else { look.0 & 0xFF })
        };
        Some(results.iter().map(result).collect())
    }

    fn log(&self) -> u64 {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What was observed of a step: the instantiation or a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// How it ended.
    pub outcome: Outcome,
    /// A hash of memories, tables and globals afterwards, and of the calls of host functions.
    pub state: u64,
    /// What it cost, if that was counted.
    pub cost: Option<u64>,
    /// Where it ended, if it trapped and the engine tells that; the innermost frame first.
    pub trace: Vec<Place>,
}

/// Runs a scenario. Ends with the first step that uses up the stack: how large that is, is not the module's affair.
fn run<R: Runner>(scenario: &Scenario, new: impl FnOnce(Host) -> Result<R, Stop>) -> Vec<Step> {
    let host = Host::default();
    let mut steps = Vec::new();
    let mut runner = match new(host.clone()) {
        Ok(runner) => runner,
        Err(stop) => {
            steps.push(Step { outcome: Err(stop), state: host.log(), cost: None, trace: Vec::new() });
            return steps;
        }
    };
    let mut before = 0;
    let mut step = |runner: &mut R, outcome: Outcome| {
        let wrong = |what| Step { outcome: Err(Stop::Other(what)), state: 0, cost: None, trace: Vec::new() };
        let mut look = Look(host.log());
        for (support, name, kind) in &scenario.state {
            if let Err(what) = runner.state(*support, name, *kind, &mut look) {
                return wrong(what);
            }
        }
        let counted = runner.counted();
        let cost = counted.map(|counted| counted - before);
        before = counted.unwrap_or(0);
        match runner.trace() {
            Ok(trace) => Step { outcome, state: look.0, cost, trace },
            Err(what) => wrong(what),
        }
    };
    steps.push(step(&mut runner, Ok(Vec::new())));
    for call in &scenario.calls {
        let outcome = runner.call(call);
        steps.push(step(&mut runner, outcome));
        if exhausted(steps.last()) {
            break;
        }
    }
    steps
}

fn exhausted(step: Option<&Step>) -> bool {
    step.is_some_and(|step| step.outcome == Err(Stop::Trap(Trap::StackOverflow)))
}

/// What came out of comparisons.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Scenarios that ran.
    pub ran: u64,
    /// Cases that the generator did not make anything of, or with two imports of the same names.
    pub not_made: u64,
    /// Scenarios that were given up when the stack was used up in one of the engines.
    pub exhausted: u64,
    /// Scenarios that ran as native code.
    pub native: u64,
    /// Of these, with functions of the interpreter's beside native ones.
    pub mixed: u64,
    /// Calls that returned, and instantiations.
    pub returned: u64,
    /// Calls and instantiations that trapped, by trap.
    pub trapped: std::collections::BTreeMap<String, u64>,
    /// Fuel that was used.
    pub fuel: u64,
    /// A hash of everything observed of wasmote, fuel included: the same for all dispatchers.
    pub digest: u64,
    /// What is wrong, with the module.
    pub differences: Vec<(String, Vec<u8>)>,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: Tally) {
        self.ran += other.ran;
        self.not_made += other.not_made;
        self.exhausted += other.exhausted;
        self.native += other.native;
        self.mixed += other.mixed;
        self.returned += other.returned;
        for (trap, count) in other.trapped {
            *self.trapped.entry(trap).or_default() += count;
        }
        self.fuel += other.fuel;
        // Whatever the order.
        self.digest = self.digest.wrapping_add(other.digest);
        self.differences.extend(other.differences);
    }

    fn see(&mut self, steps: &[Step]) {
        let mut look = Look(0);
        for step in steps {
            look.number(step.state);
            look.number(step.cost.unwrap_or(0));
            self.fuel += step.cost.unwrap_or(0);
            match &step.outcome {
                Ok(values) => {
                    self.returned += 1;
                    values.iter().for_each(|&value| look.value(value));
                }
                Err(Stop::Trap(trap)) => {
                    look.number(*trap as u64);
                    *self.trapped.entry(trap.to_string()).or_default() += 1;
                }
                Err(Stop::Other(_)) => look.number(0),
            }
        }
        self.digest = self.digest.wrapping_add(look.0);
    }
}

/// Runs a scenario everywhere.
///
/// # Errors
/// What differs.
pub fn compare(scenario: &Scenario, tally: &mut Tally) -> Result<(), String> {
    let counted = count::instrument(&scenario.wasm).map_err(|error| error.to_string())?;
    let counted = Scenario { wasm: counted, ..scenario.clone() };
    let metered = ours::run(scenario, Metering::Fuel(1 << 40));
    let theirs = run(&counted, |host| wasmi::Wasmi::new(&counted, host));
    tally.ran += 1;
    tally.see(&metered);
    let exhausted = exhausted(metered.last()) || exhausted(theirs.last());
    tally.exhausted += u64::from(exhausted);
    same(scenario, "metered", &metered, "wasmi", &theirs, exhausted)?;
    fuel(scenario, &metered, &theirs)?;
    let unmetered = ours::run(scenario, Metering::Off);
    same(scenario, "metered", &metered, "unmetered", &unmetered, exhausted)?;
    enough_fuel(scenario, &metered)?;
    #[cfg(feature = "interp-lazy")]
    encoded::compare(scenario, &metered, &unmetered)?;
    #[cfg(feature = "jit")]
    native::compare(scenario, &metered, &unmetered, tally)?;
    #[cfg(feature = "wasmtime")]
    {
        let theirs = run(scenario, |host| wasmtime::Wasmtime::new(scenario, host));
        let exhausted = exhausted || self::exhausted(theirs.last());
        same(scenario, "metered", &metered, "wasmtime", &theirs, exhausted)?;
    }
    Ok(())
}

/// Whether the steps are the same; up to the last one if the stack was used up then.
fn same(
    scenario: &Scenario,
    name: &str,
    ours: &[Step],
    other: &str,
    theirs: &[Step],
    exhausted: bool,
) -> Result<(), String> {
    let mut len = ours.len().max(theirs.len());
    if exhausted {
        len = ours.len().min(theirs.len()) - 1;
    }
    for at in 0..len {
        let (a, b) = (ours.get(at), theirs.get(at));
        let key = |step: &Step| (step.outcome.clone(), step.state);
        if a.map(key) != b.map(key) {
            return Err(format!("{}: {name} {a:?}, {other} {b:?}", step_name(scenario, at)));
        }
    }
    Ok(())
}

fn step_name(scenario: &Scenario, at: usize) -> String {
    match at.checked_sub(1).and_then(|at| scenario.calls.get(at)) {
        None => "instantiation".into(),
        Some(call) => format!("call {at} of {:?}{:?}", call.name, call.args),
    }
}

/// Fuel is what was executed, if the call returned, and no less if it trapped.
fn fuel(scenario: &Scenario, metered: &[Step], counted: &[Step]) -> Result<(), String> {
    for (at, (ours, theirs)) in metered.iter().zip(counted).enumerate() {
        let (Some(fuel), Some(count)) = (ours.cost, theirs.cost) else { continue };
        let right = if ours.outcome.is_ok() { fuel == count } else { fuel >= count };
        if !right && !exhausted(Some(ours)) && !exhausted(Some(theirs)) {
            return Err(format!("{}: used {fuel} of fuel, executed {count}", step_name(scenario, at)));
        }
    }
    Ok(())
}

/// What was used is enough, and one less is not.
fn enough_fuel(scenario: &Scenario, metered: &[Step]) -> Result<(), String> {
    let total: u64 = metered.iter().filter_map(|step| step.cost).sum();
    if total == 0 {
        return Ok(());
    }
    let exact = ours::run(scenario, Metering::Fuel(total));
    if exact != metered {
        return Err(format!("with exactly the {total} of fuel that it used it goes otherwise: {exact:?}"));
    }
    let less = ours::run(scenario, Metering::Fuel(total - 1));
    if !less.iter().any(|step| step.outcome == Err(Stop::Trap(Trap::OutOfFuel))) {
        return Err(format!("does not run out of fuel with one less than the {total} that it used"));
    }
    Ok(())
}

/// Makes a scenario from choices.
///
/// # Errors
/// The choices do not fit together.
pub fn generated(choices: &[u8], random: &mut Random) -> Result<Scenario, String> {
    let mut config = generate::supported();
    config.max_memory32_bytes = 1 << 17;
    config.memory_max_size_required = true;
    config.table_max_size_required = true;
    config.max_table_elements = 500;
    config.max_imports = random.choose(&[0, 3, 8]);
    config.min_funcs = 1 + random.below(4);
    config.max_funcs = config.min_funcs + random.below(12);
    config.max_instructions = random.choose(&[20, 100, 400]);
    config.max_data_segments = 5;
    config.max_element_segments = 5;
    config.max_type_size = 100;
    config.max_types = 20;
    config.export_everything = true;
    config.canonicalize_nans = true;
    config.allow_floats = !random.once_in(4);
    config.disallow_traps = !random.once_in(4);
    config.custom_page_sizes_enabled = random.once_in(4);
    let mut module = generate::smith(config, choices).ok_or("not enough choices")?;
    module.ensure_termination(random.choose(&[20, 300, 2000])).map_err(|error| error.to_string())?;
    Scenario::new(module.to_bytes(), random).map_err(|error| error.to_string())
}

/// Of so many cases the last one is a large module.
const LARGE: u64 = 8;

/// Runs a case: a module of wasm-smith's, or a large one.
pub fn case(seed: u64, number: u64, tally: &mut Tally) {
    let mut random = Random::new(seed, number);
    let made = if number % LARGE == LARGE - 1 {
        Scenario::new(large::module(&mut random), &mut random).map_err(|error| error.to_string())
    } else {
        let len = random.choose(&[1024, 4096, 16_384, 32_768]);
        generated(&random.bytes(len), &mut random)
    };
    match made {
        Err(_) => tally.not_made += 1,
        Ok(scenario) => {
            if let Err(what) = compare(&scenario, tally) {
                tally.differences.push((format!("seed {seed}, case {number}: {what}"), scenario.wasm));
            }
        }
    }
}
