//! Sparse layers against dense ones with zeros, and the draw of their connections.

use nalgebra::DMatrix;
use saturn_cell::agree::assert_twins;
use saturn_cell::gradcheck::{Setup, assert_gradients, random, random_events};
use saturn_cell::{Cell, CellConfig, Input, Params, Real, Tape, rng::generator};
use serde::de::DeserializeOwned;

use super::*;
use crate::adlif::AdLifNeurons;
use crate::alif::AlifNeurons;
use crate::cuba_lif::CubaLifNeurons;
use crate::layer::{Layer, Neurons};
use crate::lif::{LifConfig, LifNeurons};
use crate::resonate_and_fire::Resonators;
use crate::testing::{DT_MS, assert_complaints};

const STEPS: usize = 30;
const LANES: usize = 3;

/// A layer of the keys in `text` on nine inputs.
fn layer<R: Real, N: Neurons<R>>(text: &str) -> Layer<R, N>
where
    N::Config: DeserializeOwned,
{
    let config: N::Config = serde_json::from_str(text).unwrap();
    Layer::new(&config, 9, DT_MS, &mut generator(3, "init", 0)).unwrap()
}

/// The dense layer of the keys in `text` with the numbers of the sparse layer `own`.
fn twin<R: Real, N: Neurons<R>>(text: &str, own: &Layer<R, N>) -> Layer<R, N>
where
    N::Config: DeserializeOwned,
{
    let mut twin = layer::<R, N>(text);
    let w_r = own.recurrent_with_zeros().unwrap();
    assert_eq!(twin.recurrent_with_zeros(), None, "a dense layer");
    twin.update(&mut |params| {
        for (to, from) in params.tensors_mut().iter_mut().zip(own.params().tensors()) {
            match &*to.name {
                "recurrent" => to.value.copy_from(&w_r),
                name => {
                    assert_eq!(name, from.name);
                    to.value.copy_from(&from.value);
                }
            }
        }
    });
    twin
}

/// Outputs and gradients of a cell on events, with states partly kept and reset along the way if `resets`.
fn run<R: Real>(cell: &dyn Cell<R>, resets: bool) -> (DMatrix<R>, Params<R>) {
    let w = cell.widths();
    let events = random_events(w.input, STEPS * LANES, 0.3, 6);
    let keep = resets.then(|| {
        DMatrix::from_fn(STEPS, LANES, |t, b| match (t + 2 * b) % 7 {
            3 => R::of(0.5),
            4 => R::zero(),
            _ => R::one(),
        })
    });
    let mut tape = Tape::new();
    tape.start(cell, STEPS, LANES);
    let x = Input::Events(events.view());
    tape.forward(cell, x, keep.as_ref());
    let dy = random(w.output, STEPS * LANES, 1.0, 7).map(R::of);
    let mut grad = cell.params().zeros_like();
    tape.backward(cell, x, dy.as_view(), &mut grad, None);
    (tape.output().clone_owned(), grad)
}

/// Asserts that two layers have the same outputs, to the bit where they are spikes, and the same gradients.
fn assert_same<R: Real>(
    own: &dyn Cell<R>,
    twin: &dyn Cell<R>,
    fan_out: &FanOut,
    tolerance: f64,
    what: &str,
) {
    for resets in [false, true] {
        let ((y, g), (y_twin, g_twin)) = (run(own, resets), run(twin, resets));
        if own.spikes() {
            assert_eq!(y, y_twin, "{what}: output");
            let rate = y.map(R::wide).mean();
            assert!((0.01..0.6).contains(&rate), "{what}: {rate} spikes a step");
        }
        let connected = fan_out.dense(&vec![R::one(); fan_out.targets().len()]);
        for (a, b) in g.tensors().iter().zip(g_twin.tensors()) {
            let (a, b) = if b.name == "recurrent" {
                let (a, b) = (fan_out.dense(a.value.as_slice()), &b.value);
                (a, b.component_mul(&connected))
            } else {
                (a.value.clone(), b.value.clone())
            };
            let distance = (&a - &b).map(R::wide).norm() / b.map(R::wide).norm().max(1e-8);
            assert!(distance < tolerance, "{what}: {distance:.1e}");
            assert!(a.iter().any(|g| !g.is_zero()), "{what}: no gradient");
        }
    }
}

