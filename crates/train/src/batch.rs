//! The batches of one epoch. Every arm sees the same samples in the same updates, and a sample that has
//! a gap before it has the same gap in every arm.

use std::sync::Arc;

use rand::seq::SliceRandom;
use saturn_cell::Real;
use saturn_cell::rng::generator;
use saturn_data::DataError;
use saturn_loss::{Agreement, Estimator, Example, MaskFault, Targets};

use super::arm::Streams;
use saturn_stream::{Columns, Form, OpenGap, Sample, Source, Split, Tally};

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
    /// Steps of each lane, without padding, `[B]`.
    pub lengths: Vec<usize>,
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
    places: Vec<Place>,
}

/// Position of a sample in a lane.
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
    /// The steps of its own: gaps; all steps where an estimator reads them.
    input: Columns<R>,
    /// Where its steps are, in order.
    pieces: Vec<Piece>,
    /// Label and mask of each step; no label in a gap.
    targets: Vec<(Option<u32>, f32)>,
}

/// Successive steps of a lane.
enum Piece {
    /// So many of its own input, those that follow the last ones.
    Own(usize),
    /// All of a sample, which are not copied before the weaving.
    Sample(Arc<Sample>),
}

impl Piece {
    fn steps(&self) -> usize {
        match self {
            Self::Own(steps) => *steps,
            Self::Sample(sample) => sample.steps(),
        }
    }
}

/// The next step of a lane while it is woven.
#[derive(Clone, Copy, Default)]
struct Place {
    /// A piece, and a step of it.
    piece: usize,
    at: usize,
    /// Steps of its own input before.
    own: usize,
}

/// Replacement of the label mask.
#[derive(Clone, Copy, Default)]
pub struct Masking<'a> {
    /// An estimate from the input.
    pub estimator: Option<&'a Estimator>,
    /// Deliberate errors of the mask.
    pub fault: Option<MaskFault>,
}

