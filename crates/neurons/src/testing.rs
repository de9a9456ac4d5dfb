//! What the tests of spiking cells do again and again.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::{Setup, check, random, random_events};
use saturn_cell::{
    Cell, CellConfig, EventBatch, FieldKind, Input, Params, Recorded, Synapses, Tape,
    rng::generator,
};
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

/// [`assert_window`] of a recurrent layer with each kind of window, with all of its connections and with a fifth.
pub fn assert_windowed<C: CellConfig + DeserializeOwned>() {
    for window in [
        r#""surrogate": {"triangular": 0.2}"#,
        r#""surrogate": {"boxcar": 0.3}"#,
        r#""surrogate": {"fast_sigmoid": 10}, "surrogate_cutoff": 0.15"#,
    ] {
        for density in [1.0, 0.2] {
            let keys = format!(
                r#""hidden": 40, "recurrent": true, "density": {density}, "reset_gradient": "full""#
            );
            let config: C = serde_json::from_str(&format!("{{{keys}, {window}}}")).unwrap();
            let cell = config.build::<f64>(9, DT_MS, &mut generator(3, "init", 0));
            assert_window(cell.unwrap().as_ref());
        }
    }
}

/// Asserts of a layer whose surrogate is 0 outside a window, on three lanes of events: that few neurons take part in the
/// reverse pass; that the gradient is that of a pass in which all do; and that no adjoint of another output changes it.
fn assert_window(cell: &dyn Cell<f64>) {
    const STEPS: usize = 40;
    const LANES: usize = 3;
    let w = cell.widths();
    let events = random_events(w.input, STEPS * LANES, 0.3, 6);
    let x = Input::Events(events.view());
    let mut tape = Tape::new();
    tape.start(cell, STEPS, LANES);
    tape.forward(cell, x, None);
    let mut active = EventBatch::new(w.output);
    assert!(cell.active(tape.states(), &mut active), "a window");
    let share = active.view().active() as f64 / (w.output * STEPS * LANES) as f64;
    assert!(
        (0.02..0.3).contains(&share),
        "{share} of the neurons are active"
    );

    let dy = random(w.output, STEPS * LANES, 1.0, 7);
    let mut gradient = |dy: &DMatrix<f64>| {
        let mut grad = cell.params().zeros_like();
        tape.backward(cell, x, dy.as_view(), &mut grad, None);
        grad
    };
    let few = gradient(&dy);
    let mut read = DMatrix::zeros(w.output, STEPS * LANES);
    for j in 0..STEPS * LANES {
        for &unit in active.view().column(j).0 {
            read[(unit as usize, j)] = dy[(unit as usize, j)];
        }
    }
    assert_eq!(gradient(&read), few, "{}: an adjoint is read", cell.name());
    let all = reverse_of_all(cell, &tape, x, &dy, LANES);
    for (few, all) in few.tensors().iter().zip(all.tensors()) {
        let distance = (&few.value - &all.value).norm() / all.value.norm().max(1e-8);
        let what = (cell.name(), &all.name);
        assert!(distance < 1e-12, "{what:?} is {distance:.1e} from its twin");
        assert!(all.value.norm() > 1e-8, "{what:?} has no gradient");
    }
}

/// The gradient of a recorded sequence by a reverse pass in which all neurons take part.
fn reverse_of_all(
    cell: &dyn Cell<f64>,
    tape: &Tape<f64>,
    x: Input<f64>,
    dy: &DMatrix<f64>,
    lanes: usize,
) -> Params<f64> {
    let (w, columns) = (cell.widths(), dy.ncols());
    let mut grad = cell.params().zeros_like();
    let mut states = DMatrix::zeros(w.state, lanes + columns);
    states.columns_mut(lanes, columns).copy_from(&tape.states());
    let drive = tape.drive();
    let recorded = |start: usize, n: usize| Recorded {
        drive: drive.columns(start, n),
        prev: states.columns(start, n),
        next: states.columns(start + lanes, n),
        spikes: None,
        left: None,
        read: None,
    };
    let mut adj = DMatrix::zeros(w.state, lanes);
    let mut d_drive = DMatrix::zeros(w.drive, columns);
    for start in (0..columns).step_by(lanes).rev() {
        let mut spikes = adj.rows_mut(w.state - w.output, w.output);
        spikes += dy.columns(start, lanes);
        let d = d_drive.columns_mut(start, lanes);
        cell.advance_backward(recorded(start, lanes), adj.as_view_mut(), d, &mut grad);
    }
    let d = d_drive.as_view();
    cell.project_backward(x, recorded(0, columns), d, &mut grad, None);
    grad
}
