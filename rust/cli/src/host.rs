//! The functions that `wasmote run` gives to modules.

use crate::Result;
use wasmote::{Caller, HostError, Linker};

/// Said by `run --help`.
pub const HELP: &str = "Functions that modules may import from \"env\": print_i32, print_i64, print_f32 and print_f64 \
print their argument; print(address, length) prints a string of the caller's memory; tick(i32) \
returns its argument plus one, to measure calls with.";

/// Defines them.
pub fn define(linker: &mut Linker<'_>) -> Result<()> {
    linker.func("env", "print_i32", |value: i32| println!("{value}"))?;
    linker.func("env", "print_i64", |value: i64| println!("{value}"))?;
    linker.func("env", "print_f32", |value: f32| println!("{value}"))?;
    linker.func("env", "print_f64", |value: f64| println!("{value}"))?;
    linker.func("env", "print", print)?;
    linker.func("env", "tick", |value: i32| value.wrapping_add(1))?;
    Ok(())
}

fn print(caller: &mut Caller<'_>, address: u32, length: u32) -> Result<(), HostError> {
    let text = caller.bytes(address, length)?;
    println!("{}", String::from_utf8_lossy(text));
    Ok(())
}
