//! The options of a firmware's wasmote: read from the one list that both build systems use.

use crate::repo;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;

const LIST: &str = "cmake/wasmote_options.cmake";
/// The engines' options.
const INTERP: &str = "INTERP";
const JIT: &str = "JIT";

/// An option of the list.
pub struct WasmoteOption {
    /// Its name, without `CONFIG_WASMOTE_`.
    pub name: String,
    /// Whether it is on, or its number.
    default: String,
    kind: Kind,
    /// An option that must be on for this one.
    needs: Option<String>,
}

enum Kind {
    /// A cargo feature.
    Feature,
    /// One of a group of which exactly one is on; what it means.
    Choice { group: String, feature: Option<String>, profile: Option<String> },
    /// A number in the environment.
    Number,
}

/// Reads the list.
pub fn load() -> Result<Vec<WasmoteOption>> {
    let text = repo::read(&repo::path(LIST))?;
    let (_, list) = text.split_once("set(WASMOTE_OPTIONS\n").with_context(|| format!("{LIST}: no list"))?;
    let (list, _) = list.split_once(')').with_context(|| format!("{LIST}: the list does not end"))?;
    list.lines().map(parse).collect()
}

fn parse(line: &str) -> Result<WasmoteOption> {
    let words: Vec<&str> = line.trim().trim_matches('"').split_whitespace().collect();
    let &[name, default, kind, ref needs @ ..] = words.as_slice() else { bail!("{LIST}: {line}") };
    let parts: Vec<&str> = kind.split(':').collect();
    let kind = match parts.as_slice() {
        ["feature"] => Kind::Feature,
        ["number", _] => Kind::Number,
        ["choice", group, what @ ..] => {
            let value = |key: &str| {
                let what = what.iter().find_map(|what| what.strip_prefix(key));
                what.and_then(|rest| rest.strip_prefix('=')).map(str::to_owned)
            };
            Kind::Choice { group: (*group).to_owned(), feature: value("feature"), profile: value("profile") }
        }
        _ => bail!("{LIST}: {line}"),
    };
    Ok(WasmoteOption {
        name: name.to_owned(),
        default: default.to_owned(),
        kind,
        needs: needs.first().map(|&needs| needs.to_owned()),
    })
}

/// Options that are on, under a name.
#[derive(Clone)]
pub struct Configuration {
    /// For tables.
    pub name: String,
    on: BTreeSet<String>,
}

/// What cargo is told to build a configuration.
pub struct Cargo {
    /// Features of wasmote-capi, with commas.
    pub features: String,
    /// The profile.
    pub profile: String,
    /// Variables of the environment.
    pub environment: Vec<(String, String)>,
}

impl Configuration {
    /// The defaults.
    pub fn default_of(options: &[WasmoteOption], name: &str) -> Configuration {
        let on = options.iter().filter(|option| option.default == "y").map(|option| option.name.clone());
        Configuration { name: name.to_owned(), on: on.collect() }
    }

    /// This one under another name, with an option on or off and what must follow from that.
    pub fn with(
        &self,
        options: &[WasmoteOption],
        name: &str,
        option: &str,
        on: bool,
    ) -> Result<Configuration> {
        let mut changed = self.clone();
        changed.name = name.to_owned();
        changed.set(options, option, on)?;
        Ok(changed)
    }

    /// Switches an option: what needs it goes off with it, what it needs comes on with it, and the others of its
    /// group go off.
    pub fn set(&mut self, options: &[WasmoteOption], name: &str, on: bool) -> Result<()> {
        let found = options.iter().find(|option| option.name == name);
        let option = found.with_context(|| format!("{LIST} has no option {name}"))?;
        if !on {
            self.on.remove(name);
            for other in options.iter().filter(|other| other.needs.as_deref() == Some(name)) {
                self.set(options, &other.name, false)?;
            }
            return Ok(());
        }
        if let Some(needs) = &option.needs {
            self.set(options, needs, true)?;
        }
        if let Kind::Choice { group, .. } = &option.kind {
            let members = options
                .iter()
                .filter(|other| matches!(&other.kind, Kind::Choice { group: of, .. } if of == group));
            for member in members {
                self.on.remove(&member.name);
            }
        }
        self.on.insert(name.to_owned());
        Ok(())
    }

    /// What cargo is told.
    pub fn cargo(&self, options: &[WasmoteOption]) -> Cargo {
        let mut features = Vec::new();
        let mut environment = Vec::new();
        let mut cargo_profile = String::new();
        for option in options {
            let on = self.on.contains(&option.name);
            match &option.kind {
                Kind::Feature if on => features.push(feature_name(&option.name)),
                Kind::Choice { feature, profile, .. } if on => {
                    features.extend(feature.clone());
                    if let Some(profile) = profile {
                        cargo_profile.clone_from(profile);
                    }
                }
                Kind::Number => {
                    environment.push((format!("WASMOTE_{}", option.name), option.default.clone()))
                }
                _ => {}
            }
        }
        Cargo { features: features.join(","), profile: cargo_profile, environment }
    }

