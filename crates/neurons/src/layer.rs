//! A layer of neurons with weights in front of it: what the spiking cells and the leaky readout share.
//!
//! The input current of all neurons is equation (1) of [`crate::fan_in`]. A cell adds its dynamics by the trait
//! [`Neurons`], whose [`Step`] holds its equations. The last H rows of the state are the output: spikes, where the
//! neurons spike.

use std::cell::RefCell;

use nalgebra::DMatrix;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Cell, CellConfig, ConfigError, EventBatch, Field, FieldKind, Input, Name, Output, Params, Real,
    Recorded, Step, Synapses, View, ViewMut, Widths, advance_lanes, advance_lanes_backward, column,
    column_mut,
};

use crate::fan_in::{FanIn, FanInConfig};
use crate::fields::stacked;
use crate::firing::Firing;

/// The dynamics of a kind of neurons. Each [`Step`] sees the drive with W_r s added.
pub trait Neurons<R: Real>: Step<R> + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The keys of the layer.
    type Config: CellConfig + Clone + std::fmt::Debug + Send + Sync;

    /// The kind of cell, as it is called in scenarios.
    const NAME: &'static str;

    /// Blocks of H rows of the drive, of which the first is the input current.
    const DRIVE: usize = 1;

    /// The keys of the weights.
    fn fan_in(config: &Self::Config) -> FanInConfig;

    /// Neurons of a checked configuration for steps of `dt_ms`, with dynamics from `rng`.
    fn draw(config: &Self::Config, dt_ms: f64, rng: &mut ChaCha8Rng) -> Result<Self, ConfigError>;

    /// `weights [H, _]` divided by what their sum is multiplied by, so that a layer starts with the same effective
    /// weights for any time constants.
    fn divide_by_gain(&self, weights: DMatrix<R>) -> DMatrix<R> {
        weights
    }

    /// Adds what `config` lets be learnt of the dynamics to `params`.
    fn learn(&mut self, config: &Self::Config, params: &mut Params<R>);

    /// Follows a change of the parameters.
    fn refresh(&mut self, params: &Params<R>);

    /// Time constants in ms, as [`Cell::time_constants_ms`] has them.
    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])>;

    /// Constants, as [`Cell::constants`] has them.
    fn constants(&self) -> Vec<(Name, &[R])>;

    /// The blocks of H rows that the state is made of; the last is the output.
    fn blocks(&self) -> &'static [(&'static str, FieldKind)];

    /// As [`Cell::reads_drive`] has it.
    fn reads_drive(&self) -> bool {
        true
    }

    /// When the neurons spike, if they do.
    fn firing(&self) -> Option<&Firing<R>>;

    /// How far neuron `i` is above its threshold in `state [S]`.
    #[inline(always)]
    fn excess(&self, state: &[R], i: usize) -> R {
        self.firing().map_or(R::zero(), |f| state[i] - f.threshold)
    }

    /// Sets again those parts of `next [S]` that read the spikes of the same step: in relaxed mode, once these are set.
    fn follow(&self, _prev: &[R], _next: &mut [R]) {}
}

/// A layer of H neurons on I inputs. The state is made of the blocks of [`Neurons::blocks`]; the drive's first H
/// rows are the input current.
#[derive(Clone, Debug)]
pub struct Layer<R: Real, N: Neurons<R>> {
    config: N::Config,
    /// `weight [H, I]`, then, where configured, `bias [H, 1]`, `recurrent [H, H]` or `recurrent_values [1, H K]`, then what is
    /// learnt of the dynamics, each `[H, 1]`.
    pub(crate) params: Params<R>,
    fan_in: FanIn<R>,
    pub(crate) neurons: N,
    relaxed: bool,
}

impl<R: Real, N: Neurons<R>> Layer<R, N> {
    /// A layer on `inputs` inputs for steps of `dt_ms`, with weights and dynamics from `rng`.
    pub fn new(
        config: &N::Config,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let mut neurons = N::draw(config, dt_ms, rng)?;
        let scale = |weights| neurons.divide_by_gain(weights);
        let (fan_in, mut params) = FanIn::new(&N::fan_in(config), inputs, scale, rng)?;
        neurons.learn(config, &mut params);
        Ok(Self {
            config: config.clone(),
            params,
            fan_in,
            neurons,
            relaxed: false,
        })
    }

