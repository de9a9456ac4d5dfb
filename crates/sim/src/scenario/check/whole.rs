//! The checks of a scenario's parts, and of what they are together.

use std::path::Path;

use saturn_loss::MaskConfig;

use super::{Scenario, in_order, train_for};
use crate::scenario::arms;
use crate::scenario::data::{Data, DataSource};
use crate::scenario::diagnostics::Diagnostics;
use crate::scenario::evaluate::Evaluate;
use crate::scenario::keys::ScenarioKeys;
use crate::scenario::models;
use crate::scenario::named::Named;
use crate::scenario::node::Node;
use crate::scenario::odd::odd_settings;
use crate::scenario::problem::Problem;
use crate::scenario::stream::StreamKeys;
use crate::scenario::train;
use saturn_stream::{Fill, Gap};
use saturn_train::arm::Arm;

/// The most pairs of a model and an arm, and the most nets.
const MOST_PAIRS: usize = 10_000;
const MOST_NETS: usize = 1_000_000;

/// The scenario of `keys`, which were read from `root`, or all that is wrong with it.
pub(super) fn check(
    keys: &ScenarioKeys,
    root: Node,
    file: &str,
    folder: &Path,
) -> Result<Scenario, Vec<Problem>> {
    let mut diagnostics = Diagnostics::new(&root);
    let r = &mut diagnostics;
    if keys.name.trim().is_empty() {
        r.problem("name", "is empty: give the experiment a name");
    }
    let seeds = keys
        .seeds
        .clone()
        .unwrap_or_else(|| vec![keys.seed.unwrap_or(1)]);
    r.not_empty("seeds", &seeds, "seed");
    r.distinct("seeds", &seeds);
    let data = keys.data.resolve(folder, r);
    let mut stream = keys.stream.resolve(r);
    if data.records.is_some() {
        if keys.stream.gap != StreamKeys::default().gap && stream.gap.is_some() {
            let message = "`data.records` are used unchanged: leave it out, or write `gap: none`";
            r.problem("stream.gap", message);
        }
        stream.gap = None;
    }
    let gap = stream.gap.as_ref();
    let first = keys.seed.or(seeds.first().copied()).unwrap_or(1);
    let models = models::resolve(&keys.models, folder, first, r);
    // In records something leads to every stretch.
    let own = data.records.map(|_| Gap::default());
    arms::check(&keys.arms, &models, gap.or(own.as_ref()), data.dt_ms, r);
    train::check(&keys.train, "train", r);
    check_matrix(keys, seeds.len(), r);
    check_training(keys, r);
    let evaluate = keys.evaluate.resolve(gap, r);
    check_gaps(&data, gap, &evaluate, r);
    check_masks(&data, &keys.arms, r);
    odd_settings(&models, &keys.arms, &keys.train, data.dt_ms, r);
    let tune = keys.tune.clone().unwrap_or_default();
    tune.check(r);
    r.distinct("plots", &keys.plots);

    let (problems, warnings) = diagnostics.finish();
    if !problems.is_empty() {
        return Err(in_order(problems));
    }
    Ok(Scenario {
        name: keys.name.clone(),
        about: keys.about.clone(),
        seed: keys.seed.unwrap_or(seeds[0]),
        seeds,
        data,
        stream,
        models,
        arms: keys.arms.clone(),
        train: keys.train.settle(),
        evaluate,
        tune,
        plots: keys.plots.clone(),
        warnings,
        train_keys: keys.train.clone(),
        file: file.into(),
        root,
    })
}

/// Checks that gaps can be filled as configured.
fn check_gaps(data: &Data, gap: Option<&Gap>, evaluate: &Evaluate, diagnostics: &mut Diagnostics) {
    let trained = gap.map(|gap| ("stream.gap".to_owned(), gap));
    let run = evaluate.streams.iter().filter_map(|(name, gap)| {
        let gap = gap.as_ref()?;
        Some((format!("evaluate.streams.{name}.gap"), gap))
    });
    for (path, gap) in trained.into_iter().chain(run) {
        if gap.fill.contains(&Fill::Recordings) && data.gap_recordings.is_none() {
            diagnostics.problem(
                &format!("{path}.fill"),
                "`recordings` needs `data.gap_recordings`, a file of background noise",
            );
            // One mistake shows in many streams.
            return;
        }
        if data.records.is_some() {
            diagnostics.problem(
                &path,
                "`data.records` are used unchanged: write `gap: none`",
            );
        }
    }
}

/// Checks that masks can be estimated from the input.
fn check_masks(data: &Data, arms: &Named<Arm>, diagnostics: &mut Diagnostics) {
    for (name, arm) in arms.iter() {
        if matches!(data.source, DataSource::Frames { .. })
            && *arm.loss.mask() != MaskConfig::Labels
        {
            diagnostics.problem(
                &format!("arms.{name}.loss.{}.mask", arm.loss.key()),
                "is estimated from events, and the input is frames: use `labels`",
            );
        }
    }
}

/// Checks that there are not more nets than anyone trains.
fn check_matrix(keys: &ScenarioKeys, seeds: usize, diagnostics: &mut Diagnostics) {
    let (models, arms) = (keys.models.len(), keys.arms.len());
    let pairs = models.saturating_mul(arms);
    if pairs > MOST_PAIRS {
        let message = format!(
            "{models} models in {arms} arms are {pairs} pairs: a scenario has at most {MOST_PAIRS}"
        );
        diagnostics.problem("models", message);
    }
    let nets = pairs.saturating_mul(seeds);
    if nets > MOST_NETS {
        let message = format!(
            "{pairs} pairs of model and arm under {seeds} seeds are {nets} nets: a scenario has at most {MOST_NETS}"
        );
        diagnostics.problem("seeds", message);
    }
    if keys
        .evaluate
        .streams
        .as_ref()
        .is_some_and(|streams| streams.len() > MOST_PAIRS)
    {
        diagnostics.problem("evaluate.streams", format!("are more than {MOST_PAIRS}"));
    }
}

/// Checks the settings of training as they come together for each model and arm.
fn check_training(keys: &ScenarioKeys, diagnostics: &mut Diagnostics) {
    if keys.models.len().saturating_mul(keys.arms.len()) > MOST_PAIRS {
        return;
    }
    for (model_name, model) in keys.models.iter() {
        for (arm_name, arm) in keys.arms.iter() {
            let layers = [
                (format!("arms.{arm_name}.train"), &arm.train),
                (format!("models.{model_name}.train"), &model.train),
                ("train".to_owned(), &keys.train),
            ];
            let before = diagnostics.problems.len();
            train::check_together(&train_for(&keys.train, model, arm), &layers, diagnostics);
            // One mistake shows in many pairs.
            if diagnostics.problems.len() > before {
                return;
            }
        }
    }
}
