//! A script made ready to be played: names are resolved, modules encoded, expectations are what a player compares.

use crate::values;
use std::collections::HashMap;
use wasmote::{ErrorClass, Trap, Value};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::Id;
use wast::{QuoteWat, Wast, WastDirective, WastExecute, WastInvoke, Wat};

/// A script's directives.
pub struct Script {
    pub directives: Vec<Directive>,
}

/// A directive.
pub struct Directive {
    /// The line it begins in, counted from 1.
    pub line: u32,
    pub what: What,
}

/// What a directive wants. Instances and definitions are numbered in the order in which they are made.
pub enum What {
    /// A valid module, and an instance of it.
    Module { instance: usize, bytes: Vec<u8> },
    /// A valid module.
    Definition { definition: usize, bytes: Vec<u8> },
    /// An instance of a definition.
    Instance { instance: usize, definition: usize },
    /// Modules import from the instance under this name.
    Register { instance: usize, name: String },
    /// It ends without a trap.
    Succeeds(Action),
    /// It ends with these values.
    Returns(Action, Vec<Expected>),
    /// It ends with one of these traps.
    Traps(Action, Traps),
    /// A module that is malformed, or invalid.
    Refused { class: ErrorClass, bytes: Vec<u8> },
    /// A valid module with an import that is not there, or is there with another type.
    Unlinkable { unknown: bool, bytes: Vec<u8> },
    /// A module that loads: a runtime ignores custom sections whose contents it does not understand.
    Loads { bytes: Vec<u8> },
    /// Malformed text, which only a text parser sees.
    TextOnly,
    /// How something ends that only a refused proposal has. Not run, so its module must have been refused.
    Beyond(Action),
    /// Of the proposal of threads.
    Thread,
    /// It cannot be played, for this reason.
    Wrong(String),
}

/// Something that is executed.
pub enum Action {
    /// A call of what the instance exports. No arguments: of types that a refused proposal has.
    Invoke { instance: usize, name: String, args: Option<Vec<Value>> },
    /// The value of a global that the instance exports.
    Get { instance: usize, name: String },
    /// A valid module is instantiated.
    Module { bytes: Vec<u8> },
}

/// What a value may be.
#[derive(Debug)]
pub enum Expected {
    /// This one, to the bit.
    Exactly(Value),
    CanonicalNan32,
    ArithmeticNan32,
    CanonicalNan64,
    ArithmeticNan64,
    /// A reference of any type, null.
    Null,
    /// A reference to any function.
    AnyFunc,
    /// A reference to anything of the host's.
    AnyExtern,
    /// One of these.
    Either(Vec<Expected>),
    /// A type that a refused proposal has.
    Nothing,
}

/// A set of traps: bit 0 is the first one of [`Trap::ALL`].
#[derive(Clone, Copy)]
pub struct Traps(pub u32);

impl Traps {
    /// Those that the suite means by a message.
    fn of(message: &str) -> Traps {
        let fits = |trap: &Trap| match trap {
            // The suite tells apart which instruction found it.
            Trap::TableOutOfBounds => {
                ["undefined", "out of bounds"].iter().any(|start| message.starts_with(start))
            }
            // Some expectations are cut short, others go on with a number.
            trap => {
                let text = trap.to_string();
                message.starts_with(&text) || text.starts_with(message)
            }
        };
        let set = Trap::ALL.iter().enumerate().filter(|(_, trap)| fits(trap));
        Traps(set.fold(0, |set, (bit, _)| set | 1 << bit))
    }

    /// Whether a trap is one of them.
    pub fn contains(self, trap: Trap) -> bool {
        Trap::ALL.iter().position(|&other| other == trap).is_some_and(|bit| self.0 >> bit & 1 != 0)
    }
}

impl std::fmt::Display for Traps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let traps = Trap::ALL.into_iter().filter(|&trap| self.contains(trap));
        f.write_str(&traps.map(|trap| trap.to_string()).collect::<Vec<_>>().join(" or "))
    }
}

type Result<T, E = String> = std::result::Result<T, E>;

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The text is no script.
    pub fn read(text: &str) -> Result<Script, wast::Error> {
        let with_place = |mut error: wast::Error| {
            error.set_text(text);
            error
        };
        let mut lexer = Lexer::new(text);
        // Names may hold any Unicode, and some of the suite's do.
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer).map_err(with_place)?;
        let wast: Wast<'_> = parser::parse(&buffer).map_err(with_place)?;
        let mut names = Names::default();
        let directives = wast.directives.into_iter().map(|directive| {
            let line = directive.span().linecol_in(text).0 as u32 + 1;
            Directive { line, what: names.resolve(directive).unwrap_or_else(What::Wrong) }
        });
        Ok(Script { directives: directives.collect() })
    }
}

