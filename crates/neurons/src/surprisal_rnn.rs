//! A recurrent layer that is told how much its last prediction erred.
//!
//! Before an input comes, a linear head on the layer's activity predicts the rate of every input channel.
//! How badly the counts that come fit these rates, the surprisal, is one number; it enters every unit of
//! the same step, with a weight of its own. A layer can so tell the expected from the unexpected: the end
//! of a sample, or the start of the next, from more of the same.
//!
//! ```text
//! (1) z_t = Qᵀ h_{t-1} + c                                       log rates
//! (2) s_t = (1/I) Σ_k [rate(z_k) - x_k z_k]                      surprisal, nats a channel
//!         = (1/I) [Σ_k rate(z_k) - (Q x_t)·h_{t-1} - c·x_t]      the same
//! (3) h_t = tanh(W x_t + U h_{t-1} + v s_t + b)
//! (4) rate(z) = exp z for z <= 4,  e⁴ (z - 3) above
//! ```
//!
//! | symbol | field              | meaning                                            | shape    |
//! |--------|--------------------|----------------------------------------------------|----------|
//! | x      |                    | event counts, or values                            | `[I]`    |
//! | W      | `weight_ih_l0`     | input weights                                      | `[H, I]` |
//! | U      | `weight_hh_l0`     | recurrent weights                                  | `[H, H]` |
//! | b      | `bias_ih_l0`       | offset                                             | `[H]`    |
//! | v      | `surprisal_weight` | what a unit takes from the surprisal               | `[H]`    |
//! | Q      | `head_weight`      | the head, one column a channel                     | `[H, I]` |
//! | c      | `head_bias`        | log rates at rest                                  | `[I]`    |
//! | z      | drive              | log rates, then the slopes of (4) there            | `[I]`    |
//! | s      | drive `s`          | surprisal, in nats a channel                       | `[1]`    |
//! | h      | state `h`          | activity, in (-1, 1)                               | `[H]`    |
//!
//! **Cost.** Rates are dense however few events there are, so (1) takes I H operations a step beside the
//! H² of U, and I rows of the drive. The counts themselves are not kept: the second form of (2) needs of
//! x only Q x, H rows and one gather an event, and c·x, one row.
//!
//! **Source.** Rocki 2016, *Surprisal-driven feedback in recurrent networks*, the plain recurrent form.
//! **Departures.** Rocki predicts one symbol of an alphabet, by a softmax; event counts of many channels
//! are Poisson here, one rate a channel, as if independent. (2) is the mean over channels of the negative
//! log-likelihood less log x_k!, which no weight moves and which is 0 for counts of 0 and 1. Above z = 4 (55
//! counts a step) the rate goes on along its tangent (4), so that nothing overflows and the gradient never
//! ends. Rocki's head is the output and learns to predict; here the head has no loss of its own, and learns
//! what makes its surprisal of use to the net's loss: at the start, before any learning, it expects
//! `start_rate` everywhere, and s tells busy steps from silent ones. On values that are not counts s is a
//! score like any other. Under n active channels with counts of 1, s starts at about `start_rate` +
//! n/I log(1/`start_rate`): 0.1 to 0.5 for n/I of 2-13 % and the default, beside W x at ±0.2 to ±0.5.

mod config;
#[cfg(test)]
mod tests;

use std::ops::Range;

use multiversion::multiversion;
use nalgebra::DMatrix;
use saturn_cell::elementary::{exp, tanh};
use saturn_cell::kernel::{Panels, Transposed};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Cell, CellConfig as _, ConfigError, Field, FieldKind, Input, Kind, Output, Params, Real,
    Recorded, Synapses, View, ViewMut, Widths, column, column_mut, init, kernel, view, view_mut,
};

pub use config::SurprisalRnnConfig;

/// The log rate above which rates go on along their tangent.
const TANGENT_FROM: f64 = 4.0;

/// Positions of the parameters.
const W: usize = 0;
const U: usize = 1;
const B: usize = 2;
const V: usize = 3;
const Q: usize = 4;
const C: usize = 5;

/// A recurrent layer of H units with surprisal feedback.
///
/// The state is h `[H]`. The drive `[2H + I + 1]` is, after `advance`, W x + U h + b and Q x, each `[H]`, the
/// slopes of the rates `[I]`, and s.
#[derive(Clone, Debug)]
pub struct SurprisalRnn<R: Real> {
    config: SurprisalRnnConfig,
    inputs: usize,
    /// `weight_ih_l0 [H, I]`, `weight_hh_l0 [H, H]`, `bias_ih_l0 [H, 1]`, `surprisal_weight [H, 1]`,
    /// `head_weight [H, I]`, `head_bias [I, 1]`.
    params: Params<R>,
    /// The weights that meet the state, and their transposes, laid out for a product at every step.
    recurrent: Panels<R>,
    recurrent_t: Transposed<R>,
    head: Panels<R>,
    head_t: Transposed<R>,
}

