//! Spiking cells with a second state give the numbers of other libraries, or of a few lines of PyTorch where no library
//! has them.

mod golden;

use golden::{Golden, assert_close};
use nalgebra::DMatrix;
use saturn_cell::rng::{ChaCha8Rng, generator};
use saturn_cell::{Cell, Input, Params, Tape};
use saturn_neurons::adlif::{AdLif, AdLifConfig};
use saturn_neurons::alif::{Alif, AlifConfig};
use saturn_neurons::bounded::Bounded;
use saturn_neurons::cuba_lif::{CubaLif, CubaLifConfig};
use saturn_neurons::decay::{InputScale, TimeConstants};
use saturn_neurons::resonate_and_fire::{
    ResonateAndFire, ResonateAndFireConfig, ResonatorReset, ResonatorStep,
};
use saturn_neurons::spike_reset::{ResetGradient, SpikeReset};
use saturn_neurons::surrogate::Surrogate;

/// H of all goldens.
const H: usize = 3;

fn rng() -> ChaCha8Rng {
    generator(1, "init", 0)
}

/// Gives `cell` the golden weights.
fn set_weights(cell: &mut dyn Cell<f64>, golden: &Golden) {
    cell.update(&mut |p| {
        for tensor in p.tensors_mut() {
            match tensor.name {
                "weight" | "recurrent" => tensor.value = golden.matrix(tensor.name),
                "bias" => tensor.value = golden.vector("bias"),
                _ => {}
            }
        }
    });
}

/// A cell with golden weights, run forward and backward on the golden input of two lanes.
struct Replay {
    states: DMatrix<f64>,
    output: DMatrix<f64>,
    grad: Params<f64>,
}

/// Runs `cell` on the golden x with the adjoints c of the spikes and those of the last state: block `i` of H rows has
/// the golden columns `last[i]`.
fn replay(cell: &dyn Cell<f64>, golden: &Golden, last: &[Option<&str>]) -> Replay {
    let x = golden.sequence("x");
    let mut tape = Tape::new();
    tape.start(cell, x.ncols() / 2, 2);
    tape.forward(cell, Input::Dense(x.as_view()), None);
    let mut grad = cell.params().zeros_like();
    let mut adjoint = DMatrix::zeros(cell.widths().state, 2);
    for (i, name) in last.iter().enumerate() {
        if let Some(name) = name {
            adjoint.rows_mut(i * H, H).copy_from(&golden.columns(name));
        }
    }
    tape.backward_from(
        cell,
        Input::Dense(x.as_view()),
        golden.sequence("c").as_view(),
        Some(adjoint.as_view()),
        &mut grad,
        None,
    );
    Replay {
        states: tape.states().clone_owned(),
        output: tape.output().clone_owned(),
        grad,
    }
}

impl Replay {
    /// Asserts that block `i` of the states is the golden sequence `name`.
    fn assert_state(&self, i: usize, case: &Golden, name: &str, tolerance: f64) {
        let block = self.states.rows(i * H, H).clone_owned();
        assert_close(&block, &case.sequence(name), tolerance, name);
    }

    /// Asserts that the spikes are the golden ones.
    fn assert_spikes(&self, case: &Golden) {
        assert_close(&self.output, &case.sequence("s"), 0.0, "s");
    }

    /// Asserts that the gradient of the parameter `name` is the golden one, times `chain` where the parameter is not
    /// what the golden gradient is of.
    fn assert_gradient(&self, name: &str, golden: DMatrix<f64>, chain: &[f64], tolerance: f64) {
        let tensor = self.grad.tensors().iter().find(|t| t.name == name).unwrap();
        let wanted = if chain.is_empty() {
            golden
        } else {
            golden.component_mul(&DMatrix::from_column_slice(H, 1, chain))
        };
        assert_close(&tensor.value, &wanted, tolerance, name);
    }

    /// [`Self::assert_gradient`] for weights and bias.
    fn assert_weight_gradients(&self, case: &Golden, tolerance: f64) {
        self.assert_gradient("weight", case.matrix("d_weight"), &[], tolerance);
        self.assert_gradient("recurrent", case.matrix("d_recurrent"), &[], tolerance);
        self.assert_gradient("bias", case.vector("d_bias"), &[], tolerance);
    }
}

/// d tau / d rho of time constants that are learnt in `range`.
fn chain(range: [f64; 2], taus: &[f64]) -> Vec<f64> {
    let map = Bounded::draw(range, 1, &mut rng());
    taus.iter().map(|&tau| tau * map.log_slope(tau)).collect()
}

