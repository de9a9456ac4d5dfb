//! The network at low precision, in addition to full precision, as a run evaluates it.

use std::path::Path;

use anyhow::Result;
use saturn_cell::Real;
use serde::Serialize;

use super::input::Given;
use super::segments::SegmentsFile;
use super::settings::{Settings, refused};
use super::{Job, run_evaluation};
use crate::model::{FinishedModel, plain_name};
use crate::run::input::{Input, choosing, threshold_steps};
use saturn_eval::evaluate::{Extras, Plan, choose_threshold};
use saturn_eval::precision::PrecisionConfig;
use saturn_eval::precision::cost::cost;
use saturn_eval::precision::drift::{Following, LANES, Twin, drift};
use saturn_eval::precision::result::{Stored, StoredEvaluation};
use saturn_network::Network;
use saturn_stream::{Noise, Source, Split};

/// Where a threshold is from that is chosen as the run does it.
const CHOSEN: &str = "chosen at this precision on the run's validation split";

/// What ranges of states are from: never the evaluated file, unless it is given with `--ranges`.
#[derive(Clone, Copy)]
pub enum Calibration<'a> {
    /// The validation split of the network's run, with the noise of its gaps.
    Validation(&'a Split, &'a Noise),
    /// Another file.
    File(&'a Given),
    /// No state has a range.
    Unneeded,
}

impl<'a> Calibration<'a> {
    /// For the formats of `settings`: `ranges` if given, else the validation split of the run.
    pub fn new(
        settings: &Settings,
        model: &FinishedModel,
        given: &'a Given,
        ranges: Option<&'a Given>,
    ) -> Result<Self> {
        let mut formats = settings.evaluate.precision.iter();
        let ranged = formats.find(|config| config.states.top().is_some());
        match (ranges, &given.valid, ranged) {
            (Some(ranges), ..) => Ok(Self::File(ranges)),
            (None, Some(valid), _) => Ok(Self::Validation(valid, &given.noise)),
            (None, None, None) => Ok(Self::Unneeded),
            (None, None, Some(config)) => {
                let lacks = if model.run().is_some() {
                    "the validation split of its run, which was not found"
                } else {
                    "the validation split of a run, which this network does not have"
                };
                let what = format!("{config} needs ranges of states from {lacks}");
                let hint = "give other recordings than the evaluated ones with --ranges FILE, or store weights \
                            alone, such as int8/f32";
                Err(refused("--precision", what, hint).into())
            }
        }
    }

    /// What ranges are from, for `summary.json`.
    pub fn head(&self, given: &Given) -> Option<RangesHead> {
        let (from, split) = match self {
            Self::Validation(valid, _) => ("the run's validation split".to_owned(), *valid),
            Self::File(ranges) => (text(&ranges.path), &ranges.split),
            Self::Unneeded => return None,
        };
        let events_sha256 = split.events_hash();
        Some(RangesHead {
            from,
            evaluated: events_sha256 == given.split.events_hash(),
            events_sha256,
        })
    }
}

/// What ranges of states are from.
#[derive(Clone, Debug, Serialize)]
pub struct RangesHead {
    /// The split or file.
    pub from: String,
    /// SHA-256 of its samples in steps.
    pub events_sha256: String,
    /// Whether these are the evaluated samples.
    pub evaluated: bool,
}

/// What one evaluation at low precision rests on.
#[derive(Clone, Debug, Serialize)]
pub struct StoredDetail {
    /// The formats' name.
    pub precision: String,
    /// The policy.
    pub state_reset: String,
    /// The detector's threshold.
    pub threshold: f64,
    /// Where it is from.
    pub threshold_from: String,
    /// The file with a line for every segment.
    pub segments_file: String,
}

/// The network in all formats, first in full, as in the summary of a run.
#[derive(Clone, Debug, Default)]
pub struct LowPrecision {
    /// The results.
    pub stored: Vec<Stored>,
    /// What they rest on.
    pub details: Vec<StoredDetail>,
}

