//! A network that was made elsewhere, as one of Saturn's, and how faithful it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use saturn_cell::{Params, Real};
use saturn_network::{BuildError, Network, NetworkConfig, build};
use saturn_train::weights::StateDictModule;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A network that was read from another program's file.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its layers.
    pub config: NetworkConfig,
    /// I, its inputs.
    pub channels: usize,
    /// Its outputs: one score per class.
    pub outputs: usize,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// Its tensors, as they are named in a weights file: `LAYER.TENSOR`.
    pub tensors: Tensors,
    /// How faithful each part of it is, in the order of the computation.
    pub verdicts: Vec<Verdict>,
    /// Names of its outputs, where the file has them.
    pub classes: Option<Vec<String>>,
    /// Notices, one line each.
    pub notices: Vec<String>,
    /// The modules of the state dict, from input to output; empty of other files.
    pub modules: Vec<StateDictModule>,
}

/// Tensors by name: shape, and numbers row by row.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

/// How faithful a part of an imported network is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its name in the file.
    pub part: String,
    /// Its kind, as the file's format calls it.
    pub kind: String,
    /// How faithful it is.
    pub fidelity: Fidelity,
}

/// How faithful a part is to its definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fidelity {
    /// The same equations.
    Exact,
    /// Other numbers.
    Approximate {
        /// Why.
        why: String,
        /// By how much.
        by: String,
    },
    /// It cannot be run.
    Unsupported {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Fidelity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Approximate { why, by } => write!(f, "approximate: {why}, by {by}"),
            Self::Unsupported { why } => write!(f, "unsupported: {why}"),
        }
    }
}

/// A network that cannot be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// A file that does not contain a network that Saturn can run.
    #[error("{}: {what}\nhint: {hint}", path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place in the file.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A NIR file that cannot be read, or that is not a network.
    #[error(transparent)]
    Nir(#[from] crate::nir::NirError),
    /// Weights that cannot be read.
    #[error(transparent)]
    Weights(#[from] saturn_train::weights::WeightsError),
    /// A network that cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl ImportError {
    pub(crate) fn network(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Network {
            path: path.to_owned(),
            what: what.into(),
            hint: hint.into(),
        }
    }
}

impl Imported {
    /// The network with its weights.
    ///
    /// # Panics
    /// If its tensors are not those of its layers, which is a mistake of an importer.
    pub fn network<R: Real>(&self) -> Result<Network<R>, BuildError> {
        let mut net = build(
            "imported",
            &self.config,
            self.channels,
            self.outputs,
            self.dt_ms,
            0,
        )?;
        fill(&mut net, &self.tensors);
        Ok(net)
    }

    /// Whether all parts are exact.
    pub fn is_exact(&self) -> bool {
        self.verdicts
            .iter()
            .all(|verdict| verdict.fidelity == Fidelity::Exact)
    }
}

/// Sets all parameters of `net`.
pub(crate) fn fill<R: Real>(net: &mut Network<R>, tensors: &Tensors) {
    for (i, cell) in net.cells_mut().iter_mut().enumerate() {
        cell.update(&mut |params| set(params, i, tensors));
    }
}

/// Sets the parameters of layer `i`.
fn set<R: Real>(params: &mut Params<R>, i: usize, tensors: &Tensors) {
    for tensor in params.tensors_mut() {
        let name = format!("{i}.{}", tensor.name);
        let (_, values) = tensors
            .get(&name)
            .unwrap_or_else(|| panic!("no tensor `{name}`"));
        let (rows, columns) = tensor.value.shape();
        assert_eq!(values.len(), rows * columns, "{name}");
        let values = values.iter().map(|&x| R::of(x));
        tensor.value = DMatrix::from_row_iterator(rows, columns, values);
    }
}
