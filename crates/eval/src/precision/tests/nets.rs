//! Whole quantised networks: the same bits however they run, and the measurements on them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rayon::ThreadPoolBuilder;
use saturn_cell::column;

use crate::detector::DetectorConfig;
use crate::evaluate::{EvalError, Evaluation, Extras, Plan, evaluate};
use crate::lanes::Lanes;
use crate::position::Spacing;
use crate::precision::calibrate::{Ranges, ranges};
use crate::precision::cost::cost;
use crate::precision::drift::{DriftWindow, Following, Twin, drift};
use crate::precision::fake::Fake;
use crate::precision::{Format, PrecisionConfig, Rounding, quantise};
use crate::reset::tests::nets::{CHANNELS, Data, net, net_of};
use crate::reset::{Never, Oracle};
use saturn_network::Network;
use saturn_store::Progress;
use saturn_store::checkpoint::{Keeping, Stage};
use saturn_store::clock::forget_clock;

const LIF: &str =
    "[{lif: {hidden: 8, recurrent: true, input_gain: 4}}, {lif: {hidden: 8, input_gain: 4}}]";
const NETS: [&str; 4] = [
    LIF,
    "[{gru: {hidden: 8}}]",
    "[{rnn: {hidden: 8}}]",
    "[{ssm_block: {width: 8, states: 6}}]",
];

const INT8: PrecisionConfig = PrecisionConfig {
    weights: Format::Int8,
    states: Format::Int8,
    rounding: Rounding::Stochastic,
    scale: crate::precision::ScaleRule::Real,
    covers: 0.999,
};

/// The test of `saturn-network`.
#[path = "../../../../network/src/network/tests/recomputed.rs"]
mod recomputed;

/// Random rounding depends on the step, in the second forward pass, too.
#[test]
fn recomputation_of_a_quantised_net_has_the_bits_of_the_whole_tape() {
    for layers in NETS {
        let net = net(layers);
        recomputed::check(&quantise(&net, &INT8, &Ranges::default(), 3), layers);
        let net = net_of::<f32>(layers);
        recomputed::check(&quantise(&net, &INT8, &Ranges::default(), 3), layers);
    }
}

fn stored(net: &Network<f64>, data: &Data, config: &PrecisionConfig) -> (Network<f64>, Ranges) {
    let ranges = ranges(net, config, data.source(), CHANNELS, 5).expect("ranges");
    (quantise(net, config, &ranges, 5), ranges)
}

/// All logits of `count` lanes from `first` on.
fn logits(
    net: &Network<f64>,
    data: &Data,
    (first, count): (usize, usize),
    chunk: usize,
) -> Vec<Vec<f64>> {
    let never = Never {};
    let source = data.source();
    let mut lanes =
        Lanes::new(net, source, &never, CHANNELS, "test", 5, first, count).expect("lanes");
    let mut seen = vec![Vec::new(); count];
    let mut done = 0;
    while done < 300 {
        let now = (300 - done).min(chunk).min(lanes.longest());
        let chunk = lanes.run(now).expect("run");
        for j in 0..now * count {
            seen[j % count].extend_from_slice(column(&chunk.logits, j));
        }
        done += now;
    }
    seen
}

/// Random rounding depends only on lane and step: chunks and neighbouring lanes change nothing.
#[test]
fn random_rounding_is_the_same_in_any_chunks_and_shards() {
    let data = Data::new();
    for layers in NETS {
        let plain = net(layers);
        let (stored, _) = stored(&plain, &data, &INT8);
        let whole = logits(&stored, &data, (0, 4), usize::MAX);
        assert!(
            whole != logits(&plain, &data, (0, 4), usize::MAX),
            "{layers}"
        );
        // Sums of one column may have another order than those of many, and a value that lies on a threshold of
        // rounding goes the other way: so the same width.
        let right = logits(&stored, &data, (2, 4), usize::MAX);
        assert!(whole[2..] == right[..2], "{layers}");
        for chunk in [1, 8] {
            let other = logits(&stored, &data, (0, 4), chunk);
            let apart = |(a, b): (&Vec<f64>, &Vec<f64>)| {
                let most = a.iter().zip(b).map(|(a, b)| (a - b).abs());
                most.fold(0.0, f64::max)
            };
            let most = whole.iter().zip(&other).map(apart).fold(0.0, f64::max);
            assert!(most < 1e-9, "{layers}: {most}");
        }
    }
}

