//! A quantised cell: another cell's kernels on stored weights, with every new state rounded to its grid.
//!
//! ```text
//! (1) W' = Q_w(W),   h_t = Q_h(advance(x_t, h_{t-1}; W'))
//! (1)ᵀ dL/dW = dL/dW',   dL/d advance = dL/dh_t, 0 where h_t lies at an end of its range
//! ```
//!
//! (1)ᵀ is the straight-through gradient (Bengio et al. 2013; clipped at saturation as in Jacob et al. 2018, §3).
//! The inner cell's reverse pass uses the stored values, like its forward pass. Parameters, gradients and
//! optimiser are those of W in full precision; W' is recomputed whenever W changes.

use std::ops::Range;

use nalgebra::DMatrix;
use saturn_cell::{
    Cell, Field, FieldKind, Input, Name, Output, Params, Real, Recorded, RngPosition, Synapses,
    View, ViewMut, Widths, column, column_mut,
};

use super::config::{Format, PrecisionConfig, Rounding};
use super::grid::Grid;
use super::random::Key;
use super::weights;

/// A cell with stored weights and states.
pub struct Quantised<R: Real> {
    /// Computes with W'.
    inner: Box<dyn Cell<R>>,
    /// W.
    params: Params<R>,
    weights: Format,
    rounding: Rounding,
    /// Rows of the state and the values that they may take; all other rows are left in full.
    fields: Vec<(Range<usize>, Grid<R>)>,
    seed: u64,
    layer: u64,
}

impl<R: Real> Quantised<R> {
    /// `cell` as it is stored under `config`, with `ranges` of its [`stored_fields`], in order. Random numbers
    /// follow from `seed` and `layer`.
    pub fn new(
        cell: &dyn Cell<R>,
        config: &PrecisionConfig,
        ranges: &[f64],
        seed: u64,
        layer: u64,
    ) -> Self {
        let grids = grids(cell, config, ranges).into_iter();
        let grids = grids.map(|(field, grid)| (field.rows, grid)).collect();
        Self::on(cell, config.weights, config.rounding, grids, seed, layer)
    }

    /// `cell` with states on the grids `fields`, row by row.
    pub fn on(
        cell: &dyn Cell<R>,
        weights: Format,
        rounding: Rounding,
        fields: Vec<(Range<usize>, Grid<R>)>,
        seed: u64,
        layer: u64,
    ) -> Self {
        let mut quantised = Self {
            params: cell.params().clone(),
            inner: cell.boxed(),
            weights,
            rounding,
            fields,
            seed,
            layer,
        };
        quantised.store();
        quantised
    }

    /// W' from W.
    fn store(&mut self) {
        let Self {
            inner,
            params,
            weights,
            ..
        } = self;
        inner.update(&mut |stored| {
            stored.clone_from(params);
            weights::store(stored, *weights);
        });
    }

    /// Rounds the states `next [S, B]` to their grids.
    fn settle(&self, mut next: ViewMut<R>, at: RngPosition) {
        for lane in 0..next.ncols() {
            let state = column_mut(&mut next, lane);
            match self.rounding {
                Rounding::Nearest => {
                    for (rows, grid) in &self.fields {
                        grid.nearest(&mut state[rows.clone()]);
                    }
                }
                Rounding::Stochastic => {
                    let key = Key::new(self.seed, self.layer, at, lane);
                    for (rows, grid) in &self.fields {
                        grid.stochastic(&mut state[rows.clone()], key, rows.start as u32);
                    }
                }
            }
        }
    }
}

/// The quantised fields of a state: all except spikes, which are one bit anyway.
pub fn stored_fields<R: Real>(cell: &dyn Cell<R>) -> Vec<Field> {
    let mut fields = cell.fields();
    fields.retain(|field| field.kind != FieldKind::Spikes);
    fields
}

/// These fields with the values that they may take under `config`, in `ranges`.
pub fn grids<R: Real>(
    cell: &dyn Cell<R>,
    config: &PrecisionConfig,
    ranges: &[f64],
) -> Vec<(Field, Grid<R>)> {
    let ranges = ranges.iter().copied().chain(std::iter::repeat(1.0));
    (stored_fields(cell).into_iter().zip(ranges))
        .map(|(field, range)| (field, Grid::new(config.states, range, config.scale)))
        .collect()
}

impl<R: Real> Cell<R> for Quantised<R> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn widths(&self) -> Widths {
        self.inner.widths()
    }

    fn fields(&self) -> Vec<Field> {
        self.inner.fields()
    }

    fn drive_fields(&self) -> Vec<Field> {
        self.inner.drive_fields()
    }

    fn moduli(&self) -> Option<Vec<R>> {
        self.inner.moduli()
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        self.inner.constants()
    }

    fn spikes(&self) -> bool {
        self.inner.spikes()
    }

    fn reads_drive(&self) -> bool {
        self.inner.reads_drive()
    }

    fn recurrent_with_zeros(&self) -> Option<DMatrix<R>> {
        self.inner.recurrent_with_zeros()
    }

    fn synapses(&self) -> Synapses {
        self.inner.synapses()
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.store();
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(Self {
            inner: self.inner.boxed(),
            params: self.params.clone(),
            fields: self.fields.clone(),
            ..*self
        })
    }

    fn rest(&self, state: &mut [R]) {
        self.inner.rest(state);
    }

    fn project(&self, x: Input<R>, drive: ViewMut<R>) {
        self.inner.project(x, drive);
    }

    fn advance(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        self.advance_at(drive, prev, next, RngPosition::default());
    }

    fn advance_at(&self, drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>, at: RngPosition) {
        self.inner.advance_at(drive, prev, next.as_view_mut(), at);
        self.settle(next, at); // (1)
    }

    fn output(&self) -> Output<'_, R> {
        self.inner.output()
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        for lane in 0..adj.ncols() {
            let (next, adj) = (column(&at.next, lane), column_mut(&mut adj, lane));
            for (rows, grid) in &self.fields {
                let pairs = adj[rows.clone()].iter_mut().zip(&next[rows.clone()]);
                for (adj, _) in pairs.filter(|(_, h)| grid.is_end(**h)) {
                    *adj = R::zero(); // (1)ᵀ
                }
            }
        }
        self.inner.advance_backward(at, adj, d_drive, grad);
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        self.inner.project_backward(x, at, d_drive, grad, dx);
    }
}
