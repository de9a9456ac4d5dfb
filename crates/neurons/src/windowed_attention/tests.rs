//! `windowed_attention` by hand, as an average and as a delay, what it forgets, its gradients, and its two
//! ways through time and input.

use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients, random};
use saturn_cell::rng::generator;
use saturn_cell::{Stream, Tape};

use super::*;
use crate::testing::assert_complaints;

fn config(width: usize, heads: usize, window: usize) -> WindowedAttentionConfig {
    WindowedAttentionConfig {
        width,
        heads,
        window,
    }
}

fn layer<R: Real>(
    (width, heads, window): (usize, usize, usize),
    inputs: usize,
) -> WindowedAttention<R> {
    let config = config(width, heads, window);
    let mut rng = generator(10, "init", 0);
    let mut cell = WindowedAttention::new(&config, inputs, 10.0, &mut rng).unwrap();
    // What starts at 0 gets values, so that nothing hides behind them.
    cell.update(&mut |p| {
        for (seed, i) in [B, POSITION, OUT_B].into_iter().enumerate() {
            let (rows, columns) = p[i].shape();
            p[i] = random(rows, columns, 0.5, 20 + seed as u64).map(R::of);
        }
    });
    cell
}

/// One head whose values and output are the input itself, and whose queries and keys are 0.
fn copying(width: usize, window: usize) -> WindowedAttention<f64> {
    let mut cell = layer((width, 1, window), width);
    cell.update(&mut |p| {
        for t in p.tensors_mut() {
            t.value.fill(0.0);
        }
        p[W].rows_mut(2 * width, width).fill_with_identity();
        p[OUT_W].fill_with_identity();
    });
    cell
}

/// The outputs of `cell` on `x`, one lane, step by step, from rest.
fn outputs(cell: &WindowedAttention<f64>, x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut stream = Stream::new(cell, 1);
    let mut y = DMatrix::zeros(cell.widths().output, x.ncols());
    for t in 0..x.ncols() {
        stream.step(cell, Input::Dense(x.columns(t, 1)));
        y.set_column(t, &stream.output().column(0));
    }
    y
}

#[test]
fn two_steps_by_hand() {
    // Two heads of one row each; the keys are the input and its double, the queries 1 and -1.
    let mut cell = layer::<f64>((2, 2, 3), 1);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(6, 1, &[0.0, 0.0, 1.0, 2.0, 10.0, 20.0]);
        p[B] = DMatrix::from_row_slice(6, 1, &[1.0, -1.0, 0.0, 0.0, 0.0, 3.0]);
        p[POSITION] = DMatrix::from_row_slice(3, 2, &[0.0, 0.0, 0.5, 0.0, 9.0, 9.0]);
        p[OUT_W] = DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 1.0, -1.0]);
        p[OUT_B] = DMatrix::from_row_slice(2, 1, &[0.0, 0.25]);
    });
    let y = outputs(&cell, &DMatrix::from_row_slice(1, 2, &[1.0, 0.5]));
    // First step: one slot, so o = v = (10, 23).
    assert!((y[(0, 0)] - 10.0).abs() < 1e-14);
    assert!((y[(1, 0)] - (10.0 - 23.0 + 0.25)).abs() < 1e-14);
    // Second: scores 0.5 and 1 + 0.5 of head 1, -1 and -2 of head 2; values 5, 10 and 13, 23.
    let old = [1.0, -1.0].map(|a: f64| a.exp() / (1.0 + a.exp()));
    let o = [5.0 + 5.0 * old[0], 13.0 + 10.0 * old[1]];
    assert!((y[(0, 1)] - o[0]).abs() < 1e-14);
    assert!((y[(1, 1)] - (o[0] - o[1] + 0.25)).abs() < 1e-14);
}

#[test]
fn without_queries_it_is_the_mean_of_the_window() {
    let cell = copying(3, 5);
    let x = random(3, 20, 1.0, 1);
    let y = outputs(&cell, &x);
    for t in 0..20_usize {
        let seen = (t + 1).min(5);
        let mean = x.columns(t + 1 - seen, seen).column_mean();
        assert!((y.column(t) - mean).amax() < 1e-14, "step {t}");
    }
}

