//! The dead zone of a leak, in closed form, on a leaky membrane itself.

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Tape};
use saturn_neurons::lif::{Lif, LifConfig};

use crate::precision::grid::{Fixed, Grid};
use crate::precision::quantised::Quantised;
use crate::precision::{Format, Rounding};

const HIDDEN: usize = 100;
const STEP: f64 = 0.01;

/// Membranes with one leak, without input, that start at 0, 1, 2, .. steps of int8, below their threshold.
fn membranes(rounding: Rounding) -> (Quantised<f64>, f64) {
    let config: LifConfig = serde_json::from_value(serde_json::json!({
        "hidden": HIDDEN, "tau_mem_ms": 195.0, "learn_tau": false, "threshold": 2.0,
    }))
    .expect("settings");
    let lif = Lif::<f64>::new(&config, 1, 10.0, &mut generator(1, "test", 0)).expect("a cell");
    let grid = Grid::Fixed(Fixed::new(STEP, 127.0));
    let fields = vec![(0..HIDDEN, grid)];
    let stored = Quantised::on(&lif, Format::F32, rounding, fields, 1, 0);
    (stored, (-10.0f64 / 195.0).exp())
}

/// The membranes after `steps` steps, in steps of the grid.
fn after(cell: &dyn Cell<f64>, steps: usize) -> Vec<f64> {
    let mut tape = Tape::new();
    tape.start(cell, steps, 1);
    for i in 0..HIDDEN {
        tape.initial_mut()[(i, 0)] = STEP * i as f64;
    }
    let silence = DMatrix::zeros(1, steps);
    tape.forward(cell, Input::Dense(silence.as_view()), None);
    let states = tape.states();
    let last = states.column(steps - 1);
    last.iter().take(HIDDEN).map(|v| v / STEP).collect()
}

/// v = k q stays for ever where (1 - a) k < 1/2, and every higher start ends at the largest such k.
#[test]
fn a_membrane_rounded_to_the_nearest_never_leaves_the_dead_zone() {
    let (cell, a) = membranes(Rounding::Nearest);
    let largest = (0..HIDDEN)
        .rev()
        .find(|&k| (1.0 - a) * (k as f64) < 0.5)
        .expect("0 is one");
    assert_eq!(largest, 10, "a = {a}");
    for (k, v) in after(&cell, 2_000).into_iter().enumerate() {
        let known = k.min(largest) as f64;
        assert!((v - known).abs() < 1e-9, "{k}: {v}, not {known}");
    }
}

/// With random rounding, a membrane decays as in full precision: after 60 steps the mean over membranes is
/// the mean start times a^60, and after 2,000 it is 0.
#[test]
fn a_membrane_rounded_at_random_decays_in_the_mean() {
    let (cell, a) = membranes(Rounding::Stochastic);
    let mean = |v: Vec<f64>| v.iter().sum::<f64>() / HIDDEN as f64;
    let start = (HIDDEN - 1) as f64 / 2.0;
    let known = start * a.powi(60);
    // Each step adds a variance of at most 1/4, and later steps take a² of it.
    let error = (0.25 / (1.0 - a * a) / HIDDEN as f64).sqrt();
    let found = mean(after(&cell, 60));
    assert!((found - known).abs() < 4.0 * error, "{found}, not {known}");
    let stays = mean(after(&membranes(Rounding::Nearest).0, 60));
    assert!(stays > known + 4.0 * error, "{stays} shows the dead zone");
    assert!(
        after(&cell, 2_000).iter().all(|v| v.abs() < 1e-9),
        "0 stays 0"
    );
}
