//! Misaligned oracle resets: the cost of a wrong boundary.
//!
//! A sample that begins at step s is announced by a reset at
//!
//! ```text
//! (1) s + d,   d = round(N(0, sigma)) within ±reach,   reach = ceil(6 sigma)
//! ```
//!
//! redrawn for each sample. If d < 0 the reset comes before the sample; if d > 0 it is inside the sample, and
//! the input before it is lost. A reset before the start of the stream has no effect. With sigma = 0 these
//! are the oracle's resets. The bound at six sigma, which one draw in 5·10^8 reaches, keeps the lookahead
//! finite.

use std::fmt;

use rand_distr::{Distribution, Normal};
use saturn_cell::rng::{ChaCha8Rng, generator};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Needs, Policy, PolicyConfig, PolicyError, Seen, recalled, remembered};

/// The standard deviation of the error, in steps: 0 to 10,000. Larger: boundaries further off; 0 is
/// `oracle`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Misaligned(#[schemars(range(min = 0, max = 10_000))] pub f64);

/// The largest standard deviation, in steps.
const LARGEST: f64 = 1e4;

impl Misaligned {
    /// The standard deviation, in steps.
    pub fn sigma(self) -> f64 {
        self.0
    }

    /// The largest error, in steps.
    fn reach(self) -> u64 {
        (6.0 * self.0).ceil() as u64
    }
}

impl fmt::Display for Misaligned {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "misaligned_by_{}", self.0)
    }
}

impl PolicyConfig for Misaligned {
    fn label(&self) -> String {
        format!("oracle, off by {} steps", self.0)
    }

    fn check(&self) -> Result<(), PolicyError> {
        let fits = (0.0..=LARGEST).contains(&self.0);
        PolicyError::unless(fits, "", self.0, "0 to 10000")
    }

    fn needs(&self) -> Needs {
        Needs {
            lookahead: self.reach(),
            ..Needs::default()
        }
    }

    fn build(&self, seed: u64, lane: u64) -> Box<dyn Policy> {
        let reach = self.reach();
        Box::new(Late {
            rng: generator(seed, "misaligned resets", lane),
            // Checked: finite and not negative.
            law: Normal::new(0.0, self.0).expect("a standard deviation"),
            reach: reach as i64,
            due: vec![false; 2 * reach as usize + 1],
        })
    }
}

struct Late {
    rng: ChaCha8Rng,
    law: Normal<f64>,
    reach: i64,
    /// Whether a reset is due, a ring of the steps from the present one to `2 reach` ahead.
    due: Vec<bool>,
}

impl Late {
    fn slot(&mut self, step: u64) -> &mut bool {
        let len = self.due.len() as u64;
        &mut self.due[(step % len) as usize]
    }
}

impl Policy for Late {
    fn begins(&mut self, step: u64) {
        let error = self.law.sample(&mut self.rng).round() as i64;
        let error = error.clamp(-self.reach, self.reach); // (1)
        if let Some(at) = step.checked_add_signed(error) {
            *self.slot(at) = true;
        }
    }

    fn decide(&mut self, seen: &Seen) -> Action {
        if std::mem::take(self.slot(seen.step)) {
            Action::Reset
        } else {
            Action::Leave
        }
    }

    fn save(&self) -> Vec<u8> {
        remembered(&(&self.rng, &self.due))
    }

    fn restore(&mut self, saved: &[u8]) -> bool {
        recalled(saved).is_some_and(|memory| {
            (self.rng, self.due) = memory;
            true
        })
    }
}
