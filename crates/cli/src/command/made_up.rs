//! Batches whose input and targets are made up, with as many events a step as the data have: what an update on the
//! data will cost, without composing any.

use std::ops::Range;

use rand::RngExt;
use saturn_cell::Real;
use saturn_cell::rng::generator;

use saturn_stream::Form;
use saturn_train::batch::Batch;

/// Fills `batch` with `lanes` of `steps` steps each. A channel's `mean_counts [I]` are its events a step.
pub fn fill<R: Real>(
    batch: &mut Batch<R>,
    form: Form,
    mean_counts: &[f64],
    classes: usize,
    lanes: Range<usize>,
    steps: usize,
) {
    let columns = steps * lanes.len();
    let channels = mean_counts.len();
    batch.steps = steps;
    batch.lanes = lanes.len();
    batch.lengths = vec![steps; lanes.len()];
    batch.input.clear(form, channels);
    let mut rng = generator(1, "made up", lanes.start as u64);
    let events: f64 = mean_counts.iter().sum();
    for _ in 0..columns {
        match form {
            Form::Frames => batch
                .input
                .push_frame((0..channels).map(|_| rng.random_range(-1.0..1.0))),
            Form::Events => {
                let n = (events + rng.random_range(0.0..1.0)) as usize;
                let mut units: Vec<u32> = (0..n.min(channels))
                    .map(|_| rng.random_range(0..channels as u32))
                    .collect();
                units.sort_unstable();
                units.dedup();
                batch.input.push_events(units.into_iter().map(|u| (u, 1.0)));
            }
        }
    }
    let label = |column: usize| (column % lanes.len().max(1) % classes.max(1)) as u32;
    batch.labels = (0..columns).map(label).collect();
    // Half of a stream is gap.
    batch.mask = (0..columns)
        .map(|column| {
            R::of(f64::from(u8::from(
                (column / lanes.len().max(1)).is_multiple_of(2),
            )))
        })
        .collect();
    batch.weight = vec![R::one(); columns];
}
