//! Where a whole network settles in silence: at a point, on a cycle, or nowhere.
//!
//! Lanes that start from states of a stream continue in silence. After T steps the state x of a lane is
//! compared with the following ones:
//!
//! ```text
//! (1) period: the least p in 1..=64 with max |x_{T+p} - x_T| <= 1e-7 (1 + max |x_T|)
//! ```
//!
//! p = 1 is a point. A lane without such a p still moves: it is chaotic, or circles with a period that is not
//! a whole number of steps or above 64, or has not settled yet. A network that drifts by less than (1) per
//! step counts as settled.

use nalgebra::DMatrix;
use saturn_cell::Input;
use serde::{Deserialize, Serialize};

use saturn_network::{Network, NetworkStream};

/// What became of the lanes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Steps of silence.
    pub steps: usize,
    /// Lanes, each from another state.
    pub lanes: usize,
    /// Lanes by their period, ascending.
    pub periods: Vec<(usize, usize)>,
    /// Lanes that still move.
    pub moving: usize,
    /// Points that differ by more than 1e-4 of their size, among the lanes at a point.
    pub points: usize,
    /// Whether a state is no finite number.
    pub not_finite: bool,
}

impl Settled {
    /// Whether all lanes came to one and the same point.
    pub fn one_point(&self) -> bool {
        self.points == 1 && self.periods == [(1, self.lanes)]
    }
}

/// Longest period that is looked for.
const LONGEST: usize = 64;
/// (1)
const SAME: f64 = 1e-7;
/// Distance at which two points are distinct.
const DISTINCT: f64 = 1e-4;

/// Runs lanes from `states`, one `[S, B]` a cell, on `steps` steps of the one column `silence [I, 1]`; also the
/// states at the end, one `[S, B]` a cell.
pub fn settle(
    net: &Network<f64>,
    states: &[DMatrix<f64>],
    silence: &DMatrix<f64>,
    steps: usize,
) -> (Settled, Vec<DMatrix<f64>>) {
    let lanes = states.first().map_or(0, DMatrix::ncols);
    let mut stream = NetworkStream::new(net, lanes);
    for (i, state) in states.iter().enumerate() {
        stream.layer_mut(i).state_mut().copy_from(state);
    }
    let x = DMatrix::from_fn(silence.nrows(), lanes, |i, _| silence[i]);
    let mut run = |steps: usize| {
        for _ in 0..steps {
            stream.step(net, Input::Dense(x.as_view()));
        }
        let state = |i| stream.layer(i).state().clone_owned();
        (0..net.cells().len())
            .map(state)
            .collect::<Vec<DMatrix<f64>>>()
    };
    let end = run(steps);
    let mut periods = vec![None; lanes];
    for p in 1..=LONGEST {
        let later = run(1);
        for (lane, period) in periods.iter_mut().enumerate() {
            if period.is_none() && distance(&end, &later, lane, lane) <= SAME {
                *period = Some(p);
            }
        }
    }
    let mut points: Vec<usize> = Vec::new();
    for lane in (0..lanes).filter(|&lane| periods[lane] == Some(1)) {
        if (points.iter()).all(|&other| distance(&end, &end, lane, other) > DISTINCT) {
            points.push(lane);
        }
    }
    let counts = (1..=LONGEST)
        .map(|p| (p, periods.iter().filter(|q| **q == Some(p)).count()))
        .filter(|(_, count)| *count > 0);
    let settled = Settled {
        steps,
        lanes,
        periods: counts.collect(),
        moving: periods.iter().filter(|p| p.is_none()).count(),
        points: points.len(),
        not_finite: end.iter().flat_map(DMatrix::iter).any(|v| !v.is_finite()),
    };
    (settled, end)
}

/// max |a - b| over all cells, over 1 + max |a|; infinite where a number is not finite.
pub(super) fn distance(a: &[DMatrix<f64>], b: &[DMatrix<f64>], of_a: usize, of_b: usize) -> f64 {
    let (mut far, mut size) = (0.0f64, 1.0f64);
    for (a, b) in a.iter().zip(b) {
        for (a, b) in a.column(of_a).iter().zip(b.column(of_b).iter()) {
            if !(a.is_finite() && b.is_finite()) {
                return f64::INFINITY;
            }
            far = far.max((a - b).abs());
            size = size.max(1.0 + a.abs());
        }
    }
    far / size
}

#[cfg(test)]
mod tests {
    use saturn_cell::CellConfig;
    use saturn_cell::rng::generator;

    use super::*;
    use saturn_network::Layer;

    /// A recurrent layer with the weights U, without input.
    fn net(u: &DMatrix<f64>) -> Network<f64> {
        let yaml = format!("rnn: {{hidden: {}, bias: false}}", u.nrows());
        let layer: Layer = serde_saphyr::from_str(&yaml).unwrap();
        let mut cell = layer.build(1, 10.0, &mut generator(1, "init", 0)).unwrap();
        cell.update(&mut |p| p[1].copy_from(u));
        Network::new(vec![cell])
    }

    fn run(u: &DMatrix<f64>) -> Settled {
        let states = DMatrix::from_fn(u.nrows(), 4, |i, b| 0.3 * (b as f64 - 1.4) + 0.1 * i as f64);
        settle(&net(u), &[states], &DMatrix::zeros(1, 1), 500).0
    }

    #[test]
    fn a_weak_loop_comes_to_one_point() {
        let settled = run(&DMatrix::from_element(1, 1, 0.5));
        assert!(settled.one_point(), "{settled:?}");
    }

    #[test]
    fn a_strong_loop_comes_to_one_of_two() {
        let settled = run(&DMatrix::from_element(1, 1, 2.0));
        assert_eq!((settled.points, settled.moving), (2, 0));
    }

    #[test]
    fn a_loop_that_turns_its_sign_has_period_two_and_a_right_angle_four() {
        let settled = run(&DMatrix::from_element(1, 1, -2.0));
        assert_eq!((settled.periods, settled.points), (vec![(2, 4)], 0));
        let turn = DMatrix::from_row_slice(2, 2, &[0.0, -2.0, 2.0, 0.0]);
        assert_eq!(run(&turn).periods, [(4, 4)]);
    }

    #[test]
    fn a_turn_by_an_odd_angle_never_comes_back() {
        let (sin, cos) = 1f64.sin_cos();
        let turn = DMatrix::from_row_slice(2, 2, &[cos, -sin, sin, cos]) * 1.5;
        let settled = run(&turn);
        assert_eq!((settled.moving, settled.not_finite), (4, false));
    }
}
