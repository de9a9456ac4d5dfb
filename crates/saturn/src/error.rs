//! What can go wrong.

use std::path::PathBuf;

use saturn_cell::range::OutOfRange;
use saturn_data::DataError;
use saturn_eval::evaluate::EvalError;
use saturn_eval::reset::PolicyError;
use saturn_loss::LossError;
use saturn_network::BuildError;
use saturn_stream::RecordingError;
use saturn_train::job::TrainError;
use saturn_train::mask::MaskError;
use saturn_train::weights::WeightsError;

/// An error of this library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is out of its range.
    #[error("{key}: {what}")]
    Setting {
        /// The method that sets it.
        key: &'static str,
        /// What is wrong, and what is allowed.
        what: String,
    },
    /// A network cannot be built.
    #[error(transparent)]
    Build(Box<BuildError>),
    /// A network and something else do not fit each other.
    #[error("{what}\nhint: {hint}")]
    Fit {
        /// Both values.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// A file of recordings cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Recordings in memory cannot be used.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A loss has a number out of its range.
    #[error(transparent)]
    Loss(#[from] LossError),
    /// A mask cannot be estimated.
    #[error(transparent)]
    Mask(#[from] MaskError),
    /// Training stopped.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A state-reset policy has a number out of its range.
    #[error("state_reset: {0}")]
    Policy(#[from] PolicyError),
    /// An evaluation stopped.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A file of weights cannot be read or written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A file of weights does not describe its network.
    #[error("{}: the file does not describe its network\nhint: build the network, then call `load_weights`", path.display())]
    Undescribed {
        /// The file.
        path: PathBuf,
    },
    /// A figure cannot be drawn.
    #[cfg(feature = "plots")]
    #[error(transparent)]
    Plot(#[from] saturn_plots::PlotError),
}

impl From<BuildError> for Error {
    fn from(e: BuildError) -> Self {
        Self::Build(Box::new(e))
    }
}

/// An error about the first setting that is out of its range.
pub(crate) fn all_in_range(
    found: impl IntoIterator<Item = Option<OutOfRange>>,
) -> Result<(), Error> {
    match found.into_iter().flatten().next() {
        Some(wrong) => Err(setting(wrong.key, wrong.to_string())),
        None => Ok(()),
    }
}

/// An error about a setting.
pub(crate) fn setting(key: &'static str, what: impl Into<String>) -> Error {
    let what = what.into();
    Error::Setting { key, what }
}
