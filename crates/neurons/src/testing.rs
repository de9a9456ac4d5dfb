//! What the tests of spiking cells do again and again.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::{Setup, check, random_events};
use saturn_cell::{Cell, CellConfig, FieldKind, Input, Synapses, Tape, rng::generator};
use serde::de::DeserializeOwned;

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

/// Asserts that a fresh layer spikes on sparse and on dense events and on spikes of a layer below, and not too often.
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
pub fn complaint(config: &impl CellConfig) -> Option<String> {
    let cell = config.build::<f64>(3, DT_MS, &mut generator(3, "init", 0));
    cell.err().map(|e| e.to_string())
}

/// Asserts that the default configuration is right and needs inputs, and that each of these, in JSON, is wrong for
/// its reason, of which the beginning is enough.
pub fn assert_complaints<C: CellConfig + DeserializeOwned>(wrong: &[(&str, &str)]) {
    let default = serde_json::from_str::<C>("{}").unwrap();
    assert_eq!(complaint(&default), None);
    let blind = default.build::<f32>(0, DT_MS, &mut generator(3, "init", 0));
    let blind = blind.err().map(|e| e.to_string());
    assert_eq!(
        blind.as_deref(),
        Some("`inputs` is 0: it must be at least 1")
    );
    for (text, reason) in wrong {
        let message = match serde_json::from_str::<C>(text) {
            Ok(config) => complaint(&config).unwrap_or_default(),
            Err(unread) => unread.to_string(),
        };
        assert!(message.starts_with(reason), "{text}: {message}");
    }
}

/// Asserts the fields of a layer of four spiking neurons on three inputs, and what follows from them: the spikes,
/// the last field, are the output.
pub fn assert_layer(cell: &dyn Cell<f64>, recurrent: bool, fields: &[(&str, FieldKind)]) {
    let own: Vec<_> = cell.fields();
    assert_eq!(own.len(), fields.len());
    for (i, (own, &(name, kind))) in own.iter().zip(fields).enumerate() {
        assert_eq!((&*own.name, own.kind), (name, kind));
        assert_eq!(own.rows, 4 * i..4 * i + 4, "{name}");
    }
    assert_eq!(cell.output().rows(), own.last().map(|s| s.rows.clone()));
    assert!(cell.spikes());
    let wanted = Synapses {
        per_input: 4,
        per_spike: if recurrent { 4 } else { 0 },
        always: 0,
    };
    assert_eq!(cell.synapses(), wanted);
}

/// Asserts that the gradient check of a relaxed layer misses what a detached reset leaves out.
pub fn assert_detached(cell: &dyn Cell<f64>) {
    let outcomes = check(cell, Setup::default());
    let weight = outcomes.iter().find(|o| o.name == "weight").unwrap();
    assert!(weight.error > 1e-3, "{weight:?}");
}