fn evaluation(net: &Network<f64>, data: &Data, threads: usize) -> Evaluation {
    let plan = Plan {
        source: data.source(),
        state_reset: &Oracle {},
        channels: CHANNELS,
        purpose: "test",
        seed: 5,
        steps: 4_000,
        lanes: 8,
        shard_lanes: 3,
        windows: 4,
        spacing: Spacing::Even,
        dt_ms: 10.0,
        detector: DetectorConfig::default(),
        extras: Extras::default(),
        instruments: &[],
    };
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let run = || evaluate(net, &plan, 0.5, &Progress::quiet()).expect("an evaluation");
    pool.expect("threads").install(run)
}

#[test]
fn evaluations_are_the_same_bits_at_any_number_of_threads() {
    let data = Data::new();
    for layers in NETS {
        let (stored, _) = stored(&net(layers), &data, &INT8);
        let of = |threads| {
            let found = evaluation(&stored, &data, threads);
            let mut value = serde_json::to_value(found).expect("JSON");
            forget_clock(&mut value);
            value
        };
        let one = of(1);
        assert!(one == of(2) && one == of(7), "{layers}");
    }
}

fn followed(layers: &str, data: &Data, config: &PrecisionConfig) -> Vec<DriftWindow> {
    let full = net(layers);
    let (stored, ranges) = stored(&full, data, config);
    let twin = Twin {
        config: *config,
        ranges,
        net: stored,
    };
    let windows = drift(&full, &[twin], &following(data), &Progress::quiet());
    windows.expect("drift").swap_remove(0)
}

fn following(data: &Data) -> Following<'_> {
    Following {
        source: data.source(),
        channels: CHANNELS,
        seed: 5,
        steps: 1_000,
        stage: None,
    }
}

/// Stopped after every chunk, and resumed by fresh networks.
#[test]
fn drift_goes_on_to_the_same_numbers() {
    let data = Data::new();
    for layers in NETS {
        let whole = followed(layers, &data, &INT8);
        let folder = tempfile::tempdir().expect("a folder");
        let on = Following {
            stage: Some(Stage {
                folder: folder.path(),
                name: "followed",
                key: "key",
                keeping: Keeping::default(),
            }),
            ..following(&data)
        };
        let stopped = Progress::new(Arc::new(AtomicBool::new(true)));
        let full = net(layers);
        for round in 0.. {
            let (net, ranges) = stored(&full, &data, &INT8);
            let config = INT8;
            let twin = Twin {
                config,
                ranges,
                net,
            };
            let done = round == 9;
            let quiet = Progress::quiet();
            let progress = if done { &quiet } else { &stopped };
            match drift(&full, &[twin], &on, progress) {
                Ok(windows) => {
                    assert!(done && windows == [whole], "{layers}");
                    break;
                }
                Err(e) => assert!(!done && matches!(e, EvalError::Interrupted), "{e}"),
            }
        }
    }
}

/// A network in full precision does not drift from itself; one of fewer bits is further away than one of
/// more, agrees less, and no share leaves 0..1.
#[test]
fn drift_falls_with_bits() {
    let data = Data::new();
    for layers in NETS {
        for window in followed(layers, &data, &PrecisionConfig::default()) {
            assert!((window.agreement - 1.0).abs() < f64::EPSILON);
            let none = |f: &crate::precision::drift::FieldDrift| f.distance.unwrap_or(0.0) < 1e-12;
            assert!(window.fields.iter().all(none), "{layers}");
        }
        let last = |states| {
            let config = PrecisionConfig {
                states,
                ..PrecisionConfig::default()
            };
            let windows = followed(layers, &data, &config);
            assert_eq!(windows.last().map(|w| w.step), Some(1_000));
            for field in windows.iter().flat_map(|w| &w.fields) {
                assert!(
                    (0.0..=1.0).contains(&field.saturated) && (0.0..=1.0).contains(&field.held)
                );
            }
            let first = windows.last().and_then(|w| w.fields.first());
            first.and_then(|f| f.distance).expect("a distance")
        };
        let (fine, coarse) = (last(Format::Int16), last(Format::Int4));
        assert!(fine < coarse && coarse > 0.01, "{layers}: {fine}, {coarse}");
    }
}

