//! Training that is stopped after every few updates has the same bits as uninterrupted training: for every
//! training regime, and with other numbers of threads each time.

use std::cell::Cell;
use std::time::Duration;

use saturn_cell::Params;
use saturn_data::Synthetic;
use saturn_loss::{Loss, SpikeRate};

use saturn_network::Network;
use saturn_network::build;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::scenario::{Arm, Scenario};
use saturn_store::checkpoint::{Keeping, Stage};
use saturn_train::class_weights::class_weights;
use saturn_train::job::{EpochRecord, Job, TrainError, Watch};
use saturn_train::trainer::{Trained, train};

const SCENARIO: &str = "
name: stopped
data: {synthetic: {classes: 3, channels: 12}}
stream: {samples: 2, gap: {steps: [4, 9], fill: [silence, noise]}}
models: {m: {layers: [{lif: {hidden: 6, recurrent: true, input_gain: 4}}, {gru: {hidden: 5}}]}}
arms:
  classic: {streams: single}
  lead: {streams: lead}
  adaptive: {loss: adaptive}
  ramp: {loss: {adaptive: {kl_weight: {linear: {from: 0, to: 1, over: 0.5}}}}}
  learned weight: {loss: {adaptive: {kl_weight: learned}}}
  learned mask: {loss: {adaptive: {mask: learned}}}
  flipped: {loss: {adaptive: {mask_error: {flip: 0.2}}}}
  nothing: {loss: nothing}
  passed: {streams: single, initial_state: passed}
  noise: {streams: single, initial_state: {noise: {std: 0.5}}}
  fitted noise: {streams: single, initial_state: fitted_noise}
  tbptt: {grad_detach: 5}
  fptt: {fptt: {every: 10}}
  steps: {train: {steps: 7}}
  int8: {loss: adaptive, fake_quant: {weights: int8, states: int8, rounding: stochastic}}
train: {epochs: 4, lanes: 4, shard_lanes: 2, early_stopping: {patience: 2}, class_balance: 0.5}
";

/// Requests a stop after every `every` updates.
struct Stopping {
    every: usize,
    updates: Cell<usize>,
    /// Epochs after which training was resumed.
    known: Vec<usize>,
}

impl Watch for Stopping {
    fn begins(&mut self, history: &[EpochRecord]) {
        self.known.push(history.len());
        self.updates.set(0);
    }

    fn epoch(&mut self, _: &EpochRecord) -> bool {
        true
    }

    fn stopped(&self) -> bool {
        self.updates.set(self.updates.get() + 1);
        self.updates.get() == self.every
    }

    fn say(&self, line: &str) {
        panic!("no checkpoint is refused: {line}");
    }
}

/// What training leaves, less its seconds.
#[derive(PartialEq, Debug)]
struct Left {
    weights: Vec<Vec<u32>>,
    history: Vec<String>,
    kept_epoch: usize,
    weight_steps: u64,
}

fn left(net: &Network<f32>, trained: &Trained) -> Left {
    let params = net.cells().iter().map(|cell| cell.params());
    let tensors = params.flat_map(Params::tensors);
    let line = |record: &EpochRecord| {
        let mut record = record.clone();
        record.seconds = 0.0;
        serde_json::to_string(&record).expect("JSON")
    };
    Left {
        weights: tensors
            .map(|t| t.value.iter().map(|w| w.to_bits()).collect())
            .collect(),
        history: trained.history.iter().map(line).collect(),
        kept_epoch: trained.kept_epoch,
        weight_steps: trained.weight_steps,
    }
}

/// Trains in `arm`, stopped after every `every` updates; returns the results and the epochs after which it
/// was resumed.
fn trained(s: &Scenario, bench: &Dataset, arm: &Arm, every: usize) -> (Left, Vec<usize>) {
    let model = s.models.get("m").expect("the model");
    let settings = s.train_for(model, arm);
    let gap = s.stream.gap.as_ref();
    let job = Job {
        seed: 1,
        train: bench.source(&bench.train, gap),
        valid: bench.source(&bench.valid, gap),
        channels: bench.channels,
        samples: s.stream.samples,
        arm,
        loss: Loss::new(&arm.loss).expect("a loss"),
        spike_rate: (arm.spike_rate.as_ref())
            .map(|rate| SpikeRate::new(rate, bench.dt_ms).expect("a penalty")),
        estimator: bench.mask(s, arm, 1).expect("a mask").estimator,
        class_weights: class_weights(&bench.train, settings.class_balance, bench.classes.len()),
        settings: &settings,
    };
    let answers = arm.outputs(bench.classes.len());
    let folder = tempfile::tempdir().expect("a folder");
    let stage = Stage {
        folder: folder.path(),
        name: "train",
        key: "key",
        keeping: Keeping {
            every: Duration::from_hours(1),
            keep: 2,
        },
    };
    let mut watch = Stopping {
        every,
        updates: Cell::new(0),
        known: Vec::new(),
    };
    for threads in [1, 2, 7].into_iter().cycle().take(1_000) {
        // Each time in a fresh network.
        let mut net: Network<f32> = build(
            "m",
            &model.network(),
            bench.channels,
            answers,
            bench.dt_ms,
            1,
        )
        .expect("a net");
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        match pool.install(|| train(&mut net, &job, Some(stage), &mut watch)) {
            Ok(trained) => return (left(&net, &trained), watch.known),
            Err(TrainError::Interrupted) => {}
            Err(e) => panic!("{e}"),
        }
    }
    panic!("it never ends");
}

#[test]
fn every_way_to_train_goes_on_to_the_same_bits() {
    let scenario = Scenario::parse(SCENARIO, "s.yaml", std::path::Path::new(""), &[""; 0])
        .unwrap_or_else(|e| panic!("{e}"));
    let folder = tempfile::tempdir().expect("a folder");
    let set = Synthetic {
        classes: 3,
        channels: 12,
        train: 40,
        valid: 12,
        test: 6,
        ..Synthetic::default()
    };
    set.write(folder.path(), |_| {}).expect("a set");
    let path = |name: &str| folder.path().join(name);
    let paths = Paths {
        train: path("train.h5"),
        valid: path("valid.h5"),
        test: path("test.h5"),
    };
    let bench = Dataset::open(&scenario, &paths, false).unwrap_or_else(|e| panic!("{e}"));
    for (name, arm) in scenario.arms.iter() {
        let (whole, _) = trained(&scenario, &bench, arm, usize::MAX);
        // An epoch has five updates; quantised networks resume at the beginning of one.
        let every = if arm.fake_quant.is_some() { 7 } else { 3 };
        let (pieces, known) = trained(&scenario, &bench, arm, every);
        assert!(known.len() > 2, "{name}: {known:?}");
        // It was resumed in the middle of an epoch at least once, and after others.
        assert!(known.last() > Some(&0), "{name}: {known:?}");
        assert_eq!(whole, pieces, "{name}");
    }
}
