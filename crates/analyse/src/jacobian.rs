//! The derivative of one step of a cell by its state, from the cell's own reverse pass.
//!
//! With F the map h_{t-1} -> h_t of a cell under a given input,
//!
//! ```text
//! (1) J = ∂F/∂h_{t-1}                      [S, S]
//! (2) uᵀ J                                  the result of `advance_backward` for an adjoint u of h_t
//! ```
//!
//! S equal lanes with the identity as adjoint give all of (1) in one batched reverse step; n lanes carry n
//! vectors over a step by Jᵀ, at the cost of n lanes.
//!
//! A spike s = H(u) has slope 0 almost everywhere. Two derivatives are therefore distinguished:
//!
//! | [`Slope`] | ds/du | meaning |
//! |---|---|---|
//! | `True` | 0 | the derivative of the actual step, between changes of spikes: of the twin in [`super::without_surrogate`] |
//! | `Surrogate` | the surrogate's bump | the derivative used in training |
//!
//! The true one leaves out the jump where a perturbation adds or removes a spike; and since a small
//! perturbation does not change a spike before the step either, its columns of J are 0 like its rows.

use std::ops::Range;

use nalgebra::DMatrix;
use saturn_cell::{Cell, FieldKind, Input, Params, Recorded, ViewMut, column_mut, view, view_mut};
use serde::{Deserialize, Serialize};

/// Which derivative of a spike is taken; see the module's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slope {
    /// That of the step itself, 0.
    True,
    /// That of the surrogate.
    Surrogate,
}

/// One step of one lane, as it was run.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The drive `[D]`, as the forward kernels left it.
    pub drive: &'a [f64],
    /// The state before `[S]`.
    pub prev: &'a [f64],
    /// The state after `[S]`.
    pub next: &'a [f64],
}

/// Propagates vectors backwards over the steps of one cell. Allocates only at the start.
pub struct Reverse {
    lanes: usize,
    rows: (usize, usize),
    drive: Vec<f64>,
    prev: Vec<f64>,
    next: Vec<f64>,
    d_drive: Vec<f64>,
    /// Where the cell adds the gradient of its parameters, which is not looked at.
    unused: Params<f64>,
    spikes: Vec<Range<usize>>,
}

impl Reverse {
    /// For `lanes` vectors at a time.
    pub fn new(cell: &dyn Cell<f64>, lanes: usize) -> Self {
        let w = cell.widths();
        let spikes = cell.fields().into_iter();
        Self {
            lanes,
            rows: (w.drive, w.state),
            drive: vec![0.0; w.drive * lanes],
            prev: vec![0.0; w.state * lanes],
            next: vec![0.0; w.state * lanes],
            d_drive: vec![0.0; w.drive * lanes],
            unused: cell.params().zeros_like(),
            spikes: spikes
                .filter(|field| field.kind == FieldKind::Spikes)
                .map(|field| field.rows)
                .collect(),
        }
    }

    /// (2) Turns each column u of `adj [S, n]`, n up to the lanes, into Jᵀ u.
    pub fn carry(&mut self, cell: &dyn Cell<f64>, at: At, slope: Slope, mut adj: ViewMut<f64>) {
        let ((d, s), n) = (self.rows, adj.ncols());
        assert!(n <= self.lanes, "{n} vectors in {} lanes", self.lanes);
        for lane in 0..n {
            self.drive[lane * d..(lane + 1) * d].copy_from_slice(at.drive);
            self.prev[lane * s..(lane + 1) * s].copy_from_slice(at.prev);
            self.next[lane * s..(lane + 1) * s].copy_from_slice(at.next);
        }
        if slope == Slope::True {
            // A small perturbation does not change a spike, neither after the step nor before it.
            self.still(&mut adj);
        }
        self.d_drive[..d * n].fill(0.0);
        let recorded = Recorded {
            drive: view(&self.drive, d, n),
            prev: view(&self.prev, s, n),
            next: view(&self.next, s, n),
            spikes: None,
            left: None,
            read: None,
        };
        let d_drive = view_mut(&mut self.d_drive, d, n);
        cell.advance_backward(recorded, adj.as_view_mut(), d_drive, &mut self.unused);
        if slope == Slope::True {
            self.still(&mut adj);
        }
    }

