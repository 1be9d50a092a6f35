//! The figures that were recorded, with which those of today are compared. What is counted does not depend on the machine,
//! so this is no timed test; another version of the C compiler can move what is linked from libgcc.

use super::JIT;
use super::programs::{Measured, Program};
use crate::options::{self, Configuration};
use crate::{repo, size};
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where they are.
const FILE: &str = "docs/benchmarks.json";
/// What is compared: the interpreter as a firmware has it that sets no options, and native code alone.
pub const CONFIGURATIONS: [&str; 2] = ["interp", JIT];
/// What a figure may be worse by, of a hundred.
const TOLERANCE: u64 = 2;
/// Instructions that the emulator's clock cannot tell apart.
const CLOCK: u64 = 80;

/// The figures of one configuration on the Cortex-M4F. Less of each is better.
#[derive(Serialize, Deserialize, Default)]
struct Figures {
    /// Bytes.
    flash: u64,
    /// Instructions of each program, with little to do.
    run: BTreeMap<String, u64>,
    /// Instructions to load its module.
    load: BTreeMap<String, u64>,
    /// Bytes of heap of its module and its instance.
    heap: BTreeMap<String, u64>,
}

type All = BTreeMap<String, Figures>;

fn today(programs: &[Program], measured: &[Measured]) -> Result<All> {
    let list = options::load()?;
    let all: Vec<Configuration> = options::configurations(&list)?;
    let mut figures = All::new();
    for Measured { name, taken, .. } in measured {
        let configuration = all.iter().find(|one| one.name == *name).context("a configuration is gone")?;
        let mut one = Figures { flash: size::flash(configuration, &list)?, ..Figures::default() };
        for (program, taken) in programs.iter().zip(taken) {
            let ran = taken.ran.as_ref().map_err(|why| anyhow!("{}: {why}", program.name))?;
            let load = ran.load.as_ref().context("nothing is known of loading")?;
            one.run.insert(program.name.clone(), ran.instructions);
            one.load.insert(program.name.clone(), load.instructions);
            one.heap.insert(program.name.clone(), load.heap());
        }
        figures.insert(name.clone(), one);
    }
    Ok(figures)
}

/// Records today's figures.
pub fn record(programs: &[Program], measured: &[Measured]) -> Result<()> {
    let text = serde_json::to_string_pretty(&today(programs, measured)?)?;
    std::fs::write(repo::path(FILE), text + "\n").with_context(|| format!("writing {FILE}"))
}

/// Compares today's figures with those that were recorded.
///
/// # Errors
/// Names each that is worse by more than the tolerance, or that only one of the two has.
pub fn check(programs: &[Program], measured: &[Measured]) -> Result<String> {
    let text = repo::read(&repo::path(FILE))?;
    let recorded: All = serde_json::from_str(&text).with_context(|| format!("reading {FILE}"))?;
    compare(&recorded, &today(programs, measured)?)
}

fn compare(recorded: &All, today: &All) -> Result<String> {
    let (recorded, today) = (flat(recorded), flat(today));
    ensure!(
        recorded.keys().eq(today.keys()),
        "{FILE} has other configurations or programs: `cargo xtask bench --record` writes it anew"
    );
    let mut worse = String::new();
    let mut better = 0;
    for (name, &(was, slack)) in &recorded {
        let (now, _) = today[name];
        let tolerance = was * TOLERANCE / 100 + slack;
        if now > was + tolerance {
            writeln!(worse, "{name}: {now}, was {was} ({:+.1} %)", 100.0 * (now as f64 / was as f64 - 1.0))?;
        } else if now + tolerance < was {
            better += 1;
        }
    }
    if !worse.is_empty() {
        bail!(
            "figures are worse by more than {TOLERANCE} %. If that is meant, `cargo xtask bench --record`.\n{worse}"
        );
    }
    let advice = if better > 0 { "; record them: cargo xtask bench --record" } else { "" };
    Ok(format!("{} figures, {better} of them better{advice}", recorded.len()))
}

/// All figures by name, with what the clock blurs.
fn flat(all: &All) -> BTreeMap<String, (u64, u64)> {
    let mut list = BTreeMap::new();
    for (configuration, Figures { flash, run, load, heap }) in all {
        list.insert(format!("{configuration}, flash"), (*flash, 0));
        for (what, slack, figures) in [("run", CLOCK, run), ("load", CLOCK, load), ("heap", 0, heap)] {
            for (program, figure) in figures {
                list.insert(format!("{configuration}, {what} of {program}"), (*figure, slack));
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(flash: u64, run: u64) -> All {
        let run = BTreeMap::from([("fib".to_owned(), run)]);
        All::from([("interp".to_owned(), Figures { flash, run, ..Figures::default() })])
    }

    #[test]
    fn what_is_worse_is_named() {
        let recorded = all(10_000, 100_000);
        assert!(compare(&recorded, &all(10_200, 102_080)).unwrap().contains("0 of them better"));
        assert!(compare(&recorded, &all(9_000, 100_000)).unwrap().contains("1 of them better"));
        let error = compare(&recorded, &all(10_201, 102_081)).unwrap_err().to_string();
        assert!(error.contains("interp, flash: 10201, was 10000 (+2.0 %)"), "{error}");
        assert!(error.contains("interp, run of fib: 102081"), "{error}");
    }

    #[test]
    fn nothing_is_compared_with_nothing() {
        let mut more = all(1, 1);
        more.insert("jit".to_owned(), Figures::default());
        assert!(compare(&all(1, 1), &more).is_err());
        assert!(compare(&more, &all(1, 1)).is_err());
    }
}
