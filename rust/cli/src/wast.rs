//! `wasmote wast`.

use crate::{Exit, Failure, Result};
use std::path::PathBuf;
use wasmote_spec::Policy;

/// Options of `wasmote wast`.
#[derive(clap::Args)]
pub struct Options {
    /// Scripts
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// `wasmote wast`.
pub fn wast(options: &Options) -> Result<()> {
    let mut failed = 0;
    for path in &options.files {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(Exit::File, format!("{name}: {error}")))?;
        let report = wasmote_spec::run(&text, &Policy::default()).map_err(|mut error| {
            error.set_path(path);
            Failure::new(Exit::Usage, error.to_string())
        })?;
        for failure in &report.failures {
            println!("{name}:{}: {}", failure.line, failure.what);
        }
        let (passed, text_only) = (report.passed, report.text_only);
        println!(
            "{name}: {passed} passed, {} failed, {text_only} about malformed text not run",
            report.failures.len()
        );
        failed += report.failures.len();
    }
    if failed == 0 { Ok(()) } else { Err(Failure::new(Exit::Failed, format!("{failed} directives failed"))) }
}
