//! What can be wrong with the times of a sample that is sound otherwise, and the bounds that they have.

use std::path::PathBuf;

use crate::length::{likely_unit, spoken};

/// The latest time that is accepted, in seconds (31 days): beyond it lies a mistake of units, and a stream of that
/// many steps nobody meant.
pub const MAX_TIME_S: f64 = 31.0 * 86_400.0;

/// Most steps of a sample or record: they take 4 bytes each and more, before any event.
pub const MAX_STEPS: u64 = 1 << 28;

/// An error about times. `index` is the sample's index in the file, from 0.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// A sample is longer than its events make plausible.
    #[error(
        "{}: /spikes/times: sample {index}: {events} events last {duration_s} s ({}), longer than 1,000 s and than 5 s \
         an event: are these {}? hint: declare the unit, `--times {}`, or `data.times: {}` in a scenario; `s` if they \
         are seconds",
        path.display(),
        spoken(*duration_s),
        likely_unit(*duration_s).plural(),
        likely_unit(*duration_s).name(),
        likely_unit(*duration_s).name()
    )]
    Implausible {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// How many events it has.
        events: usize,
        /// Time of the last in seconds.
        duration_s: f64,
    },
    /// A time does not lie on the grid that times are to be rounded to.
    #[error(
        "{}: /spikes/times: sample {index}: event {event} at {time_s} s does not lie on a grid of {grid}; hint: give \
         the rate of the clock that the times come from, or leave `grid_hz` out",
        path.display()
    )]
    OffGrid {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// The event, in the order of the file.
        event: usize,
        /// Its time in seconds.
        time_s: f64,
        /// The grid.
        grid: String,
    },
    /// A sample has more steps than memory is asked for.
    #[error(
        "{}: sample {index} lasts {duration_s} s, {steps} steps of {dt_ms} ms, and there may be 268,435,456; hint: use a larger \
         `data.dt_ms`, or cut the recording",
        path.display()
    )]
    TooManySteps {
        /// The file.
        path: PathBuf,
        /// The sample.
        index: usize,
        /// Time of its last event in seconds.
        duration_s: f64,
        /// Its steps.
        steps: u64,
        /// The length of a step.
        dt_ms: f64,
    },
}