    /// The same layer with the surrogate's antiderivative in place of the step function: no longer a spiking layer,
    /// but one whose gradients central differences can check.
    #[must_use]
    pub fn relaxed(mut self) -> Self {
        self.relaxed = true;
        self
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &N::Config {
        &self.config
    }

    /// H.
    fn hidden(&self) -> usize {
        self.fan_in.hidden()
    }

    /// Relaxed mode: sets the spikes of `next [S, B]`, and what follows from them.
    fn relax(&self, prev: &View<R>, next: &mut ViewMut<R>) {
        let Some(firing) = self.neurons.firing() else {
            return;
        };
        for lane in 0..next.ncols() {
            let state = column_mut(next, lane);
            let first = state.len() - self.hidden();
            for i in 0..self.hidden() {
                state[first + i] = firing.relaxed(self.neurons.excess(state, i));
            }
            self.neurons.follow(column(prev, lane), state);
        }
    }
}

saturn_cell::for_each_isa! {
    /// psi of every neuron in `state [S]`.
    fn set_slopes<R: Real, N: Neurons<R>>(
        neurons: &N,
        firing: &Firing<R>,
        state: &[R],
        slopes: &mut [R],
    ) {
        for (i, slope) in slopes.iter_mut().enumerate() {
            *slope = neurons.excess(state, i);
        }
        firing.slopes(slopes);
    }
}

impl<R: Real, N: Neurons<R>> Cell<R> for Layer<R, N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn widths(&self) -> Widths {
        let h = self.hidden();
        Widths {
            input: self.fan_in.inputs(),
            drive: N::DRIVE * h,
            state: self.neurons.blocks().len() * h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        stacked(self.neurons.blocks(), self.hidden())
    }

    fn spikes(&self) -> bool {
        self.neurons.firing().is_some() && !self.relaxed
    }

    fn active(&self, states: View<R>, into: &mut EventBatch) -> bool {
        let Some(firing) = self.neurons.firing().filter(|f| f.is_windowed()) else {
            return false;
        };
        for j in 0..states.ncols() {
            let state = column(&states, j);
            into.push_set(|slopes| set_slopes(&self.neurons, firing, state, slopes));
        }
        true
    }

    fn reads_drive(&self) -> bool {
        self.neurons.reads_drive()
    }

    fn synapses(&self) -> Synapses {
        self.fan_in.synapses()
    }

    fn recurrent_with_zeros(&self) -> Option<DMatrix<R>> {
        self.fan_in.recurrent_with_zeros(&self.params)
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        self.neurons.time_constants_ms()
    }

    fn constants(&self) -> Vec<(Name, &[R])> {
        self.neurons.constants()
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.fan_in.refresh(&self.params);
        self.neurons.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn output(&self) -> Output<'_, R> {
        let end = self.neurons.blocks().len() * self.hidden();
        Output::Rows(end - self.hidden()..end)
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        let current = drive.rows_mut(0, self.hidden());
        self.fan_in.project(&self.params, x, current); // (1), all but W_r
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
        let mut current = drive.rows_mut(0, self.hidden());
        self.fan_in.add_own(&self.params, &mut current, &prev); // (1)
        advance_lanes(&self.neurons, drive, prev, next.as_view_mut());
        if self.relaxed {
            self.relax(&prev, &mut next);
        }
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let (lanes, d) = (adj.as_view_mut(), d_drive.as_view_mut());
        advance_lanes_backward(&self.neurons, at, lanes, d, grad);
        if !self.fan_in.is_recurrent() {
            return;
        }
        thread_local!(static ACTIVE: RefCell<EventBatch> = RefCell::default());
        ACTIVE.with_borrow_mut(|active| {
            active.clear(self.hidden());
            let few = at.left.is_some_and(|left| self.active(left, active));
            let (read, d) = (few.then(|| active.view()), d_drive.rows(0, self.hidden()));
            (self.fan_in).add_own_backward(&self.params, &mut adj, d, read); // (1)ᵀ for the spikes before
        });
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let (spikes, d_current) = ((at, self.relaxed), d_drive.rows(0, self.hidden()));
        (self.fan_in).project_backward(&self.params, x, spikes, d_current, grad, dx); // (1)ᵀ
    }
}
