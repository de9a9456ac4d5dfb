//! Causal self-attention over the last L steps: a reference that cannot remember longer.
//!
//! At each step every head looks back on the last L inputs, the present one included, and averages their
//! values, each by how well its key answers the present query and by how long ago it was. The state is no
//! more than the keys and values of these L steps, so a stream takes constant memory, and what is L steps
//! past is forgotten to the last bit: whether another net's trouble on endless streams comes from its
//! memory, this one tells.
//!
//! ```text
//! (1) q_t, k_t, v_t = W x_t + b                              one above the other
//! (2) K_t[0], V_t[0], n_t[0] = k_t, v_t, 1
//!     K_t[j], V_t[j], n_t[j] = K_{t-1}[j-1], V_{t-1}[j-1], n_{t-1}[j-1]      0 < j < L
//! (3) a_j = q_t·K_t[j] / sqrt(D/M) + r_j                     each head on its own D/M rows
//! (4) p_j = w_j exp(a_j) / Σ_i w_i exp(a_i),   w = max(n_t, 0)
//! (5) o_t = Σ_j p_j V_t[j]
//! (6) y_t = W_o o_t + b_o
//! ```
//!
//! Nothing depends on absolute time: r_j is by how many steps ago. A slot counts by its n, which is 1 once
//! it is filled and 0 in the initial state: after a state reset the window is empty, and the first steps average over
//! the few that there are. A state that is kept in part fades keys, values and n alike.
//!
//! | symbol        | field             | meaning                                            | shape     |
//! |---------------|-------------------|----------------------------------------------------|-----------|
//! | x             |                   | input, values or event counts                      | `[I]`     |
//! | W             | `in_proj_weight`  | weights of queries, keys, values, in this order    | `[3D, I]` |
//! | b             | `in_proj_bias`    | their offsets                                      | `[3D]`    |
//! | r             | `position_bias`   | what a slot gains by its age, one column a head    | `[L, M]`  |
//! | W_o, b_o      | `out_proj.weight`, `out_proj.bias` | mixes the heads                   | `[D, D]`, `[D]` |
//! | q, p, o       | drive             | query, attention (L rows a head), averaged values  | `[D]`, `[LM]`, `[D]` |
//! | K, V          | state `k`, `v`    | keys and values, slot by slot, the newest first    | `[DL]`    |
//! | n             | state `n`         | whether a slot is filled                           | `[L]`     |
//!
//! **Cost.** 2 D L operations a step for (3) and (5), and as many rows of state: training keeps them at
//! every step, 2 D L numbers a column, and the effective rank of the state takes the square of that. Keep
//! D L small, or train by recomputation.
//!
//! **Source.** Vaswani et al. 2017, §3.2, in names, shapes and scale PyTorch's `nn.MultiheadAttention`, with
//! the learned relative bias of Raffel et al. 2020 (one scalar a head and distance, here without buckets)
//! under a mask that hides all but the last L steps, as in Child et al. 2019. **Departures.** The input is
//! mapped to D rows by W itself, so I need not be D. W and W_o start uniform in ±1/sqrt(D), and r at 0. Under
//! n active channels with counts of 1, queries, keys and values start at about ±sqrt(n / (3 D)): with 32 rows on
//! 700 channels of which 2-13 % are active, ±0.4 to ±1, so attention starts broad.

mod config;
#[cfg(test)]
mod tests;

use std::ops::Range;

use nalgebra::DMatrix;
use saturn_cell::elementary::exp;
use saturn_cell::for_each_isa;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    Cell, CellConfig as _, ConfigError, Emit, Field, FieldKind, Input, Kind, Output, Params, Real,
    Recorded, Synapses, View, ViewMut, Widths, column, column_mut, init, kernel,
};

pub use config::WindowedAttentionConfig;

/// Positions of the parameters.
const W: usize = 0;
const B: usize = 1;
const POSITION: usize = 2;
const OUT_W: usize = 3;
const OUT_B: usize = 4;

