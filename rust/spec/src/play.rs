//! Plays a script on the Rust API. The firmware's player (`firmware/`) does the same on the C API.

use crate::script::{Action, Directive, Script, What};
use crate::{Failure, Policy, Report, spectest};
use std::collections::BTreeSet;
use wasmote::{
    Engine, EngineConfig, Error, ErrorKind, Feature, Instance, LinkReason, Linker, LoadError, Module, Quotas,
    Store, Value,
};

/// Runs a script.
///
/// # Errors
/// The text is no script.
pub fn run(text: &str, policy: &Policy) -> Result<Report, wast::Error> {
    Ok(play(&Script::read(text)?, policy))
}

/// Plays a script.
pub fn play(script: &Script, policy: &Policy) -> Report {
    let mut report = Report::default();
    let mut player = match Player::new(policy) {
        Ok(player) => player,
        Err(error) => {
            report.failures.push(Failure { line: 1, what: format!("no spectest: {error}") });
            return report;
        }
    };
    let mut lines = BTreeSet::new();
    for Directive { line, what } in &script.directives {
        let line = *line;
        lines.insert(line);
        let known = policy.deviations.contains(&line);
        match player.directive(what) {
            Ok(_) if known => {
                report.failures.push(Failure { line, what: "passes, but is listed as a deviation".into() });
            }
            Ok(Verdict::Passed) => report.passed += 1,
            Ok(Verdict::Refused) => report.refused += 1,
            Ok(Verdict::TextOnly) => report.text_only += 1,
            Err(_) if known => report.deviations += 1,
            Err(what) => report.failures.push(Failure { line, what }),
        }
    }
    // A list that is out of date tells of things that are not so.
    for &line in policy.deviations.difference(&lines) {
        report
            .failures
            .push(Failure { line, what: "is listed as a deviation, but no directive begins here".into() });
    }
    for &feature in policy.refused.iter().filter(|feature| !player.reasons.contains(feature)) {
        report.failures.push(Failure {
            line: 1,
            what: format!("no module was refused for {}, but that is listed", feature.name()),
        });
    }
    report
}

/// How a directive ended that did not fail.
enum Verdict {
    Passed,
    Refused,
    TextOnly,
}

/// Something that the script has made.
#[derive(Clone)]
enum Made<T> {
    Here(T),
    /// It needs a refused feature, or a known failure: what uses it cannot run.
    Lost,
}

struct Player<'a> {
    policy: &'a Policy,
    engine: Engine,
    store: Store,
    linker: Linker<'a>,
    instances: Vec<Made<Instance>>,
    definitions: Vec<Made<Module>>,
    /// Registered names of instances that are lost.
    lost: BTreeSet<&'a str>,
    /// The reasons of refusals so far.
    reasons: Vec<Feature>,
}

type Result<T, E = String> = std::result::Result<T, E>;

