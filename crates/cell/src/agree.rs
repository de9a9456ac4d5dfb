//! Two ways to compute one thing agree: step by step and by sequence, dense input and events.
//!
//! Agreement is relative: ||a - b|| / max(||b||, 1e-8) of outputs, states and gradients.

use nalgebra::DMatrix;

use crate::gradcheck::{random, random_events};
use crate::rng::generator;
use crate::{Cell, CellConfig, Input, Params, Real, Stream, Tape, View};

/// How far apart two paths may be in this number type: 1e-5 in `f32`, 1e-12 in `f64`.
pub fn tolerance<R: Real>() -> f64 {
    if R::NAME == "f32" { 1e-5 } else { 1e-12 }
}

/// Asserts both agreements of cells of `config` on `inputs` inputs in both number types, on one lane and on three,
/// for steps of 10 ms.
pub fn assert_twins(config: &impl CellConfig, inputs: usize) {
    fn check<R: Real>(config: &impl CellConfig, inputs: usize) {
        let cell = config.build::<R>(inputs, 10.0, &mut generator(3, "init", 0));
        let cell = cell.expect("a valid configuration");
        for lanes in [1, 3] {
            assert_stream_equals_sequence(cell.as_ref(), 30, lanes);
            assert_dense_equals_events(cell.as_ref(), 30, lanes);
        }
    }
    check::<f32>(config, inputs);
    check::<f64>(config, inputs);
}

/// Asserts that [`Stream`] and [`Tape`] give the same outputs and states.
pub fn assert_stream_equals_sequence<R: Real>(cell: &dyn Cell<R>, steps: usize, lanes: usize) {
    let x = random(cell.widths().input, steps * lanes, 1.0, 5).map(R::of);
    let mut tape = Tape::new();
    tape.start(cell, steps, lanes);
    tape.forward(cell, Input::Dense(x.as_view()), None);
    let mut stream = Stream::new(cell, lanes);
    for t in 0..steps {
        let columns = (t * lanes, lanes);
        stream.step(cell, Input::Dense(x.columns(columns.0, columns.1)));
        let whole = tape.output();
        let what = format!("{}: output at step {t}", cell.name());
        assert_close(
            &stream.output(),
            &whole.columns(columns.0, columns.1),
            &what,
        );
        let whole = tape.states();
        let what = format!("{}: state at step {t}", cell.name());
        assert_close(&stream.state(), &whole.columns(columns.0, columns.1), &what);
    }
}

/// Asserts that dense input and events give the same outputs and gradients.
pub fn assert_dense_equals_events<R: Real>(cell: &dyn Cell<R>, steps: usize, lanes: usize) {
    let w = cell.widths();
    let events = random_events(w.input, steps * lanes, 0.3, 6);
    let mut dense = DMatrix::<R>::zeros(w.input, steps * lanes);
    for j in 0..steps * lanes {
        let (units, counts) = events.view().column(j);
        for (&unit, &count) in units.iter().zip(counts) {
            dense[(unit as usize, j)] = R::of(f64::from(count));
        }
    }
    let dy = random(w.output, steps * lanes, 1.0, 7).map(R::of);
    let run = |x: Input<R>| -> (DMatrix<R>, Params<R>) {
        let mut tape = Tape::new();
        tape.start(cell, steps, lanes);
        tape.forward(cell, x, None);
        let mut grad = cell.params().zeros_like();
        tape.backward(cell, x, dy.as_view(), &mut grad, None);
        (tape.output().clone_owned(), grad)
    };
    let (y_dense, g_dense) = run(Input::Dense(dense.as_view()));
    for dense in [false, true] {
        let (y_events, g_events) = run(Input::Events(events.view().dense(dense)));
        let name = cell.name();
        assert_close(
            &y_events.as_view(),
            &y_dense.as_view(),
            &format!("{name}: output"),
        );
        for (a, b) in g_events.tensors().iter().zip(g_dense.tensors()) {
            let what = format!("{name}: gradient of {}", b.name);
            assert_close(&a.value.as_view(), &b.value.as_view(), &what);
        }
    }
}

fn assert_close<R: Real>(a: &View<R>, b: &View<R>, what: &str) {
    let wide = |m: &View<R>| m.map(Real::wide);
    let distance = (wide(a) - wide(b)).norm() / wide(b).norm().max(1e-8);
    assert!(
        distance <= tolerance::<R>(),
        "{what} is {distance:.2e} from its twin (at most {:.0e})",
        tolerance::<R>()
    );
}