impl Job<'_> {
    /// Evaluates `net` in all formats; nothing if there are none.
    pub(super) fn low_precision<R: Real>(
        &self,
        net: &Network<R>,
        input: &Input,
    ) -> Result<LowPrecision> {
        let (e, progress) = (&self.settings.evaluate, self.progress);
        let mut found = LowPrecision::default();
        if e.precision.is_empty() {
            return Ok(found);
        }
        let stream = self.settings.stream().0;
        let (channels, seed) = (input.channels, input.seed);
        let on = self.calibration(input.source);
        let begun = |config: PrecisionConfig, stored: &Network<R>| -> Result<Stored> {
            Ok(Stored {
                stream: stream.to_owned(),
                precision: config.to_string(),
                config,
                cost: cost(net, stored, &config, on, channels, seed)?,
                evaluations: Vec::new(),
                drift: Vec::new(),
            })
        };
        found.stored.push(begun(PrecisionConfig::default(), net)?);
        let mut twins = Vec::new();
        for &config in &e.precision {
            let twin = Twin::new(net, config, on, channels, seed)?;
            let mut stored = begun(config, &twin.net)?;
            for policy in &e.state_reset {
                let plan = Plan {
                    instruments: &[],
                    ..input.plan(e, policy)
                };
                let (state_reset, precision) = (policy.to_string(), config.to_string());
                progress.doing(&format!(
                    "evaluating in {precision} on {stream}, state_reset {state_reset}"
                ));
                let mut threshold = (self.settings).threshold(self.options, self.model, policy);
                if let (true, Calibration::Validation(valid, _)) =
                    (threshold.of_run, self.calibration)
                {
                    // As the run does, so that its numbers are repeated.
                    let plan = choosing(&plan, on, threshold_steps(e, valid));
                    threshold.value = choose_threshold(&twin.net, &plan, progress)?;
                    CHOSEN.clone_into(&mut threshold.from);
                }
                let segments_file =
                    format!("segments.{state_reset}.{}.csv", plain_name(&precision));
                let log = SegmentsFile::create(&self.folder.path().join(&segments_file), e.lanes)?;
                let plan = Plan {
                    extras: Extras {
                        segments: Some(&log),
                        ..Extras::default()
                    },
                    ..plan
                };
                let evaluation = run_evaluation(&twin.net, &plan, threshold.value, progress)?;
                log.finish()?;
                let kept = StoredEvaluation::of(state_reset.clone(), &evaluation);
                stored.evaluations.push(kept);
                found.details.push(StoredDetail {
                    precision,
                    state_reset,
                    threshold: threshold.value,
                    threshold_from: threshold.from,
                    segments_file,
                });
            }
            found.stored.push(stored);
            twins.push(twin);
        }
        progress.doing(&format!("following states at low precision on {stream}"));
        let following = Following {
            source: input.source,
            channels,
            seed,
            steps: e.steps / e.lanes as u64,
            stage: None,
        };
        let windows = drift(net, &twins, &following, progress)?;
        for (stored, windows) in found.stored[1..].iter_mut().zip(windows) {
            stored.drift = windows;
        }
        Ok(found)
    }

    /// Steps of that, roughly.
    pub(super) fn low_precision_work(&self) -> u64 {
        let e = &self.settings.evaluate;
        let chosen = match self.calibration {
            Calibration::Validation(valid, _) => threshold_steps(e, valid),
            Calibration::File(_) | Calibration::Unneeded => 0,
        };
        let followed = LANES as u64 * (e.steps / e.lanes as u64);
        let each = e.state_reset.len() as u64 * (e.steps + chosen) + followed;
        e.precision.len() as u64 * each
    }

    /// The stream of ranges and costs, with the gaps of `evaluated`. Without ranges it is `evaluated`, for costs.
    fn calibration<'b>(&'b self, evaluated: Source<'b>) -> Source<'b> {
        let (split, noise) = match self.calibration {
            Calibration::Validation(valid, noise) => (valid, noise),
            Calibration::File(ranges) => (&ranges.split, &ranges.noise),
            Calibration::Unneeded => return evaluated,
        };
        Source {
            split,
            noise,
            ..evaluated
        }
    }
}

/// What evaluations at low precision rest on, one line each; none without them.
pub(super) fn facts(details: &[StoredDetail], ranges: Option<&RangesHead>) -> Vec<String> {
    let mut facts = Vec::new();
    if details.is_empty() {
        return facts;
    }
    if let Some(ranges) = ranges {
        let same = if ranges.evaluated {
            ", the evaluated recordings themselves"
        } else {
            ""
        };
        facts.push(format!(
            "at low precision, ranges of states are from {}{same}",
            ranges.from
        ));
    }
    let mut policies: [Vec<&str>; 2] = Default::default();
    for detail in details {
        let own = &mut policies[usize::from(detail.threshold_from == CHOSEN)];
        if !own.contains(&&*detail.state_reset) {
            own.push(&detail.state_reset);
        }
    }
    let [as_full, chosen] = policies.map(|own| own.join(", "));
    if !chosen.is_empty() {
        facts.push(format!(
            "at low precision the detector's thresholds under {chosen} are chosen format by format on the run's \
             validation split; they are in summary.json"
        ));
    }
    if !as_full.is_empty() {
        facts.push(format!(
            "at low precision the detector's thresholds under {as_full} are those of full precision"
        ));
    }
    facts
}

fn text(path: &Path) -> String {
    saturn_data::printable(&path.display().to_string()).into_owned()
}
