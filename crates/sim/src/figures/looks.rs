//! Styles of arms: colour and marker of their role, which comes from the scenario's settings.

use saturn_plots::{Look, Role};

use crate::run::summary::NamedArm;
use crate::scenario::ArmRole;

/// Styles of all arms of a scenario, with or without results: so a figure of a half-finished run has the
/// colours of the finished one. Variants take the cycle in the scenario's order.
pub fn looks(arms: &[NamedArm]) -> Vec<Look> {
    let mut variants = 0;
    let look = |arm: &NamedArm| {
        Look::of(arm.role.map_or_else(
            || {
                variants += 1;
                Role::Other(variants - 1)
            },
            drawn,
        ))
    };
    arms.iter().map(look).collect()
}

/// How a role is drawn.
pub(super) fn drawn(role: ArmRole) -> Role {
    match role {
        ArmRole::Classic => Role::Classic,
        ArmRole::Lead => Role::Lead,
        ArmRole::Carry => Role::Carry,
        ArmRole::Adaptive => Role::Adaptive,
        ArmRole::Estimated => Role::AdaptiveEstimated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_that_of_the_role() {
        let arm = |name: &str, role| NamedArm {
            name: name.to_owned(),
            role,
        };
        let found = looks(&[
            arm("classic", None),
            arm("a", Some(ArmRole::Adaptive)),
            arm("adaptive", None),
            arm("b", Some(ArmRole::Classic)),
        ]);
        let roles = found.iter().map(|look| look.role).collect::<Vec<_>>();
        let expected = [
            Role::Other(0),
            Role::Adaptive,
            Role::Other(1),
            Role::Classic,
        ];
        assert_eq!(roles, expected);
    }
}
