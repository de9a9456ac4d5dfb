//! A mask estimated from the input: a statistic, a threshold, a hangover.
//!
//! ```text
//! d_t = max_{k<=h} c_{t-k}                         (1)   the statistic, held for h steps
//! m_t = [d_t > θ]                                  (2)   the mask
//! θ   = g argmax (hits + 1 - false alarms) / 2     (3)   on training streams with known gaps
//! ```
//!
//! The statistic of a [`super::learned`] mask is a probability: it is fitted first, its θ is 1/2, and
//! m_t = d_t is soft.
//!
//! With (1) the threshold of (3) is found exactly: the held statistics of all training steps are sorted
//! once, and every place between two of them is tried. Threshold and mask are of one lane; a clone serves
//! each further lane.
//!
//! | symbol | field | what | unit |
//! |---|---|---|---|
//! | c | | the mask's statistic | see the mask |
//! | h | `hangover` | steps that the mask stays up | steps |
//! | θ | `threshold` | see (3) | as c |
//! | g | `threshold_scale` | 1, or a user's preference for one kind of error | - |

use saturn_cell::{EventView, Real};

use super::{
    Agreement, Contrast, ContrastConfig, Energy, EnergyConfig, EventCount, EventCountConfig,
    Learned, LearnedConfig, MaskReport,
};
use crate::LossError;

/// A causal mask of one lane. It uses memory for the window and the hangover only, independent of the
/// stream's length.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimator {
    statistic: Statistic,
    threshold: f64,
    threshold_scale: f64,
    /// The last h + 1 statistics, a ring.
    recent: Vec<f64>,
    next: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Statistic {
    EventCount(EventCount),
    Energy(Energy),
    Contrast(Contrast),
    Learned(Learned),
}

/// Streams with known gaps: B lanes of T steps from the start of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a, R> {
    /// The input, columns `t*B + b`.
    pub events: EventView<'a>,
    /// B.
    pub lanes: usize,
    /// The label mask `[T*B]`; at least one half is informative.
    pub mask: &'a [R],
    /// `[T*B]`; steps of weight 0 are padding and not judged.
    pub weight: &'a [R],
}

impl Estimator {
    /// A mask by event count. Its threshold is infinite until it is fitted or set.
    ///
    /// # Errors
    /// If a number is out of its range.
    pub fn event_count(config: &EventCountConfig) -> Result<Self, LossError> {
        let statistic = Statistic::EventCount(EventCount::new(config)?);
        Ok(Self::new(
            statistic,
            config.hangover,
            config.threshold_scale,
        ))
    }

    /// A mask by energy. Its threshold is infinite until it is fitted or set.
    ///
    /// # Errors
    /// If a number is out of its range.
    pub fn energy(config: &EnergyConfig) -> Result<Self, LossError> {
        let statistic = Statistic::Energy(Energy::new(config)?);
        Ok(Self::new(
            statistic,
            config.hangover,
            config.threshold_scale,
        ))
    }

    /// A learnt soft mask of channels with mean `rates [I]`, in events a step, to be fitted.
    ///
    /// # Errors
    /// If a number is out of its range, or the rates are too sparse for a contrast.
    pub fn learned(config: &LearnedConfig, rates: &[f64]) -> Result<Self, LossError> {
        let statistic = Statistic::Learned(Learned::new(config, rates)?);
        let mut estimator = Self::new(statistic, 0, 1.0);
        estimator.threshold = 0.5;
        Ok(estimator)
    }

    /// A mask by contrast across channels with mean `rates [I]`, in events a step. Its threshold is infinite
    /// until it is fitted or set.
    ///
    /// # Errors
    /// If a number is out of its range, or the rates are too sparse for a contrast.
    pub fn contrast(config: &ContrastConfig, rates: &[f64]) -> Result<Self, LossError> {
        let statistic = Statistic::Contrast(Contrast::new(config, rates)?);
        Ok(Self::new(
            statistic,
            config.hangover,
            config.threshold_scale,
        ))
    }

    fn new(statistic: Statistic, hangover: usize, threshold_scale: f64) -> Self {
        Self {
            statistic,
            threshold: f64::INFINITY,
            threshold_scale,
            recent: vec![f64::NEG_INFINITY; hangover + 1],
            next: 0,
        }
    }

    /// θ.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Sets θ, for instance to that of an earlier [`Self::fit`].
    pub fn set_threshold(&mut self, threshold: f64) {
        self.threshold = threshold;
    }

    /// Back to the start of a stream; the threshold stays.
    pub fn clear(&mut self) {
        match &mut self.statistic {
            Statistic::EventCount(count) => count.clear(),
            Statistic::Energy(energy) => energy.clear(),
            Statistic::Contrast(contrast) => contrast.clear(),
            Statistic::Learned(learned) => learned.clear(),
        }
        self.recent.fill(f64::NEG_INFINITY);
        self.next = 0;
    }