impl<'a> Player<'a> {
    fn new(policy: &'a Policy) -> Result<Player<'a>, Error> {
        // No script needs more; one that asks for 4 GiB gets an error, as it may.
        let quotas = Quotas { stack_bytes: 1 << 20, heap_bytes: 1 << 30, code_bytes: 0, ..Quotas::default() };
        let engine = Engine::new(EngineConfig::default())?;
        let mut store = Store::new(&engine, quotas)?;
        let mut linker = Linker::new(&engine);
        spectest::define(&engine, &mut store, &mut linker)?;
        Ok(Player {
            policy,
            engine,
            store,
            linker,
            instances: Vec::new(),
            definitions: Vec::new(),
            lost: BTreeSet::new(),
            reasons: Vec::new(),
        })
    }

    fn directive(&mut self, what: &'a What) -> Result<Verdict> {
        match what {
            What::Module { instance, bytes } => {
                set(&mut self.instances, *instance, Made::Lost);
                let module = self.load(bytes)?;
                self.instance(*instance, &module)
            }
            What::Definition { definition, bytes } => {
                set(&mut self.definitions, *definition, Made::Lost);
                let module = self.load(bytes)?;
                let verdict = verdict(&module);
                set(&mut self.definitions, *definition, module);
                Ok(verdict)
            }
            What::Instance { instance, definition } => {
                set(&mut self.instances, *instance, Made::Lost);
                let module = get(&self.definitions, *definition);
                self.instance(*instance, &module)
            }
            What::Register { instance, name } => match get(&self.instances, *instance) {
                Made::Here(instance) => {
                    self.lost.remove(name.as_str());
                    self.linker.instance(name, instance).map_err(text)?;
                    Ok(Verdict::Passed)
                }
                Made::Lost => {
                    self.lost.insert(name);
                    Ok(Verdict::Refused)
                }
            },
            What::Succeeds(action) => match self.execute(action)? {
                Made::Here(Ok(_)) => Ok(Verdict::Passed),
                Made::Here(Err(error)) => Err(text(error)),
                Made::Lost => Ok(Verdict::Refused),
            },
            What::Returns(action, results) => match self.execute(action)? {
                Made::Here(Ok(values)) => {
                    let right = values.len() == results.len()
                        && values.iter().zip(results).all(|(value, wanted)| wanted.matches(value));
                    if right {
                        Ok(Verdict::Passed)
                    } else {
                        Err(format!("gives {values:?}, not {results:?}"))
                    }
                }
                Made::Here(Err(error)) => Err(text(error)),
                Made::Lost => Ok(Verdict::Refused),
            },
            What::Traps(action, traps) => match self.execute(action)? {
                Made::Here(Ok(_)) => Err(format!("returns; expected: {traps}")),
                Made::Here(Err(error)) if error.trap().is_some_and(|trap| traps.contains(trap)) => {
                    Ok(Verdict::Passed)
                }
                Made::Here(Err(error)) => Err(format!("{error}; expected: {traps}")),
                Made::Lost => Ok(Verdict::Refused),
            },
            What::Refused { class, bytes } => match Module::from_copy(&self.engine, bytes) {
                Ok(_) => Err(format!("is accepted, but is a {}", class.name())),
                Err(Error::Load(error)) if error.kind.class() == *class => Ok(Verdict::Passed),
                Err(error) if self.is_refusal(error) => Ok(Verdict::Refused),
                Err(error) => Err(format!("is a {}, but the error is: {error}", class.name())),
            },
            What::Unlinkable { unknown, bytes } => {
                let module = self.load(bytes)?;
                match self.instantiate(&module) {
                    Made::Lost => Ok(Verdict::Refused),
                    Made::Here(Ok(_)) => Err("links, but should not".into()),
                    Made::Here(Err(Error::Link(error)))
                        if (error.reason == LinkReason::Unknown) == *unknown =>
                    {
                        Ok(Verdict::Passed)
                    }
                    Made::Here(Err(error)) => {
                        let expected =
                            if *unknown { "an unknown import" } else { "an import of another type" };
                        Err(format!("{error}; expected: {expected}"))
                    }
                }
            }
            What::Loads { bytes } => Ok(verdict(&self.load(bytes)?)),
            What::TextOnly => Ok(Verdict::TextOnly),
            What::Beyond(action) => match self.execute(action)? {
                Made::Lost => Ok(Verdict::Refused),
                Made::Here(_) => Err("wasmote has neither exceptions nor suspensions".into()),
            },
            What::Thread if self.policy.refused.contains(&Feature::Threads) => Ok(Verdict::Refused),
            What::Thread => Err("wasmote has no threads".into()),
            What::Wrong(why) => Err(why.clone()),
        }
    }

    /// Loads a module that must be valid.
    fn load(&mut self, bytes: &[u8]) -> Result<Made<Module>> {
        match Module::from_copy(&self.engine, bytes) {
            Ok(module) => Ok(Made::Here(module)),
            Err(error) if self.is_refusal(error) => Ok(Made::Lost),
            Err(error) => Err(text(error)),
        }
    }

    /// Whether an error is the refusal of a feature that the script may use.
    fn is_refusal(&mut self, error: Error) -> bool {
        match error {
            Error::Load(LoadError { kind: ErrorKind::Unsupported(feature), .. })
                if self.policy.refused.contains(&feature) =>
            {
                self.reasons.push(feature);
                true
            }
            _ => false,
        }
    }

    /// Makes the instance with this number.
    fn instance(&mut self, number: usize, module: &Made<Module>) -> Result<Verdict> {
        let made = match self.instantiate(module) {
            Made::Here(Ok(instance)) => Made::Here(instance),
            Made::Here(Err(error)) => return Err(text(error)),
            Made::Lost => Made::Lost,
        };
        let verdict = verdict(&made);
        set(&mut self.instances, number, made);
        Ok(verdict)
    }

    fn instantiate(&mut self, module: &Made<Module>) -> Made<Result<Instance, Error>> {
        let Made::Here(module) = module else { return Made::Lost };
        if module.imports().any(|import| self.lost.contains(import.module)) {
            return Made::Lost;
        }
        Made::Here(self.linker.instantiate(&mut self.store, module))
    }

    fn execute(&mut self, action: &Action) -> Result<Made<Result<Vec<Value>, Error>>> {
        match action {
            Action::Invoke { instance, name, args } => {
                let Made::Here(instance) = get(&self.instances, *instance) else { return Ok(Made::Lost) };
                let args = args.as_ref().ok_or("has an argument of an unknown type")?;
                let func = instance.func_dyn(&self.store, name).map_err(text)?;
                let types: Vec<_> = func.ty(&self.store).map_err(text)?.results().collect();
                let mut results: Vec<Value> = types.into_iter().map(Value::zero).collect();
                let called = func.call(&mut self.store, args, &mut results);
                Ok(Made::Here(called.map(|()| results)))
            }
            Action::Get { instance, name } => {
                let Made::Here(instance) = get(&self.instances, *instance) else { return Ok(Made::Lost) };
                let value = instance.global(&self.store, name).and_then(|global| global.get(&self.store));
                Ok(Made::Here(value.map(|value| vec![value])))
            }
            Action::Module { bytes } => {
                let module = self.load(bytes)?;
                Ok(match self.instantiate(&module) {
                    Made::Here(result) => Made::Here(result.map(|_| Vec::new())),
                    Made::Lost => Made::Lost,
                })
            }
        }
    }
}

/// Puts what a directive makes into its place, the next one at most.
fn set<T>(all: &mut Vec<Made<T>>, number: usize, made: Made<T>) {
    // Directives that cannot be played make nothing.
    while all.len() <= number {
        all.push(Made::Lost);
    }
    all[number] = made;
}

fn get<T: Clone>(all: &[Made<T>], number: usize) -> Made<T> {
    all.get(number).cloned().unwrap_or(Made::Lost)
}

fn verdict<T>(made: &Made<T>) -> Verdict {
    match made {
        Made::Here(_) => Verdict::Passed,
        Made::Lost => Verdict::Refused,
    }
}

fn text(error: Error) -> String {
    error.to_string()
}
