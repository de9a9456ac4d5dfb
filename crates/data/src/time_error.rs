//! Errors in the times of an otherwise valid sample, and the bounds on times.

use std::path::PathBuf;

use crate::length::{likely_unit, spoken};

/// The latest accepted time, in seconds (31 days). A later one is a mistake of units: no one means a sequence
/// of that many steps.
pub const MAX_TIME_S: f64 = 31.0 * 86_400.0;

/// Most steps of a sample or record: they take 4 bytes each and more, before any event.
pub const MAX_STEPS: u64 = 1 << 28;

/// An error about times. `index` is the sample's index in the file, from 0.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// A sample is implausibly long for its number of events.
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
        "{}: /spikes/times: sample {index}: event {event} at {time_s} s is not on a grid of {grid}; hint: give \
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
    /// A sample has more steps than the memory limit allows.
    #[error(
        "{}: sample {index} lasts {duration_s} s, {steps} steps of {dt_ms} ms, and the maximum is \
         268,435,456; hint: use a larger `data.dt_ms`, or cut the recording",
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
