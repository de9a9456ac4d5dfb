//! Whose fault errors of commands are: see [`crate::fault`].

#[cfg(test)]
mod tests;

use super::error::CommandError;
use super::estimate::EstimateError;
use super::report::NotShown;
use super::run::{CellsFailed, NothingDone};
use crate::bench::BenchError;
use crate::fault::{Blame, Fault, all, known};
use crate::figures::FiguresError;
use crate::live::LiveError;
use crate::report::ReportError;
use crate::report::committed::CommittedError;
use crate::run;

known!(
    run::fault::of;
    BenchError,
    CellsFailed,
    CommandError,
    CommittedError,
    EstimateError,
    FiguresError,
    LiveError,
    NotShown,
    NothingDone,
    ReportError,
);

all!(Input: NothingDone);
all!(NotShown: NotShown);

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
            | Self::NoFolder { .. } => Fault::Input,
            Self::NothingFound => Fault::Run,
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

impl Blame for ReportError {
    fn fault(&self) -> Fault {
        match self {
            Self::Figure { .. } => Fault::Run,
            Self::Folder(e) => e.fault(),
        }
    }
}

impl Blame for CommittedError {
    fn fault(&self) -> Fault {
        match self {
            Self::Trials(e) => e.fault(),
            Self::Scenario(e) => e.fault(),
            Self::Mark { .. } => Fault::Input,
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
