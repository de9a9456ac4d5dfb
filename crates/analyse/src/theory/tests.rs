use nalgebra::DMatrix;
use saturn_cell::gradcheck::random;
use saturn_cell::rng::generator;
use saturn_cell::{CellConfig, Input, Stream};
use saturn_neurons::spike_reset::SpikeReset;

use super::diagonal::System;
use super::lif::Neuron;
use super::*;

fn layer(yaml: &str) -> Layer {
    serde_saphyr::from_str(yaml).expect(yaml)
}

fn build(yaml: &str, inputs: usize, seed: u64) -> Box<dyn Cell<f64>> {
    let mut rng = generator(seed, "init", 0);
    layer(yaml).build(inputs, 10.0, &mut rng).unwrap()
}

/// Multiplies all weights.
fn scaled(mut cell: Box<dyn Cell<f64>>, by: f64) -> Box<dyn Cell<f64>> {
    cell.update(&mut |p| (p.tensors_mut().iter_mut()).for_each(|t| t.value *= by));
    cell
}

/// Theoretical results for inputs in ±1.
fn of(cell: &dyn Cell<f64>, yaml: &str) -> Theory {
    let input = vec![(-1.0, 1.0); cell.widths().input];
    let layer = layer(yaml);
    let heard = Heard {
        input: &input,
        state: &[],
    };
    theory(cell, Some(&layer), heard)
}

/// The distance of two lanes with different starts (on the scale of the field) and the same input, after each
/// step; and the least and the largest number of their states' first `rows` rows.
fn pair(cell: &dyn Cell<f64>, steps: usize, seed: u64) -> Vec<f64> {
    let w = cell.widths();
    let x = random(w.input, steps, 1.0, seed).map(|x| x.clamp(-1.0, 1.0));
    let mut stream = Stream::new(cell, 2);
    let start = random(w.state, 2, 0.5, seed + 1).map(|x| x.clamp(-0.99, 0.99));
    stream.state_mut().copy_from(&start);
    (0..steps)
        .map(|t| {
            let both = DMatrix::from_fn(w.input, 2, |i, _| x[(i, t)]);
            stream.step(cell, Input::Dense(both.as_view()));
            (stream.state().column(0) - stream.state().column(1)).norm()
        })
        .collect()
}

/// Wherever a condition holds, every measured pair comes together, and no slower in the long run than the factor.
#[test]
fn contraction_is_never_claimed_of_a_pair_that_stays_apart() {
    let (mut claimed, mut apart) = (0, 0);
    for yaml in ["rnn: {hidden: 6}", "gru: {hidden: 6}", "lstm: {hidden: 6}"] {
        for seed in 0..12 {
            for by in [0.1, 0.3, 0.6, 1.0, 3.0, 9.0] {
                let cell = scaled(build(yaml, 3, seed), by);
                let found = of(cell.as_ref(), yaml);
                let distances = pair(cell.as_ref(), 400, seed);
                let stays = distances[399] > 1e-6;
                apart += usize::from(stays);
                for condition in found.contraction.iter().filter(|c| c.holds) {
                    claimed += 1;
                    assert!(
                        !stays || condition.factor.unwrap().powi(400) > 1e-9,
                        "{yaml} x {by}, {seed}: {condition:?}"
                    );
                    // 200 steps later: weighted norms differ from |.|_2 by a constant factor.
                    let bound = condition.factor.unwrap().powi(200) * 1e4;
                    let fell = distances[209] / distances[9].max(1e-300);
                    assert!(
                        distances[9] < 1e-12 || fell < bound.max(1e-9),
                        "{yaml} x {by}, {seed}: {fell} > {bound}"
                    );
                }
            }
        }
    }
    // The test has seen both.
    assert!(
        claimed > 50 && apart > 20,
        "{claimed} claims, {apart} pairs apart"
    );
}

#[test]
fn a_unit_of_which_all_is_known() {
    let mut cell = build("rnn: {hidden: 1, bias: false}", 1, 1);
    cell.update(&mut |p| {
        p[0].fill(1.0);
        p[1].fill(-0.8);
    });
    let found = of(cell.as_ref(), "rnn: {}");
    let values: Vec<f64> = found.contraction.iter().map(|c| c.value).collect();
    assert!((values[0] - 0.8).abs() < 1e-12 && (values[1] - 0.8).abs() < 1e-12);
    assert!(found.contraction.iter().all(|c| c.holds && !c.exact));
    // |d| <= 1 + 0.8: tanh(1.8) = 0.947 is not pinned.
    assert_eq!(found.bounds[0].pinning, Some((0, 1).into()));
    let found = of(scaled(cell, 1.1).as_ref(), "rnn: {}");
    assert_eq!(found.bounds[0].pinning, Some((1, 1).into()));
}

