//! Inputs of the figures: the run, its models and arms in the scenario's order, and the arms' styles.

use std::path::Path;

use saturn_plots::{Axis, Look};

use super::looks::looks;
use super::names;
use crate::run::place::Place;
use crate::run::summary::{CellSummary, Row, Summary};
use crate::scenario::{Evaluate, Scenario};
use saturn_eval::evaluate::Evaluation;
use saturn_eval::instruments::contraction::headline;
use saturn_eval::reset::Never;
use saturn_eval::stats::crossed::Basis;
use saturn_eval::stats::estimate::{Estimate, over_seeds};
use saturn_eval::trace::{Trace, TraceError};

/// Arms whose lines all have bands, at most.
const MOST_BANDS: usize = 3;

/// The policy without any reset.
pub const NEVER: &str = Never::NAME;

/// A run as its figures see it.
pub struct Scope<'a> {
    /// The scenario; `None` for one net that was evaluated without a run.
    pub scenario: Option<&'a Scenario>,
    /// The settings of its evaluations.
    pub evaluate: &'a Evaluate,
    /// The run's folder.
    pub folder: &'a Path,
    /// What was found.
    pub summary: &'a Summary,
    /// The models with results, in the scenario's order.
    pub models: Vec<&'a str>,
    /// The arms with results, in the scenario's order, with their styles.
    pub arms: Vec<(&'a str, Look)>,
    /// The streams with results; the first is the main one.
    pub streams: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    /// The scope of a run.
    pub fn new(scenario: &'a Scenario, folder: &'a Path, summary: &'a Summary) -> Self {
        let has = |found: &dyn Fn(&CellSummary) -> bool| summary.cells.iter().any(found);
        let models = (scenario.models.names())
            .filter(|m| has(&|cell| cell.model == *m))
            .collect();
        let looks = looks(&summary.roles.arms);
        let arms = (summary.roles.arms.iter().map(|arm| arm.name.as_str()))
            .zip(looks)
            .filter(|(a, _)| has(&|cell| cell.arm == *a))
            .collect();
        let streams = (scenario.evaluate.streams.names())
            .filter(|s| has(&|cell| cell.evaluations.iter().any(|e| e.stream == *s)))
            .collect();
        Self {
            scenario: Some(scenario),
            evaluate: &scenario.evaluate,
            folder,
            summary,
            models,
            arms,
            streams,
        }
    }

    /// The scope of the one net in `summary`, evaluated with `evaluate`.
    pub fn of_one(evaluate: &'a Evaluate, folder: &'a Path, summary: &'a Summary) -> Self {
        let names = summary.roles.arms.iter().map(|arm| arm.name.as_str());
        Self {
            scenario: None,
            evaluate,
            folder,
            summary,
            models: summary.cells.iter().map(|c| c.model.as_str()).collect(),
            arms: names.zip(looks(&summary.roles.arms)).collect(),
            streams: evaluate.streams.names().collect(),
        }
    }

    /// The axis of stream position: logarithmic where windows are.
    pub fn position_axis(&self) -> Axis {
        let label = "position in the stream, steps";
        if self.evaluate.spacing.is_even() {
            Axis::linear(label)
        } else {
            Axis::log(label)
        }
    }

    /// The trained nets of a model and an arm, one a seed.
    pub fn cells(&self, model: &str, arm: &str) -> impl Iterator<Item = &'a CellSummary> {
        let cells = self.summary.cells.iter();
        cells.filter(move |cell| cell.model == model && cell.arm == arm)
    }

    /// The evaluations of a model and an arm on a stream that is never reset, one a seed.
    pub fn never_reset(&self, model: &str, arm: &str, stream: &str) -> Vec<&'a Evaluation> {
        self.evaluations(model, arm, stream, NEVER)
    }

    /// The evaluations of a model and an arm on a stream under a policy, one a seed.
    pub fn evaluations(
        &self,
        model: &str,
        arm: &str,
        stream: &str,
        state_reset: &str,
    ) -> Vec<&'a Evaluation> {
        (self.cells(model, arm))
            .flat_map(|cell| &cell.evaluations)
            .filter(|e| e.stream == stream && e.state_reset == state_reset)
            .map(|e| &e.evaluation)
            .collect()
    }

    /// Meaning of the table's intervals, for legends.
    pub fn interval(&self) -> String {
        let mut bases = self.summary.table.iter().map(|row| row.basis);
        match bases.find(|basis| *basis != Basis::None) {
            Some(basis) => format!("95 % interval ({})", basis.words()),
            None => "95 % interval".to_owned(),
        }
    }

    /// The summed accuracy of a model and an arm on a stream under a policy, over its seeds.
    pub fn summed(
        &self,
        model: &str,
        arm: &str,
        stream: &str,
        state_reset: &str,
    ) -> Option<&'a Estimate> {
        let row = self.row(model, arm, stream, state_reset);
        row?.summed.as_ref()
    }

    /// The row of the table of a model and an arm on a stream under a policy.
    pub fn row(&self, model: &str, arm: &str, stream: &str, state_reset: &str) -> Option<&'a Row> {
        let mut rows = self.summary.table.iter();
        rows.find(|row| {
            (&*row.model, &*row.arm, &*row.stream, &*row.state_reset)
                == (model, arm, stream, state_reset)
        })
    }

    /// The recall of each class `[C]`, the mean over seeds; `None` for a class without a sample.
    pub fn recalls(
        &self,
        model: &str,
        arm: &str,
        stream: &str,
        state_reset: &str,
    ) -> Vec<Option<f64>> {
        let found: Vec<Vec<Option<f64>>> = (self.cells(model, arm))
            .flat_map(|cell| &cell.evaluations)
            .filter(|e| e.stream == stream && e.state_reset == state_reset)
            .map(|e| e.evaluation.by_class.recalls())
            .collect();
        let of = |c: usize| mean(found.iter().filter_map(|seed| *seed.get(c)?));
        (0..self.summary.classes.len()).map(of).collect()
    }

    /// The trace of the first seed of a model and an arm; `None` if there is none.
    pub fn trace(&self, model: &str, arm: &str) -> Result<Option<Trace>, TraceError> {
        let Some(cell) = self.cells(model, arm).next() else {
            return Ok(None);
        };
        let seed = cell.seed;
        let place = Place { model, arm, seed };
        let path = self.folder.join(place.trace(&self.summary.split));
        if path.exists() {
            Trace::load(&path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Whether the lines of an arm have bands: with many arms only those of the pair, since bands of all
    /// would hide one another.
    pub fn banded(&self, arm: &str) -> bool {
        self.arms.len() <= MOST_BANDS || self.pair().iter().any(|(of_pair, _)| *of_pair == arm)
    }

    /// The arm of the reference, if it has results, with its style without resets.
    pub fn reference_arm(&self) -> Option<(&'a str, Look)> {
        let arm = self.summary.reference.arm.as_str();
        self.arms.iter().copied().find(|(name, _)| *name == arm)
    }

    /// The arm that is compared with the reference, if it has results.
    pub fn subject(&self) -> Option<(&'a str, Look)> {
        let arm = self.summary.roles.subject(&self.summary.reference)?;
        self.arms.iter().copied().find(|(name, _)| *name == arm)
    }

    /// The two arms for figures with room for two: that of the reference and the one that is compared with
    /// it, or else the first and the last.
    pub fn pair(&self) -> Vec<(&'a str, Look)> {
        match (self.reference_arm(), self.subject()) {
            (Some(reference), Some(subject)) if reference.0 != subject.0 => {
                vec![reference, subject]
            }
            _ if self.arms.len() > 1 => vec![self.arms[0], self.arms[self.arms.len() - 1]],
            _ => self.arms.clone(),
        }
    }

    /// Whether `arm` under `policy` is the reference.
    pub fn is_reference(&self, arm: &str, policy: &str) -> bool {
        let reference = &self.summary.reference;
        (arm, policy) == (&*reference.arm, &*reference.state_reset)
    }

    /// The style of an arm under a reset policy.
    pub fn look(&self, (arm, look): (&str, Look), policy: &str) -> Look {
        if self.is_reference(arm, policy) {
            Look::reference()
        } else if policy == NEVER {
            look
        } else {
            look.reset()
        }
    }

    /// An arm under a policy as text: `classic, oracle reset`.
    pub fn name(&self, arm: &str, policy: &str) -> String {
        let policy = self.summary.roles.policy_label(policy);
        format!("{}, {policy}", names::arm(arm))
    }

    /// The reference as text.
    pub fn reference_name(&self) -> String {
        let reference = &self.summary.reference;
        self.name(&reference.arm, &reference.state_reset)
    }

    /// The summed accuracy of the reference on a stream.
    pub fn reference(&self, model: &str, stream: &str) -> Option<&'a Estimate> {
        let reference = &self.summary.reference;
        self.summed(model, &reference.arm, stream, &reference.state_reset)
    }

    /// A stream as text.
    pub fn stream_name(&self, stream: &str) -> String {
        self.summary.roles.stream_label(stream)
    }
}

/// The index of a network's readout, which is its last cell; `None` if there are no windows.
pub fn readout(cell: &CellSummary) -> Option<usize> {
    let windows = cell
        .evaluations
        .iter()
        .flat_map(|e| &e.evaluation.saturation);
    windows.map(|w| w.layer).max()
}

/// The remaining effect of the past at a lag of the gaps of `stream`, mean over the main fields of the layers
/// below the readout, which repeats their state.
pub fn hidden_contraction(cell: &CellSummary, stream: &str, lag: usize) -> Option<f64> {
    let (lags, values) = hidden_curve(cell, stream)?;
    let at = lags.binary_search(&lag).ok()?;
    values.get(at).copied()
}

/// The lags and (2) of [`headline`] without the readout.
pub fn hidden_curve(cell: &CellSummary, stream: &str) -> Option<(Vec<usize>, Vec<f64>)> {
    let readout = readout(cell);
    let named = cell.contraction.iter().find(|c| c.stream == stream)?;
    let hidden: Vec<_> = (named.curves.iter())
        .filter(|c| Some(c.layer) != readout)
        .cloned()
        .collect();
    headline(&hidden).map(|h| (h.lags, h.values))
}

/// The mean of the available values.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    over_seeds(&values).map(|estimate| estimate.value)
}
