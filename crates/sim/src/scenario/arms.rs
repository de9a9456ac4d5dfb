//! `arms`: the ways of training that are compared.

use saturn_loss::{AdaptiveConfig, Loss, LossConfig, LossError, SpikeRate, SpikeRateConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::models::Model;
use super::named::Named;
use super::report::Report;
use super::train::TrainKeys;
use super::warning::WarningKind;
use crate::precision::PrecisionConfig;
use crate::stream::Gap;

/// The most steps between two cuts of a gradient.
const MOST_STEPS: u64 = 1_000_000_000;

/// A way of training. Every arm sees the same samples in every update.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Arm {
    /// What a net hears in one update: `single`, `lead` or `concatenated` (default).
    pub streams: Streams,
    /// What is minimised: `cross_entropy` (default), `adaptive`, `nothing` or `entropy`.
    pub loss: LossConfig,
    /// The state that a net starts an update from: `rest` (default), `passed` on from the update before,
    /// `noise` or `fitted_noise`.
    #[serde(skip_serializing_if = "InitialState::is_rest")]
    pub initial_state: InitialState,
    /// Steps K after which gradients are cut, while the state goes on (truncated back-propagation through
    /// time); 1 to 1,000,000,000, default none. Larger: closer to the whole gradient; at a stream's length, equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grad_detach: Option<usize>,
    /// Forward propagation through time: weights step within the stream; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fptt: Option<FpttConfig>,
    /// Costs for firing too much or too little, on every spiking layer; default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spike_rate: Option<SpikeRateConfig>,
    /// Trains the net as it will be stored: weights and states of few bits, gradients straight through; default
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fake_quant: Option<PrecisionConfig>,
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

/// The state that a lane starts an update from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitialState {
    /// At rest.
    #[default]
    Rest,
    /// Where another sequence of the update before ended.
    Passed(PassedConfig),
    /// Rest and normal noise.
    Noise(NoiseConfig),
    /// Normal noise with the mean and deviation that each unit's state has where sequences end.
    FittedNoise,
}

impl InitialState {
    fn is_rest(&self) -> bool {
        *self == Self::Rest
    }
}

/// States that are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PassedConfig {
    /// Chance that a lane gets a state rather than rest; 0 to 1, default 1. Larger: trained less for a fresh
    /// start and more for never being reset.
    pub probability: f64,
}

impl Default for PassedConfig {
    fn default() -> Self {
        Self { probability: 1.0 }
    }
}

/// Noise on the initial state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseConfig {
    /// Its standard deviation, in the state's own units; 0 or more, default 1. Larger: further from rest.
    pub std: f64,
}

impl Default for NoiseConfig {
    fn default() -> Self {
        Self { std: 1.0 }
    }
}

/// Forward propagation through time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FpttConfig {
    /// Steps from one update of the weights to the next, K; 1 to 1,000,000,000, default 20. Larger: fewer updates
    /// with longer gradients.
    pub every: usize,
    /// How strongly weights are held to their running mean; above 0, default 0.5. Larger: slower and
    /// steadier.
    pub alpha: f64,
}

impl Default for FpttConfig {
    fn default() -> Self {
        Self {
            every: 20,
            alpha: 0.5,
        }
    }
}

impl Arm {
    fn check(&self, path: &str, gap: Option<&Gap>, dt_ms: f64, spikes: bool, report: &mut Report) {
        let at = format!("{path}.loss.{}", self.loss.key());
        let mask = self.loss.mask();
        if let Err(e) = mask.check() {
            loss_problem(&e, &format!("{at}.mask.{}", mask.key()), report);
        } else if let Err(e) = Loss::new(&self.loss) {
            loss_problem(&e, &at, report);
        }
        if let Some(config) = &self.spike_rate {
            let at = format!("{path}.spike_rate");
            if let Err(e) = SpikeRate::new(config, dt_ms) {
                report.problem(&at, e.to_string());
            }
            if !spikes {
                report.warning(
                    WarningKind::NoEffect,
                    &at,
                    "spike_rate",
                    "no model has a spiking layer, so it changes nothing",
                    "leave it out, or add a layer that spikes",
                );
            }
        }
        let asks_of_gaps = matches!(self.loss, LossConfig::Adaptive(_) | LossConfig::Nothing(_));
        match (self.streams, asks_of_gaps, gap) {
            (Streams::Lead, _, None) => report.warning(
                WarningKind::NoEffect,
                &format!("{path}.streams"),
                "lead",
                "`stream.gap` is `none`, so that nothing leads: this is the same as `single`",
                "give `stream.gap`, or write `single`",
            ),
            (Streams::Single, true, _) => report.warning(
                WarningKind::NoGaps,
                &format!("{path}.streams"),
                "single",
                format!(
                    "a `single` stream has no gaps: the {} loss is left with the silence before and \
                     after each sample's events",
                    self.loss.key()
                ),
                "write `concatenated` or `lead`",
            ),
            _ => {}
        }
        self.check_time(path, report);
        if let Some(precision) = &self.fake_quant {
            report.precision(&format!("{path}.fake_quant"), precision);
        }
        self.train.check_changes(&format!("{path}.train"), report);
    }
}

impl Arm {
    /// Checks what an arm does with states and gradients over time.
    fn check_time(&self, path: &str, report: &mut Report) {
        let share = |x: f64| (0.0..=1.0).contains(&x);
        match self.initial_state {
            InitialState::Rest | InitialState::FittedNoise => {}
            InitialState::Passed(PassedConfig { probability }) => report.number(
                &format!("{path}.initial_state.passed.probability"),
                probability,
                share,
                "0 to 1",
            ),
            InitialState::Noise(NoiseConfig { std }) => {
                report.at_least_zero(&format!("{path}.initial_state.noise.std"), std);
            }
        }
        if let Some(steps) = self.grad_detach {
            report.within(&format!("{path}.grad_detach"), steps as u64, 1, MOST_STEPS);
        }
        if let Some(fptt) = &self.fptt {
            report.within(
                &format!("{path}.fptt.every"),
                fptt.every as u64,
                1,
                MOST_STEPS,
            );
            report.positive(&format!("{path}.fptt.alpha"), fptt.alpha);
            if self.grad_detach.is_some() {
                report.problem(
                    &format!("{path}.grad_detach"),
                    "`fptt` cuts gradients after its own `every` steps: leave one of the two out",
                );
            }
        }
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
