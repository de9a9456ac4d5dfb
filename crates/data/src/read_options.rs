//! How an event file is to be read.

use std::path::Path;

use crate::length::implausible;
use crate::recording::latest;
use crate::steps::{Grid, Stored, TimeUnit};
use crate::time_error::TimeError;

/// What to do with a bad or empty sample inside a good file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBadSample {
    /// Refuse the file.
    #[default]
    Error,
    /// Leave the sample out, and count it in [`Notices`](crate::Notices).
    Skip,
}

/// How to read an event file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// How many channels there are: units lie in `0..channels`.
    pub channels: usize,
    /// How many classes there are: labels lie in `0..classes`. `None` takes the number of names in
    /// `/extra/keys`, or the largest label plus one.
    pub classes: Option<usize>,
    /// What to do with a bad sample.
    pub on_bad_sample: OnBadSample,
}

/// Meaning of the times of a file.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Times {
    /// Their unit, if declared: otherwise seconds, with a check of plausible length.
    pub unit: Option<TimeUnit>,
    /// A grid to round them to.
    pub grid: Option<Grid>,
}

impl Times {
    /// Whether the times of a sample, which are in range, lie on the grid and make a plausible length.
    pub(crate) fn check(
        self,
        times_s: &[f64],
        stored: Stored,
        path: &Path,
        index: usize,
    ) -> Result<(), TimeError> {
        let duration_s = latest(times_s);
        if self.unit.is_none() && implausible(duration_s, times_s.len()) {
            return Err(TimeError::Implausible {
                path: path.to_owned(),
                index,
                events: times_s.len(),
                duration_s,
            });
        }
        let off = |grid: Grid| times_s.iter().position(|t| !grid.holds(*t, stored));
        match self.grid.and_then(|grid| Some((grid, off(grid)?))) {
            Some((grid, event)) => Err(TimeError::OffGrid {
                path: path.to_owned(),
                index,
                event,
                time_s: times_s[event],
                grid: grid.to_string(),
            }),
            None => Ok(()),
        }
    }
}