impl<R: Real> SurprisalRnn<R> {
    /// A layer on `inputs` inputs, with weights from `rng`. Nothing depends on the length of a step.
    pub fn new(
        config: &SurprisalRnnConfig,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let weight = init::uniform(h, inputs, bound, rng);
        let recurrent = init::orthogonal(h, config.recurrent_gain, rng);
        let bias = init::uniform(h, 1, bound, rng);
        let surprisal = init::uniform(h, 1, config.surprisal_gain, rng);
        let head = init::uniform(h, inputs, bound, rng);
        let log_rates = DMatrix::from_element(inputs, 1, R::of(config.start_rate.ln()));
        let params = Params::new()
            .with("weight_ih_l0", Kind::Weight, weight)
            .with("weight_hh_l0", Kind::Weight, recurrent)
            .with("bias_ih_l0", Kind::Bias, bias)
            .with("surprisal_weight", Kind::Weight, surprisal)
            .with("head_weight", Kind::Weight, head)
            .with("head_bias", Kind::Bias, log_rates);
        Ok(Self {
            config: config.clone(),
            inputs,
            recurrent: Panels::of(&params[U]),
            recurrent_t: Transposed::of(&params[U]),
            head: Panels::of(&params[Q]),
            head_t: Transposed::of(&params[Q]),
            params,
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &SurprisalRnnConfig {
        &self.config
    }

    /// Rows of the drive: of (3) and of Q x, of z, and the row of s.
    fn rows(&self) -> [Range<usize>; 4] {
        let (h, i) = (self.config.hidden, self.inputs);
        [0..h, h..2 * h, 2 * h..2 * h + i, 2 * h + i..2 * h + i + 1]
    }
}

impl<R: Real> Cell<R> for SurprisalRnn<R> {
    fn name(&self) -> &'static str {
        "surprisal_rnn"
    }

    fn widths(&self) -> Widths {
        let h = self.config.hidden;
        Widths {
            input: self.inputs,
            drive: 2 * h + self.inputs + 1,
            state: h,
            output: h,
        }
    }

    fn fields(&self) -> Vec<Field> {
        vec![Field {
            name: "h",
            rows: 0..self.config.hidden,
            kind: FieldKind::Tanh,
        }]
    }

    fn drive_fields(&self) -> Vec<Field> {
        let [.., s] = self.rows();
        vec![Field {
            name: "s",
            rows: s,
            kind: FieldKind::Value,
        }]
    }

    fn synapses(&self) -> Synapses {
        let h = self.config.hidden;
        Synapses {
            per_input: 2 * h + 1,
            per_spike: 0,
            // U, Q and v.
            always: h * h + h * self.inputs + h,
        }
    }

    fn params(&self) -> &Params<R> {
        &self.params
    }

    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>)) {
        change(&mut self.params);
        self.recurrent.refresh(&self.params[U]);
        self.recurrent_t.refresh(&self.params[U]);
        self.head.refresh(&self.params[Q]);
        self.head_t.refresh(&self.params[Q]);
    }

    fn boxed(&self) -> Box<dyn Cell<R>> {
        Box::new(self.clone())
    }

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        let ([d, q, z, s], p) = (self.rows(), &self.params);
        let c = p[C].as_slice();
        kernel::set_bias(&mut drive.rows_range_mut(d.clone()), p[B].as_slice());
        x.apply(p[W].as_view(), drive.rows_range_mut(d)); // (3), all but U and v
        kernel::fill_zero(&mut drive.rows_range_mut(q.clone()));
        x.apply(p[Q].as_view(), drive.rows_range_mut(q)); // (2): Q x
        kernel::set_bias(&mut drive.rows_range_mut(z), c); // (1), all but Q
        kernel::fill_zero(&mut drive.rows_range_mut(s.clone()));
        x.apply(view(c, 1, self.inputs), drive.rows_range_mut(s)); // (2): c·x
    }

    fn advance(&self, mut drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>) {
        let [d, _, z, _] = self.rows();
        self.recurrent.add_product(drive.rows_range_mut(d), prev); // (3)
        self.head_t.add_product(drive.rows_range_mut(z), prev); // (1)
        react(self, drive, prev, next); // (2)-(4)
    }

    fn output(&self) -> Output<'_, R> {
        Output::Rows(0..self.config.hidden)
    }

    fn advance_backward(
        &self,
        at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        _grad: &mut Params<R>,
    ) {
        let [d, _, z, _] = self.rows();
        react_backward(self, at, adj.as_view_mut(), d_drive.as_view_mut()); // (4)ᵀ-(2)ᵀ
        let (d_d, d_z) = (d_drive.rows_range(d), d_drive.rows_range(z));
        self.recurrent_t.add_product(adj.as_view_mut(), d_d); // (3)ᵀ for the state before
        if !self.config.detach_surprisal {
            self.head.add_product(adj, d_z); // (1)ᵀ for the state before
        }
    }

    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let ([d, q, z, s], p) = (self.rows(), &self.params);
        let (d_d, d_q) = (d_drive.rows_range(d), d_drive.rows_range(q));
        let (d_z, d_s) = (d_drive.rows_range(z), d_drive.rows_range(s.clone()));
        // (3)ᵀ
        x.apply_backward(d_d, grad[W].as_view_mut());
        kernel::add_product_by_transpose(grad[U].as_view_mut(), d_d, at.prev);
        kernel::add_bias_backward(&d_d, grad[B].as_mut_slice());
        let surprisal = at.drive.rows_range(s);
        kernel::add_product_by_transpose(grad[V].as_view_mut(), d_d, surprisal);
        // (2)ᵀ
        x.apply_backward(d_q, grad[Q].as_view_mut());
        x.apply_backward(d_s, view_mut(grad[C].as_mut_slice(), 1, self.inputs));
        // (1)ᵀ
        kernel::add_product_by_transpose(grad[Q].as_view_mut(), at.prev, d_z);
        kernel::add_bias_backward(&d_z, grad[C].as_mut_slice());
        if let Some(mut dx) = dx {
            kernel::set_transpose_product(dx.as_view_mut(), p[W].as_view(), d_d); // (3)ᵀ
            if !self.config.detach_surprisal {
                kernel::add_transpose_product(dx.as_view_mut(), p[Q].as_view(), d_q); // (2)ᵀ
                kernel::add_product(dx, p[C].as_view(), d_s); // (2)ᵀ
            }
        }
    }
}

