//! What fills the time between samples.

use std::sync::Arc;

use rand::RngExt;
use rand_distr::weighted::WeightedAliasIndex;
use rand_distr::{Distribution, Poisson};
use saturn_cell::EventBatch;
use saturn_cell::rng::ChaCha8Rng;
use saturn_data::DataError;

use super::samples::{Sample, Split};
use crate::scenario::{Fill, Gap};

/// Poisson noise with each channel at its mean rate: N ~ Poisson(factor * Σ rates) events a step, each
/// in a channel drawn by its rate.
pub struct Noise {
    channel: Option<WeightedAliasIndex<f64>>,
    total: f64,
    channels: usize,
}

impl Noise {
    /// From the mean events a step of each channel, `[I]`.
    pub fn new(mean_counts: &[f64]) -> Self {
        Self {
            // An all-zero profile has no channel to draw, and makes no noise.
            channel: WeightedAliasIndex::new(mean_counts.to_vec()).ok(),
            total: mean_counts.iter().sum(),
            channels: mean_counts.len(),
        }
    }

    /// Adds one step of noise at `factor` times the mean rates to the open column of `out`.
    fn step(&self, factor: f64, rng: &mut ChaCha8Rng, tally: &mut Vec<u16>, out: &mut EventBatch) {
        let (Some(channel), Ok(law)) = (&self.channel, Poisson::new(factor * self.total)) else {
            return;
        };
        tally.clear();
        tally.resize(self.channels, 0);
        let n: f64 = law.sample(rng);
        for _ in 0..n as usize {
            tally[channel.sample(rng)] += 1;
        }
        for (unit, &count) in tally.iter().enumerate() {
            if count > 0 {
                out.push(unit as u32, f32::from(count));
            }
        }
    }
}

/// A gap under way.
#[derive(Clone, Debug)]
pub struct OpenGap {
    fill: Fill,
    /// For shuffled fills: the sample whose events are shuffled, and the next of its steps.
    shuffled: Option<(Arc<Sample>, usize)>,
}

impl OpenGap {
    /// Draws a gap: its length in steps and what fills it.
    pub fn draw(gap: &Gap, rng: &mut ChaCha8Rng) -> (usize, Self) {
        let steps = rng.random_range(gap.steps[0]..=gap.steps[1]);
        let fill = gap.fill[rng.random_range(0..gap.fill.len())];
        (
            steps,
            Self {
                fill,
                shuffled: None,
            },
        )
    }

    /// Adds one step to the open column of `out`.
    pub fn step(
        &mut self,
        split: &Split,
        noise: &Noise,
        rng: &mut ChaCha8Rng,
        tally: &mut Vec<u16>,
        out: &mut EventBatch,
    ) -> Result<(), DataError> {
        match self.fill {
            Fill::Silence => {}
            Fill::Noise(factor) => noise.step(factor, rng, tally, out),
            Fill::Shuffled => {
                let (sample, t) = match self.shuffled.take() {
                    Some((sample, t)) if t < sample.steps() => (sample, t),
                    _ => {
                        let other = split.sample(rng.random_range(0..split.len()))?;
                        (Arc::new(shuffle(&other, rng)), 0)
                    }
                };
                for (unit, count) in sample.step(t) {
                    out.push(unit, count);
                }
                self.shuffled = Some((sample, t + 1));
            }
        }
        Ok(())
    }
}

/// The sample with every event at a random step of its own length: the rates stay, the order goes.
pub(super) fn shuffle(sample: &Sample, rng: &mut ChaCha8Rng) -> Sample {
    let steps = sample.steps() as u32;
    let mut events: Vec<(u32, u32)> = sample
        .events()
        .map(|(_, unit)| (rng.random_range(0..steps), unit))
        .collect();
    events.sort_unstable();
    Sample::from_sorted(&events, sample.label, sample.recording)
}
