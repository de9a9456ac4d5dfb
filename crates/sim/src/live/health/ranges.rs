//! The ranges that figures of health have when all is well, learnt from the validation stream.
//!
//! The net runs on one lane of the first stream of its scenario's `evaluate`, never reset, for [`WINDOWS`]
//! windows after [`SETTLE`] that do not count; of each figure the least, the most and the mean are kept. They
//! stand in the run's folder as `health/MODEL.ARM.SEED.json`, with the checksum of the weights. A run leaves those
//! for windows of [`WINDOW`] steps; others are learnt when a net is first streamed with them, where the scenario's
//! data are.

use std::path::Path;

use anyhow::{Context, Result};
use saturn_cell::{Real, column};
use saturn_loss::softmax::softmax;
use serde::{Deserialize, Serialize};

use super::figures::Figures;
use crate::command::paths_if_there;
use crate::live::LiveError;
use crate::live::model::Model;
use crate::network::{Network, NetworkStream};
use crate::run::workbench::Workbench;
use crate::scenario::{Gap, Scenario};
use crate::store::folder::{read_json, write_beside};
use crate::stream::{Columns, Composer};

/// Steps of a window, if nothing else is asked for.
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

/// The ranges of `net` for windows of `window` steps: those that stand in the run's folder, or learnt now and
/// put there. `None` where they are not there and the data are not, either.
pub fn learn<R: Real>(
    model: &Model,
    net: &Network<R>,
    window: u64,
    say: &mut dyn FnMut(&str),
) -> Result<Option<Ranges>> {
    let path = &model.health;
    if let Some(known) = known(path)?
        && (known.weights == model.identity.weights && known.window == window)
    {
        return Ok(Some(known));
    }
    let Ok(Some(paths)) = paths_if_there(&model.scenario) else {
        return Ok(None);
    };
    say(&format!(
        "learning the ranges of health from {WINDOWS} windows of {window} steps of the validation stream"
    ));
    let bench = Workbench::open(&model.scenario, &paths, false)?;
    let on = Ground {
        bench: &bench,
        gap: first_gap(&model.scenario),
        seed: model.seed(),
    };
    let ranges = observe(net, on, window, &model.identity.weights)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
    }
    write_beside(path, &serde_json::to_vec_pretty(&ranges)?)?;
    Ok(Some(ranges))
}

fn known(path: &Path) -> Result<Option<Ranges>> {
    read_json::<Ranges>(path).map_err(|e| {
        LiveError::State {
            path: path.to_owned(),
            what: e.to_string(),
            hint: "move it out of the folder; the ranges will be learnt again",
        }
        .into()
    })
}

/// What ranges are learnt on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The data of the net's scenario.
    pub bench: &'a Workbench,
    /// The gaps of its first stream.
    pub gap: Option<&'a Gap>,
    /// The seed that it was trained with.
    pub seed: u64,
}

/// The gaps of the first stream that `scenario` evaluates on.
pub fn first_gap(scenario: &Scenario) -> Option<&Gap> {
    let mut streams = scenario.evaluate.streams.iter();
    streams.next().and_then(|(_, gap)| gap.as_ref())
}

/// The ranges of `net`, whose weights have the checksum `weights`, for windows of `window` steps.
pub fn observe<R: Real>(
    net: &Network<R>,
    on: Ground,
    window: u64,
    weights: &str,
) -> Result<Ranges> {
    let bench = on.bench;
    let source = bench.source(&bench.valid, on.gap);
    let mut composer = Composer::new(source, "health", on.seed, 0)?;
    let mut columns = Columns::<R>::default();
    let mut live = NetworkStream::new(net, 1);
    let mut figures = Figures::new(net, bench.channels, bench.dt_ms);
    let mut p = vec![0.0f32; net.outputs()];
    let (mut values, mut seen) = (Vec::new(), Vec::<Range>::new());
    for at in 0..SETTLE + WINDOWS {
        for _ in 0..window {
            columns.clear(bench.valid.form(), bench.channels);
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
