//! Layers on layers: the reverse pass of a whole net, each tape's input gradient being the output
//! gradient of the tape below, against central differences.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::{TOLERANCE, differences, error, random};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Params, Stream, Tape};
use saturn_neurons::gru::{Gru, GruConfig};
use saturn_neurons::linear::{Linear, LinearConfig};
use saturn_neurons::rnn::{Rnn, RnnConfig};

const INPUTS: usize = 5;
const CLASSES: usize = 2;
const STEPS: usize = 8;
const LANES: usize = 3;

type Net = Vec<Box<dyn Cell<f64>>>;

/// From the bottom: linear encoder, RNN, GRU, linear readout.
fn net() -> Net {
    let mut rng = generator(2, "init", 0);
    let linear = |out| LinearConfig { out, bias: true };
    let rnn = RnnConfig {
        hidden: 3,
        ..RnnConfig::default()
    };
    vec![
        Box::new(Linear::new(&linear(4), INPUTS, 10.0, &mut rng).unwrap()),
        Box::new(Rnn::new(&rnn, 4, 10.0, &mut rng).unwrap()),
        Box::new(Gru::new(&GruConfig { hidden: 4 }, 3, 10.0, &mut rng).unwrap()),
        Box::new(Linear::new(&linear(CLASSES), 4, 10.0, &mut rng).unwrap()),
    ]
}

/// What is kept of the states `[T, B]`: whole, in part, and nothing.
fn keep() -> DMatrix<f64> {
    DMatrix::from_fn(STEPS, LANES, |t, b| match (t + 2 * b) % 5 {
        3 => 0.5,
        4 => 0.0,
        _ => 1.0,
    })
}

/// The tapes of the net's layers, bottom first.
fn forward(net: &Net, x: &DMatrix<f64>, keep: Option<&DMatrix<f64>>) -> Vec<Tape<f64>> {
    let mut tapes: Vec<Tape<f64>> = Vec::new();
    for cell in net {
        let mut tape = Tape::new();
        tape.start(cell.as_ref(), STEPS, LANES);
        let input = match tapes.last() {
            Some(below) => below.output(),
            None => x.as_view(),
        };
        tape.forward(cell.as_ref(), Input::Dense(input), keep);
        tapes.push(tape);
    }
    tapes
}

/// The gradients of all layers, bottom first, and that of the input.
fn backward(
    net: &Net,
    x: &DMatrix<f64>,
    tapes: &mut [Tape<f64>],
    c: &DMatrix<f64>,
) -> (Vec<Params<f64>>, DMatrix<f64>) {
    let mut grads: Vec<_> = net.iter().map(|cell| cell.params().zeros_like()).collect();
    let mut dy = c.clone();
    for (i, cell) in net.iter().enumerate().rev() {
        let (below, tape) = tapes.split_at_mut(i);
        let input = match below.last() {
            Some(below) => below.output(),
            None => x.as_view(),
        };
        // The old contents of the buffer must not matter.
        let mut dx = DMatrix::from_element(cell.widths().input, x.ncols(), f64::NAN);
        tape[0].backward(
            cell.as_ref(),
            Input::Dense(input),
            dy.as_view(),
            &mut grads[i],
            Some(dx.as_view_mut()),
        );
        dy = dx;
    }
    (grads, dy)
}

#[test]
fn gradients_pass_through_all_layers() {
    let net = net();
    let x = random(INPUTS, STEPS * LANES, 1.0, 3);
    let c = random(CLASSES, STEPS * LANES, 1.0, 4);
    let keep = keep();
    let value = |net: &Net, x: &DMatrix<f64>| {
        let tapes = forward(net, x, Some(&keep));
        tapes[net.len() - 1].output().dot(&c)
    };
    let mut tapes = forward(&net, &x, Some(&keep));
    let (grads, dx) = backward(&net, &x, &mut tapes, &c);

    let check = |analytic: &DMatrix<f64>, numeric: &DMatrix<f64>, what: &str| {
        assert!(analytic.norm() > 0.0, "{what} is all zero");
        let error = error(analytic, numeric);
        assert!(error <= TOLERANCE, "{what} is off by {error:.2e}");
    };
    for (layer, grad) in grads.iter().enumerate() {
        for (i, tensor) in grad.tensors().iter().enumerate() {
            let numeric = differences(&net[layer].params()[i], 1e-5, |changed| {
                let mut other: Net = net.iter().map(|cell| cell.boxed()).collect();
                other[layer].update(&mut |p| p[i].copy_from(changed));
                value(&other, &x)
            });
            let what = format!("`{}` of layer {layer}", tensor.name);
            check(&tensor.value, &numeric, &what);
        }
    }
    let numeric = differences(&x, 1e-5, |x| value(&net, x));
    check(&dx, &numeric, "the input's gradient");
}

#[test]
fn a_tape_that_is_used_again_gives_the_same_bits() {
    for cell in net() {
        let w = cell.widths();
        let x = random(w.input, STEPS * LANES, 1.0, 6);
        let dy = random(w.output, STEPS * LANES, 1.0, 7);
        let mut tape = Tape::new();
        let mut run = |x: &DMatrix<f64>| {
            tape.start(cell.as_ref(), STEPS, LANES);
            tape.forward(cell.as_ref(), Input::Dense(x.as_view()), None);
            let mut grad = cell.params().zeros_like();
            let input = Input::Dense(x.as_view());
            tape.backward(cell.as_ref(), input, dy.as_view(), &mut grad, None);
            (tape.output().clone_owned(), grad)
        };
        let first = run(&x);
        let other = run(&(&x * 3.0));
        assert_ne!(first, other, "{}", cell.name());
        assert_eq!(first, run(&x), "{}", cell.name());
    }
}

#[test]
fn streams_on_streams_give_what_tapes_on_tapes_give() {
    let net = net();
    let x = random(INPUTS, STEPS * LANES, 1.0, 5);
    let tapes = forward(&net, &x, None);
    let whole = tapes[net.len() - 1].output();
    let mut streams: Vec<_> = net
        .iter()
        .map(|cell| Stream::new(cell.as_ref(), LANES))
        .collect();
    for t in 0..STEPS {
        let mut input = x.columns(t * LANES, LANES).clone_owned();
        for (stream, cell) in streams.iter_mut().zip(&net) {
            stream.step(cell.as_ref(), Input::Dense(input.as_view()));
            input = stream.output().clone_owned();
        }
        let distance = (input - whole.columns(t * LANES, LANES)).amax();
        assert!(distance < 1e-12, "step {t} is off by {distance:.2e}");
    }
}
