//! Validation after each epoch, laid out as the arm trains: single samples from rest, or lanes of
//! samples and gaps that are never reset.

use rayon::prelude::*;
use saturn_cell::rng::pass_of;
use saturn_cell::{Real, RngPosition, column, compiled_once};
use saturn_data::DataError;
use saturn_loss::softmax::{argmax, softmax};

use super::batch::{Batch, Epoch, LanePlan, Masking};
use super::job::{Job, TrainError};
use super::validation::Validation;
use saturn_eval::stats::by_class::ByClass;
use saturn_network::{Network, Tapes};

/// Sums over samples.
#[derive(Clone, Default)]
struct Tally {
    samples: usize,
    by_class: ByClass,
    summed: usize,
    last: usize,
    surprise: f64,
}

compiled_once! {
    /// Validates `net` on the whole validation split.
    pub fn validate<R>(
        net: &Network<R>,
        job: &Job,
    ) -> Result<Validation, TrainError> {
        // Twice the samples of a training lane: long enough to show the effect of never resetting.
        let samples = 2 * job.samples;
        let epoch = Epoch::of(job.seed, 0, job.valid.split, samples);
        let lanes: Vec<LanePlan> = epoch
            .updates(job.arm.streams, 1, samples)
            .into_iter()
            .flatten()
            .collect();
        let shards: Vec<&[LanePlan]> = lanes.chunks(job.settings.shard_lanes).collect();
        let tallies: Vec<Tally> = shards
            .par_iter()
            .enumerate()
            .map(|(shard, plans)| {
                let mut batch = Batch::<R>::default();
                let (streams, channels) = (job.arm.streams, job.channels);
                let labels = Masking::default();
                batch.compose(&epoch, plans, streams, job.valid, channels, labels)?;
                let at = RngPosition {
                    pass: pass_of("validation"),
                    lane: (shard * job.settings.shard_lanes) as u64,
                    step: 0,
                };
                Ok(tally(net, &batch, at))
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
}

fn tally<R: Real>(net: &Network<R>, batch: &Batch<R>, at: RngPosition) -> Tally {
    let mut tally = Tally {
        by_class: ByClass::new(net.classes()),
        ..Tally::default()
    };
    if batch.steps == 0 {
        return tally;
    }
    let mut tapes = Tapes::new(net);
    tapes.start(net, batch.steps, batch.lanes);
    tapes.set_rng_position(at);
    let logits = tapes.forward(net, batch.input.input(), None);
    let mut p = vec![0.0f32; net.outputs()];
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
            tally.last += usize::from(argmax(&p[..sum.len()]) == span.label);
            let share = sum[span.label] / sum.iter().sum::<f64>();
            tally.surprise -= share.max(1e-30).ln();
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Span;
    use saturn_cell::EventBatch;
    use saturn_network::{NetworkConfig, Outputs, build};

    /// A network that outputs "nothing" everywhere, and ranks class 1 above the other classes, is correct on
    /// class 1: a sample's class is that of the largest sum among the classes.
    #[test]
    fn an_output_for_nothing_is_no_answer() {
        let layers = serde_saphyr::from_str("[{linear: {out: 2}}]").expect("layers");
        let model = NetworkConfig::new(layers);
        let outputs = Outputs {
            classes: 3,
            extra: 1,
        };
        let mut net: Network<f64> = build("m", &model, 5, outputs, 10.0, 1).expect("a net");
        assert_eq!((net.outputs(), net.classes()), (4, 3));
        let same: Network<f64> = build("m", &model, 5, 3, 10.0, 1).expect("a net");
        assert_eq!(net.parameters(), same.parameters() + 2 + 1, "one more row");
        net.cells_mut()[1].update(&mut |params| {
            params[0].fill(0.0);
            params[1].copy_from_slice(&[0.0, 2.0, 1.0, 9.0]);
        });
        let mut events = EventBatch::new(5);
        (0..4).for_each(|_| events.end_column());
        for (label, right) in [(0, 0), (1, 1), (2, 0)] {
            let mut batch = Batch::default();
            (batch.steps, batch.lanes) = (4, 1);
            batch.input = events.clone().into();
            batch.segments = vec![vec![Span {
                recording: 0,
                label,
                start: 1,
                end: 4,
            }]];
            let tally = tally(&net, &batch, RngPosition::default());
            assert_eq!((tally.samples, tally.summed, tally.last), (1, right, right));
        }
    }
}
