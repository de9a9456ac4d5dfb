//! Policies on nets: equivalences, the window against brute force, chunks, lanes and threads.

use saturn_cell::{Real, column};
use saturn_data::{OnBadSample, ReadOptions, Recording, WriteMeta, write_events};

use super::*;
use crate::detector::DetectorConfig;
use crate::evaluate::{Extras, Plan, evaluate};
use crate::lanes::Lanes;
use crate::position::Spacing;
use saturn_network::build;
use saturn_network::{Network, NetworkConfig, Tapes};
use saturn_store::Progress;
use saturn_store::clock::forget_clock;
use saturn_stream::{Columns, Composer, Form, Noise, Source, Split};
use saturn_stream::{Fill, Gap};

pub(crate) const CHANNELS: usize = 12;
const CLASSES: usize = 3;
const NETS: [&str; 4] = [
    "[{lif: {hidden: 8, recurrent: true, input_gain: 4}}, {lif: {hidden: 8, input_gain: 4}}]",
    "[{gru: {hidden: 8}}]",
    "[{ssm: {width: 8, states: 6}}]",
    "[{windowed_attention: {width: 8, heads: 2, window: 5}}]",
];

/// Samples, noise and gaps.
pub(crate) struct Data {
    _folder: tempfile::TempDir,
    split: Split,
    noise: Noise,
    gap: Gap,
}

impl Data {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.h5");
        let recordings = (0..9).map(|i| Recording {
            times_s: (0..10 + i).map(|k| 0.01 * k as f64 + 0.001).collect(),
            units: (0..10 + i).map(|k| ((i + k) % CHANNELS) as u32).collect(),
            label: i % CLASSES,
            speaker: None,
            index: i,
        });
        let meta = WriteMeta {
            channels: CHANNELS,
            class_names: vec!["a".into(), "b".into(), "c".into()],
            ..WriteMeta::default()
        };
        write_events(&path, recordings, &meta).expect("written");
        let options = ReadOptions {
            channels: CHANNELS,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        };
        Self {
            _folder: folder,
            split: Split::open(&path, &options, 10.0).expect("a split"),
            noise: Noise::new(&[0.1; CHANNELS]),
            gap: Gap {
                steps: [4, 20],
                fill: vec![Fill::Noise(1.0), Fill::Silence],
            },
        }
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            split: &self.split,
            noise: &self.noise,
            gap: Some(&self.gap),
        }
    }
}

pub(crate) fn net(layers: &str) -> Network<f64> {
    net_of(layers)
}

pub(crate) fn net_of<R: Real>(layers: &str) -> Network<R> {
    let model = NetworkConfig::new(serde_saphyr::from_str(layers).expect("layers"));
    build("m", &model, CHANNELS, CLASSES, 10.0, 1).expect("a net")
}

/// One policy of each kind.
pub(super) fn all() -> Vec<StateReset> {
    vec![
        StateReset::NEVER,
        StateReset::ORACLE,
        StateReset::Misaligned(Misaligned(3.0)),
        StateReset::Periodic(Periodic {
            every: 17,
            offset: 4,
        }),
        StateReset::Random(Random(0.05)),
        StateReset::Silence(Silence {
            threshold: 0.5,
            window: 4,
        }),
        StateReset::Output(Output::Entropy(EntropyOver {
            level: 0.97,
            hold: 2,
        })),
        StateReset::Output(Output::Norm(0.3)),
        StateReset::Output(Output::Boundary(ClassHeld { hold: 2 })),
        StateReset::Decay(Decay(0.9)),
        StateReset::Clip(Clip(0.1)),
        StateReset::Window(Window { length: 9, hop: 4 }),
    ]
}

/// Step by step, for any policy.
struct ByStep(StateReset);

impl fmt::Display for ByStep {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PolicyConfig for ByStep {
    fn needs(&self) -> Needs {
        Needs {
            by_step: true,
            ..self.0.config().needs()
        }
    }

