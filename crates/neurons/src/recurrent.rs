//! A layer of recurrent units with PyTorch's tensors: what the plain, gated and LSTM layers share.
//!
//! Input weights W, recurrent weights U and offsets b make sums for every unit, in blocks of H rows one above the
//! other; a cell adds what its units make of them by the trait [`Units`], whose [`Step`] holds its equations.
//!
//! ```text
//! (1) d_t = W x_t + b + U h_{t-1}      U adds to some of the rows, see [`Units::OWN`]
//! ```
//!
//! | symbol | field          | meaning                       | shape     |
//! |--------|----------------|-------------------------------|-----------|
//! | x      |                | input, values or event counts | `[I]`     |
//! | W      | `weight_ih_l0` | input weights                 | `[nH, I]` |
//! | U      | `weight_hh_l0` | recurrent weights             | `[mH, H]` |
//! | b      | `bias_ih_l0`   | offsets, if there are any     | `[nH]`    |
//! | d      | the drive      | sums                          | `[nH]`    |
//! | h      | state `h`      | activity, the output          | `[H]`     |

use std::fmt::Debug;
use std::ops::Range;

use saturn_cell::kernel::{self, Panels, Transposed};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Cell, CellConfig, ConfigError, Field, FieldKind, Input, Output, Params, Real, Recorded, Step,
    Synapses, View, ViewMut, Widths, advance_lanes, advance_lanes_backward,
};

use crate::fields::stacked;

/// Position of W among the parameters.
pub(crate) const W: usize = 0;
/// Position of U.
pub(crate) const U: usize = 1;
/// Position of b, if there are offsets.
pub(crate) const B: usize = 2;

/// What the units of a layer make of their sums. Each [`Step`] sees the drive with U h added.
pub trait Units<R: Real>: Step<R> + Clone + Debug + Send + Sync + 'static {
    /// The keys of the layer.
    type Config: CellConfig + Clone + Debug + Send + Sync;

    /// The kind of cell, as it is called in scenarios.
    const NAME: &'static str;

    /// Blocks of H rows of the state, of which the first is the activity h.
    const STATE: &'static [(&'static str, FieldKind)] = &[("h", FieldKind::Tanh)];

    /// The blocks of H rows of the drive that U adds to.
    const OWN: Range<usize>;

    /// The blocks of H rows of the drive that are gates once a step is done.
    const GATES: &'static [(&'static str, usize)] = &[];

    /// H.
    fn hidden(config: &Self::Config) -> usize;

    /// The parameters of a checked configuration on `inputs` inputs, W, U, then b, with weights from `rng`.
    fn draw(config: &Self::Config, inputs: usize, rng: &mut ChaCha8Rng) -> Params<R>;

    /// The units of a layer with these parameters.
    fn new(config: &Self::Config, params: &Params<R>) -> Self;

    /// Follows a change of the parameters.
    fn refresh(&mut self, _params: &Params<R>) {}

    /// Rows of the drive, D.
    fn drive_rows(params: &Params<R>) -> usize {
        params[W].nrows()
    }

    /// As [`Cell::drive_fields`] has them.
    fn drive_fields(&self, params: &Params<R>) -> Vec<Field> {
        let h = params[U].ncols();
        let gate = |&(name, block): &(&'static str, usize)| Field {
            name: name.into(),
            rows: block * h..(block + 1) * h,
            kind: FieldKind::Gate,
        };
        Self::GATES.iter().map(gate).collect()
    }

    /// As [`Cell::reads_drive`] has it.
    const READS_DRIVE: bool = true;

    /// Operations for each input event, and in every step.
    fn synapses(params: &Params<R>) -> (usize, usize) {
        (params[W].nrows(), params[U].len())
    }

    /// (1), all but U: sets `drive [D, N]`.
    fn project(&self, params: &Params<R>, x: Input<R>, mut drive: ViewMut<R>) {
        match params.tensors().get(B) {
            Some(b) => kernel::set_bias(&mut drive, b.value.as_slice()),
            None => kernel::fill_zero(&mut drive),
        }
        x.apply(params[W].as_view(), drive);
    }

    /// Adds to `drive [D, B]` what else than U h depends on `h [H, B]`.
    fn add_own(&self, _drive: &mut ViewMut<R>, _h: View<R>) {}

    /// Reverse of [`Self::add_own`]: adds to the adjoint `adj [H, B]` of h.
    fn add_own_backward(&self, _adj: ViewMut<R>, _d_drive: View<R>) {}

    /// (1)ᵀ, all but U.
    fn project_backward(
        &self,
        params: &Params<R>,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        x.apply_backward(d_drive, grad[W].as_view_mut());
        if let Some(b) = grad.tensors_mut().get_mut(B) {
            kernel::add_bias_backward(&d_drive, b.value.as_mut_slice());
        }
        if let Some(dx) = dx {
            kernel::set_transpose_product_where(dx, params[W].as_view(), d_drive, at.read);
        }
    }
}

