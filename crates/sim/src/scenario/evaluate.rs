//! `evaluate`: what trained nets are put through.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::beside::{TracesConfig, TwinConfig};
use super::disturb;
use super::named::Named;
use super::report::Report;
use super::stream::{GapKeys, gap_keys, resolve_gap};
use saturn_eval::detector::{DetectorConfig, LONGEST};
use saturn_eval::experiments::Wanted;
use saturn_eval::monitor::Instrument;
use saturn_eval::monitor::contraction::ContractionConfig;
use saturn_eval::position::Spacing;
use saturn_eval::precision::PrecisionConfig;
use saturn_eval::reset::StateReset;
use saturn_stream::{DisturbConfig, Gap};
use saturn_train::or_none::OrNone;

/// What trained nets are put through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateKeys {
    /// Steps of one evaluation, over all its lanes; 1 to 1e15, default 100,000. More: smaller errors, and
    /// a longer look at what time does.
    pub steps: u64,
    /// Streams side by side that share the steps; 1 to `steps` and 65,536, default 16. Fewer: each runs for longer;
    /// 1 is one long stream.
    pub lanes: usize,
    /// What becomes of states as the stream goes on, in most cases when they are put back to rest: one of
    /// these or a list, each an evaluation of its own; at least one, none twice. Default `[none, oracle]`.
    pub state_reset: Vec<StateReset>,
    /// The streams to run on, by name. Default: one for each fill of `stream.gap`, with its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<Named<EvaluateStream>>,
    /// Windows that a stream is cut into for figures over its length; 1 to 100,000, default 20. More: finer,
    /// with larger errors.
    pub windows: usize,
    /// How long windows are: `even`, or `{logarithmic: {first_steps: ..}}`, each longer than the last by one
    /// factor; default `even`.
    #[serde(skip_serializing_if = "Spacing::is_even")]
    pub spacing: Spacing,
    /// How forgetting is measured.
    pub contraction: ContractionConfig,
    /// The detector that knows no boundaries; its threshold is set on the validation set.
    pub detector: DetectorConfig,
    /// What weights and states are stored in, beside full precision: a list, each an evaluation of its own on
    /// every stream under every policy, with its drift from full precision; none twice. Default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub precision: Vec<PrecisionConfig>,
    /// Traces of the first lane in windows of each stream, beside the one of its beginning. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<TracesConfig>,
    /// The same net in f64 beside the first lane, in windows: how far from it is the one in f32? Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinConfig>,
    /// What is measured beyond what always is; none twice; default none. See `docs/instruments.md`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instruments: Vec<Instrument>,
    /// What goes wrong with the input now and then, in an evaluation of its own that shows how nets recover;
    /// it runs each net twice over `steps` steps of each stream. Default: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disturb: Option<DisturbConfig>,
}

impl Default for EvaluateKeys {
    fn default() -> Self {
        Self {
            steps: 100_000,
            lanes: 16,
            state_reset: vec![StateReset::NEVER, StateReset::ORACLE],
            streams: None,
            windows: 20,
            spacing: Spacing::Even,
            contraction: ContractionConfig::default(),
            detector: DetectorConfig::default(),
            precision: Vec::new(),
            traces: None,
            twin: None,
            instruments: Vec::new(),
            disturb: None,
        }
    }
}

/// A stream to run on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateStream {
    /// What lies between samples; `none` puts them end to end. What is left out is as in `stream.gap`.
    pub gap: OrNone<GapKeys>,
}

/// Checked settings of evaluation. Ranges and defaults: [`EvaluateKeys`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluate {
    /// Steps of one evaluation, over all its lanes.
    pub steps: u64,
    /// Streams side by side that share the steps.
    pub lanes: usize,
    /// When states are put back to rest, each an evaluation of its own.
    pub state_reset: Vec<StateReset>,
    /// The gaps of the streams to run on, by name; none for samples end to end.
    pub streams: Named<Option<Gap>>,
    /// Windows that a stream is cut into.
    pub windows: usize,
    /// How long they are.
    #[serde(skip_serializing_if = "Spacing::is_even")]
    pub spacing: Spacing,
    /// How forgetting is measured.
    pub contraction: ContractionConfig,
    /// The detector that knows no boundaries.
    pub detector: DetectorConfig,
    /// What weights and states are stored in, each an evaluation of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub precision: Vec<PrecisionConfig>,
    /// Traces in windows of each stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<TracesConfig>,
    /// The net in f64 beside, in windows of each stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinConfig>,
    /// What is measured beyond what always is. Left out where empty: it is part of the keys of results.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instruments: Vec<Instrument>,
    /// What goes wrong with the input now and then, and when. Left out where nothing does, as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disturb: Option<DisturbConfig>,
}

