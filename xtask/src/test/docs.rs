//! The docs leg: documentation builds, links lead somewhere, code in it is tested code.

use crate::repo;
use crate::run::Run;
use crate::summary::{Found, Summary};
use anyhow::{Result, bail};
use regex::Regex;

pub fn steps(summary: &mut Summary, verbose: bool) {
    summary.step("cargo doc without warnings", || {
        let doc = Run::cargo().args(["doc", "--workspace", "--no-deps", "--document-private-items"]);
        doc.env("RUSTDOCFLAGS", "-D warnings").logged("doc", verbose)?;
        Ok(Found::pass(""))
    });
    summary.step("links", links);
    summary.step("code in README.md", readme_code);
    summary.step("no path of one machine", machine_paths);
}

fn markdown() -> Result<Vec<String>> {
    Ok(repo::files()?.into_iter().filter(|file| file.ends_with(".md")).collect())
}

/// Every relative link of every page names a file, and its anchor a heading.
fn links() -> Result<Found> {
    let link = Regex::new(r"\]\(([^)\s]+)\)")?;
    let mut wrong = String::new();
    let mut checked = 0;
    for page in markdown()? {
        let text = without_code(&repo::read(&repo::path(&page))?);
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            checked += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => repo::path(&page),
                _ => repo::path(&page).parent().unwrap_or(repo::root()).join(file),
            };
            if !path.exists() {
                wrong += &format!("{page}: {target} does not exist\n");
            } else if !anchor.is_empty()
                && path.is_file()
                && !anchors(&repo::read(&path)?).any(|a| a == anchor)
            {
                wrong += &format!("{page}: {target}: no such heading\n");
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{checked} links")))
}

/// The anchors of a page's headings, made as GitHub does.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

fn without_code(text: &str) -> String {
    let mut inside = false;
    let keep = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    keep.collect::<Vec<_>>().join("\n")
}

/// Each block of code in README.md stands after `<!-- from: path -->` and is an excerpt of that file, which some
/// test builds. Commands to type (sh) and pictures (text) are exempt.
fn readme_code() -> Result<Found> {
    const PAGE: &str = "README.md";
    let text = repo::read(&repo::path(PAGE))?;
    let mut wrong = String::new();
    let mut checked = 0;
    let mut source = None;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(path) = line.trim().strip_prefix("<!-- from:").and_then(|rest| rest.strip_suffix("-->")) {
            source = Some(path.trim());
        } else if let Some(language) = line.trim_start().strip_prefix("```") {
            let indent = line.len() - line.trim_start().len();
            let block: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line.get(indent..).unwrap_or_default())
                .take_while(|line| !line.starts_with("```"))
                .collect();
            match source.take() {
                Some(path) => {
                    checked += 1;
                    if !is_excerpt(&block, &repo::read(&repo::path(path))?) {
                        wrong += &format!("{PAGE}:{}: the code is not in {path}\n", number + 1);
                    }
                }
                None if matches!(language, "sh" | "text" | "console") => {}
                None => wrong += &format!("{PAGE}:{}: the code does not say where it is from\n", number + 1),
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{checked} blocks")))
}

/// Whether the block's lines stand in the text one after another, be it indented further.
fn is_excerpt(block: &[&str], text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let Some(first) = block.first() else { return false };
    lines.windows(block.len()).any(|window| {
        let Some(indent) = window[0].strip_suffix(first) else { return false };
        indent.trim().is_empty()
            && window.iter().zip(block).all(|(line, wanted)| {
                line.strip_prefix(indent).unwrap_or(line.trim_end()).trim_end() == wanted.trim_end()
            })
    })
}

/// Nothing in the repository depends on, or tells of, where it was written.
fn machine_paths() -> Result<Found> {
    let path = Regex::new(r#"(?m)(?:^|[\s"'`(=:])(/(?:root|home|work|tmp|Users)/[\w.]\S*)"#)?;
    let mut wrong = String::new();
    let mut checked = 0;
    for file in repo::files()? {
        let Ok(text) = String::from_utf8(std::fs::read(repo::path(&file))?) else { continue };
        checked += 1;
        for found in path.captures_iter(&text) {
            wrong += &format!("{file}: {}\n", &found[1]);
        }
    }
    if !wrong.is_empty() {
        bail!("{wrong}");
    }
    Ok(Found::pass(format!("{checked} files")))
}

#[cfg(test)]
mod tests {
    use super::{anchors, is_excerpt};

    #[test]
    fn excerpt_may_be_indented_in_its_file() {
        let file = "fn main() {\n    a();\n\n    if b {\n        c();\n    }\n}\n";
        assert!(is_excerpt(&["a();", "", "if b {", "    c();", "}"], file));
        assert!(!is_excerpt(&["a();", "if b {"], file));
        assert!(!is_excerpt(&["a();", "", "if b {", "c();"], file));
        assert!(!is_excerpt(&[], file));
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(anchors("# The C API, first\n").collect::<Vec<_>>(), ["the-c-api-first"]);
    }
}
