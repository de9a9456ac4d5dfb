//! What an analysis finds, as it is written to `analysis/PLACE.json`.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::claim::Basis;
use super::convergence::Settled;
use super::forgetting::Forgetting;
use super::jacobian::Slope;
use super::lyapunov::Spectrum;
use super::silent_input::Quiet;
use super::spectrum::{eigenvalues, norm, radius};
use super::theory::Theory;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `divergence`, `saturation`, `contraction`, `forgetting` or `silence`.
    pub topic: String,
    /// Its basis.
    pub basis: Basis,
    /// Its text.
    pub text: String,
}

/// All that was found of one net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Saturn's version.
    pub saturn: String,
    /// `MODEL.ARM.SEED`.
    pub net: String,
    /// The checksum of its weights.
    pub weights: String,
    /// The precision of training.
    pub precision: String,
    /// Length of a step, ms.
    pub dt_ms: f64,
    /// Of the streams.
    pub seed: u64,
    /// In plain words.
    pub verdict: Vec<Line>,
    /// The exponents of the whole net.
    pub exponents: Vec<NetMeasured>,
    /// What becomes of it in silence.
    pub settled: Settled,
    /// Its cells.
    pub layers: Vec<LayerAnalysis>,
}

/// One of the trajectories of a network under an input, from several starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attractor {
    /// From 1, in the order of the starts.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Starts that lead to it.
    pub starts: usize,
    /// All starts.
    pub all: usize,
}

impl Attractor {
    /// Of an input, where there are several.
    fn label(own: Option<Self>, input: &str) -> String {
        match own {
            Some(own) if own.of > 1 => format!(
                "{input}, attractor {} of {} ({} of {} starts)",
                own.number, own.of, own.starts, own.all
            ),
            _ => input.to_owned(),
        }
    }
}

/// The leading exponents of the whole net under one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetMeasured {
    /// `stream`, `gap of ..` or `silence`.
    pub input: String,
    /// Steps run; the vectors align in at least a tenth and at most half of them.
    pub steps: usize,
    /// Which attractor; `None` in analyses from one start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attractor: Option<Attractor>,
    /// Which derivative of spikes.
    pub slope: Slope,
    /// The exponents.
    pub spectrum: Spectrum,
}

impl NetMeasured {
    /// The input, and the attractor where there are several.
    pub fn label(&self) -> String {
        Attractor::label(self.attractor, &self.input)
    }
}

/// The leading exponents of one cell under one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// `stream`, `gap of ..` or `silence`.
    pub input: String,
    /// Which attractor; `None` in analyses from one start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attractor: Option<Attractor>,
    /// Which derivative of spikes.
    pub slope: Slope,
    /// The exponents.
    pub spectrum: Spectrum,
}

impl Measured {
    /// The input, and the attractor where there are several.
    pub fn label(&self) -> String {
        Attractor::label(self.attractor, &self.input)
    }
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerAnalysis {
    /// Its number, from 0.
    pub layer: usize,
    /// Its kind.
    pub cell: String,
    /// S.
    pub state: usize,
    /// O.
    pub outputs: usize,
    /// Whether spikes are among its state.
    pub spiking: bool,
    /// The share of numbers bounded by ±1 that were above 0.95, over all inputs of the analysis.
    pub pinned: Option<f64>,
    /// The largest number of its state that was seen.
    pub largest: Option<f64>,
    /// Theoretical results.
    pub theory: Theory,
    /// Its exponents.
    pub exponents: Vec<Measured>,
    /// Its fixed points in silence; `None` for a cell without a state, one whose state is too large, and one
    /// above a cell without a stable point.
    pub fixed_points: Option<Quiet>,
    /// Its derivatives along the stream.
    pub clouds: Vec<Cloud>,
    /// How two pasts become one.
    pub forgetting: Option<Forgetting>,
}

impl LayerAnalysis {
    /// The exponents under an input whose name begins with `input`.
    pub fn under(&self, input: &str, slope: Slope) -> Option<&Spectrum> {
        let fits = |m: &&Measured| m.input.starts_with(input) && m.slope == slope;
        self.exponents.iter().find(fits).map(|m| &m.spectrum)
    }
}

/// Derivatives at some moments of a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cloud {
    /// Which derivative of spikes.
    pub slope: Slope,
    /// Least, median and largest |J|_2.
    pub norm: [f64; 3],
    /// Least, median and largest ρ(J).
    pub radius: [f64; 3],
    /// The eigenvalues of all of them, (re, im), to four decimals.
    pub eigenvalues: Vec<(f64, f64)>,
}

impl Cloud {
    /// Of derivatives, of which there is at least one.
    pub fn of(slope: Slope, all: &[DMatrix<f64>]) -> Self {
        let found: Vec<_> = all
            .iter()
            .map(|j| eigenvalues(j).unwrap_or_default())
            .collect();
        let round = |x: f64| (x * 1e4).round() / 1e4;
        Self {
            slope,
            norm: spread(all.iter().map(norm).collect()),
            radius: spread(found.iter().map(|e| radius(e)).collect()),
            eigenvalues: (found.iter().flatten())
                .map(|e| (round(e.re), round(e.im)))
                .collect(),
        }
    }
}

/// Least, median and largest.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => [0.0; 3],
        n => [values[0], values[n / 2], values[n - 1]],
    }
}
