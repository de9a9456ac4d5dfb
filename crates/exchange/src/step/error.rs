//! What can be wrong with a network whose step is to be written.

use thiserror::Error;

/// A network whose step cannot be written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StepError {
    /// A layer that the format has no place for.
    #[error("layer {layer} ({kind}) cannot be exported: {why}")]
    Layer {
        /// Index of the cell in the network.
        layer: usize,
        /// Its kind.
        kind: String,
        /// Why.
        why: String,
    },
    /// A description that is not the network's.
    #[error("the description does not fit the network: {what}")]
    Description {
        /// What differs.
        what: String,
    },
    /// A weight or constant that is NaN or infinite.
    #[error("`{name}` contains a number that is NaN or infinite")]
    NotFinite {
        /// The tensor or constant.
        name: String,
    },
    /// A prefix that names of C cannot start with.
    #[error(
        "`{prefix}` cannot be the start of C names\nhint: use letters, digits and `_`, a letter first"
    )]
    Prefix {
        /// What was given.
        prefix: String,
    },
    /// More inputs than the numbers of events reach.
    #[error("the network has {inputs} inputs, and events are numbered up to 65,535")]
    Inputs {
        /// I.
        inputs: usize,
    },
}

/// What weight matrices are stored in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// 8 bits, each row with a scale of its own.
    Int8,
}
