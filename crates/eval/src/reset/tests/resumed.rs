//! An evaluation that is stopped again and again has the bits of one that never was: for every policy, every cell,
//! and other numbers of threads each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::nets::{CHANNELS, Data, all, net_of};
use super::*;
use crate::detector::DetectorConfig;
use crate::evaluate::{
    EvalError, Evaluation, Extras, Plan, Spread, TracePlan, TwinPlan, evaluate, widened,
};
use crate::instruments::Instrument;
use crate::position::Spacing;
use saturn_network::Layer;
use saturn_network::Network;
use saturn_store::Progress;
use saturn_store::checkpoint::{Keeping, Stage};
use saturn_store::clock::forget_clock;

/// A policy that can stop the run: every `every` steps it requests a stop.
struct Stopping<'a> {
    policy: &'a StateReset,
    every: u64,
    stop: Arc<AtomicBool>,
}

struct StoppingRule {
    rule: Box<dyn Policy>,
    every: u64,
    stop: Arc<AtomicBool>,
}

impl fmt::Display for Stopping<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.policy.fmt(f)
    }
}

impl PolicyConfig for Stopping<'_> {
    fn needs(&self) -> Needs {
        self.policy.config().needs()
    }

    fn reads(&self, step: u64) -> usize {
        self.policy.config().reads(step)
    }

    fn build(&self, seed: u64, lane: u64) -> Box<dyn Policy> {
        Box::new(StoppingRule {
            rule: self.policy.config().build(seed, lane),
            every: self.every,
            stop: self.stop.clone(),
        })
    }
}

impl Policy for StoppingRule {
    fn begins(&mut self, step: u64) {
        self.rule.begins(step);
    }

    fn decide(&mut self, seen: &Seen) -> Action {
        if seen.step % self.every == self.every - 1 {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.rule.decide(seen)
    }

    fn save(&self) -> Vec<u8> {
        self.rule.save()
    }

    fn restore(&mut self, saved: &[u8]) -> bool {
        self.rule.restore(saved)
    }
}

/// All results of an evaluation, without those that depend on the clock and the machine.
fn left(evaluation: Evaluation, folder: &std::path::Path) -> (serde_json::Value, Vec<Vec<u8>>) {
    let mut value = serde_json::to_value(evaluation).expect("JSON");
    forget_clock(&mut value);
    let mut traces: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "h5"))
        .collect();
    traces.sort();
    let bytes = traces.iter().map(|path| std::fs::read(path).expect("read"));
    (value, bytes.collect())
}

/// Evaluates a network and its twin, stopped every so many steps, with each number of threads in turn;
/// returns the results and the number of stops.
fn evaluated(
    (net, twin): (&Network<f32>, &Network<f64>),
    data: &Data,
    policy: &StateReset,
    every: u64,
    threads: &[usize],
) -> ((serde_json::Value, Vec<Vec<u8>>), usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let stem = folder.path().join("trace");
    let stop = Arc::new(AtomicBool::new(false));
    let progress = Progress::new(stop.clone());
    let stopping = Stopping {
        policy,
        every,
        stop: stop.clone(),
    };
    let plan = Plan {
        source: data.source(),
        state_reset: &stopping,
        channels: CHANNELS,
        purpose: "evaluation",
        seed: 3,
        steps: 4 * 400,
        lanes: 4,
        shard_lanes: 2,
        windows: 3,
        spacing: Spacing::Logarithmic { first_steps: 50 },
        dt_ms: 10.0,
        detector: DetectorConfig::default(),
        instruments: &[
            Instrument::Intervals,
            Instrument::Quantiles,
            Instrument::Drift,
            Instrument::Calibration,
            Instrument::ChangePoints,
        ],
        extras: Extras {
            stage: Some(Stage {
                folder: folder.path(),
                name: "a",
                key: "key",
                keeping: Keeping {
                    every: Duration::from_hours(1),
                    keep: 2,
                },
            }),
            segments: None,
            traces: Some(TracePlan {
                windows: 3,
                steps: 30,
                spacing: Spread::Even,
                stem: &stem,
            }),
            twin: Some(TwinPlan {
                net: twin,
                windows: 3,
                steps: 100,
            }),
        },
    };
    for stopped in 0..1_000 {
        stop.store(false, Ordering::Relaxed);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads[stopped % threads.len()])
            .build()
            .expect("threads");
        match pool.install(|| evaluate(net, &plan, 0.5, &progress)) {
            Ok(evaluation) => return (left(evaluation, folder.path()), stopped),
            Err(EvalError::Interrupted) => {}
            Err(e) => panic!("{e}"),
        }
    }
    panic!("it never ends");
}

fn assert_resumes(layers: &str, policy: &StateReset, data: &Data) {
    let net = net_of::<f32>(layers);
    let twin = widened(&net, net_of::<f64>(layers));
    let (whole, _) = evaluated((&net, &twin), data, policy, u64::MAX, &[2]);
    let (pieces, stopped) = evaluated((&net, &twin), data, policy, 90, &[1, 2, 7]);
    assert!(stopped >= 3, "{layers}, {policy}: stopped {stopped} times");
    assert!(whole == pieces, "{layers}, {policy}");
    assert_eq!(whole.1.len(), 3, "traces");
}

#[test]
fn every_policy_goes_on_to_the_same_bits() {
    let data = Data::new();
    for policy in all() {
        let layers =
            "[{lif: {hidden: 6, recurrent: true, input_gain: 4}}, {ssm: {width: 6, states: 4}}]";
        assert_resumes(layers, &policy, &data);
    }
}

#[test]
fn every_cell_goes_on_to_the_same_bits() {
    let data = Data::new();
    for kind in Layer::KINDS {
        assert_resumes(&format!("[{{{kind}: {{}}}}]"), &StateReset::ORACLE, &data);
    }
}
