//! The plain recurrent layer: h' = tanh(W x + b + U h).
//!
//! tanh has slopes in (0, 1], so the derivative by h is S U with a diagonal 0 < S <= 1, and
//!
//! ```text
//! (1) |S U|_2 <= |U|_2               < 1: distances shrink by |U|_2 a step, for any input
//! (2) |S U| <= |U| entry by entry,  ρ(|U|) < 1: they shrink in a weighted maximum norm
//! ```
//!
//! Either is enough, and neither is needed. (1) is the condition of Miller & Hardt 2019 (stable recurrent
//! models); (2) is comparison by a matrix without negative entries (Collatz, Wielandt).

use saturn_cell::Cell;

use super::super::spectrum::{norm, perron};
use super::{
    Condition, Heard, StateBound, Theory, absolute, block, pinning, products, seen, tensor,
};

/// Results on the layer.
pub fn theory(cell: &dyn Cell<f64>, heard: Heard) -> Theory {
    let (Some(w), Some(u)) = (tensor(cell, "weight_ih_l0"), tensor(cell, "weight_hh_l0")) else {
        return Theory::default();
    };
    let bias = tensor(cell, "bias_ih_l0");
    let own = absolute(u);
    let drive: Vec<(f64, f64)> = (products(w, heard.input).into_iter().enumerate())
        .map(|(i, (low, high))| {
            let b = bias.map_or(0.0, |b| b[i]);
            (low + b - own[i], high + b + own[i])
        })
        .collect();
    let (norm, (compared, _)) = (norm(u), perron(&u.abs()));
    Theory {
        blocks: vec![block("U", u)],
        contraction: vec![
            Condition::sufficient("|U|_2", norm, norm).for_any_input(),
            Condition::sufficient("rho(|U|)", compared, compared).for_any_input(),
        ],
        bounds: vec![StateBound {
            field: "h".to_owned(),
            range: Some((-1.0, 1.0)),
            any_input: true,
            seen: seen(heard.state, 0..u.nrows()),
            pinning: Some(pinning(&drive)),
        }],
        ..Theory::default()
    }
}
