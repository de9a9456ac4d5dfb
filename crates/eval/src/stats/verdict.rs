//! Three verdicts on a claim that something is at most a margin worse: *shown*, *not shown*, *shown
//! otherwise*.
//!
//! A test of non-inferiority. With L and U the one-sided 95 % bounds of a difference D (see
//! [`super::crossed`]) and m the margin declared in advance:
//!
//! ```text
//! shown            L > -m      in at most 5 % of repetitions for a network that is worse by m
//! shown otherwise  U < -m      in at most 5 % of repetitions for a network that is not
//! not shown        else        the data are inconclusive
//! ```
//!
//! A difference near 0 with a wide interval is *not shown*: finding none does not show that there is none.
//! Source: G. Piaggio et al., *Reporting of noninferiority and equivalence randomized trials*, JAMA 308,
//! 2012.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much lower an accuracy may be and still count as held, in shares of 1: 2.5 points.
pub const MARGIN: f64 = 0.025;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Shown,
    /// The data are inconclusive.
    NotShown,
    /// It does not hold.
    ShownOtherwise,
}

impl Verdict {
    /// Of bounds (from below, from above) that should lie above `least`.
    pub fn above(bounds: [f64; 2], least: f64) -> Self {
        if bounds[0] > least {
            Self::Shown
        } else if bounds[1] < least {
            Self::ShownOtherwise
        } else {
            Self::NotShown
        }
    }

    /// Of bounds that should lie below `most`.
    pub fn below(bounds: [f64; 2], most: f64) -> Self {
        Self::above([-bounds[1], -bounds[0]], -most)
    }

    /// For a quantity that is known, not estimated.
    pub fn known(holds: bool) -> Self {
        if holds {
            Self::Shown
        } else {
            Self::ShownOtherwise
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Shown => "shown",
            Self::NotShown => "not shown",
            Self::ShownOtherwise => "shown otherwise",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_follows_the_bound() {
        let of = |low: f64, high: f64| Verdict::above([low, high], -MARGIN).to_string();
        assert_eq!(of(-0.024, 0.01), "shown");
        assert_eq!(of(-0.138, 0.135), "not shown");
        assert_eq!(of(-0.09, -0.026), "shown otherwise");
        assert_eq!(of(-0.025, 0.0), "not shown");
        assert_eq!(Verdict::below([0.1, 0.14], 0.15), Verdict::Shown);
        assert_eq!(Verdict::below([0.16, 0.2], 0.15), Verdict::ShownOtherwise);
    }
}
