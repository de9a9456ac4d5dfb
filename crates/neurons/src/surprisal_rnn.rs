//! A recurrent layer that receives how much its last prediction erred.
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
//! | c      | `head_bias`        | log rates in the initial state                                  | `[I]`    |
//! | z      | drive              | log rates, then the slopes of (4) there            | `[I]`    |
//! | s      | drive `s`          | surprisal, in nats a channel                       | `[1]`    |
//! | h      | state `h`          | activity, in (-1, 1)                               | `[H]`    |
//!
//! **Cost.** Rates are dense however few events there are, so (1) takes I H operations a step in addition to the
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
//! n/I log(1/`start_rate`): 0.1 to 0.5 for n/I of 2-13 % and the default, with W x at ±0.2 to ±0.5.

mod config;
#[cfg(test)]
mod tests;

use std::ops::Range;

use nalgebra::DMatrix;
use saturn_cell::elementary::{exp, tanh};
use saturn_cell::kernel::{self, Panels, Transposed, each};
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Field, FieldKind, Input, Kind, Lane, Params, Real, Recorded, Step, View, ViewMut, init, view,
    view_mut,
};

use crate::recurrent::{B, Recurrent, U, Units, W};

pub use config::SurprisalRnnConfig;

/// The log rate above which rates go on along their tangent.
const TANGENT_FROM: f64 = 4.0;

/// Positions of the other parameters.
const V: usize = 3;
const Q: usize = 4;
const C: usize = 5;

/// A recurrent layer of H units with surprisal feedback.
///
/// The state is h `[H]`. The drive `[2H + I + 1]` is, after `advance`, W x + U h + b and Q x, each `[H]`, the
/// slopes of the rates `[I]`, and s.
///
/// Parameters: `weight_ih_l0 [H, I]`, `weight_hh_l0 [H, H]`, `bias_ih_l0 [H, 1]`, `surprisal_weight [H, 1]`,
/// `head_weight [H, I]`, `head_bias [I, 1]`.
pub type SurprisalRnn<R> = Recurrent<R, SurprisalUnits<R>>;

/// (1) to (4), but for the products with W and U.
#[derive(Clone, Debug)]
pub struct SurprisalUnits<R: Real> {
    /// Whether the gradient through the surprisal ends at the head.
    detached: bool,
    /// v `[H, 1]`.
    v: DMatrix<R>,
    /// Q and its transpose, laid out for a product at every step.
    head: Panels<R>,
    head_t: Transposed<R>,
}

/// Rows of the drive: of (3) and of Q x, of z, and the row of s.
fn rows<R: Real>(params: &Params<R>) -> [Range<usize>; 4] {
    let (h, i) = params[W].shape();
    [0..h, h..2 * h, 2 * h..2 * h + i, 2 * h + i..2 * h + i + 1]
}

impl<R: Real> Units<R> for SurprisalUnits<R> {
    type Config = SurprisalRnnConfig;
    const NAME: &'static str = "surprisal_rnn";
    const OWN: Range<usize> = 0..1;

    fn hidden(config: &SurprisalRnnConfig) -> usize {
        config.hidden
    }

    fn draw(config: &SurprisalRnnConfig, inputs: usize, rng: &mut ChaCha8Rng) -> Params<R> {
        let h = config.hidden;
        let bound = 1.0 / (h as f64).sqrt();
        let weight = init::uniform(h, inputs, bound, rng);
        let recurrent = init::orthogonal(h, config.recurrent_gain, rng);
        let bias = init::uniform(h, 1, bound, rng);
        let surprisal = init::uniform(h, 1, config.surprisal_gain, rng);
        let head = init::uniform(h, inputs, bound, rng);
        let log_rates = DMatrix::from_element(inputs, 1, R::of(config.start_rate.ln()));
        Params::new()
            .with("weight_ih_l0", Kind::Weight, weight)
            .with("weight_hh_l0", Kind::Weight, recurrent)
            .with("bias_ih_l0", Kind::Bias, bias)
            .with("surprisal_weight", Kind::Weight, surprisal)
            .with("head_weight", Kind::Weight, head)
            .with("head_bias", Kind::Bias, log_rates)
    }

    fn new(config: &SurprisalRnnConfig, params: &Params<R>) -> Self {
        Self {
            detached: config.detach_surprisal,
            v: params[V].clone(),
            head: Panels::of(&params[Q]),
            head_t: Transposed::of(&params[Q]),
        }
    }

    fn refresh(&mut self, params: &Params<R>) {
        self.v.copy_from(&params[V]);
        self.head.refresh(&params[Q]);
        self.head_t.refresh(&params[Q]);
    }

    fn drive_rows(params: &Params<R>) -> usize {
        let [.., s] = rows(params);
        s.end
    }

    fn drive_fields(&self, params: &Params<R>) -> Vec<Field> {
        let [.., rows] = rows(params);
        vec![Field {
            name: "s".into(),
            rows,
            kind: FieldKind::Value,
        }]
    }

    fn synapses(params: &Params<R>) -> (usize, usize) {
        let h = params[U].ncols();
        (2 * h + 1, params[U].len() + params[Q].len() + h)
    }

