//! The meaning of a run's names: its arms' roles, its reset policies, its streams' labels.
//!
//! Results contain names. The meaning of a name is derived from the scenario's settings, once, and
//! accompanies the results as values: figures, legends, colours, tables, the headline and the checklist use
//! these and never parse a name.

use serde::Serialize;
use thiserror::Error;

use super::Reference;
use crate::scenario::role::{ArmRole, roles};
use crate::scenario::{Evaluate, Gap, Scenario, nearest, quoted};
use saturn_eval::reset::{Never, StateReset};

/// The meaning of a run's names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Roles {
    /// The arms in the scenario's order.
    pub arms: Vec<NamedArm>,
    /// The policies in the scenario's order.
    pub policies: Vec<NamedPolicy>,
    /// The streams in the scenario's order.
    pub streams: Vec<NamedStream>,
}

/// An arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedArm {
    /// Its name in the scenario.
    pub name: String,
    /// Its role; `None` for a variant.
    pub role: Option<ArmRole>,
}

/// A policy of resets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedPolicy {
    /// The name that results carry: `periodic_100`.
    pub name: String,
    /// The policy.
    pub policy: StateReset,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedStream {
    /// Its name in the scenario.
    pub name: String,
    /// Its label in figures and reports.
    pub label: String,
}

/// An arm and a policy that differences are to be measured from, as given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceArg {
    /// The arm's name.
    pub arm: String,
    /// The policy's name, or its kind where the scenario has one of that kind.
    pub policy: String,
}

/// Why a reference is none.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReferenceError {
    /// The scenario has no such arm.
    #[error("--reference: the scenario has no arm `{arm}`{near}\nhint: its arms are {known}")]
    Arm {
        /// What was given.
        arm: String,
        /// The nearest one, as text.
        near: String,
        /// All arms.
        known: String,
    },
    /// The scenario evaluates no such policy.
    #[error(
        "--reference: the scenario evaluates no reset policy `{policy}`{near}\nhint: `evaluate.state_reset` \
        has {known}"
    )]
    Policy {
        /// What was given.
        policy: String,
        /// The nearest one, as text.
        near: String,
        /// All policies.
        known: String,
    },
}

impl Roles {
    /// The roles in `scenario`.
    pub fn of(scenario: &Scenario) -> Self {
        let arms = roles(&scenario.arms).into_iter();
        let arms = arms.map(|(name, role)| NamedArm {
            name: name.to_owned(),
            role,
        });
        Self::with_arms(arms.collect(), &scenario.evaluate)
    }

    /// The roles of `arms` whose nets are evaluated with `evaluate`.
    pub fn with_arms(arms: Vec<NamedArm>, evaluate: &Evaluate) -> Self {
        let policies = evaluate.state_reset.iter();
        let streams = evaluate.streams.iter();
        Self {
            arms,
            policies: policies
                .map(|policy| NamedPolicy {
                    name: policy.to_string(),
                    policy: *policy,
                })
                .collect(),
            streams: streams
                .map(|(name, gap)| NamedStream {
                    name: name.to_owned(),
                    label: stream_label(name, gap.as_ref()),
                })
                .collect(),
        }
    }

    /// The arm that has `role`.
    pub fn arm(&self, role: ArmRole) -> Option<&str> {
        let found = self.arms.iter().find(|arm| arm.role == Some(role));
        found.map(|arm| arm.name.as_str())
    }

    /// The role of an arm; `None` for a variant.
    pub fn role(&self, arm: &str) -> Option<ArmRole> {
        self.arms.iter().find(|a| a.name == arm)?.role
    }

    /// The policy of results that carry `name`.
    pub fn policy(&self, name: &str) -> Option<&StateReset> {
        let found = self.policies.iter().find(|p| p.name == name);
        found.map(|p| &p.policy)
    }

    /// A policy as text: `never reset`, `reset every 100 steps`.
    pub fn policy_label(&self, name: &str) -> String {
        let words = || name.replace('_', " ");
        self.policy(name).map_or_else(words, |p| p.config().label())
    }

    /// A stream as text: `noise gaps`.
    pub fn stream_label(&self, name: &str) -> String {
        let found = self.streams.iter().find(|s| s.name == name);
        found.map_or_else(|| name.replace('_', " "), |s| s.label.clone())
    }

    /// The reference where none is given: nets that train on one sample at a time, or else those of the first arm,
    /// with oracle resets, or else without any, or else under the first policy.
    pub fn usual_reference(&self) -> Reference {
        let has = |wanted: StateReset| self.policies.iter().find(|p| p.policy == wanted);
        let policy = has(StateReset::ORACLE)
            .or_else(|| has(StateReset::NEVER))
            .or_else(|| self.policies.first());
        let first = self.arms.first().map(|arm| arm.name.as_str());
        Reference {
            arm: (self.arm(ArmRole::Classic).or(first)).map_or_else(String::new, str::to_owned),
            state_reset: policy.map_or_else(String::new, |p| p.name.clone()),
        }
    }

