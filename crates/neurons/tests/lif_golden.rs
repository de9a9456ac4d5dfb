//! LIF neurons give the numbers of snnTorch and Norse.

mod golden;

use golden::{Golden, assert_close};
use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, Input, Params, Tape};
use saturn_neurons::decay::{InputScale, TimeConstants};
use saturn_neurons::lif::{Lif, LifConfig};
use saturn_neurons::spike_reset::{ResetGradient, SpikeReset};
use saturn_neurons::surrogate::Surrogate;

/// The cell of `case` with the golden weights, run forward and backward on the golden input.
struct Replay {
    tape: Tape<f64>,
    grad: Params<f64>,
    tau_slope: Vec<f64>,
}

fn replay(golden: &Golden, case: &str, config: &LifConfig, dt_ms: f64) -> Replay {
    let mut cell = Lif::<f64>::new(
        &LifConfig {
            hidden: 4,
            ..config.clone()
        },
        3,
        dt_ms,
        &mut generator(1, "init", 0),
    )
    .unwrap();
    if cell.config().learn_tau {
        cell.set_tau_mem_ms(&golden.numbers("tau_ms")).unwrap();
    }
    cell.update(&mut |p| {
        for tensor in p.tensors_mut() {
            match tensor.name {
                "weight" => tensor.value = golden.matrix("weight"),
                "recurrent" => tensor.value = golden.matrix("recurrent"),
                "bias" => tensor.value = golden.vector("bias"),
                _ => {}
            }
        }
    });
    let x = golden.sequence("x");
    let mut tape = Tape::new();
    tape.start(&cell, x.ncols() / 2, 2);
    tape.forward(&cell, Input::Dense(x.as_view()), None);
    let s = golden.of(case).sequence("s");
    assert_close(&tape.output().clone_owned(), &s, 0.0, &format!("{case}: s"));
    let mut grad = cell.params().zeros_like();
    let mut last = DMatrix::zeros(8, 2);
    if cell.config().learn_tau {
        // The other library's scalar counts the last membrane too.
        last.rows_mut(0, 4).copy_from(&golden.columns("e"));
    }
    tape.backward_from(
        &cell,
        Input::Dense(x.as_view()),
        golden.sequence("c").as_view(),
        Some(last.as_view()),
        &mut grad,
        None,
    );
    // d tau / d rho = tau (1 - share) share ln(high / low), with high / low from 3 * 150 and 25 / 3.
    let ratio = (450.0_f64 / (25.0 / 3.0)).ln();
    let tau_slope = cell.tau_mem_ms().iter().map(|tau| {
        let share = (tau / (25.0 / 3.0)).ln() / ratio;
        tau * share * (1.0 - share) * ratio
    });
    let tau_slope = tau_slope.collect();
    Replay {
        tape,
        grad,
        tau_slope,
    }
}

#[test]
fn subtract_zero_and_none_are_those_of_snntorch() {
    let golden = Golden::read(include_str!("golden/lif.json"));
    let cases = [
        (
            "subtract",
            SpikeReset::Subtract,
            Surrogate::FastSigmoid(10.0),
        ),
        ("zero", SpikeReset::Zero, Surrogate::Atan(2.0)),
        ("none", SpikeReset::None, Surrogate::FastSigmoid(10.0)),
    ];
    for (case, spike_reset, surrogate) in cases {
        let config = LifConfig {
            recurrent: true,
            tau_mem_ms: TimeConstants::Range([25.0, 150.0]),
            spike_reset,
            surrogate,
            ..LifConfig::default()
        };
        let replay = replay(&golden, case, &config, 10.0);
        let other = golden.of(case);
        let v = replay.tape.states().rows(0, 4).clone_owned();
        assert_close(&v, &other.sequence("v"), 1e-12, &format!("{case}: v"));
        // snnTorch's spikes, and so the gradients that pass through them, are in single precision.
        let tolerance = 1e-6;
        let what = |name: &str| format!("{case}: {name}");
        let grad = &replay.grad;
        assert_close(
            &grad[0],
            &other.matrix("d_weight"),
            tolerance,
            &what("weight"),
        );
        assert_close(&grad[1], &other.vector("d_bias"), tolerance, &what("bias"));
        let wanted = other.matrix("d_recurrent");
        assert_close(&grad[2], &wanted, tolerance, &what("recurrent"));
        let chain = DMatrix::from_column_slice(4, 1, &replay.tau_slope);
        let wanted = other.vector("d_tau").component_mul(&chain);
        assert_close(&grad[3], &wanted, tolerance, &what("tau"));
    }
}

#[test]
fn zero_with_input_scale_decay_is_norses_lif_box_cell() {
    let golden = Golden::read(include_str!("golden/lif.json"));
    // Norse's Euler decay 1 - dt/tau with dt = 1 ms, tau = 20 ms, taken as exp(-dt/tau).
    let config = LifConfig {
        tau_mem_ms: TimeConstants::Same(-1.0 / (1.0_f64 - 1.0 / 20.0).ln()),
        learn_tau: false,
        threshold: 0.04,
        spike_reset: SpikeReset::Zero,
        reset_gradient: ResetGradient::Full,
        input_scale: InputScale::Decay,
        surrogate: Surrogate::FastSigmoid(1.0),
        bias: false,
        ..LifConfig::default()
    };
    let replay = replay(&golden, "norse", &config, 1.0);
    let other = golden.of("norse");
    // Norse resets within the step: its membrane is ours where there is no spike, else 0.
    let states = replay.tape.states();
    let silent = states.rows(4, 4).map(|s| 1.0 - s);
    let v = states.rows(0, 4).component_mul(&silent);
    // Its parameters are in single precision.
    assert_close(&v, &other.sequence("v"), 1e-6, "norse: v");
    assert_close(
        &replay.grad[0],
        &other.matrix("d_weight"),
        1e-6,
        "norse: weight",
    );
}
