//! Long short-term memory: c' = f c + i g, h' = o tanh(c').
//!
//! With F, I, O, G upper bounds of the gates and of |g| over inputs in the given range and |h| <= 1, and σ', S
//! those of the slopes,
//!
//! ```text
//! (1) |c_k| <= C_k = I_k G_k / (1 - F_k)
//! (2) |∂c'_k/∂h_j| <= A_kj = C_k σ'_f |U_f|_kj + G_k σ'_i |U_i|_kj + I_k S_g |U_g|_kj
//! (3) |∂(h', c')/∂(h, c)| <= M = ( diag(O) A + diag(T σ'_o) |U_o|    diag(O F) )        T_k = tanh C_k
//!                                ( A                                  diag(F)   )
//! (4) ρ(M) < 1: distances shrink by ρ(M) a step in a weighted maximum norm
//! ```
//!
//! (1) holds for a memory that starts at zero, and is finite, since F < 1 for bounded inputs; it can be large.
//!
//! **Source.** The condition of Terzi, Bonassi, Farina & Scattolini 2021 (Int. J. Robust Nonlinear Control
//! 31), which compares with a 2 x 2 matrix of norms, here entry by entry.

use nalgebra::DMatrix;
use saturn_cell::Cell;

use super::super::spectrum::perron;
use super::{
    Condition, Heard, StateBound, Theory, absolute, block, products, seen, sigmoid, sigmoid_slope,
    tanh_slope, tensor,
};

/// Results on the layer.
pub fn theory(cell: &dyn Cell<f64>, heard: Heard) -> Theory {
    let names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"];
    let [Some(w), Some(u), Some(b)] = names.map(|name| tensor(cell, name)) else {
        return Theory::default();
    };
    let h = u.ncols();
    let (heard_by, own) = (products(w, heard.input), absolute(u));
    let sum = |i: usize| {
        let (low, high) = heard_by[i];
        (low + b[i] - own[i], high + b[i] + own[i])
    };
    let mut m = DMatrix::zeros(2 * h, 2 * h);
    let mut memory = Vec::with_capacity(h);
    for k in 0..h {
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| sum(gate * h + k));
        let [write, keep, show] = [i, f, o].map(|range| sigmoid(range.1));
        let candidate = g.0.abs().max(g.1.abs()).tanh();
        // 1 - F is the sigmoid of the opposite, and not 0 where F rounds to 1.
        let most = write * candidate / sigmoid(-f.1);
        for j in 0..h {
            let weight = |gate: usize| u[(gate * h + k, j)].abs();
            let a = most * sigmoid_slope(f) * weight(1)
                + candidate * sigmoid_slope(i) * weight(0)
                + write * tanh_slope(g) * weight(2);
            m[(k, j)] = show * a + most.tanh() * sigmoid_slope(o) * weight(3);
            m[(h + k, j)] = a;
        }
        m[(k, h + k)] = show * keep;
        m[(h + k, h + k)] = keep;
        memory.push(most);
    }
    let finite = m.iter().all(|v| v.is_finite());
    let value = if finite { perron(&m).0 } else { f64::INFINITY };
    let most = memory.iter().copied().fold(0.0, f64::max);
    // h = o tanh c: a memory that is full.
    let full = memory.iter().filter(|c| c.tanh() > super::PINNED).count();
    let names = ["U_i", "U_f", "U_g", "U_o"];
    Theory {
        blocks: (names.iter().enumerate())
            .map(|(k, name)| block(name, &u.rows(k * h, h).clone_owned()))
            .collect(),
        contraction: vec![Condition::sufficient("rho(M)", value, value)],
        bounds: vec![
            StateBound {
                field: "h".to_owned(),
                range: Some((-1.0, 1.0)),
                any_input: true,
                seen: seen(heard.state, 0..h),
                pinning: None,
            },
            StateBound {
                field: "c".to_owned(),
                range: most.is_finite().then_some((-most, most)),
                any_input: false,
                seen: seen(heard.state, h..2 * h),
                pinning: Some((full, h).into()),
            },
        ],
        ..Theory::default()
    }
}
