//! The leaky readout against closed forms, hand computation, differences, its own twins and snnTorch.

mod golden;

use golden::{Golden, assert_close};
use nalgebra::DMatrix;
use saturn_cell::agree::{assert_dense_equals_events, assert_stream_equals_sequence};
use saturn_cell::gradcheck::{Setup, assert_gradients};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Real, Tape};
use saturn_neurons::decay::{InputScale, TimeConstants};
use saturn_neurons::li::{Li, LiConfig};

fn li<R: Real>(config: &LiConfig, inputs: usize) -> Li<R> {
    Li::new(config, inputs, 10.0, &mut generator(3, "init", 0)).unwrap()
}

/// The outputs of `cell` on one lane of `x [I, T]`.
fn run(cell: &Li<f64>, x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut tape = Tape::new();
    tape.start(cell, x.ncols(), 1);
    tape.forward(cell, Input::Dense(x.as_view()), None);
    tape.output().clone_owned()
}

#[test]
fn a_constant_input_is_approached_geometrically() {
    let mut cell = li(&LiConfig::default(), 1);
    cell.update(&mut |p| {
        p[0].fill(2.0);
        p[1].fill(0.5);
    });
    let y = run(&cell, &DMatrix::from_element(1, 40, 3.0));
    for (t, y) in y.iter().enumerate() {
        let closed = 6.5 * (1.0 - (-10.0 * (t + 1) as f64 / 50.0).exp());
        assert!((y - closed).abs() < 1e-12);
    }
}

#[test]
fn one_output_by_hand() {
    let mut cell = li(
        &LiConfig {
            tau_mem_ms: TimeConstants::Same(10.0 / std::f64::consts::LN_2),
            input_scale: InputScale::One,
            ..LiConfig::default()
        },
        2,
    );
    cell.update(&mut |p| p[0].copy_from_slice(&[1.0, -2.0]));
    // v: 1 | 1/2 - 2 | -3/4 + 1 - 2
    let x = DMatrix::from_column_slice(2, 3, &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    let y = run(&cell, &x);
    for (y, wanted) in y.iter().zip([1.0, -1.5, -1.75]) {
        assert!((y - wanted).abs() < 1e-14);
    }
}

#[test]
fn gradients_agree_with_differences() {
    for input_scale in [InputScale::One, InputScale::Decay] {
        for (learn_tau, bias) in [(true, true), (false, true), (true, false)] {
            let config = LiConfig {
                outputs: 4,
                tau_mem_ms: TimeConstants::Range([20.0, 100.0]),
                learn_tau,
                input_scale,
                bias,
                ..LiConfig::default()
            };
            assert_gradients(&li(&config, 3), Setup::default());
        }
    }
}

#[test]
fn twins_agree() {
    fn both<R: Real>() {
        let cell = li::<R>(
            &LiConfig {
                outputs: 10,
                ..LiConfig::default()
            },
            17,
        );
        for lanes in [1, 3] {
            assert_stream_equals_sequence(&cell, 30, lanes);
            assert_dense_equals_events(&cell, 30, lanes);
        }
    }
    both::<f32>();
    both::<f64>();
}

#[test]
fn without_threshold_it_is_snntorchs_membrane() {
    // The case `none` has recurrent spikes; they are inputs here: [x, s_{t-1}] under [W, W_r].
    let golden = Golden::read(include_str!("golden/lif.json"));
    let other = golden.of("none");
    let (x, s) = (golden.sequence("x"), other.sequence("s"));
    let mut cell = li::<f64>(
        &LiConfig {
            outputs: 4,
            tau_mem_ms: TimeConstants::Range([25.0, 150.0]),
            input_scale: InputScale::One,
            ..LiConfig::default()
        },
        7,
    );
    cell.set_tau_mem_ms(&golden.numbers("tau_ms")).unwrap();
    cell.update(&mut |p| {
        p[0].columns_mut(0, 3).copy_from(&golden.matrix("weight"));
        p[0].columns_mut(3, 4)
            .copy_from(&golden.matrix("recurrent"));
        p[1] = golden.vector("bias");
    });
    let mut input = DMatrix::zeros(7, x.ncols());
    input.rows_mut(0, 3).copy_from(&x);
    // Two lanes: the spikes of one step are the input of the next.
    let past = s.columns(0, s.ncols() - 2);
    input.view_mut((3, 2), past.shape()).copy_from(&past);
    let mut tape = Tape::new();
    tape.start(&cell, x.ncols() / 2, 2);
    tape.forward(&cell, Input::Dense(input.as_view()), None);
    let v = tape.output().clone_owned();
    assert_close(&v, &other.sequence("v"), 1e-12, "snnTorch's membrane");
}

#[test]
fn a_bad_configuration_says_what_is_wrong() {
    let message = |text: &str| {
        let config: LiConfig = serde_json::from_str(text).unwrap();
        let built = Li::<f64>::new(&config, 3, 10.0, &mut generator(3, "init", 0));
        built.err().map(|e| e.to_string())
    };
    assert_eq!(message("{}"), None);
    assert_eq!(
        message(r#"{"outputs": 0}"#).unwrap(),
        "`outputs` is 0: it must be at least 1"
    );
    assert_eq!(
        message(r#"{"input_gain": -1}"#).unwrap(),
        "`input_gain` is -1: it must be at least 0"
    );
    let unknown = serde_json::from_str::<LiConfig>(r#"{"hidden": 3}"#).unwrap_err();
    assert!(unknown.to_string().starts_with("unknown field `hidden`"));
}
