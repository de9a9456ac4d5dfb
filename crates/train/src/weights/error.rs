//! Errors of a file of weights.
//!
//! A message contains the actual and the expected value. It never advises to delete a file: weights may be
//! the only copy of hours of training.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use saturn_store::folder::FolderError;

/// An error about a file of weights.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// Reading or writing failed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It is not safetensors, or not a whole file.
    #[error("{}: {what}\nhint: {hint}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// What training has left cannot be written.
    #[error("{}: the weights cannot be written: {what}\nhint: {hint}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// Its tensors are not those of the network.
    #[error(
        "{}: its tensors do not fit this network:\n{}\nhint: tensors are named LAYER.TENSOR, weights have PyTorch's \
         shape [outputs, inputs]; if this file belongs to another network, give it a folder of its own",
        path.display(),
        list(problems)
    )]
    Tensors {
        /// The file.
        path: PathBuf,
        /// Each difference; at least one.
        problems: Vec<String>,
    },
    /// There are numbers that no network can compute with.
    #[error(
        "{}: {found}\nhint: the training diverged or the file was converted badly: train again with a lower `lr`, or \
         use an earlier copy",
        path.display()
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The first one, and how many.
        found: NotFinite,
    },
    /// Time constants that follow from the seed of the training.
    #[error(
        "{}: layer {layer}: `{name}` were drawn and not learnt, and no tensor has them\nhint: use the network in its run's \
         folder, train it with `learn_tau: true`, or give all neurons one time constant, `{name}: 50`",
        path.display()
    )]
    Drawn {
        /// The file.
        path: PathBuf,
        /// Index of the cell.
        layer: usize,
        /// The setting.
        name: String,
    },
    /// They were trained as another network than the run's.
    #[error(
        "{}: these weights were trained as another network than this run's:\n{}\nhint: use them in the run that \
         trained them, or with a scenario that has the same settings",
        path.display(),
        list(differences)
    )]
    Another {
        /// The file.
        path: PathBuf,
        /// What differs, with both values; at least one.
        differences: Vec<String>,
    },
    /// The run's results are those of other weights.
    #[error(
        "{}: these are not the weights that this run trained (SHA-256 of their tensors {}; the results \
         record {}), so the history and results of this run do not apply to them\nhint: move the file out \
         of this run's folder; with another --out the scenario trains its own network again",
        path.display(),
        short(found),
        recorded.as_deref().map_or("none, since they are older", short)
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The checksum of the tensors in the file.
        found: String,
        /// That of the tensors that the results are about; results of earlier versions have none.
        recorded: Option<String>,
    },
    /// Training would overwrite weights that it did not make.
    #[error(
        "{}: contains weights that this run did not train, and training would overwrite them\nhint: move \
         the file to another folder, or run with another --out",
        path.display()
    )]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
}

/// One line each, indented.
fn list(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// Enough of a checksum to distinguish it from another.
pub(super) fn short(checksum: &str) -> &str {
    checksum.get(..12).unwrap_or(checksum)
}

/// Numbers that are not finite.
#[derive(Debug)]
pub struct NotFinite {
    pub(super) tensor: String,
    pub(super) index: Vec<usize>,
    pub(super) value: f64,
    pub(super) count: usize,
    pub(super) precision: &'static str,
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tensor,
            index,
            value,
            count,
            precision,
        } = self;
        write!(
            f,
            "tensor `{tensor}` is {value} at index {index:?}, the first of {count} values that are not finite in {precision}"
        )
    }
}

impl NotFinite {
    /// The error about the file at `path`.
    pub fn at(self, path: &Path) -> WeightsError {
        WeightsError::NotFinite {
            path: path.to_owned(),
            found: self,
        }
    }
}
