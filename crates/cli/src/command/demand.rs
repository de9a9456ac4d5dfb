//! What a process takes that does one trial: memory, and seconds.

use std::collections::HashMap;

use anyhow::Result;
use saturn_cell::Real;
use serde::Serialize;

use super::estimate::{EvaluationCost, Trials, Tried};
use super::memory::{self, MIB, Samples};
use saturn_network::{NetSize, Outputs};
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::run::entry::Entry;
use saturn_sim::scenario::{Precision, Scenario};

/// Seconds that finished trials took to train, by model and arm.
pub type Trained = HashMap<(String, String), Vec<f64>>;

/// Memory and time of a trial.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Demand {
    /// Estimated peak of the process, MiB: the program, its data, and the trial.
    pub memory_mib: f64,
    /// Estimated seconds of training and evaluation, without the start of the program; `null` while the data do not exist.
    pub seconds: Option<f64>,
    /// What the seconds are from.
    pub seconds_from: SecondsFrom,
}

/// What estimated seconds are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondsFrom {
    /// A short measurement of training and evaluation, now, on this machine, with the program's threads.
    Calibration,
    /// Training: the mean of the finished trials of this model and arm, of other seeds, on their machines. Evaluation: a
    /// calibration.
    FinishedTrials,
    /// Nothing.
    Nothing,
}

/// What each of `entries` takes; seeds take the same.
pub fn demands(
    s: &Scenario,
    data: Option<(&Dataset, &Paths)>,
    entries: &[Entry],
    trained: &Trained,
) -> Result<Vec<Demand>> {
    match s.train.precision {
        Precision::F32 => demands_in::<f32>(s, data, entries, trained),
        Precision::F64 => demands_in::<f64>(s, data, entries, trained),
    }
}

fn demands_in<R: Real>(
    s: &Scenario,
    data: Option<(&Dataset, &Paths)>,
    entries: &[Entry],
    trained: &Trained,
) -> Result<Vec<Demand>> {
    let samples = Samples::of(s, data);
    let (base, mask) = (memory::base(&samples), memory::mask(s, &samples));
    let mut trials = data.map(|(dataset, _)| Trials::new(s, dataset));
    let mut nets: HashMap<&str, (Tried<R>, EvaluationCost)> = HashMap::new();
    let mut known: HashMap<(&str, &str), Demand> = HashMap::new();
    let mut found = Vec::new();
    for entry in entries {
        let (name, arm) = (entry.place.model, entry.place.arm);
        if let Some(demand) = known.get(&(name, arm)) {
            found.push(*demand);
            continue;
        }
        let sized = |outputs: Outputs| {
            let size = NetSize::of(name, &entry.model.network(), s.data.channels, outputs);
            size.check_training::<R>().map(|()| size)
        };
        let size = sized(entry.arm.outputs(samples.classes))?;
        let bytes = memory::net::<R>(s, &samples, &size, entry.model, entry.arm);
        let mut demand = Demand {
            memory_mib: ((base + bytes.max(mask)) / MIB).ceil(),
            seconds: None,
            seconds_from: SecondsFrom::Nothing,
        };
        if let Some(trials) = &mut trials {
            let (tried, evaluation) = match nets.entry(name) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => {
                    let plain = Outputs::from(samples.classes);
                    let tried = trials.net::<R>(name, entry.model, sized(plain)?, plain)?;
                    let evaluation = trials.evaluation(&tried, s.train.shard_lanes)?;
                    new.insert((tried, evaluation))
                }
            };
            let of = (name.to_owned(), arm.to_owned());
            let known = trained.get(&of).filter(|seconds| !seconds.is_empty());
            let (training, from) = if let Some(seconds) = known {
                let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
                (mean, SecondsFrom::FinishedTrials)
            } else {
                let settings = s.train_for(entry.model, entry.arm);
                let seconds = trials.training(tried, entry.arm, &settings, evaluation.step)?;
                (seconds, SecondsFrom::Calibration)
            };
            // A hundredth is more than an estimate has.
            let seconds = training + evaluation.total;
            demand.seconds = Some((100.0 * seconds).round() / 100.0);
            demand.seconds_from = from;
        }
        known.insert((name, arm), demand);
        found.push(demand);
    }
    Ok(found)
}
