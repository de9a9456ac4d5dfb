//! The channels of frames on a common scale.

use super::content::Content;

/// A channel that varies less than this counts as constant, and only its mean is subtracted.
const STILL: f64 = 1e-6;

/// Sums of each channel, for means and standard deviations.
#[derive(Clone, Debug)]
pub struct Moments {
    steps: usize,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    /// Empty sums of `channels` channels.
    pub fn new(channels: usize) -> Self {
        Self {
            steps: 0,
            sums: vec![0.0; channels],
            squares: vec![0.0; channels],
        }
    }

    /// Adds all steps of frames; events add nothing.
    pub fn add(&mut self, content: &Content) {
        let Content::Frames { channels, values } = content else {
            return;
        };
        for step in values.chunks(*channels) {
            self.steps += 1;
            for (c, x) in step.iter().enumerate() {
                let x = f64::from(*x);
                self.sums[c] += x;
                self.squares[c] += x * x;
            }
        }
    }

    /// Mean of each channel, `[I]`.
    pub fn mean(&self) -> Vec<f64> {
        let n = self.steps.max(1) as f64;
        self.sums.iter().map(|sum| sum / n).collect()
    }

    /// Standard deviation of each channel, `[I]`.
    pub fn std(&self) -> Vec<f64> {
        let n = self.steps.max(1) as f64;
        let of = |(mean, square): (f64, &f64)| (square / n - mean * mean).max(0.0).sqrt();
        self.mean().into_iter().zip(&self.squares).map(of).collect()
    }
}

/// (x - mean) / std, channel by channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    mean: Vec<f32>,
    factor: Vec<f32>,
}

impl Scale {
    /// To a mean of 0 and a standard deviation of 1 over what `moments` have seen.
    pub fn new(moments: &Moments) -> Self {
        let factor = |std: f64| {
            if Self::is_still(std) {
                1.0
            } else {
                (1.0 / std) as f32
            }
        };
        Self {
            mean: moments.mean().iter().map(|mean| *mean as f32).collect(),
            factor: moments.std().into_iter().map(factor).collect(),
        }
    }

    /// Whether a channel of standard deviation `std` counts as constant.
    pub fn is_still(std: f64) -> bool {
        std < STILL
    }

    /// Scales frames; events are unchanged.
    pub fn apply(&self, content: &mut Content) {
        let Content::Frames { channels, values } = content else {
            return;
        };
        for step in values.chunks_mut(*channels) {
            for ((x, mean), factor) in step.iter_mut().zip(&self.mean).zip(&self.factor) {
                *x = (*x - mean) * factor;
            }
        }
    }
}