/// Asserts of a kind of neurons that a sparse layer is the dense one with zeros, and that its gradients are exact.
fn check<N64: Neurons<f64>, N32: Neurons<f32>>()
where
    N64::Config: DeserializeOwned,
    N32::Config: DeserializeOwned,
{
    let keys = r#""hidden": 40, "recurrent": true, "reset_gradient": "full", "recurrent_scale": 1"#;
    let fan_out = Connections {
        density: 0.15,
        seed: 5,
    };
    let fan_out = fan_out.draw(40).unwrap();
    for window in ["", r#", "surrogate": {"boxcar": 0.4}"#] {
        let dense = format!("{{{keys}{window}}}");
        let sparse = format!("{{{keys}{window}, \"density\": 0.15, \"connection_seed\": 5}}");
        let what = format!("{} {window}", N64::NAME);
        let own = layer::<f64, N64>(&sparse);
        let other = twin(&dense, &own);
        assert_same(&own, &other, &fan_out, 1e-12, &what);
        let (own, other) = (own.relaxed(), other.relaxed());
        assert_same(&own, &other, &fan_out, 1e-12, &format!("{what}, relaxed"));
        let own = layer::<f32, N32>(&sparse);
        let other = twin(&dense, &own);
        assert_same(&own, &other, &fan_out, 1e-4, &format!("{what} in f32"));
    }
    let few = keys.replace("40", "5");
    for setup in Setup::varied() {
        let own = layer::<f64, N64>(&format!(
            "{{{few}, \"density\": 0.4, \"surrogate\": {{\"fast_sigmoid\": 4}}}}"
        ));
        assert_eq!(own.synapses().per_spike, 2);
        assert_gradients(&own.relaxed(), setup);
    }
    let config: N64::Config =
        serde_json::from_str(&format!("{{{keys}, \"density\": 0.1}}")).unwrap();
    assert_twins(&config, 9);
}

#[test]
fn sparse_layers_are_dense_ones_with_zeros() {
    check::<LifNeurons<f64>, LifNeurons<f32>>();
    check::<AlifNeurons<f64>, AlifNeurons<f32>>();
    check::<CubaLifNeurons<f64>, CubaLifNeurons<f32>>();
    check::<AdLifNeurons<f64>, AdLifNeurons<f32>>();
    check::<Resonators<f64>, Resonators<f32>>();
}

/// Without an adjoint through W_r, which is 0 here, all sums have the dense layer's order.
#[test]
fn weights_of_connections_have_the_bits_of_the_dense_gradient() {
    let keys = r#""hidden": 40, "recurrent": true, "learn_tau": false, "recurrent_scale": 0"#;
    let own = layer::<f32, LifNeurons<f32>>(&format!("{{{keys}, \"density\": 0.2}}"));
    let other = twin(&format!("{{{keys}}}"), &own);
    let ((y, g), (y_twin, g_twin)) = (run(&own, false), run(&other, false));
    assert_eq!(y, y_twin);
    let fan_out = (Connections {
        density: 0.2,
        seed: 0,
    })
    .draw(40)
    .unwrap();
    let last = g.tensors().len() - 1;
    let connected = fan_out.dense(&vec![1.0; 40 * 8]);
    let own = fan_out.dense(g[last].as_slice());
    assert_eq!(own, g_twin[last].component_mul(&connected));
    assert_eq!(g.tensors()[..last], g_twin.tensors()[..last]);
}

#[test]
fn each_neuron_reaches_as_many_distinct_ones() {
    for (density, hidden, each) in [(0.1, 50, 5), (0.001, 50, 1), (0.99, 7, 7), (0.01, 1, 1)] {
        let connections = Connections { density, seed: 3 };
        let fan_out = connections.draw(hidden).unwrap();
        assert_eq!(fan_out.each(), each);
        assert_eq!(fan_out.targets().len(), each * hidden);
        for own in fan_out.targets().chunks(each) {
            assert!(own.is_sorted_by(|a, b| a < b), "{own:?}");
        }
        assert_eq!(connections.draw(hidden), Some(fan_out));
    }
    let draw = |seed| Connections { density: 0.1, seed }.draw(50);
    assert_ne!(draw(0), draw(1));
    assert_eq!(Connections::ALL.draw(50), None);
}

