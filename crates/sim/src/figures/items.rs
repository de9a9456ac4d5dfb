//! What comparisons show of each model: the arms under their policies, in order.

use saturn_plots::{CompareItem, CompareValue, Look};

use super::scope::{NEVER, Scope};
use saturn_eval::stats::estimate::Estimate;

/// One arm under one policy.
pub(super) struct Item<'a> {
    pub arm: &'a str,
    pub state_reset: &'a str,
    pub name: String,
    pub look: Look,
}

impl Item<'_> {
    /// As a figure has it.
    pub fn drawn(&self) -> CompareItem {
        CompareItem {
            name: self.name.clone(),
            look: self.look,
        }
    }
}

/// The reference, then every arm without resets. Where no arm was evaluated without any, every arm under every
/// policy.
pub(super) fn items<'a>(scope: &Scope<'a>) -> Vec<Item<'a>> {
    let item = |(arm, look): (&'a str, Look), state_reset: &'a str| Item {
        arm,
        state_reset,
        name: scope.name(arm, state_reset),
        look: scope.look((arm, look), state_reset),
    };
    let rows = &scope.summary.table;
    let has = |arm: &str, state_reset: &str| {
        (rows.iter()).any(|row| row.arm == arm && row.state_reset == state_reset)
    };
    let policy = scope.summary.reference.state_reset.as_str();
    let reference = (scope.reference_arm().into_iter())
        .filter(|(arm, _)| has(arm, policy))
        .map(|arm| item(arm, policy));
    let never = (scope.arms.iter())
        .filter(|(arm, _)| has(arm, NEVER) && !scope.is_reference(arm, NEVER))
        .map(|&arm| item(arm, NEVER));
    let chosen: Vec<Item> = reference.chain(never).collect();
    if chosen.iter().any(|item| item.state_reset == NEVER) {
        return chosen;
    }
    let mut all: Vec<Item> = Vec::new();
    for &(arm, look) in &scope.arms {
        for row in rows.iter().filter(|row| row.arm == arm) {
            if !all
                .iter()
                .any(|i| i.arm == arm && i.state_reset == row.state_reset)
            {
                all.push(item((arm, look), &row.state_reset));
            }
        }
    }
    all
}

/// In per cent; an interval over few seeds may exceed the range of accuracies.
pub(super) fn percent(estimate: &Estimate) -> CompareValue {
    let [low, high] = estimate.interval.unwrap_or([f64::NAN; 2]);
    CompareValue {
        value: 100.0 * estimate.value,
        low: 100.0 * low.max(0.0),
        high: 100.0 * high.min(1.0),
        seeds: Vec::new(),
    }
}
