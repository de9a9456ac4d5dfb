//! `arms`: the training regimes that are compared.

use saturn_loss::{AdaptiveConfig, Loss, LossConfig, LossError, SpikeRate};

use super::diagnostics::Diagnostics;
use super::models::Model;
use super::named::Named;
use super::train;
use super::warning::WarningKind;
use saturn_stream::Gap;
use saturn_train::arm::{Arm, InitialState, NoiseConfig, PassedConfig, Streams};

/// The most steps between two cuts of a gradient.
const MOST_STEPS: u64 = 1_000_000_000;

/// Checks one arm.
fn check_arm(
    arm: &Arm,
    path: &str,
    gap: Option<&Gap>,
    dt_ms: f64,
    spikes: bool,
    diagnostics: &mut Diagnostics,
) {
    let at = format!("{path}.loss.{}", arm.loss.key());
    let mask = arm.loss.mask();
    if let Err(e) = mask.check() {
        loss_problem(&e, &format!("{at}.mask.{}", mask.key()), diagnostics);
    } else if let Err(e) = Loss::new(&arm.loss) {
        loss_problem(&e, &at, diagnostics);
    }
    if let Some(config) = &arm.spike_rate {
        let at = format!("{path}.spike_rate");
        if let Err(e) = SpikeRate::new(config, dt_ms) {
            diagnostics.problem(&at, e.to_string());
        }
        if !spikes {
            diagnostics.warning(
                WarningKind::NoEffect,
                &at,
                "spike_rate",
                "no model has a spiking layer, so it changes nothing",
                "leave it out, or add a layer that spikes",
            );
        }
    }
    let asks_of_gaps = matches!(arm.loss, LossConfig::Adaptive(_) | LossConfig::Nothing(_));
    match (arm.streams, asks_of_gaps, gap) {
        (Streams::Lead, _, None) => diagnostics.warning(
            WarningKind::NoEffect,
            &format!("{path}.streams"),
            "lead",
            "`stream.gap` is `none`, so there is no leading gap: this is the same as `single`",
            "give `stream.gap`, or write `single`",
        ),
        (Streams::Single, true, _) => diagnostics.warning(
            WarningKind::NoGaps,
            &format!("{path}.streams"),
            "single",
            format!(
                "a `single` stream has no gaps: the {} loss is left with the silence before and \
                     after each sample's events",
                arm.loss.key()
            ),
            "write `concatenated` or `lead`",
        ),
        _ => {}
    }
    check_time(arm, path, diagnostics);
    if let Some(precision) = &arm.fake_quant {
        diagnostics.precision(&format!("{path}.fake_quant"), precision);
    }
    train::check_changes(&arm.train, &format!("{path}.train"), diagnostics);
}

/// Checks what an arm does with states and gradients over time.
fn check_time(arm: &Arm, path: &str, diagnostics: &mut Diagnostics) {
    let share = |x: f64| (0.0..=1.0).contains(&x);
    match arm.initial_state {
        InitialState::Rest | InitialState::FittedNoise => {}
        InitialState::Passed(PassedConfig { probability }) => diagnostics.number(
            &format!("{path}.initial_state.passed.probability"),
            probability,
            share,
            "0 to 1",
        ),
        InitialState::Noise(NoiseConfig { std }) => {
            diagnostics.at_least_zero(&format!("{path}.initial_state.noise.std"), std);
        }
    }
    if let Some(steps) = arm.grad_detach {
        diagnostics.within(&format!("{path}.grad_detach"), steps as u64, 1, MOST_STEPS);
    }
    if let Some(fptt) = &arm.fptt {
        diagnostics.within(
            &format!("{path}.fptt.every"),
            fptt.every as u64,
            1,
            MOST_STEPS,
        );
        diagnostics.positive(&format!("{path}.fptt.alpha"), fptt.alpha);
        if arm.grad_detach.is_some() {
            diagnostics.problem(
                &format!("{path}.grad_detach"),
                "`fptt` cuts gradients after its own `every` steps: leave one of the two out",
            );
        }
    }
}

fn loss_problem(e: &LossError, path: &str, diagnostics: &mut Diagnostics) {
    match e {
        LossError::OutOfRange { key, .. } => {
            diagnostics.problem(&format!("{path}.{key}"), e.to_string());
        }
        _ => diagnostics.problem(path, e.to_string()),
    }
}

/// Checks the arms against the gaps and the models that they train.
pub(super) fn check(
    arms: &Named<Arm>,
    models: &Named<Model>,
    gap: Option<&Gap>,
    dt_ms: f64,
    diagnostics: &mut Diagnostics,
) {
    diagnostics.names("arms", arms.names(), "arm");
    let spikes = models.iter().any(|(_, model)| model.network().spikes());
    for (name, arm) in arms.iter() {
        check_arm(
            arm,
            &format!("arms.{name}"),
            gap,
            dt_ms,
            spikes,
            diagnostics,
        );
    }
}

/// Without `arms`: standard training and the adaptive arm.
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