    /// Whether it encodes functions when they are first called.
    pub fn has_interp_lazy(&self) -> bool {
        self.on.contains("INTERP_LAZY")
    }

    /// Whether it has the compiler to native code.
    pub fn has_jit(&self) -> bool {
        self.on.contains(JIT)
    }
}

impl WasmoteOption {
    /// Whether it is a group that can be left out of a firmware, and is in it by default.
    pub fn is_default_group(&self) -> bool {
        matches!(self.kind, Kind::Feature) && self.default == "y" && !self.is_engine()
    }

    /// Whether it is a group that is not in a firmware by default.
    pub fn is_extra_group(&self) -> bool {
        matches!(self.kind, Kind::Feature) && self.default == "n" && !self.is_engine() && !self.is_of_jit()
    }

    /// Whether it says how the interpreter's code is made.
    fn is_of_interp(&self) -> bool {
        matches!(self.kind, Kind::Feature) && self.needs.as_deref() == Some(INTERP)
    }

    /// Whether it says how native code is made.
    fn is_of_jit(&self) -> bool {
        self.needs.as_deref() == Some(JIT)
    }

    /// Whether it is an engine; without one nothing runs.
    fn is_engine(&self) -> bool {
        [INTERP, JIT].contains(&self.name.as_str())
    }
}

/// The cargo feature of an option.
pub fn feature_name(option: &str) -> String {
    option.to_lowercase().replace('_', "-")
}

/// What is neither loader, validator, engine nor C API.
const EXTRAS: [&str; 4] = ["MESSAGES", "RUNTIME_POOL", "BACKTRACE", "NAMES"];

/// `interp`, the default; `interp-speed` and `interp-small`, its ends; each group off or on; then those with the compiler
/// to native code, alone and beside the interpreter. Both engines also `bare`: without what is more than they need.
pub fn configurations(options: &[WasmoteOption]) -> Result<Vec<Configuration>> {
    let standard = Configuration::default_of(options, "interp");
    let mut small = standard.with(options, "interp-small", "OPT_MINSIZE", true)?;
    small.set(options, "DISPATCH_SIZE", true)?;
    for option in options.iter().filter(|option| option.is_default_group()) {
        small.set(options, &option.name, false)?;
    }
    let bare = |of: &Configuration, name: &str| {
        let mut bare = Configuration { name: name.to_owned(), ..of.clone() };
        EXTRAS.iter().try_for_each(|extra| bare.set(options, extra, false))?;
        anyhow::Ok(bare)
    };
    let mut all = vec![
        standard.clone(),
        bare(&standard, "interp bare")?,
        standard.with(options, "interp-speed", "OPT_SPEED", true)?,
        small,
        standard.with(options, "interp dispatch-size", "DISPATCH_SIZE", true)?,
    ];
    for option in options {
        if option.is_default_group() {
            let name = format!("interp without {}", feature_name(&option.name));
            all.push(standard.with(options, &name, &option.name, false)?);
        } else if option.is_of_interp() {
            all.push(standard.with(options, &feature_name(&option.name), &option.name, true)?);
        } else if option.is_extra_group() {
            let name = format!("interp with {}", feature_name(&option.name));
            all.push(standard.with(options, &name, &option.name, true)?);
        }
    }
    let both = standard.with(options, "jit-interp", JIT, true)?;
    let jit = both.with(options, "jit", INTERP, false)?;
    all.push(jit.with(options, "jit-speed", "OPT_SPEED", true)?);
    all.push(jit.with(options, "jit without fuel", "FUEL", false)?);
    all.push(bare(&jit, "jit bare")?);
    for option in options.iter().filter(|option| option.is_of_jit() && matches!(option.kind, Kind::Feature)) {
        all.push(jit.with(options, &feature_name(&option.name), &option.name, true)?);
    }
    all.extend([jit, both]);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<WasmoteOption> {
        [
            "\"A y feature\"",
            "\"B y feature A\"",
            "\"O1 y choice:O:profile=p1\"",
            "\"O2 n choice:O:profile=p2\"",
            "\"N 7 number:0..9\"",
        ]
        .iter()
        .map(|line| parse(line).unwrap())
        .collect()
    }

    #[test]
    fn off_takes_along_what_needs_it() {
        let options = options();
        let all = Configuration::default_of(&options, "x");
        assert_eq!(all.cargo(&options).features, "a,b");
        assert_eq!(all.with(&options, "y", "A", false).unwrap().cargo(&options).features, "");
        assert_eq!(all.with(&options, "y", "B", false).unwrap().cargo(&options).features, "a");
        assert!(all.with(&options, "y", "C", false).is_err());
    }

    #[test]
    fn a_choice_has_one_member_on() {
        let options = options();
        let fast = Configuration::default_of(&options, "x").with(&options, "y", "O2", true).unwrap();
        let cargo = fast.cargo(&options);
        assert_eq!(cargo.profile, "p2");
        assert_eq!(cargo.environment, [("WASMOTE_N".to_owned(), "7".to_owned())]);
    }
}