/// The range from which the membranes' time constants of all goldens are.
const MEMBRANE: [f64; 2] = [25.0, 150.0];
/// The range from which the time constants of adaptation are.
const ADAPTATION: [f64; 2] = [100.0, 400.0];

#[test]
fn alif_is_that_of_yin_and_of_bellec() {
    let golden = Golden::read(include_str!("golden/alif.json"));
    let (membrane, adaptation) = (golden.numbers("tau_mem_ms"), golden.numbers("tau_adapt_ms"));
    for (case, normalise, beta) in [("yin", true, 1.8), ("bellec", false, 0.2)] {
        let config = AlifConfig {
            hidden: H,
            recurrent: true,
            tau_mem_ms: TimeConstants::Range(MEMBRANE),
            tau_adapt_ms: TimeConstants::Range(ADAPTATION),
            normalise,
            beta,
            ..AlifConfig::default()
        };
        let mut cell = Alif::new(&config, 3, 10.0, &mut rng()).unwrap();
        cell.set_tau_ms(&membrane, &adaptation).unwrap();
        set_weights(&mut cell, &golden);
        let run = replay(&cell, &golden, &[Some("e"), Some("f")]);
        let case = golden.of(case);
        run.assert_spikes(&case);
        run.assert_state(0, &case, "v", 1e-12);
        run.assert_state(1, &case, "b", 1e-12);
        run.assert_weight_gradients(&case, 1e-12);
        let tau = chain(MEMBRANE, &membrane);
        run.assert_gradient("tau_mem_logit", case.vector("d_tau_mem"), &tau, 1e-12);
        let tau = chain(ADAPTATION, &adaptation);
        run.assert_gradient("tau_adapt_logit", case.vector("d_tau_adapt"), &tau, 1e-12);
    }
}

#[test]
fn cuba_lif_is_snntorchs_synaptic() {
    let golden = Golden::read(include_str!("golden/cuba_lif.json"));
    let (membrane, synapse) = (golden.numbers("tau_mem_ms"), golden.numbers("tau_syn_ms"));
    for (case, spike_reset) in [
        ("subtract", SpikeReset::Subtract),
        ("none", SpikeReset::None),
    ] {
        let config = CubaLifConfig {
            hidden: H,
            recurrent: true,
            tau_mem_ms: TimeConstants::Range(MEMBRANE),
            tau_syn_ms: TimeConstants::Range([10.0, 40.0]),
            spike_reset,
            ..CubaLifConfig::default()
        };
        let mut cell = CubaLif::new(&config, 3, 10.0, &mut rng()).unwrap();
        cell.set_tau_ms(&membrane, &synapse).unwrap();
        set_weights(&mut cell, &golden);
        let run = replay(&cell, &golden, &[Some("e"), Some("f")]);
        let case = golden.of(case);
        run.assert_spikes(&case);
        run.assert_state(0, &case, "v", 1e-12);
        run.assert_state(1, &case, "i", 1e-12);
        // snnTorch's spikes, and so the gradients that pass through them, are in single precision.
        run.assert_weight_gradients(&case, 1e-6);
        let tau = chain(MEMBRANE, &membrane);
        run.assert_gradient("tau_mem_logit", case.vector("d_tau_mem"), &tau, 1e-6);
        let tau = chain([10.0, 40.0], &synapse);
        run.assert_gradient("tau_syn_logit", case.vector("d_tau_syn"), &tau, 1e-6);
    }
}

#[test]
fn cuba_lif_is_norses_lif_cell() {
    let golden = Golden::read(include_str!("golden/cuba_lif.json"));
    // Norse's Euler decays 1 - dt/tau with dt = 1 ms and tau of 20 and 5 ms, taken as exp(-dt/tau).
    let euler = |tau_ms: f64| TimeConstants::Same(-1.0 / (1.0 - 1.0 / tau_ms).ln());
    let config = CubaLifConfig {
        hidden: H,
        tau_mem_ms: euler(20.0),
        tau_syn_ms: euler(5.0),
        learn_tau: false,
        threshold: 0.04,
        spike_reset: SpikeReset::Zero,
        reset_gradient: ResetGradient::Full,
        input_scale: InputScale::Decay,
        surrogate: Surrogate::FastSigmoid(1.0),
        bias: false,
        ..CubaLifConfig::default()
    };
    let mut cell = CubaLif::new(&config, 3, 1.0, &mut rng()).unwrap();
    set_weights(&mut cell, &golden);
    let mut run = replay(&cell, &golden, &[]);
    let case = golden.of("norse");
    run.assert_spikes(&case);
    // Norse resets within the step: its membrane is ours where there is no spike, else 0; and it records the current
    // after its decay. Its parameters are in single precision.
    let silent = run.output.map(|s| 1.0 - s);
    run.states.rows_mut(0, H).component_mul_assign(&silent);
    run.states.rows_mut(H, H).scale_mut(0.8);
    run.assert_state(0, &case, "v", 1e-6);
    run.assert_state(1, &case, "i", 1e-6);
    run.assert_gradient("weight", case.matrix("d_weight"), &[], 1e-6);
}

