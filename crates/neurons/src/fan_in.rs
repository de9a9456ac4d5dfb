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
//! |        | `recurrent_values` | in its place where few connections exist: see [`crate::connections`] | `[1, H K]` |
//! | s      |             | spikes                              | `[H, B]` |
//! | d      | the drive   | input current                       | `[H, N]` |
//!
//! All but W_r is known before the first step, and is worked out for all steps at once. With K connections a neuron, W_r is 0
//! elsewhere, and those zeros are neither kept nor multiplied: a spike costs K operations, not H.

use nalgebra::DMatrix;
use saturn_cell::kernel::{FanOut, Transposed};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    ConfigError, Count, EventView, Input, Kind, Params, Real, Recorded, Size, Synapses, View,
    ViewMut, column, column_mut, init, kernel,
};

use crate::connections::Connections;

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
    /// The standard deviation of W_r is this over sqrt(K), with K connections a neuron.
    pub recurrent_scale: f64,
    /// Which of the recurrent connections exist.
    pub connections: Connections,
}

impl FanInConfig {
    /// Checks every number against its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless_at_least_one("hidden", self.hidden)?;
        ConfigError::unless_at_least_zero("input_gain", self.input_gain)?;
        ConfigError::unless_at_least_zero("recurrent_scale", self.recurrent_scale)?;
        self.connections.check(self.hidden, self.recurrent)
    }

    /// A layer on `inputs` inputs, with so many learnt numbers a neuron in addition to its weights, and so many blocks of H
    /// rows in its state.
    pub fn size(&self, inputs: Count, learnt: usize, state: usize) -> Size {
        let h = Count::from(self.hidden);
        let own = (self.connections.count(self.hidden)).only_if(self.recurrent);
        Size {
            parameters: h * inputs + h.only_if(self.bias) + own + learnt * h,
            copies: own, // W_r transposed, or the targets of the connections, which take no more
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
    /// W_r: its position among the parameters, and how it is kept.
    recurrent: Option<(usize, Own<R>)>,
}

/// How W_r is kept.
#[derive(Clone, Debug)]
enum Own<R: Real> {
    /// All of it, and transposed: the reverse pass reads that at every step.
    Dense(Transposed<R>),
    /// Its connections.
    Sparse(FanOut),
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
        };
        if config.bias {
            fan_in.bias = Some(params.tensors().len());
            params = params.with("bias", Kind::Bias, DMatrix::zeros(h, 1));
        }
        if config.recurrent {
            let at = params.tensors().len();
            let each = config.connections.each(h);
            let sd = config.recurrent_scale / (each as f64).sqrt();
            let own = if let Some(fan_out) = config.connections.draw(h) {
                let mut values = init::normal(1, h * each, sd, rng);
                let shares = scale(DMatrix::from_element(h, 1, R::one()));
                for (value, &target) in values.iter_mut().zip(fan_out.targets()) {
                    *value *= shares[target as usize];
                }
                params = params.with("recurrent_values", Kind::Weight, values);
                Own::Sparse(fan_out)
            } else {
                let w_r = scale(init::normal(h, h, sd, rng));
                let transposed = Transposed::of(&w_r);
                params = params.with("recurrent", Kind::Weight, w_r);
                Own::Dense(transposed)
            };
            fan_in.recurrent = Some((at, own));
        }
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

    /// H operations for each input event, and for each of the layer's own spikes as many as a neuron has recurrent
    /// connections.
    pub fn synapses(&self) -> Synapses {
        Synapses {
            per_input: self.hidden,
            per_spike: match &self.recurrent {
                None => 0,
                Some((_, Own::Dense(_))) => self.hidden,
                Some((_, Own::Sparse(fan_out))) => fan_out.each(),
            },
            always: 0,
        }
    }

    /// Follows a change of the parameters.
    pub fn refresh(&mut self, params: &Params<R>) {
        if let Some((w_r, Own::Dense(transposed))) = &mut self.recurrent {
            transposed.refresh(&params[*w_r]);
        }
    }

    /// W_r `[H, H]` where few of its connections exist, with 0 for the others: for files and theory that have a dense W_r.
    pub fn recurrent_with_zeros(&self, params: &Params<R>) -> Option<DMatrix<R>> {
        match &self.recurrent {
            Some((v, Own::Sparse(fan_out))) => Some(fan_out.dense(params[*v].as_slice())),
            _ => None,
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
        let Some((w_r, own)) = &self.recurrent else {
            return;
        };
        let w_r = &params[*w_r];
        for lane in 0..prev.ncols() {
            let s = &column(prev, lane)[prev.nrows() - self.hidden..];
            let drive = column_mut(drive, lane);
            match own {
                Own::Dense(_) => kernel::gather_active(drive, &w_r.as_view(), s),
                Own::Sparse(fan_out) => fan_out.add_product(drive, w_r.as_slice(), s),
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
        let Some((w_r, own)) = &self.recurrent else {
            return;
        };
        let (w_r, first) = (&params[*w_r], adj.nrows() - self.hidden);
        let mut spikes = adj.rows_mut(first, self.hidden);
        match own {
            Own::Sparse(fan_out) => {
                fan_out.add_transpose_product(&mut spikes, w_r.as_slice(), &d_drive, read);
            }
            Own::Dense(transposed) => match read.filter(kernel::is_few) {
                Some(read) => {
                    let w_r = w_r.as_view();
                    kernel::add_transpose_product_where(&mut spikes, &w_r, &d_drive, read);
                }
                None => transposed.add_product(spikes, d_drive),
            },
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
        if let Some((w_r, own)) = &self.recurrent {
            let spikes = at.prev.rows(at.prev.nrows() - self.hidden, self.hidden);
            let d_w_r = &mut grad[*w_r];
            match own {
                Own::Sparse(fan_out) => {
                    let d_v = d_w_r.as_mut_slice();
                    match at.spikes {
                        Some(spikes) => fan_out.add_gradient(d_v, &d_drive, spikes),
                        None => fan_out.add_gradient_of_values(d_v, &d_drive, &spikes),
                    }
                }
                Own::Dense(_) => {
                    let mut d_w_r = d_w_r.as_view_mut();
                    match at.spikes {
                        Some(spikes) => kernel::scatter(&mut d_w_r, &d_drive, spikes),
                        None if dense => kernel::add_product_by_transpose(d_w_r, d_drive, spikes),
                        None => kernel::add_product_by_spikes(&mut d_w_r, &d_drive, &spikes),
                    }
                }
            }
        }
        if let Some(dx) = dx {
            kernel::set_transpose_product_where(dx, params[W].as_view(), d_drive, at.read);
        }
    }
}
