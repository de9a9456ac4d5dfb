//! `evaluate`: the evaluations of trained networks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;
use super::disturb;
use super::extras::{TracesConfig, TwinConfig};
use super::named::Named;
use super::stream::{GapKeys, gap_keys, resolve_gap};
use saturn_eval::detector::{DetectorConfig, LONGEST};
use saturn_eval::evaluate::{LANES, STEPS, WINDOWS};
use saturn_eval::experiments::Wanted;
use saturn_eval::instruments::Instrument;
use saturn_eval::instruments::contraction::ContractionConfig;
use saturn_eval::position::Spacing;
use saturn_eval::precision::PrecisionConfig;
use saturn_eval::reset::StateReset;
use saturn_stream::{DisturbConfig, Gap};
use saturn_train::or_none::OrNone;

/// The evaluations of trained networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateKeys {
    /// Steps of one evaluation, over all its lanes; 1 to 1e15, default 100,000. More: smaller errors, and a
    /// longer test of long-term behaviour.
    pub steps: u64,
    /// Streams side by side that share the steps; 1 to `steps` and 65,536, default 16. Fewer: each runs for longer;
    /// 1 is one long stream.
    pub lanes: usize,
    /// Treatment of states along the stream, usually when they are reset: one of these or a list, each a
    /// separate evaluation; at least one, no duplicates. Default `[none, oracle]`.
    pub state_reset: Vec<StateReset>,
    /// The streams to run on, by name. Default: one for each fill of `stream.gap`, with its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<Named<EvaluateStream>>,
    /// Windows that a stream is cut into for figures over its length; 1 to 100,000, default 20. More: finer,
    /// with larger errors.
    pub windows: usize,
    /// Lengths of the windows: `even`, or `{logarithmic: {first_steps: ..}}`, each longer than the last by
    /// one factor; default `even`.
    #[serde(skip_serializing_if = "Spacing::is_even")]
    pub spacing: Spacing,
    /// How forgetting is measured.
    pub contraction: ContractionConfig,
    /// The boundary-free detector; its threshold is set on the validation set.
    pub detector: DetectorConfig,
    /// Storage formats of weights and states, in addition to full precision: a list, each a separate
    /// evaluation on every stream under every policy, with its drift from full precision; no duplicates.
    /// Default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub precision: Vec<PrecisionConfig>,
    /// Traces of the first lane in windows of each stream, in addition to the one of its beginning. Default:
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<TracesConfig>,
    /// The same network in f64 alongside the first lane, in windows: the deviation of the f32 network.
    /// Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinConfig>,
    /// Optional instruments, in addition to the standard measurements; no duplicates; default none. See
    /// `docs/instruments.md`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instruments: Vec<Instrument>,
    /// Disturbances of the input, in a separate evaluation that measures recovery; it runs each network twice
    /// over `steps` steps of each stream. Default: none.
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
    /// Gaps between samples; `none` concatenates samples without gaps. Omitted keys are as in `stream.gap`.
    pub gap: OrNone<GapKeys>,
}

/// Checked settings of evaluation. Ranges and defaults: [`EvaluateKeys`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluate {
    /// Steps of one evaluation, over all its lanes.
    pub steps: u64,
    /// Streams side by side that share the steps.
    pub lanes: usize,
    /// When states are reset, each a separate evaluation.
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
    /// The boundary-free detector.
    pub detector: DetectorConfig,
    /// Storage formats of weights and states, each a separate evaluation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub precision: Vec<PrecisionConfig>,
    /// Traces in windows of each stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<TracesConfig>,
    /// The network in f64 alongside, in windows of each stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinConfig>,
    /// Optional instruments. Omitted if empty: it is part of the keys of results.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instruments: Vec<Instrument>,
    /// Disturbances of the input, and their times. Omitted if there are none, as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disturb: Option<DisturbConfig>,
}

impl EvaluateKeys {
    /// Checks the settings; `gap` is that of `stream`.
    pub(super) fn resolve(&self, gap: Option<&Gap>, diagnostics: &mut Diagnostics) -> Evaluate {
        let at = |key: &str| format!("evaluate.{key}");
        diagnostics.out_of_range("evaluate", STEPS.check("steps", self.steps));
        diagnostics.out_of_range("evaluate", LANES.check("lanes", self.lanes as u64));
        if self.steps > 0 && self.lanes as u64 > self.steps {
            let message = format!(
                "`{}` lanes cannot share {} steps: give `steps` more",
                self.lanes, self.steps
            );
            diagnostics.problem(&at("lanes"), message);
        }
        diagnostics.not_empty(
            &at("state_reset"),
            &self.state_reset,
            "policy, such as `none`",
        );
        diagnostics.distinct(&at("state_reset"), &self.state_reset);
        for (i, policy) in self.state_reset.iter().enumerate() {
            if let Err(e) = policy.config().check() {
                let mut place = at(&format!("state_reset.{i}.{}", policy.kind()));
                if !e.key().is_empty() {
                    place = format!("{place}.{}", e.key());
                }
                diagnostics.problem(&place, e.to_string());
            }
        }
        diagnostics.out_of_range("evaluate", WINDOWS.check("windows", self.windows as u64));
        diagnostics.out_of_range(&at("contraction"), self.contraction.out_of_range());
        diagnostics.within(
            &at("detector.window"),
            self.detector.window as u64,
            1,
            LONGEST,
        );
        let hold = self.detector.hold as f64;
        let allowed = format!("1 to {LONGEST}");
        diagnostics.number(
            &at("detector.hold"),
            hold,
            |x| x >= 1.0 && x <= LONGEST as f64,
            &allowed,
        );
        for (i, precision) in self.precision.iter().enumerate() {
            diagnostics.precision(&at(&format!("precision.{i}")), precision);
        }
        diagnostics.distinct(&at("precision"), &self.precision);
        if let Spacing::Logarithmic { first_steps } = self.spacing {
            let place = at("spacing.logarithmic.first_steps");
            diagnostics.at_least(&place, first_steps, 1);
        }
        (self.traces.iter()).for_each(|traces| traces.check(diagnostics));
        (self.twin.iter()).for_each(|twin| twin.check(diagnostics));
        diagnostics.distinct(&at("instruments"), &self.instruments);
        if let Some(disturb) = &self.disturb {
            disturb::check(disturb, self.steps / self.lanes.max(1) as u64, diagnostics);
        }
        Evaluate {
            steps: self.steps,
            lanes: self.lanes,
            state_reset: self.state_reset.clone(),
            streams: self.streams(gap, diagnostics),
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

    fn streams(&self, gap: Option<&Gap>, diagnostics: &mut Diagnostics) -> Named<Option<Gap>> {
        let Some(streams) = &self.streams else {
            return default_streams(gap);
        };
        diagnostics.names("evaluate.streams", streams.names(), "stream");
        let above = gap.cloned().unwrap_or_default();
        streams
            .iter()
            .map(|(name, stream)| {
                let path = format!("evaluate.streams.{name}.gap");
                (
                    name.to_owned(),
                    resolve_gap(&stream.gap, &path, &above, diagnostics),
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
    /// The same as keys, with all defaults filled in.
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
    /// The requested experiments.
    pub fn experiments(&self) -> Wanted<'_> {
        Wanted {
            instruments: &self.instruments,
            disturb: self.disturb.as_ref(),
            steps: self.steps,
            lanes: self.lanes,
        }
    }
}
