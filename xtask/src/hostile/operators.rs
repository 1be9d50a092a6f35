//! Loops of one operator each.

use super::modules::{Hostile, INTERRUPTED, hostile};
use crate::repo;
use anyhow::{Result, ensure};
use regex::Regex;
use std::fmt::Write;

/// The operator table.
const TABLE: &str = "rust/core/src/op.rs";

/// Operands that keep an operator busy.
fn operands(ty: &str) -> &'static [&'static str] {
    match ty {
        "I32" => &["(i32.const 0x7fffffff)", "(i32.const 3)"],
        "I64" => &["(i64.const 0x7fffffffffffffff)", "(i64.const 3)", "(i64.const 0x100000001)"],
        "F32" => &["(f32.const 1.5)", "(f32.const 0x1p-140)", "(f32.const 1234567.8)"],
        "F64" => &["(f64.const 1.5)", "(f64.const 0x1p-1060)", "(f64.const 1234567.8)"],
        _ => &[],
    }
}

/// For every operator on numbers and for every load and store a loop with a straight line of it that is longer than the
/// longest way without a poll; with several operands.
pub fn loops() -> Result<Vec<Hostile>> {
    let row = Regex::new(r#"0x[0-9A-F]+ \w+ "([a-z0-9_.]+)": (?:(\w+) -> \w+|[0-9], \w+), "#)?;
    let text = repo::read(&repo::path(TABLE))?;
    let mut class = "";
    let mut all = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.trim().strip_suffix(" {") {
            class =
                ["unary", "binary", "load", "store"].into_iter().find(|&class| class == name).unwrap_or("");
        }
        let Some(found) = row.captures(line).filter(|_| !class.is_empty()) else { continue };
        let op = &found[1];
        let ty = found.get(2).map_or("", |ty| ty.as_str());
        let width = op.split('.').next().unwrap_or_default();
        let mut bodies: Vec<(String, String)> = Vec::new();
        match class {
            "unary" | "binary" => {
                for a in operands(ty) {
                    for b in operands(ty).iter().skip(1).take(if class == "binary" { 2 } else { 1 }) {
                        let (mut set, mut line) = (String::new(), String::new());
                        let ty = ty.to_lowercase();
                        write!(set, "(local.set $a_{ty} {a}) (local.set $b_{ty} {b})")?;
                        if class == "binary" {
                            write!(line, "(drop ({op} (local.get $a_{ty}) (local.get $b_{ty})))")?;
                        } else {
                            write!(line, "(drop ({op} (local.get $a_{ty})))")?;
                        }
                        bodies.push((set, line));
                    }
                }
            }
            "load" => bodies.push((String::new(), format!("(drop ({op} offset=70 (local.get $a_i32)))"))),
            _ => bodies
                .push((String::new(), format!("({op} offset=70 (local.get $a_i32) (local.get $a_{width}))"))),
        }
        for (set, line) in bodies {
            let line = line.repeat(270);
            let text = format!(
                r#"(module (memory 200 (pagesize 1)) (func (export "run") (local $a_i32 i32) (local $b_i32 i32) (local $a_i64 i64)
                    (local $b_i64 i64) (local $a_f32 f32) (local $b_f32 f32) (local $a_f64 f64) (local $b_f64 f64)
                    {set} (loop {line} (br 0))))"#
            );
            all.push(hostile(&format!("operator {op}"), INTERRUPTED, text).interrupts(16));
        }
    }
    ensure!(all.len() > 250, "{TABLE}: the table has another form than this expects: {} found", all.len());
    Ok(all)
}
