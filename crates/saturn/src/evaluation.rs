//! Evaluation on an endless stream.

use saturn_cell::Real;
use saturn_cell::range::Counts;
use saturn_eval::detector::DetectorConfig;
use saturn_eval::evaluate::{Extras, LANES, Plan, STEPS, WINDOWS, choose_threshold, evaluate};
use saturn_eval::instruments::Instrument;
use saturn_eval::position::Spacing;
use saturn_eval::reset::StateReset;
use saturn_store::Progress;

use crate::dataset::Dataset;
use crate::error::{Error, setting};
use crate::network::Network;
use crate::trainer::fits;

/// What an evaluation found: accuracy in three readings, by position in the stream, slope, instruments.
pub type EvaluationReport = saturn_eval::evaluate::Evaluation;

/// Runs a network on an endless stream of a data set's samples and gaps.
///
/// By default the stream is made of the validation samples, has 100,000 steps in 16 lanes, and the state is never
/// reset. Memory does not grow with the steps. The result has the same bits at any number of threads.
#[derive(Clone)]
pub struct Evaluation<'a> {
    data: &'a Dataset,
    test: bool,
    state_reset: StateReset,
    steps: u64,
    lanes: usize,
    windows: usize,
    detector: DetectorConfig,
    instruments: Vec<Instrument>,
    seed: u64,
}

impl<'a> Evaluation<'a> {
    /// On `data`.
    pub fn new(data: &'a Dataset) -> Self {
        Self {
            data,
            test: false,
            state_reset: StateReset::NEVER,
            steps: 100_000,
            lanes: 16,
            windows: 20,
            detector: DetectorConfig::default(),
            instruments: Vec::new(),
            seed: 1,
        }
    }

    /// Takes the test samples: once, at the end.
    #[must_use]
    pub fn on_test(mut self) -> Self {
        self.test = true;
        self
    }

    /// Sets when the state is reset; default never.
    #[must_use]
    pub fn state_reset(mut self, policy: StateReset) -> Self {
        self.state_reset = policy;
        self
    }

    /// Sets the steps, over all lanes; at least as many as lanes, default 100,000.
    #[must_use]
    pub fn steps(mut self, steps: u64) -> Self {
        self.steps = steps;
        self
    }

    /// Sets the streams that share the steps; at least 1, default 16. One lane is one long stream.
    #[must_use]
    pub fn lanes(mut self, lanes: usize) -> Self {
        self.lanes = lanes;
        self
    }

    /// Sets the windows that the stream is cut into for accuracy by position; at least 1, default 20.
    #[must_use]
    pub fn windows(mut self, windows: usize) -> Self {
        self.windows = windows;
        self
    }

    /// Adds an optional instrument.
    #[must_use]
    pub fn instrument(mut self, instrument: Instrument) -> Self {
        self.instruments.push(instrument);
        self
    }

    /// Sets the seed of the stream; default 1.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs `net`. The threshold of the boundary-free detector is chosen on a stream of validation samples first.
    pub fn run<R: Real>(&self, net: &Network<R>) -> Result<EvaluationReport, Error> {
        self.run_with(net, &Progress::quiet())
    }

    /// The same; `progress` counts steps, and stops it.
    pub fn run_with<R: Real>(
        &self,
        net: &Network<R>,
        progress: &Progress,
    ) -> Result<EvaluationReport, Error> {
        self.check()?;
        fits(net, self.data)?;
        let data = self.data;
        let split = if self.test {
            data.test.as_ref().ok_or_else(|| Error::Fit {
                what: "the data set has no test samples".to_owned(),
                hint: "add them with `Dataset::with_test`, or a file `test.h5`",
            })?
        } else {
            &data.valid
        };
        let plan = Plan {
            source: data.source(split),
            state_reset: self.state_reset.config(),
            channels: data.channels,
            purpose: "evaluation",
            seed: self.seed,
            steps: self.steps,
            lanes: self.lanes,
            shard_lanes: self.lanes.min(8),
            windows: self.windows,
            spacing: Spacing::Even,
            dt_ms: data.dt_ms,
            detector: self.detector,
            instruments: &self.instruments,
            extras: Extras::default(),
        };
        let once: usize = data.valid.lengths().iter().sum();
        let choosing = Plan {
            source: data.source(&data.valid),
            purpose: "threshold",
            steps: (6 * once as u64).clamp(self.lanes as u64, self.steps),
            instruments: &[],
            ..plan
        };
        progress.total(choosing.steps + plan.steps);
        let threshold = choose_threshold(net.inner(), &choosing, progress)?;
        Ok(evaluate(net.inner(), &plan, threshold, progress)?)
    }

    fn check(&self) -> Result<(), Error> {
        self.state_reset.config().check()?;
        let out = |key, value: u64, allowed: String| {
            setting(
                key,
                format!("`{value}` is out of range: it must be {allowed}"),
            )
        };
        let in_words = |range: Counts| format!("{} to {}", range.least, grouped(range.most));
        let (lanes, windows) = (self.lanes as u64, self.windows as u64);
        if !LANES.contains(lanes) {
            return Err(out("lanes", lanes, in_words(LANES)));
        }
        if !Counts::new(lanes, STEPS.most).contains(self.steps) {
            let allowed = format!("at least the lanes, at most {:e}", STEPS.most);
            return Err(out("steps", self.steps, allowed));
        }
        if !WINDOWS.contains(windows) {
            return Err(out("windows", windows, in_words(WINDOWS)));
        }
        Ok(())
    }
}

/// A whole number with commas between thousands.
fn grouped(n: u64) -> String {
    saturn_store::grouped(&n.to_string())
}

/// Draws accuracy by position in the stream, one line a report, to `stem.svg` and `stem.png`.
#[cfg(feature = "plots")]
pub fn plot_accuracy(
    reports: &[(&str, &EvaluationReport)],
    stem: impl AsRef<std::path::Path>,
) -> Result<saturn_plots::Files, Error> {
    use saturn_plots::{Accuracy, AccuracyPanel, Figure, Look, Role, Series};
    let series = reports.iter().enumerate().map(|(i, (name, report))| {
        let middle = |w: &saturn_eval::position::PositionWindow| 0.5 * (w.start + w.end) as f64;
        let known = || report.positions.iter().filter(|w| w.accuracy.is_some());
        let points = known().map(|w| (middle(w), 100.0 * w.accuracy.unwrap_or(f64::NAN)));
        let ends = known().map(|w| w.interval.unwrap_or([f64::NAN; 2]));
        let interval = ends.map(|[low, high]| (100.0 * low, 100.0 * high));
        Series::new(*name, Look::of(Role::Other(i)), points.collect())
            .with_interval(interval.collect())
    });
    let figure = Accuracy {
        title: "Accuracy along the stream".to_owned(),
        panels: vec![AccuracyPanel {
            series: series.collect(),
            ..AccuracyPanel::default()
        }],
        ..Accuracy::default()
    };
    Ok(figure.draw(stem.as_ref())?)
}