    fn build(&self, seed: u64, lane: u64) -> Box<dyn Policy> {
        self.0.config().build(seed, lane)
    }
}

/// Lanes `first..first + count`, in chunks of at most `chunk` steps: the logits that are read, step by step
/// and lane by lane, and the resets.
fn run(
    net: &Network<f64>,
    data: &Data,
    policy: &dyn PolicyConfig,
    (first, count): (usize, usize),
    (steps, chunk): (usize, usize),
) -> (Vec<f64>, u64) {
    let source = data.source();
    let mut lanes =
        Lanes::new(net, source, policy, CHANNELS, "test", 5, first, count).expect("lanes");
    let (mut logits, mut resets, mut done) = (Vec::new(), 0, 0);
    while done < steps {
        let now = (steps - done).min(chunk).min(lanes.longest());
        let chunk = lanes.run(now).expect("run");
        for &first in chunk.read {
            for lane in 0..count {
                logits.extend_from_slice(column(&chunk.logits, first + lane));
            }
        }
        resets += chunk.resets;
        done += now;
    }
    (logits, resets)
}

fn assert_close(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len());
    let furthest = (a.iter().zip(b)).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
    assert!(furthest < 1e-12, "{what}: {furthest}");
    assert!(a.iter().all(|x| x.is_finite()), "{what}");
}

const STEPS: usize = 300;
const WHOLE: (usize, usize) = (STEPS, usize::MAX);

#[test]
fn no_decay_and_no_bound_are_no_policy() {
    let data = Data::new();
    for layers in NETS {
        let net = net(layers);
        let of = |policy: &dyn PolicyConfig| run(&net, &data, policy, (0, 3), WHOLE).0;
        let never = of(&ByStep(StateReset::NEVER));
        assert!(of(&Decay(1.0)) == never, "{layers}");
        assert!(of(&Clip(f64::INFINITY)) == never, "{layers}");
        assert_close(&of(&Never {}), &never, layers);
        assert!(of(&Decay(0.5)) != never, "{layers}");
        assert!(of(&Clip(1e-3)) != never, "{layers}");
    }
}

#[test]
fn equal_resets_give_equal_bits() {
    let data = Data::new();
    for layers in NETS {
        let net = net(layers);
        let of = |policy: &dyn PolicyConfig| run(&net, &data, policy, (0, 3), WHOLE);
        let oracle = of(&Oracle {});
        assert!(oracle.1 > 20, "{} resets", oracle.1);
        assert!(of(&Misaligned(0.0)) == oracle, "{layers}");
        let stepwise = of(&ByStep(StateReset::ORACLE));
        assert_eq!(stepwise.1, oracle.1);
        assert_close(&stepwise.0, &oracle.0, layers);
        let tumbling = Window {
            length: 13,
            hop: 13,
        };
        let periodic = Periodic {
            every: 13,
            offset: 0,
        };
        assert!(of(&tumbling) == of(&periodic), "{layers}");
    }
}

/// The window compared with a network that is reset for every output.
#[test]
fn a_window_is_the_net_on_the_last_steps_alone() {
    let data = Data::new();
    let steps = 60;
    for layers in NETS {
        let net = net(layers);
        let mut composer = Composer::new(data.source(), "test", 5, 0).expect("a lane");
        let mut input = Columns::new(Form::Events, CHANNELS);
        for _ in 0..steps {
            composer.step(&mut input).expect("a step");
        }
        for (length, hop) in [(7, 1), (9, 4), (6, 3), (70, 10)] {
            let window = Window { length, hop };
            let (found, _) = run(&net, &data, &window, (0, 1), (steps, usize::MAX));
            let mut expected = Vec::new();
            for t in 0..steps as u64 {
                // The first multiple of the hop from which there are not more than `length` steps to t.
                let start = (0..).step_by(hop as usize).find(|s| t + 1 - s <= length);
                let start = start.expect("a start") as usize;
                expected.extend(last_logits(&net, &input, start, t as usize));
            }
            assert_close(&found, &expected, &format!("{layers}, {window}"));
        }
    }
}