/// (2)-(4), the products with the state before being added up.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn react<R: Real>(
    cell: &SurprisalRnn<R>,
    mut drive: ViewMut<R>,
    prev: View<R>,
    mut next: ViewMut<R>,
) {
    let (h, i) = (cell.config.hidden, cell.inputs);
    let v = cell.params[V].as_slice();
    for lane in 0..prev.ncols() {
        let (d, rest) = column_mut(&mut drive, lane).split_at_mut(h);
        let (q, rest) = rest.split_at_mut(h);
        let (z, s) = rest.split_at_mut(i);
        let met = dot(q, column(&prev, lane)) + s[0];
        s[0] = (rates(z) - met) / R::of(i as f64); // (2)
        let h_next = column_mut(&mut next, lane).iter_mut();
        for (h_next, (&d, &v)) in h_next.zip(d.iter().zip(v)) {
            *h_next = tanh(d + v * s[0]); // (3)
        }
    }
}

/// (3)ᵀ and (2)ᵀ: the drive's adjoint, and what reaches the state before through Q x. The adjoint of the
/// state after the step is used up.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn react_backward<R: Real>(
    cell: &SurprisalRnn<R>,
    at: Recorded<R>,
    mut adj: ViewMut<R>,
    mut d_drive: ViewMut<R>,
) {
    let (h, i) = (cell.config.hidden, cell.inputs);
    for lane in 0..at.prev.ncols() {
        let (d_d, rest) = column_mut(&mut d_drive, lane).split_at_mut(h);
        let (d_q, rest) = rest.split_at_mut(h);
        let (d_z, d_s) = rest.split_at_mut(i);
        let adj = column_mut(&mut adj, lane);
        for (d_d, (&adj, &h)) in (d_d.iter_mut()).zip(adj.iter().zip(column(&at.next, lane))) {
            *d_d = adj * (R::one() - h * h); // (3)ᵀ
        }
        // (3)ᵀ for s, and its share in each channel.
        let share = dot(cell.params[V].as_slice(), d_d) / R::of(i as f64);
        d_s[0] = -share; // (2)ᵀ
        for (d_q, &h) in d_q.iter_mut().zip(column(&at.prev, lane)) {
            *d_q = -share * h; // (2)ᵀ
        }
        let drive = column(&at.drive, lane);
        for (d_z, &slope) in d_z.iter_mut().zip(&drive[2 * h..]) {
            *d_z = share * slope; // (4)ᵀ
        }
        let through = if cell.config.detach_surprisal {
            R::zero()
        } else {
            -share
        };
        for (adj, &q) in adj.iter_mut().zip(&drive[h..2 * h]) {
            *adj = through * q; // (2)ᵀ
        }
    }
}

/// Terms of a sum that are added side by side, so that a wide register holds them.
const ABREAST: usize = 16;

/// Σ rate(z), with (4); each z becomes the slope of its rate.
#[inline(always)]
fn rates<R: Real>(z: &mut [R]) -> R {
    let (end, mut sums) = (R::of(TANGENT_FROM), [R::zero(); ABREAST]);
    for block in z.chunks_mut(ABREAST) {
        for (sum, z) in sums.iter_mut().zip(block) {
            let low = if *z < end { *z } else { end };
            let slope = exp(low);
            *sum += slope * (R::one() + (*z - low)); // (4)
            *z = slope;
        }
    }
    sums.into_iter().fold(R::zero(), |total, sum| total + sum)
}

/// a·b
#[inline(always)]
fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    let mut sums = [R::zero(); ABREAST];
    for (a, b) in a.chunks(ABREAST).zip(b.chunks(ABREAST)) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.into_iter().fold(R::zero(), |total, sum| total + sum)
}