#[test]
fn adlif_is_that_of_baronig() {
    let golden = Golden::read(include_str!("golden/adlif.json"));
    let (membrane, adaptation) = (golden.numbers("tau_mem_ms"), golden.numbers("tau_adapt_ms"));
    let config = AdLifConfig {
        hidden: H,
        recurrent: true,
        tau_mem_ms: TimeConstants::Range(MEMBRANE),
        tau_adapt_ms: TimeConstants::Range(ADAPTATION),
        ..AdLifConfig::default()
    };
    let mut cell = AdLif::new(&config, 3, 10.0, &mut rng()).unwrap();
    cell.set_tau_ms(&membrane, &adaptation).unwrap();
    cell.set_adaptation(&golden.numbers("a"), &golden.numbers("b"))
        .unwrap();
    set_weights(&mut cell, &golden);
    let run = replay(&cell, &golden, &[None, Some("f")]);
    run.assert_spikes(&golden);
    run.assert_state(0, &golden, "v", 1e-12);
    run.assert_state(1, &golden, "w", 1e-12);
    run.assert_weight_gradients(&golden, 1e-12);
    let tau = chain(MEMBRANE, &membrane);
    run.assert_gradient("tau_mem_logit", golden.vector("d_tau_mem"), &tau, 1e-12);
    let tau = chain(ADAPTATION, &adaptation);
    run.assert_gradient("tau_adapt_logit", golden.vector("d_tau_adapt"), &tau, 1e-12);
    // da / drho = a (1 - a / a_max).
    let slopes = |name, max: f64| -> Vec<f64> {
        let values = golden.numbers(name).into_iter();
        values.map(|a| a * (1.0 - a / max)).collect()
    };
    run.assert_gradient("a_logit", golden.vector("d_a"), &slopes("a", 10.0), 1e-12);
    run.assert_gradient("b_logit", golden.vector("d_b"), &slopes("b", 20.0), 1e-12);
}

#[test]
fn resonate_and_fire_is_that_of_higuchi_and_of_izhikevich() {
    let golden = Golden::read(include_str!("golden/resonate_and_fire.json"));
    let (period, membrane) = (golden.numbers("period_ms"), golden.numbers("tau_mem_ms"));
    let [periods, membranes] = [[210.0, 2000.0], [90.0, 800.0]];
    for (case, step, spike_reset) in [
        ("balanced", ResonatorStep::Euler, ResonatorReset::Balanced),
        (
            "exponential",
            ResonatorStep::Exponential,
            ResonatorReset::Balanced,
        ),
        (
            "izhikevich",
            ResonatorStep::Exponential,
            ResonatorReset::Izhikevich,
        ),
    ] {
        let config = ResonateAndFireConfig {
            hidden: H,
            recurrent: true,
            period_ms: TimeConstants::Range(periods),
            tau_mem_ms: TimeConstants::Range(membranes),
            step,
            spike_reset,
            ..ResonateAndFireConfig::default()
        };
        let mut cell = ResonateAndFire::new(&config, 3, 10.0, &mut rng()).unwrap();
        cell.set_dynamics_ms(&period, &membrane).unwrap();
        set_weights(&mut cell, &golden);
        let run = replay(&cell, &golden, &[None, Some("f")]);
        let case = golden.of(case);
        run.assert_spikes(&case);
        run.assert_state(0, &case, "v", 1e-12);
        run.assert_state(1, &case, "w", 1e-12);
        if spike_reset == ResonatorReset::Balanced {
            run.assert_state(2, &case, "q", 1e-12);
        }
        run.assert_weight_gradients(&case, 1e-12);
        let rho = chain(periods, &period);
        run.assert_gradient("period_logit", case.vector("d_period"), &rho, 1e-12);
        let rho = chain(membranes, &membrane);
        run.assert_gradient("tau_mem_logit", case.vector("d_tau_mem"), &rho, 1e-12);
    }
}
