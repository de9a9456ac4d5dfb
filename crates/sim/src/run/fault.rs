//! Classification of a run's errors: see [`crate::fault`].

use super::interrupted::Interrupted;
use super::mixed_isa::MixedIsa;
use super::select::SelectionError;
use super::start::StartError;
use super::summary::ReferenceError;
use super::trials::ArchiveError;
use crate::fault::{self, Blame, Fault};
use saturn_exchange::nir::NirError;
use saturn_exchange::step::StepError;
use saturn_exchange::{ExportError, ImportError};
use saturn_train::mask::MaskError;
use saturn_train::weights::WeightsError;

crate::known_errors!(
    fault::of;
    ArchiveError,
    Interrupted,
    MixedIsa,
    SelectionError,
    StartError,
    ReferenceError,
    WeightsError,
    MaskError,
    ImportError,
    ExportError,
    StepError,
    NirError,
);

// Settings, options and names that the user gave.
crate::class_errors!(Input: MixedIsa, ReferenceError, SelectionError, StartError, StepError);
crate::class_errors!(Interrupted: Interrupted);

impl Blame for ArchiveError {
    fn fault(&self) -> Fault {
        match self {
            Self::Folder(e) => e.fault(),
            Self::NotGzip { .. }
            | Self::Corrupt { .. }
            | Self::LongLine { .. }
            | Self::TooLarge { .. }
            | Self::Line { .. }
            | Self::Duplicate { .. }
            | Self::Conflict { .. }
            | Self::Nothing { .. }
            | Self::Name { .. } => Fault::Input,
        }
    }
}

impl Blame for ImportError {
    fn fault(&self) -> Fault {
        match self {
            Self::Network { .. } => Fault::Input,
            Self::Nir(e) => Blame::fault(e),
            Self::Weights(e) => e.fault(),
            Self::Build(e) => e.fault(),
        }
    }
}

impl Blame for ExportError {
    fn fault(&self) -> Fault {
        match self {
            Self::Unsupported { .. } => Fault::Input,
            Self::Write(e) => e.fault(),
            Self::Weights(e) => e.fault(),
            Self::Nir(e) => Blame::fault(e),
            Self::Build(e) => e.fault(),
        }
    }
}

impl Blame for NirError {
    fn fault(&self) -> Fault {
        match self {
            Self::Data(e) => e.fault(),
            Self::NotHdf5 { .. } | Self::At { .. } => Fault::Input,
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

impl Blame for WeightsError {
    fn fault(&self) -> Fault {
        match self {
            Self::Folder(e) => e.fault(),
            Self::Unwritable { .. } => Fault::Run,
            Self::Format { .. }
            | Self::Tensors { .. }
            | Self::NotFinite { .. }
            | Self::Another { .. }
            | Self::Drawn { .. }
            | Self::Foreign { .. }
            | Self::InTheWay { .. } => Fault::Input,
        }
    }
}
