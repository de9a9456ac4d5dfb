//! Each error type's own answer. No `match` has a branch for the rest: a new variant must be placed.

use super::{Blame, Fault};
use crate::bench::BenchError;
use crate::build::BuildError;
use crate::command::{CellsFailed, CommandError, NotShown, NothingDone};
use crate::eval::detector::DetectorError;
use crate::eval::evaluate::EvalError;
use crate::eval::reset::PolicyError;
use crate::eval::tally::TallyError;
use crate::figures::FiguresError;
use crate::live::LiveError;
use crate::precision::PrecisionError;
use crate::report::ReportError;
use crate::report::committed::CommittedError;
use crate::run::checkpoint::Refused;
use crate::run::folder::FolderError;
use crate::run::matrix::SelectionError;
use crate::run::summary::ReferenceError;
use crate::run::trace::TraceError;
use crate::run::weights::WeightsError;
use crate::run::workbench::MaskError;
use crate::scenario::ScenarioError;
use crate::train::estimate::EstimateError;
use crate::train::trainer::TrainError;
use saturn_data::DataError;
use saturn_data::get::GetError;

/// Types of which every error is the same one's fault.
macro_rules! all {
    ($fault:ident: $($error:ty),+ $(,)?) => {
        $(impl Blame for $error {
            fn fault(&self) -> Fault {
                Fault::$fault
            }
        })+
    };
}

// Settings, options and names that the user gave.
all!(Input:
    BuildError, DetectorError, NothingDone, PolicyError, PrecisionError, ReferenceError, Refused, ScenarioError, SelectionError,
    saturn_cell::ConfigError, saturn_data::TimeError, saturn_loss::LossError,
);
// Networks and disks, and files of our own that are damaged.
all!(Run: GetError, TallyError, saturn_plots::PlotError);
all!(NotShown: NotShown);

impl Blame for CommittedError {
    fn fault(&self) -> Fault {
        match self {
            Self::Trial(e) => e.fault(),
            Self::Scenario(e) => e.fault(),
            Self::Mark { .. } => Fault::Input,
            Self::Io { .. } => Fault::Run,
        }
    }
}

impl Blame for BenchError {
    fn fault(&self) -> Fault {
        match self {
            Self::Build(e) => e.fault(),
            Self::Data(e) => e.fault(),
            Self::Train(e) => e.fault(),
            Self::Plot(e) => e.fault(),
            Self::Scenario(e) => e.fault(),
            Self::Loss(e) => e.fault(),
            Self::Folder { .. } | Self::Peak(_) | Self::Pool { .. } | Self::Interrupted => {
                Fault::Run
            }
        }
    }
}

impl Blame for CellsFailed {
    fn fault(&self) -> Fault {
        self.fault
    }
}

impl Blame for CommandError {
    fn fault(&self) -> Fault {
        match self {
            Self::NothingToSearch
            | Self::NoSuchArm { .. }
            | Self::NothingEvaluated { .. }
            | Self::NoSummary { .. }
            | Self::NoFolder { .. }
            | Self::SameFile { .. } => Fault::Input,
            Self::NothingFound => Fault::Run,
        }
    }
}

impl Blame for DataError {
    fn fault(&self) -> Fault {
        match self {
            Self::Write { .. } | Self::Stopped { .. } => Fault::Run,
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

impl Blame for EstimateError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::Train(e) => e.fault(),
            Self::Eval(e) => e.fault(),
            Self::Loss(e) => e.fault(),
            Self::Build(e) => e.fault(),
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
            Self::Interrupted => Fault::Run,
        }
    }
}

impl Blame for FiguresError {
    fn fault(&self) -> Fault {
        match self {
            Self::Folder { .. } => Fault::Run,
            Self::Plot(e) => e.fault(),
            Self::Trace(e) => e.fault(),
        }
    }
}

impl Blame for FolderError {
    fn fault(&self) -> Fault {
        match self {
            Self::OtherRun { .. }
            | Self::OtherData { .. }
            | Self::DamagedOwner { .. }
            | Self::NotARun { .. }
            | Self::NothingToResume { .. }
            | Self::Busy { .. }
            | Self::Damaged { .. } => Fault::Input,
            Self::Io { what, .. } if what.is_taking() => Fault::Input,
            Self::Io { .. } => Fault::Run,
        }
    }
}

impl Blame for LiveError {
    fn fault(&self) -> Fault {
        match self {
            Self::Model { .. } | Self::Option { .. } | Self::State { .. } | Self::Unread { .. } => {
                Fault::Input
            }
            Self::Io { what, .. } if what.is_taking() => Fault::Input,
            Self::Io { .. } => Fault::Run,
        }
    }
}

impl Blame for MaskError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::Loss(e) => e.fault(),
        }
    }
}

impl Blame for ReportError {
    fn fault(&self) -> Fault {
        match self {
            Self::Figure { .. } => Fault::Run,
            Self::Folder(e) => e.fault(),
        }
    }
}

impl Blame for TraceError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::Hdf5 { .. } => Fault::Input,
            Self::Write { .. } | Self::Io { .. } => Fault::Run,
        }
    }
}

impl Blame for TrainError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::Checkpoint(e) => e.fault(),
            Self::Diverged { .. } | Self::NoGradient { .. } | Self::Interrupted => Fault::Run,
        }
    }
}

impl Blame for WeightsError {
    fn fault(&self) -> Fault {
        match self {
            Self::Folder(e) => e.fault(),
            Self::Unwritable { .. } => Fault::Run,
            Self::Format { .. }
            | Self::Tensors { .. }
            | Self::NotFinite { .. }
            | Self::Another { .. }
            | Self::Foreign { .. }
            | Self::InTheWay { .. } => Fault::Input,
        }
    }
}