#[test]
fn with_one_position_it_is_a_delay() {
    let mut cell = copying(3, 5);
    cell.update(&mut |p| p[POSITION][3] = 800.0);
    let x = random(3, 20, 1.0, 1);
    let y = outputs(&cell, &x);
    for t in 3..20 {
        assert!((y.column(t) - x.column(t - 3)).amax() < 1e-14, "step {t}");
    }
}

#[test]
fn what_is_past_the_window_is_forgotten_to_the_last_bit() {
    let window = 6;
    let cell = layer::<f32>((8, 2, window), 5);
    let mut stream = Stream::new(&cell, 2);
    let past = random(5, 40, 1.0, 1).map(|x| x as f32);
    for t in 0..20 {
        stream.step(&cell, Input::Dense(past.columns(2 * t, 2)));
    }
    let gap = random(5, window, 1.0, 2).map(|x| x as f32);
    for t in 0..window {
        assert_ne!(stream.state().column(0), stream.state().column(1));
        let same = DMatrix::from_columns(&[gap.column(t), gap.column(t)]);
        stream.step(&cell, Input::Dense(same.as_view()));
        let y = stream.output();
        let (a, b) = (y.column(0), y.column(1));
        // The present step is one of the window's.
        assert_eq!(a == b, t + 1 == window, "step {t}");
    }
    assert_eq!(stream.state().column(0), stream.state().column(1));
}

#[test]
fn a_reset_empties_the_window() {
    let cell = layer::<f64>((4, 2, 5), 3);
    let x = random(3, 10, 1.0, 1);
    let fresh = outputs(&cell, &x);
    let mut stream = Stream::new(&cell, 1);
    for t in 0..7 {
        stream.step(&cell, Input::Dense(x.columns(9 - t, 1)));
    }
    stream.reset(&cell, 0);
    for t in 0..10 {
        stream.step(&cell, Input::Dense(x.columns(t, 1)));
        assert_eq!(stream.output().column(0), fresh.column(t), "step {t}");
    }
    // Empty slots are not looked at, however much their age would gain them.
    let mut eager = cell;
    eager.update(&mut |p| p[POSITION].rows_mut(1, 4).fill(1e3));
    assert!(outputs(&eager, &x).iter().all(|y| y.is_finite()));
}

#[test]
fn the_gradient_reaches_back_over_the_window_and_no_further() {
    let cell = layer::<f64>((4, 2, 4), 3);
    let x = random(3, 12, 1.0, 1);
    let input = Input::Dense(x.as_view());
    let mut tape = Tape::new();
    tape.start(&cell, 12, 1);
    tape.forward(&cell, input, None);
    let mut dy = DMatrix::zeros(4, 12);
    dy.column_mut(9).fill(1.0);
    let mut grad = cell.params().zeros_like();
    let mut dx = DMatrix::from_element(3, 12, f64::NAN);
    let out = Some(dx.as_view_mut());
    tape.backward(&cell, input, dy.as_view(), &mut grad, out);
    for t in 0..12 {
        let seen = (6..=9).contains(&t);
        assert_eq!(dx.column(t).norm() > 0.0, seen, "step {t}");
    }
}

#[test]
fn gradients() {
    let cells = [
        layer((4, 2, 3), 3),
        layer((3, 3, 4), 2),
        layer((2, 1, 20), 4),
    ];
    for (cell, setup) in cells.iter().zip(Setup::varied()) {
        assert_gradients(cell, setup);
    }
    assert_gradients(&layer((3, 1, 12), 5), Setup::default());
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    for heads in [2, 3] {
        assert_twins(&config(6, heads, 5), 9);
    }
}

#[test]
fn bad_configurations_are_named() {
    assert_complaints::<WindowedAttentionConfig>(&[
        (r#"{"width": 0}"#, "`width` is 0: it must be at least 1"),
        (r#"{"heads": 0}"#, "`heads` is 0: it must be at least 1"),
        (r#"{"window": 0}"#, "`window` is 0: it must be at least 1"),
        (
            r#"{"width": 6}"#,
            "`width` is 6: it must be a multiple of `heads`, which is 4",
        ),
    ]);
}
