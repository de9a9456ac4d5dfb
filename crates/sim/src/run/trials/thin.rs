//! What of a cell is kept where there is room for little.
//!
//! | part | kept |
//! |---|---|
//! | accuracies, detector, slope, spikes, operations | all of each evaluation |
//! | windows of the instruments, accuracy by position | of the first stream never reset, some; of others, the instruments' last |
//! | memory, speed and the distance from f64 by position | of the first stream never reset, some |
//! | accuracy by the length of gaps | never reset and with oracle resets |
//! | the detector's operating curve | of the first stream, never reset and with oracle resets |
//! | accuracy by gap | never reset and with oracle resets, of all streams or of the first |
//! | quantised | all, but for some windows of the drift |
//! | contraction | main fields, some lags: all of 0, 80 and the last, the others closer together early on |
//! | optional instruments on answers | what tables need of each evaluation; the rest of the first stream never reset, where there is room |
//! | recovery | accuracies and times; distances of the state where there is room |
//! | far past, gradient | every lag; the gradient cell by cell where there is room |
//! | training | every epoch, or the kept and the last |
//! | right answers by recording | all of each evaluation, apart from the rest (see `tallies.rs`) |

use crate::run::summary::{CellSummary, NamedEvaluation};
use crate::scenario::StateReset;
use saturn_eval::evaluate::Watched;
use saturn_eval::instruments::contraction::ContractionCurve;
use saturn_eval::reading::Reading;
use saturn_eval::stats::tally::ByRecording;

/// The lag at which contraction is reported, steps.
pub const LAG: usize = 80;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Windows of stream position of the first stream, never reset.
    windows: usize,
    /// Whether other evaluations keep their last window.
    others: bool,
    /// Whether accuracy by the length of gaps is kept.
    gaps: bool,
    /// Lags of a contraction curve.
    lags: usize,
    /// Thresholds of an operating curve.
    thresholds: usize,
    /// Epochs of training.
    epochs: usize,
}

impl Detail {
    /// From much to little.
    pub const ALL: [Self; 4] = [
        Self {
            windows: 20,
            others: true,
            gaps: true,
            lags: 24,
            thresholds: 39,
            epochs: 60,
        },
        Self {
            windows: 8,
            others: false,
            gaps: true,
            lags: 16,
            thresholds: 20,
            epochs: 30,
        },
        Self {
            windows: 3,
            others: false,
            gaps: true,
            lags: 10,
            thresholds: 13,
            epochs: 2,
        },
        Self {
            windows: 1,
            others: false,
            gaps: false,
            lags: 4,
            thresholds: 0,
            epochs: 2,
        },
    ];
}

/// `cell` with what `detail` keeps.
pub fn thin(cell: &CellSummary, detail: Detail) -> CellSummary {
    let mut cell = cell.clone();
    let first = cell.evaluations.first().map(|e| e.stream.clone());
    for evaluation in &mut cell.evaluations {
        let is_first = Some(&evaluation.stream) == first.as_ref();
        thin_evaluation(evaluation, is_first, detail);
    }
    for named in &mut cell.contraction {
        named.curves.retain(|curve| curve.main && !curve.spikes);
        for curve in &mut named.curves {
            thin_curve(curve, detail.lags);
        }
    }
    for stored in &mut cell.stored {
        let kept = spread(stored.drift.len(), detail.windows);
        stored.drift = kept.into_iter().map(|k| stored.drift[k].clone()).collect();
    }
    if !detail.others {
        for kind in cell
            .experiments
            .recovery
            .iter_mut()
            .flat_map(|r| &mut r.kinds)
        {
            kind.lags.clear();
            kind.distances.clear();
        }
        for lag in &mut cell.experiments.gradient_lag {
            lag.cells.clear();
        }
    }
    let training = &mut cell.training;
    if training.history.len() > detail.epochs {
        let last = training.history.last().map(|e| e.epoch);
        let kept = training.kept_epoch;
        (training.history).retain(|e| e.epoch == kept || Some(e.epoch) == last);
    }
    cell
}

fn thin_evaluation(named: &mut NamedEvaluation, is_first: bool, detail: Detail) {
    let policy = |of: StateReset| named.state_reset == of.to_string();
    let (never, oracle) = (policy(StateReset::NEVER), policy(StateReset::ORACLE));
    let e = &mut named.evaluation;
    for reading in Reading::ALL {
        *reading.tallies_mut(e) = ByRecording::new();
    }
    if is_first && never {
        let ends = ends(&e.saturation);
        let kept = spread(ends.len(), detail.windows);
        (e.saturation).retain(|w| kept.iter().any(|&k| ends[k] == w.step));
        let kept = spread(e.positions.len(), detail.windows);
        e.positions = kept.into_iter().map(|k| e.positions[k]).collect();
        e.memory_by_step = some(&e.memory_by_step, detail.lags);
        e.speed_by_step = some(&e.speed_by_step, detail.lags);
        e.twin = some(&e.twin, detail.lags);
    } else {
        e.memory_by_step.clear();
        e.speed_by_step.clear();
        e.twin.clear();
        let last = ends(&e.saturation).pop();
        (e.saturation).retain(|w| detail.others && Some(w.step) == last);
        e.positions.clear();
    }
    // What the figure of gaps is drawn from.
    let gaps = (never || oracle) && (is_first || detail.others) && detail.windows > 1;
    if !gaps {
        e.gaps.clear();
    }
    if !(detail.gaps && (never || oracle)) {
        e.gaps.clear();
    }
    if !(is_first && never && detail.others) {
        e.answers.thin();
    }
    let kept = if is_first && (never || oracle) {
        spread(e.curve.len(), detail.thresholds)
    } else {
        Vec::new()
    };
    e.curve = kept.into_iter().map(|k| e.curve[k]).collect();
}

/// Where windows end, ascending.
fn ends(windows: &[Watched]) -> Vec<u64> {
    let mut ends: Vec<u64> = windows.iter().map(|w| w.step).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// At most `most` of `values`, evenly, the last one among them.
fn some<T: Copy>(values: &[T], most: usize) -> Vec<T> {
    let kept = spread(values.len(), most);
    kept.into_iter().map(|k| values[k]).collect()
}

/// At most `most` of the places 0..n, evenly, the last one among them.
fn spread(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    (1..=most).map(|k| k * n / most - 1).collect()
}

fn thin_curve(curve: &mut ContractionCurve, most: usize) {
    let n = curve.lags.len();
    let mut kept: Vec<usize> = if n <= most {
        (0..n).collect()
    } else {
        let fixed = curve.lags.iter().position(|&lag| lag == LAG);
        // Closer together early on, where a curve falls.
        let at = |k: usize| {
            let share = k as f64 / (most - 1).max(1) as f64;
            (share * share * (n - 1) as f64).round() as usize
        };
        (0..most).map(at).chain(fixed).collect()
    };
    kept.sort_unstable();
    kept.dedup();
    let pick = |values: &[f64]| -> Vec<f64> {
        let found = kept.iter().filter_map(|&k| values.get(k));
        found.copied().collect()
    };
    curve.distances = Vec::new();
    curve.values = pick(&curve.values);
    curve.relative_to_stream = curve.relative_to_stream.as_deref().map(pick);
    curve.lags = kept.into_iter().map(|k| curve.lags[k]).collect();
}
