//! Linear layers and recurrent layers with PyTorch's tensors: see [`saturn_neurons::rnn`], [`saturn_neurons::gru`],
//! [`saturn_neurons::lstm`], [`saturn_neurons::input_gated_rnn`], [`saturn_neurons::surprisal_rnn`] and
//! [`saturn_neurons::linear`], whose equations have these numbers, and for the sources.

use saturn_cell::Real;

use super::scope::Scope;
use crate::step::build::Var;

/// The log rate above which rates grow linearly: see [`saturn_neurons::surprisal_rnn`].
const TANGENT_FROM: f64 = 4.0;

/// b, or zeros where a layer has no offsets.
fn offset<'b, R: Real>(l: &Scope<'b, R>, name: &str, rows: usize) -> Var<'b, R> {
    l.find(name).unwrap_or_else(|| l.zeros(rows))
}

/// (1) y = W x + b.
pub(super) fn linear<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>) -> Var<'b, R> {
    let w = l.matrix("weight");
    offset(l, "bias", l.outputs()).plus_product(w, x) // (1)
}

/// (1), (2)
pub(super) fn rnn<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>) -> Var<'b, R> {
    let h = l.state("h");
    let [w, u] = ["weight_ih_l0", "weight_hh_l0"].map(|name| l.matrix(name));
    let d = (offset(l, "bias_ih_l0", h.len()).plus_product(w, x)).plus_product(u, h); // (1)
    l.set("h", d.tanh()) // (2)
}

/// (1) to (5)
pub(super) fn gru<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>) -> Var<'b, R> {
    let h = l.state("h");
    let n = h.len();
    let w = l.matrix("weight_ih_l0");
    let [u, u_n] = [0..2 * n, 2 * n..3 * n].map(|rows| l.rows_of("weight_hh_l0", rows));
    let (b, c) = (l.param("bias_ih_l0"), l.param("bias_hh_l0"));
    let (c_rz, b_rz) = (c.slice(0..2 * n), b.slice(0..2 * n));
    let from_input = (l.builder)
        .concat(&[c_rz + b_rz, b.slice(2 * n..3 * n)])
        .plus_product(w, x);
    let [r, z] = (from_input.slice(0..2 * n))
        .plus_product(u, h)
        .sigmoid() // (1), (2)
        .blocks();
    let m = c.slice(2 * n..3 * n).plus_product(u_n, h); // (3)
    let candidate = (from_input.slice(2 * n..3 * n) + r * m).tanh(); // (4)
    l.set("h", (1.0 - z) * candidate + z * h) // (5)
}

/// (1) to (6)
pub(super) fn lstm<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>) -> Var<'b, R> {
    let [h, c] = l.states(["h", "c"]);
    let [w, u] = ["weight_ih_l0", "weight_hh_l0"].map(|name| l.matrix(name));
    let d = (l.param("bias_ih_l0").plus_product(w, x)).plus_product(u, h);
    let [i, f, g, o] = d.blocks();
    let (i, f, o) = (i.sigmoid(), f.sigmoid(), o.sigmoid()); // (1), (2), (4)
    let c = l.set("c", f * c + i * g.tanh()); // (3), (5)
    l.set("h", o * c.tanh()) // (6)
}

/// (1) to (3)
pub(super) fn input_gated_rnn<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>) -> Var<'b, R> {
    let h = l.state("h");
    let [w, u] = ["weight_ih_l0", "weight_hh_l0"].map(|name| l.matrix(name));
    let [g, n] = l.param("bias_ih_l0").plus_product(w, x).blocks();
    let g = g.sigmoid(); // (1)
    let n = n.plus_product(u, h).tanh(); // (2)
    l.set("h", (1.0 - g) * h + g * n) // (3)
}

/// (1) to (4)
pub(super) fn surprisal_rnn<'b, R: Real>(l: &Scope<'b, R>, x: Var<'b, R>) -> Var<'b, R> {
    let h = l.state("h");
    let [w, u, q] = ["weight_ih_l0", "weight_hh_l0", "head_weight"].map(|name| l.matrix(name));
    let d = (l.param("bias_ih_l0").plus_product(w, x)).plus_product(u, h);
    let q_x = l.zeros(h.len()).plus_product(q, x);
    let c_x = l.zeros(1).plus_product(l.row("head_bias"), x);
    let z = l.param("head_bias").plus_transposed_product(q, h); // (1)
    let low = z.min(l.builder.number(TANGENT_FROM));
    let rates = (low.exp() * (1.0 + (z - low))).sum(); // (4)
    let s = (rates - ((q_x * h).sum() + c_x)) / x.len() as f64; // (2)
    l.set("h", (d + l.param("surprisal_weight") * s).tanh()) // (3)
}
