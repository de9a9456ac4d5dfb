//! The table of a matrix: means over seeds, and differences from a reference.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CellSummary;
use saturn_eval::evaluate::Evaluation;
use saturn_eval::reading::Reading;
use saturn_eval::stats::crossed::{self, Basis, Difference, Seed, accuracy};
use saturn_eval::stats::estimate::Estimate;
use saturn_eval::stats::paired::holm;
use saturn_eval::stats::tally::ByRecording;

/// Means over seeds for one model, arm, stream and policy. [`saturn_eval::stats::crossed`] defines the
/// intervals.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The model.
    pub model: String,
    /// The arm.
    pub arm: String,
    /// The stream.
    pub stream: String,
    /// The policy.
    pub state_reset: String,
    /// Seeds behind it.
    pub seeds: usize,
    /// Accuracy summed over the segment, 0..1.
    pub summed: Option<Estimate>,
    /// Accuracy at the last step, 0..1.
    pub last: Option<Estimate>,
    /// Accuracy of the boundary-free detector, 0..1.
    pub detector: Option<Estimate>,
    /// What these three intervals hold.
    #[serde(default)]
    pub basis: Basis,
    /// Mean recall over the classes, 0..1, by the summed probabilities; over seeds.
    #[serde(default)]
    pub balanced: Option<Estimate>,
    /// Summed accuracy less that of the [`Reference`] of the same model on the same stream, -1..1, paired by seed
    /// and, where they are known, by recording. `None` for the reference itself.
    #[serde(alias = "from_classic_oracle")]
    pub from_reference: Option<Estimate>,
    /// The same for each reading, with the verdict on a margin.
    #[serde(default)]
    pub against: Against,
    /// The p value of the summed difference by the same errors, two-sided.
    #[serde(default)]
    pub p_value: Option<f64>,
    /// The same after Holm's correction for its family: all nets and arms on the same stream under the same
    /// policy.
    #[serde(default)]
    pub p_holm: Option<f64>,
    /// Mean highest probability late in gaps.
    pub late_gap_max_probability: Option<f64>,
    /// Spikes a step.
    pub spikes_per_step: f64,
    /// Synaptic operations a step, of all copies of the net.
    pub synaptic_operations_per_step: f64,
    /// Steps of the net that a step of the stream took.
    #[serde(default = "one")]
    pub computed_steps_per_step: f64,
    /// State resets per 1,000 steps of a lane.
    #[serde(default)]
    pub resets_per_1000_steps: f64,
}

fn one() -> f64 {
    1.0
}

/// Differences from the reference by each reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Against {
    /// By the summed probabilities.
    pub summed: Option<Difference>,
    /// At the last step.
    pub last: Option<Difference>,
    /// By the detector.
    pub detector: Option<Difference>,
}

impl Against {
    /// By `reading`.
    pub fn of(&self, reading: Reading) -> Option<&Difference> {
        match reading {
            Reading::Summed => self.summed.as_ref(),
            Reading::Last => self.last.as_ref(),
            Reading::Detector => self.detector.as_ref(),
        }
    }
}

impl Row {
    /// The accuracy by `reading`.
    pub fn of(&self, reading: Reading) -> Option<&Estimate> {
        match reading {
            Reading::Summed => self.summed.as_ref(),
            Reading::Last => self.last.as_ref(),
            Reading::Detector => self.detector.as_ref(),
        }
    }

    /// Whether the mean recall over classes differs from the accuracy: some are rare.
    pub fn has_rare_classes(&self) -> bool {
        let apart =
            |(summed, balanced): (Estimate, Estimate)| (summed.value - balanced.value).abs();
        self.summed
            .zip(self.balanced)
            .map(apart)
            .is_some_and(|d| d > 0.1)
    }
}

/// The arm and policy that others are measured against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The arm's name in the scenario.
    pub arm: String,
    /// The policy.
    pub state_reset: String,
}

impl Reference {
    /// The reference of a file that does not name one.
    pub(super) fn unknown() -> Self {
        Self {
            arm: String::new(),
            state_reset: String::new(),
        }
    }

    /// Whether it is the reference of a file that does not name one.
    pub fn is_unknown(&self) -> bool {
        self.arm.is_empty()
    }

    /// Whether a row is the reference.
    pub fn is(&self, row: &Row) -> bool {
        (&row.arm, &row.state_reset) == (&self.arm, &self.state_reset)
    }
}

/// One place of the table.
#[derive(Clone, Copy, PartialEq)]
struct Key<'a> {
    model: &'a str,
    arm: &'a str,
    stream: &'a str,
    state_reset: &'a str,
}