    /// Takes in one step of the lane (`units`, and their `counts`) and returns the statistic c_t.
    pub fn observe(&mut self, units: &[u32], counts: &[f32]) -> f64 {
        let now = match &mut self.statistic {
            Statistic::EventCount(count) => count.observe(counts),
            Statistic::Energy(energy) => energy.observe(units, counts),
            Statistic::Contrast(contrast) => contrast.observe(units, counts),
            Statistic::Learned(learned) => learned.observe(units, counts),
        };
        self.recent[self.next] = now;
        self.next = (self.next + 1) % self.recent.len();
        now
    }

    /// m of the last step that was observed, equation (2).
    pub fn mask(&self) -> bool {
        self.held() > self.threshold
    }

    /// d of the last step, equation (1).
    fn held(&self) -> f64 {
        self.recent
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// Writes the mask of `lanes` lanes of `events` (columns `t*B + b`) into `mask [T*B]`, each lane from
    /// the start of a stream. The estimator itself is left as it is.
    pub fn estimate<R: Real>(&self, events: EventView, lanes: usize, mask: &mut [R]) {
        assert_eq!(events.columns(), mask.len(), "events and mask");
        let soft = matches!(self.statistic, Statistic::Learned(_));
        self.walk(events, lanes, |j, held| {
            mask[j] = if soft {
                R::of(held)
            } else {
                R::of(f64::from(u8::from(held > self.threshold))) // (2)
            };
        });
    }

    /// Sets the threshold by the one that agrees best with the labels of `examples`, equation (3), or fits a
    /// learnt mask to them, and returns the agreement.
    ///
    /// # Errors
    /// If the examples have no informative step, or no gap.
    pub fn fit<R: Real>(&mut self, examples: &[Example<R>]) -> Result<MaskReport, LossError> {
        let mut judged: Vec<(f64, bool)> = Vec::new();
        for example in examples {
            let columns = example.events.columns();
            assert_eq!(columns, example.mask.len(), "events and mask");
            assert_eq!(columns, example.weight.len(), "events and weight");
            self.walk(example.events, example.lanes, |j, held| {
                if example.weight[j].wide() > 0.0 {
                    judged.push((held, example.mask[j].wide() >= 0.5));
                }
            });
        }
        let samples = judged.iter().filter(|(_, label)| *label).count() as u64;
        let gaps = judged.len() as u64 - samples;
        if samples == 0 || gaps == 0 {
            return Err(LossError::OneKind { samples, gaps });
        }
        if let Statistic::Learned(_) = self.statistic {
            self.fit_learned(examples);
            return Ok(self.agreement(examples).report());
        }
        judged.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A threshold below all statistics: every step is informative. Then upwards step by step.
        let mut now = Agreement {
            hits: samples,
            false_alarms: gaps,
            ..Agreement::default()
        };
        let mut best = (now, judged[0].0 - 1.0);
        for (i, &(held, label)) in judged.iter().enumerate() {
            if label {
                now.hits -= 1;
                now.misses += 1;
            } else {
                now.false_alarms -= 1;
                now.rejections += 1;
            }
            let above = judged.get(i + 1).map_or(held + 1.0, |next| next.0);
            if above > held && now.report().balanced() > best.0.report().balanced() {
                best = (now, f64::midpoint(held, above));
            }
        }
        self.threshold = self.threshold_scale * best.1;
        Ok(self.agreement(examples).report())
    }

    /// Fits a learnt mask to the labels of `examples`.
    fn fit_learned<R: Real>(&mut self, examples: &[Example<R>]) {
        let Statistic::Learned(learned) = &mut self.statistic else {
            return;
        };
        let mut steps = Vec::new();
        for example in examples {
            for lane in 0..example.lanes {
                learned.clear();
                for j in (lane..example.events.columns()).step_by(example.lanes) {
                    let (units, counts) = example.events.column(j);
                    let features = learned.features(units, counts);
                    if example.weight[j].wide() > 0.0 {
                        steps.push((features, example.mask[j].wide() >= 0.5));
                    }
                }
            }
        }
        learned.fit(&steps);
        learned.clear();
    }

    /// How well the mask matches the labels of `examples` at the present threshold.
    pub fn agreement<R: Real>(&self, examples: &[Example<R>]) -> Agreement {
        let mut agreement = Agreement::default();
        for example in examples {
            self.walk(example.events, example.lanes, |j, held| {
                if example.weight[j].wide() > 0.0 {
                    agreement.add(example.mask[j].wide() >= 0.5, held > self.threshold);
                }
            });
        }
        agreement
    }

    /// Calls `visit` with every column and its held statistic, lane by lane from the start of a stream.
    fn walk(&self, events: EventView, lanes: usize, mut visit: impl FnMut(usize, f64)) {
        let mut lane_estimator = self.clone();
        for lane in 0..lanes {
            lane_estimator.clear();
            for j in (lane..events.columns()).step_by(lanes) {
                let (units, counts) = events.column(j);
                lane_estimator.observe(units, counts);
                visit(j, lane_estimator.held());
            }
        }
    }
}

#[cfg(test)]
mod tests;
