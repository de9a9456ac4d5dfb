//! Noise with the training set's mean rate in every channel, without information.

use rand_distr::weighted::WeightedAliasIndex;
use rand_distr::{Distribution, Poisson, StandardNormal};
use saturn_cell::Real;
use saturn_cell::rng::ChaCha8Rng;

use super::columns::Columns;
use super::tally::Tally;

/// Noise like the training set, a step at a time, at a factor a.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one of it in a program, and it is borrowed everywhere"
)]
pub enum Noise {
    /// Events: N ~ Poisson(a Σ rates) of them, each in a channel drawn by its rate.
    Events {
        /// Draws channels by their rates; `None` where no channel has any.
        channel: Option<WeightedAliasIndex<f64>>,
        /// Σ rates, events a step.
        total: f64,
        /// I.
        channels: usize,
    },
    /// Frames: mean + a std g, with g normal, in each channel `[I]`.
    Frames {
        /// Mean over the training set.
        mean: Vec<f64>,
        /// Standard deviation over it.
        std: Vec<f64>,
    },
}

impl Noise {
    /// Events, from the mean events a step of each channel, `[I]`.
    pub fn new(mean_counts: &[f64]) -> Self {
        Self::Events {
            // An all-zero profile has no channel to draw from, and makes no noise.
            channel: WeightedAliasIndex::new(mean_counts.to_vec()).ok(),
            total: mean_counts.iter().sum(),
            channels: mean_counts.len(),
        }
    }

    /// Adds one step of noise at `factor` to `out`.
    pub fn step<R: Real>(
        &self,
        factor: f64,
        rng: &mut ChaCha8Rng,
        tally: &mut Tally,
        out: &mut Columns<R>,
    ) {
        match self {
            Self::Events {
                channel,
                total,
                channels,
            } => {
                let (Some(channel), Ok(law)) = (channel, Poisson::new(factor * total)) else {
                    out.push_empty();
                    return;
                };
                tally.reach(*channels);
                let n: f64 = law.sample(rng);
                for _ in 0..n as usize {
                    tally.add(channel.sample(rng));
                }
                tally.push(out);
            }
            Self::Frames { mean, std } => {
                out.push_frame(mean.iter().zip(std).map(|(mean, std)| {
                    let g: f64 = StandardNormal.sample(rng);
                    (mean + factor * std * g) as f32
                }));
            }
        }
    }
}
