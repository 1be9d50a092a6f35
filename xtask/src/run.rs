//! Running other programs.

use crate::repo;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A program about to run, in the repository's root unless told otherwise.
pub struct Run {
    command: Command,
}

/// What a program printed on both streams, and how it ended.
pub struct Ended {
    /// Standard output and error as they came.
    pub text: String,
    /// Exit status; `None` if the time was up.
    pub status: Option<ExitStatus>,
}

impl Run {
    /// A program by name.
    pub fn new(program: impl AsRef<OsStr>) -> Run {
        let mut command = Command::new(program);
        command.current_dir(repo::root()).stdin(Stdio::null());
        Run { command }
    }

    /// cargo, of the toolchain that xtask runs in.
    pub fn cargo() -> Run {
        Run::new("cargo").env("CARGO_TERM_COLOR", "never")
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Run {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Run {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    /// Sets the working folder.
    pub fn dir(mut self, dir: impl AsRef<std::path::Path>) -> Run {
        self.command.current_dir(dir);
        self
    }

    /// The command line, for messages.
    pub fn shown(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    /// Runs it silently; an error holds what it said. Returns its standard output.
    pub fn text(mut self) -> Result<String> {
        let shown = self.shown();
        let output = self.command.output().with_context(|| format!("starting {shown}"))?;
        if !output.status.success() {
            bail!("{shown}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs it; what it prints goes to `log` (a file's name in the log folder) and, if `show`, to standard
    /// error. An error holds the end of what it printed.
    pub fn logged(self, log: &str, show: bool) -> Result<String> {
        let shown = self.shown();
        let file = repo::work("log")?.join(format!("{log}.txt"));
        let ended = self.watched(Duration::from_secs(3600), |line| {
            if show {
                eprintln!("{line}");
            }
        })?;
        std::fs::write(&file, format!("$ {shown}\n{}", ended.text))
            .with_context(|| format!("writing {}", file.display()))?;
        match ended.status {
            Some(status) if status.success() => Ok(ended.text),
            Some(status) => {
                bail!("{shown}: {status}\n{}\n(all of it: {})", tail(&ended.text, 60), file.display())
            }
            None => bail!("{shown}: not done after an hour\n{}", tail(&ended.text, 60)),
        }
    }

    /// Runs it for at most `limit` and hands each line over as it comes.
    pub fn watched(mut self, limit: Duration, mut line: impl FnMut(&str)) -> Result<Ended> {
        let shown = self.shown();
        let (sender, lines) = mpsc::channel();
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {shown}"))?;
        for stream in streams(&mut child) {
            let sender = sender.clone();
            std::thread::spawn(move || read_lines(stream, &sender));
        }
        drop(sender);
        let end = Instant::now() + limit;
        let mut text = String::new();
        loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(next) => {
                    line(&next);
                    text.push_str(&next);
                    text.push('\n');
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Ok(Ended { text, status: Some(child.wait()?) });
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // It may have ended by itself just now; then there is nothing to kill.
                    let _ = child.kill();
                    child.wait()?;
                    return Ok(Ended { text, status: None });
                }
            }
        }
    }
}

fn streams(child: &mut Child) -> Vec<Box<dyn Read + Send>> {
    let mut streams: Vec<Box<dyn Read + Send>> = Vec::new();
    streams.extend(child.stdout.take().map(|stream| Box::new(stream) as _));
    streams.extend(child.stderr.take().map(|stream| Box::new(stream) as _));
    streams
}

/// Sends a stream's lines until its end or until nobody listens.
fn read_lines(stream: impl Read, lines: &mpsc::Sender<String>) {
    let mut stream = BufReader::new(stream);
    let mut bytes = Vec::new();
    while stream.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&bytes);
        if lines.send(line.trim_end_matches(['\r', '\n']).to_owned()).is_err() {
            return;
        }
        bytes.clear();
    }
}

/// The last lines of a text.
pub fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Says on standard error what is going on; standard output is for results.
pub fn progress(text: &str) {
    eprintln!("-- {text}");
    let _ = std::io::stderr().flush();
}