/// The logits at step `end` of a network that was reset before step `start`.
fn last_logits(net: &Network<f64>, input: &Columns<f64>, start: usize, end: usize) -> Vec<f64> {
    let mut tapes = Tapes::new(net);
    let steps = end + 1 - start;
    tapes.start(net, steps, 1);
    let input = input.input();
    let logits = tapes.forward(net, input.slice(start, steps), None);
    column(&logits, steps - 1).to_vec()
}

#[test]
fn neither_chunks_nor_the_other_lanes_matter() {
    let data = Data::new();
    for layers in NETS {
        let net = net(layers);
        for policy in all() {
            let what = format!("{layers}, {policy}");
            let of = |lanes, chunk| run(&net, &data, policy.config(), lanes, (STEPS, chunk));
            let (logits, resets) = of((0, 4), usize::MAX);
            for chunk in [1, 7] {
                let (cut, again) = of((0, 4), chunk);
                assert_close(&logits, &cut, &what);
                assert_eq!(resets, again, "{what}");
            }
            // Only lane 2.
            let (alone, _) = of((2, 1), usize::MAX);
            let rows = logits.chunks_exact(4 * CLASSES);
            let third: Vec<f64> = rows
                .flat_map(|r| &r[2 * CLASSES..3 * CLASSES])
                .copied()
                .collect();
            assert_close(&third, &alone, &what);
        }
    }
}

/// What an evaluation found, without what depends on the clock.
fn found(
    net: &Network<f64>,
    data: &Data,
    policy: &StateReset,
    threads: usize,
) -> serde_json::Value {
    let plan = Plan {
        source: data.source(),
        state_reset: policy.config(),
        channels: CHANNELS,
        purpose: "evaluation",
        seed: 3,
        steps: 6 * 400,
        lanes: 6,
        shard_lanes: 2,
        windows: 2,
        spacing: Spacing::Even,
        dt_ms: 10.0,
        detector: DetectorConfig::default(),
        extras: Extras::default(),
        instruments: &[],
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let evaluation = pool
        .expect("threads")
        .install(|| evaluate(net, &plan, 0.5, &Progress::quiet()))
        .expect("evaluated");
    let mut value = serde_json::to_value(evaluation).expect("JSON");
    forget_clock(&mut value);
    value
}

#[test]
fn an_evaluation_has_the_same_bits_at_any_number_of_threads() {
    let data = Data::new();
    let net = net(NETS[0]);
    for policy in all() {
        let one = found(&net, &data, &policy, 1);
        assert_eq!(one, found(&net, &data, &policy, 3), "{policy}");
        let copies = policy.config().needs().copies as f64;
        assert_eq!(one["computed_steps_per_step"], copies);
        let resets = one["resets"].as_u64().expect("a count");
        match policy {
            StateReset::None(_) | StateReset::Decay(_) | StateReset::Clip(_) => {
                assert_eq!(resets, 0);
            }
            StateReset::Periodic(_) => assert_eq!(resets, 6 * 24),
            _ => assert!(resets > 0, "{policy}"),
        }
        let gaps = one["gaps"].as_array().expect("bins");
        let heard: u64 = gaps
            .iter()
            .map(|bin| bin["total"].as_u64().unwrap_or(0))
            .sum();
        // All but the first of each lane.
        assert_eq!(heard + 6, one["segments"].as_u64().expect("a count"));
    }
}

#[test]
fn a_window_costs_its_copies() {
    let data = Data::new();
    let net = net(NETS[1]);
    let operations = |policy: StateReset| {
        let found = found(&net, &data, &policy, 1);
        found["synaptic_operations_per_step"]
            .as_f64()
            .expect("a number")
    };
    let once = operations(StateReset::NEVER);
    let window = operations(StateReset::Window(Window { length: 8, hop: 2 }));
    assert!((window - 4.0 * once).abs() < 1e-9 * once, "{window} {once}");
}
