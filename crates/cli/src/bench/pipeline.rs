//! Task E: from an event file to a trained epoch, samples a second.
//!
//! Timed are opening and reading the HDF5 file, binning, the channels' mean rates, composing streams with
//! gaps, and one epoch of updates, with the settings that a scenario has by default: streams of four
//! samples in 16 lanes, the adaptive loss, steps of 10 ms.

use std::path::{Path, PathBuf};

use saturn_data::ReadOptions;
use saturn_loss::Loss;

use super::BenchError;
use super::task::spike_rate;
use super::work::{DT_MS, INPUTS, Net, SEED, Work};
use saturn_network::Network;
use saturn_sim::scenario::Scenario;
use saturn_stream::{Noise, Source, Split};
use saturn_train::batch::Epoch;
use saturn_train::job::Job;
use saturn_train::one_update::gradient;
use saturn_train::update::Update;

/// The density that weights are scaled for: above that of the data, in which channels are active together
/// and excite more than independent ones.
const LOUDNESS: f64 = 0.4;

/// The file that task E trains on, and a net.
pub struct Pipeline {
    scenario: Scenario,
    file: PathBuf,
    net: Net,
}

/// What one epoch did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Samples trained on.
    pub samples: usize,
    /// Updates.
    pub updates: usize,
    /// Steps x lanes, padding included.
    pub columns: usize,
    /// Events in them; several of one channel in one step are one.
    pub active: usize,
    /// Spikes a hidden unit and step, summed over updates with their columns; none where nothing spikes.
    spikes: Option<f64>,
    /// Classes of the file.
    pub classes: usize,
    /// How many parameters the net has.
    pub parameters: usize,
}

impl Tally {
    /// The share of (step, channel) cells with an event.
    pub fn density(&self) -> f64 {
        self.active as f64 / (self.columns * INPUTS).max(1) as f64
    }

    /// Spikes a hidden unit and step.
    pub fn hidden_rate(&self) -> Option<f64> {
        self.spikes.map(|sum| sum / self.columns.max(1) as f64)
    }
}

impl Pipeline {
    /// Of `net` on the training split `file`.
    pub fn new(net: Net, file: &Path) -> Result<Self, BenchError> {
        let text = "name: bench\nmodels: {m: {layers: [rnn]}}\narms: {a: {streams: concatenated, loss: adaptive}}\n";
        Ok(Self {
            scenario: Scenario::parse(text, "the benchmark", Path::new(""), &[""; 0])?,
            file: file.to_owned(),
            net,
        })
    }

    /// Reads the file and trains the first epoch.
    pub fn run(&self) -> Result<Tally, BenchError> {
        let scenario = &self.scenario;
        let options = ReadOptions {
            channels: INPUTS,
            classes: None,
            on_bad_sample: scenario.data.on_bad_sample.into(),
        };
        let split = Split::open(&self.file, &options, DT_MS)?;
        let noise = Noise::new(&split.mean_counts(INPUTS)?);
        let source = Source {
            split: &split,
            noise: &noise,
            gap: scenario.stream.gap.as_ref(),
        };
        let (Some(model), Some(arm)) = (scenario.models.get("m"), scenario.arms.get("a")) else {
            unreachable!("the scenario above has both")
        };
        let settings = scenario.train_for(model, arm);
        let job = Job {
            seed: SEED,
            train: source,
            valid: source,
            channels: INPUTS,
            samples: scenario.stream.samples,
            arm,
            loss: Loss::new(&arm.loss)?,
            spike_rate: None,
            estimator: None,
            class_weights: None,
            settings: &settings,
        };
        let classes = split.file().class_names().len();
        let work = Work {
            classes,
            ..Work::train(self.net, LOUDNESS)
        };
        let mut net = work.network()?.for_density(split.density(INPUTS)?);
        let mut update = Update::new(settings.optimizer, &net);
        let epoch = Epoch::new(SEED, 0, split.len());
        let mut tally = Tally {
            samples: split.len(),
            classes,
            parameters: net.parameters(),
            ..Tally::default()
        };
        for lanes in epoch.updates(arm.streams, settings.lanes, job.samples) {
            gradient(&net, &job, &epoch, &lanes, &mut update)?;
            update.step(&mut net, settings.clip_norm, super::task::LEARNING_RATE);
            tally.observe(&net, &update);
        }
        Ok(tally)
    }
}

impl Tally {
    fn observe(&mut self, net: &Network<f32>, update: &Update<f32>) {
        self.updates += 1;
        for (batch, tapes) in update.shards() {
            let columns = batch.steps * batch.lanes;
            self.columns += columns;
            self.active += batch.input.active();
            if let Some(rate) = spike_rate(net, std::iter::once((tapes, columns))) {
                *self.spikes.get_or_insert(0.0) += rate * columns as f64;
            }
        }
    }
}
