//! How much of the value stack calls can take: the deepest path through the functions that call each other.

use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{BinaryReaderError, ElementItems, Operator, Parser, Payload, TypeRef};

/// Who calls whom.
#[derive(Default)]
pub struct Calls {
    /// By function: the functions that it may call. Imported ones call none here.
    callees: Vec<BTreeSet<u32>>,
}

/// Bytes of stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// At most so many.
    Bytes(u64),
    /// This function may call itself, directly or not: there is no bound.
    Recursive(u32),
}

impl Calls {
    /// Reads a valid module. A call through a table may reach every function of its type that is named in an element
    /// segment or by `ref.func`.
    pub fn read(bytes: &[u8]) -> Result<Calls, BinaryReaderError> {
        let mut module = Reader::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.payload(payload?)?;
        }
        Ok(module.finish())
    }

    /// The most that a call of `func` takes, if each function takes what `bytes` says. A tail call counts as a call.
    pub fn depth(&self, func: u32, bytes: &impl Fn(u32) -> u64) -> Depth {
        let none = BTreeSet::new();
        let callees = |func: u32| self.callees.get(func as usize).unwrap_or(&none).iter();
        // The depth of what is done; `None` while a function's callees are being looked at.
        let mut known: BTreeMap<u32, Option<u64>> = BTreeMap::from([(func, None)]);
        let mut open = vec![(func, callees(func), 0)];
        // A module may nest calls deeper than this program could recurse.
        while let Some((func, rest, deepest)) = open.last_mut() {
            match rest.next().map(|callee| (*callee, known.get(callee))) {
                Some((_, Some(Some(depth)))) => *deepest = (*deepest).max(*depth),
                Some((callee, Some(None))) => return Depth::Recursive(callee),
                Some((callee, None)) => {
                    known.insert(callee, None);
                    open.push((callee, callees(callee), 0));
                }
                None => {
                    let depth = *deepest + bytes(*func);
                    known.insert(*func, Some(depth));
                    open.pop();
                    if let Some((_, _, deepest)) = open.last_mut() {
                        *deepest = (*deepest).max(depth);
                    }
                    if open.is_empty() {
                        return Depth::Bytes(depth);
                    }
                }
            }
        }
        Depth::Bytes(0)
    }
}

/// What is known of a module while it is read.
#[derive(Default)]
struct Reader {
    /// Type index of each function.
    types: Vec<u32>,
    /// Functions that a reference may name.
    referenced: BTreeSet<u32>,
    /// Each own function's direct calls, and the types of its calls through tables.
    bodies: Vec<(BTreeSet<u32>, BTreeSet<u32>)>,
    imported: usize,
    /// The first type index that is equal to each type.
    canonical: Vec<u32>,
    signatures: Vec<String>,
}

impl Reader {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    let signature = format!("{:?}", ty?);
                    let first = self.signatures.iter().position(|other| *other == signature);
                    self.canonical.push(first.unwrap_or(self.signatures.len()) as u32);
                    self.signatures.push(signature);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if let TypeRef::Func(ty) = import?.ty {
                        self.types.push(ty);
                    }
                }
                self.imported = self.types.len();
            }
            Payload::FunctionSection(functions) => {
                for ty in functions {
                    self.types.push(ty?);
                }
            }
            Payload::ElementSection(segments) => {
                for segment in segments {
                    match segment?.items {
                        ElementItems::Functions(functions) => {
                            for function in functions {
                                self.referenced.insert(function?);
                            }
                        }
                        ElementItems::Expressions(_, expressions) => {
                            for expression in expressions {
                                self.constant(expression?)?;
                            }
                        }
                    }
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    self.constant(global?.init_expr)?;
                }
            }
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            _ => {}
        }
        Ok(())
    }

    fn constant(&mut self, expression: wasmparser::ConstExpr<'_>) -> Result<(), BinaryReaderError> {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.referenced.insert(function_index);
            }
        }
        Ok(())
    }

    fn body(&mut self, body: &wasmparser::FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        let (mut direct, mut by_type) = (BTreeSet::new(), BTreeSet::new());
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    direct.insert(function_index);
                }
                Operator::CallIndirect { type_index, .. }
                | Operator::ReturnCallIndirect { type_index, .. } => {
                    by_type.insert(type_index);
                }
                Operator::RefFunc { function_index } => {
                    self.referenced.insert(function_index);
                }
                _ => {}
            }
        }
        self.bodies.push((direct, by_type));
        Ok(())
    }

    fn finish(self) -> Calls {
        let canonical = |ty: u32| self.canonical.get(ty as usize).copied();
        let of_type = |ty: u32| {
            let types = &self.types;
            self.referenced.iter().copied().filter(move |&function| {
                types.get(function as usize).is_some_and(|&own| canonical(own) == canonical(ty))
            })
        };
        let mut callees = vec![BTreeSet::new(); self.imported];
        for (direct, by_type) in &self.bodies {
            let mut all = direct.clone();
            all.extend(by_type.iter().flat_map(|&ty| of_type(ty)));
            callees.push(all);
        }
        Calls { callees }
    }
}

#[cfg(test)]
mod tests {
    use super::{Calls, Depth};

    fn depth(text: &str, func: u32) -> Depth {
        let bytes = wat::parse_str(text).unwrap();
        Calls::read(&bytes).unwrap().depth(func, &|func| 10 + u64::from(func))
    }

    #[test]
    fn the_deepest_path_counts() {
        let text = "(module (func call 1 call 2) (func call 3) (func) (func))";
        assert_eq!(depth(text, 0), Depth::Bytes(10 + 11 + 13));
    }

    #[test]
    fn recursion_has_no_bound() {
        let text = "(module (func call 1) (func call 2) (func call 1) (func call 4) (func))";
        assert_eq!(depth(text, 0), Depth::Recursive(1));
        assert_eq!(depth(text, 3), Depth::Bytes(13 + 14));
    }

    #[test]
    fn long_chains_are_followed() {
        let functions: String = (1..100_000).map(|next| format!("(func call {next})")).collect();
        assert_eq!(depth(&format!("(module {functions} (func))"), 0), Depth::Bytes((10..100_010).sum()));
    }

    #[test]
    fn tables_lead_to_referenced_functions_of_the_type() {
        let text = "(module (type $t (func)) (type $u (func (param i32))) (table 4 funcref)
            (func (call_indirect (type $t) (i32.const 0))) (func (type $t)) (func (type $u)) (func (type $t))
            (elem (i32.const 0) func 1 2))";
        assert_eq!(depth(text, 0), Depth::Bytes(10 + 11));
    }
}