/// The table of `cells`, in the order of its models, arms, streams and policies.
pub fn table(cells: &[CellSummary], reference: &Reference) -> Vec<Row> {
    let mut keys: Vec<Key> = Vec::new();
    for trial in cells {
        for e in &trial.evaluations {
            let key = Key {
                model: &trial.model,
                arm: &trial.arm,
                stream: &e.stream,
                state_reset: &e.state_reset,
            };
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let mut rows: Vec<Row> = keys.iter().map(|key| row(cells, *key, reference)).collect();
    correct(&mut rows);
    rows
}

/// Holm's correction, family by family. A family is one question: the results of models and arms on one
/// stream under one policy. Other streams and other policies are other questions.
fn correct(rows: &mut [Row]) {
    let mut families: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (k, row) in rows.iter().enumerate() {
        let family = (row.stream.as_str(), row.state_reset.as_str());
        families.entry(family).or_default().push(k);
    }
    let families: Vec<Vec<usize>> = families.into_values().collect();
    for family in families {
        let p: Vec<Option<f64>> = family.iter().map(|&k| rows[k].p_value).collect();
        for (&k, p) in family.iter().zip(holm(&p)) {
            rows[k].p_holm = p;
        }
    }
}

fn row(cells: &[CellSummary], key: Key, reference: &Reference) -> Row {
    let found: Vec<&Evaluation> = select(cells, key).map(|(_, e)| e).collect();
    let over = |reading: Reading| {
        let seeds: Vec<Seed> = found.iter().filter_map(|e| seed(e, reading)).collect();
        accuracy(&seeds)
    };
    let of = |reading| over(reading).map(|(estimate, _)| estimate);
    let mean = |each: &dyn Fn(&Evaluation) -> f64| {
        found.iter().map(|e| each(e)).sum::<f64>() / found.len().max(1) as f64
    };
    let late: Vec<f64> = found
        .iter()
        .filter_map(|e| e.late_gap_max_probability)
        .collect();
    let against = Against {
        summed: difference(cells, key, reference, Reading::Summed),
        last: difference(cells, key, reference, Reading::Last),
        detector: difference(cells, key, reference, Reading::Detector),
    };
    Row {
        model: key.model.to_owned(),
        arm: key.arm.to_owned(),
        stream: key.stream.to_owned(),
        state_reset: key.state_reset.to_owned(),
        seeds: found.len(),
        summed: of(Reading::Summed),
        last: of(Reading::Last),
        detector: of(Reading::Detector),
        basis: over(Reading::Summed).map_or(Basis::None, |(_, basis)| basis),
        balanced: balanced(&found),
        from_reference: against.summed.map(|d| d.estimate),
        against,
        p_value: against.summed.and_then(|d| d.p_value),
        p_holm: None,
        late_gap_max_probability: (!late.is_empty())
            .then(|| late.iter().sum::<f64>() / late.len() as f64),
        spikes_per_step: mean(&|e| e.spikes_per_step),
        synaptic_operations_per_step: mean(&|e| e.synaptic_operations_per_step),
        computed_steps_per_step: mean(&|e| e.computed_steps_per_step),
        resets_per_1000_steps: mean(&|e| 1e3 * e.resets as f64 / e.steps.max(1) as f64),
    }
}

/// The result of one seed by `reading`.
fn seed(e: &Evaluation, reading: Reading) -> Option<Seed<'_>> {
    let estimate = reading.estimate(e)?;
    Some(Seed::new(estimate, e.segments, reading.tallies(e)))
}

/// The mean recall over classes, which the tallies by recording do not contain.
fn balanced(found: &[&Evaluation]) -> Option<Estimate> {
    let none = ByRecording::new();
    let of = |e: &&Evaluation| {
        Some(Seed {
            value: e.balanced?,
            standard_error: None,
            recordings: e.summed.map_or(0, |summed| summed.units),
            segments: e.segments,
            tallies: &none,
        })
    };
    let seeds: Vec<Seed> = found.iter().filter_map(of).collect();
    accuracy(&seeds).map(|(estimate, _)| estimate)
}

/// The difference from the reference, over the seeds that both have.
fn difference(
    cells: &[CellSummary],
    key: Key,
    reference: &Reference,
    reading: Reading,
) -> Option<Difference> {
    let other = Key {
        arm: &reference.arm,
        state_reset: &reference.state_reset,
        ..key
    };
    if other == key {
        return None;
    }
    let others: Vec<(u64, &Evaluation)> = select(cells, other).collect();
    let pairs: Vec<(Seed, Seed)> = select(cells, key)
        .filter_map(|(own, e)| {
            let (_, of_other) = others.iter().find(|(other, _)| *other == own)?;
            Some((seed(e, reading)?, seed(of_other, reading)?))
        })
        .collect();
    crossed::difference(&pairs)
}

/// The evaluations at `key`, each with its seed.
fn select<'a>(
    cells: &'a [CellSummary],
    key: Key<'a>,
) -> impl Iterator<Item = (u64, &'a Evaluation)> {
    cells
        .iter()
        .filter(move |trial| (trial.model.as_str(), trial.arm.as_str()) == (key.model, key.arm))
        .flat_map(|trial| trial.evaluations.iter().map(|e| (trial.seed, e)))
        .filter(move |(_, e)| {
            (e.stream.as_str(), e.state_reset.as_str()) == (key.stream, key.state_reset)
        })
        .map(|(seed, e)| (seed, &e.evaluation))
}