    /// No adjoint of a spike.
    fn still(&self, adj: &mut ViewMut<f64>) {
        for lane in 0..adj.ncols() {
            let adj = column_mut(adj, lane);
            (self.spikes.iter()).for_each(|rows| adj[rows.clone()].fill(0.0));
        }
    }
}

/// Lanes of one batched reverse step of [`jacobian`].
const LANES: usize = 64;

/// (1) J `[S, S]` of the step `at`.
pub fn jacobian(cell: &dyn Cell<f64>, at: At, slope: Slope) -> DMatrix<f64> {
    let s = at.prev.len();
    let mut transposed = DMatrix::identity(s, s);
    let mut reverse = Reverse::new(cell, LANES.min(s));
    for start in (0..s).step_by(LANES) {
        let n = LANES.min(s - start);
        let columns = &mut transposed.as_mut_slice()[start * s..(start + n) * s];
        reverse.carry(cell, at, slope, view_mut(columns, s, n));
    }
    transposed.transpose()
}

/// One step of one lane, with room for its record.
pub struct Step {
    /// The drive `[D]`.
    pub drive: Vec<f64>,
    /// The state after the step `[S]`.
    pub next: Vec<f64>,
    /// The output `[O]`.
    pub output: Vec<f64>,
}

impl Step {
    /// Room for a step of `cell`.
    pub fn new(cell: &dyn Cell<f64>) -> Self {
        let w = cell.widths();
        Self {
            drive: vec![0.0; w.drive],
            next: vec![0.0; w.state],
            output: vec![0.0; w.output],
        }
    }

    /// One step from `prev [S]` on the one column of `x`.
    pub fn run(&mut self, cell: &dyn Cell<f64>, x: Input<f64>, prev: &[f64]) {
        let w = cell.widths();
        cell.project(x, view_mut(&mut self.drive, w.drive, 1));
        cell.advance(
            view_mut(&mut self.drive, w.drive, 1),
            view(prev, w.state, 1),
            view_mut(&mut self.next, w.state, 1),
        );
        cell.output().emit(
            view_mut(&mut self.drive, w.drive, 1),
            view(&self.next, w.state, 1),
            view_mut(&mut self.output, w.output, 1),
        );
    }