/// A layer of attention over a window of L steps.
///
/// The state `[2DL + L]` is K, V, slot by slot, and n. The drive `[4D + LM]` is q, k, v, each `[D]`, then,
/// after `emit`, p head by head `[LM]` and o `[D]`.
#[derive(Clone, Debug)]
pub struct WindowedAttention<R: Real> {
    config: WindowedAttentionConfig,
    inputs: usize,
    /// `in_proj_weight [3D, I]`, `in_proj_bias [3D, 1]`, `position_bias [L, M]`, `out_proj.weight [D, D]`,
    /// `out_proj.bias [D, 1]`.
    params: Params<R>,
    /// 1 / sqrt(D/M).
    scale: R,
}

impl<R: Real> WindowedAttention<R> {
    /// A layer on `inputs` inputs, with weights from `rng`. Nothing depends on the length of a step.
    pub fn new(
        config: &WindowedAttentionConfig,
        inputs: usize,
        _dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        ConfigError::unless_at_least_one("inputs", inputs)?;
        let (d, heads) = (config.width, config.heads);
        let bound = 1.0 / (d as f64).sqrt();
        let weight = init::uniform(3 * d, inputs, bound, rng);
        let out = init::uniform(d, d, bound, rng);
        let position = DMatrix::zeros(config.window, heads);
        let params = Params::new()
            .with("in_proj_weight", Kind::Weight, weight)
            .with("in_proj_bias", Kind::Bias, DMatrix::zeros(3 * d, 1))
            .with("position_bias", Kind::Bias, position)
            .with("out_proj.weight", Kind::Weight, out)
            .with("out_proj.bias", Kind::Bias, DMatrix::zeros(d, 1));
        Ok(Self {
            config: config.clone(),
            inputs,
            params,
            scale: R::of((heads as f64 / d as f64).sqrt()),
        })
    }

    /// The configuration that the layer was built from.
    pub fn config(&self) -> &WindowedAttentionConfig {
        &self.config
    }

    /// Rows of the drive: of W x + b, of p, and of o.
    fn rows(&self) -> [Range<usize>; 3] {
        let WindowedAttentionConfig {
            width: d,
            heads,
            window,
        } = self.config;
        let end = 3 * d + window * heads;
        [0..3 * d, 3 * d..end, end..end + d]
    }

    /// Rows of the state: of K, of V, and of n.
    fn slots(&self) -> [Range<usize>; 3] {
        let (all, window) = (self.config.width * self.config.window, self.config.window);
        [0..all, all..2 * all, 2 * all..2 * all + window]
    }
}