    fn project(&self, p: &Params<R>, x: Input<R>, mut drive: ViewMut<R>) {
        let ([d, q, z, s], c) = (rows(p), p[C].as_slice());
        kernel::set_bias(&mut drive.rows_range_mut(d.clone()), p[B].as_slice());
        x.apply(p[W].as_view(), drive.rows_range_mut(d)); // (3), all but U and v
        kernel::fill_zero(&mut drive.rows_range_mut(q.clone()));
        x.apply(p[Q].as_view(), drive.rows_range_mut(q)); // (2): Q x
        kernel::set_bias(&mut drive.rows_range_mut(z), c); // (1), all but Q
        kernel::fill_zero(&mut drive.rows_range_mut(s.clone()));
        x.apply(view(c, 1, c.len()), drive.rows_range_mut(s)); // (2): c·x
    }

    fn add_own(&self, drive: &mut ViewMut<R>, h: View<R>) {
        let (first, rows) = (2 * h.nrows(), drive.nrows() - 2 * h.nrows() - 1);
        self.head_t.add_product(drive.rows_mut(first, rows), h); // (1)
    }

    fn add_own_backward(&self, adj: ViewMut<R>, d_drive: View<R>) {
        if !self.detached {
            let (first, rows) = (2 * adj.nrows(), d_drive.nrows() - 2 * adj.nrows() - 1);
            self.head.add_product(adj, d_drive.rows(first, rows)); // (1)ᵀ for the state before
        }
    }

    fn project_backward(
        &self,
        p: &Params<R>,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let [d, q, z, s] = rows(p);
        let (d_d, d_q) = (d_drive.rows_range(d), d_drive.rows_range(q));
        let (d_z, d_s) = (d_drive.rows_range(z.clone()), d_drive.rows_range(s.clone()));
        // (3)ᵀ
        x.apply_backward(d_d, grad[W].as_view_mut());
        kernel::add_bias_backward(&d_d, grad[B].as_mut_slice());
        let surprisal = at.drive.rows_range(s);
        kernel::add_product_by_transpose(grad[V].as_view_mut(), d_d, surprisal);
        // (2)ᵀ
        x.apply_backward(d_q, grad[Q].as_view_mut());
        x.apply_backward(d_s, view_mut(grad[C].as_mut_slice(), 1, z.len()));
        // (1)ᵀ
        kernel::add_product_by_transpose(grad[Q].as_view_mut(), at.prev, d_z);
        kernel::add_bias_backward(&d_z, grad[C].as_mut_slice());
        if let Some(mut dx) = dx {
            kernel::set_transpose_product(dx.as_view_mut(), p[W].as_view(), d_d); // (3)ᵀ
            if !self.detached {
                kernel::add_transpose_product(dx.as_view_mut(), p[Q].as_view(), d_q); // (2)ᵀ
                kernel::add_product(dx, p[C].as_view(), d_s); // (2)ᵀ
            }
        }
    }
}

impl<R: Real> Step<R> for SurprisalUnits<R> {
    /// (2) to (4)
    #[inline(always)]
    fn step(&self, drive: &mut [R], h: &[R], h_next: &mut [R]) {
        let (d, rest) = drive.split_at_mut(h.len());
        let (q, rest) = rest.split_at_mut(h.len());
        let (z, s) = rest.split_at_mut(rest.len() - 1);
        let met = dot(q, h) + s[0];
        s[0] = (rates(z) - met) / R::of(z.len() as f64); // (2)
        each([h_next], [d, self.v.as_slice()], |_, [d, v]| {
            [tanh(d + v * s[0])] // (3)
        });
    }

    /// (4)ᵀ to (2)ᵀ: the drive's adjoint, and what reaches the state before through Q x. The adjoint of the
    /// state after the step is used up.
    #[inline(always)]
    fn step_backward(
        &self,
        at: Lane<'_, R>,
        adj: &mut [R],
        d_drive: &mut [R],
        _grad: &mut Params<R>,
    ) {
        let h = adj.len();
        let (d_d, rest) = d_drive.split_at_mut(h);
        let (d_q, rest) = rest.split_at_mut(h);
        let (d_z, d_s) = rest.split_at_mut(rest.len() - 1);
        let (q, slopes) = (&at.drive[h..2 * h], &at.drive[2 * h..][..d_z.len()]);
        each([d_d], [adj, at.next], |_, [adj, h]| {
            [adj * (R::one() - h * h)] // (3)ᵀ
        });
        // (3)ᵀ for s, and its share in each channel.
        let share = dot(self.v.as_slice(), d_d) / R::of(d_z.len() as f64);
        d_s[0] = -share; // (2)ᵀ
        each([d_q], [at.prev], |_, [h]| [-share * h]); // (2)ᵀ
        each([d_z], [slopes], |_, [slope]| [share * slope]); // (4)ᵀ
        let through = if self.detached { R::zero() } else { -share };
        each([adj], [q], |_, [q]| [through * q]); // (2)ᵀ
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