    /// The step from `prev`, which was run last.
    pub fn at<'a>(&'a self, prev: &'a [f64]) -> At<'a> {
        At {
            drive: &self.drive,
            prev,
            next: &self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use saturn_cell::gradcheck::{error, random};
    use saturn_cell::rng::generator;
    use saturn_cell::{CellConfig, column};

    use super::super::without_surrogate::still_cell;
    use super::*;
    use saturn_network::Layer;

    /// Every kind of layer with few units.
    fn layers() -> Vec<Layer> {
        let yaml = [
            "lif: {hidden: 5, recurrent: true}",
            "lif: {hidden: 5, recurrent: true, spike_reset: zero, reset_gradient: full}",
            "alif: {hidden: 4, recurrent: true}",
            "cuba_lif: {hidden: 4, recurrent: true}",
            "adlif: {hidden: 4, recurrent: true}",
            "resonate_and_fire: {hidden: 4, recurrent: true}",
            "li: {outputs: 3}",
            "rnn: {hidden: 6}",
            "gru: {hidden: 5}",
            "lstm: {hidden: 4}",
            "input_gated_rnn: {hidden: 5}",
            "surprisal_rnn: {hidden: 5}",
            "windowed_attention: {width: 4, heads: 2, window: 3}",
            "ssm: {width: 3, states: 4}",
            "lru: {width: 3, states: 4}",
            "selective_ssm: {width: 3}",
            "spiking_ssm: {width: 3, states: 4}",
            "ssm_block: {width: 6, states: 4}",
            "graph: {}",
        ];
        let layers: Vec<Layer> = yaml
            .iter()
            .map(|text| serde_saphyr::from_str(text).expect(text))
            .collect();
        for kind in Layer::KINDS.iter().filter(|kind| **kind != "linear") {
            assert!(layers.iter().any(|layer| layer.kind() == *kind), "{kind}");
        }
        layers
    }

    /// J by central differences of the step that is run, spikes and all.
    fn differences(cell: &dyn Cell<f64>, x: Input<f64>, at: &[f64]) -> DMatrix<f64> {
        let (s, epsilon) = (at.len(), 1e-6);
        let mut step = Step::new(cell);
        DMatrix::from_columns(
            &(0..s)
                .map(|j| {
                    let mut run = |by: f64| {
                        let mut moved = at.to_vec();
                        moved[j] += by;
                        step.run(cell, x, &moved);
                        nalgebra::DVector::from_column_slice(&step.next)
                    };
                    (run(epsilon) - run(-epsilon)) / (2.0 * epsilon)
                })
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_true_jacobian_of_every_cell_is_that_of_central_differences() {
        for layer in layers() {
            let inputs = layer.input_width().unwrap_or(7);
            let mut rng = generator(4, "init", 0);
            let cell = layer.build::<f64>(inputs, 10.0, &mut rng).unwrap();
            let x = random(inputs, 6, 1.5, 11);
            let mut fields = cell.fields().into_iter().chain(cell.drive_fields());
            let spiking = fields.any(|f| f.kind == FieldKind::Spikes);
            let twin = still_cell(cell.as_ref(), &layer, 10.0);
            assert_eq!(twin.is_some(), spiking, "{}", layer.kind());
            let twin = twin.unwrap_or_else(|| cell.boxed());
            // Along a short run, so that the state is one that the cell can have.
            let mut state = vec![0.0; cell.widths().state];
            cell.rest(&mut state);
            let mut step = Step::new(cell.as_ref());
            for t in 0..x.ncols() {
                let x = Input::Dense(x.columns(t, 1));
                let j = {
                    step.run(cell.as_ref(), x, &state);
                    jacobian(twin.as_ref(), step.at(&state), Slope::True)
                };
                let mut numeric = differences(cell.as_ref(), x, &state);
                for field in cell.fields().iter().filter(|f| f.kind == FieldKind::Spikes) {
                    numeric
                        .columns_mut(field.rows.start, field.rows.len())
                        .fill(0.0);
                }
                let error = error(&j, &numeric);
                assert!(error < 1e-7, "{} at step {t}: {error:.1e}", layer.kind());
                step.run(cell.as_ref(), x, &state);
                state.copy_from_slice(&step.next);
            }
        }
    }

    #[test]
    fn carrying_a_vector_is_the_product_with_the_transpose() {
        let layer: Layer = serde_saphyr::from_str("lif: {hidden: 5, recurrent: true}").unwrap();
        let cell = layer
            .build::<f64>(3, 10.0, &mut generator(4, "init", 0))
            .unwrap();
        let (x, state) = (random(3, 1, 2.0, 1), random(10, 1, 1.0, 2));
        let mut step = Step::new(cell.as_ref());
        step.run(cell.as_ref(), Input::Dense(x.as_view()), state.as_slice());
        let at = step.at(state.as_slice());
        for slope in [Slope::True, Slope::Surrogate] {
            let j = jacobian(cell.as_ref(), at, slope);
            let u = random(10, 2, 1.0, 3);
            let mut carried = u.clone();
            let mut reverse = Reverse::new(cell.as_ref(), 2);
            reverse.carry(cell.as_ref(), at, slope, carried.as_view_mut());
            assert!((j.transpose() * u - carried).norm() < 1e-12);
        }
        // The surrogate lets membranes act through spikes; the true derivative does not.
        let rows = |slope| jacobian(cell.as_ref(), at, slope).rows(5, 5).norm();
        assert!(rows(Slope::True).abs() < f64::MIN_POSITIVE);
        assert!(rows(Slope::Surrogate) > 0.0);
        assert_eq!(column(&state.as_view(), 0).len(), 10);
    }
}
