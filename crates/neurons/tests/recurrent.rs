//! Recurrent cells with more than one state, or of no library, give the numbers of PyTorch, forward and reverse.

mod golden;

use golden::{Golden, assert_close};
use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, Input, Tape};
use saturn_neurons::input_gated_rnn::InputGatedRnnConfig;
use saturn_neurons::lstm::LstmConfig;
use saturn_neurons::surprisal_rnn::SurprisalRnnConfig;
use saturn_neurons::windowed_attention::WindowedAttentionConfig;

const LANES: usize = 2;
const HIDDEN: usize = 4;
const TOLERANCE: f64 = 1e-13;

/// The tensor `name` with as many columns as `like`: a matrix, or a vector as its one column.
fn tensor(golden: &Golden, name: &str, like: &DMatrix<f64>) -> DMatrix<f64> {
    let value = if like.ncols() == 1 {
        golden.vector(name)
    } else {
        golden.matrix(name)
    };
    assert_eq!(value.shape(), like.shape(), "{name}");
    value
}

/// From which state the golden run started.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    /// Rest; the other library has no state to compare.
    Rest,
    /// Its `state0`; the last state and the first one's adjoint are compared too.
    State,
}

/// Runs a cell with the golden parameters on the golden input, and compares all that comes out.
fn assert_same(config: &impl CellConfig, golden: &Golden, start: Start) {
    let x = golden.sequence("x");
    let mut rng = generator(1, "init", 0);
    let mut cell: Box<dyn Cell<f64>> = config.build(x.nrows(), 10.0, &mut rng).unwrap();
    let parameters = golden.of("parameters");
    cell.update(&mut |p| {
        for t in p.tensors_mut() {
            t.value = tensor(&parameters, t.name, &t.value);
        }
    });
    let cell = cell.as_ref();
    let mut tape = Tape::new();
    tape.start(cell, x.ncols() / LANES, LANES);
    let mut e = DMatrix::zeros(cell.widths().state, LANES);
    if start == Start::State {
        tape.initial_mut().copy_from(&golden.columns("state0"));
        e = golden.columns("e");
    }
    tape.forward(cell, Input::Dense(x.as_view()), None);
    let same = |got: &DMatrix<f64>, wanted: &DMatrix<f64>, what: &str| {
        assert_close(got, wanted, TOLERANCE, &format!("{}: {what}", cell.name()));
    };
    same(&tape.output().clone_owned(), &golden.sequence("y"), "y");
    if start == Start::State {
        let states = tape.states();
        let last = states.columns(states.ncols() - LANES, LANES).clone_owned();
        same(&last, &golden.columns("state"), "last state");
    }

    let mut grad = cell.params().zeros_like();
    let mut d_x = DMatrix::zeros(x.nrows(), x.ncols());
    tape.backward_from(
        cell,
        Input::Dense(x.as_view()),
        golden.sequence("c").as_view(),
        Some(e.as_view()),
        &mut grad,
        Some(d_x.as_view_mut()),
    );
    let gradients = golden.of("gradients");
    for t in grad.tensors() {
        same(&t.value, &tensor(&gradients, t.name, &t.value), t.name);
    }
    same(&d_x, &golden.sequence("d_x"), "d_x");
    if start == Start::State {
        let d_initial = tape.d_initial().clone_owned();
        same(&d_initial, &golden.columns("d_state0"), "d_state0");
    }
}

#[test]
fn lstm_is_that_of_pytorch_with_its_two_biases_added() {
    let config = LstmConfig {
        hidden: HIDDEN,
        ..LstmConfig::default()
    };
    let golden = Golden::read(include_str!("golden/lstm.json"));
    assert_same(&config, &golden, Start::State);
}

#[test]
fn input_gated_rnn_is_what_autograd_makes_of_its_equations() {
    let config = InputGatedRnnConfig {
        hidden: HIDDEN,
        ..InputGatedRnnConfig::default()
    };
    let golden = Golden::read(include_str!("golden/input_gated_rnn.json"));
    assert_same(&config, &golden, Start::State);
}

#[test]
fn surprisal_rnn_is_what_autograd_makes_of_its_equations() {
    let golden = Golden::read(include_str!("golden/surprisal_rnn.json"));
    for (case, detach_surprisal) in [("full", false), ("detached", true)] {
        let config = SurprisalRnnConfig {
            hidden: HIDDEN,
            detach_surprisal,
            ..SurprisalRnnConfig::default()
        };
        assert_same(&config, &golden.of(case), Start::State);
    }
}

#[test]
fn windowed_attention_is_that_of_pytorch_under_a_mask() {
    let config = WindowedAttentionConfig {
        width: 4,
        heads: 2,
        window: 3,
    };
    let golden = Golden::read(include_str!("golden/windowed_attention.json"));
    assert_same(&config, &golden, Start::Rest);
}
