//! The batches of one epoch. Every arm sees the same samples in the same updates, and a sample that has
//! a gap before it has the same gap in every arm.

use rand::seq::SliceRandom;
use saturn_cell::Real;
use saturn_cell::rng::generator;
use saturn_data::DataError;
use saturn_loss::{Estimator, Example, Targets};

use crate::scenario::Streams;
use crate::stream::{Columns, Form, OpenGap, Source, Split};

/// One lane of an update: positions in the epoch's order, one after the other.
pub type LanePlan = Vec<usize>;

/// The order of an epoch and its cut into updates.
pub struct Epoch {
    seed: u64,
    number: usize,
    order: Vec<u32>,
}

impl Epoch {
    /// Epoch `number` over `samples` samples under `seed`.
    pub fn new(seed: u64, number: usize, samples: usize) -> Self {
        let mut order: Vec<u32> = (0..samples as u32).collect();
        order.shuffle(&mut generator(seed, "order", number as u64));
        Self {
            seed,
            number,
            order,
        }
    }

    /// Epoch `number` over `split`. Samples of records come in runs of `run` neighbours, so that streams of
    /// that many are the record as it is; others in any order.
    pub fn of(seed: u64, number: usize, split: &Split, run: usize) -> Self {
        let Some(records) = split.records() else {
            return Self::new(seed, number, split.len());
        };
        let order = records.runs(run, &mut generator(seed, "order", number as u64));
        Self {
            seed,
            number,
            order,
        }
    }

    /// The updates, each a list of lanes. An update takes `lanes * samples` samples: as lanes of
    /// `samples` where streams are concatenated, as lanes of one elsewhere.
    pub fn updates(&self, streams: Streams, lanes: usize, samples: usize) -> Vec<Vec<LanePlan>> {
        let in_lane = match streams {
            Streams::Concatenated => samples,
            Streams::Single | Streams::Lead => 1,
        };
        let positions: Vec<usize> = (0..self.order.len()).collect();
        positions
            .chunks(lanes * samples)
            .map(|update| update.chunks(in_lane).map(<[usize]>::to_vec).collect())
            .collect()
    }

    /// The recording at a position of the order.
    pub fn recording(&self, position: usize) -> usize {
        self.order[position] as usize
    }

    /// The index of a position's gap among all gaps of a training run.
    fn gap_index(&self, position: usize) -> u64 {
        (self.number * self.order.len() + position) as u64
    }
}

/// The input and the targets of one shard of lanes; memory is reused.
#[derive(Default)]
pub struct Batch<R: Real> {
    /// T, the steps of the longest lane.
    pub steps: usize,
    /// B.
    pub lanes: usize,
    /// `[I, T*B]`.
    pub input: Columns<R>,
    /// The class of each column; any number where the mask is 0.
    pub labels: Vec<u32>,
    /// m, 1 where the input is informative.
    pub mask: Vec<R>,
    /// w, 0 on padding, 1 elsewhere unless classes weigh differently.
    pub weight: Vec<R>,
    /// For each lane: (recording, label, first step, one past the last) of its samples, from the first
    /// informative step on.
    pub segments: Vec<Vec<Span>>,
    lane: Vec<LaneTape<R>>,
}

/// Where a sample lies in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Index of the recording in its split.
    pub recording: usize,
    /// Its class.
    pub label: usize,
    /// The first informative step.
    pub start: usize,
    /// One past the last step.
    pub end: usize,
}

/// One lane before it is woven into the batch.
#[derive(Default)]
struct LaneTape<R: Real> {
    input: Columns<R>,
    /// Label and mask of each step; no label in a gap.
    targets: Vec<(Option<u32>, bool)>,
}

impl<R: Real> Batch<R> {
    /// Composes the lanes of one shard. `estimator` replaces the label mask by an estimate of it.
    pub fn compose(
        &mut self,
        epoch: &Epoch,
        plans: &[LanePlan],
        streams: Streams,
        source: Source,
        channels: usize,
        estimator: Option<&Estimator>,
    ) -> Result<(), DataError> {
        self.lane.resize_with(plans.len(), LaneTape::default);
        self.segments.resize_with(plans.len(), Vec::new);
        for ((plan, lane), spans) in plans.iter().zip(&mut self.lane).zip(&mut self.segments) {
            lane.compose(epoch, plan, streams, source, channels, spans)?;
            if let Some(estimator) = estimator {
                lane.estimate(estimator);
            }
        }
        self.weave(source.split.form(), channels);
        Ok(())
    }

