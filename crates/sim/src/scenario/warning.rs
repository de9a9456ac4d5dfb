//! Warnings about a scenario or its data that can be run: the value that was found, the reason, and the
//! remedy. A warning changes no result.

use std::fmt;

use super::problem::{Place, Prefix};

/// The subject of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarningKind {
    /// A key that changes nothing.
    NoEffect,
    /// A loss for gaps where there are none.
    NoGaps,
    /// A time constant below the length of a step.
    ShortTimeConstant,
    /// A learning rate at which training breaks.
    LearningRate,
    /// Samples of very many steps.
    LongSamples,
    /// Samples of very few steps.
    ShortSamples,
    /// Hardly any events, or nearly everywhere.
    Density,
    /// Classes that no training sample has.
    EmptyClass,
}

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its subject.
    pub kind: WarningKind,
    /// Where the value was written.
    pub place: Place,
    /// The key with all keys above it; empty for the whole scenario.
    pub path: String,
    /// What was found.
    pub found: String,
    /// Its reason.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl Warning {
    /// The warning as one line that begins with the file and the place.
    pub fn line(&self, file: &str) -> String {
        format!("{}{self}", Prefix(file, &self.place))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "`{}`: {}; {}", self.found, self.why, self.remedy)
    }
}
