//! Theoretical results on a cell, only from its weights and the range of its input.
//!
//! | cell | contraction | state | file |
//! |---|---|---|---|
//! | `rnn` | sufficient: the norm of U, or ρ(\|U\|) | in (-1, 1) | [`rnn`] |
//! | `gru` | sufficient, by comparison | in (-1, 1) | [`gru`] |
//! | `lstm` | sufficient, by comparison | bound of c | [`lstm`] |
//! | `ssm`, `lru`, `ssm_block` | exact: max \|L\| | bound of x, gains | [`diagonal`] |
//! | `li` | exact: max a | bound of v | [`leaky`] |
//! | `lif` | - | bounds of v, neurons that cannot fire at every step | [`lif`] |
//!
//! There are no results on other cells; they are only measured.
//!
//! A *sufficient* condition that is not met is inconclusive: the network may still forget, and trained
//! networks mostly do.

pub mod diagonal;
pub mod gru;
pub mod leaky;
pub mod lif;
pub mod lstm;
pub mod rnn;
#[cfg(test)]
mod tests;

use nalgebra::DMatrix;
use saturn_cell::Cell;
use serde::{Deserialize, Serialize};

use super::claim::Exclusion;
use super::spectrum::{eigenvalues, norm, radius};
use saturn_network::Layer;

/// A square block of recurrent weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// `U`, `U_z`, ..
    pub name: String,
    /// |U|_2.
    pub norm: f64,
    /// ρ(U); `None` where a weight is not finite.
    pub radius: Option<f64>,
}

/// A condition under which two states with the same input converge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The quantity that is compared with 1.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Whether it is below 1.
    pub holds: bool,
    /// Whether the cell contracts only if it holds, too.
    pub exact: bool,
    /// By at least which factor a distance (in some norm) shrinks each step, where it holds.
    pub factor: Option<f64>,
    /// Whether it holds for any input; otherwise, for inputs within the observed range.
    #[serde(default)]
    pub any_input: bool,
}

/// What follows from a cell's conditions for two of its states under the same input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// They converge: in the end their distance shrinks by this factor a step, or faster.
    Shrinks(f64),
    /// There are two that never converge.
    Stays,
    /// No conclusion.
    Open,
}

impl Condition {
    fn sufficient(name: &str, value: f64, factor: f64) -> Self {
        let holds = value < 1.0;
        Self {
            name: name.to_owned(),
            value,
            holds,
            exact: false,
            factor: holds.then_some(factor),
            any_input: false,
        }
    }

    /// For any input.
    fn for_any_input(self) -> Self {
        Self {
            any_input: true,
            ..self
        }
    }

    fn exact(name: &str, value: f64) -> Self {
        Self {
            exact: true,
            any_input: true,
            ..Self::sufficient(name, value, value)
        }
    }
}

/// Bounds of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateBound {
    /// Which part of the state.
    pub field: String,
    /// The least and the largest value of any unit; `None` if unbounded.
    pub range: Option<(f64, f64)>,
    /// Whether it holds for any input; otherwise, for inputs within the observed range.
    pub any_input: bool,
    /// The least and the largest value that was seen.
    pub seen: Option<(f64, f64)>,
    /// Units of which the bound does not exclude that inputs within the range saturate them (|h| > 0.95, or a
    /// spike at every step), and all units.
    #[serde(rename = "pinning_not_excluded", alias = "can_pin")]
    pub pinning: Option<Exclusion>,
}

/// The gains of a linear cell, from its input to its linear output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// sup over frequencies of |G|_2 (H∞): the largest factor of energy; on a grid, so from below.
    pub energy: f64,
    /// An upper bound of the factor from the largest input to the largest output.
    pub peak: f64,
    /// The longest memory, 1 / -ln max |L|, in steps; `None` where |L| >= 1.
    pub memory_steps: Option<f64>,
}

/// Theoretical results on a cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Theory {
    /// Recurrent weights.
    pub blocks: Vec<Block>,
    /// Conditions for contraction.
    pub contraction: Vec<Condition>,
    /// Bounds of the state.
    pub bounds: Vec<StateBound>,
    /// Of a linear cell.
    pub gain: Option<Gain>,
    /// Neurons that must fall silent without input, and all: of a spiking cell.
    pub silent: Option<(usize, usize)>,
}

