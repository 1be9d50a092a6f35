//! Whether a module really exceeds the limit of wasmote that it was refused for, counted with wasmparser.

use wasmote::{ErrorKind, LoadError};
use wasmparser::{
    ConstExpr, ElementItems, FuncToValidate, Operator, Parser, Payload, ValidPayload, Validator,
};

/// Whether a module that is valid exceeds the limit that the error names.
pub fn exceeded(bytes: &[u8], error: &LoadError) -> bool {
    match error.kind {
        ErrorKind::FrameTooLarge => largest_frame(bytes) > 65_535,
        ErrorKind::TooManyTables => tables(bytes) > 100,
        ErrorKind::ConstTooDeep => deepest_const(bytes) > 32,
        // wasmparser has the same limits, or lower ones.
        _ => false,
    }
}

fn payloads(bytes: &[u8]) -> impl Iterator<Item = Payload<'_>> {
    Parser::new(0).parse_all(bytes).filter_map(Result::ok)
}

fn tables(bytes: &[u8]) -> u32 {
    payloads(bytes)
        .map(|payload| if let Payload::TableSection(tables) = payload { tables.count() } else { 0 })
        .sum()
}

/// Cells that the locals and operands of the largest frame can take at most: two each.
fn largest_frame(bytes: &[u8]) -> u64 {
    let mut validator = Validator::new_with_features(crate::judge::features());
    let mut largest = 0;
    for payload in payloads(bytes) {
        if let Ok(ValidPayload::Func(func, body)) = validator.payload(&payload) {
            largest = largest.max(frame(func, &body).unwrap_or(0));
        }
    }
    largest
}

fn frame(
    func: FuncToValidate<wasmparser::ValidatorResources>,
    body: &wasmparser::FunctionBody<'_>,
) -> Option<u64> {
    let mut validator = func.into_validator(Default::default());
    let mut reader = body.get_binary_reader();
    reader.set_features(crate::judge::features());
    validator.read_locals(&mut reader).ok()?;
    let mut highest = 0;
    while !reader.eof() {
        let offset = reader.original_position();
        reader.visit_operator(&mut validator.visitor(offset)).ok()?.ok()?;
        highest = highest.max(validator.operand_stack_height());
    }
    Some(2 * (u64::from(validator.len_locals()) + u64::from(highest)))
}

/// Values that a constant expression has pending at most.
fn deepest_const(bytes: &[u8]) -> u32 {
    let mut deepest = 0;
    let mut see = |expr: &ConstExpr<'_>| {
        let mut pending = 0u32;
        for operator in expr.get_operators_reader().into_iter().filter_map(Result::ok) {
            use Operator::*;
            match operator {
                I32Add | I32Sub | I32Mul | I64Add | I64Sub | I64Mul => pending = pending.saturating_sub(1),
                End => {}
                _ => pending += 1,
            }
            deepest = deepest.max(pending);
        }
    };
    for payload in payloads(bytes) {
        match payload {
            Payload::GlobalSection(globals) => {
                globals.into_iter().flatten().for_each(|global| see(&global.init_expr))
            }
            Payload::ElementSection(segments) => segments.into_iter().flatten().for_each(|segment| {
                if let wasmparser::ElementKind::Active { offset_expr, .. } = &segment.kind {
                    see(offset_expr);
                }
                if let ElementItems::Expressions(_, items) = segment.items {
                    items.into_iter().flatten().for_each(|item| see(&item));
                }
            }),
            Payload::DataSection(segments) => segments.into_iter().flatten().for_each(|segment| {
                if let wasmparser::DataKind::Active { offset_expr, .. } = &segment.kind {
                    see(offset_expr);
                }
            }),
            _ => {}
        }
    }
    deepest
}
