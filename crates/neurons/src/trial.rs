//! What the tests of spiking cells do again and again.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::random_events;
use saturn_cell::{Cell, CellConfig, Input, Real, Tape, rng::generator};

/// The length of a step in tests.
pub const DT_MS: f64 = 10.0;
/// The time constant whose decay in a step is a half.
pub const HALF_MS: f64 = DT_MS / std::f64::consts::LN_2;

/// The states `[S, T]` of a cell with one input on `x`, from rest.
pub fn states(cell: &dyn Cell<f64>, x: &[f64]) -> DMatrix<f64> {
    let x = DMatrix::from_row_slice(1, x.len(), x);
    let mut tape = Tape::new();
    tape.start(cell, x.ncols(), 1);
    tape.forward(cell, Input::Dense(x.as_view()), None);
    tape.states().clone_owned()
}

/// Row `i` of `states`.
pub fn row(states: &DMatrix<f64>, i: usize) -> Vec<f64> {
    states.row(i).iter().copied().collect()
}

/// Asserts that `a` and `b` are the same up to rounding.
pub fn assert_near(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() < 1e-13, "{what}: {a:?} is not {b:?}");
    }
}

/// Spikes a neuron and step of a fresh layer, on events of this density.
pub fn rate(config: &impl CellConfig, inputs: usize, density: f64) -> f64 {
    let cell = config.build::<f32>(inputs, DT_MS, &mut generator(3, "init", 0));
    let cell = cell.unwrap();
    let events = random_events(inputs, 200, density, 4);
    let mut tape = Tape::new();
    tape.start(cell.as_ref(), 200, 1);
    tape.forward(cell.as_ref(), Input::Events(events.view()), None);
    f64::from(tape.output().mean())
}

/// Asserts that a fresh layer hears sparse and dense events, and the layer below it, without storming.
pub fn assert_alive(config: &impl CellConfig) {
    for (inputs, density) in [(700, 0.13), (700, 0.02), (128, 0.1)] {
        let rate = rate(config, inputs, density);
        assert!(
            (0.004..0.3).contains(&rate),
            "{rate} spikes a neuron and step on {inputs} inputs with density {density}"
        );
    }
}

/// What is wrong with a configuration, built on three inputs.
pub fn complaint<C: CellConfig>(config: &C) -> Option<String> {
    let cell = config.build::<f64>(3, DT_MS, &mut generator(3, "init", 0));
    cell.err().map(|e| e.to_string())
}

/// Single-precision and double-precision layers of `config` on nine inputs.
pub fn pair(config: &impl CellConfig) -> (Box<dyn Cell<f32>>, Box<dyn Cell<f64>>) {
    fn one<R: Real>(config: &impl CellConfig) -> Box<dyn Cell<R>> {
        let cell = config.build(9, DT_MS, &mut generator(3, "init", 0));
        cell.unwrap()
    }
    (one(config), one(config))
}

/// Asserts that step by step equals by sequence, and dense input equals events, in both number types.
pub fn assert_twins(config: &impl CellConfig) {
    fn check<R: Real>(cell: &dyn Cell<R>) {
        for lanes in [1, 3] {
            saturn_cell::agree::assert_stream_equals_sequence(cell, 30, lanes);
            saturn_cell::agree::assert_dense_equals_events(cell, 30, lanes);
        }
    }
    let (narrow, wide) = pair(config);
    check(narrow.as_ref());
    check(wide.as_ref());
}
