//! Reading modules from files.

use crate::{Exit, Failure, Result};
use std::path::Path;

/// A module's bytes, from a file in the binary or in the text format.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(Exit::File, format!("{}: {error}", path.display())))?;
    match wat::parse_bytes(&bytes) {
        Ok(bytes) => Ok(bytes.into_owned()),
        Err(mut error) => {
            error.set_path(path);
            Err(Failure::new(Exit::Refused, error.to_string()))
        }
    }
}
