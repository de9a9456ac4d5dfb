//! What figures draw from: the run, its models and arms in the scenario's order, and the arms' looks.

use std::path::Path;

use saturn_loss::{LossConfig, MaskConfig};
use saturn_plots::{Axis, Look, Role, arm_looks};

use crate::eval::bootstrap::{Estimate, over_seeds};
use crate::eval::evaluate::Evaluation;
use crate::monitor::contraction::headline;
use crate::run::place::Place;
use crate::run::summary::{CellSummary, Row, Summary};
use crate::run::trace::{Trace, TraceError};
use crate::scenario::{Arm, Scenario};

/// Arms whose lines all have bands, at most.
const MOST_BANDS: usize = 3;

/// The policy without any reset.
pub const NEVER: &str = "none";

/// A run as its figures see it.
pub struct Scope<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The run's folder.
    pub folder: &'a Path,
    /// What was found.
    pub summary: &'a Summary,
    /// The models with results, in the scenario's order.
    pub models: Vec<&'a str>,
    /// The arms with results, in the scenario's order, with their looks.
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
        let looks = looks(scenario);
        let arms = (scenario.arms.names())
            .zip(looks)
            .filter(|(a, _)| has(&|cell| cell.arm == *a))
            .collect();
        let streams = (scenario.evaluate.streams.names())
            .filter(|s| has(&|cell| cell.evaluations.iter().any(|e| e.stream == *s)))
            .collect();
        Self {
            scenario,
            folder,
            summary,
            models,
            arms,
            streams,
        }
    }

    /// The axis of stream position: logarithmic where windows are.
    pub fn position_axis(&self) -> Axis {
        let label = "position in the stream, steps";
        if self.scenario.evaluate.spacing.is_even() {
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
        (self.cells(model, arm))
            .flat_map(|cell| &cell.evaluations)
            .filter(|e| e.stream == stream && e.state_reset == NEVER)
            .map(|e| &e.evaluation)
            .collect()
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

    /// Whether the lines of an arm have bands: of many arms, those of the pair alone, for bands of all would
    /// hide one another.
    pub fn banded(&self, arm: &str) -> bool {
        self.arms.len() <= MOST_BANDS || self.pair().iter().any(|(of_pair, _)| *of_pair == arm)
    }

    /// The two arms that are set side by side where there is room for two: classic and adaptive, or else
    /// the first and the last.
    pub fn pair(&self) -> Vec<(&'a str, Look)> {
        let named = |name: &str| self.arms.iter().copied().find(|(arm, _)| *arm == name);
        match (named("classic"), named("adaptive")) {
            (Some(classic), Some(adaptive)) => vec![classic, adaptive],
            _ if self.arms.len() > 1 => vec![self.arms[0], self.arms[self.arms.len() - 1]],
            _ => self.arms.clone(),
        }
    }
}

/// The index of a net's readout, which is its last cell; `None` where no window was seen.
pub fn readout(cell: &CellSummary) -> Option<usize> {
    let windows = cell
        .evaluations
        .iter()
        .flat_map(|e| &e.evaluation.saturation);
    windows.map(|w| w.layer).max()
}

/// What is left of the past at a lag of the gaps of `stream`, mean over the main fields of the layers below
/// the readout, which repeats what they hold.
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

/// The mean of what is there.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    over_seeds(&values).map(|estimate| estimate.value)
}

/// Looks of all arms of a scenario, whether they have results or not: so a figure of a half-finished run
/// has the colours of the finished one. An arm whose name says nothing takes the look of the adaptive loss
/// with an estimated mask if that is what it is and no other arm has that look.
fn looks(scenario: &Scenario) -> Vec<Look> {
    let names: Vec<&str> = scenario.arms.names().collect();
    let mut looks = arm_looks(&names);
    let estimates =
        |arm: &Arm| matches!(&arm.loss, LossConfig::Adaptive(a) if a.mask != MaskConfig::Labels);
    let taken = looks
        .iter()
        .any(|look| look.role == Role::AdaptiveEstimated);
    let unnamed = (scenario.arms.iter().zip(&mut looks))
        .find(|((_, arm), look)| matches!(look.role, Role::Other(_)) && estimates(arm));
    if let (false, Some((_, look))) = (taken, unnamed) {
        *look = Look::of(Role::AdaptiveEstimated);
    }
    looks
}
