//! Operators that the runtime carries out: one table of what follows them in the code and of what they take.

use super::Compiler;
use crate::Sink;
use wasmote_core::{ErrorKind, FuncType, ValType, vm::Builtin};

/// What follows an operator.
#[derive(Clone, Copy)]
enum Immediate {
    None,
    Memory,
    Data,
    Table,
    Element,
}

/// The rule of an operator: its immediates, and the bytes of its operands' types and of its result's.
struct Rule {
    immediates: [Immediate; 2],
    params: [u8; 3],
    arity: u8,
    result: u8,
}

/// No result.
const N: u8 = 0;
/// The type of the table's elements.
const E: u8 = 1;
const I: u8 = ValType::I32 as u8;

const fn rule(immediates: [Immediate; 2], params: &[u8], result: u8) -> Rule {
    let mut rule = Rule { immediates, params: [N; 3], arity: params.len() as u8, result };
    let mut at = 0;
    while at < params.len() {
        rule.params[at] = params[at];
        at += 1;
    }
    rule
}

/// By the number of the operator.
static RULES: [Rule; Builtin::Numeric as usize] = {
    use Immediate::*;
    const EMPTY: Rule = rule([None, None], &[], N);
    let mut rules = [EMPTY; Builtin::Numeric as usize];
    rules[Builtin::MemorySize as usize] = rule([Memory, None], &[], I);
    rules[Builtin::MemoryGrow as usize] = rule([Memory, None], &[I], I);
    rules[Builtin::MemoryFill as usize] = rule([Memory, None], &[I, I, I], N);
    rules[Builtin::MemoryCopy as usize] = rule([Memory, Memory], &[I, I, I], N);
    rules[Builtin::MemoryInit as usize] = rule([Data, Memory], &[I, I, I], N);
    rules[Builtin::DataDrop as usize] = rule([Data, None], &[], N);
    rules[Builtin::TableGet as usize] = rule([Table, None], &[I], E);
    rules[Builtin::TableSet as usize] = rule([Table, None], &[I, E], N);
    rules[Builtin::TableSize as usize] = rule([Table, None], &[], I);
    rules[Builtin::TableGrow as usize] = rule([Table, None], &[E, I], I);
    rules[Builtin::TableFill as usize] = rule([Table, None], &[I, E, I], N);
    rules[Builtin::TableCopy as usize] = rule([Table, Table], &[I, I, I], N);
    rules[Builtin::TableInit as usize] = rule([Element, Table], &[I, I, I], N);
    rules[Builtin::ElemDrop as usize] = rule([Element, None], &[], N);
    rules
};

/// Whether two immediates follow the operator.
pub(super) const fn has_two_immediates(builtin: Builtin) -> bool {
    !matches!(RULES[builtin as usize].immediates[1], Immediate::None)
}

impl<S: Sink> Compiler<'_, '_, S> {
    /// Its operands go to their cells; its result comes there.
    #[inline(never)]
    pub(super) fn builtin(&mut self, builtin: Builtin) {
        let Some(rule) = RULES.get(builtin as usize) else { return };
        let mut elements = None;
        let first = self.immediate(rule.immediates[0], &mut elements);
        let second = self.immediate(rule.immediates[1], &mut elements);
        let element = elements.unwrap_or(ValType::FuncRef);
        let mut params = rule.params;
        for ty in &mut params {
            if *ty == E {
                *ty = element as u8;
            }
        }
        let params = FuncType::new(params.get(..rule.arity.into()).unwrap_or(&[]), &[]).params();
        self.check_top(params.clone());
        let cells = self.settle_top(params.len());
        self.pop_all(params);
        if rule.result != N {
            self.push(Some(if rule.result == E { element } else { ValType::I32 }));
        }
        // The runtime is told the table first.
        let (first, second) = if builtin == Builtin::TableInit { (second, first) } else { (first, second) };
        tell!(self, builtin(builtin, cells, first, second));
    }

    /// Reads one. Tables and segments of elements must have the same type, `elements` from the first one on.
    #[inline(never)]
    fn immediate(&mut self, immediate: Immediate, elements: &mut Option<ValType>) -> u32 {
        let (index, ty) = match immediate {
            Immediate::None => return 0,
            Immediate::Memory => {
                self.memory();
                return 0;
            }
            Immediate::Data => return self.data_segment(),
            Immediate::Table => self.table(),
            Immediate::Element => {
                let index = self.reader.u32();
                let segment = self.module.element(index);
                if segment.is_none() {
                    self.fail(ErrorKind::UnknownElement);
                }
                (index, segment.map_or(ValType::FuncRef, |segment| segment.ty))
            }
        };
        if elements.replace(ty).is_some_and(|other| other != ty) {
            self.fail(ErrorKind::TypeMismatch);
        }
        index
    }
}
