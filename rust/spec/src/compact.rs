//! The form in which scripts reach a board, to be played by `firmware/player.c`.
//!
//! Numbers are LEB128 as in modules, u32 four bytes with the least significant first. A list is the number of its
//! items and the items; bytes and text (UTF-8) are lists of bytes.
//!
//! ```text
//! suite       "wasmote spec 1\n"  heap:u32  largest:u32  spectest:block  script*  0:u32  files:u32  directives:u32
//! block       size:u32  so many bytes
//! heap        the limit that the runtime's heap gets: what fails because of it is known by that
//! largest     bytes of the largest script
//! spectest    the module of this name that scripts import from; its functions are the player's own
//! script      a block, not empty: body
//! body        name:text  directives, their number  refused:list(text)  outcome  directive*
//! refused     features, one of which each refusal names; each must be named by one
//! outcome     passed, refused, text only, deviations: numbers that the host counted and the board must count too
//! directive   0x80 if it is a known deviation, else 0, plus:   line  (the line in which the directive begins)
//!   1 module        slot  joins  bytes      2 definition    slot  bytes
//!   3 instance      slot  joins  definition slot
//!   4 register      slot  text              5 succeeds      action
//!   6 returns       action  list(expected)  7 traps         action  set
//!   8 malformed     bytes                   9 invalid       bytes
//!  10 unknown       bytes                  11 incompatible  bytes
//!  12 loads         bytes                  13 text only
//!  14 beyond        action                 15 thread
//!  16 wrong         text
//! and these, which have no line and are no directives:
//!  17 forget        slot (of an instance)  18 forget        slot (of a definition)
//! joins       1 if others import from the instance later, else 0
//! set         bit 0 is the first trap of the C API, WASMOTE_TRAP_UNREACHABLE
//! action      1 invoke slot text list(value)   2 invoke slot text, arguments that no board knows
//!             3 get    slot text               4 instantiate bytes
//! value       type as in modules, then its bits: four bytes, or eight of i64 and f64
//! expected    a value, or a byte that is no type: 0 matches nothing, 1 canonical NaN of f32, 2 arithmetic NaN of f32,
//!             3 and 4 of f64, 5 null of any type, 6 any function, 7 any external reference, 8 list(expected): any of them
//! ```
//!
//! Slots of instances and of definitions are counted from 0, and used again after `forget`.

use crate::script::{Action, Directive, Expected, Script, What};
use crate::{Policy, Report, spectest};
use std::collections::BTreeSet;
use wasmote::{ErrorClass, ValType, Value};

const MAGIC: &[u8] = b"wasmote spec 1\n";
/// In a directive's first byte: it is known to go otherwise.
const DEVIATES: u8 = 0x80;

/// Scripts in the compact form.
#[derive(Default)]
pub struct Suite {
    heap_mb: u32,
    bodies: Vec<Vec<u8>>,
    directives: usize,
}

impl Suite {
    /// For boards with so much heap.
    pub fn new(heap_mb: u32) -> Suite {
        Suite { heap_mb, ..Suite::default() }
    }

    /// Adds a script that the host has played.
    pub fn add(&mut self, name: &str, script: &Script, policy: &Policy, report: &Report) {
        self.bodies.push(body(name, script, policy, report));
        self.directives += script.directives.len();
    }

    /// The file for a board.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((self.heap_mb << 20).to_le_bytes());
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).expect("scripts are small").to_le_bytes();
        let largest = self.bodies.iter().max_by_key(|body| body.len());
        bytes.extend(size(largest.map_or(&[], Vec::as_slice)));
        let spectest = spectest::module();
        bytes.extend(size(&spectest));
        bytes.extend(spectest);
        for body in &self.bodies {
            bytes.extend(size(body));
            bytes.extend(body);
        }
        for count in [0, self.bodies.len(), self.directives] {
            bytes.extend(u32::try_from(count).expect("scripts are few").to_le_bytes());
        }
        bytes
    }
}

fn body(name: &str, script: &Script, policy: &Policy, report: &Report) -> Vec<u8> {
    let mut to = Writer::default();
    to.text(name);
    to.number(script.directives.len());
    to.list(policy.refused.iter(), |to, feature| to.text(&feature.name().to_string()));
    for count in [report.passed, report.refused, report.text_only, report.deviations] {
        to.number(count as usize);
    }
    let mut instances = Slots::of(script, What::instance);
    let mut definitions = Slots::of(script, What::definition);
    for (place, Directive { line, what }) in script.directives.iter().enumerate() {
        let deviates = if policy.deviations.contains(line) { DEVIATES } else { 0 };
        to.bytes.push(what.kind() | deviates);
        to.number(*line as usize);
        to.what(what, &mut instances, &mut definitions);
        for slot in instances.over(place) {
            to.bytes.push(17);
            to.number(slot);
        }
        for slot in definitions.over(place) {
            to.bytes.push(18);
            to.number(slot);
        }
    }
    to.bytes
}

impl What {
    fn kind(&self) -> u8 {
        match self {
            What::Module { .. } => 1,
            What::Definition { .. } => 2,
            What::Instance { .. } => 3,
            What::Register { .. } => 4,
            What::Succeeds(_) => 5,
            What::Returns(..) => 6,
            What::Traps(..) => 7,
            What::Refused { class: ErrorClass::Malformed, .. } => 8,
            What::Refused { .. } => 9,
            What::Unlinkable { unknown: true, .. } => 10,
            What::Unlinkable { .. } => 11,
            What::Loads { .. } => 12,
            What::TextOnly => 13,
            What::Beyond(_) => 14,
            What::Thread => 15,
            What::Wrong(_) => 16,
        }
    }

