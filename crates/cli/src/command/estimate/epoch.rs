//! What an epoch consists of: columns to be composed, updates, and columns that are trained.

use std::time::Instant;

use super::{COMPOSED, EstimateError, Trials};
use saturn_sim::scenario::{Arm, Streams, Train};
use saturn_stream::Split;
use saturn_train::batch::{Batch, Epoch, Masking};

impl Trials<'_> {
    /// Seconds of composing a column of training streams on one thread.
    pub(super) fn composing(&mut self, streams: Streams) -> Result<f64, EstimateError> {
        if let Some((_, known)) = self.composing.iter().find(|(of, _)| *of == streams) {
            return Ok(*known);
        }
        let (s, b) = (self.scenario, self.dataset);
        let source = b.source(&b.train, s.stream.gap.as_ref());
        let epoch = Epoch::new(s.seed, 0, b.train.len());
        let mut batch = Batch::<f32>::default();
        let mut seconds = 0.0;
        let mut columns = 0;
        // A sample a lane, so that nothing is padded.
        for position in 0..b.train.len() {
            let began = Instant::now();
            let (plans, masking) = ([vec![position]], Masking::default());
            batch.compose(&epoch, &plans, streams, source, b.channels, masking)?;
            seconds += began.elapsed().as_secs_f64();
            columns += batch.steps;
            if columns >= COMPOSED {
                break;
            }
        }
        self.spent.steps += columns as u64;
        let each = seconds / columns.max(1) as f64;
        self.composing.push((streams, each));
        Ok(each)
    }

    /// Updates and columns of an epoch; each sample has `gap_steps` steps of gap before it.
    pub(super) fn epoch(&self, arm: &Arm, settings: &Train, gap_steps: f64) -> (f64, f64) {
        let split = &self.dataset.train;
        let lengths = lengths(split, arm.streams);
        let epoch = Epoch::new(self.scenario.seed, 0, lengths.len());
        let samples = self.scenario.stream.samples;
        let mut columns = 0.0;
        for mut lanes in epoch.updates(arm.streams, settings.lanes, samples) {
            let steps = |lane: &Vec<usize>| -> usize {
                lane.iter().map(|&p| lengths[epoch.recording(p)]).sum()
            };
            lanes.sort_by_key(steps);
            for shard in lanes.chunks(settings.shard_lanes) {
                let longest = shard.last().map_or(0.0, |lane| {
                    steps(lane) as f64 + gap_steps * lane.len() as f64
                });
                columns += shard.len() as f64 * longest;
            }
        }
        let all = split.all();
        let updates = all.div_ceil(settings.lanes * samples) as f64;
        (updates, columns * all as f64 / lengths.len().max(1) as f64)
    }
}

/// Steps of each sample as `streams` composes it: of records a stretch alone, or with what lies before it.
fn lengths(split: &Split, streams: Streams) -> Vec<usize> {
    match split.records() {
        Some(records) if streams == Streams::Single => (0..split.len())
            .map(|i| records.stretch(i).1.steps.len())
            .collect(),
        _ => split.lengths().to_vec(),
    }
}