/// A memory's largest value is reached by the input that writes most.
#[test]
fn the_memory_of_an_lstm_stays_within_its_bound_and_comes_near() {
    let yaml = "lstm: {hidden: 1}";
    let mut cell = build(yaml, 1, 1);
    // Gates and candidate depend only on the input: i, f, g, o.
    cell.update(&mut |p| {
        p[0].copy_from(&DMatrix::from_column_slice(4, 1, &[2.0, 1.0, 3.0, 1.0]));
        p[1].fill(0.0);
        p[2].fill(0.0);
    });
    let found = of(cell.as_ref(), yaml);
    let (low, high) = found.bounds[1].range.unwrap();
    let (i, f, g) = (sigmoid(2.0), sigmoid(1.0), 3f64.tanh());
    assert!((high - i * g / (1.0 - f)).abs() < 1e-9 && (low + high).abs() < 1e-12);
    // Without the recurrent part M has the eigenvalues 0 and F.
    assert!((found.contraction[0].value - f).abs() < 1e-4);
    let mut stream = Stream::new(cell.as_ref(), 1);
    let one = DMatrix::from_element(1, 1, 1.0);
    (0..200).for_each(|_| stream.step(cell.as_ref(), Input::Dense(one.as_view())));
    assert!((stream.state()[1] - high).abs() < 1e-6);
}

/// x' = l x + b u, y = c x: the largest gain is at frequency 0 for l > 0, and peak and energy are both
/// |c b| / (1 - l).
#[test]
fn a_first_order_filter_has_its_gain() {
    let system = System {
        l: vec![nalgebra::Complex::new(0.9, 0.0)],
        f: vec![nalgebra::Complex::new(0.5, 0.0)],
        b: DMatrix::from_element(1, 1, nalgebra::Complex::new(2.0, 0.0)),
        c: DMatrix::from_row_slice(1, 2, &[3.0, 0.0]),
        d: DMatrix::from_element(1, 1, 1.0),
    };
    assert!((system.energy() - 31.0).abs() < 1e-9, "{}", system.energy());
    assert!((system.peak() - 31.0).abs() < 1e-9, "{}", system.peak());
}

/// The parameters read from a diagonal cell match its behaviour: its response to one impulse, and its gain.
#[test]
fn a_diagonal_cell_is_read_rightly() {
    for yaml in ["ssm: {width: 3, states: 4}", "lru: {width: 3, states: 4}"] {
        let cell = build(yaml, 2, 5);
        let system = System::of(cell.as_ref()).unwrap();
        // G(ω) from the responses to impulses: Σ_t h_t e^{-iωt}, h_0 first.
        let mut stream = Stream::new(cell.as_ref(), 2);
        let (omega, steps) = (0.7f64, 8_000);
        let mut g = DMatrix::<nalgebra::Complex<f64>>::zeros(3, 2);
        for t in 0..steps {
            let x = if t == 0 {
                DMatrix::identity(2, 2)
            } else {
                DMatrix::zeros(2, 2)
            };
            stream.step(cell.as_ref(), Input::Dense(x.as_view()));
            let turn = nalgebra::Complex::from_polar(1.0, -omega * f64::from(t));
            g += stream.output().map(|y| turn * y);
        }
        let expected = system.transfer(omega);
        assert!(
            (&g - &expected).norm() < 1e-6 * g.norm(),
            "{yaml}: {g} {expected}"
        );
        assert!(system.peak() >= system.energy() / (3f64).sqrt());
        assert!(of(cell.as_ref(), yaml).contraction[0].exact);
    }
}

/// A state never leaves its bound, and an input that turns with the state comes near it.
#[test]
fn a_diagonal_state_stays_within_its_bound() {
    let yaml = "lru: {width: 2, states: 3}";
    let cell = build(yaml, 2, 5);
    let found = of(cell.as_ref(), yaml);
    let (_, high) = found.bounds[0].range.unwrap();
    let moduli = cell.moduli().unwrap();
    let steps = (20.0 / (1.0 - moduli.iter().copied().fold(0.0, f64::max))) as usize;
    let mut stream = Stream::new(cell.as_ref(), 1);
    let mut largest = 0.0f64;
    for t in 0..steps.min(40_000) {
        let sign = if (t / 7) % 2 == 0 { 1.0 } else { -1.0 };
        let x = DMatrix::from_element(2, 1, sign);
        stream.step(cell.as_ref(), Input::Dense(x.as_view()));
        let state = stream.state();
        for p in 0..3 {
            largest = largest.max(state[p].hypot(state[3 + p]));
        }
    }
    assert!(largest > 0.0 && largest <= high, "{largest} of {high}");
}

