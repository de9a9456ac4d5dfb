//! The role of an arm in a comparison, derived from its settings and never from its name.
//!
//! | role | an update's input | loss | mask |
//! |---|---|---|---|
//! | classic | one sample | cross-entropy | |
//! | lead | a gap, then a sample | cross-entropy | |
//! | carry | concatenated samples | cross-entropy | |
//! | adaptive | concatenated samples | adaptive | the labels' |
//! | estimated | concatenated samples | adaptive | estimated from the input |
//!
//! An arm with any other change (another initial state, truncated gradients, a mask with errors, a penalty on
//! spikes, quantised training) is a variant and has no role. Only one arm has a given role: of several
//! candidates, the one with the default loss settings, or else the first.

use saturn_loss::{AdaptiveConfig, LossConfig, MaskConfig};
use serde::Serialize;

use super::named::Named;
use saturn_train::arm::{Arm, InitialState, Streams};

/// What an arm is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmRole {
    /// One sample from the initial state, cross-entropy.
    Classic,
    /// A gap before the sample.
    Lead,
    /// Concatenated samples, cross-entropy alone.
    Carry,
    /// Concatenated samples, the adaptive loss, the mask of the labels.
    Adaptive,
    /// The same with a mask that is estimated from the input.
    Estimated,
}

impl ArmRole {
    /// All roles.
    pub const ALL: [Self; 5] = [
        Self::Classic,
        Self::Lead,
        Self::Carry,
        Self::Adaptive,
        Self::Estimated,
    ];

    /// The role that an arm would have by its settings only.
    pub fn fits(arm: &Arm) -> Option<Self> {
        let plain = arm.initial_state == InitialState::Rest
            && arm.grad_detach.is_none()
            && arm.fptt.is_none()
            && arm.spike_rate.is_none()
            && arm.fake_quant.is_none()
            && arm.loss.mask_error().is_none();
        if !plain {
            return None;
        }
        match (arm.streams, &arm.loss) {
            (Streams::Single, LossConfig::CrossEntropy(_)) => Some(Self::Classic),
            (Streams::Lead, LossConfig::CrossEntropy(_)) => Some(Self::Lead),
            (Streams::Concatenated, LossConfig::CrossEntropy(_)) => Some(Self::Carry),
            (Streams::Concatenated, LossConfig::Adaptive(loss)) => {
                Some(if loss.mask == MaskConfig::Labels {
                    Self::Adaptive
                } else {
                    Self::Estimated
                })
            }
            _ => None,
        }
    }
}

/// The arms with their roles, in the scenario's order.
pub fn roles(arms: &Named<Arm>) -> Vec<(&str, Option<ArmRole>)> {
    let fitting = |role: ArmRole| move |(_, arm): &(&str, &Arm)| ArmRole::fits(arm) == Some(role);
    let usual = |(_, arm): &(&str, &Arm)| match &arm.loss {
        LossConfig::Adaptive(loss) => *loss == AdaptiveConfig::default(),
        _ => true,
    };
    let mut all: Vec<(&str, Option<ArmRole>)> = arms.names().map(|name| (name, None)).collect();
    for role in ArmRole::ALL {
        let chosen = (arms.iter().filter(fitting(role)).find(usual))
            .or_else(|| arms.iter().find(fitting(role)));
        for (name, own) in &mut all {
            if chosen.is_some_and(|(chosen, _)| chosen == *name) {
                *own = Some(role);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::Scenario;

    fn of(arms: &str) -> Vec<(String, Option<ArmRole>)> {
        let text = format!("name: x\nmodels: {{a: {{layers: [rnn]}}}}\narms:\n{arms}");
        let s = Scenario::parse(&text, "x.yaml", Path::new(""), &[""; 0])
            .unwrap_or_else(|e| panic!("{e}"));
        let all = roles(&s.arms).into_iter();
        all.map(|(name, role)| (name.to_owned(), role)).collect()
    }

    #[test]
    fn a_role_is_in_the_settings_and_not_in_the_name() {
        use ArmRole::{Adaptive, Carry, Classic, Estimated, Lead};
        let found = of("  adaptive: {streams: single}
  classic: {loss: adaptive}
  oracle: {streams: lead}
  noise: {streams: concatenated}
  plain: {loss: {adaptive: {mask: contrast}}}
  second: {loss: {adaptive: {mask: energy}}}
  passed: {streams: single, initial_state: passed}
  flipped: {loss: {adaptive: {mask_error: {flip: 0.2}}}}
");
        let roles: Vec<_> = found.iter().map(|(_, role)| *role).collect();
        let expected = [Classic, Adaptive, Lead, Carry, Estimated].map(Some);
        assert_eq!(roles[..5], expected);
        assert_eq!(roles[5..], [None; 3]);
    }

    #[test]
    fn of_several_the_one_with_the_usual_loss_has_the_role() {
        let found =
            of("  strong: {loss: {adaptive: {kl_weight: 4.0}}}\n  usual: {loss: adaptive}\n");
        assert_eq!(found[0].1, None);
        assert_eq!(found[1].1, Some(ArmRole::Adaptive));
        let found = of(
            "  strong: {loss: {adaptive: {kl_weight: 4.0}}}\n  weak: {loss: {adaptive: {kl_weight: 0.1}}}\n",
        );
        assert_eq!(found[0].1, Some(ArmRole::Adaptive));
    }
}
