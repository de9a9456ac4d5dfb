//! Arms that differ only in how long they train.

use super::Scenario;
use saturn_train::arm::Arm;
use saturn_train::changes::TrainKeys;

/// A training regime of which a scenario has arms of several lengths.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime {
    /// What is common to the names of its arms: `carry` of `carry-20` and `carry-100`.
    pub name: String,
    /// The regime itself, without changes to `train`.
    pub arm: Arm,
    /// Updates and name of each arm, by updates; at least 1.
    pub arms: Vec<(usize, String)>,
}

/// The regimes of a scenario's arms that have `train.steps`, in the order of the arms, and the arm without updates.
pub fn regimes(s: &Scenario) -> (Vec<Regime>, Option<String>) {
    let mut found: Vec<Regime> = Vec::new();
    let mut start = None;
    for (name, arm) in s.arms.iter() {
        let regime = plain(arm);
        match arm.train.steps {
            None => {}
            Some(0) => start = Some(name.to_owned()),
            Some(steps) => match found.iter_mut().find(|r| r.arm == regime) {
                Some(known) => known.arms.push((steps, name.to_owned())),
                None => found.push(Regime {
                    name: stem(name).to_owned(),
                    arm: regime,
                    arms: vec![(steps, name.to_owned())],
                }),
            },
        }
    }
    for regime in &mut found {
        regime.arms.sort();
    }
    (found, start)
}

/// An arm without changes to `train`.
pub fn plain(arm: &Arm) -> Arm {
    Arm {
        train: TrainKeys::default(),
        ..arm.clone()
    }
}

/// A name without a number at its end.
fn stem(name: &str) -> &str {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = stem.trim_end_matches(['-', '_', ' ', '.']);
    if stem.is_empty() { name } else { stem }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn arms_that_differ_in_their_updates_are_one_regime() {
        let text = "name: x\nmodels: {a: {layers: [rnn]}}\narms:\n  before: {streams: single, train: {steps: 0}}\n  \
                    carry-100: {train: {steps: 100}}\n  carry-20: {train: {steps: 20, lr: 0.1}}\n  \
                    adaptive 7: {loss: adaptive, train: {steps: 7}}\n  other: {}\n";
        let s = Scenario::parse(text, "x.yaml", Path::new(""), &[""; 0])
            .unwrap_or_else(|e| panic!("{e}"));
        let (found, start) = regimes(&s);
        assert_eq!(start.as_deref(), Some("before"));
        let of = |r: &Regime| (r.name.clone(), r.arms.clone());
        let arms = |all: &[(usize, &str)]| -> Vec<(usize, String)> {
            all.iter()
                .map(|(n, name)| (*n, (*name).to_owned()))
                .collect()
        };
        assert_eq!(
            found.iter().map(of).collect::<Vec<_>>(),
            [
                (
                    "carry".to_owned(),
                    arms(&[(20, "carry-20"), (100, "carry-100")])
                ),
                ("adaptive".to_owned(), arms(&[(7, "adaptive 7")])),
            ]
        );
    }
}
