//! The gated recurrent unit: h' = (1 - z) n + z h, n = tanh(W_n x + b_n + r m), m = U_n h + c_n.
//!
//! All h stay in (-1, 1). There, the derivative of (1 - z_i) n_i + z_i h_i by h_j is at most
//!
//! ```text
//! (1) |J_ij| <= z_i δ_ij + (1 - z_i) Q_ij
//! (2) Q_ij = Z_i (1 + N_i) |U_z|_ij + S_i (R_i |U_n|_ij + M_i σ'_i |U_r|_ij)
//! (3) ρ(Q) < 1:  with w > 0, Q w <= q w, q < 1, distances max_i |Δh_i| / w_i shrink by
//!     max_i (Z_i + (1 - Z_i) q) < 1 a step
//! ```
//!
//! with upper bounds, over inputs in the given range and |h| <= 1, of z (Z), |n| (N), r (R), |m| (M), and of
//! the slopes of tanh (S) and of the sigmoid of r (σ'). The slope of z is z (1 - z), whose 1 - z is the
//! factor of Q.
//!
//! **Source.** The condition of Bonassi, Farina & Scattolini 2021 (Systems & Control Letters 157) for gated
//! recurrent units, derived here for the form with r after the recurrent product, and entry by entry.

use nalgebra::DMatrix;
use saturn_cell::Cell;

use super::super::spectrum::perron;
use super::{
    Condition, Heard, StateBound, Theory, absolute, block, pinning, products, seen, sigmoid,
    sigmoid_slope, tanh_slope, tensor,
};

/// Results on the layer.
pub fn theory(cell: &dyn Cell<f64>, heard: Heard) -> Theory {
    let names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];
    let [Some(w), Some(u), Some(b), Some(c)] = names.map(|name| tensor(cell, name)) else {
        return Theory::default();
    };
    let h = u.ncols();
    let [u_r, u_z, u_n] = [0, 1, 2].map(|k| u.rows(k * h, h).clone_owned());
    let (heard_by, own) = (products(w, heard.input), absolute(u));
    // The recurrent sums with their offsets: |h| <= 1.
    let gate = |i: usize| {
        let (low, high) = heard_by[i];
        (low + b[i] + c[i] - own[i], high + b[i] + c[i] + own[i])
    };
    let (mut q, mut keep, mut candidates) = (DMatrix::zeros(h, h), vec![0.0; h], Vec::new());
    for i in 0..h {
        let (r, z) = (gate(i), gate(h + i));
        let (reset, update) = (sigmoid(r.1), sigmoid(z.1));
        let past = (c[2 * h + i] - own[2 * h + i], c[2 * h + i] + own[2 * h + i]);
        let reach = past.0.abs().max(past.1.abs());
        let (low, high) = heard_by[2 * h + i];
        // r in (0, R) scales the terms after it.
        let n = (
            low + b[2 * h + i] + reset * past.0.min(0.0),
            high + b[2 * h + i] + reset * past.1.max(0.0),
        );
        let largest = n.0.abs().max(n.1.abs()).tanh();
        let (slope, r_slope) = (tanh_slope(n), sigmoid_slope(r));
        for j in 0..h {
            q[(i, j)] = update * (1.0 + largest) * u_z[(i, j)].abs()
                + slope * (reset * u_n[(i, j)].abs() + reach * r_slope * u_r[(i, j)].abs());
        }
        keep[i] = update;
        candidates.push(n);
    }
    let (value, _) = perron(&q);
    let factor = keep
        .iter()
        .map(|z| z + (1.0 - z) * value)
        .fold(0.0, f64::max);
    Theory {
        blocks: vec![block("U_r", &u_r), block("U_z", &u_z), block("U_n", &u_n)],
        contraction: vec![Condition::sufficient("rho(Q)", value, factor)],
        bounds: vec![StateBound {
            field: "h".to_owned(),
            range: Some((-1.0, 1.0)),
            any_input: true,
            seen: seen(heard.state, 0..h),
            pinning: Some(pinning(&candidates)),
        }],
        ..Theory::default()
    }
}
