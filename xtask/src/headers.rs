//! The C headers, made from the Rust sources by cbindgen.

use crate::repo;
use anyhow::{Context, Result, bail};
use std::path::Path;

/// Options of `cargo xtask headers`.
#[derive(clap::Args)]
pub struct Options {
    /// Write nothing; fail if a header differs from what would be written
    #[arg(long)]
    check: bool,
}

/// A header, the source that it is made from, and cbindgen's configuration for it.
struct Header {
    header: &'static str,
    source: Source,
    config: &'static str,
}

enum Source {
    /// All modules of the crate in this folder.
    Crate(&'static str),
    /// One file.
    File(&'static str),
}

const HEADERS: [Header; 2] = [
    Header {
        header: "include/wasmote/wasmote.h",
        source: Source::Crate("rust/capi"),
        config: "rust/capi/cbindgen.toml",
    },
    Header {
        header: "include/wasmote/platform.h",
        source: Source::File("rust/platform/src/abi.rs"),
        config: "rust/platform/cbindgen.toml",
    },
];

/// The headers' paths from the root.
pub fn paths() -> impl Iterator<Item = &'static str> {
    HEADERS.iter().map(|header| header.header)
}

/// `cargo xtask headers`.
pub fn headers(options: &Options) -> Result<()> {
    if options.check {
        return check();
    }
    for header in &HEADERS {
        let path = repo::path(header.header);
        let text = generate(header)?;
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        std::fs::write(&path, text).with_context(|| format!("writing {}", header.header))?;
        println!("{}", header.header);
    }
    Ok(())
}

/// Fails if a committed header is not what its source says.
pub fn check() -> Result<()> {
    for header in &HEADERS {
        let have = repo::read(&repo::path(header.header))?;
        let want = generate(header)?;
        if let Some((line, (have, want))) =
            have.lines().zip(want.lines()).enumerate().find(|(_, (have, want))| have != want)
        {
            bail!(
                "{}:{}: differs from its source; run cargo xtask headers\n- {have}\n+ {want}",
                header.header,
                line + 1
            );
        }
        if have != want {
            bail!("{}: its end differs from its source; run cargo xtask headers", header.header);
        }
    }
    Ok(())
}

fn generate(header: &Header) -> Result<String> {
    let config = cbindgen::Config::from_file(repo::path(header.config))
        .map_err(|error| anyhow::anyhow!("{}: {error}", header.config))?;
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = match header.source {
        Source::Crate(folder) => builder.with_crate(repo::path(folder)),
        Source::File(file) => builder.with_src(repo::path(file)),
    };
    let mut text = Vec::new();
    builder.generate().with_context(|| format!("making {}", header.header))?.write(&mut text);
    String::from_utf8(text).context("cbindgen wrote something that is not UTF-8")
}
