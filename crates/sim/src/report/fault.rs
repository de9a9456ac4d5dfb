//! Classification of the errors of figures, reports and live runs: see [`crate::fault`].

use super::ReportError;
use super::committed::CommittedError;
use crate::fault::{Blame, Fault};
use crate::figures::FiguresError;
use saturn_live::LiveError;

crate::known_errors!(
    crate::run::fault::of;
    CommittedError,
    FiguresError,
    LiveError,
    ReportError,
);

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
