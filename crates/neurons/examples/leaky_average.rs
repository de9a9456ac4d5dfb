//! Moving averages, each as slow as it has learnt to be: the smallest cell that is whole.
//!
//! This file is the worked example of `CONTRIBUTING.md`. A cell of its own would stand in `crates/neurons/src` or
//! `crates/ssm/src`, where what is `crate` here is its module.
//!
//! ```text
//! (1) d_t = W x_t + c
//! (2) h_t = a h_{t-1} + (1 - a) d_t,   a = sigmoid(rho)
//! ```
//!
//! The output is h.
//!
//! | symbol | field     | meaning                                | unit | shape    |
//! |--------|-----------|----------------------------------------|------|----------|
//! | x      |           | input, values or event counts          | 1    | `[I]`    |
//! | W      | `weight`  | input weights                          | 1    | `[H, I]` |
//! | c      | `bias`    | what an average goes to without input  | 1    | `[H]`    |
//! | a      | `decay`   | share of the past that a step keeps    | 1    | `[H]`    |
//! | rho    | `decay_logit` | what is learnt of a                | 1    | `[H]`    |
//! | d      | the drive | what is averaged                       | 1    | `[H]`    |
//! | h      | state `h` | average                                | 1    | `[H]`    |
//!
//! **Source.** Brown 1956 (exponential smoothing). **Departures.** a is learnt, one a unit.

use nalgebra::DMatrix;
use saturn_cell::kernel::{self, each};
use saturn_cell::rng::{ChaCha8Rng, generator};
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Field, FieldKind, Input, Kind, Lane, Output,
    Params, Real, Recorded, Size, Step, Stream, Synapses, View, ViewMut, Widths, advance_lanes,
    advance_lanes_backward, elementary, init,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Positions of the parameters.
const W: usize = 0;
const BIAS: usize = 1;
const RHO: usize = 2;

/// What a layer of moving averages is made of: its keys in a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LeakyAverageConfig {
    /// Number of averages H; at least 1, default 64.
    pub hidden: usize,
    /// Initial share of the past that a step keeps, no unit; above 0 and below 1, default 0.9. Larger is slower.
    pub decay: f64,
}

impl Default for LeakyAverageConfig {
    fn default() -> Self {
        Self {
            hidden: 64,
            decay: 0.9,
        }
    }
}

impl CellConfig for LeakyAverageConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)?;
        let inside = 0.0 < self.decay && self.decay < 1.0;
        ConfigError::unless(inside, "decay", self.decay, "above 0 and below 1")
    }

    fn size(&self, inputs: Count) -> Size {
        let h = Count::from(self.hidden);
        Size {
            parameters: h * inputs + 2 * h,
            drive: h,
            state: h,
            output: h,
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, _dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(LeakyAverage::new(self, inputs, rng)?))
    }
}

/// A layer of H moving averages.
#[derive(Clone, Debug)]
pub struct LeakyAverage<R: Real> {
    /// `weight [H, I]`, `bias [H, 1]`, `decay_logit [H, 1]`.
    params: Params<R>,
    /// a `[H]`, recomputed when the parameters change.
    decay: Vec<R>,
}

impl<R: Real> LeakyAverage<R> {
    /// A layer on `inputs` inputs, with weights from `rng`.
    pub fn new(
        config: &LeakyAverageConfig,
        inputs: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let (h, rho) = (config.hidden, (config.decay / (1.0 - config.decay)).ln());
        let weight = init::normal(h, inputs, 1.0 / (inputs as f64).sqrt(), rng);
        let mut cell = Self {
            params: Params::new()
                .with("weight", Kind::Weight, weight)
                .with("bias", Kind::Bias, DMatrix::zeros(h, 1))
                .with(
                    "decay_logit",
                    Kind::Dynamics,
                    DMatrix::from_element(h, 1, R::of(rho)),
                ),
            decay: vec![R::zero(); h],
        };
        cell.update(&mut |_| {});
        Ok(cell)
    }
}

