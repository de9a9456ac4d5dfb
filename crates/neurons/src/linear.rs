//! A linear layer: a readout of scores, or an encoder in front of a net.
//!
//! The one cell without a state: every step stands alone.
//!
//! ```text
//! (1) y_t = W x_t + b
//! ```
//!
//! | symbol | field    | meaning                       | shape    |
//! |--------|----------|-------------------------------|----------|
//! | x      |          | input, values or event counts | `[I]`    |
//! | W      | `weight` | weights                       | `[O, I]` |
//! | b      | `bias`   | offset                        | `[O]`    |
//! | y      | output   | output, any real number       | `[O]`    |
//!
//! **Source.** PyTorch's `nn.Linear`, in its names, shapes and initialisation: all numbers start uniform
//! in ±1/sqrt(I). An output of n inputs of size 1 then starts at about ±sqrt(n / (3 I)): below ±0.6, so
//! that scores are close to even, from a few active channels of 700 up to a full dense layer.

use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Built, Cell, CellConfig, ConfigError, Count, Emit, Field, Input, Kind, Output, Params, Real,
    Recorded, Size, Synapses, View, ViewMut, Widths, init, kernel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a linear layer is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinearConfig {
    /// Number of outputs O; at least 1, default 1. A readout of classes has one output a class.
    pub out: usize,
    /// Whether each output has an offset, default true.
    pub bias: bool,
}

impl Default for LinearConfig {
    fn default() -> Self {
        Self { out: 1, bias: true }
    }
}

impl CellConfig for LinearConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("out", self.out)
    }

    fn size(&self, inputs: Count) -> Size {
        let o = Count::from(self.out);
        Size {
            parameters: o * inputs + o.only_if(self.bias),
            drive: o,
            unread: o,
            output: o,
            ..Size::default()
        }
    }

    fn build<R: Real>(&self, inputs: usize, dt_ms: f64, rng: &mut ChaCha8Rng) -> Built<R> {
        Ok(Box::new(Linear::new(self, inputs, dt_ms, rng)?))
    }
}

/// Positions of the parameters; the bias may be absent.
const W: usize = 0;
const BIAS: usize = 1;

/// A linear layer of O outputs. There is no state; the drive is y `[O]`.
#[derive(Clone, Debug)]
pub struct Linear<R: Real> {
    config: LinearConfig,
    inputs: usize,
    /// `weight [O, I]`, then, where configured, `bias [O, 1]`.
    params: Params<R>,
}

impl<R: Real> Linear<R> {
    /// A layer on `inputs` inputs, with weights from `rng`. Nothing depends on the length of a step.
    pub fn new(
        config: &LinearConfig,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let o = config.out;
        let bound = 1.0 / (inputs as f64).sqrt();
        let weight = init::uniform(o, inputs, bound, rng);
        let mut params = Params::new().with("weight", Kind::Weight, weight);
        if config.bias {
            params = params.with("bias", Kind::Bias, init::uniform(o, 1, bound, rng));
        }
        Ok(Self {
            config: config.clone(),
            inputs,
            params,
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &LinearConfig {
        &self.config
    }
}

impl<R: Real> Cell<R> for Linear<R> {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn widths(&self) -> Widths {
        Widths {
            input: self.inputs,
            drive: self.config.out,
            state: 0,
            output: self.config.out,
        }
    }

    fn fields(&self) -> Vec<Field> {
        Vec::new()
    }

    fn synapses(&self) -> Synapses {
        Synapses {
            per_input: self.config.out,
            ..Synapses::default()
        }
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn reads_drive(&self) -> bool {
        false
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        if self.config.bias {
            kernel::set_bias(&mut drive, self.params[BIAS].as_slice());
        } else {
            kernel::fill_zero(&mut drive);
        }
        x.apply(self.params[W].as_view(), drive); // (1)
    }

    fn advance(&self, _drive: ViewMut<R>, _prev: View<R>, _next: ViewMut<R>) {}

    fn output(&self) -> Output<'_, R> {
        Output::Emitted(self)
    }

    fn advance_backward(
        &self,
        _at: Recorded<R>,
        _adj: ViewMut<R>,
        _d_drive: ViewMut<R>,
        _grad: &mut Params<R>,
    ) {
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
        if self.config.bias {
            kernel::add_bias_backward(&d_drive, grad[BIAS].as_mut_slice());
        }
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[W].as_view(), d_drive);
        }
    }
}

impl<R: Real> Emit<R> for Linear<R> {
    fn emit(&self, drive: ViewMut<R>, _states: View<R>, mut y: ViewMut<R>) {
        kernel::copy(&mut y, &drive.as_view());
    }

    fn emit_backward(
        &self,
        _at: Recorded<R>,
        dy: View<R>,
        _d_states: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        _grad: &mut Params<R>,
    ) {
        kernel::copy(&mut d_drive, &dy);
    }
}

#[cfg(test)]
mod tests;
