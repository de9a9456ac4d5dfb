//! Whose fault errors of commands are: see [`saturn_sim::fault`].

#[cfg(test)]
mod tests;

use super::error::CommandError;
use super::estimate::EstimateError;
use super::report::NotShown;
use super::run::{CellsFailed, LeftToOthers, NothingDone};
use crate::bench::BenchError;
use saturn_sim::fault::{Blame, Fault};

saturn_sim::known_errors!(
    saturn_sim::report::fault::of;
    BenchError,
    CellsFailed,
    CommandError,
    EstimateError,
    LeftToOthers,
    NotShown,
    NothingDone,
);

saturn_sim::class_errors!(Input: NothingDone);
saturn_sim::class_errors!(Interrupted: LeftToOthers);
saturn_sim::class_errors!(NotShown: NotShown);

impl Blame for BenchError {
    fn fault(&self) -> Fault {
        match self {
            Self::Build(e) => e.fault(),
            Self::Data(e) => e.fault(),
            Self::Train(e) => e.fault(),
            Self::Plot(e) => e.fault(),
            Self::Scenario(e) => e.fault(),
            Self::Loss(e) => e.fault(),
            Self::Folder { .. } | Self::Peak(_) | Self::Pool { .. } => Fault::Run,
            Self::Interrupted => Fault::Interrupted,
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
            | Self::Classes { .. }
            | Self::NoData { .. }
            | Self::Occupied { .. }
            | Self::FileExists { .. }
            | Self::ReaderOfOther { .. }
            | Self::OptionOfOther { .. }
            | Self::OptionOfOtherFile { .. }
            | Self::ScriptsExist { .. }
            | Self::OddPath { .. }
            | Self::BadSbatch { .. }
            | Self::Unreadable { .. }
            | Self::UnknownFormat { .. }
            | Self::NoFolder { .. } => Fault::Input,
            Self::NothingFound => Fault::Run,
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