/// What the script's names stand for at a point of it; the last one made is also under `None`.
#[derive(Default)]
struct Names<'a> {
    instances: HashMap<Option<&'a str>, usize>,
    definitions: HashMap<Option<&'a str>, usize>,
    /// How many there are.
    made: [usize; 2],
}

impl<'a> Names<'a> {
    fn resolve(&mut self, directive: WastDirective<'a>) -> Result<What> {
        Ok(match directive {
            WastDirective::Module(module) => {
                let instance = self.instance(module.name());
                What::Module { instance, bytes: encode(module)? }
            }
            WastDirective::ModuleDefinition(module) => {
                let definition = self.definition(module.name());
                What::Definition { definition, bytes: encode(module)? }
            }
            WastDirective::ModuleInstance { instance, module, .. } => {
                let definition = self.definitions.get(&module.map(|id| id.name()));
                let definition = *definition.ok_or("no such definition")?;
                What::Instance { instance: self.instance(instance), definition }
            }
            WastDirective::Register { name, module, .. } => {
                What::Register { instance: self.find(module)?, name: name.to_owned() }
            }
            WastDirective::Invoke(invoke) => What::Succeeds(self.invoke(&invoke)?),
            WastDirective::AssertReturn { exec, results, .. } => {
                What::Returns(self.action(exec)?, results.iter().map(values::expected).collect())
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                What::Traps(self.action(exec)?, Traps::of(message))
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                What::Traps(self.invoke(&call)?, Traps::of(message))
            }
            WastDirective::AssertMalformed { module, .. } => refused(module, ErrorClass::Malformed),
            WastDirective::AssertInvalid { module, .. } => refused(module, ErrorClass::Invalid),
            WastDirective::AssertUnlinkable { module, message, .. } => {
                What::Unlinkable { unknown: message == "unknown import", bytes: encode_wat(module)? }
            }
            WastDirective::AssertInvalidCustom { mut module, .. }
            | WastDirective::AssertMalformedCustom { mut module, .. } => match module.encode() {
                Ok(bytes) => What::Loads { bytes },
                Err(_) => What::TextOnly,
            },
            WastDirective::AssertException { exec, .. } | WastDirective::AssertSuspension { exec, .. } => {
                What::Beyond(self.action(exec)?)
            }
            WastDirective::Thread(_) | WastDirective::Wait { .. } => What::Thread,
        })
    }

    fn action(&mut self, exec: WastExecute<'a>) -> Result<Action> {
        Ok(match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke)?,
            WastExecute::Wat(module) => Action::Module { bytes: encode_wat(module)? },
            WastExecute::Get { module, global, .. } => {
                Action::Get { instance: self.find(module)?, name: global.to_owned() }
            }
        })
    }

    fn invoke(&self, invoke: &WastInvoke<'a>) -> Result<Action> {
        let instance = self.find(invoke.module)?;
        let args = invoke.args.iter().map(values::argument).collect();
        Ok(Action::Invoke { instance, name: invoke.name.to_owned(), args })
    }

    fn find(&self, name: Option<Id<'a>>) -> Result<usize> {
        self.instances.get(&name.map(|id| id.name())).copied().ok_or("no such instance".into())
    }

    fn instance(&mut self, name: Option<Id<'a>>) -> usize {
        let [instances, _] = &mut self.made;
        number(instances, &mut self.instances, name)
    }

    fn definition(&mut self, name: Option<Id<'a>>) -> usize {
        let [_, definitions] = &mut self.made;
        number(definitions, &mut self.definitions, name)
    }
}

fn number<'a>(made: &mut usize, names: &mut HashMap<Option<&'a str>, usize>, name: Option<Id<'a>>) -> usize {
    let number = *made;
    *made += 1;
    for name in [None, name] {
        names.insert(name.map(|id| id.name()), number);
    }
    number
}

fn encode(mut module: QuoteWat<'_>) -> Result<Vec<u8>> {
    module.encode().map_err(|error| format!("the text cannot be encoded: {error}"))
}

fn encode_wat(module: Wat<'_>) -> Result<Vec<u8>> {
    encode(QuoteWat::Wat(module))
}

fn refused(mut module: QuoteWat<'_>, class: ErrorClass) -> What {
    match module.encode() {
        Ok(bytes) => What::Refused { class, bytes },
        Err(_) => What::TextOnly,
    }
}
