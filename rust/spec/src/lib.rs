//! Runs scripts in the specification's test format (`.wast`).
//!
//! ```
//! use wasmote_spec::{Policy, run};
//!
//! let script = r#"
//!     (module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
//!     (assert_return (invoke "add" (i32.const 2) (i32.const 3)) (i32.const 5))
//!     (assert_return (invoke "add" (i32.const 2) (i32.const 3)) (i32.const 6))"#;
//! let report = run(script, &Policy::default()).unwrap();
//! assert_eq!(report.passed, 2);
//! assert_eq!(report.failures[0].line, 4);
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "suite")]
pub mod compact;
mod play;
mod script;
mod spectest;
#[cfg(feature = "suite")]
pub mod suite;
mod values;

use std::collections::BTreeSet;
use wasmote::Feature;

pub use play::run;

/// What is known beforehand of a script.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Features that some of its modules need and wasmote refuses. Each must be the reason of some refusal; what
    /// uses a refused module is not run.
    pub refused: Vec<Feature>,
    /// Lines of directives that go otherwise than the script says. One that does not is a failure.
    pub deviations: BTreeSet<u32>,
}

/// How a script went. Every directive is counted once.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Directives that did what they should.
    pub passed: u32,
    /// Directives about modules that need a refused feature: the refusal itself, or not run because of it.
    pub refused: u32,
    /// Assertions about malformed text that a text parser refuses, so that no runtime ever sees a module.
    pub text_only: u32,
    /// Directives that went otherwise, as was known.
    pub deviations: u32,
    /// What went wrong.
    pub failures: Vec<Failure>,
}

/// A directive that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The line it begins in, counted from 1.
    pub line: u32,
    /// What happened.
    pub what: String,
}
