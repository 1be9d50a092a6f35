//! Long runs by hand, and the fixed ones of the tests.

use anyhow::{Result, bail};
use clap::{Args, Parser};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wasmote_fuzzing::generate::{self, Kind};
use wasmote_fuzzing::judge::{self, Tally, Verdict};
use wasmote_fuzzing::{Random, differential, edges, targets};

/// Compares wasmote with other implementations on generated modules. The same seed and number of cases give the same
/// modules on every machine.
#[derive(Parser)]
enum Command {
    /// Compares verdicts on modules with wasmparser's
    Judge(Cases),
    /// Compares executions with those of wasmi (and of wasmtime, if built with that feature)
    Run(Cases),
    /// Writes inputs for the fuzzer's targets to begin with
    Seeds {
        /// A folder in it for each target
        folder: PathBuf,
    },
    /// Does with files what a target of the fuzzer does
    Replay {
        /// The target: load, quotas, execute
        target: String,
        /// Its inputs
        files: Vec<PathBuf>,
    },
    /// Writes the module that is made of an input of the target execute
    Module {
        /// The input
        input: PathBuf,
        /// The module
        output: PathBuf,
    },
}

#[derive(Args)]
struct Cases {
    /// Where the stream of cases comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first case
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How many cases; each is a handful of modules
    #[arg(long, default_value_t = 1000)]
    cases: u64,
    /// Threads to share them
    #[arg(long, default_value_t = 1)]
    threads: u64,
    /// Where modules that show a difference are written to
    #[arg(long, default_value = "target/fuzzing")]
    save: PathBuf,
}

impl Cases {
    /// Runs all cases, in as many threads as wanted, and adds up what they give.
    fn run<T: Default + Send>(&self, case: impl Fn(u64, u64, &mut T) + Sync, add: impl Fn(&mut T, T)) -> T {
        let threads = self.threads.max(1);
        let part = |thread: u64| {
            let mut part = T::default();
            let numbers = self.first..self.first + self.cases;
            for number in numbers.skip(thread as usize).step_by(threads as usize) {
                case(self.seed, number, &mut part);
            }
            part
        };
        let mut total = T::default();
        std::thread::scope(|scope| {
            let part = &part;
            let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
            for thread in threads {
                match thread.join() {
                    Ok(part) => add(&mut total, part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        total
    }
}

/// Writes modules that show a difference, and tells of the first ones.
fn report(folder: &Path, differences: &[(String, Vec<u8>)]) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    for (number, (what, bytes)) in differences.iter().enumerate() {
        let file = folder.join(format!("{number}.wasm"));
        std::fs::write(&file, bytes)?;
        if number < 40 {
            println!("{}: {what}", file.display());
        }
    }
    bail!("{} differences", differences.len());
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Judge(cases) => judge(&cases),
        Command::Run(cases) => run(&cases),
        Command::Seeds { folder } => seeds(&folder),
        Command::Replay { target, files } => replay(&target, &files),
        Command::Module { input, output } => module(&input, &output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn judge(cases: &Cases) -> Result<()> {
    let mut tally: Tally = cases.run(judge::case, Tally::add);
    for edge in edges::all() {
        tally.judge("by hand", || edge.name.clone(), &edge.bytes, edge.refused);
    }
    for ((origin, verdict), count) in &tally.counts {
        println!("{count:>9} {origin}: {verdict:?}");
    }
    println!("{:>9} modules, {} valid", tally.total(), tally.of(Verdict::Valid));
    report(&cases.save, &tally.disagreements)
}

fn run(cases: &Cases) -> Result<()> {
    let tally: differential::Tally = cases.run(differential::case, differential::Tally::add);
    let mut text = String::new();
    for (trap, count) in &tally.trapped {
        text += &format!("\n{count:>9} calls that trapped: {trap}");
    }
    println!(
        "{:>9} cases that make no module\n{:>9} modules that used up a stack\n{:>9} calls that returned{text}",
        tally.not_made, tally.exhausted, tally.returned
    );
    if cfg!(feature = "jit") {
        println!("{:>9} modules as native code, {} of them also in part", tally.native, tally.mixed);
    }
    println!("{:>9} modules, {} units of fuel, digest {:016x}", tally.ran, tally.fuel, tally.digest);
    report(&cases.save, &tally.differences)
}

fn seeds(folder: &Path) -> Result<()> {
    let write = |target: &str, number: u64, bytes: &[u8]| -> Result<()> {
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join(format!("seed{number}")), bytes)?)
    };
    for number in 0..400 {
        let mut random = Random::new(1, number);
        let len = 200 + random.below(1500);
        write("execute", number, &random.bytes(len))?;
        write("c_api", number, &random.bytes(len / 2))?;
        let kind = if number % 8 == 0 { Kind::BadBodies } else { Kind::Valid };
        if let Some(module) = generate::module(kind, &mut random).filter(|module| module.len() < 3000) {
            write("load", number, &module)?;
            let mut input = vec![0xFF; 8];
            if number % 2 == 0 {
                input = random.bytes(8);
            }
            input.extend(module);
            write("quotas", number, &input)?;
        }
    }
    Ok(())
}

fn replay(target: &str, files: &[PathBuf]) -> Result<()> {
    let run = match target {
        "load" => targets::load,
        "quotas" => targets::quotas,
        "execute" => targets::execute,
        _ => bail!("there is no target {target} here"),
    };
    for file in files {
        println!("{}", file.display());
        run(&std::fs::read(file)?);
    }
    Ok(())
}

fn module(input: &Path, output: &Path) -> Result<()> {
    let Some(scenario) = targets::scenario(&std::fs::read(input)?) else { bail!("no module is made of it") };
    for call in &scenario.calls {
        println!("{}{:?}", call.name, call.args);
    }
    Ok(std::fs::write(output, scenario.wasm)?)
}
