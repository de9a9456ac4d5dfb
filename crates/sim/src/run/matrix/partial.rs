//! Finished parts of a trial's evaluations while others are running: `results/PLACE.SPLIT.part.json`.

use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::Matrix;
use super::key::{Keyed, key};
use crate::run::entry::Entry;
use crate::run::summary::{NamedContraction, NamedEvaluation};
use saturn_eval::experiments::Experiments;
use saturn_eval::precision::result::Stored;
use saturn_store::checkpoint::{Keeping, Stage, remove};
use saturn_store::folder::FolderError;

/// What an evaluation leaves.
#[derive(Default, Serialize, Deserialize)]
pub struct Evaluated {
    /// Under each policy on each stream.
    pub evaluations: Vec<NamedEvaluation>,
    /// On each stream with gaps.
    pub contraction: Vec<NamedContraction>,
    /// In each format on each stream.
    #[serde(default)]
    pub stored: Vec<Stored>,
    /// The instruction set.
    #[serde(default)]
    pub isa: Option<String>,
    /// On each stream, the results of optional experiments.
    #[serde(flatten)]
    pub experiments: Experiments,
}

/// Finished parts of the evaluations of one network.
#[derive(Default, Serialize, Deserialize)]
pub struct Partial {
    /// The evaluations and contraction curves.
    pub found: Evaluated,
    /// The detector's threshold for the next evaluation, once it is chosen.
    pub threshold: Option<f64>,
    /// Streams on which the quantised networks are finished.
    #[serde(default)]
    pub followed: Vec<String>,
    /// Streams whose experiments are done.
    pub tried: Vec<String>,
    /// Whether the first stream's trace is written.
    pub traced: bool,
}

impl Partial {
    /// Whether `stream` under `state_reset` is done.
    pub fn has(&self, stream: &str, state_reset: &str) -> bool {
        let done = &self.found.evaluations;
        done.iter()
            .any(|e| e.stream == stream && e.state_reset == state_reset)
    }

    /// Whether the experiments of `stream` are done.
    pub fn has_experiments(&self, stream: &str) -> bool {
        self.tried.iter().any(|tried| tried == stream)
    }

    /// Whether the quantised networks are finished on `stream`.
    pub fn has_followed(&self, stream: &str) -> bool {
        self.followed.iter().any(|followed| followed == stream)
    }

    /// The results of the quantised networks on `stream`, which is the last one.
    pub fn first_stored(&self, stream: &str) -> usize {
        let stored = &self.found.stored;
        let first = stored.iter().position(|s| s.stream == stream);
        first.unwrap_or(stored.len())
    }

    /// Whether a line of `metrics.jsonl` about `stream` under `state_reset` is about a finished part.
    pub fn knows(&self, stream: &str, state_reset: &str) -> bool {
        let mut stored = self.found.stored.iter();
        self.has(stream, state_reset) || stored.any(|s| stream == s.line() && s.has(state_reset))
    }

    /// Whether the contraction curves of `stream` are done.
    pub fn has_contraction(&self, stream: &str) -> bool {
        self.found.contraction.iter().any(|c| c.stream == stream)
    }
}

/// A part of one network's evaluations that can be stopped and resumed.
pub struct Piece {
    folder: PathBuf,
    name: String,
    key: String,
    keeping: Keeping,
}

impl Piece {
    /// The folder of its checkpoints.
    pub fn stage(&self) -> Stage<'_> {
        Stage {
            folder: &self.folder,
            name: &self.name,
            key: &self.key,
            keeping: self.keeping,
        }
    }
}

/// The file of one network's unfinished evaluations.
pub struct PartialStore<'a> {
    matrix: &'a Matrix<'a>,
    file: PathBuf,
    /// Prefix of their checkpoints' names.
    name: String,
    /// The checksum of all that they depend on.
    key: String,
}

impl<'a> PartialStore<'a> {
    /// For `entry`, evaluated under `key`.
    pub fn new(matrix: &'a Matrix<'a>, entry: &Entry, key: &str) -> Self {
        let split = &matrix.shared.split;
        let name = entry.place.file("", split).display().to_string();
        Self {
            matrix,
            file: entry.place.file("results", &format!("{split}.part.json")),
            name: format!("{name}."),
            key: key.to_owned(),
        }
    }

    /// What was done before.
    pub fn load(&self) -> Result<Partial> {
        match self.matrix.folder.read_json::<Keyed<Partial>>(&self.file) {
            Ok(Some(known)) if known.key == self.key => Ok(known.result),
            Ok(_) => Ok(Partial::default()),
            Err(e @ FolderError::Damaged { .. }) => {
                let said = format!("{e}\nhint: these evaluations start again");
                self.matrix.progress.alert(&said);
                Ok(Partial::default())
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Saves the finished parts.
    pub fn save(&self, partial: &Partial) -> Result<()> {
        let keyed = Keyed {
            key: self.key.clone(),
            result: partial,
        };
        Ok(self.matrix.folder.write_json(&self.file, &keyed)?)
    }

    /// The piece `what` of `of`: a stream, a policy on it, a format under that.
    pub fn piece(&self, of: &str, what: &str) -> Result<Piece> {
        Ok(Piece {
            folder: self.matrix.checkpoints(),
            name: format!("{}{of}.{what}", self.name),
            key: key(&(&self.key, of, what))?,
            keeping: self.matrix.keeping,
        })
    }

    /// All pieces of `of` have ended.
    pub fn ended(&self, of: &str) -> Result<()> {
        let name = format!("{}{of}.", self.name);
        Ok(remove(&self.matrix.checkpoints(), &name)?)
    }

    /// All parts are done and stored elsewhere.
    pub fn clear(&self) -> Result<()> {
        self.matrix.folder.remove(&self.file)?;
        Ok(remove(&self.matrix.checkpoints(), &self.name)?)
    }
}
