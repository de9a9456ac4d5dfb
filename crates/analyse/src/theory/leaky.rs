//! Leaky integrators: v' = a v + g d.
//!
//! ```text
//! (1) contracts by a, if and only if max a < 1
//! (2) v in [g d_low / (1 - a), g d_high / (1 - a)], or between these and 0, from rest
//! ```

use nalgebra::DMatrix;
use saturn_cell::{Cell, view, view_mut};

use super::super::jacobian::{Slope, Step, jacobian};
use super::{Condition, Heard, StateBound, Theory, products, seen, tensor};

/// a and g of each unit, measured on the cell: the slope of its membrane, and its response to a drive of 1 in
/// the initial state.
pub(super) fn decays(cell: &dyn Cell<f64>, units: usize) -> (Vec<f64>, Vec<f64>) {
    let w = cell.widths();
    let rest = vec![0.0; w.state];
    let mut step = Step::new(cell);
    step.drive.fill(1.0);
    cell.advance(
        view_mut(&mut step.drive, w.drive, 1),
        view(&rest, w.state, 1),
        view_mut(&mut step.next, w.state, 1),
    );
    let j = jacobian(cell, step.at(&rest), Slope::True);
    let a = (0..units).map(|i| j[(i, i)]).collect();
    (a, step.next[..units].to_vec())
}

/// The least and the largest of W x + b.
pub(super) fn heard_by(
    w: &DMatrix<f64>,
    bias: Option<&DMatrix<f64>>,
    input: &[(f64, f64)],
) -> Vec<(f64, f64)> {
    let own = |i: usize| bias.map_or(0.0, |b| b[i]);
    (products(w, input).into_iter().enumerate())
        .map(|(i, (low, high))| (low + own(i), high + own(i)))
        .collect()
}

/// Results on the layer.
pub fn theory(cell: &dyn Cell<f64>, heard: Heard) -> Theory {
    let Some(w) = tensor(cell, "weight") else {
        return Theory::default();
    };
    let units = w.nrows();
    let (a, g) = decays(cell, units);
    let slowest = a.iter().copied().fold(0.0, f64::max);
    let drive = heard_by(w, tensor(cell, "bias"), heard.input);
    let mut range = (0.0f64, 0.0f64);
    for ((low, high), (a, g)) in drive.iter().zip(a.iter().zip(&g)) {
        range.0 = range.0.min(g * low / (1.0 - a));
        range.1 = range.1.max(g * high / (1.0 - a));
    }
    Theory {
        contraction: vec![Condition::exact("max a", slowest)],
        bounds: vec![StateBound {
            field: "v".to_owned(),
            range: (slowest < 1.0).then_some(range),
            any_input: false,
            seen: seen(heard.state, 0..units),
            pinning: None,
        }],
        ..Theory::default()
    }
}
