//! Resets triggered by the network itself: its output is uncertain, its prediction changes, or its state is
//! large.
//!
//! With p the class probabilities after the step before, C classes, and x the state before the step,
//!
//! ```text
//! (1) entropy    H = -Σ_c p_c log p_c / log C > level    for `hold` consecutive steps
//! (2) norm       rms(x) > level
//! (3) boundary   the class argmax p, once held for `hold` steps, differs from the one held before
//! ```
//!
//! (1) triggers once, and again only after H has been at the level or below: the output of a reset network is uncertain, too. (2) ends itself, since the reset state has the norm of the initial state. (3) is a boundary as visible in the output only; the first held class is not a boundary.

use std::fmt;

use saturn_loss::softmax::argmax;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Needs, Policy, PolicyConfig, PolicyError, Seen, recalled, remembered};

/// What of the net triggers a reset.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Output {
    /// An output that stays uncertain.
    Entropy(EntropyOver),
    /// A state whose root mean square is above this; above 0. Larger: fewer resets.
    Norm(f64),
    /// A change of the prediction.
    Boundary(ClassHeld),
}

/// An output that stays uncertain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EntropyOver {
    /// Entropy of the class probabilities, as a share of its largest value, above which the output is
    /// uncertain; 0 to below 1, default 0.9. Larger: fewer resets.
    pub level: f64,
    /// Consecutive steps that the output must be uncertain; at least 1, default 5. More: fewer and later
    /// resets.
    pub hold: u64,
}

impl Default for EntropyOver {
    fn default() -> Self {
        Self {
            level: 0.9,
            hold: 5,
        }
    }
}

/// A change of the prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClassHeld {
    /// Consecutive steps that a class must be the likeliest to be the prediction; at least 1, default 3.
    /// More: fewer and later resets.
    pub hold: u64,
}

impl Default for ClassHeld {
    fn default() -> Self {
        Self { hold: 3 }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Entropy(EntropyOver { level, hold }) => {
                write!(f, "entropy_over_{level}_for_{hold}_steps")
            }
            Self::Norm(level) => write!(f, "norm_over_{level}"),
            Self::Boundary(ClassHeld { hold }) => write!(f, "new_class_for_{hold}_steps"),
        }
    }
}

impl PolicyConfig for Output {
    fn check(&self) -> Result<(), PolicyError> {
        match *self {
            Self::Entropy(EntropyOver { level, hold }) => {
                let fits = (0.0..1.0).contains(&level);
                PolicyError::unless(fits, "entropy.level", level, "0 to below 1")?;
                PolicyError::unless_at_least_one("entropy.hold", hold)
            }
            Self::Norm(level) => PolicyError::unless_positive("norm", level),
            Self::Boundary(ClassHeld { hold }) => {
                PolicyError::unless_at_least_one("boundary.hold", hold)
            }
        }
    }

    fn needs(&self) -> Needs {
        let norm = matches!(self, Self::Norm(_));
        Needs {
            by_step: true,
            output: !norm,
            norm,
            ..Needs::default()
        }
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        match *self {
            Self::Entropy(config) => Box::new(Unsure { config, run: 0 }),
            Self::Norm(level) => Box::new(Large { level }),
            Self::Boundary(config) => Box::new(Answer {
                hold: config.hold,
                class: None,
                run: 0,
                held: None,
            }),
        }
    }
}

/// (1).
struct Unsure {
    config: EntropyOver,
    /// Number of steps with an uncertain output.
    run: u64,
}

impl Policy for Unsure {
    fn decide(&mut self, seen: &Seen) -> Action {
        if seen.output.is_empty() || entropy(seen.output) <= self.config.level {
            self.run = 0;
            return Action::Leave;
        }
        self.run += 1;
        if self.run == self.config.hold {
            Action::Reset
        } else {
            Action::Leave
        }
    }

    fn save(&self) -> Vec<u8> {
        remembered(&self.run)
    }

    fn restore(&mut self, saved: &[u8]) -> bool {
        recalled(saved).is_some_and(|run| {
            self.run = run;
            true
        })
    }
}

/// The entropy of `p [C]` as a share of log C; 0 for a single class.
fn entropy(p: &[f32]) -> f64 {
    let terms = p.iter().map(|&p| f64::from(p)).filter(|p| *p > 0.0);
    let entropy: f64 = terms.map(|p| -p * p.ln()).sum();
    entropy / (p.len().max(2) as f64).ln()
}

/// (2).
struct Large {
    level: f64,
}

impl Policy for Large {
    fn decide(&mut self, seen: &Seen) -> Action {
        if seen.norm > self.level {
            Action::Reset
        } else {
            Action::Leave
        }
    }
}

/// (3).
struct Answer {
    hold: u64,
    /// The likeliest class and for how many steps it has been.
    class: Option<usize>,
    run: u64,
    /// The last class that was held.
    held: Option<usize>,
}

impl Policy for Answer {
    fn decide(&mut self, seen: &Seen) -> Action {
        if seen.output.is_empty() {
            return Action::Leave;
        }
        let class = Some(argmax(seen.output));
        self.run = if class == self.class { self.run + 1 } else { 1 };
        self.class = class;
        if self.run < self.hold || class == self.held {
            return Action::Leave;
        }
        if std::mem::replace(&mut self.held, class).is_some() {
            Action::Reset
        } else {
            Action::Leave
        }
    }

    fn save(&self) -> Vec<u8> {
        remembered(&(self.class, self.run, self.held))
    }

    fn restore(&mut self, saved: &[u8]) -> bool {
        recalled(saved).is_some_and(|memory| {
            (self.class, self.run, self.held) = memory;
            true
        })
    }
}
