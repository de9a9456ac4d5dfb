use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use saturn_cell::CellConfig;
use saturn_data::{OnBadSample, ReadOptions, Recording, WriteMeta, write_events};
use saturn_neurons::li::LiConfig;

use super::*;
use saturn_store::checkpoint::Keeping;
use saturn_stream::{
    DeadSensor, Disturbance, DroppedFrames, Fill, Gain, Gap, NoiseBurst, StuckChannel,
};
use saturn_stream::{Noise, Split};

const CHANNELS: usize = 8;

struct Data {
    _folder: tempfile::TempDir,
    split: Split,
    noise: Noise,
    gap: Gap,
}

impl Data {
    /// Words of 6 steps in which every channel of one half fires: the label is the half.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.h5");
        let recordings = (0..6).map(|i| Recording {
            times_s: (0..24).map(|k| 0.01 * f64::from(k / 4) + 0.001).collect(),
            units: (0..24).map(|k| k % 4 + 4 * (i as u32 % 2)).collect(),
            label: i % 2,
            speaker: None,
            index: i,
        });
        let meta = WriteMeta {
            channels: CHANNELS,
            class_names: vec!["low".into(), "high".into()],
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
            noise: Noise::new(&[0.3; CHANNELS]),
            gap: Gap {
                steps: [3, 9],
                fill: vec![Fill::Silence],
            },
        }
    }

    fn recovery(&self, kinds: Vec<Disturbance>, threads: usize) -> Recovery {
        self.run(kinds, threads, None, &Progress::quiet())
            .expect("measured")
    }

    fn run(
        &self,
        kinds: Vec<Disturbance>,
        threads: usize,
        stage: Option<Stage>,
        progress: &Progress,
    ) -> Result<Recovery, EvalError> {
        let disturb = DisturbConfig {
            every: 150,
            last: 30,
            kinds,
        };
        let plan = RecoveryPlan {
            source: Source {
                split: &self.split,
                noise: &self.noise,
                gap: Some(&self.gap),
            },
            channels: CHANNELS,
            seed: 3,
            steps: 6 * 1_600,
            lanes: 6,
            shard_lanes: 2,
            disturb: &disturb,
            stage,
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let run = || recovery(&net(), &plan, "silence", progress);
        pool.expect("threads").install(run)
    }
}

/// Leaky averages, one for each half of the channels: an accurate network whose state is linear.
fn net() -> Network<f64> {
    let config = LiConfig {
        outputs: 2,
        bias: false,
        ..LiConfig::default()
    };
    let mut rng = saturn_cell::rng::generator(1, "test", 0);
    let mut cell = config
        .build::<f64>(CHANNELS, 10.0, &mut rng)
        .expect("a cell");
    cell.update(&mut |params| {
        let weight = &mut params.tensors_mut()[0].value;
        for (k, w) in weight.iter_mut().enumerate() {
            *w = if k % 2 == usize::from(k >= CHANNELS) {
                1.0
            } else {
                0.0
            };
        }
    });
    Network::new(vec![cell])
}

/// The effect of a disturbance leaks away: D(k) = D(0) a^k, and it has settled when that is below 0.05.
#[test]
fn a_leak_recovers_as_its_leak_says() {
    let found = Data::new().recovery(vec![Disturbance::NoiseBurst(NoiseBurst { rate: 20.0 })], 2);
    let kind = &found.kinds[0];
    // 1,600 steps of a lane: ten disturbances, the last of which has 70 of 120 steps to recover.
    assert_eq!((found.horizon, kind.disturbances), (120, 6 * 9));
    let a = (-10.0f64 / 50.0).exp();
    let sum: f64 = kind.distances[0];
    assert!(sum > 0.5, "{sum}");
    for (k, d) in kind
        .lags
        .iter()
        .zip(&kind.distances)
        .filter(|(k, _)| **k <= 64)
    {
        // All ten disturbances are seen up to here: the mean of exact powers is one.
        let exact = sum * a.powi(*k as i32);
        assert!((d / exact - 1.0).abs() < 1e-6, "{d}, {exact} after {k}");
    }
    let typical = (NEAR / sum).ln() / a.ln();
    let median = kind.settled_median.expect("a median");
    assert!((median - typical).abs() < 4.0, "{median}, {typical}");
    assert!(kind.never == 0.0 && kind.settled_q90.expect("a quantile") >= median);
}

/// A disturbance that does not change the input leaves no trace, and every prediction is the same as without
/// it.
#[test]
fn nothing_disturbed_is_nothing_to_recover_from() {
    let found = Data::new().recovery(vec![Disturbance::Gain(Gain { factor: 1.0 })], 1);
    let kind = &found.kinds[0];
    assert!(kind.distances.iter().all(|d| *d == 0.0));
    assert_eq!(kind.settled_median, Some(0.0));
    for bin in kind.bins.iter().chain([&kind.during]) {
        assert!(bin.total > 0 && bin.right == bin.undisturbed, "{bin:?}");
        assert_eq!(bin.right, bin.total, "the network is accurate");
    }
    let froms: Vec<_> = kind.bins.iter().map(|b| (b.from, b.to)).collect();
    assert_eq!(froms, [(1, 51), (51, 101), (101, 121)]);
}

/// Stopped after every chunk, at any number of threads, it resumes to the same numbers, also in the middle of
/// disturbances of every kind.
#[test]
fn what_is_stopped_goes_on_to_the_same_numbers() {
    let data = Data::new();
    let kinds = || {
        vec![
            Disturbance::NoiseBurst(NoiseBurst { rate: 5.0 }),
            Disturbance::DeadSensor(DeadSensor { share: 0.5 }),
            Disturbance::StuckChannel(StuckChannel { share: 0.5 }),
            Disturbance::Gain(Gain { factor: 1.5 }),
            Disturbance::DroppedFrames(DroppedFrames { share: 0.5 }),
        ]
    };
    let whole = data.recovery(kinds(), 2);
    let folder = tempfile::tempdir().expect("a folder");
    let stage = Stage {
        folder: folder.path(),
        name: "tried",
        key: "key",
        keeping: Keeping::default(),
    };
    let stopped = Progress::new(Arc::new(AtomicBool::new(true)));
    for round in 0..1_000 {
        match data.run(kinds(), [1, 2, 7][round % 3], Some(stage), &stopped) {
            Err(EvalError::Interrupted) => {}
            found => {
                assert!(round > 20, "{round}");
                assert_eq!(found.expect("measured"), whole);
                return;
            }
        }
    }
    panic!("it never ends");
}

/// With all channels dead there is no input, and a network of 50 ms soon recovers; every kind occurs, at any
/// number of threads.
#[test]
fn kinds_take_turns_and_threads_do_not_matter() {
    let data = Data::new();
    let kinds = || {
        vec![
            Disturbance::DeadSensor(DeadSensor { share: 1.0 }),
            Disturbance::Gain(Gain { factor: 3.0 }),
        ]
    };
    let found = data.recovery(kinds(), 1);
    assert_eq!(found, data.recovery(kinds(), 3));
    let [dead, gain] = &found.kinds[..] else {
        panic!("two kinds");
    };
    assert_eq!(dead.disturbances + gain.disturbances, 54);
    assert!(
        dead.during.right < dead.during.undisturbed,
        "{:?}",
        dead.during
    );
    assert!(gain.distances[0] > 0.0);
    let last = dead.bins.last().expect("bins");
    assert_eq!((last.right, last.undisturbed), (last.total, last.total));
}