impl<R: Real> Batch<R> {
    /// Composes the lanes of one shard. `masking` may replace the label mask.
    pub fn compose(
        &mut self,
        epoch: &Epoch,
        plans: &[LanePlan],
        streams: Streams,
        source: Source,
        channels: usize,
        masking: Masking,
    ) -> Result<(), DataError> {
        self.lane.resize_with(plans.len(), LaneTape::default);
        self.segments.resize_with(plans.len(), Vec::new);
        for ((plan, lane), spans) in plans.iter().zip(&mut self.lane).zip(&mut self.segments) {
            let whole = masking.estimator.is_some();
            lane.compose(epoch, plan, streams, source, channels, whole, spans)?;
            lane.mask(epoch, plan, masking);
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

    /// How well the mask of `other` matches this one's, on the same streams.
    pub fn agreement(&self, other: &Self) -> Agreement {
        let mut agreement = Agreement::default();
        let up = |m: &R| m.wide() > 0.5;
        let steps = self.mask.iter().zip(&self.weight).zip(&other.mask);
        // A lane that has ended has weight 0.
        for ((mask, _), other) in steps.filter(|((_, weight), _)| **weight > R::zero()) {
            agreement.add(up(mask), up(other));
        }
        agreement
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
        self.lengths.clear();
        self.lengths
            .extend(self.lane.iter().map(|l| l.targets.len()));
        self.steps = self.lengths.iter().copied().max().unwrap_or(0);
        self.input.clear(form, channels);
        self.labels.clear();
        self.mask.clear();
        self.weight.clear();
        self.places.clear();
        self.places.resize(self.lanes, Place::default());
        for t in 0..self.steps {
            for (lane, place) in self.lane.iter().zip(&mut self.places) {
                let Some(&(label, m)) = lane.targets.get(t) else {
                    self.input.push_empty();
                    self.labels.push(0);
                    self.mask.push(R::zero());
                    self.weight.push(R::zero());
                    continue;
                };
                lane.push(place, &mut self.input);
                self.labels.push(label.unwrap_or(0));
                // A step without a label has no class to learn, even if an estimate marks it informative; it
                // is trained as a gap.
                let (m, w) = if label.is_some() {
                    (m, 1.0)
                } else {
                    (0.0, 1.0 - m)
                };
                self.mask.push(R::of(f64::from(m)));
                self.weight.push(R::of(f64::from(w)));
            }
        }
    }
}

impl<R: Real> LaneTape<R> {
    /// Adds the step at `place` to `out`, and goes to the next one.
    fn push(&self, place: &mut Place, out: &mut Columns<R>) {
        while place.at == self.pieces[place.piece].steps() {
            (place.piece, place.at) = (place.piece + 1, 0);
        }
        match &self.pieces[place.piece] {
            Piece::Own(_) => {
                out.push_from(&self.input, place.own);
                place.own += 1;
            }
            Piece::Sample(sample) => sample.content.push(place.at, out),
        }
        place.at += 1;
    }

    /// `whole` copies the samples, too, into its own input.
    #[allow(clippy::too_many_arguments)] // Each says another thing about the lane.
    fn compose(
        &mut self,
        epoch: &Epoch,
        plan: &LanePlan,
        streams: Streams,
        source: Source,
        channels: usize,
        whole: bool,
        spans: &mut Vec<Span>,
    ) -> Result<(), DataError> {
        let split = source.split;
        self.input.clear(split.form(), channels);
        self.pieces.clear();
        self.targets.clear();
        spans.clear();
        let mut tally = Tally::default();
        for &position in plan {
            let with_gap = matches!(streams, Streams::Lead | Streams::Concatenated);
            if let (Some(records), true) = (split.records(), with_gap) {
                // In records, gaps are part of the data.
                let (record, steps) = records.gap_before(epoch.recording(position));
                self.pieces.push(Piece::Own(steps.len()));
                for t in steps {
                    record.content.push(t, &mut self.input);
                    self.targets.push((None, 0.0));
                }
            } else if let (Some(gap), true) = (source.gap, with_gap) {
                let mut rng = generator(epoch.seed, "gap", epoch.gap_index(position));
                let (steps, mut open) = OpenGap::draw(gap, &mut rng);
                self.pieces.push(Piece::Own(steps));
                for _ in 0..steps {
                    open.step(source, &mut rng, &mut tally, &mut self.input)?;
                    self.targets.push((None, 0.0));
                }
            }
            let sample = split.sample(epoch.recording(position))?;
            let first = self.targets.len();
            for t in 0..sample.steps() {
                if whole {
                    sample.content.push(t, &mut self.input);
                }
                let label = (t < sample.until).then_some(sample.label as u32);
                let informative = f32::from(u8::from(sample.informative(t)));
                self.targets.push((label, informative));
            }
            spans.push(Span {
                recording: sample.recording,
                label: sample.label,
                start: first + sample.onset,
                end: first + sample.until,
            });
            self.pieces.push(if whole {
                Piece::Own(sample.steps())
            } else {
                Piece::Sample(sample)
            });
        }
        Ok(())
    }

    /// Replaces the label mask by the estimate, and adds errors to the mask on request.
    fn mask(&mut self, epoch: &Epoch, plan: &LanePlan, masking: Masking) {
        let mut mask: Vec<f32> = self.targets.iter().map(|&(_, m)| m).collect();
        if let Some(estimator) = masking.estimator {
            estimator.estimate(self.input.events().view(), 1, &mut mask);
        }
        if let Some(fault) = masking.fault {
            let lane = plan.first().map_or(0, |&first| epoch.gap_index(first));
            fault.apply(&mut mask, &mut generator(epoch.seed, "mask error", lane));
            self.label_gaps();
        }
        for ((_, m), new) in self.targets.iter_mut().zip(mask) {
            *m = new;
        }
    }

    /// Gives every step of a gap the class of the nearest sample: who takes a gap for a sample takes it for
    /// a part of that one. Half of each gap goes to either side.
    fn label_gaps(&mut self) {
        let known: Vec<Option<u32>> = self.targets.iter().map(|&(label, _)| label).collect();
        let after = |t: usize| known[t..].iter().position(Option::is_some).map(|k| t + k);
        let (mut before, mut next) = (None, after(0));
        for (t, (label, _)) in self.targets.iter_mut().enumerate() {
            if next.is_some_and(|next| next < t) {
                next = after(t);
            }
            if known[t].is_some() {
                before = Some(t);
                continue;
            }
            let nearest = match (before, next) {
                (Some(before), Some(next)) if next - t < t - before => Some(next),
                (Some(before), _) => Some(before),
                (None, next) => next,
            };
            *label = nearest.and_then(|at| known[at]);
        }
    }
}

#[cfg(test)]
mod tests;