impl EvaluateKeys {
    /// Checks the settings; `gap` is that of `stream`.
    pub(super) fn resolve(&self, gap: Option<&Gap>, report: &mut Report) -> Evaluate {
        let at = |key: &str| format!("evaluate.{key}");
        report.within(&at("steps"), self.steps, 1, 1_000_000_000_000_000);
        report.within(&at("lanes"), self.lanes as u64, 1, 65_536);
        if self.steps > 0 && self.lanes as u64 > self.steps {
            let message = format!(
                "`{}` lanes cannot share {} steps: give `steps` more",
                self.lanes, self.steps
            );
            report.problem(&at("lanes"), message);
        }
        report.not_empty(
            &at("state_reset"),
            &self.state_reset,
            "policy, such as `none`",
        );
        report.distinct(&at("state_reset"), &self.state_reset);
        for (i, policy) in self.state_reset.iter().enumerate() {
            if let Err(e) = policy.config().check() {
                let mut place = at(&format!("state_reset.{i}.{}", policy.kind()));
                if !e.key().is_empty() {
                    place = format!("{place}.{}", e.key());
                }
                report.problem(&place, e.to_string());
            }
        }
        report.within(&at("windows"), self.windows as u64, 1, 100_000);
        let contraction = &self.contraction;
        for (key, value, least, most) in [
            ("samples", contraction.samples, 2, 10_000),
            ("lead_steps", contraction.lead_steps, 0, 1_000_000),
            ("gap_steps", contraction.gap_steps, 1, 1_000_000),
            ("realisations", contraction.realisations, 1, 100_000),
        ] {
            let path = at(&format!("contraction.{key}"));
            report.within(&path, value as u64, least, most);
        }
        report.within(
            &at("detector.window"),
            self.detector.window as u64,
            1,
            LONGEST,
        );
        let hold = self.detector.hold as f64;
        let allowed = format!("1 to {LONGEST}");
        report.number(
            &at("detector.hold"),
            hold,
            |x| x >= 1.0 && x <= LONGEST as f64,
            &allowed,
        );
        for (i, precision) in self.precision.iter().enumerate() {
            report.precision(&at(&format!("precision.{i}")), precision);
        }
        report.distinct(&at("precision"), &self.precision);
        if let Spacing::Logarithmic { first_steps } = self.spacing {
            let place = at("spacing.logarithmic.first_steps");
            report.at_least(&place, first_steps, 1);
        }
        (self.traces.iter()).for_each(|traces| traces.check(report));
        (self.twin.iter()).for_each(|twin| twin.check(report));
        report.distinct(&at("instruments"), &self.instruments);
        if let Some(disturb) = &self.disturb {
            disturb::check(disturb, self.steps / self.lanes.max(1) as u64, report);
        }
        Evaluate {
            steps: self.steps,
            lanes: self.lanes,
            state_reset: self.state_reset.clone(),
            streams: self.streams(gap, report),
            windows: self.windows,
            spacing: self.spacing,
            contraction: self.contraction,
            detector: self.detector,
            precision: self.precision.clone(),
            traces: self.traces,
            twin: self.twin,
            instruments: self.instruments.clone(),
            disturb: self.disturb.clone(),
        }
    }

    fn streams(&self, gap: Option<&Gap>, report: &mut Report) -> Named<Option<Gap>> {
        let Some(streams) = &self.streams else {
            return default_streams(gap);
        };
        report.names("evaluate.streams", streams.names(), "stream");
        let above = gap.cloned().unwrap_or_default();
        streams
            .iter()
            .map(|(name, stream)| {
                let path = format!("evaluate.streams.{name}.gap");
                (
                    name.to_owned(),
                    resolve_gap(&stream.gap, &path, &above, report),
                )
            })
            .collect()
    }
}

/// One stream for each fill of the training stream.
fn default_streams(gap: Option<&Gap>) -> Named<Option<Gap>> {
    let Some(gap) = gap else {
        return [("no_gaps".to_owned(), None)].into_iter().collect();
    };
    gap.fill
        .iter()
        .map(|fill| {
            let alone = Gap {
                steps: gap.steps,
                fill: vec![*fill],
            };
            (fill.name(), Some(alone))
        })
        .collect()
}

impl Evaluate {
    /// The same as keys, with nothing left out.
    pub(super) fn keys(&self) -> EvaluateKeys {
        EvaluateKeys {
            steps: self.steps,
            lanes: self.lanes,
            state_reset: self.state_reset.clone(),
            streams: Some(self.streams.map(|gap| EvaluateStream {
                gap: gap_keys(gap.as_ref()),
            })),
            windows: self.windows,
            spacing: self.spacing,
            contraction: self.contraction,
            detector: self.detector,
            precision: self.precision.clone(),
            traces: self.traces,
            twin: self.twin,
            instruments: self.instruments.clone(),
            disturb: self.disturb.clone(),
        }
    }
}

impl Evaluate {
    /// Which experiments it asks for.
    pub fn experiments(&self) -> Wanted<'_> {
        Wanted {
            instruments: &self.instruments,
            disturb: self.disturb.as_ref(),
            steps: self.steps,
            lanes: self.lanes,
        }
    }
}