impl Theory {
    /// What follows from the conditions.
    pub fn finding(&self) -> Finding {
        let best = (self.contraction.iter().filter_map(|c| c.factor)).reduce(f64::min);
        match best {
            Some(factor) => Finding::Shrinks(factor),
            None if self.contraction.iter().any(|c| c.exact && !c.holds) => Finding::Stays,
            None => Finding::Open,
        }
    }
}

/// Inputs of the theory of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The least and the largest value of each row of the input, `[I]`.
    pub input: &'a [(f64, f64)],
    /// The same of the state `[S]`, as it was seen.
    pub state: &'a [(f64, f64)],
}

/// Theoretical results on `cell`, which `layer` describes if the scenario names it.
pub fn theory(cell: &dyn Cell<f64>, layer: Option<&Layer>, heard: Heard) -> Theory {
    match (cell.name(), layer) {
        ("rnn", _) => rnn::theory(cell, heard),
        ("gru", _) => gru::theory(cell, heard),
        ("lstm", _) => lstm::theory(cell, heard),
        ("li", _) => leaky::theory(cell, heard),
        ("lif", Some(Layer::Lif(config))) => lif::theory(cell, config, heard),
        ("ssm" | "lru" | "ssm_block", _) => diagonal::theory(cell, heard),
        _ => Theory {
            blocks: cell
                .recurrent()
                .map_or_else(Vec::new, |u| vec![block("W_r", &u)]),
            ..Theory::default()
        },
    }
}

/// The parameter called `name`.
fn tensor<'a>(cell: &'a dyn Cell<f64>, name: &str) -> Option<&'a DMatrix<f64>> {
    let tensors = cell.params().tensors();
    (tensors.iter().find(|t| t.name == name)).map(|tensor| &tensor.value)
}

fn block(name: &str, u: &DMatrix<f64>) -> Block {
    Block {
        name: name.to_owned(),
        norm: norm(u),
        radius: eigenvalues(u).map(|found| radius(&found)),
    }
}

/// The least and the largest of W x over x in the ranges `input`, row by row.
fn products(w: &DMatrix<f64>, input: &[(f64, f64)]) -> Vec<(f64, f64)> {
    (w.row_iter())
        .map(|row| {
            row.iter()
                .zip(input)
                .fold((0.0, 0.0), |(l, h), (w, (low, high))| {
                    let (a, b) = (w * low, w * high);
                    (l + a.min(b), h + a.max(b))
                })
        })
        .collect()
}

/// Σ_j |u_ij|.
fn absolute(u: &DMatrix<f64>) -> Vec<f64> {
    (u.row_iter())
        .map(|row| row.iter().map(|u| u.abs()).sum())
        .collect()
}

/// The least and the largest observed values over all of `rows`.
fn seen(state: &[(f64, f64)], rows: std::ops::Range<usize>) -> Option<(f64, f64)> {
    let rows = state.get(rows)?;
    let low = rows.iter().map(|r| r.0).reduce(f64::min)?;
    let high = rows.iter().map(|r| r.1).reduce(f64::max)?;
    Some((low, high))
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The largest slope of the sigmoid between `low` and `high`: s (1 - s), 1/4 at 0.
fn sigmoid_slope((low, high): (f64, f64)) -> f64 {
    let nearest = 0f64.clamp(low, high);
    sigmoid(nearest) * (1.0 - sigmoid(nearest))
}

/// The largest slope of tanh between `low` and `high`: 1 - h², 1 at 0.
fn tanh_slope((low, high): (f64, f64)) -> f64 {
    let nearest = 0f64.clamp(low, high);
    1.0 - nearest.tanh().powi(2)
}

/// |h| above which a unit is pinned.
const PINNED: f64 = 0.95;

/// Units that the largest drive within their ranges would pin; whether that drive is ever reached is open.
fn pinning(drive: &[(f64, f64)]) -> Exclusion {
    let far = |(low, high): &&(f64, f64)| low.abs().max(high.abs()).tanh() > PINNED;
    (drive.iter().filter(far).count(), drive.len()).into()
}
