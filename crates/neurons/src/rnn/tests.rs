//! `rnn` by hand, at its fixed point, its gradients, and its two ways through time and input.

use nalgebra::DMatrix;
use saturn_cell::Stream;
use saturn_cell::agree::{assert_dense_equals_events, assert_stream_equals_sequence};
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;

use super::*;

fn layer<R: Real>(hidden: usize, bias: bool, inputs: usize) -> Rnn<R> {
    let config = RnnConfig {
        hidden,
        bias,
        ..RnnConfig::default()
    };
    Rnn::new(&config, inputs, 10.0, &mut generator(4, "init", 0)).unwrap()
}

#[test]
fn one_step_by_hand() {
    let mut cell = layer::<f64>(2, true, 1);
    cell.update(&mut |p| {
        p[W] = DMatrix::from_row_slice(2, 1, &[1.0, -2.0]);
        p[U] = DMatrix::from_row_slice(2, 2, &[1.0, 1.0, 0.0, 2.0]);
        p[BIAS] = DMatrix::from_row_slice(2, 1, &[0.0, 1.0]);
    });
    let mut stream = Stream::new(&cell, 1);
    stream.state_mut().copy_from_slice(&[0.5, -0.5]);
    let x = DMatrix::from_element(1, 1, 2.0_f64.ln());
    stream.step(&cell, Input::Dense(x.as_view()));
    // d = (ln 2 + 0, -2 ln 2 + 1 - 1), and tanh(ln a) = (a² - 1) / (a² + 1).
    let h = stream.output();
    assert!((h[0] - 0.6).abs() < 1e-15);
    assert!((h[1] + 15.0 / 17.0).abs() < 1e-15);
}

#[test]
fn a_contracting_unit_ends_at_its_fixed_point_wherever_it_starts() {
    // h = tanh(u h + b) is solved by h = 1/2 for b = atanh(1/2) - u/2.
    let mut cell = layer::<f64>(1, true, 1);
    cell.update(&mut |p| {
        p[U] = DMatrix::from_element(1, 1, 0.8);
        p[BIAS] = DMatrix::from_element(1, 1, 0.5_f64.atanh() - 0.4);
    });
    let mut stream = Stream::new(&cell, 3);
    stream.state_mut().copy_from_slice(&[-0.9, 0.0, 0.99]);
    let silence = DMatrix::zeros(1, 3);
    for _ in 0..100 {
        stream.step(&cell, Input::Dense(silence.as_view()));
    }
    assert!(stream.output().iter().all(|h| (h - 0.5).abs() < 1e-12));
}

#[test]
fn recurrent_weights_start_orthogonal_times_the_gain() {
    let cell = layer::<f64>(20, true, 3);
    let u = &cell.params()[U];
    let off = u * u.transpose() - DMatrix::identity(20, 20) * 0.81;
    assert!(off.amax() < 1e-12, "{}", off.amax());
}

#[test]
fn gradients() {
    assert_gradients(&layer(5, true, 3), Setup::default());
    let quiet = Setup {
        resets: false,
        seed: 8,
        ..Setup::default()
    };
    assert_gradients(&layer(4, false, 2), quiet);
    let long = Setup {
        steps: 20,
        lanes: 1,
        scale: 0.5,
        seed: 9,
        ..Setup::default()
    };
    assert_gradients(&layer(3, true, 4), long);
}

#[test]
fn stream_equals_sequence_and_dense_equals_events() {
    for lanes in [1, 3] {
        assert_stream_equals_sequence(&layer::<f32>(7, true, 9), 12, lanes);
        assert_stream_equals_sequence(&layer::<f64>(7, false, 9), 12, lanes);
        assert_dense_equals_events(&layer::<f32>(7, true, 9), 12, lanes);
        assert_dense_equals_events(&layer::<f64>(7, false, 9), 12, lanes);
    }
}

#[test]
fn a_bad_configuration_says_so() {
    let check = |config: RnnConfig| config.check().unwrap_err().to_string();
    let none = RnnConfig {
        hidden: 0,
        ..RnnConfig::default()
    };
    assert_eq!(check(none), "`hidden` is 0: it must be at least 1");
    let negative = RnnConfig {
        recurrent_gain: -0.5,
        ..RnnConfig::default()
    };
    assert_eq!(
        check(negative),
        "`recurrent_gain` is -0.5: it must be at least 0"
    );
    let mut rng = generator(4, "init", 0);
    let blind = Rnn::<f32>::new(&RnnConfig::default(), 0, 10.0, &mut rng).unwrap_err();
    assert_eq!(blind.to_string(), "`inputs` is 0: it must be at least 1");
}