    /// Multiplies the weight of each step of a sample by that of its class, `[C]`.
    pub fn weigh(&mut self, classes: &[f64]) {
        let steps = self.weight.iter_mut().zip(&self.mask).zip(&self.labels);
        for ((weight, mask), label) in steps {
            if *mask > R::zero() {
                *weight *= R::of(classes[*label as usize]);
            }
        }
    }

    /// The targets, for the loss.
    pub fn targets(&self) -> Targets<'_, R> {
        Targets {
            labels: &self.labels,
            mask: &self.mask,
            weight: &self.weight,
        }
    }

    /// Input, mask and weight, to fit or judge an estimate of the mask.
    pub fn example(&self) -> Example<'_, R> {
        Example {
            events: self.input.events().view(),
            lanes: self.lanes,
            mask: &self.mask,
            weight: &self.weight,
        }
    }

    /// Lane by lane becomes step by step: column `t*B + b`.
    fn weave(&mut self, form: Form, channels: usize) {
        self.lanes = self.lane.len();
        self.steps = self.lane.iter().map(|l| l.targets.len()).max().unwrap_or(0);
        self.input.clear(form, channels);
        self.labels.clear();
        self.mask.clear();
        self.weight.clear();
        for t in 0..self.steps {
            for lane in &self.lane {
                let Some(&(label, informative)) = lane.targets.get(t) else {
                    self.input.push_empty();
                    self.labels.push(0);
                    self.mask.push(R::zero());
                    self.weight.push(R::zero());
                    continue;
                };
                self.input.push_from(&lane.input, t);
                self.labels.push(label.unwrap_or(0));
                self.mask
                    .push(if informative { R::one() } else { R::zero() });
                // A step that an estimate calls informative and that has no label teaches nothing.
                let teaches = label.is_some() || !informative;
                self.weight.push(if teaches { R::one() } else { R::zero() });
            }
        }
    }
}

impl<R: Real> LaneTape<R> {
    fn compose(
        &mut self,
        epoch: &Epoch,
        plan: &LanePlan,
        streams: Streams,
        source: Source,
        channels: usize,
        spans: &mut Vec<Span>,
    ) -> Result<(), DataError> {
        let split = source.split;
        self.input.clear(split.form(), channels);
        self.targets.clear();
        spans.clear();
        let mut tally = Vec::new();
        for &position in plan {
            let with_gap = matches!(streams, Streams::Lead | Streams::Concatenated);
            if let (Some(records), true) = (split.records(), with_gap) {
                // In records, gaps are what is there.
                let (record, steps) = records.gap_before(epoch.recording(position));
                for t in steps {
                    record.content.push(t, &mut self.input);
                    self.targets.push((None, false));
                }
            } else if let (Some(gap), true) = (source.gap, with_gap) {
                let mut rng = generator(epoch.seed, "gap", epoch.gap_index(position));
                let (steps, mut open) = OpenGap::draw(gap, &mut rng);
                for _ in 0..steps {
                    open.step(source, &mut rng, &mut tally, &mut self.input)?;
                    self.targets.push((None, false));
                }
            }
            let sample = split.sample(epoch.recording(position))?;
            let first = self.targets.len();
            for t in 0..sample.steps() {
                sample.content.push(t, &mut self.input);
                let label = (t < sample.until).then_some(sample.label as u32);
                self.targets.push((label, sample.informative(t)));
            }
            spans.push(Span {
                recording: sample.recording,
                label: sample.label,
                start: first + sample.onset,
                end: first + sample.until,
            });
        }
        Ok(())
    }

    /// Puts an estimate in the place of the label mask.
    fn estimate(&mut self, estimator: &Estimator) {
        let mut mask = vec![0.0f32; self.targets.len()];
        estimator.estimate(self.input.events().view(), 1, &mut mask);
        for ((_, informative), m) in self.targets.iter_mut().zip(mask) {
            *informative = m > 0.5;
        }
    }
}
