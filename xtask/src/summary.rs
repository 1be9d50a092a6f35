//! What ran, and how it ended.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Instant;

/// What a step found.
#[derive(Default, Serialize, Deserialize)]
pub struct Found {
    /// Tests or checks that passed.
    pub passed: u32,
    /// Those that failed; `note` says which.
    pub failed: u32,
    /// Those that were not run; `note` says why.
    pub skipped: u32,
    /// Shown in the summary.
    pub note: String,
}

impl Found {
    /// One check that passed.
    pub fn pass(note: impl Into<String>) -> Found {
        Found { passed: 1, note: note.into(), ..Found::default() }
    }

    /// One check that could not run.
    pub fn skip(reason: impl Into<String>) -> Found {
        Found { skipped: 1, note: reason.into(), ..Found::default() }
    }

    /// One check that failed.
    pub fn fail(reason: impl Into<String>) -> Found {
        Found { failed: 1, note: reason.into(), ..Found::default() }
    }
}

/// The steps so far.
pub struct Summary {
    leg: &'static str,
    begun: Instant,
    /// What the names of steps must contain.
    only: String,
    left_out: u32,
    rows: Vec<(String, Found)>,
}

impl Summary {
    /// Of steps whose names contain `only`.
    pub fn new(only: &str) -> Summary {
        Summary { leg: "", begun: Instant::now(), only: only.to_owned(), left_out: 0, rows: Vec::new() }
    }

    /// The steps from here on belong to `leg`.
    pub fn leg(&mut self, leg: &'static str) {
        self.leg = leg;
    }

    /// Whether a step of this name would be run.
    pub fn wants(&self, name: &str) -> bool {
        format!("{}: {name}", self.leg).contains(&self.only)
    }

    /// Runs a step. An error is a failure.
    pub fn step(&mut self, name: &str, run: impl FnOnce() -> Result<Found>) {
        let name = format!("{}: {name}", self.leg);
        if !name.contains(&self.only) {
            self.left_out += 1;
            return;
        }
        println!(".. {name}");
        let (start, before) = (Instant::now(), processor_seconds());
        let found = run().unwrap_or_else(|error| Found::fail(format!("{error:#}")));
        let mut took = format!("{:.1} s", start.elapsed().as_secs_f32());
        if let (Some(before), Some(after)) = (before, processor_seconds()) {
            took += &format!(", {:.1} s of processors", after - before);
        }
        took += &format!(", after {} s", self.begun.elapsed().as_secs());
        println!("{} {name} ({took}){}", word(&found), note(&found));
        self.rows.push((name, found));
    }

    /// Writes what was found for another process, whose summary it is to be part of.
    pub fn hand_over(&self, file: &Path) -> Result<()> {
        std::fs::write(file, serde_json::to_string(&self.rows)?)
            .with_context(|| format!("writing {}", file.display()))
    }

    /// Adds what another process found.
    pub fn take_over(&mut self, file: &Path) -> Result<()> {
        let text = std::fs::read_to_string(file).context("the leg ended without a report")?;
        let rows: Vec<(String, Found)> = serde_json::from_str(&text)?;
        self.rows.extend(rows);
        Ok(())
    }

    /// Prints the closing summary. True if nothing failed.
    pub fn close(&self) -> bool {
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        println!("\nSummary");
        for (name, found) in &self.rows {
            println!("{} {name}: {}{}", word(found), counts(found), note(found));
            passed += found.passed;
            failed += found.failed;
            skipped += found.skipped;
        }
        if self.left_out > 0 {
            println!("left out by --step: {} steps", self.left_out);
        }
        println!("\n{passed} passed, {failed} failed, {skipped} skipped");
        // A run in which nothing ran says nothing.
        failed == 0 && !self.rows.is_empty()
    }
}

/// What this process and those that it has waited for have used of processors so far, where /proc tells. Unlike the clock's
/// seconds they say what a step costs on a machine that does other things as well.
fn processor_seconds() -> Option<f64> {
    /// The unit of these fields: a hundredth of a second, whatever the kernel's own clock.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets. utime, stime, cutime and cstime are the fields from the 14th on.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(4).map(str::parse::<u64>);
    Some(ticks.sum::<Result<u64, _>>().ok()? as f64 / TICKS)
}

fn word(found: &Found) -> &'static str {
    match found {
        Found { failed: 1.., .. } => "FAILED ",
        Found { passed: 0, .. } => "SKIPPED",
        _ => "ok     ",
    }
}

fn counts(found: &Found) -> String {
    let named = [(found.passed, "passed"), (found.failed, "failed"), (found.skipped, "skipped")];
    let some: Vec<_> =
        named.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    some.join(", ")
}

fn note(found: &Found) -> String {
    match found.note.as_str() {
        "" => String::new(),
        note if note.contains('\n') => format!("\n        {}", note.trim_end().replace('\n', "\n        ")),
        note => format!(": {note}"),
    }
}