/// The norm bounds the state of a block for any input, however large.
#[test]
fn a_block_is_bounded_whatever_it_hears() {
    let yaml = "ssm_block: {width: 6, states: 4}";
    let cell = build(yaml, 6, 2);
    let found = of(cell.as_ref(), yaml);
    assert!(found.bounds[0].any_input && found.gain.is_some());
    let (_, high) = found.bounds[0].range.unwrap();
    let mut stream = Stream::new(cell.as_ref(), 1);
    for t in 0..3_000 {
        let x = random(6, 1, 1e6, t / 50);
        stream.step(cell.as_ref(), Input::Dense(x.as_view()));
        let state = stream.state();
        for p in 0..4 {
            assert!(state[p].hypot(state[4 + p]) <= high);
        }
    }
}

/// A membrane under its largest drive reaches the upper bound, and random drives never leave the bounds.
#[test]
fn a_membrane_stays_within_its_bounds() {
    for reset in [SpikeReset::Subtract, SpikeReset::Zero, SpikeReset::None] {
        for (low, high) in [(-0.5, 0.05), (-0.3, 0.6), (-2.0, 3.0), (0.0, 1.3)] {
            let neuron = Neuron {
                a: 0.8,
                low,
                high,
                theta: 1.0,
                reset,
            };
            let (zeroing, subtracted) = reset.factors(1.0);
            let run = |drive: &dyn Fn(usize) -> f64| {
                let (mut v, mut s, mut range, mut fired) = (0.0f64, 0.0, (0.0f64, 0.0f64), 0);
                for t in 0..4_000 {
                    v = 0.8 * (1.0 - zeroing * s) * v + drive(t) - subtracted * s;
                    s = f64::from(u8::from(v > 1.0));
                    range = (range.0.min(v), range.1.max(v));
                    fired += usize::from(t >= 3_000 && s > 0.0);
                }
                (range, fired)
            };
            let noise = random(1, 4_000, 1.0, 4);
            let uniform = |t: usize| low + (high - low) * (0.5 + 0.5 * (3.0 * noise[t]).tanh());
            let steady = run(&|_| high);
            for (range, _) in [steady, run(&|_| low), run(&uniform)] {
                let (least, most) = (neuron.least(), neuron.most());
                assert!(
                    range.0 >= least - 1e-12 && range.1 <= most + 1e-12,
                    "{reset:?} {low} {high}: {range:?} is not in {least}..{most}"
                );
            }
            assert_eq!(
                neuron.may_always_fire(),
                steady.1 == 1_000,
                "{reset:?} {high}"
            );
            assert_eq!(neuron.never_fires(), steady.1 == 0, "{reset:?} {high}");
            if reset == SpikeReset::None {
                assert!((steady.0.1 - neuron.most()).abs() < 1e-9);
            }
        }
    }
}

/// A layer of neurons within the bounds that are read off it, in every option that changes them.
#[test]
fn a_layer_of_neurons_is_read_rightly() {
    for options in [
        "",
        ", spike_reset: zero",
        ", input_scale: decay",
        ", spike_reset: none, recurrent: false",
        ", density: 0.34",
    ] {
        let recurrent = if options.contains("recurrent") {
            ""
        } else {
            ", recurrent: true"
        };
        let yaml = format!("lif: {{hidden: 6{recurrent}{options}}}");
        let cell = scaled(build(&yaml, 3, 3), 2.0);
        let found = of(cell.as_ref(), &yaml);
        let (low, high) = found.bounds[0].range.unwrap();
        let x = random(3, 3_000, 1.0, 8).map(|x| x.clamp(-1.0, 1.0));
        let mut stream = Stream::new(cell.as_ref(), 1);
        let mut fires = 0;
        for t in 0..3_000 {
            stream.step(cell.as_ref(), Input::Dense(x.columns(t, 1)));
            let state = stream.state();
            for i in 0..6 {
                assert!(
                    state[i] >= low && state[i] <= high,
                    "{yaml}: {} not in {low}..{high}",
                    state[i]
                );
                fires += usize::from(state[6 + i] > 0.0);
            }
        }
        assert!(fires > 0, "{yaml}");
        assert_eq!(found.silent.unwrap().1, 6);
    }
}
