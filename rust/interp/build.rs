//! Decides whether handlers may end in tail calls, `cfg(tail_calls)`, whether there are some for two or three instructions,
//! `cfg(runs)`, and whether most are in assembler, `cfg(thumb2_handlers)`.

use std::env;

/// Where every handler has been seen to end in a jump, at all levels of optimisation but 0, and where that pays.
///
/// Not on Arm's M profile. On Thumb-1 LLVM calls instead of jumping. On Thumb-2 it jumps, but rustc forces a frame pointer into
/// every handler: i32.add takes 16 instructions, CoreMark a third more than in the loop, where it takes 11. Not on 32-bit x86,
/// whose arguments are on the stack.
const PROVEN: &[&str] = &["riscv32", "riscv64", "x86_64", "aarch64"];

/// Where there are handlers in assembler: Thumb-2 with division, little-endian.
const THUMB2: &[&str] = &["thumbv7m-", "thumbv7em-", "thumbv8m.main-"];

/// Where tests ask for them, under user-mode emulation: older processors that run Linux do not divide.
const THUMB2_FOR_TESTS: &str = "armv7-unknown-linux-";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(tail_calls, runs, thumb2_handlers, thumb2_fpu)");
    let var = |name| env::var(name).unwrap_or_default();
    let target = var("TARGET");
    if env::var_os("CARGO_FEATURE_EXTRA_CHECKS").is_some() {
        return;
    }
    let fast = env::var_os("CARGO_FEATURE_DISPATCH_TAIL").is_some();
    if THUMB2.iter().any(|prefix| target.starts_with(prefix)) || fast && target.starts_with(THUMB2_FOR_TESTS)
    {
        println!("cargo::rustc-cfg=thumb2_handlers");
        if var("CARGO_CFG_TARGET_ABI") == "eabihf" {
            println!("cargo::rustc-cfg=thumb2_fpu");
        }
    }
    let proven = var("OPT_LEVEL") != "0" && PROVEN.iter().any(|prefix| target.starts_with(prefix));
    if proven && fast {
        println!("cargo::rustc-cfg=tail_calls");
        // Some 5 KB. At opt-level z what they pass stays in memory, and then LLVM does not jump.
        if var("OPT_LEVEL") != "z" {
            println!("cargo::rustc-cfg=runs");
        }
    }
}