/// In training, a network computes with stored values and keeps its weights in full precision; afterwards it
/// is in full precision again, with the weights that it has learnt.
#[test]
fn a_faked_net_learns_in_full() {
    let data = Data::new();
    for layers in NETS {
        let mut net = net(layers);
        let plain = net.clone();
        let of = |net: &Network<f64>| logits(net, &data, (0, 2), usize::MAX);
        let mut fake = Fake::new(&net, INT8, 5);
        for _ in 0..2 {
            fake.renew(&mut net, data.source(), CHANNELS)
                .expect("ranges");
            assert!(of(&net) == of(&stored(&plain, &data, &INT8).0), "{layers}");
            assert!(of(&net) != of(&plain), "{layers}");
        }
        let halve = |net: &mut Network<f64>| {
            let cell = &mut net.cells_mut()[0];
            cell.update(&mut |params| params[0].scale_mut(0.5));
        };
        let (mut learnt, before) = (plain.clone(), of(&net));
        halve(&mut net);
        halve(&mut learnt);
        assert!(of(&net) != before, "what is stored follows the weights");
        fake.finish(&mut net);
        assert!(of(&net) == of(&learnt), "{layers}");
    }
}

/// A feed-forward network whose numbers can be counted by effect.
#[test]
fn costs_are_those_of_the_definitions() {
    let data = Data::new();
    let full = net("[{lif: {hidden: 8, recurrent: true, input_gain: 4}}]");
    let config = PrecisionConfig {
        weights: Format::Int8,
        states: Format::Int16,
        ..PrecisionConfig::default()
    };
    let (stored, _) = stored(&full, &data, &config);
    let whole = PrecisionConfig::default();
    let of = |net, config| cost(&full, net, config, data.source(), CHANNELS, 5).expect("a cost");
    let (a, b) = (of(&full, &whole), of(&stored, &config));
    assert!((a.weight_bytes - 4.0 * full.parameters() as f64).abs() < 1e-9);
    // 8 x 12 and 8 x 8 and 3 x 8 weights of a byte, 8 + 8 + 3 scales, and 8 + 3 biases and time constants.
    let (weights, scales, others) = (96 + 64 + 24, 8 + 8 + 3, 8 + 8 + 3 + 3);
    let known = f64::from(weights + 4 * scales + 4 * others);
    assert!((b.weight_bytes - known).abs() < 1e-9, "{}", b.weight_bytes);
    // 8 membranes and 3 of the readout of 2 bytes, and 8 spikes of a bit.
    assert!((b.state_bytes - 23.0).abs() < 1e-9 && (a.state_bytes - 45.0).abs() < 1e-9);
    // 12 x 8 inputs, 8 x 8 spikes, 8 x 3 to the readout.
    assert!((a.dense_operations - f64::from(96 + 64 + 24)).abs() < 1e-9);
    assert!(a.effective_macs <= 0.0, "events and spikes are added");
    assert!(a.effective_acs > 1.0 && a.effective_acs < a.dense_operations);
    assert!(
        (0.0..1.0).contains(&b.connection_sparsity) && (0.0..1.0).contains(&b.activation_sparsity)
    );
    let spikes = 8.0 * (1.0 - a.activation_sparsity);
    let from_input = a.effective_acs - 11.0 * spikes;
    assert!(
        from_input > 0.0 && from_input < 96.0,
        "8 a spike to its own, 3 to the readout"
    );
}

/// Tables name formats, weights before the stroke.
#[test]
fn formats_have_names() {
    assert_eq!(INT8.to_string(), "int8/int8 stochastic");
    assert_eq!(PrecisionConfig::default().to_string(), "f32/f32");
}