    /// The instance that it makes or uses.
    fn instance(&self) -> Option<usize> {
        match self {
            What::Module { instance, .. }
            | What::Instance { instance, .. }
            | What::Register { instance, .. } => Some(*instance),
            What::Succeeds(action)
            | What::Returns(action, _)
            | What::Traps(action, _)
            | What::Beyond(action) => match action {
                Action::Invoke { instance, .. } | Action::Get { instance, .. } => Some(*instance),
                Action::Module { .. } => None,
            },
            _ => None,
        }
    }

    /// The definition that it makes or uses.
    fn definition(&self) -> Option<usize> {
        match self {
            What::Definition { definition, .. } | What::Instance { definition, .. } => Some(*definition),
            _ => None,
        }
    }
}

/// The places that a board has for what a script makes.
struct Slots {
    /// Of each number: the last directive that uses it, and whether that is for good.
    last: Vec<(usize, bool)>,
    /// Of each number.
    slots: Vec<Option<usize>>,
    free: BTreeSet<usize>,
}

impl Slots {
    fn of(script: &Script, used: impl Fn(&What) -> Option<usize>) -> Slots {
        let mut last: Vec<(usize, bool)> = Vec::new();
        for (place, directive) in script.directives.iter().enumerate() {
            if let Some(number) = used(&directive.what) {
                last.resize(last.len().max(number + 1), (0, false));
                let registered = matches!(directive.what, What::Register { .. });
                last[number] = (place, last[number].1 || registered);
            }
        }
        Slots { slots: vec![None; last.len()], free: (0..last.len()).collect(), last }
    }

    /// The slot of a number.
    fn slot(&mut self, number: usize) -> usize {
        // There is one for each.
        *self.slots[number].get_or_insert_with(|| self.free.pop_first().unwrap_or(number))
    }

    /// Whether others will import from it.
    fn joins(&self, number: usize) -> bool {
        self.last[number].1
    }

    /// The slots that are not used after this place.
    fn over(&mut self, place: usize) -> Vec<usize> {
        let over = self.last.iter().zip(&self.slots).filter(|(last, _)| **last == (place, false));
        let over: Vec<usize> = over.filter_map(|(_, slot)| *slot).collect();
        self.free.extend(&over);
        over
    }
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Writer, T)) {
        self.number(items.len());
        for item in items {
            write(self, item);
        }
    }

    fn block(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.bytes.extend(bytes);
    }

    fn text(&mut self, text: &str) {
        self.block(text.as_bytes());
    }

    fn what(&mut self, what: &What, instances: &mut Slots, definitions: &mut Slots) {
        match what {
            What::Module { instance, bytes } => {
                self.number(instances.slot(*instance));
                self.number(instances.joins(*instance).into());
                self.block(bytes);
            }
            What::Definition { definition, bytes } => {
                self.number(definitions.slot(*definition));
                self.block(bytes);
            }
            What::Instance { instance, definition } => {
                self.number(instances.slot(*instance));
                self.number(instances.joins(*instance).into());
                self.number(definitions.slot(*definition));
            }
            What::Register { instance, name } => {
                self.number(instances.slot(*instance));
                self.text(name);
            }
            What::Succeeds(action) | What::Beyond(action) => self.action(action, instances),
            What::Returns(action, results) => {
                self.action(action, instances);
                self.list(results.iter(), Writer::expected);
            }
            What::Traps(action, traps) => {
                self.action(action, instances);
                self.number(traps.0 as usize);
            }
            What::Refused { bytes, .. } | What::Unlinkable { bytes, .. } | What::Loads { bytes } => {
                self.block(bytes);
            }
            What::TextOnly | What::Thread => {}
            What::Wrong(why) => self.text(why),
        }
    }

    fn action(&mut self, action: &Action, instances: &mut Slots) {
        match action {
            Action::Invoke { instance, name, args } => {
                self.bytes.push(if args.is_some() { 1 } else { 2 });
                self.number(instances.slot(*instance));
                self.text(name);
                if let Some(args) = args {
                    self.list(args.iter(), Writer::value);
                }
            }
            Action::Get { instance, name } => {
                self.bytes.push(3);
                self.number(instances.slot(*instance));
                self.text(name);
            }
            Action::Module { bytes } => {
                self.bytes.push(4);
                self.block(bytes);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        let size = if matches!(value.ty(), ValType::I64 | ValType::F64) { 8 } else { 4 };
        self.bytes.push(value.ty() as u8);
        self.bytes.extend(&value.bits().to_le_bytes()[..size]);
    }

    fn expected(&mut self, expected: &Expected) {
        let code = match expected {
            Expected::Exactly(value) => return self.value(value),
            Expected::Nothing => 0,
            Expected::CanonicalNan32 => 1,
            Expected::ArithmeticNan32 => 2,
            Expected::CanonicalNan64 => 3,
            Expected::ArithmeticNan64 => 4,
            Expected::Null => 5,
            Expected::AnyFunc => 6,
            Expected::AnyExtern => 7,
            Expected::Either(_) => 8,
        };
        self.bytes.push(code);
        if let Expected::Either(cases) = expected {
            self.list(cases.iter(), Writer::expected);
        }
    }
}
