//! Leaky integrators (LI): the readout of a spiking net.
//!
//! A membrane without a threshold. It turns spikes into smooth numbers, such as the scores of classes,
//! with a memory of its own:
//!
//! ```text
//! (1) d_t = W x_t + b
//! (2) v_t = a v_{t-1} + g d_t
//! (3) y_t = v_t
//! ```
//!
//! Decays and their learning are in [`crate::decay`].
//!
//! | symbol | field         | meaning                       | unit  | shape  |
//! |--------|---------------|-------------------------------|-------|--------|
//! | x      |               | input, values or event counts | 1     | `[I]`    |
//! | W      | `weight`      | input weights                 | score | `[O, I]` |
//! | b      | `bias`        | constant input                | score | `[O]`    |
//! | a      | `tau_mem_ms`  | decay exp(-dt / tau_mem)      | 1     | `[O]`    |
//! | g      | `input_scale` | 1 - a or 1                    | 1     | `[O]`    |
//! | v      | state `v`     | membrane potential            | score | `[O]`    |
//!
//! **Sources and kin.** The readout of Bellec et al. 2020 has `input_scale: one`. snnTorch's
//! `Leaky(beta=a, reset_mechanism="none")` has this v as its membrane for `input_scale: one`.

use multiversion::multiversion;
use nalgebra::DMatrix;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Field, FieldKind, Input, Kind, Output, Params,
    Real, Recorded, Size, Synapses, View, ViewMut, Widths, column, column_mut, init, kernel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decay::{Decays, InputScale, TimeConstants};

/// What a layer of leaky integrators is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LiConfig {
    /// Number of outputs O; at least 1, default 1. A readout of classes has one output a class.
    pub outputs: usize,
    /// Time constant in ms, one number or a range to draw from; greater than 0, default 50. Larger
    /// averages over a longer time and answers later.
    pub tau_mem_ms: TimeConstants,
    /// Whether time constants are learnt, one an output, default true.
    pub learn_tau: bool,
    /// What the input is multiplied by: 1 or 1 - a, default `decay`, which is an average over time.
    pub input_scale: InputScale,
    /// Whether each output has a constant input, which starts at 0, default true.
    pub bias: bool,
    /// Initial weights are normal with standard deviation `input_gain / sqrt(I)`; at least 0, default 1.
    /// Larger starts with scores further apart.
    pub input_gain: f64,
}

impl Default for LiConfig {
    fn default() -> Self {
        Self {
            outputs: 1,
            tau_mem_ms: TimeConstants::Same(50.0),
            learn_tau: true,
            input_scale: InputScale::Decay,
            bias: true,
            input_gain: 1.0,
        }
    }
}

impl CellConfig for LiConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("outputs", self.outputs)?;
        self.tau_mem_ms.check("tau_mem_ms")?;
        ConfigError::unless_at_least_zero("input_gain", self.input_gain)
    }

    fn size(&self, inputs: Count) -> Size {
        let o = Count::from(self.outputs);
        Size {
            parameters: o * inputs + o.only_if(self.bias) + o.only_if(self.learn_tau),
            drive: o,
            state: o,
            output: o,
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Li::new(self, inputs, dt_ms, rng)?))
    }
}

/// Position of the weights among the parameters; the others may be absent.
const W: usize = 0;

/// A layer of O leaky integrators. The state is v `[O]`; the drive is d `[O]`.
#[derive(Clone, Debug)]
pub struct Li<R: Real> {
    config: LiConfig,
    inputs: usize,
    /// `weight [O, I]`, then, where configured, `bias [O, 1]`, `tau_mem_logit [O, 1]`.
    params: Params<R>,
    bias: Option<usize>,
    decays: Decays<R>,
}

