//! Runs a script's directives one after another.

use crate::{Failure, Policy, Report, spectest, values};
use std::collections::{BTreeSet, HashMap};
use wasmote::{
    Engine, EngineConfig, Error, ErrorClass, ErrorKind, Feature, Instance, LinkReason, Linker, LoadError,
    Module, Quotas, Store, Trap, Value,
};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::Id;
use wast::{QuoteWat, Wast, WastDirective, WastExecute, WastInvoke, Wat};

/// Runs a script.
///
/// # Errors
/// The text is no script.
pub fn run(text: &str, policy: &Policy) -> Result<Report, wast::Error> {
    let with_place = |mut error: wast::Error| {
        error.set_text(text);
        error
    };
    let mut lexer = Lexer::new(text);
    // Names may hold any Unicode, and some of the suite's do.
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(with_place)?;
    let wast: Wast<'_> = parser::parse(&buffer).map_err(with_place)?;
    let mut report = Report::default();
    let mut script = match Script::new(policy) {
        Ok(script) => script,
        Err(error) => {
            report.failures.push(Failure { line: 1, what: format!("no spectest: {error}") });
            return Ok(report);
        }
    };
    let mut lines = BTreeSet::new();
    for directive in wast.directives {
        let line = directive.span().linecol_in(text).0 as u32 + 1;
        lines.insert(line);
        let known = policy.deviations.contains(&line);
        match script.directive(directive) {
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
    for &feature in policy.refused.iter().filter(|feature| !script.reasons.contains(feature)) {
        report.failures.push(Failure {
            line: 1,
            what: format!("no module was refused for {}, but that is listed", feature.name()),
        });
    }
    Ok(report)
}

/// How a directive ended that did not fail.
enum Verdict {
    Passed,
    Refused,
    TextOnly,
}

/// Something that the script names.
#[derive(Clone)]
enum Named<T> {
    Here(T),
    /// It needs a refused feature, or a known failure: what uses it cannot run.
    Lost,
}

struct Script<'a, 'p> {
    policy: &'p Policy,
    engine: Engine,
    store: Store,
    linker: Linker<'a>,
    /// By name; the last one is also under `None`.
    instances: HashMap<Option<&'a str>, Named<Instance>>,
    definitions: HashMap<Option<&'a str>, Named<Module>>,
    /// Registered names of instances that are lost.
    lost: BTreeSet<&'a str>,
    /// The reasons of refusals so far.
    reasons: Vec<Feature>,
}

type Result<T, E = String> = std::result::Result<T, E>;

impl<'a, 'p> Script<'a, 'p> {
    fn new(policy: &'p Policy) -> Result<Script<'a, 'p>, Error> {
        // No script needs more; one that asks for 4 GiB gets an error, as it may.
        let quotas = Quotas { stack_bytes: 1 << 20, heap_bytes: 1 << 30, ..Quotas::default() };
        let engine = Engine::new(EngineConfig::default())?;
        let mut store = Store::new(&engine, quotas)?;
        let mut linker = Linker::new(&engine);
        spectest::define(&engine, &mut store, &mut linker)?;
        Ok(Script {
            policy,
            engine,
            store,
            linker,
            instances: HashMap::new(),
            definitions: HashMap::new(),
            lost: BTreeSet::new(),
            reasons: Vec::new(),
        })
    }

    fn directive(&mut self, directive: WastDirective<'a>) -> Result<Verdict> {
        match directive {
            WastDirective::Module(module) => {
                let name = module.name();
                // Whatever happens, the module before is no longer the current one.
                self.instances.insert(None, Named::Lost);
                let module = self.define(module)?;
                self.instance(name, module)
            }
            WastDirective::ModuleDefinition(module) => {
                let name = module.name();
                self.definitions.insert(name.map(|id| id.name()), Named::Lost);
                let module = self.define(module)?;
                let verdict = verdict(&module);
                for name in [None, name] {
                    self.definitions.insert(name.map(|id| id.name()), module.clone());
                }
                Ok(verdict)
            }
            WastDirective::ModuleInstance { instance, module, .. } => {
                self.instances.insert(None, Named::Lost);
                let module = module.map(|id| id.name());
                let module = self.definitions.get(&module).ok_or("no such definition")?.clone();
                self.instance(instance, module)
            }
            WastDirective::Register { name, module, .. } => match self.find(module)? {
                Named::Here(instance) => {
                    self.linker.instance(name, instance).map_err(text)?;
                    Ok(Verdict::Passed)
                }
                Named::Lost => {
                    self.lost.insert(name);
                    Ok(Verdict::Refused)
                }
            },
            WastDirective::Invoke(invoke) => match self.invoke(&invoke)? {
                Named::Here(Ok(_)) => Ok(Verdict::Passed),
                Named::Here(Err(error)) => Err(text(error)),
                Named::Lost => Ok(Verdict::Refused),
            },
            WastDirective::AssertReturn { exec, results, .. } => match self.execute(exec)? {
                Named::Here(Ok(values)) => {
                    let right = values.len() == results.len()
                        && values.iter().zip(&results).all(|(value, wanted)| values::matches(value, wanted));
                    if right {
                        Ok(Verdict::Passed)
                    } else {
                        Err(format!("gives {values:?}, not {results:?}"))
                    }
                }
                Named::Here(Err(error)) => Err(text(error)),
                Named::Lost => Ok(Verdict::Refused),
            },
            WastDirective::AssertTrap { exec, message, .. } => {
                let result = self.execute(exec)?;
                expect_trap(result, message)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let result = self.invoke(&call)?;
                expect_trap(result, message)
            }
            WastDirective::AssertMalformed { module, .. } => {
                self.expect_refusal(module, ErrorClass::Malformed)
            }
            WastDirective::AssertInvalid { module, .. } => self.expect_refusal(module, ErrorClass::Invalid),
            WastDirective::AssertUnlinkable { module, message, .. } => {
                self.expect_link_error(module, message)
            }
            // A runtime ignores custom sections whose contents it does not understand.
            WastDirective::AssertInvalidCustom { module, .. }
            | WastDirective::AssertMalformedCustom { module, .. } => match encode(module) {
                None => Ok(Verdict::TextOnly),
                Some(bytes) => Ok(verdict(&self.load(&bytes)?)),
            },
            WastDirective::AssertException { exec, .. } | WastDirective::AssertSuspension { exec, .. } => {
                match self.execute(exec)? {
                    Named::Lost => Ok(Verdict::Refused),
                    Named::Here(_) => Err("wasmote has neither exceptions nor suspensions".into()),
                }
            }
            WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                if self.policy.refused.contains(&Feature::Threads) {
                    return Ok(Verdict::Refused);
                }
                Err("wasmote has no threads".into())
            }
        }
    }

    /// Loads a module that must be valid.
    fn define(&mut self, module: QuoteWat<'a>) -> Result<Named<Module>> {
        let mut module = module;
        let bytes = module.encode().map_err(|error| format!("the text cannot be encoded: {error}"))?;
        self.load(&bytes)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<Named<Module>> {
        match Module::from_copy(&self.engine, bytes) {
            Ok(module) => Ok(Named::Here(module)),
            Err(error) if self.is_refusal(error) => Ok(Named::Lost),
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

    /// Makes an instance and gives it its name.
    fn instance(&mut self, name: Option<Id<'a>>, module: Named<Module>) -> Result<Verdict> {
        let made = match self.instantiate(&module) {
            Named::Here(Ok(instance)) => Named::Here(instance),
            Named::Here(Err(error)) => return Err(text(error)),
            Named::Lost => Named::Lost,
        };
        let verdict = verdict(&made);
        if let Some(name) = name {
            self.instances.insert(Some(name.name()), made.clone());
        }
        self.instances.insert(None, made);
        Ok(verdict)
    }

    fn instantiate(&mut self, module: &Named<Module>) -> Named<std::result::Result<Instance, Error>> {
        let Named::Here(module) = module else { return Named::Lost };
        if module.imports().any(|import| self.lost.contains(import.module)) {
            return Named::Lost;
        }
        Named::Here(self.linker.instantiate(&mut self.store, module))
    }

    fn find(&self, name: Option<Id<'a>>) -> Result<Named<Instance>> {
        self.instances.get(&name.map(|id| id.name())).cloned().ok_or("no such instance".into())
    }

    fn execute(&mut self, exec: WastExecute<'a>) -> Result<Named<std::result::Result<Vec<Value>, Error>>> {
        match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(module) => {
                let module = self.define(QuoteWat::Wat(module))?;
                Ok(match self.instantiate(&module) {
                    Named::Here(result) => Named::Here(result.map(|_| Vec::new())),
                    Named::Lost => Named::Lost,
                })
            }
            WastExecute::Get { module, global, .. } => Ok(match self.find(module)? {
                Named::Lost => Named::Lost,
                Named::Here(instance) => {
                    let value =
                        instance.global(&self.store, global).and_then(|global| global.get(&self.store));
                    Named::Here(value.map(|value| vec![value]))
                }
            }),
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke<'a>) -> Result<Named<std::result::Result<Vec<Value>, Error>>> {
        let Named::Here(instance) = self.find(invoke.module)? else { return Ok(Named::Lost) };
        let args = invoke.args.iter().map(values::argument).collect::<Result<Vec<_>>>()?;
        let func = instance.func_dyn(&self.store, invoke.name).map_err(text)?;
        let types: Vec<_> = func.ty(&self.store).map_err(text)?.results().collect();
        let mut results: Vec<Value> = types.into_iter().map(Value::zero).collect();
        let called = func.call(&mut self.store, &args, &mut results);
        Ok(Named::Here(called.map(|()| results)))
    }

    fn expect_refusal(&mut self, module: QuoteWat<'a>, class: ErrorClass) -> Result<Verdict> {
        let Some(bytes) = encode(module) else { return Ok(Verdict::TextOnly) };
        match Module::from_copy(&self.engine, &bytes) {
            Ok(_) => Err(format!("is accepted, but is a {}", class.name())),
            Err(Error::Load(error)) if error.kind.class() == class => Ok(Verdict::Passed),
            Err(error) if self.is_refusal(error) => Ok(Verdict::Refused),
            Err(error) => Err(format!("is a {}, but the error is: {error}", class.name())),
        }
    }

    fn expect_link_error(&mut self, module: Wat<'a>, message: &str) -> Result<Verdict> {
        let module = self.define(QuoteWat::Wat(module))?;
        match self.instantiate(&module) {
            Named::Lost => Ok(Verdict::Refused),
            Named::Here(Ok(_)) => Err(format!("links, but should not: {message}")),
            Named::Here(Err(Error::Link(error)))
                if (error.reason == LinkReason::Unknown) == (message == "unknown import") =>
            {
                Ok(Verdict::Passed)
            }
            Named::Here(Err(error)) => Err(format!("{error}; expected: {message}")),
        }
    }
}

/// A module's bytes; `None` if already its text is wrong.
fn encode(module: QuoteWat<'_>) -> Option<Vec<u8>> {
    let mut module = module;
    module.encode().ok()
}

fn verdict<T>(named: &Named<T>) -> Verdict {
    match named {
        Named::Here(_) => Verdict::Passed,
        Named::Lost => Verdict::Refused,
    }
}

fn expect_trap<T>(result: Named<std::result::Result<T, Error>>, message: &str) -> Result<Verdict> {
    let error = match result {
        Named::Lost => return Ok(Verdict::Refused),
        Named::Here(Ok(_)) => return Err(format!("returns, but should trap: {message}")),
        Named::Here(Err(error)) => error,
    };
    let fits = match error.trap() {
        // The suite tells apart which instruction found it.
        Some(Trap::TableOutOfBounds) => {
            ["undefined", "out of bounds"].iter().any(|start| message.starts_with(start))
        }
        // Some expectations are cut short, others go on with a number.
        Some(trap) => message.starts_with(trap.message()) || trap.message().starts_with(message),
        None => false,
    };
    if fits { Ok(Verdict::Passed) } else { Err(format!("{error}; expected: {message}")) }
}

fn text(error: Error) -> String {
    error.to_string()
}