/// Weights differ between seeds of a trial; connections do not.
#[test]
fn trials_of_all_seeds_have_the_same_connections() {
    let config = LifConfig {
        hidden: 60,
        recurrent: true,
        density: 0.05,
        ..LifConfig::default()
    };
    let drawn = |seed| {
        let cell = config.build::<f64>(4, DT_MS, &mut generator(seed, "init", 0));
        cell.unwrap().recurrent_with_zeros().unwrap()
    };
    let (a, b) = (drawn(1), drawn(2));
    assert_ne!(a, b);
    let places = |w: &DMatrix<f64>| w.map(|w| w != 0.0);
    assert_eq!(places(&a), places(&b));
    assert_eq!(a.iter().filter(|w| **w != 0.0).count(), 60 * 3);
}

/// The effective weights g W_r have the configured spread for any g.
#[test]
fn initial_weights_have_the_spread_of_their_number() {
    for scale in ["one", "decay"] {
        let text = format!(
            r#"{{"hidden": 400, "recurrent": true, "density": 0.05, "input_scale": "{scale}"}}"#
        );
        let cell = layer::<f64, LifNeurons<f64>>(&text);
        let w_r = cell.recurrent_with_zeros().unwrap();
        let constants = cell.constants();
        let (_, g) = constants.iter().find(|(name, _)| name == "g").unwrap();
        let squares = w_r.row_iter().zip(*g).map(|(w, g)| (w * *g).norm_squared());
        let spread = (squares.sum::<f64>() / (400.0 * 20.0)).sqrt();
        let expected = 0.5 / 20.0_f64.sqrt();
        assert!((spread / expected - 1.0).abs() < 0.03, "{scale}: {spread}");
    }
}

#[test]
fn parameters_and_memory_are_in_proportion() {
    let size = |density| {
        let config = LifConfig {
            hidden: 20_000,
            recurrent: true,
            learn_tau: false,
            bias: false,
            density,
            ..LifConfig::default()
        };
        config.size(Count::from(1))
    };
    let (few, all) = (size(0.01), size(1.0));
    assert_eq!(few.parameters, Count::from(20_000 * 201));
    assert_eq!(few.copies, Count::from(20_000 * 200));
    assert_eq!(all.parameters, Count::from(20_000 * 20_001));
    let keys = r#"{"hidden": 30, "recurrent": true, "density": 0.1}"#;
    let cell = layer::<f64, LifNeurons<f64>>(keys);
    let config: LifConfig = serde_json::from_str(keys).unwrap();
    let counted = config.size(Count::from(9)).parameters;
    assert_eq!(counted, Count::from(cell.params().count()));
}

#[test]
fn descriptions_without_the_keys_stay_as_they_were() {
    let text = |config: &LifConfig| serde_json::to_string(config).unwrap();
    let mut config = LifConfig::default();
    assert!(!text(&config).contains("density") && !text(&config).contains("connection_seed"));
    (config.density, config.connection_seed) = (0.25, u64::MAX);
    let again: LifConfig = serde_json::from_str(&text(&config)).unwrap();
    assert_eq!(again, config);
}

#[test]
fn wrong_keys_are_named() {
    let share = "it must be greater than 0 and at most 1, the share of the recurrent connections that exist";
    assert_complaints::<LifConfig>(&[
        (
            r#"{"recurrent": true, "density": 0}"#,
            &format!("`density` is 0: {share}"),
        ),
        (
            r#"{"recurrent": true, "density": 1.5}"#,
            &format!("`density` is 1.5: {share}"),
        ),
        (
            r#"{"density": 0.1}"#,
            "`density` is 0.1: it must be 1, or left out, in a layer without `recurrent: true`",
        ),
        (
            r#"{"recurrent": true, "connection_seed": 2}"#,
            "`connection_seed` has no effect with `density: 1`, which connects all neurons: leave it out",
        ),
    ]);
    let nan = Connections {
        density: f64::NAN,
        seed: 0,
    };
    assert!(nan.check(3, true).is_err());
}
