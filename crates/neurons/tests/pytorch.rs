//! Linear, RNN and GRU layers give the numbers of PyTorch, forward and reverse.

mod golden;

use golden::{Golden, assert_close};
use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Tape};
use saturn_neurons::gru::{Gru, GruConfig};
use saturn_neurons::linear::{Linear, LinearConfig};
use saturn_neurons::rnn::{Rnn, RnnConfig};

const LANES: usize = 2;
const TOLERANCE: f64 = 1e-13;

/// The parameter `name` of `case` with the shape that a cell gives it.
fn tensor(case: &Golden, name: &str) -> DMatrix<f64> {
    if name.contains("weight") {
        case.matrix(name)
    } else {
        case.vector(name)
    }
}

/// Runs `cell` with PyTorch's parameters on the golden input, and compares all that comes out.
fn assert_same(mut cell: Box<dyn Cell<f64>>, merged_bias: bool) {
    let golden = Golden::read(include_str!("golden/pytorch.json"));
    let case = golden.of(cell.name());
    let parameters = case.of("parameters");
    cell.update(&mut |p| {
        for t in p.tensors_mut() {
            let mut value = tensor(&parameters, t.name);
            if merged_bias && t.name == "bias_ih_l0" {
                value += tensor(&parameters, "bias_hh_l0");
            }
            assert_eq!(value.shape(), t.value.shape(), "{}", t.name);
            t.value = value;
        }
    });
    let cell = cell.as_ref();
    let remembers = cell.widths().state > 0;

    let x = golden.sequence("x");
    let mut tape = Tape::new();
    tape.start(cell, x.ncols() / LANES, LANES);
    if remembers {
        tape.initial_mut().copy_from(&golden.columns("h0"));
    }
    tape.forward(cell, Input::Dense(x.as_view()), None);
    let what = |part: &str| format!("{}: {part}", cell.name());
    let y = tape.output().clone_owned();
    assert_close(&y, &case.sequence("y"), TOLERANCE, &what("y"));

    let mut grad = cell.params().zeros_like();
    let mut d_x = DMatrix::zeros(x.nrows(), x.ncols());
    let e = golden.columns("e");
    tape.backward_from(
        cell,
        Input::Dense(x.as_view()),
        golden.sequence("c").as_view(),
        remembers.then(|| e.as_view()),
        &mut grad,
        Some(d_x.as_view_mut()),
    );
    let gradients = case.of("gradients");
    for t in grad.tensors() {
        let wanted = tensor(&gradients, t.name);
        assert_close(&t.value, &wanted, TOLERANCE, &what(t.name));
    }
    assert_close(&d_x, &case.sequence("d_x"), TOLERANCE, &what("d_x"));
    if remembers {
        let d_h0 = tape.d_initial().clone_owned();
        assert_close(&d_h0, &case.columns("d_h0"), TOLERANCE, &what("d_h0"));
    }
}

#[test]
fn linear_is_that_of_pytorch() {
    let config = LinearConfig { out: 4, bias: true };
    let cell = Linear::new(&config, 3, 10.0, &mut generator(1, "init", 0)).unwrap();
    assert_same(Box::new(cell), false);
}

#[test]
fn rnn_is_that_of_pytorch_with_its_two_biases_added() {
    let config = RnnConfig {
        hidden: 4,
        ..RnnConfig::default()
    };
    let cell = Rnn::new(&config, 3, 10.0, &mut generator(1, "init", 0)).unwrap();
    assert_same(Box::new(cell), true);
}

#[test]
fn gru_is_that_of_pytorch() {
    let config = GruConfig { hidden: 4 };
    let cell = Gru::new(&config, 3, 10.0, &mut generator(1, "init", 0)).unwrap();
    assert_same(Box::new(cell), false);
}
