//! Results that are not about the weights in a run's folder.

use std::path::Path;

use anyhow::Result;

use super::matrix::Keyed;
use super::place::Place;
use super::summary::{Failure, Summary, TrainRecord, table};
use saturn_store::folder::read_json;
use saturn_train::weights::tie;

/// Removes from `summary` the results of every network whose weights in the folder `run` differ from those
/// that were trained and evaluated: they become failures with that reason. Returns a line for each. The files
/// of results are unchanged. An error if nothing is left.
pub fn set_apart(summary: &mut Summary, run: &Path) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut kept = Vec::new();
    let mut last = None;
    for trial in std::mem::take(&mut summary.cells) {
        let place = Place {
            model: &trial.model,
            arm: &trial.arm,
            seed: trial.seed,
        };
        // Trained here, or elsewhere: then only the summary has the checksum.
        let record = run.join(place.file("results", "train.json"));
        let recorded = match read_json::<Keyed<TrainRecord>>(&record)? {
            Some(known) => known.result.weights_sha256,
            None => trial.training.weights_sha256.clone(),
        };
        let path = run.join(place.file("weights", "safetensors"));
        let Err(e) = tie(&path, recorded.as_deref()) else {
            kept.push(trial);
            continue;
        };
        lines.push(format!("warning: {place}: {e}"));
        summary.failures.push(Failure {
            model: trial.model.clone(),
            arm: trial.arm.clone(),
            seed: trial.seed,
            reason: e.to_string(),
        });
        last = Some(e);
    }
    summary.cells = kept;
    if let Some(e) = last {
        if summary.cells.is_empty() {
            return Err(e.into());
        }
        summary.table = table(&summary.cells, &summary.reference);
    }
    Ok(lines)
}