/// A layer of H recurrent units on I inputs. Nothing depends on the length of a step.
#[derive(Clone, Debug)]
pub struct Recurrent<R: Real, N: Units<R>> {
    config: N::Config,
    pub(crate) params: Params<R>,
    /// U and its transpose, laid out for a product at every step.
    own: Panels<R>,
    own_t: Transposed<R>,
    units: N,
}

impl<R: Real, N: Units<R>> Recurrent<R, N> {
    /// A layer on `inputs` inputs, with weights from `rng`.
    pub fn new(
        config: &N::Config,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let params = N::draw(config, inputs, rng);
        Ok(Self {
            config: config.clone(),
            own: Panels::of(&params[U]),
            own_t: Transposed::of(&params[U]),
            units: N::new(config, &params),
            params,
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &N::Config {
        &self.config
    }

    /// H.
    fn hidden(&self) -> usize {
        N::hidden(&self.config)
    }

    /// The rows of the drive that U adds to: the first, and how many.
    fn own_rows(&self) -> (usize, usize) {
        let h = self.hidden();
        (N::OWN.start * h, N::OWN.len() * h)
    }
}

impl<R: Real, N: Units<R>> Cell<R> for Recurrent<R, N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn widths(&self) -> Widths {
        let h = self.hidden();
        Widths {
            input: self.params[W].ncols(),
            drive: N::drive_rows(&self.params),
            state: N::STATE.len() * h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        stacked(N::STATE, self.hidden())
    }

    fn drive_fields(&self) -> Vec<Field> {
        self.units.drive_fields(&self.params)
    }

    fn reads_drive(&self) -> bool {
        N::READS_DRIVE
    }

    fn synapses(&self) -> Synapses {
        let (per_input, always) = N::synapses(&self.params);
        Synapses {
            per_input,
            per_spike: 0,
            always,
        }
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.own.refresh(&self.params[U]);
        self.own_t.refresh(&self.params[U]);
        self.units.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn output(&self) -> Output<'_, R> {
        Output::Rows(0..self.hidden())
    }

    fn project(&self, x: Input<R>, drive: ViewMut<R>) {
        self.units.project(&self.params, x, drive); // (1), all but U
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        let ((first, rows), h) = (self.own_rows(), prev.rows(0, self.hidden()));
        self.own.add_product(drive.rows_mut(first, rows), h); // (1)
        self.units.add_own(&mut drive, h);
        advance_lanes(&self.units, drive, prev, next);
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let ((first, rows), h) = (self.own_rows(), self.hidden());
        let (lanes, d) = (adj.as_view_mut(), d_drive.as_view_mut());
        advance_lanes_backward(&self.units, at, lanes, d, grad);
        let d_own = d_drive.rows(first, rows);
        (self.own_t).add_product(adj.rows_mut(0, h), d_own); // (1)ᵀ for h
        (self.units).add_own_backward(adj.rows_mut(0, h), d_drive.as_view());
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let ((first, rows), h) = (self.own_rows(), at.prev.rows(0, self.hidden()));
        let d_own = d_drive.rows(first, rows);
        kernel::add_product_by_transpose(grad[U].as_view_mut(), d_own, h); // (1)ᵀ for U
        (self.units).project_backward(&self.params, x, at, d_drive, grad, dx);
    }
}