impl<R: Real> Cell<R> for LeakyAverage<R> {
    fn name(&self) -> &'static str {
        "leaky_average"
    }

    fn widths(&self) -> Widths {
        let h = self.decay.len();
        Widths {
            input: self.params[W].ncols(),
            drive: h,
            state: h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "h".into(),
            rows: 0..self.decay.len(),
            kind: FieldKind::Value,
        }]
    }

    fn synapses(&self) -> Synapses {
        Synapses {
            per_input: self.decay.len(),
            per_spike: 0,
            always: 2 * self.decay.len(),
        }
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        for (a, &rho) in self.decay.iter_mut().zip(&self.params[RHO]) {
            *a = elementary::sigmoid(rho);
        }
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn output(&self) -> Output<'_, R> {
        Output::Rows(0..self.decay.len())
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        kernel::set_bias(&mut drive, self.params[BIAS].as_slice()); // (1)
        x.apply(self.params[W].as_view(), drive); // (1), one gather an event
    }

    fn advance(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        advance_lanes(self, drive, prev, next); // (2)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        advance_lanes_backward(self, at, adj, d_drive, grad); // (2)ᵀ
    }

    fn project_backward(
        &self,
        x: Input<R>,
        _at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        x.apply_backward(d_drive, grad[W].as_view_mut()); // (1)ᵀ
        kernel::add_bias_backward(&d_drive, grad[BIAS].as_mut_slice()); // (1)ᵀ
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[W].as_view(), d_drive); // (1)ᵀ
        }
    }
}

impl<R: Real> Step<R> for LeakyAverage<R> {
    /// (2)
    #[inline(always)]
    fn step(&self, d: &mut [R], h: &[R], h_next: &mut [R]) {
        each([h_next], [&self.decay, h, d], |_, [a, h, d]| {
            [a * h + (R::one() - a) * d] // (2)
        });
    }

    /// (2)ᵀ
    #[inline(always)]
    fn step_backward(&self, at: Lane<'_, R>, adj: &mut [R], delta: &mut [R], grad: &mut Params<R>) {
        let (d_rho, a) = (grad[RHO].as_mut_slice(), self.decay.as_slice());
        let past = [a, &*adj, at.prev, at.drive];
        each([d_rho], past, |[d_rho], [a, adj, h, d]| {
            [d_rho + a * (R::one() - a) * (h - d) * adj]
        });
        each([delta, adj], [a], |[_, adj], [a]| {
            [(R::one() - a) * adj, a * adj]
        });
    }
}

/// Runs one average on a step from 0 to 1.
fn main() -> Result<(), ConfigError> {
    let config = LeakyAverageConfig {
        hidden: 1,
        decay: 0.5,
    };
    let mut cell = LeakyAverage::<f64>::new(&config, 1, &mut generator(1, "init", 0))?;
    cell.update(&mut |p| p[W].fill(1.0));
    let (one, mut stream) = (DMatrix::from_element(1, 1, 1.0), Stream::new(&cell, 1));
    for t in 1..=3 {
        stream.step(&cell, Input::Dense(one.as_view()));
        assert!((stream.output()[0] - (1.0 - 0.5f64.powi(t))).abs() < 1e-15);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use saturn_cell::agree::assert_twins;
    use saturn_cell::gradcheck::{Setup, assert_gradients};

    use super::*;

    fn config() -> LeakyAverageConfig {
        LeakyAverageConfig {
            hidden: 5,
            ..LeakyAverageConfig::default()
        }
    }

    #[test]
    fn a_step_is_answered_by_one_minus_a_power() {
        main().unwrap();
    }

    #[test]
    fn gradients() {
        let cell = LeakyAverage::new(&config(), 4, &mut generator(3, "init", 0)).unwrap();
        assert_gradients(&cell, Setup::default());
    }

    #[test]
    fn stream_equals_sequence_and_dense_equals_events() {
        assert_twins(&config(), 4);
    }

    #[test]
    fn bad_configurations_are_named() {
        let read = |text| serde_json::from_str::<LeakyAverageConfig>(text);
        let bad = read(r#"{"decay": 1}"#).unwrap().check().unwrap_err();
        assert_eq!(
            bad.to_string(),
            "`decay` is 1: it must be above 0 and below 1"
        );
        let unknown = read(r#"{"tau": 3}"#).unwrap_err().to_string();
        assert!(unknown.starts_with("unknown field `tau`"));
    }
}
