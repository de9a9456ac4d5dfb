//! Whether a sample is as long as its events make plausible, and which unit its times have where it is not.
//!
//! Times of another unit make samples of days. Where nobody says the unit, a sample is refused that is longer than
//! 1,000 s and longer than 5 s for each of its events: in microseconds read as seconds there are 5 s and more between
//! events of up to 200,000 a second. A recording that is so long and so sparse is read where its unit is declared.

use crate::steps::TimeUnit;

/// A sample that is longer, and longer for each event, has times of another unit.
const LONG_S: f64 = 1_000.0;
const LONG_FOR_AN_EVENT_S: f64 = 5.0;

/// Whether a sample of so many events is implausibly long.
pub(crate) fn implausible(duration_s: f64, events: usize) -> bool {
    duration_s > LONG_S.max(LONG_FOR_AN_EVENT_S * events as f64)
}

/// The unit in which a last time of so many is that of a recording of seconds.
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
