//! A sliding window: each output is that of a network which was reset at most L steps ago.
//!
//! Windows begin every `hop` steps, at s_k = k hop. K = ceil(L / hop) copies of the network run in parallel
//! on the same input, copy j in the windows k = j, j + K, j + 2K, .., reset when one begins. At step t the
//! oldest window with at most L steps is read:
//!
//! ```text
//! (1) k(t) = ceil((t + 1 - L) / hop), or 0 before step L,   copy k(t) mod K
//! ```
//!
//! so the output depends on L - hop + 1 to L steps of the input, and on all of them in the first L. Every
//! step of the stream costs K steps of the net: L of them at a hop of 1, one at a hop of L, which is
//! `periodic`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Needs, Policy, PolicyConfig, PolicyError, Seen};

/// A sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Window {
    /// L, the steps that a window is long; at least 1, default 100. More: a longer memory, in as many times
    /// the work.
    pub length: u64,
    /// Steps from one window to the next; 1 to `length`, default 10. More: less work, and an output that
    /// depends on as few as `length - hop + 1` steps.
    pub hop: u64,
}

/// The most copies of a net: the memory of a lane grows with them.
const MOST: u64 = 256;

impl Default for Window {
    fn default() -> Self {
        Self {
            length: 100,
            hop: 10,
        }
    }
}

impl Window {
    /// K, the copies that run side by side: steps computed for each step of the stream.
    pub fn copies(self) -> u64 {
        self.length.div_ceil(self.hop)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "window_{}_hop_{}", self.length, self.hop)
    }
}

impl PolicyConfig for Window {
    fn check(&self) -> Result<(), PolicyError> {
        let Self { length, hop } = *self;
        PolicyError::unless_at_least_one("length", length)?;
        let allowed = || format!("1 to `length`, which is {length}");
        PolicyError::unless((1..=length).contains(&hop), "hop", hop as f64, allowed())?;
        let copies = self.copies();
        if copies > MOST {
            return Err(PolicyError::TooManyCopies {
                length,
                hop,
                copies,
                most: MOST,
                least: length.div_ceil(MOST),
            });
        }
        Ok(())
    }

    fn needs(&self) -> Needs {
        Needs {
            copies: self.copies() as usize,
            ..Needs::default()
        }
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        Box::new(*self)
    }

    fn reads(&self, step: u64) -> usize {
        let window = (step + 1).saturating_sub(self.length).div_ceil(self.hop); // (1)
        (window % self.copies()) as usize
    }
}

impl Policy for Window {
    fn decide(&mut self, seen: &Seen) -> Action {
        let (window, rest) = (seen.step / self.hop, seen.step % self.hop);
        if rest == 0 && window % self.copies() == seen.copy as u64 {
            Action::Reset
        } else {
            Action::Leave
        }
    }
}
