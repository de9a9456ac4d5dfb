//! The classification of each error type. No `match` has a catch-all branch: a new variant must be
//! classified.

use super::{Blame, Fault};
use crate::scenario::ScenarioError;
use saturn_data::DataError;
use saturn_data::get::GetError;
use saturn_eval::detector::DetectorError;
use saturn_eval::evaluate::EvalError;
use saturn_eval::precision::PrecisionError;
use saturn_eval::reset::PolicyError;
use saturn_eval::stats::tally::TallyError;
use saturn_eval::trace::TraceError;
use saturn_network::BuildError;
use saturn_store::SameFile;
use saturn_store::checkpoint::Refused;
use saturn_store::folder::FolderError;
use saturn_train::job::TrainError;

// Settings, options and names that the user gave.
crate::class_errors!(Input:
    BuildError, DetectorError, PolicyError, PrecisionError, Refused, SameFile, ScenarioError, saturn_cell::ConfigError,
    saturn_cell::kernel::IsaError, saturn_data::TimeError, saturn_loss::LossError,
    saturn_stream::RecordingError,
);
// Networks and disks, and files of our own that are damaged.
crate::class_errors!(Run: TallyError, saturn_plots::PlotError);

impl Blame for DataError {
    fn fault(&self) -> Fault {
        match self {
            Self::Stopped { .. } => Fault::Interrupted,
            Self::Write { .. } => Fault::Run,
            Self::Open { .. }
            | Self::NotHdf5 { .. }
            | Self::Truncated { .. }
            | Self::Damaged { .. }
            | Self::MissingDataset { .. }
            | Self::MissingFrames { .. }
            | Self::WrongType { .. }
            | Self::WrongShape { .. }
            | Self::TooLarge { .. }
            | Self::LengthsDiffer { .. }
            | Self::EventsDiffer { .. }
            | Self::UnitOutOfRange { .. }
            | Self::BadTime { .. }
            | Self::Time(_)
            | Self::LabelOutOfRange { .. }
            | Self::NotWhole { .. }
            | Self::EmptySample { .. }
            | Self::EmptySplit { .. }
            | Self::NothingLeft { .. }
            | Self::Unstorable { .. }
            | Self::BadSpec { .. }
            | Self::Malformed { .. }
            | Self::MalformedLine { .. }
            | Self::Unusable { .. }
            | Self::BadRecord { .. }
            | Self::BadOption { .. } => Fault::Input,
        }
    }
}

impl Blame for EvalError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::Detector(e) => e.fault(),
            Self::Checkpoint(e) => e.fault(),
            Self::Trace(e) => e.fault(),
            Self::Interrupted => Fault::Interrupted,
        }
    }
}

impl Blame for FolderError {
    fn fault(&self) -> Fault {
        match self {
            Self::OtherRun { .. }
            | Self::OtherData { .. }
            | Self::OtherIsa { .. }
            | Self::DamagedOwner { .. }
            | Self::NotARun { .. }
            | Self::NothingToResume { .. }
            | Self::Busy { .. }
            | Self::Damaged { .. } => Fault::Input,
            Self::Lost { .. } => Fault::Interrupted,
            Self::Io { what, .. } if what.is_taking() => Fault::Input,
            Self::Io { .. } => Fault::Run,
        }
    }
}

impl Blame for GetError {
    fn fault(&self) -> Fault {
        match self {
            Self::Stopped { .. } => Fault::Interrupted,
            Self::NoAnswer { .. }
            | Self::Status { .. }
            | Self::NotEncrypted { .. }
            | Self::Elsewhere { .. }
            | Self::TooLarge { .. }
            | Self::Busy { .. }
            | Self::BrokenOff { .. }
            | Self::Changed { .. }
            | Self::Disk { .. } => Fault::Run,
        }
    }
}

impl Blame for TrainError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::Checkpoint(e) => e.fault(),
            Self::Diverged { .. } | Self::NoGradient { .. } => Fault::Run,
            Self::Interrupted => Fault::Interrupted,
        }
    }
}

impl Blame for TraceError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::Hdf5 { .. } => Fault::Input,
            Self::Write { .. } | Self::NoHdf5 { .. } | Self::Io { .. } => Fault::Run,
        }
    }
}
