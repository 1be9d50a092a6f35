//! Rust targets of other byte orders and word sizes, and of other native code, under user-mode emulation.

use crate::run::Run;
use crate::tools;
use anyhow::{Result, bail};

/// A target. A build and a run take minutes, so it is only run if it is named like a board.
pub struct Foreign {
    pub what: &'static str,
    pub target: &'static str,
    /// The sets of features that tell what FPU native code may use; none if there is no native code for it.
    pub fpus: &'static [&'static str],
    linker: &'static str,
    emulator: &'static str,
    /// The folder of the C library.
    library: &'static str,
    packages: &'static str,
}

/// All of them.
pub const FOREIGN: [Foreign; 3] = [
    Foreign {
        what: "big endian, 64 bits",
        target: "s390x-unknown-linux-gnu",
        fpus: &[],
        linker: "s390x-linux-gnu-gcc",
        emulator: "qemu-s390x",
        library: "/usr/s390x-linux-gnu",
        packages: "qemu-user gcc-s390x-linux-gnu libc6-dev-s390x-cross",
    },
    Foreign {
        what: "big endian, 32 bits",
        target: "powerpc-unknown-linux-gnu",
        fpus: &[],
        linker: "powerpc-linux-gnu-gcc",
        emulator: "qemu-ppc",
        library: "/usr/powerpc-linux-gnu",
        packages: "qemu-user gcc-powerpc-linux-gnu libc6-dev-powerpc-cross",
    },
    Foreign {
        what: "little endian, 32 bits",
        target: "armv7-unknown-linux-gnueabihf",
        fpus: &[
            "",
            ",wasmote/fpu-single",
            ",wasmote/fpu-single,wasmote/fpu-v5",
            ",wasmote/fpu-double,wasmote/fpu-v5",
        ],
        linker: "arm-linux-gnueabihf-gcc",
        emulator: "qemu-arm",
        library: "/usr/arm-linux-gnueabihf",
        packages: "qemu-user gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
    },
];

impl Foreign {
    /// The same command of cargo's for this target, once everything is there that it needs.
    pub fn target(&self, run: Run) -> Result<Run> {
        if ![self.linker, self.emulator].into_iter().all(tools::is_there) {
            bail!("missing programs; install {}", self.packages);
        }
        tools::targets(&[self.target])?;
        let variable = format!("CARGO_TARGET_{}", self.target.replace('-', "_").to_uppercase());
        Ok(run
            .env(&format!("{variable}_LINKER"), self.linker)
            .env(&format!("{variable}_RUNNER"), format!("{} -L {}", self.emulator, self.library))
            .args(["--target", self.target]))
    }
}
