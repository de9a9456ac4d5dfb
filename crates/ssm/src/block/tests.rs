//! `ssm_block` by hand, its gradients, and its two ways through time.

use super::*;
use nalgebra::DMatrix;
use saturn_cell::agree::{assert_dense_equals_events, assert_stream_equals_sequence};
use saturn_cell::gradcheck::{Setup, assert_gradients, random};
use saturn_cell::rng::generator;
use saturn_cell::{Stream, Tape};

use crate::continuous::{IM, LOG_GAIN, LOG_RE, LOG_STEP};
use crate::gelu::gelu;
use crate::{Discretization, Init, Ring};

fn small() -> SsmBlockConfig {
    SsmBlockConfig {
        width: 4,
        states: 4,
        ..SsmBlockConfig::default()
    }
}

/// A small block whose gains and biases are not at 1 and 0.
fn cell<R: Real>(config: &SsmBlockConfig) -> SsmBlock<R> {
    let mut rng = generator(3, "init", 0);
    let mut cell = SsmBlock::new(config, config.width, 10.0, &mut rng).unwrap();
    let dynamics = cell.diagonal.position(0);
    cell.update(&mut |p| {
        for tensor in &mut p.tensors_mut()[D..dynamics] {
            let (rows, columns) = tensor.value.shape();
            tensor.value += random(rows, columns, 0.3, 8).map(R::of);
        }
    });
    cell
}

#[test]
fn gradients() {
    let mut seed = 0;
    for discretization in [Discretization::Zoh, Discretization::Bilinear] {
        for init in [Init::S4dLin, Init::S5] {
            for norm in [Norm::Layer, Norm::Rms, Norm::None] {
                for (glu, residual) in [(true, true), (true, false), (false, true), (false, false)]
                {
                    let config = SsmBlockConfig {
                        discretization,
                        init,
                        norm,
                        glu,
                        residual,
                        ..small()
                    };
                    seed += 1;
                    let setup = Setup {
                        steps: 5,
                        lanes: 3,
                        seed,
                        ..Setup::default()
                    };
                    assert_gradients(&cell(&config), setup);
                }
            }
        }
    }
}

#[test]
fn gradients_with_the_dynamics_of_the_lru() {
    let config = SsmBlockConfig {
        dynamics: BlockDynamics::Lru(Ring::default()),
        ..small()
    };
    let setup = Setup {
        steps: 5,
        ..Setup::default()
    };
    assert_gradients(&cell(&config), setup);
    assert_stream_equals_sequence(&cell::<f64>(&config), 40, 3);
}

#[test]
fn parameters_learn_the_same_without_an_input_gradient() {
    for norm in [Norm::Layer, Norm::Rms, Norm::None] {
        let cell = cell::<f64>(&SsmBlockConfig { norm, ..small() });
        let x = random(4, 18, 1.0, 1);
        let dy = random(4, 18, 1.0, 2);
        let mut tape = Tape::new();
        tape.start(&cell, 6, 3);
        tape.forward(&cell, Input::Dense(x.as_view()), None);
        let mut dx = DMatrix::zeros(4, 18);
        let (mut with, mut without) = (cell.params().zeros_like(), cell.params().zeros_like());
        let x = Input::Dense(x.as_view());
        tape.backward(&cell, x, dy.as_view(), &mut with, Some(dx.as_view_mut()));
        tape.backward(&cell, x, dy.as_view(), &mut without, None);
        for (a, b) in with.tensors().iter().zip(without.tensors()) {
            let distance = (&a.value - &b.value).norm();
            assert!(distance < 1e-12 * a.value.norm(), "{norm:?}: {}", a.name);
        }
    }
}

