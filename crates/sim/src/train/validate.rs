//! Validation after each epoch, laid out as the arm trains: single samples from rest, or lanes of
//! samples and gaps that are never reset.

use rayon::prelude::*;
use saturn_cell::{Real, column};
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, Epoch, LanePlan};
use super::trainer::{Job, TrainError};
use crate::eval::by_class::ByClass;
use crate::network::{Network, Tapes};

/// Accuracy and cross-entropy on the validation set.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Validation {
    /// Share of samples whose probabilities, summed over the segment, are highest for their class.
    pub summed: f64,
    /// Mean over classes of that share.
    #[serde(default)]
    pub balanced: f64,
    /// Share of samples that are right at their last step.
    pub last: f64,
    /// Mean over samples of -log of the true class's share of the summed probabilities, nats.
    pub surprise: f64,
}

impl Validation {
    /// Better: more samples right, or, `balanced`, more of each class; among equals, less surprise.
    pub fn better_than(&self, other: &Self, balanced: bool) -> bool {
        let right = |v: &Self| if balanced { v.balanced } else { v.summed };
        (right(self), -self.surprise) > (right(other), -other.surprise)
    }
}

/// Sums over samples.
#[derive(Clone, Default)]
struct Tally {
    samples: usize,
    by_class: ByClass,
    summed: usize,
    last: usize,
    surprise: f64,
}

/// Validates `net` on the whole validation split.
pub fn validate<R: Real>(net: &Network<R>, job: &Job) -> Result<Validation, TrainError> {
    // Twice the samples of a training lane: long enough to see what never resetting does.
    let samples = 2 * job.samples;
    let epoch = Epoch::of(job.seed, 0, job.valid.split, samples);
    let lanes: Vec<LanePlan> = epoch
        .updates(job.streams, 1, samples)
        .into_iter()
        .flatten()
        .collect();
    let shards: Vec<&[LanePlan]> = lanes.chunks(job.settings.shard_lanes).collect();
    let tallies: Vec<Tally> = shards
        .par_iter()
        .map(|plans| {
            let mut batch = Batch::<R>::default();
            batch.compose(&epoch, plans, job.streams, job.valid, job.channels, None)?;
            Ok(tally(net, &batch))
        })
        .collect::<Result<_, DataError>>()?;
    let mut sum = Tally::default();
    for t in tallies {
        sum.samples += t.samples;
        sum.by_class.merge(&t.by_class);
        sum.summed += t.summed;
        sum.last += t.last;
        sum.surprise += t.surprise;
    }
    let n = sum.samples.max(1) as f64;
    Ok(Validation {
        summed: sum.summed as f64 / n,
        balanced: sum.by_class.balanced().unwrap_or(0.0),
        last: sum.last as f64 / n,
        surprise: sum.surprise / n,
    })
}

fn tally<R: Real>(net: &Network<R>, batch: &Batch<R>) -> Tally {
    let mut tally = Tally {
        by_class: ByClass::new(net.classes()),
        ..Tally::default()
    };
    if batch.steps == 0 {
        return tally;
    }
    let mut tapes = Tapes::new(net);
    tapes.start(net, batch.steps, batch.lanes);
    let logits = tapes.forward(net, batch.input.input(), None);
    let mut p = vec![0.0f32; net.classes()];
    let mut sum = vec![0.0f64; net.classes()];
    for (lane, spans) in batch.segments.iter().enumerate() {
        for span in spans {
            sum.fill(0.0);
            for t in span.start..span.end {
                softmax(column(&logits, t * batch.lanes + lane), &mut p);
                for (s, &p) in sum.iter_mut().zip(&p) {
                    *s += f64::from(p);
                }
            }
            tally.samples += 1;
            let said = argmax(&sum);
            tally.by_class.add(span.label, said);
            tally.summed += usize::from(said == span.label);
            tally.last += usize::from(argmax(&p) == span.label);
            let share = sum[span.label] / sum.iter().sum::<f64>();
            tally.surprise -= share.max(1e-30).ln();
        }
    }
    tally
}

/// Probabilities of one column of logits, `[C]`.
pub fn softmax<R: Real>(logits: &[R], p: &mut [f32]) {
    let top = logits
        .iter()
        .fold(f64::NEG_INFINITY, |m, z| m.max(z.wide()));
    let mut sum = 0.0;
    for (p, z) in p.iter_mut().zip(logits) {
        *p = (z.wide() - top).exp() as f32;
        sum += *p;
    }
    for p in p {
        *p /= sum;
    }
}

/// The index of the largest value; the first among equals.
pub fn argmax<T: PartialOrd>(values: &[T]) -> usize {
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if *v > values[best] {
            best = i;
        }
    }
    best
}
