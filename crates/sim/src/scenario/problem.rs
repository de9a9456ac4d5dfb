//! Faults in a scenario, and their positions: places, problems and the error that contains them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file.
    At {
        /// From 1 on.
        line: usize,
        /// In characters, from 1 on.
        column: usize,
    },
    /// On the command line, as `--set key=value`; this is the key and the value.
    Set(Arc<str>),
    /// No position: a default.
    Default,
}

/// One fault (or, as a warning, an unlikely setting), with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// The key with all keys above it, such as `train.lr`; empty for the whole scenario.
    pub path: String,
    /// The fault, and the allowed values.
    pub message: String,
}

impl Problem {
    /// The problem as one line that begins with the file and the place.
    pub fn line(&self, file: &str) -> String {
        format!("{}{self}", Prefix(file, &self.place))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// `file:line:column: `, which terminals and editors turn into a link.
pub(super) struct Prefix<'a>(pub(super) &'a str, pub(super) &'a Place);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.1 {
            Place::At { line, column } => write!(f, "{}:{line}:{column}: ", self.0),
            Place::Set(argument) => write!(f, "--set {argument}: "),
            Place::Default => write!(f, "{}: ", self.0),
        }
    }
}

/// Why a scenario cannot be run. All of these are the input's fault.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error(
        "{}: the scenario cannot be read: {source}\nhint: check the path; it is relative to the current folder, and must lead to a text file of at most 4 MiB",
        file.display()
    )]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not YAML, or uses a part of YAML that is not read.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// From 1 on.
        line: usize,
        /// In characters, from 1 on.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file is something else than text.
    #[error("{}: is not a scenario: {what}\nhint: a scenario is YAML text, such as those in `scenarios/`", file.display())]
    NotText {
        /// The file.
        file: PathBuf,
        /// Its cause.
        what: String,
    },
    /// A `--set` that is not `key=value`, or whose key does not lead to a value.
    #[error("--set {argument}: {message}")]
    Override {
        /// What followed `--set`.
        argument: String,
        /// What is wrong with it.
        message: String,
    },
    /// Keys or values that are not allowed, in the order of the file; at least one.
    #[error("{}", lines(file, problems))]
    Invalid {
        /// The file.
        file: String,
        /// What is wrong.
        problems: Vec<Problem>,
    },
}

fn lines(file: &str, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|p| p.line(file)).collect();
    lines.join("\n")
}

/// Names in backquotes, with commas.
pub(crate) fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    names.join(", ")
}

/// What people write for keys and choices of other names.
const SYNONYMS: &[(&str, &str)] = &[
    ("never", "none"),
    ("off", "none"),
    ("no", "none"),
    ("false", "none"),
    ("learning_rate", "lr"),
    ("batch_size", "lanes"),
    ("batch", "lanes"),
    ("units", "hidden"),
    ("neurons", "hidden"),
    ("size", "hidden"),
    ("timestep", "dt_ms"),
    ("time_step", "dt_ms"),
    ("tau", "tau_mem_ms"),
    ("tau_mem", "tau_mem_ms"),
    ("validation", "valid"),
    ("val", "valid"),
    ("optimiser", "optimizer"),
    ("normalize", "normalise"),
];

/// The longest name that is compared with others, in bytes.
const LONGEST: usize = 64;

/// The name in `known` that `name` is likely a misspelling of.
pub(crate) fn nearest<'a, S: AsRef<str>>(name: &str, known: &'a [S]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    let names = || known.iter().map(AsRef::as_ref);
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == lower);
    if let Some(meant) = synonym.and_then(|(_, meant)| names().find(|k| k == meant)) {
        return Some(meant);
    }
    // A name without its unit.
    let unit = format!("{lower}_");
    if let Some(whole) = names().find(|k| k.starts_with(&unit)) {
        return Some(whole);
    }
    let distance = |to: &str| strsim::damerau_levenshtein(&lower, to);
    let near = names().min_by_key(|k| distance(k))?;
    let tolerance = (near.len().max(name.len()) / 2).clamp(1, 4);
    let prefix = name.len() >= 3 && (near.starts_with(name) || name.starts_with(near));
    (distance(near) <= tolerance || prefix).then_some(near)
}

/// `name`, truncated if it is too long for a message.
pub(super) fn short(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}
