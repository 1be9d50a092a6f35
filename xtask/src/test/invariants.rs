//! Every `SAFETY` comment names an invariant that docs/unsafe.md has, and every invariant there is needed by some.

use crate::repo;
use crate::summary::Found;
use anyhow::{Result, bail, ensure};
use regex::Regex;
use std::collections::BTreeSet;

const PAGE: &str = "docs/unsafe.md";

/// Where `unsafe` code of the product is, and the letters of the invariants that it may rely on: its own, and those of
/// what is below it.
const PLACES: [(&str, &str); 6] = [
    ("rust/platform/src/", "P"),
    ("rust/interp/src/exec/raw.rs", "I"),
    ("rust/interp/src/exec/raw/", "I"),
    ("rust/interp/src/exec/thumb2/", "I"),
    ("rust/wasmote/src/vm/", "PR"),
    ("rust/capi/src/", "PRC"),
];

pub fn check() -> Result<Found> {
    let known = invariants(&repo::read(&repo::path(PAGE))?)?;
    let mut wrong = String::new();
    let mut cited = BTreeSet::new();
    let mut comments = 0;
    for file in repo::files()?.iter().filter(|file| file.ends_with(".rs")) {
        let Some((_, letters)) = PLACES.iter().find(|(place, _)| file.starts_with(place)) else { continue };
        for comment in safety_comments(&repo::read(&repo::path(file))?) {
            comments += 1;
            match judge(&comment.text, letters, &known) {
                Ok(numbers) => cited.extend(numbers),
                Err(what) => wrong += &format!("{file}:{}: {what}: {}\n", comment.line, comment.text),
            }
        }
    }
    for unused in known.difference(&cited) {
        wrong += &format!("{PAGE}: nothing relies on ({unused})\n");
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{comments} comments, {} invariants", known.len())))
}

/// The numbers of the invariants, which stand in bold: `**(P1) Mutexes.**`.
fn invariants(page: &str) -> Result<BTreeSet<String>> {
    let bold = Regex::new(r"(?m)^- \*\*\(([A-Z][0-9]+)\) ")?;
    let mut known = BTreeSet::new();
    for found in bold.captures_iter(page) {
        ensure!(known.insert(found[1].to_owned()), "{PAGE}: ({}) is there twice", &found[1]);
    }
    ensure!(!known.is_empty(), "{PAGE} has no invariants");
    Ok(known)
}

struct Comment {
    /// Counted from 1.
    line: usize,
    text: String,
}

/// The comments that say `SAFETY:`, each up to the end of its block of comment lines.
fn safety_comments(source: &str) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    let mut open = false;
    for (line, text) in source.lines().enumerate() {
        let text = text.trim();
        let comment = text.strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!']).trim());
        match comment.map(|comment| (comment.starts_with("SAFETY:"), comment)) {
            Some((true, comment)) => {
                comments.push(Comment { line: line + 1, text: comment.to_owned() });
                open = true;
            }
            Some((false, comment)) if open => {
                if let Some(last) = comments.last_mut() {
                    last.text += " ";
                    last.text += comment;
                }
            }
            _ => open = false,
        }
    }
    comments
}

/// The invariants that a comment cites, or what is wrong with it.
fn judge(comment: &str, letters: &str, known: &BTreeSet<String>) -> Result<Vec<String>, String> {
    let numbers: Vec<String> = comment
        .split('(')
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(number, _)| number.trim_end_matches("'s").to_owned())
        .filter(|number| {
            let mut chars = number.chars();
            chars.next().is_some_and(|c| c.is_ascii_uppercase())
                && !chars.as_str().is_empty()
                && chars.all(|c| c.is_ascii_digit())
        })
        .collect();
    if numbers.is_empty() {
        return Err("names no invariant".into());
    }
    for number in &numbers {
        if !known.contains(number) {
            return Err(format!("({number}) is not in {PAGE}"));
        }
        if !letters.contains(&number[..1]) {
            return Err(format!("({number}) is not what this code relies on"));
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::{invariants, judge, safety_comments};

    #[test]
    fn finds_what_is_wrong() {
        let known = invariants("- **(P1) One.** x\n- **(R2) Two.** (P3) y\n").unwrap();
        assert_eq!(known.iter().collect::<Vec<_>>(), ["P1", "R2"]);
        let source = "// SAFETY: (P1) that\n// and (R2) this\nunsafe { x }\n\n  // SAFETY: trust me\n// SAFETY: (P9)\n";
        let comments = safety_comments(source);
        let judged: Vec<_> = comments.iter().map(|comment| judge(&comment.text, "PR", &known)).collect();
        assert_eq!(judged[0], Ok(vec!["P1".to_owned(), "R2".to_owned()]));
        assert!(judged[1].as_ref().unwrap_err().contains("names no"));
        assert!(judged[2].as_ref().unwrap_err().contains("is not in"));
        assert!(judge("SAFETY: (R2)", "P", &known).is_err());
        assert!(invariants("- **(P1) One.** x\n- **(P1) Two.** y\n").is_err());
    }
}
