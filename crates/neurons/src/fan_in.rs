//! What reaches a layer of spiking neurons: its input, a bias, and its own spikes of the step before.
//!
//! ```text
//! (1) d_t = W x_t + c + W_r s_{t-1}
//! ```
//!
//! | symbol | parameter   | meaning                             | shape    |
//! |--------|-------------|-------------------------------------|----------|
//! | x      |             | input, values or event counts       | `[I, N]` |
//! | W      | `weight`    | input weights                       | `[H, I]` |
//! | c      | `bias`      | constant input, if there is one     | `[H]`    |
//! | W_r    | `recurrent` | weights from the layer's own spikes, if it is recurrent | `[H, H]` |
//! | s      |             | spikes                              | `[H, B]` |
//! | d      | the drive   | input current                       | `[H, N]` |
//!
//! All but W_r is known before the first step, and is worked out for all steps at once.

use nalgebra::DMatrix;
use saturn_cell::kernel::Transposed;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    ConfigError, Count, EventView, Input, Kind, Params, Real, Recorded, Size, Synapses, View,
    ViewMut, column, column_mut, init, kernel,
};

/// Position of the input weights among the parameters; the others may be absent.
const W: usize = 0;

/// What [`FanIn`] is made of: keys that every spiking layer has.
#[derive(Clone, Copy, Debug)]
pub struct FanInConfig {
    /// H, neurons.
    pub hidden: usize,
    /// Whether there is W_r.
    pub recurrent: bool,
    /// Whether there is c, which starts at 0.
    pub bias: bool,
    /// The standard deviation of W is this over sqrt(I).
    pub input_gain: f64,
    /// The standard deviation of W_r is this over sqrt(H).
    pub recurrent_scale: f64,
}

impl FanInConfig {
    /// Checks every number against its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)?;
        ConfigError::unless_at_least_zero("input_gain", self.input_gain)?;
        ConfigError::unless_at_least_zero("recurrent_scale", self.recurrent_scale)
    }

    /// A layer on `inputs` inputs, with so many learnt numbers a neuron in addition to its weights, and so many blocks of H
    /// rows in its state.
    pub fn size(&self, inputs: Count, learnt: usize, state: usize) -> Size {
        let h = Count::from(self.hidden);
        let own = (h * h).only_if(self.recurrent);
        Size {
            parameters: h * inputs + h.only_if(self.bias) + own + learnt * h,
            copies: own,
            drive: h,
            state: state * h,
            output: h,
            ..Size::default()
        }
    }
}

/// The weights of (1), whose values are the first of a cell's parameters.
#[derive(Clone, Debug)]
pub struct FanIn<R: Real> {
    inputs: usize,
    hidden: usize,
    bias: Option<usize>,
    recurrent: Option<usize>,
    /// W_r transposed: the reverse pass reads it at every step.
    recurrent_t: Option<Transposed<R>>,
}

impl<R: Real> FanIn<R> {
    /// Weights on `inputs` inputs from `rng`, each matrix scaled by `scale`, and their parameters.
    pub fn new(
        config: &FanInConfig,
        inputs: usize,
        scale: impl Fn(DMatrix<R>) -> DMatrix<R>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Self, Params<R>), ConfigError> {
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let h = config.hidden;
        let weight = init::normal(h, inputs, config.input_gain / (inputs as f64).sqrt(), rng);
        let mut params = Params::new().with("weight", Kind::Weight, scale(weight));
        let mut fan_in = Self {
            inputs,
            hidden: h,
            bias: None,
            recurrent: None,
            recurrent_t: None,
        };
        if config.bias {
            fan_in.bias = Some(params.tensors().len());
            params = params.with("bias", Kind::Bias, DMatrix::zeros(h, 1));
        }
        if config.recurrent {
            fan_in.recurrent = Some(params.tensors().len());
            let own = init::normal(h, h, config.recurrent_scale / (h as f64).sqrt(), rng);
            params = params.with("recurrent", Kind::Weight, scale(own));
        }
        fan_in.recurrent_t = fan_in.recurrent.map(|w_r| Transposed::of(&params[w_r]));
        Ok((fan_in, params))
    }

