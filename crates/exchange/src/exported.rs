//! A network that is written for other programs, and what can prevent it.

use std::path::Path;

use saturn_cell::{Cell, Kind};
use saturn_network::{BuildError, NetSize, Network, NetworkConfig, Part};
use saturn_train::weights::StateDictModule;
use thiserror::Error;

use crate::imported::Tensors;

/// A network to export, with its description.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Its name, for messages: a file or folder, or the name of a run's network.
    pub name: &'a str,
    /// Its layers and its readout.
    pub config: &'a NetworkConfig,
    /// Names of its classes, in the order of its outputs.
    pub classes: &'a [String],
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The network with its weights.
    pub network: &'a Network<f64>,
    /// The modules of the state dict that it was imported from; empty if it was not.
    pub modules: &'a [StateDictModule],
}

/// A network that cannot be exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A part that the format cannot express.
    #[error("{name}: {place}: {what}\nhint: {hint}")]
    Unsupported {
        /// The network's name.
        name: String,
        /// The layer or node.
        place: String,
        /// What it has that the format lacks.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A file that cannot be written.
    #[error(transparent)]
    Write(#[from] saturn_data::DataError),
    /// Weights that cannot be written.
    #[error(transparent)]
    Weights(#[from] saturn_train::weights::WeightsError),
    /// A graph that was made and cannot be run.
    #[error(transparent)]
    Nir(#[from] crate::nir::NirError),
    /// A network that cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Why a part cannot be exported, and what to do.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub what: String,
    pub hint: String,
}

impl Refusal {
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        let (what, hint) = (what.into(), hint.into());
        Self { what, hint }
    }

    pub fn at(self, source: &Source, place: impl Into<String>) -> ExportError {
        ExportError::Unsupported {
            name: source.name.to_owned(),
            place: place.into(),
            what: self.what,
            hint: self.hint,
        }
    }
}

impl ExportError {
    /// That a file cannot be written, for a reason that is no HDF5 error.
    pub(crate) fn write(path: &Path, detail: impl std::fmt::Display) -> Self {
        Self::Write(saturn_data::DataError::Write {
            path: path.to_owned(),
            detail: detail.to_string(),
        })
    }
}

impl Source<'_> {
    /// I.
    pub fn channels(&self) -> usize {
        let first = self.network.cells().first();
        first.map_or(0, |cell| cell.widths().input)
    }

    /// Its cells with their settings, linear encoders too.
    pub(crate) fn parts(&self) -> Vec<(Part, &dyn Cell<f64>)> {
        let outputs = self.network.outputs();
        let size = NetSize::of(self.name, self.config, self.channels(), outputs);
        let cells = self.network.cells().iter().map(AsRef::as_ref);
        size.parts.into_iter().zip(cells).collect()
    }

    /// Where a part is, for messages.
    pub(crate) fn place(&self, part: &Part) -> String {
        use saturn_network::Layer;
        let kind = |layer: &Layer| layer.kind();
        if part.layer >= self.config.layers.len() {
            format!("the readout (`{}`)", kind(&part.config))
        } else {
            format!("layer {} (`{}`)", part.layer, kind(&part.config))
        }
    }

    /// Its tensors, named and shaped as in a weights file.
    pub(crate) fn tensors(&self) -> Tensors {
        let cells = self.network.cells().iter().enumerate();
        let named = cells.flat_map(|(i, cell)| {
            cell.params().tensors().iter().map(move |tensor| {
                let shape = match tensor.value.shape() {
                    (rows, 1) if tensor.kind != Kind::Weight => vec![rows],
                    (rows, columns) => vec![rows, columns],
                };
                let values = tensor.value.transpose().as_slice().to_vec();
                (format!("{i}.{}", tensor.name), (shape, values))
            })
        });
        named.collect()
    }
}

/// W_r `[H, H]` of a spiking `cell` row by row, if it is recurrent: 0 where it has no connection.
pub(crate) fn recurrent(cell: &dyn Cell<f64>) -> Option<Vec<f64>> {
    let w_r = cell.recurrent()?;
    Some(w_r.transpose().as_slice().to_vec())
}

/// The numbers of a tensor of `cell` row by row, if it has one of this name.
pub(crate) fn tensor(cell: &dyn Cell<f64>, name: &str) -> Option<Vec<f64>> {
    let mut tensors = cell.params().tensors().iter();
    let found = tensors.find(|tensor| *tensor.name == *name)?;
    Some(found.value.transpose().as_slice().to_vec())
}