impl<R: Real> Li<R> {
    /// A layer on `inputs` inputs for steps of `dt_ms`, with weights and time constants from `rng`.
    pub fn new(
        config: &LiConfig,
        inputs: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let o = config.outputs;
        let mut decays = Decays::new(&config.tau_mem_ms, config.input_scale, o, dt_ms, rng)?;
        let weight = init::normal(o, inputs, config.input_gain / (inputs as f64).sqrt(), rng);
        let mut params = Params::new().with("weight", Kind::Weight, weight);
        let mut bias = None;
        if config.bias {
            bias = Some(params.tensors().len());
            params = params.with("bias", Kind::Bias, DMatrix::zeros(o, 1));
        }
        if config.learn_tau {
            decays.learn("tau_mem_logit", &mut params);
        }
        Ok(Self {
            config: config.clone(),
            inputs,
            params,
            bias,
            decays,
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &LiConfig {
        &self.config
    }

    /// Time constants `[O]`, in ms.
    pub fn tau_mem_ms(&self) -> &[f64] {
        self.decays.tau_ms()
    }

    /// Sets the time constants `[O]`, in ms: for weights that come from elsewhere.
    pub fn set_tau_mem_ms(&mut self, tau_ms: &[f64]) -> Result<(), ConfigError> {
        self.decays
            .set_tau_ms(tau_ms, "tau_mem_ms", &mut self.params)
    }
}

impl<R: Real> Cell<R> for Li<R> {
    fn name(&self) -> &'static str {
        "li"
    }

    fn widths(&self) -> Widths {
        let o = self.config.outputs;
        Widths {
            input: self.inputs,
            drive: o,
            state: o,
            output: o,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "v",
            rows: 0..self.config.outputs,
            kind: FieldKind::Value,
        }]
    }

    fn synapses(&self) -> Synapses {
        Synapses {
            per_input: self.config.outputs,
            ..Synapses::default()
        }
    }

    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        vec![("tau_mem_ms", self.decays.tau_ms())]
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.decays.refresh(&self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        match self.bias {
            Some(bias) => kernel::set_bias(&mut drive, self.params[bias].as_slice()),
            None => kernel::fill_zero(&mut drive),
        }
        x.apply(self.params[W].as_view(), drive); // (1)
    }

    fn advance(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        leak(self, drive, prev, next); // (2)
    }

    fn output(&self) -> Output<'_, R> {
        Output::Rows(0..self.config.outputs)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        leak_backward(self, at, adj, d_drive, grad); // (2)ᵀ
    }

    fn project_backward(
        &self,
        x: Input<R>,
        _at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        // (1)ᵀ
        x.apply_backward(d_drive, grad[W].as_view_mut());
        if let Some(bias) = self.bias {
            kernel::add_bias_backward(&d_drive, grad[bias].as_mut_slice());
        }
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[W].as_view(), d_drive);
        }
    }
}

/// (2)
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn leak<R: Real>(cell: &Li<R>, drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
    let drive: View<R> = drive.as_view();
    for lane in 0..prev.ncols() {
        let dynamics = cell.decays.decay().iter().zip(cell.decays.gain());
        let past = column(&prev, lane).iter().zip(column(&drive, lane));
        let v_next = column_mut(&mut next, lane).iter_mut();
        for ((v_next, (&a, &g)), (&v, &d)) in v_next.zip(dynamics).zip(past) {
            *v_next = a * v + g * d; // (2)
        }
    }
}

/// (2)ᵀ
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn leak_backward<R: Real>(
    cell: &Li<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
    grad: &mut Params<R>,
) {
    for lane in 0..at.prev.ncols() {
        let adj = column_mut(&mut adj, lane);
        // (2)ᵀ for the time constants.
        if let Some(tau) = cell.decays.position() {
            let gain_slope = cell.decays.gain_slope();
            let past = column(&at.prev, lane).iter().zip(column(&at.drive, lane));
            let into = grad[tau].as_mut_slice().iter_mut().zip(cell.decays.slope());
            for (((d_rho, &slope), &adj), (&v, &d)) in into.zip(&*adj).zip(past) {
                *d_rho += slope * adj * (v + gain_slope * d);
            }
        }
        // (2)ᵀ for the state and the drive.
        let dynamics = cell.decays.decay().iter().zip(cell.decays.gain());
        let delta = column_mut(&mut d_drive, lane).iter_mut();
        for ((adj, delta), (&a, &g)) in adj.iter_mut().zip(delta).zip(dynamics) {
            *delta = g * *adj;
            *adj *= a;
        }
    }
}
