//! Whether a sample's length is plausible for its number of events, and otherwise which unit its times
//! probably have.
//!
//! Times in another unit make samples of days. If no unit is declared, a sample longer than 1,000 s and
//! longer than 5 s per event is rejected: in microseconds read as seconds, events at up to 200,000 per second
//! are at least 5 s apart. A recording that is really so long and sparse is read if its unit is declared.

use crate::steps::TimeUnit;

/// A sample that is longer, and longer for each event, has times of another unit.
const LONG_S: f64 = 1_000.0;
const LONG_FOR_AN_EVENT_S: f64 = 5.0;

/// Whether a sample with this many events is implausibly long.
pub(crate) fn implausible(duration_s: f64, events: usize) -> bool {
    duration_s > LONG_S.max(LONG_FOR_AN_EVENT_S * events as f64)
}

/// The unit in which this last time is plausible for a recording of seconds.
pub(crate) fn likely_unit(last: f64) -> TimeUnit {
    if last >= 5e4 {
        TimeUnit::Microseconds
    } else {
        TimeUnit::Milliseconds
    }
}

/// A time in the unit that people speak of.
pub(crate) fn spoken(time_s: f64) -> String {
    if time_s >= 86_400.0 {
        format!("{:.1} days", time_s / 86_400.0)
    } else if time_s >= 3_600.0 {
        format!("{:.1} hours", time_s / 3_600.0)
    } else {
        format!("{:.1} minutes", time_s / 60.0)
    }
}
