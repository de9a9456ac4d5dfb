//! `arms`: the ways of training that are compared.

use saturn_loss::{
    AdaptiveConfig, Loss, LossConfig, LossError, MaskConfig, SpikeRate, SpikeRateConfig,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::models::Model;
use super::named::Named;
use super::report::Report;
use super::stream::Gap;
use super::train::TrainKeys;

/// A way of training. Every arm sees the same samples in every update.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Arm {
    /// What a net hears in one update: `single`, `lead` or `concatenated` (default).
    pub streams: Streams,
    /// What is minimised: `cross_entropy` (default) or `adaptive`.
    pub loss: LossConfig,
    /// Costs for firing too much or too little, on every spiking layer; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spike_rate: Option<SpikeRateConfig>,
    /// What is different from `train` in this arm; it goes before what a model changes.
    #[serde(skip_serializing_if = "TrainKeys::is_empty")]
    pub train: TrainKeys,
}

/// What a net hears in one update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Streams {
    /// One sample from a state at rest: the textbook's way.
    Single,
    /// One gap, then one sample.
    Lead,
    /// `stream.samples` samples with their gaps, one after the other.
    #[default]
    Concatenated,
}

impl Arm {
    fn check(&self, path: &str, gap: Option<&Gap>, dt_ms: f64, spikes: bool, report: &mut Report) {
        if let LossConfig::Adaptive(adaptive) = &self.loss {
            let at = format!("{path}.loss.adaptive");
            let mask = match &adaptive.mask {
                MaskConfig::Labels => "mask",
                MaskConfig::EventCount(_) => "mask.event_count",
                MaskConfig::Contrast(_) => "mask.contrast",
            };
            if let Err(e) = adaptive.mask.check() {
                loss_problem(&e, &format!("{at}.{mask}"), report);
            } else if let Err(e) = Loss::new(&self.loss) {
                loss_problem(&e, &at, report);
            }
        }
        if let Some(config) = &self.spike_rate {
            let at = format!("{path}.spike_rate");
            if let Err(e) = SpikeRate::new(config, dt_ms) {
                report.problem(&at, e.to_string());
            }
            if !spikes {
                report.warning(&at, "no model has a spiking layer: this changes nothing");
            }
        }
        match (self.streams, &self.loss, gap) {
            (Streams::Lead, _, None) => report.warning(
                &format!("{path}.streams"),
                "`stream.gap` is `none`, so that nothing leads: this is the same as `single`",
            ),
            (Streams::Single, LossConfig::Adaptive(_), _) => report.warning(
                &format!("{path}.streams"),
                "a `single` stream has no gaps: the adaptive loss is left with the silence before and \
                 after each sample's events",
            ),
            _ => {}
        }
        self.train.check_changes(&format!("{path}.train"), report);
    }
}

fn loss_problem(e: &LossError, path: &str, report: &mut Report) {
    match e {
        LossError::OutOfRange { key, .. } => {
            report.problem(&format!("{path}.{key}"), e.to_string());
        }
        _ => report.problem(path, e.to_string()),
    }
}

/// Checks the arms against the gaps and the models that they train.
pub(super) fn check(
    arms: &Named<Arm>,
    models: &Named<Model>,
    gap: Option<&Gap>,
    dt_ms: f64,
    report: &mut Report,
) {
    report.names("arms", arms.names(), "arm");
    let spikes = models.iter().any(|(_, model)| model.spikes());
    for (name, arm) in arms.iter() {
        arm.check(&format!("arms.{name}"), gap, dt_ms, spikes, report);
    }
}

/// Without `arms`: the textbook's way and the adaptive one.
pub(super) fn default_arms() -> Named<Arm> {
    let classic = Arm {
        streams: Streams::Single,
        ..Arm::default()
    };
    let adaptive = Arm {
        loss: LossConfig::Adaptive(AdaptiveConfig::default()),
        ..Arm::default()
    };
    [
        ("classic".to_owned(), classic),
        ("adaptive".to_owned(), adaptive),
    ]
    .into_iter()
    .collect()
}
