//! The end of a matrix that the user interrupted.

use thiserror::Error;

/// The user interrupted the matrix; its finished trials and its checkpoints are kept.
#[derive(Debug, Error)]
#[error("interrupted")]
pub struct Interrupted;