    /// I.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// H.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// H operations for each input event, and for each of the layer's own spikes if it is recurrent.
    pub fn synapses(&self) -> Synapses {
        Synapses {
            per_input: self.hidden,
            per_spike: if self.recurrent.is_some() {
                self.hidden
            } else {
                0
            },
            always: 0,
        }
    }

    /// Follows a change of the parameters.
    pub fn refresh(&mut self, params: &Params<R>) {
        if let (Some(transposed), Some(w_r)) = (&mut self.recurrent_t, self.recurrent) {
            transposed.refresh(&params[w_r]);
        }
    }

    /// (1) but for W_r: sets `drive [H, N]`.
    pub fn project(&self, params: &Params<R>, x: Input<R>, mut drive: ViewMut<R>) {
        match self.bias {
            Some(bias) => kernel::set_bias(&mut drive, params[bias].as_slice()),
            None => kernel::fill_zero(&mut drive),
        }
        x.apply(params[W].as_view(), drive);
    }

    /// (1), the rest: adds W_r s to `drive [H, B]`, where the spikes s are the last rows of `prev [S, B]`.
    pub fn add_own(&self, params: &Params<R>, drive: &mut ViewMut<R>, prev: &View<R>) {
        if let Some(w_r) = self.recurrent {
            let w_r = params[w_r].as_view();
            for lane in 0..prev.ncols() {
                let s = &column(prev, lane)[prev.nrows() - self.hidden..];
                kernel::gather_active(column_mut(drive, lane), &w_r, s);
            }
        }
    }

    /// Whether there is W_r.
    pub fn is_recurrent(&self) -> bool {
        self.recurrent.is_some()
    }

    /// (1)ᵀ for the spikes: adds to their adjoint, the last rows of `adj [S, B]`, what comes through
    /// `d_drive [H, B]`; where few of them are `read [H, B]`, to these alone.
    pub fn add_own_backward(
        &self,
        params: &Params<R>,
        adj: &mut ViewMut<R>,
        d_drive: View<R>,
        read: Option<EventView>,
    ) {
        if let (Some(w_r), Some(transposed)) = (self.recurrent, &self.recurrent_t) {
            let first = adj.nrows() - self.hidden;
            let mut spikes = adj.rows_mut(first, self.hidden);
            match read.filter(kernel::is_few) {
                Some(read) => {
                    let w_r = params[w_r].as_view();
                    kernel::add_transpose_product_where(&mut spikes, &w_r, &d_drive, read);
                }
                None => transposed.add_product(spikes, d_drive),
            }
        }
    }

    /// (1)ᵀ for the parameters, and for the input if `dx [I, N]` is requested. The spikes are the last rows of
    /// the states before each step; if `dense`, they are not few, as in relaxed mode.
    pub fn project_backward(
        &self,
        params: &Params<R>,
        x: Input<R>,
        (at, dense): (Recorded<R>, bool),
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        x.apply_backward(d_drive, grad[W].as_view_mut());
        if let Some(bias) = self.bias {
            kernel::add_bias_backward(&d_drive, grad[bias].as_mut_slice());
        }
        if let Some(w_r) = self.recurrent {
            let spikes = at.prev.rows(at.prev.nrows() - self.hidden, self.hidden);
            let mut d_w_r = grad[w_r].as_view_mut();
            match at.spikes {
                Some(spikes) => kernel::scatter(&mut d_w_r, &d_drive, spikes),
                None if dense => kernel::add_product_by_transpose(d_w_r, d_drive, spikes),
                None => kernel::add_product_by_spikes(&mut d_w_r, &d_drive, &spikes),
            }
        }
        if let Some(dx) = dx {
            kernel::set_transpose_product_where(dx, params[W].as_view(), d_drive, at.read);
        }
    }
}
