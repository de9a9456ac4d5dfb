//! How well an estimated mask matches the labels.
//!
//! ```text
//! agreement    = share of all steps in which both agree             (1)
//! hits         = share of informative steps in which the estimate is up    (2)
//! false alarms = share of the other steps in which the estimate is up      (3)
//! balanced     = (hits + 1 - false alarms) / 2                             (4)
//! ```
//!
//! (1) alone is high for an estimate that always outputs the more frequent value; (4) is not.

use serde::{Deserialize, Serialize};

/// Counts of steps by label and estimate. Counts of lanes and shards add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Informative, and estimated so.
    pub hits: u64,
    /// Informative, and missed.
    pub misses: u64,
    /// In a gap, and estimated informative.
    pub false_alarms: u64,
    /// In a gap, and estimated so.
    pub rejections: u64,
}

impl Agreement {
    /// Counts one step.
    pub fn add(&mut self, label: bool, estimate: bool) {
        match (label, estimate) {
            (true, true) => self.hits += 1,
            (true, false) => self.misses += 1,
            (false, true) => self.false_alarms += 1,
            (false, false) => self.rejections += 1,
        }
    }

    /// Adds the counts of other steps.
    pub fn merge(&mut self, other: &Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.false_alarms += other.false_alarms;
        self.rejections += other.rejections;
    }

    /// The shares.
    pub fn report(&self) -> MaskReport {
        let share = |part: u64, rest: u64| {
            let all = part + rest;
            (all > 0).then(|| part as f64 / all as f64)
        };
        MaskReport {
            agreement: share(self.hits + self.rejections, self.misses + self.false_alarms),
            hits: share(self.hits, self.misses),
            false_alarms: share(self.false_alarms, self.rejections),
        }
    }
}

/// How well an estimated mask matches the labels, in shares of 0 to 1; none where there is no such step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskReport {
    /// Equation (1).
    pub agreement: Option<f64>,
    /// Equation (2), also called recall.
    pub hits: Option<f64>,
    /// Equation (3).
    pub false_alarms: Option<f64>,
}

impl MaskReport {
    /// Equation (4); none unless both kinds of steps were seen.
    pub fn balanced(&self) -> Option<f64> {
        Some(f64::midpoint(self.hits?, 1.0 - self.false_alarms?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        let mut agreement = Agreement::default();
        for (label, estimate, times) in [
            (true, true, 6),
            (true, false, 2),
            (false, true, 1),
            (false, false, 3),
        ] {
            for _ in 0..times {
                agreement.add(label, estimate);
            }
        }
        let report = agreement.report();
        assert_eq!(report.agreement, Some(0.75));
        assert_eq!(report.hits, Some(0.75));
        assert_eq!(report.false_alarms, Some(0.25));
        assert_eq!(report.balanced(), Some(0.75));
    }

    #[test]
    fn a_missing_kind_has_no_share() {
        let mut agreement = Agreement::default();
        agreement.add(true, true);
        let report = agreement.report();
        assert_eq!((report.hits, report.false_alarms), (Some(1.0), None));
        assert_eq!(report.balanced(), None);
    }
}