    /// The reference that was given, if it is one of the scenario's, or the usual one.
    ///
    /// # Errors
    /// If the scenario has no such arm or evaluates no such policy.
    pub fn reference(&self, given: Option<&ReferenceArg>) -> Result<Reference, ReferenceError> {
        let Some(ReferenceArg { arm, policy }) = given else {
            return Ok(self.usual_reference());
        };
        let arms: Vec<&str> = self.arms.iter().map(|a| a.name.as_str()).collect();
        let near = |name: &str, known: &[&str]| {
            let near = nearest(name, known);
            near.map_or_else(String::new, |near| format!(": do you mean `{near}`?"))
        };
        if !arms.contains(&arm.as_str()) {
            return Err(ReferenceError::Arm {
                arm: arm.clone(),
                near: near(arm, &arms),
                known: quoted(&arms),
            });
        }
        let of_kind: Vec<&NamedPolicy> = (self.policies.iter())
            .filter(|p| p.policy.kind() == policy)
            .collect();
        let found = self.policies.iter().find(|p| p.name == *policy);
        let found = found.or(match of_kind[..] {
            [one] => Some(one),
            _ => None,
        });
        let Some(found) = found else {
            let names: Vec<&str> = self.policies.iter().map(|p| p.name.as_str()).collect();
            return Err(ReferenceError::Policy {
                policy: policy.clone(),
                near: near(policy, &names),
                known: quoted(&names),
            });
        };
        Ok(Reference {
            arm: arm.clone(),
            state_reset: found.name.clone(),
        })
    }

    /// The arm that is compared with `reference` without resets: that with the adaptive loss, or else the
    /// last other one.
    pub fn subject(&self, reference: &Reference) -> Option<&str> {
        let itself = |arm: &str| arm == reference.arm && reference.state_reset == Never::NAME;
        let with = |role| self.arm(role).filter(|arm| !itself(arm));
        let names = || self.arms.iter().map(|arm| arm.name.as_str());
        with(ArmRole::Adaptive)
            .or_else(|| with(ArmRole::Estimated))
            .or_else(|| names().rfind(|arm| *arm != reference.arm))
            .or_else(|| names().next())
    }
}

/// A stream named after the fill of its gaps is labelled by it; any other has its own name.
fn stream_label(name: &str, gap: Option<&Gap>) -> String {
    match gap.map(|gap| &gap.fill[..]) {
        Some([fill]) if fill.name() == name => fill.gaps(),
        _ => name.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn roles_of(text: &str) -> Roles {
        let text = format!("name: x\nmodels: {{a: {{layers: [rnn]}}}}\n{text}");
        let s = Scenario::parse(&text, "x.yaml", Path::new(""), &[""; 0])
            .unwrap_or_else(|e| panic!("{e}"));
        Roles::of(&s)
    }

    fn given(arm: &str, policy: &str) -> ReferenceArg {
        ReferenceArg {
            arm: arm.to_owned(),
            policy: policy.to_owned(),
        }
    }

    const TEXT: &str = "arms:\n  one: {streams: single}\n  rows: {loss: adaptive}\n\
        evaluate: {state_reset: [none, oracle, {periodic: 100}, {periodic: {every: 100, offset: 7}}, silence, {misaligned: 3}, {decay: 0.9}]}\n";

    #[test]
    fn policies_read_well() {
        let roles = roles_of(TEXT);
        let labels: Vec<String> = (roles.policies.iter())
            .map(|p| roles.policy_label(&p.name))
            .collect();
        assert_eq!(
            labels,
            [
                "never reset",
                "oracle reset",
                "reset every 100 steps",
                "reset every 100 steps from 7 on",
                "reset after silence of 10 steps",
                "oracle, off by 3 steps",
                "decay 0.9",
            ]
        );
    }

    #[test]
    fn streams_are_called_by_their_gaps() {
        let roles = roles_of(
            "evaluate: {streams: {noise: {gap: {fill: noise}}, silence: {gap: none}, no_gaps: {gap: none}, long: {gap: {fill: silence}}}}\n",
        );
        let labels: Vec<&str> = roles.streams.iter().map(|s| s.label.as_str()).collect();
        assert_eq!(labels, ["noise gaps", "silence", "no gaps", "long"]);
    }

    #[test]
    fn a_reference_is_checked_against_the_scenario() {
        let roles = roles_of(TEXT);
        let usual = roles.reference(None).unwrap();
        assert_eq!(
            (usual.arm.as_str(), usual.state_reset.as_str()),
            ("one", "oracle")
        );
        let other = roles
            .reference(Some(&given("rows", "periodic_100")))
            .unwrap();
        assert_eq!(other.state_reset, "periodic_100");
        assert_eq!(roles.subject(&other), Some("rows"));
        // The kind alone is enough if there is one of it.
        let silence = roles.reference(Some(&given("one", "silence"))).unwrap();
        assert_eq!(silence.state_reset, "silence_of_10_steps");
        let error = roles.reference(Some(&given("row", "none"))).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("`row`: do you mean `rows`?") && text.contains("`one`"),
            "{text}"
        );
        let error = roles
            .reference(Some(&given("rows", "periodic")))
            .unwrap_err();
        assert!(
            error.to_string().contains("`periodic_100_from_7`"),
            "{error}"
        );
    }

    #[test]
    fn the_subject_is_not_the_reference_itself() {
        let roles = roles_of(TEXT);
        let reference = roles.reference(Some(&given("rows", "none"))).unwrap();
        assert_eq!(roles.subject(&reference), Some("one"));
    }
}
