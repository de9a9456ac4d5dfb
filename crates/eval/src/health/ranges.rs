//! The healthy ranges of the figures, learnt from the validation stream.
//!
//! The net runs on one lane of the first stream of its scenario's `evaluate`, never reset, for [`WINDOWS`]
//! windows after [`SETTLE`] discarded ones; the minimum, the maximum and the mean of each figure are stored
//! in the run's folder as `health/MODEL.ARM.SEED.json`, with the checksum of the weights. A run stores those
//! for windows of [`WINDOW`] steps; others are learnt when a network first runs live with them, if the
//! scenario's data exist.

use saturn_cell::{Real, column};
use saturn_data::DataError;
use saturn_loss::softmax::softmax;
use serde::{Deserialize, Serialize};

use super::figures::Figures;
use saturn_network::{Network, NetworkStream};
use saturn_stream::{Columns, Composer, Form, Source};

/// Default steps of a window.
pub const WINDOW: u64 = 200;
/// Windows that ranges are learnt from.
pub const WINDOWS: u64 = 100;
/// Windows before them.
pub const SETTLE: u64 = 5;

/// What was seen of one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Its name.
    pub name: String,
    /// The least value of a window.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// The mean.
    pub mean: f64,
}

/// What was seen of all figures of one net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranges {
    /// The checksum of the net's weights.
    pub weights: String,
    /// Steps of a window.
    pub window: u64,
    /// Windows.
    pub windows: u64,
    /// Each figure.
    pub figures: Vec<Range>,
}

/// What ranges are learnt on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The validation stream of the net's scenario.
    pub source: Source<'a>,
    /// Whether it has events or frames.
    pub form: Form,
    /// I.
    pub channels: usize,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The seed that the net was trained with.
    pub seed: u64,
}

/// The ranges of `net`, whose weights have the checksum `weights`, for windows of `window` steps.
pub fn observe<R: Real>(
    net: &Network<R>,
    on: Ground,
    window: u64,
    weights: &str,
) -> Result<Ranges, DataError> {
    let mut composer = Composer::new(on.source, "health", on.seed, 0)?;
    let mut columns = Columns::<R>::default();
    let mut live = NetworkStream::new(net, 1);
    let mut figures = Figures::new(net, on.channels, on.dt_ms);
    let mut p = vec![0.0f32; net.outputs()];
    let (mut values, mut seen) = (Vec::new(), Vec::<Range>::new());
    for at in 0..SETTLE + WINDOWS {
        for _ in 0..window {
            columns.clear(on.form, on.channels);
            composer.step(&mut columns)?;
            let logits = live.step(net, columns.input());
            softmax(column(&logits, 0), &mut p);
            figures.observe(columns.events(), &live, &p[..net.classes()]);
        }
        figures.take(&mut values);
        if at < SETTLE {
            continue;
        }
        if seen.is_empty() {
            seen = figures
                .names()
                .iter()
                .map(|name| Range {
                    name: name.clone(),
                    least: f64::INFINITY,
                    most: f64::NEG_INFINITY,
                    mean: 0.0,
                })
                .collect();
        }
        for (range, &value) in seen.iter_mut().zip(&values) {
            range.least = range.least.min(value);
            range.most = range.most.max(value);
            range.mean += value / WINDOWS as f64;
        }
    }
    Ok(Ranges {
        weights: weights.to_owned(),
        window,
        windows: WINDOWS,
        figures: seen,
    })
}