#[test]
fn one_unit_by_hand() {
    let config = SsmBlockConfig {
        width: 1,
        states: 1,
        norm: Norm::Rms,
        ..SsmBlockConfig::default()
    };
    let mut cell = SsmBlock::<f64>::new(&config, 1, 10.0, &mut generator(1, "init", 0)).unwrap();
    // λ = -ln 2, Δ = 1: L = 1/2 and f = 1/(2 ln 2), so B = 2 ln 2 gives v = u.
    let learnt = [LOG_RE, IM, LOG_STEP, LOG_GAIN].map(|i| cell.diagonal.position(i));
    cell.update(&mut |p| {
        for (i, value) in learnt.into_iter().zip([2f64.ln().ln(), 0.0, 0.0, 0.0]) {
            p[i][0] = value;
        }
        p[B].copy_from_slice(&[2.0 * 2f64.ln(), 0.0]);
        p[C].copy_from_slice(&[3.0, 7.0]);
        p[D][0] = -1.0;
        p[OUT_WEIGHT].copy_from_slice(&[2.0, 0.5]);
        p[OUT_BIAS].copy_from_slice(&[0.1, 0.0]);
        p[NORM_GAIN][0] = 0.5;
    });
    let mut stream = Stream::new(&cell, 1);
    let mut state = 0.0;
    for x in [4.0, -0.2] {
        let u = 0.5 * x / (x * x + 1e-5f64).sqrt();
        state = 0.5 * state + u;
        let g = gelu::<f64>(3.0 * state - u);
        let y = x + (2.0 * g + 0.1) / (1.0 + (-0.5 * g).exp());
        let input = DMatrix::from_element(1, 1, x);
        stream.step(&cell, Input::Dense(input.as_view()));
        assert!((stream.state()[0] - state).abs() < 1e-14);
        assert!((stream.output()[0] - y).abs() < 1e-14);
    }
}

#[test]
fn stream_equals_sequence() {
    for norm in [Norm::Layer, Norm::None] {
        let config = SsmBlockConfig { norm, ..small() };
        for lanes in [1, 3] {
            assert_stream_equals_sequence(&cell::<f64>(&config), 40, lanes);
            assert_stream_equals_sequence(&cell::<f32>(&config), 40, lanes);
        }
    }
}

#[test]
fn dense_equals_events() {
    assert_dense_equals_events(&cell::<f64>(&small()), 12, 3);
    assert_dense_equals_events(&cell::<f32>(&small()), 12, 3);
}

#[test]
fn watched_rows_hold_what_they_say() {
    let cell = cell::<f64>(&small());
    let x = random(4, 3, 1.0, 1);
    let mut tape = Tape::new();
    tape.start(&cell, 1, 3);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    let mut stream = Stream::new(&cell, 3);
    stream.step(&cell, Input::Dense(x.as_view()));
    let fields = cell.drive_fields();
    // From rest, the state after one step is the drive v.
    let v = stream
        .drive()
        .rows_range(fields[0].rows.clone())
        .clone_owned();
    assert_eq!(v, stream.state().clone_owned());
    let gate = stream
        .drive()
        .rows_range(fields[1].rows.clone())
        .clone_owned();
    assert_eq!(gate.nrows(), 4);
    assert!(gate.iter().all(|g| *g > 0.0 && *g < 1.0));
}

#[test]
fn bad_configurations_are_named() {
    let message = |config: &SsmBlockConfig, inputs| {
        let rng = &mut generator(1, "init", 0);
        let made = SsmBlock::<f32>::new(config, inputs, 10.0, rng);
        made.unwrap_err().to_string()
    };
    assert_eq!(
        message(&small(), 5),
        "`width` is 4: it must be 5, as many as the block's input has rows"
    );
    let no_width = SsmBlockConfig {
        width: 0,
        ..small()
    };
    assert_eq!(message(&no_width, 4), "`width` is 0: it must be at least 1");
    let unread = SsmBlockConfig {
        dynamics: BlockDynamics::Lru(Ring::default()),
        dt_max: 0.2,
        ..small()
    };
    assert_eq!(
        message(&unread, 4),
        "`dt_max` has no effect with `dynamics: lru`: leave it out"
    );
    let ring = Ring {
        r_min: 1.0,
        ..Ring::default()
    };
    let upside_down = SsmBlockConfig {
        dynamics: BlockDynamics::Lru(ring),
        ..small()
    };
    assert_eq!(
        message(&upside_down, 4),
        "`r_min` is 1: it must be at least 0 and below 1"
    );
}

#[test]
fn dynamics_are_chosen_by_a_key() {
    let read = |text| serde_json::from_str::<SsmBlockConfig>(text).map(|c| c.dynamics);
    assert_eq!(read("{}").unwrap(), BlockDynamics::Continuous);
    let lru = read(r#"{"dynamics": {"lru": {"r_max": 0.9}}}"#).unwrap();
    let ring = Ring {
        r_max: 0.9,
        ..Ring::default()
    };
    assert_eq!(lru, BlockDynamics::Lru(ring));
}