impl<R: Real> Cell<R> for WindowedAttention<R> {
    fn name(&self) -> &'static str {
        "windowed_attention"
    }

    fn widths(&self) -> Widths {
        let ([.., o], [.., n]) = (self.rows(), self.slots());
        Widths {
            input: self.inputs,
            drive: o.end,
            state: n.end,
            output: self.config.width,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let fields = ["k", "v", "n"].into_iter().zip(self.slots());
        let value = |(name, rows): (&'static str, _)| Field {
            name: name.into(),
            rows,
            kind: FieldKind::Value,
        };
        fields.map(value).collect()
    }

    fn synapses(&self) -> Synapses {
        let (d, window) = (self.config.width, self.config.window);
        Synapses {
            per_input: 3 * d,
            per_spike: 0,
            always: 2 * d * window + d * d,
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

    fn project(&self, x: Input<R>, mut drive: ViewMut<R>) {
        let mut own = drive.rows_range_mut(self.rows()[0].clone());
        kernel::set_bias(&mut own, self.params[B].as_slice()); // (1)
        x.apply(self.params[W].as_view(), own); // (1)
    }

    fn advance(&self, drive: ViewMut<R>, prev: View<R>, mut next: ViewMut<R>) {
        let d = self.config.width;
        let drive: View<R> = drive.as_view();
        for lane in 0..prev.ncols() {
            let (new, prev) = (column(&drive, lane), column(&prev, lane));
            let next = column_mut(&mut next, lane);
            let news = [&new[d..2 * d], &new[2 * d..3 * d], &[R::one()]];
            for (rows, new) in self.slots().into_iter().zip(news) {
                let (first, others) = next[rows.clone()].split_at_mut(new.len());
                first.copy_from_slice(new); // (2)
                others.copy_from_slice(&prev[rows][..others.len()]); // (2)
            }
        }
    }

    fn output(&self) -> Output<'_, R> {
        Output::Emitted(self)
    }

    fn advance_backward(
        &self,
        _at: Recorded<R>,
        mut adj: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        _grad: &mut Params<R>,
    ) {
        let d = self.config.width;
        for lane in 0..adj.ncols() {
            let (adj, d_new) = (
                column_mut(&mut adj, lane),
                column_mut(&mut d_drive, lane).split_at_mut(d).1,
            );
            let [k, v, n] = self.slots();
            d_new[..d].copy_from_slice(&adj[k.start..][..d]); // (2)ᵀ
            d_new[d..2 * d].copy_from_slice(&adj[v.start..][..d]); // (2)ᵀ
            for (rows, new) in [(k, d), (v, d), (n, 1)] {
                adj.copy_within(rows.start + new..rows.end, rows.start); // (2)ᵀ
                adj[rows.end - new..rows.end].fill(R::zero());
            }
        }
    }

    fn project_backward(
        &self,
        x: Input<R>,
        _at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    ) {
        let d_own = d_drive.rows_range(self.rows()[0].clone());
        // (1)ᵀ
        x.apply_backward(d_own, grad[W].as_view_mut());
        kernel::add_bias_backward(&d_own, grad[B].as_mut_slice());
        if let Some(dx) = dx {
            kernel::set_transpose_product(dx, self.params[W].as_view(), d_own);
        }
    }
}

impl<R: Real> Emit<R> for WindowedAttention<R> {
    fn emit(&self, mut drive: ViewMut<R>, states: View<R>, mut y: ViewMut<R>) {
        attend(self, drive.as_view_mut(), states); // (3)-(5)
        let [.., o] = self.rows();
        kernel::set_bias(&mut y, self.params[OUT_B].as_slice()); // (6)
        kernel::add_product(y, self.params[OUT_W].as_view(), drive.rows_range(o)); // (6)
    }

    fn emit_backward(
        &self,
        at: Recorded<R>,
        dy: View<R>,
        d_states: ViewMut<R>,
        mut d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    ) {
        let [_, p, o] = self.rows();
        // (6)ᵀ
        let averaged = at.drive.rows_range(o.clone());
        kernel::add_bias_backward(&dy, grad[OUT_B].as_mut_slice());
        kernel::add_product_by_transpose(grad[OUT_W].as_view_mut(), dy, averaged);
        let d_o = d_drive.rows_range_mut(o);
        kernel::set_transpose_product(d_o, self.params[OUT_W].as_view(), dy);
        attend_backward(self, at, d_states, d_drive.as_view_mut()); // (5)ᵀ-(3)ᵀ
        let d_a = d_drive.rows_range(p);
        kernel::add_bias_backward(&d_a, grad[POSITION].as_mut_slice()); // (3)ᵀ
    }
}

for_each_isa! {
    /// (3)-(5)
    fn attend<R: Real>(cell: &WindowedAttention<R>, drive: ViewMut<R>, states: View<R>) {
        let (d, window) = (cell.config.width, cell.config.window);
        let rows = d / cell.config.heads;
        let [k, v, n] = cell.slots();
        for j in 0..states.ncols() {
            let (own, rest) = column_mut(&mut drive, j).split_at_mut(3 * d);
            let (p, o) = rest.split_at_mut(window * cell.config.heads);
            let state = column(&states, j);
            let (keys, values, filled) = (&state[k.clone()], &state[v.clone()], &state[n.clone()]);
            let biases = cell.params[POSITION].as_slice().chunks_exact(window);
            let heads = p.chunks_exact_mut(window).zip(o.chunks_exact_mut(rows));
            for (head, ((p, o), bias)) in heads.zip(biases).enumerate() {
                let q = &own[head * rows..(head + 1) * rows];
                for ((a, key), &r) in p.iter_mut().zip(keys.chunks_exact(d)).zip(bias) {
                    *a = cell.scale * dot(q, &key[head * rows..]) + r; // (3)
                }
                // The newest slot is always filled. An empty one may not shrink the others' weights to nothing.
                let mut top = p[0];
                for (&a, &n) in p.iter().zip(filled) {
                    top = if n > R::zero() && a > top { a } else { top };
                }
                let mut total = R::zero();
                for (p, &n) in p.iter_mut().zip(filled) {
                    let w = if n > R::zero() { n } else { R::zero() };
                    let below = if *p < top { *p - top } else { R::zero() };
                    *p = w * exp(below); // (4)
                    total += *p;
                }
                o.fill(R::zero());
                for (p, value) in p.iter_mut().zip(values.chunks_exact(d)) {
                    *p /= total; // (4)
                    for (o, &v) in o.iter_mut().zip(&value[head * rows..]) {
                        *o += *p * v; // (5)
                    }
                }
            }
        }
    }
}

for_each_isa! {
    /// (5)ᵀ to (3)ᵀ: from the adjoint of o to those of the state, of q, and of the scores a, which stand where p is.
    fn attend_backward<R: Real>(
        cell: &WindowedAttention<R>,
        at: Recorded<R>,
        d_states: ViewMut<R>,
        d_drive: ViewMut<R>,
    ) {
        let (d, window) = (cell.config.width, cell.config.window);
        let rows = d / cell.config.heads;
        let [k, v, n] = cell.slots();
        for j in 0..at.next.ncols() {
            let (own, rest) = column(&at.drive, j).split_at(3 * d);
            let (d_own, d_rest) = column_mut(&mut d_drive, j).split_at_mut(3 * d);
            let (d_p, d_o) = d_rest.split_at_mut(window * cell.config.heads);
            let state = column(&at.next, j);
            let (keys, values, filled) = (&state[k.clone()], &state[v.clone()], &state[n.clone()]);
            let (d_keys, d_values) = column_mut(&mut d_states, j).split_at_mut(v.start);
            let (d_values, d_filled) = d_values.split_at_mut(n.start - v.start);
            d_filled.fill(R::zero());
            let heads = d_p.chunks_exact_mut(window).zip(d_o.chunks_exact(rows));
            for (head, ((d_a, d_o), p)) in heads.zip(rest.chunks_exact(window)).enumerate() {
                let head = head * rows..(head + 1) * rows;
                let mut mean = R::zero();
                for (slot, (d_p, &p)) in d_a.iter_mut().zip(p).enumerate() {
                    let at = slot * d + head.start;
                    *d_p = dot(d_o, &values[at..]); // (5)ᵀ
                    mean += *d_p * p;
                    for (d_v, &d_o) in d_values[at..].iter_mut().zip(d_o) {
                        *d_v = p * d_o; // (5)ᵀ
                    }
                }
                let (q, d_q) = (&own[head.clone()], &mut d_own[head.clone()]);
                d_q.fill(R::zero());
                let slots = d_a.iter_mut().zip(p).zip(filled.iter().zip(&mut *d_filled));
                for (slot, ((d_a, &p), (&n, d_n))) in slots.enumerate() {
                    *d_a = p * (*d_a - mean); // (4)ᵀ
                    if n > R::zero() {
                        *d_n += *d_a / n; // (4)ᵀ
                    }
                    let (at, d_score) = (slot * d + head.start, cell.scale * *d_a);
                    for (d_q, &key) in d_q.iter_mut().zip(&keys[at..]) {
                        *d_q += d_score * key; // (3)ᵀ
                    }
                    for (d_key, &q) in d_keys[at..].iter_mut().zip(q) {
                        *d_key = d_score * q; // (3)ᵀ
                    }
                }
            }
        }
    }
}

/// a·b over the rows of a.
#[inline(always)]
fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    (a.iter().zip(b)).fold(R::zero(), |sum, (&a, &b)| sum + a * b)
}
